//! The session of the console through the router, as stories.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use lendglass_core::UserId;
use lendglass_server::app::Settings;
use lendglass_server::service::{demo, session, world};
use lendglass_store::clock::Clock;
use lendglass_store::db::Engine;
use lendglass_store::{Statement, params};
use serde_json::{Value, json};
use support::{A, A2, Answer, B, C, Home, START, TestServer, on_both_engines};

const SESSION: &str = "/api/v1/session";
/// A page of this server.
const OWN: (&str, &str) = ("origin", "http://cloud.test");

on_both_engines! { "lendglass":
    a_session_says_who_asks_and_each_request_where,
    no_other_dialect_takes_the_cookie,
    changes_come_from_a_page_of_this_server,
    a_token_wins_over_the_cookie,
    wrong_passwords_are_refused_and_counted,
    a_session_ends_by_time_and_by_signing_out,
    what_ends_tokens_ends_sessions,
    a_link_signs_in_once,
    guessed_links_are_counted,
    secrets_are_kept_as_digests,
    sessions_of_a_user_are_bounded,
    streams_end_with_their_session,
    preferences_are_kept_for_each_user,
    personas_are_of_the_demo_only,
}

fn password(user: &str) -> Value {
    let account = if user == "alice" { "Acme" } else { "Borealis" };
    json!({"account": account, "username": user, "password": format!("secret-{user}")})
}

/// The cookie that an answer sets, as a browser sends it back.
#[track_caller]
fn cookie_of(answer: &Answer) -> String {
    let set = answer.header("set-cookie");
    let (pair, attributes) = set.split_once("; ").unwrap();
    assert!(pair.starts_with("lendglass_session="), "{set}");
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/api/v1"] {
        assert!(attributes.split("; ").any(|one| one == attribute), "{set}");
    }
    pair.to_owned()
}

async fn sign_in(server: &TestServer, user: &str) -> String {
    let answer = server.request("nobody", "POST", SESSION, password(user)).await.expect(201);
    assert_eq!(answer.header("cache-control"), "no-store");
    cookie_of(&answer)
}

/// A request as the console's pages make it.
async fn ask<P: Into<support::Payload>>(
    server: &TestServer,
    cookie: &str,
    method: &str,
    path: &str,
    body: P,
) -> Answer {
    server.request_with("nobody", method, path, &[("cookie", cookie), OWN], body).await
}

#[track_caller]
fn refused(answer: Answer, status: u16, code: &str) {
    let answer = answer.expect(status);
    assert_eq!(answer.json()["code"], code);
}

