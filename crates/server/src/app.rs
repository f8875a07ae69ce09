//! What a running server is made of. Built once, cloned cheaply.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;

use lendglass_core::profile::Base;
use lendglass_core::tenant::Region;
use lendglass_core::{Code, Error, RegionId};
use lendglass_store::Db;
use lendglass_store::blob::{Blobs, BufferPool, DigestAlgo, DigestPlan};
use lendglass_store::clock::{Clock, IdSource};
use lendglass_store::db::Engine;
use tokio::sync::Notify;

use crate::bell::Bell;
use crate::config::cidr::Cidr;
use crate::drivers::identity::Identity;
use crate::drivers::messenger::Messenger;
use crate::drivers::syslog;
use crate::service::audit::Trail;
use crate::service::tenant::WrongIds;
use crate::service::upload::at_hand::AtHand;
use crate::telemetry::Metrics;

/// The parts of a server, shared by everything that serves requests and runs jobs.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// See [`App`].
pub struct Parts {
    /// The database.
    pub db: Db,
    /// The clock.
    pub clock: Clock,
    /// Where new ids come from.
    pub ids: IdSource,
    /// The regions of this installation; the first is the one at the root.
    pub regions: Vec<Region>,
    /// Where the blobs of each region lie.
    pub stores: BTreeMap<RegionId, Blobs>,
    /// The buffers that all transfers share.
    pub buffers: BufferPool,
    /// Rung after a transaction that wrote a job or left a blob dying.
    pub work: Notify,
    /// Rung after somebody asked for bytes to be read again.
    pub scrub: Notify,
    /// Rung after a transaction that told something.
    pub bell: Bell,
    /// The audit trail's keys, and the reads of bytes that are under way.
    pub trail: Trail,
    /// Wrong tenant ids that were looked up lately (SH-20).
    pub wrong_ids: WrongIds,
    /// What overrides stand on: the profile and the keys of the configuration.
    pub policy: Base,
    /// Built-in identity.
    pub identity: Identity,
    /// Uploads that are kept, as far as this process writes them.
    pub uploads: AtHand,
    /// Tells webhooks.
    pub messenger: Messenger,
    /// Settings that use cases and dialects ask for.
    pub settings: Settings,
    /// The figures of `/metrics`; `None` where nobody installed them.
    pub metrics: Option<Metrics>,
    /// Keeps other processes off the folder of an embedded database, as long as this one lives.
    pub folder_lock: Option<File>,
}

/// Settings that use cases and dialects ask for.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where clients reach the server, without a slash at the end; `None`: scheme and Host of the
    /// request.
    pub public_url: Option<String>,
    /// Whether the listener speaks TLS.
    pub is_tls: bool,
    /// Peers whose forwarded headers are believed.
    pub trusted_proxies: Vec<Cidr>,
    /// What `/metrics` asks for; `None`: only the loopback is answered.
    pub metrics_token: Option<String>,
    /// Page size of lists when the client names none.
    pub list_limit_default: u32,
    /// Largest page of a list.
    pub list_limit_max: u32,
    /// Largest image, bytes.
    pub image_size_max_bytes: u64,
    /// Which digests new images get.
    pub digests: DigestPlan,
    /// How long an upload may be silent before it is undone, seconds.
    pub upload_lease_seconds: u32,
    /// How long a run of a job may be silent before another process tries, seconds.
    pub job_lease_seconds: u32,
    /// How old the last reading of a blob may become, seconds; 0: blobs are read when somebody asks.
    pub scrub_interval_seconds: u32,
    /// How fast blobs are read again, when nobody asked.
    pub scrub_bytes_per_second: u64,
    /// How long a peer may send nothing of an upload, seconds.
    pub upload_idle_seconds: u32,
    /// How long a token lives, seconds.
    pub token_lifetime_seconds: u32,
    /// Failed sign-ins allowed per user and source in a minute.
    pub sign_in_failures_per_minute: u32,
    /// Where audit events are forwarded to.
    pub audit_syslog: Option<syslog::Target>,
    /// Whether webhooks may lie outside the public internet.
    pub webhooks_allow_private: bool,
    /// Whether the demo world is kept by this server.
    pub is_demo: bool,
    /// The folder of a console that is served instead of the one built in.
    pub console_folder: Option<PathBuf>,
    /// The path before everything as browsers know it, as `/images`, without a slash at the end; `None`:
    /// what a trusted proxy says.
    pub base_path: Option<String>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            public_url: None,
            is_tls: false,
            trusted_proxies: Vec::new(),
            metrics_token: None,
            list_limit_default: 25,
            list_limit_max: 1000,
            image_size_max_bytes: 1 << 40,
            digests: DigestPlan { md5: true, algo: DigestAlgo::Sha512 },
            upload_lease_seconds: 60,
            job_lease_seconds: 60,
            scrub_interval_seconds: 30 * 24 * 3600,
            scrub_bytes_per_second: 50 << 20,
            upload_idle_seconds: 60,
            token_lifetime_seconds: 3600,
            sign_in_failures_per_minute: 10,
            audit_syslog: None,
            webhooks_allow_private: false,
            is_demo: false,
            console_folder: None,
            base_path: None,
        }
    }
}

impl App {
    /// A server of these parts.
    pub fn new(parts: Parts) -> App {
        let (bell, has_others) = (parts.bell.clone(), parts.db.engine() == Engine::Postgres);
        parts.db.witnessed_by(move |inboxes| {
            bell.touch(inboxes);
            if has_others {
                bell.keep(inboxes);
            }
        });
        App(Arc::new(parts))
    }

    /// The region with this id, if the installation has it.
    pub fn region(&self, id: &RegionId) -> Option<&Region> {
        self.regions.iter().find(|region| region.id == *id)
    }

    /// The store of a region's bytes. Refuses with [`Code::RegionNotFound`].
    pub fn blobs(&self, id: &RegionId) -> Result<&Blobs, Error> {
        self.stores.get(id).ok_or_else(|| Error::new(Code::RegionNotFound).with("region", id))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
