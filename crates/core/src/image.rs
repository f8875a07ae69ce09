//! Images: the record, its states, its words.

use std::collections::BTreeMap;

use crate::error::{Code, Error};
use crate::id::{ImageId, ProjectId, RegionId};
use crate::limits::{PROPERTY_NAME_CHARS, PROPERTY_VALUE_BYTES, TAG_CHARS};
use crate::policy::Policy;
use crate::text::shortened;
use crate::time::Timestamp;

/// A machine image: the record. Its bytes are blobs, which the record does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its id; never free again, also after deletion.
    pub id: ImageId,
    /// The region it lives in.
    pub region: RegionId,
    /// The project that owns it.
    pub owner: ProjectId,
    /// Its name; may be absent (Glance) and need not be unique.
    pub name: Option<String>,
    /// What it holds.
    pub kind: ImageKind,
    /// Where it is in its life.
    pub status: ImageStatus,
    /// Who may see it.
    pub visibility: Visibility,
    /// Left out of default lists.
    pub is_hidden: bool,
    /// Cannot be deleted.
    pub is_protected: bool,
    /// Published to the marketplace; then it cannot be shared (SH-05).
    pub is_published: bool,
    /// The declared format of the disk, in Glance's words.
    pub disk_format: Option<DiskFormat>,
    /// The declared container, in Glance's words.
    pub container_format: Option<ContainerFormat>,
    /// Smallest disk it boots from, GiB.
    pub min_disk_gib: u32,
    /// Smallest memory it boots with, MiB.
    pub min_ram_mib: u32,
    /// Bytes stored; none until there are any.
    pub size_bytes: Option<u64>,
    /// Bytes of the disk inside.
    pub virtual_size_bytes: Option<u64>,
    /// What the bytes hash to.
    pub digests: Option<Digests>,
    /// How the bytes are encrypted at the user's wish.
    pub encryption: Encryption,
    /// Labels, in order, without repetition.
    pub tags: Vec<String>,
    /// Additional properties.
    pub properties: BTreeMap<String, String>,
    /// A full-server image made from a vault backup (FS-11).
    pub is_from_backup: bool,
    /// The shared image this one was replicated from (US-08).
    pub source_image: Option<ImageId>,
    /// Its place among public images, set by the operator: small numbers first, 0 is none and comes last.
    pub rank: u32,
    /// The number of live shares, kept in each transaction that changes one.
    pub shares: u32,
    /// When the record was made; never changes.
    pub created_at: Timestamp,
    /// When the record last changed.
    pub updated_at: Timestamp,
}

/// What bytes hash to, in hex.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digests {
    /// MD5, what Glance calls `checksum`; absent where the operator turned it off.
    pub md5_hex: Option<String>,
    /// Which hash `value_hex` is: `sha512` or `sha256`.
    pub algo: String,
    /// That hash.
    pub value_hex: String,
}

/// Text ↔ variant for the small enums, in one place for each.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// Every variant.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The stored and rendered word.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }

            /// The variant of a word, if there is one.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|v| v.as_str() == word)
            }
        }
    };
}
pub(crate) use words;

words! {
    /// What an image holds.
    ImageKind {
        /// A disk that boots.
        SystemDisk = "system",
        /// A disk that does not boot.
        DataDisk = "data",
        /// All disks of a server.
        FullServer = "full_server",
        /// An installation medium.
        Iso = "iso",
    }
}

words! {
    /// Where an image is in its life.
    ImageStatus {
        /// A record without bytes.
        Queued = "queued",
        /// Bytes are arriving.
        Saving = "saving",
        /// Bytes are arriving into staging.
        Uploading = "uploading",
        /// A job is making the bytes.
        Importing = "importing",
        /// Whole and usable.
        Active = "active",
        /// Whole, withheld from everyone but the operator.
        Deactivated = "deactivated",
        /// Its making failed; it can only be deleted.
        Error = "killed",
    }
}

impl ImageStatus {
    /// Whether the bytes are there.
    pub fn has_bytes(self) -> bool {
        match self {
            ImageStatus::Active | ImageStatus::Deactivated => true,
            ImageStatus::Queued
            | ImageStatus::Saving
            | ImageStatus::Uploading
            | ImageStatus::Importing
            | ImageStatus::Error => false,
        }
    }
}

words! {
    /// Who may see an image.
    Visibility {
        /// Only its owner.
        Private = "private",
        /// Its owner and the recipients of its shares.
        Shared = "shared",
        /// Everyone who knows the id or asks for community images.
        Community = "community",
        /// Everyone; set by the operator.
        Public = "public",
    }
}

words! {
    /// Glance's `disk_format`.
    DiskFormat {
        /// Amazon machine image.
        Ami = "ami",
        /// Amazon ramdisk.
        Ari = "ari",
        /// Amazon kernel.
        Aki = "aki",
        /// Connectix VHD.
        Vhd = "vhd",
        /// Hyper-V VHDX.
        Vhdx = "vhdx",
        /// VMware.
        Vmdk = "vmdk",
        /// Bytes as they are.
        Raw = "raw",
        /// QEMU.
        Qcow2 = "qcow2",
        /// VirtualBox.
        Vdi = "vdi",
        /// Optical disc.
        Iso = "iso",
        /// Virtuozzo.
        Ploop = "ploop",
        /// Raw with a GPT, where it is told apart.
        Gpt = "gpt",
        /// LUKS container.
        Luks = "luks",
        /// QEMU enhanced disk.
        Qed = "qed",
    }
}

