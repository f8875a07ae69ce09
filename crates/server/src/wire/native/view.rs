//! Images, shares and jobs as the native dialect shows them.

use std::collections::BTreeMap;

use lendglass_core::access::Standing;
use lendglass_core::image::{Image, ImageKind as CoreKind};
use lendglass_core::job::{Job, JobWork, Outcome, PairResult};
use lendglass_core::share::{Recipient, Share, ShareEvent};
use lendglass_core::vault::needed_gib;
use lendglass_core::{Error, ImageId, Language, ProjectId, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::error::facts;
use super::input::Asking;
use super::words::{
    ContainerFormat, DiskFormat, Encryption, ImageKind, ImageStatus, JobState, ShareState,
    Visibility,
};
use crate::app::App;
use crate::service::actions::{self, Actions, Verb};
use crate::service::{Seen, job, tenant, vault};
use crate::wire::common::seconds_text;

/// An image.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImageView {
    /// A UUID.
    pub id: String,
    /// Need not be unique.
    pub name: Option<String>,
    /// What it holds.
    pub kind: ImageKind,
    /// Where it is in its life.
    pub status: ImageStatus,
    /// How far the job is that makes it, 0 to 100; none where no job does.
    pub progress_percent: Option<u32>,
    /// Who may see it.
    pub visibility: Visibility,
    /// Left out of default lists.
    pub hidden: bool,
    /// Cannot be deleted.
    pub protected: bool,
    /// Published to the marketplace.
    pub published: bool,
    /// The declared format.
    pub disk_format: Option<DiskFormat>,
    /// What the disk is wrapped in.
    pub container_format: Option<ContainerFormat>,
    /// The smallest disk it boots from, GiB.
    pub min_disk_gib: u32,
    /// The smallest memory it boots with, MiB.
    pub min_ram_mib: u32,
    /// Bytes stored.
    pub size_bytes: Option<u64>,
    /// Bytes of the disk inside; of a full server, of all its disks, each rounded up to GiB.
    pub virtual_size_bytes: Option<u64>,
    /// The capacity of the disk, GiB; none for a full server, whose disks are listed one by one.
    pub disk_capacity_gib: Option<u64>,
    /// MD5 of the bytes, in hex, where the operator keeps it.
    pub md5: Option<String>,
    /// What the bytes hash to.
    pub digest: Option<Digest>,
    /// How it is encrypted at its owner's wish.
    pub encryption: Encryption,
    /// Labels.
    pub tags: Vec<String>,
    /// Custom properties.
    pub properties: BTreeMap<String, String>,
    /// The project that owns it.
    pub owner: TenantRef,
    /// The region it lives in.
    pub region: String,
    /// The image it was replicated from.
    pub source_image: Option<String>,
    /// Its place among public images; 0 for none.
    pub rank: u32,
    /// How the caller stands to it.
    pub relation: Relation,
    /// The caller's own share of it, where there is one.
    pub share: Option<ShareView>,
    /// How many recipients it is shared with; only its owner and the operator are told.
    pub shares: Option<u32>,
    /// What the caller may do with it, by verb.
    pub actions: BTreeMap<&'static str, Action>,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub updated_at: String,
}

/// What bytes hash to.
#[derive(Debug, Serialize, ToSchema)]
pub struct Digest {
    /// `sha512` or `sha256`.
    pub algo: String,
    /// In hex.
    pub value: String,
}

/// How the caller stands to an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Relation {
    /// His project owns it.
    Owner,
    /// It is offered to his project or account.
    Recipient,
    /// It is public.
    Public,
    /// It is a community image.
    Community,
    /// It is in the marketplace.
    Market,
    /// He operates the installation.
    Operator,
}

/// Whether something may be done.
#[derive(Debug, Serialize, ToSchema)]
pub struct Action {
    /// Whether the call would be granted.
    pub allowed: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// How much room in a vault it takes, GiB; only for accepting a full server where that needs one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vault_gib: Option<u64>,
    /// How many more recipients may hold the image; only for sharing, and only where there is a ceiling.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slots_left: Option<u32>,
}

/// A refusal in short.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reason {
    /// The stable word.
    pub code: &'static str,
    /// The reason and the way out, in the client's language.
    pub message: String,
}

