//! Webhooks. The notices are their outbox: each has a position in the inboxes it is told from, a
//! lease and a fence.

use lendglass_core::notice::{NoticeKind, Position};
use lendglass_core::{AccountId, Error, ProjectId, RegionId, Timestamp};

use crate::db::{Columns, Db, Row, Statement, Tx};
use crate::notice::kinds_text;
use crate::params;

macro_rules! webhook_columns {
    () => {
        "id, project_id, account_id, region_id, url, kinds, secret, is_enabled, sent_project, \
         sent_account, attempts, next_try_at, failure, failed_at, delivered_at, created_at, \
         updated_at"
    };
}

static INSERT: Statement = Statement::new(
    "insert into webhook (id, project_id, account_id, region_id, url, kinds, secret, is_enabled, \
     sent_project, sent_account, attempts, next_try_at, failure, failed_at, delivered_at, \
     created_at, updated_at, lease_until, fence) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, \
     $11, $12, $13, $14, $15, $16, $17, 0, 0)",
);
static UPDATE: Statement = Statement::new(
    "update webhook set url = $2, kinds = $3, is_enabled = $4, attempts = $5, next_try_at = $6, \
     failure = $7, failed_at = $8, updated_at = $9, fence = fence + 1, lease_until = 0 \
     where id = $1",
);
static DELETE: Statement =
    Statement::new("delete from webhook where id = $1 and project_id = $2 and region_id = $3");
static GET: Statement = Statement::new(concat!(
    "select ",
    webhook_columns!(),
    " from webhook where id = $1 and project_id = $2 and region_id = $3"
));
static LIST: Statement = Statement::new(concat!(
    "select ",
    webhook_columns!(),
    " from webhook where project_id = $1 and region_id = $2 order by created_at, id"
));
static CLAIM: Statement = Statement::new(concat!(
    "update webhook set lease_until = $3, fence = fence + 1 where id in (select w.id \
     from webhook w where w.is_enabled = 1 and w.next_try_at <= $1 and w.lease_until <= $2 \
     and (exists (select 1 from inbox i where i.recipient_kind = 'project' \
       and i.recipient_id = w.project_id and i.region_id = w.region_id \
       and i.last_number > w.sent_project) \
     or exists (select 1 from inbox i where i.recipient_kind = 'account' \
       and i.recipient_id = w.account_id and i.region_id = w.region_id \
       and i.last_number > w.sent_account)) \
     order by w.next_try_at, w.id limit 1 {skip_locked}) returning ",
    webhook_columns!(),
    ", fence"
));
static SENT: Statement = Statement::new(
    "update webhook set sent_project = $3, sent_account = $4, attempts = 0, failure = null, \
     failed_at = null, delivered_at = coalesce($5, delivered_at) where id = $1 and fence = $2",
);
static FAILED: Statement = Statement::new(
    "update webhook set attempts = $3, next_try_at = $4, failure = $5, failed_at = $6, \
     is_enabled = $7, lease_until = 0 where id = $1 and fence = $2",
);
static RELEASE: Statement = Statement::new(
    "update webhook set lease_until = 0, next_try_at = $3 where id = $1 and fence = $2",
);
static END_LEASES: Statement = Statement::new("update webhook set lease_until = 0");

/// Every statement of this file.
pub static STATEMENTS: &[&Statement] =
    &[&INSERT, &UPDATE, &DELETE, &GET, &LIST, &CLAIM, &SENT, &FAILED, &RELEASE, &END_LEASES];

/// A webhook as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// 32 hex digits.
    pub id: String,
    /// Whose.
    pub project: ProjectId,
    /// The account of that project, whose inbox it hears as well.
    pub account: AccountId,
    /// Where.
    pub region: RegionId,
    /// Whom it tells.
    pub url: String,
    /// What it wants; empty means all.
    pub kinds: Vec<NoticeKind>,
    /// What its bodies are signed with, sealed by the master key.
    pub sealed_secret: String,
    /// Whether it tells anything.
    pub is_enabled: bool,
    /// Everything up to here was delivered, or was not wanted.
    pub sent: Position,
    /// Deliveries that failed in a row.
    pub attempts: u32,
    /// Not before.
    pub next_try_at: Timestamp,
    /// Why the last delivery failed, if it did.
    pub failure: Option<String>,
    /// When.
    pub failed_at: Option<Timestamp>,
    /// When something was last delivered.
    pub delivered_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its owner last changed it.
    pub updated_at: Timestamp,
}

/// A webhook that this process delivers to: the fence proves that it still does.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The webhook.
    pub webhook: Webhook,
    /// Grows with each claim and with each change by its owner.
    pub fence: i64,
}

/// Writes a new webhook. The project is locked.
pub fn insert(tx: &mut Tx<'_>, hook: &Webhook) -> Result<(), Error> {
    tx.execute_later(
        &INSERT,
        params![
            &hook.id,
            &hook.project,
            &hook.account,
            &hook.region,
            &hook.url,
            kinds_text(&hook.kinds),
            &hook.sealed_secret,
            hook.is_enabled,
            hook.sent.project,
            hook.sent.account,
            hook.attempts,
            hook.next_try_at,
            hook.failure.as_ref(),
            hook.failed_at,
            hook.delivered_at,
            hook.created_at,
            hook.updated_at,
        ],
    )
}

