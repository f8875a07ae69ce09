//! Reading the trail: what a project did, and what others did to it.

use lendglass_core::audit::{AuditEvent, AuditOutcome, AuditVerb};
use lendglass_core::limits::AUDIT_SCAN_ROWS;
use lendglass_core::permission::Action;
use lendglass_core::share::Recipient;
use lendglass_core::tenant::Caller;
use lendglass_core::{AccountId, Code, Error, ProjectId, RegionId, Timestamp, UserId};
use lendglass_store::audit::{self as store_audit, Cut, KeptEvent, Place, Reads};
use lendglass_store::tenant as store_tenant;

use crate::app::App;

/// Rows read at once while a filter is looked through.
const CHUNK_ROWS: usize = 500;
/// After every event and id.
const NEWEST: (Timestamp, &str) = (Timestamp(i64::MAX), "~");

/// Which events are asked for. Without anything: the newest of the caller's project.
#[derive(Clone, Debug, Default)]
pub struct AuditAsked {
    /// Those of everybody; for the operator.
    pub is_of_all: bool,
    /// Those of this project; another than the caller's own is for the operator.
    pub project: Option<ProjectId>,
    /// Only this verb.
    pub verb: Option<AuditVerb>,
    /// Only on this thing.
    pub target: Option<String>,
    /// Only by this user. Who acted on the other side is not to be found out by asking.
    pub user: Option<UserId>,
    /// Only with this outcome.
    pub outcome: Option<AuditOutcome>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub to: Option<Timestamp>,
    /// Only what comes after this place of a former page.
    pub after: Option<Place>,
    /// At most so many.
    pub limit: Option<u32>,
}

/// A page of events, newest first.
#[derive(Clone, Debug)]
pub struct AuditPage {
    /// The events.
    pub events: Vec<SeenEvent>,
    /// Where the next page begins; a page may be short, even empty, and have a next one, where a
    /// filter wants few of many.
    pub next: Option<Place>,
}

/// An event as the asker may read it.
#[derive(Clone, Debug)]
pub struct SeenEvent {
    /// Its id.
    pub id: String,
    /// Its place in the chain, once sealed; for the operator.
    pub seq: Option<i64>,
    /// When.
    pub at: Timestamp,
    /// What.
    pub verb: AuditVerb,
    /// Where.
    pub region: RegionId,
    /// The project that acted.
    pub project: ProjectId,
    /// The other side.
    pub counterpart: Option<Recipient>,
    /// On what.
    pub target: String,
    /// How it ended.
    pub outcome: AuditOutcome,
    /// Why it was refused.
    pub code: Option<Code>,
    /// What only the side that acted, and the operator, may read.
    pub own: Option<OwnFacts>,
}

/// The facts of an event that are the actor's own business.
#[derive(Clone, Debug)]
pub struct OwnFacts {
    /// Who.
    pub user: UserId,
    /// The account of the project that acted.
    pub account: AccountId,
    /// Facts, as short `key=value` pairs.
    pub detail: String,
    /// From where.
    pub source: String,
    /// The id of the request.
    pub request_id: String,
    /// The reads that the event stands for.
    pub reads: Option<Reads>,
}

/// Whose trail is read.
struct Scope {
    is_of_all: bool,
    /// Whose project.
    project: ProjectId,
    /// The sides that concern it: the project, its account.
    sides: Vec<Recipient>,
    /// Shares with an account reach its projects in this region only; `None`: everywhere.
    region: Option<RegionId>,
    /// Nothing is hidden from the operator.
    sees_all: bool,
}

/// A page of the trail: events by the project, and events of which it, or its account, is the other
/// side. Every role of a project may read. A page costs the same at any depth.
///
/// Errors: [`Code::OperatorOnly`] for somebody else's events.
pub async fn list(app: &App, caller: &Caller, asked: &AuditAsked) -> Result<AuditPage, Error> {
    caller.may(Action::AuditList)?;
    let scope = scope(app, caller, asked).await?;
    let limit = asked.limit.unwrap_or(app.settings.list_limit_default);
    let limit = limit.min(app.settings.list_limit_max) as usize;
    let mut page = AuditPage { events: Vec::new(), next: None };
    if limit == 0 {
        return Ok(page);
    }
    let chunk = if is_filtered(asked) { limit.max(CHUNK_ROWS) } else { limit + 1 };
    let mut place = begin(asked);
    let mut looked_at = 0;
    loop {
        let (rows, is_end) = merged(app, &scope, asked, &place, chunk).await?;
        looked_at += rows.len();
        for row in rows {
            if page.events.len() == limit {
                page.next = Some(place);
                return Ok(page);
            }
            place = (row.event.at, row.id.clone());
            if wants(asked, &scope, &row.event) {
                page.events.push(seen(&scope, row));
            }
        }
        if is_end {
            return Ok(page);
        }
        if looked_at >= AUDIT_SCAN_ROWS {
            page.next = Some(place);
            return Ok(page);
        }
    }
}

