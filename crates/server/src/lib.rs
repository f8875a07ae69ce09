//! The server of Lendglass: use cases, dialects, jobs, and the program around them.
//!
//! `wire` → `service` → `store` → `core`. A dialect translates bytes into one call of a use case and
//! renders the result; a use case decides through `core` and writes in one transaction.

pub mod app;
pub mod bell;
pub mod config;
pub mod doctor;
pub mod drivers;
pub mod jobs;
pub mod memory;
pub mod run;
pub mod schedule;
pub mod sendfile;
pub mod serve;
pub mod service;
pub mod start;
pub mod telemetry;
pub mod wire;
