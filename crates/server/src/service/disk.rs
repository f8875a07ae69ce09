//! The disks of an image, one by one: a full-server image has several, every other one has one
//! (FS-06, FS-07, T-032).

use lendglass_core::access::Standing;
use lendglass_core::tenant::Caller;
use lendglass_core::vault::Disk;
use lendglass_core::{Code, Error, ImageId};
use lendglass_store::backup as store_backup;
use lendglass_store::upload as store_upload;

use crate::app::App;
use crate::service::{download, image};

/// The disks of an image by position; none while it has no bytes. Whoever sees the record sees the
/// sizes; only its owner and the operator see the names of what the disks were made from.
///
/// Errors: [`Code::ImageNotFound`].
pub async fn of_image(app: &App, caller: &Caller, id: &ImageId) -> Result<Vec<Disk>, Error> {
    let seen = image::show(app, caller, id).await?;
    let is_told = match seen.standing(caller, app.clock.now())? {
        Standing::Owner | Standing::Operator => true,
        Standing::Recipient(_) | Standing::Public | Standing::Community | Standing::Market => {
            caller.is_operator
        }
    };
    let disks = store_backup::disks_of_image(&app.db, &seen.image).await?;
    let told = |disk: Disk| Disk { name: disk.name.filter(|_| is_told), ..disk };
    Ok(disks.into_iter().map(told).collect())
}

/// Opens the bytes of one disk. Who may read them is the owner's policy, as for a whole image.
///
/// Errors: as [`crate::service::download::open`]; [`Code::DiskNotFound`].
pub async fn open(
    app: &App,
    caller: &Caller,
    id: &ImageId,
    position: u32,
) -> Result<download::Disk, Error> {
    let readable = download::readable(app, caller, id).await?;
    let disks = store_backup::disks_of_image(&app.db, &readable.image).await?;
    let disk = disks.into_iter().find(|disk| disk.position == position);
    let disk = disk.ok_or_else(|| Error::new(Code::DiskNotFound).with("position", position))?;
    let copies = store_upload::disks(&app.db, id).await?;
    let copy = copies
        .into_iter()
        .find(|copy| copy.blob == disk.blob)
        .ok_or_else(|| Error::internal(format!("blob {} lies nowhere", disk.blob)))?;
    download::open_disk(app, caller, &readable, &copy).await
}
