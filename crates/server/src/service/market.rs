//! The marketplace: owners publish private images, owners and the operator withdraw them (SH-40).

use lendglass_core::audit::{AuditEvent, AuditVerb};
use lendglass_core::tenant::Caller;
use lendglass_core::{Error, ImageId, access};
use lendglass_store::{Tx, audit as store_audit, image as store_image, share as store_share};

use crate::app::App;
use crate::service::{Seen, lock_seen};

/// Publishes an image. As long as it is published it is neither shared nor deleted.
///
/// Errors: those of [`access::may_publish`].
pub async fn publish(app: &App, caller: &Caller, id: &ImageId) -> Result<Seen, Error> {
    set(app, caller, id, true).await
}

/// Withdraws a published image.
///
/// Errors: those of [`access::may_unpublish`].
pub async fn unpublish(app: &App, caller: &Caller, id: &ImageId) -> Result<Seen, Error> {
    set(app, caller, id, false).await
}

async fn set(app: &App, caller: &Caller, id: &ImageId, is_published: bool) -> Result<Seen, Error> {
    let (owned, mine, id) = (app.clone(), caller.clone(), id.clone());
    app.change(caller, move |tx| set_in(tx, &owned, &mine, &id, is_published)).await
}

fn set_in(
    tx: &mut Tx<'_>,
    app: &App,
    caller: &Caller,
    id: &ImageId,
    is_published: bool,
) -> Result<Seen, Error> {
    let now = app.clock.now();
    let mut seen = lock_seen(tx, id, caller)?;
    let standing = seen.standing(caller, now)?;
    let verb = if is_published {
        let shares = store_share::usage(tx, id, now)?.total();
        access::may_publish(caller, standing, &seen.image, shares)?;
        AuditVerb::ImagePublish
    } else {
        access::may_unpublish(caller, standing, &seen.image)?;
        AuditVerb::ImageUnpublish
    };
    let before = seen.image.clone();
    seen.image.is_published = is_published;
    seen.image.updated_at = now;
    store_image::update(tx, &before, &seen.image)?;
    let event = AuditEvent::by(caller, now, verb, id.as_str()).on_behalf(&before.owner);
    store_audit::insert(tx, &app.ids.hex(), &event)?;
    Ok(seen)
}
