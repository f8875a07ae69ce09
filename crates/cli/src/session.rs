//! A signed-in session: a token, where the native API is, and a cache so that a command does not
//! sign in each time. The cache holds tokens, never passwords, and is readable by its owner only.

use std::cell::RefCell;
use std::collections::hash_map::DefaultHasher;
use std::fs::{self, OpenOptions};
use std::hash::{Hash as _, Hasher as _};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use ureq::http::Method;

use crate::api::{Answer, Api, Sent};
use crate::args::Global;
use crate::cloud::{Cloud, Domain};
use crate::failure::{Failure, exit};
use crate::text::{Language, say, say_with};

const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A signed-in session.
pub struct Session {
    api: Api,
    cloud: Cloud,
    language: Language,
    grant: RefCell<Grant>,
    /// Whether the token came from the cache and may have ended meanwhile.
    is_cached: RefCell<bool>,
}

/// What signing in gave.
#[derive(Clone)]
pub struct Grant {
    token: String,
    endpoint: String,
}

impl Session {
    /// Signs in, or takes the token of an earlier sign-in.
    pub fn open(global: &Global, language: Language) -> Result<Session, Failure> {
        let cloud = Cloud::find(global, language)?;
        let api = Api::new(&cloud, language)?;
        let cached = read_cache(&cloud);
        let is_cached = cached.is_some();
        let grant = match cached {
            Some(grant) => grant,
            None => sign_in(&api, &cloud, language)?,
        };
        Ok(Session {
            api,
            cloud,
            language,
            grant: RefCell::new(grant),
            is_cached: RefCell::new(is_cached),
        })
    }

    /// A native call: `path` below `/api/v1`, with its query. A refusal is a failure.
    pub fn call(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        self.answer(method, path, body)?.success()
    }