async fn a_session_says_who_asks_and_each_request_where(server: TestServer) {
    let answer = server.request("nobody", "POST", SESSION, password("alice")).await.expect(201);
    let cookie = cookie_of(&answer);
    let shown = ask(&server, &cookie, "GET", SESSION, ()).await.expect(200).json();
    assert_eq!(shown, answer.json());
    assert_eq!(shown["user"], json!({"id": "alice", "name": "alice"}));
    assert_eq!((&shown["account"]["id"], &shown["account"]["name"]), (&json!("x"), &json!("Acme")));
    assert_eq!((&shown["operator"], &shown["demo"]), (&json!(false), &Value::Null));
    assert_eq!(shown["expires_at"], "2026-01-01T12:00:00Z");
    let projects: Vec<_> = shown["projects"].as_array().unwrap().iter().collect();
    assert_eq!(projects.len(), 2);
    assert_eq!((&projects[0]["id"], &projects[0]["role"]), (&json!(A), &json!("admin")));
    assert_eq!((&projects[1]["id"], &projects[1]["role"]), (&json!(A2), &json!("member")));
    assert_eq!((&projects[0]["region"], &projects[0]["pending"]), (&json!("r1"), &json!(0)));

    // What waits in a project is told with it.
    let body = json!({"name": "sys1", "disk_format": "raw"});
    let image = server.request("bob", "POST", "/api/v1/images", body).await.expect(201).json();
    let id = image["id"].as_str().unwrap();
    let file = format!("/api/v1/images/{id}/file");
    server.request("bob", "PUT", &file, b"a small disk".to_vec()).await.expect(200);
    let body = json!({"images": [id], "recipients": [A2]});
    server.request("bob", "POST", "/api/v1/shares", body).await.expect(200);
    let shown = ask(&server, &cookie, "GET", SESSION, ()).await.expect(200).json();
    assert_eq!(shown["projects"][1]["pending"], 1);

    // Without a word about it: the first project. Two tabs work in two.
    let me = ask(&server, &cookie, "GET", "/api/v1/me", ()).await.expect(200).json();
    assert_eq!((&me["project"]["id"], &me["region"]), (&json!(A), &json!("r1")));
    let there = [("cookie", cookie.as_str()), ("x-lendglass-project", A2)];
    let me =
        server.request_with("nobody", "GET", "/api/v1/me", &there, ()).await.expect(200).json();
    assert_eq!((&me["project"]["id"], &me["role"]), (&json!(A2), &json!("member")));
    let path = format!("/api/v1/shares?state=pending&as_project={A2}&as_region=r1");
    let shares = ask(&server, &cookie, "GET", &path, ()).await.expect(200).json();
    assert_eq!(shares["shares"].as_array().unwrap().len(), 1);
    // A change is never steered by its address.
    let path = format!("/api/v1/images?as_project={A2}");
    let made = ask(&server, &cookie, "POST", &path, json!({"name": "x"})).await.expect(201).json();
    assert_eq!(made["owner"]["id"], A);
    let there = [("cookie", cookie.as_str()), ("x-lendglass-project", A2), OWN];
    let made = server
        .request_with("nobody", "POST", "/api/v1/images", &there, json!({"name": "x"}))
        .await
        .expect(201);
    assert_eq!(made.json()["owner"]["id"], A2);

    for (name, value, status, code) in [
        ("x-lendglass-project", B, 404, "PROJECT_NOT_FOUND"),
        ("x-lendglass-project", "no one's", 404, "PROJECT_NOT_FOUND"),
        ("x-lendglass-region", "r2", 400, "PROJECT_NOT_IN_REGION"),
        ("x-lendglass-region", "r9", 404, "REGION_NOT_FOUND"),
    ] {
        let headers = [("cookie", cookie.as_str()), (name, value)];
        let answer = server.request_with("nobody", "GET", "/api/v1/me", &headers, ()).await;
        refused(answer, status, code);
    }
}

async fn no_other_dialect_takes_the_cookie(server: TestServer) {
    let cookie = sign_in(&server, "alice").await;
    ask(&server, &cookie, "GET", "/api/v1/images", ()).await.expect(200);
    for path in [
        "/v2/images",
        "/v3/auth/projects",
        "/v3/auth/tokens",
        "/v2/cloudimages",
        "/v1/cloudimages/quota",
        "/v3/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/vaults",
    ] {
        ask(&server, &cookie, "GET", path, ()).await.expect(401);
    }
    let headers = [("cookie", cookie.as_str()), ("x-tc-action", "DescribeImages"), OWN];
    let answer = server.request_with("nobody", "POST", "/", &headers, json!({})).await.expect(200);
    let code = answer.json()["Response"]["Error"]["Code"].clone();
    assert!(code.as_str().unwrap().starts_with("AuthFailure"), "{code}");
}

async fn changes_come_from_a_page_of_this_server(server: TestServer) {
    let cookie = sign_in(&server, "alice").await;
    let cookie = ("cookie", cookie.as_str());
    let site = |site: &'static str| ("sec-fetch-site", site);
    let foreign = ("origin", "http://evil.example");
    for (headers, status) in [
        (vec![cookie], 403),
        (vec![cookie, foreign], 403),
        (vec![cookie, ("origin", "null")], 403),
        (vec![cookie, ("origin", "https://cloud.test")], 403),
        (vec![cookie, ("origin", "http://cloud.test:9292")], 403),
        (vec![cookie, OWN, site("same-site")], 403),
        (vec![cookie, OWN, site("cross-site")], 403),
        (vec![cookie, site("none")], 403),
        (vec![cookie, OWN], 201),
        (vec![cookie, OWN, site("same-origin")], 201),
        (vec![cookie, site("same-origin")], 201),
    ] {
        let body = json!({"name": "new"});
        let answer = server.request_with("nobody", "POST", "/api/v1/images", &headers, body).await;
        assert_eq!(answer.status.as_u16(), status, "{headers:?}");
        if status == 403 {
            refused(answer, 403, "ORIGIN_REFUSED");
        }
    }
    // Also where a key makes it safe to repeat, and for signing out and signing in.
    let headers = [cookie, foreign, ("idempotency-key", "k1")];
    let body = json!({"name": "new"});
    let answer = server.request_with("nobody", "POST", "/api/v1/images", &headers, body).await;
    refused(answer, 403, "ORIGIN_REFUSED");
    let answer = server.request_with("nobody", "DELETE", SESSION, &[cookie, foreign], ()).await;
    refused(answer, 403, "ORIGIN_REFUSED");
    let body = password("alice");
    let answer = server.request_with("nobody", "POST", SESSION, &[foreign], body).await;
    refused(answer, 403, "ORIGIN_REFUSED");
    server.request_with("nobody", "GET", SESSION, &[cookie, foreign], ()).await.expect(200);
}

