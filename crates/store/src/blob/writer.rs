//! One blob being written into a folder.
//!
//! Buffers are queued by [`FolderSink::push`], which never waits, and written by a task on the
//! blocking pool that runs only while there are buffers: an upload whose peer is slow holds no
//! thread. There is never more than one such task for a sink, so that the bytes stay in order.

use std::{
    collections::VecDeque,
    fs::{File, TryLockError},
    io, mem,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::{runtime::Handle, sync::oneshot, task::spawn_blocking};

use super::{
    buffer::{Buffer, lock},
    error::BlobError,
    folder::{Folder, Writing},
    kernel::{self, Ring},
    locator::Locator,
};

/// Disk space is asked for ahead of the writes, so that they do not lengthen the file one by one:
/// those a file system lets run side by side (half the CPU time and four fifths of the time on
/// ext4). The steps double from the first to the last size, so that many small uploads do not
/// claim a nearly full disk.
const FIRST_ALLOCATION_BYTES: u64 = 8 * 1024 * 1024;
const LAST_ALLOCATION_BYTES: u64 = 64 * 1024 * 1024;

/// A blob being written into a folder; dropping it removes what has been written, unless it is kept
/// to be taken up again.
pub(super) struct FolderSink {
    folder: Folder,
    locator: Locator,
    is_kept: bool,
    /// Whether the entry of the unfinished file in its folder is durable.
    is_entered: AtomicBool,
    shared: Arc<Shared>,
}

struct Shared {
    folder: Folder,
    locator: Locator,
    state: Mutex<State>,
}

struct State {
    queue: VecDeque<Arc<Buffer>>,
    writer: Writer,
    /// Set once, by the first failure or by the end of the sink; nothing is written afterwards.
    fault: Option<BlobError>,
    /// Who waits until what is queued is on disk; more may follow.
    syncing: Option<Waiting>,
    /// Who waits until all is written.
    settling: Option<Waiting>,
}

type Waiting = oneshot::Sender<Result<(), BlobError>>;

/// Where the unfinished file is.
enum Writer {
    /// Nothing has been written, there is no file.
    Unopened,
    /// Between two tasks.
    Parked(Part),
    /// In the hands of the task on the blocking pool.
    Running,
    /// All is written and on disk under its temporary name.
    Settled(Part),
    /// Published or removed.
    Gone,
}

/// What a task shall do next.
enum Turn {
    Write(Part, Arc<Buffer>),
    Wait(Part),
    Sync(Part, Waiting),
    Settle(Part),
    /// The sink has been stopped: drop the file.
    Remove(Part),
    /// The file waits in the state for the next task.
    Park,
}

/// How a task ends.
enum Pause {
    /// Another task may have begun already; this one touches the state no more.
    Parked,
    Ended,
}

impl FolderSink {
    pub fn new(folder: &Folder, locator: &Locator) -> Self {
        let state = State {
            queue: VecDeque::new(),
            writer: Writer::Unopened,
            fault: None,
            syncing: None,
            settling: None,
        };
        let shared =
            Shared { folder: folder.clone(), locator: locator.clone(), state: Mutex::new(state) };
        let shared = Arc::new(shared);
        Self {
            folder: folder.clone(),
            locator: locator.clone(),
            is_kept: false,
            is_entered: AtomicBool::new(false),
            shared,
        }
    }

    /// Takes up a part that was kept, behind its first `durable_bytes`; begins one where they are 0.
    /// `None` where somebody else writes it or less of it is there. Blocks.
    pub fn take_up(
        folder: &Folder,
        locator: &Locator,
        durable_bytes: u64,
    ) -> Result<Option<Self>, BlobError> {
        let Some(part) = Part::take_up(folder, locator, durable_bytes)? else { return Ok(None) };
        let mut sink = Self::new(folder, locator);
        sink.is_kept = true;
        lock(&sink.shared.state).writer = Writer::Parked(part);
        Ok(Some(sink))
    }

    /// Where the unfinished file is.
    pub fn part_path(&self) -> PathBuf {
        self.folder.part_path(&self.locator)
    }

    /// Waits until every byte pushed is on disk, under the temporary name; more may follow.
    pub async fn checkpoint(&self) -> Result<(), BlobError> {
        self.end_writes(|state| &mut state.syncing).await?;
        if self.is_entered.load(Ordering::Acquire) {
            return Ok(());
        }
        let (folder, locator) = (self.folder.clone(), self.locator.clone());
        spawn_blocking(move || folder.sync_parents(&locator)).await??;
        self.is_entered.store(true, Ordering::Release);
        Ok(())
    }

    /// Queues the next buffer. All but the last are full.
    pub fn push(&self, buffer: Arc<Buffer>) {
        let mut state = lock(&self.shared.state);
        if state.fault.is_some() {
            return;
        }
        let is_last = !buffer.is_full();
        state.queue.push_back(buffer);
        // The last buffer is written by the task that settles: one hand-over for a small upload.
        if !is_last {
            Shared::run(&self.shared, &mut state);
        }
    }

    /// The failure that ended the writing, if any.
    pub fn fault(&self) -> Option<BlobError> {
        lock(&self.shared.state).fault.clone()
    }

    /// Waits until every byte is on disk, under the temporary name still.
    pub async fn settle(&self) -> Result<(), BlobError> {
        self.end_writes(|state| &mut state.settling).await
    }

    /// Waits, in this place, until every byte pushed is written and on disk.
    async fn end_writes(
        &self,
        place: impl FnOnce(&mut State) -> &mut Option<Waiting>,
    ) -> Result<(), BlobError> {
        let (sender, ended) = oneshot::channel();
        {
            let mut state = lock(&self.shared.state);
            if let Some(fault) = &state.fault {
                return Err(fault.clone());
            }
            *place(&mut state) = Some(sender);
            Shared::run(&self.shared, &mut state);
        }
        ended.await.map_err(BlobError::other)?
    }

    /// Gives the settled blob its name, durably.
    pub async fn publish(self) -> Result<(), BlobError> {
        let part = match mem::replace(&mut lock(&self.shared.state).writer, Writer::Gone) {
            Writer::Settled(part) => part,
            Writer::Unopened | Writer::Parked(_) | Writer::Running | Writer::Gone => {
                return Err(BlobError::other("published before it was settled"));
            }
        };
        let (folder, locator) = (self.folder.clone(), self.locator.clone());
        spawn_blocking(move || part.publish(&folder, &locator)).await?
    }

    /// Removes what has been written and returns when it is gone.
    pub async fn abort(self) -> Result<(), BlobError> {
        let (sender, stopped) = oneshot::channel();
        let left = match self.shared.stop(Some(sender)) {
            Stopped::Left(part) => part,
            Stopped::ByTask => {
                stopped.await.map_err(BlobError::other)?.ok();
                None
            }
        };
        let kept = self.is_kept.then(|| self.folder.part_path(&self.locator));
        let folder = self.folder.clone();
        spawn_blocking(move || {
            let removed = kept.map_or(Ok(()), |path| folder.remove(&path));
            drop(left);
            removed
        })
        .await?
    }
}

impl Drop for FolderSink {
    fn drop(&mut self) {
        if let Stopped::Left(Some(part)) = self.shared.stop(None) {
            // To remove a large file takes time, which no task of the runtime may spend.
            match Handle::try_current() {
                Ok(runtime) => drop(runtime.spawn_blocking(move || drop(part))),
                Err(_) => drop(part),
            }
        }
    }
}

/// Who removes the file of a stopped sink: the caller, or the task that is at it.
enum Stopped {
    Left(Option<Part>),
    ByTask,
}

impl Shared {
    /// Starts the task unless it runs.
    fn run(shared: &Arc<Self>, state: &mut State) {
        let part = match mem::replace(&mut state.writer, Writer::Running) {
            Writer::Unopened => None,
            Writer::Parked(part) => Some(part),
            other @ (Writer::Running | Writer::Settled(_) | Writer::Gone) => {
                state.writer = other;
                return;
            }
        };
        let shared = Arc::clone(shared);
        drop(spawn_blocking(move || match shared.write(part) {
            Ok(Pause::Parked) => {}
            Ok(Pause::Ended) => shared.answer(Ok(())),
            Err(error) => shared.answer(Err(error)),
        }));
    }

    /// The task: writes what is queued until nothing is left.
    fn write(&self, part: Option<Part>) -> Result<Pause, BlobError> {
        let mut part = match part {
            Some(part) => part,
            None => self.create()?,
        };
        loop {
            match self.turn(part) {
                Turn::Write(writing, buffer) => {
                    part = writing;
                    part.write(buffer)?;
                }
                Turn::Wait(writing) => {
                    part = writing;
                    part.wait()?;
                }
                Turn::Sync(written, waiting) => {
                    part = written;
                    let synced = part.file.sync_data().map_err(BlobError::from);
                    // Whoever waited may have gone.
                    waiting.send(synced.clone()).ok();
                    synced?;
                }
                Turn::Settle(mut written) => {
                    written.settle()?;
                    lock(&self.state).writer = Writer::Settled(written);
                    return Ok(Pause::Ended);
                }
                Turn::Remove(_part) => return Ok(Pause::Ended),
                Turn::Park => return Ok(Pause::Parked),
            }
        }
    }

    fn create(&self) -> Result<Part, BlobError> {
        let is_small = lock(&self.state).queue.front().is_none_or(|first| !first.is_full());
        Part::create(&self.folder, &self.locator, is_small)
    }

    /// Decides under one lock what comes next.
    fn turn(&self, part: Part) -> Turn {
        let mut state = lock(&self.state);
        if state.fault.is_some() {
            return Turn::Remove(part);
        }
        if part.has_room()
            && let Some(buffer) = state.queue.pop_front()
        {
            return Turn::Write(part, buffer);
        }
        if !part.is_idle() {
            return Turn::Wait(part);
        }
        if let Some(waiting) = state.syncing.take() {
            return Turn::Sync(part, waiting);
        }
        if state.settling.is_some() {
            return Turn::Settle(part);
        }
        state.writer = Writer::Parked(part);
        Turn::Park
    }

    /// The end of the task. On a failure the file is gone by now and the space with it.
    fn answer(&self, outcome: Result<(), BlobError>) {
        let (queue, waiting, outcome) = {
            let mut state = lock(&self.state);
            if let Err(error) = &outcome {
                state.fault.get_or_insert_with(|| error.clone());
            }
            let outcome = state.fault.clone().map_or(Ok(()), Err);
            if outcome.is_err() {
                state.writer = Writer::Gone;
            }
            let waiting = [state.syncing.take(), state.settling.take()];
            (mem::take(&mut state.queue), waiting, outcome)
        };
        drop(queue);
        for waiting in waiting.into_iter().flatten() {
            // Whoever waited may have gone; the sink's end has removed the file then.
            waiting.send(outcome.clone()).ok();
        }
    }

    fn stop(&self, waiting: Option<Waiting>) -> Stopped {
        let mut state = lock(&self.state);
        state.fault.get_or_insert_with(|| BlobError::other("the upload was given up"));
        let queue = mem::take(&mut state.queue);
        let stopped = match mem::replace(&mut state.writer, Writer::Gone) {
            Writer::Parked(part) | Writer::Settled(part) => Stopped::Left(Some(part)),
            Writer::Unopened | Writer::Gone => Stopped::Left(None),
            Writer::Running => {
                state.writer = Writer::Running;
                state.settling = waiting;
                Stopped::ByTask
            }
        };
        drop(state);
        drop(queue);
        stopped
    }
}

/// The unfinished file. Dropping it waits for the writes under way and removes the file, unless it
/// has been published or is kept.
struct Part {
    /// Before the file, so that its writes end before the file is closed.
    ring: Option<Box<Ring>>,
    file: Arc<File>,
    path: PathBuf,
    is_direct: bool,
    size_bytes: u64,
    allocated_bytes: u64,
    is_published: bool,
    /// Whether it stays when it is dropped, for who takes it up.
    is_kept: bool,
}

impl Part {
    /// A small blob goes through the page cache, a large one past it where the file system can.
    fn create(folder: &Folder, locator: &Locator, is_small: bool) -> Result<Self, BlobError> {
        let path = folder.part_path(locator);
        folder.make_parent(&path)?;
        let is_direct = !is_small && folder.writing() != Writing::Buffered;
        let flags = if is_direct { libc::O_DIRECT } else { 0 };
        let file = File::options().write(true).create_new(true).custom_flags(flags).open(&path)?;
        Ok(Self {
            ring: is_direct.then(|| folder.ring()).flatten().map(Box::new),
            file: Arc::new(file),
            path,
            is_direct,
            size_bytes: 0,
            allocated_bytes: 0,
            is_published: false,
            is_kept: false,
        })
    }

    /// See [`FolderSink::take_up`]. The lock on the file says that one process writes it; it ends
    /// with that process, however it ends.
    fn take_up(
        folder: &Folder,
        locator: &Locator,
        durable_bytes: u64,
    ) -> Result<Option<Self>, BlobError> {
        let path = folder.part_path(locator);
        folder.make_parent(&path)?;
        // Published by a process that died before any row said so: it is a part again.
        if durable_bytes > 0 && !path.exists() {
            match std::fs::rename(folder.path(locator), &path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                renamed => renamed?,
            }
        }
        let is_direct = folder.writing() != Writing::Buffered;
        let flags = if is_direct { libc::O_DIRECT } else { 0 };
        let mut options = File::options();
        options.write(true).create(durable_bytes == 0).truncate(false).custom_flags(flags);
        let file = options.open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        if file.metadata()?.len() < durable_bytes {
            return Ok(None);
        }
        // What follows was never said to be whole.
        file.set_len(durable_bytes)?;
        Ok(Some(Self {
            ring: is_direct.then(|| folder.ring()).flatten().map(Box::new),
            file: Arc::new(file),
            path,
            is_direct,
            size_bytes: durable_bytes,
            allocated_bytes: durable_bytes,
            is_published: false,
            is_kept: true,
        }))
    }

    fn has_room(&self) -> bool {
        self.ring.as_ref().is_none_or(|ring| ring.has_room())
    }

    fn is_idle(&self) -> bool {
        self.ring.as_ref().is_none_or(|ring| ring.is_idle())
    }

    fn wait(&mut self) -> io::Result<()> {
        self.ring.as_mut().map_or(Ok(()), |ring| ring.wait())
    }

    /// Writes the buffer, or begins to where there is a ring.
    fn write(&mut self, buffer: Arc<Buffer>) -> io::Result<()> {
        let offset = self.size_bytes;
        self.size_bytes += buffer.bytes().len() as u64;
        if !self.is_direct {
            return self.file.write_all_at(buffer.bytes(), offset);
        }
        self.allocate();
        match &mut self.ring {
            Some(ring) => ring.submit(&self.file, buffer, offset),
            None => self.file.write_all_at(buffer.padded(), offset),
        }
    }

    /// Asks for more disk space ahead of the writes. A refusal is not one of the write: the space
    /// may be enough without the step, and a file system need not know the call.
    fn allocate(&mut self) {
        if self.size_bytes > self.allocated_bytes {
            let step = self.allocated_bytes.clamp(FIRST_ALLOCATION_BYTES, LAST_ALLOCATION_BYTES);
            kernel::allocate(&self.file, self.allocated_bytes, step).ok();
            self.allocated_bytes += step;
        }
    }

    /// Cuts padding and spare allocation off and makes the contents durable.
    fn settle(&mut self) -> io::Result<()> {
        if self.is_direct {
            self.file.set_len(self.size_bytes)?;
        }
        self.file.sync_data()
    }

    fn publish(mut self, folder: &Folder, locator: &Locator) -> Result<(), BlobError> {
        std::fs::rename(&self.path, folder.path(locator))?;
        self.is_published = true;
        folder.sync_parents(locator)?;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if self.is_published {
            return;
        }
        self.ring = None;
        if self.is_kept {
            // What was asked for ahead is nobody's for now. What stays too long is cut off later.
            self.file.set_len(self.size_bytes).ok();
            return;
        }
        if let Err(error) = std::fs::remove_file(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, path = %self.path.display(), "unfinished blob stays behind");
        }
    }
}
