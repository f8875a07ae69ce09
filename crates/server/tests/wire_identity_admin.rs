//! Administration through Keystone's API: who may, what it refuses, and what it leaves behind.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use lendglass_store::{Statement, params};
use serde_json::{Value, json};
use support::{A, A2, Answer, B, TestServer, on_both_engines};

on_both_engines! { "lendglass":
    the_operator_administers_users_projects_and_domains,
    others_administer_nothing_and_learn_nothing,
    malformed_requests_change_nothing,
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

async fn the_operator_administers_users_projects_and_domains(server: TestServer) {
    let operator = async |method: &str, path: &str, body: Value| {
        server.request("operator", method, path, body).await
    };
    let made = operator("POST", "/v3/domains", json!({"domain": {"name": "Eager"}})).await;
    let domain = made.expect(201).json()["domain"]["id"].as_str().unwrap().to_owned();
    let again = operator("POST", "/v3/domains", json!({"domain": {"name": "Eager"}})).await;
    again.refused(409, "NAME_TAKEN");

    let wish = json!({"project": {"name": "E", "domain_id": domain, "region": "r2"}});
    let made = operator("POST", "/v3/projects", wish.clone()).await.expect(201).json();
    let project = made["project"]["id"].as_str().unwrap().to_owned();
    assert_eq!(made["project"]["region"], "r2");
    operator("POST", "/v3/projects", wish).await.refused(409, "NAME_TAKEN");
    let nowhere = json!({"project": {"name": "F", "domain_id": "nowhere"}});
    operator("POST", "/v3/projects", nowhere).await.refused(404, "ACCOUNT_NOT_FOUND");
    let nowhere = json!({"project": {"name": "F", "region": "r9"}});
    operator("POST", "/v3/projects", nowhere).await.refused(404, "REGION_NOT_FOUND");
    let moved = json!({"project": {"region": "r1"}});
    operator("PATCH", &format!("/v3/projects/{project}"), moved).await.expect(403);

    let wish = json!({"user": {"name": "erin", "domain_id": domain, "password": "secret-erin"}});
    let made = operator("POST", "/v3/users", wish.clone()).await.expect(201).json();
    let erin = made["user"]["id"].as_str().unwrap().to_owned();
    assert!(!made.to_string().contains("secret-erin"));
    operator("POST", "/v3/users", wish).await.refused(409, "NAME_TAKEN");
    let grant = format!("/v3/projects/{project}/users/{erin}/roles/member");
    operator("HEAD", &grant, Value::Null).await.expect(404);
    operator("PUT", &grant, Value::Null).await.expect(204);
    operator("PUT", &grant, Value::Null).await.expect(204);
    operator("HEAD", &grant, Value::Null).await.expect(204);
    let unknown = grant.replace("member", "wizard");
    operator("PUT", &unknown, Value::Null).await.refused(404, "ROLE_NOT_FOUND");
    operator("DELETE", &grant.replace("member", "admin"), Value::Null).await.expect(404);

    let list = format!("/v3/role_assignments?user.id={erin}&include_names");
    let list = operator("GET", &list, Value::Null).await.expect(200).json();
    let only = &list["role_assignments"][0];
    assert_eq!(only["role"]["name"], "member");
    assert_eq!(only["user"]["name"], "erin");
    assert_eq!(only["scope"]["project"]["domain"]["name"], "Eager");

    let erin_in = |scope: Value| {
        let user = json!({"name": "erin", "password": "secret-erin", "domain": {"name": "Eager"}});
        password(&user, &scope)
    };
    let scope = json!({"project": {"name": "E", "domain": {"name": "Eager"}}});
    let signed = sign_in(&server, erin_in(scope)).await.expect(201);
    let token = signed.header("x-subject-token");
    let found = operator("GET", "/v3/users?name=erin", Value::Null).await.expect(200).json();
    assert_eq!(found["users"][0]["id"], erin);
    let found = operator("GET", "/v3/projects?name=E", Value::Null).await.expect(200).json();
    assert_eq!(names(&found["projects"]), ["E"]);
    let renamed = json!({"project": {"name": "E2", "description": "d"}});
    let renamed = operator("PATCH", &format!("/v3/projects/{project}"), renamed).await.expect(200);
    assert_eq!(renamed.json()["project"]["name"], "E2");

    operator("DELETE", &format!("/v3/projects/{project}"), Value::Null).await.expect(204);
    ask(&server, token).await.refused(401, "TOKEN_REVOKED");
    operator("DELETE", &format!("/v3/projects/{project}"), Value::Null).await.expect(404);
    let path = format!("/v3/domains/{domain}");
    operator("DELETE", &path, Value::Null).await.refused(400, "INVALID_VALUE");
    operator("PATCH", &path, json!({"domain": {"enabled": false}})).await.expect(200);
    operator("DELETE", &path, Value::Null).await.expect(204);
    operator("GET", &format!("/v3/users/{erin}"), Value::Null).await.refused(404, "USER_NOT_FOUND");
    static CHANGES: Statement = Statement::new(
        "select detail, user_id, source, request_id from audit where target = $1 order by at, id",
    );
    let rows = server.app.db.read(&CHANGES, params![erin.as_str()]).await.unwrap();
    let mut columns = rows.into_iter().next().unwrap().read();
    assert_eq!(columns.text().unwrap(), "user.create name=erin");
    assert_eq!(columns.text().unwrap(), "operator");
    columns.text().unwrap();
    assert!(columns.text().unwrap().starts_with("req-"));

    let last = operator("DELETE", "/v3/users/operator", Value::Null).await;
    last.refused(400, "INVALID_VALUE");
}

async fn others_administer_nothing_and_learn_nothing(server: TestServer) {
    // alice is admin of her project; that gives nothing outside it.
    for (method, path, body) in [
        ("GET", "/v3/users".to_owned(), Value::Null),
        ("GET", "/v3/users/bob".to_owned(), Value::Null),
        ("GET", "/v3/users/no-such-user".to_owned(), Value::Null),
        ("GET", "/v3/users/bob/projects".to_owned(), Value::Null),
        ("GET", "/v3/domains".to_owned(), Value::Null),
        ("GET", "/v3/domains/y".to_owned(), Value::Null),
        ("GET", "/v3/domains/no-such-domain".to_owned(), Value::Null),
        ("GET", format!("/v3/projects/{B}"), Value::Null),
        ("GET", "/v3/projects/no-such-project".to_owned(), Value::Null),
        ("GET", "/v3/projects?name=B".to_owned(), Value::Null),
        ("GET", "/v3/projects?name=no-such-project".to_owned(), Value::Null),
        ("GET", "/v3/role_assignments".to_owned(), Value::Null),
        ("POST", "/v3/users".to_owned(), json!({"user": {"name": "eve"}})),
        ("PATCH", "/v3/users/alice".to_owned(), json!({"user": {"enabled": false}})),
        ("DELETE", "/v3/users/bob".to_owned(), Value::Null),
        ("POST", "/v3/projects".to_owned(), json!({"project": {"name": "E"}})),
        ("PATCH", format!("/v3/projects/{A}"), json!({"project": {"name": "E"}})),
        ("DELETE", format!("/v3/projects/{A}"), Value::Null),
        ("POST", "/v3/domains".to_owned(), json!({"domain": {"name": "E"}})),
        ("DELETE", "/v3/domains/x".to_owned(), Value::Null),
        ("PUT", format!("/v3/projects/{A}/users/bob/roles/admin"), Value::Null),
        ("DELETE", format!("/v3/projects/{A}/users/rita/roles/reader"), Value::Null),
    ] {
        let answer = server.request("alice", method, &path, body.clone()).await;
        answer.refused(403, "OPERATOR_ONLY");
        let answer = server.request("nobody", method, &path, body).await;
        answer.refused(401, "UNAUTHENTICATED");
    }
    let own = server.request("alice", "GET", "/v3/projects", ()).await.expect(200).json();
    assert_eq!(names(&own["projects"]), ["A", "A2"]);
    server.request("alice", "GET", &format!("/v3/projects/{A2}"), ()).await.expect(200);
    server.request("alice", "GET", "/v3/users/alice", ()).await.expect(200);
    server.request("alice", "GET", "/v3/domains/x", ()).await.expect(200);
    let domains = server.request("alice", "GET", "/v3/auth/domains", ()).await.expect(200).json();
    assert_eq!(names(&domains["domains"]), ["Acme"]);
}

async fn malformed_requests_change_nothing(server: TestServer) {
    let post = async |body: Vec<u8>, media_type: &str| {
        let headers = [("content-type", media_type)];
        server.request_with("operator", "POST", "/v3/projects", &headers, body).await
    };
    let deep = format!("{}1{}", "[".repeat(60), "]".repeat(60));
    let nested = format!(r#"{{"project": {{"name": "E", "tags": {deep}}}}}"#);
    for body in [
        "",
        "{",
        "[]",
        "null",
        r#"{"project": "E"}"#,
        r#"{"project": {"name": 5}}"#,
        r#"{"project": {"name": "E", "enabled": "yes"}}"#,
        r#"{"project": {"name": "a\u0000b"}}"#,
        "{\"project\": {\"name\": \"\u{7f}",
        nested.as_str(),
    ] {
        let answer = post(body.into(), "application/json").await;
        answer.refused(400, "MALFORMED_JSON");
    }
    post(vec![b'{', 0xff, b'}'], "application/json").await.refused(400, "MALFORMED_JSON");
    post(br#"{"project": {}}"#.to_vec(), "application/json").await.refused(400, "MISSING_FIELD");
    for name in ["", " E", "E\\n", &"x".repeat(256)] {
        let body = format!(r#"{{"project": {{"name": "{name}"}}}}"#);
        post(body.into(), "application/json; charset=utf-8").await.refused(400, "INVALID_VALUE");
    }
    post(b"name=E".to_vec(), "text/plain").await.refused(415, "UNSUPPORTED_MEDIA");
    let huge = format!(r#"{{"project": {{"name": "{}"}}}}"#, "x".repeat(1 << 20));
    post(huge.into(), "application/json").await.refused(413, "BODY_TOO_LARGE");

    for body in [
        json!({}),
        json!({"auth": {}}),
        json!({"auth": {"identity": {"methods": []}}}),
        json!({"auth": {"identity": {"methods": ["oauth1"]}}}),
        json!({"auth": {"identity": {"methods": ["password"]}}}),
        password(&json!({"name": "alice", "password": "secret-alice"}), &Value::Null),
        password(&user("alice"), &json!({"project": {"name": "A"}})),
        password(&user("alice"), &json!({"galaxy": {}})),
        password(&user("alice"), &json!(7)),
    ] {
        assert_eq!(sign_in(&server, body.clone()).await.status, 400, "{body}");
    }
    server
        .request("alice", "GET", "/v3/projects/a%20b", ())
        .await
        .refused(404, "PROJECT_NOT_FOUND");
    server.request("alice", "GET", "/v3/projects?name=%00", ()).await.refused(400, "MALFORMED");
    server.request("alice", "GET", "/v3/projects/%ff", ()).await.refused(400, "MALFORMED");
    server.request("alice", "GET", "/v3/trusts", ()).await.refused(404, "ROUTE_NOT_FOUND");
    server.request("alice", "PUT", "/v3/users", ()).await.refused(405, "METHOD_NOT_ALLOWED");
    let projects = server.request("operator", "GET", "/v3/projects", ()).await.expect(200).json();
    assert_eq!(projects["projects"].as_array().unwrap().len(), 8);
}