    /// As [`Session::call`]; a refusal is an answer, for calls whose refusals have results.
    pub fn answer(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Failure> {
        let send = || {
            let grant = self.grant.borrow().clone();
            let url = format!("{}{path}", grant.endpoint);
            self.api.json(method, &url, Some(&grant.token), body)
        };
        let answer = send()?;
        if answer.status != 401 || !*self.is_cached.borrow() {
            return Ok(answer);
        }
        // The remembered token has ended: sign in anew, where that needs nobody's hands.
        *self.grant.borrow_mut() = sign_in(&self.api, &self.cloud, self.language)?;
        *self.is_cached.borrow_mut() = false;
        send()
    }

    /// Sends headers and bytes; a token that has ended is replaced for the next call, where that needs
    /// nobody's hands.
    pub fn sent(&self, method: &Method, path: &str, sent: Sent<'_>) -> Result<Answer, Failure> {
        let (api, url, token) = self.bytes(path);
        let answer = api.send(method, &url, &token, sent)?;
        if answer.status == 401 {
            *self.is_cached.borrow_mut() = true;
        }
        Ok(answer)
    }

    /// The same person in another of his projects of this region.
    pub fn in_project(&self, project: &str) -> Result<Session, Failure> {
        let token = self.grant.borrow().token.clone();
        let auth = json!({
            "identity": {"methods": ["token"], "token": {"id": token}},
            "scope": {"project": {"id": project}},
        });
        Ok(Session {
            api: self.api.clone(),
            cloud: self.cloud.clone(),
            language: self.language,
            grant: RefCell::new(grant(&self.api, &self.cloud, self.language, &auth)?),
            is_cached: RefCell::new(false),
        })
    }

    /// A GET.
    pub fn get(&self, path: &str) -> Result<Value, Failure> {
        self.call(&Method::GET, path, None)
    }

    /// The connection, the URL of a native path, and the token: for bytes. Call something else
    /// before, so that a token that has ended is replaced.
    pub fn bytes(&self, path: &str) -> (Api, String, String) {
        let grant = self.grant.borrow();
        (self.api.clone(), format!("{}{path}", grant.endpoint), grant.token.clone())
    }
}

/// A text as a part of a path or a query.
pub fn escaped(text: &str) -> String {
    utf8_percent_encode(text, PATH).to_string()
}

/// Signs in and remembers the token.
pub fn sign_in(api: &Api, cloud: &Cloud, language: Language) -> Result<Grant, Failure> {
    let identity = identity(cloud, language)?;
    let mut auth = json!({"identity": identity});
    let is_application = cloud.credential_secret.is_some();
    if !is_application {
        match scope(cloud) {
            Some(scope) => auth["scope"] = scope,
            None => return sign_in_to_the_only_project(api, cloud, language, &auth),
        }
    }
    let grant = grant(api, cloud, language, &auth)?;
    write_cache(cloud, &grant);
    Ok(grant)
}

fn grant(api: &Api, cloud: &Cloud, language: Language, auth: &Value) -> Result<Grant, Failure> {
    let answer = tokens(api, cloud, auth)?;
    let refused = || {
        let text = say_with(language, "no_native", &[&cloud.auth_url]);
        Failure::new("NO_NATIVE_API", exit::ERROR, text)
    };
    let endpoint = endpoint(cloud, &answer.body).ok_or_else(refused)?;
    let token = answer.subject_token.ok_or_else(refused)?;
    Ok(Grant { token, endpoint })
}

fn tokens(api: &Api, cloud: &Cloud, auth: &Value) -> Result<Answer, Failure> {
    let url = format!("{}/auth/tokens", cloud.auth_url);
    let answer = api.json(&Method::POST, &url, None, Some(&json!({"auth": auth})))?;
    if answer.is_success() { Ok(answer) } else { Err(answer.refusal()) }
}

/// The native API's address in the catalog: of the region asked for, else the first.
fn endpoint(cloud: &Cloud, body: &Value) -> Option<String> {
    let services = body["token"]["catalog"].as_array()?;
    let service = services.iter().find(|service| service["type"] == "lendglass")?;
    let endpoints = service["endpoints"].as_array()?;
    let is_public = |endpoint: &&Value| endpoint["interface"] == "public";
    let fits = |endpoint: &&Value| match &cloud.region {
        Some(region) => endpoint["region_id"] == region.as_str(),
        None => true,
    };
    let chosen = endpoints.iter().filter(is_public).find(fits)?;
    chosen["url"].as_str().map(|url| url.trim_end_matches('/').to_owned())
}

/// Somebody who has one project need not name it.
fn sign_in_to_the_only_project(
    api: &Api,
    cloud: &Cloud,
    language: Language,
    auth: &Value,
) -> Result<Grant, Failure> {
    let unscoped = tokens(api, cloud, auth)?;
    let token = unscoped.subject_token.unwrap_or_default();
    let url = format!("{}/auth/projects", cloud.auth_url);
    let body = api.json(&Method::GET, &url, Some(&token), None)?.success()?;
    let projects = body["projects"].as_array().cloned().unwrap_or_default();
    let [only] = projects.as_slice() else {
        let names: Vec<&str> = projects.iter().filter_map(|p| p["name"].as_str()).collect();
        let text = say_with(language, "no_project", &[&names.join(", ")]);
        return Err(Failure::new("NO_PROJECT_SCOPE", exit::USAGE, text));
    };
    let auth = json!({
        "identity": {"methods": ["token"], "token": {"id": token}},
        "scope": {"project": {"id": only["id"]}},
    });
    let grant = grant(api, cloud, language, &auth)?;
    write_cache(cloud, &grant);
    Ok(grant)
}

fn identity(cloud: &Cloud, language: Language) -> Result<Value, Failure> {
    if let Some(secret) = &cloud.credential_secret {
        let credential = match &cloud.credential_id {
            Some(id) => json!({"id": id, "secret": secret}),
            None => json!({"name": cloud.credential_name, "secret": secret, "user": user(cloud)}),
        };
        return Ok(json!({
            "methods": ["application_credential"], "application_credential": credential,
        }));
    }
    if let Some(token) = &cloud.token {
        return Ok(json!({"methods": ["token"], "token": {"id": token}}));
    }
    let Some(password) = &cloud.password else {
        let text = say(language, "no_password");
        return Err(Failure::new("UNAUTHENTICATED", exit::ERROR, text));
    };
    let mut user = user(cloud);
    user["password"] = password.as_str().into();
    Ok(json!({"methods": ["password"], "password": {"user": user}}))
}

fn user(cloud: &Cloud) -> Value {
    match &cloud.user_id {
        Some(id) => json!({"id": id}),
        None => json!({"name": cloud.username, "domain": domain(&cloud.user_domain)}),
    }
}

fn domain(domain: &Domain) -> Value {
    match (&domain.id, &domain.name) {
        (Some(id), _) => json!({"id": id}),
        (None, Some(name)) => json!({"name": name}),
        (None, None) => json!({"id": "default"}),
    }
}

fn scope(cloud: &Cloud) -> Option<Value> {
    if let Some(id) = &cloud.project_id {
        return Some(json!({"project": {"id": id}}));
    }
    let name = cloud.project_name.as_ref()?;
    let is_id = name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_id {
        return Some(json!({"project": {"id": name}}));
    }
    Some(json!({"project": {"name": name, "domain": domain(&cloud.project_domain)}}))
}

// --- the cache -----------------------------------------------------------------------------------

fn cache_file(cloud: &Cloud) -> Option<PathBuf> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let cache = variable("XDG_CACHE_HOME").map(PathBuf::from);
    let cache =
        cache.or_else(|| variable("HOME").map(|home| PathBuf::from(home).join(".cache")))?;
    let mut hasher = DefaultHasher::new();
    (&cloud.auth_url, &cloud.username, &cloud.user_id, &cloud.project_name).hash(&mut hasher);
    (&cloud.project_id, &cloud.user_domain.id, &cloud.user_domain.name).hash(&mut hasher);
    (&cloud.project_domain.id, &cloud.project_domain.name, &cloud.region).hash(&mut hasher);
    (&cloud.credential_id, &cloud.credential_name).hash(&mut hasher);
    Some(cache.join("lendglass").join(format!("token-{:016x}.json", hasher.finish())))
}

fn read_cache(cloud: &Cloud) -> Option<Grant> {
    if cloud.token.is_some() {
        return None;
    }
    let text = fs::read_to_string(cache_file(cloud)?).ok()?;
    let kept: Value = serde_json::from_str(&text).ok()?;
    let text = |name: &str| kept[name].as_str().map(str::to_owned);
    Some(Grant { token: text("token")?, endpoint: text("endpoint")? })
}

/// Remembers a token. A cache that cannot be written costs a sign-in each time, nothing else.
fn write_cache(cloud: &Cloud, grant: &Grant) {
    if cloud.token.is_some() {
        return;
    }
    let Some(path) = cache_file(cloud) else { return };
    let kept = json!({"token": grant.token, "endpoint": grant.endpoint}).to_string();
    let written = || -> std::io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let new = path.with_extension(format!("{}.new", std::process::id()));
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(kept.as_bytes())?;
        fs::rename(&new, &path)
    };
    written().ok();
}
