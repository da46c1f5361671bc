//! One-time tickets: links that sign an administrator in.
//!
//! In memory, so a ticket ends with its process, too. The binary asks for one at each start that finds no
//! administrator, and prints it; later ones are made by `POST /v1/admin/links`. None is ever logged.

use std::sync::{Mutex, PoisonError};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use tertulia_core::{TimeMs, UserId};
use tertulia_ports::time::Entropy;

/// How long a ticket may be used: 15 minutes, since it is used by who has just asked for it.
pub const TICKET_LIFETIME_MS: u64 = 15 * 60 * 1_000;

/// Bytes of a ticket: nobody guesses it in its time.
const TICKET_BYTES: usize = 24;

/// Whom a ticket signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketFor {
    /// The first administrator, who is made then; nobody where there is one by then.
    FirstAdministrator,
    /// One more administrator, who is made then.
    NewAdministrator,
    /// This administrator, if they still are one.
    Administrator(UserId),
}

/// The ticket that may be used now, if there is one.
#[derive(Default)]
pub struct Tickets {
    ticket: Mutex<Option<Ticket>>,
}

/// Kept as a digest: the comparison of digests tells nobody how close a guess was.
struct Ticket {
    digest: [u8; 32],
    expires_at: TimeMs,
    whom: TicketFor,
}

impl Tickets {
    /// A new ticket for the first administrator; the one before is no longer good.
    pub fn issue(&self, now: TimeMs, entropy: &dyn Entropy) -> String {
        self.issue_for(TicketFor::FirstAdministrator, now, entropy)
    }

    /// A new ticket; the one before is no longer good.
    pub fn issue_for(&self, whom: TicketFor, now: TimeMs, entropy: &dyn Entropy) -> String {
        let mut bytes = [0; TICKET_BYTES];
        entropy.fill(&mut bytes);
        let text = URL_SAFE_NO_PAD.encode(bytes);
        let ticket = Ticket { digest: digest(&text), expires_at: now.plus(TICKET_LIFETIME_MS), whom };
        *self.ticket.lock().unwrap_or_else(PoisonError::into_inner) = Some(ticket);
        text
    }

    /// The ticket is no longer good.
    pub fn withdraw(&self) {
        *self.ticket.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Uses a ticket up: whom it signs in, if it was good.
    pub fn redeem(&self, text: &str, now: TimeMs) -> Option<TicketFor> {
        let mut ticket = self.ticket.lock().unwrap_or_else(PoisonError::into_inner);
        let used = ticket.take_if(|ticket| ticket.digest == digest(text) && now < ticket.expires_at)?;
        Some(used.whom)
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
        assert_eq!(tickets.redeem("", TimeMs(0)), None);
        let ticket = tickets.issue(TimeMs(0), &entropy);
        assert_eq!(tickets.redeem("guess", TimeMs(1)), None);
        let used = tickets.redeem(&ticket, TimeMs(TICKET_LIFETIME_MS - 1));
        assert_eq!(used, Some(TicketFor::FirstAdministrator));
        assert_eq!(tickets.redeem(&ticket, TimeMs(1)), None, "used up");
        let late = tickets.issue(TimeMs(0), &entropy);
        assert_eq!(tickets.redeem(&late, TimeMs(TICKET_LIFETIME_MS)), None);
        let old = tickets.issue(TimeMs(0), &entropy);
        let whom = TicketFor::Administrator(UserId::new(7));
        let new = tickets.issue_for(whom, TimeMs(0), &entropy);
        assert_eq!(tickets.redeem(&old, TimeMs(1)), None);
        assert_eq!(tickets.redeem(&new, TimeMs(1)), Some(whom));
        let withdrawn = tickets.issue(TimeMs(0), &entropy);
        tickets.withdraw();
        assert_eq!(tickets.redeem(&withdrawn, TimeMs(1)), None);
    }
}
