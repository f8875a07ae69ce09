//! Every route × everybody → status. The routes are read from the sources of `wire`, so that a new
//! one fails here until it has a row; the whole table is `docs/access-matrix.md`, which
//! `LENDGLASS_BLESS=1` writes.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/blessed.rs"]
mod blessed;
#[path = "support/routes.rs"]
mod routes;
mod support;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use lendglass_core::ImageId;
use lendglass_core::image::{Image, ImageStatus};
use lendglass_server::wire::huawei;
use lendglass_store::db::Engine;
use lendglass_store::image as store_image;
use routes::{UNKNOWN_IMAGE, routes, with_names};
use serde_json::{Value, json};
use support::{Answer, B, C, Payload, TestServer, on_both_engines};

/// What a request of a row carries.
enum Sent {
    Nothing,
    Json(fn(&str) -> Value),
    /// A JSON patch in Glance's media type.
    Patch(fn() -> Value),
    Bytes,
}

use Sent::{Bytes, Json, Nothing, Patch};

/// Every route with what is sent to it. Aliases of the identity API below `/identity/v3` are the
/// routes below `/v3`.
const ROWS: &[(&str, &str, Sent)] = &[
    ("GET", "/", Nothing),
    ("GET", "/versions", Nothing),
    ("GET", "/versions/", Nothing),
    ("GET", "/healthcheck", Nothing),
    ("GET", "/healthz", Nothing),
    ("GET", "/readyz", Nothing),
    ("GET", "/metrics", Nothing),
    ("GET", "/console", Nothing),
    ("GET", "/console/", Nothing),
    ("GET", "/v2", Nothing),
    ("GET", "/v2/", Nothing),
    ("GET", "/v2/schemas/image", Nothing),
    ("GET", "/v2/schemas/images", Nothing),
    ("GET", "/v2/schemas/member", Nothing),
    ("GET", "/v2/schemas/members", Nothing),
    ("GET", "/v2/info/import", Nothing),
    ("GET", "/v2/info/usage", Nothing),
    ("GET", "/v2/tasks", Nothing),
    ("POST", "/v2/tasks", Nothing),
    ("GET", "/v2/metadefs/namespaces", Nothing),
    ("POST", "/v2/metadefs/namespaces", Nothing),
    ("GET", "/v2/metadefs/resource_types", Nothing),
    ("GET", "/v2/images", Nothing),
    ("POST", "/v2/images", Json(|_| json!({"name": "new"}))),
    ("GET", "/v2/images/", Nothing),
    ("POST", "/v2/images/", Json(|_| json!({"name": "new"}))),
    ("GET", "/v2/images/{image}", Nothing),
    ("PATCH", "/v2/images/{image}", Patch(|| json!([{"op": "add", "path": "/x", "value": "1"}]))),
    ("DELETE", "/v2/images/{image}", Nothing),
    ("GET", "/v2/images/{image}/file", Nothing),
    ("PUT", "/v2/images/{image}/file", Bytes),
    ("PUT", "/v2/images/{image}/tags/{tag}", Nothing),
    ("DELETE", "/v2/images/{image}/tags/{tag}", Nothing),
    ("POST", "/v2/images/{image}/actions/deactivate", Nothing),
    ("POST", "/v2/images/{image}/actions/reactivate", Nothing),
    ("GET", "/v2/images/{image}/members", Nothing),
    ("POST", "/v2/images/{image}/members", Json(|_| json!({"member": C}))),
    ("GET", "/v2/images/{image}/members/{member}", Nothing),
    ("PUT", "/v2/images/{image}/members/{member}", Json(|_| json!({"status": "accepted"}))),
    ("DELETE", "/v2/images/{image}/members/{member}", Nothing),
    ("POST", "/v2/images/{image}/import", Json(|_| json!({"method": {"name": "web-download"}}))),
    ("PUT", "/v2/images/{image}/stage", Bytes),
    ("GET", "/v2/images/{image}/tasks", Nothing),
    ("GET", "/v2/images/{image}/locations", Nothing),
    ("POST", "/v2/images/{image}/locations", Json(|_| json!({"url": "http://x.example/"}))),
    ("GET", "/identity", Nothing),
    ("GET", "/identity/", Nothing),
    ("GET", "/v3", Nothing),
    ("GET", "/v3/", Nothing),
    ("GET", "/v3/auth/tokens", Nothing),
    ("POST", "/v3/auth/tokens", Json(|_| sign_in())),
    ("DELETE", "/v3/auth/tokens", Nothing),
    ("GET", "/v3/auth/projects", Nothing),
    ("GET", "/v3/auth/domains", Nothing),
    ("GET", "/v3/auth/catalog", Nothing),
    ("GET", "/v3/projects", Nothing),
    ("POST", "/v3/projects", Json(|n| json!({"project": {"name": n, "domain_id": "x"}}))),
    ("GET", "/v3/projects/{id}", Nothing),
    ("PATCH", "/v3/projects/{id}", Json(|n| json!({"project": {"description": n}}))),
    ("DELETE", "/v3/projects/{id}", Nothing),
    ("GET", "/v3/projects/{project}/users/{user}/roles", Nothing),
    ("GET", "/v3/projects/{project}/users/{user}/roles/{role}", Nothing),
    ("PUT", "/v3/projects/{project}/users/{user}/roles/{role}", Nothing),
    ("DELETE", "/v3/projects/{project}/users/{user}/roles/{role}", Nothing),
    ("GET", "/v3/users", Nothing),
    ("POST", "/v3/users", Json(|n| json!({"user": {"name": n, "domain_id": "x"}}))),
    ("GET", "/v3/users/{id}", Nothing),
    ("PATCH", "/v3/users/{id}", Json(|n| json!({"user": {"description": n}}))),
    ("DELETE", "/v3/users/{id}", Nothing),
    ("GET", "/v3/users/{id}/projects", Nothing),
    ("POST", "/v3/users/{id}/password", Json(|_| password())),
    ("GET", "/v3/users/{id}/application_credentials", Nothing),
    ("POST", "/v3/users/{id}/application_credentials", Json(application)),
    ("GET", "/v3/users/{id}/application_credentials/{credential}", Nothing),
    ("DELETE", "/v3/users/{id}/application_credentials/{credential}", Nothing),
    ("GET", "/v3/domains", Nothing),
    ("POST", "/v3/domains", Json(|n| json!({"domain": {"name": n}}))),
    ("GET", "/v3/domains/{id}", Nothing),
    ("PATCH", "/v3/domains/{id}", Json(|n| json!({"domain": {"name": n, "enabled": false}}))),
    ("DELETE", "/v3/domains/{id}", Nothing),
    ("GET", "/v3/regions", Nothing),
    ("GET", "/v3/regions/{id}", Nothing),
    ("GET", "/v3/services", Nothing),
    ("GET", "/v3/services/{id}", Nothing),
    ("GET", "/v3/endpoints", Nothing),
    ("GET", "/v3/endpoints/{id}", Nothing),
    ("GET", "/v3/roles", Nothing),
    ("GET", "/v3/roles/{id}", Nothing),
    ("GET", "/v3/role_assignments", Nothing),
    ("POST", "/v1/cloudimages/members", Json(|_| batch())),
    (
        "PUT",
        "/v1/cloudimages/members",
        Json(|_| json!({"images": [UNKNOWN_IMAGE], "project_id": B, "status": "accepted"})),
    ),
    ("DELETE", "/v1/cloudimages/members", Json(|_| batch())),
    ("GET", "/v1/{project_id}/cloudimages/{image}/members", Nothing),
    ("GET", "/v1/{project_id}/cloudimages/{image}/members/{member}", Nothing),
    ("GET", "/v1/{project_id}/jobs/{job}", Nothing),
    ("GET", "/v1/cloudimages/job/{job}", Nothing),
    ("GET", "/v2/cloudimages", Nothing),
    (
        "PATCH",
        "/v2/cloudimages/{image}",
        Json(|name| json!([{"op": "replace", "path": "/name", "value": name}])),
    ),
    ("POST", "/v2/cloudimages/action", Json(of_server)),
    ("POST", "/v2.1/cloudimages/action", Json(of_server)),
    ("POST", "/v1/cloudimages/dataimages/action", Json(of_file)),
    ("POST", "/v2.1/cloudimages/dataimages/action", Json(of_file)),
    ("POST", "/v1/cloudimages/wholeimages/action", Json(of_server)),
    ("POST", "/v2/cloudimages/quickimport/action", Json(of_file)),
    ("POST", "/v2.1/cloudimages/quickimport/action", Json(of_file)),
    ("PUT", "/v1/cloudimages/{image}/upload", Json(of_file)),
    ("POST", "/v1/cloudimages/{image}/file", Json(|_| json!({"bucket_url": "b:o"}))),
    ("POST", "/v2.1/cloudimages/{image}/file", Json(|_| json!({"bucket_url": "b:o"}))),
    ("POST", "/v1/cloudimages/{image}/copy", Json(|name| json!({"name": name}))),
    ("POST", "/v2.1/cloudimages/{image}/copy", Json(|name| json!({"name": name}))),
    (
        "POST",
        "/v1/cloudimages/{image}/cross_region_copy",
        Json(|name| json!({"name": name, "region": "r2"})),
    ),
    ("GET", "/v1/cloudimages/os_version", Nothing),
    ("GET", "/v1/cloudimages/quota", Nothing),
    ("GET", "/v1/{project_id}/cloudimages/quota", Nothing),
    ("DELETE", "/v1.1/images/{image}", Nothing),
    ("GET", "/v1/cloudimages/tags", Nothing),
    (
        "PUT",
        "/v1/cloudimages/tags",
        Json(|_| json!({"image_id": UNKNOWN_IMAGE, "tag": "colour.blue"})),
    ),
    ("DELETE", "/v1/{project_id}/cloudimages/{image}/tags/delete", Json(tags)),
    (
        "POST",
        "/v2/{project_id}/images/resource_instances/action",
        Json(|_| json!({"action": "count"})),
    ),
    ("GET", "/v2/{project_id}/images/tags", Nothing),
    ("GET", "/v2/{project_id}/images/{image}/tags", Nothing),
    (
        "POST",
        "/v2/{project_id}/images/{image}/tags",
        Json(|_| json!({"tag": {"key": "colour", "value": "blue"}})),
    ),
    ("POST", "/v2/{project_id}/images/{image}/tags/action", Json(tags)),
    ("DELETE", "/v2/{project_id}/images/{image}/tags/{key}", Nothing),
    ("GET", "/v3/{project_id}/vaults", Nothing),
    ("POST", "/v3/{project_id}/vaults", Json(huawei_vault)),
    ("GET", "/v3/{project_id}/vaults/{vault}", Nothing),
    ("PUT", "/v3/{project_id}/vaults/{vault}", Json(|n| json!({"vault": {"name": n}}))),
    ("DELETE", "/v3/{project_id}/vaults/{vault}", Nothing),
    ("GET", "/v3/{project_id}/backups", Nothing),
    ("GET", "/v3/{project_id}/backups/{backup}", Nothing),
    ("DELETE", "/v3/{project_id}/backups/{backup}", Nothing),
    ("GET", "/api/v1/openapi.json", Nothing),
    ("GET", "/api/v1/codes/{code}", Nothing),
    ("GET", "/api/v1/me", Nothing),
    ("GET", "/api/v1/policy", Nothing),
    ("GET", "/api/v1/policies", Nothing),
    ("PATCH", "/api/v1/policies", Json(|_| json!({"set": {"tags.max": 128}}))),
    ("PUT", "/api/v1/policies/profile", Json(|_| json!({"profile": "lendglass"}))),
    ("PUT", "/api/v1/policies/{key}", Json(|_| json!({"value": 128}))),
    ("DELETE", "/api/v1/policies/{key}", Nothing),
    ("GET", "/api/v1/access/actions", Nothing),
    ("GET", "/api/v1/access/users", Nothing),
    ("GET", "/api/v1/access/policies", Nothing),
    ("POST", "/api/v1/access/policies", Json(custom_policy)),
    ("GET", "/api/v1/access/policies/{id}", Nothing),
    ("PUT", "/api/v1/access/policies/{id}", Json(custom_policy)),
    ("DELETE", "/api/v1/access/policies/{id}", Nothing),
    ("PUT", "/api/v1/access/policies/{id}/users/{user}", Nothing),
    ("DELETE", "/api/v1/access/policies/{id}/users/{user}", Nothing),
    ("GET", "/api/v1/regions", Nothing),
    ("GET", "/api/v1/quota", Nothing),
    ("GET", "/api/v1/tenants/resolve", Nothing),
    ("GET", "/api/v1/images", Nothing),
    ("POST", "/api/v1/images", Json(|_| json!({"name": "new"}))),
    ("GET", "/api/v1/images/{id}", Nothing),
    ("PATCH", "/api/v1/images/{id}", Json(|name| json!({"name": name}))),
    ("DELETE", "/api/v1/images/{id}", Nothing),
    ("PUT", "/api/v1/images/{id}/file", Bytes),
    ("GET", "/api/v1/images/{id}/file", Nothing),
    ("POST", "/api/v1/images/{id}/deactivate", Nothing),
    ("POST", "/api/v1/images/{id}/reactivate", Nothing),
    ("POST", "/api/v1/images/{id}/replicate", Json(|name| json!({"name": name}))),
    ("POST", "/api/v1/images/{id}/copy", Json(|_| json!({"region": "r2"}))),
    ("POST", "/api/v1/images/{id}/publish", Nothing),
    ("POST", "/api/v1/images/{id}/unpublish", Nothing),
    ("POST", "/api/v1/images/delete", Json(|_| json!({"images": [UNKNOWN_IMAGE]}))),
    ("GET", "/api/v1/tags/predefined", Nothing),
    ("PUT", "/api/v1/tags/predefined/{key}", Json(|_| json!({"values": ["a"]}))),
    ("DELETE", "/api/v1/tags/predefined/{key}", Nothing),
    ("GET", "/api/v1/images/{id}/disks", Nothing),
    ("GET", "/api/v1/images/{id}/disks/{position}/file", Nothing),
    ("GET", "/api/v1/images/{id}/shares", Nothing),
    ("GET", "/api/v1/rules", Nothing),
    ("PUT", "/api/v1/rules/{owner}", Json(|_| json!({"verdict": "accept"}))),
    ("DELETE", "/api/v1/rules/{owner}", Nothing),
    ("POST", "/api/v1/undo", Json(|_| json!({"token": "unknown"}))),
    (
        "POST",
        "/api/v1/shares/reminders",
        Json(|_| json!({"images": [UNKNOWN_IMAGE], "recipients": [support::C]})),
    ),
    ("GET", "/api/v1/shares", Nothing),
    (
        "POST",
        "/api/v1/shares",
        Json(|_| json!({"images": [UNKNOWN_IMAGE], "recipients": [support::C]})),
    ),
    (
        "DELETE",
        "/api/v1/shares",
        Json(|_| json!({"images": [UNKNOWN_IMAGE], "recipients": [support::C]})),
    ),
    (
        "POST",
        "/api/v1/shares/answers",
        Json(|_| json!({"images": [UNKNOWN_IMAGE], "answer": "accept"})),
    ),
    ("GET", "/api/v1/shares/counts", Nothing),
    ("GET", "/api/v1/audit", Nothing),
    ("GET", "/api/v1/notices", Nothing),
    ("GET", "/api/v1/notices/counts", Nothing),
    ("GET", "/api/v1/notices/elsewhere", Nothing),
    ("POST", "/api/v1/notices/read", Json(|_| json!({"up_to": "p0.a0"}))),
    ("GET", "/api/v1/events", Nothing),
    ("GET", "/api/v1/access-keys", Nothing),
    ("POST", "/api/v1/access-keys", Json(|_| json!({}))),
    ("PATCH", "/api/v1/access-keys/{id}", Json(|_| json!({"enabled": false}))),
    ("DELETE", "/api/v1/access-keys/{id}", Nothing),
    ("GET", "/api/v1/webhooks", Nothing),
    ("POST", "/api/v1/webhooks", Json(|_| json!({"url": "https://hooks.example/"}))),
    ("GET", "/api/v1/webhooks/{id}", Nothing),
    ("PATCH", "/api/v1/webhooks/{id}", Json(|_| json!({"enabled": false}))),
    ("DELETE", "/api/v1/webhooks/{id}", Nothing),
    ("POST", "/api/v1/webhooks/{id}/test", Json(|_| json!({}))),
    ("GET", "/api/v1/jobs", Nothing),
    ("GET", "/api/v1/jobs/{id}", Nothing),
    ("POST", "/api/v1/jobs/{id}/cancel", Nothing),
    ("GET", "/api/v1/vaults", Nothing),
    ("POST", "/api/v1/vaults", Json(|name| json!({"name": name, "capacity_gib": 1}))),
    ("GET", "/api/v1/vaults/{id}", Nothing),
    ("PATCH", "/api/v1/vaults/{id}", Json(|name| json!({"name": name}))),
    ("DELETE", "/api/v1/vaults/{id}", Nothing),
    ("GET", "/api/v1/backups", Nothing),
    (
        "POST",
        "/api/v1/backups",
        Json(|_| json!({"vault": "feedfeedfeedfeedfeedfeedfeedfeed", "disks": [UNKNOWN_IMAGE]})),
    ),
    ("GET", "/api/v1/backups/{id}", Nothing),
    ("DELETE", "/api/v1/backups/{id}", Nothing),
    ("POST", "/api/v1/backups/{id}/image", Json(|name| json!({"name": name}))),
];

