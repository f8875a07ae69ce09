//! What Huawei's service does with servers, volumes and object storage, which are not part of this
//! one: the requests are read and refused in the vendor's form.

use axum::body::Body;
use axum::extract::State;
use lendglass_core::{Code, Error};

use super::error::Failure;
use super::request::{Asked, Fields};
use crate::app::App;
use crate::service::image;
use crate::wire::common::json_body;

/// `POST …/action` in all its forms: making an image of a server, a volume, a backup or a file.
pub async fn make(_: Asked, body: Body) -> Failure {
    match json_body(body).await.and_then(Fields::of) {
        Ok(fields) => refuse(&fields).into(),
        Err(error) => error.into(),
    }
}

/// The source decides what is not available; what lacks is said first, as in the cloud.
pub(super) fn refuse(fields: &Fields) -> Error {
    let has = |name: &str| fields.get(name).is_some();
    let is_of_volumes = has("data_images") && !has("instance_id") && !has("image_url");
    if !is_of_volumes && !has("name") {
        return Error::new(Code::MissingField).with("field", "name");
    }
    let operation = [
        ("instance_id", "making images of servers"),
        ("backup_id", "making other images of backups than whole ones"),
        ("image_url", "reading from object storage"),
        ("volume_id", "making images of volumes"),
        ("data_images", "making images of volumes"),
    ];
    match operation.iter().find(|(field, _)| has(field)) {
        Some((_, operation)) => Error::new(Code::NotAvailableHere).with("operation", operation),
        None => Error::new(Code::MissingField).with("field", "instance_id"),
    }
}

/// `PUT /v1/cloudimages/{image}/upload`: bytes come by Glance's `PUT /v2/images/{image}/file`.
pub async fn upload(state: State<App>, asked: Asked) -> Failure {
    of_image(state, asked, "reading from object storage").await
}

/// `POST /v1/cloudimages/{image}/file`: bytes go by Glance's `GET /v2/images/{image}/file`.
pub async fn export(state: State<App>, asked: Asked) -> Failure {
    of_image(state, asked, "writing to object storage").await
}

/// What the caller may not see is not found before anything is refused (I7).
async fn of_image(State(app): State<App>, asked: Asked, operation: &'static str) -> Failure {
    let seen = match asked.image() {
        Ok(id) => image::seen(&app, &asked.caller, &id).await,
        Err(error) => Err(error),
    };
    let refused = || Error::new(Code::NotAvailableHere).with("operation", operation);
    seen.err().unwrap_or_else(refused).into()
}
