//! How many connections each address has: nobody takes the places of all.
//!
//! Counted when a connection comes and when it goes, never in between.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The connections of every address that has some.
#[derive(Debug)]
pub(super) struct Addresses {
    /// 0 is none.
    limit: AtomicUsize,
    counts: Mutex<HashMap<IpAddr, usize>>,
}

/// A connection that counts for its address until the last clone of this is dropped. One of nobody in particular, as a
/// proxy's, counts for nobody.
#[derive(Clone, Default, Debug)]
pub struct Guest(Option<Arc<Counted>>);

#[derive(Debug)]
struct Counted {
    addresses: Arc<Addresses>,
    address: IpAddr,
}

impl Addresses {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit: AtomicUsize::new(limit), counts: Mutex::default() }
    }

    pub(super) fn set_limit(&self, limit: usize) {
        self.limit.store(limit, Ordering::Relaxed);
    }

    /// One more connection of an address, if it may have one.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Guest> {
        let address = household(address);
        let limit = self.limit.load(Ordering::Relaxed);
        let mut counts = self.lock();
        let count = counts.entry(address).or_default();
        if limit > 0 && *count >= limit {
            return None;
        }
        *count += 1;
        drop(counts);
        Some(Guest(Some(Arc::new(Counted { addresses: self.clone(), address }))))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guest {
    /// Whether it counts for an address.
    pub fn is_counted(&self) -> bool {
        self.0.is_some()
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = self.addresses.lock();
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

/// What counts as one: who has an IPv6 address has all those that begin with the same 64 bits.
pub fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_so_many_and_none_is_remembered_without() {
        let addresses = Arc::new(Addresses::new(2));
        let enter = |text: &str| addresses.enter(text.parse().unwrap());
        let (one, two) = (enter("192.0.2.1").unwrap(), enter("::ffff:192.0.2.1").unwrap());
        assert!(enter("192.0.2.1").is_none());
        let (six, neighbour) = (enter("2001:db8::1").unwrap(), enter("2001:db8::ffff").unwrap());
        assert!(enter("2001:db8::2").is_none() && enter("2001:db8:0:1::1").is_some());
        let twin = one.clone();
        drop(one);
        assert!(enter("192.0.2.1").is_none(), "a twin is still there");
        drop(twin);
        let again = enter("192.0.2.1").unwrap();
        addresses.set_limit(0);
        let more = enter("192.0.2.1").unwrap();
        drop((again, more, two, six, neighbour));
        assert!(addresses.lock().is_empty());
    }
}
