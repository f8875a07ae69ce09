//! Bytes as rows: blobs, where their copies lie, who uses them, and uploads on their way.
//!
//! References are rows, never a counter: the transaction that removes the last use of a blob, holding
//! the blob's row, marks it `dying`, and a dying blob gains no use. Whoever reaps deletes only what
//! rows name.

use std::collections::BTreeSet;

use lendglass_core::image::Digests;
use lendglass_core::{BlobId, Error, ImageId, RegionId, Timestamp};

use crate::db::{Db, Row, Statement, Tx};
use crate::params;

/// Where one copy of a blob lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// The blob.
    pub blob: BlobId,
    /// The region whose store has it.
    pub region: RegionId,
    /// Where in that store.
    pub locator: String,
}

/// An upload under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Its id.
    pub id: String,
    /// The image that waits for the bytes.
    pub image: ImageId,
    /// Where the bytes go.
    pub copy: Copy,
    /// Grows with each owner of the lease; who shows an old one has lost.
    pub fence: i64,
}

const STORE: &str = "default";

static PUT_BLOB: Statement = Statement::new(
    "insert into blob (id, region_id, state, created_at) values ($1, $2, 'filling', $3)",
);
static PUT_COPY: Statement =
    Statement::new("insert into blob_copy (blob_id, store, locator) values ($1, $2, $3)");
static PUT_UPLOAD: Statement = Statement::new(
    "insert into upload (id, image_id, blob_id, fence, lease_until, created_at) \
     values ($1, $2, $3, 1, $4, $5)",
);
static RENEW: Statement =
    Statement::new("update upload set lease_until = $3 where id = $1 and fence = $2");
static TAKE: Statement = Statement::new("delete from upload where id = $1 and fence = $2");
static TAKE_IMAGE: Statement = Statement::new("delete from upload where image_id = $1");
static SEIZE: Statement = Statement::new(
    "update upload set fence = fence + 1, lease_until = $2 \
     where id in (select id from upload where lease_until < $1 order by lease_until, id limit 1 \
     {skip_locked}) returning id, image_id, blob_id, fence",
);
static END_LEASES: Statement = Statement::new(
    "update upload set lease_until = 0 \
     where not exists (select 1 from kept_upload k where k.upload_id = upload.id)",
);
static BLOB_COPY: Statement = Statement::new(
    "select c.blob_id, b.region_id, c.locator from blob_copy c join blob b on b.id = c.blob_id \
     where c.blob_id = $1",
);
static FILL: Statement = Statement::new(
    "update blob set state = 'ready', size_bytes = $2, md5_hex = $3, digest_algo = $4, \
     digest_hex = $5, checked_at = created_at where id = $1 and state = 'filling'",
);
static LOCK_LIVE: Statement =
    Statement::new("update blob set id = id where id = $1 and state not in ('dying', 'damaged')");
static PUT_DISK: Statement =
    Statement::new("insert into image_disk (image_id, position, blob_id) values ($1, $2, $3)");
static PUT_USE: Statement = Statement::new(
    "insert into blob_use (blob_id, holder_kind, holder_id) values ($1, 'image', $2) \
     on conflict (blob_id, holder_kind, holder_id) do nothing",
);
static USES_OF_IMAGE: Statement = Statement::new(
    "select blob_id from blob_use where holder_kind = 'image' and holder_id = $1 order by blob_id",
);
static PUT_HOLDER: Statement = Statement::new(
    "insert into blob_use (blob_id, holder_kind, holder_id) values ($1, $2, $3) \
     on conflict (blob_id, holder_kind, holder_id) do nothing",
);
static USES_OF_HOLDER: Statement = Statement::new(
    "select blob_id from blob_use where holder_kind = $1 and holder_id = $2 order by blob_id",
);
static DROP_HOLDER: Statement = Statement::new(
    "delete from blob_use where blob_id = $1 and holder_kind = $2 and holder_id = $3",
);
static DROP_DISKS: Statement = Statement::new("delete from image_disk where image_id = $1");
static DROP_USE: Statement = Statement::new(
    "delete from blob_use where blob_id = $1 and holder_kind = 'image' and holder_id = $2",
);
static DIE_IF_UNUSED: Statement = Statement::new(
    "update blob set state = 'dying' where id = $1 \
     and not exists (select 1 from blob_use u where u.blob_id = $1)",
);
static DISKS: Statement = Statement::new(
    "select d.blob_id, b.region_id, c.locator from image_disk d \
     join blob b on b.id = d.blob_id join blob_copy c on c.blob_id = d.blob_id \
     where d.image_id = $1 order by d.position",
);
static DYING: Statement = Statement::new(
    "select b.id, b.region_id, c.locator from blob b left join blob_copy c on c.blob_id = b.id \
     where b.state = 'dying' and b.region_id = $1 order by b.id limit $2",
);
static FORGET_COPY: Statement = Statement::new("delete from blob_copy where blob_id = $1");
static FORGET: Statement = Statement::new("delete from blob where id = $1 and state = 'dying'");
static BLOB_OF: Statement = Statement::new("select blob_id from upload where image_id = $1");
static IS_KNOWN: Statement = Statement::new("select 1 from blob where id = $1");
static LOCK_BLOB: Statement = Statement::new("update blob set id = id where id = $1");

