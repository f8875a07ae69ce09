//! Jobs as Huawei tells them.

use axum::Json;
use axum::extract::State;
use lendglass_core::job::{Job, JobState, JobWork, Outcome, PairResult};
use lendglass_core::share::ShareEvent;
use lendglass_core::{Error, ImageId, Language, Timestamp};
use serde_json::{Value, json};

use super::error::{Failure, code};
use super::request::Asked;
use crate::app::App;
use crate::service::{image, job};
use crate::wire::common::micros_text;

/// `GET /v1/{project_id}/jobs/{job}`: with the results of a batch.
pub async fn show(State(app): State<App>, asked: Asked) -> Result<Json<Value>, Failure> {
    let job = job::show(&app, &asked.caller, &asked.job()?).await?;
    let entities = match job.work.target() {
        Some(id) => render_made(&app, &asked, id).await,
        None => json!({"results": render_results(&job)}),
    };
    Ok(Json(render(&job, entities)))
}

/// `GET /v1/cloudimages/job/{job}`: with how far it is.
pub async fn progress(State(app): State<App>, asked: Asked) -> Result<Json<Value>, Failure> {
    let job = job::show(&app, &asked.caller, &asked.job()?).await?;
    let mut entities = match job.work.target() {
        Some(id) => render_made(&app, &asked, id).await,
        None => json!({}),
    };
    entities["process_percent"] = json!(f64::from(job.progress_percent) / 100.0);
    entities["current_task"] = json!("");
    Ok(Json(render(&job, entities)))
}

/// The image that is made. It may be gone by now, which is no trouble of the job's.
async fn render_made(app: &App, asked: &Asked, id: &ImageId) -> Value {
    let name = image::seen(app, &asked.caller, id).await.ok().and_then(|seen| seen.image.name);
    json!({"image_id": id.as_str(), "image_name": name.unwrap_or_default()})
}

fn render(job: &Job, entities: Value) -> Value {
    let refusal = job.results.iter().find_map(refusal);
    let (state, error, reason) = match (job.state, refusal, job.failure) {
        (JobState::Ready, ..) => ("INIT", None, None),
        (JobState::Running, ..) => ("RUNNING", None, None),
        (JobState::Succeeded | JobState::Failed, Some(error), _) => {
            ("FAIL", Some(code(error)), Some(error.text(Language::English)))
        }
        (JobState::Succeeded, None, _) => ("SUCCESS", None, None),
        (JobState::Failed, None, failure) => {
            let error = failure.map_or_else(|| Error::internal("a job that failed"), Error::new);
            ("FAIL", Some(code(&error)), Some(error.code().as_str().to_owned()))
        }
    };
    let is_over = matches!(job.state, JobState::Succeeded | JobState::Failed);
    json!({
        "job_id": job.id.as_str(),
        "job_type": kind(&job.work),
        "status": state,
        "begin_time": millis_text(job.created_at),
        "end_time": if is_over { millis_text(job.updated_at) } else { String::new() },
        "error_code": error,
        "fail_reason": reason,
        "entities": entities,
    })
}

fn kind(work: &JobWork) -> &'static str {
    match work {
        JobWork::Share { event } => match event {
            ShareEvent::Invite => "imsAddImageMembersJob",
            ShareEvent::Accept | ShareEvent::Reject | ShareEvent::Reopen => {
                "imsUpdateImageMembersJob"
            }
            ShareEvent::Withdraw | ShareEvent::Lapse => "imsDelImageMembersJob",
        },
        JobWork::ImageReplicate { .. } => "imsCopyImageInRegionJob",
        JobWork::ImageCopy { .. } => "imsCrossRegionCopyImageJob",
        JobWork::ServerImage { .. } => "imsCreateWholeImageByBackupJob",
    }
}

/// Pair by pair; of what was taken back only what was refused, as Huawei lists none there.
fn render_results(job: &Job) -> Vec<Value> {
    let pairs = job.results.iter();
    pairs.filter(|pair| pair.outcome != Outcome::Removed).map(render_result).collect()
}

fn render_result(pair: &PairResult) -> Value {
    let recipient = pair.resolved.as_ref().map_or(pair.recipient.as_str(), |known| known.id());
    let mut view = json!({
        "image_id": pair.image.as_str(),
        "project_id": recipient,
        "status": if pair.outcome.is_refused() { "fail" } else { "success" },
    });
    if let Some(error) = refusal(pair) {
        view["error_code"] = json!(code(error));
        view["fail_reason"] = json!(error.text(Language::English));
    }
    view
}

fn refusal(pair: &PairResult) -> Option<&Error> {
    match &pair.outcome {
        Outcome::Refused(error) => Some(error),
        Outcome::Now(_) | Outcome::Already(_) | Outcome::Removed => None,
    }
}

/// `2026-11-22T08:00:00.123Z`
fn millis_text(at: Timestamp) -> String {
    let micros = micros_text(at);
    let millis = micros.len().saturating_sub("000Z".len());
    format!("{}Z", micros.get(..millis).unwrap_or_default())
}
