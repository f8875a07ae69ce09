//! Lists of images: which ones a request means, and the page of them.

use lendglass_core::image::{Image, Visibility};
use lendglass_core::limits::{LIST_FILTERS, SYSTEMS_LISTED};
use lendglass_core::permission::Action;
use lendglass_core::share::ShareState;
use lendglass_core::tenant::Caller;
use lendglass_core::{Code, Error, ImageId, Timestamp};
use lendglass_store::{list as store_list, share as store_share};

pub use lendglass_store::list::{Comparison, Direction, Filter, NumberColumn, SortKey, TextColumn};

use crate::app::App;
use crate::service::{Seen, image};

/// A list request.
#[derive(Clone, Debug, Default)]
pub struct ListImages {
    /// Which images, by who may see them; `None`: own, public and accepted ones.
    pub view: Option<View>,
    /// Of the shares received: those in this state; `None`: accepted ones.
    pub received: Option<Received>,
    /// Hidden images instead of the others.
    pub is_hidden: bool,
    /// All must hold.
    pub filters: Vec<Filter>,
    /// The order; empty: newest first.
    pub order: Vec<(SortKey, Direction)>,
    /// Only what comes after this image.
    pub marker: Option<ImageId>,
    /// At most so many; `None`: the default page. More than the largest page is cut to it.
    pub limit: Option<u32>,
}

/// Which images, by who may see them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Everything the caller may list, community images of others included.
    All,
    /// Those of one visibility.
    Of(Visibility),
    /// Those the caller's project owns.
    Owned,
    /// Those in the marketplace, whoever published them.
    Market,
    /// Those offered to the caller's project or account.
    Received,
}

/// Which of the shares received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// Those in this state.
    In(ShareState),
    /// Those that wait or were accepted.
    Unrejected,
    /// All of them.
    Any,
}

/// A page of images.
#[derive(Clone, Debug)]
pub struct Page {
    /// The images, in order.
    pub images: Vec<Image>,
    /// The page size that was applied: a full page may have a next one.
    pub limit: u32,
}

/// A page of the images the caller lists.
///
/// Errors: [`Code::InvalidMarker`] for a marker the caller cannot see; [`Code::TooManyFilters`].
pub async fn list(app: &App, caller: &Caller, request: &ListImages) -> Result<Page, Error> {
    caller.may(Action::ImagesList)?;
    page(app, caller, request).await
}

/// The page, for what is not a list of images: offers.
pub(crate) async fn page(app: &App, caller: &Caller, request: &ListImages) -> Result<Page, Error> {
    let query = query(app, caller, request).await?;
    if query.sources.is_empty() || query.limit == 0 {
        return Ok(Page { images: Vec::new(), limit: query.limit });
    }
    let images = store_list::images(&app.db, &query).await?;
    Ok(Page { images, limit: query.limit })
}

/// How many images a list has in all, counted up to `most`.
pub async fn count(
    app: &App,
    caller: &Caller,
    request: &ListImages,
    most: u32,
) -> Result<u32, Error> {
    caller.may(Action::ImagesList)?;
    let mut query = query(app, caller, request).await?;
    query.after = None;
    if query.sources.is_empty() {
        return Ok(0);
    }
    store_list::count(&app.db, &query, most).await
}

/// How many images of a list there are of each operating system, the most first; `None` for those that
/// name none (T-005).
pub async fn systems(
    app: &App,
    caller: &Caller,
    request: &ListImages,
) -> Result<Vec<(Option<String>, u32)>, Error> {
    caller.may(Action::ImagesList)?;
    let query = query(app, caller, request).await?;
    if query.sources.is_empty() {
        return Ok(Vec::new());
    }
    store_list::systems(&app.db, &query, SYSTEMS_LISTED).await
}

