//! The rules of the installation, for the operator: what each key is and where it comes from, changed
//! while it runs.

use std::collections::BTreeMap;

use axum::Json as Answer;
use axum::extract::State;
use lendglass_core::Error;
use lendglass_core::policy::{Shape, Typed};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::error::{Failure, Problem};
use super::input::{Asking, Json, PathText, Query};
use super::words::Profile;
use crate::app::App;
use crate::service::policy::{self, Changed, Changes, Effect, Report, Rule, Scope};
use crate::wire::common::{invalid, seconds_text};

/// Every key at a scope.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyRules {
    /// The profile of the installation.
    pub profile: Profile,
    /// `installation`, `region` or `project`.
    pub scope: &'static str,
    /// The region or project.
    pub id: Option<String>,
    /// In the order of the documentation.
    pub rules: Vec<PolicyRule>,
}

/// A key with its value at a scope, and what an editor needs to know of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyRule {
    /// The key.
    pub key: &'static str,
    /// Its value; `null` is no limit.
    pub value: Value,
    /// Where that comes from: `profile`, `configuration`, `installation`, `region` or `project`.
    pub origin: &'static str,
    /// What it would be without an override at this scope.
    pub inherited: Value,
    /// What the profile says.
    pub default: Value,
    /// Who set the override.
    pub set_by: Option<String>,
    /// When.
    pub set_at: Option<String>,
    /// `flag`, `number`, `word` or `text`.
    #[serde(rename = "type")]
    pub shape: &'static str,
    /// Whether `null`, no limit, is a value.
    pub is_nullable: bool,
    /// The words it takes, where it takes words.
    pub words: Option<Vec<&'static str>>,
    /// Whether nobody may change it.
    pub is_locked: bool,
}

/// Changes of keys at one scope, all or none.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyPatch {
    /// `installation` (also where left out), `region` or `project`.
    pub scope: Option<String>,
    /// The region or project.
    pub id: Option<String>,
    /// New values by key; `null` is no limit.
    #[serde(default)]
    pub set: BTreeMap<String, Value>,
    /// Keys that go back to what is below the scope.
    #[serde(default)]
    pub unset: Vec<String>,
    /// Say what would come of it, change nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// A new value of one key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyValue {
    /// `installation` (also where left out), `region` or `project`.
    pub scope: Option<String>,
    /// The region or project.
    pub id: Option<String>,
    /// The value; `null` is no limit.
    #[serde(default)]
    pub value: Value,
    /// Say what would come of it, change nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// Another profile.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyProfile {
    /// Its name.
    pub profile: Profile,
    /// Say what would come of it, change nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// What came of changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyReport {
    /// Keys whose value at the scope is another one.
    pub changed: Vec<PolicyChanged>,
    /// What lies above ceilings that were lowered: it stays, nothing is added to it.
    pub effects: Vec<PolicyEffect>,
    /// Whether it stands; false for a dry run.
    pub done: bool,
}

/// A key with its values before and after.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyChanged {
    /// The key.
    pub key: &'static str,
    /// What was.
    pub before: Value,
    /// What is.
    pub after: Value,
}

/// What lies above a ceiling.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyEffect {
    /// The key of the ceiling.
    pub key: &'static str,
    /// The ceiling.
    pub ceiling: u32,
    /// So many lie above it.
    pub count: u32,
    /// Whether there are more than that.
    pub is_more: bool,
    /// `images` or `projects`.
    pub of: &'static str,
}

/// Every key with its value, where that comes from and which values it takes. For the operator.
#[utoipa::path(get, path = "/api/v1/policies", operation_id = "list_policies", tag = "policies",
    params(("scope" = Option<String>, Query, description = "`installation`, `region` or `project`"),
        ("id" = Option<String>, Query, description = "The region or project")),
    responses((status = 200, body = PolicyRules), (status = "default", body = Problem)))]
pub async fn list(
    State(app): State<App>,
    asking: Asking,
    mut query: Query,
) -> Result<Answer<PolicyRules>, Failure> {
    let scope = taken_scope(&mut query)?;
    query.finish()?;
    let rules = policy::list(&app, &asking.caller, &scope).await?;
    let (scope, id) = match &scope {
        Scope::Installation => ("installation", None),
        Scope::Region(id) => ("region", Some(id.to_string())),
        Scope::Project(id) => ("project", Some(id.to_string())),
    };
    Ok(Answer(PolicyRules {
        profile: Profile(rules.profile),
        scope,
        id,
        rules: rules.rules.into_iter().map(render_rule).collect(),
    }))
}

fn taken_scope(query: &mut Query) -> Result<Scope, Error> {
    let (scope, id) = (query.one("scope")?, query.one("id")?);
    Scope::parse(scope.as_deref(), id.as_deref())
}

/// A value as JSON; no limit is `null`.
pub(super) fn render_typed(typed: Typed) -> Value {
    match typed {
        Typed::Flag(flag) => Value::from(flag),
        Typed::Number(number) => Value::from(number),
        Typed::Word(word) => Value::from(word),
    }
}

