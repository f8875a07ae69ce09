//! Jobs: rows with a lease, a fence and an end that the tenant can read.

use std::collections::BTreeMap;

use lendglass_core::job::{Job, JobState, JobWork, Outcome, PairResult};
use lendglass_core::share::{Recipient, ShareEvent, ShareState};
use lendglass_core::{
    BackupId, Code, Error, ImageId, JobId, ProjectId, RegionId, Timestamp, UserId,
};
use serde_json::{Value as Json, json};

use crate::db::{Columns, Db, Row, Statement, Tx, Value};
use crate::{image, params};

macro_rules! job_columns {
    () => {
        "id, project_id, user_id, region_id, kind, payload, state, progress_percent, attempts, \
         failure, results, created_at, updated_at"
    };
}

static INSERT: Statement = Statement::new(
    "insert into job (id, project_id, user_id, region_id, kind, payload, state, \
     progress_percent, attempts, run_at, lease_until, fence, failure, results, created_at, \
     updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, 0, 0, null, $9, $10, $10)",
);
static CLAIM: Statement = Statement::new(
    "update job set state = 'running', lease_owner = $1, lease_until = $3, \
     attempts = attempts + 1, fence = fence + 1, updated_at = $4 \
     where id in (select id from job where state in ('ready', 'running') \
     and kind <> 'image_copy' and run_at <= $2 and lease_until <= $2 order by run_at, id limit 1 {skip_locked}) \
     returning id, project_id, user_id, region_id, kind, payload, state, progress_percent, \
     attempts, failure, results, created_at, updated_at, fence",
);
static NEXT_MOVER: Statement = Statement::new(
    "select j.id, j.project_id from job j where j.kind = 'image_copy' \
     and j.state in ('ready', 'running') and j.run_at <= $1 and j.lease_until <= $1 \
     and (select count(*) from job r where r.kind = 'image_copy' and r.state = 'running' \
          and r.project_id = j.project_id and r.lease_until > $1) < $2 \
     order by j.run_at, j.created_at, j.id limit 1",
);
static CLAIM_MOVER: Statement = Statement::new(
    "update job set state = 'running', lease_owner = $1, lease_until = $3, \
     attempts = attempts + 1, fence = fence + 1, updated_at = $4 \
     where id = $5 and state in ('ready', 'running') and run_at <= $2 and lease_until <= $2 \
     and (select count(*) from job r where r.kind = 'image_copy' and r.state = 'running' \
          and r.project_id = $6 and r.lease_until > $2) < $7 \
     returning id, project_id, user_id, region_id, kind, payload, state, progress_percent, \
     attempts, failure, results, created_at, updated_at, fence",
);
static IS_OURS: Statement =
    Statement::new("update job set id = id where id = $1 and fence = $2 and state = 'running'");
static ATTEMPTS: Statement = Statement::new(
    "update job set id = id where id = $1 and fence = $2 and state = 'running' \
     returning attempts",
);
static PROGRESSED: Statement = Statement::new(
    "update job set attempts = 1, failure = null where id = $1 and fence = $2 \
     and state = 'running'",
);
static RELEASE: Statement = Statement::new(
    "update job set state = 'ready', lease_until = 0, run_at = 0, attempts = attempts - 1 \
     where id = $1 and fence = $2 and state = 'running'",
);
static CANCEL: Statement = Statement::new(
    "update job set state = 'failed', failure = $2, lease_until = 0, fence = fence + 1, \
     updated_at = $3 where id = $1 and state in ('ready', 'running')",
);
static CANCEL_MAKING: Statement = Statement::new(
    "update job set state = 'failed', failure = $2, lease_until = 0, fence = fence + 1, \
     updated_at = $3 where state in ('ready', 'running') \
     and kind in ('image_copy', 'image_replicate') and {target} = $1 \
     returning project_id, region_id",
);
static RENEW: Statement = Statement::new(
    "update job set lease_until = $3, progress_percent = $4 where id = $1 and fence = $2 \
     and state = 'running'",
);
static FINISH: Statement = Statement::new(
    "update job set state = $3, failure = $4, progress_percent = $5, lease_until = 0, \
     updated_at = $6 where id = $1 and fence = $2 and state = 'running'",
);
static RETRY: Statement = Statement::new(
    "update job set state = 'ready', lease_until = 0, run_at = $3, failure = $4, updated_at = $5 \
     where id = $1 and fence = $2 and state = 'running'",
);
static END_LEASES: Statement = Statement::new(
    "update job set lease_until = 0, run_at = 0 where state in ('ready', 'running')",
);
static GET: Statement = Statement::new(concat!(
    "select ",
    job_columns!(),
    " from job where id = $1 and project_id = $2 and region_id = $3"
));
static PAGE: Statement = Statement::new(concat!(
    "select ",
    job_columns!(),
    " from job where project_id = $1 and region_id = $2 and (created_at, id) < ($3, $4) \
     and (cast($6 as text) is null or state = $6) and (cast($7 as text) is null or kind = $7) \
     and (cast($8 as text) is null or payload like $8 or results like $8) \
     and (cast($9 as text) is null or user_id = $9) and created_at >= $10 and created_at < $11 \
     order by created_at desc, id desc limit $5"
));
// Those that are open have an index.
static MAKING: Statement = Statement::new(
    "select {target}, progress_percent from job where state in ('ready', 'running') \
     and kind in ('image_copy', 'image_replicate') and {target} in {list}",
);
static OPEN: Statement =
    Statement::new("select cast(count(*) as bigint) from job where state in ('ready', 'running')");

