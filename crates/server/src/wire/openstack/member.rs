//! Shares as Glance knows them: members of an image, by one id each.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use lendglass_core::job::Outcome;
use lendglass_core::recipient::Named;
use lendglass_core::share::{ShareEvent, ShareState};
use lendglass_core::{Code, Error};
use serde_json::{Value, json};

use crate::app::App;
use crate::service::share::{self, Answer, Invite, Mode};
use crate::service::share_view;
use crate::wire::common::{invalid, json_body, malformed};
use crate::wire::openstack::error::Failure;
use crate::wire::openstack::render::render_member;
use crate::wire::openstack::request::{Asked, Names};

/// `GET /v2/images/{id}/members`: all of them for the owner, the own one for a member. Not paged, as
/// in Glance.
pub async fn index(
    State(app): State<App>,
    asked: Asked,
    names: Names,
) -> Result<Response, Failure> {
    let shares = share_view::of_image(&app, &asked.caller, &names.image()?).await?;
    let members: Vec<Value> = shares.iter().map(render_member).collect();
    Ok(Json(json!({"members": members, "schema": "/v2/schemas/members"})).into_response())
}

/// `GET /v2/images/{id}/members/{member}`
pub async fn show(State(app): State<App>, asked: Asked, names: Names) -> Result<Response, Failure> {
    let (image, member) = (names.image()?, named(&names)?);
    let share = share_view::one(&app, &asked.caller, &image, member).await;
    match share {
        Ok(share) => Ok(Json(render_member(&share)).into_response()),
        // Glance does not say whether an image that has no members had this one.
        Err(error) if error.code() == Code::MembersNotAllowed => Err(no_member(member).into()),
        Err(error) => Err(error.into()),
    }
}

/// `POST /v2/images/{id}/members`: 200, not 201.
pub async fn create(
    State(app): State<App>,
    asked: Asked,
    names: Names,
    body: Body,
) -> Result<Response, Failure> {
    let image = names.image()?;
    let member = parse_member(&json_body(body).await?)?;
    let named = Named { text: member.clone(), kind: None };
    let report = share::invite(&app, &asked.caller, Invite::one(image.clone(), named)).await?;
    let (result, share) = report.only_share()?;
    if matches!(result.outcome, Outcome::Already(_)) {
        return Err(Error::new(Code::AlreadyShared).with("recipient", &member).into());
    }
    Ok(Json(render_member(&share)).into_response())
}

/// `PUT /v2/images/{id}/members/{member}`: the answer. The state that already is, is no refusal.
pub async fn update(
    State(app): State<App>,
    asked: Asked,
    names: Names,
    body: Body,
) -> Result<Response, Failure> {
    let (image, member) = (names.image()?, named(&names)?);
    let event = parse_status(&json_body(body).await?)?;
    let answer = Answer {
        images: vec![image.clone()],
        event,
        recipient: Some(member.to_owned()),
        vault: None,
        mode: Mode::All,
        dry_run: false,
    };
    let (_, share) = share::answer(&app, &asked.caller, answer).await?.only_share()?;
    Ok(Json(render_member(&share)).into_response())
}

/// `DELETE /v2/images/{id}/members/{member}`: the owner takes the share back, a member leaves.
pub async fn delete(
    State(app): State<App>,
    asked: Asked,
    names: Names,
) -> Result<StatusCode, Failure> {
    let (image, member) = (names.image()?, named(&names)?);
    share::end(&app, &asked.caller, &image, member).await?.only()?;
    Ok(StatusCode::NO_CONTENT)
}

/// The member of the path. What cannot be an id is no member.
fn named(names: &Names) -> Result<&str, Error> {
    let member = names.second();
    if member.is_empty() || member.chars().any(char::is_control) {
        return Err(no_member(&member.escape_debug().to_string()));
    }
    Ok(member)
}

fn no_member(member: &str) -> Error {
    Error::new(Code::NotShared).with("recipient", lendglass_core::text::shortened(member, 80))
}

/// `{"member": ID}`; other fields are ignored, as in Glance.
pub fn parse_member(body: &Value) -> Result<String, Error> {
    let field = in_object(body, "member")?;
    match field.as_str() {
        Some("") => Err(invalid("member", "", "it cannot be empty")),
        Some(text) => Ok(text.to_owned()),
        None => Err(invalid("member", &field.to_string(), "it must be a string")),
    }
}

/// `{"status": …}`; other fields are ignored, as in Glance.
pub fn parse_status(body: &Value) -> Result<ShareEvent, Error> {
    let field = in_object(body, "status")?;
    let state = field.as_str().and_then(ShareState::parse);
    match state {
        Some(ShareState::Accepted) => Ok(ShareEvent::Accept),
        Some(ShareState::Rejected) => Ok(ShareEvent::Reject),
        Some(ShareState::Pending) => Ok(ShareEvent::Reopen),
        None => {
            let reason = "it must be pending, accepted or rejected";
            Err(invalid("status", &field.to_string(), reason))
        }
    }
}

fn in_object<'a>(body: &'a Value, field: &'static str) -> Result<&'a Value, Error> {
    let object = body.as_object().ok_or_else(|| malformed("the body is a JSON object"))?;
    object.get(field).ok_or_else(|| Error::new(Code::MissingField).with("field", field))
}
