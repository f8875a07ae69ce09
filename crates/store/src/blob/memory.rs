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

/// A blob being written into memory; dropping it gives the space back.
pub(super) struct MemorySink {
    memory: Memory,
    locator: Locator,
    state: Mutex<SinkState>,
}

#[derive(Default)]
struct SinkState {
    bytes: Vec<u8>,
    fault: Option<BlobError>,
}

impl MemorySink {
    pub fn new(memory: &Memory, locator: &Locator) -> Self {
        Self { memory: memory.clone(), locator: locator.clone(), state: Mutex::default() }
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
        self.memory.release(lock(&self.state).bytes.len());
    }
}
