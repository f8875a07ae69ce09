//! Built-in identity through Keystone's API: signing in, tokens and their end, administration.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use lendglass_core::Code;
use lendglass_server::drivers::identity::{Identity, MasterKeyFile};
use lendglass_server::wire::{context::Context, credential};
use serde_json::{Value, json};
use support::{A, A2, Answer, B, B2, C, D, TestServer, on_both_engines};

on_both_engines! { "lendglass":
    a_password_signs_in_by_id_and_by_name,
    every_wrong_proof_and_scope_is_refused_alike,
    scopes_are_what_was_asked_for,
    a_default_project_is_the_scope_of_who_names_none,
    failures_are_limited_and_successes_are_not,
    a_token_expires_and_a_traded_one_ends_no_later,
    a_revoked_token_ends_here_at_once_and_on_other_nodes_soon,
    whatever_takes_access_away_ends_tokens,
    application_credentials_sign_in_within_their_roles,
    a_node_without_news_of_revocations_answers_503,
    revocations_are_forgotten_when_no_token_can_need_them,
    a_wrong_master_key_stops_the_start,
    the_catalog_lists_the_home_region_and_lists_are_filtered,
    callers_get_their_region,
}

const TOKENS: &str = "/v3/auth/tokens";

/// The body of a sign-in with a password.
fn password(user: &Value, scope: &Value) -> Value {
    let mut auth = json!({"identity": {"methods": ["password"], "password": {"user": user}}});
    if !scope.is_null() {
        auth["scope"] = scope.clone();
    }
    json!({"auth": auth})
}

fn by_token(token: &str, scope: &Value) -> Value {
    let identity = json!({"methods": ["token"], "token": {"id": token}});
    json!({"auth": {"identity": identity, "scope": scope}})
}

fn user(id: &str) -> Value {
    json!({"id": id, "password": format!("secret-{id}")})
}

async fn sign_in(server: &TestServer, body: Value) -> Answer {
    server.request("nobody", "POST", TOKENS, body).await
}

/// Whether a token holds: asks with it for its own projects.
async fn ask(server: &TestServer, token: &str) -> Answer {
    let headers = [("x-auth-token", token)];
    server.request_with("nobody", "GET", "/v3/auth/projects", &headers, ()).await
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect()
}

async fn a_password_signs_in_by_id_and_by_name(server: TestServer) {
    let by_name = |domain| json!({"name": "alice", "password": "secret-alice", "domain": domain});
    let by_project = |domain: Value| json!({"project": {"name": "A", "domain": domain}});
    for (user, scope) in [
        (user("alice"), json!({"project": {"id": A}})),
        (by_name(json!({"id": "x"})), by_project(json!({"id": "x"}))),
        (by_name(json!({"name": "Acme"})), by_project(json!({"name": "Acme"}))),
    ] {
        let answer = sign_in(&server, password(&user, &scope)).await.expect(201);
        assert!(answer.header("x-subject-token").len() > 100);
        assert_eq!(answer.header("cache-control"), "no-store");
        let token = &answer.json()["token"];
        assert_eq!(token["user"]["name"], "alice");
        let domain = json!({"id": "x", "name": "Acme"});
        assert_eq!(token["user"]["domain"], domain);
        assert_eq!(token["project"], json!({"id": A, "name": "A", "domain": domain}));
        assert_eq!(token["methods"], json!(["password"]));
        assert_eq!(names(&token["roles"]), ["admin", "member", "reader"]);
        assert_eq!(token["issued_at"], "2026-01-01T00:00:00.000000Z");
        assert_eq!(token["expires_at"], "2026-01-01T01:00:00.000000Z");
    }
}

