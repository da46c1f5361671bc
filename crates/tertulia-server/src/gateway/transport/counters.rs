//! What the transport counts, for metrics and tests.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// Running totals, shared by a listener and its workers. Workers add to them once per turn.
        #[derive(Default, Debug)]
        pub struct Counters {
            $($(#[doc = $doc])+ pub $name: AtomicU64,)+
        }

        /// The values of [`Counters`] at one time.
        #[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
        pub struct CounterValues {
            $($(#[doc = $doc])+ pub $name: u64,)+
        }

        impl Counters {
            /// The present values.
            pub fn values(&self) -> CounterValues {
                CounterValues { $($name: self.$name.load(Ordering::Relaxed),)+ }
            }

            /// Adds what a thread has counted by itself, and empties it.
            pub(super) fn absorb(&self, tally: &mut CounterValues) {
                $(if tally.$name != 0 {
                    self.$name.fetch_add(tally.$name, Ordering::Relaxed);
                })+
                *tally = CounterValues::default();
            }
        }

        impl CounterValues {
            /// Names and values, for an exporter.
            pub fn pairs(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($name), self.$name)),+].into_iter()
            }
        }
    };
}

counters! {
    /// TCP connections accepted.
    accepted,
    /// Of those, handed to the HTTP server.
    http,
    /// WebSockets opened.
    opened,
    /// WebSockets closed; `opened - closed` are open.
    closed,
    /// Requests refused as malformed, too large or no proper upgrade.
    refused_request,
    /// Upgrades refused for their origin.
    refused_origin,
    /// Upgrades refused at the connection limit or in a shutdown.
    refused_full,
    /// Connections refused because their address has as many as it may have.
    refused_address,
    /// Connections whose request head did not come in time.
    refused_timeout,
    /// Connections dropped unanswered because too many had not sent their request head.
    refused_half_open,
    /// Times that the process had no file descriptor for another connection.
    accept_failures,
    /// Messages, pings, pongs and close frames received.
    frames_in,
    /// Bytes received from WebSockets.
    bytes_in,
    /// Frames queued for WebSockets.
    frames_out,
    /// Bytes written to WebSockets.
    bytes_out,
    /// Calls to the system that wrote them.
    writes,
    /// Times that a socket took less than it was given.
    blocked,
    /// Times that a peer's queue became full.
    slow_readers,
    /// Peers that broke the protocol or a limit.
    violations,
    /// Connections closed because the peer was silent.
    silent,
    /// Connections closed because the peer took no byte.
    stalled,
    /// Mail refused because a worker's mailbox was full.
    mail_refused,
}
