//! Vaults, backups and full-server images (requirements §3.4, T-020, T-032, T-111, DL-08).

use lendglass_core::image::{Image, ImageKind, ImageStatus};
use lendglass_core::job::Outcome;
use lendglass_core::share::{ShareEvent, ShareState};
use lendglass_core::vault::{GIB_BYTES, ObjectType, Protection};
use lendglass_core::{BackupId, Code, Error, ImageId, Kind, VaultId};
use lendglass_server::service::backup::{self, NewBackup, ServerImage};
use lendglass_server::service::share::{Answer, Mode, Report};
use lendglass_server::service::vault::{Narrowed, NewVault, VaultEdit};
use lendglass_server::service::{disk, share, vault};
use lendglass_store::Statement;

use crate::cloud::{BYTES, Cloud, answer_of, caller, offer, refused, withdrawal, words};
use crate::support::{B, B2};

stories! {
    huawei "huawei":
        fs_01_accepting_takes_a_vault,
        fs_02_only_a_server_backup_vault_will_do,
        fs_03_exactly_enough_room_is_enough,
        fs_04_other_images_of_the_selection_need_none,
        fs_05_a_vault_made_on_the_way_takes_the_image,
        fs_06_the_owner_sees_every_disk,
        fs_07_the_recipient_sees_what_he_needs_while_it_waits,
        fs_08_what_is_accepted_together_must_fit_together,
        fs_09_a_failure_leaves_the_share_pending_and_the_vault_as_it_was,
        fs_09_accepting_twice_is_accepting_once,
        fs_10_ten_tenants_for_a_full_server,
        fs_11_only_what_came_from_a_backup_is_shared,
        fs_12_vaults_are_made_resized_and_deleted_when_empty,
        fs_12_ceilings_of_a_project,
        fs_13_the_room_is_free_again_however_the_share_ends,
        fs_13_what_is_kept_stays_and_is_used_again,
        fs_13_the_owner_deletes_the_image,
        fs_01_automatic_acceptance_waits_for_a_vault,
        fs_01_a_vault_of_somebody_else_is_none,
        fs_01_an_account_is_answered_for_with_a_vault_of_the_answering_project,
        st_09_undoing_an_acceptance_empties_the_vault,
        st_09_what_ended_returns_to_its_vault;
    ctyun "ctyun":
        fs_01_where_the_policy_asks_for_no_vault_there_is_none;
}

/// Bytes of a second disk.
pub const DATA: &[u8] = b"another disk, with other things on it";

pub fn in_vault(images: &[&ImageId], vault: &VaultId) -> Answer {
    Answer { vault: Some(vault.clone()), ..answer_of(images, ShareEvent::Accept) }
}

impl Cloud {
    pub async fn vault(&self, person: &str, name: &str, capacity_gib: u32) -> VaultId {
        let new = NewVault {
            name: name.to_owned(),
            description: String::new(),
            capacity_gib,
            object_type: ObjectType::Server,
            protection: Protection::Backup,
        };
        vault::create(&self.app, &caller(person), new).await.unwrap().vault.id
    }

    pub async fn odd_vault(&self, name: &str, kind: ObjectType, protection: Protection) -> VaultId {
        let new = NewVault {
            name: name.to_owned(),
            description: String::new(),
            capacity_gib: 1000,
            object_type: kind,
            protection,
        };
        vault::create(&self.app, &caller("bob"), new).await.unwrap().vault.id
    }

    /// A disk image whose disk is so large inside.
    pub async fn disk(&self, person: &str, name: &str, kind: ImageKind, gib: u64) -> ImageId {
        let id = self.queued(person, name, kind).await;
        let bytes = if kind == ImageKind::DataDisk { DATA } else { BYTES };
        self.fill(person, &id, bytes).await.unwrap();
        self.change(&id, move |image| image.virtual_size_bytes = Some(gib * GIB_BYTES)).await;
        id
    }