fn render_rule(rule: Rule) -> PolicyRule {
    let (set_by, set_at) = rule.set.unzip();
    PolicyRule {
        key: rule.key.name,
        value: render_typed(rule.value),
        origin: rule.origin.as_str(),
        inherited: render_typed(rule.inherited),
        default: render_typed(rule.default),
        set_by: set_by.map(|user| user.to_string()),
        set_at: set_at.map(seconds_text),
        shape: rule.shape.as_str(),
        is_nullable: rule.shape == Shape::Number { may_be_none: true },
        words: match rule.shape {
            Shape::Word(words) => Some(words),
            Shape::Flag | Shape::Number { .. } | Shape::Text => None,
        },
        is_locked: rule.key.is_locked,
    }
}

fn render(report: Report) -> Answer<PolicyReport> {
    let changed = |one: Changed| PolicyChanged {
        key: one.key,
        before: render_typed(one.before),
        after: render_typed(one.after),
    };
    let effect = |one: Effect| PolicyEffect {
        key: one.key,
        ceiling: one.ceiling,
        count: one.count,
        is_more: one.is_more,
        of: one.things.as_str(),
    };
    Answer(PolicyReport {
        changed: report.changed.into_iter().map(changed).collect(),
        effects: report.effects.into_iter().map(effect).collect(),
        done: report.is_done,
    })
}

/// The text of a value, as the rules read it.
pub fn parse_value(key: &str, value: &Value) -> Result<String, Error> {
    match value {
        Value::Null => Ok("none".to_owned()),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Number(number) => Ok(number.to_string()),
        Value::String(word) => Ok(word.clone()),
        Value::Array(_) | Value::Object(_) => {
            Err(invalid(key, &value.to_string(), "no such value for this key"))
        }
    }
}

/// Changes several keys at one scope, all or none. For the operator.
#[utoipa::path(patch, path = "/api/v1/policies", operation_id = "update_policies", tag = "policies",
    request_body = PolicyPatch,
    responses((status = 200, body = PolicyReport), (status = "default", body = Problem)))]
pub async fn update(
    State(app): State<App>,
    asking: Asking,
    Json(body): Json<PolicyPatch>,
) -> Result<Answer<PolicyReport>, Failure> {
    let scope = Scope::parse(body.scope.as_deref(), body.id.as_deref())?;
    let mut set = Vec::with_capacity(body.set.len());
    for (key, value) in body.set {
        let value = parse_value(&key, &value)?;
        set.push((key, value));
    }
    let changes = Changes { scope, set, unset: body.unset, dry_run: body.dry_run };
    Ok(render(policy::change(&app, &asking.caller, changes).await?))
}

/// Sets one key at a scope. For the operator.
#[utoipa::path(put, path = "/api/v1/policies/{key}", operation_id = "set_policy", tag = "policies",
    params(("key" = String, Path, description = "The key")), request_body = PolicyValue,
    responses((status = 200, body = PolicyReport), (status = "default", body = Problem)))]
pub async fn set(
    State(app): State<App>,
    asking: Asking,
    PathText(key): PathText,
    Json(body): Json<PolicyValue>,
) -> Result<Answer<PolicyReport>, Failure> {
    let changes = Changes {
        scope: Scope::parse(body.scope.as_deref(), body.id.as_deref())?,
        set: vec![(key.clone(), parse_value(&key, &body.value)?)],
        unset: Vec::new(),
        dry_run: body.dry_run,
    };
    Ok(render(policy::change(&app, &asking.caller, changes).await?))
}

/// Takes the override of one key at a scope away: it is again what is below. For the operator.
#[utoipa::path(delete, path = "/api/v1/policies/{key}", operation_id = "unset_policy", tag = "policies",
    params(("key" = String, Path, description = "The key"),
        ("scope" = Option<String>, Query, description = "`installation`, `region` or `project`"),
        ("id" = Option<String>, Query, description = "The region or project"),
        ("dry_run" = Option<bool>, Query, description = "Change nothing")),
    responses((status = 200, body = PolicyReport), (status = "default", body = Problem)))]
pub async fn unset(
    State(app): State<App>,
    asking: Asking,
    PathText(key): PathText,
    mut query: Query,
) -> Result<Answer<PolicyReport>, Failure> {
    let scope = taken_scope(&mut query)?;
    query.finish()?;
    // A dry run that the query asks for is a term of the request.
    let changes = Changes { scope, set: Vec::new(), unset: vec![key], dry_run: false };
    Ok(render(policy::change(&app, &asking.caller, changes).await?))
}

/// Chooses the profile of the installation; overrides stay. For the operator.
#[utoipa::path(put, path = "/api/v1/policies/profile", operation_id = "set_profile", tag = "policies",
    request_body = PolicyProfile,
    responses((status = 200, body = PolicyReport), (status = "default", body = Problem)))]
pub async fn set_profile(
    State(app): State<App>,
    asking: Asking,
    Json(body): Json<PolicyProfile>,
) -> Result<Answer<PolicyReport>, Failure> {
    let profile = body.profile.0;
    Ok(render(policy::set_profile(&app, &asking.caller, profile, body.dry_run).await?))
}
