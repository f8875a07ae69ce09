//! Ceilings at n and n + 1, and overrides of the policy (requirements §1, SH-14…SH-18).

use lendglass_core::image::{ImageKind, Visibility};
use lendglass_core::limits::PATCH_OPERATIONS;
use lendglass_core::share::ShareState;
use lendglass_core::{Code, ImageId};
use lendglass_server::service::image::{self, Edit, NewImage};
use lendglass_server::service::share;

use crate::cloud::{Cloud, answer_of, caller, member_of, offer, refused, words};
use crate::support::{A, B, B2, C};

stories! {
    huawei "huawei":
        pf_03_a_lowered_ceiling_keeps_what_exists,
        sh_15_a_slot_is_taken_by_kind_of_image,
        sh_17_unanswered_offers_take_no_slot_and_answers_are_checked,
        sh_18_open_invitations_have_a_guard,
        sh_11_an_image_says_how_many_slots_are_left,
        fs_11_full_server_images_by_their_source,
        image_names_have_a_length_and_a_form,
        t_102_images_of_a_project_are_counted,
        t_048_tags_are_counted;
    ctyun "ctyun":
        pf_05_an_override_for_one_project,
        sh_14_one_request_names_so_many_tenants,
        sh_20_many_ids_are_looked_up_at_once_and_few_wrong_ones,
        sh_15_offers_and_rejections_count,
        sh_16_so_many_images_are_shared_out,
        sh_15_no_iso_is_shared;
    lendglass "lendglass":
        properties_are_counted,
        the_default_visibility_is_the_policys;
    glance "glance":
        sh_15_glance_has_128_members,
        names_are_free;
}

async fn pf_03_a_lowered_ceiling_keeps_what_exists(cloud: &Cloud) {
    let projects = cloud.projects(200).await;
    let sys1 = cloud.image("alice", "sys1").await;
    let all: Vec<&str> = projects.iter().map(String::as_str).collect();
    assert!(cloud.invite("alice", offer(&[&sys1], &all)).await.unwrap().is_done);
    for (key, value) in [("share.max_tenants.system", "128"), ("share.pending_counts", "true")] {
        cloud.set(None, key, value).await;
    }
    assert_eq!(cloud.members("alice", &sys1).await.len(), 200);
    assert_eq!(cloud.share("alice", &sys1, B).await, "SHARE_TENANT_QUOTA");
    let accept = answer_of(&[&sys1], lendglass_core::share::ShareEvent::Accept);
    let report = share::answer(&cloud.app, &member_of(all[0]), accept).await.unwrap();
    assert_eq!(words(&report.results), ["accepted"], "what was offered may be taken");
}

async fn sh_20_many_ids_are_looked_up_at_once_and_few_wrong_ones(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    let look = async |recipients: Vec<String>| {
        let body = serde_json::json!({
            "images": [sys1.as_str()], "recipients": recipients, "mode": "partial", "dry_run": true
        });
        cloud.request("alice", "POST", "/api/v1/shares", body).await
    };
    // B lets its name be known, C does not.
    let report = look(vec![B.to_owned(), C.to_owned(), "nobody".to_owned()]).await.expect(200);
    let report = report.json();
    let name = |at: usize| &report["results"][at]["resolved"]["name"];
    assert_eq!((name(0), name(1)), (&serde_json::json!("B"), &serde_json::Value::Null));
    assert_eq!(report["results"][2]["code"], "TENANT_NOT_FOUND");
    look((0..59).map(|n| format!("nobody{n}")).collect()).await.expect(200);
    assert_eq!(look(vec![B.to_owned()]).await.expect(429).json()["code"], "RATE_LIMITED");
    assert_eq!(cloud.share("alice", &sys1, B).await, "pending", "sharing is no guess");
    cloud.step(60).await;
    cloud.forget();
    look(vec![B.to_owned()]).await.expect(200);
}

