//! What happens to connections because time passes: pings, deadlines, the application's ticks, the end of a
//! shutdown's grace.

use std::time::{Duration, Instant};

use super::connection::State;
use super::core::Core;
use crate::gateway::transport::application::{CloseReason, ConnectionId};
use crate::gateway::transport::websocket::Frame;

/// Length of the timers' tick.
const TICK: Duration = Duration::from_millis(100);

impl Core {
    pub(super) fn advance_clock(&mut self, now: Instant) {
        self.now = now;
        self.now_tick = self.ticks(now - self.started);
    }

    pub(super) fn fire_timers(&mut self) {
        let mut due = std::mem::take(&mut self.due);
        self.wheel.advance(self.now_tick, &mut due);
        for (tick, id) in due.drain(..) {
            if self.table.get(id).is_some_and(|connection| connection.due_tick == tick) {
                self.fire(id);
            }
        }
        self.due = due;
        if self.drain.is_some_and(|(deadline, _)| self.now >= deadline) {
            self.close_all();
        }
    }

    fn fire(&mut self, id: ConnectionId) {
        let Some(connection) = self.table.get(id) else {
            return;
        };
        if connection.state != State::Open {
            let cut_off = connection.since_tick + self.close_ticks();
            return if cut_off <= self.now_tick { self.kill(id) } else { self.arm(id, cut_off) };
        }
        let stall_ticks = self.ticks(self.settings.stall_timeout);
        let stalled_at = connection.backlog.as_ref().map(|backlog| backlog.progress_tick + stall_ticks);
        if stalled_at.is_some_and(|stalled_at| stalled_at <= self.now_tick) {
            self.tally.stalled += 1;
            self.ended.push((id, CloseReason::Stalled));
            self.kill(id);
            return;
        }
        let silent_at = connection.since_tick
            + if connection.is_pinged {
                self.ticks(self.settings.pong_timeout)
            } else {
                self.ping_after_ticks(id)
            };
        let next = if silent_at > self.now_tick {
            silent_at
        } else if connection.is_pinged {
            self.tally.silent += 1;
            let code = self.settings.silent_code;
            self.close_with(id, code, "no answer to a ping", State::Finishing, CloseReason::Silent);
            return;
        } else {
            self.ping(id)
        };
        self.arm(id, stalled_at.map_or(next, |stalled_at| next.min(stalled_at)));
    }

    /// Sends a ping; says when its answer is overdue.
    fn ping(&mut self, id: ConnectionId) -> u32 {
        self.stage(id, Frame::ping(&[]));
        if let Some(connection) = self.table.get_mut(id) {
            connection.is_pinged = true;
            connection.since_tick = self.now_tick;
        }
        self.now_tick + self.ticks(self.settings.pong_timeout)
    }

    /// Between three quarters and all of the setting, always the same for one connection.
    pub(super) fn ping_after_ticks(&self, id: ConnectionId) -> u32 {
        let ticks = self.ticks(self.settings.ping_after);
        // Multiplying by the golden ratio spreads consecutive numbers evenly.
        let share = id.generation.wrapping_mul(0x9e37_79b9) >> 22;
        (ticks - (u64::from(ticks) * u64::from(share) / 4_096) as u32).max(1)
    }

    pub(super) fn close_ticks(&self) -> u32 {
        self.ticks(self.settings.close_timeout).max(1)
    }

    pub(super) fn ticks(&self, duration: Duration) -> u32 {
        u32::try_from(duration.as_millis() / TICK.as_millis()).unwrap_or(u32::MAX / 2)
    }

    pub(super) fn arm(&mut self, id: ConnectionId, tick: u32) {
        if let Some(connection) = self.table.get_mut(id).filter(|connection| connection.due_tick != tick) {
            connection.due_tick = self.wheel.insert(id, tick);
        }
    }

    pub(super) fn arm_before(&mut self, id: ConnectionId, tick: u32) {
        if self.table.get(id).is_some_and(|connection| connection.due_tick > tick) {
            self.arm(id, tick);
        }
    }

    pub(super) fn request_tick(&mut self, at: Instant) {
        self.application_tick = Some(self.application_tick.map_or(at, |earlier| earlier.min(at)));
    }

    /// Whether the application's time has come; it has to ask again.
    pub(super) fn take_application_tick(&mut self) -> bool {
        self.application_tick.take_if(|at| *at <= self.now).is_some()
    }

    /// How long the worker may sleep when nothing comes; `None` is for ever.
    pub(super) fn sleep(&self) -> Option<Duration> {
        if self.has_work() {
            return Some(Duration::ZERO);
        }
        let next_tick = self.started + TICK * (self.now_tick + 1);
        let timers = (!self.wheel.is_empty() || self.drain.is_some()).then_some(next_tick);
        let next = [timers, self.application_tick].into_iter().flatten().min()?;
        Some(next.saturating_duration_since(self.now))
    }

    fn has_work(&self) -> bool {
        let is_settled = self.dirty.is_empty() && self.drained.is_empty() && self.ended.is_empty();
        !self.unfinished.is_empty() || !is_settled || self.is_unsettled
    }
}
