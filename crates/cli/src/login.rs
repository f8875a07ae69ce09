//! `lend login`: signs in once, remembers the cloud in clouds.yaml and the token in the cache. The
//! password is asked for and forgotten.

use std::fs::{self, OpenOptions};
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde_norway::{Mapping, Value};

use crate::api::Api;
use crate::args::{Global, Login};
use crate::cloud::{self, Cloud};
use crate::failure::{Failure, exit};
use crate::session::sign_in;
use crate::text::{Language, say_with};

/// The entry that a login without `--cloud` writes.
const DEFAULT_NAME: &str = "lendglass";

/// Signs in and remembers it.
pub fn login(global: &Global, language: Language, wish: &Login) -> Result<u8, Failure> {
    let name = global.cloud.clone().unwrap_or_else(|| DEFAULT_NAME.to_owned());
    let mut cloud = wanted(global, language)?;
    if cloud.credential_secret.is_none() && (cloud.password.is_none() || wish.password_stdin) {
        cloud.password = Some(ask(&cloud, language, wish)?);
        cloud.token = None;
    }
    let api = Api::new(&cloud, language)?;
    sign_in(&api, &cloud, language)?;
    let file =
        cloud::file_to_write().ok_or_else(|| Failure::new("BAD_FILE", exit::ERROR, "HOME"))?;
    remember(&file, &name, &cloud, language)?;
    if !global.quiet {
        let who = cloud.username.as_deref().or(cloud.user_id.as_deref()).unwrap_or("-");
        let place = file.display().to_string();
        let text = say_with(language, "signed_in", &[who, &cloud.auth_url, &name, &place]);
        writeln!(std::io::stdout(), "{text}")?;
    }
    Ok(0)
}

/// The cloud to sign in to: what is known of it, or only what flags and variables say of a new one.
fn wanted(global: &Global, language: Language) -> Result<Cloud, Failure> {
    match Cloud::find(global, language) {
        Err(failure) if failure.code == "NO_CLOUD" && global.auth_url.is_some() => {
            Ok(Cloud::new_one(global))
        }
        other => other,
    }
}

fn ask(cloud: &Cloud, language: Language, wish: &Login) -> Result<String, Failure> {
    let who = cloud.username.as_deref().or(cloud.user_id.as_deref()).unwrap_or("-");
    if wish.password_stdin || !std::io::stdin().is_terminal() {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    Ok(rpassword::prompt_password(say_with(language, "password", &[who]))?)
}

/// Writes the entry; the others stay. What was there before is kept beside as `clouds.yaml.bak`,
/// because writing anew loses comments.
fn remember(file: &Path, name: &str, cloud: &Cloud, language: Language) -> Result<(), Failure> {
    let before = if file.exists() { cloud::read_yaml(file, language)? } else { Value::Null };
    let mut all = before.as_mapping().cloned().unwrap_or_default();
    let mut clouds = all.get("clouds").and_then(Value::as_mapping).cloned().unwrap_or_default();
    let entry = Value::Mapping(entry(cloud));
    if clouds.get(name) == Some(&entry) {
        return Ok(());
    }
    clouds.insert(name.into(), entry);
    all.insert("clouds".into(), Value::Mapping(clouds));
    let text = serde_norway::to_string(&Value::Mapping(all))
        .map_err(|error| Failure::new("BAD_FILE", exit::ERROR, error.to_string()))?;
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    if file.exists() {
        fs::copy(file, file.with_extension("yaml.bak"))?;
    }
    let new = file.with_extension("yaml.new");
    let mut written =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    written.write_all(text.as_bytes())?;
    written.sync_all()?;
    fs::rename(&new, file)?;
    Ok(())
}

/// An entry without secrets.
fn entry(cloud: &Cloud) -> Mapping {
    let mut auth = Mapping::new();
    let texts = [
        ("auth_url", Some(&cloud.auth_url)),
        ("username", cloud.username.as_ref()),
        ("user_id", cloud.user_id.as_ref()),
        ("user_domain_id", cloud.user_domain.id.as_ref()),
        ("user_domain_name", cloud.user_domain.name.as_ref()),
        ("project_id", cloud.project_id.as_ref()),
        ("project_name", cloud.project_name.as_ref()),
        ("project_domain_id", cloud.project_domain.id.as_ref()),
        ("project_domain_name", cloud.project_domain.name.as_ref()),
        ("application_credential_id", cloud.credential_id.as_ref()),
        ("application_credential_name", cloud.credential_name.as_ref()),
    ];
    for (name, value) in texts {
        if let Some(value) = value {
            auth.insert(name.into(), value.as_str().into());
        }
    }
    let mut entry = Mapping::new();
    if cloud.credential_id.is_some() || cloud.credential_name.is_some() {
        entry.insert("auth_type".into(), "v3applicationcredential".into());
    }
    entry.insert("auth".into(), Value::Mapping(auth));
    if let Some(region) = &cloud.region {
        entry.insert("region_name".into(), region.as_str().into());
    }
    if let Some(cacert) = &cloud.cacert {
        entry.insert("cacert".into(), cacert.display().to_string().into());
    }
    if cloud.insecure {
        entry.insert("verify".into(), false.into());
    }
    entry
}