impl Reason {
    /// A refusal in a language.
    pub fn of(error: &Error, language: Language) -> Reason {
        Reason { code: error.code().as_str(), message: error.text(language) }
    }
}

/// A project, or an account, by its id.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TenantRef {
    /// `project` or `account`.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// Its name, where the caller may know it.
    pub name: Option<String>,
}

/// A share.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShareView {
    /// The image.
    pub image: ImageRef,
    /// Who shares it.
    pub owner: TenantRef,
    /// With whom.
    pub recipient: TenantRef,
    /// Where it is.
    pub state: ShareState,
    /// What the owner wrote.
    pub note: Option<String>,
    /// When the unanswered offer lapses; RFC 3339.
    pub lapses_at: Option<String>,
    /// When the access ends; RFC 3339.
    pub ends_at: Option<String>,
    /// The digest that was accepted, as `ALGO:HEX`.
    pub accepted_digest: Option<String>,
    /// When it was last offered; RFC 3339.
    pub created_at: String,
    /// When it last changed; RFC 3339.
    pub updated_at: String,
}

/// An image in short.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImageRef {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// What it holds.
    pub kind: ImageKind,
    /// Bytes stored.
    pub size_bytes: Option<u64>,
}

impl ImageRef {
    /// The image in short.
    pub fn of(image: &Image) -> ImageRef {
        ImageRef {
            id: image.id.to_string(),
            name: image.name.clone(),
            kind: ImageKind(image.kind),
            size_bytes: image.size_bytes,
        }
    }
}

/// Names by project, as far as the caller may know them.
pub type Names = BTreeMap<ProjectId, String>;

/// A project with its name, where that is known.
pub fn project_ref(id: &ProjectId, names: &Names) -> TenantRef {
    TenantRef { kind: "project", id: id.to_string(), name: names.get(id).cloned() }
}

/// A recipient with its name, where that is known.
pub fn recipient_ref(recipient: &Recipient, names: &Names) -> TenantRef {
    match recipient {
        Recipient::Project(id) => project_ref(id, names),
        Recipient::Account(id) => TenantRef { kind: "account", id: id.to_string(), name: None },
    }
}

/// A share.
pub fn render_share(image: ImageRef, share: &Share, names: &Names) -> ShareView {
    ShareView {
        image,
        owner: project_ref(&share.owner, names),
        recipient: recipient_ref(&share.recipient, names),
        state: ShareState(share.state),
        note: share.note.clone(),
        lapses_at: share.lapses_at.map(seconds_text),
        ends_at: share.ends_at.map(seconds_text),
        accepted_digest: share.accepted_digest.clone(),
        created_at: seconds_text(share.created_at),
        updated_at: seconds_text(share.updated_at),
    }
}

/// Images as the caller sees them, in their order.
pub async fn render_images(
    app: &App,
    asking: &Asking,
    images: Vec<Seen>,
) -> Result<Vec<ImageView>, Error> {
    let now = app.clock.now();
    let names = names(app, asking, &images, now).await?;
    let answered = actions::of(app, &asking.caller, &images).await?;
    let needs = vault::needs(app, &asking.caller, &images).await?;
    let making = job::making(app, &images).await?;
    let each = images.iter().zip(answered.into_iter().zip(needs));
    each.map(|(seen, (answered, vault_gib))| {
        let mut view = render_image(asking, seen, answered.actions, &names, now)?;
        view.progress_percent = making.get(&seen.image.id).copied();
        if let Some(share) = view.actions.get_mut(Verb::Share.as_str()) {
            share.slots_left = answered.slots_left;
        }
        if let Some(accept) = view.actions.get_mut(Verb::Accept.as_str()) {
            accept.vault_gib = vault_gib;
        }
        Ok(view)
    })
    .collect()
}

/// One image as the caller sees it.
pub async fn render_one(app: &App, asking: &Asking, seen: Seen) -> Result<ImageView, Error> {
    let mut views = render_images(app, asking, vec![seen]).await?;
    views.pop().ok_or_else(|| Error::internal("an image was not rendered"))
}

