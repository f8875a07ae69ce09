//! The audit trail: one row for each event, written in the transaction of the change (I6), and read
//! page by page. How rows are chained is in [`crate::audit_chain`].

use lendglass_core::audit::{AuditEvent, AuditOutcome, AuditResult, AuditVerb};
use lendglass_core::share::Recipient;
use lendglass_core::{AccountId, Code, Error, ImageId, ProjectId, RegionId, Timestamp, UserId};

use crate::db::{Db, Row, Statement, Tx, Value};
use crate::params;

static INSERT: Statement = Statement::new(
    "insert into audit (id, at, verb, region_id, user_id, project_id, account_id, \
     counterpart_kind, counterpart_id, target, detail, source, request_id, result, code) \
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
);

/// A page of one cut: its rows are in the order of one index, whatever the cut.
macro_rules! page {
    ($condition:literal, $at:literal, $id:literal, $from:literal, $limit:literal) => {
        Statement::new(concat!(
            "select a.id, a.at, a.verb, a.region_id, a.user_id, a.project_id, a.account_id, \
             a.counterpart_kind, a.counterpart_id, a.target, a.detail, a.source, a.request_id, \
             a.result, a.code, a.seq, r.ranges, r.bytes \
             from audit a left join audit_read r on r.audit_id = a.id where ",
            $condition,
            " (a.at, a.id) < (",
            $at,
            ", ",
            $id,
            ") and a.at >= ",
            $from,
            " order by a.at desc, a.id desc limit ",
            $limit
        ))
    };
}

static OF_ALL: Statement = page!("", "$1", "$2", "$3", "$4");
static OF_ALL_ON: Statement = page!("a.target = $1 and", "$2", "$3", "$4", "$5");
static OF_PROJECT: Statement = page!("a.project_id = $1 and", "$2", "$3", "$4", "$5");
static OF_PROJECT_ON: Statement =
    page!("a.project_id = $1 and a.target = $2 and", "$3", "$4", "$5", "$6");
static OF_COUNTERPART: Statement =
    page!("a.counterpart_kind = $1 and a.counterpart_id = $2 and", "$3", "$4", "$5", "$6");
static OF_COUNTERPART_ON: Statement = page!(
    "a.counterpart_kind = $1 and a.counterpart_id = $2 and a.target = $3 and",
    "$4",
    "$5",
    "$6",
    "$7"
);

static SAME_LATELY: Statement = Statement::new(
    "select id, at from audit where project_id = $1 and target = $2 and at > $3 and verb = $4 \
     and user_id = $5 and result = $6 and coalesce(code, '') = $7 \
     order by at desc, id desc limit 1",
);
static ADD_READ: Statement = Statement::new(
    "insert into audit_read (audit_id, ranges, bytes) values ($1, $2, $3) \
     on conflict (audit_id) do update set ranges = audit_read.ranges + excluded.ranges, \
     bytes = audit_read.bytes + excluded.bytes",
);

/// Every statement of this file.
pub static STATEMENTS: &[&Statement] = &[
    &INSERT,
    &OF_ALL,
    &OF_ALL_ON,
    &OF_PROJECT,
    &OF_PROJECT_ON,
    &OF_COUNTERPART,
    &OF_COUNTERPART_ON,
    &SAME_LATELY,
    &ADD_READ,
];

/// Writes an event under a fresh id.
pub fn insert(tx: &mut Tx<'_>, id: &str, event: &AuditEvent) -> Result<(), Error> {
    tx.execute_later(&INSERT, row(id, event))
}

/// As [`insert`], many in one go.
pub fn insert_all(tx: &mut Tx<'_>, events: &[(String, AuditEvent)]) -> Result<(), Error> {
    let calls: Vec<_> = events.iter().map(|(id, event)| (&INSERT, row(id, event))).collect();
    tx.execute_many(&calls)
}

fn row(id: &str, event: &AuditEvent) -> Vec<Value> {
    let counterpart = event.counterpart.as_ref();
    params![
        id,
        event.at,
        event.verb.as_str(),
        &event.region,
        &event.user,
        &event.project,
        &event.account,
        counterpart.map(|recipient| recipient.kind()),
        counterpart.map(|recipient| recipient.id()),
        &event.target,
        &event.detail,
        &event.source,
        &event.request_id,
        event.result.outcome().as_str(),
        event.result.code().map(Code::as_str),
    ]
}

/// An event as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptEvent {
    /// Its id.
    pub id: String,
    /// What happened.
    pub event: AuditEvent,
    /// Its place in the chain; `None`: not sealed yet.
    pub seq: Option<i64>,
    /// Where it stands for reads of bytes: how many.
    pub reads: Option<Reads>,
}

