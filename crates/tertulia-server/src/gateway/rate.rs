//! How fast a session may send: a window of ten seconds, counted.

use tertulia_core::TimeMs;

/// The window's length, in ms: the limit `messages_per_10s` is named after it.
const WINDOW_MS: u64 = 10_000;

/// Frames of any kind that a session may send in a window, as a multiple of its messages, and at least.
const FRAMES_PER_MESSAGE: u64 = 10;
const FRAMES_MIN: u64 = 300;

/// Refusals in one window after which the connection is closed.
const REFUSALS_MAX: u16 = 200;

/// What a session has sent in this window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    window_at: TimeMs,
    messages: u32,
    frames: u32,
    refusals: u16,
}

/// Too fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TooFast {
    /// Wait so many ms.
    Wait(u64),
    /// Again and again: the connection is closed.
    Flood,
}

impl Rate {
    pub fn new(elapsed: TimeMs) -> Self {
        Self { window_at: elapsed, messages: 0, frames: 0, refusals: 0 }
    }

    /// Counts a frame of any kind.
    pub fn frame(&mut self, elapsed: TimeMs, messages_max: u64) -> Result<(), TooFast> {
        if elapsed.since(self.window_at) >= WINDOW_MS {
            *self = Self::new(elapsed);
        }
        self.frames += 1;
        match u64::from(self.frames) > (messages_max * FRAMES_PER_MESSAGE).max(FRAMES_MIN) {
            true => Err(self.refuse(elapsed)),
            false => Ok(()),
        }
    }

    /// Counts a frame that becomes an entry.
    pub fn message(&mut self, elapsed: TimeMs, messages_max: u64) -> Result<(), TooFast> {
        if u64::from(self.messages) >= messages_max {
            return Err(self.refuse(elapsed));
        }
        self.messages += 1;
        Ok(())
    }

    fn refuse(&mut self, elapsed: TimeMs) -> TooFast {
        self.refusals += 1;
        match self.refusals > REFUSALS_MAX {
            true => TooFast::Flood,
            false => TooFast::Wait(self.window_at.plus(WINDOW_MS).since(elapsed).max(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_of_messages_then_a_wait_then_the_end() {
        let mut rate = Rate::new(TimeMs(0));
        for _ in 0..3 {
            assert_eq!(rate.message(TimeMs(1_000), 3), Ok(()));
        }
        assert_eq!(rate.message(TimeMs(1_000), 3), Err(TooFast::Wait(9_000)));
        assert_eq!(rate.frame(TimeMs(10_000), 3), Ok(()));
        assert_eq!(rate.message(TimeMs(10_000), 3), Ok(()));
        for _ in 0..REFUSALS_MAX {
            let _ = rate.message(TimeMs(10_001), 0);
        }
        assert_eq!(rate.message(TimeMs(10_002), 0), Err(TooFast::Flood));
    }
}
