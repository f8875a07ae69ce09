//! The policy: every number and permission that differs between clouds, as data (PF-01, PF-02).
//!
//! A policy is a built-in [profile](crate::profile) plus overrides of the installation, of a region
//! and of a project, in this order. `share.*`, `owner.*`, `delete.*`, `recipient.*` and
//! `full_server.*` are asked of the project that owns the image; quotas, tags and labels of the
//! caller's.

use crate::error::{Code, Error};
use crate::image::words;

/// A ceiling; `None` is no limit.
pub type Ceiling = Option<u32>;

words! {
    /// How a recipient's id is read where both are possible (ID-08).
    RecipientKind {
        /// As a project.
        Project = "project",
        /// As an account.
        Account = "account",
    }
}

words! {
    /// Whether an offer has to be answered.
    Acceptance {
        /// The recipient answers.
        Explicit = "explicit",
        /// The share is accepted when it is made (ST-08).
        Automatic = "automatic",
    }
}

words! {
    /// What offering again does after a rejection (ST-05).
    Reinvite {
        /// A new offer.
        Pending = "pending",
        /// Accepted at once.
        Accepted = "accepted",
        /// Refused: the owner withdraws first.
        Conflict = "conflict",
    }
}

words! {
    /// A plain permission that words describe better than a flag.
    Allowance {
        /// Yes.
        Allow = "allow",
        /// No.
        Deny = "deny",
    }
}

words! {
    /// Whether encrypted images may be shared.
    EncryptedSharing {
        /// As any other.
        Allow = "allow",
        /// Only those with an own key that was granted to the recipient.
        CustomKeyWithGrant = "custom_key_with_grant",
        /// Never.
        Deny = "deny",
    }
}

words! {
    /// Which full-server images may be shared.
    FullServerSources {
        /// All.
        Any = "any",
        /// Those made from a vault backup (FS-11).
        Backup = "backup",
        /// None.
        None = "none",
    }
}

words! {
    /// What deleting a shared image does.
    DeleteWhileShared {
        /// Ends the shares with it (DL-01).
        Allow = "allow",
        /// Is refused while anyone has accepted (DL-09).
        BlockIfAccepted = "block_if_accepted",
        /// Is refused until every share is cancelled (DL-02).
        RequireUnshare = "require_unshare",
    }
}

words! {
    /// Whether accounts of two sites may share.
    CrossSite {
        /// Where both sites offer the region (RG-03).
        AllowIfCommonRegion = "allow_if_common_region",
        /// Never.
        Deny = "deny",
    }
}

/// `share.*`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharePolicy {
    /// Recipients of a system-disk image (SH-15).
    pub max_tenants_system: Ceiling,
    /// Recipients of a data-disk image.
    pub max_tenants_data: Ceiling,
    /// Recipients of an ISO image.
    pub max_tenants_iso: Ceiling,
    /// Recipients of a full-server image (FS-10).
    pub max_tenants_full_server: Ceiling,
    /// Distinct images a project may have shared out (SH-16).
    pub max_shared_images: Ceiling,
    /// Recipient ids in one request (SH-14).
    pub max_ids_per_request: Ceiling,
    /// Unanswered offers of one image, where pending does not count (SH-18).
    pub max_open_invitations: Ceiling,
    /// Which kind of id console and command line ask for.
    pub recipient_kind: RecipientKind,
    /// Whether an offer has to be answered.
    pub acceptance: Acceptance,
    /// Only accepted images are usable (RC-10).
    pub use_requires_acceptance: bool,
    /// An unanswered share uses a slot (SH-17).
    pub pending_counts: bool,
    /// A rejected share uses a slot.
    pub rejected_counts: bool,
    /// Seconds after which an offer lapses, unless the offer says; `None`: never.
    pub pending_ttl_seconds: Option<u32>,
    /// Sharing needs status active (SH-06).
    pub needs_active: bool,
    /// The recipient must exist and not be oneself (SH-08, SH-19).
    pub check_recipient: bool,
    /// Offering again after a rejection (ST-05).
    pub reinvite_rejected: Reinvite,
    /// The operator may set a state for somebody (ST-02).
    pub operator_may_answer: bool,
    /// The first share makes a private image shared, the end of the last makes it private again.
    pub private_becomes_shared: bool,
    /// The owner must confirm that the content was checked (SH-37).
    pub require_ack: bool,
    /// Whether published images may be shared (SH-05).
    pub market_images: Allowance,
    /// Whether encrypted images may be shared.
    pub encrypted: EncryptedSharing,
    /// Which full-server images may be shared (FS-11).
    pub full_server_sources: FullServerSources,
}

