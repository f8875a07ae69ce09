//! Which cloud, and who signs in: flags, `OS_*` variables, `clouds.yaml`, in this order.
//!
//! The files are looked for where OpenStack's clients look: `OS_CLIENT_CONFIG_FILE`, the present
//! folder, `~/.config/openstack`, `/etc/openstack`. Passwords may also stand in `secure.yaml` beside.

use std::fs;
use std::path::{Path, PathBuf};

use serde_norway::Value;

use crate::args::Global;
use crate::failure::{Failure, exit};
use crate::text::{Language, say_with};

/// Where to sign in and as whom. Holds secrets, hence no `Debug`.
#[derive(Clone, Default)]
pub struct Cloud {
    /// The identity service, ending in `/v3`.
    pub auth_url: String,
    /// A token to sign in with, or to use.
    pub token: Option<String>,
    /// The user.
    pub username: Option<String>,
    pub user_id: Option<String>,
    pub password: Option<String>,
    pub user_domain: Domain,
    pub project_name: Option<String>,
    pub project_id: Option<String>,
    pub project_domain: Domain,
    pub credential_id: Option<String>,
    pub credential_name: Option<String>,
    pub credential_secret: Option<String>,
    pub region: Option<String>,
    pub cacert: Option<PathBuf>,
    pub insecure: bool,
}

/// An account, as Keystone calls it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Domain {
    pub id: Option<String>,
    pub name: Option<String>,
}

impl Cloud {
    /// The cloud that flags, variables and files describe.
    pub fn find(global: &Global, language: Language) -> Result<Cloud, Failure> {
        let files = Files::read(language)?;
        let from_environment = variable("OS_AUTH_URL");
        let mut cloud = match (&global.cloud, &global.auth_url, from_environment) {
            (Some(name), _, _) => files.cloud(name, language)?,
            (None, Some(_), _) | (None, None, Some(_)) => Cloud::default(),
            (None, None, None) => match files.names().as_slice() {
                [only] => files.cloud(only, language)?,
                names => return Err(no_cloud(language, names)),
            },
        };
        cloud.overlay(global);
        if cloud.auth_url.is_empty() {
            return Err(no_cloud(language, &files.names()));
        }
        cloud.auth_url = identity_url(&cloud.auth_url);
        Ok(cloud)
    }

    /// A cloud that no file knows yet: what flags and variables say.
    pub fn new_one(global: &Global) -> Cloud {
        let mut cloud = Cloud::default();
        cloud.overlay(global);
        cloud.auth_url = identity_url(&cloud.auth_url);
        cloud
    }

    /// Flags and variables go before files.
    fn overlay(&mut self, global: &Global) {
        let set = |place: &mut Option<String>, flag: Option<&String>, names: &[&str]| {
            let value = flag.cloned().or_else(|| names.iter().find_map(|name| variable(name)));
            if value.is_some() {
                *place = value;
            }
        };
        let mut auth_url = None;
        set(&mut auth_url, global.auth_url.as_ref(), &["OS_AUTH_URL"]);
        self.auth_url = auth_url.unwrap_or_else(|| std::mem::take(&mut self.auth_url));
        set(&mut self.username, global.username.as_ref(), &["OS_USERNAME"]);
        set(&mut self.user_id, None, &["OS_USER_ID"]);
        set(&mut self.password, None, &["OS_PASSWORD"]);
        set(&mut self.token, None, &["OS_TOKEN"]);
        set(&mut self.project_id, None, &["OS_PROJECT_ID"]);
        set(&mut self.project_name, global.project.as_ref(), &["OS_PROJECT_NAME"]);
        if global.project.is_some() {
            self.project_id = None;
        }
        set(&mut self.user_domain.name, global.account.as_ref(), &["OS_USER_DOMAIN_NAME"]);
        set(&mut self.user_domain.id, None, &["OS_USER_DOMAIN_ID"]);
        set(&mut self.project_domain.name, global.account.as_ref(), &["OS_PROJECT_DOMAIN_NAME"]);
        set(&mut self.project_domain.id, None, &["OS_PROJECT_DOMAIN_ID"]);
        set(&mut self.credential_id, None, &["OS_APPLICATION_CREDENTIAL_ID"]);
        set(&mut self.credential_name, None, &["OS_APPLICATION_CREDENTIAL_NAME"]);
        set(&mut self.credential_secret, None, &["OS_APPLICATION_CREDENTIAL_SECRET"]);
        set(&mut self.region, None, &["OS_REGION_NAME"]);
        if global.cacert.is_some() {
            self.cacert.clone_from(&global.cacert);
        }
        self.insecure |= global.insecure;
        if self.project_domain == Domain::default() {
            self.project_domain = self.user_domain.clone();
        }
    }

