//! Webhooks.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use lendglass_core::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::error::{Failure, Problem};
use super::input::{Asking, Json, PathText, Query};
use super::notice::parse_kinds;
use super::words;
use crate::app::App;
use crate::service::webhook::{self, NewWebhook, Webhook, WebhookChange};
use crate::wire::common::seconds_text;

/// A webhook.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookView {
    /// Its id.
    pub id: String,
    /// Whom it tells.
    pub url: String,
    /// What it wants; empty means all.
    pub kinds: Vec<words::NoticeKind>,
    /// Whether it tells anything. The server switches off what fails too often.
    pub enabled: bool,
    /// The project whose notices, and whose account's, it tells.
    pub project: String,
    /// In which region.
    pub region: String,
    /// Everything up to here was delivered, or was not wanted.
    pub sent: String,
    /// Deliveries that failed in a row.
    pub attempts: u32,
    /// Why the last delivery failed, if it did.
    pub failure: Option<String>,
    /// When; RFC 3339.
    pub failed_at: Option<String>,
    /// When it is tried again, after a failure; RFC 3339.
    pub next_try_at: Option<String>,
    /// When something was last delivered; RFC 3339.
    pub delivered_at: Option<String>,
    /// When it was made; RFC 3339.
    pub created_at: String,
    /// When its owner last changed it; RFC 3339.
    pub updated_at: String,
}

fn render_webhook(hook: &Webhook) -> WebhookView {
    let time = |at: Option<Timestamp>| at.map(seconds_text);
    let is_retried = hook.is_enabled && hook.attempts > 0;
    WebhookView {
        id: hook.id.clone(),
        url: hook.url.clone(),
        kinds: hook.kinds.iter().map(|kind| words::NoticeKind(*kind)).collect(),
        enabled: hook.is_enabled,
        project: hook.project.to_string(),
        region: hook.region.to_string(),
        sent: hook.sent.to_string(),
        attempts: hook.attempts,
        failure: hook.failure.clone(),
        failed_at: time(hook.failed_at),
        next_try_at: is_retried.then(|| seconds_text(hook.next_try_at)),
        delivered_at: time(hook.delivered_at),
        created_at: seconds_text(hook.created_at),
        updated_at: seconds_text(hook.updated_at),
    }
}

/// A webhook that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewWebhookView {
    /// The webhook.
    #[serde(flatten)]
    pub webhook: WebhookView,
    /// What its bodies are signed with. It is shown this once.
    pub secret: String,
}

/// The webhooks of a project.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookPage {
    /// Oldest first.
    pub webhooks: Vec<WebhookView>,
}

/// A webhook to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookBody {
    /// An `http` or `https` address on the public internet (or anywhere, where the operator allows it).
    pub url: String,
    /// What it wants, as `image.shared`; empty means all.
    #[serde(default)]
    pub kinds: Vec<String>,
}

/// Changes of a webhook; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookPatch {
    /// Another address.
    pub url: Option<String>,
    /// What it wants; empty means all.
    pub kinds: Option<Vec<String>>,
    /// Whether it tells anything; `true` also forgets former failures.
    pub enabled: Option<bool>,
}

/// Nothing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Empty {}

/// What became of a test.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookTest {
    /// Whether the receiver took it.
    pub delivered: bool,
    /// Why not.
    pub failure: Option<String>,
}

/// Lists the webhooks of the project in this region; for admins.
#[utoipa::path(get, path = "/api/v1/webhooks", operation_id = "list_webhooks", tag = "notices",
    responses((status = 200, body = WebhookPage), (status = "default", body = Problem)))]
pub async fn list(State(app): State<App>, asking: Asking) -> Result<Answer<WebhookPage>, Failure> {
    let hooks = webhook::list(&app, &asking.caller).await?;
    Ok(Answer(WebhookPage { webhooks: hooks.iter().map(render_webhook).collect() }))
}

