//! Reading a finished blob again, piece by piece, to see what it hashes to by now.

use std::{fs::File, os::unix::fs::FileExt, sync::Arc};

use bytes::Bytes;
use openssl::hash::Hasher;
use tokio::task::spawn_blocking;

use super::{Blobs, Locator, digest::DigestAlgo, error::BlobError, kernel};

/// What is read at one time: long enough to keep a disk busy, short enough to stop within a moment.
const PIECE_BYTES: u64 = 4 << 20;

/// A blob that is read again. Nothing else is held up: one thread reads and digests one piece at a time.
pub struct Rehash {
    source: Source,
    size_bytes: u64,
    done_bytes: u64,
    /// Taken away while a thread has it.
    hasher: Option<Hasher>,
}

enum Source {
    File(Arc<File>),
    Memory(Bytes),
}

impl Rehash {
    /// Begins at the first byte.
    ///
    /// # Errors
    /// `NotFound` where the blob is missing from a store that is there; `Io` where the store is not.
    pub async fn begin(
        blobs: &Blobs,
        locator: &Locator,
        algo: DigestAlgo,
    ) -> Result<Self, BlobError> {
        let (source, size_bytes) = match blobs {
            Blobs::Folder(folder) => {
                let (folder, locator) = (folder.clone(), locator.clone());
                spawn_blocking(move || {
                    let file = folder.open_blob(&locator)?;
                    let size_bytes = file.metadata()?.len();
                    Ok::<_, BlobError>((Source::File(Arc::new(file)), size_bytes))
                })
                .await??
            }
            Blobs::Memory(memory) => {
                let bytes = memory.blob(locator)?;
                let size_bytes = bytes.len() as u64;
                (Source::Memory(bytes), size_bytes)
            }
        };
        let hasher = Some(Hasher::new(algo.message_digest()).map_err(BlobError::other)?);
        Ok(Self { source, size_bytes, done_bytes: 0, hasher })
    }

    /// The size of the blob.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Digests the next piece, from the disk and not from what the page cache has of it; answers its
    /// length, 0 at the end.
    ///
    /// # Errors
    /// When the disk refuses; nothing more can be read then.
    pub async fn step(&mut self) -> Result<u64, BlobError> {
        let length = PIECE_BYTES.min(self.size_bytes - self.done_bytes);
        let (offset, mut hasher) = (self.done_bytes, self.hasher.take().ok_or_else(ended)?);
        let piece = match &self.source {
            Source::File(file) => Source::File(Arc::clone(file)),
            Source::Memory(bytes) => {
                Source::Memory(bytes.slice(offset as usize..(offset + length) as usize))
            }
        };
        let digest = move || {
            match piece {
                Source::File(file) => {
                    let mut bytes = vec![0; length as usize];
                    kernel::forget_cached(&file, offset, length);
                    file.read_exact_at(&mut bytes, offset)?;
                    hasher.update(&bytes)
                }
                Source::Memory(bytes) => hasher.update(&bytes),
            }
            .map_err(BlobError::other)?;
            Ok::<_, BlobError>(hasher)
        };
        self.hasher = Some(spawn_blocking(digest).await??);
        self.done_bytes += length;
        Ok(length)
    }

    /// What the bytes hash to, in hex.
    ///
    /// # Errors
    /// When not all of them were read.
    pub fn finish(self) -> Result<String, BlobError> {
        let mut hasher = self.hasher.filter(|_| self.done_bytes == self.size_bytes);
        let digest = hasher.as_mut().ok_or_else(ended)?.finish().map_err(BlobError::other)?;
        Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

fn ended() -> BlobError {
    BlobError::other("the reading of a blob has ended early")
}
