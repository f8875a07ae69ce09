//! Sharing: offers, answers, withdrawals, and the lists of both sides.

use std::collections::BTreeSet;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use lendglass_core::job::{Outcome, PairResult};
use lendglass_core::limits::{BATCH_IMAGES, LIST_TOTAL};
use lendglass_core::recipient::{Named, split_ids};
use lendglass_core::share::{Recipient, ShareEvent};
use lendglass_core::{Code, Error, ImageId, ProjectId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::error::{Failure, Problem, facts, status};
use super::input::{Asking, Json, PathImage, Query};
use super::list::Count;
use super::vault::parse_vault;
use super::view::{ImageRef, Names, PairView, ShareView, render_pair, render_share};
use super::words::{ImageKind, RecipientKind};
use crate::app::App;
use crate::service::share::{self, Invite, Report, Withdraw};
use crate::service::share_view::{self, COUNT_MOST, OfImage};
use crate::service::{image, tenant};
use crate::wire::common::{invalid, parse_time, seconds_text};

/// What happens when some pairs are refused.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Nothing is done.
    #[default]
    All,
    /// The good ones are done.
    Partial,
}

impl From<Mode> for share::Mode {
    fn from(mode: Mode) -> share::Mode {
        match mode {
            Mode::All => share::Mode::All,
            Mode::Partial => share::Mode::Partial,
        }
    }
}

/// A recipient: its id, or several separated by commas; or an id with its kind.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum RecipientBody {
    /// A project id, an account id, its uid or its e-mail.
    Text(String),
    /// An id that is to be read in one way only.
    Named {
        /// The id.
        id: String,
        /// As what it is read.
        kind: Option<RecipientKind>,
    },
}

/// An offer of each image to each recipient.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareBody {
    /// Image ids.
    pub images: Vec<String>,
    /// Whom to offer them to.
    pub recipients: Vec<RecipientBody>,
    /// All or the good ones.
    #[serde(default)]
    pub mode: Mode,
    /// A message to the recipients, plain text of at most 256 characters.
    pub note: Option<String>,
    /// When the unanswered offer lapses; RFC 3339.
    pub lapses_at: Option<String>,
    /// When the access ends; RFC 3339.
    pub ends_at: Option<String>,
    /// The content was checked.
    #[serde(default)]
    pub acknowledge: bool,
    /// Decide and report, change nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// Shares to be taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnshareBody {
    /// Image ids.
    pub images: Vec<String>,
    /// From whom.
    #[serde(default)]
    pub recipients: Vec<RecipientBody>,
    /// From everybody, instead of naming recipients.
    #[serde(default)]
    pub all: bool,
    /// All or the good ones.
    #[serde(default)]
    pub mode: Mode,
    /// Decide and report, change nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// An answer to offers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerBody {
    /// Image ids.
    #[serde(default)]
    pub images: Vec<String>,
    /// Every offer that waits, instead of naming images.
    #[serde(default)]
    pub all: bool,
    /// What is answered.
    pub answer: AnswerWord,
    /// For whom, where it is not the caller's own project or account.
    pub recipient: Option<String>,
    /// The vault for the backups of full-server images; other images need none.
    pub vault: Option<String>,
    /// All or the good ones.
    #[serde(default)]
    pub mode: Mode,
    /// Decide and report, change nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// What can be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AnswerWord {
    /// Take it.
    Accept,
    /// Refuse it, or drop what was taken.
    Reject,
    /// Answer later after all.
    Reopen,
}

impl From<AnswerWord> for ShareEvent {
    fn from(word: AnswerWord) -> ShareEvent {
        match word {
            AnswerWord::Accept => ShareEvent::Accept,
            AnswerWord::Reject => ShareEvent::Reject,
            AnswerWord::Reopen => ShareEvent::Reopen,
        }
    }
}

/// What came of a batch, pair by pair, in the order asked.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShareReport {
    /// The finished job that keeps the results; none where nothing was written.
    pub job: Option<String>,
    /// Whether the good pairs stand: false for a dry run and for a refused batch.
    pub done: bool,
    /// Pair by pair.
    pub results: Vec<PairView>,
    /// Where the act can be undone for a few seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo: Option<UndoView>,
    /// The first refusal, where the whole batch was refused because of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// The first refusal, in the client's language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The facts of the first refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<std::collections::BTreeMap<String, String>>)]
    pub detail: Option<Map<String, Value>>,
    /// What to tell the operator.
    pub request_id: String,
}

