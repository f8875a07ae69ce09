//! The owner offers and takes back (requirements §3.1, §3.2).

use lendglass_core::image::{Encryption, ImageKind, ImageStatus, Visibility};
use lendglass_core::job::{JobState, JobWork};
use lendglass_core::limits::NOTE_CHARS;
use lendglass_core::share::{ShareEvent, ShareState};
use lendglass_core::{Code, ImageId, ProjectId};
use lendglass_server::service::image::Edit;
use lendglass_server::service::list::{ListImages, Received, View, list};
use lendglass_server::service::share::{self, Mode};
use lendglass_server::service::{image, job, replicate, share_view};

use crate::cloud::{Cloud, account_named, caller, offer, refused, withdrawal, words};
use crate::support::{A, A2, B, B2, C, D};

stories! {
    huawei "huawei":
        id_08_an_account_stands_for_its_only_project,
        sh_01_an_owner_shares_and_a_job_says_so,
        sh_02_only_the_owner_shares,
        sh_03_what_was_received_is_not_shared_on,
        sh_04_a_replica_is_shared_on,
        sh_05_published_images_are_not_shared,
        sh_06_only_active_images_are_shared,
        sh_07_public_images_are_not_shared,
        sh_08_nobody_shares_with_himself,
        sh_09_a_batch_is_every_image_to_every_recipient,
        sh_19_each_wrong_id_is_told_apart,
        sh_22_an_offer_carries_a_message,
        sh_32_an_owner_takes_an_accepted_share_back,
        sh_33_chosen_pairs_are_taken_back,
        sh_34_after_that_the_image_is_gone_for_the_recipient,
        sh_36_the_owner_sees_every_answer_with_its_time,
        sh_37_the_policy_may_ask_for_a_confirmation,
        encrypted_images_are_not_shared,
        ap_07_a_dry_run_changes_nothing,
        a_private_image_becomes_shared_and_private_again,
        shares_go_with_an_image_to_its_new_owner;
    lendglass "lendglass":
        sh_23_sharing_costs_no_image_quota,
        sh_24_any_number_of_images_goes_to_one_tenant,
        two_names_of_one_recipient_are_one_share;
    tencent "tencent":
        id_08_a_project_stands_for_its_account,
        sh_04_replicating_what_was_received_is_refused;
    glance "glance":
        sh_06_any_status_is_shared,
        sh_08_and_sh_19_unknown_ids_are_kept,
        a_private_image_has_no_members;
}

async fn id_08_an_account_stands_for_its_only_project(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    for name in ["z", "100000000003", "ROOT@cumulus.example"] {
        let word = cloud.share("alice", &sys1, name).await;
        assert!(word == "pending" || word == "already pending", "{name}: {word}");
    }
    assert_eq!(cloud.members("alice", &sys1).await, [(C.to_owned(), "pending")].into());
    assert_eq!(cloud.share("alice", &sys1, "y").await, "RECIPIENT_AMBIGUOUS");
    assert_eq!(cloud.share("alice", &sys1, "w").await, "TENANT_NOT_IN_REGION");
    assert_eq!(cloud.share("alice", &sys1, "bob").await, "NOT_AN_ACCOUNT");
}

async fn id_08_a_project_stands_for_its_account(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    assert_eq!(cloud.share("alice", &sys1, B).await, "accepted");
    assert_eq!(cloud.members("alice", &sys1).await, [("y".to_owned(), "accepted")].into());
    for person in ["bob", "bob@B2"] {
        assert_eq!(cloud.listed(person).await, [sys1.clone()], "{person}");
    }
}

async fn sh_01_an_owner_shares_and_a_job_says_so(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    let report = cloud.invite("alice", offer(&[&sys1], &[B])).await.unwrap();
    assert!(report.is_done);
    assert_eq!(words(&report.results), ["pending"]);
    assert_eq!(cloud.members("alice", &sys1).await, [(B.to_owned(), "pending")].into());
    let job = job::show(&cloud.app, &caller("alice"), &report.job.unwrap()).await.unwrap();
    assert_eq!(job.state, JobState::Succeeded);
    assert_eq!(job.work, JobWork::Share { event: ShareEvent::Invite });
    assert_eq!(job.results, report.results, "SH-21: the job has the result of every pair");
    let other = job::show(&cloud.app, &caller("bob"), &job.id).await;
    assert_eq!(refused(other), Code::JobNotFound);
}

