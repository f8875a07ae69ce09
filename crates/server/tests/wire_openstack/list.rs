//! Lists: who sees what, every filter, every order, the links.

use serde_json::{Value, json};

use crate::support::{self, A, B, TestServer, on_both_engines};
use crate::{make, make_active, names, patch, replace};

on_both_engines!("glance":
    everybody_sees_the_own_ones_and_what_was_accepted,
    the_operator_sees_everything,
    fields_filter,
    words_may_be_several,
    times_are_whole_seconds,
    sizes_have_bounds,
    orders_are_total,
    pages_follow_one_another,
    what_a_query_cannot_say,
);

async fn share(server: &TestServer, id: &str, answer: Option<&str>) {
    let path = format!("/v2/images/{id}/members");
    server.request("alice", "POST", &path, json!({"member": B})).await.expect(200);
    if let Some(status) = answer {
        let path = format!("{path}/{B}");
        server.request("bob", "PUT", &path, json!({"status": status})).await.expect(200);
    }
}

/// The names of a list, in alphabetical order.
async fn sorted(server: &TestServer, person: &str, query: &str) -> Vec<String> {
    let mut found = names(server, person, query).await;
    found.sort();
    found
}

async fn everybody_sees_the_own_ones_and_what_was_accepted(server: TestServer) {
    for (name, visibility) in [("private", "private"), ("community", "community")] {
        make(&server, "alice", json!({"name": name, "visibility": visibility})).await;
    }
    make(&server, "operator", json!({"name": "public", "visibility": "public"})).await;
    make(&server, "bob", json!({"name": "own"})).await;
    for (name, answer) in
        [("pending", None), ("accepted", Some("accepted")), ("rejected", Some("rejected"))]
    {
        let id = make(&server, "alice", json!({"name": name})).await;
        share(&server, &id, answer).await;
    }
    for (query, found) in [
        ("", &["accepted", "own", "public"][..]),
        ("?visibility=shared", &["accepted", "own"]),
        ("?visibility=private", &[]),
        ("?visibility=public", &["public"]),
        ("?visibility=community", &["community"]),
        ("?visibility=all", &["accepted", "community", "own", "public"]),
        ("?member_status=pending", &["own", "pending", "public"]),
        ("?member_status=rejected", &["own", "public", "rejected"]),
        ("?member_status=all", &["accepted", "own", "pending", "public", "rejected"]),
        ("?visibility=shared&member_status=pending", &["own", "pending"]),
        ("?visibility=shared&member_status=pending&owner=AAA", &[]),
    ] {
        assert_eq!(sorted(&server, "bob", query).await, found, "{query}");
    }
    let from_alice = format!("?visibility=shared&member_status=all&owner={A}");
    assert_eq!(sorted(&server, "bob", &from_alice).await, ["accepted", "pending", "rejected"]);
    assert_eq!(sorted(&server, "carol", "?member_status=all").await, ["public"]);
    let alice = ["accepted", "community", "pending", "private", "public", "rejected"];
    assert_eq!(sorted(&server, "alice", "").await, alice);
    assert_eq!(sorted(&server, "alice", "?visibility=private").await, ["private"]);
    assert_eq!(sorted(&server, "rob", "?visibility=shared").await, ["accepted", "own"]);
}

async fn the_operator_sees_everything(server: TestServer) {
    for (person, visibility) in [("alice", "private"), ("bob", "shared"), ("carol", "community")] {
        make(&server, person, json!({"name": person, "visibility": visibility})).await;
    }
    assert_eq!(sorted(&server, "operator", "").await, ["alice", "bob", "carol"]);
    assert_eq!(sorted(&server, "operator", "?visibility=private").await, ["alice"]);
    assert_eq!(sorted(&server, "operator", &format!("?owner={B}")).await, ["bob"]);
}

