//! Jobs: long or itemised work as a row that a tenant can read.

use std::collections::BTreeSet;

use crate::error::{Code, Error};
use crate::id::{BackupId, ImageId, JobId, ProjectId, RegionId, UserId};
use crate::image::words;
use crate::share::{Recipient, ShareState};
use crate::time::Timestamp;

/// What a job does. A new kind does not compile until the runner and its idempotence tests know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobWork {
    /// Offers or withdraws shares; done within the transaction that writes it.
    Share {
        /// The verb, for readers.
        event: crate::share::ShareEvent,
    },
    /// Makes the record `target` hold the blobs of `source` (a row, no byte moves).
    ImageReplicate {
        /// The image whose bytes are taken.
        source: ImageId,
        /// What it was called when this was asked for: it may be gone when somebody reads of it.
        source_name: Option<String>,
        /// The record that gets them; it is `Importing` until the job ends.
        target: ImageId,
    },
    /// Moves the bytes of `source` into the store of another region, where the record `target` gets
    /// them (RG-02).
    ImageCopy {
        /// The image whose bytes are read.
        source: ImageId,
        /// What it was called when this was asked for: it may be gone when somebody reads of it.
        source_name: Option<String>,
        /// The record that gets them; it is `Importing` until the job ends.
        target: ImageId,
    },
    /// Makes the full-server image `target` of a backup (a row, no byte moves); done within the
    /// transaction that wrote it.
    ServerImage {
        /// The backup whose disks it has.
        backup: BackupId,
        /// The image.
        target: ImageId,
    },
}

impl JobWork {
    /// The stored word.
    pub fn kind(&self) -> &'static str {
        match self {
            JobWork::Share { .. } => "share",
            JobWork::ImageReplicate { .. } => "image_replicate",
            JobWork::ImageCopy { .. } => "image_copy",
            JobWork::ServerImage { .. } => "server_image",
        }
    }

    /// Every word there is.
    pub const KINDS: [&'static str; 4] = ["share", "image_replicate", "image_copy", "server_image"];

    /// Whether bytes move: such work takes long, and few run at one time.
    pub fn moves_bytes(&self) -> bool {
        match self {
            JobWork::Share { .. }
            | JobWork::ImageReplicate { .. }
            | JobWork::ServerImage { .. } => false,
            JobWork::ImageCopy { .. } => true,
        }
    }

    /// The image that it copies, where it copies one.
    pub fn source(&self) -> Option<&ImageId> {
        match self {
            JobWork::Share { .. } | JobWork::ServerImage { .. } => None,
            JobWork::ImageReplicate { source, .. } | JobWork::ImageCopy { source, .. } => {
                Some(source)
            }
        }
    }

    /// What the image that it copies was called when this was asked for.
    pub fn source_name(&self) -> Option<&str> {
        match self {
            JobWork::Share { .. } | JobWork::ServerImage { .. } => None,
            JobWork::ImageReplicate { source_name, .. }
            | JobWork::ImageCopy { source_name, .. } => source_name.as_deref(),
        }
    }

    /// The record that it makes, where it makes one.
    pub fn target(&self) -> Option<&ImageId> {
        match self {
            JobWork::Share { .. } => None,
            JobWork::ImageReplicate { target, .. }
            | JobWork::ImageCopy { target, .. }
            | JobWork::ServerImage { target, .. } => Some(target),
        }
    }
}

words! {
    /// Where a job is.
    JobState {
        /// Waits for a worker.
        Ready = "ready",
        /// A worker holds its lease.
        Running = "running",
        /// Done.
        Succeeded = "succeeded",
        /// Ended without success; the reason is in the row.
        Failed = "failed",
    }
}

/// A job as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// The project that asked.
    pub project: ProjectId,
    /// The user who asked.
    pub user: UserId,
    /// Where.
    pub region: RegionId,
    /// What.
    pub work: JobWork,
    /// How far.
    pub state: JobState,
    /// 0 to 100.
    pub progress_percent: u32,
    /// Runs begun so far.
    pub attempts: u32,
    /// Why it failed.
    pub failure: Option<Code>,
    /// Item by item, where the work has items.
    pub results: Vec<PairResult>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Job {
    /// The images that it works on or makes, each once.
    pub fn images(&self) -> BTreeSet<&ImageId> {
        let of_pairs = self.results.iter().map(|pair| &pair.image);
        self.work.source().into_iter().chain(self.work.target()).chain(of_pairs).collect()
    }

    /// Why it failed, if it has. Who deletes what a copy makes ends its job with that: an image that a
    /// job misses is the one that it copies.
    pub fn error(&self) -> Option<Error> {
        let error = Error::new(self.failure?);
        Some(match self.work.source() {
            Some(source) => error.with("id", source),
            None => error,
        })
    }
}

/// What became of one image × recipient pair. Partial results are not errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairResult {
    /// The image.
    pub image: ImageId,
    /// The recipient as the caller wrote it.
    pub recipient: String,
    /// The recipient it stands for, where that is known.
    pub resolved: Option<Recipient>,
    /// What happened.
    pub outcome: Outcome,
}

/// What happened to a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The share is now in this state.
    Now(ShareState),
    /// It already was in this state (ST-06).
    Already(ShareState),
    /// There is no share any more.
    Removed,
    /// Refused, with the reason.
    Refused(crate::error::Error),
}

impl Outcome {
    /// Whether the pair was refused.
    pub fn is_refused(&self) -> bool {
        matches!(self, Outcome::Refused(_))
    }
}
