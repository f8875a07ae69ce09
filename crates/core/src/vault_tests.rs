use super::*;
use crate::access::accepting_needs_vault;
use crate::access::fixtures::image;
use crate::error::Language;
use crate::profile::Profile;

fn vault(capacity_gib: u32) -> Vault {
    Vault {
        id: VaultId::trusted("v"),
        project: ProjectId::trusted("B"),
        region: RegionId::trusted("r1"),
        name: "vB".to_owned(),
        description: String::new(),
        capacity_gib,
        object_type: ObjectType::Server,
        protection: Protection::Backup,
        status: VaultStatus::Available,
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
    }
}

fn backup() -> Backup {
    Backup {
        id: BackupId::trusted("b"),
        vault: VaultId::trusted("v"),
        project: ProjectId::trusted("B"),
        region: RegionId::trusted("r1"),
        name: "nightly".to_owned(),
        source: String::new(),
        size_gib: 80,
        from_image: None,
        held_by: None,
        image: None,
        created_at: Timestamp(0),
    }
}

fn code(result: Result<(), Error>) -> Option<Code> {
    result.err().map(|error| error.code())
}

fn wanted(sizes: &[u64]) -> Vec<(String, u64)> {
    sizes.iter().enumerate().map(|(at, gib)| (format!("full{}", at + 1), *gib)).collect()
}

#[test]
fn sizes_are_rounded_up_to_gib() {
    for (bytes, expected) in [(0, 1), (1, 1), (GIB_BYTES, 1), (GIB_BYTES + 1, 2)] {
        assert_eq!(gib(bytes), expected, "{bytes}");
    }
    assert_eq!(gib(u64::MAX), 1 << 34);
}

#[test]
fn fs_01_only_full_servers_where_the_policy_asks() {
    let mut full = image("full1", "A");
    full.kind = ImageKind::FullServer;
    assert!(accepting_needs_vault(&full, &Profile::Huawei.policy()));
    assert!(!accepting_needs_vault(&full, &Profile::Glance.policy()));
    for kind in [ImageKind::SystemDisk, ImageKind::DataDisk, ImageKind::Iso] {
        let mut other = image("sys1", "A");
        other.kind = kind;
        assert!(!accepting_needs_vault(&other, &Profile::Huawei.policy()), "{kind:?}");
    }
}

#[test]
fn fs_02_only_a_server_backup_vault_that_is_available() {
    assert_eq!(code(takes_servers(&vault(100))), None);
    let mut disk = vault(100);
    disk.object_type = ObjectType::Disk;
    assert_eq!(code(takes_servers(&disk)), Some(Code::VaultWrongType));
    let mut replication = vault(100);
    replication.protection = Protection::Replication;
    assert_eq!(code(takes_servers(&replication)), Some(Code::VaultWrongType));
    for status in [VaultStatus::Locked, VaultStatus::Frozen, VaultStatus::Error] {
        let mut closed = vault(100);
        closed.status = status;
        assert_eq!(code(takes_servers(&closed)), Some(Code::VaultUnavailable), "{status:?}");
    }
}

#[test]
fn fs_03_exactly_as_much_as_is_free_fits() {
    let usage = VaultUse { used_gib: 20, backups: 1 };
    assert_eq!(code(fits(&vault(100), usage, &wanted(&[80]))), None);
    let error = fits(&vault(99), usage, &wanted(&[80])).unwrap_err();
    assert_eq!(error.code(), Code::VaultTooSmall);
    for language in [Language::English, Language::Chinese] {
        let text = error.text(language);
        assert!(text.contains("80") && text.contains("79") && text.contains("vB"), "{text}");
    }
}

#[test]
fn fs_08_what_is_accepted_together_must_fit_together() {
    let error = fits(&vault(100), VaultUse::default(), &wanted(&[80, 80])).unwrap_err();
    assert_eq!(error.fact("needed"), Some("160"));
    let text = error.text(Language::English);
    assert!(text.contains("full1") && text.contains("full2"), "{text}");
    assert_eq!(code(fits(&vault(160), VaultUse::default(), &wanted(&[80, 80]))), None);
    let huge = wanted(&[u64::MAX, u64::MAX]);
    assert_eq!(code(fits(&vault(100), VaultUse::default(), &huge)), Some(Code::VaultTooSmall));
}

#[test]
fn fs_12_a_vault_never_holds_more_than_it_can() {
    let usage = VaultUse { used_gib: 80, backups: 1 };
    assert_eq!(code(may_resize(&vault(100), usage, 80)), None);
    assert_eq!(code(may_resize(&vault(100), usage, 79)), Some(Code::VaultBelowUsed));
    assert_eq!(code(may_delete(&vault(100), usage)), Some(Code::VaultNotEmpty));
    assert_eq!(code(may_delete(&vault(100), VaultUse::default())), None);
}