async fn every_wrong_proof_and_scope_is_refused_alike(server: TestServer) {
    let of = |user: Value| password(&user, &Value::Null);
    let acme = json!({"name": "Acme"});
    let wrong = [
        of(json!({"id": "alice", "password": "secret-bob"})),
        of(json!({"id": "alice", "password": ""})),
        of(json!({"id": "alice", "password": "x".repeat(5000)})),
        of(json!({"id": "nobody", "password": "secret-alice"})),
        of(json!({"name": "nobody", "password": "x", "domain": acme})),
        of(json!({"name": "alice", "password": "secret-alice", "domain": {"name": "Borealis"}})),
        of(json!({"name": "alice", "password": "secret-alice", "domain": {"name": "Nowhere"}})),
    ];
    let mut texts = Vec::new();
    for body in wrong {
        let answer = sign_in(&server, body).await.refused(401, "WRONG_PASSWORD");
        assert_eq!(answer.header("x-subject-token"), "");
        texts.push(answer.bytes);
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "the text says nothing about who exists");

    for scope in [
        json!({"project": {"id": B}}),
        json!({"project": {"id": "no-such-project"}}),
        json!({"project": {"name": "B", "domain": {"name": "Borealis"}}}),
        json!({"domain": {"id": "y"}}),
        json!({"domain": {"name": "Nowhere"}}),
        json!({"system": {"all": true}}),
    ] {
        let body = password(&user("alice"), &scope);
        sign_in(&server, body).await.refused(401, "SCOPE_REFUSED");
    }
    for token in ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
        ask(&server, token).await.refused(401, "UNAUTHENTICATED");
        let body = by_token(token, &Value::Null);
        sign_in(&server, body).await.refused(401, "UNAUTHENTICATED");
    }
    let good = server.token("alice").await;
    let (head, signature) = good.rsplit_once('.').unwrap();
    let swapped: String = signature.chars().rev().collect();
    ask(&server, &format!("{head}.{swapped}")).await.refused(401, "UNAUTHENTICATED");
    let challenge = server.request("nobody", "GET", "/v3/projects", ()).await;
    let challenge = challenge.refused(401, "UNAUTHENTICATED");
    assert!(challenge.header("www-authenticate").starts_with("Keystone"));
}

async fn scopes_are_what_was_asked_for(server: TestServer) {
    let unscoped = sign_in(&server, password(&user("alice"), &json!("unscoped"))).await;
    let token = unscoped.expect(201);
    for absent in ["project", "domain", "roles", "catalog"] {
        assert!(token.json()["token"].get(absent).is_none(), "{absent}");
    }
    let unscoped = token.header("x-subject-token");
    let own = ask(&server, unscoped).await.expect(200).json();
    assert_eq!(names(&own["projects"]), ["A", "A2"]);

    let scoped = sign_in(&server, by_token(unscoped, &json!({"project": {"id": A2}}))).await;
    let scoped = scoped.expect(201).json();
    assert_eq!(scoped["token"]["project"]["name"], "A2");
    assert_eq!(scoped["token"]["methods"], json!(["token", "password"]));
    assert_eq!(scoped["token"]["audit_ids"].as_array().unwrap().len(), 2);
    assert_eq!(names(&scoped["token"]["roles"]), ["member", "reader"]);

    let domain = password(&user("alice"), &json!({"domain": {"id": "x"}}));
    let domain = sign_in(&server, domain).await.expect(201).json();
    assert_eq!(domain["token"]["domain"], json!({"id": "x", "name": "Acme"}));
    let system = password(&user("operator"), &json!({"system": {"all": true}}));
    let system = sign_in(&server, system).await.expect(201).json();
    assert_eq!(system["token"]["system"], json!({"all": true}));

    let path = format!("{TOKENS}?nocatalog");
    let body = password(&user("alice"), &json!({"project": {"id": A}}));
    let lean = server.request("nobody", "POST", &path, body).await.expect(201).json();
    assert!(lean["token"].get("catalog").is_none());
}

async fn a_default_project_is_the_scope_of_who_names_none(server: TestServer) {
    let change = json!({"user": {"default_project_id": B2}});
    server.request("operator", "PATCH", "/v3/users/bob", change).await.expect(200);
    let token = sign_in(&server, password(&user("bob"), &Value::Null)).await.expect(201).json();
    assert_eq!(token["token"]["project"]["id"], B2);
    let change = json!({"user": {"default_project_id": A}});
    server.request("operator", "PATCH", "/v3/users/bob", change).await.expect(200);
    let token = sign_in(&server, password(&user("bob"), &Value::Null)).await.expect(201).json();
    assert!(token["token"].get("project").is_none(), "no role there: unscoped");
    let change = json!({"user": {"default_project_id": null}});
    let changed = server.request("operator", "PATCH", "/v3/users/bob", change).await.expect(200);
    assert_eq!(changed.json()["user"]["default_project_id"], Value::Null);
}

