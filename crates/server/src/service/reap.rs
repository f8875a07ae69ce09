//! What makes the leases a guarantee: dead uploads are undone, dying blobs removed, shares whose
//! time ran out ended. Every step may be the last one and may be run again.

use lendglass_core::Error;
use lendglass_store::blob::Locator;
use lendglass_store::upload::{Copy, Upload};
use lendglass_store::{undo as store_undo, upload as store_upload};

use crate::app::App;
use crate::service::download::blob_error;
use crate::service::upload::{self, kept};
use crate::service::{idempotency, share};

/// Rows in one round; what is left waits for the next.
const ROUND_ROWS: u32 = 100;
/// How long one reaper may take to undo an upload before another one tries.
const LEASE_SECONDS: u32 = 30;

/// One round of everything; says how many things were done. Ends early on the first trouble of the
/// database; a store in trouble keeps its own dying blobs and holds up nothing else.
pub async fn round(app: &App) -> Result<usize, Error> {
    let mut done = 0;
    while let Some(dead) = seize(app).await? {
        undo_dead(app, dead).await?;
        done += 1;
    }
    while kept::expire(app).await? {
        done += 1;
    }
    let mut trouble = None;
    for region in &app.regions {
        for copy in store_upload::dying(&app.db, &region.id, ROUND_ROWS).await? {
            match remove_bytes(app, copy).await {
                Ok(()) => done += 1,
                Err(error) => {
                    trouble = Some(error);
                    break;
                }
            }
        }
    }
    done += share::lapse(app, ROUND_ROWS).await?;
    done += share::warn(app, ROUND_ROWS).await?;
    idempotency::purge(app).await?;
    store_undo::purge(&app.db, app.clock.now()).await?;
    trouble.map_or(Ok(done), Err)
}

async fn seize(app: &App) -> Result<Option<Upload>, Error> {
    app.db.write(|tx| store_upload::seize(tx, LEASE_SECONDS)).await
}

async fn undo_dead(app: &App, dead: Upload) -> Result<(), Error> {
    tracing::info!(image = %dead.image, "undoing an upload whose lease is over");
    let owned = app.clone();
    app.db.write(move |tx| upload::undo_in(tx, &owned, &dead, None)).await
}

/// Bytes first, row last: a death in between leaves a row that says what is still to be removed.
async fn remove_bytes(app: &App, copy: Copy) -> Result<(), Error> {
    if let Some(locator) = Locator::parse(&copy.locator) {
        let blobs = app.blobs(&copy.region)?;
        blobs.abandon(&locator).await.map_err(blob_error)?;
        blobs.delete(&locator).await.map_err(blob_error)?;
    }
    app.db.write(move |tx| store_upload::forget(tx, &copy.blob)).await
}
