//! Audit events: who did what to which thing, when, from where, with which end (T-049, XC-01).

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Code;
use crate::id::{AccountId, ProjectId, RegionId, UserId};
use crate::image::words;
use crate::share::Recipient;
use crate::tenant::Caller;
use crate::text::shortened;
use crate::time::Timestamp;

words! {
    /// What was done.
    AuditVerb {
        /// A record was made.
        ImageCreate = "image.create",
        /// A record was changed.
        ImageUpdate = "image.update",
        /// An image was deleted.
        ImageDelete = "image.delete",
        /// Bytes were stored.
        ImageUpload = "image.upload",
        /// An upload was refused or died.
        ImageUploadFail = "image.upload_fail",
        /// An image was withheld.
        ImageDeactivate = "image.deactivate",
        /// An image was given back.
        ImageReactivate = "image.reactivate",
        /// Bytes were to be read again and held against their digest, or were found damaged or whole
        /// again.
        ImageVerify = "image.verify",
        /// Bytes were read.
        ImageDownload = "image.download",
        /// A copy was asked for.
        ImageReplicate = "image.replicate",
        /// A copy into another region was asked for.
        ImageCopy = "image.copy",
        /// An image was published to the marketplace.
        ImagePublish = "image.publish",
        /// An image was withdrawn from the marketplace.
        ImageUnpublish = "image.unpublish",
        /// A job was cancelled.
        JobCancel = "job.cancel",
        /// Predefined tags were changed.
        TagsChange = "tags.change",
        /// A vault was made.
        VaultCreate = "vault.create",
        /// A vault was changed.
        VaultUpdate = "vault.update",
        /// A vault was deleted.
        VaultDelete = "vault.delete",
        /// A backup was made, or came with an accepted image.
        BackupCreate = "backup.create",
        /// A backup was deleted, or went with its share.
        BackupDelete = "backup.delete",
        /// An image was offered.
        ShareInvite = "share.invite",
        /// An offer was taken.
        ShareAccept = "share.accept",
        /// An offer was refused or dropped.
        ShareReject = "share.reject",
        /// An answer was taken back.
        ShareReopen = "share.reopen",
        /// A share was taken back.
        ShareWithdraw = "share.withdraw",
        /// A tenant was asked for an answer.
        ShareRemind = "share.remind",
        /// A standing rule was set or forgotten.
        RuleChange = "rule.change",
        /// An own act was undone.
        ShareUndo = "share.undo",
        /// Time ran out.
        ShareLapse = "share.lapse",
        /// The rules were changed.
        PolicyChange = "policy.change",
        /// A user, project, role or key was changed.
        IdentityChange = "identity.change",
    }
}

words! {
    /// How it ended.
    AuditOutcome {
        /// It was done.
        Done = "ok",
        /// It was not allowed.
        Refused = "refused",
        /// It was begun and did not get to its end.
        Failed = "failed",
    }
}

/// How it ended, with the reason where it did not end well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AuditResult {
    /// It was done.
    Done,
    /// It was not allowed, for this reason.
    Refused(Code),
    /// It was begun and did not get to its end; the facts of the event say why.
    Failed,
}

impl AuditResult {
    /// The word of the outcome.
    pub fn outcome(self) -> AuditOutcome {
        match self {
            AuditResult::Done => AuditOutcome::Done,
            AuditResult::Refused(_) => AuditOutcome::Refused,
            AuditResult::Failed => AuditOutcome::Failed,
        }
    }

    /// The reason, where there is a code for it.
    pub fn code(self) -> Option<Code> {
        match self {
            AuditResult::Refused(code) => Some(code),
            AuditResult::Done | AuditResult::Failed => None,
        }
    }
}

/// One event. Share events are seen by both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// When.
    pub at: Timestamp,
    /// What.
    pub verb: AuditVerb,
    /// Where.
    pub region: RegionId,
    /// Who.
    pub user: UserId,
    /// The project acted in.
    pub project: ProjectId,
    /// The account of that project.
    pub account: AccountId,
    /// The other side: whose tenants read the event as well.
    pub counterpart: Option<Recipient>,
    /// The thing, by id.
    pub target: String,
    /// Facts, as short `key=value` pairs.
    pub detail: String,
    /// How it ended.
    pub result: AuditResult,
    /// The address the request came from.
    pub source: String,
    /// The id of the request.
    pub request_id: String,
}

impl AuditEvent {
    /// An event by `caller` on `target`.
    pub fn by(caller: &Caller, at: Timestamp, verb: AuditVerb, target: &str) -> AuditEvent {
        AuditEvent {
            at,
            verb,
            region: caller.region.clone(),
            user: caller.user.clone(),
            project: caller.project.clone(),
            account: caller.account.clone(),
            counterpart: None,
            target: target.to_owned(),
            detail: String::new(),
            result: AuditResult::Done,
            source: caller.source.clone(),
            request_id: caller.request_id.clone(),
        }
    }

    /// An event in the trail of `project`, in whose place the caller acted.
    pub fn in_place_of(mut self, project: &ProjectId) -> AuditEvent {
        self.project = project.clone();
        self
    }