async fn pf_05_an_override_for_one_project(cloud: &Cloud) {
    cloud.set(Some(A), "share.max_tenants.system", "129").await;
    let projects = cloud.projects(130).await;
    let (alices, carols) = (cloud.image("alice", "a").await, cloud.image("carol", "c").await);
    let all: Vec<&str> = projects.iter().map(String::as_str).collect();
    for (person, id) in [("alice", &alices), ("carol", &carols)] {
        assert!(cloud.invite(person, offer(&[id], &all[..128])).await.unwrap().is_done);
    }
    assert_eq!(cloud.share("carol", &carols, all[128]).await, "SHARE_TENANT_QUOTA");
    assert_eq!(cloud.share("alice", &alices, all[128]).await, "pending");
    assert_eq!(cloud.share("alice", &alices, all[129]).await, "SHARE_TENANT_QUOTA");
    assert_eq!(cloud.policy("alice", "share.max_tenants.system").await, "129");
    assert_eq!(cloud.policy("carol", "share.max_tenants.system").await, "128");
}

async fn sh_14_one_request_names_so_many_tenants(cloud: &Cloud) {
    let projects = cloud.projects(129).await;
    let all: Vec<&str> = projects.iter().map(String::as_str).collect();
    let sys1 = cloud.image("alice", "sys1").await;
    let over = cloud.invite("alice", offer(&[&sys1], &all)).await;
    assert_eq!(refused(over), Code::TooManyIds);
    assert!(cloud.members("alice", &sys1).await.is_empty(), "never cut silently");
    assert!(cloud.invite("alice", offer(&[&sys1], &all[..128])).await.unwrap().is_done);
}

async fn sh_15_a_slot_is_taken_by_kind_of_image(cloud: &Cloud) {
    cloud.set(None, "share.full_server_sources", "any").await;
    cloud.set(None, "share.pending_counts", "true").await;
    for (kind, key) in [
        (ImageKind::SystemDisk, "share.max_tenants.system"),
        (ImageKind::DataDisk, "share.max_tenants.data"),
        (ImageKind::Iso, "share.max_tenants.iso"),
        (ImageKind::FullServer, "share.max_tenants.full_server"),
    ] {
        cloud.set(None, key, "2").await;
        let id = cloud.image_of_kind("alice", "image", kind).await;
        assert_eq!(cloud.share("alice", &id, B).await, "pending", "{kind:?}");
        assert_eq!(cloud.share("alice", &id, B2).await, "pending", "{kind:?}");
        assert_eq!(cloud.share("alice", &id, C).await, "SHARE_TENANT_QUOTA", "{kind:?}");
        cloud.unshare("alice", &id, B).await;
        assert_eq!(cloud.share("alice", &id, C).await, "pending", "{kind:?}");
        cloud.set(None, key, "256").await;
        assert_eq!(cloud.share("alice", &id, B).await, "pending", "the ceiling is this key's");
    }
}

async fn sh_15_offers_and_rejections_count(cloud: &Cloud) {
    cloud.set(None, "share.max_tenants.system", "2").await;
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.invite("alice", offer(&[&sys1], &[B, B2])).await.unwrap();
    cloud.reject("bob", &sys1).await;
    assert_eq!(cloud.share("alice", &sys1, C).await, "SHARE_TENANT_QUOTA");
    cloud.set(None, "share.rejected_counts", "false").await;
    assert_eq!(cloud.share("alice", &sys1, C).await, "pending");
    assert_eq!(cloud.accept("bob", &sys1).await, "SHARE_TENANT_QUOTA", "his slot was given away");
    assert_eq!(cloud.accept("carol", &sys1).await, "accepted");
}

async fn sh_15_no_iso_is_shared(cloud: &Cloud) {
    let iso1 = cloud.image_of_kind("alice", "iso1", ImageKind::Iso).await;
    assert_eq!(cloud.share("alice", &iso1, B).await, "SHARE_TENANT_QUOTA");
}

async fn sh_15_glance_has_128_members(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    let ids: Vec<String> = (0..129).map(|n| format!("tenant-{n}")).collect();
    let all: Vec<&str> = ids.iter().map(String::as_str).collect();
    assert!(cloud.invite("alice", offer(&[&sys1], &all[..128])).await.unwrap().is_done);
    assert_eq!(cloud.share("alice", &sys1, all[128]).await, "SHARE_TENANT_QUOTA");
}