#[test]
fn fs_12_ceilings_of_a_project_at_n_and_n_plus_1() {
    let most = VAULT_CAPACITY_OF_PROJECT_GIB;
    assert_eq!(code(room_in_project(VAULTS_OF_PROJECT - 1, 0, 1, true)), None);
    let one_more = room_in_project(VAULTS_OF_PROJECT, 0, 1, true);
    assert_eq!(code(one_more), Some(Code::VaultQuota));
    assert_eq!(code(room_in_project(VAULTS_OF_PROJECT, 0, 1, false)), None);
    assert_eq!(code(room_in_project(1, most - 10, 10, true)), None);
    let over = room_in_project(1, most - 10, 11, false);
    assert_eq!(code(over), Some(Code::VaultCapacityQuota));
}

#[test]
fn fs_12_names_and_capacities_are_checked() {
    assert_eq!(code(check(&vault(VAULT_CAPACITY_GIB))), None);
    for capacity in [0, VAULT_CAPACITY_GIB + 1] {
        assert_eq!(code(check(&vault(capacity))), Some(Code::InvalidValue), "{capacity}");
    }
    let long = "x".repeat(VAULT_NAME_CHARS + 1);
    for name in ["", " v", "v ", "a\nb", long.as_str()] {
        let mut bad = vault(1);
        bad.name = name.to_owned();
        assert_eq!(code(check(&bad)), Some(Code::InvalidValue), "{name:?}");
    }
    let mut wordy = vault(1);
    wordy.description = "x".repeat(VAULT_DESCRIPTION_CHARS + 1);
    assert_eq!(code(check(&wordy)), Some(Code::InvalidValue));
}

#[test]
fn a_backup_is_a_system_disk_and_then_data_disks() {
    let of = |id: &str, kind| {
        let mut disk = image(id, "A");
        disk.kind = kind;
        disk
    };
    let (sys, data) = (of("s", ImageKind::SystemDisk), of("d", ImageKind::DataDisk));
    assert_eq!(code(check_sources(&[&sys, &data])), None);
    assert_eq!(code(check_sources(&[])), Some(Code::MissingField));
    let (other, iso) = (of("s2", ImageKind::SystemDisk), of("i", ImageKind::Iso));
    let full = of("f", ImageKind::FullServer);
    let wrong: [&[&Image]; 6] =
        [&[&data], &[&sys, &other], &[&iso], &[&full], &[&sys, &data, &data], &[&sys, &iso]];
    for images in wrong {
        assert_eq!(code(check_sources(images)), Some(Code::InvalidValue));
    }
    let mut queued = sys.clone();
    queued.status = ImageStatus::Queued;
    assert_eq!(code(check_sources(&[&queued])), Some(Code::ImageNotActive));
    let mut secret = sys.clone();
    secret.encryption = Encryption::OwnKey;
    assert_eq!(code(check_sources(&[&secret])), Some(Code::InvalidValue));
    let many: Vec<Image> =
        (0..=BACKUP_DISKS).map(|at| of(&format!("d{at}"), ImageKind::DataDisk)).collect();
    let many: Vec<&Image> = std::iter::once(&sys).chain(many.iter()).collect();
    assert_eq!(code(check_sources(&many[..BACKUP_DISKS])), None);
    assert_eq!(code(check_sources(&many[..=BACKUP_DISKS])), Some(Code::InvalidValue));
}

#[test]
fn t_020_one_image_at_a_time_and_only_from_what_was_made_here() {
    let fresh = backup();
    assert_eq!((code(may_image(&fresh)), code(may_delete_backup(&fresh))), (None, None));
    let mut imaged = backup();
    imaged.image = Some(ImageId::trusted("full1"));
    assert_eq!(code(may_image(&imaged)), Some(Code::BackupHasImage));
    assert_eq!(code(may_delete_backup(&imaged)), Some(Code::BackupInUse));
    let mut accepted = backup();
    accepted.from_image = Some(ImageId::trusted("full1"));
    accepted.held_by = Some(Recipient::Project(ProjectId::trusted("B")));
    assert_eq!(code(may_image(&accepted)), Some(Code::BackupFromShare));
    assert_eq!(code(may_delete_backup(&accepted)), Some(Code::BackupInUse));
    // Kept after its share ended: it can go, but is nobody's source.
    accepted.held_by = None;
    assert_eq!(code(may_image(&accepted)), Some(Code::BackupFromShare));
    assert_eq!(code(may_delete_backup(&accepted)), None);
}