async fn sh_02_only_the_owner_shares(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    assert_eq!(cloud.share("bob", &sys1, C).await, "IMAGE_NOT_FOUND");
    cloud.share("alice", &sys1, B).await;
    assert_eq!(cloud.share("bob", &sys1, C).await, "NOT_IMAGE_OWNER");
    assert_eq!(cloud.share("carol", &sys1, C).await, "IMAGE_NOT_FOUND");
    assert_eq!(cloud.share("dave", &sys1, C).await, "IMAGE_NOT_FOUND");
    assert_eq!(cloud.share("rita", &sys1, C).await, "ROLE_TOO_WEAK");
    assert_eq!(cloud.share("alice@A2", &sys1, C).await, "IMAGE_NOT_FOUND");
    assert_eq!(cloud.unshare("bob", &sys1, B).await, "NOT_IMAGE_OWNER");
    assert_eq!(cloud.unshare("carol", &sys1, B).await, "IMAGE_NOT_FOUND");
    assert_eq!(cloud.members("alice", &sys1).await, [(B.to_owned(), "pending")].into());
}

async fn sh_03_what_was_received_is_not_shared_on(cloud: &Cloud) {
    let sys1 = cloud.accepted_image("sys1").await;
    assert_eq!(cloud.share("bob", &sys1, C).await, "RESHARE_FORBIDDEN");
    assert_eq!(cloud.members("alice", &sys1).await, [(B.to_owned(), "accepted")].into());
    assert!(cloud.app.policy.clone().set("recipient.may_reshare", "true").is_err());
}

async fn sh_04_a_replica_is_shared_on(cloud: &Cloud) {
    let sys1 = cloud.accepted_image("sys1").await;
    let copied = replicate::replicate(&cloud.app, &caller("bob"), &sys1, None).await;
    let copy1 = copied.unwrap().0.id;
    cloud.settle().await;
    assert_eq!(cloud.share("bob", &copy1, C).await, "pending");
    assert_eq!(cloud.accept("carol", &copy1).await, "accepted");
    assert_eq!(cloud.read("carol", &copy1).await.unwrap(), crate::cloud::BYTES);
}

async fn sh_04_replicating_what_was_received_is_refused(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, B).await;
    let copied = replicate::replicate(&cloud.app, &caller("bob"), &sys1, None).await;
    assert_eq!(refused(copied), Code::RecipientMayNotReplicate);
}

async fn sh_05_published_images_are_not_shared(cloud: &Cloud) {
    let mkt1 = cloud.image("alice", "mkt1").await;
    cloud.change(&mkt1, |image| image.is_published = true).await;
    assert_eq!(cloud.share("alice", &mkt1, B).await, "IMAGE_PUBLISHED");
    cloud.set(None, "share.market_images", "allow").await;
    assert_eq!(cloud.share("alice", &mkt1, B).await, "pending");
}

/// The statuses in which nothing is shared.
const NOT_ACTIVE: &[ImageStatus] = &[
    ImageStatus::Queued,
    ImageStatus::Saving,
    ImageStatus::Uploading,
    ImageStatus::Importing,
    ImageStatus::Deactivated,
    ImageStatus::Error,
];

async fn sh_06_only_active_images_are_shared(cloud: &Cloud) {
    let sys1 = cloud.queued("alice", "sys1", ImageKind::SystemDisk).await;
    for status in NOT_ACTIVE {
        cloud.change(&sys1, |image| image.status = *status).await;
        assert_eq!(cloud.share("alice", &sys1, B).await, "IMAGE_NOT_ACTIVE", "{status:?}");
    }
    cloud.change(&sys1, |image| image.status = ImageStatus::Active).await;
    assert_eq!(cloud.share("alice", &sys1, B).await, "pending");
    assert_eq!(NOT_ACTIVE.len() + 1, ImageStatus::ALL.len());
}

async fn sh_06_any_status_is_shared(cloud: &Cloud) {
    let sys1 = cloud.queued("alice", "sys1", ImageKind::SystemDisk).await;
    assert_eq!(cloud.share("alice", &sys1, B).await, "pending");
}

async fn sh_07_public_images_are_not_shared(cloud: &Cloud) {
    let pub1 = cloud.image("operator", "pub1").await;
    let edits = vec![Edit::Visibility(Visibility::Public)];
    image::update(&cloud.app, &caller("operator"), &pub1, edits).await.unwrap();
    assert_eq!(cloud.share("operator", &pub1, B).await, "PUBLIC_IMAGE");
    assert_eq!(cloud.share("alice", &pub1, B).await, "NOT_IMAGE_OWNER");
}

