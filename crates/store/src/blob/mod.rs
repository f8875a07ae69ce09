//! The bytes of images: where they lie and how they come and go.
//!
//! A blob is written once and never changes. Who refers to it is a matter of rows, elsewhere; here
//! a blob is a [`Locator`] and bytes. The order that keeps both in step is: row first, bytes after
//! ([`Intake`]), publish last; and for the end: the row is marked, the bytes are deleted, the row
//! goes. Nothing here lists a store, so that only what rows name is ever removed.
//!
//! Reading order: [`Blobs`], [`Intake`], [`BlobReader`], [`BufferPool`].

mod buffer;
mod digest;
mod error;
mod folder;
mod intake;
mod kernel;
mod locator;
mod memory;
mod reader;
mod rehash;
mod writer;

use std::{io, path::PathBuf, sync::Arc};

use tokio::task::spawn_blocking;

use self::{buffer::Buffer, memory::MemorySink, writer::FolderSink};
pub use self::{
    buffer::{BUFFER_BYTES, BufferPool, SHARED_BUFFERS},
    digest::{DigestAlgo, DigestPlan},
    error::BlobError,
    folder::{Folder, Writing},
    intake::{Intake, Received},
    locator::Locator,
    memory::Memory,
    reader::BlobReader,
    rehash::Rehash,
};

/// The place of one region's blobs. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Blobs {
    /// Files below a folder: the default.
    Folder(Folder),
    /// The memory of this process: for tests.
    Memory(Memory),
}

impl Blobs {
    /// Blobs below `root`, which is made if need be. Blocks; for the start of a process.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn folder(root: impl Into<PathBuf>) -> io::Result<Self> {
        Ok(Self::Folder(Folder::open(root)?))
    }

    /// Blobs in memory, at most `capacity_bytes` of them.
    pub fn memory(capacity_bytes: u64) -> Self {
        Self::Memory(Memory::new(capacity_bytes))
    }

    /// What keeps the bytes.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Folder(_) => "folder",
            Self::Memory(_) => "memory",
        }
    }

    /// Opens a finished blob.
    ///
    /// # Errors
    /// `NotFound` if there is none in a store that is there, also while it is being written.
    pub async fn open(&self, locator: &Locator) -> Result<BlobReader, BlobError> {
        match self {
            Self::Folder(folder) => {
                // What is known to the kernel opens quicker than a blocking thread wakes up.
                if let Some(file) = folder.open_cached(locator) {
                    return BlobReader::of_file(file);
                }
                let (folder, locator) = (folder.clone(), locator.clone());
                spawn_blocking(move || BlobReader::of_file(folder.open_blob(&locator)?)).await?
            }
            Self::Memory(memory) => Ok(BlobReader::of_memory(memory.blob(locator)?)),
        }
    }

    /// Removes a finished blob, durably; no error if there is none. Open readers read on.
    ///
    /// # Errors
    /// When the store fails; the blob may or may not be there then.
    pub async fn delete(&self, locator: &Locator) -> Result<(), BlobError> {
        match self {
            Self::Folder(folder) => {
                let (folder, path) = (folder.clone(), folder.path(locator));
                spawn_blocking(move || folder.remove(&path)).await?
            }
            Self::Memory(memory) => {
                memory.delete(locator);
                Ok(())
            }
        }
    }

    /// Removes what an upload that ended without a word left under its temporary name; no error if
    /// there is nothing. The upload must be known to be dead. A finished blob is not touched: the
    /// crash may have come after the rename and before the row, so the reaper deletes as well.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn abandon(&self, locator: &Locator) -> Result<(), BlobError> {
        match self {
            Self::Folder(folder) => {
                let (folder, path) = (folder.clone(), folder.part_path(locator));
                spawn_blocking(move || folder.remove(&path)).await?
            }
            Self::Memory(memory) => {
                memory.abandon(locator);
                Ok(())
            }
        }
    }

    /// How many more bytes the store takes, as far as it can tell.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn free_bytes(&self) -> Result<u64, BlobError> {
        match self {
            Self::Folder(folder) => {
                let folder = folder.clone();
                spawn_blocking(move || folder.free_bytes()).await?
            }
            Self::Memory(memory) => Ok(memory.free_bytes()),
        }
    }

    /// Whether the store accepts writes, by writing a few bytes.
    ///
    /// # Errors
    /// What a write would fail with.
    pub async fn check(&self) -> Result<(), BlobError> {
        match self {
            Self::Folder(folder) => {
                let folder = folder.clone();
                spawn_blocking(move || folder.check()).await?
            }
            Self::Memory(_) => Ok(()),
        }
    }

    /// Takes up a kept part behind its first `durable_bytes`, or begins one where they are 0. `None`
    /// where somebody else writes it, or less of it is there than that.
    async fn take_up(
        &self,
        locator: &Locator,
        durable_bytes: u64,
    ) -> Result<Option<BlobSink>, BlobError> {
        match self {
            Self::Folder(folder) => {
                let (folder, locator) = (folder.clone(), locator.clone());
                let take = move || FolderSink::take_up(&folder, &locator, durable_bytes);
                Ok(spawn_blocking(take).await??.map(BlobSink::Folder))
            }
            Self::Memory(memory) => {
                Ok(MemorySink::take_up(memory, locator, durable_bytes).map(BlobSink::Memory))
            }
        }
    }

    /// Begins a blob. Nothing is visible before [`BlobSink::publish`].
    async fn put(&self, locator: &Locator) -> Result<BlobSink, BlobError> {
        Ok(match self {
            Self::Folder(folder) => BlobSink::Folder(FolderSink::new(folder, locator)),
            Self::Memory(memory) => BlobSink::Memory(MemorySink::new(memory, locator)),
        })
    }
}

