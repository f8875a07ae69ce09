//! Records: made, shown, changed, deleted.

use std::collections::{BTreeMap, BTreeSet};

use lendglass_core::audit::{self, AuditEvent, AuditVerb};
use lendglass_core::image::{
    ContainerFormat, DiskFormat, Encryption, Image, ImageKind, ImageStatus, Visibility, check_name,
    check_property, check_tag,
};
use lendglass_core::limits::{MINIMUM_MAX, PATCH_OPERATIONS};
use lendglass_core::notice::Notice;
use lendglass_core::permission::Action;
use lendglass_core::policy::Policy;
use lendglass_core::quota::{Filling, Quota};
use lendglass_core::share::Recipient;
use lendglass_core::tenant::Caller;
use lendglass_core::{Code, Error, ImageId, ProjectId, Timestamp, access, quota};
use lendglass_store::{
    Tx, audit as store_audit, image as store_image, policy as store_policy, share as store_share,
};

use crate::app::App;
use crate::service::share::settle;
use crate::service::vault::acceptance::{self, Ending};
use crate::service::{Seen, lock_seen, not_found, notice, tag};

pub use crate::service::delete::{Backups, delete, delete_with};

/// A record to be made.
#[derive(Clone, Debug, Default)]
pub struct NewImage {
    /// An id the client chose; `None`: a fresh one.
    pub id: Option<ImageId>,
    /// The name.
    pub name: Option<String>,
    /// What it will hold; `None`: from the format.
    pub kind: Option<ImageKind>,
    /// `None`: as the policy says.
    pub visibility: Option<Visibility>,
    /// Left out of default lists.
    pub is_hidden: bool,
    /// Cannot be deleted.
    pub is_protected: bool,
    /// The declared disk format.
    pub disk_format: Option<DiskFormat>,
    /// The declared container format.
    pub container_format: Option<ContainerFormat>,
    /// GiB.
    pub min_disk_gib: u32,
    /// MiB.
    pub min_ram_mib: u32,
    /// Labels; repetitions are dropped.
    pub tags: Vec<String>,
    /// Custom properties.
    pub properties: BTreeMap<String, String>,
    /// Another owner than the caller's project; for the operator.
    pub owner: Option<ProjectId>,
}

/// One change of a record; a list of them is applied in order, all or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Sets or clears the name.
    Name(Option<String>),
    /// Sets who may see it.
    Visibility(Visibility),
    /// Sets whether default lists leave it out.
    Hidden(bool),
    /// Sets whether it can be deleted.
    Protected(bool),
    /// Sets the disk format; only while queued.
    DiskFormat(Option<DiskFormat>),
    /// Sets the container format; only while queued.
    ContainerFormat(Option<ContainerFormat>),
    /// Sets the smallest disk, GiB.
    MinDisk(u32),
    /// Sets the smallest memory, MiB.
    MinRam(u32),
    /// Sets what it holds.
    Kind(ImageKind),
    /// Sets all labels.
    Tags(Vec<String>),
    /// Adds a label; nothing happens if it is there.
    AddTag(String),
    /// Takes a label away; [`Code::TagNotFound`] if it is not there.
    RemoveTag(String),
    /// Labels with a key: sets `KEY=VALUE`, or `KEY` for an empty value, in place of every label with
    /// that key.
    PutPair(String, String),
    /// Takes every label with a key away, or the one with this value; nothing happens if there is none.
    DropPair(String, Option<String>),
    /// Takes every label with a key away; [`Code::TagNotFound`] if there is none.
    RemovePair(String),
    /// Sets a custom property, new or not.
    SetProperty(String, String),
    /// Makes a custom property; [`Code::PropertyExists`] if it is there.
    AddProperty(String, String),
    /// Sets a custom property that must be there; else [`Code::PropertyMissing`].
    ReplaceProperty(String, String),
    /// Takes a custom property away; [`Code::PropertyMissing`] if it is not there.
    RemoveProperty(String),
    /// Gives the record to another project; for the operator.
    Owner(ProjectId),
    /// Sets its place among public images, 0 for none; for the operator.
    Rank(u32),
}

