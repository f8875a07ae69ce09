//! Notices: told in the transaction of the change, read in the inboxes of a project and its account.
//!
//! What is read is remembered by inbox, so for all members of the project (or of the account) at once:
//! a mark up to which everything is read, and a flag for single notices beyond it.

use std::collections::BTreeMap;

use lendglass_core::limits::{
    ELSEWHERE_CONTEXTS, NOTICE_AGE_SECONDS, NOTICES_COUNTED, NOTICES_READ_AT_ONCE,
};
use lendglass_core::notice::{Inbox, Notice, NoticeId, NoticeKind, Position, Side};
use lendglass_core::permission::Action;
use lendglass_core::share::{Recipient, ShareState};
use lendglass_core::tenant::{Caller, Project};
use lendglass_core::{AccountId, Code, Error, ProjectId, RegionId};
use lendglass_store::notice::{Stored, Wanted};
use lendglass_store::{Tx, notice as store_notice, share as store_share, tenant as store_tenant};

use crate::app::App;
use crate::service::tenant;

/// Inboxes that one round of [`trim`] looks at.
const TRIM_ROWS: u32 = 1_000;

/// Tells, in the transaction of the change that they are about (I6): once, as its last step, because
/// the inboxes stay locked until the commit. Ring [`App::bell`](crate::app::Parts::bell) for their
/// inboxes after the commit.
pub fn tell(tx: &mut Tx<'_>, notices: &[Notice]) -> Result<(), Error> {
    if notices.is_empty() {
        return Ok(());
    }
    store_notice::insert(tx, notices)
}

/// The inboxes a project reads in a region: its own, and its account's.
pub(crate) fn inboxes(project: &ProjectId, account: &AccountId, region: &RegionId) -> [Inbox; 2] {
    [
        (Recipient::Project(project.clone()), region.clone()),
        (Recipient::Account(account.clone()), region.clone()),
    ]
}

fn inboxes_of(caller: &Caller) -> [Inbox; 2] {
    inboxes(&caller.project, &caller.account, &caller.region)
}

/// A notice as its readers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its name among those of the project.
    pub id: NoticeId,
    /// What was told.
    pub notice: Notice,
    /// Whether it has been read.
    pub is_read: bool,
    /// What the reader may know of the other side, where that is a project: its name and account.
    pub counterpart: Option<(String, AccountId)>,
}

/// Which notices.
#[derive(Clone, Debug, Default)]
pub struct ListNotices {
    /// Only what has not been read.
    pub is_unread: bool,
    /// Only these kinds; empty means all.
    pub kinds: Vec<NoticeKind>,
    /// Only what lies before this position.
    pub before: Option<Position>,
    /// At most so many.
    pub limit: Option<u32>,
}

/// A page of notices.
#[derive(Clone, Debug)]
pub struct NoticePage {
    /// The notices, newest first.
    pub notices: Vec<Told>,
    /// Where the next page begins, where there may be one.
    pub next: Option<Position>,
    /// Where both inboxes ended when the page was read.
    pub end: Position,
}

/// A page of the notices of the caller's project and account in the request's region (RC-01, RC-02).
pub async fn list(app: &App, caller: &Caller, wish: &ListNotices) -> Result<NoticePage, Error> {
    caller.may(Action::NoticesRead)?;
    let settings = &app.settings;
    let limit = wish.limit.unwrap_or(settings.list_limit_default).min(settings.list_limit_max);
    let inboxes = inboxes_of(caller);
    let end = end_of(app, &inboxes).await?;
    let start = wish.before.unwrap_or(Position { project: i64::MAX, account: i64::MAX });
    let wanted = Wanted { kinds: &wish.kinds, is_unread: wish.is_unread, limit };
    let mut found = Vec::new();
    for (side, inbox) in Side::BOTH.iter().zip(&inboxes) {
        // What was told meanwhile is for the next reader: the page ends where it says.
        let before = start.of(*side).min(end.of(*side).saturating_add(1));
        let stored = store_notice::before(&app.db, inbox, before, wanted).await?;
        found.push(stored.into_iter().map(|one| (*side, one)).collect());
    }
    let mut merged = merged(found, |a, b| a.notice.at >= b.notice.at);
    merged.truncate(limit as usize);
    let is_full = limit > 0 && merged.len() >= limit as usize;
    let mut next = Position {
        project: start.project.min(end.project.saturating_add(1)),
        account: start.account.min(end.account.saturating_add(1)),
    };
    for (side, stored) in &merged {
        next = next.with(*side, stored.number);
    }
    let notices = named(app, &caller.account, merged).await?;
    Ok(NoticePage { notices, next: is_full.then_some(next), end })
}

