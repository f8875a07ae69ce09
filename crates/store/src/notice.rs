//! Notices by inbox, numbered without gaps.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use lendglass_core::limits::NOTICES_OF_INBOX;
use lendglass_core::notice::{Inbox, Notice, NoticeKind, Subject};
use lendglass_core::quota::{Level, Quota};
use lendglass_core::share::Recipient;
use lendglass_core::{Error, ImageId, RegionId, Timestamp, VaultId};

use crate::db::{Columns, Db, Row, Statement, Tx, Value};
use crate::params;

static TAKE_NUMBERS: Statement = Statement::new(
    "insert into inbox (recipient_kind, recipient_id, region_id, last_number, trimmed_to, read_to) \
     values ($1, $2, $3, $4, 0, 0) on conflict (recipient_kind, recipient_id, region_id) \
     do update set last_number = inbox.last_number + excluded.last_number",
);
static INSERT: Statement = Statement::new(
    "insert into notice (recipient_kind, recipient_id, region_id, number, kind, subject_id, \
     subject_name, used, ceiling, counterpart_kind, counterpart_id, note, is_read, at) \
     values ($1, $2, $3, (select last_number from inbox where recipient_kind = $1 \
     and recipient_id = $2 and region_id = $3) - cast($4 as bigint), \
     $5, $6, $7, $8, $9, $10, $11, $12, 0, $13)",
);

static ENDS: Statement = Statement::new(
    "select last_number, trimmed_to, read_to from inbox \
     where recipient_kind = $1 and recipient_id = $2 and region_id = $3",
);
macro_rules! notice_columns {
    () => {
        "select n.number, n.kind, n.subject_id, n.subject_name, n.used, n.ceiling, \
         n.counterpart_kind, n.counterpart_id, n.note, n.at, case when n.is_read = 1 or n.number <= i.read_to \
         then cast(1 as bigint) else cast(0 as bigint) end from notice n \
         join inbox i on i.recipient_kind = n.recipient_kind \
         and i.recipient_id = n.recipient_id and i.region_id = n.region_id \
         where n.recipient_kind = $1 and n.recipient_id = $2 and n.region_id = $3 \
         and (cast($4 as text) is null or cast($4 as text) like '%,' || n.kind || ',%') "
    };
}
static BEFORE: Statement =
    Statement::new(concat!(notice_columns!(), "and n.number < $5 order by n.number desc limit $6"));
static UNREAD_BEFORE: Statement = Statement::new(concat!(
    notice_columns!(),
    "and n.number < $5 and n.is_read = 0 and n.number > i.read_to order by n.number desc limit $6"
));
static AFTER: Statement =
    Statement::new(concat!(notice_columns!(), "and n.number > $5 order by n.number limit $6"));
static COUNT_UNREAD: Statement = Statement::new(
    "select cast(count(*) as bigint) from (select 1 as one from notice n \
     where n.recipient_kind = $1 and n.recipient_id = $2 and n.region_id = $3 and n.is_read = 0 \
     and n.number > coalesce((select i.read_to from inbox i where i.recipient_kind = $1 \
     and i.recipient_id = $2 and i.region_id = $3), 0) limit $4) t",
);
static READ_ONE: Statement = Statement::new(
    "update notice set is_read = 1 where recipient_kind = $1 and recipient_id = $2 \
     and region_id = $3 and number = $4 and is_read = 0",
);
static READ_TO: Statement = Statement::new(
    "update inbox set read_to = case when last_number < $4 then last_number else $4 end \
     where recipient_kind = $1 and recipient_id = $2 and region_id = $3 and read_to < $4",
);
static TOO_OLD: Statement = Statement::new(
    "select recipient_kind, recipient_id, region_id, cast(max(number) as bigint) \
     from (select recipient_kind, recipient_id, region_id, number from notice \
     where at < $1 order by at limit $2) t group by recipient_kind, recipient_id, region_id",
);
static TOO_MANY: Statement = Statement::new(
    "select recipient_kind, recipient_id, region_id, last_number - 10000 from inbox \
     where last_number - trimmed_to > 10000 limit $1",
);
static TRIMMED: Statement = Statement::new(
    "update inbox set trimmed_to = $4 where recipient_kind = $1 and recipient_id = $2 \
     and region_id = $3 and trimmed_to < $4",
);
static TRIM: Statement = Statement::new(
    "delete from notice where recipient_kind = $1 and recipient_id = $2 and region_id = $3 \
     and number <= $4",
);
/// PostgreSQL only: an embedded database has one node.
static CHANGED: LazyLock<Statement> = LazyLock::new(|| {
    Statement::composed(
        "select i.recipient_kind, i.recipient_id, i.region_id, i.last_number, i.changes \
         from json_to_recordset(cast($1 as json)) as w (kind text, id text, region text) \
         join inbox i on i.recipient_kind = w.kind and i.recipient_id = w.id \
         and i.region_id = w.region"
            .to_owned(),
    )
});