    /// An event on something of `owner`'s, who reads it as well where he is somebody else: the
    /// operator's deeds show in the trail of whom they concern.
    pub fn on_behalf(self, owner: &ProjectId) -> AuditEvent {
        if self.project == *owner {
            return self;
        }
        self.with_counterpart(Recipient::Project(owner.clone()))
    }

    /// The same with the other side named.
    pub fn with_counterpart(mut self, counterpart: Recipient) -> AuditEvent {
        self.counterpart = Some(counterpart);
        self
    }

    /// The same with another end.
    pub fn with_result(mut self, result: AuditResult) -> AuditEvent {
        self.result = result;
        self
    }

    /// The same with facts.
    pub fn with_detail(mut self, detail: impl Into<String>) -> AuditEvent {
        self.detail = detail.into();
        self
    }
}

/// A field that an event changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Its name.
    pub field: String,
    /// What it was; none where it was not there.
    pub before: Option<String>,
    /// What it became; none where it went.
    pub after: Option<String>,
}

/// Characters of one value in an event.
const VALUE_CHARS: usize = 200;
/// Fields of one event that are told with their values.
const FIELDS: usize = 20;

/// What differs between two states, as facts: `changed=name before.name=old after.name=new`. Long values
/// are cut; of very many fields only the first are told.
pub fn changes_text(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> String {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differ: Vec<&String> =
        names.into_iter().filter(|name| before.get(*name) != after.get(*name)).collect();
    let known: Vec<String> = differ.iter().take(FIELDS).map(|name| escaped(name)).collect();
    let mut text = format!("changed={}", known.join(","));
    for (name, shown) in differ.iter().zip(&known) {
        for (side, values) in [("before", before), ("after", after)] {
            if let Some(value) = values.get(*name) {
                let value = escaped(&shortened(value, VALUE_CHARS));
                text.push_str(&format!(" {side}.{shown}={value}"));
            }
        }
    }
    text
}

/// What an event changed, read from its facts; `target` is the field where they name none.
pub fn changes_of(target: &str, detail: &str) -> Vec<Changed> {
    if let Some((_, rest)) = detail.split_once(" before=")
        && let Some((before, after)) = rest.split_once(" after=")
    {
        let (before, after) = (Some(before.to_owned()), Some(after.to_owned()));
        return vec![Changed { field: target.to_owned(), before, after }];
    }
    let mut found: BTreeMap<String, Changed> = BTreeMap::new();
    for fact in detail.split(' ') {
        let Some((side, rest)) = fact.split_once('.') else { continue };
        let Some((field, value)) = rest.split_once('=') else { continue };
        if side != "before" && side != "after" {
            continue;
        }
        let (field, value) = (unescaped(field), Some(unescaped(value)));
        let empty = Changed { field: field.clone(), before: None, after: None };
        let changed = found.entry(field).or_insert(empty);
        *if side == "before" { &mut changed.before } else { &mut changed.after } = value;
    }
    found.into_values().collect()
}

/// Text as a part of facts, which spaces separate.
fn escaped(text: &str) -> String {
    let escape = |c: char| match c {
        ' ' | '%' | '=' | ',' => format!("%{:02X}", u32::from(c)),
        _ if c.is_ascii_control() => format!("%{:02X}", u32::from(c)),
        _ if c.is_control() || c.is_whitespace() => "%20".to_owned(),
        _ => c.to_string(),
    };
    text.chars().map(escape).collect()
}

fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        plain.push_str(before);
        let code = after.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code.filter(u8::is_ascii) {
            Some(code) => {
                plain.push(char::from(code));
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                plain.push('%');
                rest = after;
            }
        }
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(fields: &[(&str, &str)]) -> BTreeMap<String, String> {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_changed_is_read_as_it_was_written() {
        let check = |before: &[(&str, &str)], after: &[(&str, &str)], expected: &[Changed]| {
            let text = changes_text(&state(before), &state(after));
            assert_eq!(changes_of("x", &text), expected, "{text}");
        };
        let changed = |field: &str, before: Option<&str>, after: Option<&str>| Changed {
            field: field.to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        };
        check(&[("name", "a")], &[("name", "a")], &[]);
        check(
            &[("name", "100 % = gold,\nreally"), ("tags", "")],
            &[("name", "黄金 after.x=1"), ("tags", "a")],
            &[
                changed("name", Some("100 % = gold,\nreally"), Some("黄金 after.x=1")),
                changed("tags", Some(""), Some("a")),
            ],
        );
        check(
            &[("properties.a b=c", "1")],
            &[("properties.d", "2")],
            &[
                changed("properties.a b=c", Some("1"), None),
                changed("properties.d", None, Some("2")),
            ],
        );
        let long = "x".repeat(1_000);
        let many: Vec<(String, String)> =
            (0..300).map(|n| (format!("p{n}"), long.clone())).collect();
        let text = changes_text(&BTreeMap::new(), &many.into_iter().collect());
        assert!(text.len() < 8_000, "{}", text.len());
        assert_eq!(changes_of("x", &text).len(), FIELDS);
        let policy = "scope=installation before=none after=7 days";
        let expected = changed("share.pending_ttl", Some("none"), Some("7 days"));
        assert_eq!(changes_of("share.pending_ttl", policy), [expected]);
        assert_eq!(changes_of("x", "50%.a=1 before.x"), []);
    }
}