    /// A backup of a system and a data disk of alice's, of so many GiB each, in a vault of hers.
    pub async fn backup(&self, name: &str, system_gib: u64, data_gib: u64) -> BackupId {
        let names = [format!("{name}-sys"), format!("{name}-data")];
        let system = self.disk("alice", &names[0], ImageKind::SystemDisk, system_gib).await;
        let data = self.disk("alice", &names[1], ImageKind::DataDisk, data_gib).await;
        let disks = vec![system, data];
        let vault = self.vault("alice", &format!("vault of {name}"), 1000).await;
        let new = NewBackup { vault, name: Some(name.to_owned()), source: None, disks };
        backup::create(&self.app, &caller("alice"), new).await.unwrap().backup.id
    }

    /// A full-server image of alice's, 40 and 40 GiB.
    pub async fn full(&self, name: &str) -> ImageId {
        let backup = self.backup(name, 40, 40).await;
        self.imaged(&backup).await.unwrap().id
    }

    pub async fn imaged(&self, backup: &BackupId) -> Result<Image, Error> {
        let (alice, new) = (caller("alice"), ServerImage::default());
        backup::make_image(&self.app, &alice, backup, new).await.map(|(image, _)| image)
    }

    /// A full-server image that bob was offered.
    pub async fn offered(&self, name: &str) -> ImageId {
        let id = self.full(name).await;
        assert_eq!(self.share("alice", &id, B).await, "pending");
        id
    }

    pub async fn replied(&self, person: &str, request: Answer) -> Report {
        share::answer(&self.app, &caller(person), request).await.unwrap()
    }

    pub async fn accept_into(&self, person: &str, id: &ImageId, vault: &VaultId) -> String {
        words(&self.replied(person, in_vault(&[id], vault)).await.results).remove(0)
    }

    /// Used GiB and number of backups.
    pub async fn used(&self, person: &str, vault: &VaultId) -> (u64, u32) {
        let filled = vault::show(&self.app, &caller(person), vault).await.unwrap();
        (filled.usage.used_gib, filled.usage.backups)
    }

    pub async fn state(&self, id: &ImageId) -> &'static str {
        self.members("alice", id).await[B]
    }

    pub async fn read_disk(&self, person: &str, id: &ImageId, at: u32) -> Result<Vec<u8>, Error> {
        use futures_util::TryStreamExt as _;
        let disk = disk::open(&self.app, &caller(person), id, at).await?;
        let range = 0..disk.size_bytes();
        let reader = disk.read(&self.app, &range).await?;
        let frames = reader.stream(&self.app.buffers, range);
        let frames: Vec<_> = frames.try_collect().await.unwrap();
        Ok(frames.concat())
    }

    /// Sizes in GiB, and whether names are told.
    pub async fn disks(&self, person: &str, id: &ImageId) -> (Vec<u64>, bool) {
        let disks = disk::of_image(&self.app, &caller(person), id).await.unwrap();
        let has_names = disks.iter().any(|disk| disk.name.is_some());
        (disks.iter().map(|disk| disk.size_gib).collect(), has_names)
    }
}

/// The refusal of the first pair.
pub fn refusal(report: &Report) -> &Error {
    match &report.results[0].outcome {
        Outcome::Refused(error) => error,
        other @ (Outcome::Now(_) | Outcome::Already(_) | Outcome::Removed) => {
            panic!("it was not refused: {other:?}")
        }
    }
}

