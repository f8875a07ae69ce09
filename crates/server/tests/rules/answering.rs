//! The recipient answers and uses (requirements §3.3, §3.5).

use lendglass_core::image::{ImageKind, ImageStatus, Visibility};
use lendglass_core::share::ShareState;
use lendglass_core::{Code, ImageId};
use lendglass_server::service::image::{self, Edit};
use lendglass_server::service::list::{ListImages, View, list};
use lendglass_server::service::replicate::replicate;
use lendglass_server::service::share;

use crate::cloud::{BYTES, Cloud, account_named, answer_of, caller, offer, refused, words};
use crate::support::{A2, B, B2, C, D};

stories! {
    huawei "huawei":
        id_06_a_share_goes_to_one_project_of_an_account,
        rc_05_and_rc_07_answers_come_in_batches,
        rc_08_pending_images_are_not_listed,
        rc_09_accepted_images_are_listed_and_usable,
        rc_10_what_is_not_accepted_is_not_usable,
        rc_11_rejected_images_have_a_list_of_their_own,
        rc_12_no_way_back_once_the_owner_stopped,
        rc_13_two_ways_back_after_rejecting,
        rc_16_a_recipient_changes_nothing_of_the_record,
        rc_17_a_recipient_does_not_delete_the_image,
        rc_18_accepted_bytes_are_read_pending_ones_not,
        rc_22_a_reader_sees_and_does_not_answer,
        rc_24_an_account_share_is_seen_in_every_project,
        rc_25_an_acceptance_is_bound_to_a_digest,
        us_09_an_accepted_image_is_replicated,
        us_09_what_is_not_replicated,
        us_10_between_own_projects,
        xc_09_foreign_and_unknown_images_are_one,
        t_127_public_bytes_follow_the_policy;
    tencent "tencent":
        rc_18_no_bytes_for_recipients,
        rc_24_one_project_answers_for_the_account;
    glance "glance":
        rc_10_acceptance_is_no_condition_of_use;
}

async fn id_06_a_share_goes_to_one_project_of_an_account(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, B2).await;
    assert_eq!(cloud.received("bob@B2", ShareState::Pending).await, [sys1.clone()]);
    assert_eq!(cloud.received("bob", ShareState::Pending).await, []);
    assert_eq!(refused(cloud.show("bob", &sys1).await), Code::ImageNotFound);
}

async fn rc_05_and_rc_07_answers_come_in_batches(cloud: &Cloud) {
    let mut images = Vec::new();
    for name in ["sys1", "sys2", "sys3"] {
        images.push(cloud.image("alice", name).await);
    }
    let all: Vec<&ImageId> = images.iter().collect();
    cloud.invite("alice", offer(&all, &[B])).await.unwrap();
    let accept = |some: &[&ImageId]| answer_of(some, lendglass_core::share::ShareEvent::Accept);
    let one = share::answer(&cloud.app, &caller("bob"), accept(&all[..1])).await.unwrap();
    assert_eq!(words(&one.results), ["accepted"]);
    assert_eq!(cloud.received("bob", ShareState::Pending).await.len(), 2);
    let rest = share::answer(&cloud.app, &caller("bob"), accept(&all)).await.unwrap();
    assert_eq!(words(&rest.results), ["already accepted", "accepted", "accepted"]);
    assert_eq!(cloud.received("bob", ShareState::Accepted).await.len(), 3);
}

async fn rc_08_pending_images_are_not_listed(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, B).await;
    assert_eq!(cloud.received("bob", ShareState::Accepted).await, []);
    assert_eq!(cloud.listed("bob").await, []);
    let shared = ListImages { view: Some(View::Of(Visibility::Shared)), ..ListImages::default() };
    assert!(list(&cloud.app, &caller("bob"), &shared).await.unwrap().images.is_empty());
    assert_eq!(cloud.show("bob", &sys1).await.unwrap().id, sys1, "the record is seen by its id");
}

async fn rc_09_accepted_images_are_listed_and_usable(cloud: &Cloud) {
    let sys1 = cloud.accepted_image("sys1").await;
    assert_eq!(cloud.received("bob", ShareState::Accepted).await, [sys1.clone()]);
    assert_eq!(cloud.listed("bob").await, [sys1.clone()]);
    assert_eq!(cloud.read("nova", &sys1).await.unwrap(), BYTES, "Nova boots it for bob");
}

