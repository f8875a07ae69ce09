//! Jobs.

use axum::Json as Answer;
use axum::extract::State;
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, JobId};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{Failure, Problem};
use super::input::{Asking, PathText, Query};
use super::view::{JobView, render_job};
use crate::app::App;
use crate::service::job;

/// A page of jobs.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobPage {
    /// Newest first.
    pub jobs: Vec<JobView>,
    /// The `marker` of the next page; none on the last one.
    pub next: Option<String>,
}

/// Lists the project's jobs, newest first.
#[utoipa::path(get, path = "/api/v1/jobs", operation_id = "list_jobs", tag = "jobs",
    params(("limit" = Option<u32>, Query, description = "At most so many"),
        ("marker" = Option<String>, Query, description = "Only what comes after this job")),
    responses((status = 200, body = JobPage), (status = "default", body = Problem)))]
pub async fn list(
    State(app): State<App>,
    asking: Asking,
    mut query: Query,
) -> Result<Answer<JobPage>, Failure> {
    let limit = query.number("limit")?;
    let marker = query.one("marker")?;
    query.finish()?;
    let marker = marker.map(|text| {
        let refused = || Error::new(Code::InvalidMarker).with("marker", shortened(&text, 80));
        JobId::parse(&text).map_err(|_| refused())
    });
    let marker = marker.transpose()?;
    let jobs = job::list(&app, &asking.caller, marker.as_ref(), limit).await?;
    let settings = &app.settings;
    let page = limit.unwrap_or(settings.list_limit_default).min(settings.list_limit_max) as usize;
    let is_full = page > 0 && jobs.len() >= page;
    Ok(Answer(JobPage {
        next: jobs.last().filter(|_| is_full).map(|job| job.id.to_string()),
        jobs: jobs.iter().map(|job| render_job(job, asking.language)).collect(),
    }))
}

/// Shows a job.
#[utoipa::path(get, path = "/api/v1/jobs/{id}", operation_id = "show_job", tag = "jobs",
    params(("id" = String, Path, description = "The job")),
    responses((status = 200, body = JobView), (status = "default", body = Problem)))]
pub async fn show(
    State(app): State<App>,
    asking: Asking,
    PathText(text): PathText,
) -> Result<Answer<JobView>, Failure> {
    let id = JobId::parse(&text)
        .map_err(|_| Error::new(Code::JobNotFound).with("id", shortened(&text, 80)))?;
    let job = job::show(&app, &asking.caller, &id).await?;
    Ok(Answer(render_job(&job, asking.language)))
}
