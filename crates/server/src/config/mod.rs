//! The settings of the server: one struct, four layers, and the origin of every value.
//!
//! Layers in rising order: defaults ([`keys::KEYS`]), one TOML file, the environment
//! (`LENDGLASS_SECTION__KEY`), flags. This module alone reads the environment;
//! [`Config::load`] itself is a pure function of what it is given.

pub mod args;
pub mod cidr;
pub mod keys;
pub mod sources;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use url::Url;

use crate::drivers::syslog;
use args::Flags;
use cidr::Cidr;
use keys::Kind;
use sources::{Layers, Origin, Setting};

/// Environment variables with this beginning are settings.
pub const ENV_PREFIX: &str = "LENDGLASS_";
/// Names the configuration file where no flag does.
pub const ENV_CONFIG: &str = "LENDGLASS_CONFIG";

/// Where the metadata lives.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL server.
    Postgres {
        /// A `postgres://` URL; may hold a password, so it is never printed as it is.
        url: String,
        /// File of the password, where the URL has none.
        password_file: Option<PathBuf>,
    },
}

/// Without the password, so that no log line shows it.
impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres { url, .. } => f.write_str(&redacted_url(url)),
        }
    }
}

/// The certificate of the server, as files in PEM form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The chain, the server's own certificate first.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// The digest of new images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestAlgo {
    /// SHA-512, what Glance answers by default.
    Sha512,
    /// SHA-256.
    Sha256,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// One override of the policy, not yet checked: the words belong to the core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyOverride {
    /// A key of the policy, such as `share.max_tenants.system`.
    pub key: String,
    /// The value in its textual form.
    pub value: String,
    /// Where it was set, for the message if it is refused.
    pub origin: Origin,
}

/// The effective settings. Every value is checked; paths are not looked at.
#[derive(Clone, Debug)]
pub struct Config {
    /// Folder of everything the server keeps.
    pub data_dir: PathBuf,
    /// Address of the one listener.
    pub listen: SocketAddr,
    /// Where clients reach the server, without a slash at the end; none: as the request says.
    pub public_url: Option<Url>,
    /// Whose forwarded headers are believed.
    pub trusted_proxies: Vec<Cidr>,
    /// Where the metadata lives.
    pub database: Database,
    /// The named policy of the installation, one of [`keys::PROFILES`].
    pub profile: String,
    /// Whether the profile was said by file, environment or flag: only then does it win over
    /// the one that the database remembers.
    pub profile_is_given: bool,
    /// Overrides of single policy keys, in the order of their names.
    pub policy: Vec<PolicyOverride>,
    /// Description of the world to add where missing.
    pub world: Option<PathBuf>,
    /// Whether to make the demo world; true only on a loopback address.
    pub demo: bool,
    /// Folders of image bytes that are not at their default place, by region id.
    blobs: BTreeMap<String, PathBuf>,
    /// File of the key that seals stored secrets.
    pub master_key_file: PathBuf,
    /// Certificate and key; none: plain HTTP.
    pub tls: Option<Tls>,
    /// Life of a token.
    pub token_lifetime: Duration,
    /// Failed sign-ins a minute, per user and source.
    pub sign_in_failures_per_minute: u32,
    /// Largest image accepted, in bytes.
    pub image_size_cap_bytes: u64,
    /// Age of an unrenewed upload that makes it dead.
    pub upload_lease: Duration,
    /// Time without a byte after which an upload is given up.
    pub upload_idle_timeout: Duration,
    /// Digest of new images.
    pub digest_algo: DigestAlgo,
    /// Whether MD5 is computed beside it.
    pub digest_md5: bool,
    /// Page size when none is asked for; at most `list_limit_max`.
    pub list_limit_default: usize,
    /// Largest page size granted.
    pub list_limit_max: usize,
    /// Connections served at once.
    pub connections_max: usize,
    /// Whether webhooks may lie outside the public internet.
    pub webhooks_allow_private: bool,
    /// Folder of a console that is served instead of the one built in.
    pub console_folder: Option<PathBuf>,
    /// The path before everything as browsers know it; none: that of the public URL.
    pub console_base_path: Option<String>,
    /// Jobs run at once; 0: none on this node.
    pub job_workers: usize,
    /// Age of an unrenewed job that makes it somebody else's.
    pub job_lease: Duration,
    /// Age of the last reading of a blob after which it is read again; none: when somebody asks.
    pub scrub_interval: Duration,
    /// How fast blobs are read again.
    pub scrub_bytes_per_second: u64,
    /// Time that running requests have to end at shutdown.
    pub shutdown_grace: Duration,
    /// File of the bearer token for `/metrics`; none: loopback only.
    pub metrics_token_file: Option<PathBuf>,
    /// Where audit events are forwarded to; none: nowhere.
    pub audit_syslog: Option<syslog::Target>,
    /// Form of the log lines.
    pub log_format: LogFormat,
    /// What is logged, as `tracing-subscriber` reads it.
    pub log_filter: String,
    settings: BTreeMap<String, Setting>,
}