    fn of_entry(entry: &Value) -> Cloud {
        let auth = &entry["auth"];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let domain = |id: &str, name: &str| Domain {
            id: text(&auth[id]).or_else(|| text(&auth["domain_id"])),
            name: text(&auth[name]).or_else(|| text(&auth["domain_name"])),
        };
        Cloud {
            auth_url: text(&auth["auth_url"]).unwrap_or_default(),
            token: text(&auth["token"]),
            username: text(&auth["username"]),
            user_id: text(&auth["user_id"]),
            password: text(&auth["password"]),
            user_domain: domain("user_domain_id", "user_domain_name"),
            project_name: text(&auth["project_name"]),
            project_id: text(&auth["project_id"]),
            project_domain: domain("project_domain_id", "project_domain_name"),
            credential_id: text(&auth["application_credential_id"]),
            credential_name: text(&auth["application_credential_name"]),
            credential_secret: text(&auth["application_credential_secret"]),
            region: text(&entry["region_name"]),
            cacert: text(&entry["cacert"]).map(PathBuf::from),
            insecure: entry["verify"].as_bool() == Some(false),
        }
    }
}

fn no_cloud(language: Language, names: &[String]) -> Failure {
    let text = say_with(language, "no_cloud", &[&known(language, names)]);
    Failure::new("NO_CLOUD", exit::USAGE, text)
}

fn known(language: Language, names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    say_with(language, "known_clouds", &[&names.join(", ")])
}

/// The identity service behind what people write: with `/v3`, without a slash at the end.
pub fn identity_url(text: &str) -> String {
    let text = text.trim_end_matches('/');
    if text.ends_with("/v3") { text.to_owned() } else { format!("{text}/v3") }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The clouds that files describe.
struct Files {
    clouds: Value,
    secure: Value,
}

impl Files {
    fn read(language: Language) -> Result<Files, Failure> {
        let Some(path) = existing("clouds.yaml") else {
            return Ok(Files { clouds: Value::Null, secure: Value::Null });
        };
        let clouds = read_yaml(&path, language)?;
        let beside = path.with_file_name("secure.yaml");
        let secure = if beside.exists() { read_yaml(&beside, language)? } else { Value::Null };
        Ok(Files { clouds, secure })
    }

    fn names(&self) -> Vec<String> {
        let clouds = self.clouds["clouds"].as_mapping();
        let names = clouds.into_iter().flat_map(|clouds| clouds.keys());
        names.filter_map(|name| name.as_str().map(str::to_owned)).collect()
    }

    fn cloud(&self, name: &str, language: Language) -> Result<Cloud, Failure> {
        let entry = &self.clouds["clouds"][name];
        if !entry.is_mapping() {
            let known = known(language, &self.names());
            let text = say_with(language, "cloud_missing", &[name, &known]);
            return Err(Failure::new("NO_CLOUD", exit::USAGE, text));
        }
        let mut cloud = Cloud::of_entry(entry);
        let secure = Cloud::of_entry(&self.secure["clouds"][name]);
        cloud.password = cloud.password.or(secure.password);
        cloud.token = cloud.token.or(secure.token);
        cloud.credential_secret = cloud.credential_secret.or(secure.credential_secret);
        Ok(cloud)
    }
}

/// Reads a YAML file.
pub fn read_yaml(path: &Path, language: Language) -> Result<Value, Failure> {
    let refuse = |error: &dyn std::fmt::Display| {
        let place = path.display().to_string();
        let text = say_with(language, "bad_yaml", &[&place, &error.to_string()]);
        Failure::new("BAD_FILE", exit::USAGE, text)
    };
    let text = fs::read_to_string(path).map_err(|error| refuse(&error))?;
    serde_norway::from_str(&text).map_err(|error| refuse(&error))
}

fn existing(name: &str) -> Option<PathBuf> {
    if let Some(path) = variable("OS_CLIENT_CONFIG_FILE") {
        return Some(PathBuf::from(path));
    }
    let folders = [Some(PathBuf::from(".")), user_folder(), Some(PathBuf::from("/etc/openstack"))];
    folders.into_iter().flatten().map(|folder| folder.join(name)).find(|path| path.exists())
}

/// Where the user's own clouds.yaml lies.
pub fn user_folder() -> Option<PathBuf> {
    let config = variable("XDG_CONFIG_HOME").map(PathBuf::from);
    let config =
        config.or_else(|| variable("HOME").map(|home| PathBuf::from(home).join(".config")));
    config.map(|folder| folder.join("openstack"))
}

/// The file that `login` writes: the one named by `OS_CLIENT_CONFIG_FILE`, else the user's own.
pub fn file_to_write() -> Option<PathBuf> {
    let named = variable("OS_CLIENT_CONFIG_FILE").map(PathBuf::from);
    named.or_else(|| user_folder().map(|folder| folder.join("clouds.yaml")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_url_ends_in_v3() {
        for text in ["http://h:9292", "http://h:9292/", "http://h:9292/v3", "http://h:9292/v3/"] {
            assert_eq!(identity_url(text), "http://h:9292/v3");
        }
        assert_eq!(identity_url("https://h/identity"), "https://h/identity/v3");
    }
}
