//! `/v3/auth/tokens`: signing in, asking about a token, ending it.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use lendglass_core::tenant::{Assigned, Role};
use lendglass_core::{Code, Error};
use serde::Deserialize;
use serde_json::{Value, json};

use super::catalog;
use super::parts::{As, Json, Query, required, time_text};
use crate::app::App;
use crate::service::identity::{
    self, AccountNamed, ApplicationNamed, Described, ProjectNamed, Proof, Scope, Session, SignIn,
    UserNamed, WantedScope,
};
use crate::wire::context::Context;
use crate::wire::credential;
use crate::wire::openstack::error::Failure;

const SUBJECT_TOKEN: &str = "x-subject-token";

// --- requests ------------------------------------------------------------------------------------

#[derive(Deserialize)]
pub(in crate::wire::openstack) struct AuthRequest {
    auth: Auth,
}

#[derive(Deserialize)]
struct Auth {
    identity: IdentityPart,
    scope: Option<Value>,
}

#[derive(Deserialize)]
struct IdentityPart {
    methods: Vec<String>,
    password: Option<PasswordPart>,
    token: Option<TokenPart>,
    application_credential: Option<ApplicationPart>,
}

#[derive(Deserialize)]
struct PasswordPart {
    user: UserPart,
}

#[derive(Deserialize)]
struct UserPart {
    id: Option<String>,
    name: Option<String>,
    domain: Option<DomainPart>,
    password: Option<String>,
}

#[derive(Deserialize)]
struct DomainPart {
    id: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
struct TokenPart {
    id: String,
}

#[derive(Deserialize)]
struct ApplicationPart {
    id: Option<String>,
    name: Option<String>,
    user: Option<UserPart>,
    secret: String,
}

#[derive(Deserialize)]
struct ProjectPart {
    id: Option<String>,
    name: Option<String>,
    domain: Option<DomainPart>,
}

pub(in crate::wire::openstack) fn parse_sign_in(request: AuthRequest) -> Result<SignIn, Error> {
    Ok(SignIn {
        proof: parse_proof(request.auth.identity)?,
        scope: parse_scope(request.auth.scope)?,
    })
}

fn parse_proof(part: IdentityPart) -> Result<Proof, Error> {
    let [method] = part.methods.as_slice() else {
        return Err(wrong_methods(&part.methods.join(",")));
    };
    match method.as_str() {
        "password" => {
            let mut user = required(part.password, "auth.identity.password")?.user;
            let password = required(user.password.take(), "auth.identity.password.user.password")?;
            Ok(Proof::Password(parse_user(user)?, password))
        }
        "token" => Ok(Proof::Token(required(part.token, "auth.identity.token")?.id)),
        "application_credential" => {
            let part =
                required(part.application_credential, "auth.identity.application_credential")?;
            let named = match (part.id, part.name) {
                (Some(id), _) => ApplicationNamed::Id(id),
                (None, name) => {
                    let name = required(name, "auth.identity.application_credential.name")?;
                    let user = required(part.user, "auth.identity.application_credential.user")?;
                    ApplicationNamed::Name(name, parse_user(user)?)
                }
            };
            Ok(Proof::Application(named, part.secret))
        }
        other => Err(wrong_methods(other)),
    }
}

fn wrong_methods(got: &str) -> Error {
    Error::new(Code::InvalidValue)
        .with("field", "auth.identity.methods")
        .with("value", lendglass_core::text::shortened(got, 80))
        .with("reason", "name one of password, token, application_credential")
}

fn parse_user(part: UserPart) -> Result<UserNamed, Error> {
    if let Some(id) = part.id {
        return Ok(UserNamed::Id(id));
    }
    let name = required(part.name, "user.name")?;
    Ok(UserNamed::Name(name, parse_domain(part.domain, "user.domain")?))
}

fn parse_domain(part: Option<DomainPart>, field: &'static str) -> Result<AccountNamed, Error> {
    let part = required(part, field)?;
    match (part.id, part.name) {
        (Some(id), _) => Ok(AccountNamed::Id(id)),
        (None, Some(name)) => Ok(AccountNamed::Name(name)),
        (None, None) => Err(Error::new(Code::MissingField).with("field", field)),
    }
}

fn parse_scope(scope: Option<Value>) -> Result<WantedScope, Error> {
    let unreadable = |reason: &dyn std::fmt::Display| {
        Error::new(Code::MalformedJson).with("reason", format!("auth.scope: {reason}"))
    };
    let mut fields = match scope {
        None | Some(Value::Null) => return Ok(WantedScope::Default),
        Some(Value::String(word)) if word == "unscoped" => return Ok(WantedScope::Unscoped),
        Some(Value::Object(fields)) => fields,
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
            return Err(unreadable(&"an object is expected"));
        }
    };
    if let Some(project) = fields.remove("project") {
        let part: ProjectPart = serde_json::from_value(project).map_err(|e| unreadable(&e))?;
        if let Some(id) = part.id {
            return Ok(WantedScope::Project(ProjectNamed::Id(id)));
        }
        let name = required(part.name, "auth.scope.project.name")?;
        let domain = parse_domain(part.domain, "auth.scope.project.domain")?;
        return Ok(WantedScope::Project(ProjectNamed::Name(name, domain)));
    }
    if let Some(domain) = fields.remove("domain") {
        let part: DomainPart = serde_json::from_value(domain).map_err(|e| unreadable(&e))?;
        return Ok(WantedScope::Account(parse_domain(Some(part), "auth.scope.domain")?));
    }
    if fields.contains_key("system") {
        return Ok(WantedScope::System);
    }
    if fields.contains_key("unscoped") {
        return Ok(WantedScope::Unscoped);
    }
    Err(unreadable(&"name a project, a domain, system or unscoped"))
}

