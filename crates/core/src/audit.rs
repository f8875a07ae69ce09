//! Audit events: who did what to which thing, when, from where, with which end (T-049, XC-01).

use crate::error::Code;
use crate::id::{AccountId, ProjectId, RegionId, UserId};
use crate::image::words;
use crate::share::Recipient;
use crate::tenant::Caller;
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