static NOTE_CHANGE: Statement = Statement::new(
    "insert into inbox (recipient_kind, recipient_id, region_id, last_number, trimmed_to, read_to, \
     changes) values ($1, $2, $3, 0, 0, 0, 1) \
     on conflict (recipient_kind, recipient_id, region_id) \
     do update set changes = inbox.changes + 1",
);

/// Every statement of this file that both engines know.
pub static STATEMENTS: &[&Statement] = &[
    &TAKE_NUMBERS,
    &INSERT,
    &ENDS,
    &BEFORE,
    &UNREAD_BEFORE,
    &AFTER,
    &COUNT_UNREAD,
    &READ_ONE,
    &READ_TO,
    &TOO_OLD,
    &TOO_MANY,
    &TRIMMED,
    &TRIM,
    &NOTE_CHANGE,
];

/// Where an inbox begins and ends. All numbers are 0 in one that never had a notice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// The number of the newest notice.
    pub last: i64,
    /// What is at or below this number is gone.
    pub trimmed_to: i64,
    /// What is at or below this number has been read.
    pub read_to: i64,
}

/// A notice as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its number in its inbox, from 1.
    pub number: i64,
    /// What was told.
    pub notice: Notice,
    /// Whether it has been read.
    pub is_read: bool,
}

/// Which notices of an inbox.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// Only these kinds; empty means all.
    pub kinds: &'a [NoticeKind],
    /// Only what has not been read.
    pub is_unread: bool,
    /// At most so many.
    pub limit: u32,
}

/// Writes notices into their inboxes, in the order given, under the next numbers of each.
///
/// The inboxes stay locked until the transaction ends, taken in their own order: call it once in a
/// transaction, last. Two round trips, however many notices there are.
pub fn insert(tx: &mut Tx<'_>, notices: &[Notice]) -> Result<(), Error> {
    let mut inboxes: BTreeMap<Inbox, Vec<&Notice>> = BTreeMap::new();
    for notice in notices {
        inboxes.entry(notice.inbox()).or_default().push(notice);
    }
    let take = |((to, region), new): (&Inbox, &Vec<&Notice>)| {
        (&TAKE_NUMBERS, params![to.kind(), to.id(), region, new.len() as u64])
    };
    tx.execute_many(&inboxes.iter().map(take).collect::<Vec<_>>())?;
    // The rows were changed just now by this transaction, so the numbers count back from their ends.
    let mut rows = Vec::with_capacity(notices.len());
    for new in inboxes.values() {
        for (notice, back) in new.iter().zip((0..new.len() as u64).rev()) {
            rows.push((&INSERT, values(notice, back)));
        }
    }
    tx.execute_many(&rows)
}