/// Everything that is wrong with the settings, one line each, with its place.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The lines.
    pub problems: Vec<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems.join("\n"))
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads the process's environment and the configuration file and loads the settings.
    ///
    /// # Errors
    /// A file that cannot be read, or what [`Config::load`] refuses.
    pub fn from_process(flags: &Flags) -> Result<Self, ConfigError> {
        let env: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .map(|(name, value)| (name, value.to_string_lossy().into_owned()))
            .collect();
        let path = flags.config.clone().or_else(|| env.get(ENV_CONFIG).map(PathBuf::from));
        let content = path.as_deref().map(read_config).transpose()?;
        let file = path.as_deref().zip(content.as_deref());
        Self::load(flags, &env, file)
    }

    /// Lays the layers over each other and checks every value.
    ///
    /// `file` is the configuration file's name (for messages and relative paths) and content.
    ///
    /// # Errors
    /// All problems at once: unknown keys (with the nearest known one), values out of their form
    /// or bounds, settings that contradict each other.
    pub fn load(
        flags: &Flags,
        env: &BTreeMap<String, String>,
        file: Option<(&Path, &str)>,
    ) -> Result<Self, ConfigError> {
        let mut layers = Layers::with_defaults();
        if let Some((path, content)) = file {
            layers.add_file(path, content);
        }
        layers.add_env(env);
        layers.add_flags(flags);
        set_default_data_dir(&mut layers, env);
        let Layers { settings, problems } = layers;
        let mut reader = Reader { settings: &settings, problems };
        let config = reader.config(settings.clone());
        if reader.problems.is_empty() {
            Ok(config)
        } else {
            Err(ConfigError { problems: reader.problems })
        }
    }

    /// Folder of the bytes of a region's images.
    pub fn blob_dir(&self, region: &str) -> PathBuf {
        self.blobs.get(region).cloned().unwrap_or_else(|| self.data_dir.join("blobs").join(region))
    }

    /// Every effective setting as (key, printable value, origin), secrets replaced by `***`,
    /// in the order of the table, free keys last.
    pub fn report(&self) -> Vec<(String, String, Origin)> {
        let known = keys::KEYS.iter().map(|key| key.name.to_owned());
        let free = self.settings.keys().filter(|name| keys::find(name).is_none()).cloned();
        known
            .chain(free)
            .filter_map(|name| {
                let setting = self.settings.get(&name)?;
                let value = if name == "database" || name == "public_url" {
                    redacted_url(&setting.text)
                } else {
                    setting.text.clone()
                };
                Some((name, value, setting.origin.clone()))
            })
            .collect()
    }

    /// Where the value of a key comes from; the default for an unknown one.
    pub fn origin(&self, key: &str) -> Origin {
        self.settings.get(key).map_or(Origin::Default, |setting| setting.origin.clone())
    }
}

