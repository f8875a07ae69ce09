//! The memory that all transfers of the process share.

use std::{
    io, mem,
    num::NonZero,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::digest::DigestWorkers;

/// The size of one buffer: large enough that a system call, a hand-over and a disk request cost
/// nothing beside the bytes, small enough that ten of them hold up no one.
pub const BUFFER_BYTES: usize = 1024 * 1024;
/// What direct input and output ask of memory, offsets and lengths on any disk in use.
pub(super) const ALIGNMENT_BYTES: usize = 4096;
/// The buffers that transfers share beside the one that each is sure of: room for some uploads at full
/// speed, and 112 MiB with 64 of them.
pub const SHARED_BUFFERS: usize = 48;
/// The most one upload holds: four being written, as many being digested, one being filled.
const UPLOAD_BUFFERS: usize = 10;

/// The memory and the digest threads of all transfers of a process. Make one and clone it.
///
/// Each upload is sure of one buffer of its own, so that any number of uploads makes progress
/// however slow the others are; beyond that it takes from the shared buffers while there are any.
/// A reader is sure of the piece it is asked for and reads ahead only into shared buffers. So the
/// memory in use is at most one buffer for each running transfer and the shared ones.
#[derive(Clone)]
pub struct BufferPool {
    pool: Arc<Pool>,
}

struct Pool {
    shared: Arc<Semaphore>,
    /// Block that has been used before and is kept warm.
    idle: Mutex<Vec<Block>>,
    idle_limit: usize,
    lent: AtomicUsize,
    digests: DigestWorkers,
}

impl BufferPool {
    /// A pool of `shared_buffers` of 1 MiB, taken from the system on first use, and
    /// `digest_threads` threads.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn new(shared_buffers: usize, digest_threads: NonZero<usize>) -> io::Result<Self> {
        Ok(Self {
            pool: Arc::new(Pool {
                shared: Arc::new(Semaphore::new(shared_buffers)),
                idle: Mutex::new(Vec::new()),
                idle_limit: shared_buffers,
                lent: AtomicUsize::new(0),
                digests: DigestWorkers::start(digest_threads)?,
            }),
        })
    }

    /// The pool of an ordinary server: 48 shared buffers, a digest thread for each core.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn for_this_machine() -> io::Result<Self> {
        Self::new(SHARED_BUFFERS, thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN))
    }

    /// How many buffers are in use now.
    pub fn lent(&self) -> usize {
        self.pool.lent.load(Ordering::Relaxed)
    }

    pub(super) fn digests(&self) -> &DigestWorkers {
        &self.pool.digests
    }

    /// A place in the pool for one upload.
    pub(super) fn place(&self) -> Place {
        Place {
            pool: Arc::clone(&self.pool),
            own: Arc::new(Semaphore::new(1)),
            extra: Arc::new(Semaphore::new(UPLOAD_BUFFERS - 1)),
        }
    }

    /// A shared buffer, if there is one now.
    pub(super) fn try_take(&self) -> Option<Buffer> {
        let claim = Arc::clone(&self.pool.shared).try_acquire_owned().ok()?;
        Some(Pool::lend(&self.pool, Claim::Shared(claim)))
    }

    /// A buffer at once: shared if there is one, else beyond the shared ones. For a reader whose
    /// consumer waits for just this piece.
    pub(super) fn take_now(&self) -> Buffer {
        self.try_take().unwrap_or_else(|| Pool::lend(&self.pool, Claim::Own(None)))
    }
}

impl Pool {
    fn lend(pool: &Arc<Self>, claim: Claim) -> Buffer {
        let memory = lock(&pool.idle).pop().unwrap_or_else(Block::allocate);
        pool.lent.fetch_add(1, Ordering::Relaxed);
        Buffer { memory, length: 0, pool: Arc::clone(pool), _claim: claim }
    }

    fn give_back(&self, memory: Block) {
        self.lent.fetch_sub(1, Ordering::Relaxed);
        let mut idle = lock(&self.idle);
        if idle.len() < self.idle_limit {
            idle.push(memory);
        }
    }
}

/// The right of one upload to buffers: one of its own, and some of the shared ones.
pub(super) struct Place {
    pool: Arc<Pool>,
    own: Arc<Semaphore>,
    extra: Arc<Semaphore>,
}

impl Place {
    /// Waits until the upload's own buffer or a shared one is free. Its own comes first: a slow
    /// peer, which keeps one buffer for long, then holds none that others could use.
    pub async fn take(&self) -> Buffer {
        let claim = match Arc::clone(&self.own).try_acquire_owned() {
            Ok(own) => Claim::Own(Some(own)),
            Err(_) => tokio::select! {
                biased;
                own = Arc::clone(&self.own).acquire_owned() => Claim::Own(own.ok()),
                (extra, shared) = self.extra() => Claim::Extra(extra, shared),
            },
        };
        Pool::lend(&self.pool, claim)
    }