// --- handlers ------------------------------------------------------------------------------------

pub(super) async fn create(
    State(app): State<App>,
    context: Context,
    query: Query,
    Json(request): Json<AuthRequest>,
) -> Result<Response, Failure> {
    let wish = parse_sign_in(request)?;
    let signed = identity::sign_in(&app, wish, &credential::origin(&context)).await?;
    let body =
        render_session(&app, &context, &signed.session, query.text("nocatalog").is_none()).await?;
    let mut response = (StatusCode::CREATED, axum::Json(body)).into_response();
    let token = HeaderValue::from_str(&signed.token)
        .map_err(|_| Error::internal("a token does not fit a header"))?;
    response.headers_mut().insert(SUBJECT_TOKEN, token);
    no_store(&mut response);
    Ok(response)
}

/// HEAD comes here too.
pub(super) async fn show(
    State(app): State<App>,
    As(actor): As,
    context: Context,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let token = subject(&headers)?;
    let session = identity::inspect(&app, &actor, token).map_err(not_found)?;
    let body = render_session(&app, &context, &session, query.text("nocatalog").is_none()).await?;
    let mut response = axum::Json(body).into_response();
    if let Some(token) = headers.get(SUBJECT_TOKEN) {
        response.headers_mut().insert(SUBJECT_TOKEN, token.clone());
    }
    no_store(&mut response);
    Ok(response)
}

pub(super) async fn revoke(
    State(app): State<App>,
    As(actor): As,
    headers: HeaderMap,
) -> Result<StatusCode, Failure> {
    identity::revoke(&app, &actor, subject(&headers)?).await.map_err(not_found)?;
    Ok(StatusCode::NO_CONTENT)
}

fn subject(headers: &HeaderMap) -> Result<&str, Error> {
    let token = headers.get(SUBJECT_TOKEN).and_then(|token| token.to_str().ok());
    required(token, "X-Subject-Token")
}

/// A subject token that does not hold is not found; 401 would speak of the caller's own.
fn not_found(error: Error) -> Error {
    let gone = [Code::Unauthenticated, Code::TokenExpired, Code::TokenRevoked];
    if !gone.contains(&error.code()) {
        return error;
    }
    Error::new(Code::CredentialNotFound).with("id", "in X-Subject-Token")
}

fn no_store(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert("cache-control", HeaderValue::from_static("no-store"));
    headers.insert("vary", HeaderValue::from_static("X-Auth-Token"));
}

// --- views ---------------------------------------------------------------------------------------

async fn render_session(
    app: &App,
    context: &Context,
    session: &Session,
    with_catalog: bool,
) -> Result<Value, Error> {
    let described = identity::describe(app, session).await?;
    let mut token = json!({
        "methods": session.methods.iter().map(|method| method.as_str()).collect::<Vec<_>>(),
        "user": {
            "id": session.user.as_str(),
            "name": session.user_name,
            "domain": {"id": session.user_account.as_str(), "name": described.user_account_name},
            "password_expires_at": null,
        },
        "audit_ids": audit_ids(session),
        "expires_at": time_text(session.expires_at),
        "issued_at": time_text(session.issued_at),
    });
    for (name, value) in render_scope(session, &described) {
        token[name] = value;
    }
    if let Some(used) = &session.application {
        token["application_credential"] =
            json!({"id": used.id, "restricted": !used.is_unrestricted});
    }
    if with_catalog && session.scope != Scope::Unscoped {
        token["catalog"] = catalog::render(app, context, session);
    }
    Ok(json!({"token": token}))
}

fn audit_ids(session: &Session) -> Vec<&str> {
    [Some(&session.audit_id), session.parent_audit_id.as_ref()]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect()
}

fn render_scope(session: &Session, described: &Described) -> Vec<(&'static str, Value)> {
    let operator = if session.is_operator { Role::Admin } else { Role::Reader };
    match &session.scope {
        Scope::Unscoped => Vec::new(),
        Scope::Project(scope) => {
            let known = described.project.as_ref();
            let name = known.map_or("", |known| known.project.name.as_str());
            let domain = known.map_or("", |known| known.account_name.as_str());
            let project = json!({
                "id": scope.project.as_str(),
                "name": name,
                "domain": {"id": scope.account.as_str(), "name": domain},
            });
            let roles = render_roles(scope.role, scope.is_service);
            vec![("project", project), ("is_domain", json!(false)), ("roles", roles)]
        }
        Scope::Account(account) => {
            let domain = json!({"id": account.as_str(), "name": described.account_name});
            vec![("domain", domain), ("roles", render_roles(operator, false))]
        }
        Scope::System => {
            vec![("system", json!({"all": true})), ("roles", render_roles(operator, false))]
        }
    }
}

/// A role with those it includes, strongest first, as Keystone shows implied roles.
fn render_roles(role: Role, is_service: bool) -> Value {
    let included = Role::ALL.into_iter().rev().filter(|other| *other <= role).map(Assigned::Role);
    let service = is_service.then_some(Assigned::Service);
    let view = |one: Assigned| json!({"id": one.as_str(), "name": one.as_str()});
    included.chain(service).map(view).collect()
}