/// Every statement of this file.
pub static STATEMENTS: &[&Statement] = &[
    &PUT_BLOB,
    &PUT_COPY,
    &PUT_UPLOAD,
    &RENEW,
    &TAKE,
    &TAKE_IMAGE,
    &SEIZE,
    &END_LEASES,
    &BLOB_COPY,
    &FILL,
    &LOCK_LIVE,
    &PUT_DISK,
    &PUT_USE,
    &USES_OF_IMAGE,
    &PUT_HOLDER,
    &USES_OF_HOLDER,
    &DROP_HOLDER,
    &DROP_DISKS,
    &DROP_USE,
    &DIE_IF_UNUSED,
    &DISKS,
    &DYING,
    &FORGET_COPY,
    &FORGET,
    &BLOB_OF,
    &IS_KNOWN,
    &LOCK_BLOB,
];

/// Writes down that bytes are about to arrive: the blob, where it will lie, and the lease. The image
/// row is locked. From here on a death at any moment is undone by the reaper.
pub fn begin(
    tx: &mut Tx<'_>,
    upload: &Upload,
    lease_seconds: u32,
    now: Timestamp,
) -> Result<(), Error> {
    let lease_until = lease_end(tx, lease_seconds)?;
    put(tx, upload, lease_until, now)
}

/// As [`begin`] for an upload that is kept: its lease does not end, its row beside it does.
pub(crate) fn begin_without_lease(
    tx: &mut Tx<'_>,
    upload: &Upload,
    now: Timestamp,
) -> Result<(), Error> {
    put(tx, upload, i64::MAX, now)
}

fn put(tx: &mut Tx<'_>, upload: &Upload, lease_until: i64, now: Timestamp) -> Result<(), Error> {
    let copy = &upload.copy;
    put_blob(tx, copy, now)?;
    tx.execute_later(&PUT_UPLOAD, params![&upload.id, &upload.image, &copy.blob, lease_until, now])
}

/// Writes down a blob whose bytes are about to arrive, and where it will lie.
pub fn put_blob(tx: &mut Tx<'_>, copy: &Copy, now: Timestamp) -> Result<(), Error> {
    tx.execute_later(&PUT_BLOB, params![&copy.blob, &copy.region, now])?;
    tx.execute_later(&PUT_COPY, params![&copy.blob, STORE, &copy.locator])
}

/// Renews the lease; `false` where somebody else has taken the upload over.
pub fn renew(tx: &mut Tx<'_>, upload: &Upload, lease_seconds: u32) -> Result<bool, Error> {
    let lease_until = lease_end(tx, lease_seconds)?;
    Ok(tx.execute(&RENEW, &params![&upload.id, upload.fence, lease_until])? > 0)
}

/// Ends the upload as its owner; `false` where somebody else has taken it over, and then nothing
/// may be published.
pub fn take(tx: &mut Tx<'_>, upload: &Upload) -> Result<bool, Error> {
    Ok(tx.execute(&TAKE, &params![&upload.id, upload.fence])? > 0)
}

/// Ends whatever upload the image has: its owner finds out when it wants to publish. The blob is
/// left dying.
pub fn cancel_of_image(tx: &mut Tx<'_>, image: &ImageId) -> Result<(), Error> {
    if let Some(row) = tx.query_opt(&BLOB_OF, &params![image])? {
        let blob = BlobId::trusted(row.read().text()?);
        tx.execute_later(&TAKE_IMAGE, params![image])?;
        tx.execute_later(&DIE_IF_UNUSED, params![&blob])?;
    }
    Ok(())
}

/// Takes over one upload whose lease is over, or none. Whoever had it finds its fence outgrown.
pub fn seize(tx: &mut Tx<'_>, lease_seconds: u32) -> Result<Option<Upload>, Error> {
    let now = tx.lease_now()?;
    let lease_until = lease_end(tx, lease_seconds)?;
    let Some(row) = tx.query_opt(&SEIZE, &params![now, lease_until])? else { return Ok(None) };
    let mut columns = row.read();
    let id = columns.text()?;
    let image = ImageId::trusted(columns.text()?);
    let blob = BlobId::trusted(columns.text()?);
    let fence = columns.int()?;
    let copies = read_copies(tx.query(&BLOB_COPY, &params![&blob])?)?;
    let copy = copies.into_iter().next().ok_or_else(|| Error::internal("a blob has no copy"))?;
    Ok(Some(Upload { id, image, copy, fence }))
}

/// Ends all leases: for an embedded database at start, when no other process can hold one. Uploads
/// that are kept have none.
pub fn end_leases(tx: &mut Tx<'_>) -> Result<(), Error> {
    tx.execute_later(&END_LEASES, Vec::new())
}

fn lease_end(tx: &mut Tx<'_>, seconds: u32) -> Result<i64, Error> {
    Ok(tx.lease_now()?.saturating_add(i64::from(seconds) * Timestamp::SECOND_MICROS))
}