async fn sh_08_nobody_shares_with_himself(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    assert_eq!(cloud.share("alice", &sys1, A).await, "SELF_SHARE");
    let mut own_account = offer(&[&sys1], &[]);
    own_account.recipients = vec![account_named("x")];
    let report = cloud.invite("alice", own_account).await.unwrap();
    assert_eq!(words(&report.results), ["SELF_SHARE"]);
    let other_project = cloud.share("alice", &sys1, A2).await;
    assert_eq!(other_project, "pending", "US-10: another project of one's own is somebody else");
}

async fn sh_08_and_sh_19_unknown_ids_are_kept(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    for id in [A, D, "no such project"] {
        assert_eq!(cloud.share("alice", &sys1, id).await, "pending", "{id}");
    }
    assert_eq!(cloud.members("alice", &sys1).await.len(), 3);
    assert_eq!(cloud.received("dave", ShareState::Pending).await, [], "RG-01: not his region");
}

async fn sh_09_a_batch_is_every_image_to_every_recipient(cloud: &Cloud) {
    let (sys1, sys2) = (cloud.image("alice", "sys1").await, cloud.image("alice", "sys2").await);
    let report = cloud.invite("alice", offer(&[&sys1, &sys2, &sys1], &[B, C, B])).await.unwrap();
    assert_eq!(words(&report.results), ["pending"; 4], "repetitions are dropped");
    for id in [&sys1, &sys2] {
        let both = [(B.to_owned(), "pending"), (C.to_owned(), "pending")].into();
        assert_eq!(cloud.members("alice", id).await, both);
    }
    let order: Vec<&ImageId> = report.results.iter().map(|result| &result.image).collect();
    assert_eq!(order, [&sys1, &sys1, &sys2, &sys2], "in the order asked");
}

async fn sh_19_each_wrong_id_is_told_apart(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    let mut request = offer(&[&sys1], &[B, D, "zzz", "a\u{7}b"]);
    let report = cloud.invite("alice", request.clone()).await.unwrap();
    let expected = ["pending", "TENANT_NOT_IN_REGION", "TENANT_NOT_FOUND", "MALFORMED_ID"];
    assert_eq!(words(&report.results), expected);
    assert!(!report.is_done && report.job.is_none());
    assert!(cloud.members("alice", &sys1).await.is_empty(), "all or nothing");
    assert_eq!(cloud.record(&sys1).await.visibility, Visibility::Private);
    request.mode = Mode::Partial;
    let report = cloud.invite("alice", request).await.unwrap();
    assert_eq!(words(&report.results), expected);
    assert!(report.is_done);
    assert_eq!(cloud.members("alice", &sys1).await, [(B.to_owned(), "pending")].into());
}

async fn sh_22_an_offer_carries_a_message(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    let mut request = offer(&[&sys1], &[B]);
    request.note = Some("镜".repeat(NOTE_CHARS + 1));
    assert_eq!(refused(cloud.invite("alice", request.clone()).await), Code::InvalidValue);
    request.note = Some("镜".repeat(NOTE_CHARS));
    cloud.invite("alice", request.clone()).await.unwrap();
    request.recipients = vec![crate::cloud::named(C)];
    request.note = Some("<script>alert(1)</script>".to_owned());
    cloud.invite("alice", request.clone()).await.unwrap();
    let received = share_view::received(&cloud.app, &caller("carol"), None, None, None).await;
    assert_eq!(received.unwrap().shares[0].share.note, request.note, "kept as it was written");
}

async fn sh_23_sharing_costs_no_image_quota(cloud: &Cloud) {
    cloud.set(Some(B), "private_image.quota", "1").await;
    cloud.set(Some(A), "private_image.quota", "2").await;
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, B).await;
    cloud.accept("bob", &sys1).await;
    cloud.image("bob", "own").await;
    cloud.image("alice", "sys2").await;
    let full = |person| {
        let new = image::NewImage::default();
        let app = cloud.app.clone();
        async move { image::create(&app, &caller(person), new).await }
    };
    assert_eq!(refused(full("alice").await), Code::PrivateImageQuota);
    assert_eq!(refused(full("bob").await), Code::PrivateImageQuota);
    let copied = replicate::replicate(&cloud.app, &caller("bob"), &sys1, None).await;
    assert_eq!(refused(copied), Code::PrivateImageQuota, "a replica is an image of one's own");
}