async fn fields_filter(server: TestServer) {
    let web = json!({
        "name": "web & co", "tags": ["linux", "x86"], "os_distro": "debian", "min_disk": 3,
        "min_ram": 64, "protected": true,
    });
    let web = make_active(&server, "alice", web).await;
    let hidden = json!({"name": "hidden", "os_hidden": true, "tags": ["linux"]});
    make(&server, "alice", hidden).await;
    let iso = json!({"name": "iso", "disk_format": "iso", "container_format": "ovf"});
    make(&server, "alice", iso).await;
    let shown = crate::show(&server, "alice", &web).await;
    let hash = |name: &str| format!("?{name}={}", shown[name].as_str().unwrap());
    for (query, found) in [
        ("?name=web+%26%20co".to_owned(), &["web & co"][..]),
        ("?name=web".to_owned(), &[]),
        (format!("?id={web}"), &["web & co"]),
        ("?status=active".to_owned(), &["web & co"]),
        ("?status=queued".to_owned(), &["iso"]),
        ("?disk_format=iso".to_owned(), &["iso"]),
        ("?container_format=ovf".to_owned(), &["iso"]),
        ("?min_disk=3".to_owned(), &["web & co"]),
        ("?min_ram=64&min_disk=3".to_owned(), &["web & co"]),
        ("?min_ram=64&min_disk=4".to_owned(), &[]),
        ("?protected=true".to_owned(), &["web & co"]),
        ("?protected=False".to_owned(), &["iso"]),
        ("?os_hidden=True".to_owned(), &["hidden"]),
        ("?os_hidden=false".to_owned(), &["iso", "web & co"]),
        ("?os_hidden=true&tag=linux".to_owned(), &["hidden"]),
        ("?tag=linux".to_owned(), &["web & co"]),
        ("?tag=linux&tag=x86".to_owned(), &["web & co"]),
        ("?tag=linux&tag=arm".to_owned(), &[]),
        ("?os_distro=debian".to_owned(), &["web & co"]),
        ("?os_distro=ubuntu".to_owned(), &[]),
        ("?no_such_property=x".to_owned(), &[]),
        (format!("?owner={A}"), &["iso", "web & co"]),
        (format!("?owner={B}"), &[]),
        (hash("checksum"), &["web & co"]),
        (hash("os_hash_value"), &["web & co"]),
        (hash("os_hash_algo"), &["web & co"]),
        ("?checksum=0".to_owned(), &[]),
    ] {
        assert_eq!(sorted(&server, "alice", &query).await, found, "{query}");
    }
}

async fn words_may_be_several(server: TestServer) {
    for name in ["a", "b", "c,d", "e\"f"] {
        make(&server, "alice", json!({"name": name})).await;
    }
    for (query, found) in [
        ("in:a,b", &["a", "b"][..]),
        ("in:a,nothing", &["a"]),
        ("in:%22c,d%22,a", &["a", "c,d"]),
        ("in:%22e%5C%22f%22", &["e\"f"]),
        ("eq:a", &["a"]),
        ("in:", &[]),
    ] {
        assert_eq!(sorted(&server, "alice", &format!("?name={query}")).await, found, "{query}");
    }
    assert_eq!(sorted(&server, "alice", "?disk_format=in:raw,iso&name=in:a,b").await, ["a", "b"]);
    assert_eq!(sorted(&server, "alice", "?status=in:active,queued&name=a").await, ["a"]);
}

async fn times_are_whole_seconds(server: TestServer) {
    make(&server, "alice", json!({"name": "first"})).await;
    server.step(10).await;
    let second = make(&server, "alice", json!({"name": "second"})).await;
    let time = "2026-01-01T00:00:10Z";
    for (operator, found) in [
        ("eq:", &["second"][..]),
        ("", &["second"]),
        ("neq:", &["first"]),
        ("gt:", &[]),
        ("gte:", &["second"]),
        ("lt:", &["first"]),
        ("lte:", &["first", "second"]),
    ] {
        let query = format!("?created_at={operator}{time}");
        assert_eq!(sorted(&server, "alice", &query).await, found, "{operator}");
    }
    server.step(10).await;
    patch(&server, "alice", &second, json!([replace("min_ram", 1)])).await.expect(200);
    assert_eq!(sorted(&server, "alice", "?updated_at=gt:2026-01-01T00:00:10Z").await, ["second"]);
    assert_eq!(
        sorted(&server, "alice", "?updated_at=lt:2026-01-01T01:00:10%2B01:00").await,
        ["first"]
    );
}

async fn sizes_have_bounds(server: TestServer) {
    for (name, bytes) in [("small", 10), ("large", 1000)] {
        let id = make(&server, "alice", json!({"name": name, "min_disk": bytes})).await;
        let path = format!("/v2/images/{id}/file");
        server.request("alice", "PUT", &path, crate::noise(bytes)).await.expect(204);
    }
    make(&server, "alice", json!({"name": "empty"})).await;
    for (query, found) in [
        ("size=10", &["small"][..]),
        ("size_min=10", &["large", "small"]),
        ("size_min=11", &["large"]),
        ("size_max=999", &["small"]),
        ("size_min=10&size_max=10", &["small"]),
        ("virtual_size=10", &["small"]),
        ("min_disk_min=500", &["large"]),
    ] {
        assert_eq!(sorted(&server, "alice", &format!("?{query}")).await, found, "{query}");
    }
}