async fn sh_16_so_many_images_are_shared_out(cloud: &Cloud) {
    let images = cloud.records("alice", 31).await;
    let all: Vec<&ImageId> = images.iter().collect();
    let report = cloud.invite("alice", offer(&all, &[B])).await.unwrap();
    assert!(!report.is_done);
    assert!(words(&report.results).contains(&"SHARE_IMAGE_QUOTA".to_owned()));
    assert!(cloud.invite("alice", offer(&all[..30], &[B])).await.unwrap().is_done);
    assert_eq!(cloud.share("alice", all[30], B).await, "SHARE_IMAGE_QUOTA");
    assert_eq!(cloud.share("alice", all[0], C).await, "pending", "it is shared out already");
    cloud.unshare("alice", all[1], B).await;
    assert_eq!(cloud.share("alice", all[30], B).await, "pending");
    assert_eq!(cloud.share("alice", all[1], B).await, "SHARE_IMAGE_QUOTA");
}

async fn sh_17_unanswered_offers_take_no_slot_and_answers_are_checked(cloud: &Cloud) {
    cloud.set(None, "share.max_tenants.system", "2").await;
    let sys1 = cloud.image("alice", "sys1").await;
    let report = cloud.invite("alice", offer(&[&sys1], &[B, B2, C])).await.unwrap();
    assert_eq!(words(&report.results), ["pending"; 3]);
    assert_eq!(cloud.accept("bob", &sys1).await, "accepted");
    assert_eq!(cloud.accept("bob@B2", &sys1).await, "accepted");
    assert_eq!(cloud.accept("carol", &sys1).await, "SHARE_TENANT_QUOTA");
    assert_eq!(cloud.received("carol", ShareState::Pending).await, [sys1.clone()]);
    cloud.reject("bob", &sys1).await;
    assert_eq!(cloud.accept("carol", &sys1).await, "accepted");
}

async fn sh_18_open_invitations_have_a_guard(cloud: &Cloud) {
    cloud.set(None, "share.max_open_invitations", "5").await;
    let projects = cloud.projects(6).await;
    let all: Vec<&str> = projects.iter().map(String::as_str).collect();
    let sys1 = cloud.image("alice", "sys1").await;
    assert!(cloud.invite("alice", offer(&[&sys1], &all[..5])).await.unwrap().is_done);
    assert_eq!(cloud.share("alice", &sys1, all[5]).await, "SHARE_INVITATION_QUOTA");
    cloud.unshare("alice", &sys1, all[0]).await;
    assert_eq!(cloud.share("alice", &sys1, all[5]).await, "pending");
}

async fn sh_11_an_image_says_how_many_slots_are_left(cloud: &Cloud) {
    cloud.set(None, "share.max_tenants.system", "2").await;
    let sys1 = cloud.image("alice", "sys1").await;
    let slots = async |person: &str| {
        let path = format!("/api/v1/images/{sys1}");
        let seen = cloud.request(person, "GET", &path, ()).await.expect(200).json();
        seen["actions"]["share"]["slots_left"].as_u64()
    };
    assert_eq!(slots("alice").await, Some(2));
    cloud.share("alice", &sys1, B).await;
    assert_eq!(slots("alice").await, Some(2), "an unanswered offer takes none");
    cloud.accept("bob", &sys1).await;
    assert_eq!(slots("alice").await, Some(1));
    assert_eq!(slots("bob").await, None, "it is not his to share");
    cloud.set(None, "share.max_tenants.system", "none").await;
    assert_eq!(slots("alice").await, None, "there is no ceiling");
}

async fn fs_11_full_server_images_by_their_source(cloud: &Cloud) {
    let full1 = cloud.image_of_kind("alice", "full1", ImageKind::FullServer).await;
    assert_eq!(cloud.share("alice", &full1, B).await, "FULL_IMAGE_NOT_SHAREABLE");
    cloud.set(None, "share.full_server_sources", "any").await;
    assert_eq!(cloud.share("alice", &full1, B).await, "pending");
    cloud.set(None, "share.full_server_sources", "none").await;
    assert_eq!(cloud.share("alice", &full1, C).await, "FULL_IMAGE_NOT_SHAREABLE");
}

async fn make(cloud: &Cloud, new: NewImage) -> Result<ImageId, lendglass_core::Error> {
    image::create(&cloud.app, &caller("alice"), new).await.map(|image| image.id)
}

