//! How much is measured: enough to tell in two minutes, all of it, or ten times the shares.

use std::time::Duration;

/// The sizes of one run.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Images of the filled database.
    pub images: u64,
    /// Recipients of each shared image.
    pub shares: u64,
    /// How long a side of a rate is measured in each of its turns.
    pub span: Duration,
    /// A large image.
    pub large_mib: usize,
    /// Turns of transfers.
    pub turns: usize,
    /// How long slow peers are borne.
    pub slow: Duration,
}

impl Scale {
    /// Two minutes.
    pub const QUICK: Scale = Scale {
        images: 10_600,
        shares: 10,
        span: Duration::from_millis(500),
        large_mib: 256,
        turns: 3,
        slow: Duration::from_secs(4),
    };
    /// What the goals are about.
    pub const FULL: Scale = Scale {
        images: 106_000,
        shares: 10,
        span: Duration::from_secs(2),
        large_mib: 4096,
        turns: 3,
        slow: Duration::from_secs(15),
    };
    /// Ten million shares.
    pub const HUGE: Scale = Scale { shares: 100, ..Scale::FULL };
}
