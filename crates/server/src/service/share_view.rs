//! Shares as both sides read them.

use lendglass_core::image::Image;
use lendglass_core::share::{Recipient, Share, ShareState, is_live};
use lendglass_core::tenant::Caller;
use lendglass_core::{Code, Error, ImageId, access};
use lendglass_store::share as store_share;

use crate::app::App;
use crate::service::list::{self, ListImages, Received, View};
use crate::service::{Seen, image, policy};

/// Waiting offers are counted up to this and then called "more": counting must cost the same for
/// everybody.
pub const COUNT_MOST: u32 = 1_000;

/// The shares of an image that the caller may see: all of them for its owner, the own ones for a
/// recipient. Under `share.private_becomes_shared = false` an image that is not shared has none to
/// show (as Glance, 403).
pub async fn of_image(app: &App, caller: &Caller, id: &ImageId) -> Result<Vec<Share>, Error> {
    let seen = image::show(app, caller, id).await?;
    let now = app.clock.now();
    let standing = seen.standing(caller, now)?;
    let rules = policy::of_project(app, &seen.image.region, &seen.image.owner).await?;
    if !rules.share.private_becomes_shared {
        access::may_have_members(&seen.image, &rules)?;
    }
    let sees_all = standing == access::Standing::Owner || caller.is_operator;
    let shares =
        if sees_all { store_share::of_image(&app.db, id).await? } else { seen.shares.clone() };
    Ok(shares.into_iter().filter(|share| is_live(share, now)).collect())
}

/// One share of an image by its recipient's id; a recipient who asks for his own project gets the
/// account's share where the project has none.
pub async fn one(
    app: &App,
    caller: &Caller,
    id: &ImageId,
    recipient: &str,
) -> Result<Share, Error> {
    let shares = of_image(app, caller, id).await?;
    let is_own = recipient == caller.project.as_str();
    let account = Recipient::Account(caller.account.clone());
    shares
        .iter()
        .find(|share| share.recipient.id() == recipient)
        .or_else(|| shares.iter().find(|share| is_own && share.recipient == account))
        .cloned()
        .ok_or_else(|| Error::new(Code::NotShared).with("recipient", recipient))
}

/// An offer as its recipient sees it.
#[derive(Clone, Debug)]
pub struct ReceivedShare {
    /// The image.
    pub image: Image,
    /// The share.
    pub share: Share,
}

/// A page of what was offered to the caller's project and account, newest image first.
pub async fn received(
    app: &App,
    caller: &Caller,
    state: Option<ShareState>,
    marker: Option<ImageId>,
    limit: Option<u32>,
) -> Result<Vec<ReceivedShare>, Error> {
    let request = ListImages {
        view: Some(View::Received),
        received: Some(state.map_or(Received::Any, Received::In)),
        marker,
        limit,
        ..ListImages::default()
    };
    let page = list::list(app, caller, &request).await?;
    let seen = list::with_shares(app, caller, page.images).await?;
    let now = app.clock.now();
    Ok(seen
        .into_iter()
        .flat_map(|Seen { image, shares }| {
            shares
                .into_iter()
                .filter(|share| is_live(share, now) && state.is_none_or(|s| s == share.state))
                .map(move |share| ReceivedShare { image: image.clone(), share })
                .collect::<Vec<_>>()
        })
        .collect())
}

/// How many offers wait for the caller's project and account, counted up to [`COUNT_MOST`].
pub async fn count_pending(app: &App, caller: &Caller) -> Result<u32, Error> {
    let now = app.clock.now();
    store_share::count_received(&app.db, caller, ShareState::Pending, now, COUNT_MOST + 1).await
}
