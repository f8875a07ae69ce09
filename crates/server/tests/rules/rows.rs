//! Requirements that are shown by what the other stories are made of: ids, reading as the use of an
//! image, batches as jobs, pages under writes.

use lendglass_core::image::ImageKind;
use lendglass_core::share::{ShareEvent, ShareState};
use lendglass_core::{Code, ImageId};
use lendglass_server::service::replicate::replicate;
use lendglass_server::service::share;
use lendglass_store::{image as store_image, tenant as store_tenant};
use serde_json::{Value, json};

use crate::cloud::{BYTES, Cloud, answer_of, caller, member_of, offer, refused, withdrawal, words};
use crate::support::{A, A2, B, B2, C};

stories! {
    huawei "huawei":
        id_01_nobody_browses_other_tenants,
        id_03_and_id_07_the_id_shown_is_the_id_that_sharing_takes,
        sh_25_the_owner_goes_on_using_what_he_shares,
        sh_30_one_or_all_are_taken_back,
        rc_06_everything_pending_is_rejected,
        rc_14_accepted_images_are_removed_together,
        rc_15_removing_harms_nothing_made_from_it,
        us_05_a_fresh_project_accepts_and_reads,
        us_06_an_image_is_used_in_its_region_only,
        dl_04_after_deletion_nothing_is_made_from_it,
        rg_03_tenants_of_another_site_need_a_common_region,
        ap_03_a_batch_is_a_job_with_results,
        ap_04_a_refusal_has_code_message_detail_and_request;
    lendglass "lendglass":
        ap_06_pages_have_no_gaps_under_writes;
}

