//! The table of settings: every key the server knows, with its default, its form and its text.
//!
//! The example file, the table in the operator guide, the check for unknown keys and the defaults
//! of [`Config`](super::Config) are all made from this table, so they cannot disagree.

use std::fmt::Write as _;

/// The form a value must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A file or folder. In the configuration file it is relative to that file's folder,
    /// elsewhere to the current one.
    Path,
    /// A whole number between the two bounds, both included.
    Number(u64, u64),
    /// `true` or `false`.
    Switch,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Several texts: a TOML array, elsewhere separated by commas.
    List,
}

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The dotted name, as in `tls.certificate`.
    pub name: &'static str,
    /// The default in its textual form; empty where there is none.
    pub default: &'static str,
    /// The form of the value.
    pub kind: Kind,
    /// What it does, with its unit, in whole sentences.
    pub text: &'static str,
}

/// The profiles that `core` builds in (PF-01).
pub const PROFILES: &[&str] =
    &["lendglass", "huawei", "huawei-128", "ctyun", "ctyun-v4", "tencent", "glance"];

/// The tables with free keys: their keys are checked by whoever owns the words.
pub const FREE_TABLES: &[(&str, &str, &str)] = &[
    (
        "blobs",
        "Folder of image bytes of a region, by region id; default: DATA/blobs/REGION.",
        "r1 = \"/srv/images/r1\"",
    ),
    (
        "policy",
        "Overrides of single keys of the profile; `lend policy show` lists them with their values.",
        "share.max_tenants.system = 64",
    ),
];

const fn key(name: &'static str, default: &'static str, kind: Kind, text: &'static str) -> Key {
    Key { name, default, kind, text }
}

/// Every setting. Keys without a section come first, as TOML wants it; sections are together.
pub const KEYS: &[Key] = &[
    key(
        "data_dir",
        "",
        Kind::Path,
        "Folder of everything the server keeps. Default: lendglass in the XDG data folder.",
    ),
    key(
        "listen",
        "127.0.0.1:9292",
        Kind::Text,
        "Address and port of the one listener that serves every dialect.",
    ),
    key(
        "public_url",
        "",
        Kind::Text,
        "URL under which clients reach the server. Default: scheme and Host of each request.",
    ),
    key(
        "trusted_proxies",
        "",
        Kind::List,
        "Addresses (CIDR) whose Forwarded and X-Forwarded headers are believed.",
    ),
    key(
        "database",
        "",
        Kind::Text,
        "sqlite:PATH or postgres://USER@HOST/NAME. Default: a SQLite file in the data folder.",
    ),
    key(
        "database_password_file",
        "",
        Kind::Path,
        "File with the password for PostgreSQL, so that it stands in no setting.",
    ),
    key("profile", "lendglass", Kind::OneOf(PROFILES), "The cloud whose sharing rules apply."),
    key(
        "world",
        "",
        Kind::Path,
        "TOML file of regions, accounts, projects, users and access keys; what is missing is added.",
    ),
    key(
        "demo",
        "false",
        Kind::Switch,
        "Make the small demo world. Refused on any address but loopback.",
    ),
    key(
        "master_key_file",
        "",
        Kind::Path,
        "File of the key that seals stored secrets, the same on all nodes. Default: DATA/master.key.",
    ),
    key("tls.certificate", "", Kind::Path, "PEM chain of the server; together with tls.key."),
    key("tls.key", "", Kind::Path, "PEM private key of the certificate."),
    key(
        "token.lifetime_seconds",
        "3600",
        Kind::Number(60, 86_400),
        "How long a token is good, in seconds.",
    ),
    key(
        "sign_in.failures_per_minute",
        "10",
        Kind::Number(1, 10_000),
        "Failed sign-ins a minute, per user and source, before further ones are refused.",
    ),
    key(
        "image.size_cap_bytes",
        "1099511627776",
        Kind::Number(1, 1 << 60),
        "Largest image accepted, in bytes (1 TiB).",
    ),
    key(
        "upload.lease_seconds",
        "60",
        Kind::Number(5, 3600),
        "An upload whose node has not renewed it for so many seconds is dead and is undone.",
    ),
    key(
        "upload.idle_timeout_seconds",
        "60",
        Kind::Number(1, 3600),
        "Seconds without a byte after which an upload is given up.",
    ),
    key(
        "digest.algo",
        "sha512",
        Kind::OneOf(&["sha512", "sha256"]),
        "Digest of new images (os_hash_algo); sha256 is faster on most processors.",
    ),
    key(
        "digest.md5",
        "true",
        Kind::Switch,
        "Also compute MD5, which clients read as `checksum`; without it uploads cost less.",
    ),
    key("list.limit_default", "25", Kind::Number(1, 10_000), "Page size when none is asked for."),
    key("list.limit_max", "1000", Kind::Number(1, 10_000), "Largest page size granted."),
    key(
        "limits.connections",
        "4096",
        Kind::Number(1, 1_000_000),
        "Connections served at once. For a further one another that rests between two requests is closed; where \
         none rests, it waits.",
    ),
    key(
        "webhooks.allow_private",
        "false",
        Kind::Switch,
        "Let webhooks tell loopback, private and link-local addresses; whoever may make one then \
         reaches what the server reaches.",
    ),
    key(
        "console.base_path",
        "",
        Kind::Text,
        "Path under which browsers reach the server, such as /images, where a proxy takes it off. \
         Default: the path of public_url, or X-Forwarded-Prefix of a trusted proxy.",
    ),
    key(
        "console.folder",
        "",
        Kind::Path,
        "Folder of a built console that is served instead of the one within the program, read anew \
         for every request: for who works on it.",
    ),
    key("jobs.workers", "2", Kind::Number(0, 1024), "Jobs run at once; 0: this node runs none."),
    key(
        "jobs.lease_seconds",
        "60",
        Kind::Number(5, 3600),
        "A job whose node has not renewed it for so many seconds is run by another one.",
    ),
    key(
        "scrub.interval_seconds",
        "2592000",
        Kind::Number(0, 315_360_000),
        "Seconds (30 days) after which the bytes of an image are read again and held against their \
         digest; 0: only when somebody asks.",
    ),
    key(
        "scrub.bytes_per_second",
        "52428800",
        Kind::Number(1 << 20, 1 << 40),
        "How fast that is done, unless somebody asked for it: 50 MiB a second.",
    ),
    key(
        "shutdown.grace_seconds",
        "30",
        Kind::Number(0, 3600),
        "Seconds that running requests have to end after SIGTERM.",
    ),
    key(
        "metrics.token_file",
        "",
        Kind::Path,
        "File of the bearer token that opens /metrics to others than loopback.",
    ),
    key(
        "audit.syslog",
        "",
        Kind::Text,
        "Where audit events are forwarded to: udp://HOST:PORT, tcp://HOST:PORT or unix:/dev/log.",
    ),
    key("log.format", "text", Kind::OneOf(&["text", "json"]), "Form of the log lines."),
    key(
        "log.filter",
        "info",
        Kind::Text,
        "What is logged: a level, or TARGET=LEVEL pairs separated by commas.",
    ),
];