async fn sh_24_any_number_of_images_goes_to_one_tenant(cloud: &Cloud) {
    let mut offered: Vec<ImageId> = Vec::new();
    for owner in ["alice", "carol", "alice@A2", "bob@B2"] {
        let images = cloud.records(owner, 250).await;
        let request = offer(&images.iter().collect::<Vec<_>>(), &[B]);
        assert!(cloud.invite(owner, request).await.unwrap().is_done);
        offered.extend(images);
    }
    assert_eq!(share_view::count_pending(&cloud.app, &caller("bob")).await.unwrap(), 1000);
    let mut found: Vec<ImageId> = Vec::new();
    loop {
        let request = ListImages {
            view: Some(View::Received),
            received: Some(Received::In(ShareState::Pending)),
            marker: found.last().cloned(),
            limit: Some(300),
            ..ListImages::default()
        };
        let page = list(&cloud.app, &caller("bob"), &request).await.unwrap();
        if page.images.is_empty() {
            break;
        }
        found.extend(page.images.into_iter().map(|image| image.id));
    }
    offered.sort();
    found.sort();
    assert_eq!(found, offered);
}

async fn two_names_of_one_recipient_are_one_share(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    let report = cloud.invite("alice", offer(&[&sys1], &[C, "z", "100000000003"])).await.unwrap();
    assert_eq!(words(&report.results), ["pending"]);
    assert_eq!(cloud.record(&sys1).await.shares, 1);
    let both = cloud.unshare("alice", &sys1, "z").await;
    assert_eq!(both, "removed", "the account's name reaches the project's share");
}

async fn sh_32_an_owner_takes_an_accepted_share_back(cloud: &Cloud) {
    let sys1 = cloud.accepted_image("sys1").await;
    assert_eq!(cloud.unshare("alice", &sys1, B).await, "removed");
    assert!(cloud.members("alice", &sys1).await.is_empty());
    assert_eq!(cloud.unshare("alice", &sys1, B).await, "NOT_SHARED");
}

async fn sh_33_chosen_pairs_are_taken_back(cloud: &Cloud) {
    let (sys1, sys2) = (cloud.image("alice", "sys1").await, cloud.image("alice", "sys2").await);
    let sys3 = cloud.image("alice", "sys3").await;
    let all = [&sys1, &sys2, &sys3];
    cloud.invite("alice", offer(&all, &[B, B2, C])).await.unwrap();
    let request = withdrawal(&[&sys1, &sys2], &[B, C]);
    let report = share::withdraw(&cloud.app, &caller("alice"), request).await.unwrap();
    assert_eq!(words(&report.results), ["removed"; 4]);
    for id in [&sys1, &sys2] {
        assert_eq!(cloud.members("alice", id).await, [(B2.to_owned(), "pending")].into());
    }
    assert_eq!(cloud.members("alice", &sys3).await.len(), 3);
    // SH-31: without recipients everybody loses the image.
    let request = withdrawal(&[&sys3], &[]);
    let report = share::withdraw(&cloud.app, &caller("alice"), request).await.unwrap();
    assert_eq!(words(&report.results), ["removed"; 3]);
}

async fn sh_34_after_that_the_image_is_gone_for_the_recipient(cloud: &Cloud) {
    let sys1 = cloud.accepted_image("sys1").await;
    cloud.unshare("alice", &sys1, B).await;
    assert_eq!(cloud.listed("bob").await, []);
    for state in ShareState::ALL {
        assert_eq!(cloud.received("bob", *state).await, []);
    }
    assert_eq!(refused(cloud.show("bob", &sys1).await), Code::ImageNotFound);
    assert_eq!(refused(cloud.read("bob", &sys1).await), Code::ImageNotFound);
    let copied = replicate::replicate(&cloud.app, &caller("bob"), &sys1, None).await;
    assert_eq!(refused(copied), Code::ImageNotFound);
    assert_eq!(cloud.accept("bob", &sys1).await, "IMAGE_NOT_FOUND");
}

async fn sh_36_the_owner_sees_every_answer_with_its_time(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.invite("alice", offer(&[&sys1], &[B, B2, C])).await.unwrap();
    let offered = cloud.app.clock.now();
    cloud.app.clock.step_seconds(7);
    cloud.accept("bob", &sys1).await;
    cloud.reject("carol", &sys1).await;
    let answered = cloud.app.clock.now();
    for share in cloud.shares("rita", &sys1).await {
        let (state, at) = match share.recipient.id() {
            B => (ShareState::Accepted, answered),
            C => (ShareState::Rejected, answered),
            _ => (ShareState::Pending, offered),
        };
        assert_eq!((share.state, share.updated_at), (state, at), "{:?}", share.recipient);
        assert_eq!(share.created_at, offered);
    }
    let own = cloud.shares("bob", &sys1).await;
    assert_eq!(own.len(), 1, "a recipient sees his own share only");
    assert_eq!(own[0].recipient.id(), B);
}