async fn fs_01_accepting_takes_a_vault(cloud: &Cloud) {
    let full1 = cloud.offered("full1").await;
    let report = cloud.replied("bob", answer_of(&[&full1], ShareEvent::Accept)).await;
    assert_eq!(refusal(&report).code(), Code::VaultRequired);
    assert_eq!(refusal(&report).kind(), Kind::Invalid, "400");
    assert_eq!(cloud.state(&full1).await, "pending");
    let vault = cloud.vault("bob", "vB", 100).await;
    assert_eq!(cloud.accept_into("bob", &full1, &vault).await, "accepted");
    assert_eq!(cloud.used("bob", &vault).await, (80, 1));
    assert_eq!(cloud.listed("bob").await, [full1.clone()]);
    // The recipient's reading of the bytes, disk by disk, stands for the use.
    assert_eq!(cloud.read_disk("bob", &full1, 0).await.unwrap(), BYTES);
    assert_eq!(cloud.read_disk("bob", &full1, 1).await.unwrap(), DATA);
    assert_eq!(refused(cloud.read_disk("bob", &full1, 2).await), Code::DiskNotFound);
    assert_eq!(cloud.read("bob", &full1).await.unwrap(), b"", "no file of the whole");
}

async fn fs_02_only_a_server_backup_vault_will_do(cloud: &Cloud) {
    let full1 = cloud.offered("full1").await;
    let disk = cloud.odd_vault("disks", ObjectType::Disk, Protection::Backup).await;
    let replicas = cloud.odd_vault("vRep", ObjectType::Server, Protection::Replication).await;
    for wrong in [&disk, &replicas] {
        let report = cloud.replied("bob", in_vault(&[&full1], wrong)).await;
        assert_eq!(refusal(&report).code(), Code::VaultWrongType);
        assert_eq!(refusal(&report).kind(), Kind::Invalid, "400");
        assert_eq!(cloud.used("bob", wrong).await, (0, 0));
    }
    let fitting = Narrowed {
        object_type: Some(ObjectType::Server),
        protection: Some(Protection::Backup),
        name: None,
    };
    let good = cloud.vault("bob", "vB", 80).await;
    let listed = vault::list(&cloud.app, &caller("bob"), &fitting, None, None).await.unwrap();
    assert_eq!(listed.iter().map(|one| &one.vault.id).collect::<Vec<_>>(), [&good]);
    let lock = Statement::composed("update vault set status = 'locked'".to_owned());
    cloud.app.db.write(move |tx| tx.execute(&lock, &[]).map(|_| ())).await.unwrap();
    assert_eq!(cloud.accept_into("bob", &full1, &good).await, "VAULT_UNAVAILABLE");
    assert_eq!(cloud.state(&full1).await, "pending");
}

async fn fs_03_exactly_enough_room_is_enough(cloud: &Cloud) {
    let full1 = cloud.offered("full1").await;
    let small = cloud.vault("bob", "vSmall", 50).await;
    let report = cloud.replied("bob", in_vault(&[&full1], &small)).await;
    let error = refusal(&report);
    assert_eq!(error.code(), Code::VaultTooSmall);
    assert_eq!((error.fact("needed"), error.fact("free")), (Some("80"), Some("50")));
    let edit = VaultEdit { capacity_gib: Some(80), ..VaultEdit::default() };
    vault::update(&cloud.app, &caller("bob"), &small, edit).await.unwrap();
    assert_eq!(cloud.accept_into("bob", &full1, &small).await, "accepted");
    let full2 = cloud.offered("full2").await;
    let report = cloud.replied("bob", in_vault(&[&full2], &small)).await;
    assert_eq!(refusal(&report).fact("free"), Some("0"));
}

async fn fs_04_other_images_of_the_selection_need_none(cloud: &Cloud) {
    let sys1 = cloud.image("alice", "sys1").await;
    cloud.share("alice", &sys1, B).await;
    let full1 = cloud.offered("full1").await;
    let mut request = answer_of(&[&sys1, &full1], ShareEvent::Accept);
    let all = cloud.replied("bob", request.clone()).await;
    assert_eq!(
        (words(&all.results), all.is_done),
        (["accepted", "VAULT_REQUIRED"].map(str::to_owned).to_vec(), false)
    );
    assert_eq!(cloud.received("bob", ShareState::Accepted).await, []);
    request.mode = Mode::Partial;
    let some = cloud.replied("bob", request).await;
    assert!(some.is_done);
    assert_eq!(cloud.received("bob", ShareState::Accepted).await, [sys1.clone()]);
    cloud.reject("bob", &sys1).await;
    let vault = cloud.vault("bob", "vB", 100).await;
    let both = cloud.replied("bob", in_vault(&[&sys1, &full1], &vault)).await;
    assert_eq!(words(&both.results), ["accepted", "accepted"]);
    assert_eq!(cloud.used("bob", &vault).await, (80, 1), "only the full server takes room");
}

