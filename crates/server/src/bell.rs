//! Wakes those who listen to an inbox, and nobody else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lendglass_core::notice::Inbox;
use tokio::sync::watch;

/// Who listens on this node, by inbox. Cheap to clone. It carries no news: a listener that wakes reads
/// the database.
#[derive(Clone, Default)]
pub struct Bell {
    lines: Arc<Mutex<HashMap<Inbox, watch::Sender<()>>>>,
}

impl Bell {
    /// Wakes the listeners of these inboxes. Call it after the commit.
    pub fn ring(&self, inboxes: &[Inbox]) {
        let lines = self.lines();
        for inbox in inboxes {
            if let Some(line) = lines.get(inbox) {
                line.send_replace(());
            }
        }
    }

    /// Wakes everybody: for what concerns all, such as a revoked token.
    pub fn ring_all(&self) {
        for line in self.lines().values() {
            line.send_replace(());
        }
    }

    /// Listens to an inbox: a ring from now on is not missed.
    pub fn listen(&self, inbox: &Inbox) -> Line {
        let mut lines = self.lines();
        let sender = lines.entry(inbox.clone()).or_insert_with(|| watch::channel(()).0);
        Line { heard: sender.subscribe(), inbox: inbox.clone(), bell: self.clone() }
    }

    /// The inboxes somebody listens to.
    pub fn inboxes(&self) -> Vec<Inbox> {
        self.lines().keys().cloned().collect()
    }

    /// The map is whole at any time, also after a panic elsewhere.
    fn lines(&self) -> MutexGuard<'_, HashMap<Inbox, watch::Sender<()>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One listener's ear at an inbox.
pub struct Line {
    heard: watch::Receiver<()>,
    inbox: Inbox,
    bell: Bell,
}

impl Line {
    /// Waits for a ring since the last one that was heard.
    pub async fn rung(&mut self) {
        // The sender lives at least as long as its last line.
        let _ = self.heard.changed().await;
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let mut lines = self.bell.lines();
        // This receiver still counts.
        if lines.get(&self.inbox).is_some_and(|line| line.receiver_count() <= 1) {
            lines.remove(&self.inbox);
        }
    }
}

#[cfg(test)]
mod tests {
    use lendglass_core::share::Recipient;
    use lendglass_core::{ProjectId, RegionId};

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
        bell.ring_all();
        mine.rung().await;
        assert!(other.heard.has_changed().unwrap());
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
}