fn values(notice: &Notice, back: u64) -> Vec<Value> {
    let counterpart = notice.counterpart.as_ref();
    let (id, name, level) = match &notice.subject {
        Subject::Image { id, name } => (id.as_str(), name.as_ref(), None),
        Subject::Vault { id, name, level } => (id.as_str(), Some(name), Some(level)),
        Subject::Quota { quota, level } => (quota.as_str(), None, Some(level)),
    };
    params![
        notice.to.kind(),
        notice.to.id(),
        &notice.region,
        back,
        notice.kind.as_str(),
        id,
        name,
        level.map(|level| level.used),
        level.map(|level| level.limit),
        counterpart.map(|other| other.kind()),
        counterpart.map(|other| other.id()),
        notice.note.as_ref(),
        notice.at,
    ]
}

/// Where an inbox begins and ends.
pub async fn ends(db: &Db, (to, region): &Inbox) -> Result<Ends, Error> {
    let rows = db.read(&ENDS, params![to.kind(), to.id(), region]).await?;
    read_ends(rows)
}

/// As [`ends`], inside a transaction.
pub fn ends_in(tx: &mut Tx<'_>, (to, region): &Inbox) -> Result<Ends, Error> {
    read_ends(tx.query(&ENDS, &params![to.kind(), to.id(), region])?)
}

fn read_ends(rows: Vec<Row>) -> Result<Ends, Error> {
    let Some(row) = rows.into_iter().next() else { return Ok(Ends::default()) };
    let mut columns = row.read();
    Ok(Ends { last: columns.int()?, trimmed_to: columns.int()?, read_to: columns.int()? })
}

/// The notices of an inbox with numbers below `before`, newest first.
pub async fn before(
    db: &Db,
    inbox: &Inbox,
    before: i64,
    wanted: Wanted<'_>,
) -> Result<Vec<Stored>, Error> {
    let statement = if wanted.is_unread { &UNREAD_BEFORE } else { &BEFORE };
    read_all(inbox, db.read(statement, values_of(inbox, before, wanted)).await?)
}

/// The notices of an inbox with numbers above `after`, oldest first.
pub async fn after(
    db: &Db,
    inbox: &Inbox,
    after: i64,
    wanted: Wanted<'_>,
) -> Result<Vec<Stored>, Error> {
    read_all(inbox, db.read(&AFTER, values_of(inbox, after, wanted)).await?)
}

fn values_of((to, region): &Inbox, number: i64, wanted: Wanted<'_>) -> Vec<Value> {
    let kinds = (!wanted.kinds.is_empty()).then(|| format!(",{}", kinds_text(wanted.kinds)));
    params![to.kind(), to.id(), region, kinds, number, wanted.limit]
}

/// Kinds as one text, each followed by a comma.
pub(crate) fn kinds_text(kinds: &[NoticeKind]) -> String {
    kinds.iter().map(|kind| format!("{},", kind.as_str())).collect()
}

fn read_all(inbox: &Inbox, rows: Vec<Row>) -> Result<Vec<Stored>, Error> {
    rows.into_iter().map(|row| read(inbox, &mut row.read())).collect()
}

fn read((to, region): &Inbox, columns: &mut Columns) -> Result<Stored, Error> {
    let number = columns.int()?;
    let kind = columns.word(NoticeKind::parse)?;
    let (id, name) = (columns.text()?, columns.opt_text()?);
    let level = match (columns.opt_u64()?, columns.opt_u64()?) {
        (Some(used), Some(limit)) => Some(Level { used, limit }),
        _ => None,
    };
    let subject = match (level, name) {
        (None, name) => Subject::Image { id: ImageId::trusted(id), name },
        (Some(level), Some(name)) => Subject::Vault { id: VaultId::trusted(id), name, level },
        (Some(level), None) => {
            let unknown = || Error::internal(format!("unknown quota {id:?}"));
            Subject::Quota { quota: Quota::parse(&id).ok_or_else(unknown)?, level }
        }
    };
    let counterpart = match (columns.opt_text()?, columns.opt_text()?) {
        (Some(kind), Some(id)) => Recipient::from_parts(&kind, &id),
        _ => None,
    };
    let (note, at) = (columns.opt_text()?, columns.time()?);
    let (to, region) = (to.clone(), region.clone());
    let notice = Notice { to, region, kind, subject, counterpart, note, at };
    Ok(Stored { number, notice, is_read: columns.flag()? })
}