async fn failures_are_limited_and_successes_are_not(server: TestServer) {
    let right = || password(&user("bob"), &Value::Null);
    let wrong = || password(&json!({"id": "bob", "password": "guess"}), &Value::Null);
    for _ in 0..12 {
        sign_in(&server, right()).await.expect(201);
    }
    for _ in 0..10 {
        sign_in(&server, wrong()).await.refused(401, "WRONG_PASSWORD");
        server.app.clock.step_seconds(1);
    }
    let limited = sign_in(&server, wrong()).await.refused(429, "RATE_LIMITED");
    assert_eq!(limited.header("retry-after"), "50");
    sign_in(&server, right()).await.refused(429, "RATE_LIMITED");
    sign_in(&server, password(&user("carol"), &Value::Null)).await.expect(201);
    server.app.clock.step_seconds(49);
    sign_in(&server, right()).await.refused(429, "RATE_LIMITED");
    server.app.clock.step_seconds(1);
    sign_in(&server, right()).await.expect(201);

    let change = |old: &str| json!({"user": {"original_password": old, "password": "n"}});
    for _ in 0..10 {
        let path = "/v3/users/dave/password";
        let answer = server.request("nobody", "POST", path, change("guess")).await;
        answer.refused(401, "WRONG_PASSWORD");
    }
    sign_in(&server, password(&user("dave"), &Value::Null)).await.refused(429, "RATE_LIMITED");
}

async fn a_token_expires_and_a_traded_one_ends_no_later(server: TestServer) {
    let first = server.new_token("alice").await;
    server.step(3000).await;
    let traded = sign_in(&server, by_token(&first, &json!({"project": {"id": A2}}))).await;
    let traded = traded.expect(201);
    assert_eq!(traded.json()["token"]["expires_at"], "2026-01-01T01:00:00.000000Z");
    let traded = traded.header("x-subject-token");
    server.step(599).await;
    ask(&server, &first).await.expect(200);
    server.step(1).await;
    ask(&server, &first).await.refused(401, "TOKEN_EXPIRED");
    ask(&server, traded).await.refused(401, "TOKEN_EXPIRED");
    ask(&server, &server.new_token("alice").await).await.expect(200);
}

async fn a_revoked_token_ends_here_at_once_and_on_other_nodes_soon(server: TestServer) {
    let other = server.second().await;
    let (token, kept) = (server.new_token("alice").await, server.new_token("alice").await);
    ask(&other, &token).await.expect(200);
    let subject = [("x-subject-token", token.as_str())];
    for method in ["GET", "HEAD"] {
        server.request_with("alice", method, TOKENS, &subject, ()).await.expect(200);
        server.request_with("operator", method, TOKENS, &subject, ()).await.expect(200);
        server.request_with("nova", method, TOKENS, &subject, ()).await.expect(200);
        server.request_with("bob", method, TOKENS, &subject, ()).await.expect(403);
    }
    server.request_with("bob", "DELETE", TOKENS, &subject, ()).await.expect(403);
    ask(&server, &token).await.expect(200);

    server.request_with("alice", "DELETE", TOKENS, &subject, ()).await.expect(204);
    ask(&server, &token).await.refused(401, "TOKEN_REVOKED");
    ask(&server, &kept).await.expect(200);
    server.request_with("operator", "GET", TOKENS, &subject, ()).await.expect(404);
    ask(&other, &token).await.expect(200);

    let refreshing = other.app.identity.spawn_refresh();
    let heard = async {
        while ask(&other, &token).await.status == 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), heard).await.unwrap();
    refreshing.abort();
    ask(&other, &token).await.refused(401, "TOKEN_REVOKED");
    ask(&other, &kept).await.expect(200);
    let third = server.second().await;
    ask(&third, &token).await.refused(401, "TOKEN_REVOKED");
}

