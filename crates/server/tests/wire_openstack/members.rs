//! Members under profile `glance`: every row of what was observed of a real one.

use serde_json::{Value, json};

use crate::support::{self, A, B, C, TestServer, on_both_engines};
use crate::{make, make_active, names, patch, replace, show};

on_both_engines!("glance":
    a_share_is_offered_answered_and_taken_back,
    anybody_may_be_named,
    an_offer_is_made_once,
    only_shared_images_have_members,
    the_129th_member_is_too_many,
    a_state_is_no_access_control,
    listing_follows_the_state,
    only_the_member_answers,
    an_offer_after_a_rejection_is_a_conflict,
    a_member_cannot_leave,
    a_member_passes_nothing_on,
    bodies_are_read_leniently_but_for_the_state,
    rows_lie_dormant_while_an_image_is_private,
    deleting_a_shared_image_needs_no_confirmation,
    members_see_only_themselves,
);

fn members(id: &str) -> String {
    format!("/v2/images/{id}/members")
}

fn member(id: &str, project: &str) -> String {
    format!("/v2/images/{id}/members/{project}")
}

/// Shares with bob's project; the image's id.
async fn shared(server: &TestServer) -> String {
    let id = make_active(server, "alice", json!({"name": "sys1"})).await;
    server.request("alice", "POST", &members(&id), json!({"member": B})).await.expect(200);
    id
}

async fn answer(
    server: &TestServer,
    person: &str,
    id: &str,
    status: &str,
) -> crate::support::Answer {
    server.request(person, "PUT", &member(id, B), json!({"status": status})).await
}

async fn a_share_is_offered_answered_and_taken_back(server: TestServer) {
    let id = make_active(&server, "alice", json!({})).await;
    let offered = server.request("alice", "POST", &members(&id), json!({"member": B})).await;
    let offered = offered.expect(200).json();
    let row = |status: &str, updated: &str| {
        json!({
            "member_id": B, "image_id": id, "status": status, "schema": "/v2/schemas/member",
            "created_at": "2026-01-01T00:00:00Z", "updated_at": updated,
        })
    };
    assert_eq!(offered, row("pending", "2026-01-01T00:00:00Z"));
    server.step(7).await;
    let accepted = answer(&server, "bob", &id, "accepted").await.expect(200).json();
    assert_eq!(accepted, row("accepted", "2026-01-01T00:00:07Z"));
    server.step(7).await;
    let same = answer(&server, "bob", &id, "accepted").await.expect(200).json();
    assert_eq!(same, accepted);
    for person in ["alice", "bob"] {
        let shown = server.request(person, "GET", &member(&id, B), ()).await.expect(200).json();
        assert_eq!(shown, accepted);
        let all = server.request(person, "GET", &members(&id), ()).await.expect(200).json();
        assert_eq!(all, json!({"members": [accepted], "schema": "/v2/schemas/members"}));
    }
    server.request("alice", "DELETE", &member(&id, B), ()).await.expect(204);
    server.request("alice", "DELETE", &member(&id, B), ()).await.refused(404, "NOT_SHARED");
    server.request("alice", "GET", &member(&id, B), ()).await.refused(404, "NOT_SHARED");
    server.request("bob", "GET", &format!("/v2/images/{id}"), ()).await.expect(404);
}

async fn anybody_may_be_named(server: TestServer) {
    let id = make(&server, "alice", json!({})).await;
    for anybody in ["no-such-project", A, "with spaces & more", "镜像"] {
        let made = server.request("alice", "POST", &members(&id), json!({"member": anybody})).await;
        assert_eq!(made.expect(200).json()["member_id"], anybody);
    }
    let path = member(&id, "with%20spaces%20&%20more");
    server.request("alice", "GET", &path, ()).await.expect(200);
    server.request("alice", "DELETE", &path, ()).await.expect(204);
    server.request("alice", "GET", &member(&id, "%00"), ()).await.refused(404, "NOT_SHARED");
}

async fn an_offer_is_made_once(server: TestServer) {
    let id = shared(&server).await;
    for _ in 0..2 {
        let again = server.request("alice", "POST", &members(&id), json!({"member": B})).await;
        again.refused(409, "ALREADY_SHARED");
        answer(&server, "bob", &id, "accepted").await.expect(200);
    }
}

