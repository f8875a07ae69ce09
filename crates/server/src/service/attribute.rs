//! The attributes that Huawei's image service computes (`__imagetype`, `__os_type`, …): what they say
//! of an image, and in which custom property a value lies that a client may set. The names with two
//! underscores are refused as custom properties everywhere, so nobody can forge them.

use lendglass_core::image::{Image, ImageKind, Visibility};

use crate::service::image::Edit;

/// The value of an attribute. All but flags are text on Huawei's wire, numbers too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// Text.
    Text(String),
    /// A flag.
    Flag(bool),
}

impl From<&str> for Attribute {
    fn from(text: &str) -> Attribute {
        Attribute::Text(text.to_owned())
    }
}

impl From<String> for Attribute {
    fn from(text: String) -> Attribute {
        Attribute::Text(text)
    }
}

/// Attributes that clients set, and the custom property that keeps each.
const STORED: &[(&str, &str)] = &[
    ("__description", "description"),
    ("__os_version", "os_version"),
    ("__os_type", OS_TYPE),
    ("__platform", PLATFORM),
    ("__os_bit", "os_bit"),
    ("__is_config_init", "is_config_init"),
    ("__lazyloading", "lazyloading"),
    ("__image_displayname", "image_displayname"),
    ("__image_login_user", "image_login_user"),
    ("__support_kvm", "support_kvm"),
    ("__support_xen", "support_xen"),
    ("__support_largememory", "support_largememory"),
    ("__support_diskintensive", "support_diskintensive"),
    ("__support_highperformance", "support_highperformance"),
    ("__support_xen_gpu_type", "support_xen_gpu_type"),
    ("__support_kvm_gpu_type", "support_kvm_gpu_type"),
    ("__support_xen_hana", "support_xen_hana"),
    ("__support_kvm_infiniband", "support_kvm_infiniband"),
    ("__support_kvm_hi1822_hisriov", "support_kvm_hi1822_hisriov"),
    ("__support_kvm_hi1822_hivirtionet", "support_kvm_hi1822_hivirtionet"),
    ("__support_fc_inject", "support_fc_inject"),
    ("__support_agent_list", "support_agent_list"),
    ("__support_amd", "support_amd"),
    ("__support_arm", "support_arm"),
];

/// Glance's common properties for the kind of system and the distribution.
const OS_TYPE: &str = "os_type";
const PLATFORM: &str = "os_distro";

/// Huawei's word for a platform, and Glance's for the same distribution.
const PLATFORMS: &[(&str, &str)] = &[
    ("Windows", "windows"),
    ("Ubuntu", "ubuntu"),
    ("Red Hat", "rhel"),
    ("RedHat", "rhel"),
    ("SUSE", "sles"),
    ("CentOS", "centos"),
    ("Debian", "debian"),
    ("OpenSUSE", "opensuse"),
    ("Oracle Linux", "oraclelinux"),
    ("Fedora", "fedora"),
    ("CoreOS", "coreos"),
    ("EulerOS", "euleros"),
    ("openEuler", "openeuler"),
    ("Other", "other"),
];

/// The custom property that keeps an attribute, with the value as it is kept there; `None` for
/// attributes that only the server computes, and for names that are none.
pub fn stored(attribute: &str, value: &str) -> Option<(&'static str, String)> {
    let (_, property) = STORED.iter().find(|(name, _)| *name == attribute)?;
    let value = match *property {
        OS_TYPE => value.to_ascii_lowercase(),
        PLATFORM => {
            let known = PLATFORMS.iter().find(|(word, _)| word.eq_ignore_ascii_case(value));
            known.map_or_else(|| value.to_ascii_lowercase(), |(_, word)| (*word).to_owned())
        }
        _ => value.to_owned(),
    };
    Some((property, value))
}

/// A change of a record as the custom property keeps it, where it changes an attribute that clients set;
/// any other one as it is.
pub fn stored_edit(mut edit: Edit) -> Edit {
    if let Edit::SetProperty(name, value)
    | Edit::AddProperty(name, value)
    | Edit::ReplaceProperty(name, value) = &mut edit
        && let Some((property, kept)) = stored(name, value)
    {
        (*name, *value) = (property.to_owned(), kept);
    }
    if let Edit::RemoveProperty(name) = &mut edit
        && let Some((property, _)) = stored(name, "")
    {
        property.clone_into(name);
    }
    edit
}

/// The kinds that a value of `virtual_env_type` means; none for one that nothing here has.
pub fn kinds_of_environment(word: &str) -> &'static [ImageKind] {
    match word {
        "FusionCompute" => &[ImageKind::SystemDisk, ImageKind::FullServer],
        "DataImage" => &[ImageKind::DataDisk],
        "IsoImage" => &[ImageKind::Iso],
        _ => &[],
    }
}

