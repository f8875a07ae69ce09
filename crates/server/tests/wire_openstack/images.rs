//! Records: made, shown, tagged, withheld, deleted; and who is told what.

use serde_json::{Value, json};

use crate::support::{self, A, B, TestServer, on_both_engines};
use crate::{make, make_active, patch, replace, show};

on_both_engines!("lendglass":
    a_record_looks_like_glance,
    what_clients_may_not_write_is_refused,
    an_id_is_never_used_twice,
    tags_come_and_go,
    withheld_bytes_stay_withheld,
    protected_images_stay,
    nobody_learns_of_foreign_images,
    readers_only_read,
    refusals_have_one_shape,
    another_region_is_another_world,
);

async fn a_record_looks_like_glance(server: TestServer) {
    let body = json!({
        "name": "web", "disk_format": "qcow2", "container_format": "bare", "min_disk": 3,
        "min_ram": 512, "tags": ["b", "a", "b"], "protected": false, "os_hidden": false,
        "os_distro": "debian", "owner_specified.openstack.md5": "", "kernel_id": null,
    });
    let answer = server.request("alice", "POST", "/v2/images", body).await.expect(201);
    let made = answer.json();
    let id = made["id"].as_str().unwrap();
    assert_eq!(answer.header("location"), format!("http://cloud.test/v2/images/{id}"));
    assert!(answer.header("x-openstack-request-id").starts_with("req-"));
    assert_eq!(
        made,
        json!({
            "id": id, "name": "web", "status": "queued", "visibility": "private",
            "protected": false, "os_hidden": false, "owner": A, "disk_format": "qcow2",
            "container_format": "bare", "min_disk": 3, "min_ram": 512, "size": null,
            "virtual_size": null, "checksum": null, "os_hash_algo": null, "os_hash_value": null,
            "tags": ["b", "a"], "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z", "self": format!("/v2/images/{id}"),
            "file": format!("/v2/images/{id}/file"), "schema": "/v2/schemas/image",
            "os_distro": "debian", "owner_specified.openstack.md5": "",
        })
    );
    assert_eq!(show(&server, "alice", id).await, made);
    let shouted = id.to_uppercase();
    assert_eq!(show(&server, "alice", &shouted).await, made);
    let empty = server.request("alice", "POST", "/v2/images", json!({})).await.expect(201).json();
    assert_eq!((&empty["name"], &empty["disk_format"]), (&Value::Null, &Value::Null));
}

async fn what_clients_may_not_write_is_refused(server: TestServer) {
    let post = |body: Value| server.request("alice", "POST", "/v2/images", body);
    for (name, value) in [
        ("status", json!("active")),
        ("checksum", json!("x")),
        ("size", json!(7)),
        ("created_at", json!("2026-01-01T00:00:00Z")),
        ("self", json!("/")),
        ("direct_url", json!("file:///etc/passwd")),
    ] {
        post(json!({name: value})).await.refused(403, "PROPERTY_READONLY");
    }
    for name in ["locations", "deleted", "os_glance_x", "__support_kvm"] {
        post(json!({name: "1"})).await.refused(403, "PROPERTY_RESERVED");
    }
    for (name, value) in [
        ("name", json!(7)),
        ("name", json!("x".repeat(256))),
        ("visibility", json!("secret")),
        ("protected", json!("true")),
        ("os_hidden", json!(1)),
        ("disk_format", json!("floppy")),
        ("container_format", json!("box")),
        ("min_disk", json!(-1)),
        ("min_ram", json!("512")),
        ("min_ram", json!(1.5)),
        ("min_disk", json!(4_294_967_295_u32)),
        ("tags", json!("a")),
        ("tags", json!(["a", 1])),
        ("tags", json!(["x".repeat(256)])),
        ("os_distro", json!(7)),
        ("os_distro", Value::Null),
        ("x".repeat(256).as_str(), json!("1")),
    ] {
        post(json!({name: value})).await.refused(400, "INVALID_VALUE");
    }
    post(json!({"id": "no-uuid"})).await.refused(400, "MALFORMED_ID");
    post(json!({"id": 7})).await.refused(400, "MALFORMED_ID");
    post(json!({"visibility": "public"})).await.refused(403, "PUBLICIZE_FORBIDDEN");
    post(json!({"owner": B})).await.refused(403, "OPERATOR_ONLY");
    post(json!(["name"])).await.refused(400, "MALFORMED");
    let many: serde_json::Map<_, _> = (0..129).map(|n| (format!("p{n}"), json!("1"))).collect();
    post(Value::Object(many)).await.refused(413, "PROPERTY_QUOTA");
    let tags: Vec<String> = (0..129).map(|n| n.to_string()).collect();
    post(json!({"tags": tags})).await.refused(413, "TAG_QUOTA");
    let raw = |bytes: &[u8]| {
        let json = [("content-type", "application/json")];
        let (server, bytes) = (&server, bytes.to_vec());
        async move { server.request_with("alice", "POST", "/v2/images", &json, bytes).await }
    };
    raw(b"{\"name\": ").await.refused(400, "MALFORMED_JSON");
    raw(b"").await.refused(400, "MALFORMED_JSON");
    raw(b"{\"name\": \"\xff\"}").await.refused(400, "MALFORMED_JSON");
    raw("[".repeat(100_000).as_bytes()).await.refused(400, "MALFORMED_JSON");
    raw(&vec![b' '; 2 << 20]).await.refused(413, "BODY_TOO_LARGE");
    let none = server.request("alice", "GET", "/v2/images", ()).await.json();
    assert_eq!(none["images"], json!([]), "nothing was made");
}

