//! What is nearly used up is told once, with its numbers, and again only after it was less: quotas of a
//! project, and vaults.

use lendglass_core::image::ImageKind;
use lendglass_core::limits::{VAULT_CAPACITY_GIB, VAULTS_OF_PROJECT};
use lendglass_core::share::ShareEvent;
use lendglass_core::tenant::Role;
use lendglass_core::vault::{ObjectType, Protection};
use lendglass_core::{Code, Error, ImageId};
use lendglass_server::service::backup::{self, NewBackup};
use lendglass_server::service::image::{self, NewImage};
use lendglass_server::service::replicate::replicate;
use lendglass_server::service::share;
use lendglass_server::service::share::Mode;
use lendglass_server::service::vault::{self, NewVault, VaultEdit};
use serde_json::{Value, json};

use crate::cloud::{Cloud, caller, offer, refused, words};
use crate::hearing::Ear;
use crate::support::{A, B, C};
use crate::vaults::in_vault;

stories! {
    huawei "huawei":
        a_quota_is_told_with_its_numbers_once_and_again_after_it_was_less,
        images_made_at_once_are_told_of_once,
        whatever_makes_an_image_counts,
        shared_images_are_told_of_as_they_are_written,
        images_shared_at_once_are_told_of_once,
        a_vault_is_told_of_by_what_enters_it,
        a_vault_that_is_made_smaller_is_told_of,
        a_vault_that_two_fill_at_once_is_told_of_once,
        vaults_and_their_capacity_are_told_of;
}

/// What a person's project was told to be nearly full, oldest first.
async fn told(cloud: &Cloud, person: &str) -> Vec<String> {
    let path = "/api/v1/notices?kind=quota.nearly_full&kind=vault.nearly_full&limit=1000";
    let page = cloud.request(person, "GET", path, ()).await.expect(200).json();
    let word = |notice: &Value| {
        assert_eq!((&notice["image"], &notice["counterpart"]), (&Value::Null, &Value::Null));
        let (vault, quota) = (&notice["vault"], &notice["quota"]);
        match vault["name"].as_str() {
            Some(name) => format!("{name} {}/{}", vault["used_gib"], vault["capacity_gib"]),
            None => {
                format!("{} {}/{}", quota["name"].as_str().unwrap(), quota["used"], quota["limit"])
            }
        }
    };
    page["notices"].as_array().unwrap().iter().rev().map(word).collect()
}

async fn make(cloud: &Cloud, person: &str) -> Result<ImageId, Error> {
    image::create(&cloud.app, &caller(person), NewImage::default()).await.map(|image| image.id)
}

async fn a_quota_is_told_with_its_numbers_once_and_again_after_it_was_less(cloud: &Cloud) {
    cloud.set(Some(A), "private_image.quota", "5").await;
    let mut rita = Ear::open(cloud, "rita", None).await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(make(cloud, "alice").await.unwrap());
    }
    let dry = cloud.request("alice", "POST", "/api/v1/images?dry_run=true", json!({"name": "dry"}));
    assert_eq!(dry.await.expect(200).json()["code"], "DRY_RUN");
    assert!(told(cloud, "alice").await.is_empty(), "what is not done is not told");
    made.push(make(cloud, "alice").await.unwrap());
    let heard = rita.next().await.unwrap().data;
    assert_eq!(heard["kind"], "quota.nearly_full");
    assert_eq!(heard["quota"], json!({"name": "private_images", "used": 4, "limit": 5}));
    assert_eq!((&heard["to"]["id"], &heard["vault"]), (&json!(A), &Value::Null));
    make(cloud, "alice").await.unwrap();
    assert_eq!(refused(make(cloud, "alice").await), Code::PrivateImageQuota);
    assert_eq!(told(cloud, "alice").await, ["private_images 4/5"], "not with each image");
    cloud.delete("alice", &made[0]).await.unwrap();
    make(cloud, "alice").await.unwrap();
    assert_eq!(told(cloud, "alice").await.len(), 1, "four was nearly full as well");
    for id in &made[1..3] {
        cloud.delete("alice", id).await.unwrap();
    }
    make(cloud, "alice").await.unwrap();
    assert_eq!(told(cloud, "alice").await, ["private_images 4/5"; 2]);
    assert!(told(cloud, "bob").await.is_empty());
}