/// Where both inboxes end now.
async fn end_of(app: &App, inboxes: &[Inbox; 2]) -> Result<Position, Error> {
    let mut end = Position::default();
    for (side, inbox) in Side::BOTH.iter().zip(inboxes) {
        end = end.with(*side, store_notice::ends(&app.db, inbox).await?.last);
    }
    Ok(end)
}

/// Two lists as one: each keeps its order, and where `first(a, b)` holds the project's goes first.
pub(crate) fn merged(
    lists: Vec<Vec<(Side, Stored)>>,
    first: impl Fn(&Stored, &Stored) -> bool,
) -> Vec<(Side, Stored)> {
    let mut lists = lists.into_iter();
    let mut project = lists.next().unwrap_or_default().into_iter().peekable();
    let mut account = lists.next().unwrap_or_default().into_iter().peekable();
    let mut merged = Vec::new();
    loop {
        let is_projects_turn = match (project.peek(), account.peek()) {
            (Some((_, a)), Some((_, b))) => first(a, b),
            (_, None) => true,
            (None, Some(_)) => false,
        };
        let next = if is_projects_turn { project.next() } else { account.next() };
        match next {
            Some(next) => merged.push(next),
            None => return merged,
        }
    }
}

/// The notices with what a reader of `account` may know of the other sides.
pub(crate) async fn named(
    app: &App,
    account: &AccountId,
    stored: Vec<(Side, Stored)>,
) -> Result<Vec<Told>, Error> {
    let mut ids: Vec<ProjectId> =
        stored.iter().filter_map(|(_, stored)| counterpart_project(&stored.notice)).collect();
    ids.sort();
    ids.dedup();
    let projects = store_tenant::read_projects_by_id(&app.db, &ids).await?;
    let projects: BTreeMap<ProjectId, Project> =
        projects.into_iter().map(|project| (project.id.clone(), project)).collect();
    let told = stored.into_iter().map(|(side, Stored { number, notice, is_read })| {
        let other = counterpart_project(&notice).and_then(|id| projects.get(&id));
        let known = other.filter(|project| {
            notice.kind.is_from_owner() || project.is_discoverable || project.account == *account
        });
        let counterpart = known.map(|project| (project.name.clone(), project.account.clone()));
        Told { id: NoticeId { side, number }, notice, is_read, counterpart }
    });
    Ok(told.collect())
}

fn counterpart_project(notice: &Notice) -> Option<ProjectId> {
    match &notice.counterpart {
        Some(Recipient::Project(id)) => Some(id.clone()),
        Some(Recipient::Account(_)) | None => None,
    }
}

/// What is marked as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MarkRead {
    /// These; unknown ones are passed over.
    Ids(Vec<NoticeId>),
    /// Everything up to a position.
    UpTo(Position),
}

