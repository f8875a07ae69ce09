//! Vaults and what they keep: backups, which are the disks of a server at one time (FS-01…FS-13).
//!
//! A vault has a capacity in GiB; each disk counts with its virtual size rounded up. What is used is
//! always the sum over the backups, never a number of its own.

use crate::error::{Code, Error};
use crate::id::{BackupId, BlobId, ImageId, ProjectId, RegionId, VaultId};
use crate::image::{DiskFormat, Encryption, Image, ImageKind, ImageStatus, words};
use crate::limits::{
    BACKUP_DISKS, VAULT_CAPACITY_GIB, VAULT_CAPACITY_OF_PROJECT_GIB, VAULT_DESCRIPTION_CHARS,
    VAULT_NAME_CHARS, VAULTS_OF_PROJECT,
};
use crate::share::Recipient;
use crate::text::shortened;
use crate::time::Timestamp;

/// One GiB in bytes.
pub const GIB_BYTES: u64 = 1 << 30;

words! {
    /// What a vault holds.
    ObjectType {
        /// All disks of a server at once.
        Server = "server",
        /// Single disks.
        Disk = "disk",
    }
}

words! {
    /// What the contents of a vault are for.
    Protection {
        /// Backups, made or accepted here.
        Backup = "backup",
        /// Copies that come from another region.
        Replication = "replication",
    }
}

words! {
    /// Whether a vault takes anything.
    VaultStatus {
        /// It does.
        Available = "available",
        /// The operator locked it.
        Locked = "locked",
        /// It is frozen for a debt.
        Frozen = "frozen",
        /// Something is broken.
        Error = "error",
    }
}

/// A place with a capacity that keeps backups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vault {
    /// Its id.
    pub id: VaultId,
    /// The project it belongs to.
    pub project: ProjectId,
    /// Where it is.
    pub region: RegionId,
    /// Its name; no other vault of the project in the region has it.
    pub name: String,
    /// Plain text.
    pub description: String,
    /// How much it holds, GiB.
    pub capacity_gib: u32,
    /// What it holds.
    pub object_type: ObjectType,
    /// What for.
    pub protection: Protection,
    /// Whether it takes anything.
    pub status: VaultStatus,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed; what it keeps does not change it.
    pub updated_at: Timestamp,
}

/// What a vault keeps at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VaultUse {
    /// The sum of its backups, GiB.
    pub used_gib: u64,
    /// How many there are.
    pub backups: u32,
}

impl VaultUse {
    /// What is left of a capacity, GiB.
    pub fn free_gib(&self, vault: &Vault) -> u64 {
        u64::from(vault.capacity_gib).saturating_sub(self.used_gib)
    }
}

/// One disk of a backup or of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// 0 is the system disk of a backup.
    pub position: u32,
    /// Whether it boots.
    pub is_system: bool,
    /// The name of what it was made from; for its owner only (FS-07).
    pub name: Option<String>,
    /// The size of the disk inside, rounded up to GiB: what it takes of a vault.
    pub size_gib: u64,
    /// The size of the disk inside, bytes.
    pub virtual_size_bytes: u64,
    /// Bytes stored.
    pub stored_bytes: u64,
    /// The format of the stored bytes.
    pub format: Option<DiskFormat>,
    /// What the stored bytes hash to, as `ALGO:HEX`.
    pub digest: Option<String>,
    /// The bytes.
    pub blob: BlobId,
}

/// The disks of a server at one time, kept in a vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Its id.
    pub id: BackupId,
    /// The vault that keeps it.
    pub vault: VaultId,
    /// The project of the vault.
    pub project: ProjectId,
    /// Where it is.
    pub region: RegionId,
    /// Its name; need not be unique.
    pub name: String,
    /// What it was made from, in words.
    pub source: String,
    /// The sum over its disks, GiB.
    pub size_gib: u64,
    /// The shared image it came with by acceptance; `None`: it was made here.
    pub from_image: Option<ImageId>,
    /// The recipient of the share that holds it; `None` once that share has ended.
    pub held_by: Option<Recipient>,
    /// The full-server image that was made from it, if there is one.
    pub image: Option<ImageId>,
    /// When it was made or accepted.
    pub created_at: Timestamp,
}

/// What a disk of so many bytes takes of a vault, GiB: rounded up, and never nothing.
pub fn gib(bytes: u64) -> u64 {
    bytes.div_ceil(GIB_BYTES).max(1)
}

/// What all disks together take of a vault, GiB.
pub fn total_gib(disks: &[Disk]) -> u64 {
    disks.iter().fold(0, |sum, disk| sum.saturating_add(disk.size_gib))
}