/// Makes a record in the caller's project and region (`queued`, without bytes).
///
/// Errors: the rules about names, tags and properties; [`Code::ImageExists`] for an id that is or was
/// taken; [`Code::PrivateImageQuota`]; [`Code::PublicizeForbidden`].
pub async fn create(app: &App, caller: &Caller, new: NewImage) -> Result<Image, Error> {
    caller.may(Action::to_create(kind_of(&new)))?;
    if new.owner.as_ref().is_some_and(|owner| *owner != caller.project) {
        caller.needs_operator()?;
    }
    let now = app.clock.now();
    let id = new.id.clone().unwrap_or_else(|| ImageId::trusted(app.ids.uuid()));
    let (owned, mine) = (app.clone(), caller.clone());
    app.change(caller, move |tx| {
        let (image, told) = create_in(tx, &owned, &mine, &new, &id, now)?;
        let event =
            AuditEvent::by(&mine, now, AuditVerb::ImageCreate, id.as_str()).on_behalf(&image.owner);
        store_audit::insert(tx, &owned.ids.hex(), &event)?;
        notice::tell(tx, told.as_slice())?;
        Ok(image)
    })
    .await
}

fn kind_of(new: &NewImage) -> ImageKind {
    new.kind.unwrap_or_else(|| ImageKind::of_format(new.disk_format))
}

/// The record without its event: whoever makes one as a part of something else writes the event of
/// that. Answers what its owner is to be told as the last step of the transaction; who listens for the
/// owner is woken by the record itself.
pub(crate) fn create_in(
    tx: &mut Tx<'_>,
    app: &App,
    caller: &Caller,
    new: &NewImage,
    id: &ImageId,
    now: Timestamp,
) -> Result<(Image, Option<Notice>), Error> {
    let owner = new.owner.clone().unwrap_or_else(|| caller.project.clone());
    let policy = store_policy::effective_in(tx, &app.policy, &caller.region, &owner)?;
    let image = record(caller, new, id, owner, &policy, now)?;
    tag::check_gained(tx, &image.owner, &[], &image.tags)?;
    let mut told = None;
    if let Some(max) = policy.private_image_quota {
        store_image::lock_project(tx, &image.owner)?;
        let used = store_image::count_owned(tx, &image.owner, &image.region)?;
        quota::room_for_image(used, &policy)?;
        let filling = Filling::by(u64::from(used), 1, u64::from(max));
        let (owner, region) = (&image.owner, &image.region);
        told = Notice::of_quota(owner, region, Quota::PrivateImages, filling, now);
    }
    if store_image::is_taken(tx, id)? {
        return Err(Error::new(Code::ImageExists).with("id", id));
    }
    store_image::insert(tx, &image, &app.ids.tencent_image())?;
    Ok((image, told))
}

fn record(
    caller: &Caller,
    new: &NewImage,
    id: &ImageId,
    owner: ProjectId,
    policy: &Policy,
    now: Timestamp,
) -> Result<Image, Error> {
    let mut image = Image {
        id: id.clone(),
        region: caller.region.clone(),
        owner,
        name: new.name.clone(),
        kind: kind_of(new),
        status: ImageStatus::Queued,
        visibility: policy.image_default_visibility,
        is_hidden: new.is_hidden,
        is_protected: new.is_protected,
        is_published: false,
        disk_format: new.disk_format,
        container_format: new.container_format,
        min_disk_gib: new.min_disk_gib,
        min_ram_mib: new.min_ram_mib,
        size_bytes: None,
        virtual_size_bytes: None,
        digests: None,
        encryption: Encryption::None,
        tags: Vec::new(),
        properties: new.properties.clone(),
        is_from_backup: false,
        rank: 0,
        source_image: None,
        shares: 0,
        created_at: now,
        updated_at: now,
    };
    if let Some(visibility) = new.visibility {
        access::may_set_visibility(caller, &image, visibility, policy)?;
        image.visibility = visibility;
    }
    set_tags(&mut image, &new.tags);
    check(&image, policy)?;
    Ok(image)
}