async fn rc_10_what_is_not_accepted_is_not_usable(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, B).await;
    assert_eq!(refused(cloud.read("nova", &sys1).await), Code::ShareNotAccepted);
    let copied = replicate(&cloud.app, &caller("bob"), &sys1, None).await;
    assert_eq!(refused(copied), Code::ShareNotAccepted);
    cloud.reject("bob", &sys1).await;
    assert_eq!(refused(cloud.read("nova", &sys1).await), Code::ShareNotAccepted);
}

async fn rc_10_acceptance_is_no_condition_of_use(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, B).await;
    assert_eq!(cloud.read("nova", &sys1).await.unwrap(), BYTES);
    cloud.reject("bob", &sys1).await;
    assert_eq!(cloud.read("bob", &sys1).await.unwrap(), BYTES);
    assert_eq!(cloud.listed("bob").await, []);
}

async fn rc_11_rejected_images_have_a_list_of_their_own(cloud: &Cloud) {
    let (sys1, sys2) = (cloud.image("alice", "sys1").await, cloud.image("alice", "sys2").await);
    cloud.invite("alice", offer(&[&sys1, &sys2], &[B])).await.unwrap();
    let answer = |event| answer_of(&[&sys1, &sys2], event);
    let reject = answer(lendglass_core::share::ShareEvent::Reject);
    share::answer(&cloud.app, &caller("bob"), reject).await.unwrap();
    assert_eq!(cloud.listed("bob").await, []);
    assert_eq!(cloud.received("bob", ShareState::Rejected).await.len(), 2);
    let accept = answer(lendglass_core::share::ShareEvent::Accept);
    let report = share::answer(&cloud.app, &caller("bob"), accept).await.unwrap();
    assert_eq!(words(&report.results), ["accepted"; 2]);
    assert_eq!(cloud.listed("bob").await.len(), 2);
    assert_eq!(cloud.received("bob", ShareState::Rejected).await, []);
}

async fn rc_12_no_way_back_once_the_owner_stopped(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, B).await;
    cloud.reject("bob", &sys1).await;
    cloud.unshare("alice", &sys1, B).await;
    assert_eq!(cloud.received("bob", ShareState::Rejected).await, []);
    assert_eq!(cloud.accept("bob", &sys1).await, "IMAGE_NOT_FOUND");
}

async fn rc_13_two_ways_back_after_rejecting(cloud: &Cloud) {
    let (sys1, sys2) = (cloud.image("alice", "sys1").await, cloud.image("alice", "sys2").await);
    cloud.invite("alice", offer(&[&sys1, &sys2], &[B])).await.unwrap();
    cloud.reject("bob", &sys1).await;
    cloud.reject("bob", &sys2).await;
    assert_eq!(cloud.accept("bob", &sys1).await, "accepted");
    assert_eq!(cloud.share("alice", &sys2, B).await, "pending");
    assert_eq!(cloud.accept("bob", &sys2).await, "accepted");
}

async fn rc_16_a_recipient_changes_nothing_of_the_record(cloud: &Cloud) {
    let sys1 = cloud.accepted_image("sys1").await;
    let before = cloud.record(&sys1).await;
    for edit in [
        Edit::Name(Some("mine".to_owned())),
        Edit::AddTag("mine".to_owned()),
        Edit::SetProperty("description".to_owned(), "mine".to_owned()),
        Edit::Visibility(Visibility::Community),
        Edit::Hidden(true),
    ] {
        let changed = image::update(&cloud.app, &caller("bob"), &sys1, vec![edit]).await;
        assert_eq!(refused(changed), Code::SharedImageReadonly);
    }
    let off = image::deactivate(&cloud.app, &caller("bob"), &sys1).await;
    assert_eq!(refused(off), Code::SharedImageReadonly);
    assert_eq!(cloud.record(&sys1).await, before);
    assert!(cloud.app.policy.clone().set("recipient.may_edit", "true").is_err());
}

async fn rc_17_a_recipient_does_not_delete_the_image(cloud: &Cloud) {
    let sys1 = cloud.accepted_image("sys1").await;
    assert_eq!(refused(cloud.delete("bob", &sys1).await), Code::SharedImageReadonly);
    assert_eq!(cloud.read("alice", &sys1).await.unwrap(), BYTES);
}

async fn rc_18_accepted_bytes_are_read_pending_ones_not(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, B).await;
    assert_eq!(refused(cloud.read("bob", &sys1).await), Code::ShareNotAccepted);
    cloud.accept("bob", &sys1).await;
    assert_eq!(cloud.read("bob", &sys1).await.unwrap(), BYTES);
    assert_eq!(refused(cloud.read("rob", &sys1).await), Code::RoleTooWeak);
    image::deactivate(&cloud.app, &caller("alice"), &sys1).await.unwrap();
    assert_eq!(refused(cloud.read("bob", &sys1).await), Code::ImageDeactivated);
    assert_eq!(cloud.read("operator", &sys1).await.unwrap(), BYTES);
}

