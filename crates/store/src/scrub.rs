//! Blobs whose bytes are read again, to see whether they still hash to what they did (XC-04): which one
//! is due, who reads, and what was found.

use lendglass_core::{BlobId, Error, ImageId, RegionId, Timestamp};

use crate::db::{Db, Row, Statement, Tx};
use crate::params;
use crate::upload::Copy;

/// A blob that is to be read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The blob, and where it lies.
    pub copy: Copy,
    /// How many bytes it has.
    pub size_bytes: u64,
    /// Which hash `digest_hex` is.
    pub digest_algo: String,
    /// What its bytes must hash to.
    pub digest_hex: String,
    /// Whether somebody asked for it.
    pub is_wanted: bool,
    /// What was in the way the last time.
    pub trouble: Option<String>,
}

/// How long a blob rests that could not be read to its end, in seconds: one that somebody waits for,
/// and any other.
#[derive(Clone, Copy, Debug)]
pub struct Rests {
    /// One that somebody asked for.
    pub wanted_seconds: i64,
    /// One whose turn it was.
    pub other_seconds: i64,
}

/// What is known of the bytes of one disk of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskCheck {
    /// Which disk.
    pub position: u32,
    /// Whether the bytes were found damaged.
    pub is_damaged: bool,
    /// When they were last read whole; 0 for never.
    pub checked_at: Timestamp,
    /// Whether somebody waits for the next time.
    pub is_wanted: bool,
    /// Whether they could not be read the last time: nothing is known of them by that.
    pub is_unreadable: bool,
}

/// Blobs of one region that could not be read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// The region.
    pub region: RegionId,
    /// So many.
    pub blobs: u64,
    /// What was in the way of one of them.
    pub trouble: String,
}

macro_rules! due_columns {
    () => {
        "select b.id, b.region_id, c.locator, b.size_bytes, b.digest_algo, b.digest_hex, \
         b.check_wanted_at, b.check_trouble from blob b join blob_copy c on c.blob_id = b.id where "
    };
}

// Who was tried rests until then; a try in the future was one of a clock that was wrong.
static WANTED: Statement = Statement::new(concat!(
    due_columns!(),
    "b.check_wanted_at is not null and b.state in ('ready', 'damaged') \
     and not (b.check_tried_at > $1 and b.check_tried_at <= $2) \
     order by b.check_wanted_at, b.id limit 1"
));
static OLDEST: Statement = Statement::new(concat!(
    due_columns!(),
    "b.state = 'ready' and b.check_tried_at = 0 and b.checked_at < $1 \
     order by b.checked_at, b.id limit 1"
));
static TRIED: Statement = Statement::new(concat!(
    due_columns!(),
    "b.state = 'ready' and b.check_tried_at > 0 and b.checked_at < $1 \
     and not (b.check_tried_at > $2 and b.check_tried_at <= $3) \
     order by b.check_tried_at, b.checked_at, b.id limit 1"
));
static BEGIN: Statement = Statement::new("update blob set check_tried_at = $2 where id = $1");
static TROUBLE: Statement = Statement::new(
    "update blob set check_trouble = $2 where id = $1 and state in ('ready', 'damaged')",
);
static UNREAD: Statement = Statement::new(
    "select region_id, cast(count(*) as bigint), min(check_trouble) from blob \
     where check_trouble is not null and state in ('ready', 'damaged') \
     group by region_id order by region_id",
);
static TAKE: Statement = Statement::new(
    "update scrub_lease set lease_until = $2, fence = fence + 1 \
     where name = 'scrub' and lease_until <= $1 returning fence",
);
static RENEW: Statement =
    Statement::new("update scrub_lease set lease_until = $2 where name = 'scrub' and fence = $1");
static END_LEASES: Statement = Statement::new("update scrub_lease set lease_until = 0");
static IMAGES: Statement =
    Statement::new("select distinct image_id from image_disk where blob_id = $1 order by image_id");
static LOCK: Statement = Statement::new(
    "update blob set id = id where id = $1 and state in ('ready', 'damaged') returning state",
);
static NOTE: Statement = Statement::new(
    "update blob set state = $2, checked_at = $3, check_wanted_at = null, check_tried_at = 0, \
     check_trouble = null where id = $1",
);
static WANT: Statement = Statement::new(
    "update blob set check_wanted_at = $2, check_tried_at = 0, check_trouble = null \
     where state in ('ready', 'damaged') \
     and id in (select blob_id from image_disk where image_id = $1)",
);
static OF_IMAGE: Statement = Statement::new(
    "select d.position, b.state, b.checked_at, b.check_wanted_at, b.check_trouble from image_disk d \
     join blob b on b.id = d.blob_id where d.image_id = $1 order by d.position",
);

/// Every statement of this file.
pub static STATEMENTS: &[&Statement] = &[
    &WANTED,
    &OLDEST,
    &TRIED,
    &BEGIN,
    &TROUBLE,
    &UNREAD,
    &TAKE,
    &RENEW,
    &END_LEASES,
    &IMAGES,
    &LOCK,
    &NOTE,
    &WANT,
    &OF_IMAGE,
];

