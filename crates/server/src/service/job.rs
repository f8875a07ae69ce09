//! Jobs as the project that asked for them reads them.

use lendglass_core::job::Job;
use lendglass_core::permission::Action;
use lendglass_core::tenant::Caller;
use lendglass_core::{Code, Error, JobId};
use lendglass_store::job as store_job;

use crate::app::App;

/// A job of the caller's project in the request's region; else [`Code::JobNotFound`].
pub async fn show(app: &App, caller: &Caller, id: &JobId) -> Result<Job, Error> {
    let job = store_job::get(&app.db, id, &caller.project, &caller.region)
        .await?
        .ok_or_else(|| Error::new(Code::JobNotFound).with("id", id))?;
    caller.may(Action::JobsList)?;
    Ok(job)
}

/// A page of the project's jobs, newest first, after `marker`.
pub async fn list(
    app: &App,
    caller: &Caller,
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
    store_job::page(&app.db, &caller.project, &caller.region, after, limit).await
}