async fn rc_18_no_bytes_for_recipients(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, B).await;
    assert_eq!(refused(cloud.read("bob", &sys1).await), Code::SharedImageNoDownload);
    assert_eq!(cloud.read("nova", &sys1).await.unwrap(), BYTES, "a server is made from it");
    assert_eq!(cloud.read("alice", &sys1).await.unwrap(), BYTES);
}

async fn rc_22_a_reader_sees_and_does_not_answer(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, B).await;
    assert_eq!(cloud.received("rob", ShareState::Pending).await, [sys1.clone()]);
    assert_eq!(cloud.accept("rob", &sys1).await, "ROLE_TOO_WEAK");
    assert_eq!(cloud.reject("rob", &sys1).await, "ROLE_TOO_WEAK");
    assert_eq!(cloud.members("alice", &sys1).await[B], "pending");
}

async fn rc_24_an_account_share_is_seen_in_every_project(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    let mut request = offer(&[&sys1], &[]);
    request.recipients = vec![account_named("y")];
    let report = cloud.invite("alice", request).await.unwrap();
    assert_eq!(words(&report.results), ["pending"]);
    assert_eq!(cloud.record(&sys1).await.shares, 1, "it counts once");
    for person in ["bob", "bob@B2"] {
        assert_eq!(cloud.received(person, ShareState::Pending).await, [sys1.clone()], "{person}");
    }
    assert_eq!(cloud.accept("bob@B2", &sys1).await, "accepted");
    for person in ["bob", "bob@B2"] {
        assert_eq!(cloud.listed(person).await, [sys1.clone()], "{person}");
        assert_eq!(cloud.read(person, &sys1).await.unwrap(), BYTES, "{person}");
    }
    assert_eq!(refused(cloud.show("carol", &sys1).await), Code::ImageNotFound);
    // A share of one project and one of its account are independent.
    assert_eq!(cloud.share("alice", &sys1, B).await, "pending");
    assert_eq!(cloud.reject("bob", &sys1).await, "rejected");
    assert_eq!(cloud.listed("bob").await, [sys1.clone()], "the account's share still holds");
    let request = crate::cloud::withdrawal(&[&sys1], &["y"]);
    share::withdraw(&cloud.app, &caller("alice"), request).await.unwrap();
    assert_eq!(cloud.members("alice", &sys1).await, [(B.to_owned(), "rejected")].into());
    assert_eq!(cloud.listed("bob@B2").await, []);
}

async fn rc_24_one_project_answers_for_the_account(cloud: &Cloud) {
    cloud.set(None, "share.acceptance", "explicit").await;
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, "y").await;
    assert_eq!(cloud.accept("bob@B2", &sys1).await, "accepted");
    assert_eq!(cloud.accept("bob", &sys1).await, "already accepted");
    assert_eq!(cloud.listed("bob").await, [sys1]);
}

async fn rc_25_an_acceptance_is_bound_to_a_digest(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, B).await;
    assert_eq!(cloud.shares("bob", &sys1).await[0].accepted_digest, None);
    cloud.accept("bob", &sys1).await;
    let digests = cloud.record(&sys1).await.digests.unwrap();
    let receipt = Some(format!("{}:{}", digests.algo, digests.value_hex));
    for person in ["alice", "bob"] {
        assert_eq!(cloud.shares(person, &sys1).await[0].accepted_digest, receipt, "{person}");
    }
}

async fn us_09_an_accepted_image_is_replicated(cloud: &Cloud) {
    for kind in [ImageKind::SystemDisk, ImageKind::DataDisk] {
        let source = cloud.image_of_kind("alice", "source", kind).await;
        cloud.share("alice", &source, B).await;
        cloud.accept("bob", &source).await;
        let name = Some("copy".to_owned());
        let (copy, job) = replicate(&cloud.app, &caller("bob"), &source, name).await.unwrap();
        assert_eq!(copy.status, ImageStatus::Importing);
        cloud.settle().await;
        let copy = cloud.show("bob", &copy.id).await.unwrap();
        let origin = cloud.record(&source).await;
        assert_eq!((copy.status, copy.kind), (ImageStatus::Active, kind));
        assert_eq!(copy.owner.as_str(), B);
        assert_eq!(copy.visibility, Visibility::Private);
        assert_eq!(copy.name.as_deref(), Some("copy"));
        assert_eq!(copy.source_image, Some(source.clone()));
        assert_eq!((copy.digests, copy.size_bytes), (origin.digests, origin.size_bytes));
        assert_eq!(cloud.read("bob", &copy.id).await.unwrap(), BYTES);
        assert_eq!(refused(cloud.show("alice", &copy.id).await), Code::ImageNotFound);
        let job = lendglass_server::service::job::show(&cloud.app, &caller("bob"), &job).await;
        assert_eq!(job.unwrap().progress_percent, 100);
    }
    assert_eq!(cloud.stored_bytes().await, 2 * BYTES.len() as u64, "no byte was copied");
}

