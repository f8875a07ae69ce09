//! Reads of bytes: one durable event before the first byte for each caller, image and ten minutes;
//! further ranges are counted in memory and written each minute.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lendglass_core::audit::{AuditEvent, AuditResult, AuditVerb};
use lendglass_core::limits::{READ_WINDOW_SECONDS, READ_WINDOWS};
use lendglass_core::tenant::Caller;
use lendglass_core::{Code, Error, ImageId, ProjectId, Timestamp, UserId};
use lendglass_store::Tx;
use lendglass_store::audit::{self as store_audit, Reads};
use tokio::sync::OnceCell;

use crate::app::App;

/// Counters written in one transaction.
const FLUSH_ROWS: usize = 500;

/// The ten minutes of each caller and image that are under way, and what was counted in them.
#[derive(Default)]
pub struct Windows(Mutex<Open>);

#[derive(Default)]
struct Open {
    windows: HashMap<Who, Arc<OnceCell<Window>>>,
    /// By event: what is counted and not yet written.
    counted: HashMap<String, Reads>,
}

/// Whom and what a window is for; refusals have windows of their own.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Who {
    user: UserId,
    project: ProjectId,
    image: ImageId,
    refused: Option<Code>,
}

#[derive(Clone)]
struct Window {
    event: String,
    ends_at: Timestamp,
}

impl Windows {
    /// A lock that a panic has poisoned still guards whole values: every change is one call.
    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The window of somebody, new or not; `None` where there is no room for a new one.
    fn of(&self, who: &Who, now: Timestamp) -> Option<Arc<OnceCell<Window>>> {
        let mut open = self.open();
        let is_over = |cell: &Arc<OnceCell<Window>>| cell.get().is_some_and(|w| w.ends_at <= now);
        if let Some(cell) = open.windows.get(who).filter(|cell| !is_over(cell)) {
            return Some(cell.clone());
        }
        if open.windows.len() >= READ_WINDOWS {
            open.windows.retain(|_, cell| !is_over(cell));
            if open.windows.len() >= READ_WINDOWS {
                return None;
            }
        }
        let cell = Arc::new(OnceCell::new());
        open.windows.insert(who.clone(), cell.clone());
        Some(cell)
    }

    /// Counts in memory; `false` where there is no room.
    fn count(&self, event: &str, reads: Reads) -> bool {
        self.open().count(event, reads)
    }

    /// Counts in memory what somebody reads whose window is under way; `false` where none is, or there
    /// is no room.
    fn count_known(&self, who: &Who, now: Timestamp, reads: Reads) -> bool {
        let mut open = self.open();
        let window = open.windows.get(who).cloned();
        let window = window.as_ref().and_then(|cell| cell.get()).filter(|w| w.ends_at > now);
        window.is_some_and(|window| open.count(&window.event, reads))
    }
}

impl Open {
    fn count(&mut self, event: &str, reads: Reads) -> bool {
        if !self.counted.contains_key(event) {
            if self.counted.len() >= READ_WINDOWS {
                return false;
            }
            self.counted.insert(event.to_owned(), Reads::default());
        }
        let Some(counted) = self.counted.get_mut(event) else { return false };
        counted.ranges += reads.ranges;
        counted.bytes += reads.bytes;
        true
    }
}

impl Who {
    fn of(caller: &Caller, image: &ImageId, refused: Option<Code>) -> Who {
        let (user, project) = (caller.user.clone(), caller.project.clone());
        Who { user, project, image: image.clone(), refused }
    }
}

