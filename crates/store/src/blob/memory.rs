//! Blobs in memory, for tests and for trying things out; they end with the process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use bytes::Bytes;

use super::{
    buffer::{Buffer, lock},
    error::BlobError,
    locator::Locator,
};

/// The blobs of one region in memory, at most `capacity_bytes` of them. Cheap to clone; the clones
/// hold the same blobs.
#[derive(Clone, Debug)]
pub struct Memory {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    capacity_bytes: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    blobs: HashMap<Locator, Bytes>,
    /// Unfinished blobs that are kept to be taken up, and that nobody writes now.
    parts: HashMap<Locator, Vec<u8>>,
    /// What the blobs and the unfinished ones take.
    used_bytes: u64,
}

impl Memory {
    /// An empty store.
    pub fn new(capacity_bytes: u64) -> Self {
        let state = Mutex::default();
        Self { shared: Arc::new(Shared { capacity_bytes, state }) }
    }

    pub(super) fn blob(&self, locator: &Locator) -> Result<Bytes, BlobError> {
        lock(&self.shared.state).blobs.get(locator).cloned().ok_or(BlobError::NotFound)
    }

    pub(super) fn delete(&self, locator: &Locator) {
        let mut state = lock(&self.shared.state);
        if let Some(blob) = state.blobs.remove(locator) {
            state.used_bytes -= blob.len() as u64;
        }
    }

    pub(super) fn abandon(&self, locator: &Locator) {
        let mut state = lock(&self.shared.state);
        if let Some(part) = state.parts.remove(locator) {
            state.used_bytes -= part.len() as u64;
        }
    }

    /// What is kept of a blob, if it is at least `durable_bytes`; what was published becomes a part
    /// again.
    fn take_part(&self, locator: &Locator, durable_bytes: u64) -> Option<Vec<u8>> {
        let mut state = lock(&self.shared.state);
        let part = match state.parts.remove(locator) {
            Some(part) => part,
            None => state.blobs.remove(locator)?.to_vec(),
        };
        if (part.len() as u64) < durable_bytes {
            state.parts.insert(locator.clone(), part);
            return None;
        }
        let mut part = part;
        state.used_bytes -= part.len() as u64 - durable_bytes;
        part.truncate(durable_bytes as usize);
        Some(part)
    }

    pub(super) fn free_bytes(&self) -> u64 {
        self.shared.capacity_bytes - lock(&self.shared.state).used_bytes
    }

    fn reserve(&self, count: u64) -> Result<(), BlobError> {
        let mut state = lock(&self.shared.state);
        if count > self.shared.capacity_bytes - state.used_bytes {
            return Err(BlobError::NoSpace);
        }
        state.used_bytes += count;
        Ok(())
    }

    fn release(&self, count: usize) {
        lock(&self.shared.state).used_bytes -= count as u64;
    }
}

/// A blob being written into memory; dropping it gives the space back, unless it is kept.
pub(super) struct MemorySink {
    memory: Memory,
    locator: Locator,
    is_kept: bool,
    state: Mutex<SinkState>,
}

#[derive(Default)]
struct SinkState {
    bytes: Vec<u8>,
    fault: Option<BlobError>,
}

impl MemorySink {
    pub fn new(memory: &Memory, locator: &Locator) -> Self {
        let state = Mutex::default();
        Self { memory: memory.clone(), locator: locator.clone(), is_kept: false, state }
    }

    /// Takes up a part that was kept; begins one where `durable_bytes` is 0. `None` where somebody
    /// else writes it or less of it is there.
    pub fn take_up(memory: &Memory, locator: &Locator, durable_bytes: u64) -> Option<Self> {
        let bytes = match memory.take_part(locator, durable_bytes) {
            Some(part) => part,
            None if durable_bytes == 0 => Vec::new(),
            None => return None,
        };
        let mut sink = Self::new(memory, locator);
        sink.is_kept = true;
        lock(&sink.state).bytes = bytes;
        Some(sink)
    }

    /// A copy of what there is so far.
    pub fn copy(&self) -> Bytes {
        Bytes::copy_from_slice(&lock(&self.state).bytes)
    }

    /// Gives the space back, also of what is kept.
    pub fn abort(mut self) {
        self.is_kept = false;
    }

    pub fn push(&self, buffer: &Buffer) {
        let mut state = lock(&self.state);
        if state.fault.is_some() {
            return;
        }
        match self.memory.reserve(buffer.bytes().len() as u64) {
            Ok(()) => state.bytes.extend_from_slice(buffer.bytes()),
            Err(error) => {
                self.memory.release(state.bytes.len());
                *state = SinkState { bytes: Vec::new(), fault: Some(error) };
            }
        }
    }

    pub fn fault(&self) -> Option<BlobError> {
        lock(&self.state).fault.clone()
    }

    pub fn publish(self) -> Result<(), BlobError> {
        let bytes = {
            let mut state = lock(&self.state);
            if let Some(fault) = &state.fault {
                return Err(fault.clone());
            }
            std::mem::take(&mut state.bytes)
        };
        lock(&self.memory.shared.state).blobs.insert(self.locator.clone(), bytes.into());
        Ok(())
    }
}

impl Drop for MemorySink {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut lock(&self.state).bytes);
        if self.is_kept && !bytes.is_empty() {
            lock(&self.memory.shared.state).parts.insert(self.locator.clone(), bytes);
        } else {
            self.memory.release(bytes.len());
        }
    }
}
