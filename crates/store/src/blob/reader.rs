//! Reading a blob.

use std::{
    collections::VecDeque,
    fs::File,
    ops::Range,
    os::unix::fs::FileExt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_util::{Stream, future::Either, stream};
use tokio::task::{JoinHandle, spawn_blocking};

use super::{
    buffer::{BUFFER_BYTES, Buffer, BufferPool},
    error::BlobError,
};

/// Pieces read before they are asked for.
const PIECES_AHEAD: usize = 2;

/// An open blob. It stays readable to its end, even if the blob is deleted meanwhile.
#[derive(Clone, Debug)]
pub struct BlobReader {
    source: Source,
    size_bytes: u64,
}

#[derive(Clone, Debug)]
enum Source {
    File(Arc<File>),
    Memory(Bytes),
}

impl BlobReader {
    pub(super) fn of_file(file: File) -> Result<Self, BlobError> {
        let size_bytes = file.metadata()?.len();
        Ok(Self { source: Source::File(Arc::new(file)), size_bytes })
    }

    pub(super) fn of_memory(bytes: Bytes) -> Self {
        Self { size_bytes: bytes.len() as u64, source: Source::Memory(bytes) }
    }

    /// The size of the whole blob.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// The file, where the blob is one: for `sendfile`.
    pub fn file(&self) -> Option<Arc<File>> {
        match &self.source {
            Source::File(file) => Some(Arc::clone(file)),
            Source::Memory(_) => None,
        }
    }

    /// The bytes of `range` in pieces of at most 1 MiB; what lies past the end is left out.
    ///
    /// Two pieces are read ahead while `pool` has buffers to spare; a piece goes back to the pool
    /// when it is dropped. A consumer that does not ask holds these buffers and no thread.
    ///
    /// # Errors
    /// The stream ends after its first error. A file shorter than it was when it was opened is
    /// such an error.
    pub fn stream(
        &self,
        pool: &BufferPool,
        range: Range<u64>,
    ) -> impl Stream<Item = Result<Bytes, BlobError>> + Send + Unpin + use<> {
        let end = range.end.min(self.size_bytes);
        let start = range.start.min(end);
        match &self.source {
            Source::File(file) => Either::Left(FileStream {
                file: Arc::clone(file),
                pool: pool.clone(),
                rest: start..end,
                reads: VecDeque::with_capacity(PIECES_AHEAD + 1),
            }),
            Source::Memory(bytes) => {
                let bytes = bytes.slice(start as usize..end as usize);
                Either::Right(stream::iter((!bytes.is_empty()).then_some(Ok(bytes))))
            }
        }
    }
}

/// Reads one piece in each blocking task, so that no thread waits for the consumer.
struct FileStream {
    file: Arc<File>,
    pool: BufferPool,
    /// What no task reads yet.
    rest: Range<u64>,
    reads: VecDeque<JoinHandle<Result<Bytes, BlobError>>>,
}

impl FileStream {
    /// Begins the piece that is asked for, and those ahead for which there are buffers.
    fn begin_reads(&mut self) {
        while !self.rest.is_empty() && self.reads.len() <= PIECES_AHEAD {
            let buffer = match self.reads.is_empty() {
                true => Some(self.pool.take_now()),
                false => self.pool.try_take(),
            };
            let Some(buffer) = buffer else { return };
            let offset = self.rest.start;
            let count = (self.rest.end - offset).min(BUFFER_BYTES as u64);
            self.rest.start += count;
            let file = Arc::clone(&self.file);
            let read = move || read_piece(&file, buffer, offset, count as usize);
            self.reads.push_back(spawn_blocking(read));
        }
    }
}

impl Stream for FileStream {
    type Item = Result<Bytes, BlobError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let stream = self.get_mut();
        stream.begin_reads();
        let Some(read) = stream.reads.front_mut() else { return Poll::Ready(None) };
        let piece = ready!(Pin::new(read).poll(context)).unwrap_or_else(|error| Err(error.into()));
        stream.reads.pop_front();
        if piece.is_err() {
            stream.rest = 0..0;
            stream.reads.clear();
        }
        Poll::Ready(Some(piece))
    }
}

fn read_piece(
    file: &File,
    mut buffer: Buffer,
    offset: u64,
    count: usize,
) -> Result<Bytes, BlobError> {
    file.read_exact_at(buffer.space(count), offset)?;
    Ok(Bytes::from_owner(buffer))
}