/// Whether a record keeps all rules about its own content.
fn check(image: &Image, policy: &Policy) -> Result<(), Error> {
    if let Some(name) = &image.name {
        check_name(name, policy)?;
    }
    for (field, number) in [("min_disk", image.min_disk_gib), ("min_ram", image.min_ram_mib)] {
        if number > MINIMUM_MAX {
            return Err(Error::new(Code::InvalidValue)
                .with("field", field)
                .with("value", number)
                .with("reason", format!("at most {MINIMUM_MAX}")));
        }
    }
    image.tags.iter().try_for_each(|tag| check_tag(tag))?;
    quota::room_for_tags(image.tags.len(), policy)?;
    image.properties.iter().try_for_each(|(name, value)| check_property(name, value))?;
    quota::room_for_properties(image.properties.len(), policy)
}

fn set_tags(image: &mut Image, tags: &[String]) {
    let mut known = BTreeSet::new();
    image.tags = tags.iter().filter(|tag| known.insert(*tag)).cloned().collect();
}

/// The record, as the caller sees it, for who may look at records.
pub async fn show(app: &App, caller: &Caller, id: &ImageId) -> Result<Seen, Error> {
    let seen = seen(app, caller, id).await?;
    caller.may(Action::ImagesGet)?;
    Ok(seen)
}

/// The record, as the caller sees it, for what is not looking at it: a change that answers what it
/// made, bytes, shares.
pub async fn seen(app: &App, caller: &Caller, id: &ImageId) -> Result<Seen, Error> {
    let (image, shares) =
        store_image::show(&app.db, id, caller).await?.ok_or_else(|| not_found(id))?;
    let seen = Seen { image, shares };
    seen.standing(caller, app.clock.now())?;
    Ok(seen)
}

/// What those of some images are called that the caller sees and that have a name.
pub async fn names(
    app: &App,
    caller: &Caller,
    ids: &[ImageId],
) -> Result<BTreeMap<ImageId, String>, Error> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let now = app.clock.now();
    let all = store_image::show_all(&app.db, ids, caller).await?.into_iter();
    let seen = all.map(|(image, shares)| Seen { image, shares });
    let seen = seen.filter(|seen| seen.standing(caller, now).is_ok());
    Ok(seen.filter_map(|seen| Some((seen.image.id, seen.image.name?))).collect())
}

/// Applies `edits` in order, all or none (T-030).
///
/// Errors: not the owner's ([`Code::SharedImageReadonly`], [`Code::NotImageOwner`]);
/// [`Code::ImageBusy`] unless queued or active; the rules of [`Edit`] and of [`create`];
/// [`Code::Malformed`] for more than [`PATCH_OPERATIONS`], which others would wait for.
pub async fn update(
    app: &App,
    caller: &Caller,
    id: &ImageId,
    edits: Vec<Edit>,
) -> Result<Seen, Error> {
    if edits.len() > PATCH_OPERATIONS {
        let reason = format!("at most {PATCH_OPERATIONS} changes at one time");
        return Err(Error::new(Code::Malformed).with("reason", reason));
    }
    let (owned, mine, id) = (app.clone(), caller.clone(), id.clone());
    app.change(caller, move |tx| update_in(tx, &owned, &mine, &id, &edits)).await
}

fn update_in(
    tx: &mut Tx<'_>,
    app: &App,
    caller: &Caller,
    id: &ImageId,
    edits: &[Edit],
) -> Result<Seen, Error> {
    let now = app.clock.now();
    let mut seen = lock_seen(tx, id, caller)?;
    access::may_change(caller, seen.standing(caller, now)?)?;
    may_edit_in(seen.image.status)?;
    let policy = store_policy::effective_in(tx, &app.policy, &caller.region, &seen.image.owner)?;
    let before = seen.image.clone();
    for edit in edits {
        apply(caller, &mut seen.image, edit, &policy)?;
    }
    check(&seen.image, &policy)?;
    tag::check_gained(tx, &seen.image.owner, &before.tags, &seen.image.tags)?;
    if seen.image == before {
        return Ok(seen);
    }
    seen.image.updated_at = now;
    store_image::update(tx, &before, &seen.image)?;
    if before.owner != seen.image.owner {
        seen.image = hand_over_shares(tx, &seen.image, &policy, now)?;
    }
    // Of two owners the one who is not the caller reads the event as well.
    let owner = if before.owner == caller.project { &seen.image.owner } else { &before.owner };
    let event = AuditEvent::by(caller, now, AuditVerb::ImageUpdate, id.as_str())
        .on_behalf(owner)
        .with_detail(changes(&before, &seen.image));
    store_audit::insert(tx, &app.ids.hex(), &event)?;
    Ok(seen)
}

