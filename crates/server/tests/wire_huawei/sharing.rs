//! Sharing in batches, and what both sides see of it.

use serde_json::json;

use crate::support::{self, A, B, B2, C, TestServer, on_both_engines};
use crate::{MEMBERS, UNKNOWN, answer, check_img, found, ids, job, make, offered, share};

on_both_engines!("huawei":
    a_share_from_offer_to_withdrawal,
    ap_03_a_batch_is_told_pair_by_pair,
    members_are_paged,
    a_domain_is_an_account,
);

async fn a_share_from_offer_to_withdrawal(server: TestServer) {
    let image = make(&server, "alice", json!({"name": "sys1"})).await;
    assert_eq!(found(&server, "alice", &format!("id={image}")).await[0]["__imagetype"], "private");

    let done = job(&server, "alice", share(&server, "alice", &[&image], &[B]).await).await;
    assert_eq!(done["job_type"], "imsAddImageMembersJob");
    assert_eq!((&done["status"], &done["error_code"]), (&json!("SUCCESS"), &json!(null)));
    assert_eq!(
        done["entities"],
        json!({"results": [{"image_id": image, "project_id": B, "status": "success"}]})
    );
    assert_eq!(done["begin_time"], "2026-01-01T00:00:00.000Z");
    assert_eq!(done["end_time"], "2026-01-01T00:00:00.000Z");

    let own = &found(&server, "alice", &format!("id={image}&__imagetype=shared")).await[0];
    assert_eq!((&own["visibility"], &own["owner"]), (&json!("shared"), &json!(A)));
    assert!(ids(&server, "alice", "visibility=private").await.is_empty());
    assert_eq!(offered(&server, "bob", "pending").await, [image.as_str()]);
    assert!(offered(&server, "alice", "pending").await.is_empty(), "it was offered to bob");
    assert!(ids(&server, "bob", &format!("id={image}&__imagetype=shared")).await.is_empty());

    let done = job(&server, "bob", answer(&server, "bob", &image, B, "accepted").await).await;
    assert_eq!(done["job_type"], "imsUpdateImageMembersJob");
    assert_eq!(offered(&server, "bob", "accepted").await, [image.as_str()]);
    let seen = &found(&server, "bob", &format!("id={image}&__imagetype=shared")).await[0];
    assert_eq!((&seen["__imagetype"], &seen["owner"]), (&json!("shared"), &json!(A)));

    job(&server, "bob", answer(&server, "bob", &image, B, "rejected").await).await;
    assert_eq!(offered(&server, "bob", "rejected").await, [image.as_str()]);
    assert!(ids(&server, "bob", &format!("id={image}&__imagetype=shared")).await.is_empty());

    let body = json!({"images": [image], "projects": [B]});
    let done = server.request("alice", "DELETE", MEMBERS, body).await;
    let done = job(&server, "alice", done).await;
    assert_eq!(done["job_type"], "imsDelImageMembersJob");
    assert_eq!(done["entities"], json!({"results": []}));
    assert!(offered(&server, "bob", "rejected").await.is_empty());
    assert_eq!(ids(&server, "alice", "visibility=private").await, [image.as_str()]);
}

async fn ap_03_a_batch_is_told_pair_by_pair(server: TestServer) {
    let image = make(&server, "alice", json!({})).await;
    let sent = share(&server, "alice", &[&image, UNKNOWN], &[B, A]).await.expect(200);
    let id = sent.json()["job_id"].as_str().unwrap().to_owned();
    let done = job(&server, "alice", sent).await;
    assert_eq!(done["status"], "FAIL");
    assert_eq!(done["error_code"], "IMG.0076");
    assert!(done["fail_reason"].as_str().unwrap().len() > 10);
    let results = done["entities"]["results"].as_array().unwrap();
    let told: Vec<(&str, &str)> = results
        .iter()
        .map(|r| (r["status"].as_str().unwrap(), r["error_code"].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(
        told,
        [("success", ""), ("fail", "IMG.0076"), ("fail", "IMG.0066"), ("fail", "IMG.0066")]
    );
    assert_eq!(offered(&server, "bob", "pending").await, [image.as_str()], "the good one stands");

    let path = format!("/v1/cloudimages/job/{id}");
    let progress = server.request("alice", "GET", &path, ()).await.expect(200).json();
    assert_eq!(progress["entities"], json!({"process_percent": 1.0, "current_task": ""}));
    check_img(server.request("bob", "GET", &path, ()).await, "IMG.0023");
    let path = format!("/v1/{A}/jobs/{id}");
    server.request("alice", "GET", &path, ()).await.expect(200);
    check_img(server.request("bob", "GET", &path, ()).await, "IMG.0030");
}

async fn members_are_paged(server: TestServer) {
    let image = make(&server, "alice", json!({})).await;
    job(&server, "alice", share(&server, "alice", &[&image], &[B, B2, C]).await).await;
    let base = format!("/v1/{A}/cloudimages/{image}/members");
    let page = server.request("alice", "GET", &format!("{base}?limit=2"), ()).await.expect(200);
    let page = page.json();
    assert_eq!(page["page_info"]["current_count"], 2);
    let marker = page["page_info"]["next_marker"].as_str().unwrap().replace('=', "%3D");
    let path = format!("{base}?limit=2&marker={marker}");
    let last = server.request("alice", "GET", &path, ()).await.expect(200).json();
    assert_eq!(last["page_info"], json!({"current_count": 1}));
    let mut members = page["members"].as_array().unwrap().clone();
    members.extend(last["members"].as_array().unwrap().clone());
    let of = |field: &str| -> Vec<String> {
        members.iter().map(|m| m[field].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(of("member_id"), [B2, B, C]);
    assert_eq!(of("member_type"), ["project"; 3]);
    assert_eq!(of("status"), ["pending"; 3]);
    assert_eq!(members[0]["created_at"], "2026-01-01T00:00:00Z");

    let own = format!("/v1/{B}/cloudimages/{image}/members/{B}");
    let own = server.request("bob", "GET", &own, ()).await.expect(200).json();
    assert_eq!(own, members[1]);
    let other = format!("/v1/{B}/cloudimages/{image}/members/{C}");
    check_img(server.request("bob", "GET", &other, ()).await, "IMG.0114");
    check_img(server.request("alice", "GET", &format!("{base}?marker=!"), ()).await, "IMG.0017");
}

async fn a_domain_is_an_account(server: TestServer) {
    let image = make(&server, "alice", json!({})).await;
    let body = json!({"images": [image], "domains": ["y"]});
    let sent = server.request("alice", "POST", MEMBERS, body.clone()).await;
    job(&server, "alice", sent).await;
    let path = format!("/v1/{A}/cloudimages/{image}/members/y");
    let member = server.request("alice", "GET", &path, ()).await.expect(200).json();
    assert_eq!(member["member_type"], "domain");
    assert_eq!(offered(&server, "bob@B2", "pending").await, [image.as_str()]);
    let done = job(&server, "bob", answer(&server, "bob", &image, B, "accepted").await).await;
    assert_eq!(done["status"], "SUCCESS");
    assert_eq!(offered(&server, "bob@B2", "accepted").await, [image.as_str()]);
    let sent = server.request("alice", "DELETE", MEMBERS, body).await;
    assert_eq!(job(&server, "alice", sent).await["status"], "SUCCESS");
    assert!(offered(&server, "bob", "accepted").await.is_empty());
}
