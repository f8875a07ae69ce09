//! The audit trail, as JSON, as CSV and as CADF events (DMTF DSP0262).

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use lendglass_core::audit::{Changed, changes_of};
use lendglass_core::limits::{ID_CHARS, RECIPIENT_ID_CHARS};
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, ProjectId, Timestamp, UserId};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::error::{Failure, Problem};
use super::input::{Asking, Query};
use crate::app::App;
use crate::service::audit::{
    self, AuditAsked, AuditOutcome, AuditPage, AuditVerb, OwnFacts, Place, SeenEvent,
};
use crate::wire::common::{invalid, micros_text, parse_time};

/// Where a CSV answer says the `marker` of the next page.
const NEXT_MARKER: HeaderName = HeaderName::from_static("x-next-marker");
/// Characters with which a spreadsheet takes a cell for a formula.
const FORMULA_SIGNS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A page of events.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventPage {
    /// Newest first.
    pub events: Vec<EventView>,
    /// The `marker` of the next page; none on the last one. A filtered page may be short and still
    /// have a next one.
    pub next: Option<String>,
}

/// An event. Of what the other side did, only who (the project), what, on what and when is shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventView {
    /// Its id.
    pub id: String,
    /// Its place in the chain; for the operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    /// When; RFC 3339 with microseconds.
    pub at: String,
    /// What.
    #[schema(example = "share.accept")]
    pub verb: &'static str,
    /// On what, by id.
    pub target: String,
    /// The region.
    pub region: String,
    /// The project that acted.
    pub project: String,
    /// The other side: a project or an account.
    pub counterpart: Option<Side>,
    /// `ok`, `refused` or `failed`.
    pub result: &'static str,
    /// The code of a refusal.
    pub code: Option<&'static str>,
    /// Whether the asking project, or the operator, did it: only then there is what follows.
    pub is_own: bool,
    /// Who.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The account of the project that acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Facts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Which fields it changed; what they were and became.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ChangeView>,
    /// From where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The id of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// For `image.download`: ranges asked for within ten minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ranges: Option<u64>,
    /// For `image.download`: bytes of those ranges.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// A field that was changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangeView {
    /// Its name.
    pub field: String,
    /// What it was; `null` where it was not there.
    pub before: Option<String>,
    /// What it became; `null` where it went.
    pub after: Option<String>,
}

/// The other side of an event.
#[derive(Debug, Serialize, ToSchema)]
pub struct Side {
    /// `project` or `account`.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
}

/// How an answer looks.
#[derive(Clone, Copy)]
enum Form {
    Json,
    Csv,
    Cadf,
}

/// Lists audit events: by the caller's project, and those of which it or its account is the other
/// side. Newest first.
#[utoipa::path(get, path = "/api/v1/audit", operation_id = "list_audit", tag = "audit",
    params(
        ("verb" = Option<String>, Query, description = "Only this verb, as `share.accept`"),
        ("target" = Option<String>, Query, description = "Only on this thing, by id"),
        ("user" = Option<String>, Query, description = "Only by this user of one's own"),
        ("result" = Option<String>, Query, description = "`ok`, `refused` or `failed`"),
        ("from" = Option<String>, Query, description = "Not before; RFC 3339"),
        ("to" = Option<String>, Query, description = "Before; RFC 3339"),
        ("project" = Option<String>, Query, description = "The trail of this project; for the operator"),
        ("all" = Option<bool>, Query, description = "Everybody's events; for the operator"),
        ("format" = Option<String>, Query, description = "`json` (default), `csv` or `cadf`"),
        ("limit" = Option<u32>, Query, description = "At most so many"),
        ("marker" = Option<String>, Query, description = "Only what comes after this page"),
    ),
    responses((status = 200, content((EventPage = "application/json"), (String = "text/csv"))),
        (status = "default", body = Problem)))]
pub async fn list(
    State(app): State<App>,
    asking: Asking,
    mut query: Query,
) -> Result<Response, Failure> {
    let form = query.word("format", parse_form)?.unwrap_or(Form::Json);
    let asked = parse_asked(&mut query)?;
    query.finish()?;
    let page = audit::list(&app, &asking.caller, &asked).await?;
    Ok(match form {
        Form::Json => Json(render_page(page)).into_response(),
        Form::Csv => render_csv(page)?,
        Form::Cadf => Json(render_cadf(page)).into_response(),
    })
}

fn parse_form(word: &str) -> Option<Form> {
    match word {
        "json" => Some(Form::Json),
        "csv" => Some(Form::Csv),
        "cadf" => Some(Form::Cadf),
        _ => None,
    }
}

