//! Whether the pages of the console help (UI-07): everybody says so, the operator reads it.

use lendglass_core::limits::{FEEDBACK_CHARS, FEEDBACK_OF_USER, FEEDBACK_PAGE_BYTES};
use lendglass_core::permission::Action;
use lendglass_core::tenant::Caller;
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, Timestamp};
use lendglass_store::feedback as store_feedback;
pub use lendglass_store::feedback::Feedback;

use crate::app::App;

/// Keeps what the caller says of a page, in place of what he said of it before. Nothing else depends
/// on it, so it is no event of the audit trail.
///
/// Errors: [`Code::InvalidValue`] for a page or words out of bounds.
pub async fn give(
    app: &App,
    caller: &Caller,
    page: String,
    is_helpful: bool,
    words: Option<String>,
) -> Result<(), Error> {
    let invalid = |field: &str, value: &str, reason: &str| {
        let error = Error::new(Code::InvalidValue).with("field", field);
        Err(error.with("value", shortened(value, 80)).with("reason", reason))
    };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_:".contains(&byte);
    if page.is_empty() || page.len() > FEEDBACK_PAGE_BYTES || !page.bytes().all(is_name) {
        return invalid("page", &page, "letters, digits, / - _ and :, at most 64");
    }
    if let Some(words) = words.as_ref().filter(|words| words.chars().count() > FEEDBACK_CHARS) {
        return invalid("text", words, "at most 1000 characters");
    }
    let feedback = Feedback {
        page,
        is_helpful,
        words: words.filter(|words| !words.trim().is_empty()),
        user: caller.user.clone(),
        user_name: caller.user_name.clone(),
        project: caller.project.clone(),
        at: app.clock.now(),
    };
    app.change(caller, move |tx| {
        let others = store_feedback::count_others(tx, &feedback.user, &feedback.page)?;
        if others >= FEEDBACK_OF_USER {
            let shown = &feedback.page;
            return invalid("page", shown, "you have said something of a hundred others");
        }
        store_feedback::put(tx, &feedback)
    })
    .await
}

/// The place of a word of feedback among all: when, by whom, about what.
pub type Place = (Timestamp, String, String);

/// What was said, newest first, from a place on; and whether there is more. Operator only.
pub async fn list(
    app: &App,
    caller: &Caller,
    before: Option<Place>,
    limit: Option<u32>,
) -> Result<(Vec<Feedback>, bool), Error> {
    caller.may(Action::CloudInspect)?;
    let settings = &app.settings;
    let limit = limit.unwrap_or(settings.list_limit_default).min(settings.list_limit_max);
    let (at, user, page) =
        before.unwrap_or_else(|| (Timestamp(i64::MAX), String::new(), String::new()));
    let place = (at, user.as_str(), page.as_str());
    let mut found = store_feedback::list(&app.db, place, limit.saturating_add(1)).await?;
    let is_more = found.len() > limit as usize;
    found.truncate(limit as usize);
    Ok((found, is_more))
}
