//! What clients ask first: versions, schemas, what is offered.

use serde_json::{Value, json};

use crate::support::{self, B, TestServer, on_both_engines};
use crate::{make, make_active, show};

on_both_engines!("lendglass":
    programs_get_versions_and_browsers_the_console,
    our_answers_conform_to_our_schemas,
    what_is_not_offered_says_so,
);

async fn programs_get_versions_and_browsers_the_console(server: TestServer) {
    let listed = server.request("nobody", "GET", "/", ()).await.expect(300).json();
    let versions = listed["versions"].as_array().unwrap();
    let current = json!({
        "id": "v2.15", "status": "CURRENT",
        "links": [{"rel": "self", "href": "http://cloud.test/v2/"}],
    });
    assert_eq!(versions[0], current);
    assert!(versions[1..].iter().all(|version| version["status"] == "SUPPORTED"));
    assert!(!versions.iter().any(|version| version["id"] == "v2.17"), "no calls for locations");
    let ask = |path: &'static str| server.request("nobody", "GET", path, ());
    assert_eq!(ask("/versions").await.expect(200).json(), listed);
    assert_eq!(ask("/v2").await.expect(300).json(), listed);
    assert_eq!(ask("/v2/").await.expect(300).json(), listed);
    let there = ask("/region/r2/").await.expect(300).json();
    let href = &there["versions"][0]["links"][0]["href"];
    assert_eq!(href, "http://cloud.test/region/r2/v2/");
    for (accept, status) in [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 303),
        ("application/json, text/html;q=0.1", 300),
        ("application/json", 300),
        ("*/*", 300),
        ("", 300),
    ] {
        let answer = server.request_with("nobody", "GET", "/", &[("accept", accept)], ()).await;
        let answer = answer.expect(status);
        assert_eq!(answer.header("location"), if status == 303 { "/console/" } else { "" });
    }
    assert_eq!(&ask("/healthcheck").await.expect(200).bytes[..], b"OK");
}

async fn our_answers_conform_to_our_schemas(server: TestServer) {
    let schema = |name: &str| {
        let path = format!("/v2/schemas/{name}");
        let server = &server;
        async move { server.request("carol", "GET", &path, ()).await.expect(200).json() }
    };
    let queued = make(&server, "alice", json!({"a property": "1"})).await;
    let active = make_active(&server, "alice", json!({"name": "n", "tags": ["t"]})).await;
    let image = schema("image").await;
    for id in [&queued, &active] {
        check_conforms(&show(&server, "alice", id).await, &image);
    }
    let page = server.request("alice", "GET", "/v2/images?limit=1", ()).await.expect(200).json();
    check_conforms(&page, &schema("images").await);
    let path = format!("/v2/images/{active}/members");
    let made = server.request("alice", "POST", &path, json!({"member": B})).await.expect(200);
    check_conforms(&made.json(), &schema("member").await);
    let members = server.request("alice", "GET", &path, ()).await.expect(200).json();
    check_conforms(&members, &schema("members").await);
    server.request("nobody", "GET", "/v2/schemas/image", ()).await.expect(401);
    for other in ["task", "tasks", "metadefs/namespace", "nothing"] {
        let path = format!("/v2/schemas/{other}");
        server.request("alice", "GET", &path, ()).await.refused(404, "ROUTE_NOT_FOUND");
    }
}

/// Checks what our schemas say: names, types, words, lengths.
fn check_conforms(value: &Value, schema: &Value) {
    let object = value.as_object().unwrap();
    for (name, value) in object {
        let declared =
            schema["properties"].get(name).or_else(|| schema.get("additionalProperties"));
        let declared = declared.unwrap_or_else(|| panic!("{name} is not in {}", schema["name"]));
        check_type(name, value, declared);
    }
}

fn check_type(name: &str, value: &Value, declared: &Value) {
    if declared.get("properties").is_some() {
        return check_conforms(value, declared);
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let kinds = &declared["type"];
    let is_known = kinds == kind || kinds.as_array().is_some_and(|all| all.contains(&json!(kind)));
    assert!(is_known, "{name}: {kind} is none of {kinds}");
    if let Some(words) = declared["enum"].as_array() {
        assert!(words.contains(value), "{name}: {value}");
    }
    if let (Some(most), Some(text)) = (declared["maxLength"].as_u64(), value.as_str()) {
        assert!(text.chars().count() as u64 <= most, "{name}: {text}");
    }
    for item in value.as_array().into_iter().flatten() {
        check_type(name, item, &declared["items"]);
    }
}

async fn what_is_not_offered_says_so(server: TestServer) {
    let ask = |path: &'static str| server.request("alice", "GET", path, ());
    let import = ask("/v2/info/import").await.expect(200).json();
    assert_eq!(import["import-methods"]["value"], json!([]));
    assert_eq!(ask("/v2/info/usage").await.expect(200).json(), json!({"usage": {}}));
    ask("/v2/info/stores").await.refused(404, "ROUTE_NOT_FOUND");
    let spaces = ask("/v2/metadefs/namespaces").await.expect(200).json();
    assert_eq!(spaces["namespaces"], json!([]));
    assert_eq!(
        ask("/v2/metadefs/resource_types").await.expect(200).json()["resource_types"],
        json!([])
    );
    ask("/v2/metadefs/namespaces/x").await.refused(404, "ROUTE_NOT_FOUND");
    ask("/v2/tasks").await.refused(403, "NOT_AVAILABLE_HERE");
    let id = make(&server, "alice", json!({})).await;
    let on = |method: &'static str, tail: &str| {
        let path = format!("/v2/images/{id}/{tail}");
        let server = &server;
        async move { server.request("alice", method, &path, json!({})).await }
    };
    on("POST", "import").await.refused(403, "NOT_AVAILABLE_HERE");
    on("PUT", "stage").await.refused(403, "NOT_AVAILABLE_HERE");
    on("GET", "locations").await.refused(403, "NOT_AVAILABLE_HERE");
    on("POST", "locations").await.refused(403, "NOT_AVAILABLE_HERE");
    assert_eq!(on("GET", "tasks").await.expect(200).json(), json!({"tasks": []}));
    assert_eq!(show(&server, "alice", &id).await["status"], "queued");
}
