//! Every route × everybody → status. The routes are read from the sources of `wire`, so that a new
//! one fails here until it has a row; the whole table is `docs/access-matrix.md`, which
//! `LENDGLASS_BLESS=1` writes.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/blessed.rs"]
mod blessed;
#[path = "support/routes.rs"]
mod routes;
#[path = "access_matrix/rows.rs"]
mod rows;
mod support;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use base64::Engine as _;
use lendglass_core::ImageId;
use lendglass_core::image::{Image, ImageStatus};
use lendglass_server::wire::huawei;
use lendglass_store::db::Engine;
use lendglass_store::image as store_image;
use routes::{UNKNOWN_IMAGE, routes, with_names};
use rows::Sent::{Bytes, Json, Nothing, OfImage, Patch, Query, Tus};
use rows::{ROWS, Sent, application, custom_policy};
use serde_json::{Value, json};
use support::{Answer, B, Payload, TestServer, on_both_engines};

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
    let is_named = |row: &&(&str, &str, Sent)| row.1 == path && matches!(row.2, OfImage(_));
    path.contains("{image}")
        || path.starts_with("/api/v1/images/{id}")
        || ROWS.iter().find(is_named).is_some()
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
    if path == "/api/v1/uploads" {
        things.image = image(server, is_accepted, true).await;
    }
    if path == "/api/v1/uploads/{id}" {
        things.listed = upload(server).await;
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

const TUS: (&str, &str) = ("tus-resumable", "1.0.0");

/// The metadata of an upload for an image.
fn of_image(id: &str) -> String {
    format!("image {}", base64::engine::general_purpose::STANDARD.encode(id))
}

/// An upload of alice's that waits for its first byte.
async fn upload(server: &TestServer) -> String {
    let metadata = of_image(&image(server, false, true).await);
    let headers = [TUS, ("upload-length", "12"), ("upload-metadata", metadata.as_str())];
    let made = server.request_with("alice", "POST", "/api/v1/uploads", &headers, ()).await;
    made.expect(201).json()["id"].as_str().unwrap().to_owned()
}

async fn ask(
    server: &TestServer,
    person: &str,
    (method, _, sent): &(&str, &str, Sent),
    path: &str,
    things: &Things,
) -> Answer {
    let metadata = of_image(&things.image);
    let mut headers: Vec<(&str, &str)> = Vec::new();
    if !things.token.is_empty() {
        headers.push(("x-subject-token", &things.token));
    }
    let mut path = path.to_owned();
    let payload: Payload = match sent {
        Nothing => ().into(),
        Query(query) => {
            path.push_str(&format!("?{query}"));
            ().into()
        }
        OfImage(fields) if *method == "GET" => {
            let fields = fields(&things.image);
            let pairs = fields.as_object().unwrap().iter();
            let pairs = pairs.map(|(name, value)| format!("{name}={}", value.as_str().unwrap()));
            path.push_str(&format!("?{}", pairs.collect::<Vec<_>>().join("&")));
            ().into()
        }
        OfImage(fields) => fields(&things.image).into(),
        Json(body) => body(&server.app.ids.hex()).into(),
        Patch(body) => {
            headers.push(("content-type", "application/openstack-images-v2.1-json-patch"));
            body().into()
        }
        Bytes => b"a small disk".to_vec().into(),
        Tus if *method == "POST" => {
            headers.extend([TUS, ("upload-length", "12"), ("upload-metadata", &metadata)]);
            ().into()
        }
        Tus => {
            let part = ("content-type", "application/offset+octet-stream");
            headers.extend([TUS, ("upload-offset", "0"), part]);
            b"a small disk".to_vec().into()
        }
    };
    server.request_with(person, method, &path, &headers, payload).await
}

/// What an answer says of itself: its status, in CTyun's dialect the one in its envelope.
fn outcome(answer: &Answer, path: &str) -> u16 {
    match answer.status.as_u16() {
        200 if path.starts_with("/v4/") => {
            answer.json()["statusCode"].as_u64().unwrap().try_into().unwrap()
        }
        status => status,
    }
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
Huawei's dialect, to which an unknown image is a bad request, 400. Of CTyun's dialect, which answers
200 to everybody whom it knows, the page has the status in the envelope: 800 done, 900 refused.
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
            assert_ne!(answer.status.as_u16(), 500, "{method} {path}");
            let status = outcome(&answer, path);
            let is_enveloped = [800, 900].contains(&status);
            assert!(
                is_enveloped || status < 500 || status == 501,
                "{method} {path} as {person}: {answer:?}"
            );
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
            let status = outcome(&answer, path);
            let mut headers: Vec<(String, String)> = answer
                .headers
                .iter()
                .filter(|(name, _)| !name.as_str().ends_with("request-id") && *name != "x-trace-id")
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                .collect();
            headers.sort();
            let request_id = answer.header("x-openstack-request-id");
            let body = String::from_utf8(answer.bytes.to_vec()).unwrap();
            let body = body.replace(id, "ID").replace(request_id, "REQUEST");
            answers.push((status, headers, body));
        }
        assert_eq!(answers[0], answers[1], "{method} {path}");
        let expected = match path {
            path if path.starts_with("/v4/") => 900,
            path if is_huawei(path) => 400,
            _ => 404,
        };
        assert_eq!(answers[0].0, expected, "{method} {path}");
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