/// Every statement of this file.
pub static STATEMENTS: &[&Statement] = &[
    &INSERT,
    &CLAIM,
    &NEXT_MOVER,
    &CLAIM_MOVER,
    &IS_OURS,
    &ATTEMPTS,
    &PROGRESSED,
    &RELEASE,
    &CANCEL,
    &CANCEL_MAKING,
    &RENEW,
    &FINISH,
    &RETRY,
    &END_LEASES,
    &GET,
    &PAGE,
    &MAKING,
    &OPEN,
];

/// A job that this process runs: the fence proves that it still does.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The job.
    pub job: Job,
    /// Grows with each claim.
    pub fence: i64,
}

/// Writes a job, in the transaction of the change that wants it.
pub fn insert(tx: &mut Tx<'_>, job: &Job) -> Result<(), Error> {
    concerns_project(tx, job);
    tx.execute_later(
        &INSERT,
        params![
            &job.id,
            &job.project,
            &job.user,
            &job.region,
            job.work.kind(),
            payload_text(&job.work),
            job.state.as_str(),
            job.progress_percent,
            results_text(&job.results),
            job.created_at,
        ],
    )
}

fn concerns_project(tx: &mut Tx<'_>, job: &Job) {
    tx.concerns((Recipient::Project(job.project.clone()), job.region.clone()));
}

/// Claims the next job that is due and that nobody holds, of those that move no bytes: exactly one
/// caller gets it.
pub fn claim(
    tx: &mut Tx<'_>,
    owner: &str,
    lease_seconds: u32,
    now: Timestamp,
) -> Result<Option<Claim>, Error> {
    let at = tx.lease_now()?;
    let until = at.saturating_add(i64::from(lease_seconds) * Timestamp::SECOND_MICROS);
    let Some(row) = tx.query_opt(&CLAIM, &params![owner, at, until, now])? else {
        return Ok(None);
    };
    claimed(row).map(Some)
}

/// Claims the next job that moves bytes, of a project that has fewer than `most_of_project` of them
/// running. Holds the project's lock, so that no two callers count at the same time.
pub fn claim_mover(
    tx: &mut Tx<'_>,
    owner: &str,
    lease_seconds: u32,
    most_of_project: u32,
    now: Timestamp,
) -> Result<Option<Claim>, Error> {
    let at = tx.lease_now()?;
    let until = at.saturating_add(i64::from(lease_seconds) * Timestamp::SECOND_MICROS);
    let Some(row) = tx.query_opt(&NEXT_MOVER, &params![at, most_of_project])? else {
        return Ok(None);
    };
    let mut columns = row.read();
    let id = JobId::trusted(columns.text()?);
    let project = ProjectId::trusted(columns.text()?);
    image::lock_project(tx, &project)?;
    let params = params![owner, at, until, now, &id, &project, most_of_project];
    tx.query_opt(&CLAIM_MOVER, &params)?.map(claimed).transpose()
}