/// Owners' names: those who offer something are named, others where they may be known.
async fn names(
    app: &App,
    asking: &Asking,
    images: &[Seen],
    now: Timestamp,
) -> Result<Names, Error> {
    let (mut givers, mut others) = (Vec::new(), vec![asking.caller.project.clone()]);
    for seen in images {
        let owner = seen.image.owner.clone();
        let is_offered = !matches!(
            seen.standing(&asking.caller, now)?,
            Standing::Owner | Standing::Public | Standing::Community | Standing::Operator
        );
        let place = if is_offered { &mut givers } else { &mut others };
        if !place.contains(&owner) {
            place.push(owner);
        }
    }
    let mut names = tenant::names(app, &asking.caller, &others).await?;
    names.extend(tenant::names_of_givers(app, &givers).await?);
    Ok(names)
}

fn render_image(
    asking: &Asking,
    seen: &Seen,
    actions: Actions,
    names: &Names,
    now: Timestamp,
) -> Result<ImageView, Error> {
    let image = &seen.image;
    let standing = seen.standing(&asking.caller, now)?;
    let own = actions::own_share(&asking.caller, &seen.shares, now);
    let knows_shares = standing == Standing::Owner || asking.caller.is_operator;
    Ok(ImageView {
        id: image.id.to_string(),
        name: image.name.clone(),
        kind: ImageKind(image.kind),
        status: ImageStatus(image.status),
        progress_percent: None,
        visibility: Visibility(image.visibility),
        hidden: image.is_hidden,
        protected: image.is_protected,
        published: image.is_published,
        disk_format: image.disk_format.map(DiskFormat),
        container_format: image.container_format.map(ContainerFormat),
        min_disk_gib: image.min_disk_gib,
        min_ram_mib: image.min_ram_mib,
        size_bytes: image.size_bytes,
        virtual_size_bytes: image.virtual_size_bytes,
        disk_capacity_gib: disk_capacity_gib(image),
        md5: image.digests.as_ref().and_then(|digests| digests.md5_hex.clone()),
        digest: image
            .digests
            .as_ref()
            .map(|digests| Digest { algo: digests.algo.clone(), value: digests.value_hex.clone() }),
        encryption: Encryption(image.encryption),
        tags: image.tags.clone(),
        properties: image.properties.clone(),
        owner: project_ref(&image.owner, names),
        region: image.region.to_string(),
        source_image: image.source_image.as_ref().map(ToString::to_string),
        rank: image.rank,
        relation: relation(standing),
        share: own.map(|share| render_share(ImageRef::of(image), share, names)),
        shares: knows_shares.then_some(image.shares),
        actions: render_actions(actions, asking.language),
        created_at: seconds_text(image.created_at),
        updated_at: seconds_text(image.updated_at),
    })
}

/// T-032.
fn disk_capacity_gib(image: &Image) -> Option<u64> {
    match image.kind {
        CoreKind::FullServer => None,
        CoreKind::SystemDisk | CoreKind::DataDisk | CoreKind::Iso => {
            image.status.has_bytes().then(|| needed_gib(image))
        }
    }
}

fn relation(standing: Standing<'_>) -> Relation {
    match standing {
        Standing::Owner => Relation::Owner,
        Standing::Recipient(_) => Relation::Recipient,
        Standing::Public => Relation::Public,
        Standing::Community => Relation::Community,
        Standing::Market => Relation::Market,
        Standing::Operator => Relation::Operator,
    }
}

fn render_actions(actions: Actions, language: Language) -> BTreeMap<&'static str, Action> {
    let render = |answer: Result<(), Error>| Action {
        allowed: answer.is_ok(),
        reason: answer.err().map(|error| Reason::of(&error, language)),
        vault_gib: None,
        slots_left: None,
    };
    actions.into_iter().map(|(verb, answer)| (verb.as_str(), render(answer))).collect()
}

/// What became of one image × recipient pair.
#[derive(Debug, Serialize, ToSchema)]
pub struct PairView {
    /// The image.
    pub image: String,
    /// The recipient as it was named.
    pub recipient: String,
    /// Who that is, where it is known.
    pub resolved: Option<TenantRef>,
    /// What happened.
    pub outcome: PairOutcome,
    /// The state of the share afterwards, where there is one.
    pub state: Option<ShareState>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// Why it was refused, in the client's language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The facts of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub detail: Option<Map<String, Value>>,
}

