//! Jobs as the project that asked for them reads them, and how they end.

use std::collections::BTreeMap;

use lendglass_core::audit::{AuditEvent, AuditVerb};
use lendglass_core::image::ImageStatus;
use lendglass_core::job::{Job, JobWork};
use lendglass_core::permission::Action;
use lendglass_core::tenant::Caller;
use lendglass_core::{Code, Error, ImageId, JobId};
use lendglass_store::job::{self as store_job, Claim};
use lendglass_store::{Tx, audit as store_audit, image as store_image};

pub use lendglass_store::job::JobFilter;

use crate::app::App;
use crate::service::{Seen, copy, replicate};

/// A job of the caller's project in the request's region; else [`Code::JobNotFound`].
pub async fn show(app: &App, caller: &Caller, id: &JobId) -> Result<Job, Error> {
    let job = store_job::get(&app.db, id, &caller.project, &caller.region)
        .await?
        .ok_or_else(|| unknown(id))?;
    caller.may(Action::JobsList)?;
    Ok(job)
}

fn unknown(id: &JobId) -> Error {
    Error::new(Code::JobNotFound).with("id", id)
}

/// A page of the project's jobs, newest first, after `marker`.
pub async fn list(
    app: &App,
    caller: &Caller,
    filter: &JobFilter,
    marker: Option<&JobId>,
    limit: Option<u32>,
) -> Result<Vec<Job>, Error> {
    caller.may(Action::JobsList)?;
    let after = match marker {
        None => None,
        Some(id) => {
            let job = show(app, caller, id)
                .await
                .map_err(|_| Error::new(Code::InvalidMarker).with("marker", id))?;
            Some((job.created_at, job.id))
        }
    };
    let limit = limit.unwrap_or(app.settings.list_limit_default).min(app.settings.list_limit_max);
    store_job::page(&app.db, &caller.project, &caller.region, filter, after, limit).await
}

/// How far those of some images are that jobs are making. Whoever sees such an image may know: the job
/// may be of another project, or of another region.
pub async fn making(app: &App, images: &[Seen]) -> Result<BTreeMap<ImageId, u32>, Error> {
    let importing = images.iter().filter(|seen| seen.image.status == ImageStatus::Importing);
    let importing: Vec<&ImageId> = importing.map(|seen| &seen.image.id).collect();
    match importing.is_empty() {
        true => Ok(BTreeMap::new()),
        false => store_job::making(&app.db, &importing).await,
    }
}

/// Cancels a job that has not ended, and undoes what it has done. Who runs it finds out when it notes
/// its progress next.
///
/// Errors: [`Code::JobNotFound`]; [`Code::JobEnded`].
pub async fn cancel(app: &App, caller: &Caller, id: &JobId) -> Result<Job, Error> {
    let (owned, mine, id) = (app.clone(), caller.clone(), id.clone());
    let job = app.change(caller, move |tx| cancel_in(tx, &owned, &mine, &id)).await?;
    app.work.notify_one();
    Ok(job)
}

fn cancel_in(tx: &mut Tx<'_>, app: &App, caller: &Caller, id: &JobId) -> Result<Job, Error> {
    let get = |tx: &mut Tx<'_>| store_job::get_in(tx, id, &caller.project, &caller.region);
    let job = get(tx)?.ok_or_else(|| unknown(id))?;
    caller.may(Action::JobsCancel)?;
    // The record before the job, as who ends the job by doing it.
    if let Some(target) = job.work.target() {
        store_image::lock(tx, target)?;
    }
    let now = app.clock.now();
    if !store_job::cancel(tx, id, Code::JobCancelled, now)? {
        let ended = get(tx)?.ok_or_else(|| unknown(id))?;
        return Err(Error::new(Code::JobEnded).with("state", ended.state.as_str()));
    }
    abandon(tx, app, &job, Code::JobCancelled)?;
    let image = job.work.target().map_or_else(String::new, |target| format!(" image={target}"));
    let event = AuditEvent::by(caller, now, AuditVerb::JobCancel, id.as_str())
        .with_detail(format!("kind={}{image}", job.work.kind()));
    store_audit::insert(tx, &app.ids.hex(), &event)?;
    get(tx)?.ok_or_else(|| unknown(id))
}

/// What is left of the work of a job that failed for good, or was cancelled.
pub(crate) fn abandon(tx: &mut Tx<'_>, app: &App, job: &Job, why: Code) -> Result<(), Error> {
    match &job.work {
        JobWork::Share { .. } | JobWork::ServerImage { .. } => Ok(()),
        JobWork::ImageReplicate { target, .. } => {
            replicate::fail(tx, app, target, AuditVerb::ImageReplicate, why)
        }
        JobWork::ImageCopy { target, .. } => copy::abandon(tx, app, &job.id, target, why),
    }
}

/// Ends a job in the transaction of its work; refuses, so that nothing stands, where it is somebody
/// else's by now.
pub(crate) fn end(
    tx: &mut Tx<'_>,
    app: &App,
    claim: &Claim,
    failure: Option<Code>,
) -> Result<(), Error> {
    if store_job::finish(tx, claim, failure, app.clock.now())? { Ok(()) } else { Err(copy::lost()) }
}
