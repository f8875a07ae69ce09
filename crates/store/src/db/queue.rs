//! A queue between async callers and the threads of the embedded engine.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    items: VecDeque<T>,
    is_closed: bool,
}

/// What waiting for an item ended in.
pub(super) enum Popped<T> {
    Item(T),
    TimedOut,
    Closed,
}

impl<T> Queue<T> {
    pub(super) fn new() -> Queue<T> {
        let state = State { items: VecDeque::new(), is_closed: false };
        Queue { state: Mutex::new(state), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, item: T) {
        self.lock().items.push_back(item);
        self.changed.notify_one();
    }

    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    pub(super) fn try_pop(&self) -> Option<T> {
        self.lock().items.pop_front()
    }

    /// The next item; after `idle` without one, [`Popped::TimedOut`].
    pub(super) fn pop(&self, idle: Duration) -> Popped<T> {
        let mut state = self.lock();
        loop {
            if let Some(item) = state.items.pop_front() {
                return Popped::Item(item);
            }
            if state.is_closed {
                return Popped::Closed;
            }
            let (next, wait) =
                self.changed.wait_timeout(state, idle).unwrap_or_else(PoisonError::into_inner);
            state = next;
            if wait.timed_out() && state.items.is_empty() && !state.is_closed {
                return Popped::TimedOut;
            }
        }
    }
}