/// Makes an arrived blob ready and lets the image use it as disk `position`.
pub fn fill(
    tx: &mut Tx<'_>,
    blob: &BlobId,
    image: &ImageId,
    position: u32,
    size_bytes: u64,
    digests: &Digests,
) -> Result<(), Error> {
    let changed = tx.execute(
        &FILL,
        &params![blob, size_bytes, digests.md5_hex.as_ref(), &digests.algo, &digests.value_hex],
    )?;
    if changed != 1 {
        return Err(Error::internal("a blob was filled twice"));
    }
    tx.execute_later(&PUT_DISK, params![image, position, blob])?;
    tx.execute_later(&PUT_USE, params![blob, image])
}

/// Lets `image` use a blob that others use already; `false` where it is dying or damaged. Holds the
/// blob's row.
pub fn add_use(
    tx: &mut Tx<'_>,
    blob: &BlobId,
    image: &ImageId,
    position: u32,
) -> Result<bool, Error> {
    if tx.execute(&LOCK_LIVE, &params![blob])? == 0 {
        return Ok(false);
    }
    tx.execute_later(&PUT_DISK, params![image, position, blob])?;
    tx.execute_later(&PUT_USE, params![blob, image])?;
    Ok(true)
}

/// Ends an image's uses; blobs that nobody uses any more are left dying. Locks blobs by id.
pub fn release_image(tx: &mut Tx<'_>, image: &ImageId) -> Result<(), Error> {
    tx.execute_later(&DROP_DISKS, params![image])?;
    for row in tx.query(&USES_OF_IMAGE, &params![image])? {
        let blob = BlobId::trusted(row.read().text()?);
        tx.execute_later(&LOCK_BLOB, params![&blob])?;
        tx.execute_later(&DROP_USE, params![&blob, image])?;
        tx.execute_later(&DIE_IF_UNUSED, params![&blob])?;
    }
    Ok(())
}

/// Lets a holder that is no image use a blob that others use already; `false` where it is dying or
/// damaged. Holds the blob's row; callers take blobs by id.
pub fn hold(
    tx: &mut Tx<'_>,
    blob: &BlobId,
    holder_kind: &str,
    holder: &str,
) -> Result<bool, Error> {
    if tx.execute(&LOCK_LIVE, &params![blob])? == 0 {
        return Ok(false);
    }
    tx.execute_later(&PUT_HOLDER, params![blob, holder_kind, holder])?;
    Ok(true)
}

/// Ends the uses of such holders; blobs that nobody uses any more are left dying. Locks blobs by id.
pub fn release_holders(tx: &mut Tx<'_>, holder_kind: &str, holders: &[&str]) -> Result<(), Error> {
    let mut uses = BTreeSet::new();
    for holder in holders {
        for row in tx.query(&USES_OF_HOLDER, &params![holder_kind, *holder])? {
            uses.insert((BlobId::trusted(row.read().text()?), *holder));
        }
    }
    for (blob, holder) in &uses {
        tx.execute_later(&LOCK_BLOB, params![blob])?;
        tx.execute_later(&DROP_HOLDER, params![blob, holder_kind, *holder])?;
        tx.execute_later(&DIE_IF_UNUSED, params![blob])?;
    }
    Ok(())
}

/// Leaves a blob that never became ready dying.
pub fn give_up(tx: &mut Tx<'_>, blob: &BlobId) -> Result<(), Error> {
    tx.execute_later(&DIE_IF_UNUSED, params![blob])
}

/// Where the disks of an image lie, by position.
pub async fn disks(db: &Db, image: &ImageId) -> Result<Vec<Copy>, Error> {
    read_copies(db.look_up(&DISKS, params![image]).await?)
}

/// As [`disks`], inside a transaction.
pub fn disks_in(tx: &mut Tx<'_>, image: &ImageId) -> Result<Vec<Copy>, Error> {
    read_copies(tx.query(&DISKS, &params![image])?)
}

/// Whether a row names the blob, so that somebody will remove its bytes or use them.
pub async fn is_known(db: &Db, blob: &BlobId) -> Result<bool, Error> {
    Ok(!db.read(&IS_KNOWN, params![blob]).await?.is_empty())
}

/// Blobs of a region to be deleted, with where they lie.
pub async fn dying(db: &Db, region: &RegionId, most: u32) -> Result<Vec<Copy>, Error> {
    read_copies(db.read(&DYING, params![region, most]).await?)
}

/// Forgets a dying blob, after its bytes are gone.
pub fn forget(tx: &mut Tx<'_>, blob: &BlobId) -> Result<(), Error> {
    tx.execute_later(&FORGET_COPY, params![blob])?;
    tx.execute_later(&FORGET, params![blob])
}

fn read_copies(rows: Vec<Row>) -> Result<Vec<Copy>, Error> {
    rows.into_iter()
        .map(|row| {
            let mut columns = row.read();
            Ok(Copy {
                blob: BlobId::trusted(columns.text()?),
                region: RegionId::trusted(columns.text()?),
                locator: columns.opt_text()?.unwrap_or_default(),
            })
        })
        .collect()
}