/// The virtual size that the record of an image with these disks carries: each rounded up to GiB.
pub fn virtual_size_bytes(disks: &[Disk]) -> u64 {
    total_gib(disks).saturating_mul(GIB_BYTES)
}

/// What accepting `image` takes of a vault, GiB (FS-03, FS-07). The virtual size of a full-server
/// image is the sum of its disks, each rounded up, so that the record alone tells.
pub fn needed_gib(image: &Image) -> u64 {
    gib(image.virtual_size_bytes.or(image.size_bytes).unwrap_or(0))
}

/// Whether a vault takes backups of servers at all (FS-02).
///
/// Errors: [`Code::VaultWrongType`] unless it is for servers and of type backup;
/// [`Code::VaultUnavailable`].
pub fn takes_servers(vault: &Vault) -> Result<(), Error> {
    match (vault.object_type, vault.protection) {
        (ObjectType::Server, Protection::Backup) => {}
        (ObjectType::Disk, Protection::Backup | Protection::Replication)
        | (ObjectType::Server, Protection::Replication) => {
            return Err(Error::new(Code::VaultWrongType)
                .with("vault", &vault.name)
                .with("object_type", vault.object_type.as_str())
                .with("protection", vault.protection.as_str()));
        }
    }
    match vault.status {
        VaultStatus::Available => Ok(()),
        VaultStatus::Locked | VaultStatus::Frozen | VaultStatus::Error => {
            Err(Error::new(Code::VaultUnavailable)
                .with("vault", &vault.name)
                .with("status", vault.status.as_str()))
        }
    }
}

/// Whether everything in `wanted` fits into `vault` together (FS-03, FS-08): (name, GiB) of each.
///
/// Errors: those of [`takes_servers`]; [`Code::VaultTooSmall`], which names all of them, what they
/// need together and what is free.
pub fn fits(vault: &Vault, usage: VaultUse, wanted: &[(String, u64)]) -> Result<(), Error> {
    takes_servers(vault)?;
    let needed = wanted.iter().fold(0_u64, |sum, (_, gib)| sum.saturating_add(*gib));
    let free = usage.free_gib(vault);
    if needed <= free {
        return Ok(());
    }
    let names: Vec<String> =
        wanted.iter().map(|(name, gib)| format!("{} ({gib} GiB)", shortened(name, 80))).collect();
    Err(Error::new(Code::VaultTooSmall)
        .with("vault", &vault.name)
        .with("needed", needed)
        .with("free", free)
        .with("images", names.join(", ")))
}

/// Whether a vault may have this name, description and capacity.
pub fn check(vault: &Vault) -> Result<(), Error> {
    let refused = |field: &str, value: &str, reason: String| {
        Err(Error::new(Code::InvalidValue)
            .with("field", field)
            .with("value", shortened(value, 80))
            .with("reason", reason))
    };
    let name = vault.name.as_str();
    let is_bad = |c: char| c.is_control();
    if name.trim() != name
        || name.is_empty()
        || name.chars().count() > VAULT_NAME_CHARS
        || name.chars().any(is_bad)
    {
        let reason = format!("1 to {VAULT_NAME_CHARS} characters, no space at either end");
        return refused("name", name, reason);
    }
    let description = vault.description.as_str();
    if description.chars().count() > VAULT_DESCRIPTION_CHARS || description.contains('\0') {
        let reason = format!("at most {VAULT_DESCRIPTION_CHARS} characters");
        return refused("description", description, reason);
    }
    if vault.capacity_gib == 0 || vault.capacity_gib > VAULT_CAPACITY_GIB {
        let reason = format!("1 to {VAULT_CAPACITY_GIB} GiB");
        return refused("capacity_gib", &vault.capacity_gib.to_string(), reason);
    }
    Ok(())
}

/// Whether a backup may have this name and this note about its source.
pub fn check_backup(name: &str, source: &str) -> Result<(), Error> {
    let refused = |field: &str, value: &str, max: usize| {
        Err(Error::new(Code::InvalidValue)
            .with("field", field)
            .with("value", shortened(value, 80))
            .with("reason", format!("at most {max} characters, none of them a control character")))
    };
    let fits = |text: &str, max| text.chars().count() <= max && !text.chars().any(char::is_control);
    if name.is_empty() || !fits(name, VAULT_NAME_CHARS) {
        return refused("name", name, VAULT_NAME_CHARS);
    }
    if !fits(source, VAULT_DESCRIPTION_CHARS) {
        return refused("source", source, VAULT_DESCRIPTION_CHARS);
    }
    Ok(())
}

