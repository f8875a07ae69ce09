//! Backups, what is made of them, and vaults over long histories (FS-12, T-020, T-032, T-111, DL-08).

use lendglass_core::image::ImageKind;
use lendglass_core::share::{ShareEvent, ShareState};
use lendglass_core::vault::{GIB_BYTES, ObjectType, Protection};
use lendglass_core::{Code, ImageId, VaultId};
use lendglass_server::service::backup::{self, NewBackup, ServerImage};
use lendglass_server::service::image::{Backups, Edit};
use lendglass_server::service::replicate::replicate;
use lendglass_server::service::share::Mode;
use lendglass_server::service::vault::VaultEdit;
use lendglass_server::service::{image, share, vault};

use crate::cloud::{Cloud, answer_of, caller, offer, refused, words};
use crate::support::{B, C};
use crate::vaults::{DATA, in_vault};

stories! {
    huawei "huawei":
        t_020_a_backup_makes_one_image_at_a_time,
        t_020_a_backup_is_made_of_own_disks,
        t_032_the_capacity_of_the_disks,
        t_111_what_a_full_server_cannot_do,
        dl_08_the_backup_goes_along_if_asked,
        backups_keep_bytes_as_long_as_they_stand,
        a_dry_run_leaves_vaults_alone,
        fs_12_use_is_the_sum_of_the_backups_after_any_history;
}

async fn t_020_a_backup_makes_one_image_at_a_time(cloud: &Cloud) {
    let nightly = cloud.backup("nightly", 40, 40).await;
    let first = cloud.imaged(&nightly).await.unwrap();
    assert_eq!(first.name.as_deref(), Some("nightly"));
    assert_eq!(refused(cloud.imaged(&nightly).await), Code::BackupHasImage);
    let (app, alice) = (&cloud.app, caller("alice"));
    assert_eq!(refused(backup::delete(app, &alice, &nightly).await), Code::BackupInUse);
    cloud.delete("alice", &first.id).await.unwrap();
    let (one, two) = tokio::join!(cloud.imaged(&nightly), cloud.imaged(&nightly));
    let codes: Vec<_> = [one, two].into_iter().map(|made| made.err().map(|e| e.code())).collect();
    assert!(codes.contains(&None) && codes.contains(&Some(Code::BackupHasImage)), "{codes:?}");
    assert_eq!(refused(backup::show(app, &caller("bob"), &nightly).await), Code::BackupNotFound);
    let foreign = backup::make_image(app, &caller("bob"), &nightly, ServerImage::default()).await;
    assert_eq!(refused(foreign), Code::BackupNotFound);
}

async fn t_020_a_backup_is_made_of_own_disks(cloud: &Cloud) {
    let vault = cloud.vault("alice", "vA", 60).await;
    let system = cloud.disk("alice", "s", ImageKind::SystemDisk, 40).await;
    let data = cloud.disk("alice", "d", ImageKind::DataDisk, 40).await;
    let foreign = cloud.accepted_image("received").await;
    let secret = cloud.image("bob", "of bob").await;
    let queued = cloud.queued("alice", "queued", ImageKind::SystemDisk).await;
    let make = |person: &'static str, vault: &VaultId, disks: &[&ImageId]| {
        let new = NewBackup {
            vault: vault.clone(),
            name: None,
            source: None,
            disks: disks.iter().map(|id| (*id).clone()).collect(),
        };
        let app = cloud.app.clone();
        async move { backup::create(&app, &caller(person), new).await }
    };
    assert_eq!(refused(make("alice", &vault, &[&system, &data]).await), Code::VaultTooSmall);
    assert_eq!(refused(make("alice", &vault, &[&data]).await), Code::InvalidValue);
    assert_eq!(refused(make("alice", &vault, &[]).await), Code::MissingField);
    assert_eq!(refused(make("alice", &vault, &[&secret]).await), Code::ImageNotFound);
    assert_eq!(refused(make("alice", &vault, &[&queued]).await), Code::ImageNotActive);
    let bobs = cloud.vault("bob", "vB", 100).await;
    assert_eq!(refused(make("bob", &bobs, &[&foreign]).await), Code::NotImageOwner);
    assert_eq!(refused(make("alice", &bobs, &[&system]).await), Code::VaultNotFound);
    let odd = cloud.odd_vault("disks", ObjectType::Disk, Protection::Backup).await;
    assert_eq!(refused(make("bob", &odd, &[&secret]).await), Code::VaultWrongType);
    let whole = make("alice", &vault, &[&system]).await.unwrap();
    assert_eq!((whole.backup.size_gib, whole.backup.name.as_str()), (40, "s"));
    assert!(whole.backup.source.contains(system.as_str()));
    assert_eq!(cloud.used("alice", &vault).await, (40, 1));
}

