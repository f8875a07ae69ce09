//! Time runs out: of offers that nobody answered, and of accesses that were given for a while (SH-41).
//! Time alone decides who may what; this only writes it down and tells both sides.

use lendglass_core::notice::{Notice, NoticeKind};
use lendglass_core::share::{Recipient, Share, ShareEvent, is_live};
use lendglass_core::tenant::{Caller, Credential, Role, Terms};
use lendglass_core::{AccountId, Error, ImageId, RegionId, UserId};
use lendglass_store::undo::ShareChange;
use lendglass_store::{Tx, share as store_share};

use super::{Batch, Ground, Mode, told_of, write};
use crate::app::App;
use crate::service::notice;

/// Ends the shares whose time is over, `most` at a time; says how many.
pub(crate) async fn lapse(app: &App, most: u32) -> Result<usize, Error> {
    let due = store_share::timed_out(&app.db, app.clock.now(), most).await?;
    let mut ended = 0;
    for shares in by_region(due) {
        let batch = batch(app, &shares.0);
        let told = app.db.write(move |tx| lapse_in(tx, &batch, &shares.1)).await?;
        app.bell.ring(&told.0);
        ended += told.1;
    }
    Ok(ended)
}

/// Tells both sides of shares that end within a day, `most` at a time; says how many.
pub(crate) async fn warn(app: &App, most: u32) -> Result<usize, Error> {
    let due = store_share::lapsing(&app.db, app.clock.now(), most).await?;
    let mut warned = 0;
    for shares in by_region(due) {
        let batch = batch(app, &shares.0);
        let notices = app.db.write(move |tx| warn_in(tx, &batch, &shares.1)).await?;
        app.bell.ring(&notices.iter().map(Notice::inbox).collect::<Vec<_>>());
        warned += notices.len() / 2;
    }
    Ok(warned)
}

fn by_region(shares: Vec<Share>) -> Vec<(RegionId, Vec<Share>)> {
    let mut regions: Vec<(RegionId, Vec<Share>)> = Vec::new();
    for share in shares {
        match regions.iter_mut().find(|(region, _)| *region == share.region) {
            Some((_, shares)) => shares.push(share),
            None => regions.push((share.region.clone(), vec![share])),
        }
    }
    regions
}

/// A batch of the system's own: nobody asked for it.
fn batch(app: &App, region: &RegionId) -> Batch {
    let system = Caller {
        user: UserId::trusted("system"),
        user_name: "system".to_owned(),
        project: lendglass_core::ProjectId::trusted("system"),
        account: AccountId::trusted("system"),
        region: region.clone(),
        role: Role::Reader,
        permissions: Default::default(),
        is_operator: false,
        is_service: false,
        credential: Credential::Token,
        source: String::new(),
        request_id: String::new(),
        terms: Terms::default(),
    };
    Batch::new(app, &system, ShareEvent::Lapse, Mode::Partial, false)
}

fn lapse_in(
    tx: &mut Tx<'_>,
    batch: &Batch,
    due: &[Share],
) -> Result<(Vec<lendglass_core::notice::Inbox>, usize), Error> {
    let ground = lock(tx, batch, due)?;
    let mut changes = Vec::new();
    for share in due {
        let share = store_share::get(tx, &share.image, &share.recipient)?;
        let over = share.filter(|share| !is_live(share, batch.now));
        changes.extend(over.map(|share| ShareChange {
            before: Some(share),
            after: None,
            replaces_ended: false,
            vault: None,
        }));
    }
    let notices = write::write(tx, batch, &ground, &mut changes)?;
    notice::tell(tx, &notices)?;
    Ok((notices.iter().map(Notice::inbox).collect(), changes.len()))
}

fn warn_in(tx: &mut Tx<'_>, batch: &Batch, due: &[Share]) -> Result<Vec<Notice>, Error> {
    let ground = lock(tx, batch, due)?;
    let mut notices = Vec::new();
    for share in due {
        let Ok((image, _)) = ground.of(&share.image) else { continue };
        if !store_share::tell_lapsing(tx, share)? {
            continue;
        }
        for to in [share.recipient.clone(), Recipient::Project(share.owner.clone())] {
            notices.push(told_of(batch.now, image, share, to, NoticeKind::ShareLapsing));
        }
    }
    notice::tell(tx, &notices)?;
    Ok(notices)
}

fn lock(tx: &mut Tx<'_>, batch: &Batch, shares: &[Share]) -> Result<Ground, Error> {
    let images: Vec<ImageId> = shares.iter().map(|share| share.image.clone()).collect();
    Ok(Ground::lock(tx, batch, &images, |_| ())?.0)
}