/// Reads of bytes that one event stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Ranges that were asked for.
    pub ranges: u64,
    /// Bytes of all of them.
    pub bytes: u64,
}

/// One of the cuts that a page is merged from.
#[derive(Clone, Copy, Debug)]
pub enum Cut<'a> {
    /// Everybody's events.
    All,
    /// Events by a project.
    Project(&'a ProjectId),
    /// Events whose other side is this one.
    Counterpart(&'a Recipient),
}

/// A place in the order of pages, which is newest first: after the event of that time and id.
pub type Place = (Timestamp, String);

/// Events of a cut, at most `limit`, newest first, after `place` and not before `from`; only those on
/// `target` where there is one. Costs the same at any depth.
pub async fn page(
    db: &Db,
    cut: Cut<'_>,
    target: Option<&str>,
    place: &Place,
    from: Timestamp,
    limit: u32,
) -> Result<Vec<KeptEvent>, Error> {
    let (statement, mut params) = match (cut, target) {
        (Cut::All, None) => (&OF_ALL, params![]),
        (Cut::All, Some(target)) => (&OF_ALL_ON, params![target]),
        (Cut::Project(project), None) => (&OF_PROJECT, params![project]),
        (Cut::Project(project), Some(target)) => (&OF_PROJECT_ON, params![project, target]),
        (Cut::Counterpart(other), None) => (&OF_COUNTERPART, params![other.kind(), other.id()]),
        (Cut::Counterpart(other), Some(target)) => {
            (&OF_COUNTERPART_ON, params![other.kind(), other.id(), target])
        }
    };
    params.extend(params![place.0, &place.1, from, limit]);
    db.read(statement, params).await?.into_iter().map(read).collect()
}

pub(crate) fn read(row: Row) -> Result<KeptEvent, Error> {
    let mut columns = row.read();
    let id = columns.text()?;
    let at = columns.time()?;
    let verb = columns.word(AuditVerb::parse)?;
    let region = RegionId::trusted(columns.text()?);
    let user = UserId::trusted(columns.text()?);
    let project = ProjectId::trusted(columns.text()?);
    let account = AccountId::trusted(columns.text()?);
    let counterpart = match (columns.opt_text()?, columns.opt_text()?) {
        (Some(kind), Some(id)) => Recipient::from_parts(&kind, &id),
        _ => None,
    };
    let target = columns.text()?;
    let detail = columns.text()?;
    let source = columns.text()?;
    let request_id = columns.text()?;
    let outcome = columns.word(AuditOutcome::parse)?;
    let result = match (outcome, columns.opt_word(Code::parse)?) {
        (AuditOutcome::Done, _) => AuditResult::Done,
        (AuditOutcome::Failed, _) => AuditResult::Failed,
        (AuditOutcome::Refused, code) => AuditResult::Refused(code.unwrap_or(Code::Internal)),
    };
    let event = AuditEvent {
        at,
        verb,
        region,
        user,
        project,
        account,
        counterpart,
        target,
        detail,
        result,
        source,
        request_id,
    };
    let seq = columns.opt_int()?;
    let reads = match (columns.opt_u64()?, columns.opt_u64()?) {
        (Some(ranges), Some(bytes)) => Some(Reads { ranges, bytes }),
        _ => None,
    };
    Ok(KeptEvent { id, event, seq, reads })
}

/// The newest event after `since` that says the same of the same image by the same caller with the
/// same result, and when it was: further reads are counted under it.
pub fn same_lately(
    tx: &mut Tx<'_>,
    event: &AuditEvent,
    image: &ImageId,
    since: Timestamp,
) -> Result<Option<(String, Timestamp)>, Error> {
    let params = params![
        &event.project,
        image,
        since,
        event.verb.as_str(),
        &event.user,
        event.result.outcome().as_str(),
        event.result.code().map_or("", Code::as_str),
    ];
    let Some(row) = tx.query_opt(&SAME_LATELY, &params)? else { return Ok(None) };
    let mut columns = row.read();
    Ok(Some((columns.text()?, columns.time()?)))
}

/// Counts reads under events, by id.
pub fn add_reads(tx: &mut Tx<'_>, reads: &[(String, Reads)]) -> Result<(), Error> {
    let calls: Vec<_> = reads
        .iter()
        .map(|(id, reads)| (&ADD_READ, params![id, reads.ranges, reads.bytes]))
        .collect();
    tx.execute_many(&calls)
}
