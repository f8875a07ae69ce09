//! Notices as server-sent events (the HTML standard's `text/event-stream`).

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use lendglass_core::limits::EVENT_HEARTBEAT_SECONDS;
use lendglass_core::notice::Position;
use lendglass_core::permission::Action;
use lendglass_core::{Code, Error};
use serde_json::json;

use super::error::{Failure, Problem};
use super::input::{Asking, Query};
use super::notice::render_notice;
use super::session::{self, Sent};
use crate::app::App;
use crate::service::events::{self, Heard, Listening};
use crate::wire::common::{header_text, invalid};
use crate::wire::context::Context;

/// The header in which a browser that comes back says what it has heard.
const LAST_EVENT_ID: &str = "last-event-id";
/// How soon a browser comes back, milliseconds.
const RETRY_MILLIS: u32 = 1_000;

/// Streams the notices of the project and its account in this region as server-sent events.
///
/// `event: notice` carries a notice as its data. Its id is a position: a client that comes back with
/// it, in `Last-Event-ID` or `after`, hears everything since and nothing twice; without one it hears
/// what is told from now on. `event: gap` says that what lies between is no longer kept, so that
/// the list must be read anew. `event: changed` says that something changed in the project, or for it,
/// that no notice tells of; it has no id. `event: end` says why the server ends the stream: the token has
/// ended (`TOKEN_EXPIRED`, `TOKEN_REVOKED`, `SESSION_ENDED`) or the server stops (`SHUTTING_DOWN`).
#[utoipa::path(get, path = "/api/v1/events", operation_id = "stream_events", tag = "notices",
    params(("after" = Option<String>, Query, description = "The id of the last event heard; the header goes first"),
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event heard")),
    responses((status = 200, description = "Events, each `notice` with a NoticeView as its data", content_type = "text/event-stream", body = String),
        (status = 429, description = "Too many streams", body = Problem), (status = "default", body = Problem)))]
pub async fn stream(
    State(app): State<App>,
    asking: Asking,
    context: Context,
    headers: HeaderMap,
    uri: Uri,
    mut query: Query,
) -> Result<Response, Failure> {
    let asked = query.one("after")?;
    query.finish()?;
    let asked = header_text(&headers, LAST_EVENT_ID).map(str::to_owned).or(asked);
    let after = asked.filter(|text| !text.is_empty()).map(|text| parse_position(&text));
    let listening = events::listen(&app, &asking.caller, after.transpose()?).await?;
    let begin = format!("retry: {RETRY_MILLIS}\nid: {}\n\n", listening.position());
    let speaking = Speaking {
        app,
        context,
        headers,
        uri,
        listening,
        unsaid: VecDeque::from([begin]),
        is_over: false,
    };
    let frames = stream::unfold(speaking, |mut speaking| async {
        let frame = speaking.next().await?;
        Some((Ok::<Bytes, Infallible>(Bytes::from(frame)), speaking))
    });
    let mut response = Body::from_stream(frames).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx gathers answers unless it is told not to.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

fn parse_position(text: &str) -> Result<Position, Error> {
    Position::parse(text)
        .ok_or_else(|| invalid("Last-Event-ID", text, "the id of an event, as p42.a7"))
}

/// A stream under way.
struct Speaking {
    app: App,
    context: Context,
    headers: HeaderMap,
    uri: Uri,
    listening: Listening,
    /// Frames that wait for the peer to take the ones before.
    unsaid: VecDeque<String>,
    is_over: bool,
}

impl Speaking {
    /// The next frame; `None` after the last one.
    async fn next(&mut self) -> Option<String> {
        if let Some(frame) = self.unsaid.pop_front() {
            return Some(frame);
        }
        if self.is_over {
            return None;
        }
        let bell = self.app.bell.clone();
        let heard = tokio::select! {
            biased;
            () = bell.stopped() => Err(Error::new(Code::ShuttingDown)),
            heard = self.listening.next() => heard.map(Some),
            () = tokio::time::sleep(Duration::from_secs(EVENT_HEARTBEAT_SECONDS)) => Ok(None),
        };
        // Whoever may no longer hear hears nothing more.
        let sent = Sent { method: &Method::GET, uri: &self.uri, headers: &self.headers };
        let alive = session::caller(&self.app, &self.context, sent).await;
        let alive = alive.and_then(|(caller, _)| caller.may(Action::NoticesRead));
        match alive.and(heard) {
            Ok(None) => Some(":\n\n".to_owned()),
            Ok(Some(Heard::Changed)) => Some(frame("changed", None, &json!({}))),
            Ok(Some(Heard::Gap(position))) => Some(frame("gap", Some(position), &json!({}))),
            Ok(Some(Heard::Told(told))) => {
                let frames = told.into_iter().map(|(behind, told)| {
                    frame("notice", Some(behind), &json!(render_notice(&told)))
                });
                self.unsaid.extend(frames);
                self.unsaid.pop_front()
            }
            Err(error) => {
                self.is_over = true;
                Some(frame("end", None, &json!({"code": error.code().as_str()})))
            }
        }
    }
}

/// One event. JSON on one line needs no further escaping.
fn frame(event: &str, id: Option<Position>, data: &serde_json::Value) -> String {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    format!("{id}event: {event}\ndata: {data}\n\n")
}
