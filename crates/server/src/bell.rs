//! Wakes those who listen to an inbox, and nobody else: to be told something, or because what they may
//! have listed has changed.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lendglass_core::limits::{EVENT_STREAMS_OF_NODE, EVENT_STREAMS_OF_PROJECT};
use lendglass_core::notice::Inbox;
use lendglass_core::{Code, Error, ProjectId};
use tokio::sync::{Notify, watch};

/// Who listens on this node, by inbox. Cheap to clone. It carries no news: a listener that wakes reads
/// the database.
#[derive(Clone, Default)]
pub struct Bell(Arc<Parts>);

#[derive(Default)]
struct Parts {
    /// The number counts changes.
    lines: Mutex<HashMap<Inbox, watch::Sender<u64>>>,
    seats: Mutex<HashMap<ProjectId, usize>>,
    /// How many listeners there are.
    listeners: watch::Sender<usize>,
    is_stopping: watch::Sender<bool>,
    /// Changes that other nodes have not heard of.
    unsaid: Mutex<BTreeSet<Inbox>>,
    has_unsaid: Notify,
}

/// Both maps are whole at any time, also after a panic elsewhere.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Bell {
    /// Wakes the listeners of these inboxes. Call it after the commit.
    pub fn ring(&self, inboxes: &[Inbox]) {
        let lines = locked(&self.0.lines);
        for inbox in inboxes {
            if let Some(line) = lines.get(inbox) {
                line.send_modify(|_| ());
            }
        }
    }

    /// Wakes the listeners of these inboxes: something has changed for them. Call it after the commit.
    pub fn touch<'a>(&self, inboxes: impl IntoIterator<Item = &'a Inbox>) {
        let lines = locked(&self.0.lines);
        for inbox in inboxes {
            if let Some(line) = lines.get(inbox) {
                line.send_modify(|changes| *changes += 1);
            }
        }
    }

    /// Keeps changes until other nodes are told.
    pub fn keep(&self, inboxes: &BTreeSet<Inbox>) {
        locked(&self.0.unsaid).extend(inboxes.iter().cloned());
        self.0.has_unsaid.notify_one();
    }

    /// Takes the changes that other nodes are to be told.
    pub fn take(&self) -> BTreeSet<Inbox> {
        std::mem::take(&mut locked(&self.0.unsaid))
    }

    /// Listens to an inbox: a ring from now on is not missed.
    pub fn listen(&self, inbox: &Inbox) -> Line {
        let mut lines = locked(&self.0.lines);
        let sender = lines.entry(inbox.clone()).or_insert_with(|| watch::channel(0).0);
        let heard = sender.subscribe();
        let known = *heard.borrow();
        Line { heard, known, inbox: inbox.clone(), bell: self.clone() }
    }

    /// The inboxes somebody listens to.
    pub fn inboxes(&self) -> Vec<Inbox> {
        locked(&self.0.lines).keys().cloned().collect()
    }

    /// Waits until somebody listens, or other nodes are to be told something.
    pub async fn is_needed(&self) {
        let mut listeners = self.0.listeners.subscribe();
        tokio::select! {
            // The sender lives as long as the bell.
            _ = listeners.wait_for(|listeners| *listeners > 0) => {}
            () = self.0.has_unsaid.notified() => {}
        }
    }

    /// A seat for a listener of a project, kept until it is dropped.
    ///
    /// Refuses with [`Code::TooManyStreams`] beyond [`EVENT_STREAMS_OF_PROJECT`] and
    /// [`EVENT_STREAMS_OF_NODE`].
    pub fn seat(&self, project: &ProjectId) -> Result<Seat, Error> {
        let mut seats = locked(&self.0.seats);
        let mine = seats.get(project).copied().unwrap_or_default();
        let refused = |max| Err(Error::new(Code::TooManyStreams).with("max", max));
        if mine >= EVENT_STREAMS_OF_PROJECT {
            return refused(EVENT_STREAMS_OF_PROJECT);
        }
        if *self.0.listeners.borrow() >= EVENT_STREAMS_OF_NODE {
            return refused(EVENT_STREAMS_OF_NODE);
        }
        seats.insert(project.clone(), mine + 1);
        self.0.listeners.send_modify(|listeners| *listeners += 1);
        Ok(Seat { project: project.clone(), bell: self.clone() })
    }

    /// Ends every stream: the server shuts down.
    pub fn stop(&self) {
        self.0.is_stopping.send_replace(true);
    }

    /// Waits for [`Bell::stop`].
    pub async fn stopped(&self) {
        let _ = self.0.is_stopping.subscribe().wait_for(|is_stopping| *is_stopping).await;
    }
}

