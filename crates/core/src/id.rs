//! Names of things: validated text, one type for each noun, so that no id is taken for another.
//!
//! Made ids are UUIDv4 (images) or 32 hex digits (the rest); ids from outside may be
//! `[0-9A-Za-z_-]{1,64}` (the domain `default`, LDAP ids).

use crate::error::{Code, Error};
use crate::limits::{ID_CHARS, RECIPIENT_ID_CHARS};

fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= ID_CHARS
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// Declares an id: a newtype around validated text.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Takes an id from outside: `[0-9A-Za-z_-]{1,64}`, else [`Code::MalformedId`].
            pub fn parse(text: &str) -> Result<Self, Error> {
                if is_id(text) { Ok(Self(text.to_owned())) } else { Err(malformed(text)) }
            }

            /// Takes text that the store or the id source has vouched for.
            pub fn trusted(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// An image. Ours are UUIDv4; a client may choose one, which must be a UUID as well.
    ImageId;
    /// A project, which is a tenant.
    ProjectId;
    /// An account, which holds projects (a Keystone domain).
    AccountId;
    /// A user.
    UserId;
    /// A region.
    RegionId;
    /// A job.
    JobId;
    /// A blob: immutable bytes.
    BlobId;
    /// A vault.
    VaultId;
    /// A backup in a vault.
    BackupId;
}

impl ImageId {
    /// Takes an image id from outside: a UUID in its hyphened form (any case), else
    /// [`Code::MalformedId`]. The id is kept in lower case.
    pub fn parse_uuid(text: &str) -> Result<Self, Error> {
        let shape = [8, 4, 4, 4, 12];
        let mut groups = text.split('-');
        let fits = shape.iter().all(|&len| {
            groups
                .next()
                .is_some_and(|g| g.len() == len && g.bytes().all(|b| b.is_ascii_hexdigit()))
        });
        if fits && groups.next().is_none() {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(malformed(text))
        }
    }
}

impl ProjectId {
    /// Keeps a recipient id as it was written, where the policy does not check recipients
    /// (`share.check_recipient = false`, as Glance): 1 to 255 characters without control characters.
    pub fn as_written(text: &str) -> Result<Self, Error> {
        let chars = text.chars().count();
        if chars == 0 || chars > RECIPIENT_ID_CHARS || text.chars().any(char::is_control) {
            return Err(malformed(text));
        }
        Ok(Self(text.to_owned()))
    }
}

fn malformed(text: &str) -> Error {
    Error::new(Code::MalformedId).with("id", crate::text::shortened(text, 80))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_from_outside_are_checked() {
        for good in ["default", "0b6611f2a0c34a5a8c1f7d90a4b4553f", "A_b-9"] {
            assert_eq!(ProjectId::parse(good).unwrap().as_str(), good);
        }
        let long = "a".repeat(65);
        for bad in ["", "a b", "a/b", "é", "a\0", long.as_str()] {
            assert_eq!(ProjectId::parse(bad).unwrap_err().code(), Code::MalformedId, "{bad:?}");
        }
    }

    #[test]
    fn an_image_id_is_a_uuid_in_lower_case() {
        let id = ImageId::parse_uuid("5A1E0D7C-5b7e-4d1b-8f0e-2d7a3cf6a9b0").unwrap();
        assert_eq!(id.as_str(), "5a1e0d7c-5b7e-4d1b-8f0e-2d7a3cf6a9b0");
        for bad in [
            "5a1e0d7c5b7e4d1b8f0e2d7a3cf6a9b0",
            "packer-made",
            "",
            "5a1e0d7c-5b7e-4d1b-8f0e-2d7a3cf6a9b0-",
        ] {
            assert!(ImageId::parse_uuid(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_unchecked_recipient_is_kept_as_written() {
        assert_eq!(ProjectId::as_written("no such project!").unwrap().as_str(), "no such project!");
        assert!(ProjectId::as_written(&"x".repeat(256)).is_err());
        assert!(ProjectId::as_written("a\nb").is_err());
    }
}
