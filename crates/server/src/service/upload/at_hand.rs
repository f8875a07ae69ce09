//! Which kept uploads this process has at hand: each is written by one request at a time, and its
//! digests and its open file stay in memory for a while between two parts.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lendglass_core::limits::{UPLOAD_AT_HAND_SECONDS, UPLOAD_SILENT_SECONDS, UPLOADS_AT_HAND};
use lendglass_core::{Code, Error, Timestamp};
use tokio::sync::Notify;

use super::kept::Live;
use crate::app::App;

/// When who finds an upload busy may ask again.
const BUSY_SECONDS: u32 = 2;

/// The kept uploads at hand, by their ids.
#[derive(Default)]
pub struct AtHand {
    entries: Mutex<HashMap<String, Entry>>,
}

/// The refusal while somebody else has an upload at hand, with when to ask again.
pub(super) fn busy() -> Error {
    Error::new(Code::UploadBusy).with("seconds", BUSY_SECONDS)
}

enum Entry {
    /// A request writes it.
    Taken(Arc<Sender>),
    /// It waits for its next part since this moment of the monotonic clock.
    Waiting { live: Box<Live>, since: i64 },
}

/// The request that writes an upload.
#[derive(Default)]
pub struct Sender {
    is_cancelled: AtomicBool,
    heard_at: AtomicI64,
    hurry: Notify,
}

impl Sender {
    /// Notes that the client lives; refuses where the upload was cancelled meanwhile.
    pub fn heard(&self, app: &App, id: &str) -> Result<(), Error> {
        self.heard_at.store(app.clock.monotonic_micros(), Ordering::Relaxed);
        match self.is_cancelled.load(Ordering::Acquire) {
            true => Err(Error::new(Code::UploadNotFound).with("id", id)),
            false => Ok(()),
        }
    }

    /// Returns when somebody wants this part to end.
    pub async fn hurried(&self) {
        self.hurry.notified().await;
    }
}

/// The right to write an upload; dropped without [`Turn::give_back`], what was at hand is gone.
pub struct Turn {
    app: App,
    id: String,
    sender: Arc<Sender>,
    is_over: bool,
}

impl AtHand {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an upload to write it, with what is at hand of it. Errors: [`Code::UploadBusy`].
    pub fn take(app: &App, id: &str) -> Result<(Turn, Option<Box<Live>>), Error> {
        let sender = Arc::new(Sender::default());
        // Nobody is silent while what is on disk is read again for him.
        sender.heard_at.store(i64::MAX, Ordering::Relaxed);
        let mut entries = app.uploads.lock();
        let live = match entries.remove(id) {
            Some(Entry::Taken(other)) => {
                entries.insert(id.to_owned(), Entry::Taken(other));
                return Err(busy());
            }
            Some(Entry::Waiting { live, .. }) => Some(live),
            None => None,
        };
        entries.insert(id.to_owned(), Entry::Taken(sender.clone()));
        drop(entries);
        Ok((Turn { app: app.clone(), id: id.to_owned(), sender, is_over: false }, live))
    }

    /// Ends the part that a silent client sends, if one does.
    pub fn end_silent(&self, app: &App, id: &str) {
        if let Some(Entry::Taken(sender)) = self.lock().get(id) {
            let silent = app.clock.monotonic_micros() - sender.heard_at.load(Ordering::Relaxed);
            if silent >= UPLOAD_SILENT_SECONDS * Timestamp::SECOND_MICROS {
                sender.hurry.notify_one();
            }
        }
    }

    /// Lets go of an upload that has ended; who writes it is told.
    pub fn forget(&self, id: &str) {
        let mut entries = self.lock();
        if let Some(Entry::Taken(sender)) = entries.get(id) {
            sender.is_cancelled.store(true, Ordering::Release);
            sender.hurry.notify_one();
            return;
        }
        entries.remove(id);
    }

    fn forget_waiting_since(&self, id: &str, moment: i64) {
        let mut entries = self.lock();
        if matches!(entries.get(id), Some(Entry::Waiting { since, .. }) if *since == moment) {
            entries.remove(id);
        }
    }
}

impl Turn {
    /// The request that writes.
    pub fn sender(&self) -> &Arc<Sender> {
        &self.sender
    }

    /// Leaves what is at hand for the next part, for a while.
    pub fn give_back(mut self, live: Box<Live>) {
        self.is_over = true;
        let since = self.app.clock.monotonic_micros();
        let mut entries = self.app.uploads.lock();
        let oldest = entries.iter().filter_map(|(id, entry)| match entry {
            Entry::Waiting { since, .. } => Some((*since, id.clone())),
            Entry::Taken(_) => None,
        });
        let waiting: Vec<_> = oldest.collect();
        if waiting.len() >= UPLOADS_AT_HAND
            && let Some((_, id)) = waiting.into_iter().min()
        {
            entries.remove(&id);
        }
        entries.insert(self.id.clone(), Entry::Waiting { live, since });
        drop(entries);
        let (app, id) = (self.app.clone(), self.id.clone());
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(UPLOAD_AT_HAND_SECONDS)).await;
            app.uploads.forget_waiting_since(&id, since);
        });
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.is_over {
            self.app.uploads.lock().remove(&self.id);
        }
    }
}
