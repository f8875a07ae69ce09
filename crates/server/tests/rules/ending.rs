//! Images and shares come to their end (requirements §3.6, §3.7, SH-35, SH-41).

use lendglass_core::image::{ImageStatus, Visibility};
use lendglass_core::share::ShareState;
use lendglass_core::{Code, ImageId};
use lendglass_server::service::image::{self, Edit, NewImage};
use lendglass_server::service::replicate::replicate;
use lendglass_server::service::{reap, share};

use crate::cloud::{BYTES, Cloud, caller, offer, refused, withdrawal};
use crate::support::{B, C};

stories! {
    huawei "huawei":
        sh_35_what_was_made_from_it_lives_on,
        sh_41_an_offer_lapses,
        sh_41_an_access_ends,
        sh_41_a_time_in_the_past_is_refused,
        dl_01_deleting_a_shared_image_ends_its_shares,
        dl_05_replicas_survive,
        dl_06_protected_and_published_images_stay,
        a_deleted_images_id_is_never_free_again,
        rg_01_images_and_shares_live_in_one_region;
    tencent "tencent":
        dl_02_every_share_is_cancelled_first;
    ctyun_v4 "ctyun-v4":
        dl_09_an_accepted_share_stands_in_the_way;
}

async fn sh_35_what_was_made_from_it_lives_on(cloud: &Cloud) {
    let sys1 = cloud.accepted_image("sys1").await;
    let copy = replicate(&cloud.app, &caller("bob"), &sys1, None).await.unwrap().0.id;
    cloud.settle().await;
    cloud.unshare("alice", &sys1, B).await;
    assert_eq!(cloud.read("bob", &copy).await.unwrap(), BYTES);
    cloud.delete("alice", &sys1).await.unwrap();
    cloud.settle().await;
    assert_eq!(cloud.read("bob", &copy).await.unwrap(), BYTES);
}

async fn sh_41_an_offer_lapses(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    let mut request = offer(&[&sys1], &[B, C]);
    request.lapses_at = Some(cloud.app.clock.now().plus_seconds(60));
    cloud.invite("alice", request).await.unwrap();
    cloud.accept("carol", &sys1).await;
    cloud.app.clock.step_seconds(60);
    // The time decides, whether or not the sweeper has been there.
    assert_eq!(cloud.received("bob", ShareState::Pending).await, []);
    assert_eq!(refused(cloud.show("bob", &sys1).await), Code::ImageNotFound);
    assert_eq!(cloud.members("alice", &sys1).await, [(C.to_owned(), "accepted")].into());
    assert_eq!(reap::round(&cloud.app).await.unwrap(), 1);
    assert_eq!(cloud.record(&sys1).await.shares, 1);
    assert_eq!(cloud.listed("carol").await, [sys1.clone()], "an answered offer does not lapse");
    let told = "select cast(count(*) as bigint) from audit where verb = 'share.lapse' \
                and counterpart_id = 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb'";
    assert_eq!(cloud.count(told).await, 1);
}

async fn sh_41_an_access_ends(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    let mut request = offer(&[&sys1], &[B]);
    request.ends_at = Some(cloud.app.clock.now().plus_seconds(60));
    cloud.invite("alice", request).await.unwrap();
    cloud.accept("bob", &sys1).await;
    cloud.app.clock.step_seconds(59);
    assert_eq!(reap::round(&cloud.app).await.unwrap(), 0);
    assert_eq!(cloud.listed("bob").await, [sys1.clone()]);
    cloud.app.clock.step_seconds(1);
    assert_eq!(cloud.listed("bob").await, []);
    assert_eq!(refused(cloud.show("bob", &sys1).await), Code::ImageNotFound);
    assert_eq!(refused(cloud.read("bob", &sys1).await), Code::ImageNotFound);
    assert_eq!(cloud.accept("bob", &sys1).await, "IMAGE_NOT_FOUND");
    assert_eq!(cloud.share("alice", &sys1, B).await, "pending", "it may be offered anew");
    assert_eq!(reap::round(&cloud.app).await.unwrap(), 0, "the new offer has no end");
    cloud.unshare("alice", &sys1, B).await;
    assert_eq!(cloud.record(&sys1).await.visibility, Visibility::Private);
}

async fn sh_41_a_time_in_the_past_is_refused(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    let now = cloud.app.clock.now();
    let mut request = offer(&[&sys1], &[B]);
    request.lapses_at = Some(now);
    assert_eq!(refused(cloud.invite("alice", request).await), Code::InvalidValue);
    let mut request = offer(&[&sys1], &[B]);
    request.ends_at = Some(now.plus_seconds(-1));
    assert_eq!(refused(cloud.invite("alice", request).await), Code::InvalidValue);
    assert!(cloud.members("alice", &sys1).await.is_empty());
}

