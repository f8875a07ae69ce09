//! Changes: both media types, every verb on every kind of name.

use serde_json::{Value, json};

use crate::support::{self, B, TestServer, on_both_engines};
use crate::{make, make_active, patch, replace, show};

on_both_engines!("lendglass":
    fields_are_replaced_and_added,
    properties_are_added_replaced_and_removed,
    what_is_not_the_clients_is_refused,
    a_patch_is_whole_or_nothing,
    both_media_types_and_no_other,
    formats_are_fixed_once_there_are_bytes,
    the_operator_may_more,
);

async fn fields_are_replaced_and_added(server: TestServer) {
    let id = make(&server, "alice", json!({"name": "old", "tags": ["a"]})).await;
    server.step(5).await;
    let changed = patch(
        &server,
        "alice",
        &id,
        json!([
            replace("name", "new"),
            {"op": "add", "path": "/min_disk", "value": 7},
            replace("min_ram", 8),
            replace("protected", true),
            replace("os_hidden", true),
            replace("visibility", "community"),
            replace("disk_format", "vdi"),
            replace("container_format", "ova"),
            {"op": "add", "path": "/tags", "value": ["x", "y", "x"]},
        ]),
    )
    .await
    .expect(200)
    .json();
    for (name, value) in [
        ("name", json!("new")),
        ("min_disk", json!(7)),
        ("min_ram", json!(8)),
        ("protected", json!(true)),
        ("os_hidden", json!(true)),
        ("visibility", json!("community")),
        ("disk_format", json!("vdi")),
        ("container_format", json!("ova")),
        ("tags", json!(["x", "y"])),
        ("created_at", json!("2026-01-01T00:00:00Z")),
        ("updated_at", json!("2026-01-01T00:00:05Z")),
    ] {
        assert_eq!(changed[name], value, "{name}");
    }
    assert_eq!(show(&server, "alice", &id).await, changed);
    let null = patch(&server, "alice", &id, json!([replace("name", Value::Null)])).await;
    assert_eq!(null.expect(200).json()["name"], Value::Null);
    server.step(5).await;
    let same = patch(&server, "alice", &id, json!([])).await.expect(200).json();
    assert_eq!(same["updated_at"], "2026-01-01T00:00:05Z");
}

async fn properties_are_added_replaced_and_removed(server: TestServer) {
    let id = make(&server, "alice", json!({"os_distro": "debian"})).await;
    let changed = patch(
        &server,
        "alice",
        &id,
        json!([
            {"op": "add", "path": "/a~1b~0c", "value": "1"},
            {"op": "add", "path": "/os_distro", "value": "ubuntu"},
            {"op": "add", "path": "/empty", "value": ""},
            replace("empty", "full"),
            {"op": "remove", "path": "/a~1b~0c"},
            {"op": "add", "path": "/a~1b~0c", "value": "2"},
        ]),
    )
    .await
    .expect(200)
    .json();
    assert_eq!(changed["a/b~c"], "2");
    assert_eq!(changed["os_distro"], "ubuntu");
    assert_eq!(changed["empty"], "full");
    let removed = json!([{"op": "remove", "path": "/os_distro"}]);
    let gone = patch(&server, "alice", &id, removed.clone()).await.expect(200).json();
    assert_eq!(gone.get("os_distro"), None);
    patch(&server, "alice", &id, removed).await.refused(409, "PROPERTY_MISSING");
    let missing = patch(&server, "alice", &id, json!([replace("nothing", "1")])).await;
    missing.refused(409, "PROPERTY_MISSING");
}

async fn what_is_not_the_clients_is_refused(server: TestServer) {
    let id = make(&server, "alice", json!({"tags": ["a"]})).await;
    for name in [
        "id",
        "status",
        "size",
        "virtual_size",
        "checksum",
        "os_hash_algo",
        "os_hash_value",
        "created_at",
        "updated_at",
        "self",
        "file",
        "schema",
        "direct_url",
        "stores",
    ] {
        for operation in [replace(name, "1"), json!({"op": "remove", "path": format!("/{name}")})] {
            let answer = patch(&server, "alice", &id, json!([operation])).await;
            answer.refused(403, "PROPERTY_READONLY");
        }
    }
    for path in ["/locations", "/locations/-", "/locations/1", "/deleted", "/os_glance_x"] {
        let add = json!([{"op": "add", "path": path, "value": "1"}]);
        patch(&server, "alice", &id, add).await.refused(403, "PROPERTY_RESERVED");
    }
    for name in ["name", "tags", "disk_format", "owner", "visibility", "min_ram", "protected"] {
        let remove = json!([{"op": "remove", "path": format!("/{name}")}]);
        patch(&server, "alice", &id, remove).await.refused(403, "PROPERTY_READONLY");
    }
    for path in ["/tags/-", "/tags/0", "name", "/", "", "/a//b", "/a~2b"] {
        let add = json!([{"op": "add", "path": path, "value": "1"}]);
        patch(&server, "alice", &id, add).await.refused(400, "MALFORMED");
    }
    for operation in [
        replace("name", 7),
        replace("visibility", "secret"),
        replace("min_ram", -1),
        replace("min_ram", Value::Null),
        replace("protected", "yes"),
        replace("tags", "a"),
        replace("disk_format", "floppy"),
        json!({"op": "add", "path": "/os_distro", "value": 7}),
        json!({"op": "add", "path": "/os_distro", "value": null}),
        json!({"op": "add", "path": "/os_distro", "value": {"a": "b"}}),
    ] {
        let answer = patch(&server, "alice", &id, json!([operation])).await;
        answer.refused(400, "INVALID_VALUE");
    }
    let public = patch(&server, "alice", &id, json!([replace("visibility", "public")])).await;
    public.refused(403, "PUBLICIZE_FORBIDDEN");
    patch(&server, "alice", &id, json!([replace("owner", B)])).await.refused(403, "OPERATOR_ONLY");
    assert_eq!(show(&server, "alice", &id).await["tags"], json!(["a"]));
}