async fn fs_05_a_vault_made_on_the_way_takes_the_image(cloud: &Cloud) {
    let full1 = cloud.offered("full1").await;
    let (sizes, _) = cloud.disks("bob", &full1).await;
    let need = u32::try_from(sizes.iter().sum::<u64>()).unwrap();
    let vault = cloud.vault("bob", "vault-erp", need).await;
    assert_eq!(cloud.accept_into("bob", &full1, &vault).await, "accepted");
}

async fn fs_06_the_owner_sees_every_disk(cloud: &Cloud) {
    let full1 = cloud.full("full1").await;
    let disks = disk::of_image(&cloud.app, &caller("alice"), &full1).await.unwrap();
    let rows: Vec<_> = disks
        .iter()
        .map(|disk| (disk.position, disk.is_system, disk.size_gib, disk.name.as_deref()))
        .collect();
    assert_eq!(rows, [(0, true, 40, Some("full1-sys")), (1, false, 40, Some("full1-data"))]);
    assert!(disks.iter().all(|disk| disk.digest.as_ref().unwrap().starts_with("sha512:")));
    assert_eq!(lendglass_core::vault::total_gib(&disks), 80);
    let record = cloud.record(&full1).await;
    assert_eq!(record.virtual_size_bytes, Some(80 * GIB_BYTES));
    assert_eq!(record.size_bytes, Some((BYTES.len() + DATA.len()) as u64));
    assert!(record.is_from_backup && record.status == ImageStatus::Active);
    assert_eq!(cloud.read_disk("alice", &full1, 1).await.unwrap(), DATA);
}

async fn fs_07_the_recipient_sees_what_he_needs_while_it_waits(cloud: &Cloud) {
    let full1 = cloud.offered("full1").await;
    assert_eq!(cloud.disks("alice", &full1).await, (vec![40, 40], true));
    assert_eq!(cloud.disks("bob", &full1).await, (vec![40, 40], false), "sizes, no names");
    let hidden = disk::of_image(&cloud.app, &caller("carol"), &full1).await;
    assert_eq!(refused(hidden), Code::ImageNotFound);
    assert_eq!(refused(cloud.read_disk("bob", &full1, 0).await), Code::ShareNotAccepted);
    assert_eq!(refused(cloud.read_disk("carol", &full1, 0).await), Code::ImageNotFound);
}

async fn fs_08_what_is_accepted_together_must_fit_together(cloud: &Cloud) {
    let (full1, full2) = (cloud.offered("full1").await, cloud.offered("full2").await);
    let vault = cloud.vault("bob", "vB", 100).await;
    let mut request = in_vault(&[&full1, &full2], &vault);
    for mode in [Mode::All, Mode::Partial] {
        request.mode = mode;
        let report = cloud.replied("bob", request.clone()).await;
        assert_eq!(words(&report.results), ["VAULT_TOO_SMALL", "VAULT_TOO_SMALL"]);
        let images = refusal(&report).fact("images").unwrap();
        assert!(images.contains("full1") && images.contains("full2"), "{images}");
        assert_eq!(refusal(&report).fact("needed"), Some("160"));
        assert_eq!(cloud.used("bob", &vault).await, (0, 0));
    }
    let edit = VaultEdit { capacity_gib: Some(160), ..VaultEdit::default() };
    vault::update(&cloud.app, &caller("bob"), &vault, edit).await.unwrap();
    let both = cloud.replied("bob", in_vault(&[&full1, &full2], &vault)).await;
    assert_eq!(words(&both.results), ["accepted", "accepted"]);
    assert_eq!(cloud.used("bob", &vault).await, (160, 2));
}