async fn only_shared_images_have_members(server: TestServer) {
    for visibility in ["private", "community", "public"] {
        let person = if visibility == "public" { "operator" } else { "alice" };
        let id = make(&server, person, json!({"visibility": visibility})).await;
        let refused = |answer: crate::support::Answer| answer.refused(403, "MEMBERS_NOT_ALLOWED");
        refused(server.request(person, "POST", &members(&id), json!({"member": B})).await);
        refused(server.request(person, "GET", &members(&id), ()).await);
        refused(server.request(person, "DELETE", &member(&id, B), ()).await);
        server.request(person, "GET", &member(&id, B), ()).await.refused(404, "NOT_SHARED");
    }
    let id = make(&server, "alice", json!({})).await;
    assert_eq!(show(&server, "alice", &id).await["visibility"], "shared", "the default");
    let none = server.request("alice", "GET", &members(&id), ()).await.expect(200).json();
    assert_eq!(none["members"], json!([]));
}

async fn the_129th_member_is_too_many(server: TestServer) {
    let id = make(&server, "alice", json!({})).await;
    for at in 0..128 {
        let body = json!({"member": format!("m{at}")});
        server.request("alice", "POST", &members(&id), body).await.expect(200);
    }
    let one_more = server.request("alice", "POST", &members(&id), json!({"member": B})).await;
    one_more.refused(413, "SHARE_TENANT_QUOTA");
    let path = format!("{}?limit=5", members(&id));
    let all = server.request("alice", "GET", &path, ()).await.expect(200).json();
    assert_eq!(all["members"].as_array().unwrap().len(), 128, "members are not paged");
}

async fn a_state_is_no_access_control(server: TestServer) {
    let id = shared(&server).await;
    let path = format!("/v2/images/{id}");
    for status in ["pending", "rejected", "accepted"] {
        answer(&server, "bob", &id, status).await.expect(200);
        server.request("bob", "GET", &path, ()).await.expect(200);
        let read = server.request("bob", "GET", &format!("{path}/file"), ()).await.expect(200);
        assert_eq!(read.bytes, crate::noise(5000), "{status}");
    }
    server.request("carol", "GET", &path, ()).await.refused(404, "IMAGE_NOT_FOUND");
    server.request("bob@B2", "GET", &path, ()).await.refused(404, "IMAGE_NOT_FOUND");
}

async fn listing_follows_the_state(server: TestServer) {
    let id = shared(&server).await;
    for (status, listed_by) in [
        ("pending", &["?member_status=pending", "?member_status=all"][..]),
        ("rejected", &["?member_status=rejected", "?member_status=all"]),
        ("accepted", &["", "?visibility=shared", "?visibility=all", "?member_status=all"]),
    ] {
        answer(&server, "bob", &id, status).await.expect(200);
        for query in [
            "",
            "?visibility=shared",
            "?visibility=all",
            "?member_status=pending",
            "?member_status=rejected",
            "?member_status=all",
        ] {
            let is_listed = names(&server, "bob", query).await == ["sys1"];
            assert_eq!(is_listed, listed_by.contains(&query), "{status} {query}");
        }
    }
}

async fn only_the_member_answers(server: TestServer) {
    let id = shared(&server).await;
    answer(&server, "alice", &id, "accepted").await.refused(403, "RECIPIENT_ONLY_ANSWERS");
    answer(&server, "rob", &id, "accepted").await.refused(403, "ROLE_TOO_WEAK");
    answer(&server, "carol", &id, "accepted").await.refused(404, "IMAGE_NOT_FOUND");
    let by_operator = answer(&server, "operator", &id, "accepted").await.expect(200).json();
    assert_eq!(by_operator["status"], "accepted");
    assert_eq!(names(&server, "bob", "").await, ["sys1"]);
    let path = member(&id, C);
    let none = server.request("alice", "PUT", &path, json!({"status": "accepted"})).await;
    none.refused(404, "NOT_SHARED");
}

async fn an_offer_after_a_rejection_is_a_conflict(server: TestServer) {
    let id = shared(&server).await;
    answer(&server, "bob", &id, "rejected").await.expect(200);
    let path = members(&id);
    let again = || server.request("alice", "POST", &path, json!({"member": B}));
    again().await.refused(409, "ALREADY_SHARED");
    server.request("alice", "DELETE", &member(&id, B), ()).await.expect(204);
    assert_eq!(again().await.expect(200).json()["status"], "pending");
}

async fn a_member_cannot_leave(server: TestServer) {
    let id = shared(&server).await;
    answer(&server, "bob", &id, "accepted").await.expect(200);
    let leaving = server.request("bob", "DELETE", &member(&id, B), ()).await;
    leaving.refused(403, "RECIPIENT_MAY_NOT_REMOVE");
    let row = server.request("bob", "GET", &member(&id, B), ()).await.expect(200).json();
    assert_eq!(row["status"], "accepted");
    server.request("bob", "DELETE", &member(&id, C), ()).await.refused(404, "NOT_SHARED");
    server.request("carol", "DELETE", &member(&id, B), ()).await.refused(404, "IMAGE_NOT_FOUND");
}