async fn a_token_wins_over_the_cookie(server: TestServer) {
    let cookie = sign_in(&server, "alice").await;
    let headers = [("cookie", cookie.as_str())];
    let me = server.request_with("bob", "GET", "/api/v1/me", &headers, ()).await.expect(200).json();
    assert_eq!(me["user"]["id"], "bob");
    // A bad one is not made good by a cookie.
    let headers = [("cookie", cookie.as_str()), ("x-auth-token", "nonsense")];
    let answer = server.request_with("nobody", "GET", "/api/v1/me", &headers, ()).await;
    refused(answer, 401, "UNAUTHENTICATED");
    let headers = [("cookie", cookie.as_str()), ("authorization", "Bearer nonsense")];
    let answer = server.request_with("nobody", "GET", "/api/v1/me", &headers, ()).await;
    refused(answer, 401, "UNAUTHENTICATED");
}

async fn wrong_passwords_are_refused_and_counted(server: TestServer) {
    let sign_in = async |body: Value| server.request("nobody", "POST", SESSION, body).await;
    for body in [
        json!({"account": "Acme", "username": "alice", "password": "wrong"}),
        json!({"account": "Borealis", "username": "alice", "password": "secret-alice"}),
        json!({"account": "Nowhere", "username": "alice", "password": "secret-alice"}),
        json!({"username": "nobody", "password": "secret-alice"}),
    ] {
        let answer = sign_in(body).await;
        assert_eq!(answer.header("set-cookie"), "");
        refused(answer, 401, "WRONG_PASSWORD");
    }
    for (body, code) in [
        (json!({"password": "x"}), "MISSING_FIELD"),
        (json!({"username": "alice"}), "MISSING_FIELD"),
        (json!({"username": "alice", "password": "x", "project": A}), "UNKNOWN_FIELD"),
        (json!({"one_time": "x", "username": "alice", "password": "x"}), "MALFORMED"),
    ] {
        refused(sign_in(body).await, 400, code);
    }
    // By name alone where one has it, by the account's id as well.
    sign_in(json!({"username": "alice", "password": "secret-alice"})).await.expect(201);
    let by_id = json!({"account": "x", "username": "alice", "password": "secret-alice"});
    sign_in(by_id).await.expect(201);

    let allowed = server.app.settings.sign_in_failures_per_minute;
    for _ in 1..allowed {
        let body = json!({"username": "alice", "password": "wrong"});
        refused(sign_in(body).await, 401, "WRONG_PASSWORD");
    }
    let answer = sign_in(password("alice")).await.expect(429);
    assert!(!answer.header("retry-after").is_empty());
    sign_in(password("bob")).await.expect(201);
    server.step(60).await;
    sign_in(password("alice")).await.expect(201);
}