fn batch() -> Value {
    json!({"images": [UNKNOWN_IMAGE], "projects": [C]})
}

fn of_server(name: &str) -> Value {
    json!({"name": name, "instance_id": UNKNOWN_IMAGE})
}

fn of_file(name: &str) -> Value {
    json!({"name": name, "image_url": "bucket:object"})
}

fn tags(_: &str) -> Value {
    json!({"action": "create", "tags": [{"key": "colour", "value": "blue"}]})
}

fn huawei_vault(name: &str) -> Value {
    let billing = json!({"size": 1, "object_type": "server", "protect_type": "backup"});
    json!({"vault": {"name": name, "billing": billing}})
}

fn sign_in() -> Value {
    let user = json!({"id": "alice", "password": "secret-alice"});
    json!({"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}})
}

fn password() -> Value {
    json!({"user": {"original_password": "secret-alice", "password": "secret-alice"}})
}

fn custom_policy(name: &str) -> Value {
    let statement = json!({"effect": "deny", "actions": ["ims:images:share"]});
    json!({"name": name, "statements": [statement]})
}

fn application(name: &str) -> Value {
    json!({"application_credential": {"name": name}})
}

/// Everybody: the column's title, who asks, and whether bob has accepted the image.
const COLUMNS: [(&str, &str, bool); 7] = [
    ("nobody", "nobody", false),
    ("stranger", "carol", false),
    ("recipient, pending", "bob", false),
    ("recipient, accepted", "bob", true),
    ("reader", "rita", false),
    ("owner", "alice", false),
    ("operator", "operator", false),
];

/// Whether a route is about one image.
fn is_of_image(path: &str) -> bool {
    path.contains("{image}") || path.starts_with("/api/v1/images/{id}")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_has_a_row_and_every_row_a_route() {
    let server = TestServer::start(Engine::Sqlite, "lendglass").await;
    let rows: BTreeSet<(String, String)> =
        ROWS.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(rows.len(), ROWS.len(), "a row stands twice");
    let routes = routes(&server).await;
    let without_row: Vec<_> = routes.difference(&rows).collect();
    let without_route: Vec<_> = rows.difference(&routes).collect();
    assert!(without_row.is_empty(), "routes without a row: {without_row:?}");
    assert!(without_route.is_empty(), "rows without a route: {without_route:?}");
}

// --- what everybody is answered ------------------------------------------------------------------

/// The things of one cell, made anew for it.
struct Things {
    image: String,
    project: String,
    user: String,
    domain: String,
    credential: String,
    /// One of the list before `{id}`.
    listed: String,
    token: String,
}

/// An image of alice's that bob was offered; queued where a row puts bytes into it.
async fn image(server: &TestServer, is_accepted: bool, is_queued: bool) -> String {
    let body =
        json!({"name": "sys1", "disk_format": "raw", "container_format": "bare", "tags": ["blue"]});
    let made = server.request("alice", "POST", "/v2/images", body).await.expect(201);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/v2/images/{id}");
    if is_queued {
        // Only an active image is shared: it is one for a moment.
        set_status(server, &id, ImageStatus::Active).await;
    } else {
        let bytes = b"a small disk".to_vec();
        server.request("alice", "PUT", &format!("{path}/file"), bytes).await.expect(204);
    }
    let member = json!({"member": B});
    server.request("alice", "POST", &format!("{path}/members"), member).await.expect(200);
    if is_accepted {
        let status = json!({"status": "accepted"});
        let path = format!("{path}/members/{B}");
        server.request("bob", "PUT", &path, status).await.expect(200);
    }
    if is_queued {
        set_status(server, &id, ImageStatus::Queued).await;
    }
    id
}

async fn set_status(server: &TestServer, id: &str, status: ImageStatus) {
    let id = ImageId::trusted(id);
    let change = move |tx: &mut lendglass_store::Tx<'_>| {
        let before = store_image::lock(tx, &id)?.unwrap();
        store_image::update(tx, &before, &Image { status, ..before.clone() })
    };
    server.app.db.write(change).await.unwrap();
}

/// A vault of alice's.
async fn vault(server: &TestServer, name: &str) -> String {
    let body = json!({"name": name, "capacity_gib": 1});
    let made = server.request("alice", "POST", "/api/v1/vaults", body).await.expect(201);
    made.json()["id"].as_str().unwrap().to_owned()
}

async fn things(server: &TestServer, path: &str, method: &str, is_accepted: bool) -> Things {
    let name = server.app.ids.hex();
    let made = |kind: &'static str, body: Value| {
        let path = format!("/v3/{kind}s");
        async move {
            let answer = server.request("operator", "POST", &path, body).await.expect(201);
            answer.json()[kind]["id"].as_str().unwrap().to_owned()
        }
    };
    let mut things = Things {
        image: String::new(),
        project: support::A.to_owned(),
        user: "alice".to_owned(),
        domain: "x".to_owned(),
        credential: String::new(),
        listed: String::new(),
        token: String::new(),
    };
    if is_of_image(path) {
        things.image = image(server, is_accepted, path.ends_with("/file") && method == "PUT").await;
    }
    let is_read = method == "GET";
    if path.starts_with("/v3/projects/{id}") && !is_read {
        things.project =
            made("project", json!({"project": {"name": name, "domain_id": "x"}})).await;
    }
    if path == "/v3/users/{id}" && !is_read || path.starts_with("/v3/") && path.contains("{user}") {
        things.user = made("user", json!({"user": {"name": name, "domain_id": "x"}})).await;
    }
    if path.contains("{role}") && method != "PUT" {
        let path = format!("/v3/projects/{}/users/{}/roles/reader", things.project, things.user);
        server.request("operator", "PUT", &path, ()).await.expect(204);
    }
    if path == "/v3/domains/{id}" && !is_read {
        things.domain = made("domain", json!({"domain": {"name": name, "enabled": false}})).await;
    }
    if path.contains("{credential}") {
        let made = server
            .request("alice", "POST", "/v3/users/alice/application_credentials", application(&name))
            .await
            .expect(201);
        things.credential = made.json()["application_credential"]["id"].as_str().unwrap().into();
    }
    if let "/v3/services/{id}" | "/v3/endpoints/{id}" = path {
        let (list, _) = path.split_once("/{").unwrap();
        let all = server.request("operator", "GET", list, ()).await.expect(200).json();
        let name = list.trim_start_matches("/v3/");
        things.listed = all[name][0]["id"].as_str().unwrap().to_owned();
    }
    if path == "/api/v1/jobs/{id}" || path.ends_with("/{job}") {
        image(server, false, false).await;
        let jobs = server.request("alice", "GET", "/api/v1/jobs", ()).await.expect(200).json();
        things.listed = jobs["jobs"][0]["id"].as_str().unwrap().to_owned();
    }
    if path.starts_with("/api/v1/access/policies/{id}") {
        let list = "/api/v1/access/policies";
        let made = server.request("alice", "POST", list, custom_policy(&name)).await.expect(201);
        things.listed = made.json()["id"].as_str().unwrap().to_owned();
        things.user = "rita".to_owned();
    }
    if path == "/api/v1/rules/{owner}" && method == "DELETE" {
        let path = format!("/api/v1/rules/{}", support::D);
        server.request("alice", "PUT", &path, json!({"verdict": "accept"})).await.expect(200);
    }
    let is_of_backup = path.starts_with("/api/v1/backups/") || path.ends_with("/backups/{backup}");
    let is_of_vault = path.starts_with("/api/v1/vaults/") || path.ends_with("/vaults/{vault}");
    if is_of_vault || is_of_backup {
        things.listed = vault(server, &name).await;
    }
    if is_of_backup {
        let system = image(server, false, false).await;
        let body = json!({"vault": things.listed, "disks": [system]});
        let made = server.request("alice", "POST", "/api/v1/backups", body).await.expect(201);
        things.listed = made.json()["id"].as_str().unwrap().to_owned();
    }
    if path == "/v3/auth/tokens" {
        things.token = server.new_token("alice").await;
    }
    things
}

impl Things {
    fn fill(&self, path: &str) -> String {
        with_names(path, |name| match (name, path.split('/').nth(2)) {
            ("image", _) => self.image.clone(),
            ("id", Some("v1")) if is_of_image(path) => self.image.clone(),
            ("id", Some("v1")) => self.listed.clone(),
            ("key", Some("{project_id}")) => "blue".to_owned(),
            ("key", _) => "tags.max".to_owned(),
            ("owner", _) => support::D.to_owned(),
            ("code", _) => "IMAGE_NOT_FOUND".to_owned(),
            ("member", _) => B.to_owned(),
            // What the vendor's library sends where it knows no project: the caller's own.
            ("project_id", _) => "%7Bproject_id%7D".to_owned(),
            ("job" | "vault" | "backup", _) => self.listed.clone(),
            ("position", _) => "0".to_owned(),
            ("tag", _) => "blue".to_owned(),
            ("project", _) | ("id", Some("projects")) => self.project.clone(),
            ("user", _) | ("id", Some("users")) => self.user.clone(),
            ("role", _) | ("id", Some("roles")) => "reader".to_owned(),
            ("credential", _) => self.credential.clone(),
            ("id", Some("domains")) => self.domain.clone(),
            ("id", Some("regions")) => "r1".to_owned(),
            ("id", Some("services" | "endpoints")) => self.listed.clone(),
            _ => panic!("what is {{{name}}} in {path}?"),
        })
    }
}

async fn ask(
    server: &TestServer,
    person: &str,
    (method, _, sent): &(&str, &str, Sent),
    path: &str,
    things: &Things,
) -> Answer {
    let mut headers: Vec<(&str, &str)> = Vec::new();
    if !things.token.is_empty() {
        headers.push(("x-subject-token", &things.token));
    }
    let payload: Payload = match sent {
        Nothing => ().into(),
        Json(body) => body(&server.app.ids.hex()).into(),
        Patch(body) => {
            headers.push(("content-type", "application/openstack-images-v2.1-json-patch"));
            body().into()
        }
        Bytes => b"a small disk".to_vec().into(),
    };
    server.request_with(person, method, path, &headers, payload).await
}

const INTRODUCTION: &str = "\
# Who may call what

Every route of the program and the status that everybody is answered with, under the profile
`lendglass`. A test asks each question of a running server and writes this page; a route without a row
fails the build.

The image is alice's, in project A, offered to project B. *Stranger*: carol, a member of another
tenant. *Recipient*: bob, a member of B, before and after he accepts. *Reader*: rita, who has the role
`reader` in A. *Owner*: alice, admin of A. *Operator*: `system_admin`. What lies below `/v3` also lies
below `/identity/v3`; users, projects and accounts are those of alice's account. Every `GET` is a
`HEAD` as well. `/metrics` answers the loopback or its token only. A password is changed by whoever
shows the former one; no token is asked for.

An image that the caller may not see is 404 in the very words of an id that does not exist; in
Huawei's dialect, to which an unknown image is a bad request, 400.
";

#[tokio::test(flavor = "multi_thread")]
async fn docs_access_matrix_is_what_everybody_is_answered() {
    let server = TestServer::start(Engine::Sqlite, "lendglass").await;
    let titles: Vec<&str> = COLUMNS.iter().map(|(title, ..)| *title).collect();
    let mut page = format!(
        "{INTRODUCTION}\n| method | path | {} |\n|---|---|{}\n",
        titles.join(" | "),
        "---|".repeat(COLUMNS.len())
    );
    for row in ROWS {
        let (method, path, _) = row;
        let _ = write!(page, "| {method} | `{path}` |");
        for (_, person, is_accepted) in &COLUMNS {
            let things = things(&server, path, method, *is_accepted).await;
            let answer = ask(&server, person, row, &things.fill(path), &things).await;
            let status = answer.status.as_u16();
            assert!(status < 500 || status == 501, "{method} {path} as {person}: {answer:?}");
            if is_of_image(path) && *person == "nobody" {
                assert_eq!(status, 401, "{method} {path}");
            }
            if is_of_image(path) && *method != "GET" && *person == "rita" {
                assert!(status >= 400, "a reader changes nothing: {method} {path}");
            }
            let _ = write!(page, " {status} |");
            server.forget();
        }
        page.push('\n');
    }
    blessed::blessed("docs/access-matrix.md", &page);
}

on_both_engines!("lendglass":
    xc_09_what_a_stranger_may_not_see_is_an_unknown_id,
    sh_20_identity_is_no_directory,
);

/// The same status, headers and words, on every route of an image.
async fn xc_09_what_a_stranger_may_not_see_is_an_unknown_id(server: TestServer) {
    let foreign = image(&server, true, false).await;
    for row in ROWS.iter().filter(|(_, path, _)| is_of_image(path)) {
        let (method, path, _) = row;
        let things = |image: &str| Things {
            image: image.to_owned(),
            project: String::new(),
            user: String::new(),
            domain: String::new(),
            credential: String::new(),
            listed: String::new(),
            token: String::new(),
        };
        let mut answers = Vec::new();
        for id in [foreign.as_str(), UNKNOWN_IMAGE] {
            let things = things(id);
            let answer = ask(&server, "carol", row, &things.fill(path), &things).await;
            let status = answer.status.as_u16();
            let mut headers: Vec<(String, String)> = answer
                .headers
                .iter()
                .filter(|(name, _)| !name.as_str().ends_with("request-id"))
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                .collect();
            headers.sort();
            let request_id = answer.header("x-openstack-request-id");
            let body = String::from_utf8(answer.bytes.to_vec()).unwrap();
            let body = body.replace(id, "ID").replace(request_id, "REQUEST");
            answers.push((status, headers, body));
        }
        assert_eq!(answers[0], answers[1], "{method} {path}");
        assert_eq!(answers[0].0, if is_huawei(path) { 400 } else { 404 }, "{method} {path}");
    }
}

/// Whether Huawei's image service answers, to which an unknown image is a bad request.
fn is_huawei(path: &str) -> bool {
    huawei::table().iter().any(|(known, _)| *known == path)
}

/// Users, projects and accounts of others are refused in the same words whether or not they exist.
async fn sh_20_identity_is_no_directory(server: TestServer) {
    for (list, foreign) in [("projects", support::A), ("users", "alice"), ("domains", "x")] {
        for method in ["GET", "PATCH", "DELETE"] {
            let mut answers = Vec::new();
            for id in [foreign, "feedfeedfeedfeedfeedfeedfeedfeed"] {
                let path = format!("/v3/{list}/{id}");
                let body = json!({list.trim_end_matches('s'): {"description": "x"}});
                let answer = server.request("carol", method, &path, body).await;
                let body = String::from_utf8(answer.bytes.to_vec()).unwrap().replace(id, "ID");
                answers.push((answer.status.as_u16(), body));
            }
            assert_eq!(answers[0], answers[1], "{method} {list}");
            assert!(answers[0].0 == 403 || answers[0].0 == 404, "{method} {list}: {answers:?}");
        }
    }
}
