//! CTyun's calls through the router, on both databases. alice owns project A of account x, bob B of y,
//! carol is a stranger; rita may only read.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod images;
mod lists;
mod refusals;
mod sharing;
mod signatures;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac};
use serde_json::{Value, json};
use support::{Answer, TestServer};

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

/// The calls that are a `GET`.
const READS: [&str; 6] = [
    "list",
    "detail",
    "show-shared-list",
    "list-supported-dest-crr-regions",
    "validate-file-source",
    "list-import-tasks",
];

/// A call in region r1: its method, its path with its query, its body.
fn call(name: &str, fields: Value) -> (&'static str, String, Vec<u8>) {
    let mut all = json!({"regionID": "r1"});
    all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let path = format!("/v4/image/{name}");
    if !READS.contains(&name) {
        return ("POST", path, all.to_string().into_bytes());
    }
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in all.as_object().unwrap().iter().filter(|(_, value)| !value.is_null()) {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        query.append_pair(name, &text);
    }
    ("GET", format!("{path}?{}", query.finish()), Vec::new())
}

/// What a person's call with a token is answered.
async fn ask(server: &TestServer, person: &str, name: &str, fields: Value) -> Value {
    let (method, path, body) = call(name, fields);
    let headers = [("content-type", "application/json")];
    let answer = server.request_with(person, method, &path, &headers, body).await.expect(200);
    assert!(answer.header("x-trace-id").starts_with("req-"));
    answer.json()
}

/// What a call that is done returns.
async fn done(server: &TestServer, person: &str, name: &str, fields: Value) -> Value {
    let answer = ask(server, person, name, fields).await;
    assert_eq!(
        (&answer["statusCode"], &answer["errorCode"]),
        (&json!(800), &json!("")),
        "{answer}"
    );
    assert!(answer["returnObj"].is_object(), "{answer}");
    answer["returnObj"].clone()
}

/// Asserts that a call is refused with a code of the image service.
async fn check_refused(server: &TestServer, person: &str, name: &str, fields: Value, code: &str) {
    let answer = ask(server, person, name, fields.clone()).await;
    check_code(&answer, code, &format!("{person} {name} {fields}"));
}

#[track_caller]
fn check_code(answer: &Value, code: &str, what: &str) {
    assert_eq!(
        (&answer["statusCode"], &answer["errorCode"]),
        (&json!(900), &json!(code)),
        "{what}: {answer}"
    );
    assert_eq!(answer["error"], answer["errorCode"]);
    assert!(!answer["message"].as_str().unwrap().is_empty());
    assert!(!answer["description"].as_str().unwrap().is_ascii());
}

/// The images that a list finds.
async fn found(server: &TestServer, person: &str, fields: Value) -> Vec<Value> {
    let page = done(server, person, "list", fields).await;
    page["images"].as_array().unwrap().clone()
}

/// Their ids, in order.
async fn ids(server: &TestServer, person: &str, fields: Value) -> Vec<String> {
    let images = found(server, person, fields).await;
    images.iter().map(|image| image["imageID"].as_str().unwrap().to_owned()).collect()
}

// --- signatures ----------------------------------------------------------------------------------

/// An access key with its secret.
struct Pair {
    id: String,
    secret: String,
}

async fn key_of(server: &TestServer, person: &str) -> Pair {
    let made = server.request(person, "POST", "/api/v1/access-keys", json!({})).await.expect(201);
    let made = made.json();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    Pair { id: text("id"), secret: text("secret") }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The stamp `20260101T000000Z` of the server's clock, so many seconds off.
fn stamp(server: &TestServer, seconds: i64) -> String {
    let at = server.app.clock.now().seconds() + seconds;
    let at = time::OffsetDateTime::from_unix_timestamp(at).unwrap();
    let format = time::macros::format_description!("[year][month][day]T[hour][minute][second]Z");
    at.format(&format).unwrap()
}

/// The headers of a request signed as CTyun's SDK does.
fn sign(
    pair: &Pair,
    date: &str,
    id: &str,
    query: &str,
    body: &[u8],
) -> Vec<(&'static str, String)> {
    let key = mac(pair.secret.as_bytes(), date);
    let key = mac(&mac(&key, &pair.id), &date[..8]);
    let digest = hex(digest::digest(&digest::SHA256, body).as_ref());
    let text = format!("ctyun-eop-request-id:{id}\neop-date:{date}\n\n{query}\n{digest}");
    let signature = STANDARD.encode(mac(&key, &text));
    vec![
        (
            "eop-authorization",
            format!("{} Headers=ctyun-eop-request-id;eop-date Signature={signature}", pair.id),
        ),
        ("eop-date", date.to_owned()),
        ("ctyun-eop-request-id", id.to_owned()),
        ("content-type", "application/json;charset=UTF-8".to_owned()),
    ]
}

async fn send(
    server: &TestServer,
    (method, path): (&str, &str),
    headers: &[(&'static str, String)],
    body: Vec<u8>,
) -> Answer {
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    server.request_with("nobody", method, path, &headers, body).await
}

/// What a call that is signed now is answered.
async fn signed(server: &TestServer, pair: &Pair, name: &str, fields: Value) -> Answer {
    let (method, path, body) = call(name, fields);
    let query = path.split_once('?').map_or("", |(_, query)| query);
    let headers = sign(pair, &stamp(server, 0), &server.app.ids.uuid(), query, &body);
    send(server, (method, &path), &headers, body).await
}
