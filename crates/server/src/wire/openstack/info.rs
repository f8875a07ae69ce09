//! The calls of Glance's that this installation does not offer, answered as a Glance does that is
//! configured without them. Nothing pretends to have worked.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use lendglass_core::{Code, Error};
use serde_json::{Value, json};

use crate::app::App;
use crate::service::image;
use crate::wire::openstack::error::Failure;
use crate::wire::openstack::request::{Asked, Names};

/// `GET /v2/info/import`: no import methods.
pub async fn import_methods(_: Asked) -> Json<Value> {
    let methods = json!({
        "description": "Import methods available.",
        "type": "array",
        "value": [],
    });
    Json(json!({"import-methods": methods}))
}

/// `GET /v2/info/usage`: no unified limits.
pub async fn usage(_: Asked) -> Json<Value> {
    Json(json!({"usage": {}}))
}

/// `GET /v2/metadefs/namespaces`: there are none.
pub async fn namespaces(_: Asked) -> Json<Value> {
    Json(json!({
        "namespaces": [],
        "first": "/v2/metadefs/namespaces",
        "schema": "/v2/schemas/metadefs/namespaces",
    }))
}

/// `GET /v2/metadefs/resource_types`: there are none.
pub async fn resource_types(_: Asked) -> Json<Value> {
    Json(json!({"resource_types": []}))
}

/// `GET /v2/images/{id}/tasks`: no import ever ran.
pub async fn image_tasks(
    State(app): State<App>,
    asked: Asked,
    names: Names,
) -> Result<Response, Failure> {
    image::show(&app, &asked.caller, &names.image()?).await?;
    Ok(Json(json!({"tasks": []})).into_response())
}

/// `POST /v2/images/{id}/import`
pub async fn import(state: State<App>, asked: Asked, names: Names) -> Failure {
    of_image(state, asked, names, "importing images").await
}

/// `PUT /v2/images/{id}/stage`
pub async fn stage(state: State<App>, asked: Asked, names: Names) -> Failure {
    of_image(state, asked, names, "staging image data").await
}

/// `GET` and `POST /v2/images/{id}/locations`
pub async fn locations(state: State<App>, asked: Asked, names: Names) -> Failure {
    of_image(state, asked, names, "image locations").await
}

/// `/v2/tasks`
pub async fn tasks(_: Asked) -> Failure {
    not_offered("tasks").into()
}

/// Writes below `/v2/metadefs`.
pub async fn metadefs(_: Asked) -> Failure {
    not_offered("metadata definitions").into()
}

/// What the caller may not see is not found before anything is refused (I7).
async fn of_image(
    State(app): State<App>,
    asked: Asked,
    names: Names,
    operation: &'static str,
) -> Failure {
    let shown = match names.image() {
        Ok(id) => image::seen(&app, &asked.caller, &id).await,
        Err(error) => Err(error),
    };
    shown.err().unwrap_or_else(|| not_offered(operation)).into()
}

fn not_offered(operation: &'static str) -> Error {
    Error::new(Code::NotAvailableHere).with("operation", operation)
}