async fn t_032_the_capacity_of_the_disks(cloud: &Cloud) {
    let full1 = cloud.full("full1").await;
    assert_eq!(cloud.disks("alice", &full1).await.0, [40, 40]);
    let sys1 = cloud.disk("alice", "sys1", ImageKind::SystemDisk, 7).await;
    assert_eq!(cloud.disks("alice", &sys1).await.0, [7]);
    cloud.change(&sys1, |image| image.virtual_size_bytes = Some(7 * GIB_BYTES + 1)).await;
    assert_eq!(cloud.disks("alice", &sys1).await.0, [8], "a begun GiB is a GiB");
    let queued = cloud.queued("alice", "queued", ImageKind::SystemDisk).await;
    assert_eq!(cloud.disks("alice", &queued).await.0, [0_u64; 0]);
}

async fn t_111_what_a_full_server_cannot_do(cloud: &Cloud) {
    let full1 = cloud.offered("full1").await;
    let vault = cloud.vault("bob", "vB", 80).await;
    cloud.accept_into("bob", &full1, &vault).await;
    let (app, bob, alice) = (&cloud.app, caller("bob"), caller("alice"));
    assert_eq!(refused(replicate(app, &bob, &full1, None).await), Code::FullImageNoReplicate);
    assert_eq!(refused(replicate(app, &alice, &full1, None).await), Code::FullImageNoReplicate);
    let kind = image::update(app, &alice, &full1, vec![Edit::Kind(ImageKind::SystemDisk)]).await;
    assert_eq!(refused(kind.map(|_| ())), Code::PropertyReadonly);
    assert_eq!(cloud.share("bob", &full1, C).await, "RESHARE_FORBIDDEN");
}

async fn dl_08_the_backup_goes_along_if_asked(cloud: &Cloud) {
    let (app, alice) = (&cloud.app, caller("alice"));
    let nightly = cloud.backup("nightly", 40, 40).await;
    let vault = backup::show(app, &alice, &nightly).await.unwrap().backup.vault;
    let first = cloud.imaged(&nightly).await.unwrap().id;
    cloud.delete("alice", &first).await.unwrap();
    assert_eq!(cloud.used("alice", &vault).await, (80, 1), "kept by default");
    let second = cloud.imaged(&nightly).await.unwrap().id;
    cloud.share("alice", &second, B).await;
    let bobs = cloud.vault("bob", "vB", 80).await;
    cloud.accept_into("bob", &second, &bobs).await;
    image::delete_with(app, &alice, &second, Backups::Delete).await.unwrap();
    assert_eq!(cloud.used("alice", &vault).await, (0, 0));
    assert_eq!(cloud.used("bob", &bobs).await, (0, 0));
    assert_eq!(refused(backup::show(app, &alice, &nightly).await), Code::BackupNotFound);
}

async fn backups_keep_bytes_as_long_as_they_stand(cloud: &Cloud) {
    let before = cloud.stored_bytes().await;
    let (app, alice) = (&cloud.app, caller("alice"));
    let nightly = cloud.backup("nightly", 1, 1).await;
    for name in ["nightly-sys", "nightly-data"] {
        let id = cloud.listed("alice").await;
        for id in id {
            if cloud.record(&id).await.name.as_deref() == Some(name) {
                cloud.delete("alice", &id).await.unwrap();
            }
        }
    }
    cloud.settle().await;
    let full1 = cloud.imaged(&nightly).await.unwrap().id;
    cloud.share("alice", &full1, B).await;
    cloud.set(None, "vault.keep_after_unshare", "true").await;
    let vault = cloud.vault("bob", "vB", 2).await;
    cloud.accept_into("bob", &full1, &vault).await;
    assert_eq!(cloud.read_disk("bob", &full1, 1).await.unwrap(), DATA);
    image::delete_with(app, &alice, &full1, Backups::Delete).await.unwrap();
    cloud.settle().await;
    assert!(cloud.stored_bytes().await > before, "bob keeps his backup");
    let kept = backup::list(app, &caller("bob"), (None, None), None, None).await.unwrap();
    backup::delete(app, &caller("bob"), &kept[0].id).await.unwrap();
    cloud.settle().await;
    assert_eq!(cloud.stored_bytes().await, before, "the last use is over");
    assert_eq!(cloud.count("select cast(count(*) as bigint) from blob").await, 0);
}

