//! Records changed and copied.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use lendglass_core::limits::PATCH_OPERATIONS;
use lendglass_core::text::shortened;
use lendglass_core::{BackupId, Code, Error, JobId, ProjectId, RegionId};
use serde_json::{Value, json};

use super::error::Failure;
use super::render::render_image;
use super::request::{Asked, Fields, parse_number};
use super::{absent, tag};
use crate::app::App;
use crate::service::attribute;
use crate::service::backup::ServerImage;
use crate::service::copy::{self, CopyWish};
use crate::service::image::{self, Edit};
use crate::service::replicate::{self, Extras};
use crate::service::{backup, tenant};
use crate::wire::common::{invalid, json_body, malformed};

/// `PATCH /v2/cloudimages/{image}`
pub async fn update(
    State(app): State<App>,
    asked: Asked,
    body: Body,
) -> Result<Json<Value>, Failure> {
    let edits = parse_patch(&json_body(body).await?)?;
    let seen = image::update(&app, &asked.caller, &asked.image()?, edits).await?;
    Ok(Json(render_image(&seen.image)))
}

/// `DELETE /v1.1/images/{image}`, which old clients still send.
pub async fn delete(State(app): State<App>, asked: Asked) -> Result<StatusCode, Failure> {
    image::delete(&app, &asked.caller, &asked.image()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /v1/cloudimages/wholeimages/action`: a full-server image of a backup in a vault. There are
/// no servers that one could be made of.
pub async fn make_whole(
    State(app): State<App>,
    asked: Asked,
    body: Body,
) -> Result<Json<Value>, Failure> {
    let fields = Fields::of(json_body(body).await?)?;
    let Some(backup) = fields.text("backup_id")? else {
        return Err(absent::refuse(&fields).into());
    };
    let kind = fields.text("whole_image_type")?;
    if let Some(other) = kind.filter(|kind| kind != "CBR") {
        let reason = "backups are CBR's here";
        return Err(invalid("whole_image_type", &other, reason).into());
    }
    let new = ServerImage {
        name: Some(fields.required("name")?),
        description: fields.text("description")?,
        tags: tag::labels(&fields)?,
    };
    let unknown = || Error::new(Code::BackupNotFound).with("id", shortened(&backup, 80));
    let backup = BackupId::parse(&backup).map_err(|_| unknown())?;
    let (_, job) = backup::make_image(&app, &asked.caller, &backup, new).await?;
    Ok(render_job(&job))
}

/// `POST /v1/cloudimages/{image}/copy`: a private copy in the same region.
pub async fn copy_here(
    State(app): State<App>,
    asked: Asked,
    body: Body,
) -> Result<Json<Value>, Failure> {
    let fields = Fields::of(json_body(body).await?)?;
    let name = fields.required("name")?;
    let source = asked.image()?;
    if fields.text("cmk_id")?.is_some() {
        image::seen(&app, &asked.caller, &source).await?;
        return Err(Error::new(Code::NotAvailableHere)
            .with("operation", "encrypted copies")
            .into());
    }
    let extras = extras(&fields)?;
    let (_, job) =
        replicate::replicate_with(&app, &asked.caller, &source, Some(name), extras).await?;
    Ok(render_job(&job))
}

/// `POST /v1/cloudimages/{image}/cross_region_copy`: a private copy in another region. The agency,
/// which the vendor needs to act there, is not asked for: the caller's own roles count.
pub async fn copy_there(
    State(app): State<App>,
    asked: Asked,
    body: Body,
) -> Result<Json<Value>, Failure> {
    let fields = Fields::of(json_body(body).await?)?;
    let name = fields.required("name")?;
    let region = RegionId::parse(&fields.required("region")?)?;
    let project = match fields.text("project_name")? {
        Some(name) => Some(own_project(&app, &asked, &name, &region).await?),
        None => None,
    };
    let wish = CopyWish { source: asked.image()?, region, project, name: Some(name) };
    let (_, job) = copy::copy_with(&app, &asked.caller, wish, extras(&fields)?).await?;
    Ok(render_job(&job))
}

fn extras(fields: &Fields) -> Result<Extras, Error> {
    Ok(Extras { description: fields.text("description")?, tags: Vec::new() })
}

/// The caller's project of a name in a region.
async fn own_project(
    app: &App,
    asked: &Asked,
    name: &str,
    region: &RegionId,
) -> Result<ProjectId, Error> {
    let me = tenant::me(app, &asked.caller).await?;
    let is_meant = |project: &lendglass_core::tenant::Project| {
        let is_there = project.region.as_ref().is_none_or(|home| home == region);
        project.name == name && is_there
    };
    let found = me.projects.into_iter().map(|own| own.project).find(is_meant);
    let unknown = || Error::new(Code::ProjectNotFound).with("id", shortened(name, 80));
    found.map(|project| project.id).ok_or_else(unknown)
}

fn render_job(job: &JobId) -> Json<Value> {
    Json(json!({"job_id": job.as_str()}))
}

/// `[{"op", "path": "/NAME", "value"}]`, in order.
pub fn parse_patch(body: &Value) -> Result<Vec<Edit>, Error> {
    let operations = body.as_array().ok_or_else(|| malformed("a patch is a JSON array"))?;
    if operations.len() > PATCH_OPERATIONS {
        return Err(malformed(&format!("a patch has at most {PATCH_OPERATIONS} operations")));
    }
    let edits = operations.iter().map(parse_operation);
    edits.filter_map(Result::transpose).collect()
}

fn parse_operation(operation: &Value) -> Result<Option<Edit>, Error> {
    let text = |name: &str| operation.get(name).and_then(Value::as_str);
    let op = text("op").ok_or_else(|| malformed("an operation needs an “op”"))?;
    let path = text("path").ok_or_else(|| malformed("an operation needs a “path”"))?;
    let name = path.strip_prefix('/').filter(|name| !name.is_empty() && !name.contains('/'));
    let name = name.ok_or_else(|| malformed("“path” is a slash and the name of an attribute"))?;
    match op {
        "remove" => removal(name).map(Some),
        "add" | "replace" => {
            let value = operation.get("value");
            let value = value.ok_or_else(|| malformed("what is set needs a “value”"))?;
            setting(name, value, op == "replace")
        }
        _ => Err(malformed("“op” is add, replace or remove")),
    }
}

/// `None` where nothing is to be done: all images are in the default enterprise project.
fn setting(name: &str, value: &Value, must_be: bool) -> Result<Option<Edit>, Error> {
    let text = || text_of(name, value);
    Ok(Some(match name {
        "name" => Edit::Name(Some(text()?)),
        "min_ram" => Edit::MinRam(parse_number(name, value)?),
        "min_disk" => Edit::MinDisk(parse_number(name, value)?),
        "enterprise_project_id" => {
            return match text()?.as_str() {
                "" | "0" => Ok(None),
                other => Err(invalid(name, other, "there is only the default one, 0")),
            };
        }
        _ => {
            let (property, value) = kept(name, &text()?)?;
            let edit = if must_be { Edit::ReplaceProperty } else { Edit::SetProperty };
            edit(property, value)
        }
    }))
}

fn removal(name: &str) -> Result<Edit, Error> {
    match name {
        "name" | "min_ram" | "min_disk" => {
            Err(Error::new(Code::PropertyReadonly).with("property", name))
        }
        _ => Ok(Edit::RemoveProperty(kept(name, "")?.0)),
    }
}

/// The property that keeps an attribute. Names with capitals are no custom attributes in the cloud.
fn kept(name: &str, value: &str) -> Result<(String, String), Error> {
    if let Some((property, value)) = attribute::stored(name, value) {
        return Ok((property.to_owned(), value));
    }
    if name.chars().any(char::is_uppercase) {
        return Err(invalid("path", name, "an attribute has no capital letters"));
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// Attributes are text; clients write numbers and flags as such, too.
fn text_of(name: &str, value: &Value) -> Result<String, Error> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            Err(invalid(name, &value.to_string(), "it must be a string"))
        }
    }
}
