//! The world file as it is written.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::WorldError;

/// Text that remembers where it stood.
pub(super) type Text = Spanned<String>;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct World {
    pub regions: Vec<Spanned<RegionEntry>>,
    pub accounts: Vec<Spanned<AccountEntry>>,
    pub projects: Vec<Spanned<ProjectEntry>>,
    pub users: Vec<Spanned<UserEntry>>,
    pub access_keys: Vec<Spanned<AccessKeyEntry>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RegionEntry {
    pub id: Option<Text>,
    pub name: Text,
    #[serde(default)]
    pub zones: Vec<String>,
    /// The sites that offer it; all where none is named.
    #[serde(default)]
    pub sites: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountEntry {
    pub id: Option<Text>,
    pub uid: Option<Text>,
    pub email: Option<Text>,
    pub name: Text,
    /// The site it belongs to, where the installation serves several (RG-03).
    pub site: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProjectEntry {
    pub id: Option<Text>,
    pub name: Text,
    pub account: Text,
    /// The first region where not said.
    pub region: Option<Text>,
    #[serde(default)]
    pub discoverable: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserEntry {
    pub id: Option<Text>,
    pub name: Text,
    pub password: Option<Text>,
    pub account: Text,
    #[serde(default)]
    pub system_admin: bool,
    #[serde(default)]
    pub roles: Vec<RoleEntry>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleEntry {
    pub project: Text,
    pub role: Text,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccessKeyEntry {
    pub user: Text,
    pub project: Text,
    pub access_key: Text,
    pub secret_key: Text,
}

/// The file and its name, to say where something is wrong.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub name: String,
    pub text: String,
}

impl Source {
    pub fn parse(&self) -> Result<World, WorldError> {
        toml::from_str(&self.text).map_err(|error| WorldError::At {
            file: self.name.clone(),
            line: error.span().map_or(1, |span| self.line(&span)),
            text: error.message().to_owned(),
        })
    }

    /// The line, from 1, on which a span begins.
    pub fn line(&self, span: &Range<usize>) -> usize {
        let before = self.text.as_bytes().get(..span.start).unwrap_or_default();
        1 + before.iter().filter(|byte| **byte == b'\n').count()
    }
}
