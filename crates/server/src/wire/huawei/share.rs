//! Sharing in batches: the owner offers and takes back, the recipient answers. What was done can be
//! read of a job, pair by pair.
//!
//! Ids that cannot be ids, and batches of which nothing stands, are refused at once; else the job says
//! what became of each pair (AP-03).

use axum::Json;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lendglass_core::job::Outcome;
use lendglass_core::policy::RecipientKind;
use lendglass_core::recipient::{self, Named};
use lendglass_core::share::{Share, ShareEvent, ShareState};
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error};
use serde_json::{Value, json};

use super::error::Failure;
use super::request::{Asked, Fields};
use super::vault::parse_vault;
use crate::app::App;
use crate::service::share::{self, Answer, Invite, Mode, Report, Withdraw};
use crate::service::share_view;
use crate::wire::common::{invalid, json_body, seconds_text};
use crate::wire::query::{parse_limit, parse_query};

/// The page of members where none is asked for, and the largest.
const MEMBERS: (u32, u32) = (500, 1000);

/// `POST /v1/cloudimages/members`
pub async fn invite(
    State(app): State<App>,
    asked: Asked,
    body: Body,
) -> Result<Json<Value>, Failure> {
    let fields = Fields::of(json_body(body).await?)?;
    let request = Invite {
        images: fields.images()?,
        recipients: parse_recipients(&fields)?,
        mode: Mode::Partial,
        note: None,
        lapses_at: None,
        ends_at: None,
        acknowledge: true,
        dry_run: false,
    };
    Ok(told(share::invite(&app, &asked.caller, request).await?)?)
}

/// `DELETE /v1/cloudimages/members`
pub async fn withdraw(
    State(app): State<App>,
    asked: Asked,
    body: Body,
) -> Result<Json<Value>, Failure> {
    let fields = Fields::of(json_body(body).await?)?;
    let request = Withdraw {
        images: fields.images()?,
        recipients: Some(parse_recipients(&fields)?),
        mode: Mode::Partial,
        dry_run: false,
    };
    Ok(told(share::withdraw(&app, &asked.caller, request).await?)?)
}

/// `PUT /v1/cloudimages/members`
pub async fn answer(
    State(app): State<App>,
    asked: Asked,
    body: Body,
) -> Result<Json<Value>, Failure> {
    let fields = Fields::of(json_body(body).await?)?;
    let project = fields.required("project_id")?;
    recipient::check_shape(&project)?;
    let request = Answer {
        images: fields.images()?,
        event: parse_status(&fields)?,
        recipient: Some(project),
        vault: fields.text("vault_id")?.as_deref().map(parse_vault).transpose()?,
        mode: Mode::Partial,
        dry_run: false,
    };
    Ok(told(share::answer(&app, &asked.caller, request).await?)?)
}

/// The job of a batch; the first refusal where nothing of it stands.
fn told(report: Report) -> Result<Json<Value>, Error> {
    let all_refused = report.results.iter().all(|pair| pair.outcome.is_refused());
    if all_refused && let Some(first) = report.results.into_iter().next() {
        return Err(match first.outcome {
            Outcome::Refused(error) => error,
            Outcome::Now(_) | Outcome::Already(_) | Outcome::Removed => {
                Error::internal("a refused batch without a refusal")
            }
        });
    }
    let job = report.job.ok_or_else(|| Error::internal("a batch without a job"))?;
    Ok(Json(json!({"job_id": job.as_str()})))
}

/// Projects and accounts (which Huawei calls domains), at least one.
pub fn parse_recipients(fields: &Fields) -> Result<Vec<Named>, Error> {
    if let Some(first) = fields.texts("organizations")?.first() {
        let reason = "sharing with organizations is not available here; name projects or domains";
        return Err(invalid("organizations", first, reason));
    }
    let of = |field: &'static str, kind: Option<RecipientKind>| {
        let texts = fields.texts(field)?;
        let named = texts.into_iter().map(|text| {
            recipient::check_shape(&text)?;
            Ok(Named { text, kind })
        });
        named.collect::<Result<Vec<_>, Error>>()
    };
    let mut named = of("projects", None)?;
    named.extend(of("domains", Some(RecipientKind::Account))?);
    if named.is_empty() {
        return Err(Error::new(Code::MissingField).with("field", "projects"));
    }
    Ok(named)
}

pub fn parse_status(fields: &Fields) -> Result<ShareEvent, Error> {
    let status = fields.required("status")?;
    match ShareState::parse(&status) {
        Some(ShareState::Accepted) => Ok(ShareEvent::Accept),
        Some(ShareState::Rejected) => Ok(ShareEvent::Reject),
        Some(ShareState::Pending) | None => {
            Err(invalid("status", &status, "it must be accepted or rejected"))
        }
    }
}

/// `GET /v1/{project_id}/cloudimages/{image}/members`, a page
pub async fn members(
    State(app): State<App>,
    asked: Asked,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Failure> {
    let (mut limit, mut marker) = (MEMBERS.0, None);
    for (name, value) in parse_query(query.as_deref().unwrap_or_default())? {
        match name.as_str() {
            "limit" => limit = parse_limit(&value)?.clamp(1, MEMBERS.1),
            "marker" if !value.is_empty() => marker = Some(parse_marker(&value)?),
            _ => {}
        }
    }
    let mut shares = share_view::of_image(&app, &asked.caller, &asked.image()?).await?;
    shares.sort_by_key(place);
    let after = |share: &&Share| marker.as_ref().is_none_or(|marker| place(share) > *marker);
    let rest: Vec<&Share> = shares.iter().filter(after).collect();
    let page: Vec<Value> = rest.iter().take(limit as usize).map(|s| render_member(s)).collect();
    let mut info = json!({"current_count": page.len()});
    if rest.len() > page.len()
        && let Some(last) = rest.get(page.len() - 1)
    {
        info["next_marker"] = json!(STANDARD.encode(place(last)));
    }
    let view = json!({"members": page, "schema": "/v2/schemas/members", "page_info": info});
    Ok(Json(view))
}

/// Where a share stands in a page of members.
fn place(share: &Share) -> String {
    format!("{}:{}", share.recipient.kind(), share.recipient.id())
}

pub fn parse_marker(text: &str) -> Result<String, Error> {
    let decoded = STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.ok_or_else(|| Error::new(Code::InvalidMarker).with("marker", shortened(text, 80)))
}

/// `GET /v1/{project_id}/cloudimages/{image}/members/{member}`
pub async fn member(State(app): State<App>, asked: Asked) -> Result<Response, Failure> {
    let (image, member) = (asked.image()?, asked.name("member"));
    let share = share_view::one(&app, &asked.caller, &image, member).await?;
    Ok(Json(render_member(&share)).into_response())
}

fn render_member(share: &Share) -> Value {
    let kind = if share.recipient.kind() == "account" { "domain" } else { "project" };
    json!({
        "member_id": share.recipient.id(),
        "member_type": kind,
        "image_id": share.image.as_str(),
        "status": share.state.as_str(),
        "created_at": seconds_text(share.created_at),
        "updated_at": seconds_text(share.updated_at),
        "schema": "/v2/schemas/member",
    })
}