/// Whatever fails before the commit, a failing table of every later step among it, nothing is seen.
async fn fs_09_a_failure_leaves_the_share_pending_and_the_vault_as_it_was(cloud: &Cloud) {
    let full1 = cloud.offered("full1").await;
    let vault = cloud.vault("bob", "vB", 100).await;
    for table in ["audit", "job", "backup_disk", "blob_use", "backup"] {
        let away = format!("{table}_away");
        rename(cloud, table, &away).await;
        let answer = share::answer(&cloud.app, &caller("bob"), in_vault(&[&full1], &vault)).await;
        rename(cloud, &away, table).await;
        assert!(answer.is_err(), "without {table}");
        assert_eq!(cloud.state(&full1).await, "pending", "without {table}");
        assert_eq!(cloud.used("bob", &vault).await, (0, 0), "without {table}");
        cloud.check().await;
    }
    assert_eq!(cloud.accept_into("bob", &full1, &vault).await, "accepted");
    assert_eq!(cloud.used("bob", &vault).await, (80, 1));
}

async fn rename(cloud: &Cloud, from: &str, to: &str) {
    let text = Statement::composed(format!("alter table {from} rename to {to}"));
    cloud.app.db.write(move |tx| tx.execute(&text, &[]).map(|_| ())).await.unwrap();
}

async fn fs_09_accepting_twice_is_accepting_once(cloud: &Cloud) {
    let full1 = cloud.offered("full1").await;
    let vault = cloud.vault("bob", "vB", 200).await;
    let (one, two) = tokio::join!(
        cloud.accept_into("bob", &full1, &vault),
        cloud.accept_into("bob", &full1, &vault)
    );
    let mut both = [one, two];
    both.sort();
    assert_eq!(both, ["accepted", "already accepted"]);
    assert_eq!(cloud.used("bob", &vault).await, (80, 1));
    let again = cloud.replied("bob", answer_of(&[&full1], ShareEvent::Accept)).await;
    assert_eq!(words(&again.results), ["already accepted"], "no vault is asked for again");
}

async fn fs_10_ten_tenants_for_a_full_server(cloud: &Cloud) {
    let full1 = cloud.full("full1").await;
    let projects = cloud.projects(11).await;
    let named: Vec<&str> = projects.iter().map(String::as_str).collect();
    for (at, project) in named.iter().enumerate() {
        cloud.invite("alice", offer(&[&full1], &[project])).await.unwrap();
        let mut member = crate::cloud::member_of(project);
        member.account = lendglass_core::AccountId::trusted("many");
        let new = NewVault {
            name: "v".to_owned(),
            description: String::new(),
            capacity_gib: 80,
            object_type: ObjectType::Server,
            protection: Protection::Backup,
        };
        let vault = vault::create(&cloud.app, &member, new).await.unwrap().vault.id;
        let answer = in_vault(&[&full1], &vault);
        let report = share::answer(&cloud.app, &member, answer).await.unwrap();
        let expected = if at < 10 { "accepted" } else { "SHARE_TENANT_QUOTA" };
        assert_eq!(words(&report.results), [expected], "tenant {}", at + 1);
    }
}

async fn fs_11_only_what_came_from_a_backup_is_shared(cloud: &Cloud) {
    let straight = cloud.image_of_kind("alice", "straight", ImageKind::FullServer).await;
    assert_eq!(cloud.share("alice", &straight, B).await, "FULL_IMAGE_NOT_SHAREABLE");
    let full1 = cloud.full("full1").await;
    assert_eq!(cloud.share("alice", &full1, B).await, "pending");
}

