//! Digests on a few threads, however many uploads run.
//!
//! Each digest of an upload is a [`DigestLine`]: buffers in order, worked on by one thread at a
//! time. A line with work stands in one common queue; a thread takes a line, digests one buffer and
//! puts the line back at the end, so that every upload gets its turn and the threads are never more
//! than the cores.

use std::{
    collections::VecDeque,
    io, mem,
    num::NonZero,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
};

use openssl::{
    error::ErrorStack,
    hash::{Hasher, MessageDigest},
};
use tokio::sync::oneshot;

use super::{
    buffer::{Buffer, lock},
    error::BlobError,
    kernel,
};

/// The digest that an image's `os_hash_algo` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestAlgo {
    /// What Glance answers unless told otherwise.
    Sha512,
    /// Half the work, where the operator chooses it.
    Sha256,
}

impl DigestAlgo {
    /// The name as Glance writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha512 => "sha512",
            Self::Sha256 => "sha256",
        }
    }

    pub(super) fn message_digest(self) -> MessageDigest {
        match self {
            Self::Sha512 => MessageDigest::sha512(),
            Self::Sha256 => MessageDigest::sha256(),
        }
    }
}

/// Which digests an upload computes.
#[derive(Clone, Copy, Debug)]
pub struct DigestPlan {
    /// Whether the old `checksum` is computed too; it costs as much again as SHA-512.
    pub md5: bool,
    /// The digest that is always computed.
    pub algo: DigestAlgo,
}

/// The threads. They end when the last owner is gone and the lines are done.
pub(super) struct DigestWorkers {
    ready: Arc<Ready>,
}

#[derive(Default)]
struct Ready {
    state: Mutex<ReadyState>,
    wake: Condvar,
}

#[derive(Default)]
struct ReadyState {
    lines: VecDeque<Arc<Line>>,
    is_closed: bool,
}

impl DigestWorkers {
    pub fn start(threads: NonZero<usize>) -> io::Result<Self> {
        let workers = Self { ready: Arc::default() };
        for number in 0..threads.get() {
            let ready = Arc::clone(&workers.ready);
            thread::Builder::new().name(format!("digest-{number}")).spawn(move || {
                kernel::give_way();
                ready.work();
            })?;
        }
        Ok(workers)
    }

    /// A new digest of an upload.
    ///
    /// # Errors
    /// When OpenSSL refuses the algorithm, as a FIPS build does with MD5.
    pub fn line(&self, algorithm: MessageDigest) -> Result<DigestLine, BlobError> {
        let hasher = Hasher::new(algorithm).map_err(BlobError::other)?;
        let line = Line {
            state: Mutex::default(),
            hasher: Mutex::new((hasher, Ok(()))),
            ready: Arc::clone(&self.ready),
        };
        Ok(DigestLine { line: Arc::new(line) })
    }
}

impl Drop for DigestWorkers {
    fn drop(&mut self) {
        lock(&self.ready.state).is_closed = true;
        self.ready.wake.notify_all();
    }
}

impl Ready {
    fn work(&self) {
        while let Some(line) = self.next() {
            if line.work_off_one() {
                self.push(line);
            }
        }
    }

    fn next(&self) -> Option<Arc<Line>> {
        let mut state = lock(&self.state);
        loop {
            if let Some(line) = state.lines.pop_front() {
                return Some(line);
            }
            if state.is_closed {
                return None;
            }
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn push(&self, line: Arc<Line>) {
        lock(&self.state).lines.push_back(line);
        self.wake.notify_one();
    }
}

/// One digest under way. Dropping it lets go of the buffers that are not digested yet.
pub(super) struct DigestLine {
    line: Arc<Line>,
}

struct Line {
    state: Mutex<LineState>,
    hasher: Mutex<(Hasher, Result<(), ErrorStack>)>,
    ready: Arc<Ready>,
}

#[derive(Default)]
struct LineState {
    steps: VecDeque<Step>,
    /// Whether the line stands in the common queue or a thread works on it.
    is_scheduled: bool,
}

enum Step {
    Bytes(Arc<Buffer>),
    End(oneshot::Sender<Result<String, BlobError>>),
}

impl DigestLine {
    /// Adds the next bytes; never waits.
    pub fn push(&self, buffer: Arc<Buffer>) {
        Line::push(&self.line, Step::Bytes(buffer));
    }

    /// Waits for all bytes and gives the digest in lower case hex.
    pub async fn finish(&self) -> Result<String, BlobError> {
        let (sender, answer) = oneshot::channel();
        Line::push(&self.line, Step::End(sender));
        answer.await.map_err(BlobError::other)?
    }
}

impl Drop for DigestLine {
    fn drop(&mut self) {
        let steps = mem::take(&mut lock(&self.line.state).steps);
        drop(steps);
    }
}

impl Line {
    fn push(line: &Arc<Self>, step: Step) {
        let was_scheduled = {
            let mut state = lock(&line.state);
            state.steps.push_back(step);
            mem::replace(&mut state.is_scheduled, true)
        };
        if !was_scheduled {
            line.ready.push(Arc::clone(line));
        }
    }

    /// Does the first step and says whether there are more.
    fn work_off_one(&self) -> bool {
        let step = lock(&self.state).steps.pop_front();
        match step {
            Some(Step::Bytes(buffer)) => self.update(buffer.bytes()),
            Some(Step::End(answer)) => drop(answer.send(self.digest())),
            None => {}
        }
        let mut state = lock(&self.state);
        state.is_scheduled = !state.steps.is_empty();
        state.is_scheduled
    }

    fn update(&self, bytes: &[u8]) {
        let (hasher, outcome) = &mut *lock(&self.hasher);
        if outcome.is_ok() {
            *outcome = hasher.update(bytes);
        }
    }

    fn digest(&self) -> Result<String, BlobError> {
        let (hasher, outcome) = &mut *lock(&self.hasher);
        outcome.clone().map_err(BlobError::other)?;
        let digest = hasher.finish().map_err(BlobError::other)?;
        Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}
