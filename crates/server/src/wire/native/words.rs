//! Words of the core as JSON strings and as schemas: one type for each closed vocabulary.

use std::borrow::Cow;

use lendglass_core::{image, job, notice, permission, policy, profile, quota, share, tag, vault};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

macro_rules! wire_words {
    ($($(#[$doc:meta])* $name:ident = $core:path,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(pub $core);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.0.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<$name, D::Error> {
                let word = Cow::<'de, str>::deserialize(from)?;
                <$core>::parse(&word).map($name).ok_or_else(|| {
                    let known: Vec<&str> = <$core>::ALL.iter().map(|word| word.as_str()).collect();
                    de::Error::custom(format!("one of {}", known.join(", ")))
                })
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                words_schema(<$core>::ALL.iter().map(|word| word.as_str()))
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    )*};
}

wire_words! {
    /// What a statement does.
    Effect = permission::Effect,
    /// A named policy.
    Profile = profile::Profile,
    /// What an image holds.
    ImageKind = image::ImageKind,
    /// Where an image is in its life.
    ImageStatus = image::ImageStatus,
    /// Who may see an image.
    Visibility = image::Visibility,
    /// The format of a disk.
    DiskFormat = image::DiskFormat,
    /// What the disk is wrapped in.
    ContainerFormat = image::ContainerFormat,
    /// How an image is encrypted at its owner's wish.
    Encryption = image::Encryption,
    /// Where a share is.
    ShareState = share::ShareState,
    /// What a standing rule does with an offer.
    Verdict = share::Verdict,
    /// How an id is read.
    RecipientKind = policy::RecipientKind,
    /// What a notice is about.
    NoticeKind = notice::NoticeKind,
    /// What of a project is counted against a ceiling.
    Quota = quota::Quota,
    /// Whose predefined tag it is.
    TagScope = tag::TagScope,
    /// Where a job is.
    JobState = job::JobState,
    /// What a vault holds.
    ObjectType = vault::ObjectType,
    /// What the contents of a vault are for.
    Protection = vault::Protection,
    /// Whether a vault takes anything.
    VaultStatus = vault::VaultStatus,
}

fn words_schema(words: impl Iterator<Item = &'static str>) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).enum_values(Some(words)).into()
}
