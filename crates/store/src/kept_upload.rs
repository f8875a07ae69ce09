//! Uploads that are kept until they are whole, through lost connections and restarts. Each is an
//! [`Upload`] with a lease that does not end; what ends it is the clock, or whoever cancels it.

use lendglass_core::{BlobId, Error, ImageId, ProjectId, RegionId, Timestamp, UserId};

use crate::db::{Db, Row, Statement, Tx};
use crate::params;
use crate::tenant::first;
use crate::upload::{self, Copy, Upload};

/// An upload that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptUpload {
    /// The upload.
    pub upload: Upload,
    /// How long the whole is.
    pub length_bytes: u64,
    /// So much of it is on disk.
    pub durable_bytes: u64,
    /// What has arrived beyond that, in base64.
    pub tail: String,
    /// Where the client goes on.
    pub offset_bytes: u64,
    /// What the client calls the file.
    pub file_name: String,
    /// What the whole must hash to.
    pub sha256_hex: Option<String>,
    /// Whether the record was made for these bytes, and goes with them when they are given up.
    pub is_image_new: bool,
    /// Who began it.
    pub user: UserId,
    /// The name of who began it.
    pub user_name: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it is given up, if nothing arrives.
    pub expires_at: Timestamp,
}

macro_rules! kept {
    ($rest:literal) => {
        Statement::new(concat!(
            "select u.id, u.image_id, u.blob_id, b.region_id, c.locator, u.fence, k.length_bytes, \
             k.durable_bytes, k.tail, k.offset_bytes, k.file_name, k.sha256_hex, k.user_id, \
             k.user_name, k.created_at, k.expires_at, k.is_image_new \
             from kept_upload k join upload u on u.id = k.upload_id \
             join blob b on b.id = u.blob_id join blob_copy c on c.blob_id = u.blob_id ",
            $rest
        ))
    };
}

static PUT: Statement = Statement::new(
    "insert into kept_upload (upload_id, length_bytes, durable_bytes, tail, offset_bytes, \
     file_name, sha256_hex, user_id, user_name, created_at, expires_at, is_image_new) \
     values ($1, $2, 0, '', 0, $3, $4, $5, $6, $7, $8, $9)",
);
static BY_ID: Statement = kept!("where u.id = $1");
static OF_IMAGE: Statement = Statement::new(
    "select k.upload_id from kept_upload k join upload u on u.id = k.upload_id where u.image_id = $1",
);
static LIST: Statement = kept!(
    "join image i on i.id = u.image_id where i.owner_id = $1 and b.region_id = $2 \
     and (cast($3 as text) is null or (k.created_at, k.upload_id) < \
     (select m.created_at, m.upload_id from kept_upload m where m.upload_id = $3)) \
     order by k.created_at desc, k.upload_id desc limit $4"
);
static TAKE_OVER: Statement = Statement::new(
    "update upload set fence = fence + 1 where id = $1 and fence = $2 returning fence",
);
static NOTE: Statement = Statement::new(
    "update kept_upload set durable_bytes = $3, tail = $4, offset_bytes = $5, expires_at = $6 \
     where upload_id = $1 and exists (select 1 from upload u where u.id = $1 and u.fence = $2)",
);
static EXPIRED: Statement = kept!("where k.expires_at <= $1 order by k.expires_at, u.id limit 1");

/// Every statement of this file.
pub static STATEMENTS: &[&Statement] =
    &[&PUT, &BY_ID, &OF_IMAGE, &LIST, &TAKE_OVER, &NOTE, &EXPIRED];

/// Writes down an upload that is kept; nothing of it has arrived. The image row is locked.
pub fn begin(tx: &mut Tx<'_>, kept: &KeptUpload) -> Result<(), Error> {
    upload::begin_without_lease(tx, &kept.upload, kept.created_at)?;
    let values = params![
        &kept.upload.id,
        kept.length_bytes,
        &kept.file_name,
        kept.sha256_hex.as_ref(),
        &kept.user,
        &kept.user_name,
        kept.created_at,
        kept.expires_at,
        kept.is_image_new,
    ];
    tx.execute_later(&PUT, values)
}

/// The kept upload with this id.
pub async fn read(db: &Db, id: &str) -> Result<Option<KeptUpload>, Error> {
    first(db.look_up(&BY_ID, params![id]).await?, kept_of)
}

/// As [`read`], inside a transaction.
pub fn get(tx: &mut Tx<'_>, id: &str) -> Result<Option<KeptUpload>, Error> {
    tx.query_opt(&BY_ID, &params![id])?.map(kept_of).transpose()
}

/// The id of the kept upload of an image.
pub fn of_image(tx: &mut Tx<'_>, image: &ImageId) -> Result<Option<String>, Error> {
    tx.query_opt(&OF_IMAGE, &params![image])?.map(|row| row.read().text()).transpose()
}

/// Kept uploads of a project in a region, newest first; only those before `marker`, if one is given.
pub async fn list(
    db: &Db,
    (project, region): (&ProjectId, &RegionId),
    marker: Option<&str>,
    limit: u32,
) -> Result<Vec<KeptUpload>, Error> {
    let rows = db.read(&LIST, params![project, region, marker, limit]).await?;
    rows.into_iter().map(kept_of).collect()
}

/// Makes an upload one's own: whoever wrote it before notes nothing more. `false` where somebody else
/// was quicker.
pub fn take_over(tx: &mut Tx<'_>, upload: &mut Upload) -> Result<bool, Error> {
    let Some(row) = tx.query_opt(&TAKE_OVER, &params![&upload.id, upload.fence])? else {
        return Ok(false);
    };
    upload.fence = row.read().int()?;
    Ok(true)
}

/// Notes what has arrived; `false` where the upload is somebody else's by now, or gone.
pub fn note(
    tx: &mut Tx<'_>,
    upload: &Upload,
    (durable_bytes, tail, offset_bytes): (u64, &str, u64),
    expires_at: Timestamp,
) -> Result<bool, Error> {
    let values = params![&upload.id, upload.fence, durable_bytes, tail, offset_bytes, expires_at];
    Ok(tx.execute(&NOTE, &values)? > 0)
}

/// An upload that has waited too long, now one's own; or none.
pub fn seize_expired(tx: &mut Tx<'_>, now: Timestamp) -> Result<Option<Upload>, Error> {
    let Some(row) = tx.query_opt(&EXPIRED, &params![now])? else { return Ok(None) };
    let mut upload = kept_of(row)?.upload;
    Ok(take_over(tx, &mut upload)?.then_some(upload))
}

fn kept_of(row: Row) -> Result<KeptUpload, Error> {
    let mut columns = row.read();
    let upload = Upload {
        id: columns.text()?,
        image: ImageId::trusted(columns.text()?),
        copy: Copy {
            blob: BlobId::trusted(columns.text()?),
            region: RegionId::trusted(columns.text()?),
            locator: columns.text()?,
        },
        fence: columns.int()?,
    };
    let mut kept = KeptUpload {
        upload,
        length_bytes: columns.opt_u64()?.unwrap_or_default(),
        durable_bytes: columns.opt_u64()?.unwrap_or_default(),
        tail: columns.text()?,
        offset_bytes: columns.opt_u64()?.unwrap_or_default(),
        file_name: columns.text()?,
        sha256_hex: columns.opt_text()?,
        user: UserId::trusted(columns.text()?),
        user_name: columns.text()?,
        created_at: columns.time()?,
        expires_at: columns.time()?,
        is_image_new: false,
    };
    kept.is_image_new = columns.flag()?;
    Ok(kept)
}