/// Writes what an owner may change; a delivery under way loses its claim.
pub fn update(tx: &mut Tx<'_>, hook: &Webhook) -> Result<(), Error> {
    tx.execute_later(
        &UPDATE,
        params![
            &hook.id,
            &hook.url,
            kinds_text(&hook.kinds),
            hook.is_enabled,
            hook.attempts,
            hook.next_try_at,
            hook.failure.as_ref(),
            hook.failed_at,
            hook.updated_at,
        ],
    )
}

/// Removes a webhook; says whether there was one.
pub fn delete(
    tx: &mut Tx<'_>,
    id: &str,
    project: &ProjectId,
    region: &RegionId,
) -> Result<bool, Error> {
    Ok(tx.execute(&DELETE, &params![id, project, region])? > 0)
}

/// A webhook of a project.
pub async fn get(
    db: &Db,
    id: &str,
    project: &ProjectId,
    region: &RegionId,
) -> Result<Option<Webhook>, Error> {
    first(db.read(&GET, params![id, project, region]).await?)
}

/// As [`get`], inside a transaction.
pub fn get_in(
    tx: &mut Tx<'_>,
    id: &str,
    project: &ProjectId,
    region: &RegionId,
) -> Result<Option<Webhook>, Error> {
    first(tx.query(&GET, &params![id, project, region])?)
}

fn first(rows: Vec<Row>) -> Result<Option<Webhook>, Error> {
    rows.into_iter().next().map(|row| read(&mut row.read())).transpose()
}

/// The webhooks of a project, oldest first.
pub async fn list(db: &Db, project: &ProjectId, region: &RegionId) -> Result<Vec<Webhook>, Error> {
    read_all(db.read(&LIST, params![project, region]).await?)
}

/// As [`list`], inside a transaction.
pub fn list_in(
    tx: &mut Tx<'_>,
    project: &ProjectId,
    region: &RegionId,
) -> Result<Vec<Webhook>, Error> {
    read_all(tx.query(&LIST, &params![project, region])?)
}

fn read_all(rows: Vec<Row>) -> Result<Vec<Webhook>, Error> {
    rows.into_iter().map(|row| read(&mut row.read())).collect()
}

fn read(columns: &mut Columns) -> Result<Webhook, Error> {
    Ok(Webhook {
        id: columns.text()?,
        project: ProjectId::trusted(columns.text()?),
        account: AccountId::trusted(columns.text()?),
        region: RegionId::trusted(columns.text()?),
        url: columns.text()?,
        kinds: read_kinds(&columns.text()?)?,
        sealed_secret: columns.text()?,
        is_enabled: columns.flag()?,
        sent: Position { project: columns.int()?, account: columns.int()? },
        attempts: columns.u32()?,
        next_try_at: columns.time()?,
        failure: columns.opt_text()?,
        failed_at: columns.opt_time()?,
        delivered_at: columns.opt_time()?,
        created_at: columns.time()?,
        updated_at: columns.time()?,
    })
}

fn read_kinds(text: &str) -> Result<Vec<NoticeKind>, Error> {
    let kind = |word: &str| {
        let unknown = || Error::internal(format!("unknown kind of notice {word:?}"));
        NoticeKind::parse(word).ok_or_else(unknown)
    };
    text.split_terminator(',').map(kind).collect()
}

/// Claims a webhook that is due and that nobody delivers to: exactly one caller gets it. `now` is the
/// time that pauses are kept by.
pub fn claim(tx: &mut Tx<'_>, lease_seconds: u32, now: Timestamp) -> Result<Option<Claim>, Error> {
    let at = tx.lease_now()?;
    let until = at.saturating_add(i64::from(lease_seconds) * Timestamp::SECOND_MICROS);
    let Some(row) = tx.query_opt(&CLAIM, &params![now, at, until])? else { return Ok(None) };
    let mut columns = row.read();
    Ok(Some(Claim { webhook: read(&mut columns)?, fence: columns.int()? }))
}

/// Moves the position; `delivered_at` where something was delivered and not passed over. `false`
/// where the claim is lost.
pub fn sent(
    tx: &mut Tx<'_>,
    claim: &Claim,
    to: Position,
    delivered_at: Option<Timestamp>,
) -> Result<bool, Error> {
    let params = params![&claim.webhook.id, claim.fence, to.project, to.account, delivered_at];
    Ok(tx.execute(&SENT, &params)? > 0)
}

/// Notes a failed delivery as the webhook in the claim says it, and gives the claim up.
pub fn failed(tx: &mut Tx<'_>, claim: &Claim) -> Result<bool, Error> {
    let hook = &claim.webhook;
    let params = params![
        &hook.id,
        claim.fence,
        hook.attempts,
        hook.next_try_at,
        hook.failure.as_ref(),
        hook.failed_at,
        hook.is_enabled,
    ];
    Ok(tx.execute(&FAILED, &params)? > 0)
}

/// Gives the claim up until `next_try_at`.
pub fn release(tx: &mut Tx<'_>, claim: &Claim, next_try_at: Timestamp) -> Result<bool, Error> {
    Ok(tx.execute(&RELEASE, &params![&claim.webhook.id, claim.fence, next_try_at])? > 0)
}

/// Ends all leases: for an embedded database at start, when no other process can hold one.
pub fn end_leases(tx: &mut Tx<'_>) -> Result<(), Error> {
    tx.execute_later(&END_LEASES, Vec::new())
}
