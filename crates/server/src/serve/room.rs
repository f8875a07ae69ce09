//! The places for connections, and which of them gives way when all are taken.
//!
//! A peer that opens connections and lets them lie, or sends its requests a byte at a time, must not
//! keep others out. So when there is no place left, one connection that rests is closed: of the address
//! that has the most, the one that has rested longest. It rests between two requests, while the head or
//! the small body of one arrives, and while its peer takes no more of an answer.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// How long a new connection waits for one that was told to leave, before another one is told.
const LEAVING: Duration = Duration::from_millis(100);
/// In place of a time: a request is being worked on.
const BUSY: u64 = u64::MAX;
/// In place of a time: it has been told to leave.
const LEFT: u64 = u64::MAX - 1;

/// All places.
pub(super) struct Room {
    free: Arc<Semaphore>,
    taken: Mutex<HashMap<u64, Arc<Seat>>>,
    next: AtomicU64,
    opened: Instant,
}

/// What one connection is doing.
pub(super) struct Seat {
    address: IpAddr,
    opened: Instant,
    /// Microseconds from `opened` to when it began to rest, or last took a part of an answer. What
    /// the peer sends does not count: the slow senders are those who should go.
    rests_since: AtomicU64,
    leave: Notify,
}

/// A place until it is dropped.
pub(super) struct Place {
    room: Arc<Room>,
    id: u64,
    pub seat: Arc<Seat>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Room {
    pub fn new(places: usize) -> Arc<Self> {
        Arc::new(Self {
            free: Arc::new(Semaphore::new(places)),
            taken: Mutex::default(),
            next: AtomicU64::new(0),
            opened: Instant::now(),
        })
    }

    /// Takes a place; while all are taken, others are told to leave, one after the other.
    pub async fn take(self: &Arc<Self>, address: SocketAddr) -> Place {
        let permit = loop {
            let free = Arc::clone(&self.free);
            if let Ok(permit) = free.try_acquire_owned() {
                break Some(permit);
            }
            self.dismiss();
            let waiting = Arc::clone(&self.free).acquire_owned();
            match tokio::time::timeout(LEAVING, waiting).await {
                // The semaphore is never closed, so that there always is a permit.
                Ok(permit) => break permit.ok(),
                Err(_) => continue,
            }
        };
        let seat = Arc::new(Seat {
            address: address.ip(),
            opened: self.opened,
            rests_since: AtomicU64::new(0),
            leave: Notify::new(),
        });
        seat.rest();
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.taken().insert(id, Arc::clone(&seat));
        Place { room: Arc::clone(self), id, seat, _permit: permit }
    }

    /// Tells one connection to leave, if any rests.
    fn dismiss(&self) {
        let taken = self.taken();
        let mut held: HashMap<IpAddr, usize> = HashMap::new();
        for seat in taken.values() {
            *held.entry(seat.address).or_default() += 1;
        }
        let rank = |seat: &&Arc<Seat>| {
            let since = seat.rests_since.load(Ordering::Relaxed);
            (held.get(&seat.address).copied(), u64::MAX - since)
        };
        let rests = |seat: &&Arc<Seat>| seat.rests_since.load(Ordering::Relaxed) < LEFT;
        let Some(seat) = taken.values().filter(rests).max_by_key(rank) else { return };
        let since = seat.rests_since.load(Ordering::Relaxed);
        // One that took up a request meanwhile may stay.
        let order = Ordering::Relaxed;
        if since < LEFT && seat.rests_since.compare_exchange(since, LEFT, order, order).is_ok() {
            seat.leave.notify_one();
        }
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<u64, Arc<Seat>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// A request has come and is worked on.
    pub fn work(&self) {
        self.set(BUSY);
    }

    /// The connection has opened, the head of a request has come without its body, or that of an
    /// answer is there.
    pub fn rest(&self) {
        self.set(self.now());
    }

    /// Bytes of an answer went out.
    pub fn progress(&self) {
        if self.rests_since.load(Ordering::Relaxed) < LEFT {
            self.set(self.now());
        }
    }

    /// Who has been told to leave leaves, whatever comes next.
    fn set(&self, since: u64) {
        let order = Ordering::Relaxed;
        let next = |former: u64| (former != LEFT).then_some(since);
        // Where there is nothing to set all is said.
        let _ = self.rests_since.fetch_update(order, order, next);
    }

    /// Ready when the connection has to give way.
    pub async fn dismissed(&self) {
        self.leave.notified().await;
    }

    fn now(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_micros()).unwrap_or(LEFT - 1)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.room.taken().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(last: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, last], 9))
    }

    fn is_dismissed(place: &Place) -> bool {
        place.seat.rests_since.load(Ordering::Relaxed) == LEFT
    }

    #[tokio::test]
    async fn who_has_the_most_gives_way_and_who_works_does_not() {
        let room = Room::new(4);
        let alone = room.take(from(1)).await;
        let many = [room.take(from(2)).await, room.take(from(2)).await, room.take(from(2)).await];
        many[0].seat.work();
        many[1].seat.rests_since.store(20, Ordering::Relaxed);
        many[2].seat.rests_since.store(10, Ordering::Relaxed);
        room.dismiss();
        assert_eq!(many.each_ref().map(is_dismissed), [false, false, true]);
        room.dismiss();
        assert_eq!(many.each_ref().map(is_dismissed), [false, true, true]);
        room.dismiss();
        assert!(is_dismissed(&alone), "only then another address");
        room.dismiss();
        assert!(!is_dismissed(&many[0]), "a request is worked on to its end");
    }

    #[tokio::test]
    async fn a_place_is_free_again_when_its_connection_ends() {
        let room = Room::new(1);
        drop(room.take(from(1)).await);
        assert!(room.taken().is_empty());
        let place = room.take(from(2)).await;
        assert_eq!(room.taken().len(), 1);
        assert!(!is_dismissed(&place));
    }
}