/// The way back from an act.
#[derive(Debug, Serialize, ToSchema)]
pub struct UndoView {
    /// For `POST /api/v1/undo`, by the same user in the same project.
    pub token: String,
    /// Until when; RFC 3339.
    pub until: String,
}

/// Offers images to recipients, in one transaction.
///
/// A refused all-or-nothing batch has the status of its refusals where they agree, else 409, and the
/// same body. A partial batch is 200 with its refusals item by item.
#[utoipa::path(post, path = "/api/v1/shares", operation_id = "share_images", tag = "shares", request_body = ShareBody,
    responses((status = 200, body = ShareReport),
        (status = 409, description = "Refused as a whole (or 400, 403, 404: the status of the \
            refusals where they agree)", body = ShareReport),
        (status = "default", body = Problem)))]
pub async fn invite(
    State(app): State<App>,
    asking: Asking,
    Json(body): Json<ShareBody>,
) -> Result<Response, Failure> {
    let request = Invite {
        images: parse_images(&body.images)?,
        recipients: required("recipients", parse_recipients(body.recipients))?,
        mode: body.mode.into(),
        note: body.note,
        lapses_at: parse_at("lapses_at", body.lapses_at)?,
        ends_at: parse_at("ends_at", body.ends_at)?,
        acknowledge: body.acknowledge,
        dry_run: body.dry_run,
    };
    let is_dry = body.dry_run || asking.caller.terms.is_dry_run;
    let report = share::invite(&app, &asking.caller, request).await?;
    let names = names_of_pairs(&app, &asking, report.results.iter()).await?;
    Ok(render_report(&asking, ShareEvent::Invite, is_dry, &report, &names))
}

/// Takes shares back, in one transaction.
#[utoipa::path(delete, path = "/api/v1/shares", operation_id = "unshare_images", tag = "shares", request_body = UnshareBody,
    responses((status = 200, body = ShareReport),
        (status = 409, description = "Refused as a whole (or 400, 403, 404: the status of the \
            refusals where they agree)", body = ShareReport),
        (status = "default", body = Problem)))]
pub async fn withdraw(
    State(app): State<App>,
    asking: Asking,
    Json(body): Json<UnshareBody>,
) -> Result<Response, Failure> {
    let is_dry = body.dry_run || asking.caller.terms.is_dry_run;
    let request = parse_withdrawal(body)?;
    let report = share::withdraw(&app, &asking.caller, request).await?;
    Ok(render_report(&asking, ShareEvent::Withdraw, is_dry, &report, &Names::new()))
}

/// Answers offers, in one transaction.
#[utoipa::path(post, path = "/api/v1/shares/answers", operation_id = "answer_shares", tag = "shares", request_body = AnswerBody,
    responses((status = 200, body = ShareReport),
        (status = 409, description = "Refused as a whole (or 400, 403, 404: the status of the \
            refusals where they agree)", body = ShareReport),
        (status = "default", body = Problem)))]
pub async fn answer(
    State(app): State<App>,
    asking: Asking,
    Json(body): Json<AnswerBody>,
) -> Result<Response, Failure> {
    let images = match (body.all, body.images.is_empty()) {
        (false, _) => parse_images(&body.images)?,
        (true, false) => {
            return Err(invalid("all", "true", "name images or say all, not both").into());
        }
        (true, true) if body.answer == AnswerWord::Reopen => {
            return Err(invalid("all", "true", "what waits cannot be reopened").into());
        }
        (true, true) => share_view::pending_images(&app, &asking.caller).await?,
    };
    let request = share::Answer {
        images,
        event: body.answer.into(),
        recipient: body.recipient,
        vault: body.vault.as_deref().map(parse_vault).transpose()?,
        mode: body.mode.into(),
        dry_run: body.dry_run,
    };
    let is_dry = body.dry_run || asking.caller.terms.is_dry_run;
    let report = share::answer(&app, &asking.caller, request).await?;
    Ok(render_report(&asking, body.answer.into(), is_dry, &report, &Names::new()))
}

/// An act to be undone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UndoBody {
    /// What the act answered as `undo.token`.
    pub token: String,
}

/// Undoes an own act of the last seconds: the former shares return as they were.
#[utoipa::path(post, path = "/api/v1/undo", operation_id = "undo", tag = "shares", request_body = UndoBody,
    responses((status = 200, body = ShareReport), (status = "default", body = Problem)))]
