//! What an image, a share and a tenant *are*: the types and rules of Lendglass.
//!
//! Nothing here does I/O, reads a clock or is async (invariant I1). Functions get all they need and
//! answer with a value or an [`Error`]; the caller writes what they decided.
//!
//! # Glossary
//!
//! *account* holds projects · *project* is a tenant: it owns images and receives shares, and lives in
//! one *region* · *caller* is who asks, proven · *image* · *kind* (`SystemDisk`, `DataDisk`, `FullServer`,
//! `Iso`) · *share*: an image offered to a *recipient* (a project or an account) · *share state* is
//! `Pending`, `Accepted` or `Rejected`; no row means not shared · *blob*: immutable bytes, counted by
//! rows · *vault*: keeps *backups* (the disks of a server at one time) up to a capacity · *policy*: the effective rules · *profile*: a named policy · *job* · *audit event*.
//!
//! **Visible, listed and usable are three questions**: [`share::is_visible`], [`share::is_listed`],
//! [`share::may_use`].
//!
//! # Reading order
//!
//! [`id`], [`time`], [`tenant`], [`image`], [`share`], [`recipient`], [`policy`] and [`profile`],
//! [`permission`], [`access`], [`quota`], [`job`], [`audit`], [`limits`], [`error`].

pub mod access;
pub mod audit;
mod catalogue;
pub mod error;
pub mod id;
pub mod image;
pub mod job;
pub mod limits;
pub mod notice;
pub mod permission;
pub mod policy;
pub mod profile;
pub mod quota;
pub mod recipient;
pub mod share;
pub mod tag;
pub mod tenant;
pub mod text;
pub mod time;
pub mod vault;
pub mod webhook;

pub use error::{Code, Error, Kind, Language};
pub use id::{AccountId, BackupId, BlobId, ImageId, JobId, ProjectId, RegionId, UserId, VaultId};
pub use time::Timestamp;
