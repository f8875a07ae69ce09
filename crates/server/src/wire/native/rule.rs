//! Standing rules: what is done with an owner's offers before anybody looks.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use lendglass_core::policy;
use lendglass_core::share::{Recipient, StandingRule};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{Failure, Problem};
use super::input::{Asking, Json, PathText, Query};
use super::words::{RecipientKind, Verdict};
use crate::app::App;
use crate::service::rule;
use crate::wire::common::seconds_text;

/// A rule to be set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleBody {
    /// What is done.
    pub verdict: Verdict,
    /// It is about offers to the account, not to the project.
    #[serde(default)]
    pub for_account: bool,
}

/// A rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleView {
    /// The project or account whose offers it is about.
    pub owner: String,
    /// Which of the two.
    pub owner_kind: RecipientKind,
    /// Whether it is about offers to the account.
    pub for_account: bool,
    /// What is done.
    pub verdict: Verdict,
    /// Who set it.
    pub set_by: String,
    /// When.
    pub created_at: String,
}

/// The rules of the caller's project and account.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleList {
    /// Oldest first.
    pub rules: Vec<RuleView>,
}

fn kind_of(owner: &Recipient) -> RecipientKind {
    RecipientKind(match owner {
        Recipient::Project(_) => policy::RecipientKind::Project,
        Recipient::Account(_) => policy::RecipientKind::Account,
    })
}

fn render(rule: StandingRule) -> RuleView {
    RuleView {
        owner: rule.owner.id().to_owned(),
        owner_kind: kind_of(&rule.owner),
        for_account: rule.recipient.kind() == "account",
        verdict: Verdict(rule.verdict),
        set_by: rule.set_by.to_string(),
        created_at: seconds_text(rule.created_at),
    }
}

/// Lists the standing rules.
#[utoipa::path(get, path = "/api/v1/rules", operation_id = "list_rules", tag = "shares",
    responses((status = 200, body = RuleList), (status = "default", body = Problem)))]
pub async fn list(State(app): State<App>, asking: Asking) -> Result<Answer<RuleList>, Failure> {
    let rules = rule::list(&app, &asking.caller).await?;
    Ok(Answer(RuleList { rules: rules.into_iter().map(render).collect() }))
}

/// Sets the rule about an owner: a project id or an account id.
#[utoipa::path(put, path = "/api/v1/rules/{owner}", operation_id = "set_rule", tag = "shares", request_body = RuleBody,
    params(("owner" = String, Path, description = "The owning project or account")),
    responses((status = 200, body = RuleView), (status = "default", body = Problem)))]
pub async fn set(
    State(app): State<App>,
    asking: Asking,
    PathText(owner): PathText,
    Json(body): Json<RuleBody>,
) -> Result<Answer<RuleView>, Failure> {
    let rule = rule::set(&app, &asking.caller, &owner, body.verdict.0, body.for_account).await?;
    Ok(Answer(render(rule)))
}

/// Forgets the rule about an owner.
#[utoipa::path(delete, path = "/api/v1/rules/{owner}", operation_id = "delete_rule", tag = "shares",
    params(("owner" = String, Path, description = "The owning project or account"),
        ("for_account" = Option<bool>, Query, description = "The account's rule")),
    responses((status = 204), (status = "default", body = Problem)))]
pub async fn delete(
    State(app): State<App>,
    asking: Asking,
    PathText(owner): PathText,
    mut query: Query,
) -> Result<StatusCode, Failure> {
    let for_account = query.flag("for_account")?;
    query.finish()?;
    rule::remove(&app, &asking.caller, &owner, for_account).await?;
    Ok(StatusCode::NO_CONTENT)
}
