//! The rules of sharing, story by story, through the use cases on both engines. Stories carry the
//! id of the requirement they show.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![expect(clippy::cloned_ref_to_slice_refs, reason = "a list of one reads as a list")]

#[path = "../support/mod.rs"]
mod support;

#[path = "../support/blessed.rs"]
mod blessed;
#[macro_use]
mod cloud;

mod answering;
mod audit;
mod audit_chain;
mod backups;
mod bytes;
mod console;
mod copies;
mod ending;
mod every_key;
mod hearing;
mod jobs;
mod keys;
mod limits;
mod nearly_full;
mod notices;
mod publishing;
mod races;
mod rights;
mod rows;
mod scrubbing;
mod sharing;
mod sharing_table;
mod states;
mod tags;
mod telling;
mod terms;
mod twice;
mod vaults;
mod vaults_wire;
mod webhooks;
