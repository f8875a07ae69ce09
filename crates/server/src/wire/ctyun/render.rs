//! Images as CTyun writes them, by today's names and the former ones.

use lendglass_core::access::Standing;
use lendglass_core::image::{Encryption, Image, ImageKind, ImageStatus, Visibility};
use lendglass_core::share::{Share, ShareState};
use lendglass_core::{Error, ImageId, ProjectId, Timestamp};
use serde_json::{Value, json};

use super::request::Asked;
use crate::service::Seen;
use crate::service::attribute::{self, Attribute};
use crate::service::contact::{self, Contact, Given};
use crate::wire::common::seconds_text;

const GIB: u64 = 1 << 30;

/// Which list an image stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// One's own.
    Private,
    /// Everybody's.
    Public,
    /// Offered to one's account.
    Shared,
    /// The community's.
    Community,
    /// Of security products, of applications, of the market: there are none here.
    Other,
}

impl Word {
    fn parts(self) -> (u32, &'static str) {
        match self {
            Word::Private => (0, "private"),
            Word::Public => (1, "public"),
            Word::Shared => (2, "shared"),
            Word::Community => (4, "community"),
            Word::Other => (3, "safe"),
        }
    }

    /// The list of a code or a word.
    pub fn parse(text: &str) -> Option<Word> {
        match text {
            "0" | "private" => Some(Word::Private),
            "1" | "public" => Some(Word::Public),
            "2" | "shared" => Some(Word::Shared),
            "4" | "community" => Some(Word::Community),
            "3" | "5" | "6" | "safe" | "app" | "market" => Some(Word::Other),
            _ => None,
        }
    }
}

/// Images as their caller sees them.
pub async fn render_images(asked: &Asked, seen: Vec<Seen>) -> Result<Vec<Value>, Error> {
    let (app, caller) = (&asked.app, &asked.caller);
    let is_own = |image: &Image| image.owner == caller.project;
    let images = || seen.iter().map(|one| &one.image);
    let own: Vec<ImageId> = images().filter(|i| is_own(i)).map(|i| i.id.clone()).collect();
    let owners: Vec<ProjectId> = images().filter(|i| !is_own(i)).map(|i| i.owner.clone()).collect();
    let accepted = contact::accepted(app, &own).await?;
    let contacts = contact::of_projects(app, caller, &owners).await?;
    let mine = if owners.is_empty() { None } else { Some(contact::own(app, caller).await?) };
    let now = app.clock.now();
    let one = |seen: &Seen| {
        let image = &seen.image;
        let share = match seen.standing(caller, now)? {
            Standing::Recipient(share) => Some(share),
            Standing::Owner
            | Standing::Public
            | Standing::Community
            | Standing::Market
            | Standing::Operator => None,
        };
        let word = match (image.visibility, share) {
            (Visibility::Public, _) => Word::Public,
            (Visibility::Community, _) => Word::Community,
            (Visibility::Private | Visibility::Shared, Some(_)) => Word::Shared,
            (Visibility::Private | Visibility::Shared, None) => Word::Private,
        };
        let mut view = record(image);
        let source = share.and_then(|_| contacts.get(&image.owner));
        place(&mut view, word, share.map_or(status(image), |share| state(share.state)));
        people(&mut view, source, mine.as_ref().filter(|_| share.is_some()));
        if is_own(image) {
            view["imageShareCount"] = json!(image.shares);
            view["sharedListLength"] = json!(image.shares);
            view["hasAcceptedSharedImages"] = json!(accepted.contains(&image.id));
        }
        Ok(view)
    };
    seen.iter().map(one).collect()
}

/// A row of whom an own image is shared with: the image as that account has it, without what only the
/// image itself tells.
pub fn render_given(image: &Image, source: Option<&Contact>, given: &Given) -> Value {
    let mut view = record(image);
    for field in ["imageSize", "size", "diskSize", "fullECSDiskSize", "diskFormat"] {
        view[field] = Value::Null;
    }
    place(&mut view, Word::Shared, state(given.state()));
    people(&mut view, source, given.contact.as_ref());
    if given.contact.is_none() {
        view["destinationProjectID"] = json!(given.shares.first().map(|s| s.recipient.id()));
    }
    let since = given.shares.iter().map(|share: &Share| share.created_at).min();
    let until = given.shares.iter().map(|share| share.updated_at).max();
    times(&mut view, since.unwrap_or(image.created_at), until.unwrap_or(image.updated_at));
    view
}

fn place(view: &mut Value, word: Word, status: &str) {
    let (code, word) = word.parts();
    for (name, value) in [
        ("imageVisibility", json!(word)),
        ("visibility", json!(word)),
        ("imageVisibilityCode", json!(code)),
        ("imageStatus", json!(status)),
        ("status", json!(status)),
    ] {
        view[name] = value;
    }
}