async fn a_dry_run_leaves_vaults_alone(cloud: &Cloud) {
    let full1 = cloud.offered("full1").await;
    let vault = cloud.vault("bob", "vB", 80).await;
    let mut request = in_vault(&[&full1], &vault);
    request.dry_run = true;
    let report = cloud.replied("bob", request).await;
    assert_eq!((words(&report.results).remove(0).as_str(), report.is_done), ("accepted", false));
    assert_eq!(cloud.used("bob", &vault).await, (0, 0));
    let mut bob = caller("bob");
    bob.terms.is_dry_run = true;
    assert_eq!(refused(vault::delete(&cloud.app, &bob, &vault).await), Code::DryRun);
    assert_eq!(cloud.used("bob", &vault).await, (0, 0), "it is still there");
}

/// A small generator: the histories are the same on every run and both engines.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % sides).unwrap()
    }
}

async fn fs_12_use_is_the_sum_of_the_backups_after_any_history(cloud: &Cloud) {
    let (app, alice, bob) = (&cloud.app, caller("alice"), caller("bob"));
    let mut dice = Dice(8);
    let vaults = [cloud.vault("bob", "v1", 100).await, cloud.vault("bob", "v2", 170).await];
    let mut images = Vec::new();
    for at in 0..4_u64 {
        let backup = cloud.backup(&format!("b{at}"), 10 + 10 * at, 20).await;
        let image = cloud.imaged(&backup).await.unwrap().id;
        cloud.share("alice", &image, B).await;
        images.push(image);
    }
    for step in 0..120 {
        let (image, vault) = (&images[dice.roll(4)], &vaults[dice.roll(2)]);
        match dice.roll(8) {
            0..=2 => {
                let other = &images[dice.roll(4)];
                let mut request = in_vault(&[image, other], vault);
                request.mode = if dice.roll(2) == 0 { Mode::All } else { Mode::Partial };
                share::answer(app, &bob, request).await.unwrap();
            }
            3 => drop(cloud.replied("bob", answer_of(&[image], ShareEvent::Reject)).await),
            4 => drop(cloud.unshare("alice", image, B).await),
            5 => drop(cloud.invite("alice", offer(&[image], &[B])).await.unwrap()),
            6 => {
                let gib = 60 + 10 * u32::try_from(dice.roll(15)).unwrap();
                let edit = VaultEdit { capacity_gib: Some(gib), ..VaultEdit::default() };
                if let Err(error) = vault::update(app, &bob, vault, edit).await {
                    assert_eq!(error.code(), Code::VaultBelowUsed);
                }
            }
            _ => {
                let keep = if dice.roll(2) == 0 { "true" } else { "false" };
                cloud.set(None, "vault.keep_after_unshare", keep).await;
                for kept in backup::list(app, &bob, (Some(vault), None), None, None).await.unwrap()
                {
                    let is_held = kept.held_by.is_some();
                    assert_eq!(backup::delete(app, &bob, &kept.id).await.is_err(), is_held);
                }
            }
        }
        let mut sums = 0;
        for vault in &vaults {
            let filled = vault::show(app, &bob, vault).await.unwrap();
            let kept = backup::list(app, &bob, (Some(vault), None), None, None).await.unwrap();
            let sum: u64 = kept.iter().map(|backup| backup.size_gib).sum();
            assert_eq!(filled.usage.used_gib, sum, "step {step}");
            assert!(sum <= u64::from(filled.vault.capacity_gib), "step {step}");
            sums += kept.iter().filter(|backup| backup.held_by.is_some()).count();
        }
        let accepted = cloud.received("bob", ShareState::Accepted).await;
        assert_eq!(sums, accepted.len(), "a backup for each accepted share, step {step}");
    }
    cloud.check().await;
    for image in &images {
        image::delete_with(app, &alice, image, Backups::Delete).await.unwrap();
    }
    let held = "select cast(count(*) as bigint) from backup where held_id is not null";
    assert_eq!(cloud.count(held).await, 0);
}