/// Notes that `caller` reads `range` of the bytes of an image, before the first of them leaves. What
/// this cannot write down is not to be read.
///
/// `other_side` is the owner where the image was shared with the caller; it reads the event as well.
pub async fn note(
    app: &App,
    caller: &Caller,
    image: &ImageId,
    other_side: Option<&ProjectId>,
    range: &Range<u64>,
) -> Result<(), Error> {
    let reads = Reads { ranges: 1, bytes: range.end.saturating_sub(range.start) };
    let now = app.clock.now();
    // All but the first of the ranges that a client asks for.
    if app.trail.windows.count_known(&Who::of(caller, image, None), now, reads) {
        return Ok(());
    }
    let mut event = AuditEvent::by(caller, now, AuditVerb::ImageDownload, image.as_str())
        .with_detail(format!("range={}-{}", range.start, range.end.saturating_sub(1)));
    if let Some(owner) = other_side {
        event = event.on_behalf(owner);
    }
    let Some(known) = window(app, caller, image, event, Some(reads)).await? else { return Ok(()) };
    if app.trail.windows.count(&known, reads) {
        return Ok(());
    }
    app.db.write(move |tx| store_audit::add_reads(tx, &[(known.clone(), reads)])).await
}

/// Notes that `caller`, who sees the image, was refused its bytes: once in ten minutes for each
/// reason, since nobody may fill the trail by asking.
pub async fn refused(app: &App, caller: &Caller, image: &ImageId, code: Code) -> Result<(), Error> {
    let event = AuditEvent::by(caller, app.clock.now(), AuditVerb::ImageDownload, image.as_str())
        .with_result(AuditResult::Refused(code));
    window(app, caller, image, event, None).await.map(|_| ())
}

/// Makes sure that `event` or one like it of the last ten minutes is durable. Answers its id where
/// it was there before and `reads` are not counted yet.
async fn window(
    app: &App,
    caller: &Caller,
    image: &ImageId,
    event: AuditEvent,
    reads: Option<Reads>,
) -> Result<Option<String>, Error> {
    let who = Who::of(caller, image, event.result.code());
    let Some(cell) = app.trail.windows.of(&who, event.at) else {
        write(app, image, event, reads).await?;
        return Ok(None);
    };
    let mut is_mine = false;
    let window = cell
        .get_or_try_init(|| {
            is_mine = true;
            write(app, image, event, reads)
        })
        .await?;
    Ok((!is_mine).then(|| window.event.clone()))
}

/// Writes the event with its first count, or counts under the one that another node, or this one
/// before its start, has written.
async fn write(
    app: &App,
    image: &ImageId,
    event: AuditEvent,
    reads: Option<Reads>,
) -> Result<Window, Error> {
    let (id, image) = (app.ids.hex(), image.clone());
    let window = app.db.write(move |tx| write_in(tx, &id, &image, &event, reads)).await?;
    app.trail.bell.notify_one();
    Ok(window)
}

fn write_in(
    tx: &mut Tx<'_>,
    id: &str,
    image: &ImageId,
    event: &AuditEvent,
    reads: Option<Reads>,
) -> Result<Window, Error> {
    let since = event.at.plus_seconds(-READ_WINDOW_SECONDS);
    let (id, begun) = match store_audit::same_lately(tx, event, image, since)? {
        Some(known) => known,
        None => {
            store_audit::insert(tx, id, event)?;
            (id.to_owned(), event.at)
        }
    };
    if let Some(reads) = reads {
        store_audit::add_reads(tx, &[(id.clone(), reads)])?;
    }
    Ok(Window { event: id, ends_at: begun.plus_seconds(READ_WINDOW_SECONDS) })
}

/// Writes what was counted, and forgets windows that are over. What cannot be written is kept for
/// the next time.
pub async fn flush(app: &App) -> Result<(), Error> {
    let now = app.clock.now();
    let counted: Vec<(String, Reads)> = {
        let mut open = app.trail.windows.open();
        open.windows.retain(|_, cell| cell.get().is_none_or(|window| window.ends_at > now));
        open.counted.drain().collect()
    };
    let mut rest = counted.as_slice();
    while !rest.is_empty() {
        let (some, later) = rest.split_at(rest.len().min(FLUSH_ROWS));
        let rows = some.to_vec();
        if let Err(error) = app.db.write(move |tx| store_audit::add_reads(tx, &rows)).await {
            for (event, reads) in rest {
                app.trail.windows.count(event, *reads);
            }
            return Err(error);
        }
        rest = later;
    }
    Ok(())
}