/// The images of a page with the shares that concern the caller, in the page's order.
pub async fn with_shares(
    app: &App,
    caller: &Caller,
    images: Vec<Image>,
) -> Result<Vec<Seen>, Error> {
    let ids: Vec<ImageId> = images.iter().map(|image| image.id.clone()).collect();
    let shares = store_share::of_caller(&app.db, caller, &ids).await?;
    Ok(images
        .into_iter()
        .map(|image| {
            let own = shares.iter().filter(|share| share.image == image.id);
            Seen { shares: own.cloned().collect(), image }
        })
        .collect())
}

async fn query(
    app: &App,
    caller: &Caller,
    request: &ListImages,
) -> Result<store_list::ImageQuery, Error> {
    if request.filters.len() > LIST_FILTERS {
        return Err(Error::new(Code::TooManyFilters).with("max", LIST_FILTERS));
    }
    let limit = request.limit.unwrap_or(app.settings.list_limit_default);
    let mut filters = request.filters.clone();
    let sources = sources(caller, request);
    // Every other source of a view is of its visibility by itself.
    if let Some(View::Of(visibility)) = request.view
        && sources.contains(&store_list::Source::Everything)
    {
        filters.push(Filter::Visibility(visibility));
    }
    Ok(store_list::ImageQuery {
        region: caller.region.clone(),
        sources,
        is_hidden: request.is_hidden,
        filters,
        order: request.order.clone(),
        after: match &request.marker {
            Some(marker) => Some(Box::new(marked(app, caller, marker).await?)),
            None => None,
        },
        limit: limit.min(app.settings.list_limit_max),
        now: now(app),
    })
}

fn now(app: &App) -> Timestamp {
    app.clock.now()
}

async fn marked(app: &App, caller: &Caller, marker: &ImageId) -> Result<Image, Error> {
    match image::seen(app, caller, marker).await {
        Ok(seen) => Ok(seen.image),
        Err(error) if error.code() == Code::ImageNotFound => {
            Err(Error::new(Code::InvalidMarker).with("marker", marker))
        }
        Err(error) => Err(error),
    }
}

/// Where the images of a request come from. The operator lists everything unless he asks for what
/// was offered to his own project.
fn sources(caller: &Caller, request: &ListImages) -> Vec<store_list::Source> {
    use store_list::Source;
    let owned = || vec![Source::Owned(caller.project.clone())];
    let owned_of = |visibility| vec![Source::OwnedOf(caller.project.clone(), visibility)];
    let received = || received(caller, request.received);
    match request.view {
        Some(View::Owned) => owned(),
        Some(View::Received) => received(),
        Some(View::Market) => vec![Source::Market],
        Some(View::Of(Visibility::Public)) => vec![Source::Public],
        Some(View::Of(Visibility::Community)) => vec![Source::Community],
        _ if caller.is_operator && request.received.is_none() => vec![Source::Everything],
        Some(View::Of(Visibility::Private)) => owned_of(Visibility::Private),
        Some(View::Of(Visibility::Shared)) => [owned_of(Visibility::Shared), received()].concat(),
        Some(View::All) => [owned(), received(), vec![Source::Public, Source::Community]].concat(),
        None => [owned(), received(), vec![Source::Public]].concat(),
    }
}

fn received(caller: &Caller, which: Option<Received>) -> Vec<store_list::Source> {
    use store_list::Source;
    let (project, account) = (&caller.project, &caller.account);
    let in_state = |state: ShareState| match state {
        ShareState::Accepted => {
            vec![Source::Accepted(project.clone()), Source::AcceptedByAccount(account.clone())]
        }
        ShareState::Pending | ShareState::Rejected => vec![
            Source::Received(project.clone(), state),
            Source::ReceivedByAccount(account.clone(), state),
        ],
    };
    match which {
        None => in_state(ShareState::Accepted),
        Some(Received::In(state)) => in_state(state),
        Some(Received::Unrejected) => {
            [in_state(ShareState::Accepted), in_state(ShareState::Pending)].concat()
        }
        Some(Received::Any) => ShareState::ALL.iter().flat_map(|state| in_state(*state)).collect(),
    }
}