async fn a_member_passes_nothing_on(server: TestServer) {
    let id = shared(&server).await;
    answer(&server, "bob", &id, "accepted").await.expect(200);
    let on = server.request("bob", "POST", &members(&id), json!({"member": C})).await;
    on.refused(403, "RESHARE_FORBIDDEN");
    patch(&server, "bob", &id, json!([replace("name", "mine")]))
        .await
        .refused(403, "SHARED_IMAGE_READONLY");
    let path = format!("/v2/images/{id}");
    server.request("bob", "DELETE", &path, ()).await.refused(403, "SHARED_IMAGE_READONLY");
    let tag = server.request("bob", "PUT", &format!("{path}/tags/t"), ()).await;
    tag.refused(403, "SHARED_IMAGE_READONLY");
    assert_eq!(show(&server, "alice", &id).await["name"], "sys1");
}

async fn bodies_are_read_leniently_but_for_the_state(server: TestServer) {
    let id = shared(&server).await;
    let put = |body: Value| {
        let (server, path) = (&server, member(&id, B));
        async move { server.request("bob", "PUT", &path, body).await }
    };
    let extra = json!({"status": "accepted", "member": C, "colour": "red"});
    assert_eq!(put(extra).await.expect(200).json()["member_id"], B);
    for bad in [json!({"status": "maybe"}), json!({"status": 1}), json!({"status": null})] {
        put(bad).await.refused(400, "INVALID_VALUE");
    }
    put(json!({})).await.refused(400, "MISSING_FIELD");
    put(json!([])).await.refused(400, "MALFORMED");
    let post = |body: Value| {
        let (server, path) = (&server, members(&id));
        async move { server.request("alice", "POST", &path, body).await }
    };
    post(json!({})).await.refused(400, "MISSING_FIELD");
    post(json!({"member": ""})).await.refused(400, "INVALID_VALUE");
    post(json!({"member": 7})).await.refused(400, "INVALID_VALUE");
    post(json!({"member": "x".repeat(256)})).await.refused(400, "MALFORMED_ID");
    post(json!({"member": "a\u{0}b"})).await.refused(400, "MALFORMED_ID");
    post(json!("member")).await.refused(400, "MALFORMED");
}

async fn rows_lie_dormant_while_an_image_is_private(server: TestServer) {
    let id = shared(&server).await;
    answer(&server, "bob", &id, "accepted").await.expect(200);
    patch(&server, "alice", &id, json!([replace("visibility", "private")])).await.expect(200);
    let path = format!("/v2/images/{id}");
    server.request("bob", "GET", &path, ()).await.refused(404, "IMAGE_NOT_FOUND");
    assert_eq!(names(&server, "bob", "?member_status=all").await, [""; 0]);
    let listed = server.request("alice", "GET", &members(&id), ()).await;
    listed.refused(403, "MEMBERS_NOT_ALLOWED");
    let removed = server.request("alice", "DELETE", &member(&id, B), ()).await;
    removed.refused(403, "MEMBERS_NOT_ALLOWED");
    patch(&server, "alice", &id, json!([replace("visibility", "shared")])).await.expect(200);
    assert_eq!(names(&server, "bob", "").await, ["sys1"]);
    let row = server.request("bob", "GET", &member(&id, B), ()).await.expect(200).json();
    assert_eq!(row["status"], "accepted");
}

async fn deleting_a_shared_image_needs_no_confirmation(server: TestServer) {
    let id = shared(&server).await;
    answer(&server, "bob", &id, "accepted").await.expect(200);
    let path = format!("/v2/images/{id}");
    server.request("alice", "DELETE", &path, ()).await.expect(204);
    server.request("bob", "GET", &path, ()).await.refused(404, "IMAGE_NOT_FOUND");
    assert_eq!(names(&server, "bob", "").await, [""; 0]);
}

async fn members_see_only_themselves(server: TestServer) {
    let id = shared(&server).await;
    server.request("alice", "POST", &members(&id), json!({"member": C})).await.expect(200);
    for (person, project, other) in [("bob", B, C), ("carol", C, B), ("rob", B, C)] {
        let all = server.request(person, "GET", &members(&id), ()).await.expect(200).json();
        assert_eq!(all["members"].as_array().unwrap().len(), 1);
        assert_eq!(all["members"][0]["member_id"], project);
        server.request(person, "GET", &member(&id, other), ()).await.refused(404, "NOT_SHARED");
    }
    for person in ["alice", "rita", "operator"] {
        let all = server.request(person, "GET", &members(&id), ()).await.expect(200).json();
        assert_eq!(all["members"].as_array().unwrap().len(), 2, "{person}");
    }
}
