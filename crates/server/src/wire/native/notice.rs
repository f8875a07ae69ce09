//! Notices, and their counts.

use axum::Json as Answer;
use axum::extract::State;
use lendglass_core::limits::NOTICES_COUNTED;
use lendglass_core::notice::{NoticeId, NoticeKind, Position, Subject};
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{Failure, Problem};
use super::input::{Asking, Json, Query};
use super::list::Count;
use super::words;
use crate::app::App;
use crate::service::notice::{self, ListNotices, MarkRead, Told};
use crate::wire::common::{invalid, seconds_text};

/// A notice, the same in lists, in events and in the bodies of webhooks.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoticeView {
    /// Its name among the notices of the project: `p42`, or `a7` where the whole account is told.
    pub id: String,
    /// What happened.
    pub kind: words::NoticeKind,
    /// In which region.
    pub region: String,
    /// Who is told: the project or its account.
    pub to: NoticeParty,
    /// The image it is about, if it is about one.
    pub image: Option<NoticeImage>,
    /// The vault it is about, if it is about one.
    pub vault: Option<NoticeVault>,
    /// The quota of the project it is about, if it is about one.
    pub quota: Option<NoticeQuota>,
    /// The other side, where there is one.
    pub counterpart: Option<NoticeParty>,
    /// What people wrote, plain text.
    pub note: Option<String>,
    /// When; RFC 3339.
    pub at: String,
    /// Whether somebody of the project (or account) has read it.
    pub is_read: bool,
}

/// The image of a notice; it may be gone.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoticeImage {
    /// Its id.
    pub id: String,
    /// Its name at that time.
    pub name: Option<String>,
}

/// The vault of a notice, as it was then.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoticeVault {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it kept, GiB.
    pub used_gib: u64,
    /// How much it held, GiB.
    pub capacity_gib: u64,
}

/// The quota of a notice, as it was then.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoticeQuota {
    /// Which: a field of `GET /api/v1/quota`.
    pub name: words::Quota,
    /// How much was used.
    pub used: u64,
    /// Of how much.
    pub limit: u64,
}

/// A project or an account.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoticeParty {
    /// `project` or `account`.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// The name of a project, where the reader may know it.
    pub name: Option<String>,
    /// The account of a project, where the reader may know it.
    pub account: Option<String>,
}

/// A notice as the dialect shows it.
pub fn render_notice(told: &Told) -> NoticeView {
    let notice = &told.notice;
    let (name, account) = told.counterpart.clone().unzip();
    let (mut image, mut vault, mut quota) = (None, None, None);
    match &notice.subject {
        Subject::Image { id, name } => {
            image = Some(NoticeImage { id: id.to_string(), name: name.clone() });
        }
        Subject::Vault { id, name, level } => {
            vault = Some(NoticeVault {
                id: id.to_string(),
                name: name.clone(),
                used_gib: level.used,
                capacity_gib: level.limit,
            });
        }
        Subject::Quota { quota: name, level } => {
            let name = words::Quota(*name);
            quota = Some(NoticeQuota { name, used: level.used, limit: level.limit });
        }
    }
    NoticeView {
        id: told.id.to_string(),
        kind: words::NoticeKind(notice.kind),
        region: notice.region.to_string(),
        to: NoticeParty {
            kind: notice.to.kind(),
            id: notice.to.id().to_owned(),
            name: None,
            account: None,
        },
        image,
        vault,
        quota,
        counterpart: notice.counterpart.as_ref().map(|other| NoticeParty {
            kind: other.kind(),
            id: other.id().to_owned(),
            name,
            account: account.map(|id| id.to_string()),
        }),
        note: notice.note.clone(),
        at: seconds_text(notice.at),
        is_read: told.is_read,
    }
}

/// A notice as webhooks are told it.
pub fn body(told: &Told) -> Vec<u8> {
    serde_json::json!(render_notice(told)).to_string().into_bytes()
}

/// A page of notices.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoticePage {
    /// Newest first.
    pub notices: Vec<NoticeView>,
    /// The `marker` of the next page; none on the last one.
    pub next: Option<String>,
    /// Where both inboxes ended: `up_to` of "all of these are read", and `after` of the events that
    /// follow.
    pub end: String,
}

/// Lists the notices of the project and its account in this region, newest first.
#[utoipa::path(get, path = "/api/v1/notices", operation_id = "list_notices", tag = "notices",
    params(("unread" = Option<bool>, Query, description = "Only what has not been read"),
        ("kind" = Option<Vec<String>>, Query, description = "Only this kind, as `image.shared`; may be repeated"),
        ("limit" = Option<u32>, Query, description = "At most so many"),
        ("marker" = Option<String>, Query, description = "Only what lies before it")),
    responses((status = 200, body = NoticePage), (status = "default", body = Problem)))]
