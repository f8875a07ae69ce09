//! Jobs.

use std::collections::BTreeSet;

use axum::Json as Answer;
use axum::extract::State;
use lendglass_core::job::{Job, JobState, JobWork};
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, ImageId, JobId, Timestamp, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::{Failure, Problem};
use super::input::{Asking, PathText, Query};
use super::share::names_of_pairs;
use super::view::{JobNames, JobView, render_job};
use crate::app::App;
use crate::service::image;
use crate::service::job::{self, JobFilter};
use crate::wire::common::{invalid, parse_time};

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
        ("marker" = Option<String>, Query, description = "Only what comes after this job"),
        ("state" = Option<String>, Query, description = "`ready`, `running`, `succeeded` or `failed`"),
        ("kind" = Option<String>, Query, description = "`share`, `image_replicate`, `image_copy` or `server_image`"),
        ("image" = Option<String>, Query, description = "What it works on, or makes"),
        ("user" = Option<String>, Query, description = "Who asked for it, by id"),
        ("from" = Option<String>, Query, description = "Not asked for before; RFC 3339"),
        ("to" = Option<String>, Query, description = "Asked for before; RFC 3339")),
    responses((status = 200, body = JobPage), (status = "default", body = Problem)))]
pub async fn list(
    State(app): State<App>,
    asking: Asking,
    mut query: Query,
) -> Result<Answer<JobPage>, Failure> {
    let limit = query.number("limit")?;
    let marker = query.one("marker")?;
    let filter = JobFilter {
        state: query.word("state", JobState::parse)?,
        kind: query.word("kind", |word| JobWork::KINDS.into_iter().find(|kind| *kind == word))?,
        image: query.one("image")?.as_deref().map(ImageId::parse_uuid).transpose()?,
        user: query.one("user")?.as_deref().map(UserId::parse).transpose()?,
        from: time(&mut query, "from")?,
        to: time(&mut query, "to")?,
    };
    query.finish()?;
    let marker = marker.map(|text| {
        let refused = || Error::new(Code::InvalidMarker).with("marker", shortened(&text, 80));
        JobId::parse(&text).map_err(|_| refused())
    });
    let marker = marker.transpose()?;
    let jobs = job::list(&app, &asking.caller, &filter, marker.as_ref(), limit).await?;
    let settings = &app.settings;
    let page = limit.unwrap_or(settings.list_limit_default).min(settings.list_limit_max) as usize;
    let is_full = page > 0 && jobs.len() >= page;
    let names = names(&app, &asking, &jobs).await?;
    Ok(Answer(JobPage {
        next: jobs.last().filter(|_| is_full).map(|job| job.id.to_string()),
        jobs: jobs.iter().map(|job| render_job(job, asking.language, &names)).collect(),
    }))
}

/// What the images and the recipients of jobs are called, as far as the caller may know.
async fn names(app: &App, asking: &Asking, jobs: &[Job]) -> Result<JobNames, Error> {
    let images: BTreeSet<&ImageId> = jobs.iter().flat_map(Job::images).collect();
    let images: Vec<ImageId> = images.into_iter().cloned().collect();
    Ok(JobNames {
        images: image::names(app, &asking.caller, &images).await?,
        recipients: names_of_pairs(app, asking, jobs.iter().flat_map(|job| &job.results)).await?,
    })
}

async fn answer(app: &App, asking: &Asking, job: Job) -> Result<Answer<JobView>, Failure> {
    let names = names(app, asking, std::slice::from_ref(&job)).await?;
    Ok(Answer(render_job(&job, asking.language, &names)))
}

fn time(query: &mut Query, name: &str) -> Result<Option<Timestamp>, Error> {
    let Some(text) = query.one(name)? else { return Ok(None) };
    parse_time(&text).map(Some).ok_or_else(|| invalid(name, &text, "it is not a time of RFC 3339"))
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
    let id = parse_job(&text)?;
    let job = job::show(&app, &asking.caller, &id).await?;
    answer(&app, &asking, job).await
}

fn parse_job(text: &str) -> Result<JobId, Error> {
    JobId::parse(text).map_err(|_| Error::new(Code::JobNotFound).with("id", shortened(text, 80)))
}

/// Cancels a job that has not ended; what it has done is undone.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/cancel", operation_id = "cancel_job", tag = "jobs",
    params(("id" = String, Path, description = "The job")),
    responses((status = 200, body = JobView), (status = "default", body = Problem)))]
pub async fn cancel(
    State(app): State<App>,
    asking: Asking,
    PathText(text): PathText,
) -> Result<Answer<JobView>, Failure> {
    let job = job::cancel(&app, &asking.caller, &parse_job(&text)?).await?;
    answer(&app, &asking, job).await
}
