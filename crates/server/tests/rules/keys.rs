//! Access keys: who makes them, who sees them, what ends them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lendglass_core::limits::ACCESS_KEYS_OF_USER;
use ring::{digest, hmac};
use serde_json::json;

use crate::support::{self, A, Answer, TestServer, on_both_engines};

on_both_engines!(
    "lendglass":
    keys_a_user_makes_and_removes_his_own_keys,
    keys_are_made_with_a_password_only,
    a_signed_request_is_its_users,
    what_ends_a_key_ends_what_it_signs,
    a_signature_holds_for_minutes_and_a_change_once,
    a_signature_read_elsewhere_changes_nothing,
    a_key_acts_in_the_region_that_is_named,
    stamps_of_ctyun_are_bound_to_their_first_reading,
);

/// What the native API says of a refusal.
trait Declined {
    fn declined(self, status: u16, code: &str) -> Answer;
}

impl Declined for Answer {
    #[track_caller]
    fn declined(self, status: u16, code: &str) -> Answer {
        let answer = self.expect(status);
        assert_eq!(answer.json()["code"], code);
        answer
    }
}

async fn keys_a_user_makes_and_removes_his_own_keys(server: TestServer) {
    let made = server.request("rita", "POST", "/api/v1/access-keys", json!({})).await.expect(201);
    assert_eq!(made.header("cache-control"), "no-store");
    let made = made.json();
    let id = made["id"].as_str().unwrap().to_owned();
    assert_eq!((id.len(), made["secret"].as_str().unwrap().len()), (32, 32));
    let listed = server.request("rita", "GET", "/api/v1/access-keys", ()).await.expect(200);
    let text = String::from_utf8(listed.bytes.to_vec()).unwrap();
    assert!(text.contains(&id) && !text.contains(made["secret"].as_str().unwrap()), "{text}");
    let path = format!("/api/v1/access-keys/{id}");
    for other in ["alice", "bob"] {
        let listed = server.request(other, "GET", "/api/v1/access-keys", ()).await.expect(200);
        assert_eq!(listed.json()["access_keys"], json!([]), "{other}");
        let refused = server.request(other, "DELETE", &path, ()).await;
        refused.declined(404, "CREDENTIAL_NOT_FOUND");
    }
    let off = server.request("rita", "PATCH", &path, json!({"enabled": false})).await.expect(200);
    assert_eq!(off.json()["enabled"], false);
    server.request("rita", "DELETE", &path, ()).await.expect(204);
    server.request("rita", "DELETE", &path, ()).await.declined(404, "CREDENTIAL_NOT_FOUND");
    let trail = server.request("alice", "GET", "/api/v1/audit", ()).await.expect(200).json();
    let trail = trail.to_string();
    for detail in ["access_key.create", "access_key.disable", "access_key.delete"] {
        assert!(trail.contains(detail), "{detail}: {trail}");
    }
    for _ in 0..ACCESS_KEYS_OF_USER {
        server.request("alice", "POST", "/api/v1/access-keys", json!({})).await.expect(201);
    }
    let refused = server.request("alice", "POST", "/api/v1/access-keys", json!({})).await;
    refused.declined(409, "ACCESS_KEY_QUOTA");
    server.request("alice@A2", "POST", "/api/v1/access-keys", json!({})).await.expect(201);
}

async fn keys_are_made_with_a_password_only(server: TestServer) {
    let wish =
        json!({"application_credential": {"name": "robot", "secret": "s", "unrestricted": true}});
    let path = "/v3/users/bob/application_credentials";
    let made = server.request("bob", "POST", path, wish).await.expect(201).json();
    let auth = json!({"auth": {"identity": {"methods": ["application_credential"],
        "application_credential": {"id": made["application_credential"]["id"], "secret": "s"}}}});
    let signed = server.request("nobody", "POST", "/v3/auth/tokens", auth).await.expect(201);
    let token = signed.header("x-subject-token").to_owned();
    let headers = [("x-auth-token", token.as_str())];
    let path = "/api/v1/access-keys";
    let refused = server.request_with("nobody", "POST", path, &headers, json!({})).await;
    refused.declined(403, "NOT_AVAILABLE_HERE");
    server.request_with("nobody", "GET", path, &headers, ()).await.expect(200);
}

// --- signed requests -----------------------------------------------------------------------------