/// How many notices of an inbox have not been read, counted up to `most`.
pub async fn count_unread(db: &Db, (to, region): &Inbox, most: u32) -> Result<u32, Error> {
    let rows = db.read(&COUNT_UNREAD, params![to.kind(), to.id(), region, most]).await?;
    match rows.into_iter().next() {
        Some(row) => row.read().u32(),
        None => Ok(0),
    }
}

/// Marks single notices as read; numbers that are not there are passed over.
pub fn mark_read(
    tx: &mut Tx<'_>,
    (to, region): &Inbox,
    numbers: impl IntoIterator<Item = i64>,
) -> Result<(), Error> {
    let call = |number| (&READ_ONE, params![to.kind(), to.id(), region, number]);
    tx.execute_many(&numbers.into_iter().map(call).collect::<Vec<_>>())
}

/// Marks everything up to a number as read.
pub fn mark_read_to(tx: &mut Tx<'_>, (to, region): &Inbox, number: i64) -> Result<(), Error> {
    tx.execute_later(&READ_TO, params![to.kind(), to.id(), region, number])
}

/// What is to be trimmed: inboxes with the number up to which they hold too much, or what is older
/// than `oldest`. At most `rows` notices or inboxes of each.
pub async fn overfull(db: &Db, oldest: Timestamp, rows: u32) -> Result<Vec<(Inbox, i64)>, Error> {
    let mut found = db.read(&TOO_OLD, params![oldest, rows]).await?;
    found.extend(db.read(&TOO_MANY, params![rows]).await?);
    found.into_iter().map(|row| read_inbox(&mut row.read())).collect()
}

fn read_inbox(columns: &mut Columns) -> Result<(Inbox, i64), Error> {
    let (kind, id) = (columns.text()?, columns.text()?);
    let to = Recipient::from_parts(&kind, &id)
        .ok_or_else(|| Error::internal(format!("unknown kind of recipient {kind:?}")))?;
    Ok(((to, RegionId::trusted(columns.text()?)), columns.int()?))
}

/// Removes the notices of an inbox up to a number.
pub fn trim(tx: &mut Tx<'_>, (to, region): &Inbox, number: i64) -> Result<(), Error> {
    let params = params![to.kind(), to.id(), region, number];
    tx.execute_later(&TRIMMED, params.clone())?;
    tx.execute_later(&TRIM, params)
}

/// Counts that something changed for these inboxes, so that other nodes hear of it.
pub fn note_changes(tx: &mut Tx<'_>, inboxes: &BTreeSet<Inbox>) -> Result<(), Error> {
    let call = |(to, region): &Inbox| (&NOTE_CHANGE, params![to.kind(), to.id(), region]);
    tx.execute_many(&inboxes.iter().map(call).collect::<Vec<_>>())
}

/// How far an inbox has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grown {
    /// The number of the newest notice.
    pub last: i64,
    /// How many changes were counted ([`note_changes`]).
    pub changes: i64,
}

/// How far these inboxes have come, those left out that never had anything. PostgreSQL only.
pub async fn grown(db: &Db, inboxes: &[Inbox]) -> Result<Vec<(Inbox, Grown)>, Error> {
    let key = |(to, region): &Inbox| serde_json::json!({"kind": to.kind(), "id": to.id(), "region": region.as_str()});
    let keys: serde_json::Value = inboxes.iter().map(key).collect();
    let rows = db.read(&CHANGED, params![keys.to_string()]).await?;
    let read = |row: Row| {
        let mut columns = row.read();
        let (inbox, last) = read_inbox(&mut columns)?;
        Ok((inbox, Grown { last, changes: columns.int()? }))
    };
    rows.into_iter().map(read).collect()
}

/// The statement that finds full inboxes says the number itself, so that an index serves it.
const _: () = assert!(NOTICES_OF_INBOX == 10_000);