pub fn parse_asked(query: &mut Query) -> Result<AuditAsked, Error> {
    let id = |text: Option<String>, field: &str| {
        text.map(|text| {
            ProjectId::parse(&text)
                .map_err(|_| invalid(field, &shortened(&text, 80), "it is no id"))
        })
        .transpose()
    };
    let user = id(query.one("user")?, "user")?;
    Ok(AuditAsked {
        is_of_all: query.flag("all")?,
        project: id(query.one("project")?, "project")?,
        verb: query.word("verb", AuditVerb::parse)?,
        target: query.one("target")?.map(parse_target).transpose()?,
        user: user.map(|id| UserId::trusted(id.as_str())),
        outcome: query.word("result", AuditOutcome::parse)?,
        from: time(query, "from")?,
        to: time(query, "to")?,
        after: query.one("marker")?.map(|text| parse_place(&text)).transpose()?,
        limit: query.number("limit")?,
    })
}

/// Things have ids of many forms; none has a character that a database would not take.
fn parse_target(text: String) -> Result<String, Error> {
    if text.len() <= RECIPIENT_ID_CHARS && !text.chars().any(char::is_control) {
        return Ok(text);
    }
    Err(invalid("target", &shortened(&text, 80), "it is no id"))
}

fn time(query: &mut Query, name: &str) -> Result<Option<Timestamp>, Error> {
    let Some(text) = query.one(name)? else { return Ok(None) };
    let refused = || invalid(name, &shortened(&text, 80), "RFC 3339, as 2026-01-31T08:00:00Z");
    parse_time(&text).map(Some).ok_or_else(refused)
}

/// A place as a marker: microseconds and id.
pub fn place_text((at, id): &Place) -> String {
    format!("{}.{id}", at.0)
}

pub fn parse_place(text: &str) -> Result<Place, Error> {
    let place = text.split_once('.').and_then(|(at, id)| {
        let at = at.parse().ok()?;
        let is_id = id.len() <= ID_CHARS && id.bytes().all(|b| b.is_ascii_alphanumeric());
        is_id.then(|| (Timestamp(at), id.to_owned()))
    });
    place.ok_or_else(|| Error::new(Code::InvalidMarker).with("marker", shortened(text, 80)))
}

fn render_page(page: AuditPage) -> EventPage {
    EventPage {
        next: page.next.as_ref().map(place_text),
        events: page.events.into_iter().map(render).collect(),
    }
}

fn render(event: SeenEvent) -> EventView {
    let is_own = event.own.is_some();
    let (own, reads) = match event.own {
        Some(OwnFacts { user, account, detail, source, request_id, reads }) => {
            (Some([user.to_string(), account.to_string(), detail, source, request_id]), reads)
        }
        None => (None, None),
    };
    let [user, account, detail, source, request_id] =
        own.map_or([const { None }; 5], |facts| facts.map(Some));
    let changed = detail.as_deref().map(|detail| changes_of(&event.target, detail));
    let view = |Changed { field, before, after }| ChangeView { field, before, after };
    EventView {
        id: event.id,
        seq: event.seq,
        at: micros_text(event.at),
        verb: event.verb.as_str(),
        target: event.target,
        region: event.region.to_string(),
        project: event.project.to_string(),
        counterpart: event
            .counterpart
            .map(|side| Side { kind: side.kind(), id: side.id().to_owned() }),
        result: event.outcome.as_str(),
        code: event.code.map(Code::as_str),
        is_own,
        user,
        account,
        detail,
        changes: changed.into_iter().flatten().map(view).collect(),
        source,
        request_id,
        ranges: reads.map(|reads| reads.ranges),
        bytes: reads.map(|reads| reads.bytes),
    }
}

const CSV_COLUMNS: &str = "at,verb,target,project,counterpart_kind,counterpart,result,code,user,\
                           account,source,request_id,region,detail,ranges,bytes,id,seq\r\n";

/// Rows with a header (RFC 4180); the marker of the next page is a header of the answer.
fn render_csv(page: AuditPage) -> Result<Response, Error> {
    let next = page.next.as_ref().map(place_text);
    let mut text = String::from(CSV_COLUMNS);
    for event in page.events.into_iter().map(render) {
        let number = |number: Option<u64>| number.map(|n| n.to_string()).unwrap_or_default();
        let side = event.counterpart.as_ref();
        let cells = [
            event.at.as_str(),
            event.verb,
            &event.target,
            &event.project,
            side.map_or("", |side| side.kind),
            side.map_or("", |side| &side.id),
            event.result,
            event.code.unwrap_or_default(),
            event.user.as_deref().unwrap_or_default(),
            event.account.as_deref().unwrap_or_default(),
            event.source.as_deref().unwrap_or_default(),
            event.request_id.as_deref().unwrap_or_default(),
            &event.region,
            event.detail.as_deref().unwrap_or_default(),
            &number(event.ranges),
            &number(event.bytes),
            &event.id,
            &event.seq.map(|seq| seq.to_string()).unwrap_or_default(),
        ];
        text.push_str(&cells.map(csv_cell).join(","));
        text.push_str("\r\n");
    }
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"))];
    let mut response = (kind, text).into_response();
    if let Some(next) = next {
        let value = HeaderValue::from_str(&next).map_err(|_| Error::internal("a marker is odd"))?;
        response.headers_mut().insert(NEXT_MARKER, value);
    }
    Ok(response)
}