async fn a_session_ends_by_time_and_by_signing_out(server: TestServer) {
    const HOUR: i64 = 3600;
    let (busy, idle) = (sign_in(&server, "alice").await, sign_in(&server, "alice").await);
    server.step(11 * HOUR).await;
    ask(&server, &busy, "GET", "/api/v1/me", ()).await.expect(200);
    server.step(HOUR).await;
    refused(ask(&server, &idle, "GET", "/api/v1/me", ()).await, 401, "SESSION_ENDED");
    refused(ask(&server, &idle, "GET", SESSION, ()).await, 401, "SESSION_ENDED");
    ask(&server, &busy, "GET", "/api/v1/me", ()).await.expect(200);
    server.step(11 * HOUR).await;
    let shown = ask(&server, &busy, "GET", SESSION, ()).await.expect(200).json();
    assert_eq!(shown["expires_at"], "2026-01-02T00:00:00Z", "whatever is done, a day is the most");
    server.step(HOUR).await;
    refused(ask(&server, &busy, "GET", SESSION, ()).await, 401, "SESSION_ENDED");
    static COUNT: Statement = Statement::new("select cast(count(*) as bigint) from session");
    let count = async || {
        server.app.db.read(&COUNT, params![]).await.unwrap().remove(0).read().int().unwrap()
    };
    assert_eq!(count().await, 2);
    server.app.identity.purge().await.unwrap();
    assert_eq!(count().await, 0);

    let (one, other) = (sign_in(&server, "alice").await, sign_in(&server, "alice").await);
    let answer = ask(&server, &one, "DELETE", SESSION, ()).await.expect(204);
    assert!(answer.header("set-cookie").starts_with("lendglass_session=; "), "{answer:?}");
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    refused(ask(&server, &one, "GET", "/api/v1/me", ()).await, 401, "SESSION_ENDED");
    ask(&server, &other, "GET", "/api/v1/me", ()).await.expect(200);
    refused(server.request("nobody", "GET", SESSION, ()).await, 401, "UNAUTHENTICATED");
    let none = "lendglass_session=";
    refused(ask(&server, none, "GET", "/api/v1/me", ()).await, 401, "UNAUTHENTICATED");
    // Signing in again in the same browser ends the former session.
    let headers = [("cookie", other.as_str())];
    let body = password("alice");
    server.request_with("nobody", "POST", SESSION, &headers, body).await.expect(201);
    refused(ask(&server, &other, "GET", SESSION, ()).await, 401, "SESSION_ENDED");
}

async fn what_ends_tokens_ends_sessions(server: TestServer) {
    let node = server.second().await;
    let cookie = sign_in(&server, "alice").await;
    ask(&node, &cookie, "GET", "/api/v1/me", ()).await.expect(200);
    let body = json!({"user": {"original_password": "secret-alice", "password": "secret-alice"}});
    server.request("alice", "POST", "/v3/users/alice/password", body).await.expect(204);
    for node in [&server, &node] {
        refused(ask(node, &cookie, "GET", "/api/v1/me", ()).await, 401, "SESSION_ENDED");
    }
    server.step(1).await;
    server.forget();
    // A role that is given counts at once; one that is taken ends the session.
    let cookie = sign_in(&server, "bob").await;
    let in_c = [("cookie", cookie.as_str()), ("x-lendglass-project", C)];
    let me = async || server.request_with("nobody", "GET", "/api/v1/me", &in_c, ()).await;
    me().await.expect(404);
    let role = format!("/v3/projects/{C}/users/bob/roles/member");
    server.request("operator", "PUT", &role, ()).await.expect(204);
    me().await.expect(200);
    server.request("operator", "DELETE", &role, ()).await.expect(204);
    refused(me().await, 401, "SESSION_ENDED");
    let cookie = sign_in(&server, "bob").await;
    let off = json!({"user": {"enabled": false}});
    server.request("operator", "PATCH", "/v3/users/bob", off).await.expect(200);
    refused(ask(&server, &cookie, "GET", "/api/v1/me", ()).await, 401, "SESSION_ENDED");
    server.request("operator", "DELETE", "/v3/users/bob", ()).await.expect(204);
    refused(ask(&server, &cookie, "GET", SESSION, ()).await, 401, "SESSION_ENDED");
}

async fn link(server: &TestServer, user: &str) -> String {
    session::link(&server.app.db, &UserId::trusted(user), server.app.clock.now()).await.unwrap()
}

async fn by_link(server: &TestServer, secret: &str) -> Answer {
    server.request("nobody", "POST", SESSION, json!({"one_time": secret})).await
}