async fn whatever_takes_access_away_ends_tokens(server: TestServer) {
    let other = server.second().await;
    let grant = format!("/v3/projects/{A}/users/rita/roles/reader");
    let project = format!("/v3/projects/{C}");
    let new_password = json!({"user": {"original_password": "secret-alice", "password": "new"}});
    for (person, method, path, body) in [
        ("bob", "PATCH", "/v3/users/bob", json!({"user": {"enabled": false}})),
        ("alice", "POST", "/v3/users/alice/password", new_password),
        ("rob", "PATCH", "/v3/users/rob", json!({"user": {"password": "by the operator"}})),
        ("rita", "DELETE", grant.as_str(), Value::Null),
        ("carol", "PATCH", project.as_str(), json!({"project": {"enabled": false}})),
        ("dave", "PATCH", "/v3/domains/w", json!({"domain": {"enabled": false}})),
        ("nova", "DELETE", "/v3/users/nova", Value::Null),
    ] {
        let token = server.new_token(person).await;
        ask(&other, &token).await.expect(200);
        let answer = server.request("operator", method, path, body).await;
        assert!(answer.status.is_success(), "{path}: {answer:?}");
        ask(&server, &token).await.refused(401, "TOKEN_REVOKED");
        other.app.identity.refresh().await.unwrap();
        ask(&other, &token).await.refused(401, "TOKEN_REVOKED");
        let again = password(&user(person), &json!({"project": {"id": C}}));
        assert_eq!(sign_in(&server, again).await.status, 401, "{person}");
    }
    let new = json!({"id": "alice", "password": "new"});
    sign_in(&server, password(&new, &json!({"project": {"id": A}}))).await.expect(201);
    let enable = json!({"project": {"enabled": true}});
    server.request("operator", "PATCH", &project, enable).await.expect(200);
    ask(&server, &server.new_token("carol").await).await.expect(200);
    ask(&other, &server.new_token("carol").await).await.expect(200);
}

async fn application_credentials_sign_in_within_their_roles(server: TestServer) {
    let path = "/v3/users/alice/application_credentials";
    let wish = |name: &str, more: Value| {
        let mut credential = json!({"name": name});
        for (field, value) in more.as_object().unwrap() {
            credential[field] = value.clone();
        }
        json!({"application_credential": credential})
    };
    let made =
        server.request("alice", "POST", path, wish("ci", json!({}))).await.expect(201).json();
    let made = &made["application_credential"];
    let (id, secret) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
    assert_eq!(made["project_id"], A);
    let shown = server.request("alice", "GET", &format!("{path}/{id}"), ()).await.expect(200);
    assert!(!String::from_utf8_lossy(&shown.bytes).contains("secret"), "told once only");

    let auth = |part: Value| {
        let identity =
            json!({"methods": ["application_credential"], "application_credential": part});
        json!({"auth": {"identity": identity}})
    };
    let named =
        json!({"name": "ci", "secret": secret, "user": {"name": "alice", "domain": {"id": "x"}}});
    sign_in(&server, auth(named)).await.expect(201);
    let signed = sign_in(&server, auth(json!({"id": id, "secret": secret}))).await.expect(201);
    let token = &signed.json()["token"];
    assert_eq!(token["project"]["id"], A);
    assert_eq!(token["application_credential"], json!({"id": id, "restricted": true}));
    let token = signed.header("x-subject-token");
    let as_it = [("x-auth-token", token)];

    let another = wish("more", json!({}));
    server.request_with("nobody", "POST", path, &as_it, another).await.expect(403);
    let traded = by_token(token, &json!({"project": {"id": A2}}));
    sign_in(&server, traded).await.refused(401, "SCOPE_REFUSED");
    sign_in(&server, auth(json!({"id": id, "secret": "guess"}))).await.expect(401);

    server.request("alice", "POST", path, wish("ci", json!({}))).await.refused(409, "NAME_TAKEN");
    let too_strong = wish("strong", json!({"roles": [{"name": "admin"}]}));
    server.request("alice@A2", "POST", path, too_strong).await.refused(400, "INVALID_VALUE");
    server.request("bob", "POST", path, wish("x", json!({}))).await.expect(403);
    server.request("bob", "GET", path, ()).await.expect(403);

    let reader = json!({"secret": "own secret", "roles": [{"name": "reader"}], "expires_at": "2026-01-01T00:10:00Z"});
    let reader =
        server.request("alice", "POST", path, wish("reader", reader)).await.expect(201).json();
    let reader = &reader["application_credential"];
    let again = || auth(json!({"id": reader["id"], "secret": "own secret"}));
    let signed = sign_in(&server, again()).await.expect(201).json();
    assert_eq!(names(&signed["token"]["roles"]), ["reader"], "no more than it was given");
    assert_eq!(signed["token"]["expires_at"], "2026-01-01T00:10:00.000000Z");
    server.step(600).await;
    sign_in(&server, again()).await.refused(401, "WRONG_PASSWORD");

    ask(&server, token).await.expect(200);
    server.request("alice", "DELETE", &format!("{path}/{id}"), ()).await.expect(204);
    ask(&server, token).await.refused(401, "TOKEN_REVOKED");
    sign_in(&server, auth(json!({"id": id, "secret": secret})))
        .await
        .refused(401, "WRONG_PASSWORD");
    server
        .request("alice", "GET", &format!("{path}/{id}"), ())
        .await
        .refused(404, "CREDENTIAL_NOT_FOUND");
}

