//! The clock and the source of ids: real in a running server, stepped and seeded in tests.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use lendglass_core::Timestamp;
use rand::RngCore;

/// What time it is.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The system's clock.
    Real,
    /// A clock that stands still until it is stepped.
    Stepped(Arc<AtomicI64>),
}

impl Clock {
    /// A clock for tests that stands at `start`.
    pub fn stepped(start: Timestamp) -> Clock {
        Clock::Stepped(Arc::new(AtomicI64::new(start.0)))
    }

    /// Now, in microseconds since 1970.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
    pub fn now(&self) -> Timestamp {
        match self {
            Clock::Real => {
                let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
                Timestamp(since.map_or(0, |d| i64::try_from(d.as_micros()).unwrap_or(i64::MAX)))
            }
            Clock::Stepped(at) => Timestamp(at.load(Ordering::SeqCst)),
        }
    }

    /// Microseconds since some fixed point, never going back; of use only within one process.
    pub fn monotonic_micros(&self) -> i64 {
        static START: OnceLock<Instant> = OnceLock::new();
        match self {
            Clock::Real => {
                let since = START.get_or_init(Instant::now).elapsed();
                i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
            }
            Clock::Stepped(at) => at.load(Ordering::SeqCst),
        }
    }

    /// Moves a stepped clock; does nothing to the real one.
    pub fn step_seconds(&self, seconds: i64) {
        match self {
            Clock::Real => {}
            Clock::Stepped(at) => {
                at.fetch_add(seconds.saturating_mul(Timestamp::SECOND_MICROS), Ordering::SeqCst);
            }
        }
    }
}

/// Where new ids come from.
#[derive(Clone, Debug)]
pub enum IdSource {
    /// The system's random numbers.
    Random,
    /// Counted, for tests that want the same ids each time.
    Counted(Arc<AtomicU64>),
}

impl IdSource {
    fn bytes(&self) -> [u8; 16] {
        let mut bytes = [0_u8; 16];
        match self {
            IdSource::Random => rand::rng().fill_bytes(&mut bytes),
            IdSource::Counted(next) => {
                bytes[8..].copy_from_slice(&next.fetch_add(1, Ordering::SeqCst).to_be_bytes());
            }
        }
        bytes
    }

    /// 32 hex digits: projects, accounts, users, jobs, blobs.
    pub fn hex(&self) -> String {
        self.bytes().iter().map(|b| format!("{b:02x}")).collect()
    }

    /// A UUIDv4: images.
    pub fn uuid(&self) -> String {
        let mut bytes = self.bytes();
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }

    /// `img-` and 8 characters of base 36: the id Tencent's dialect shows.
    pub fn tencent_image(&self) -> String {
        const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        let mut number = u128::from_be_bytes(self.bytes());
        let mut text = String::from("img-");
        for _ in 0..8 {
            let digit = usize::try_from(number % 36).unwrap_or(0);
            text.push(char::from(DIGITS[digit]));
            number /= 36;
        }
        text
    }

    /// A decimal account number of 12 digits, as Tencent's dialect shows.
    pub fn account_uid(&self) -> String {
        let number = u128::from_be_bytes(self.bytes()) % 900_000_000_000;
        (100_000_000_000 + number).to_string()
    }
}