/// What happened to a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PairOutcome {
    /// The offer stands.
    Shared,
    /// It stood already.
    AlreadyShared,
    /// The answer counts: see `state`.
    Answered,
    /// It had been given already.
    AlreadyAnswered,
    /// There is no share any more.
    Removed,
    /// Refused: see `code`.
    Refused,
}

/// What became of a pair of a batch that brought `event`.
pub fn render_pair(
    pair: &PairResult,
    event: ShareEvent,
    language: Language,
    names: &Names,
) -> PairView {
    let (done, already) = match event {
        ShareEvent::Invite => (PairOutcome::Shared, PairOutcome::AlreadyShared),
        ShareEvent::Accept
        | ShareEvent::Reject
        | ShareEvent::Reopen
        | ShareEvent::Withdraw
        | ShareEvent::Lapse => (PairOutcome::Answered, PairOutcome::AlreadyAnswered),
    };
    let (outcome, state, error) = match &pair.outcome {
        Outcome::Now(state) => (done, Some(ShareState(*state)), None),
        Outcome::Already(state) => (already, Some(ShareState(*state)), None),
        Outcome::Removed => (PairOutcome::Removed, None, None),
        Outcome::Refused(error) => (PairOutcome::Refused, None, Some(error)),
    };
    PairView {
        image: pair.image.to_string(),
        recipient: pair.recipient.clone(),
        resolved: pair.resolved.as_ref().map(|resolved| recipient_ref(resolved, names)),
        outcome,
        state,
        code: error.map(|error| error.code().as_str()),
        message: error.map(|error| error.text(language)),
        detail: error.map(facts),
    }
}

/// A job.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobView {
    /// Its id.
    pub id: String,
    /// `share`, `image_replicate`, `image_copy` or `server_image`.
    pub kind: &'static str,
    /// Where it is.
    pub state: JobState,
    /// 0 to 100.
    pub progress_percent: u32,
    /// The image it makes, where it makes one.
    pub image: Option<String>,
    /// The image that this one is a copy of, where it is one.
    pub source: Option<String>,
    /// What the images of the job are called, by their ids: those that the caller sees, and what is
    /// copied as it was called when the job was asked for.
    pub image_names: BTreeMap<String, String>,
    /// Why it failed.
    pub failure: Option<Reason>,
    /// Pair by pair, where the work has pairs.
    pub results: Vec<PairView>,
    /// The user who asked.
    pub user: String,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub updated_at: String,
}

/// What the images and the recipients of jobs are called, as far as the caller may know.
pub struct JobNames {
    /// By image; of those that the caller sees.
    pub images: BTreeMap<ImageId, String>,
    /// By project.
    pub recipients: Names,
}

/// A job.
pub fn render_job(job: &Job, language: Language, names: &JobNames) -> JobView {
    let (image, results) = match &job.work {
        JobWork::Share { event } => {
            let render = |pair| render_pair(pair, *event, language, &names.recipients);
            let pairs = job.results.iter().map(render);
            (None, pairs.collect())
        }
        JobWork::ImageReplicate { target, .. }
        | JobWork::ImageCopy { target, .. }
        | JobWork::ServerImage { target, .. } => (Some(target.to_string()), Vec::new()),
    };
    let of_source = job.work.source().zip(job.work.source_name());
    let mut image_names: BTreeMap<String, String> =
        of_source.into_iter().map(|(id, name)| (id.to_string(), name.to_owned())).collect();
    let seen = job.images().into_iter().filter_map(|id| names.images.get_key_value(id));
    image_names.extend(seen.map(|(id, name)| (id.to_string(), name.clone())));
    JobView {
        id: job.id.to_string(),
        kind: job.work.kind(),
        state: JobState(job.state),
        progress_percent: job.progress_percent,
        image,
        source: job.work.source().map(ToString::to_string),
        image_names,
        failure: job.error().map(|error| Reason::of(&error, language)),
        results,
        user: job.user.to_string(),
        created_at: seconds_text(job.created_at),
        updated_at: seconds_text(job.updated_at),
    }
}