fn claimed(row: Row) -> Result<Claim, Error> {
    let mut columns = row.read();
    let job = read(&mut columns)?;
    Ok(Claim { job, fence: columns.int()? })
}

/// Whether the claim still holds; the job's row is locked then.
pub fn is_ours(tx: &mut Tx<'_>, claim: &Claim) -> Result<bool, Error> {
    Ok(tx.execute(&IS_OURS, &params![&claim.job.id, claim.fence])? > 0)
}

/// How many runs were begun without getting further than those before; `None` where the claim does
/// not hold any more. The job's row is locked then.
pub fn attempts(tx: &mut Tx<'_>, claim: &Claim) -> Result<Option<u32>, Error> {
    let row = tx.query_opt(&ATTEMPTS, &params![&claim.job.id, claim.fence])?;
    row.map(|row| row.read().u32()).transpose()
}

/// Notes that a run has come further than any before it: what failed before counts no more.
pub fn progressed(tx: &mut Tx<'_>, claim: &Claim) -> Result<bool, Error> {
    Ok(tx.execute(&PROGRESSED, &params![&claim.job.id, claim.fence])? > 0)
}

/// Gives a job back at once, as if it had not been claimed: for a process that stops.
pub fn release(tx: &mut Tx<'_>, claim: &Claim) -> Result<(), Error> {
    tx.execute_later(&RELEASE, params![&claim.job.id, claim.fence])
}

/// Ends a job that has not ended, whoever runs it; `false` where it has. Who runs it finds its fence
/// outgrown.
pub fn cancel(tx: &mut Tx<'_>, id: &JobId, why: Code, now: Timestamp) -> Result<bool, Error> {
    Ok(tx.execute(&CANCEL, &params![id, why.as_str(), now])? > 0)
}

/// Ends the job that makes an image, if one does, whoever runs it. The image's row is locked.
pub fn cancel_making(
    tx: &mut Tx<'_>,
    target: &ImageId,
    why: Code,
    now: Timestamp,
) -> Result<(), Error> {
    for row in tx.query(&CANCEL_MAKING, &params![target, why.as_str(), now])? {
        let mut columns = row.read();
        let project = ProjectId::trusted(columns.text()?);
        tx.concerns((Recipient::Project(project), RegionId::trusted(columns.text()?)));
    }
    Ok(())
}

/// Renews the lease and notes the progress; `false` where the job is lost to somebody else.
pub fn renew(
    tx: &mut Tx<'_>,
    claim: &Claim,
    lease_seconds: u32,
    progress_percent: u32,
) -> Result<bool, Error> {
    let until = tx.lease_now()?.saturating_add(i64::from(lease_seconds) * 1_000_000);
    Ok(tx.execute(&RENEW, &params![&claim.job.id, claim.fence, until, progress_percent])? > 0)
}

/// Ends a job; `false` where it is lost to somebody else, and then the caller's transaction must
/// not stand.
pub fn finish(
    tx: &mut Tx<'_>,
    claim: &Claim,
    failure: Option<Code>,
    now: Timestamp,
) -> Result<bool, Error> {
    let (state, percent) = match failure {
        None => (JobState::Succeeded, 100),
        Some(_) => (JobState::Failed, claim.job.progress_percent),
    };
    concerns_project(tx, &claim.job);
    let failure = failure.map(Code::as_str);
    let params = params![&claim.job.id, claim.fence, state.as_str(), failure, percent, now];
    Ok(tx.execute(&FINISH, &params)? > 0)
}

/// Gives a job back, to be run again after `delay_seconds`.
pub fn retry(
    tx: &mut Tx<'_>,
    claim: &Claim,
    failure: Code,
    delay_seconds: u32,
    now: Timestamp,
) -> Result<bool, Error> {
    let at = tx.lease_now()?.saturating_add(i64::from(delay_seconds) * 1_000_000);
    let params = params![&claim.job.id, claim.fence, at, failure.as_str(), now];
    Ok(tx.execute(&RETRY, &params)? > 0)
}

/// Ends all leases: for an embedded database at start, when no other process can hold one.
pub fn end_leases(tx: &mut Tx<'_>) -> Result<(), Error> {
    tx.execute_later(&END_LEASES, Vec::new())
}