fn of_name(name: &str) -> NewImage {
    NewImage { name: Some(name.to_owned()), ..NewImage::default() }
}

async fn image_names_have_a_length_and_a_form(cloud: &Cloud) {
    make(cloud, of_name(&"镜".repeat(128))).await.unwrap();
    assert_eq!(refused(make(cloud, of_name(&"x".repeat(129))).await), Code::InvalidValue);
    for bad in ["", " sys", "sys ", "a/b", "a\tb", "<b>"] {
        assert_eq!(refused(make(cloud, of_name(bad)).await), Code::InvalidValue, "{bad:?}");
    }
    let id = make(cloud, of_name("sys-1_2.3 ok")).await.unwrap();
    let edits = vec![Edit::Name(Some("a/b".to_owned()))];
    let renamed = image::update(&cloud.app, &caller("alice"), &id, edits).await;
    assert_eq!(refused(renamed), Code::InvalidValue);
}

async fn names_are_free(cloud: &Cloud) {
    make(cloud, of_name(" a/b <i> ")).await.unwrap();
    make(cloud, of_name(&"x".repeat(255))).await.unwrap();
    assert_eq!(refused(make(cloud, of_name(&"x".repeat(256))).await), Code::InvalidValue);
}

async fn t_102_images_of_a_project_are_counted(cloud: &Cloud) {
    cloud.set(Some(A), "private_image.quota", "2").await;
    let first = make(cloud, NewImage::default()).await.unwrap();
    make(cloud, NewImage::default()).await.unwrap();
    assert_eq!(refused(make(cloud, NewImage::default()).await), Code::PrivateImageQuota);
    cloud.delete("alice", &first).await.unwrap();
    make(cloud, NewImage::default()).await.unwrap();
    let others = image::create(&cloud.app, &caller("alice@A2"), NewImage::default()).await;
    assert!(others.is_ok(), "each project has its own");
}

async fn t_048_tags_are_counted(cloud: &Cloud) {
    let tags = |count: usize| (0..count).map(|n| format!("tag{n}")).collect::<Vec<_>>();
    let new = |count| NewImage { tags: tags(count), ..NewImage::default() };
    assert_eq!(refused(make(cloud, new(11)).await), Code::TagQuota);
    let id = make(cloud, new(10)).await.unwrap();
    let add = |tag: &str| vec![Edit::AddTag(tag.to_owned())];
    let same = image::update(&cloud.app, &caller("alice"), &id, add("tag3")).await;
    assert_eq!(same.unwrap().image.tags.len(), 10);
    let more = image::update(&cloud.app, &caller("alice"), &id, add("more")).await;
    assert_eq!(refused(more), Code::TagQuota);
    // As many as a body holds: others wait while they are looked at.
    assert_eq!(refused(make(cloud, new(100_000)).await), Code::TagQuota);
    let edits = vec![Edit::AddTag("tag3".to_owned()); PATCH_OPERATIONS + 1];
    let too_many = image::update(&cloud.app, &caller("alice"), &id, edits).await;
    assert_eq!(refused(too_many), Code::Malformed);
}

async fn properties_are_counted(cloud: &Cloud) {
    cloud.set(None, "image.properties_max", "2").await;
    let id = make(cloud, NewImage::default()).await.unwrap();
    let put = |name: &'static str| {
        let edits = vec![Edit::SetProperty(name.to_owned(), "1".to_owned())];
        let (app, id) = (cloud.app.clone(), id.clone());
        async move { image::update(&app, &caller("alice"), &id, edits).await }
    };
    put("a").await.unwrap();
    put("b").await.unwrap();
    assert_eq!(refused(put("c").await), Code::PropertyQuota);
    put("b").await.unwrap();
}

async fn the_default_visibility_is_the_policys(cloud: &Cloud) {
    let id = make(cloud, NewImage::default()).await.unwrap();
    assert_eq!(cloud.record(&id).await.visibility, Visibility::Private);
    cloud.set(Some(A), "image.default_visibility", "shared").await;
    let id = make(cloud, NewImage::default()).await.unwrap();
    assert_eq!(cloud.record(&id).await.visibility, Visibility::Shared);
}