async fn us_09_what_is_not_replicated(cloud: &Cloud) {
    cloud.set(None, "share.full_server_sources", "any").await;
    cloud.set(None, "full_server.accept_needs_vault", "false").await;
    let full1 = cloud.image_of_kind("alice", "full1", ImageKind::FullServer).await;
    cloud.share("alice", &full1, B).await;
    cloud.accept("bob", &full1).await;
    let copied = replicate(&cloud.app, &caller("bob"), &full1, None).await;
    assert_eq!(refused(copied), Code::FullImageNoReplicate);
    let queued = cloud.queued("alice", "queued", ImageKind::SystemDisk).await;
    let copied = replicate(&cloud.app, &caller("alice"), &queued, None).await;
    assert_eq!(refused(copied), Code::ImageNotActive);
    let sys1 = cloud.accepted_image("sys1").await;
    let copied = replicate(&cloud.app, &caller("rob"), &sys1, None).await;
    assert_eq!(refused(copied), Code::RoleTooWeak);
    let copied = replicate(&cloud.app, &caller("carol"), &sys1, None).await;
    assert_eq!(refused(copied), Code::ImageNotFound);
}

async fn us_10_between_own_projects(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    assert_eq!(cloud.share("alice", &sys1, A2).await, "pending");
    assert_eq!(cloud.accept("alice@A2", &sys1).await, "accepted");
    let copied = replicate(&cloud.app, &caller("alice@A2"), &sys1, None).await;
    let copy = copied.unwrap().0.id;
    cloud.settle().await;
    cloud.delete("alice", &sys1).await.unwrap();
    cloud.settle().await;
    assert_eq!(cloud.listed("alice@A2").await, [copy.clone()]);
    assert_eq!(cloud.read("alice@A2", &copy).await.unwrap(), BYTES);
}

async fn xc_09_foreign_and_unknown_images_are_one(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    let unknown = ImageId::trusted("00000000-0000-4000-8000-000000000000");
    for person in ["bob", "carol", "dave", "alice@A2", "nova"] {
        for id in [&sys1, &unknown] {
            let same = |error: lendglass_core::Error| {
                assert_eq!(error.code(), Code::ImageNotFound, "{person}");
                assert_eq!(error.facts(), [("id", id.to_string())], "{person}");
            };
            same(cloud.show(person, id).await.unwrap_err());
            same(cloud.read(person, id).await.unwrap_err());
            same(cloud.delete(person, id).await.unwrap_err());
            same(cloud.fill(person, id, BYTES).await.unwrap_err());
            let edits = vec![Edit::AddTag("x".to_owned())];
            same(image::update(&cloud.app, &caller(person), id, edits).await.unwrap_err());
            same(image::deactivate(&cloud.app, &caller(person), id).await.unwrap_err());
            same(replicate(&cloud.app, &caller(person), id, None).await.unwrap_err());
            assert_eq!(cloud.share(person, id, C).await, "IMAGE_NOT_FOUND", "{person}");
            assert_eq!(cloud.accept(person, id).await, "IMAGE_NOT_FOUND", "{person}");
            assert_eq!(cloud.unshare(person, id, D).await, "IMAGE_NOT_FOUND", "{person}");
        }
    }
}

async fn t_127_public_bytes_follow_the_policy(cloud: &Cloud) {
    let pub1 = cloud.image("operator", "pub1").await;
    let edits = vec![Edit::Visibility(Visibility::Public)];
    image::update(&cloud.app, &caller("operator"), &pub1, edits).await.unwrap();
    assert_eq!(refused(cloud.read("bob", &pub1).await), Code::PublicImageNoDownload);
    assert_eq!(cloud.read("nova", &pub1).await.unwrap(), BYTES);
    cloud.set(None, "public.may_download", "true").await;
    assert_eq!(cloud.read("bob", &pub1).await.unwrap(), BYTES);
}
