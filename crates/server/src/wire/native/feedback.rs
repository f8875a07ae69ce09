//! Whether the pages of the console help.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{Failure, Problem};
use super::input::{Asking, Json, Query};
use crate::app::App;
use crate::service::feedback::{self, Feedback, Place};
use crate::wire::common::seconds_text;

/// What one says of a page.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedbackBody {
    /// The page, as `images/private`.
    pub page: String,
    /// Whether it helped.
    pub helpful: bool,
    /// What one adds, plain text of at most 1000 characters.
    pub text: Option<String>,
}

/// What somebody said of a page.
#[derive(Debug, Serialize, ToSchema)]
pub struct FeedbackView {
    /// The page.
    pub page: String,
    /// Whether it helped.
    pub helpful: bool,
    /// What he added.
    pub text: Option<String>,
    /// Who.
    pub user: String,
    /// His name.
    pub user_name: String,
    /// The project he was in.
    pub project: String,
    /// When; RFC 3339.
    pub at: String,
}

/// A page of what was said.
#[derive(Debug, Serialize, ToSchema)]
pub struct FeedbackPage {
    /// Newest first.
    pub feedback: Vec<FeedbackView>,
    /// The `marker` of the next page; none on the last one.
    pub next: Option<String>,
}

/// Says whether a page of the console helped, in place of what the same user said of it before.
#[utoipa::path(post, path = "/api/v1/feedback", operation_id = "give_feedback", tag = "caller", request_body = FeedbackBody,
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn give(
    State(app): State<App>,
    asking: Asking,
    Json(body): Json<FeedbackBody>,
) -> Result<StatusCode, Failure> {
    feedback::give(&app, &asking.caller, body.page, body.helpful, body.text).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists what was said of the pages of the console, newest first. Operator only.
#[utoipa::path(get, path = "/api/v1/feedback", operation_id = "list_feedback", tag = "operator",
    params(("limit" = Option<u32>, Query, description = "At most so many"),
        ("marker" = Option<String>, Query, description = "What `next` of the page before said")),
    responses((status = 200, body = FeedbackPage), (status = "default", body = Problem)))]
pub async fn list(
    State(app): State<App>,
    asking: Asking,
    mut query: Query,
) -> Result<Answer<FeedbackPage>, Failure> {
    let marker = query.one("marker")?.map(|text| parse_place(&text)).transpose()?;
    let limit = query.number("limit")?;
    query.finish()?;
    let (found, is_more) = feedback::list(&app, &asking.caller, marker, limit).await?;
    let next = found.last().filter(|_| is_more).map(place_text);
    Ok(Answer(FeedbackPage { feedback: found.into_iter().map(render).collect(), next }))
}

fn place_text(last: &Feedback) -> String {
    format!("{}.{}.{}", last.at.0, last.user, last.page)
}

fn parse_place(text: &str) -> Result<Place, Error> {
    let mut parts = text.splitn(3, '.');
    let at = parts.next().and_then(|text| text.parse().ok()).map(Timestamp);
    let rest = parts.next().zip(parts.next());
    let place = at.zip(rest).map(|(at, (user, page))| (at, user.to_owned(), page.to_owned()));
    place.ok_or_else(|| Error::new(Code::InvalidMarker).with("marker", shortened(text, 80)))
}

fn render(feedback: Feedback) -> FeedbackView {
    FeedbackView {
        page: feedback.page,
        helpful: feedback.is_helpful,
        text: feedback.words,
        user: feedback.user.to_string(),
        user_name: feedback.user_name,
        project: feedback.project.to_string(),
        at: seconds_text(feedback.at),
    }
}
