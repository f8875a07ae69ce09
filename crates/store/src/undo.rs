//! What acts changed, for the seconds in which their actors may undo them (ST-09).

use lendglass_core::share::{Recipient, Share, ShareState};
use lendglass_core::tenant::Caller;
use lendglass_core::{Error, ImageId, ProjectId, RegionId, Timestamp, VaultId};
use serde_json::{Value as Json, json};

use crate::db::{Db, Statement, Tx};
use crate::params;

static INSERT: Statement = Statement::new(
    "insert into undo (id, user_id, project_id, changes, expires_at) values ($1, $2, $3, $4, $5)",
);
static FIND: Statement = Statement::new(
    "select changes, expires_at from undo where id = $1 and user_id = $2 and project_id = $3",
);
static DELETE: Statement = Statement::new("delete from undo where id = $1");
static EXPIRED: Statement = Statement::new(
    "select cast(count(*) as bigint) from \
     (select 1 as one from undo where expires_at < $1 limit 1) t",
);
static PURGE: Statement = Statement::new("delete from undo where expires_at < $1");

/// Every statement of this file.
pub static STATEMENTS: &[&Statement] = &[&INSERT, &FIND, &DELETE, &EXPIRED, &PURGE];

/// One share before and after an act; at least one of them is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareChange {
    /// The row as it was; `None`: there was none.
    pub before: Option<Share>,
    /// The row as it became; `None`: there is none.
    pub after: Option<Share>,
    /// A share that had ended by time stood in the row, where nobody had swept it yet.
    pub replaces_ended: bool,
    /// The vault that held the image for the share while it was accepted.
    pub vault: Option<VaultId>,
}

/// Remembers an act of the caller.
pub fn insert(
    tx: &mut Tx<'_>,
    id: &str,
    caller: &Caller,
    changes: &[ShareChange],
    expires_at: Timestamp,
) -> Result<(), Error> {
    let pair = |change: &ShareChange| {
        json!([
            change.before.as_ref().map(render),
            change.after.as_ref().map(render),
            change.vault.as_ref().map(VaultId::as_str),
        ])
    };
    let text = Json::Array(changes.iter().map(pair).collect()).to_string();
    tx.execute_later(&INSERT, params![id, &caller.user, &caller.project, text, expires_at])
}

/// Takes an act of the caller away: its changes, and until when it can be undone.
pub fn take(
    tx: &mut Tx<'_>,
    id: &str,
    caller: &Caller,
) -> Result<Option<(Vec<ShareChange>, Timestamp)>, Error> {
    let found = tx.query_opt(&FIND, &params![id, &caller.user, &caller.project])?;
    let Some(row) = found else { return Ok(None) };
    let mut columns = row.read();
    let (text, expires_at) = (columns.text()?, columns.time()?);
    tx.execute_later(&DELETE, params![id])?;
    let broken = || Error::internal("the row of an undo is broken");
    let changes: Vec<[Json; 3]> = serde_json::from_str(&text).map_err(|_| broken())?;
    let share = |json: &Json| {
        if json.is_null() { Ok(None) } else { parse(json).ok_or_else(broken).map(Some) }
    };
    let changes: Result<Vec<ShareChange>, Error> = changes
        .iter()
        .map(|[before, after, vault]| {
            let vault = vault.as_str().map(VaultId::trusted);
            let (before, after) = (share(before)?, share(after)?);
            Ok(ShareChange { before, after, replaces_ended: false, vault })
        })
        .collect();
    Ok(Some((changes?, expires_at)))
}

/// Forgets acts that can be undone no longer.
pub async fn purge(db: &Db, now: Timestamp) -> Result<(), Error> {
    let rows = db.read(&EXPIRED, params![now]).await?;
    let count = rows.into_iter().next().map(|row| row.read().u32()).transpose()?;
    if count.unwrap_or(0) == 0 {
        return Ok(());
    }
    db.write(move |tx| tx.execute_later(&PURGE, params![now])).await
}

fn render(share: &Share) -> Json {
    json!({
        "image": share.image.as_str(),
        "kind": share.recipient.kind(),
        "recipient": share.recipient.id(),
        "owner": share.owner.as_str(),
        "region": share.region.as_str(),
        "state": share.state.as_str(),
        "note": share.note,
        "lapses_at": share.lapses_at.map(|at| at.0),
        "ends_at": share.ends_at.map(|at| at.0),
        "digest": share.accepted_digest,
        "created_at": share.created_at.0,
        "updated_at": share.updated_at.0,
    })
}

fn parse(json: &Json) -> Option<Share> {
    let text = |name: &str| json[name].as_str();
    let time = |name: &str| json[name].as_i64().map(Timestamp);
    Some(Share {
        image: ImageId::trusted(text("image")?),
        recipient: Recipient::from_parts(text("kind")?, text("recipient")?)?,
        owner: ProjectId::trusted(text("owner")?),
        region: RegionId::trusted(text("region")?),
        state: ShareState::parse(text("state")?)?,
        note: text("note").map(str::to_owned),
        lapses_at: time("lapses_at"),
        ends_at: time("ends_at"),
        accepted_digest: text("digest").map(str::to_owned),
        created_at: time("created_at")?,
        updated_at: time("updated_at")?,
    })
}