/// A job of a project.
pub async fn get(
    db: &Db,
    id: &JobId,
    project: &ProjectId,
    region: &RegionId,
) -> Result<Option<Job>, Error> {
    let rows = db.read(&GET, params![id, project, region]).await?;
    rows.into_iter().next().map(|row| read(&mut row.read())).transpose()
}

/// As [`get`], inside a transaction. Locks nothing.
pub fn get_in(
    tx: &mut Tx<'_>,
    id: &JobId,
    project: &ProjectId,
    region: &RegionId,
) -> Result<Option<Job>, Error> {
    tx.query_opt(&GET, &params![id, project, region])?.map(|row| read(&mut row.read())).transpose()
}

/// Which jobs a list names; what is `None` does not matter.
#[derive(Clone, Debug, Default)]
pub struct JobFilter {
    /// Where they are.
    pub state: Option<JobState>,
    /// The word of what they do.
    pub kind: Option<&'static str>,
    /// What they work on, or make.
    pub image: Option<ImageId>,
    /// Who asked for them.
    pub user: Option<UserId>,
    /// Not asked for before this time.
    pub from: Option<Timestamp>,
    /// Asked for before this time.
    pub to: Option<Timestamp>,
}

/// A page of a project's jobs, newest first, after the position `(created_at, id)`.
pub async fn page(
    db: &Db,
    project: &ProjectId,
    region: &RegionId,
    filter: &JobFilter,
    after: Option<(Timestamp, JobId)>,
    limit: u32,
) -> Result<Vec<Job>, Error> {
    let (at, id) = after.map_or((i64::MAX, "~".to_owned()), |(at, id)| (at.0, id.to_string()));
    // Ids of images are words of JSON here, and hold nothing that `like` or JSON would read.
    let image = filter.image.as_ref().map(|image| format!("%\"{image}\"%"));
    let state = filter.state.map(JobState::as_str);
    let (from, to) = (filter.from.map_or(0, |from| from.0), filter.to.map_or(i64::MAX, |to| to.0));
    let user = filter.user.as_ref();
    let params = params![project, region, at, id, limit, state, filter.kind, image, user, from, to];
    let rows = db.read(&PAGE, params).await?;
    rows.into_iter().map(|row: Row| read(&mut row.read())).collect()
}

/// How far the open jobs are that make these images, by the image.
pub async fn making(db: &Db, images: &[&ImageId]) -> Result<BTreeMap<ImageId, u32>, Error> {
    let ids: Vec<&str> = images.iter().map(|image| image.as_str()).collect();
    let rows = db.read(&MAKING, params![Value::list(&ids)]).await?;
    let read = |row: Row| {
        let mut columns = row.read();
        Ok((ImageId::trusted(columns.text()?), columns.u32()?))
    };
    rows.into_iter().map(read).collect()
}

/// How many jobs are not done.
pub async fn open(db: &Db) -> Result<u32, Error> {
    match db.read(&OPEN, params![]).await?.into_iter().next() {
        Some(row) => row.read().u32(),
        None => Ok(0),
    }
}

fn read(columns: &mut Columns) -> Result<Job, Error> {
    let id = JobId::trusted(columns.text()?);
    let project = ProjectId::trusted(columns.text()?);
    let user = UserId::trusted(columns.text()?);
    let region = RegionId::trusted(columns.text()?);
    let kind = columns.text()?;
    let payload = columns.text()?;
    Ok(Job {
        id,
        project,
        user,
        region,
        work: read_work(&kind, &payload)?,
        state: columns.word(JobState::parse)?,
        progress_percent: columns.u32()?,
        attempts: columns.u32()?,
        failure: columns.opt_word(Code::parse)?,
        results: read_results(&columns.text()?)?,
        created_at: columns.time()?,
        updated_at: columns.time()?,
    })
}

fn payload_text(work: &JobWork) -> String {
    match work {
        JobWork::Share { event } => json!({"event": event.as_str()}),
        JobWork::ImageReplicate { source, source_name, target }
        | JobWork::ImageCopy { source, source_name, target } => {
            json!({"source": source.as_str(), "source_name": source_name, "target": target.as_str()})
        }
        JobWork::ServerImage { backup, target } => {
            json!({"backup": backup.as_str(), "target": target.as_str()})
        }
    }
    .to_string()
}