async fn dl_01_deleting_a_shared_image_ends_its_shares(cloud: &Cloud) {
    let sys1 = cloud.accepted_image("sys1").await;
    cloud.delete("alice", &sys1).await.unwrap();
    for state in ShareState::ALL {
        assert_eq!(cloud.received("bob", *state).await, []);
    }
    assert_eq!(refused(cloud.show("alice", &sys1).await), Code::ImageNotFound);
    assert_eq!(refused(cloud.read("bob", &sys1).await), Code::ImageNotFound);
    cloud.settle().await;
    assert_eq!(cloud.stored_bytes().await, 0);
    assert_eq!(cloud.count("select cast(count(*) as bigint) from blob").await, 0);
    let told = "select cast(count(*) as bigint) from audit where verb = 'share.withdraw' \
                and counterpart_id = 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb'";
    assert_eq!(cloud.count(told).await, 1, "both sides have it in their trail");
}

async fn dl_02_every_share_is_cancelled_first(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.invite("alice", offer(&[&sys1], &[B, C])).await.unwrap();
    let error = cloud.delete("alice", &sys1).await.unwrap_err();
    assert_eq!(error.code(), Code::ImageIsShared);
    assert_eq!(error.fact("count"), Some("2"));
    let request = withdrawal(&[&sys1], &[]);
    share::withdraw(&cloud.app, &caller("alice"), request).await.unwrap();
    cloud.delete("alice", &sys1).await.unwrap();
}

async fn dl_09_an_accepted_share_stands_in_the_way(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, B).await;
    cloud.accept("bob", &sys1).await;
    assert_eq!(cloud.unshare("alice", &sys1, B).await, "SHARE_ACCEPTED");
    assert_eq!(refused(cloud.delete("alice", &sys1).await), Code::ImageIsShared);
    cloud.reject("bob", &sys1).await;
    assert_eq!(cloud.unshare("alice", &sys1, B).await, "removed");
    assert_eq!(cloud.share("alice", &sys1, B).await, "pending");
    cloud.delete("alice", &sys1).await.unwrap();
}

async fn dl_05_replicas_survive(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    let copy = replicate(&cloud.app, &caller("alice"), &sys1, None).await.unwrap().0.id;
    cloud.settle().await;
    cloud.delete("alice", &sys1).await.unwrap();
    cloud.settle().await;
    assert_eq!(cloud.read("alice", &copy).await.unwrap(), BYTES);
    cloud.check().await;
    cloud.delete("alice", &copy).await.unwrap();
    cloud.settle().await;
    assert_eq!(cloud.stored_bytes().await, 0, "the last one took the bytes with it");
}

async fn dl_06_protected_and_published_images_stay(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    let protect = |on| vec![Edit::Protected(on)];
    image::update(&cloud.app, &caller("alice"), &sys1, protect(true)).await.unwrap();
    assert_eq!(refused(cloud.delete("alice", &sys1).await), Code::ImageProtected);
    assert_eq!(refused(cloud.delete("operator", &sys1).await), Code::ImageProtected);
    image::update(&cloud.app, &caller("alice"), &sys1, protect(false)).await.unwrap();
    cloud.change(&sys1, |image| image.is_published = true).await;
    assert_eq!(refused(cloud.delete("alice", &sys1).await), Code::ImagePublished);
    cloud.change(&sys1, |image| image.is_published = false).await;
    cloud.delete("alice", &sys1).await.unwrap();
}

async fn a_deleted_images_id_is_never_free_again(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    let again = |person| {
        let new = NewImage { id: Some(sys1.clone()), ..NewImage::default() };
        let app = cloud.app.clone();
        async move { image::create(&app, &caller(person), new).await }
    };
    assert_eq!(refused(again("alice").await), Code::ImageExists);
    cloud.delete("alice", &sys1).await.unwrap();
    assert_eq!(refused(again("alice").await), Code::ImageExists);
    assert_eq!(refused(again("carol").await), Code::ImageExists);
}

async fn rg_01_images_and_shares_live_in_one_region(cloud: &Cloud) {
    let sys1 = cloud.accepted_image("sys1").await;
    let community = cloud.image("alice", "community").await;
    let edits = vec![Edit::Visibility(Visibility::Community)];
    image::update(&cloud.app, &caller("alice"), &community, edits).await.unwrap();
    let elsewhere = |person: &str| {
        let mut caller = caller(person);
        caller.region = lendglass_core::RegionId::trusted("r2");
        caller
    };
    let seen_in_r2 = |person: &'static str, id: &ImageId| {
        let (app, id, caller) = (cloud.app.clone(), id.clone(), elsewhere(person));
        async move { image::show(&app, &caller, &id).await }
    };
    for person in ["alice", "bob", "operator"] {
        for id in [&sys1, &community] {
            assert_eq!(refused(seen_in_r2(person, id).await), Code::ImageNotFound, "{person}");
        }
    }
    assert_eq!(refused(cloud.show("dave", &community).await), Code::ImageNotFound);
    let own = cloud.image("dave", "his").await;
    assert_eq!(cloud.record(&own).await.region.as_str(), "r2");
    assert_eq!(cloud.record(&own).await.status, ImageStatus::Active);
    assert_eq!(cloud.share("dave", &own, B).await, "TENANT_NOT_IN_REGION");
}