async fn a_link_signs_in_once(server: TestServer) {
    let secret = link(&server, "bob").await;
    let answer = by_link(&server, &secret).await.expect(201);
    assert_eq!(answer.json()["user"]["id"], "bob");
    ask(&server, &cookie_of(&answer), "GET", "/api/v1/me", ()).await.expect(200);
    refused(by_link(&server, &secret).await, 401, "LINK_ENDED");
    // The newest one only, and not for ever.
    let (older, newer) = (link(&server, "bob").await, link(&server, "bob").await);
    refused(by_link(&server, &older).await, 401, "LINK_ENDED");
    by_link(&server, &newer).await.expect(201);
    let late = link(&server, "bob").await;
    server.step(24 * 3600).await;
    refused(by_link(&server, &late).await, 401, "LINK_ENDED");
    // Of two at once one gets in.
    let secret = link(&server, "bob").await;
    let (one, other) = tokio::join!(by_link(&server, &secret), by_link(&server, &secret));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 401]);
    let secret = link(&server, "rob").await;
    let off = json!({"user": {"enabled": false}});
    server.request("operator", "PATCH", "/v3/users/rob", off).await.expect(200);
    refused(by_link(&server, &secret).await, 401, "LINK_ENDED");
}

async fn guessed_links_are_counted(server: TestServer) {
    let secret = link(&server, "bob").await;
    for n in 0..server.app.settings.sign_in_failures_per_minute {
        refused(by_link(&server, &format!("guess-{n}")).await, 401, "LINK_ENDED");
    }
    refused(by_link(&server, &secret).await, 429, "RATE_LIMITED");
    server.step(60).await;
    by_link(&server, &secret).await.expect(201);
}

async fn secrets_are_kept_as_digests(server: TestServer) {
    let cookie = sign_in(&server, "alice").await;
    let (_, secret) = cookie.split_once('=').unwrap();
    let link = link(&server, "alice").await;
    static ALL: Statement =
        Statement::new("select digest from session union all select digest from sign_in_link");
    let rows = server.app.db.read(&ALL, params![]).await.unwrap();
    let kept: Vec<String> = rows.into_iter().map(|row| row.read().text().unwrap()).collect();
    assert_eq!(kept.len(), 2);
    for text in &kept {
        assert_eq!(text.len(), 64);
        assert!(text != secret && text != &link);
        // What is stored opens nothing.
        let stolen = format!("lendglass_session={text}");
        refused(ask(&server, &stolen, "GET", SESSION, ()).await, 401, "SESSION_ENDED");
        refused(by_link(&server, text).await, 401, "LINK_ENDED");
    }
}

async fn sessions_of_a_user_are_bounded(server: TestServer) {
    let first = sign_in(&server, "alice").await;
    let mut last = String::new();
    for _ in 0..lendglass_core::limits::SESSIONS_OF_USER {
        server.step(1).await;
        last = sign_in(&server, "alice").await;
    }
    refused(ask(&server, &first, "GET", SESSION, ()).await, 401, "SESSION_ENDED");
    ask(&server, &last, "GET", SESSION, ()).await.expect(200);
}

/// The next text of a stream of events.
async fn next(body: &mut Body) -> Option<String> {
    use http_body_util::BodyExt as _;
    let frame = body.frame().await?.unwrap().into_data().unwrap();
    Some(String::from_utf8(frame.into()).unwrap())
}

async fn streams_end_with_their_session(server: TestServer) {
    let cookie = sign_in(&server, "bob").await;
    let path = format!("/api/v1/events?as_project={B}");
    let request = Request::get(&path).header("host", "cloud.test").header("cookie", &cookie);
    let response = server.open(request.body(Body::empty()).unwrap()).await;
    assert_eq!(response.status().as_u16(), 200);
    let mut body = response.into_body();
    assert!(next(&mut body).await.unwrap().starts_with("retry:"));
    ask(&server, &cookie, "DELETE", SESSION, ()).await.expect(204);
    let body_of = json!({"name": "sys1", "disk_format": "raw"});
    let image = server.request("alice", "POST", "/api/v1/images", body_of).await.expect(201).json();
    let id = image["id"].as_str().unwrap();
    let file = format!("/api/v1/images/{id}/file");
    server.request("alice", "PUT", &file, b"a small disk".to_vec()).await.expect(200);
    let offer = json!({"images": [id], "recipients": [B]});
    server.request("alice", "POST", "/api/v1/shares", offer).await.expect(200);
    let said = next(&mut body).await.unwrap();
    assert!(said.contains("event: end") && said.contains("SESSION_ENDED"), "{said}");
    assert_eq!(next(&mut body).await, None);
}

