//! The four layers of settings and how they are laid over each other.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::args::Flags;
use super::keys::{self, FREE_TABLES, KEYS, Kind};

/// Where an effective value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The table of defaults.
    Default,
    /// A line of the configuration file, counted from 1.
    File {
        /// The file as it was named.
        path: PathBuf,
        /// The line of the key.
        line: usize,
    },
    /// An environment variable.
    Env(String),
    /// A flag of the command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Env(name) => f.write_str(name),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}

/// A value in its textual form, with its origin. Lists are joined by commas.
#[derive(Clone, PartialEq, Eq)]
pub struct Setting {
    /// The text, as given.
    pub text: String,
    /// Who said so.
    pub origin: Origin,
}

/// Without the password that a URL may hold.
impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", super::redacted_url(&self.text), self.origin)
    }
}

/// The settings by dotted name, and what was wrong on the way.
#[derive(Debug, Default)]
pub struct Layers {
    /// What is in force.
    pub settings: BTreeMap<String, Setting>,
    /// Everything wrong so far, each with its place.
    pub problems: Vec<String>,
}

impl Layers {
    /// Starts with the defaults.
    pub fn with_defaults() -> Self {
        let setting = |text: &str| Setting { text: text.to_owned(), origin: Origin::Default };
        let settings = KEYS.iter().map(|key| (key.name.to_owned(), setting(key.default))).collect();
        Self { settings, problems: Vec::new() }
    }

    /// Lays the configuration file over what is there.
    pub fn add_file(&mut self, path: &Path, content: &str) {
        match DeTable::parse(content) {
            Ok(table) => self.add_table("", table.get_ref(), &Place { path, content }),
            // The message only, never the library's excerpt: the line may hold a password.
            Err(error) => {
                let line = line_at(content, error.span().map_or(0, |span| span.start));
                self.problems.push(format!("{}:{line}: {}", path.display(), error.message()));
            }
        }
    }

    fn add_table(&mut self, prefix: &str, table: &DeTable<'_>, place: &Place<'_>) {
        for (key, value) in table {
            let name = format!("{prefix}{}", key.get_ref());
            let origin = place.origin(key.span().start);
            if let Some(inner) = value.get_ref().as_table() {
                self.add_table(&format!("{name}."), inner, place);
            } else if let Some(text) = text_of(value.get_ref()) {
                self.add(&name, Setting { text, origin });
            } else {
                self.problems.push(format!(
                    "{origin}: {name} is a {}; it must be a string, a number, a boolean or an array of strings",
                    value.get_ref().type_str(),
                ));
            }
        }
    }

    /// Lays the environment over what is there; only names with our prefix are looked at.
    pub fn add_env(&mut self, env: &BTreeMap<String, String>) {
        for (variable, text) in env {
            let Some(rest) = variable.strip_prefix(super::ENV_PREFIX) else { continue };
            if variable == super::ENV_CONFIG {
                continue;
            }
            let name = rest.replace("__", ".").to_lowercase();
            self.add(&name, Setting { text: text.clone(), origin: Origin::Env(variable.clone()) });
        }
    }

    /// Lays the flags over what is there.
    pub fn add_flags(&mut self, flags: &Flags) {
        for (key, flag, text) in flags.values() {
            self.add(key, Setting { text, origin: Origin::Flag(flag) });
        }
    }

    fn add(&mut self, name: &str, mut setting: Setting) {
        let is_free = FREE_TABLES
            .iter()
            .any(|(table, ..)| name.strip_prefix(table).is_some_and(|rest| rest.starts_with('.')));
        match keys::find(name) {
            Some(key) if key.kind == Kind::Path => make_absolute_to_file(&mut setting),
            Some(_) => {}
            None if name.starts_with("blobs.") => make_absolute_to_file(&mut setting),
            None if is_free => {}
            None => {
                self.problems.push(unknown_key(name, &setting.origin));
                return;
            }
        }
        self.settings.insert(name.to_owned(), setting);
    }
}

/// A path in the file means the same wherever the server is started from.
fn make_absolute_to_file(setting: &mut Setting) {
    if let Origin::File { path, .. } = &setting.origin
        && let Some(folder) = path.parent()
        && !setting.text.is_empty()
    {
        setting.text = folder.join(&setting.text).to_string_lossy().into_owned();
    }
}

fn unknown_key(name: &str, origin: &Origin) -> String {
    let nearest = keys::nearest(name);
    match origin {
        Origin::Env(variable) => {
            format!(
                "{variable}: there is no such setting; the nearest is {}",
                keys::env_name(nearest)
            )
        }
        Origin::Default | Origin::File { .. } | Origin::Flag(_) => {
            format!("{origin}: there is no setting `{name}`; the nearest is `{nearest}`")
        }
    }
}

struct Place<'a> {
    path: &'a Path,
    content: &'a str,
}

impl Place<'_> {
    fn origin(&self, offset: usize) -> Origin {
        Origin::File { path: self.path.to_owned(), line: line_at(self.content, offset) }
    }
}

/// The line, counted from 1, of a byte offset.
fn line_at(content: &str, offset: usize) -> usize {
    1 + content.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

fn text_of(value: &DeValue<'_>) -> Option<String> {
    if let Some(array) = value.as_array() {
        let texts: Option<Vec<&str>> = array.iter().map(|item| item.get_ref().as_str()).collect();
        return Some(texts?.join(","));
    }
    if let Some(integer) = value.as_integer() {
        return integer_text(integer.as_str(), integer.radix());
    }
    value.as_str().map(str::to_owned).or_else(|| value.as_bool().map(|claim| claim.to_string()))
}

/// TOML also allows `0x10` and `1_000`; settings are kept in plain decimal.
fn integer_text(digits: &str, radix: u32) -> Option<String> {
    i128::from_str_radix(&digits.replace('_', ""), radix).ok().map(|number| number.to_string())
}
