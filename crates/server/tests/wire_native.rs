//! The native dialect through the router, as stories.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use support::{A, B, C, D, TestServer, on_both_engines};

/// A record of alice's, queued.
async fn queued(server: &TestServer, name: &str) -> String {
    let body = json!({"name": name, "disk_format": "raw"});
    let made = server.request("alice", "POST", "/api/v1/images", body).await.expect(201);
    assert!(made.header("location").starts_with("/api/v1/images/"));
    made.json()["id"].as_str().unwrap().to_owned()
}

/// An image of alice's with these bytes.
async fn active(server: &TestServer, name: &str) -> String {
    let id = queued(server, name).await;
    let path = format!("/api/v1/images/{id}/file");
    let view = server.request("alice", "PUT", &path, bytes()).await.expect(200).json();
    assert_eq!(view["status"], "active");
    id
}

/// Three buffers and a bit.
fn bytes() -> Vec<u8> {
    (0..3 * 1024 * 1024 + 17_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

async fn share(server: &TestServer, person: &str, body: Value) -> support::Answer {
    server.request(person, "POST", "/api/v1/shares", body).await
}

async fn answer(server: &TestServer, person: &str, image: &str, word: &str) -> support::Answer {
    let body = json!({"images": [image], "answer": word});
    server.request(person, "POST", "/api/v1/shares/answers", body).await
}

#[track_caller]
fn refused(answer: support::Answer, status: u16, code: &str) -> Value {
    let body = answer.expect(status).json();
    assert_eq!(body["code"], code, "{body}");
    assert!(body["request_id"].as_str().unwrap().starts_with("req-"), "{body}");
    assert!(!body["message"].as_str().unwrap().is_empty(), "{body}");
    body
}

/// ids of a list, in order.
fn ids(page: &Value, field: &str) -> Vec<String> {
    let items = page[field].as_array().unwrap().iter();
    items.map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

on_both_engines! { "lendglass":
    the_main_job,
    every_refusal_has_the_shape,
    bodies_are_read_strictly,
    batches_are_all_or_nothing_or_itemised,
    both_sides_list_their_shares,
    lists_filter_sort_and_page,
    patches_merge,
    actions_say_what_the_calls_do,
    replicas_are_jobs,
    tenants_are_found_by_exact_id_only,
    everyone_learns_who_he_is,
}

async fn the_main_job(server: TestServer) {
    let id = active(&server, "sys1").await;
    let file = format!("/api/v1/images/{id}/file");
    let show = format!("/api/v1/images/{id}");
    refused(server.request("bob", "GET", &show, ()).await, 404, "IMAGE_NOT_FOUND");

    let body = json!({"images": [id], "recipients": [B], "note": "for the move"});
    let report = share(&server, "alice", body).await.expect(200).json();
    assert_eq!(report["results"][0]["outcome"], "shared", "{report}");
    assert_eq!(report["results"][0]["state"], "pending");
    assert!(report["job"].is_string() && report["done"] == true);

    let counts = server.request("bob", "GET", "/api/v1/shares/counts", ()).await.expect(200).json();
    assert_eq!(counts["pending"]["text"], "1");
    let inbox = server.request("bob", "GET", "/api/v1/shares?state=pending", ()).await;
    let inbox = inbox.expect(200).json();
    let offer = &inbox["shares"][0];
    assert_eq!(offer["image"]["name"], "sys1");
    assert_eq!((&offer["owner"]["id"], &offer["owner"]["name"]), (&json!(A), &json!("A")));
    assert_eq!(offer["note"], "for the move");
    refused(server.request("bob", "GET", &file, ()).await, 403, "SHARE_NOT_ACCEPTED");
    assert_eq!(
        ids(&server.request("bob", "GET", "/api/v1/images", ()).await.json(), "images").len(),
        0
    );

    answer(&server, "bob", &id, "accept").await.expect(200);
    let listed = server.request("bob", "GET", "/api/v1/images", ()).await.json();
    assert_eq!(ids(&listed, "images"), std::slice::from_ref(&id));
    assert_eq!(listed["images"][0]["relation"], "recipient");
    assert!(listed["images"][0]["shares"].is_null(), "how many others is the owner's to know");
    assert_eq!(server.request("bob", "GET", &file, ()).await.expect(200).bytes, bytes());
    let part = server.request_with("bob", "GET", &file, &[("range", "bytes=5-9")], ()).await;
    let part = part.expect(206);
    assert_eq!(
        (&part.bytes[..], part.header("content-range")),
        (&bytes()[5..10], "bytes 5-9/3145745")
    );

    let all = json!({"images": [id], "all": true});
    server.request("alice", "DELETE", "/api/v1/shares", all.clone()).await.expect(200);
    refused(server.request("bob", "GET", &show, ()).await, 404, "IMAGE_NOT_FOUND");
    refused(server.request("bob", "GET", &file, ()).await, 404, "IMAGE_NOT_FOUND");
    let again = server.request("alice", "DELETE", "/api/v1/shares", all).await;
    refused(again, 404, "NOT_SHARED");
    server.request("alice", "DELETE", &show, ()).await.expect(204);
    refused(server.request("alice", "GET", &show, ()).await, 404, "IMAGE_NOT_FOUND");
}

async fn every_refusal_has_the_shape(server: TestServer) {
    let body =
        refused(server.request("nobody", "GET", "/api/v1/me", ()).await, 401, "UNAUTHENTICATED");
    assert_eq!(body["detail"], json!({}));
    refused(server.request("alice", "GET", "/api/v1/nothing", ()).await, 404, "ROUTE_NOT_FOUND");
    refused(
        server.request("alice", "GET", "/api/v1/images/a/b/c", ()).await,
        404,
        "ROUTE_NOT_FOUND",
    );
    refused(server.request("alice", "PUT", "/api/v1/images", ()).await, 405, "METHOD_NOT_ALLOWED");
    refused(server.request("alice", "GET", "/api/v1/images/sys", ()).await, 404, "IMAGE_NOT_FOUND");
    refused(server.request("alice", "GET", "/api/v1/jobs/7", ()).await, 404, "JOB_NOT_FOUND");
    let elsewhere = server.request("alice", "GET", "/region/r2/api/v1/images", ()).await;
    refused(elsewhere, 400, "PROJECT_NOT_IN_REGION");
    let id = active(&server, "sys1").await;
    let file = format!("/api/v1/images/{id}/file");
    let outside =
        server.request_with("alice", "GET", &file, &[("range", "bytes=99999999-")], ()).await;
    assert_eq!(outside.header("content-range"), "bytes */3145745");
    refused(outside, 416, "BAD_RANGE");
    let again = server.request("alice", "PUT", &file, bytes()).await;
    refused(again, 409, "IMAGE_HAS_BYTES");
    let path = format!("/api/v1/images/{A}");
    let zh = [("accept-language", "zh-CN,en;q=0.5")];
    let body = server.request_with("alice", "GET", &path, &zh, ()).await.expect(404).json();
    assert_eq!(body["message"], format!("此处没有镜像 {A}。"));
}

async fn bodies_are_read_strictly(server: TestServer) {
    let post = async |body: Value| server.request("alice", "POST", "/api/v1/images", body).await;
    let body = refused(post(json!({"name": "a", "colour": "red"})).await, 400, "UNKNOWN_FIELD");
    assert_eq!(body["detail"]["field"], "colour");
    let body = refused(post(json!({"min_disk_gib": "8"})).await, 400, "INVALID_VALUE");
    assert_eq!(body["detail"]["field"], "min_disk_gib");
    let body = refused(post(json!({"disk_format": "floppy"})).await, 400, "INVALID_VALUE");
    assert!(body["message"].as_str().unwrap().contains("qcow2"), "{body}");
    refused(post(json!({"properties": {"__secret": "1"}})).await, 403, "PROPERTY_RESERVED");
    refused(post(json!({"visibility": "public"})).await, 403, "PUBLICIZE_FORBIDDEN");
    refused(post(json!({"name": "x".repeat(256)})).await, 400, "INVALID_VALUE");
    refused(post(json!({"id": "mine"})).await, 400, "MALFORMED_ID");

    let text = |body: &str, media: &'static str| {
        let body = body.as_bytes().to_vec();
        let server = &server;
        async move {
            let headers = [("content-type", media)];
            server.request_with("alice", "POST", "/api/v1/images", &headers, body).await
        }
    };
    refused(text("{}", "text/plain").await, 415, "UNSUPPORTED_MEDIA");
    refused(text("{", "application/json").await, 400, "MALFORMED_JSON");
    refused(text("", "application/json").await, 400, "MALFORMED_JSON");
    refused(text(&"[".repeat(40), "application/json").await, 400, "MALFORMED_JSON");
    refused(text(&" ".repeat(1024 * 1024 + 1), "application/json").await, 413, "BODY_TOO_LARGE");
    let file = format!("/api/v1/images/{}/file", queued(&server, "q").await);
    let json = server.request("alice", "PUT", &file, json!({})).await;
    refused(json, 415, "UNSUPPORTED_MEDIA");
    let listed = server.request("alice", "GET", "/api/v1/images?colour=red", ()).await;
    refused(listed, 400, "UNKNOWN_FIELD");
    let listed = server.request("alice", "GET", "/api/v1/images?limit=many", ()).await;
    refused(listed, 400, "INVALID_VALUE");
    refused(
        share(&server, "alice", json!({"images": [], "recipients": [B]})).await,
        400,
        "MISSING_FIELD",
    );
    let nobody = json!({"images": [A], "recipients": [" , "]});
    refused(share(&server, "alice", nobody).await, 400, "MALFORMED_ID");
    let list = server.request("alice", "GET", "/api/v1/images", ()).await.json();
    assert_eq!(list["images"].as_array().unwrap().len(), 1, "nothing refused left anything");
}

async fn batches_are_all_or_nothing_or_itemised(server: TestServer) {
    let (one, two) = (active(&server, "sys1").await, active(&server, "sys2").await);
    let wrong = json!({"images": [one, two], "recipients": [format!("{B}，{C}"), D, "zzz"]});
    let report = refused(share(&server, "alice", wrong.clone()).await, 400, "TENANT_NOT_IN_REGION");
    assert_eq!(report["results"].as_array().unwrap().len(), 8);
    assert!(report["job"].is_null() && report["done"] == false);
    let given = server.request("alice", "GET", "/api/v1/shares?as=owner", ()).await.json();
    assert_eq!(given["shares"].as_array().unwrap().len(), 0, "nothing half done");

    let mut dry = wrong.clone();
    dry["dry_run"] = true.into();
    dry["mode"] = "partial".into();
    let report = share(&server, "alice", dry).await.expect(200).json();
    assert!(report["done"] == false && report["job"].is_null());

    let mut partial = wrong;
    partial["mode"] = "partial".into();
    let report = share(&server, "alice", partial).await.expect(200).json();
    let outcomes: Vec<&str> = report["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| pair["code"].as_str().or(pair["outcome"].as_str()).unwrap())
        .collect();
    let of_image = ["shared", "shared", "TENANT_NOT_IN_REGION", "TENANT_NOT_FOUND"];
    assert_eq!(outcomes, [of_image, of_image].concat());
    let path = format!("/api/v1/jobs/{}", report["job"].as_str().unwrap());
    let job = server.request("alice", "GET", &path, ()).await.expect(200).json();
    assert_eq!((&job["state"], &job["kind"]), (&json!("succeeded"), &json!("share")));
    assert_eq!(job["results"], report["results"]);
    refused(server.request("bob", "GET", &path, ()).await, 404, "JOB_NOT_FOUND");

    let again = json!({"images": [one], "recipients": [B]});
    let report = share(&server, "alice", again).await.expect(200).json();
    assert_eq!(report["results"][0]["outcome"], "already_shared");
    refused(
        share(&server, "bob", json!({"images": [one], "recipients": [C]})).await,
        403,
        "NOT_IMAGE_OWNER",
    );
    let mixed = json!({"images": [one], "recipients": [A, {"id": "bob", "kind": "project"}]});
    refused(share(&server, "alice", mixed).await, 400, "SELF_SHARE");

    let everything = json!({"all": true, "answer": "accept"});
    let report =
        server.request("bob", "POST", "/api/v1/shares/answers", everything).await.expect(200);
    let report = report.json();
    assert_eq!(report["results"].as_array().unwrap().len(), 2);
    assert_eq!(report["results"][0]["outcome"], "answered");
    refused(
        share(&server, "bob", json!({"images": [one], "recipients": [C]})).await,
        403,
        "RESHARE_FORBIDDEN",
    );
    let body = json!({"images": [one, two], "recipients": [B]});
    let report = server.request("alice", "DELETE", "/api/v1/shares", body).await.expect(200).json();
    assert_eq!(report["results"][1]["outcome"], "removed");
}

async fn both_sides_list_their_shares(server: TestServer) {
    let mut images = Vec::new();
    for name in ["a", "b", "c"] {
        images.push(active(&server, name).await);
    }
    let body = json!({"images": images, "recipients": [B, C]});
    share(&server, "alice", body).await.expect(200);
    answer(&server, "bob", &images[0], "accept").await.expect(200);
    answer(&server, "bob", &images[1], "reject").await.expect(200);

    let mut seen = Vec::new();
    let mut marker = String::new();
    loop {
        let path = format!("/api/v1/shares?as=owner&limit=2{marker}");
        let page = server.request("alice", "GET", &path, ()).await.expect(200).json();
        for share in page["shares"].as_array().unwrap() {
            seen.push((share["image"]["id"].clone(), share["recipient"]["id"].clone()));
        }
        let Some(next) = page["next"].as_str() else { break };
        marker = format!("&marker={next}");
    }
    let count = seen.len();
    seen.dedup();
    assert_eq!((seen.len(), count), (6, 6), "{seen:?}");
    let accepted =
        server.request("alice", "GET", "/api/v1/shares?as=owner&state=accepted", ()).await;
    let accepted = accepted.json();
    assert_eq!(accepted["shares"].as_array().unwrap().len(), 1);
    assert_eq!(accepted["shares"][0]["recipient"]["name"], "B", "B lets itself be known");
    assert!(accepted["shares"][0]["accepted_digest"].as_str().unwrap().starts_with("sha512:"));
    let others = server.request("bob", "GET", "/api/v1/shares?as=owner", ()).await.json();
    assert_eq!(others["shares"], json!([]));

    for (state, count) in [("pending", 1), ("accepted", 1), ("rejected", 1)] {
        let path = format!("/api/v1/shares?state={state}");
        let page = server.request("bob", "GET", &path, ()).await.json();
        assert_eq!(page["shares"].as_array().unwrap().len(), count, "{state}");
    }
    let page = server.request("bob", "GET", "/api/v1/shares?limit=2", ()).await.json();
    let path = format!("/api/v1/shares?limit=2&marker={}", page["next"].as_str().unwrap());
    let rest = server.request("bob", "GET", &path, ()).await.json();
    assert_eq!((rest["shares"].as_array().unwrap().len(), &rest["next"]), (1, &Value::Null));
    let path = format!("/api/v1/images/{}/shares", images[0]);
    let all = server.request("alice", "GET", &path, ()).await.json();
    assert_eq!(all["shares"].as_array().unwrap().len(), 2);
    let own = server.request("bob", "GET", &path, ()).await.json();
    assert_eq!(own["shares"].as_array().unwrap().len(), 1);
    let lost = server.request("alice", "GET", "/api/v1/shares?as=owner&marker=x", ()).await;
    refused(lost, 400, "INVALID_MARKER");
}

async fn lists_filter_sort_and_page(server: TestServer) {
    let mut made = Vec::new();
    for (name, tag, os) in
        [("Web-1", "prod", "linux"), ("web-2", "test", "linux"), ("db", "prod", "bsd")]
    {
        server.step(1).await;
        let body =
            json!({"name": name, "disk_format": "raw", "tags": [tag], "properties": {"os": os}});
        let view = server.request("alice", "POST", "/api/v1/images", body).await.expect(201).json();
        made.push(view["id"].as_str().unwrap().to_owned());
    }
    let body = json!({"name": "hidden", "hidden": true});
    server.request("alice", "POST", "/api/v1/images", body).await.expect(201);
    let list = async |query: &str| {
        let path = format!("/api/v1/images?{query}");
        server.request("alice", "GET", &path, ()).await.expect(200).json()
    };
    let pick = |places: &[usize]| places.iter().map(|at| made[*at].clone()).collect::<Vec<_>>();
    for (query, places) in [
        ("", &[2, 1, 0][..]),
        ("name_contains=WEB", &[1, 0]),
        ("q=web&q=-2", &[1]),
        ("q=web&name_contains=d", &[]),
        ("size_min=1&size_min=2", &[]),
        ("name=web-2", &[1]),
        ("tag=prod", &[2, 0]),
        ("tag=prod&property.os=linux", &[0]),
        ("sort=name:asc", &[0, 2, 1]),
        ("sort=created_at:asc", &[0, 1, 2]),
        ("view=owned&status=queued", &[2, 1, 0]),
        ("status=active", &[]),
        ("view=public", &[]),
        ("kind=iso&kind=system", &[2, 1, 0]),
        ("shared=true", &[]),
    ] {
        assert_eq!(ids(&list(query).await, "images"), pick(places), "{query}");
    }
    let page = list("limit=2&total=true").await;
    assert_eq!(
        (page["total"]["text"].as_str(), page["next"].as_str()),
        (Some("3"), Some(&*made[1]))
    );
    let rest = list(&format!("limit=2&marker={}", made[1])).await;
    assert_eq!((ids(&rest, "images"), &rest["next"]), (pick(&[0]), &Value::Null));
    assert_eq!(list("hidden=true").await["images"][0]["name"], "hidden");
    let bad = server.request("alice", "GET", "/api/v1/images?sort=colour", ()).await;
    refused(bad, 400, "INVALID_VALUE");
    let bad = server.request("alice", "GET", "/api/v1/images?marker=zzz", ()).await;
    refused(bad, 400, "INVALID_MARKER");
}

async fn patches_merge(server: TestServer) {
    let path = format!("/api/v1/images/{}", queued(&server, "old").await);
    let patch = async |body: Value| server.request("alice", "PATCH", &path, body).await;
    let view =
        patch(json!({"name": "new", "tags": ["a", "b"], "properties": {"x": "1", "y": "2"}}));
    let view = view.await.expect(200).json();
    assert_eq!((&view["name"], &view["tags"]), (&json!("new"), &json!(["a", "b"])));
    let view = patch(json!({"tags": {"a": null, "c": true}, "properties": {"x": null}})).await;
    let view = view.expect(200).json();
    assert_eq!((&view["tags"], &view["properties"]), (&json!(["b", "c"]), &json!({"y": "2"})));
    assert_eq!(view["name"], "new", "what is left out stays");
    assert!(patch(json!({"name": null})).await.expect(200).json()["name"].is_null());
    refused(patch(json!({"status": "active"})).await, 400, "UNKNOWN_FIELD");
    refused(patch(json!({"tags": 7})).await, 400, "INVALID_VALUE");
    refused(patch(json!({"properties": {"nope": null}})).await, 409, "PROPERTY_MISSING");
    refused(patch(json!({"hidden": null, "protected": true, "x": 1})).await, 400, "UNKNOWN_FIELD");
    let rita = server.request("rita", "PATCH", &path, json!({"name": "r"})).await;
    refused(rita, 403, "ROLE_TOO_WEAK");
    refused(
        server.request("bob", "PATCH", &path, json!({"name": "b"})).await,
        404,
        "IMAGE_NOT_FOUND",
    );
    let view = server.request("alice", "GET", &path, ()).await.json();
    assert_eq!(view["protected"], false, "a refused patch changes nothing");
}

/// Whether the calls agree with `actions`, on images in several states, for several people.
async fn actions_say_what_the_calls_do(server: TestServer) {
    let people = ["alice", "rita", "bob", "rob", "operator"];
    let stages: [(&str, &[(&str, &str)]); 6] = [
        ("queued", &[]),
        ("active", &[]),
        ("pending", &[]),
        ("accepted", &[("bob", "accept")]),
        ("rejected", &[("bob", "reject")]),
        ("deactivated", &[("bob", "accept")]),
    ];
    for (stage, answers) in stages {
        for person in people {
            for verb in [
                "update",
                "share",
                "unshare",
                "accept",
                "reject",
                "replicate",
                "download",
                "upload",
                "delete",
                "deactivate",
                "reactivate",
            ] {
                let id = staged(&server, stage, answers).await;
                let shown =
                    server.request(person, "GET", &format!("/api/v1/images/{id}"), ()).await;
                if shown.status == 404 {
                    continue;
                }
                let action = shown.json()["actions"][verb].clone();
                let met = act(&server, person, verb, &id).await;
                assert_eq!(
                    action["reason"]["code"].as_str().unwrap_or("allowed"),
                    met,
                    "{person} {verb} {stage}"
                );
                assert_eq!(action["allowed"] == true, met == "allowed");
                // Room for the next one.
                server.request("alice", "DELETE", &format!("/api/v1/images/{id}"), ()).await;
            }
        }
    }
}

async fn staged(server: &TestServer, stage: &str, answers: &[(&str, &str)]) -> String {
    let id = queued(server, stage).await;
    if stage == "queued" {
        return id;
    }
    let path = format!("/api/v1/images/{id}/file");
    server.request("alice", "PUT", &path, vec![7; 512]).await.expect(200);
    if stage == "active" {
        return id;
    }
    share(server, "alice", json!({"images": [id], "recipients": [B]})).await.expect(200);
    for (person, word) in answers {
        answer(server, person, &id, word).await.expect(200);
    }
    if stage == "deactivated" {
        let path = format!("/api/v1/images/{id}/deactivate");
        server.request("alice", "POST", &path, ()).await.expect(200);
    }
    id
}

/// Does it, and says how that ended: `allowed`, or the code. Asking for what is so already counts as
/// refused, as `actions` has it.
async fn act(server: &TestServer, person: &str, verb: &str, id: &str) -> String {
    let image = format!("/api/v1/images/{id}");
    let before = server.request("alice", "GET", &image, ()).await.json();
    let is_so = matches!(
        (verb, before["status"].as_str()),
        ("deactivate", Some("deactivated")) | ("reactivate", Some("active"))
    );
    let (method, path, body) = match verb {
        "update" => ("PATCH", image, json!({"name": "changed"})),
        "share" => ("POST", "/api/v1/shares".into(), json!({"images": [id], "recipients": [C]})),
        "unshare" => ("DELETE", "/api/v1/shares".into(), json!({"images": [id], "all": true})),
        "accept" | "reject" => {
            ("POST", "/api/v1/shares/answers".into(), json!({"images": [id], "answer": verb}))
        }
        "replicate" => ("POST", format!("{image}/replicate"), json!({"name": "copy"})),
        "download" => ("GET", format!("{image}/file"), json!({})),
        "delete" => ("DELETE", image, json!({})),
        "deactivate" | "reactivate" => ("POST", format!("{image}/{verb}"), json!({})),
        "upload" => {
            let answer =
                server.request(person, "PUT", &format!("{image}/file"), vec![1; 512]).await;
            return ending(&answer, verb);
        }
        _ => unreachable!("an action without a call"),
    };
    let met = ending(&server.request(person, method, &path, body).await, verb);
    if is_so && met == "allowed" { "IMAGE_NOT_ACTIVE".to_owned() } else { met }
}

fn ending(answer: &support::Answer, verb: &str) -> String {
    if answer.status == 204 && verb == "download" {
        return "NO_BYTES".to_owned();
    }
    if answer.status.is_success() {
        let body = if verb == "download" { Value::Null } else { answer.json() };
        let is_unchanged = body["results"][0]["outcome"] == "already_answered";
        return if is_unchanged { "ANSWER_UNCHANGED".to_owned() } else { "allowed".to_owned() };
    }
    answer.json()["code"].as_str().unwrap().to_owned()
}

async fn replicas_are_jobs(server: TestServer) {
    let id = active(&server, "sys1").await;
    share(&server, "alice", json!({"images": [id], "recipients": [B]})).await.expect(200);
    let path = format!("/api/v1/images/{id}/replicate");
    let early = server.request("bob", "POST", &path, json!({})).await;
    refused(early, 403, "SHARE_NOT_ACCEPTED");
    answer(&server, "bob", &id, "accept").await.expect(200);
    server.step(1).await;
    let wish = json!({"name": "copy1", "description": "bob's own"});
    let made = server.request("bob", "POST", &path, wish).await.expect(202).json();
    assert_eq!(made["image"]["status"], "importing");
    assert_eq!(made["image"]["properties"]["description"], "bob's own");
    assert_eq!(made["image"]["progress_percent"], 0, "as soon as there is a job");
    lendglass_server::jobs::drain(&server.app, "test").await.unwrap();
    let job = format!("/api/v1/jobs/{}", made["job"].as_str().unwrap());
    let job = server.request("bob", "GET", &job, ()).await.expect(200).json();
    assert_eq!((&job["state"], &job["image"]), (&json!("succeeded"), &made["image"]["id"]));
    let copy_id = made["image"]["id"].as_str().unwrap();
    assert_eq!(job["image_names"], json!({&id: "sys1", copy_id: "copy1"}));
    let copy = format!("/api/v1/images/{copy_id}");
    let copy_view = server.request("bob", "GET", &copy, ()).await.json();
    assert_eq!(copy_view["progress_percent"], Value::Null, "nothing makes it any more");
    assert_eq!((&copy_view["source_image"], &copy_view["relation"]), (&json!(id), &json!("owner")));
    server.request("alice", "DELETE", &format!("/api/v1/images/{id}"), ()).await.expect(204);
    let read = server.request("bob", "GET", &format!("{copy}/file"), ()).await.expect(200);
    assert_eq!(read.bytes, bytes(), "a replica outlives its source");
    let jobs = server.request("bob", "GET", "/api/v1/jobs?limit=1", ()).await.json();
    assert_eq!(jobs["jobs"][0]["kind"], "image_replicate");
    let names = json!({&id: "sys1", copy_id: "copy1"});
    assert_eq!(jobs["jobs"][0]["image_names"], names, "the source is gone, its name is not");
    assert!(jobs["next"].is_string());

    let path = format!("{copy}/replicate");
    let same = server.request("bob", "POST", &path, json!({})).await.expect(202).json();
    assert_eq!(same["image"]["properties"]["description"], "bob's own");
    let none = server.request("bob", "POST", &path, json!({"description": ""})).await;
    assert_eq!(none.expect(202).json()["image"]["properties"]["description"], Value::Null);
}

async fn tenants_are_found_by_exact_id_only(server: TestServer) {
    let find = async |id: &str| {
        let path = format!("/api/v1/tenants/resolve?id={id}");
        server.request("alice", "GET", &path, ()).await
    };
    let found = find(B).await.expect(200).json();
    assert_eq!(
        (&found["id"], &found["name"], &found["kind"]),
        (&json!(B), &json!("B"), &json!("project"))
    );
    assert!(find(C).await.expect(200).json()["name"].is_null(), "C does not want to be known");
    refused(find(D).await, 404, "TENANT_NOT_IN_REGION");
    refused(find("root@borealis.example").await, 400, "RECIPIENT_AMBIGUOUS");
    assert_eq!(find("root@cumulus.example").await.expect(200).json()["id"], C);
    refused(find(A).await, 400, "SELF_SHARE");
    refused(find("carol").await, 400, "NOT_AN_ACCOUNT");
    for _ in 0..59 {
        refused(find(&B[..31]).await, 404, "TENANT_NOT_FOUND");
    }
    let limited = find(B).await;
    assert_eq!(limited.header("retry-after"), "60");
    refused(limited, 429, "RATE_LIMITED");
    let others = server.request("bob", "GET", &format!("/api/v1/tenants/resolve?id={A}"), ()).await;
    others.expect(200);
    server.step(60).await;
    find(B).await.expect(200);
}

async fn everyone_learns_who_he_is(server: TestServer) {
    let me = server.request("bob", "GET", "/api/v1/me", ()).await.expect(200).json();
    assert_eq!((&me["project"]["id"], &me["role"]), (&json!(B), &json!("member")));
    assert_eq!(me["account"]["uid"], "100000000002");
    let names: Vec<_> = me["projects"].as_array().unwrap().iter().map(|p| &p["name"]).collect();
    assert_eq!(names, ["B", "B2"]);
    let policy = server.request("bob", "GET", "/api/v1/policy", ()).await.expect(200).json();
    assert_eq!(policy["share.max_tenants.system"], 256);
    assert_eq!(policy["profile"], "lendglass");
    assert_eq!(policy["share.max_shared_images"], Value::Null);
    assert_eq!(policy["share.needs_active"], true);
    assert_eq!(policy["recipient.remove_word"], "remove");
    let regions = server.request("bob", "GET", "/api/v1/regions", ()).await.expect(200).json();
    assert_eq!(ids(&regions, "regions"), ["r1", "r2"]);
    active(&server, "sys1").await;
    let quota = server.request("alice", "GET", "/api/v1/quota", ()).await.expect(200).json();
    assert_eq!(quota["private_images"], json!({"used": 1, "limit": null}));
    let document = server.request("nobody", "GET", "/api/v1/openapi.json", ()).await.expect(200);
    assert_eq!(document.json()["openapi"], "3.1.0");
}