/// What differs, with what it was and is, for the audit trail.
fn changes(before: &Image, after: &Image) -> String {
    audit::changes_text(&facts(before), &facts(after))
}

/// The fields that people change.
fn facts(image: &Image) -> BTreeMap<String, String> {
    let own = |properties: &BTreeMap<String, String>| {
        let named =
            |(name, value): (&String, &String)| (format!("properties.{name}"), value.clone());
        properties.iter().map(named).collect::<BTreeMap<_, _>>()
    };
    let mut facts = own(&image.properties);
    let mut put = |name: &str, value: String| facts.insert(name.to_owned(), value);
    put("name", image.name.clone().unwrap_or_default());
    put("visibility", image.visibility.as_str().to_owned());
    put("hidden", image.is_hidden.to_string());
    put("protected", image.is_protected.to_string());
    put("disk_format", image.disk_format.map_or("", |format| format.as_str()).to_owned());
    let container = image.container_format.map_or("", |format| format.as_str());
    put("container_format", container.to_owned());
    put("min_disk_gib", image.min_disk_gib.to_string());
    put("min_ram_mib", image.min_ram_mib.to_string());
    put("kind", image.kind.as_str().to_owned());
    put("tags", image.tags.join(", "));
    put("rank", image.rank.to_string());
    put("owner", image.owner.to_string());
    facts
}

/// The shares of an image that changed its owner are the new owner's, but for the one he received
/// himself: nobody is the recipient of his own image.
fn hand_over_shares(
    tx: &mut Tx<'_>,
    image: &Image,
    policy: &Policy,
    now: Timestamp,
) -> Result<Image, Error> {
    let own = Recipient::Project(image.owner.clone());
    for mut share in store_share::of_image_in(tx, &image.id)? {
        if share.recipient == own {
            acceptance::release(tx, &[Ending { share: &share, policy }])?;
            store_share::delete(tx, &share)?;
        } else {
            share.owner = image.owner.clone();
            store_share::put(tx, &share)?;
        }
    }
    let shares = store_share::count(tx, &image.id)?;
    settle(tx, image, shares, policy, now)
}

/// Records change while queued or active (T-030).
pub(crate) fn may_edit_in(status: ImageStatus) -> Result<(), Error> {
    match status {
        ImageStatus::Queued | ImageStatus::Active => Ok(()),
        ImageStatus::Saving
        | ImageStatus::Uploading
        | ImageStatus::Importing
        | ImageStatus::Deactivated
        | ImageStatus::Error => Err(Error::new(Code::ImageBusy).with("status", status.as_str())),
    }
}

fn apply(caller: &Caller, image: &mut Image, edit: &Edit, policy: &Policy) -> Result<(), Error> {
    match edit {
        Edit::Name(name) => image.name.clone_from(name),
        Edit::Visibility(visibility) => {
            access::may_set_visibility(caller, image, *visibility, policy)?;
            image.visibility = *visibility;
        }
        Edit::Hidden(is_hidden) => image.is_hidden = *is_hidden,
        Edit::Protected(is_protected) => image.is_protected = *is_protected,
        Edit::DiskFormat(format) => {
            only_while_queued(image, "disk_format", image.disk_format == *format)?;
            image.disk_format = *format;
        }
        Edit::ContainerFormat(format) => {
            only_while_queued(image, "container_format", image.container_format == *format)?;
            image.container_format = *format;
        }
        Edit::MinDisk(gib) => image.min_disk_gib = *gib,
        Edit::MinRam(mib) => image.min_ram_mib = *mib,
        Edit::Kind(kind) => {
            only_while_queued(image, "kind", image.kind == *kind)?;
            image.kind = *kind;
        }
        Edit::Tags(tags) => set_tags(image, tags),
        Edit::AddTag(tag) => {
            if !image.tags.contains(tag) {
                image.tags.push(tag.clone());
            }
        }
        Edit::RemoveTag(tag) => {
            let place = image.tags.iter().position(|known| known == tag);
            let place = place.ok_or_else(|| Error::new(Code::TagNotFound).with("tag", tag))?;
            image.tags.remove(place);
        }
        Edit::PutPair(key, value) => put_pair(&mut image.tags, key, value),
        Edit::DropPair(key, value) => image.tags.retain(|tag| {
            !has_key(tag, key) || value.as_ref().is_some_and(|value| *tag != pair(key, value))
        }),
        Edit::RemovePair(key) => {
            if !image.tags.iter().any(|tag| has_key(tag, key)) {
                return Err(Error::new(Code::TagNotFound).with("tag", key));
            }
            image.tags.retain(|tag| !has_key(tag, key));
        }
        Edit::SetProperty(name, value) => {
            image.properties.insert(name.clone(), value.clone());
        }
        Edit::AddProperty(name, value) => {
            if image.properties.contains_key(name) {
                return Err(Error::new(Code::PropertyExists).with("property", name));
            }
            image.properties.insert(name.clone(), value.clone());
        }
        Edit::ReplaceProperty(name, value) => {
            let place = image.properties.get_mut(name).ok_or_else(|| missing(name))?;
            value.clone_into(place);
        }
        Edit::RemoveProperty(name) => {
            image.properties.remove(name).ok_or_else(|| missing(name))?;
        }
        Edit::Owner(owner) => {
            if *owner != image.owner {
                caller.needs_operator()?;
            }
            image.owner = owner.clone();
        }
        Edit::Rank(rank) => {
            if *rank != image.rank {
                caller.needs_operator()?;
            }
            image.rank = *rank;
        }
    }
    Ok(())
}