words! {
    /// Glance's `container_format`.
    ContainerFormat {
        /// Amazon machine image.
        Ami = "ami",
        /// Amazon ramdisk.
        Ari = "ari",
        /// Amazon kernel.
        Aki = "aki",
        /// No container.
        Bare = "bare",
        /// OVF.
        Ovf = "ovf",
        /// OVF in a tar.
        Ova = "ova",
        /// Docker tar.
        Docker = "docker",
        /// Compressed.
        Compressed = "compressed",
    }
}

words! {
    /// How an image is encrypted at the user's wish.
    Encryption {
        /// Not.
        None = "none",
        /// With the tenant's default key; never shareable.
        DefaultKey = "default_key",
        /// With a key of the tenant's own, which he may grant.
        OwnKey = "own_key",
    }
}

impl ImageKind {
    /// The kind a record has when nobody said: ISO for `iso`, else a system disk.
    pub fn of_format(format: Option<DiskFormat>) -> ImageKind {
        if format == Some(DiskFormat::Iso) { ImageKind::Iso } else { ImageKind::SystemDisk }
    }
}

/// Names of a record that are fields, hence no custom property (OpenStack's base properties).
pub const FIELD_NAMES: &[&str] = &[
    "id",
    "name",
    "status",
    "visibility",
    "protected",
    "os_hidden",
    "owner",
    "checksum",
    "os_hash_algo",
    "os_hash_value",
    "size",
    "virtual_size",
    "disk_format",
    "container_format",
    "min_disk",
    "min_ram",
    "tags",
    "created_at",
    "updated_at",
    "self",
    "file",
    "schema",
    "direct_url",
    "locations",
    "stores",
    "deleted",
    "deleted_at",
];

fn refused(field: &'static str, value: &str, reason: &str) -> Error {
    Error::new(Code::InvalidValue)
        .with("field", field)
        .with("value", shortened(value, 80))
        .with("reason", reason)
}

/// Whether an image may have this name: at most `image.name_max` characters, and unless
/// `image.name_free` letters of any script, digits, space and `-_.` without a space at either end.
/// Only the refusal of what is too long has a fact `max`.
pub fn check_name(name: &str, policy: &Policy) -> Result<(), Error> {
    if name.chars().count() > policy.image_name_max as usize {
        let reason = format!("at most {} characters", policy.image_name_max);
        return Err(refused("name", name, &reason).with("max", policy.image_name_max));
    }
    if name.contains('\0') {
        return Err(refused("name", name, "no NUL character"));
    }
    if policy.image_name_free {
        return Ok(());
    }
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.');
    if name.is_empty() || name.trim() != name || !name.chars().all(is_plain) {
        let reason = "use letters, digits, spaces, “-”, “_”, “.”, and no space at either end";
        return Err(refused("name", name, reason));
    }
    Ok(())
}

/// Whether an image may carry this tag: 1 to 255 characters.
pub fn check_tag(tag: &str) -> Result<(), Error> {
    if tag.is_empty() || tag.chars().count() > TAG_CHARS || tag.contains('\0') {
        return Err(refused("tag", tag, "1 to 255 characters"));
    }
    Ok(())
}

/// Whether an image may have this custom property. Refuses fields, names starting with `os_glance`
/// (Glance's own) and `__` (computed by dialects) with [`Code::PropertyReserved`].
pub fn check_property(name: &str, value: &str) -> Result<(), Error> {
    if name.is_empty() || name.chars().count() > PROPERTY_NAME_CHARS || name.contains('\0') {
        return Err(refused("property name", name, "1 to 255 characters"));
    }
    if FIELD_NAMES.contains(&name) || name.starts_with("os_glance") || name.starts_with("__") {
        return Err(Error::new(Code::PropertyReserved).with("property", name));
    }
    if value.len() > PROPERTY_VALUE_BYTES || value.contains('\0') {
        return Err(refused("property value", value, "at most 65535 bytes"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    #[test]
    fn names_follow_the_policy_at_n_and_n_plus_1() {
        for profile in Profile::ALL {
            let policy = profile.policy();
            let max = policy.image_name_max as usize;
            assert!(check_name(&"镜".repeat(max), &policy).is_ok(), "{}", profile.as_str());
            assert!(check_name(&"x".repeat(max + 1), &policy).is_err(), "{}", profile.as_str());
            let free = check_name(" a/b ", &policy).is_ok();
            assert_eq!(free, policy.image_name_free, "{}", profile.as_str());
        }
    }

    #[test]
    fn reserved_properties_are_refused() {
        for name in ["os_glance_x", "__support_kvm", "status", "id", "owner"] {
            let code = check_property(name, "1").unwrap_err().code();
            assert_eq!(code, Code::PropertyReserved, "{name}");
        }
        assert!(check_property("hw_firmware_type", "uefi").is_ok());
        assert!(check_property(&"x".repeat(256), "").is_err());
        assert!(check_property("x", &"y".repeat(65_536)).is_err());
        assert!(check_tag("").is_err() && check_tag(&"t".repeat(256)).is_err());
        assert!(check_tag(&"t".repeat(255)).is_ok());
    }
}