async fn orders_are_total(server: TestServer) {
    for (name, ram) in [("b", 1), ("a", 2), ("a", 3)] {
        make(&server, "alice", json!({"name": name, "min_ram": ram})).await;
        server.step(1).await;
    }
    make(&server, "alice", json!({"min_ram": 4})).await;
    for (query, order) in [
        ("", &["", "a", "a", "b"][..]),
        ("?sort_dir=asc", &["b", "a", "a", ""]),
        ("?sort=created_at:asc", &["b", "a", "a", ""]),
        ("?sort=name:asc", &["", "a", "a", "b"]),
        ("?sort=name", &["b", "a", "a", ""]),
        ("?sort_key=name&sort_dir=desc", &["b", "a", "a", ""]),
        ("?sort_key=status&sort_key=name&sort_dir=asc", &["", "a", "a", "b"]),
    ] {
        assert_eq!(names(&server, "alice", query).await, order, "{query}");
    }
    for key in [
        "name",
        "status",
        "container_format",
        "disk_format",
        "size",
        "id",
        "created_at",
        "updated_at",
    ] {
        for direction in ["asc", "desc"] {
            let query = format!("sort={key}:{direction}");
            let all = ids(&page(&server, &format!("/v2/images?{query}")).await);
            assert_eq!(all.len(), 4, "{query}");
            assert_eq!(walk(&server, &format!("/v2/images?{query}&limit=1")).await, all, "{query}");
        }
    }
}

async fn page(server: &TestServer, path: &str) -> Value {
    server.request("alice", "GET", path, ()).await.expect(200).json()
}

fn ids(page: &Value) -> Vec<String> {
    let images = page["images"].as_array().unwrap();
    images.iter().map(|image| image["id"].as_str().unwrap().to_owned()).collect()
}

/// The ids of all pages, by their links.
async fn walk(server: &TestServer, first: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut path = first.to_owned();
    loop {
        let page = page(server, &path).await;
        all.extend(ids(&page));
        match page.get("next") {
            Some(next) => next.as_str().unwrap().clone_into(&mut path),
            None => return all,
        }
    }
}

async fn pages_follow_one_another(server: TestServer) {
    for at in 0..27 {
        let tags = if at % 2 == 0 { json!(["x", "y"]) } else { json!(["x"]) };
        make(&server, "alice", json!({"name": format!("n{at}"), "tags": tags})).await;
    }
    let first = page(&server, "/v2/images").await;
    assert_eq!(ids(&first).len(), 25, "the default page");
    assert_eq!(
        (&first["first"], &first["schema"]),
        (&json!("/v2/images"), &json!("/v2/schemas/images"))
    );
    let last = ids(&first)[24].clone();
    assert_eq!(first["next"], format!("/v2/images?marker={last}"));
    assert_eq!(walk(&server, "/v2/images").await.len(), 27);

    let first = page(&server, "/v2/images?tag=x&tag=y&limit=5&sort=name:asc").await;
    assert_eq!(first["first"], "/v2/images?tag=x&tag=y&limit=5&sort=name%3Aasc");
    let marker = ids(&first)[4].clone();
    let next = format!("/v2/images?tag=x&tag=y&limit=5&sort=name%3Aasc&marker={marker}");
    assert_eq!(first["next"], next.as_str());
    let second = page(&server, &next).await;
    assert_eq!(second["first"], first["first"]);
    let all = walk(&server, "/v2/images?tag=x&tag=y&limit=5&sort=name:asc").await;
    assert_eq!(all, ids(&page(&server, "/v2/images?tag=x&tag=y&sort=name:asc").await));
    assert_eq!(all.len(), 14);

    let none = page(&server, "/v2/images?limit=0").await;
    assert_eq!((ids(&none).len(), none.get("next")), (0, None));
    assert_eq!(ids(&page(&server, "/v2/images?limit=5000").await).len(), 27);
}

async fn what_a_query_cannot_say(server: TestServer) {
    let foreign = make(&server, "bob", json!({})).await;
    let unknown = "00000000-0000-4000-8000-000000000000";
    for (query, code) in [
        ("limit=-1", "INVALID_VALUE"),
        ("limit=ten", "INVALID_VALUE"),
        ("sort=owner", "INVALID_VALUE"),
        ("sort_key=tags", "INVALID_VALUE"),
        ("sort_dir=up", "INVALID_VALUE"),
        ("sort=name&sort_key=name", "INVALID_VALUE"),
        ("visibility=secret", "INVALID_VALUE"),
        ("member_status=maybe", "INVALID_VALUE"),
        ("os_hidden=maybe", "INVALID_VALUE"),
        ("protected=maybe", "INVALID_VALUE"),
        ("size_min=big", "INVALID_VALUE"),
        ("created_at=gt:now", "INVALID_VALUE"),
        ("created_at=about:2026-01-01T00:00:00Z", "INVALID_VALUE"),
        ("name=like:x", "INVALID_VALUE"),
        ("name=in:%22a", "INVALID_VALUE"),
        ("changes-since=2026-01-01", "INVALID_VALUE"),
        ("marker=nothing", "INVALID_MARKER"),
        (&format!("marker={unknown}"), "INVALID_MARKER"),
        (&format!("marker={foreign}"), "INVALID_MARKER"),
        ("name=%ff", "MALFORMED"),
        ("name=%00", "MALFORMED"),
        (&"tag=x&".repeat(25), "TOO_MANY_FILTERS"),
    ] {
        let path = format!("/v2/images?{query}");
        server.request("alice", "GET", &path, ()).await.refused(400, code);
    }
}