async fn sh_37_the_policy_may_ask_for_a_confirmation(cloud: &Cloud) {
    cloud.set(None, "share.require_ack", "true").await;
    let sys1 = cloud.image("alice", "sys1").await;
    let mut request = offer(&[&sys1], &[B]);
    request.acknowledge = false;
    assert_eq!(refused(cloud.invite("alice", request.clone()).await), Code::AcknowledgeRequired);
    request.acknowledge = true;
    assert!(cloud.invite("alice", request).await.unwrap().is_done);
}

async fn encrypted_images_are_not_shared(cloud: &Cloud) {
    let enc1 = cloud.image("alice", "enc1").await;
    cloud.change(&enc1, |image| image.encryption = Encryption::OwnKey).await;
    assert_eq!(cloud.share("alice", &enc1, B).await, "KEY_NOT_GRANTED");
    cloud.set(None, "share.encrypted", "deny").await;
    assert_eq!(cloud.share("alice", &enc1, B).await, "ENCRYPTED_NOT_SHAREABLE");
    cloud.change(&enc1, |image| image.encryption = Encryption::DefaultKey).await;
    assert_eq!(cloud.share("alice", &enc1, B).await, "DEFAULT_KEY_NOT_SHAREABLE");
    cloud.set(None, "share.encrypted", "allow").await;
    assert_eq!(cloud.share("alice", &enc1, B).await, "pending");
}

async fn ap_07_a_dry_run_changes_nothing(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    let before = cloud.record(&sys1).await;
    let mut request = offer(&[&sys1], &[B, C]);
    request.dry_run = true;
    let report = cloud.invite("alice", request).await.unwrap();
    assert_eq!(words(&report.results), ["pending"; 2]);
    assert!(!report.is_done && report.job.is_none());
    assert_eq!(cloud.record(&sys1).await, before);
    assert!(cloud.members("alice", &sys1).await.is_empty());
}

async fn a_private_image_becomes_shared_and_private_again(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.invite("alice", offer(&[&sys1], &[B, C])).await.unwrap();
    assert_eq!(cloud.record(&sys1).await.visibility, Visibility::Shared);
    for visibility in [Visibility::Private, Visibility::Community] {
        let edits = vec![Edit::Visibility(visibility)];
        let changed = image::update(&cloud.app, &caller("alice"), &sys1, edits).await;
        assert_eq!(refused(changed), Code::ImageIsShared);
    }
    cloud.unshare("alice", &sys1, B).await;
    assert_eq!(cloud.record(&sys1).await.visibility, Visibility::Shared);
    cloud.unshare("alice", &sys1, C).await;
    assert_eq!(cloud.record(&sys1).await.visibility, Visibility::Private);
}

async fn a_private_image_has_no_members(cloud: &Cloud) {
    let sys1 = cloud.accepted_image("sys1").await;
    assert_eq!(cloud.record(&sys1).await.visibility, Visibility::Shared);
    let to = |visibility| {
        let edits = vec![Edit::Visibility(visibility)];
        let (app, sys1) = (cloud.app.clone(), sys1.clone());
        async move { image::update(&app, &caller("alice"), &sys1, edits).await.unwrap() }
    };
    to(Visibility::Private).await;
    assert_eq!(cloud.share("alice", &sys1, C).await, "MEMBERS_NOT_ALLOWED");
    assert_eq!(refused(cloud.show("bob", &sys1).await), Code::ImageNotFound);
    assert_eq!(cloud.listed("bob").await, []);
    to(Visibility::Shared).await;
    assert_eq!(cloud.listed("bob").await, [sys1.clone()], "the rows lay dormant");
}

async fn shares_go_with_an_image_to_its_new_owner(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.invite("alice", offer(&[&sys1], &[B, C])).await.unwrap();
    cloud.accept("bob", &sys1).await;
    cloud.accept("carol", &sys1).await;
    let give = |person: &'static str| {
        let edits = vec![Edit::Owner(ProjectId::trusted(B))];
        let (app, sys1) = (cloud.app.clone(), sys1.clone());
        async move { image::update(&app, &caller(person), &sys1, edits).await }
    };
    assert_eq!(refused(give("alice").await), Code::OperatorOnly);
    let given = give("operator").await.unwrap().image;
    assert_eq!((given.owner.as_str(), given.shares), (B, 1));
    assert_eq!(cloud.members("bob", &sys1).await, [(C.to_owned(), "accepted")].into());
    assert_eq!(cloud.listed("carol").await, [sys1.clone()]);
    assert_eq!(refused(cloud.show("alice", &sys1).await), Code::ImageNotFound);
    cloud.check().await;
    assert_eq!(cloud.unshare("bob", &sys1, C).await, "removed");
    assert_eq!(cloud.record(&sys1).await.visibility, Visibility::Private);
}
