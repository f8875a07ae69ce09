//! The limit of sign-ins: counts failures per user and source, never successes.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lendglass_core::{Code, Error, Timestamp};
use openssl::sha::sha256;

/// A failure counts this long.
const WINDOW_SECONDS: i64 = 60;
/// Pairs of user and source remembered; a guesser with more addresses than that makes the oldest be
/// forgotten, and memory stays within some 2 MiB.
const PAIRS: usize = 10_000;

/// Who tries, and from where; hashed, so that no name is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Trier([u8; 32]);

impl Trier {
    /// `user` is an id or a name with its account; `source` an address. Addresses of one IPv6 /64
    /// count as one: a guesser has as many of them as he likes.
    pub fn new(user: &str, source: &str) -> Trier {
        let network = match source.parse::<IpAddr>() {
            Ok(IpAddr::V6(address)) => format!("{:x?}", &address.segments()[..4]),
            Ok(IpAddr::V4(_)) | Err(_) => source.to_owned(),
        };
        Trier(sha256(format!("{network}\n{user}").as_bytes()))
    }
}

/// The failures of the last minute.
pub struct Failures {
    allowed: usize,
    recent: Mutex<HashMap<Trier, VecDeque<Timestamp>>>,
}

impl Failures {
    /// Allows this many failures in a minute.
    pub fn new(allowed: u32) -> Failures {
        let allowed = usize::try_from(allowed).unwrap_or(usize::MAX).max(1);
        Failures { allowed, recent: Mutex::new(HashMap::new()) }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Trier, VecDeque<Timestamp>>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses with [`Code::RateLimited`] who has failed too often.
    pub fn check(&self, trier: Trier, now: Timestamp) -> Result<(), Error> {
        let mut recent = self.lock();
        let Some(times) = recent.get_mut(&trier) else { return Ok(()) };
        drop_old(times, now);
        let Some(oldest) = times.front().filter(|_| times.len() >= self.allowed) else {
            return Ok(());
        };
        let wait_micros = oldest.plus_seconds(WINDOW_SECONDS).0 - now.0;
        let second = Timestamp::SECOND_MICROS;
        let seconds = ((wait_micros + second - 1) / second).clamp(1, WINDOW_SECONDS);
        Err(Error::new(Code::RateLimited).with("seconds", seconds))
    }

    /// Counts a failure.
    pub fn count(&self, trier: Trier, now: Timestamp) {
        let mut recent = self.lock();
        if recent.len() >= PAIRS && !recent.contains_key(&trier) {
            make_room(&mut recent, now);
        }
        let times = recent.entry(trier).or_default();
        drop_old(times, now);
        if times.len() >= self.allowed {
            times.pop_front();
        }
        times.push_back(now);
    }
}

fn drop_old(times: &mut VecDeque<Timestamp>, now: Timestamp) {
    while times.front().is_some_and(|at| at.plus_seconds(WINDOW_SECONDS) <= now) {
        times.pop_front();
    }
}

fn make_room(recent: &mut HashMap<Trier, VecDeque<Timestamp>>, now: Timestamp) {
    recent.retain(|_, times| {
        drop_old(times, now);
        !times.is_empty()
    });
    if recent.len() >= PAIRS {
        let oldest = recent.iter().min_by_key(|(_, times)| times.back()).map(|(trier, _)| *trier);
        if let Some(oldest) = oldest {
            recent.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn the_failure_after_the_last_allowed_one_is_refused_until_the_first_is_a_minute_old() {
        let failures = Failures::new(3);
        let trier = Trier::new("bob", "192.0.2.1");
        for second in [0, 10, 20] {
            failures.check(trier, at(second)).unwrap();
            failures.count(trier, at(second));
        }
        let refused = failures.check(trier, at(20)).unwrap_err();
        assert_eq!((refused.code(), refused.fact("seconds")), (Code::RateLimited, Some("40")));
        failures.check(Trier::new("bob", "192.0.2.2"), at(20)).unwrap();
        failures.check(Trier::new("carol", "192.0.2.1"), at(20)).unwrap();
        assert!(failures.check(trier, at(59)).is_err());
        failures.check(trier, at(60)).unwrap();
    }

    #[test]
    fn one_network_of_ipv6_is_one_source() {
        let one = Trier::new("bob", "2001:db8:1:2:3:4:5:6");
        assert_eq!(one, Trier::new("bob", "2001:db8:1:2::9"));
        assert_ne!(one, Trier::new("bob", "2001:db8:1:3::9"));
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_goes_first() {
        let failures = Failures::new(1);
        let trier = |n: usize| Trier::new(&n.to_string(), "192.0.2.1");
        for n in 0..=PAIRS {
            failures.count(trier(n), Timestamp(i64::try_from(n).unwrap()));
        }
        assert_eq!(failures.lock().len(), PAIRS);
        failures.check(trier(0), at(1)).unwrap();
        assert!(failures.check(trier(PAIRS), at(1)).is_err());
    }
}