async fn preferences_are_kept_for_each_user(server: TestServer) {
    const PREFERENCES: &str = "/api/v1/me/preferences";
    let cookie = sign_in(&server, "alice").await;
    assert_eq!(ask(&server, &cookie, "GET", PREFERENCES, ()).await.expect(200).json(), json!({}));
    let wish = json!({"theme": "dark", "tables": {"images": {"columns": ["name", "status"]}}});
    ask(&server, &cookie, "PUT", PREFERENCES, wish.clone()).await.expect(200);
    // The same in every project, and by a token.
    let shown = server.request("alice@A2", "GET", PREFERENCES, ()).await.expect(200).json();
    assert_eq!(shown, wish);
    assert_eq!(server.request("bob", "GET", PREFERENCES, ()).await.expect(200).json(), json!({}));
    server.request("alice", "PUT", PREFERENCES, json!({"theme": "light"})).await.expect(200);
    let shown = ask(&server, &cookie, "GET", PREFERENCES, ()).await.expect(200).json();
    assert_eq!(shown, json!({"theme": "light"}), "what is written replaces what was");
    let dry = format!("{PREFERENCES}?dry_run=true");
    server.request("alice", "PUT", &dry, json!({})).await.expect(200);
    let large = json!({"filters": "x".repeat(32 * 1024)});
    refused(server.request("alice", "PUT", PREFERENCES, large).await, 413, "BODY_TOO_LARGE");
    refused(server.request("alice", "PUT", PREFERENCES, json!([])).await, 400, "INVALID_VALUE");
    refused(server.request("nobody", "PUT", PREFERENCES, json!({})).await, 401, "UNAUTHENTICATED");
    let shown = server.request("alice", "GET", PREFERENCES, ()).await.expect(200).json();
    assert_eq!(shown, json!({"theme": "light"}));
    // A user made anew under an old id has the preferences of nobody.
    server.request("operator", "DELETE", "/v3/users/alice", ()).await.expect(204);
    let kept = session::preferences(&server.app, &UserId::trusted("alice")).await.unwrap();
    assert_eq!(kept, None);
}

async fn personas_are_of_the_demo_only(server: TestServer) {
    let cookie = sign_in(&server, "alice").await;
    let body = json!({"user": "bob"});
    let answer = ask(&server, &cookie, "POST", "/api/v1/session/persona", body).await;
    refused(answer, 403, "NOT_AVAILABLE_HERE");
    refused(
        server.request("alice", "POST", "/api/v1/session/persona", json!({})).await,
        401,
        "UNAUTHENTICATED",
    );
}