async fn fs_12_vaults_are_made_resized_and_deleted_when_empty(cloud: &Cloud) {
    let (app, bob) = (&cloud.app, caller("bob"));
    let vault = cloud.vault("bob", "vB", 100).await;
    let full1 = cloud.offered("full1").await;
    cloud.accept_into("bob", &full1, &vault).await;
    let shown = vault::show(app, &bob, &vault).await.unwrap();
    assert_eq!((shown.usage.used_gib, shown.usage.free_gib(&shown.vault)), (80, 20));
    let held = backup::list(app, &bob, (Some(&vault), None), None, None).await.unwrap();
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].from_image.as_ref(), Some(&full1));
    assert_eq!(refused(backup::delete(app, &bob, &held[0].id).await), Code::BackupInUse);
    let size = |gib| VaultEdit { capacity_gib: Some(gib), ..VaultEdit::default() };
    assert_eq!(refused(vault::update(app, &bob, &vault, size(79)).await), Code::VaultBelowUsed);
    vault::update(app, &bob, &vault, size(80)).await.unwrap();
    assert_eq!(refused(vault::delete(app, &bob, &vault).await), Code::VaultNotEmpty);
    let other = cloud.vault("bob", "other", 10).await;
    let name = |text: &str| VaultEdit { name: Some(text.to_owned()), ..VaultEdit::default() };
    assert_eq!(refused(vault::update(app, &bob, &other, name("vB")).await), Code::NameTaken);
    let renamed = vault::update(app, &bob, &other, name("vault-b")).await.unwrap();
    assert_eq!(renamed.vault.name, "vault-b");
    for stranger in ["alice", "carol", "bob@B2", "operator"] {
        let foreign = caller(stranger);
        assert_eq!(refused(vault::show(app, &foreign, &other).await), Code::VaultNotFound);
        assert_eq!(refused(vault::delete(app, &foreign, &other).await), Code::VaultNotFound);
    }
    let rob = caller("rob");
    let by_reader = vault::delete(app, &rob, &other).await;
    assert_eq!(refused(by_reader), Code::RoleTooWeak);
    vault::delete(app, &bob, &other).await.unwrap();
    assert_eq!(refused(vault::show(app, &bob, &other).await), Code::VaultNotFound);
    // Pages walk over all of them.
    for at in 0..5 {
        cloud.app.clock.step_seconds(1);
        cloud.vault("bob", &format!("v{at}"), 1).await;
    }
    let (mut names, mut marker) = (Vec::new(), None);
    loop {
        let all = Narrowed::default();
        let page = vault::list(app, &bob, &all, marker.as_ref(), Some(2)).await.unwrap();
        let Some(last) = page.last() else { break };
        marker = Some(last.vault.id.clone());
        names.extend(page.into_iter().map(|one| one.vault.name));
    }
    assert_eq!(names, ["v4", "v3", "v2", "v1", "v0", "vB"]);
}

async fn fs_12_ceilings_of_a_project(cloud: &Cloud) {
    use lendglass_core::limits::{VAULT_CAPACITY_GIB, VAULTS_OF_PROJECT};
    let (app, bob) = (&cloud.app, caller("bob"));
    let new = |name: String, capacity_gib| NewVault {
        name,
        description: String::new(),
        capacity_gib,
        object_type: ObjectType::Server,
        protection: Protection::Backup,
    };
    for at in 0..2 {
        vault::create(app, &bob, new(format!("v{at}"), VAULT_CAPACITY_GIB)).await.unwrap();
    }
    let more = vault::create(app, &bob, new("more".to_owned(), 1)).await;
    assert_eq!(refused(more), Code::VaultCapacityQuota);
    let carol = caller("carol");
    for at in 0..VAULTS_OF_PROJECT {
        vault::create(app, &carol, new(format!("v{at}"), 1)).await.unwrap();
    }
    let more = vault::create(app, &carol, new("more".to_owned(), 1)).await;
    assert_eq!(refused(more), Code::VaultQuota);
}