fn people(view: &mut Value, source: Option<&Contact>, destination: Option<&Contact>) {
    for (who, contact) in [("source", source), ("destination", destination)] {
        let email = contact.and_then(|contact| contact.email.as_deref());
        view[format!("{who}AccountID")] = json!(contact.map(|one| one.account.as_str()));
        view[format!("{who}User")] = json!(email);
    }
}

fn times(view: &mut Value, created_at: Timestamp, updated_at: Timestamp) {
    for (name, at) in [("createdTime", created_at), ("updatedTime", updated_at)] {
        view[name] = json!(at.seconds());
        view[format!("{name}Str")] = json!(seconds_text(at));
    }
}

/// What the record itself tells.
fn record(image: &Image) -> Value {
    let property = |name: &str| image.properties.get(name).map(String::as_str);
    let number = |name: &str| property(name).and_then(|text| text.parse::<u32>().ok());
    let (system, distribution) = system(image);
    let size = image.virtual_size_bytes.map(|bytes| bytes.div_ceil(GIB));
    let disk = size.unwrap_or(0).max(u64::from(image.min_disk_gib));
    let is_whole = image.kind == ImageKind::FullServer;
    let mut view = json!({
        "imageID": image.id.as_str(),
        "imageName": image.name.as_deref().unwrap_or_default(),
        "imageDisplayName": image.name.as_deref().unwrap_or_default(),
        "description": property("description").unwrap_or_default(),
        "imageType": kind(image.kind),
        "imageClass": "ECS",
        "imageSource": if is_whole { "full_ecs" } else { "image_file" },
        "imageSize": image.size_bytes,
        "size": image.size_bytes,
        "diskSize": disk,
        "fullECSDiskSize": is_whole.then_some(disk),
        "diskFormat": image.disk_format.map(|format| format.as_str()),
        "containerFormat": image.container_format.map(|format| format.as_str()),
        "diskID": null,
        "sourceServerID": null,
        "sourceDisks": [],
        "architecture": architecture(property("architecture")),
        "bootMode": property("hw_firmware_type"),
        "osDistro": distribution,
        "osType": system,
        "osVersion": property("os_version"),
        "minimumRAM": image.min_ram_mib.div_ceil(1024),
        "maximumRAM": number("max_ram").map_or(0, |mib| mib / 1024),
        "isEncrypt": image.encryption != Encryption::None,
        "cmkID": null,
        "supportXSSD": property("support_xssd") == Some("true"),
        "visibleImage": !image.is_hidden,
        "labels": image.tags.iter().map(|tag| label(tag)).collect::<Vec<_>>(),
        "projectID": "0",
        "taskID": null,
        "taskProgress": null,
    });
    times(&mut view, image.created_at, image.updated_at);
    view
}

/// A label is a key, with a value where it has an equals sign.
fn label(tag: &str) -> Value {
    let (key, value) = tag.split_once('=').unwrap_or((tag, ""));
    json!({"labelKey": key, "labelValue": value})
}

fn kind(kind: ImageKind) -> Option<&'static str> {
    match kind {
        ImageKind::SystemDisk => None,
        ImageKind::DataDisk => Some("data_disk_image"),
        ImageKind::FullServer => Some("full_ecs_image"),
        ImageKind::Iso => Some("iso_image"),
    }
}

fn architecture(stored: Option<&str>) -> &str {
    match stored {
        None => "x86_64",
        Some("arm" | "arm64") => "aarch64",
        Some(other) => other,
    }
}

/// The kind of system and the distribution; none where neither was said.
fn system(image: &Image) -> (Option<String>, Option<String>) {
    let attributes = attribute::all(image);
    let text = |name: &str| {
        attributes.iter().find_map(|(known, value)| match value {
            Attribute::Text(text) if *known == name && text != "Other" => Some(text.clone()),
            Attribute::Text(_) | Attribute::Flag(_) => None,
        })
    };
    (text("__os_type").map(|word| word.to_ascii_lowercase()), text("__platform"))
}

fn state(state: ShareState) -> &'static str {
    match state {
        ShareState::Pending => "waiting",
        ShareState::Accepted => "accepted",
        ShareState::Rejected => "rejected",
    }
}

fn status(image: &Image) -> &'static str {
    match image.status {
        ImageStatus::Importing if image.source_image.is_some() => "syncing",
        ImageStatus::Error => "error",
        ImageStatus::Queued
        | ImageStatus::Saving
        | ImageStatus::Uploading
        | ImageStatus::Importing
        | ImageStatus::Active
        | ImageStatus::Deactivated => image.status.as_str(),
    }
}