async fn a_node_without_news_of_revocations_answers_503(server: TestServer) {
    let token = server.token("alice").await;
    server.app.clock.step_seconds(1);
    ask(&server, &token).await.expect(200);
    server.app.clock.step_seconds(1);
    ask(&server, &token).await.refused(503, "UNAVAILABLE");
    server.app.identity.refresh().await.unwrap();
    ask(&server, &token).await.expect(200);
}

async fn revocations_are_forgotten_when_no_token_can_need_them(server: TestServer) {
    let subject = server.new_token("bob").await;
    let subject = [("x-subject-token", subject.as_str())];
    server.request_with("operator", "DELETE", TOKENS, &subject, ()).await.expect(204);
    let change = json!({"user": {"password": "another"}});
    server.request("operator", "PATCH", "/v3/users/rob", change).await.expect(200);
    assert_eq!(server.app.identity.revocations(), 2);
    server.step(3601).await;
    server.app.identity.purge().await.unwrap();
    assert_eq!(server.app.identity.revocations(), 1, "the token has ended by itself");
    server.step(86_400 + 3600).await;
    server.app.identity.purge().await.unwrap();
    assert_eq!(server.app.identity.revocations(), 0);
    assert_eq!(server.second().await.app.identity.revocations(), 0, "nor in the database");
}

async fn a_wrong_master_key_stops_the_start(server: TestServer) {
    use std::os::unix::fs::PermissionsExt as _;
    let key = server.home().master_key();
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let open = async |options| {
        let app = &server.app;
        Identity::open(&app.db, &app.clock, &app.ids, &options).await.err()
    };
    assert!(open(server.home().options()).await.is_none());
    let mut given = server.home().options();
    given.master_key = MasterKeyFile::Given(server.home().folder.path().join("given.key"));
    let refused = open(given.clone()).await.unwrap();
    assert!(refused.internal_text().contains("missing"), "{refused:?}");
    std::fs::copy(&key, server.home().folder.path().join("given.key")).unwrap();
    assert!(open(given).await.is_none());

    std::fs::write(&key, "0".repeat(64)).unwrap();
    let refused = open(server.home().options()).await.unwrap();
    assert_eq!(refused.code(), Code::Unavailable);
    assert!(refused.internal_text().contains("not the one this database was sealed with"));
    std::fs::write(&key, "short").unwrap();
    assert!(open(server.home().options()).await.unwrap().internal_text().contains("64 hex"));
    std::fs::remove_file(&key).unwrap();
    assert!(open(server.home().options()).await.unwrap().internal_text().contains("missing"));
    assert!(!key.exists(), "a key that cannot fit is not made");
}

