//! Reading the bytes of an image.

use std::ops::Range;

use lendglass_core::access::{self, Standing};
use lendglass_core::image::{Image, ImageKind};
use lendglass_core::tenant::Caller;
use lendglass_core::{Code, Error, ImageId, ProjectId};
pub use lendglass_store::blob::BlobReader;
use lendglass_store::blob::{BlobError, Locator};
use lendglass_store::upload::{self as store_upload, Copy};

use crate::app::App;
use crate::service::audit::reads;
use crate::service::{image, policy, scrub};

/// What there is to read.
pub enum Bytes {
    /// The image has none yet, or is a full server, whose disks are read one by one.
    None(Image),
    /// The one disk of the image.
    Disk(Image, Disk),
}

/// A disk that a caller may read. Its bytes are out of reach until the read is in the audit trail
/// (T-049).
pub struct Disk {
    reader: BlobReader,
    image: ImageId,
    caller: Box<Caller>,
    /// The owner, where the image was shared with the caller: it reads the event as well.
    other_side: Option<ProjectId>,
}

impl Disk {
    /// How many bytes there are.
    pub fn size_bytes(&self) -> u64 {
        self.reader.size_bytes()
    }

    /// What reads the bytes, for this range and no other: the read is durably audited, or counted
    /// under the event of the last ten minutes. Refuses where it cannot be.
    pub async fn read(&self, app: &App, range: &Range<u64>) -> Result<&BlobReader, Error> {
        let owner = self.other_side.as_ref();
        reads::note(app, &self.caller, &self.image, owner, range).await?;
        Ok(&self.reader)
    }
}

/// An image whose bytes the caller may read, and the other side of that.
pub(crate) struct Readable {
    /// The image.
    pub image: Image,
    other_side: Option<ProjectId>,
}

/// Whether the caller may read the bytes of an image: the owner's policy decides (`core::access`), and
/// a refusal is audited.
pub(crate) async fn readable(app: &App, caller: &Caller, id: &ImageId) -> Result<Readable, Error> {
    let seen = image::seen(app, caller, id).await?;
    let now = app.clock.now();
    let standing = seen.standing(caller, now)?;
    let rules = match access::rules_decide_reading(standing) {
        true => &policy::of_project(app, &seen.image.region, &seen.image.owner).await?,
        // As good as any: none of them is asked.
        false => app.policy.policy(),
    };
    let other_side = match standing {
        Standing::Recipient(_) | Standing::Market | Standing::Operator => {
            Some(seen.image.owner.clone())
        }
        Standing::Owner | Standing::Public | Standing::Community => None,
    };
    if let Err(error) = access::may_read_bytes(caller, standing, &seen.image, rules, now) {
        reads::refused(app, caller, id, error.code()).await?;
        return Err(error);
    }
    scrub::may_serve(app, &seen.image).await?;
    Ok(Readable { image: seen.image, other_side })
}

/// Opens one disk of a readable image.
pub(crate) async fn open_disk(
    app: &App,
    caller: &Caller,
    readable: &Readable,
    copy: &Copy,
) -> Result<Disk, Error> {
    let locator = Locator::parse(&copy.locator)
        .ok_or_else(|| Error::internal(format!("blob {} has a broken locator", copy.blob)))?;
    let reader = app.blobs(&copy.region)?.open(&locator).await.map_err(blob_error)?;
    let other_side = readable.other_side.clone();
    Ok(Disk {
        reader,
        image: readable.image.id.clone(),
        caller: Box::new(caller.clone()),
        other_side,
    })
}

/// Opens the bytes of an image.
///
/// Errors: [`Code::BlobDamaged`], [`Code::ImageNotFound`], [`Code::ShareNotAccepted`],
/// [`Code::SharedImageNoDownload`],
/// [`Code::PublicImageNoDownload`], [`Code::ImageDeactivated`], [`Code::RoleTooWeak`].
pub async fn open(app: &App, caller: &Caller, id: &ImageId) -> Result<Bytes, Error> {
    let readable = readable(app, caller, id).await?;
    let image = &readable.image;
    if !image.status.has_bytes() || image.kind == ImageKind::FullServer {
        return Ok(Bytes::None(readable.image));
    }
    let disks = store_upload::disks(&app.db, id).await?;
    let Some(copy) = disks.into_iter().next() else {
        return Err(Error::internal(format!(
            "image {id} is {} without a disk",
            image.status.as_str()
        )));
    };
    let disk = open_disk(app, caller, &readable, &copy).await?;
    if image.size_bytes.is_some_and(|size| size != disk.size_bytes()) {
        let why = format!("a blob of {id} has {} bytes by now", disk.size_bytes());
        return Err(Error::new(Code::BlobDamaged).because(why));
    }
    Ok(Bytes::Disk(readable.image, disk))
}

/// What a failure of the blob store means to who asked.
pub fn blob_error(error: BlobError) -> Error {
    match &error {
        BlobError::NotFound => Error::internal("a blob that rows name is not in its store"),
        BlobError::NoSpace => Error::new(Code::NoSpace),
        BlobError::TooLarge { limit_bytes } => {
            Error::new(Code::ImageTooLarge).with("max", limit_bytes)
        }
        BlobError::Io(why) => Error::new(Code::Unavailable).because(format!("{error}: {why}")),
    }
}
