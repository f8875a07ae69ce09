//! The only crate that names the database and the object store (I2).
//!
//! [`db`] is the facade over both engines; each file beside it holds the statements and the row
//! shapes of one group of tables; [`blob`](mod@blob) keeps immutable bytes. Functions here read and
//! write, they decide nothing.

pub mod alias;
pub mod audit;
pub mod audit_chain;
pub mod backup;
pub mod blob;
pub mod candidates;
pub mod clock;
pub mod copy;
pub mod credential;
pub mod db;
pub mod feedback;
pub mod idempotency;
pub mod image;
pub mod job;
pub mod kept_upload;
pub mod list;
pub mod migrate;
pub mod notice;
pub mod operator;
pub mod permission;
pub mod policy;
pub mod replay;
pub mod revocation;
pub mod rule;
pub mod scrub;
pub mod session;
pub mod setting;
pub mod share;
pub mod statements;
pub mod tag;
pub mod tenant;
pub mod undo;
pub mod upload;
pub mod user;
pub mod vault;
pub mod webhook;

pub use db::{Db, Question, Questions, Row, Statement, Tx, Value};