async fn an_id_is_never_used_twice(server: TestServer) {
    let id = "5A1E0D7C-5b7e-4d1b-8f0e-2d7a3cf6a9b0";
    let made = make(&server, "alice", json!({"id": id})).await;
    assert_eq!(made, id.to_lowercase());
    let again = |person| server.request(person, "POST", "/v2/images", json!({"id": id}));
    again("alice").await.refused(409, "IMAGE_EXISTS");
    again("bob").await.refused(409, "IMAGE_EXISTS");
    let path = format!("/v2/images/{made}");
    let gone = server.request("alice", "DELETE", &path, ()).await.expect(204);
    assert!(gone.bytes.is_empty());
    server.request("alice", "DELETE", &path, ()).await.refused(404, "IMAGE_NOT_FOUND");
    again("alice").await.refused(409, "IMAGE_EXISTS");
}

async fn tags_come_and_go(server: TestServer) {
    let id = make(&server, "alice", json!({})).await;
    let tag = |method: &'static str, tag: &str| {
        let path = format!("/v2/images/{id}/tags/{tag}");
        let server = &server;
        async move { server.request("alice", method, &path, ()).await }
    };
    tag("PUT", "web").await.expect(204);
    tag("PUT", "web").await.expect(204);
    tag("PUT", "a%2Fb%20%C3%A9").await.expect(204);
    assert_eq!(show(&server, "alice", &id).await["tags"], json!(["web", "a/b é"]));
    tag("DELETE", "web").await.expect(204);
    tag("DELETE", "web").await.refused(404, "TAG_NOT_FOUND");
    tag("PUT", &"x".repeat(256)).await.refused(400, "INVALID_VALUE");
    tag("PUT", "%00").await.refused(400, "INVALID_VALUE");
    tag("PUT", "%ff").await.refused(404, "ROUTE_NOT_FOUND");
    let path = format!("/v2/images/{id}/tags/mine");
    server.request("bob", "PUT", &path, ()).await.refused(404, "IMAGE_NOT_FOUND");
}

async fn withheld_bytes_stay_withheld(server: TestServer) {
    let id = make(&server, "alice", json!({})).await;
    let act = |action: &str| {
        let path = format!("/v2/images/{id}/actions/{action}");
        let server = &server;
        async move { server.request("alice", "POST", &path, ()).await }
    };
    act("deactivate").await.refused(400, "IMAGE_NOT_ACTIVE");
    let file = format!("/v2/images/{id}/file");
    server.request("alice", "PUT", &file, crate::noise(10)).await.expect(204);
    act("reactivate").await.expect(204);
    act("deactivate").await.expect(204);
    act("deactivate").await.expect(204);
    assert_eq!(show(&server, "alice", &id).await["status"], "deactivated");
    server.request("alice", "GET", &file, ()).await.refused(403, "IMAGE_DEACTIVATED");
    server.request("operator", "GET", &file, ()).await.expect(200);
    let change = json!([replace("name", "new")]);
    patch(&server, "alice", &id, change).await.refused(409, "IMAGE_BUSY");
    act("reactivate").await.expect(204);
    server.request("alice", "GET", &file, ()).await.expect(200);
}

async fn protected_images_stay(server: TestServer) {
    let id = make(&server, "alice", json!({"protected": true})).await;
    let path = format!("/v2/images/{id}");
    server.request("alice", "DELETE", &path, ()).await.refused(403, "IMAGE_PROTECTED");
    patch(&server, "alice", &id, json!([replace("protected", false)])).await.expect(200);
    server.request("alice", "DELETE", &path, ()).await.expect(204);
}