fn environment(kind: ImageKind) -> &'static str {
    match kind {
        ImageKind::SystemDisk | ImageKind::FullServer => "FusionCompute",
        ImageKind::DataDisk => "DataImage",
        ImageKind::Iso => "IsoImage",
    }
}

/// `gold` for public images; an image becomes `shared` with its first share, for its owner as well.
fn image_type(image: &Image) -> &'static str {
    match image.visibility {
        Visibility::Public => "gold",
        Visibility::Community => "shared",
        Visibility::Shared if image.shares > 0 => "shared",
        Visibility::Shared | Visibility::Private => "private",
    }
}

/// All attributes of an image.
pub fn all(image: &Image) -> Vec<(&'static str, Attribute)> {
    let property = |name: &str| image.properties.get(name).map(String::as_str);
    let mut list: Vec<(&'static str, Attribute)> = STORED
        .iter()
        .filter_map(|(name, kept)| Some((*name, Attribute::from(property(kept)?))))
        .filter(|(name, _)| !matches!(*name, "__os_type" | "__platform" | "__os_bit"))
        .collect();
    let version = property("os_version").unwrap_or_default();
    list.extend([
        ("__imagetype", image_type(image).into()),
        ("__isregistered", "true".into()),
        ("__image_size", image.size_bytes.unwrap_or(0).to_string().into()),
        ("__image_source_type", "uds".into()),
        ("__os_type", os_type(property(OS_TYPE), version).into()),
        ("__os_bit", property("os_bit").unwrap_or(os_bit(version)).into()),
        ("__platform", platform(property(PLATFORM), version).into()),
        ("__data_origin", data_origin(image).into()),
        ("__originalimagename", original(image).into()),
        ("__backup_id", "".into()),
        ("__root_origin", if image.source_image.is_none() { "file" } else { "" }.into()),
        ("__system_support_market", Attribute::Flag(false)),
        ("virtual_env_type", environment(image.kind).into()),
    ]);
    if image.kind == ImageKind::FullServer {
        list.push(("__whole_image", "true".into()));
    }
    let is_arm = property("architecture").is_some_and(|a| matches!(a, "aarch64" | "arm64" | "arm"));
    if is_arm && property("support_arm").is_none() {
        list.push(("__support_arm", "true".into()));
    }
    list
}

fn original(image: &Image) -> &str {
    image.source_image.as_ref().map_or("", |id| id.as_str())
}

fn data_origin(image: &Image) -> String {
    match &image.source_image {
        Some(source) => format!("image,{},{source}", image.region),
        None if image.is_from_backup => "server_backup".to_owned(),
        None => "file".to_owned(),
    }
}

fn os_type(stored: Option<&str>, version: &str) -> &'static str {
    match stored {
        Some("linux") => "Linux",
        Some("windows") => "Windows",
        Some(_) => "Other",
        None => match platform(None, version) {
            "Windows" => "Windows",
            "Other" if !version.starts_with("Other Linux") => "Other",
            _ => "Linux",
        },
    }
}

fn os_bit(version: &str) -> &'static str {
    if version.contains("32bit") || version.contains("32(bit)") { "32" } else { "64" }
}

fn platform(stored: Option<&str>, version: &str) -> &'static str {
    let found = match stored {
        Some(stored) => PLATFORMS.iter().find(|(_, word)| *word == stored),
        None => PLATFORMS.iter().find(|(word, _)| version.starts_with(word)),
    };
    found.map_or("Other", |(word, _)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_set_lies_in_a_property_that_may_be_set() {
        for (attribute, property) in STORED {
            assert!(attribute.starts_with("__") && !property.starts_with("__"), "{attribute}");
            let kept = lendglass_core::image::check_property(property, "x");
            assert!(kept.is_ok(), "{property}");
        }
        assert_eq!(stored("__os_type", "Linux"), Some((OS_TYPE, "linux".to_owned())));
        assert_eq!(stored("__platform", "Red Hat"), Some((PLATFORM, "rhel".to_owned())));
        assert_eq!(stored("__imagetype", "gold"), None);
        assert_eq!(stored("x", "y"), None);
    }

    #[test]
    fn the_system_is_read_from_its_version() {
        for (version, expected) in [
            ("CentOS 7.9 64bit", ("Linux", "CentOS", "64")),
            ("Windows Server 2022 Datacenter 64bit", ("Windows", "Windows", "64")),
            ("Ubuntu 10.04 server 32bit", ("Linux", "Ubuntu", "32")),
            ("Other Linux(64 bit)", ("Linux", "Other", "64")),
            ("Other(64 bit)", ("Other", "Other", "64")),
            ("", ("Other", "Other", "64")),
        ] {
            let read = (os_type(None, version), platform(None, version), os_bit(version));
            assert_eq!(read, expected, "{version}");
        }
        assert_eq!(platform(Some("rhel"), ""), "Red Hat");
        assert_eq!(os_type(Some("linux"), "Windows 10"), "Linux");
    }
}
