//! The outside world, the only traits: identity, later compute, volumes, keys, mail.

pub mod identity;
pub mod messenger;
pub mod syslog;