/// A key with its secret.
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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sha(text: &str) -> String {
    hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

/// The stamp `20260101T000000Z` of the server's clock, so many seconds off.
fn stamp(server: &TestServer, seconds: i64) -> String {
    let at = server.app.clock.now().seconds() + seconds;
    let at = time::OffsetDateTime::from_unix_timestamp(at).unwrap();
    let format = time::macros::format_description!("[year][month][day]T[hour][minute][second]Z");
    at.format(&format).unwrap()
}

/// A request signed as Huawei's SDKs do, at a time so many seconds off.
async fn huawei(
    server: &TestServer,
    pair: &Pair,
    (method, path): (&str, &str),
    seconds: i64,
    body: &str,
) -> Answer {
    let date = stamp(server, seconds);
    let (plain, query) = path.split_once('?').unwrap_or((path, ""));
    let canonical = format!(
        "{method}\n{plain}/\n{query}\nhost:cloud.test\nx-sdk-date:{date}\n\nhost;x-sdk-date\n{}",
        sha(body)
    );
    let text = format!("SDK-HMAC-SHA256\n{date}\n{}", sha(&canonical));
    let signature = hex(&mac(pair.secret.as_bytes(), &text));
    let authorization = format!(
        "SDK-HMAC-SHA256 Access={}, SignedHeaders=host;x-sdk-date, Signature={signature}",
        pair.id
    );
    let mut headers = vec![("authorization", authorization.as_str()), ("x-sdk-date", &date)];
    if !body.is_empty() {
        headers.push(("content-type", "application/json"));
    }
    server.request_with("nobody", method, path, &headers, body.as_bytes().to_vec()).await
}

/// A request signed as CTyun's SDKs do.
async fn ctyun(
    server: &TestServer,
    pair: &Pair,
    (method, path): (&str, &str),
    (date, id): (&str, &str),
    body: &str,
) -> Answer {
    let key = mac(pair.secret.as_bytes(), date);
    let key = mac(&mac(&key, &pair.id), &date[..8]);
    let text = format!("ctyun-eop-request-id:{id}\neop-date:{date}\n\n\n{}", sha(body));
    let signature = STANDARD.encode(mac(&key, &text));
    let authorization =
        format!("{} Headers=ctyun-eop-request-id;eop-date Signature={signature}", pair.id);
    let headers = [
        ("eop-authorization", authorization.as_str()),
        ("eop-date", date),
        ("ctyun-eop-request-id", id),
        ("content-type", "application/json"),
    ];
    server.request_with("nobody", method, path, &headers, body.as_bytes().to_vec()).await
}

const ME: (&str, &str) = ("GET", "/api/v1/me");

async fn a_signed_request_is_its_users(server: TestServer) {
    let pair = key_of(&server, "alice").await;
    let me = huawei(&server, &pair, ME, 0, "").await.expect(200).json();
    assert_eq!((me["user"]["id"].as_str(), me["project"]["id"].as_str()), (Some("alice"), Some(A)));
    huawei(&server, &pair, ("GET", "/v2/images?limit=2&name=a%20b"), 0, "").await.expect(200);
    let made = huawei(&server, &pair, ("POST", "/v2/images"), 0, r#"{"name":"sys1"}"#).await;
    assert_eq!(made.expect(201).json()["owner"], A);
    let keys = huawei(&server, &pair, ("POST", "/api/v1/access-keys"), 0, "{}").await;
    keys.declined(403, "NOT_AVAILABLE_HERE");
    let wrong = Pair { id: pair.id.clone(), secret: "guess".into() };
    let unknown = Pair { id: "AKUNKNOWN".into(), secret: pair.secret.clone() };
    let wrong = huawei(&server, &wrong, ME, 0, "").await.declined(401, "SIGNATURE_INVALID");
    let unknown = huawei(&server, &unknown, ME, 0, "").await.declined(401, "SIGNATURE_INVALID");
    assert_eq!(wrong.json()["message"], unknown.json()["message"]);
    let headers = [("authorization", "SDK-HMAC-SHA256 Access=a")];
    let broken = server.request_with("nobody", "GET", "/api/v1/me", &headers, ()).await;
    broken.declined(401, "SIGNATURE_MALFORMED");
}

async fn what_ends_a_key_ends_what_it_signs(server: TestServer) {
    let second = server.second().await;
    let (pair, other) = (key_of(&server, "rita").await, key_of(&server, "rita").await);
    let path = format!("/api/v1/access-keys/{}", pair.id);
    for node in [&server, &second] {
        huawei(node, &pair, ME, 0, "").await.expect(200);
    }
    server.request("rita", "PATCH", &path, json!({"enabled": false})).await.expect(200);
    huawei(&server, &pair, ME, 0, "").await.declined(401, "SIGNATURE_INVALID");
    second.app.identity.refresh().await.unwrap();
    huawei(&second, &pair, ME, 0, "").await.declined(401, "SIGNATURE_INVALID");
    server.request("rita", "PATCH", &path, json!({"enabled": true})).await.expect(200);
    huawei(&server, &pair, ME, 0, "").await.expect(200);
    second.app.identity.refresh().await.unwrap();
    huawei(&second, &pair, ME, 0, "").await.expect(200);
    server.request("rita", "DELETE", &path, ()).await.expect(204);
    huawei(&server, &pair, ME, 0, "").await.declined(401, "SIGNATURE_INVALID");
    let role = format!("/v3/projects/{A}/users/rita/roles/reader");
    server.request("operator", "DELETE", &role, ()).await.expect(204);
    huawei(&server, &other, ME, 0, "").await.declined(401, "SIGNATURE_INVALID");
    second.app.identity.refresh().await.unwrap();
    huawei(&second, &other, ME, 0, "").await.declined(401, "SIGNATURE_INVALID");
}

async fn a_signature_holds_for_minutes_and_a_change_once(server: TestServer) {
    let pair = key_of(&server, "alice").await;
    huawei(&server, &pair, ME, 899, "").await.expect(200);
    huawei(&server, &pair, ME, -899, "").await.expect(200);
    huawei(&server, &pair, ME, 901, "").await.declined(401, "SIGNATURE_EXPIRED");
    huawei(&server, &pair, ME, -901, "").await.declined(401, "SIGNATURE_EXPIRED");
    let make = ("POST", "/api/v1/images");
    let body = r#"{"name":"sys1"}"#;
    // Two equal calls of one second are signed alike; later the same signature is a replay.
    huawei(&server, &pair, make, 0, body).await.expect(201);
    huawei(&server, &pair, make, 0, body).await.expect(201);
    server.step(2).await;
    huawei(&server, &pair, make, -2, body).await.declined(401, "SIGNATURE_REPLAYED");
    huawei(&server, &pair, make, 0, body).await.expect(201);
}

/// CTyun signs neither method nor path: a request without a body only reads, on whatever node; one with
/// a body counts once on all of them.
async fn a_signature_read_elsewhere_changes_nothing(server: TestServer) {
    let second = server.second().await;
    let pair = key_of(&server, "alice").await;
    let date = stamp(&server, 0);
    for node in [&server, &second, &server] {
        ctyun(node, &pair, ME, (&date, "one"), "").await.expect(200);
    }
    let made = server.request("alice", "POST", "/v2/images", json!({"name": "sys1"})).await;
    let id = made.expect(201).json()["id"].as_str().unwrap().to_owned();
    for (method, path) in [
        ("DELETE", format!("/v2/images/{id}")),
        ("POST", format!("/v2/images/{id}/actions/deactivate")),
    ] {
        for node in [&server, &second] {
            let moved = ctyun(node, &pair, (method, &path), (&date, "one"), "").await;
            moved.refused(401, "SIGNATURE_MALFORMED");
        }
    }
    let image = ("POST", "/api/v1/images");
    ctyun(&server, &pair, ME, (&date, "two"), r#"{"name":"a"}"#).await.expect(200);
    for node in [&server, &second] {
        let moved = ctyun(node, &pair, image, (&date, "two"), r#"{"name":"a"}"#).await;
        moved.declined(401, "SIGNATURE_REPLAYED");
    }
    ctyun(&server, &pair, image, (&date, "three"), r#"{"name":"a"}"#).await.expect(201);
    for node in [&server, &second] {
        let again = ctyun(node, &pair, image, (&date, "three"), r#"{"name":"a"}"#).await;
        again.declined(401, "SIGNATURE_REPLAYED");
    }
    server.request("alice", "GET", &format!("/v2/images/{id}"), ()).await.expect(200);
}

async fn a_key_acts_in_the_region_that_is_named(server: TestServer) {
    let pair = key_of(&server, "alice").await;
    let images = ("GET", "/region/r2/v2/images");
    huawei(&server, &pair, images, 0, "").await.refused(400, "PROJECT_NOT_IN_REGION");
    let there = json!({"project": {"name": "A-r2", "domain_id": "x", "region": "r2"}});
    let made = server.request("operator", "POST", "/v3/projects", there).await.expect(201).json();
    let there = made["project"]["id"].as_str().unwrap();
    let role = format!("/v3/projects/{there}/users/alice/roles/member");
    server.request("operator", "PUT", &role, ()).await.expect(204);
    // A new role is no revocation: it counts when the key is read again.
    server.app.identity.forget_key(&pair.id);
    let me = huawei(&server, &pair, ("GET", "/region/r2/api/v1/me"), 0, "").await;
    assert_eq!(me.expect(200).json()["project"]["id"], there);
    huawei(&server, &pair, images, 0, "").await.expect(200);
}

async fn stamps_of_ctyun_are_bound_to_their_first_reading(server: TestServer) {
    let pair = key_of(&server, "alice").await;
    let (beijing, utc) = (stamp(&server, 8 * 3600), stamp(&server, 0));
    ctyun(&server, &pair, ME, (&beijing, "one"), "").await.expect(200);
    ctyun(&server, &pair, ME, (&beijing, "two"), "").await.expect(200);
    ctyun(&server, &pair, ME, (&utc, "three"), "").await.declined(401, "SIGNATURE_EXPIRED");
    let other = key_of(&server, "bob").await;
    ctyun(&server, &other, ME, (&utc, "one"), "").await.expect(200);
    ctyun(&server, &other, ME, (&beijing, "two"), "").await.declined(401, "SIGNATURE_EXPIRED");
}