async fn scope(app: &App, caller: &Caller, asked: &AuditAsked) -> Result<Scope, Error> {
    let other = asked.project.as_ref().filter(|project| **project != caller.project);
    if asked.is_of_all || other.is_some() {
        caller.needs_operator()?;
    }
    let own = |account: &AccountId| vec![Recipient::Account(account.clone())];
    let (project, accounts, region) = match other {
        None => (caller.project.clone(), own(&caller.account), Some(caller.region.clone())),
        Some(other) => {
            let known = store_tenant::read_project(&app.db, other).await?;
            let account = known.map(|known| own(&known.project.account));
            (other.clone(), account.unwrap_or_default(), None)
        }
    };
    let mut sides = vec![Recipient::Project(project.clone())];
    sides.extend(accounts);
    let sees_all = caller.is_operator;
    Ok(Scope { is_of_all: asked.is_of_all, project, sides, region, sees_all })
}

fn begin(asked: &AuditAsked) -> Place {
    let newest = asked.to.map_or((NEWEST.0, NEWEST.1.to_owned()), |to| (to, String::new()));
    match &asked.after {
        Some(after) if *after < newest => after.clone(),
        Some(_) | None => newest,
    }
}

/// Whether rows must be looked at that are not answered; a target has indexes of its own.
fn is_filtered(asked: &AuditAsked) -> bool {
    asked.verb.is_some() || asked.user.is_some() || asked.outcome.is_some()
}

/// The newest events after `place` of all cuts, and whether there are no more.
async fn merged(
    app: &App,
    scope: &Scope,
    asked: &AuditAsked,
    place: &Place,
    chunk: usize,
) -> Result<(Vec<KeptEvent>, bool), Error> {
    let mut cuts = Vec::new();
    if scope.is_of_all {
        cuts.push(Cut::All);
    } else {
        cuts.push(Cut::Project(&scope.project));
        // The other side's user is hidden: no event of that side answers a question about users.
        if asked.user.is_none() || scope.sees_all {
            cuts.extend(scope.sides.iter().map(Cut::Counterpart));
        }
    }
    let rows_most = u32::try_from(chunk).unwrap_or(u32::MAX);
    let from = asked.from.unwrap_or(Timestamp(i64::MIN));
    let mut all: Vec<KeptEvent> = Vec::new();
    let mut is_end = true;
    for cut in cuts {
        let target = asked.target.as_deref();
        let rows = store_audit::page(&app.db, cut, target, place, from, rows_most).await?;
        is_end &= rows.len() < chunk;
        all.extend(rows);
    }
    all.sort_by(|a, b| (b.event.at, &b.id).cmp(&(a.event.at, &a.id)));
    all.dedup_by(|a, b| a.id == b.id);
    // Beyond the first `chunk` rows a cut that was full may have more in between.
    if !is_end {
        all.truncate(chunk);
    }
    Ok((all, is_end))
}

fn wants(asked: &AuditAsked, scope: &Scope, event: &AuditEvent) -> bool {
    reaches(scope, event)
        && asked.verb.is_none_or(|verb| verb == event.verb)
        && asked.user.as_ref().is_none_or(|user| *user == event.user)
        && asked.outcome.is_none_or(|outcome| outcome == event.result.outcome())
}

/// A share with an account concerns its projects in the share's region only.
fn reaches(scope: &Scope, event: &AuditEvent) -> bool {
    let is_own = scope.is_of_all || event.project == scope.project;
    let is_accounts = matches!(event.counterpart, Some(Recipient::Account(_)));
    is_own || !is_accounts || scope.region.as_ref().is_none_or(|region| *region == event.region)
}

fn seen(scope: &Scope, kept: KeptEvent) -> SeenEvent {
    let KeptEvent { id, event, seq, reads } = kept;
    let sees_own = scope.sees_all || event.project == scope.project;
    let own = sees_own.then_some(OwnFacts {
        user: event.user,
        account: event.account,
        detail: event.detail,
        source: event.source,
        request_id: event.request_id,
        reads,
    });
    SeenEvent {
        id,
        // Places tell how much goes on in the whole installation.
        seq: seq.filter(|_| scope.sees_all),
        at: event.at,
        verb: event.verb,
        region: event.region,
        project: event.project,
        counterpart: event.counterpart,
        target: event.target,
        outcome: event.result.outcome(),
        code: event.result.code(),
        own,
    }
}