async fn fs_13_the_room_is_free_again_however_the_share_ends(cloud: &Cloud) {
    let full1 = cloud.offered("full1").await;
    let vault = cloud.vault("bob", "vB", 100).await;
    for ending in ["unshare", "reject", "lapse"] {
        assert_eq!(cloud.accept_into("bob", &full1, &vault).await, "accepted", "{ending}");
        assert_eq!(cloud.used("bob", &vault).await, (80, 1));
        match ending {
            "unshare" => assert_eq!(cloud.unshare("alice", &full1, B).await, "removed"),
            "reject" => assert_eq!(cloud.reject("bob", &full1).await, "rejected"),
            _ => {
                cloud.app.clock.step_seconds(3600);
                cloud.settle().await;
            }
        }
        assert_eq!(cloud.used("bob", &vault).await, (0, 0), "{ending}");
        let mut again = offer(&[&full1], &[B]);
        again.ends_at = Some(cloud.app.clock.now().plus_seconds(3600));
        cloud.invite("alice", again).await.unwrap();
    }
    cloud.settle().await;
    assert_eq!(cloud.read_disk("alice", &full1, 0).await.unwrap(), BYTES, "the owner's stays");
}

async fn fs_13_what_is_kept_stays_and_is_used_again(cloud: &Cloud) {
    cloud.set(None, "vault.keep_after_unshare", "true").await;
    let full1 = cloud.offered("full1").await;
    let vault = cloud.vault("bob", "vB", 100).await;
    cloud.accept_into("bob", &full1, &vault).await;
    cloud.unshare("alice", &full1, B).await;
    assert_eq!(cloud.used("bob", &vault).await, (80, 1));
    let (app, bob) = (&cloud.app, caller("bob"));
    let kept = backup::list(app, &bob, (Some(&vault), None), None, None).await.unwrap().remove(0);
    assert_eq!(kept.held_by, None);
    let made = backup::make_image(app, &bob, &kept.id, ServerImage::default()).await;
    assert_eq!(refused(made), Code::BackupFromShare);
    // Offered and accepted again, the backup that is there is the one: no second room is taken.
    cloud.share("alice", &full1, B).await;
    assert_eq!(cloud.accept_into("bob", &full1, &vault).await, "accepted");
    assert_eq!(cloud.used("bob", &vault).await, (80, 1));
    cloud.reject("bob", &full1).await;
    cloud.delete("alice", &full1).await.unwrap();
    cloud.settle().await;
    backup::delete(app, &bob, &kept.id).await.unwrap();
    assert_eq!(cloud.used("bob", &vault).await, (0, 0));
}

async fn fs_13_the_owner_deletes_the_image(cloud: &Cloud) {
    let full1 = cloud.offered("full1").await;
    let vault = cloud.vault("bob", "vB", 100).await;
    cloud.accept_into("bob", &full1, &vault).await;
    cloud.delete("alice", &full1).await.unwrap();
    assert_eq!(cloud.used("bob", &vault).await, (0, 0));
    assert_eq!(refused(cloud.show("bob", &full1).await), Code::ImageNotFound);
}

async fn fs_01_automatic_acceptance_waits_for_a_vault(cloud: &Cloud) {
    cloud.set(None, "share.acceptance", "automatic").await;
    let sys1 = cloud.image("alice", "sys1").await;
    assert_eq!(cloud.share("alice", &sys1, B).await, "accepted");
    let full1 = cloud.full("full1").await;
    assert_eq!(cloud.share("alice", &full1, B).await, "pending");
    let vault = cloud.vault("bob", "vB", 80).await;
    assert_eq!(cloud.accept_into("bob", &full1, &vault).await, "accepted");
}

async fn fs_01_a_vault_of_somebody_else_is_none(cloud: &Cloud) {
    let full1 = cloud.offered("full1").await;
    for person in ["alice", "carol", "bob@B2"] {
        let vault = cloud.vault(person, "v", 100).await;
        assert_eq!(cloud.accept_into("bob", &full1, &vault).await, "VAULT_NOT_FOUND", "{person}");
        assert_eq!(cloud.used(person, &vault).await, (0, 0));
    }
    let none = VaultId::trusted("no-such-vault");
    assert_eq!(cloud.accept_into("bob", &full1, &none).await, "VAULT_NOT_FOUND");
}

