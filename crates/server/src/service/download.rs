//! Reading the bytes of an image.

use lendglass_core::access;
use lendglass_core::image::{Image, ImageKind};
use lendglass_core::tenant::Caller;
use lendglass_core::{Code, Error, ImageId};
pub use lendglass_store::blob::BlobReader;
use lendglass_store::blob::{BlobError, Locator};
use lendglass_store::upload as store_upload;

use crate::app::App;
use crate::service::{image, policy};

/// What there is to read.
pub enum Bytes {
    /// The image has none yet, or is a full server, whose disks are read one by one.
    None(Image),
    /// The one disk of the image.
    Disk(Image, BlobReader),
}

/// Opens the bytes of an image. Who may read them is the owner's policy (`core::access`).
///
/// Errors: [`Code::ImageNotFound`], [`Code::ShareNotAccepted`], [`Code::SharedImageNoDownload`],
/// [`Code::PublicImageNoDownload`], [`Code::ImageDeactivated`], [`Code::RoleTooWeak`].
pub async fn open(app: &App, caller: &Caller, id: &ImageId) -> Result<Bytes, Error> {
    let seen = image::seen(app, caller, id).await?;
    let now = app.clock.now();
    let rules = policy::of_project(app, &seen.image.region, &seen.image.owner).await?;
    let standing = seen.standing(caller, now)?;
    access::may_read_bytes(caller, standing, &seen.image, &rules, now)?;
    let image = seen.image;
    if !image.status.has_bytes() || image.kind == ImageKind::FullServer {
        return Ok(Bytes::None(image));
    }
    let disks = store_upload::disks(&app.db, id).await?;
    let Some(copy) = disks.into_iter().next() else {
        return Err(Error::internal(format!(
            "image {id} is {} without a disk",
            image.status.as_str()
        )));
    };
    let locator = Locator::parse(&copy.locator)
        .ok_or_else(|| Error::internal(format!("blob {} has a broken locator", copy.blob)))?;
    let reader = app.blobs(&copy.region)?.open(&locator).await.map_err(blob_error)?;
    Ok(Bytes::Disk(image, reader))
}

/// What a failure of the blob store means to who asked.
pub fn blob_error(error: BlobError) -> Error {
    match &error {
        BlobError::NotFound => Error::internal("a blob that rows name is not in its store"),
        BlobError::NoSpace => Error::new(Code::NoSpace),
        BlobError::TooLarge { limit_bytes } => {
            Error::new(Code::ImageTooLarge).with("max", limit_bytes)
        }
        BlobError::Io(_) => Error::new(Code::Unavailable).because(error),
    }
}
