//! The OpenAPI document of the native dialect: generated from the code, committed as
//! `docs/openapi.json`, served as committed. A test keeps the two equal.

use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::{
    access, audit, backup, code, copy, event, feedback, file, image, job, key, list, market, me,
    notice, operator, policy, preference, rule, session, share, tag, upload, vault, verify,
    webhook,
};

/// The document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Lendglass native API",
        description = "Images, and sharing them between tenants with consent. Sign in at `/v3` \
            (Keystone v3) and send the token as `Authorization: Bearer` or `X-Auth-Token`. \
            The console has a session instead, a cookie that says who asks; it names its project in \
            `X-Lendglass-Project` and, where that has no home, its region in `X-Lendglass-Region` \
            (`as_project` and `as_region` in a GET that a browser makes by itself). \
            `Accept-Language: zh` gets Chinese texts. Unknown fields and parameters are refused.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    paths(
        document,
        code::explain,
        session::show,
        session::begin,
        session::end,
        session::become_persona,
        me::me,
        preference::show,
        preference::set,
        me::policy,
        policy::list,
        policy::update,
        policy::set_profile,
        policy::set,
        policy::unset,
        access::actions,
        access::users,
        access::list,
        access::create,
        access::show,
        access::update,
        access::delete,
        access::bind,
        access::unbind,
        key::list,
        key::create,
        key::update,
        key::delete,
        me::regions,
        me::quota,
        me::resolve,
        operator::tenants,
        operator::storage,
        operator::health,
        me::capabilities,
        feedback::list,
        feedback::give,
        list::list,
        list::systems,
        image::create,
        image::show,
        image::update,
        image::delete,
        image::deactivate,
        image::reactivate,
        image::replicate,
        verify::verify,
        verify::show,
        copy::copy,
        market::publish,
        market::unpublish,
        market::delete,
        tag::list,
        tag::set,
        tag::delete,
        file::upload,
        file::download,
        upload::offer,
        upload::list,
        upload::begin,
        upload::show,
        upload::append,
        upload::cancel,
        share::of_image,
        share::invite,
        share::withdraw,
        share::answer,
        share::list,
        share::remind,
        share::undo,
        rule::list,
        rule::set,
        rule::delete,
        share::counts,
        audit::list,
        notice::list,
        notice::counts,
        notice::elsewhere,
        notice::mark_read,
        event::stream,
        webhook::list,
        webhook::create,
        webhook::show,
        webhook::update,
        webhook::delete,
        webhook::test,
        job::list,
        job::show,
        job::cancel,
        vault::create,
        vault::list,
        vault::show,
        vault::update,
        vault::delete,
        backup::create,
        backup::list,
        backup::show,
        backup::delete,
        backup::make_image,
        backup::disks,
        backup::download,
    ),
    tags(
        (name = "session", description = "Signing in to the console"),
        (name = "caller", description = "Who asks, and the rules for him"),
        (name = "images", description = "Records and their bytes"),
        (name = "uploads", description = "Bytes that come in parts, by tus 1.0.0"),
        (name = "shares", description = "Offers, answers, withdrawals"),
        (name = "audit", description = "Who did what to which thing"),
        (name = "notices", description = "What the project and its account are told"),
        (name = "jobs", description = "Work that takes time, or has many results"),
        (name = "vaults", description = "Vaults, and the backups they keep"),
        (name = "policies", description = "The rules of the installation, for the operator"),
        (name = "operator", description = "The whole installation, for the operator"),
        (name = "access", description = "Who may do what in a project"),
        (name = "document", description = "This document"),
    ),
    security(("token" = []), ("session" = [])),
    modifiers(&Token),
)]
pub struct Document;

struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", scheme);
        let cookie = ApiKeyValue::new(super::session::COOKIE);
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}

/// The document as text, as it is committed.
pub fn text() -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(&Document::openapi())?;
    text.push('\n');
    Ok(text)
}

/// This document.
#[utoipa::path(get, path = "/api/v1/openapi.json", operation_id = "show_document", tag = "document", security(()),
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json")))]
pub async fn document() -> impl IntoResponse {
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json)], include_str!("../../../../../docs/openapi.json"))
}