    async fn extra(&self) -> (Option<OwnedSemaphorePermit>, Option<OwnedSemaphorePermit>) {
        // The semaphores are never closed, so that both are always `Some`.
        let extra = Arc::clone(&self.extra).acquire_owned().await.ok();
        (extra, Arc::clone(&self.pool.shared).acquire_owned().await.ok())
    }
}

/// What a buffer counts against; it is given back by being dropped.
enum Claim {
    Own(#[expect(dead_code, reason = "held to be dropped")] Option<OwnedSemaphorePermit>),
    Extra(
        #[expect(dead_code, reason = "held to be dropped")] Option<OwnedSemaphorePermit>,
        #[expect(dead_code, reason = "held to be dropped")] Option<OwnedSemaphorePermit>,
    ),
    Shared(#[expect(dead_code, reason = "held to be dropped")] OwnedSemaphorePermit),
}

/// One buffer on loan: 1 MiB at an address that is a multiple of 4 KiB. Dropping it gives it back.
pub(super) struct Buffer {
    memory: Block,
    length: usize,
    pool: Arc<Pool>,
    _claim: Claim,
}

impl Buffer {
    /// Copies as much of `bytes` as there is room for and says how much.
    pub fn fill(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(BUFFER_BYTES - self.length);
        let length = self.length;
        self.memory.bytes_mut()[length..length + count].copy_from_slice(&bytes[..count]);
        self.length += count;
        count
    }

    /// The first `length` bytes, for a reader to fill; they are the contents from now on.
    pub fn space(&mut self, length: usize) -> &mut [u8] {
        self.length = length;
        &mut self.memory.bytes_mut()[..length]
    }

    pub fn is_full(&self) -> bool {
        self.length == BUFFER_BYTES
    }

    /// Ends the filling: what follows the contents up to the next multiple of 4 KiB becomes zero,
    /// so that [`Buffer::padded`] shows nothing of an earlier transfer.
    pub fn seal(mut self) -> Arc<Self> {
        let range = self.length..self.padded_length();
        self.memory.bytes_mut()[range].fill(0);
        Arc::new(self)
    }

    pub fn bytes(&self) -> &[u8] {
        &self.memory.bytes()[..self.length]
    }

    /// The contents and zeros up to the next multiple of 4 KiB.
    pub fn padded(&self) -> &[u8] {
        &self.memory.bytes()[..self.padded_length()]
    }

    fn padded_length(&self) -> usize {
        self.length.next_multiple_of(ALIGNMENT_BYTES)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self.bytes()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.pool.give_back(mem::take(&mut self.memory));
    }
}

/// 1 MiB at an aligned address inside a slightly larger allocation; the default is empty and only
/// stands in while a buffer is dropped.
#[derive(Default)]
struct Block {
    allocation: Box<[u8]>,
    start: usize,
}

impl Block {
    fn allocate() -> Self {
        let allocation = vec![0; BUFFER_BYTES + ALIGNMENT_BYTES].into_boxed_slice();
        let start = allocation.as_ptr().align_offset(ALIGNMENT_BYTES);
        Self { allocation, start }
    }

    fn bytes(&self) -> &[u8] {
        &self.allocation[self.start..self.start + BUFFER_BYTES]
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.allocation[self.start..self.start + BUFFER_BYTES]
    }
}

/// Locks whatever became of earlier holders: no state in this module is left half changed.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn pool(shared_buffers: usize) -> BufferPool {
        BufferPool::new(shared_buffers, NonZero::<usize>::MIN).unwrap()
    }

    #[test]
    fn buffers_are_aligned_and_padded_with_zeros() {
        let pool = pool(1);
        let mut first = pool.try_take().unwrap();
        assert_eq!(first.fill(&vec![7; BUFFER_BYTES + 1]), BUFFER_BYTES);
        assert!(first.is_full());
        drop(first);
        let mut second = pool.try_take().unwrap();
        assert_eq!(second.fill(b"abc"), 3);
        let second = second.seal();
        assert_eq!(second.bytes(), b"abc");
        assert_eq!(second.padded().len(), ALIGNMENT_BYTES);
        assert!(second.padded()[3..].iter().all(|byte| *byte == 0));
        assert_eq!(second.padded().as_ptr().align_offset(ALIGNMENT_BYTES), 0);
    }

    #[test]
    fn an_upload_is_sure_of_one_buffer_when_others_hold_all() {
        let pool = pool(2);
        let others = [pool.try_take().unwrap(), pool.try_take().unwrap()];
        let place = pool.place();
        let own = place.take().now_or_never().expect("its own");
        assert!(place.take().now_or_never().is_none(), "no more while the shared are out");
        drop(own);
        let own = place.take().now_or_never().expect("its own again");
        drop(others);
        assert!(place.take().now_or_never().is_some(), "a shared one");
        drop(own);
        assert_eq!(pool.lent(), 0);
    }

    #[test]
    fn one_upload_never_holds_more_than_its_part() {
        let pool = pool(64);
        let place = pool.place();
        let held: Vec<_> = (0..UPLOAD_BUFFERS).map(|_| place.take().now_or_never()).collect();
        assert!(held.iter().all(Option::is_some));
        assert!(place.take().now_or_never().is_none());
    }
}
