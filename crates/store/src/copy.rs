//! The unfinished blobs of copies between regions. Each belongs to a job, whose lease says who writes
//! it.

use lendglass_core::{BlobId, Error, ImageId, JobId, RegionId, Timestamp};

use crate::db::{Statement, Tx};
use crate::params;
use crate::upload::{self, Copy};

/// What there is of a copy's blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The blob, and where it lies.
    pub copy: Copy,
    /// So much of it is on disk and need not be fetched again.
    pub durable_bytes: u64,
}

static PUT: Statement = Statement::new(
    "insert into copy_part (job_id, image_id, blob_id, durable_bytes) values ($1, $2, $3, 0)",
);
static GET: Statement = Statement::new(
    "select p.blob_id, b.region_id, c.locator, p.durable_bytes from copy_part p \
     join blob b on b.id = p.blob_id join blob_copy c on c.blob_id = p.blob_id \
     where p.job_id = $1",
);
static OF_IMAGE: Statement = Statement::new("select job_id from copy_part where image_id = $1");
static NOTE: Statement =
    Statement::new("update copy_part set durable_bytes = $3 where job_id = $1 and blob_id = $2");
static DROP: Statement = Statement::new("delete from copy_part where job_id = $1");

/// Every statement of this file.
pub static STATEMENTS: &[&Statement] = &[&PUT, &GET, &OF_IMAGE, &NOTE, &DROP];

/// Writes down that a job is about to write a blob for the image `target`.
pub fn begin(
    tx: &mut Tx<'_>,
    job: &JobId,
    target: &ImageId,
    copy: &Copy,
    now: Timestamp,
) -> Result<(), Error> {
    upload::put_blob(tx, copy, now)?;
    tx.execute_later(&PUT, params![job, target, &copy.blob])
}

/// What there is of a job's blob.
pub fn get(tx: &mut Tx<'_>, job: &JobId) -> Result<Option<Part>, Error> {
    let Some(row) = tx.query_opt(&GET, &params![job])? else { return Ok(None) };
    let mut columns = row.read();
    Ok(Some(Part {
        copy: Copy {
            blob: BlobId::trusted(columns.text()?),
            region: RegionId::trusted(columns.text()?),
            locator: columns.text()?,
        },
        durable_bytes: columns.opt_u64()?.unwrap_or_default(),
    }))
}

/// Notes how much is on disk; `false` where the job has another blob by now, or none.
pub fn note(
    tx: &mut Tx<'_>,
    job: &JobId,
    blob: &BlobId,
    durable_bytes: u64,
) -> Result<bool, Error> {
    Ok(tx.execute(&NOTE, &params![job, blob, durable_bytes])? > 0)
}

/// Ends the part of a job: its blob is the image's now. `false` where there is none.
pub fn take(tx: &mut Tx<'_>, job: &JobId) -> Result<bool, Error> {
    Ok(tx.execute(&DROP, &params![job])? > 0)
}

/// Gives the part of a job up, if there is one: its blob is left dying.
pub fn give_up(tx: &mut Tx<'_>, job: &JobId) -> Result<(), Error> {
    let Some(part) = get(tx, job)? else { return Ok(()) };
    tx.execute_later(&DROP, params![job])?;
    upload::give_up(tx, &part.copy.blob)
}

/// Gives up what is written for an image. The image row is locked.
pub fn give_up_of_image(tx: &mut Tx<'_>, target: &ImageId) -> Result<(), Error> {
    for row in tx.query(&OF_IMAGE, &params![target])? {
        give_up(tx, &JobId::trusted(row.read().text()?))?;
    }
    Ok(())
}