/// `owner.*`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerPolicy {
    /// The owner may withdraw an accepted share (SH-32, DL-09).
    pub may_remove_accepted: bool,
}

/// `delete.*`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletePolicy {
    /// What deleting a shared image does.
    pub while_shared: DeleteWhileShared,
}

/// `recipient.*`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipientPolicy {
    /// May drop an accepted image (ST-03).
    pub may_remove: bool,
    /// May set its own state back to pending.
    pub may_reopen: bool,
    /// May replicate an accepted image (SH-04, US-09).
    pub may_replicate: bool,
    /// May read the bytes of an image it may use (RC-18).
    pub may_download: bool,
    /// May export to a bucket.
    pub may_export: bool,
    /// May change the record; locked to no (RC-16).
    pub may_edit: bool,
    /// May share on; locked to no (SH-03).
    pub may_reshare: bool,
    /// What dropping is called: `remove`, `reject` or `none`.
    pub remove_word: String,
}

/// The effective rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// `share.*`
    pub share: SharePolicy,
    /// `owner.*`
    pub owner: OwnerPolicy,
    /// `delete.*`
    pub delete: DeletePolicy,
    /// `recipient.*`
    pub recipient: RecipientPolicy,
    /// `full_server.accept_needs_vault` (FS-01)
    pub full_server_accept_needs_vault: bool,
    /// `vault.keep_after_unshare` (FS-13)
    pub vault_keep_after_unshare: bool,
    /// `image.default_visibility`
    pub image_default_visibility: crate::image::Visibility,
    /// `image.name_max`, in characters
    pub image_name_max: u32,
    /// `image.name_free`: any character is allowed in a name
    pub image_name_free: bool,
    /// `image.properties_max`
    pub image_properties_max: Ceiling,
    /// `public.may_download` (T-127)
    pub public_may_download: bool,
    /// `regions.cross_site_share` (RG-03)
    pub regions_cross_site_share: CrossSite,
    /// `bar.actions`, first is primary; comma-separated
    pub bar_actions: String,
    /// `private_image.quota`
    pub private_image_quota: Ceiling,
    /// `tags.max` (T-048)
    pub tags_max: Ceiling,
    /// `trash.retention`, seconds; `None`: no recycle bin
    pub trash_retention_seconds: Option<u32>,
}

/// The value of a key with its type, for dialects that have types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// A permission.
    Flag(bool),
    /// A ceiling or a length of time; `None` is no limit.
    Number(Ceiling),
    /// A word.
    Word(String),
}

impl Typed {
    /// The text of the value, as [`Policy::set`] reads it.
    pub fn text(&self) -> String {
        match self {
            Typed::Flag(flag) => flag.show(),
            Typed::Number(number) => number.show(),
            Typed::Word(word) => word.clone(),
        }
    }
}

/// Which values a key takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Number {
        /// Whether `none`, no limit, is one as well.
        may_be_none: bool,
    },
    /// One of these words.
    Word(Vec<&'static str>),
    /// Words of one's own: small letters, `_`, and `,` between them.
    Text,
}

impl Shape {
    /// The word for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Shape::Flag => "flag",
            Shape::Number { .. } => "number",
            Shape::Word(_) => "word",
            Shape::Text => "text",
        }
    }
}