async fn fs_01_an_account_is_answered_for_with_a_vault_of_the_answering_project(cloud: &Cloud) {
    let full1 = cloud.full("full1").await;
    let mut request = offer(&[&full1], &[]);
    request.recipients = vec![crate::cloud::account_named("y")];
    cloud.invite("alice", request).await.unwrap();
    let vault = cloud.vault("bob@B2", "v", 80).await;
    assert_eq!(cloud.accept_into("bob@B2", &full1, &vault).await, "accepted");
    assert_eq!(cloud.used("bob@B2", &vault).await, (80, 1));
    assert_eq!(cloud.read_disk("bob", &full1, 1).await.unwrap(), DATA);
    // Whoever of the account drops it, the room is free again.
    assert_eq!(cloud.reject("bob", &full1).await, "rejected");
    assert_eq!(cloud.used("bob@B2", &vault).await, (0, 0));
    assert_ne!(B, B2);
}

async fn st_09_undoing_an_acceptance_empties_the_vault(cloud: &Cloud) {
    let full1 = cloud.offered("full1").await;
    let vault = cloud.vault("bob", "vB", 100).await;
    let accepted = cloud.replied("bob", in_vault(&[&full1], &vault)).await;
    let undo = share::undo(&cloud.app, &caller("bob"), &accepted.undo.unwrap().token).await;
    assert_eq!(words(&undo.unwrap().results), ["pending"]);
    assert_eq!(cloud.used("bob", &vault).await, (0, 0));
}

async fn st_09_what_ended_returns_to_its_vault(cloud: &Cloud) {
    let full1 = cloud.offered("full1").await;
    let vault = cloud.vault("bob", "vB", 100).await;
    let (app, alice, bob) = (&cloud.app, caller("alice"), caller("bob"));
    let full = (80, 1);
    cloud.accept_into("bob", &full1, &vault).await;
    let dropped = cloud.replied("bob", answer_of(&[&full1], ShareEvent::Reject)).await;
    assert_eq!(cloud.used("bob", &vault).await, (0, 0));
    let undo = share::undo(app, &bob, &dropped.undo.unwrap().token).await;
    assert_eq!(words(&undo.unwrap().results), ["accepted"]);
    assert_eq!(cloud.used("bob", &vault).await, full);
    // The owner takes back what he took back, without knowing of the vault.
    let request = withdrawal(&[&full1], &[B]);
    let ended = share::withdraw(app, &alice, request.clone()).await.unwrap();
    assert_eq!(cloud.used("bob", &vault).await, (0, 0));
    let undo = share::undo(app, &alice, &ended.undo.unwrap().token).await;
    assert_eq!(words(&undo.unwrap().results), ["accepted"]);
    assert_eq!(cloud.used("bob", &vault).await, full);
    assert_eq!(cloud.read_disk("bob", &full1, 1).await.unwrap(), DATA);
    // Where the room is taken meanwhile, the undo has come too late.
    let ended = share::withdraw(app, &alice, request).await.unwrap();
    let other = cloud.offered("full2").await;
    assert_eq!(cloud.accept_into("bob", &other, &vault).await, "accepted");
    let undo = share::undo(app, &alice, &ended.undo.unwrap().token).await;
    assert_eq!(refused(undo), Code::UndoConflict);
    assert_eq!(cloud.used("bob", &vault).await, full);
}

async fn fs_01_where_the_policy_asks_for_no_vault_there_is_none(cloud: &Cloud) {
    let full1 = cloud.full("full1").await;
    assert_eq!(cloud.share("alice", &full1, B).await, "pending");
    let vault = cloud.vault("bob", "vB", 1).await;
    assert_eq!(cloud.accept_into("bob", &full1, &vault).await, "accepted");
    assert_eq!(cloud.used("bob", &vault).await, (0, 0), "the vault is ignored");
}
