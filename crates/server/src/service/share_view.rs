//! Shares as both sides read them.

use lendglass_core::image::Image;
use lendglass_core::limits::ANSWER_ALL_IMAGES;
use lendglass_core::permission::Action;
use lendglass_core::share::{Recipient, Share, ShareState, is_live};
use lendglass_core::tenant::Caller;
use lendglass_core::{Code, Error, ImageId, Timestamp, access};
use lendglass_store::share as store_share;
pub use lendglass_store::share::GivenShare;

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
    let shares = shares_of(app, caller, id).await?;
    caller.may(Action::SharesList)?;
    Ok(shares)
}

/// As [`of_image`], for a change that must know them.
pub(crate) async fn shares_of(
    app: &App,
    caller: &Caller,
    id: &ImageId,
) -> Result<Vec<Share>, Error> {
    let seen = image::seen(app, caller, id).await?;
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

/// Which shares of an image, and how many of them.
#[derive(Clone, Debug, Default)]
pub struct OfImage {
    /// In this state.
    pub state: Option<ShareState>,
    /// The recipient's id, or a part of its name.
    pub text: Option<String>,
    /// Only what comes after the share made then to that recipient.
    pub after: Option<(Timestamp, Recipient)>,
    /// At most so many; all where nothing is said.
    pub limit: Option<u32>,
    /// Whether to count them.
    pub wants_total: bool,
}

/// A page of the shares of an image.
#[derive(Clone, Debug)]
pub struct ImageShares {
    /// Oldest first.
    pub shares: Vec<Share>,
    /// Where the next page begins, where there may be one.
    pub next: Option<(Timestamp, Recipient)>,
    /// How many there are, where that was asked.
    pub total: Option<u32>,
}

/// As [`of_image`], page by page: an image may have hundreds.
pub async fn page_of_image(
    app: &App,
    caller: &Caller,
    id: &ImageId,
    wish: &OfImage,
) -> Result<ImageShares, Error> {
    let seen = image::seen(app, caller, id).await?;
    let now = app.clock.now();
    let standing = seen.standing(caller, now)?;
    if standing != access::Standing::Owner && !caller.is_operator {
        // A recipient has one or two.
        let mut shares = of_image(app, caller, id).await?;
        shares.retain(|share| wish.state.is_none_or(|state| share.state == state));
        let total = wish.wants_total.then(|| u32::try_from(shares.len()).unwrap_or(u32::MAX));
        return Ok(ImageShares { shares, next: None, total });
    }
    let rules = policy::of_project(app, &seen.image.region, &seen.image.owner).await?;
    if !rules.share.private_becomes_shared {
        access::may_have_members(&seen.image, &rules)?;
    }
    caller.may(Action::SharesList)?;
    let limit = wish.limit.map_or(u32::MAX, |limit| limit.min(app.settings.list_limit_max));
    let text = wish.text.as_deref().filter(|text| !text.is_empty());
    let found = store_share::Found { image: id, state: wish.state, text, caller, now };
    let shares = store_share::found_of_image(&app.db, &found, wish.after.as_ref(), limit).await?;
    let is_full = limit > 0 && shares.len() >= limit as usize;
    let next = shares.last().filter(|_| is_full);
    let next = next.map(|share| (share.created_at, share.recipient.clone()));
    let total = match wish.wants_total {
        true => Some(store_share::count_of_image(&app.db, &found).await?),
        false => None,
    };
    Ok(ImageShares { shares, next, total })
}

/// One share of an image by its recipient's id; a recipient who asks for his own project gets the
/// account's share where the project has none.
pub async fn one(
    app: &App,
    caller: &Caller,
    id: &ImageId,
    recipient: &str,
) -> Result<Share, Error> {
    let shares = shares_of(app, caller, id).await?;
    let is_own = recipient == caller.project.as_str();
    let account = Recipient::Account(caller.account.clone());
    let share = shares
        .iter()
        .find(|share| share.recipient.id() == recipient)
        .or_else(|| shares.iter().find(|share| is_own && share.recipient == account))
        .cloned()
        .ok_or_else(|| Error::new(Code::NotShared).with("recipient", recipient))?;
    caller.may(Action::SharesList)?;
    Ok(share)
}

/// An offer as its recipient sees it.
#[derive(Clone, Debug)]
pub struct ReceivedShare {
    /// The image.
    pub image: Image,
    /// The share.
    pub share: Share,
}

/// A page of what was offered to the caller.
#[derive(Clone, Debug)]
pub struct ReceivedPage {
    /// The offers, newest image first.
    pub shares: Vec<ReceivedShare>,
    /// The marker of the next page, where there may be one.
    pub next: Option<ImageId>,
}

/// A page of what was offered to the caller's project and account; `limit` counts images.
pub async fn received(
    app: &App,
    caller: &Caller,
    state: Option<ShareState>,
    marker: Option<ImageId>,
    limit: Option<u32>,
) -> Result<ReceivedPage, Error> {
    caller.may(Action::SharesList)?;
    received_page(app, caller, state, marker, limit).await
}

async fn received_page(
    app: &App,
    caller: &Caller,
    state: Option<ShareState>,
    marker: Option<ImageId>,
    limit: Option<u32>,
) -> Result<ReceivedPage, Error> {
    let request = ListImages {
        view: Some(View::Received),
        received: Some(state.map_or(Received::Any, Received::In)),
        marker,
        limit,
        ..ListImages::default()
    };
    let page = list::page(app, caller, &request).await?;
    let is_full = page.images.len() >= page.limit as usize;
    let next = page.images.last().filter(|_| is_full).map(|image| image.id.clone());
    let seen = list::with_shares(app, caller, page.images).await?;
    let now = app.clock.now();
    let shares = seen
        .into_iter()
        .flat_map(|Seen { image, shares }| {
            shares
                .into_iter()
                .filter(|share| is_live(share, now) && state.is_none_or(|s| s == share.state))
                .map(move |share| ReceivedShare { image: image.clone(), share })
                .collect::<Vec<_>>()
        })
        .collect();
    Ok(ReceivedPage { shares, next })
}

/// The images whose offers wait for the caller, at most [`ANSWER_ALL_IMAGES`]: what "accept all"
/// and "reject all" mean (RC-05, RC-06).
pub async fn pending_images(app: &App, caller: &Caller) -> Result<Vec<ImageId>, Error> {
    let mut images: Vec<ImageId> = Vec::new();
    let mut marker = None;
    let most = Some(app.settings.list_limit_max);
    loop {
        let page = received_page(app, caller, Some(ShareState::Pending), marker, most).await?;
        for received in page.shares {
            if images.last() != Some(&received.image.id) {
                images.push(received.image.id);
            }
        }
        marker = page.next;
        if marker.is_none() || images.len() >= ANSWER_ALL_IMAGES {
            images.truncate(ANSWER_ALL_IMAGES);
            return Ok(images);
        }
    }
}

/// A page of the shares the caller's project has given, over all its images.
#[derive(Clone, Debug)]
pub struct GivenPage {
    /// The shares, by image and recipient.
    pub shares: Vec<GivenShare>,
    /// The last one, where there may be more.
    pub next: Option<(ImageId, Recipient)>,
}

/// A page of the shares the caller's project has given in the request's region (SH-36).
pub async fn given(
    app: &App,
    caller: &Caller,
    state: Option<ShareState>,
    after: Option<(ImageId, Recipient)>,
    limit: Option<u32>,
) -> Result<GivenPage, Error> {
    caller.may(Action::SharesList)?;
    let limit = limit.unwrap_or(app.settings.list_limit_default).min(app.settings.list_limit_max);
    let owner = (&caller.project, &caller.region);
    let now = app.clock.now();
    let shares = store_share::given(&app.db, owner, state, after.as_ref(), limit, now).await?;
    let is_full = limit > 0 && shares.len() >= limit as usize;
    let next = shares
        .last()
        .filter(|_| is_full)
        .map(|given| (given.share.image.clone(), given.share.recipient.clone()));
    Ok(GivenPage { shares, next })
}

/// How many offers wait for the caller's project and account, counted up to [`COUNT_MOST`].
pub async fn count_pending(app: &App, caller: &Caller) -> Result<u32, Error> {
    caller.may(Action::SharesList)?;
    let now = app.clock.now();
    let recipient = (&caller.project, &caller.account, &caller.region);
    store_share::count_received(&app.db, recipient, ShareState::Pending, now, COUNT_MOST + 1).await
}