/// One listener's ear at an inbox.
pub struct Line {
    heard: watch::Receiver<u64>,
    /// So many changes were heard of.
    known: u64,
    inbox: Inbox,
    bell: Bell,
}

impl Line {
    /// Waits for a ring since the last one that was heard. May be given up at any moment.
    pub async fn rung(&mut self) {
        // The sender lives at least as long as its last line.
        let _ = self.heard.changed().await;
    }

    /// Whether something has changed since this was last asked.
    pub fn is_touched(&mut self) -> bool {
        let changes = *self.heard.borrow();
        std::mem::replace(&mut self.known, changes) != changes
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let mut lines = locked(&self.bell.0.lines);
        // This receiver still counts.
        if lines.get(&self.inbox).is_some_and(|line| line.receiver_count() <= 1) {
            lines.remove(&self.inbox);
        }
    }
}

/// One listener's place among those of its project.
pub struct Seat {
    project: ProjectId,
    bell: Bell,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = locked(&self.bell.0.seats);
        match seats.get_mut(&self.project) {
            Some(taken) if *taken > 1 => *taken -= 1,
            Some(_) | None => {
                seats.remove(&self.project);
            }
        }
        self.bell.0.listeners.send_modify(|listeners| *listeners = listeners.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use lendglass_core::RegionId;
    use lendglass_core::share::Recipient;

    use super::*;

    fn inbox(project: &str) -> Inbox {
        (Recipient::Project(ProjectId::trusted(project)), RegionId::trusted("r1"))
    }

    #[tokio::test]
    async fn only_listeners_of_the_inbox_hear_the_bell() {
        let bell = Bell::default();
        let mut mine = bell.listen(&inbox("a"));
        let mut too = bell.listen(&inbox("a"));
        let other = bell.listen(&inbox("b"));
        bell.ring(&[inbox("a"), inbox("nobody listens")]);
        mine.rung().await;
        too.rung().await;
        assert!(!other.heard.has_changed().unwrap());
        assert!(!mine.heard.has_changed().unwrap(), "once heard, it is quiet");
        assert!(!mine.is_touched(), "to be told something is no change");
        bell.touch(&[inbox("a")]);
        mine.rung().await;
        assert!(mine.is_touched());
        assert!(!mine.is_touched(), "once heard, it is quiet");
    }

    #[test]
    fn nobody_is_remembered_who_has_gone() {
        let bell = Bell::default();
        let first = bell.listen(&inbox("a"));
        let second = bell.listen(&inbox("a"));
        drop(first);
        assert_eq!(bell.inboxes(), [inbox("a")]);
        drop(second);
        assert!(bell.inboxes().is_empty());
    }

    #[test]
    fn seats_are_counted_by_project_and_in_all() {
        let bell = Bell::default();
        let project = |n: usize| ProjectId::trusted(format!("p{n}"));
        let mut seats: Vec<Seat> =
            (0..EVENT_STREAMS_OF_PROJECT).map(|_| bell.seat(&project(0)).unwrap()).collect();
        let refused = |bell: &Bell, n| bell.seat(&project(n)).err().map(|error| error.code());
        assert_eq!(refused(&bell, 0), Some(Code::TooManyStreams));
        seats.pop();
        assert_eq!(refused(&bell, 0), None, "a seat that is given back is free");
        let rest = EVENT_STREAMS_OF_NODE - seats.len();
        seats.extend((0..rest).map(|n| bell.seat(&project(1 + n)).unwrap()));
        assert_eq!(refused(&bell, 0), Some(Code::TooManyStreams));
        drop(seats);
        assert!(locked(&bell.0.seats).is_empty());
        assert_eq!(*bell.0.listeners.borrow(), 0);
    }
}
