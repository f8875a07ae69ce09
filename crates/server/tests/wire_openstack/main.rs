//! Glance's calls through the router, on both databases. alice owns project A, bob B, carol is a
//! stranger; rita and rob may only read.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "../support/mod.rs"]
mod support;

mod bytes;
mod discovery;
mod images;
mod list;
mod members;
mod members_elsewhere;
mod patch;

use serde_json::{Value, json};
use support::TestServer;

/// Bytes that nothing recognises as a disk format.
fn noise(count: usize) -> Vec<u8> {
    (0..count).map(|at| (at * 31 % 251) as u8).collect()
}

/// Makes a raw image with these further fields; its id.
async fn make(server: &TestServer, person: &str, fields: Value) -> String {
    let mut body = json!({"disk_format": "raw", "container_format": "bare"});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let made = server.request(person, "POST", "/v2/images", body).await.expect(201).json();
    made["id"].as_str().unwrap().to_owned()
}

/// Makes an image and gives it bytes; its id.
async fn make_active(server: &TestServer, person: &str, fields: Value) -> String {
    let id = make(server, person, fields).await;
    let path = format!("/v2/images/{id}/file");
    server.request(person, "PUT", &path, noise(5000)).await.expect(204);
    id
}

async fn show(server: &TestServer, person: &str, id: &str) -> Value {
    server.request(person, "GET", &format!("/v2/images/{id}"), ()).await.expect(200).json()
}

/// The names of a list, in order.
async fn names(server: &TestServer, person: &str, query: &str) -> Vec<String> {
    let page = server.request(person, "GET", &format!("/v2/images{query}"), ()).await.expect(200);
    let images = page.json()["images"].as_array().unwrap().clone();
    images.iter().map(|image| image["name"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Sends a patch in today's form.
async fn patch(server: &TestServer, person: &str, id: &str, operations: Value) -> support::Answer {
    let media_type = ("content-type", "application/openstack-images-v2.1-json-patch");
    let path = format!("/v2/images/{id}");
    server.request_with(person, "PATCH", &path, &[media_type], operations).await
}

/// The operation that sets a name to a value.
fn replace(name: &str, value: impl Into<Value>) -> Value {
    json!({"op": "replace", "path": format!("/{name}"), "value": value.into()})
}