/// A value that has one text: how it is stored, rendered and typed by an operator.
trait Setting {
    fn shape() -> Shape;
    fn typed(&self) -> Typed {
        Typed::Word(self.show())
    }
    fn show(&self) -> String;
    fn read(text: &str) -> Option<Self>
    where
        Self: Sized;
}

impl Setting for bool {
    fn shape() -> Shape {
        Shape::Flag
    }
    fn typed(&self) -> Typed {
        Typed::Flag(*self)
    }
    fn show(&self) -> String {
        self.to_string()
    }
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Setting for u32 {
    fn shape() -> Shape {
        Shape::Number { may_be_none: false }
    }
    fn typed(&self) -> Typed {
        Typed::Number(Some(*self))
    }
    fn show(&self) -> String {
        self.to_string()
    }
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Setting for Option<u32> {
    fn shape() -> Shape {
        Shape::Number { may_be_none: true }
    }
    fn typed(&self) -> Typed {
        Typed::Number(*self)
    }
    fn show(&self) -> String {
        self.map_or_else(|| "none".to_owned(), |n| n.to_string())
    }
    fn read(text: &str) -> Option<Self> {
        if text == "none" { Some(None) } else { text.parse().ok().map(Some) }
    }
}

impl Setting for String {
    fn shape() -> Shape {
        Shape::Text
    }
    fn show(&self) -> String {
        self.clone()
    }
    fn read(text: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_lowercase() || c == '_' || c == ',';
        (!text.is_empty() && text.chars().all(plain)).then(|| text.to_owned())
    }
}

macro_rules! word_settings {
    ($($name:ty,)*) => {$(
        impl Setting for $name {
            fn shape() -> Shape {
                Shape::Word(Self::ALL.iter().map(|word| word.as_str()).collect())
            }
            fn show(&self) -> String {
                self.as_str().to_owned()
            }
            fn read(text: &str) -> Option<Self> {
                Self::parse(text)
            }
        }
    )*};
}

word_settings! {
    RecipientKind, Acceptance, Reinvite, Allowance, EncryptedSharing, FullServerSources,
    DeleteWhileShared, CrossSite, crate::image::Visibility,
}

/// One key of the policy: its name, and how to read and write it.
pub struct Key {
    /// The name, as in `GET /api/v1/policy`.
    pub name: &'static str,
    /// Whether nobody may change it: all clouds agree, or nothing obeys it yet (there is no export
    /// and no bin), and a key without effect would lie.
    pub is_locked: bool,
    get: fn(&Policy) -> String,
    typed: fn(&Policy) -> Typed,
    set: fn(&mut Policy, &str) -> bool,
    shape: fn(&Policy) -> Shape,
}

impl Key {
    /// The key of a name, if there is one.
    pub fn parse(name: &str) -> Option<&'static Key> {
        KEYS.iter().find(|key| key.name == name)
    }

    /// Its value.
    pub fn typed(&self, policy: &Policy) -> Typed {
        (self.typed)(policy)
    }

    /// Which values it takes; the same for every policy.
    pub fn shape(&self, policy: &Policy) -> Shape {
        (self.shape)(policy)
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

fn shape_of<T: Setting>(_: &T) -> Shape {
    T::shape()
}

fn put<T: Setting>(place: &mut T, text: &str) -> bool {
    match T::read(text) {
        Some(value) => {
            *place = value;
            true
        }
        None => false,
    }
}

macro_rules! keys {
    ($($name:literal => $($field:ident).+ $(, $locked:ident)?;)*) => {
        /// Every key, in the order of the documentation.
        pub const KEYS: &[Key] = &[$(Key {
            name: $name,
            is_locked: false $(|| stringify!($locked).len() > 0)?,
            get: |policy| policy.$($field).+.show(),
            typed: |policy| policy.$($field).+.typed(),
            set: |policy, text| put(&mut policy.$($field).+, text),
            shape: |policy| shape_of(&policy.$($field).+),
        },)*];
    };
}

keys! {
    "share.max_tenants.system" => share.max_tenants_system;
    "share.max_tenants.data" => share.max_tenants_data;
    "share.max_tenants.iso" => share.max_tenants_iso;
    "share.max_tenants.full_server" => share.max_tenants_full_server;
    "share.max_shared_images" => share.max_shared_images;
    "share.max_ids_per_request" => share.max_ids_per_request;
    "share.max_open_invitations" => share.max_open_invitations;
    "share.recipient_kind" => share.recipient_kind;
    "share.acceptance" => share.acceptance;
    "share.use_requires_acceptance" => share.use_requires_acceptance;
    "share.pending_counts" => share.pending_counts;
    "share.rejected_counts" => share.rejected_counts;
    "share.pending_ttl" => share.pending_ttl_seconds;
    "share.needs_active" => share.needs_active;
    "share.check_recipient" => share.check_recipient;
    "share.reinvite_rejected" => share.reinvite_rejected;
    "share.operator_may_answer" => share.operator_may_answer;
    "share.private_becomes_shared" => share.private_becomes_shared;
    "share.require_ack" => share.require_ack;
    "share.market_images" => share.market_images;
    "share.encrypted" => share.encrypted;
    "share.full_server_sources" => share.full_server_sources;
    "full_server.accept_needs_vault" => full_server_accept_needs_vault;
    "vault.keep_after_unshare" => vault_keep_after_unshare;
    "image.default_visibility" => image_default_visibility;
    "image.name_max" => image_name_max;
    "image.name_free" => image_name_free;
    "image.properties_max" => image_properties_max;
    "delete.while_shared" => delete.while_shared;
    "owner.may_remove_accepted" => owner.may_remove_accepted;
    "recipient.may_remove" => recipient.may_remove;
    "recipient.may_reopen" => recipient.may_reopen;
    "recipient.may_replicate" => recipient.may_replicate;
    "recipient.may_download" => recipient.may_download;
    "recipient.may_export" => recipient.may_export, locked;
    "recipient.may_edit" => recipient.may_edit, locked;
    "recipient.may_reshare" => recipient.may_reshare, locked;
    "recipient.remove_word" => recipient.remove_word;
    "public.may_download" => public_may_download;
    "regions.cross_site_share" => regions_cross_site_share;
    "bar.actions" => bar_actions;
    "private_image.quota" => private_image_quota;
    "tags.max" => tags_max;
    "trash.retention" => trash_retention_seconds, locked;
}

impl Policy {
    /// The value of a key as text; `none` is no limit.
    pub fn get(&self, name: &str) -> Option<String> {
        KEYS.iter().find(|key| key.name == name).map(|key| (key.get)(self))
    }

    /// Sets a key from its text. Errors: [`Code::UnknownField`], [`Code::PolicyLocked`],
    /// [`Code::InvalidValue`]. The policy is unchanged on error.
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), Error> {
        let Some(key) = Key::parse(name) else {
            let shown = crate::text::shortened(name, 80);
            return Err(Error::new(Code::UnknownField).with("field", shown));
        };
        if key.is_locked {
            return Err(Error::new(Code::PolicyLocked).with("key", name));
        }
        if (key.set)(self, text) {
            return Ok(());
        }
        Err(Error::new(Code::InvalidValue)
            .with("field", name)
            .with("value", crate::text::shortened(text, 80))
            .with("reason", "no such value for this key"))
    }

    /// Every key with its typed value, in the order of the documentation.
    pub fn values(&self) -> impl Iterator<Item = (&'static str, Typed)> + '_ {
        KEYS.iter().map(|key| (key.name, (key.typed)(self)))
    }

    /// Every key with its value, in the order of the documentation.
    pub fn entries(&self) -> impl Iterator<Item = (&'static str, String)> + '_ {
        KEYS.iter().map(|key| (key.name, (key.get)(self)))
    }
}