pub async fn undo(
    State(app): State<App>,
    asking: Asking,
    Json(body): Json<UndoBody>,
) -> Result<Response, Failure> {
    let report = share::undo(&app, &asking.caller, &body.token).await?;
    Ok(render_report(&asking, ShareEvent::Withdraw, false, &report, &Names::new()))
}

/// Reminds tenants who have not answered, once a day each.
#[utoipa::path(post, path = "/api/v1/shares/reminders", operation_id = "remind_tenants", tag = "shares",
    request_body = UnshareBody,
    responses((status = 200, body = ShareReport), (status = "default", body = Problem)))]
pub async fn remind(
    State(app): State<App>,
    asking: Asking,
    Json(body): Json<UnshareBody>,
) -> Result<Response, Failure> {
    let is_dry = body.dry_run || asking.caller.terms.is_dry_run;
    let report = share::remind(&app, &asking.caller, parse_withdrawal(body)?).await?;
    Ok(render_report(&asking, ShareEvent::Reopen, is_dry, &report, &Names::new()))
}

pub fn parse_withdrawal(body: UnshareBody) -> Result<Withdraw, Error> {
    let named = parse_recipients(body.recipients);
    if body.all && !named.is_empty() {
        return Err(invalid("all", "true", "name recipients or say all, not both"));
    }
    Ok(Withdraw {
        images: parse_images(&body.images)?,
        recipients: if body.all { None } else { Some(required("recipients", named)?) },
        mode: body.mode.into(),
        dry_run: body.dry_run,
    })
}

pub fn parse_images(texts: &[String]) -> Result<Vec<ImageId>, Error> {
    if texts.len() > BATCH_IMAGES {
        let error = Error::new(Code::TooManyIds);
        return Err(error.with("count", texts.len()).with("max", BATCH_IMAGES));
    }
    let ids: Result<Vec<ImageId>, Error> = texts.iter().map(|t| ImageId::parse_uuid(t)).collect();
    required("images", ids?)
}

pub fn parse_recipients(bodies: Vec<RecipientBody>) -> Vec<Named> {
    let mut named = Vec::new();
    for body in bodies {
        match body {
            RecipientBody::Text(text) => {
                named.extend(split_ids(&text).into_iter().map(|text| Named { text, kind: None }));
            }
            RecipientBody::Named { id, kind } => {
                named.push(Named { text: id, kind: kind.map(|kind| kind.0) });
            }
        }
    }
    named
}

fn required<T>(field: &str, items: Vec<T>) -> Result<Vec<T>, Error> {
    if items.is_empty() {
        return Err(Error::new(Code::MissingField).with("field", field));
    }
    Ok(items)
}

pub fn parse_at(field: &str, text: Option<String>) -> Result<Option<Timestamp>, Error> {
    let Some(text) = text else { return Ok(None) };
    let at = parse_time(&text);
    at.map(Some).ok_or_else(|| invalid(field, &text, "a time as 2026-11-22T08:00:00Z"))
}

/// The names of the recipients that were found, as far as the caller may know them.
pub(super) async fn names_of_pairs<'a>(
    app: &App,
    asking: &Asking,
    pairs: impl Iterator<Item = &'a PairResult>,
) -> Result<Names, Error> {
    let found = pairs.filter_map(|pair| match &pair.resolved {
        Some(Recipient::Project(id)) => Some(id.clone()),
        Some(Recipient::Account(_)) | None => None,
    });
    let ids: Vec<ProjectId> = found.collect::<BTreeSet<_>>().into_iter().collect();
    tenant::names(app, &asking.caller, &ids).await
}

fn render_report(
    asking: &Asking,
    event: ShareEvent,
    is_dry: bool,
    report: &Report,
    names: &Names,
) -> Response {
    let refusals = || {
        report.results.iter().filter_map(|pair| match &pair.outcome {
            Outcome::Refused(error) => Some(error),
            Outcome::Now(_) | Outcome::Already(_) | Outcome::Removed => None,
        })
    };
    let first = refusals().next().filter(|_| !report.is_done && !is_dry);
    let code = match first {
        None => StatusCode::OK,
        Some(first) if refusals().all(|error| status(error) == status(first)) => status(first),
        Some(_) => StatusCode::CONFLICT,
    };
    let pairs = report.results.iter();
    let body = ShareReport {
        job: report.job.as_ref().map(ToString::to_string),
        done: report.is_done,
        undo: report
            .undo
            .as_ref()
            .map(|undo| UndoView { token: undo.token.clone(), until: seconds_text(undo.until) }),
        results: pairs.map(|pair| render_pair(pair, event, asking.language, names)).collect(),
        code: first.map(|error| error.code().as_str()),
        message: first.map(|error| error.text(asking.language)),
        detail: first.map(facts),
        request_id: asking.request_id.clone(),
    };
    (code, Answer(body)).into_response()
}