/// Whether a vault that keeps `usage` may have a capacity: never less than what is used (FS-12).
pub fn may_resize(vault: &Vault, usage: VaultUse, capacity_gib: u32) -> Result<(), Error> {
    if u64::from(capacity_gib) >= usage.used_gib {
        return Ok(());
    }
    Err(Error::new(Code::VaultBelowUsed)
        .with("vault", &vault.name)
        .with("wanted", capacity_gib)
        .with("used", usage.used_gib))
}

/// Whether a vault may be deleted: only an empty one (FS-12).
pub fn may_delete(vault: &Vault, usage: VaultUse) -> Result<(), Error> {
    if usage.backups == 0 {
        return Ok(());
    }
    Err(Error::new(Code::VaultNotEmpty).with("vault", &vault.name).with("count", usage.backups))
}

/// Whether a project that has `vaults` vaults of `capacity_gib` together may have one more of
/// `wanted_gib` (or, where `is_new` is false, may add so much to one).
///
/// Errors: [`Code::VaultQuota`], [`Code::VaultCapacityQuota`].
pub fn room_in_project(
    vaults: u32,
    capacity_gib: u64,
    wanted_gib: u64,
    is_new: bool,
) -> Result<(), Error> {
    if is_new && vaults >= VAULTS_OF_PROJECT {
        return Err(Error::new(Code::VaultQuota).with("max", VAULTS_OF_PROJECT));
    }
    if capacity_gib.saturating_add(wanted_gib) > VAULT_CAPACITY_OF_PROJECT_GIB {
        return Err(Error::new(Code::VaultCapacityQuota)
            .with("max", VAULT_CAPACITY_OF_PROJECT_GIB)
            .with("used", capacity_gib));
    }
    Ok(())
}

/// Whether disk images make a backup: active ones, a system disk first, then data disks, none
/// encrypted.
///
/// Errors: [`Code::MissingField`], [`Code::InvalidValue`], [`Code::ImageNotActive`].
pub fn check_sources(images: &[&Image]) -> Result<(), Error> {
    if images.is_empty() {
        return Err(Error::new(Code::MissingField).with("field", "disks"));
    }
    let refused = |at: usize, value: &str, reason: &str| {
        Err(Error::new(Code::InvalidValue)
            .with("field", format!("disks[{at}]"))
            .with("value", shortened(value, 80))
            .with("reason", reason))
    };
    if images.len() > BACKUP_DISKS {
        let reason = format!("at most {BACKUP_DISKS} disks");
        return refused(BACKUP_DISKS, images[BACKUP_DISKS].id.as_str(), &reason);
    }
    for (at, image) in images.iter().enumerate() {
        match (image.kind, at) {
            (ImageKind::SystemDisk, 0) | (ImageKind::DataDisk, 1..) => {}
            (ImageKind::DataDisk, 0) => {
                return refused(at, image.kind.as_str(), "the first disk is the system disk");
            }
            (ImageKind::SystemDisk, _) => {
                return refused(at, image.kind.as_str(), "only the first disk is a system disk");
            }
            (ImageKind::FullServer | ImageKind::Iso, _) => {
                let reason = "a backup is made of a system disk and data disks";
                return refused(at, image.kind.as_str(), reason);
            }
        }
        if image.status != ImageStatus::Active {
            return Err(Error::new(Code::ImageNotActive).with("status", image.status.as_str()));
        }
        if image.encryption != Encryption::None {
            let reason = "encrypted disks cannot be backed up";
            return refused(at, image.encryption.as_str(), reason);
        }
        if images[..at].iter().any(|other| other.id == image.id) {
            return refused(at, image.id.as_str(), "each disk once");
        }
    }
    Ok(())
}

/// Whether a full-server image may be made from a backup: one at a time (T-020), and none from what
/// came with somebody else's image.
pub fn may_image(backup: &Backup) -> Result<(), Error> {
    if let Some(image) = &backup.image {
        return Err(Error::new(Code::BackupHasImage)
            .with("backup", &backup.name)
            .with("image", image));
    }
    if let Some(image) = &backup.from_image {
        return Err(Error::new(Code::BackupFromShare)
            .with("backup", &backup.name)
            .with("image", image));
    }
    Ok(())
}

/// Whether a backup may be deleted: not while an image is made from it or a share holds it.
pub fn may_delete_backup(backup: &Backup) -> Result<(), Error> {
    let holder = match (&backup.image, &backup.held_by) {
        (Some(image), _) => Some(image),
        (None, Some(_)) => backup.from_image.as_ref(),
        (None, None) => None,
    };
    match holder {
        None => Ok(()),
        Some(image) => {
            Err(Error::new(Code::BackupInUse).with("backup", &backup.name).with("image", image))
        }
    }
}

#[cfg(test)]
#[path = "vault_tests.rs"]
mod tests;