fn urls(catalog: &Value, kind: &str) -> Vec<(String, String)> {
    let services = catalog.as_array().unwrap();
    let service = services.iter().find(|service| service["type"] == kind).unwrap();
    let endpoints = service["endpoints"].as_array().unwrap().iter();
    endpoints
        .filter(|endpoint| endpoint["interface"] == "public")
        .map(|endpoint| {
            let text = |name: &str| endpoint[name].as_str().unwrap().to_owned();
            (text("region_id"), text("url"))
        })
        .collect()
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

async fn the_catalog_lists_the_home_region_and_lists_are_filtered(server: TestServer) {
    for (person, home, image) in
        [("alice", "r1", "http://cloud.test"), ("dave", "r2", "http://cloud.test/region/r2")]
    {
        let catalog =
            server.request(person, "GET", "/v3/auth/catalog", ()).await.expect(200).json();
        assert_eq!(urls(&catalog["catalog"], "image"), pairs(&[(home, image)]));
        let native = "http://cloud.test/api/v1";
        assert_eq!(urls(&catalog["catalog"], "lendglass"), pairs(&[(home, native)]));
        let keystone = "http://cloud.test/v3";
        let both = pairs(&[("r1", keystone), ("r2", keystone)]);
        assert_eq!(urls(&catalog["catalog"], "identity"), both);
    }
    let prefixed =
        server.request("dave", "GET", "/region/r2/v3/auth/catalog", ()).await.expect(200);
    let image = urls(&prefixed.json()["catalog"], "image");
    assert_eq!(image, pairs(&[("r2", "http://cloud.test/region/r2")]), "no prefix twice");

    let count = async |path: &str, list: &str| {
        let answer = server.request("carol", "GET", path, ()).await.expect(200).json();
        answer[list].as_array().unwrap().len()
    };
    assert_eq!(count("/v3/regions", "regions").await, 2);
    assert_eq!(count("/v3/services", "services").await, 3);
    assert_eq!(count("/v3/services?type=image", "services").await, 1);
    assert_eq!(count("/v3/endpoints", "endpoints").await, 18);
    assert_eq!(count("/v3/endpoints?interface=public&region_id=r2", "endpoints").await, 3);
    assert_eq!(count("/identity/v3/roles", "roles").await, 4);
    server.request("carol", "GET", "/v3/regions/r2", ()).await.expect(200);
    server.request("carol", "GET", "/v3/regions/r3", ()).await.refused(404, "REGION_NOT_FOUND");

    for path in ["/v3", "/v3/", "/identity/v3"] {
        let version = server.request("nobody", "GET", path, ()).await.expect(200).json();
        assert_eq!(version["version"]["links"][0]["href"], "http://cloud.test/v3/");
    }
    let versions = server.request("nobody", "GET", "/identity", ()).await.expect(300).json();
    assert_eq!(versions["versions"]["values"][0]["id"], "v3.14");
}

async fn callers_get_their_region(server: TestServer) {
    let context = |region: Option<&str>| Context {
        request_id: "req-1".into(),
        source: "192.0.2.1".into(),
        signed: None,
        region_prefix: region.map(lendglass_core::RegionId::trusted),
        base_path: String::new(),
        base_url: "http://cloud.test".into(),
    };
    let call = async |person: &str, region: Option<&str>, header: &str| {
        let token = server.token(person).await;
        let value = if header == "authorization" { format!("Bearer {token}") } else { token };
        let mut headers = axum::http::HeaderMap::new();
        let name = axum::http::HeaderName::try_from(header).unwrap();
        headers.insert(name, value.parse().unwrap());
        credential::caller(&server.app, &context(region), &headers).await
    };
    let alice = call("alice", None, "x-auth-token").await.unwrap();
    assert_eq!((alice.region.as_str(), alice.project.as_str()), ("r1", A));
    assert_eq!((alice.account.as_str(), alice.user_name.as_str()), ("x", "alice"));
    assert!(!alice.is_operator && !alice.is_service);
    assert_eq!(call("dave", None, "authorization").await.unwrap().region.as_str(), "r2");
    assert_eq!(call("dave", Some("r2"), "x-auth-token").await.unwrap().project.as_str(), D);
    assert!(call("operator", None, "x-auth-token").await.unwrap().is_operator);
    for (person, region, code) in [
        ("alice", "r2", Code::ProjectNotInRegion),
        ("dave", "r1", Code::ProjectNotInRegion),
        ("alice", "r3", Code::RegionNotFound),
    ] {
        let refused = call(person, Some(region), "x-auth-token").await.unwrap_err();
        assert_eq!(refused.code(), code, "{person} in {region}");
    }

    let mut headers = axum::http::HeaderMap::new();
    headers.insert("x-auth-token", server.token("bob").await.parse().unwrap());
    headers.insert("x-service-token", server.token("nova").await.parse().unwrap());
    let served = credential::caller(&server.app, &context(None), &headers).await.unwrap();
    assert!(served.is_service);
    assert_eq!(served.project.as_str(), B);
    headers.insert("x-service-token", server.token("carol").await.parse().unwrap());
    let refused = credential::caller(&server.app, &context(None), &headers).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);

    let unscoped = sign_in(&server, password(&user("bob"), &json!("unscoped"))).await;
    let mut headers = axum::http::HeaderMap::new();
    headers.insert("x-auth-token", unscoped.header("x-subject-token").parse().unwrap());
    let refused = credential::caller(&server.app, &context(None), &headers).await.unwrap_err();
    assert_eq!(refused.code(), Code::NoProjectScope);
}