fn read_work(kind: &str, payload: &str) -> Result<JobWork, Error> {
    let payload: Json = serde_json::from_str(payload).map_err(broken)?;
    let text = |name: &str| {
        payload[name].as_str().map(str::to_owned).ok_or_else(|| broken(format!("no {name}")))
    };
    let source_name = || payload["source_name"].as_str().map(str::to_owned);
    match kind {
        "share" => ShareEvent::parse(&text("event")?)
            .map(|event| JobWork::Share { event })
            .ok_or_else(|| broken("unknown event")),
        "image_replicate" => Ok(JobWork::ImageReplicate {
            source: ImageId::trusted(text("source")?),
            source_name: source_name(),
            target: ImageId::trusted(text("target")?),
        }),
        "image_copy" => Ok(JobWork::ImageCopy {
            source: ImageId::trusted(text("source")?),
            source_name: source_name(),
            target: ImageId::trusted(text("target")?),
        }),
        "server_image" => Ok(JobWork::ServerImage {
            backup: BackupId::trusted(text("backup")?),
            target: ImageId::trusted(text("target")?),
        }),
        _ => Err(broken(format!("unknown kind of job {kind:?}"))),
    }
}

fn results_text(results: &[PairResult]) -> String {
    let items: Vec<Json> = results
        .iter()
        .map(|result| {
            let (outcome, detail, facts) = match &result.outcome {
                Outcome::Now(state) => ("now", state.as_str(), Json::Null),
                Outcome::Already(state) => ("already", state.as_str(), Json::Null),
                Outcome::Removed => ("removed", "", Json::Null),
                Outcome::Refused(error) => ("refused", error.code().as_str(), facts_json(error)),
            };
            json!({
                "image": result.image.as_str(),
                "recipient": result.recipient,
                "kind": result.resolved.as_ref().map(Recipient::kind),
                "id": result.resolved.as_ref().map(Recipient::id),
                "outcome": outcome,
                "detail": detail,
                "facts": facts,
            })
        })
        .collect();
    Json::from(items).to_string()
}

fn facts_json(error: &Error) -> Json {
    error.facts().iter().map(|(name, value)| json!([name, value])).collect()
}

fn read_results(text: &str) -> Result<Vec<PairResult>, Error> {
    let items: Vec<Json> = serde_json::from_str(text).map_err(broken)?;
    items.iter().map(read_result).collect()
}

fn read_result(item: &Json) -> Result<PairResult, Error> {
    let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
    let detail = text("detail");
    let state = || ShareState::parse(&detail).ok_or_else(|| broken("unknown share state"));
    let outcome = match text("outcome").as_str() {
        "now" => Outcome::Now(state()?),
        "already" => Outcome::Already(state()?),
        "removed" => Outcome::Removed,
        "refused" => Outcome::Refused(read_refusal(&detail, &item["facts"])?),
        other => return Err(broken(format!("unknown outcome {other:?}"))),
    };
    let resolved = match (item["kind"].as_str(), item["id"].as_str()) {
        (Some(kind), Some(id)) => Recipient::from_parts(kind, id),
        _ => None,
    };
    Ok(PairResult {
        image: ImageId::trusted(text("image")),
        recipient: text("recipient"),
        resolved,
        outcome,
    })
}

/// Facts that texts use; a stored fact with another name is dropped.
const FACT_NAMES: &[&str] = &[
    "id",
    "region",
    "recipient",
    "image",
    "max",
    "used",
    "count",
    "status",
    "visibility",
    "state",
    "vault",
    "object_type",
    "protection",
    "needed",
    "free",
    "images",
];

fn read_refusal(code: &str, facts: &Json) -> Result<Error, Error> {
    let code = Code::parse(code).ok_or_else(|| broken(format!("unknown code {code:?}")))?;
    let mut error = Error::new(code);
    for fact in facts.as_array().into_iter().flatten() {
        let name = FACT_NAMES.iter().find(|name| fact[0] == **name);
        if let (Some(name), Some(value)) = (name, fact[1].as_str()) {
            error = error.with(name, value);
        }
    }
    Ok(error)
}

fn broken(because: impl std::fmt::Display) -> Error {
    Error::internal(format!("a job row is broken: {because}"))
}