/// The label of a key and a value.
fn pair(key: &str, value: &str) -> String {
    if value.is_empty() { key.to_owned() } else { format!("{key}={value}") }
}

fn has_key(tag: &str, key: &str) -> bool {
    tag.split_once('=').map_or(tag, |(known, _)| known) == key
}

/// Puts the label where the first one with its key is, else at the end.
fn put_pair(tags: &mut Vec<String>, key: &str, value: &str) {
    let place = tags.iter().position(|tag| has_key(tag, key)).unwrap_or(tags.len());
    tags.retain(|tag| !has_key(tag, key));
    tags.insert(place, pair(key, value));
}

fn missing(name: &str) -> Error {
    Error::new(Code::PropertyMissing).with("property", name)
}

fn only_while_queued(image: &Image, property: &str, is_same: bool) -> Result<(), Error> {
    if is_same || image.status == ImageStatus::Queued {
        return Ok(());
    }
    Err(Error::new(Code::PropertyReadonly).with("property", property))
}

/// Withholds an image's bytes from everyone but the operator; nothing happens if they are.
pub async fn deactivate(app: &App, caller: &Caller, id: &ImageId) -> Result<(), Error> {
    let to = (ImageStatus::Deactivated, AuditVerb::ImageDeactivate);
    switch(app, caller, id, ImageStatus::Active, to).await
}

/// Gives an image's bytes back; nothing happens if they are not withheld.
pub async fn reactivate(app: &App, caller: &Caller, id: &ImageId) -> Result<(), Error> {
    let to = (ImageStatus::Active, AuditVerb::ImageReactivate);
    switch(app, caller, id, ImageStatus::Deactivated, to).await
}

async fn switch(
    app: &App,
    caller: &Caller,
    id: &ImageId,
    from: ImageStatus,
    (to, verb): (ImageStatus, AuditVerb),
) -> Result<(), Error> {
    let (owned, mine, id) = (app.clone(), caller.clone(), id.clone());
    let change = move |tx: &mut Tx<'_>| {
        let now = owned.clock.now();
        let seen = lock_seen(tx, &id, &mine)?;
        access::may_change(&mine, seen.standing(&mine, now)?)?;
        if seen.image.status == to {
            return Ok(());
        }
        if seen.image.status != from {
            let status = seen.image.status.as_str();
            return Err(Error::new(Code::ImageNotActive).with("status", status));
        }
        let mut after = seen.image.clone();
        after.status = to;
        after.updated_at = now;
        store_image::update(tx, &seen.image, &after)?;
        let event = AuditEvent::by(&mine, now, verb, id.as_str()).on_behalf(&after.owner);
        store_audit::insert(tx, &owned.ids.hex(), &event)
    };
    app.change(caller, change).await
}