/// A page of shares.
#[derive(Debug, Serialize, ToSchema)]
pub struct SharePage {
    /// The shares.
    pub shares: Vec<ShareView>,
    /// The `marker` of the next page; none on the last one.
    pub next: Option<String>,
    /// How many there are, where that was asked; exact up to 10,000.
    pub total: Option<Count>,
}

/// Lists shares: what was offered to the caller (`as=recipient`, the default), or what his project
/// has given, over all its images (`as=owner`).
#[utoipa::path(get, path = "/api/v1/shares", operation_id = "list_shares", tag = "shares",
    params(
        ("as" = Option<String>, Query, description = "`recipient` (default) or `owner`"),
        ("state" = Option<String>, Query, description = "`pending`, `accepted` or `rejected`; \
            else all"),
        ("limit" = Option<u32>, Query, description = "At most so many (as recipient: images)"),
        ("marker" = Option<String>, Query, description = "What `next` of the page before said"),
    ),
    responses((status = 200, body = SharePage), (status = "default", body = Problem)))]
pub async fn list(
    State(app): State<App>,
    asking: Asking,
    mut query: Query,
) -> Result<Answer<SharePage>, Failure> {
    let side = query.word("as", |word| match word {
        "recipient" => Some(false),
        "owner" => Some(true),
        _ => None,
    })?;
    let state = query.word("state", lendglass_core::share::ShareState::parse)?;
    let marker = query.one("marker")?;
    let limit = query.number("limit")?;
    query.finish()?;
    let page = if side == Some(true) {
        given(&app, &asking, state, marker, limit).await?
    } else {
        received(&app, &asking, state, marker, limit).await?
    };
    Ok(Answer(page))
}

async fn received(
    app: &App,
    asking: &Asking,
    state: Option<lendglass_core::share::ShareState>,
    marker: Option<String>,
    limit: Option<u32>,
) -> Result<SharePage, Error> {
    let marker = marker.map(|text| ImageId::parse_uuid(&text).map_err(|_| no_marker(&text)));
    let marker = marker.transpose()?;
    let page = share_view::received(app, &asking.caller, state, marker, limit).await?;
    let givers = distinct(page.shares.iter().map(|received| &received.share.owner));
    let mut names = tenant::names_of_givers(app, &givers).await?;
    names.extend(
        tenant::names(app, &asking.caller, std::slice::from_ref(&asking.caller.project)).await?,
    );
    let render = |received: &share_view::ReceivedShare| {
        render_share(ImageRef::of(&received.image), &received.share, &names)
    };
    Ok(SharePage {
        shares: page.shares.iter().map(render).collect(),
        next: page.next.map(|id| id.to_string()),
        total: None,
    })
}

async fn given(
    app: &App,
    asking: &Asking,
    state: Option<lendglass_core::share::ShareState>,
    marker: Option<String>,
    limit: Option<u32>,
) -> Result<SharePage, Error> {
    let after = marker.map(|text| parse_marker(&text)).transpose()?;
    let page = share_view::given(app, &asking.caller, state, after, limit).await?;
    let names = names_of_sides(app, asking, page.shares.iter().map(|given| &given.share)).await?;
    let shares = page.shares.into_iter().map(|given| {
        let image = ImageRef {
            id: given.share.image.to_string(),
            name: given.image_name,
            kind: ImageKind(given.image_kind),
            size_bytes: given.image_size_bytes,
        };
        render_share(image, &given.share, &names)
    });
    let next = |(image, recipient): (ImageId, Recipient)| {
        format!("{image}:{}:{}", recipient.kind(), recipient.id())
    };
    Ok(SharePage { shares: shares.collect(), next: page.next.map(next), total: None })
}