/// A server with the demo's people beside those of the tests.
async fn demo_server() -> TestServer {
    let home = Arc::new(Home::fresh(Engine::Sqlite).await);
    let clock = Clock::stepped(START);
    let ground = home.ground(&clock).await;
    let before = demo::accounts(&ground.db).await.unwrap();
    world::apply(&ground, "the demo", world::demo_world()).await.unwrap();
    demo::remember_accounts(&ground.db, &before).await.unwrap();
    let settings = Settings { is_demo: true, ..Settings::default() };
    let server = TestServer::without_people(home, clock, "lendglass", settings).await;
    demo::make(&server.app).await.unwrap();
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_link_signs_alice_in_and_she_looks_as_bob() {
    let server = demo_server().await;
    let secret = demo::sign_in_link(&server.app).await.unwrap();
    let alice = by_link(&server, &secret).await.expect(201);
    assert_eq!(alice.json()["user"]["name"], "alice");
    assert_eq!(alice.json()["demo"], json!({"personas": ["alice", "bob"]}));
    let cookie = cookie_of(&alice);
    let become_ = async |cookie: &str, name: &str| {
        ask(&server, cookie, "POST", "/api/v1/session/persona", json!({"user": name})).await
    };
    refused(become_(&cookie, "admin").await, 404, "USER_NOT_FOUND");
    refused(become_(&cookie, "").await, 400, "INVALID_VALUE");
    let bob = become_(&cookie, "bob").await.expect(201);
    assert_eq!(bob.json()["user"]["name"], "bob");
    assert_eq!(bob.json()["projects"][0]["pending"], 1);
    refused(ask(&server, &cookie, "GET", SESSION, ()).await, 401, "SESSION_ENDED");
    let alice = become_(&cookie_of(&bob), "alice").await.expect(201);
    assert_eq!(alice.json()["user"]["name"], "alice");
    demo::purge(&server.app).await.unwrap();
    refused(ask(&server, &cookie_of(&alice), "GET", SESSION, ()).await, 401, "SESSION_ENDED");
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_proxy_the_cookie_is_for_what_the_browser_sees() {
    let home = Arc::new(Home::fresh(Engine::Sqlite).await);
    let settings = Settings {
        public_url: Some("https://cloud.example/images".to_owned()),
        base_path: Some("/images".to_owned()),
        ..Settings::default()
    };
    let server = TestServer::on(home, Clock::stepped(START), "lendglass", settings).await;
    let answer = server.request("nobody", "POST", SESSION, password("alice")).await.expect(201);
    let set = answer.header("set-cookie").to_owned();
    assert!(set.contains("; Path=/images/api/v1;") && set.ends_with("; Secure"), "{set}");
    let (cookie, _) = set.split_once("; ").unwrap();
    for (origin, status) in [("https://cloud.example", 201), ("http://cloud.test", 403)] {
        let headers = [("cookie", cookie), ("origin", origin)];
        let body = json!({"name": "new"});
        let answer = server.request_with("nobody", "POST", "/api/v1/images", &headers, body).await;
        assert_eq!(answer.status.as_u16(), status, "{origin}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_the_console_are_one_index_that_knows_its_place() {
    let home = Arc::new(Home::fresh(Engine::Sqlite).await);
    let dist = home.folder.path().join("dist");
    std::fs::create_dir_all(dist.join("assets")).unwrap();
    let html = "<head><base href=\"/\" /><script src=\"./assets/a-12.js\"></script></head>";
    std::fs::write(dist.join("index.html"), html).unwrap();
    std::fs::write(dist.join("assets/a-12.js"), "script").unwrap();
    std::fs::write(dist.join("assets/a-12.js.br"), "br").unwrap();
    let settings = Settings {
        console_folder: Some(dist),
        base_path: Some("/images".to_owned()),
        ..Settings::default()
    };
    let server = TestServer::on(home, Clock::stepped(START), "lendglass", settings).await;
    let get = async |path: &str, headers: &[(&str, &str)]| {
        server.request_with("nobody", "GET", path, headers, ()).await
    };
    let html = [("accept", "text/html")];
    let to_console = get("/", &html).await.expect(303);
    assert_eq!(to_console.header("location"), "/images/console/");
    assert_eq!(get("/console", &[]).await.expect(307).header("location"), "/images/console/");
    for path in ["/console/", "/console/r/r1/p/x/images/private?q=a&sel=b"] {
        let page = get(path, &html).await.expect(200);
        assert!(String::from_utf8_lossy(&page.bytes).contains("<base href=\"/images/\" />"));
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(page.header("cache-control"), "no-cache");
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        let tag = page.header("etag").to_owned();
        get(path, &[("if-none-match", &tag)]).await.expect(304);
    }
    let script = get("/assets/a-12.js", &[("accept-encoding", "gzip, br")]).await.expect(200);
    assert_eq!((&script.bytes[..], script.header("content-encoding")), (&b"br"[..], "br"));
    assert_eq!(script.header("cache-control"), "public, max-age=31536000, immutable");
    let head = server.request("nobody", "HEAD", "/assets/a-12.js", ()).await.expect(200);
    assert_eq!(head.header("content-length"), "6");
    // What is no file of it is nobody's, and a file takes no other method.
    get("/assets/b.js", &[]).await.expect(404);
    get("/index.html", &[]).await.expect(404);
    server.request("nobody", "POST", "/assets/a-12.js", ()).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_without_console_says_so_or_shows_it() {
    let server = TestServer::start(Engine::Sqlite, "lendglass").await;
    let page = server.request("nobody", "GET", "/console/images", ()).await.expect(200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let is_built = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../console/dist");
    let says_so = String::from_utf8_lossy(&page.bytes).contains("no console");
    assert!(is_built.exists() || says_so);
}