/// XC-09: an unknown image and a foreign one are told apart by nothing.
async fn nobody_learns_of_foreign_images(server: TestServer) {
    let id = make_active(&server, "alice", json!({"name": "secret"})).await;
    let unknown = "00000000-0000-4000-8000-000000000000";
    let v21 = ("content-type", "application/openstack-images-v2.1-json-patch");
    let calls = [
        ("GET", "", support::Payload::from(())),
        ("DELETE", "", ().into()),
        ("PATCH", "", json!([replace("name", "x")]).into()),
        ("GET", "/file", ().into()),
        ("PUT", "/file", vec![1_u8].into()),
        ("GET", "/members", ().into()),
        ("POST", "/members", json!({"member": B}).into()),
        ("GET", &format!("/members/{B}"), ().into()),
        ("PUT", &format!("/members/{B}"), json!({"status": "accepted"}).into()),
        ("DELETE", &format!("/members/{B}"), ().into()),
        ("PUT", "/tags/t", ().into()),
        ("DELETE", "/tags/t", ().into()),
        ("POST", "/actions/deactivate", ().into()),
        ("POST", "/import", json!({}).into()),
        ("PUT", "/stage", vec![1_u8].into()),
        ("GET", "/tasks", ().into()),
        ("GET", "/locations", ().into()),
    ];
    for (method, tail, body) in calls {
        let headers: &[_] = if method == "PATCH" { &[v21] } else { &[] };
        let mut seen = Vec::new();
        for image in [id.as_str(), unknown] {
            let path = format!("/v2/images/{image}{tail}");
            let answer = server.request_with("carol", method, &path, headers, body.clone()).await;
            let answer = answer.refused(404, "IMAGE_NOT_FOUND");
            let mut headers = answer.headers.clone();
            headers.remove("x-openstack-request-id");
            let text = String::from_utf8(answer.bytes.to_vec()).unwrap();
            seen.push((headers, text.replace(image, "ID")));
        }
        assert_eq!(seen[0], seen[1], "{method} {tail}");
        let path = format!("/v2/images/{id}{tail}");
        let refused = server.request_with("nobody", method, &path, headers, ()).await;
        refused.refused(401, "UNAUTHENTICATED");
    }
    assert_eq!(show(&server, "alice", &id).await["name"], "secret");
    for no_id in ["secret", "packer-made", "a%20b", "%ff"] {
        let path = format!("/v2/images/{no_id}");
        server.request("alice", "GET", &path, ()).await.expect(404);
    }
}

async fn readers_only_read(server: TestServer) {
    let id = make_active(&server, "alice", json!({"tags": ["t"]})).await;
    let path = format!("/v2/images/{id}");
    server.request("rita", "GET", &path, ()).await.expect(200);
    let weak = |answer: support::Answer| answer.refused(403, "ROLE_TOO_WEAK");
    weak(server.request("rita", "GET", &format!("{path}/file"), ()).await);
    weak(server.request("rita", "POST", "/v2/images", json!({})).await);
    weak(server.request("rita", "DELETE", &path, ()).await);
    weak(patch(&server, "rita", &id, json!([replace("name", "x")])).await);
    weak(server.request("rita", "PUT", &format!("{path}/tags/x"), ()).await);
    weak(server.request("rita", "PUT", &format!("{path}/file"), vec![1]).await);
    weak(server.request("rita", "POST", &format!("{path}/members"), json!({"member": B})).await);
}

async fn refusals_have_one_shape(server: TestServer) {
    let answer = server.request("nobody", "GET", "/v2/images", ()).await.expect(401);
    assert!(answer.header("www-authenticate").starts_with("Keystone uri="));
    assert_eq!(answer.header("content-type"), "application/json");
    let error = &answer.json()["error"];
    assert_eq!((&error["code"], &error["title"]), (&json!(401), &json!("Unauthorized")));
    assert!(!error["message"].as_str().unwrap().is_empty());
    for path in ["/v2/nothing", "/v2/cache", "/nothing", "/v2/images/a/b/c/d", "/v2/info/stores"] {
        server.request("alice", "GET", path, ()).await.refused(404, "ROUTE_NOT_FOUND");
    }
    let wrong = server.request("alice", "PUT", "/v2/images", ()).await;
    let wrong = wrong.refused(405, "METHOD_NOT_ALLOWED");
    assert!(wrong.header("allow").contains("POST"), "{:?}", wrong.headers);
    let path = "/v2/images/00000000-0000-4000-8000-000000000000";
    server.request("alice", "POST", path, ()).await.refused(405, "METHOD_NOT_ALLOWED");
}

async fn another_region_is_another_world(server: TestServer) {
    let id = make(&server, "dave", json!({})).await;
    let path = format!("/region/r2/v2/images/{id}");
    let shown = server.request("dave", "GET", &path, ()).await.expect(200).json();
    assert_eq!(shown["self"], format!("/v2/images/{id}"));
    let operator = server.request("operator", "GET", &format!("/v2/images/{id}"), ()).await;
    operator.refused(404, "IMAGE_NOT_FOUND");
    let made = server.request("dave", "POST", "/region/r2/v2/images", json!({})).await.expect(201);
    assert!(made.header("location").starts_with("http://cloud.test/region/r2/v2/images/"));
    let wrong = server.request("alice", "GET", "/region/r2/v2/images", ()).await;
    wrong.refused(400, "PROJECT_NOT_IN_REGION");
}
