//! What the tables of the console ask for: filters, pages and totals, and the operator's pages.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use support::{A, A2, B, B2, C, TestServer, on_both_engines};

on_both_engines! { "lendglass":
    images_are_found_by_text_and_size_and_sorted_by_kind,
    sh_29_shares_of_an_image_are_filtered_paged_and_counted,
    jobs_are_found_by_who_and_when,
    the_operator_sees_tenants_page_by_page,
    the_operator_sees_what_the_stores_hold,
    the_operator_sees_how_the_parts_are,
}

async fn get(server: &TestServer, person: &str, path: &str) -> Value {
    server.request(person, "GET", &format!("/api/v1{path}"), ()).await.expect(200).json()
}

async fn refused(server: &TestServer, person: &str, path: &str, status: u16, code: &str) {
    let answer = server.request(person, "GET", &format!("/api/v1{path}"), ()).await.expect(status);
    assert_eq!(answer.json()["code"], code, "{path}");
}

async fn made(server: &TestServer, name: &str, kind: &str, size: usize) -> String {
    let body = json!({"name": name, "disk_format": "raw", "kind": kind});
    let made = server.request("alice", "POST", "/api/v1/images", body).await.expect(201).json();
    let id = made["id"].as_str().unwrap().to_owned();
    let file = format!("/api/v1/images/{id}/file");
    server.request("alice", "PUT", &file, vec![7; size]).await.expect(200);
    server.step(1).await;
    id
}

