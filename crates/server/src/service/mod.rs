//! The use cases, one file for each noun. Here and only here state changes, in one transaction with
//! its audit row and its job (I6). Nothing here knows HTTP (I4).

pub mod actions;
pub mod alias;
pub mod attribute;
pub mod audit;
pub mod backup;
pub mod blueprint;
pub mod capability;
pub mod contact;
pub mod copy;
pub mod delete;
pub mod demo;
pub mod disk;
pub mod download;
pub mod events;
pub mod feedback;
pub mod health;
pub mod idempotency;
pub mod identity;
pub mod image;
pub mod job;
pub mod list;
pub mod market;
pub mod notice;
pub mod operator;
pub mod permission;
pub mod policy;
pub mod quota;
pub mod reap;
pub mod replicate;
pub mod rule;
pub mod scrub;
pub mod session;
pub mod share;
pub mod share_view;
pub mod tag;
pub mod tenant;
pub mod upload;
pub mod vault;
pub mod webhook;
pub mod world;

use lendglass_core::access::{self, Standing};
use lendglass_core::image::Image;
use lendglass_core::share::{Recipient, Share};
use lendglass_core::tenant::Caller;
use lendglass_core::{Code, Error, ImageId, Timestamp};
use lendglass_store::{Tx, idempotency as store_idempotency, image as store_image};

use crate::app::App;

/// An image as one caller sees it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The record.
    pub image: Image,
    /// The shares of the image that concern the caller's project or account.
    pub shares: Vec<Share>,
}

impl Seen {
    /// How the caller stands to the image; not found where he may not know of it (I7).
    pub fn standing(&self, caller: &Caller, now: Timestamp) -> Result<Standing<'_>, Error> {
        access::see(caller, &self.image, &self.shares, now)
    }
}

impl App {
    /// A change that `caller` asks for, in one transaction, on the terms of his request: a dry run is
    /// decided whole, rolled back, and answered with [`Code::DryRun`]; a request with a key of its
    /// own has one effect (AP-05, AP-07).
    pub async fn change<T, F>(&self, caller: &Caller, change: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    {
        let (caller, now) = (caller.clone(), self.clock.now());
        self.db
            .write(move |tx| {
                if let Some(once) = &caller.terms.once {
                    store_idempotency::mark(tx, &caller, once, now)?;
                }
                let done = change(tx)?;
                tx.concerns((Recipient::Project(caller.project.clone()), caller.region.clone()));
                if caller.terms.is_dry_run {
                    return Err(Error::new(Code::DryRun));
                }
                Ok(done)
            })
            .await
    }
}

/// The refusal that unknown and foreign images share (XC-09).
pub(crate) fn not_found(id: &ImageId) -> Error {
    Error::new(Code::ImageNotFound).with("id", id)
}

/// Locks an image and reads what concerns the caller. Decides nothing yet.
pub(crate) fn lock_seen(tx: &mut Tx<'_>, id: &ImageId, caller: &Caller) -> Result<Seen, Error> {
    store_image::lock(tx, id)?.ok_or_else(|| not_found(id))?;
    let (image, shares) = store_image::show_in(tx, id, caller)?.ok_or_else(|| not_found(id))?;
    Ok(Seen { image, shares })
}