/// A cell in quotes where it needs them, that no spreadsheet takes for a formula.
fn csv_cell(text: &str) -> String {
    let harmless =
        if text.starts_with(FORMULA_SIGNS) { format!("'{text}") } else { text.to_owned() };
    if harmless.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", harmless.replace('"', "\"\""));
    }
    harmless
}

fn render_cadf(page: AuditPage) -> Value {
    let next = page.next.as_ref().map(place_text);
    let events: Vec<Value> = page.events.into_iter().map(|event| cadf(render(event))).collect();
    json!({"events": events, "next": next})
}

/// One event in CADF's terms: initiator, action, target, outcome, observer.
fn cadf(event: EventView) -> Value {
    let unknown = || "unknown".to_owned();
    let mut initiator = json!({
        "typeURI": "service/security/account/user",
        "id": event.user.unwrap_or_else(unknown),
        "project_id": event.project,
    });
    if let Some(account) = event.account {
        initiator["domain_id"] = account.into();
    }
    if let Some(source) = event.source.filter(|source| !source.is_empty()) {
        initiator["host"] = json!({"address": source});
    }
    if let Some(request_id) = event.request_id.filter(|id| !id.is_empty()) {
        initiator["request_id"] = request_id.into();
    }
    let mut target = json!({"typeURI": cadf_type(event.verb), "id": event.target});
    if let Some(side) = event.counterpart {
        let name = format!("{}_id", side.kind);
        target["attachments"] = json!([{
            "name": "counterpart", "typeURI": "mime:application/json", "content": {name: side.id},
        }]);
    }
    let mut rendered = json!({
        "typeURI": "http://schemas.dmtf.org/cloud/audit/1.0/event",
        "id": event.id,
        "eventType": "activity",
        "eventTime": event.at,
        "action": format!("{}/{}", cadf_action(event.verb), event.verb),
        "outcome": if event.result == AuditOutcome::Done.as_str() { "success" } else { "failure" },
        "initiator": initiator,
        "target": target,
        "observer": {"typeURI": "service/storage/image", "id": "lendglass", "name": "Lendglass"},
    });
    if event.result != AuditOutcome::Done.as_str() {
        let code = event.code.unwrap_or("FAILED");
        rendered["reason"] = json!({"reasonType": "lendglass", "reasonCode": code});
    }
    if let Some(detail) = event.detail.filter(|detail| !detail.is_empty()) {
        rendered["attachments"] =
            json!([{"name": "detail", "typeURI": "mime:text/plain", "content": detail}]);
    }
    rendered
}

/// CADF's word for what a verb does; the verb itself refines it.
fn cadf_action(verb: &str) -> &'static str {
    match verb.split_once('.').map_or("", |(_, action)| action) {
        "create" | "upload" | "invite" => "create",
        "delete" | "withdraw" | "lapse" => "delete",
        "download" => "read",
        "deactivate" => "disable",
        "reactivate" => "enable",
        "accept" => "allow",
        "reject" => "deny",
        "replicate" => "capture",
        _ => "update",
    }
}

fn cadf_type(verb: &str) -> &'static str {
    match verb.split_once('.').map_or("", |(noun, _)| noun) {
        "image" | "share" => "service/storage/image/image",
        "identity" => "data/security/identity",
        "policy" => "data/security/policy",
        _ => "data",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_no_formulas() {
        for (text, cell) in [
            ("plain", "plain"),
            ("", ""),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@x", "'@x"),
            ("\tx", "'\tx"),
            ("\rx", "\"'\rx\""),
            ("a,\"b\"", "\"a,\"\"b\"\"\""),
            ("=\"a\"", "\"'=\"\"a\"\"\""),
        ] {
            assert_eq!(csv_cell(text), cell);
        }
    }

    #[test]
    fn markers_are_read_as_they_are_written() {
        let place = (Timestamp(17), "ab".to_owned());
        assert_eq!(parse_place(&place_text(&place)).unwrap(), place);
        for wrong in ["", "ab", "x.y", "1.\0"] {
            assert_eq!(parse_place(wrong).unwrap_err().code(), Code::InvalidMarker);
        }
    }
}
