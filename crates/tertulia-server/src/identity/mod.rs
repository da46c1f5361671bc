//! Who somebody is: tokens, passwords, one-time tickets, and how often one may try.
//!
//! A token says which device it is and proves that this server made it; whether the device is still signed in, the
//! directory says. Nothing here knows HTTP or WebSocket: `api/` and the gateway use it alike.

mod buckets;
mod key;
mod passwords;
mod rates;
mod tickets;
mod tokens;

pub use self::{
    buckets::Buckets,
    key::{KEY_BYTES, Key, open_key},
    passwords::{PASSWORD_CHARS, PasswordError, Passwords, check_password},
    rates::{Rate, Rates, Remaining},
    tickets::{TICKET_LIFETIME_MS, TicketFor, Tickets},
    tokens::{Claims, TOKEN_LIFETIME_MS, TokenError, Tokens},
};