/// Makes a webhook: notices of the project and its account in this region are posted to its URL from
/// now on.
///
/// Each request has the notice as its JSON body and the headers `Lendglass-Event` (its kind),
/// `Lendglass-Delivery` (the same when it is sent again) and `Lendglass-Signature:
/// t=SECONDS,v1=HEX`, the HMAC-SHA256 of `SECONDS.BODY` under the secret. Each is delivered at least
/// once, in order, some ten seconds after it was told.
#[utoipa::path(post, path = "/api/v1/webhooks", operation_id = "create_webhook", tag = "notices", request_body = WebhookBody,
    responses((status = 201, body = NewWebhookView), (status = "default", body = Problem)))]
pub async fn create(
    State(app): State<App>,
    asking: Asking,
    Json(body): Json<WebhookBody>,
) -> Result<Response, Failure> {
    let new = NewWebhook { url: body.url, kinds: parse_kinds("kinds", &body.kinds)? };
    let (hook, secret) = webhook::create(&app, &asking.caller, new).await?;
    let view = NewWebhookView { webhook: render_webhook(&hook), secret };
    let mut response = (StatusCode::CREATED, Answer(view)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Shows a webhook; for admins.
#[utoipa::path(get, path = "/api/v1/webhooks/{id}", operation_id = "show_webhook", tag = "notices",
    params(("id" = String, Path, description = "The webhook")),
    responses((status = 200, body = WebhookView), (status = "default", body = Problem)))]
pub async fn show(
    State(app): State<App>,
    asking: Asking,
    PathText(id): PathText,
) -> Result<Answer<WebhookView>, Failure> {
    Ok(Answer(render_webhook(&webhook::show(&app, &asking.caller, &id).await?)))
}

/// Changes a webhook.
#[utoipa::path(patch, path = "/api/v1/webhooks/{id}", operation_id = "update_webhook", tag = "notices", request_body = WebhookPatch,
    params(("id" = String, Path, description = "The webhook")),
    responses((status = 200, body = WebhookView), (status = "default", body = Problem)))]
pub async fn update(
    State(app): State<App>,
    asking: Asking,
    PathText(id): PathText,
    Json(body): Json<WebhookPatch>,
) -> Result<Answer<WebhookView>, Failure> {
    let kinds = body.kinds.map(|kinds| parse_kinds("kinds", &kinds)).transpose()?;
    let change = WebhookChange { url: body.url, kinds, is_enabled: body.enabled };
    let hook = webhook::update(&app, &asking.caller, &id, change).await?;
    Ok(Answer(render_webhook(&hook)))
}

/// Removes a webhook.
#[utoipa::path(delete, path = "/api/v1/webhooks/{id}", operation_id = "delete_webhook", tag = "notices",
    params(("id" = String, Path, description = "The webhook")),
    responses((status = 204, description = "Removed"), (status = "default", body = Problem)))]
pub async fn delete(
    State(app): State<App>,
    asking: Asking,
    PathText(id): PathText,
    query: Query,
) -> Result<StatusCode, Failure> {
    query.finish()?;
    webhook::delete(&app, &asking.caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Posts a test to a webhook at once, signed like a notice; its `kind` is `webhook.test`.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/test", operation_id = "test_webhook", tag = "notices", request_body = Empty,
    params(("id" = String, Path, description = "The webhook")),
    responses((status = 200, body = WebhookTest), (status = "default", body = Problem)))]
pub async fn test(
    State(app): State<App>,
    asking: Asking,
    PathText(id): PathText,
    Json(Empty {}): Json<Empty>,
) -> Result<Answer<WebhookTest>, Failure> {
    let hook = webhook::show(&app, &asking.caller, &id).await?;
    let body = json!({
        "id": asking.request_id,
        "kind": TEST,
        "region": hook.region.as_str(),
        "to": {"kind": "project", "id": hook.project.as_str(), "name": null, "account": null},
        "at": seconds_text(app.clock.now()),
    });
    let delivery = format!("{}-{}", hook.id, asking.request_id);
    let sent = webhook::deliver(&app, &hook, &delivery, TEST, body.to_string().into_bytes()).await;
    Ok(Answer(WebhookTest { delivered: sent.is_ok(), failure: sent.err() }))
}

const TEST: &str = "webhook.test";