pub async fn list(
    State(app): State<App>,
    asking: Asking,
    mut query: Query,
) -> Result<Answer<NoticePage>, Failure> {
    let wish = ListNotices {
        is_unread: query.flag("unread")?,
        kinds: parse_kinds("kind", &query.all("kind"))?,
        before: query.one("marker")?.map(|text| parse_marker(&text)).transpose()?,
        limit: query.number("limit")?,
    };
    query.finish()?;
    let page = notice::list(&app, &asking.caller, &wish).await?;
    Ok(Answer(NoticePage {
        notices: page.notices.iter().map(render_notice).collect(),
        next: page.next.map(|next| next.to_string()),
        end: page.end.to_string(),
    }))
}

/// Kinds by their words.
pub fn parse_kinds(field: &str, words: &[String]) -> Result<Vec<NoticeKind>, Error> {
    let kind = |word: &String| {
        let refused = || invalid(field, word, "there is no such kind of notice");
        NoticeKind::parse(word).ok_or_else(refused)
    };
    words.iter().map(kind).collect()
}

fn parse_marker(text: &str) -> Result<Position, Error> {
    let refused = || Error::new(Code::InvalidMarker).with("marker", shortened(text, 80));
    Position::parse(text).ok_or_else(refused)
}

/// What is marked as read: ids, or everything up to a position.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadBody {
    /// These; unknown ones are passed over.
    pub ids: Option<Vec<String>>,
    /// Everything up to the `end` of a page, or up to an event's id.
    pub up_to: Option<String>,
}

/// How much is unread.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoticeCounts {
    /// Exact up to 1,000.
    pub unread: Count,
}

/// Marks notices as read, for everybody who reads the inboxes of the project and its account.
#[utoipa::path(post, path = "/api/v1/notices/read", operation_id = "read_notices", tag = "notices", request_body = ReadBody,
    responses((status = 200, body = NoticeCounts), (status = "default", body = Problem)))]
pub async fn mark_read(
    State(app): State<App>,
    asking: Asking,
    Json(body): Json<ReadBody>,
) -> Result<Answer<NoticeCounts>, Failure> {
    let wish = match (body.ids, body.up_to) {
        (Some(ids), None) => MarkRead::Ids(parse_ids(&ids)?),
        (None, Some(text)) => {
            let refused = || invalid("up_to", &text, "the end of a page, as p42.a7");
            MarkRead::UpTo(Position::parse(&text).ok_or_else(refused)?)
        }
        (Some(_), Some(text)) => return Err(invalid("up_to", &text, "say ids or up_to").into()),
        (None, None) => return Err(Error::new(Code::MissingField).with("field", "ids").into()),
    };
    let unread = notice::mark_read(&app, &asking.caller, wish).await?;
    Ok(Answer(NoticeCounts { unread: Count::up_to(unread, NOTICES_COUNTED) }))
}

/// Notices by their ids.
pub fn parse_ids(texts: &[String]) -> Result<Vec<NoticeId>, Error> {
    let id = |text: &String| {
        NoticeId::parse(text).ok_or_else(|| invalid("ids", text, "the id of a notice, as p42"))
    };
    texts.iter().map(id).collect()
}

/// Counts the unread notices of the project and its account in this region.
#[utoipa::path(get, path = "/api/v1/notices/counts", operation_id = "count_notices", tag = "notices",
    responses((status = 200, body = NoticeCounts), (status = "default", body = Problem)))]
pub async fn counts(
    State(app): State<App>,
    asking: Asking,
) -> Result<Answer<NoticeCounts>, Failure> {
    let unread = notice::count_unread(&app, &asking.caller).await?;
    Ok(Answer(NoticeCounts { unread: Count::up_to(unread, NOTICES_COUNTED) }))
}

/// What waits in the caller's projects and regions.
#[derive(Debug, Serialize, ToSchema)]
pub struct ElsewherePage {
    /// By project and region.
    pub contexts: Vec<ElsewhereView>,
}

/// What waits in one project and region: numbers, and nothing of what they count.
#[derive(Debug, Serialize, ToSchema)]
pub struct ElsewhereView {
    /// A project in which the caller has a role.
    pub project: String,
    /// Its name.
    pub project_name: String,
    /// The region.
    pub region: String,
    /// Whether it is where this request acts.
    pub is_current: bool,
    /// Offers that wait for an answer; exact up to 1,000.
    pub pending: Count,
    /// Unread notices; exact up to 1,000.
    pub unread: Count,
}

/// Counts what waits in every project and region where the caller has a role.
#[utoipa::path(get, path = "/api/v1/notices/elsewhere", operation_id = "count_elsewhere", tag = "notices",
    responses((status = 200, body = ElsewherePage), (status = "default", body = Problem)))]
pub async fn elsewhere(
    State(app): State<App>,
    asking: Asking,
) -> Result<Answer<ElsewherePage>, Failure> {
    let caller = &asking.caller;
    let counted = notice::elsewhere(&app, caller).await?;
    let contexts = counted.into_iter().map(|there| ElsewhereView {
        is_current: there.project == caller.project && there.region == caller.region,
        project: there.project.to_string(),
        project_name: there.project_name,
        region: there.region.to_string(),
        pending: Count::up_to(there.pending, NOTICES_COUNTED),
        unread: Count::up_to(there.unread, NOTICES_COUNTED),
    });
    Ok(Answer(ElsewherePage { contexts: contexts.collect() }))
}