/// The blob to be read next: one that somebody asked for; else, of those not read since `before`, the one
/// that was longest not read; else the one that was longest not tried. Who was tried in vain, or not to
/// the end, rests first, so that nobody stands in the way of others.
pub async fn due(
    db: &Db,
    before: Option<Timestamp>,
    rests: Rests,
    now: Timestamp,
) -> Result<Option<Due>, Error> {
    let rested = |seconds: i64| now.plus_seconds(-seconds);
    let mut rows = db.read(&WANTED, params![rested(rests.wanted_seconds), now]).await?;
    if let Some(before) = before {
        if rows.is_empty() {
            rows = db.read(&OLDEST, params![before]).await?;
        }
        if rows.is_empty() {
            rows = db.read(&TRIED, params![before, rested(rests.other_seconds), now]).await?;
        }
    }
    rows.into_iter().next().map(read_due).transpose()
}

/// Notes that a blob is about to be read: should it not come to an end, its next turn is behind all
/// others.
pub fn begin(tx: &mut Tx<'_>, blob: &BlobId, now: Timestamp) -> Result<(), Error> {
    tx.execute(&BEGIN, &params![blob, now]).map(|_| ())
}

/// Notes what was in the way of reading a blob.
pub fn trouble(tx: &mut Tx<'_>, blob: &BlobId, why: &str) -> Result<(), Error> {
    tx.execute(&TROUBLE, &params![blob, why]).map(|_| ())
}

/// What could not be read again, by region.
pub async fn unread(db: &Db) -> Result<Vec<Unread>, Error> {
    let rows = db.read(&UNREAD, params![]).await?;
    let unread = |row: Row| {
        let mut columns = row.read();
        Ok(Unread {
            region: RegionId::trusted(columns.text()?),
            blobs: columns.opt_u64()?.unwrap_or_default(),
            trouble: columns.text()?,
        })
    };
    rows.into_iter().map(unread).collect()
}

fn read_due(row: Row) -> Result<Due, Error> {
    let mut columns = row.read();
    Ok(Due {
        copy: Copy {
            blob: BlobId::trusted(columns.text()?),
            region: RegionId::trusted(columns.text()?),
            locator: columns.text()?,
        },
        size_bytes: columns.opt_u64()?.unwrap_or_default(),
        digest_algo: columns.opt_text()?.unwrap_or_default(),
        digest_hex: columns.opt_text()?.unwrap_or_default(),
        is_wanted: columns.opt_u64()?.is_some(),
        trouble: columns.opt_text()?,
    })
}

/// Takes the lease; its fence, or nothing where somebody else reads.
pub fn take(tx: &mut Tx<'_>, lease_seconds: u32) -> Result<Option<i64>, Error> {
    let now = tx.lease_now()?;
    let until = now.saturating_add(i64::from(lease_seconds) * Timestamp::SECOND_MICROS);
    tx.query_opt(&TAKE, &params![now, until])?.map(|row| row.read().int()).transpose()
}

/// Renews the lease, or with 0 seconds gives it back; `false` where somebody else has it.
pub fn renew(tx: &mut Tx<'_>, fence: i64, lease_seconds: u32) -> Result<bool, Error> {
    let now = tx.lease_now()?;
    let until = now.saturating_add(i64::from(lease_seconds) * Timestamp::SECOND_MICROS);
    Ok(tx.execute(&RENEW, &params![fence, until])? > 0)
}

/// Ends the lease of a former process: for an embedded database at start.
pub fn end_leases(tx: &mut Tx<'_>) -> Result<(), Error> {
    tx.execute_later(&END_LEASES, Vec::new())
}

/// The images that have a blob, by id.
pub fn images(tx: &mut Tx<'_>, blob: &BlobId) -> Result<Vec<ImageId>, Error> {
    let rows = tx.query(&IMAGES, &params![blob])?;
    rows.into_iter().map(|row| Ok(ImageId::trusted(row.read().text()?))).collect()
}

/// Locks a blob that is whole or damaged, and says whether it is damaged; `None` where it is neither any
/// more. Images come first in the order of locks.
pub fn lock(tx: &mut Tx<'_>, blob: &BlobId) -> Result<Option<bool>, Error> {
    let row = tx.query_opt(&LOCK, &params![blob])?;
    row.map(|row| Ok(row.read().text()? == "damaged")).transpose()
}

/// Notes what was found of a locked blob.
pub fn note(tx: &mut Tx<'_>, blob: &BlobId, is_whole: bool, now: Timestamp) -> Result<(), Error> {
    let state = if is_whole { "ready" } else { "damaged" };
    tx.execute_later(&NOTE, params![blob, state, now])
}

/// Asks for the blobs of a locked image to be read soon; says how many there are.
pub fn want(tx: &mut Tx<'_>, image: &ImageId, now: Timestamp) -> Result<u64, Error> {
    tx.execute(&WANT, &params![image, now])
}

/// What is known of the disks of an image, by position.
pub async fn of_image(db: &Db, image: &ImageId) -> Result<Vec<DiskCheck>, Error> {
    read_checks(db.read(&OF_IMAGE, params![image]).await?)
}

/// As [`of_image`], inside a transaction.
pub fn of_image_in(tx: &mut Tx<'_>, image: &ImageId) -> Result<Vec<DiskCheck>, Error> {
    read_checks(tx.query(&OF_IMAGE, &params![image])?)
}

fn read_checks(rows: Vec<Row>) -> Result<Vec<DiskCheck>, Error> {
    rows.into_iter()
        .map(|row| {
            let mut columns = row.read();
            Ok(DiskCheck {
                position: columns.u32()?,
                is_damaged: columns.text()? == "damaged",
                checked_at: Timestamp(columns.int()?),
                is_wanted: columns.opt_u64()?.is_some(),
                is_unreadable: columns.opt_text()?.is_some(),
            })
        })
        .collect()
}
