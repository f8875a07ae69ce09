//! What was refused stands in the trail of who asked (XC-01). The other side does not read it: it may
//! not even know of the image.

use std::collections::BTreeMap;

use lendglass_core::audit::{AuditEvent, AuditResult, AuditVerb};
use lendglass_core::job::{Outcome, PairResult};
use lendglass_core::share::ShareEvent;
use lendglass_core::text::shortened;
use lendglass_core::{Code, Error, ImageId};
use lendglass_store::{Tx, audit as store_audit};

use super::Batch;

/// Characters of an event's list of recipients.
const RECIPIENTS_CHARS: usize = 1_000;

/// The refusals of a batch: one event for each image and reason, however many recipients there were.
pub(super) fn pairs(tx: &mut Tx<'_>, batch: &Batch, results: &[PairResult]) -> Result<(), Error> {
    if batch.is_dry {
        return Ok(());
    }
    let mut refused: BTreeMap<(&ImageId, Code), Vec<&str>> = BTreeMap::new();
    for result in results {
        if let Outcome::Refused(error) = &result.outcome
            && is_worth(error)
        {
            let recipients = refused.entry((&result.image, error.code())).or_default();
            recipients.push(&result.recipient);
        }
    }
    let event = |((image, code), recipients): ((&ImageId, Code), Vec<&str>)| {
        // Whatever was sent is written down; PostgreSQL has no NUL in text.
        let recipients = recipients.join(",").replace('\0', "\u{fffd}");
        let recipients = shortened(&recipients, RECIPIENTS_CHARS);
        let event = event(batch, image, code).with_detail(format!("recipients={recipients}"));
        (batch.app.ids.hex(), event)
    };
    store_audit::insert_all(tx, &refused.into_iter().map(event).collect::<Vec<_>>())
}

/// The refusal of a whole request, which names its first image.
pub(super) fn whole(tx: &mut Tx<'_>, batch: &Batch, error: &Error) -> Result<(), Error> {
    let Some(image) = batch.about.as_ref().filter(|_| !batch.is_dry) else { return Ok(()) };
    // Trouble is no refusal, and goes to the log.
    let Ok(error) = batch.refusal(error.clone()) else { return Ok(()) };
    if !is_worth(&error) {
        return Ok(());
    }
    store_audit::insert(tx, &batch.app.ids.hex(), &event(batch, image, error.code()))
}

/// Who sees nothing leaves nothing; a request that is sent again was no attempt of its own.
fn is_worth(error: &Error) -> bool {
    !matches!(error.code(), Code::ImageNotFound | Code::IdempotencyInProgress)
}

fn event(batch: &Batch, image: &ImageId, code: Code) -> AuditEvent {
    let verb = match batch.event {
        _ if batch.is_undo => AuditVerb::ShareUndo,
        ShareEvent::Invite => AuditVerb::ShareInvite,
        ShareEvent::Accept => AuditVerb::ShareAccept,
        ShareEvent::Reject => AuditVerb::ShareReject,
        ShareEvent::Reopen => AuditVerb::ShareReopen,
        ShareEvent::Withdraw => AuditVerb::ShareWithdraw,
        ShareEvent::Lapse => AuditVerb::ShareLapse,
    };
    AuditEvent::by(&batch.caller, batch.now, verb, image.as_str())
        .with_result(AuditResult::Refused(code))
}