async fn id_01_nobody_browses_other_tenants(cloud: &Cloud) {
    let listed = cloud.request("alice", "GET", "/v3/auth/projects", ()).await.expect(200).json();
    let ids: Vec<&str> =
        listed["projects"].as_array().unwrap().iter().map(|p| p["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 2, "{ids:?}");
    assert!(ids.contains(&A) && ids.contains(&A2));
    let sys1 = cloud.image("alice", "sys1").await;
    assert_eq!(cloud.share("alice", &sys1, B).await, "pending", "the exact id is enough");
}

async fn id_03_and_id_07_the_id_shown_is_the_id_that_sharing_takes(cloud: &Cloud) {
    let me = cloud.request("bob", "GET", "/api/v1/me", ()).await.expect(200).json();
    let shown = me["project"]["id"].as_str().unwrap().to_owned();
    assert_eq!(shown, B);
    let sys1 = cloud.image("alice", "sys1").await;
    assert_eq!(cloud.share("alice", &sys1, &shown).await, "pending");
    assert_eq!(cloud.received("bob", ShareState::Pending).await, [sys1]);
}

async fn sh_25_the_owner_goes_on_using_what_he_shares(cloud: &Cloud) {
    let sys1 = cloud.accepted_image("sys1").await;
    assert_eq!(cloud.read("alice", &sys1).await.unwrap(), BYTES);
    let copy = replicate(&cloud.app, &caller("alice"), &sys1, None).await.unwrap().0.id;
    cloud.settle().await;
    assert_eq!(cloud.shares("alice", &copy).await, [], "what is made from it is not shared");
}

async fn sh_30_one_or_all_are_taken_back(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.invite("alice", offer(&[&sys1], &[B, B2, C])).await.unwrap();
    assert_eq!(cloud.unshare("alice", &sys1, B).await, "removed");
    assert_eq!(cloud.shares("alice", &sys1).await.len(), 2);
    let all = withdrawal(&[&sys1], &[]);
    let report = share::withdraw(&cloud.app, &caller("alice"), all).await.unwrap();
    assert_eq!(words(&report.results), ["removed", "removed"]);
    assert_eq!(cloud.shares("alice", &sys1).await, []);
}

async fn pending_of(cloud: &Cloud, count: usize) -> Vec<ImageId> {
    let mut images = Vec::new();
    for at in 0..count {
        images.push(cloud.image("alice", &format!("sys{at}")).await);
    }
    let all: Vec<&ImageId> = images.iter().collect();
    cloud.invite("alice", offer(&all, &[B])).await.unwrap();
    images
}

async fn rc_06_everything_pending_is_rejected(cloud: &Cloud) {
    let images = pending_of(cloud, 3).await;
    let body = json!({"all": true, "answer": "reject"});
    let report = cloud.request("bob", "POST", "/api/v1/shares/answers", body).await.expect(200);
    assert_eq!(report.json()["results"].as_array().unwrap().len(), 3);
    assert_eq!(cloud.received("bob", ShareState::Rejected).await.len(), images.len());
    assert_eq!(cloud.received("bob", ShareState::Pending).await, []);
}

async fn rc_14_accepted_images_are_removed_together(cloud: &Cloud) {
    let images = pending_of(cloud, 3).await;
    let all: Vec<&ImageId> = images.iter().collect();
    let bob = caller("bob");
    share::answer(&cloud.app, &bob, answer_of(&all, ShareEvent::Accept)).await.unwrap();
    share::answer(&cloud.app, &bob, answer_of(&all[..2], ShareEvent::Reject)).await.unwrap();
    assert_eq!(cloud.listed("bob").await, [images[2].clone()]);
    assert_eq!(cloud.received("bob", ShareState::Rejected).await.len(), 2);
}

async fn rc_15_removing_harms_nothing_made_from_it(cloud: &Cloud) {
    let sys1 = cloud.accepted_image("sys1").await;
    let copy = replicate(&cloud.app, &caller("bob"), &sys1, None).await.unwrap().0.id;
    cloud.settle().await;
    assert_eq!(cloud.reject("bob", &sys1).await, "rejected");
    cloud.settle().await;
    assert_eq!(cloud.read("bob", &copy).await.unwrap(), BYTES);
}

async fn us_05_a_fresh_project_accepts_and_reads(cloud: &Cloud) {
    let fresh = cloud.projects(1).await.remove(0);
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, &fresh).await;
    let member = member_of(&fresh);
    let accept = answer_of(&[&sys1], ShareEvent::Accept);
    let report = share::answer(&cloud.app, &member, accept).await.unwrap();
    assert_eq!(words(&report.results), ["accepted"]);
    let copy = replicate(&cloud.app, &member, &sys1, None).await.unwrap().0;
    assert_eq!(copy.owner.as_str(), fresh);
}

async fn us_06_an_image_is_used_in_its_region_only(cloud: &Cloud) {
    let sys1 = cloud.accepted_image("sys1").await;
    assert_eq!(cloud.read("bob", &sys1).await.unwrap(), BYTES);
    let mut elsewhere = caller("bob");
    elsewhere.region = lendglass_core::RegionId::trusted("r2");
    let copied = replicate(&cloud.app, &elsewhere, &sys1, None).await;
    assert_eq!(refused(copied), Code::ImageNotFound);
    assert_eq!(refused(cloud.read("dave", &sys1).await), Code::ImageNotFound);
}

async fn dl_04_after_deletion_nothing_is_made_from_it(cloud: &Cloud) {
    let sys1 = cloud.accepted_image("sys1").await;
    cloud.delete("alice", &sys1).await.unwrap();
    assert_eq!(refused(cloud.read("bob", &sys1).await), Code::ImageNotFound);
    let copied = replicate(&cloud.app, &caller("bob"), &sys1, None).await;
    assert_eq!(refused(copied), Code::ImageNotFound);
}

async fn rg_03_tenants_of_another_site_need_a_common_region(cloud: &Cloud) {
    let site = |account: &'static str, site: &'static str| async move {
        let account = lendglass_core::AccountId::trusted(account);
        cloud.app.db.write(move |tx| store_tenant::set_site(tx, &account, site)).await.unwrap();
    };
    site("x", "mainland").await;
    site("y", "international").await;
    let sys1 = cloud.image("alice", "sys1").await;
    assert_eq!(cloud.share("alice", &sys1, B).await, "pending", "r1 is everybody's");
    let r1 = lendglass_core::RegionId::trusted("r1");
    let offered = r1.clone();
    let offer_to = move |tx: &mut lendglass_store::Tx<'_>| {
        store_tenant::offer_region(tx, &offered, "mainland")
    };
    cloud.app.db.write(offer_to).await.unwrap();
    let sys2 = cloud.image("alice", "sys2").await;
    assert_eq!(cloud.share("alice", &sys2, B).await, "TENANT_NOT_FOUND");
    assert_eq!(cloud.share("alice", &sys2, A2).await, "pending", "one site shares anyway");
    cloud
        .app
        .db
        .write(move |tx| store_tenant::offer_region(tx, &r1, "international"))
        .await
        .unwrap();
    assert_eq!(cloud.share("alice", &sys2, B).await, "pending");
    cloud.set(None, "regions.cross_site_share", "deny").await;
    let sys3 = cloud.image("alice", "sys3").await;
    assert_eq!(cloud.share("alice", &sys3, B).await, "TENANT_NOT_FOUND");
}

