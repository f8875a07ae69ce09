//! Records: made, shown, changed, deleted, tagged, withheld.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use lendglass_core::{Code, Error, ImageId};
use serde_json::Value;

use crate::app::App;
use crate::service::attribute;
use crate::service::image::{self, Edit, NewImage};
use crate::wire::common::{json_answer, json_body, malformed};
use crate::wire::openstack::error::{Failure, render_as};
use crate::wire::openstack::field::{is_writable, parse_field, parse_property};
use crate::wire::openstack::patch::{form, parse_patch, refuse_form};
use crate::wire::openstack::render::{IMAGE_BYTES, image_path, render_for};
use crate::wire::openstack::request::{Asked, Names};

/// `POST /v2/images`
pub async fn create(State(app): State<App>, asked: Asked, body: Body) -> Result<Response, Failure> {
    let mut new = parse_new(&json_body(body).await?)?;
    if asked.is_signed() {
        new.properties = kept(new.properties);
    }
    let made = image::create(&app, &asked.caller, new).await?;
    let location = format!("{}{}", asked.context.base_url, image_path(&made.id));
    let mut response =
        (StatusCode::CREATED, Json(render_for(asked.is_signed(), &made))).into_response();
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// Attributes of Huawei's that clients set, under the names that keep them.
fn kept(properties: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let one = |(name, value): (String, String)| match attribute::stored(&name, &value) {
        Some((property, value)) => (property.to_owned(), value),
        None => (name, value),
    };
    properties.into_iter().map(one).collect()
}

/// `GET /v2/images/{id}`
pub async fn show(State(app): State<App>, asked: Asked, names: Names) -> Result<Response, Failure> {
    let seen = image::show(&app, &asked.caller, &names.image()?).await?;
    Ok(json_answer(&render_for(asked.is_signed(), &seen.image), IMAGE_BYTES)?)
}

/// `PATCH /v2/images/{id}`
pub async fn update(
    State(app): State<App>,
    asked: Asked,
    names: Names,
    body: Body,
) -> Result<Response, Failure> {
    let Some(form) = form(&asked.headers) else { return Ok(refuse_form(&asked.headers)) };
    let mut edits = parse_patch(form, &json_body(body).await?)?;
    if asked.is_signed() {
        edits = edits.into_iter().map(attribute::stored_edit).collect();
    }
    let seen = image::update(&app, &asked.caller, &names.image()?, edits).await?;
    Ok(Json(render_for(asked.is_signed(), &seen.image)).into_response())
}

/// `DELETE /v2/images/{id}`
pub async fn delete(
    State(app): State<App>,
    asked: Asked,
    names: Names,
) -> Result<StatusCode, Failure> {
    image::delete(&app, &asked.caller, &names.image()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `PUT /v2/images/{id}/tags/{tag}`
pub async fn add_tag(
    State(app): State<App>,
    asked: Asked,
    names: Names,
) -> Result<StatusCode, Failure> {
    change_tag(&app, &asked, &names, Edit::AddTag).await
}

/// `DELETE /v2/images/{id}/tags/{tag}`
pub async fn remove_tag(
    State(app): State<App>,
    asked: Asked,
    names: Names,
) -> Result<StatusCode, Failure> {
    change_tag(&app, &asked, &names, Edit::RemoveTag).await
}

async fn change_tag(
    app: &App,
    asked: &Asked,
    names: &Names,
    edit: fn(String) -> Edit,
) -> Result<StatusCode, Failure> {
    let edits = vec![edit(names.second().to_owned())];
    image::update(app, &asked.caller, &names.image()?, edits).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /v2/images/{id}/actions/deactivate`
pub async fn deactivate(
    State(app): State<App>,
    asked: Asked,
    names: Names,
) -> Result<Response, Failure> {
    acted(image::deactivate(&app, &asked.caller, &names.image()?).await)
}

/// `POST /v2/images/{id}/actions/reactivate`
pub async fn reactivate(
    State(app): State<App>,
    asked: Asked,
    names: Names,
) -> Result<Response, Failure> {
    acted(image::reactivate(&app, &asked.caller, &names.image()?).await)
}

/// Glance answers an action that does not fit the status with 400, not 409.
fn acted(result: Result<(), Error>) -> Result<Response, Failure> {
    match result {
        Ok(()) => Ok(StatusCode::NO_CONTENT.into_response()),
        Err(error) if error.code() == Code::ImageNotActive => {
            Ok(render_as(&error, StatusCode::BAD_REQUEST))
        }
        Err(error) => Err(error.into()),
    }
}

/// What a POST asks for.
pub fn parse_new(body: &Value) -> Result<NewImage, Error> {
    let fields = body.as_object().ok_or_else(|| malformed("an image is a JSON object"))?;
    let mut new = NewImage::default();
    let mut properties = BTreeMap::new();
    for (name, value) in fields {
        if name == "id" {
            new.id = Some(parse_id(value)?);
            continue;
        }
        if name == "owner" && value.is_null() {
            continue;
        }
        is_writable(name)?;
        match parse_field(name, value)? {
            Some(edit) => set(&mut new, edit),
            None => {
                let value = parse_property(name, value)?;
                properties.extend(value.map(|value| (name.clone(), value)));
            }
        }
    }
    new.properties = properties;
    Ok(new)
}

fn parse_id(value: &Value) -> Result<ImageId, Error> {
    match value.as_str() {
        Some(text) => ImageId::parse_uuid(text),
        None => Err(Error::new(Code::MalformedId).with("id", value)),
    }
}

fn set(new: &mut NewImage, edit: Edit) {
    match edit {
        Edit::Name(name) => new.name = name,
        Edit::Visibility(visibility) => new.visibility = Some(visibility),
        Edit::Hidden(is_hidden) => new.is_hidden = is_hidden,
        Edit::Protected(is_protected) => new.is_protected = is_protected,
        Edit::DiskFormat(format) => new.disk_format = format,
        Edit::ContainerFormat(format) => new.container_format = format,
        Edit::MinDisk(gib) => new.min_disk_gib = gib,
        Edit::MinRam(mib) => new.min_ram_mib = mib,
        Edit::Kind(kind) => new.kind = Some(kind),
        Edit::Tags(tags) => new.tags = tags,
        Edit::AddTag(tag) => new.tags.push(tag),
        Edit::Owner(owner) => new.owner = Some(owner),
        Edit::AddProperty(name, value)
        | Edit::SetProperty(name, value)
        | Edit::ReplaceProperty(name, value) => {
            new.properties.insert(name, value);
        }
        Edit::RemoveTag(_)
        | Edit::PutPair(..)
        | Edit::DropPair(..)
        | Edit::RemovePair(_)
        | Edit::RemoveProperty(_)
        | Edit::Rank(_) => {}
    }
}