fn read_config(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|error| ConfigError {
        problems: vec![format!(
            "{}: cannot read the configuration file: {error}; name another with --config, \
             or make one with `lendglassd config example`",
            path.display()
        )],
    })
}

/// The data folder's default depends on the environment, so it is no constant of the table.
fn set_default_data_dir(layers: &mut Layers, env: &BTreeMap<String, String>) {
    let Some(setting) = layers.settings.get_mut("data_dir") else { return };
    if !setting.text.is_empty() {
        return;
    }
    let folder = |name: &str| env.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || folder("HOME").map(|home| home.join(".local/share"));
    match folder("XDG_DATA_HOME").or_else(home) {
        Some(folder) => setting.text = folder.join("lendglass").to_string_lossy().into_owned(),
        None => layers.problems.push(
            "data_dir: there is no default without HOME or XDG_DATA_HOME; set --data DIR"
                .to_owned(),
        ),
    }
}

/// Hides the password of a URL, and the value of a `password` parameter.
///
/// Also right for texts that are no URL at all: whatever stands between the first colon after
/// `//` and the last `@` is taken for a secret.
pub fn redacted_url(text: &str) -> String {
    let (base, query) = text.split_once('?').map_or((text, None), |(b, q)| (b, Some(q)));
    let mut shown = base.to_owned();
    if let Some((scheme, rest)) = base.split_once("//")
        && let Some((login, host)) = rest.rsplit_once('@')
        && let Some((user, _)) = login.split_once(':')
    {
        shown = format!("{scheme}//{user}:***@{host}");
    }
    let Some(query) = query else { return shown };
    let hide = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if name.contains("password") => format!("{name}=***"),
        Some(_) | None => pair.to_owned(),
    };
    format!("{shown}?{}", query.split('&').map(hide).collect::<Vec<_>>().join("&"))
}

/// A path prefix without a slash at its end, where it is one that needs no escaping.
pub fn base_path_of(text: &str) -> Option<String> {
    let path = text.trim_end_matches('/');
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"/-._~".contains(&b);
    let is_path = path.is_empty() || path.starts_with('/');
    (is_path && !path.contains("//") && path.len() <= 255 && path.bytes().all(is_plain))
        .then(|| path.to_owned())
}

/// Takes typed values out of the layers and gathers what is wrong with them.
struct Reader<'a> {
    settings: &'a BTreeMap<String, Setting>,
    problems: Vec<String>,
}