async fn ap_03_a_batch_is_a_job_with_results(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    let body = json!({"images": [sys1.as_str()], "recipients": [B, "nobody"], "mode": "partial"});
    let report = cloud.request("alice", "POST", "/api/v1/shares", body).await.expect(200).json();
    let job = format!("/api/v1/jobs/{}", report["job"].as_str().unwrap());
    let job = cloud.request("alice", "GET", &job, ()).await.expect(200).json();
    assert_eq!(job["state"], "succeeded");
    assert_eq!(job["results"], report["results"]);
    assert_eq!(job["results"][1]["code"], "TENANT_NOT_FOUND");
}

async fn ap_04_a_refusal_has_code_message_detail_and_request(cloud: &Cloud) {
    let sys1 = cloud.accepted_image("sys1").await;
    let path = format!("/api/v1/images/{sys1}");
    let answer = cloud.request("bob", "DELETE", &path, ()).await.expect(403);
    let body = answer.json();
    assert_eq!(body["code"], "SHARED_IMAGE_READONLY");
    assert!(!body["message"].as_str().unwrap().is_empty());
    assert!(body["detail"].is_object());
    assert_eq!(body["request_id"], answer.header("x-openstack-request-id"));
    let headers = [("accept-language", "zh")];
    let chinese = cloud.request_with("bob", "DELETE", &path, &headers, ()).await.json();
    assert_ne!(chinese["message"], body["message"]);
}

async fn ap_06_pages_have_no_gaps_under_writes(cloud: &Cloud) {
    let before = cloud.records("alice", 230).await;
    let mut seen: Vec<String> = Vec::new();
    let mut marker = String::new();
    loop {
        let path = format!("/api/v1/images?limit=50&sort=created_at:asc{marker}");
        let page = cloud.request("alice", "GET", &path, ()).await.expect(200).json();
        let ids = page["images"].as_array().unwrap().iter();
        seen.extend(ids.map(|image: &Value| image["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        marker = format!("&marker={next}");
        // Others write between the pages: one image comes, one that was shown goes.
        cloud.image_of_kind("alice", "new", ImageKind::DataDisk).await;
        cloud.delete("alice", &ImageId::trusted(seen[seen.len() - 2].clone())).await.unwrap();
    }
    let missing: Vec<&ImageId> =
        before.iter().filter(|id| !seen.contains(&id.to_string())).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let mut once = seen.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), seen.len(), "nothing is shown twice");
    let total = cloud.request("alice", "GET", "/api/v1/images?limit=1&total=true", ()).await;
    assert!(total.expect(200).json()["total"]["count"].as_u64().unwrap() >= 230);
    let known = store_image::check_access(&cloud.app.db).await.unwrap();
    assert!(known.is_empty());
}
