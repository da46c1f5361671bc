//! Connections whose request head is not complete, and refused ones that have yet to read why.
//!
//! Their number is bounded by dropping the oldest: a crowd of silent connections cannot keep out clients that
//! speak at once.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use mio::net::TcpStream;
use slab::Slab;

use crate::gateway::transport::addresses::Guest;

/// One of them.
#[derive(Debug)]
pub(super) struct HalfOpen {
    pub(super) stream: TcpStream,
    pub(super) peer: SocketAddr,
    pub(super) guest: Guest,
    /// What has come of the head.
    pub(super) head: Vec<u8>,
    /// It was refused: what comes is thrown away until the peer closes.
    pub(super) is_refused: bool,
}

/// Which kind was dropped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Dropped {
    Waiting,
    Refused,
}

/// A deadline, a place, and the serial number of what had the place then.
type Entry = (Instant, usize, u64);

#[derive(Default, Debug)]
pub(super) struct HalfOpens {
    places: Slab<(HalfOpen, u64)>,
    /// Both queues are in order of time, as each kind has one timeout.
    waiting: VecDeque<Entry>,
    refused: VecDeque<Entry>,
    next_serial: u64,
}

impl HalfOpens {
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The place that the next one gets.
    pub(super) fn next_place(&self) -> usize {
        self.places.vacant_key()
    }

    pub(super) fn insert(&mut self, half_open: HalfOpen, deadline: Instant) {
        let queue = if half_open.is_refused { &mut self.refused } else { &mut self.waiting };
        let serial = self.next_serial;
        self.next_serial += 1;
        queue.push_back((deadline, self.places.insert((half_open, serial)), serial));
    }

    pub(super) fn get_mut(&mut self, place: usize) -> Option<&mut HalfOpen> {
        self.places.get_mut(place).map(|(half_open, _)| half_open)
    }

    pub(super) fn remove(&mut self, place: usize) -> Option<HalfOpen> {
        self.places.try_remove(place).map(|(half_open, _)| half_open)
    }

    /// When the next deadline is.
    pub(super) fn next_deadline(&mut self) -> Option<Instant> {
        self.forget_gone();
        let fronts = [self.waiting.front(), self.refused.front()];
        fronts.into_iter().flatten().map(|(deadline, ..)| *deadline).min()
    }

    /// The place of one whose head has not come by `now`.
    pub(super) fn overdue(&mut self, now: Instant) -> Option<usize> {
        self.forget_gone();
        self.waiting.front().filter(|(deadline, ..)| *deadline <= now).map(|(_, place, _)| *place)
    }

    /// Drops refused ones that have had their time.
    pub(super) fn drop_refused(&mut self, now: Instant) {
        self.forget_gone();
        while self.refused.front().is_some_and(|(deadline, ..)| *deadline <= now) {
            self.drop_front_refused();
            self.forget_gone();
        }
    }

    /// Drops the oldest one, a refused one if there is any.
    pub(super) fn drop_oldest(&mut self) -> Option<Dropped> {
        self.forget_gone();
        if self.drop_front_refused() {
            return Some(Dropped::Refused);
        }
        let (_, place, _) = self.waiting.pop_front()?;
        self.remove(place).map(|_| Dropped::Waiting)
    }

    fn drop_front_refused(&mut self) -> bool {
        self.refused.pop_front().is_some_and(|(_, place, _)| self.remove(place).is_some())
    }

    /// Makes the first entry of each queue one that is still there.
    fn forget_gone(&mut self) {
        let is_gone = |entry: Option<&Entry>| {
            entry.is_some_and(|(_, place, serial)| {
                self.places.get(*place).is_none_or(|(_, present)| present != serial)
            })
        };
        for queue in [&mut self.waiting, &mut self.refused] {
            while is_gone(queue.front()) {
                queue.pop_front();
            }
        }
    }
}
