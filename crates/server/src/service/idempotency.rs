//! Requests that carry a key of the client's have one effect, and one answer (AP-05).

use lendglass_core::tenant::{Caller, Once};
use lendglass_core::{Code, Error};
use lendglass_store::idempotency as store_idempotency;

use crate::app::App;

/// How long a key is remembered, in seconds: longer than any client goes on trying.
const KEPT_SECONDS: i64 = 24 * 3600;

/// The answer that a request was given when it was sent before; `None`: it is new.
///
/// Errors: [`Code::IdempotencyKeyReused`] for a key that came with another request,
/// [`Code::IdempotencyInProgress`] for one whose answer is not known (yet).
pub async fn answered(
    app: &App,
    caller: &Caller,
    once: &Once,
) -> Result<Option<(u16, String)>, Error> {
    let Some(kept) = store_idempotency::find(&app.db, caller, &once.key).await? else {
        return Ok(None);
    };
    let refused = |code| Err(Error::new(code).with("key", &once.key));
    if kept.fingerprint != once.fingerprint {
        return refused(Code::IdempotencyKeyReused);
    }
    if kept.answer.is_none() {
        return refused(Code::IdempotencyInProgress);
    }
    Ok(kept.answer)
}

/// Keeps the answer of a request that was done.
pub async fn keep(
    app: &App,
    caller: &Caller,
    once: &Once,
    status: u16,
    body: String,
) -> Result<(), Error> {
    let (caller, once, now) = (caller.clone(), once.clone(), app.clock.now());
    app.db.write(move |tx| store_idempotency::keep(tx, &caller, &once, (status, &body), now)).await
}

/// Forgets old keys.
pub(crate) async fn purge(app: &App) -> Result<(), Error> {
    store_idempotency::purge(&app.db, app.clock.now().plus_seconds(-KEPT_SECONDS)).await
}