/// Marks notices as read, for everybody who reads these inboxes; answers how many are left, counted
/// up to [`NOTICES_COUNTED`] + 1.
///
/// Errors: those of [`Caller::may`], [`Code::TooManyIds`].
pub async fn mark_read(app: &App, caller: &Caller, wish: MarkRead) -> Result<u32, Error> {
    caller.may(Action::NoticesMark)?;
    if let MarkRead::Ids(ids) = &wish
        && ids.len() > NOTICES_READ_AT_ONCE
    {
        let error = Error::new(Code::TooManyIds).with("count", ids.len());
        return Err(error.with("max", NOTICES_READ_AT_ONCE));
    }
    let inboxes = inboxes_of(caller);
    app.change(caller, move |tx| {
        for (side, inbox) in Side::BOTH.iter().zip(&inboxes) {
            match &wish {
                MarkRead::Ids(ids) => {
                    let of_side = ids.iter().filter(|id| id.side == *side).map(|id| id.number);
                    store_notice::mark_read(tx, inbox, of_side)?;
                }
                MarkRead::UpTo(end) => store_notice::mark_read_to(tx, inbox, end.of(*side))?,
            }
        }
        Ok(())
    })
    .await?;
    unread_of(app, caller).await
}

/// How many notices the caller's project and account have not read, counted up to
/// [`NOTICES_COUNTED`] + 1.
pub async fn count_unread(app: &App, caller: &Caller) -> Result<u32, Error> {
    caller.may(Action::NoticesRead)?;
    unread_of(app, caller).await
}

async fn unread_of(app: &App, caller: &Caller) -> Result<u32, Error> {
    let most = NOTICES_COUNTED + 1;
    let mut unread = 0;
    for inbox in &inboxes_of(caller) {
        unread += store_notice::count_unread(&app.db, inbox, most).await?;
    }
    Ok(unread.min(most))
}

/// What waits in one of the caller's projects, in one region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// The project.
    pub project: ProjectId,
    /// Its name.
    pub project_name: String,
    /// The region.
    pub region: RegionId,
    /// Offers that wait, counted up to [`NOTICES_COUNTED`] + 1.
    pub pending: u32,
    /// Unread notices, counted the same way.
    pub unread: u32,
}

/// Counts, and nothing else, of every project and region in which the caller has a role (RG-05);
/// at most [`ELSEWHERE_CONTEXTS`] of them, by name.
pub async fn elsewhere(app: &App, caller: &Caller) -> Result<Vec<Elsewhere>, Error> {
    caller.may(Action::NoticesRead)?;
    let projects = tenant::me(app, caller).await?.projects;
    let contexts = projects.into_iter().flat_map(|own| {
        let regions = tenant::regions_of(app, &own.project);
        regions.into_iter().map(move |region| (own.project.clone(), region))
    });
    let mut counted = Vec::new();
    for (project, region) in contexts.take(ELSEWHERE_CONTEXTS) {
        let there = Caller {
            project: project.id.clone(),
            account: project.account.clone(),
            region: region.clone(),
            ..caller.clone()
        };
        counted.push(Elsewhere {
            pending: pending_in(app, &project, &region).await?,
            unread: unread_of(app, &there).await?,
            project: project.id,
            project_name: project.name,
            region,
        });
    }
    Ok(counted)
}

/// The offers that wait for an answer in a project and region, counted to one beyond
/// [`NOTICES_COUNTED`].
pub async fn pending_in(app: &App, project: &Project, region: &RegionId) -> Result<u32, Error> {
    let recipient = (&project.id, &project.account, region);
    let (now, most) = (app.clock.now(), NOTICES_COUNTED + 1);
    store_share::count_received(&app.db, recipient, ShareState::Pending, now, most).await
}

/// Removes what is too old or too much, some of it; says from how many inboxes.
pub async fn trim(app: &App) -> Result<usize, Error> {
    let oldest = app.clock.now().plus_seconds(-NOTICE_AGE_SECONDS);
    let overfull = store_notice::overfull(&app.db, oldest, TRIM_ROWS).await?;
    let count = overfull.len();
    for (inbox, number) in overfull {
        app.db.write(move |tx| store_notice::trim(tx, &inbox, number)).await?;
    }
    Ok(count)
}
