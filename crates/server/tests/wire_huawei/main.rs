//! Huawei's calls through the router, on both databases. alice owns project A, bob B, carol is a
//! stranger; rita and rob may only read.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod images;
mod refusals;
mod sharing;
mod signed;
mod tags;
mod vaults;

use serde_json::{Value, json};
use support::{Answer, TestServer};

const MEMBERS: &str = "/v1/cloudimages/members";
const UNKNOWN: &str = "00000000-0000-4000-8000-000000000000";

/// Makes a raw image of a person's with bytes in it; its id.
async fn make(server: &TestServer, person: &str, fields: Value) -> String {
    let mut body = json!({"name": "sys1", "disk_format": "raw", "container_format": "bare"});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let made = server.request(person, "POST", "/v2/images", body).await.expect(201).json();
    let id = made["id"].as_str().unwrap().to_owned();
    let path = format!("/v2/images/{id}/file");
    server.request(person, "PUT", &path, b"a small disk".to_vec()).await.expect(204);
    id
}

/// The images that a query finds.
async fn found(server: &TestServer, person: &str, query: &str) -> Vec<Value> {
    let path = format!("/v2/cloudimages?{query}");
    let page = server.request(person, "GET", &path, ()).await.expect(200).json();
    page["images"].as_array().unwrap().clone()
}

/// Their ids, in order.
async fn ids(server: &TestServer, person: &str, query: &str) -> Vec<String> {
    let images = found(server, person, query).await;
    images.iter().map(|image| image["id"].as_str().unwrap().to_owned()).collect()
}

/// What was offered to somebody, as the console asks for it.
async fn offered(server: &TestServer, person: &str, state: &str) -> Vec<String> {
    let query = format!("__imagetype=shared&visibility=shared&member_status={state}");
    ids(server, person, &query).await
}

/// The job that a call answered, as the library asks for it without a project.
async fn job(server: &TestServer, person: &str, answer: Answer) -> Value {
    let id = answer.expect(200).json()["job_id"].as_str().unwrap().to_owned();
    let path = format!("/v1/%7Bproject_id%7D/jobs/{id}");
    server.request(person, "GET", &path, ()).await.expect(200).json()
}

async fn share(server: &TestServer, person: &str, images: &[&str], projects: &[&str]) -> Answer {
    let body = json!({"images": images, "projects": projects});
    server.request(person, "POST", MEMBERS, body).await
}

async fn answer(server: &TestServer, person: &str, image: &str, to: &str, status: &str) -> Answer {
    let body = json!({"images": [image], "project_id": to, "status": status});
    server.request(person, "PUT", MEMBERS, body).await
}

/// Asserts a refusal of the image service: HTTP 400 and its code.
#[track_caller]
fn check_img(answer: Answer, code: &str) {
    let answer = answer.expect(400);
    let error = &answer.json()["error"];
    assert_eq!(error["code"], code, "{error}");
    assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()));
}