/// The setting of that name.
pub fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// The name of the environment variable of a key: `tls.key` is `LENDGLASS_TLS__KEY`.
pub fn env_name(key: &str) -> String {
    format!("{}{}", super::ENV_PREFIX, key.replace('.', "__").to_uppercase())
}

/// The known name that resembles `unknown` most.
pub fn nearest(unknown: &str) -> &'static str {
    let likeness = |name: &str| strsim::normalized_damerau_levenshtein(unknown, name);
    let names = KEYS.iter().map(|key| key.name);
    let best = names.max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    best.unwrap_or_default()
}

/// The commented configuration file, with every key at its default.
pub fn example() -> String {
    let mut out = String::from(
        "# Configuration of lendglassd. Every line is a default; remove the # to change it.\n\
         # The environment (LENDGLASS_SECTION__KEY) and flags win over this file.\n",
    );
    let mut section = "";
    for key in KEYS {
        let (table, name) = key.name.split_once('.').unwrap_or(("", key.name));
        if table != section {
            let _ = write!(out, "\n[{table}]\n");
            section = table;
        }
        let _ = write!(out, "\n# {}\n", key.text);
        if let Kind::OneOf(words) = key.kind {
            let _ = writeln!(out, "# One of: {}.", words.join(", "));
        }
        let _ = writeln!(out, "#{name} = {}", toml_text(key));
    }
    for (table, text, sample) in FREE_TABLES {
        let _ = write!(out, "\n# {text}\n[{table}]\n#{sample}\n");
    }
    out
}

fn toml_text(key: &Key) -> String {
    match key.kind {
        Kind::Number(..) | Kind::Switch => key.default.to_owned(),
        Kind::List => "[]".to_owned(),
        Kind::Text | Kind::Path | Kind::OneOf(_) => format!("{:?}", key.default),
    }
}

/// The table of settings for the operator guide, in Markdown.
pub fn markdown() -> String {
    let mut out = String::from("| key | default | what it does |\n|---|---|---|\n");
    for key in KEYS {
        let default =
            if key.default.is_empty() { String::new() } else { format!("`{}`", key.default) };
        let words = match key.kind {
            Kind::OneOf(words) => format!(" One of {}.", words.join(", ")),
            Kind::Number(least, most) => format!(" {least} to {most}."),
            Kind::Text | Kind::Path | Kind::Switch | Kind::List => String::new(),
        };
        let _ = writeln!(out, "| `{}` | {default} | {}{words} |", key.name, key.text);
    }
    for (table, text, sample) in FREE_TABLES {
        let _ = writeln!(out, "| `[{table}]` | | {text} Example: `{sample}` |");
    }
    out
}
