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
}

macro_rules! due_columns {
    () => {
        "select b.id, b.region_id, c.locator, b.size_bytes, b.digest_algo, b.digest_hex, \
         b.check_wanted_at from blob b join blob_copy c on c.blob_id = b.id where "
    };
}

static WANTED: Statement = Statement::new(concat!(
    due_columns!(),
    "b.check_wanted_at is not null and b.state in ('ready', 'damaged') \
     order by b.check_wanted_at, b.id limit 1"
));
static OLDEST: Statement = Statement::new(concat!(
    due_columns!(),
    "b.state = 'ready' and b.checked_at < $1 order by b.checked_at, b.id limit 1"
));
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
    "update blob set state = $2, checked_at = $3, check_wanted_at = null where id = $1",
);
static WANT: Statement = Statement::new(
    "update blob set check_wanted_at = $2 where state in ('ready', 'damaged') \
     and id in (select blob_id from image_disk where image_id = $1)",
);
static OF_IMAGE: Statement = Statement::new(
    "select d.position, b.state, b.checked_at, b.check_wanted_at from image_disk d \
     join blob b on b.id = d.blob_id where d.image_id = $1 order by d.position",
);

/// Every statement of this file.
pub static STATEMENTS: &[&Statement] =
    &[&WANTED, &OLDEST, &TAKE, &RENEW, &END_LEASES, &IMAGES, &LOCK, &NOTE, &WANT, &OF_IMAGE];

/// The blob to be read next: one that somebody asked for, else the one that was longest not read, where
/// that was before `before`.
pub async fn due(db: &Db, before: Option<Timestamp>) -> Result<Option<Due>, Error> {
    let mut rows = db.read(&WANTED, params![]).await?;
    if let Some(before) = before.filter(|_| rows.is_empty()) {
        rows = db.read(&OLDEST, params![before]).await?;
    }
    rows.into_iter().next().map(read_due).transpose()
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
    tx.execute(&END_LEASES, &[]).map(|_| ())
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
    tx.execute(&NOTE, &params![blob, state, now]).map(|_| ())
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
            })
        })
        .collect()
}
