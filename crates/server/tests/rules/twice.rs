//! What the simulation found: names that mean the same, ends that nobody has written down yet, and
//! changes that left no event.

use lendglass_core::image::ImageKind;
use lendglass_core::share::ShareEvent;
use lendglass_core::vault::{GIB_BYTES, ObjectType, Protection};
use lendglass_core::{ImageId, VaultId};
use lendglass_server::service::backup::{self, NewBackup, ServerImage};
use lendglass_server::service::share::{self, Answer, Invite};
use lendglass_server::service::vault::{self, NewVault};

use crate::cloud::{Cloud, answer_of, caller, offer, withdrawal, words};
use crate::support::B;

stories! {
    lendglass "lendglass":
        sh_15_a_recipient_named_twice_takes_one_place,
        sh_30_a_share_named_twice_ends_once,
        rc_26_a_share_named_twice_is_reminded_of_once,
        fs_13_an_offer_after_the_end_of_an_access_empties_the_vault,
        t_049_an_image_made_from_a_backup_has_its_event;
}

async fn events(cloud: &Cloud, verb: &str, target: &ImageId) -> i64 {
    let rows = "select cast(count(*) as bigint) from audit";
    cloud.count(&format!("{rows} where verb = '{verb}' and target = '{target}'")).await
}

async fn sh_15_a_recipient_named_twice_takes_one_place(cloud: &Cloud) {
    cloud.set(None, "share.max_tenants.system", "1").await;
    cloud.set(None, "share.pending_counts", "true").await;
    let sys1 = cloud.image("alice", "sys1").await;
    let report = cloud.invite("alice", offer(&[&sys1], &[B, B])).await.unwrap();
    assert_eq!((words(&report.results), report.is_done), (vec!["pending".to_owned()], true));
}

async fn sh_30_a_share_named_twice_ends_once(cloud: &Cloud) {
    let sys1 = cloud.accepted_image("sys1").await;
    let alice = caller("alice");
    let request = withdrawal(&[&sys1], &[B, B]);
    let report = share::withdraw(&cloud.app, &alice, request).await.unwrap();
    assert_eq!(words(&report.results), ["removed"]);
    assert_eq!(events(cloud, "share.withdraw", &sys1).await, 1);
    let token = report.undo.unwrap().token;
    let undone = share::undo(&cloud.app, &alice, &token).await.unwrap();
    assert_eq!(words(&undone.results), ["accepted"]);
}

async fn rc_26_a_share_named_twice_is_reminded_of_once(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, B).await;
    cloud.step(2 * 24 * 3600).await;
    let request = withdrawal(&[&sys1], &[B, B]);
    let report = share::remind(&cloud.app, &caller("alice"), request).await.unwrap();
    assert_eq!(words(&report.results), ["pending"]);
    assert_eq!(events(cloud, "share.remind", &sys1).await, 1);
}

/// A full-server image of alice's, of one GiB, and a vault of a person's that takes one.
async fn server_image(cloud: &Cloud) -> ImageId {
    let disk = cloud.queued("alice", "disk", ImageKind::SystemDisk).await;
    cloud.fill("alice", &disk, b"the only disk of a server").await.unwrap();
    cloud.change(&disk, |image| image.virtual_size_bytes = Some(GIB_BYTES)).await;
    let vault = small_vault(cloud, "alice").await;
    let new = NewBackup { vault, name: None, source: None, disks: vec![disk] };
    let made = backup::create(&cloud.app, &caller("alice"), new).await.unwrap().backup.id;
    let new = ServerImage::default();
    backup::make_image(&cloud.app, &caller("alice"), &made, new).await.unwrap().0.id
}

async fn small_vault(cloud: &Cloud, person: &str) -> VaultId {
    let new = NewVault {
        name: "small".to_owned(),
        description: String::new(),
        capacity_gib: 1,
        object_type: ObjectType::Server,
        protection: Protection::Backup,
    };
    vault::create(&cloud.app, &caller(person), new).await.unwrap().vault.id
}

/// The access ended, no sweeper came by, the owner offers again: the offer waits, the vault is empty.
async fn fs_13_an_offer_after_the_end_of_an_access_empties_the_vault(cloud: &Cloud) {
    let full1 = server_image(cloud).await;
    let vault = small_vault(cloud, "bob").await;
    let ends_at = Some(cloud.app.clock.now().plus_seconds(60));
    let request = Invite { ends_at, ..offer(&[&full1], &[B]) };
    assert!(cloud.invite("alice", request).await.unwrap().is_done);
    let answer = Answer { vault: Some(vault.clone()), ..answer_of(&[&full1], ShareEvent::Accept) };
    let report = share::answer(&cloud.app, &caller("bob"), answer.clone()).await.unwrap();
    assert_eq!(words(&report.results), ["accepted"]);
    cloud.step(61).await;
    assert_eq!(cloud.share("alice", &full1, B).await, "pending");
    cloud.check().await;
    let bob = caller("bob");
    assert_eq!(vault::show(&cloud.app, &bob, &vault).await.unwrap().usage.backups, 0);
    let report = share::answer(&cloud.app, &bob, answer).await.unwrap();
    assert_eq!(words(&report.results), ["accepted"], "there is room again");
}

async fn t_049_an_image_made_from_a_backup_has_its_event(cloud: &Cloud) {
    let full1 = server_image(cloud).await;
    assert_eq!(events(cloud, "image.create", &full1).await, 1);
}
