//! The audit trail: [`chain`] makes tampering show, [`verify`] finds it, [`reads`] writes down who
//! read bytes, [`forward`] sends events to syslog, [`list`] reads them.
//!
//! Events themselves are written by the use cases, each in the transaction of its change (I6).

pub mod chain;
pub mod forward;
mod list;
pub mod reads;
pub mod verify;

use lendglass_core::audit::{AuditEvent, AuditResult};
use lendglass_core::image::Image;
use lendglass_core::{AccountId, Error, Timestamp, UserId};
use tokio::sync::Notify;

use crate::drivers::identity::Seal;
pub use chain::Key;
pub use lendglass_core::audit::{AuditOutcome, AuditVerb};
pub use lendglass_store::audit::{Place, Reads};
pub use list::{AuditAsked, AuditPage, OwnFacts, SeenEvent, list};
use reads::Windows;

/// What a running server needs for its trail.
pub struct Trail {
    key: Key,
    windows: Windows,
    /// Rung when there is reason to seal before the next poll.
    pub bell: Notify,
}

impl Trail {
    /// The trail of an installation, with keys made from its master key.
    pub fn new(seal: &Seal) -> Result<Trail, Error> {
        Ok(Trail { key: Key::of(seal)?, windows: Windows::default(), bell: Notify::new() })
    }

    /// The key of the chain.
    pub fn key(&self) -> &Key {
        &self.key
    }
}

/// An event on an image by the server itself, in the trail of the image's owner.
pub(crate) fn by_system(image: &Image, verb: AuditVerb, now: Timestamp) -> AuditEvent {
    AuditEvent {
        at: now,
        verb,
        region: image.region.clone(),
        user: UserId::trusted("system"),
        project: image.owner.clone(),
        account: AccountId::trusted("system"),
        counterpart: None,
        target: image.id.to_string(),
        detail: String::new(),
        result: AuditResult::Done,
        source: String::new(),
        request_id: String::new(),
    }
}