async fn a_patch_is_whole_or_nothing(server: TestServer) {
    let id = make(&server, "alice", json!({"name": "old"})).await;
    let before = show(&server, "alice", &id).await;
    server.step(5).await;
    let half = json!([replace("name", "new"), {"op": "remove", "path": "/nothing"}]);
    patch(&server, "alice", &id, half).await.refused(409, "PROPERTY_MISSING");
    let half = json!([replace("name", "new"), replace("status", "active")]);
    patch(&server, "alice", &id, half).await.refused(403, "PROPERTY_READONLY");
    assert_eq!(show(&server, "alice", &id).await, before);
}

async fn both_media_types_and_no_other(server: TestServer) {
    let id = make(&server, "alice", json!({"a": "1"})).await;
    let path = format!("/v2/images/{id}");
    let send = |media_type: &'static str, body: Value| {
        let (server, path) = (&server, &path);
        let headers = [("content-type", media_type), ("accept", "")];
        async move { server.request_with("alice", "PATCH", path, &headers, body).await }
    };
    const V20: &str = "application/openstack-images-v2.0-json-patch";
    let draft = json!([{"replace": "/name", "value": "draft"}, {"add": "/b", "value": "2"}]);
    let changed = send(V20, draft).await.expect(200).json();
    assert_eq!((&changed["name"], &changed["b"]), (&json!("draft"), &json!("2")));
    send(V20, json!([{"add": "/a", "value": "2"}])).await.refused(409, "PROPERTY_EXISTS");
    let removed = send(V20, json!([{"remove": "/a"}])).await.expect(200).json();
    assert_eq!(removed.get("a"), None);
    send(V20, json!([{"op": "remove", "path": "/b"}])).await.refused(400, "MALFORMED");
    for other in ["application/json", "application/json-patch+json", "text/plain"] {
        let answer = send(other, json!([])).await.refused(415, "UNSUPPORTED_MEDIA");
        assert!(answer.header("accept-patch").contains("v2.1"), "{other}");
    }
    let today = "application/openstack-images-v2.1-json-patch; charset=UTF-8";
    send(today, json!([replace("name", "today")])).await.expect(200);
    send(today, json!({"name": "x"})).await.refused(400, "MALFORMED");
    let many = vec![json!({"op": "add", "path": "/a", "value": "1"}); 1025];
    send(today, json!(many)).await.refused(400, "MALFORMED");
}

async fn formats_are_fixed_once_there_are_bytes(server: TestServer) {
    let id = make_active(&server, "alice", json!({})).await;
    for (name, other, same) in
        [("disk_format", "qcow2", "raw"), ("container_format", "ovf", "bare")]
    {
        let answer = patch(&server, "alice", &id, json!([replace(name, other)])).await;
        answer.refused(403, "PROPERTY_READONLY");
        patch(&server, "alice", &id, json!([replace(name, same)])).await.expect(200);
    }
}

async fn the_operator_may_more(server: TestServer) {
    let id = make(&server, "alice", json!({"name": "n"})).await;
    let public = json!([replace("visibility", "public")]);
    patch(&server, "operator", &id, public).await.expect(200);
    assert_eq!(show(&server, "carol", &id).await["visibility"], "public");
    let answer = patch(&server, "carol", &id, json!([replace("name", "mine")])).await;
    answer.refused(403, "NOT_IMAGE_OWNER");
    let given = patch(&server, "operator", &id, json!([replace("owner", B)])).await;
    assert_eq!(given.expect(200).json()["owner"], B);
    patch(&server, "bob", &id, json!([replace("name", "bob's")])).await.expect(200);
}
