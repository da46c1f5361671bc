//! One-time tickets: the link that signs the first administrator in.
//!
//! In memory, so a ticket ends with its process, too. The binary asks for one at each start that finds no
//! administrator, and prints it; it is never logged.

use std::sync::{Mutex, PoisonError};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use tertulia_core::TimeMs;
use tertulia_ports::time::Entropy;

/// How long a ticket may be used: 15 minutes, since it is used by who has just started the server.
pub const TICKET_LIFETIME_MS: u64 = 15 * 60 * 1_000;

/// Bytes of a ticket: nobody guesses it in its time.
const TICKET_BYTES: usize = 24;

/// The ticket that may be used now, if there is one.
#[derive(Default)]
pub struct Tickets {
    ticket: Mutex<Option<Ticket>>,
}

/// Kept as a digest: the comparison of digests tells nobody how close a guess was.
struct Ticket {
    digest: [u8; 32],
    expires_at: TimeMs,
}

impl Tickets {
    /// A new ticket; the one before is no longer good.
    pub fn issue(&self, now: TimeMs, entropy: &dyn Entropy) -> String {
        let mut bytes = [0; TICKET_BYTES];
        entropy.fill(&mut bytes);
        let text = URL_SAFE_NO_PAD.encode(bytes);
        let ticket = Ticket { digest: digest(&text), expires_at: now.plus(TICKET_LIFETIME_MS) };
        *self.ticket.lock().unwrap_or_else(PoisonError::into_inner) = Some(ticket);
        text
    }

    /// Uses a ticket up: whether it was good.
    pub fn redeem(&self, text: &str, now: TimeMs) -> bool {
        let mut ticket = self.ticket.lock().unwrap_or_else(PoisonError::into_inner);
        let is_good =
            ticket.as_ref().is_some_and(|ticket| ticket.digest == digest(text) && now < ticket.expires_at);
        if is_good {
            *ticket = None;
        }
        is_good
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

#[cfg(test)]
mod tests {
    use tertulia_ports::time::manual::SeededEntropy;

    use super::*;

    #[test]
    fn a_ticket_is_good_once_and_for_a_while() {
        let (tickets, entropy) = (Tickets::default(), SeededEntropy::new(1));
        assert!(!tickets.redeem("", TimeMs(0)));
        let ticket = tickets.issue(TimeMs(0), &entropy);
        assert!(!tickets.redeem("guess", TimeMs(1)));
        assert!(tickets.redeem(&ticket, TimeMs(TICKET_LIFETIME_MS - 1)));
        assert!(!tickets.redeem(&ticket, TimeMs(1)), "used up");
        let late = tickets.issue(TimeMs(0), &entropy);
        assert!(!tickets.redeem(&late, TimeMs(TICKET_LIFETIME_MS)));
        let (old, new) = (tickets.issue(TimeMs(0), &entropy), tickets.issue(TimeMs(0), &entropy));
        assert!(!tickets.redeem(&old, TimeMs(1)) && tickets.redeem(&new, TimeMs(1)));
    }
}