fn texts(page: &Value, list: &str, field: &str) -> Vec<String> {
    let items = page[list].as_array().unwrap().iter();
    items.map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

async fn images_are_found_by_text_and_size_and_sorted_by_kind(server: TestServer) {
    let small = made(&server, "Web-Base", "data", 10).await;
    made(&server, "erp_golden", "system", 1_000).await;
    made(&server, "erpXgolden", "iso", 2_000).await;
    let names = async |query: &str| {
        texts(&get(&server, "alice", &format!("/images?{query}")).await, "images", "name")
    };
    assert_eq!(names("q=web").await, ["Web-Base"]);
    assert_eq!(names(&format!("q={}", &small[..13])).await, ["Web-Base"]);
    assert_eq!(names(&format!("q={}", small.to_uppercase())).await, ["Web-Base"]);
    assert_eq!(names("q=P_GOLD").await, ["erp_golden"], "no sign is a wildcard");
    assert_eq!(names("q=25%25").await, Vec::<String>::new());
    assert_eq!(names("size_min=1000&sort=size").await, ["erp_golden", "erpXgolden"]);
    assert_eq!(names("size_min=11&size_max=1999").await, ["erp_golden"]);
    assert_eq!(names("sort=kind:asc,name").await, ["Web-Base", "erpXgolden", "erp_golden"]);
    let mut paged = Vec::new();
    let mut marker = String::new();
    for _ in 0..3 {
        let query = format!("/images?sort=virtual_size:desc&limit=1&total=true{marker}");
        let page = get(&server, "alice", &query).await;
        assert_eq!(page["total"]["count"], 3);
        paged.extend(texts(&page, "images", "name"));
        marker = format!("&marker={}", page["next"].as_str().unwrap());
    }
    assert_eq!(paged, ["erpXgolden", "erp_golden", "Web-Base"]);
    refused(&server, "alice", "/images?size_min=-1", 400, "INVALID_VALUE").await;
    refused(&server, "alice", "/images?size_max=big", 400, "INVALID_VALUE").await;
}

async fn sh_29_shares_of_an_image_are_filtered_paged_and_counted(server: TestServer) {
    let id = made(&server, "sys1", "system", 10).await;
    for project in [B, B2, C] {
        let body = json!({"images": [id], "recipients": [project]});
        server.request("alice", "POST", "/api/v1/shares", body).await.expect(200);
        server.step(1).await;
    }
    let body = json!({"images": [id], "answer": "accept"});
    server.request("carol", "POST", "/api/v1/shares/answers", body).await.expect(200);
    let shares = format!("/images/{id}/shares");
    let to = |page: &Value| -> Vec<String> {
        let shares = page["shares"].as_array().unwrap().iter();
        shares.map(|share| share["recipient"]["id"].as_str().unwrap().to_owned()).collect()
    };
    let all = get(&server, "alice", &shares).await;
    assert_eq!(
        (to(&all), &all["total"], &all["next"]),
        (vec![B.into(), B2.into(), C.into()], &Value::Null, &Value::Null)
    );
    let mut seen = Vec::new();
    let mut marker = String::new();
    for (limit, count) in [(2, 2), (2, 1)] {
        let page =
            get(&server, "alice", &format!("{shares}?limit={limit}&total=yes{marker}")).await;
        assert_eq!((to(&page).len(), &page["total"]["count"]), (count, &json!(3)));
        seen.extend(to(&page));
        marker = page["next"].as_str().map(|next| format!("&marker={next}")).unwrap_or_default();
    }
    assert_eq!((seen, marker.as_str()), (to(&all), ""));
    let accepted = get(&server, "alice", &format!("{shares}?state=accepted&total=true")).await;
    assert_eq!((to(&accepted), &accepted["total"]["count"]), (vec![C.to_owned()], &json!(1)));
    let found = async |text: &str| to(&get(&server, "alice", &format!("{shares}?q={text}")).await);
    assert_eq!(found(B2).await, [B2]);
    // B lets others know its name; B2 and C do not, and are not found by it.
    assert_eq!(found("b").await, [B]);
    assert_eq!(found("c").await, Vec::<String>::new());
    assert_eq!(found("%25").await, Vec::<String>::new());
    let path = format!("{shares}?q=c");
    assert_eq!(to(&get(&server, "operator", &path).await), [C]);
    // A recipient sees its own.
    let own = get(&server, "bob", &format!("{shares}?total=true")).await;
    assert_eq!((to(&own), &own["total"]["count"]), (vec![B.to_owned()], &json!(1)));
    assert_eq!(to(&get(&server, "bob", &format!("{shares}?state=accepted")).await).len(), 0);
    refused(&server, "alice", &format!("{shares}?marker=x"), 400, "INVALID_MARKER").await;
    refused(&server, "alice", &format!("{shares}?state=x"), 400, "INVALID_VALUE").await;
    refused(&server, "dave", &shares, 404, "IMAGE_NOT_FOUND").await;
}

async fn jobs_are_found_by_who_and_when(server: TestServer) {
    let id = made(&server, "sys1", "system", 10).await;
    let replicate = format!("/api/v1/images/{id}/replicate");
    server.request("alice", "POST", &replicate, json!({})).await.expect(202);
    server.step(100).await;
    let role = format!("/v3/projects/{A}/users/carol/roles/member");
    server.request("operator", "PUT", &role, ()).await.expect(204);
    let body = json!({"username": "carol", "password": "secret-carol"});
    let begun = server.request("nobody", "POST", "/api/v1/session", body).await.expect(201);
    let (cookie, _) = begun.header("set-cookie").split_once(';').unwrap();
    let own = ("origin", "http://cloud.test");
    let headers = [("cookie", cookie), ("x-lendglass-project", A), own];
    server.request_with("nobody", "POST", &replicate, &headers, json!({})).await.expect(202);
    let count = async |query: &str| {
        get(&server, "alice", &format!("/jobs?{query}")).await["jobs"].as_array().unwrap().len()
    };
    assert_eq!(count("").await, 2);
    assert_eq!((count("user=alice").await, count("user=carol").await), (1, 1));
    assert_eq!(count("user=bob").await, 0);
    assert_eq!(count("to=2026-01-01T00:01:00Z").await, 1);
    assert_eq!(count("from=2026-01-01T00:01:00Z&kind=image_replicate").await, 1);
    assert_eq!(count("from=2026-01-01T00:01:00Z&user=alice").await, 0);
    refused(&server, "alice", "/jobs?from=yesterday", 400, "INVALID_VALUE").await;
}

async fn the_operator_sees_tenants_page_by_page(server: TestServer) {
    refused(&server, "alice", "/tenants", 403, "OPERATOR_ONLY").await;
    let id = made(&server, "sys1", "system", 1_000).await;
    let body = json!({"images": [id], "recipients": [B]});
    server.request("alice", "POST", "/api/v1/shares", body).await.expect(200);
    let all = get(&server, "operator", "/tenants?total=true").await;
    let names = texts(&all, "tenants", "name");
    assert_eq!(names, ["Acme", "Borealis", "Cumulus", "Default", "Drift"]);
    assert_eq!((&all["total"]["count"], &all["next"]), (&json!(5), &Value::Null));
    let acme = &all["tenants"][0];
    assert_eq!((&acme["users"], &acme["uid"]), (&json!(2), &json!("100000000001")));
    let project = json!({
        "id": A, "name": "A", "region": "r1", "enabled": true, "discoverable": true, "users": 2,
        "images": 1, "image_bytes": 1_000, "shares_given": 1, "shares_received": 0,
    });
    assert_eq!(acme["projects"][0], project);
    assert_eq!(acme["projects"][1]["id"], A2);
    assert_eq!(all["tenants"][1]["projects"][0]["shares_received"], 1);
    let mut seen = Vec::new();
    let mut marker = String::new();
    for size in [2, 2, 1] {
        let page = get(&server, "operator", &format!("/tenants?limit=2{marker}")).await;
        assert_eq!(page["tenants"].as_array().unwrap().len(), size);
        seen.extend(texts(&page, "tenants", "name"));
        marker = page["next"].as_str().map(|next| format!("&marker={next}")).unwrap_or_default();
    }
    assert_eq!((seen, marker.as_str()), (names, ""));
    for (text, found) in [
        ("ACM", vec!["Acme"]),
        (B2, vec!["Borealis"]),
        ("100000000003", vec!["Cumulus"]),
        ("root@acme.example", vec!["Acme"]),
        ("b2", vec!["Borealis"]),
        ("_", vec![]),
    ] {
        let page = get(&server, "operator", &format!("/tenants?q={text}&total=true")).await;
        assert_eq!(texts(&page, "tenants", "name"), found, "{text}");
        assert_eq!(page["total"]["count"], found.len(), "{text}");
    }
    refused(&server, "operator", "/tenants?marker=nobody", 400, "INVALID_MARKER").await;
}

async fn the_operator_sees_what_the_stores_hold(server: TestServer) {
    refused(&server, "alice", "/storage", 403, "OPERATOR_ONLY").await;
    let id = made(&server, "sys1", "system", 1_000).await;
    let gone = made(&server, "sys2", "system", 300).await;
    let replicate = format!("/api/v1/images/{id}/replicate");
    server.request("alice", "POST", &replicate, json!({})).await.expect(202);
    lendglass_server::jobs::drain(&server.app, "test").await.unwrap();
    server.request("alice", "DELETE", &format!("/api/v1/images/{gone}"), ()).await.expect(204);
    let regions = get(&server, "operator", "/storage").await["regions"].clone();
    assert_eq!((&regions[0]["region"], &regions[1]["region"]), (&json!("r1"), &json!("r2")));
    let held = |name: &str| regions[0][name].as_u64().unwrap();
    assert_eq!((held("blobs"), held("bytes")), (1, 1_000), "a replica shares its bytes");
    assert_eq!((held("images"), held("image_bytes")), (2, 2_000));
    assert_eq!((held("dying"), held("dying_bytes"), held("filling")), (1, 300, 0));
    assert_eq!(held("free_bytes"), (256 << 20) - 1_300);
    assert_eq!((&regions[1]["blobs"], &regions[1]["images"]), (&json!(0), &json!(0)));
}

async fn the_operator_sees_how_the_parts_are(server: TestServer) {
    refused(&server, "alice", "/health", 403, "OPERATOR_ONLY").await;
    let health = get(&server, "operator", "/health").await;
    let parts = health["parts"].as_array().unwrap();
    let kinds: Vec<&str> = parts.iter().map(|part| part["kind"].as_str().unwrap()).collect();
    let expected = ["database", "store", "store", "identity", "jobs", "audit", "webhooks"];
    assert_eq!(kinds, expected);
    assert_eq!((&parts[1]["name"], &parts[1]["driver"]), (&json!("r1"), &json!("memory")));
    assert_eq!(parts[0]["state"], "ok");
    // The stores of tests are small: that is worth a look.
    assert_eq!((&parts[1]["state"], &health["state"]), (&json!("warning"), &json!("warning")));
}