async fn images_made_at_once_are_told_of_once(cloud: &Cloud) {
    cloud.set(None, "private_image.quota", "20").await;
    let create = |_| {
        let app = cloud.app.clone();
        tokio::spawn(async move {
            image::create(&app, &caller("alice"), NewImage::default()).await.map(|_| ())
        })
    };
    let tasks: Vec<_> = (0..30).map(create).collect();
    let mut made = 0;
    for task in tasks {
        made += u32::from(task.await.unwrap().is_ok());
    }
    assert_eq!((made, told(cloud, "alice").await), (20, vec!["private_images 16/20".to_owned()]));
}

/// Replicas, images of backups and copies that come from another region, each to whom it belongs.
async fn whatever_makes_an_image_counts(cloud: &Cloud) {
    let sys1 = cloud.accepted_image("sys1").await;
    let backup = cloud.backup("full", 1, 1).await;
    cloud.set(Some(B), "private_image.quota", "1").await;
    cloud.set(Some(A), "private_image.quota", "5").await;
    replicate(&cloud.app, &caller("bob"), &sys1, None).await.unwrap();
    assert_eq!(told(cloud, "bob").await, ["private_images 1/1"]);
    cloud.imaged(&backup).await.unwrap();
    assert_eq!(told(cloud, "alice").await, ["private_images 4/5"]);
    let there = cloud.project_in_r2("alice", Role::Member).await;
    cloud.set(Some(&there), "private_image.quota", "1").await;
    cloud.copy("alice", &sys1, Some(&there)).await.unwrap();
    let in_r2 = format!(
        "select cast(count(*) as bigint) from notice where recipient_id = '{there}' \
         and region_id = 'r2' and kind = 'quota.nearly_full' and used = 1 and ceiling = 1"
    );
    assert_eq!(cloud.count(&in_r2).await, 1);
    cloud.settle().await;
}

async fn shared_images_are_told_of_as_they_are_written(cloud: &Cloud) {
    cloud.set(None, "share.max_shared_images", "5").await;
    let images = cloud.records("alice", 6).await;
    let all: Vec<&ImageId> = images.iter().collect();
    assert!(cloud.invite("alice", offer(&all[..3], &[B])).await.unwrap().is_done);
    let mut request = offer(&all[3..5], &[B]);
    request.dry_run = true;
    assert!(!cloud.invite("alice", request.clone()).await.unwrap().is_done);
    let spoilt = cloud.invite("alice", offer(&all[3..], &[B])).await.unwrap();
    assert!(!spoilt.is_done, "one of them is too many");
    assert!(told(cloud, "alice").await.is_empty());
    request.dry_run = false;
    assert!(cloud.invite("alice", request).await.unwrap().is_done);
    assert_eq!(told(cloud, "alice").await, ["shared_images 5/5"]);
    assert_eq!(cloud.share("alice", all[0], C).await, "pending");
    assert_eq!(told(cloud, "alice").await.len(), 1, "it was shared already");
    for id in &all[3..5] {
        cloud.unshare("alice", id, B).await;
    }
    let mut rest = offer(&all[3..], &[B]);
    rest.mode = Mode::Partial;
    let report = cloud.invite("alice", rest).await.unwrap();
    assert_eq!(words(&report.results), ["pending", "pending", "SHARE_IMAGE_QUOTA"]);
    assert_eq!(told(cloud, "alice").await, ["shared_images 5/5"; 2], "with what was done");
    // Undone it is less, and a withdrawal that is undone is more again.
    let back = share::undo(&cloud.app, &caller("alice"), &report.undo.unwrap().token).await;
    assert!(back.unwrap().is_done);
    assert_eq!(cloud.share("alice", all[3], B).await, "pending");
    assert_eq!(told(cloud, "alice").await[2..], ["shared_images 4/5"]);
    assert!(told(cloud, "bob").await.is_empty());
}

async fn images_shared_at_once_are_told_of_once(cloud: &Cloud) {
    cloud.set(None, "share.max_shared_images", "10").await;
    let share = |id: ImageId| {
        let app = cloud.app.clone();
        tokio::spawn(async move {
            share::invite(&app, &caller("alice"), offer(&[&id], &[B])).await.unwrap();
        })
    };
    let tasks: Vec<_> = cloud.records("alice", 15).await.into_iter().map(share).collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(told(cloud, "alice").await, ["shared_images 8/10"]);
}