/// The names of owner and recipients, as far as the caller may know them.
async fn names_of_sides<'a>(
    app: &App,
    asking: &Asking,
    shares: impl Iterator<Item = &'a lendglass_core::share::Share>,
) -> Result<Names, Error> {
    let mut projects = vec![asking.caller.project.clone()];
    for share in shares {
        projects.push(share.owner.clone());
        if let Recipient::Project(project) = &share.recipient {
            projects.push(project.clone());
        }
    }
    tenant::names(app, &asking.caller, &distinct(projects.iter())).await
}

fn distinct<'a>(ids: impl Iterator<Item = &'a ProjectId>) -> Vec<ProjectId> {
    let set: std::collections::BTreeSet<&ProjectId> = ids.collect();
    set.into_iter().cloned().collect()
}

pub fn parse_marker(text: &str) -> Result<(ImageId, Recipient), Error> {
    let mut parts = text.splitn(3, ':');
    let (image, kind, id) = (parts.next(), parts.next(), parts.next());
    let image = image.and_then(|text| ImageId::parse_uuid(text).ok());
    let recipient = kind.zip(id).and_then(|(kind, id)| Recipient::from_parts(kind, id));
    image.zip(recipient).ok_or_else(|| no_marker(text))
}

fn no_marker(text: &str) -> Error {
    let shown = lendglass_core::text::shortened(text, 80);
    Error::new(Code::InvalidMarker).with("marker", shown)
}

/// The shares of an image that the caller may see, oldest first: all for its owner, the own ones for a
/// recipient.
#[utoipa::path(get, path = "/api/v1/images/{id}/shares", operation_id = "list_image_shares", tag = "shares",
    params(("id" = String, Path, description = "The image"),
        ("state" = Option<String>, Query, description = "`pending`, `accepted` or `rejected`"),
        ("q" = Option<String>, Query, description = "The recipient's id, or a part of its name"),
        ("limit" = Option<u32>, Query, description = "At most so many; all where nothing is said"),
        ("marker" = Option<String>, Query, description = "Only what comes after this page"),
        ("total" = Option<bool>, Query, description = "Count them, up to 10,000")),
    responses((status = 200, body = SharePage), (status = "default", body = Problem)))]
pub async fn of_image(
    State(app): State<App>,
    asking: Asking,
    PathImage(id): PathImage,
    mut query: Query,
) -> Result<Answer<SharePage>, Failure> {
    let marker = query.one("marker")?;
    let wish = OfImage {
        state: query.word("state", lendglass_core::share::ShareState::parse)?,
        text: query.one("q")?,
        after: marker.map(|text| parse_place(&text)).transpose()?,
        limit: query.number("limit")?,
        wants_total: query.flag("total")?,
    };
    query.finish()?;
    let page = share_view::page_of_image(&app, &asking.caller, &id, &wish).await?;
    let seen = image::seen(&app, &asking.caller, &id).await?;
    let image = ImageRef::of(&seen.image);
    let names = names_of_sides(&app, &asking, page.shares.iter()).await?;
    let render = |share| render_share(image.clone(), share, &names);
    let place = |(at, to): (Timestamp, Recipient)| format!("{}:{}:{}", at.0, to.kind(), to.id());
    Ok(Answer(SharePage {
        shares: page.shares.iter().map(render).collect(),
        next: page.next.map(place),
        total: page.total.map(|total| Count::up_to(total, LIST_TOTAL)),
    }))
}

pub fn parse_place(text: &str) -> Result<(Timestamp, Recipient), Error> {
    let mut parts = text.splitn(3, ':');
    let at = parts.next().and_then(|text| text.parse().ok()).map(Timestamp);
    let recipient = parts.next().zip(parts.next());
    let recipient = recipient.and_then(|(kind, id)| Recipient::from_parts(kind, id));
    at.zip(recipient).ok_or_else(|| no_marker(text))
}

/// How much waits for an answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShareCounts {
    /// Offers that wait; exact up to 1,000.
    pub pending: Count,
}

/// Counts the offers that wait for the caller's project and account.
#[utoipa::path(get, path = "/api/v1/shares/counts", operation_id = "count_shares", tag = "shares",
    responses((status = 200, body = ShareCounts), (status = "default", body = Problem)))]
pub async fn counts(
    State(app): State<App>,
    asking: Asking,
) -> Result<Answer<ShareCounts>, Failure> {
    let pending = share_view::count_pending(&app, &asking.caller).await?;
    Ok(Answer(ShareCounts { pending: Count::up_to(pending, COUNT_MOST) }))
}