impl Reader<'_> {
    fn config(&mut self, settings: BTreeMap<String, Setting>) -> Config {
        let data_dir = PathBuf::from(self.text("data_dir"));
        let listen = self.listen();
        let public_url = self.public_url();
        let console_base_path = self.base_path(public_url.as_ref());
        let config = Config {
            listen,
            public_url,
            trusted_proxies: self.trusted_proxies(),
            database: self.database(&data_dir),
            profile: self.word("profile"),
            profile_is_given: self.setting("profile").origin != Origin::Default,
            policy: self.policy(),
            world: self.path("world"),
            demo: self.demo(listen),
            blobs: self.blobs(),
            master_key_file: self
                .path("master_key_file")
                .unwrap_or_else(|| data_dir.join("master.key")),
            tls: self.tls(),
            token_lifetime: self.seconds("token.lifetime_seconds"),
            sign_in_failures_per_minute: self.number("sign_in.failures_per_minute"),
            image_size_cap_bytes: self.number("image.size_cap_bytes"),
            upload_lease: self.seconds("upload.lease_seconds"),
            upload_idle_timeout: self.seconds("upload.idle_timeout_seconds"),
            digest_algo: match self.word("digest.algo").as_str() {
                "sha256" => DigestAlgo::Sha256,
                _ => DigestAlgo::Sha512,
            },
            digest_md5: self.switch("digest.md5"),
            list_limit_default: self.number("list.limit_default"),
            list_limit_max: self.number("list.limit_max"),
            connections_max: self.number("limits.connections"),
            webhooks_allow_private: self.switch("webhooks.allow_private"),
            console_folder: self.path("console.folder"),
            console_base_path,
            job_workers: self.number("jobs.workers"),
            job_lease: self.seconds("jobs.lease_seconds"),
            scrub_interval: self.seconds("scrub.interval_seconds"),
            scrub_bytes_per_second: self.number("scrub.bytes_per_second"),
            shutdown_grace: self.seconds("shutdown.grace_seconds"),
            metrics_token_file: self.path("metrics.token_file"),
            audit_syslog: self.audit_syslog(),
            log_format: match self.word("log.format").as_str() {
                "json" => LogFormat::Json,
                _ => LogFormat::Text,
            },
            log_filter: self.text("log.filter"),
            data_dir,
            settings,
        };
        if config.list_limit_default > config.list_limit_max {
            self.refuse("list.limit_default", "is greater than list.limit_max");
        }
        config
    }

    fn setting(&self, key: &str) -> Setting {
        let absent = || Setting { text: String::new(), origin: Origin::Default };
        self.settings.get(key).cloned().unwrap_or_else(absent)
    }

    fn text(&self, key: &str) -> String {
        self.setting(key).text
    }

    fn refuse(&mut self, key: &str, why: &str) {
        self.problems.push(format!("{}: {key} {why}", self.setting(key).origin));
    }

    fn path(&self, key: &str) -> Option<PathBuf> {
        Some(self.text(key)).filter(|text| !text.is_empty()).map(PathBuf::from)
    }

    /// A number within the bounds of the table; 0 after a problem was noted.
    fn number<T: TryFrom<u64> + Default>(&mut self, key: &str) -> T {
        let (least, most) = match keys::find(key).map(|key| key.kind) {
            Some(Kind::Number(least, most)) => (least, most),
            Some(Kind::Text | Kind::Path | Kind::Switch | Kind::OneOf(_) | Kind::List) | None => {
                (0, 0)
            }
        };
        let number = u64::from_str(&self.text(key)).ok();
        let number = number.filter(|number| (least..=most).contains(number));
        if let Some(number) = number.and_then(|number| T::try_from(number).ok()) {
            return number;
        }
        let given = self.text(key);
        self.refuse(key, &format!("is `{given}`; it must be a number from {least} to {most}"));
        T::default()
    }

    fn seconds(&mut self, key: &str) -> Duration {
        Duration::from_secs(self.number(key))
    }

    fn switch(&mut self, key: &str) -> bool {
        let text = self.text(key);
        if text != "true" && text != "false" {
            self.refuse(key, &format!("is `{text}`; it must be true or false"));
        }
        text == "true"
    }

    fn word(&mut self, key: &str) -> String {
        let text = self.text(key);
        if let Some(Kind::OneOf(words)) = keys::find(key).map(|key| key.kind)
            && !words.contains(&text.as_str())
        {
            self.refuse(key, &format!("is `{text}`; it must be one of {}", words.join(", ")));
        }
        text
    }

    fn listen(&mut self) -> SocketAddr {
        let text = self.text("listen").replacen("localhost:", "127.0.0.1:", 1);
        SocketAddr::from_str(&text).unwrap_or_else(|_| {
            let why = format!("is `{text}`; it must be ADDRESS:PORT, such as 0.0.0.0:9292");
            self.refuse("listen", &why);
            SocketAddr::from(([127, 0, 0, 1], 0))
        })
    }

    fn demo(&mut self, listen: SocketAddr) -> bool {
        let is_wanted = self.switch("demo");
        if is_wanted && !listen.ip().to_canonical().is_loopback() {
            self.refuse(
                "demo",
                &format!(
                    "is refused on {listen}: its passwords are public; \
                     listen on 127.0.0.1:9292, or leave the demo out"
                ),
            );
        }
        is_wanted
    }

    fn public_url(&mut self) -> Option<Url> {
        let text = self.text("public_url");
        if text.is_empty() {
            return None;
        }
        let url = Url::parse(text.trim_end_matches('/')).ok().filter(|url| {
            let is_plain = url.query().is_none() && url.fragment().is_none();
            is_plain && url.username().is_empty() && matches!(url.scheme(), "http" | "https")
        });
        if url.is_none() {
            self.refuse("public_url", "must be an http or https URL, such as https://img.example");
        }
        url
    }

    fn base_path(&mut self, public_url: Option<&Url>) -> Option<String> {
        let text = self.text("console.base_path");
        let (text, key) = match public_url {
            Some(url) if text.is_empty() => (url.path(), "public_url"),
            None if text.is_empty() => return None,
            Some(_) | None => (text.as_str(), "console.base_path"),
        };
        let path = base_path_of(text);
        if path.is_none() {
            self.refuse(key, "must have a path without escapes, such as /images");
        }
        path
    }

    fn trusted_proxies(&mut self) -> Vec<Cidr> {
        let text = self.text("trusted_proxies");
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        let (mut cidrs, mut wrong) = (Vec::new(), Vec::new());
        for item in items {
            match Cidr::from_str(item) {
                Ok(cidr) => cidrs.push(cidr),
                Err(why) => wrong.push(why),
            }
        }
        for why in wrong {
            self.refuse("trusted_proxies", &format!("is refused: {why}"));
        }
        cidrs
    }

    fn database(&mut self, data_dir: &Path) -> Database {
        let text = self.text("database");
        let password_file = self.path("database_password_file");
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Database::Postgres { url: text, password_file };
        }
        if password_file.is_some() {
            self.refuse("database_password_file", "is set, but the database is not PostgreSQL");
        }
        if text.is_empty() {
            return Database::Sqlite(data_dir.join("lendglass.db"));
        }
        let path = text.strip_prefix("sqlite:").filter(|path| !path.is_empty());
        if path.is_none() {
            self.refuse("database", "must be sqlite:PATH or postgres://USER@HOST/NAME");
        }
        Database::Sqlite(PathBuf::from(path.unwrap_or_default()))
    }

    fn audit_syslog(&mut self) -> Option<syslog::Target> {
        let text = self.text("audit.syslog");
        if text.is_empty() {
            return None;
        }
        let target = syslog::Target::parse(&text);
        if target.is_none() {
            self.refuse("audit.syslog", "must be udp://HOST:PORT, tcp://HOST:PORT or unix:/PATH");
        }
        target
    }

    fn tls(&mut self) -> Option<Tls> {
        match (self.path("tls.certificate"), self.path("tls.key")) {
            (Some(certificate), Some(key)) => Some(Tls { certificate, key }),
            (Some(_), None) => {
                self.refuse("tls.certificate", "needs tls.key beside it");
                None
            }
            (None, Some(_)) => {
                self.refuse("tls.key", "needs tls.certificate beside it");
                None
            }
            (None, None) => None,
        }
    }

    fn free(&self, table: &str) -> Vec<(String, Setting)> {
        self.settings
            .iter()
            .filter_map(|(name, setting)| {
                let rest = name.strip_prefix(table)?.strip_prefix('.')?;
                Some((rest.to_owned(), setting.clone()))
            })
            .collect()
    }

    fn blobs(&self) -> BTreeMap<String, PathBuf> {
        let free = self.free("blobs").into_iter();
        free.map(|(region, setting)| (region, PathBuf::from(setting.text))).collect()
    }

    fn policy(&self) -> Vec<PolicyOverride> {
        let free = self.free("policy").into_iter();
        free.map(|(key, Setting { text, origin })| PolicyOverride { key, value: text, origin })
            .collect()
    }
}