async fn a_vault_is_told_of_by_what_enters_it(cloud: &Cloud) {
    let full = cloud.offered("full").await;
    let vault = cloud.vault("bob", "vB", 100).await;
    let mut rob = Ear::open(cloud, "rob", None).await;
    let mut dry = in_vault(&[&full], &vault);
    dry.dry_run = true;
    assert_eq!(words(&cloud.replied("bob", dry).await.results), ["accepted"]);
    assert!(told(cloud, "bob").await.is_empty());
    assert_eq!(cloud.accept_into("bob", &full, &vault).await, "accepted");
    let heard = rob.next().await.unwrap().data;
    let expected = json!({"id": vault.as_str(), "name": "vB", "used_gib": 80, "capacity_gib": 100});
    assert_eq!((&heard["kind"], &heard["vault"]), (&json!("vault.nearly_full"), &expected));
    assert_eq!((&heard["to"]["id"], &heard["quota"]), (&json!(B), &Value::Null));
    assert_eq!(cloud.answer("bob", &full, ShareEvent::Reject).await, "rejected");
    assert_eq!(cloud.accept_into("bob", &full, &vault).await, "accepted");
    assert_eq!(told(cloud, "bob").await, ["vB 80/100"; 2], "it was empty in between");
    // Backups of one's own: the second one finds it nearly full.
    let own = cloud.vault("alice", "vA", 5).await;
    for (name, gib) in [("three", 3), ("one", 1), ("last", 1)] {
        let disk = cloud.disk("alice", name, ImageKind::SystemDisk, gib).await;
        let new = NewBackup { vault: own.clone(), name: None, source: None, disks: vec![disk] };
        backup::create(&cloud.app, &caller("alice"), new).await.unwrap();
    }
    assert_eq!(told(cloud, "alice").await, ["vA 4/5"]);
}

async fn a_vault_that_is_made_smaller_is_told_of(cloud: &Cloud) {
    let full = cloud.offered("full").await;
    let vault = cloud.vault("bob", "vB", 200).await;
    assert_eq!(cloud.accept_into("bob", &full, &vault).await, "accepted");
    for (capacity, count) in [(101, 0), (100, 1), (90, 1), (150, 1), (80, 2)] {
        let edit = VaultEdit { capacity_gib: Some(capacity), ..VaultEdit::default() };
        vault::update(&cloud.app, &caller("bob"), &vault, edit).await.unwrap();
        assert_eq!(told(cloud, "bob").await.len(), count, "{capacity}");
    }
    assert_eq!(told(cloud, "bob").await, ["vB 80/100", "vB 80/80"]);
}

async fn a_vault_that_two_fill_at_once_is_told_of_once(cloud: &Cloud) {
    let fulls = [cloud.offered("full1").await, cloud.offered("full2").await];
    let vault = cloud.vault("bob", "vB", 200).await;
    let accept = |id: &ImageId| {
        let (app, request) = (cloud.app.clone(), in_vault(&[id], &vault));
        tokio::spawn(async move { share::answer(&app, &caller("bob"), request).await.unwrap() })
    };
    let [one, two] = fulls.each_ref().map(accept);
    for task in [one, two] {
        assert_eq!(words(&task.await.unwrap().results), ["accepted"]);
    }
    assert_eq!(told(cloud, "bob").await, ["vB 160/200"]);
}

async fn vaults_and_their_capacity_are_told_of(cloud: &Cloud) {
    let new = |name: String, capacity_gib| NewVault {
        name,
        description: String::new(),
        capacity_gib,
        object_type: ObjectType::Server,
        protection: Protection::Backup,
    };
    let (app, bob, carol) = (&cloud.app, caller("bob"), caller("carol"));
    for at in 0..VAULTS_OF_PROJECT {
        vault::create(app, &carol, new(format!("v{at}"), 1)).await.unwrap();
    }
    assert_eq!(told(cloud, "carol").await, ["vaults 80/100"]);
    let small = vault::create(app, &bob, new("small".to_owned(), 1)).await.unwrap();
    vault::create(app, &bob, new("large".to_owned(), VAULT_CAPACITY_GIB)).await.unwrap();
    assert!(told(cloud, "bob").await.is_empty());
    let edit = VaultEdit { capacity_gib: Some(VAULT_CAPACITY_GIB), ..VaultEdit::default() };
    let mut dry = bob.clone();
    dry.terms.is_dry_run = true;
    let id = &small.vault.id;
    assert_eq!(refused(vault::update(app, &dry, id, edit.clone()).await), Code::DryRun);
    assert!(told(cloud, "bob").await.is_empty());
    vault::update(app, &bob, id, edit).await.unwrap();
    assert_eq!(told(cloud, "bob").await, ["vault_capacity_gib 20971520/20971520"]);
}