/// The receiving end of a blob being written. Dropping it removes what it has.
enum BlobSink {
    Folder(FolderSink),
    Memory(MemorySink),
}

impl BlobSink {
    /// Takes the next buffer, in order; all but the last are full. Never waits.
    fn push(&self, buffer: Arc<Buffer>) {
        match self {
            Self::Folder(sink) => sink.push(buffer),
            Self::Memory(sink) => sink.push(&buffer),
        }
    }

    /// The failure that ended the writing, if any.
    fn fault(&self) -> Option<BlobError> {
        match self {
            Self::Folder(sink) => sink.fault(),
            Self::Memory(sink) => sink.fault(),
        }
    }

    /// What is on disk of a part that was just taken up.
    async fn part(&self) -> Result<BlobReader, BlobError> {
        match self {
            Self::Folder(sink) => {
                let path = sink.part_path();
                spawn_blocking(move || BlobReader::of_file(std::fs::File::open(path)?)).await?
            }
            Self::Memory(sink) => Ok(BlobReader::of_memory(sink.copy())),
        }
    }

    /// Waits until all that was pushed is durable; more may follow.
    async fn checkpoint(&self) -> Result<(), BlobError> {
        match self {
            Self::Folder(sink) => sink.checkpoint().await,
            Self::Memory(sink) => sink.fault().map_or(Ok(()), Err),
        }
    }

    /// Waits until all that was pushed is durable.
    async fn settle(&self) -> Result<(), BlobError> {
        match self {
            Self::Folder(sink) => sink.settle().await,
            Self::Memory(sink) => sink.fault().map_or(Ok(()), Err),
        }
    }

    /// Makes the settled blob visible, durably.
    async fn publish(self) -> Result<(), BlobError> {
        match self {
            Self::Folder(sink) => sink.publish().await,
            Self::Memory(sink) => sink.publish(),
        }
    }

    /// Gives up and returns when nothing is left.
    async fn abort(self) -> Result<(), BlobError> {
        match self {
            Self::Folder(sink) => sink.abort().await,
            Self::Memory(sink) => {
                sink.abort();
                Ok(())
            }
        }
    }
}
