#![expect(
    unsafe_code,
    reason = "io_uring takes addresses that must outlive the call, and statvfs, fallocate, fadvise \
              and openat2 have no safe form in the standard library"
)]
//! The few calls to the kernel that the standard library does not have.

use std::{
    ffi::CString,
    fs::File,
    io, mem,
    os::{
        fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd},
        unix::{ffi::OsStrExt, fs::FileExt},
    },
    path::Path,
    sync::Arc,
};

use io_uring::{IoUring, Probe, opcode, types::Fd};

use super::buffer::Buffer;

/// Writes under way at one time. Two keep a disk busy, four a disk behind a network.
const DEPTH: usize = 4;

/// How much later than others the digests have their turn.
const DIGEST_NICENESS: libc::c_int = 5;

/// Lets other threads go before the calling one, which computes for long: an answer that takes a tenth
/// of a millisecond does not wait for a digest. Of no effect where the kernel refuses.
pub(super) fn give_way() {
    // SAFETY: the calls have no conditions. Zero is the calling thread.
    unsafe {
        let nice = libc::getpriority(libc::PRIO_PROCESS, 0);
        libc::setpriority(libc::PRIO_PROCESS, 0, nice + DIGEST_NICENESS);
    }
}

/// How many bytes an ordinary process may still write to the file system of `path`.
pub(super) fn free_bytes(path: &Path) -> io::Result<u64> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let mut answer = mem::MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: the path ends with a zero byte and the answer has room for what is written there.
    let code = unsafe { libc::statvfs(path.as_ptr(), answer.as_mut_ptr()) };
    if code != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call succeeded and so has filled the whole structure.
    let answer = unsafe { answer.assume_init() };
    Ok(answer.f_bavail.saturating_mul(answer.f_frsize))
}

/// Asks for disk space for `length` bytes at `offset` and makes the file that long.
pub(super) fn allocate(file: &File, offset: u64, length: u64) -> io::Result<()> {
    let too_large = |_| io::Error::from_raw_os_error(libc::EFBIG);
    let offset = libc::off64_t::try_from(offset).map_err(too_large)?;
    let length = libc::off64_t::try_from(length).map_err(too_large)?;
    // SAFETY: the call touches no memory of ours, and the descriptor is open while we borrow it.
    match unsafe { libc::fallocate64(file.as_fd().as_raw_fd(), 0, offset, length) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Asks for pages of the file to be dropped from the page cache, so that the disk is read next. Of no
/// effect on what is not written yet, nor where the file system knows no page cache.
pub(super) fn forget_cached(file: &File, offset: u64, length: u64) {
    if let (Ok(offset), Ok(length)) = (offset.try_into(), length.try_into()) {
        // SAFETY: the call touches no memory of ours, and the descriptor is open while we borrow it.
        unsafe {
            libc::posix_fadvise64(
                file.as_fd().as_raw_fd(),
                offset,
                length,
                libc::POSIX_FADV_DONTNEED,
            )
        };
    }
}

/// Opens a file to be read if the kernel has all of its path in memory, so that no disk is waited
/// for; an error of any kind where it has not, or cannot tell (before Linux 5.12).
pub(super) fn open_cached(path: &Path) -> io::Result<File> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: the structure is made of integers, for which zeros are values.
    let mut how: libc::open_how = unsafe { mem::zeroed() };
    how.flags = (libc::O_RDONLY | libc::O_CLOEXEC) as u64;
    how.resolve = libc::RESOLVE_CACHED;
    let size = mem::size_of::<libc::open_how>();
    // SAFETY: the path ends with a zero byte; the structure has the size that is said.
    let fd = unsafe { libc::syscall(libc::SYS_openat2, libc::AT_FDCWD, path.as_ptr(), &how, size) };
    match RawFd::try_from(fd) {
        // SAFETY: the kernel has just given us this descriptor, which nobody else knows.
        Ok(fd) if fd >= 0 => Ok(File::from(unsafe { OwnedFd::from_raw_fd(fd) })),
        Ok(_) | Err(_) => Err(io::Error::last_os_error()),
    }
}

/// Up to four writes of one file under way at one time.
///
/// What makes it sound: a buffer given to the kernel is kept, immutable behind its `Arc`, in
/// `under_way` until the kernel has answered for it, and dropping the ring waits for all answers.
pub(super) struct Ring {
    ring: IoUring,
    under_way: [Option<Write>; DEPTH],
}

struct Write {
    file: Arc<File>,
    buffer: Arc<Buffer>,
    offset: u64,
}

impl Ring {
    /// # Errors
    /// Where the kernel has no io_uring or an administrator has turned it off.
    pub fn new() -> io::Result<Self> {
        let ring = IoUring::new(DEPTH as u32)?;
        Ok(Self { ring, under_way: [const { None }; DEPTH] })
    }

    /// Whether the kernel has io_uring, lets us use it and knows the one request we make.
    pub fn is_supported() -> bool {
        let mut probe = Probe::new();
        Self::new().is_ok_and(|ring| ring.ring.submitter().register_probe(&mut probe).is_ok())
            && probe.is_supported(opcode::Write::CODE)
    }

    pub fn has_room(&self) -> bool {
        self.under_way.iter().any(Option::is_none)
    }

    pub fn is_idle(&self) -> bool {
        self.under_way.iter().all(Option::is_none)
    }

    /// Starts to write the padded buffer at `offset`. The ring must have room; without it the
    /// oldest writes are waited for.
    pub fn submit(&mut self, file: &Arc<File>, buffer: Arc<Buffer>, offset: u64) -> io::Result<()> {
        while !self.has_room() {
            self.wait()?;
        }
        let Some(slot) = self.under_way.iter().position(Option::is_none) else {
            return Err(io::Error::other("the ring has no room after a wait"));
        };
        let bytes = buffer.padded();
        let entry = opcode::Write::new(Fd(file.as_raw_fd()), bytes.as_ptr(), bytes.len() as u32)
            .offset(offset)
            .build()
            .user_data(slot as u64);
        self.under_way[slot] = Some(Write { file: Arc::clone(file), buffer, offset });
        // SAFETY: the slot set just above keeps the memory and the descriptor until the answer.
        let queued = unsafe { self.ring.submission().push(&entry) };
        if queued.is_err() {
            // Never given to the kernel, so that no answer will come.
            self.under_way[slot] = None;
            return Err(io::Error::other("the submission queue is full"));
        }
        retry_interrupted(|| self.ring.submit()).map(drop)
    }

    /// Waits for at least one of the writes under way. A write that ended short is completed here.
    pub fn wait(&mut self) -> io::Result<()> {
        if self.is_idle() {
            return Ok(());
        }
        retry_interrupted(|| self.ring.submit_and_wait(1))?;
        let mut outcome = Ok(());
        for answer in self.ring.completion() {
            let write = self.under_way.get_mut(answer.user_data() as usize).and_then(Option::take);
            if let Some(write) = write {
                outcome = outcome.and(write.complete(answer.result()));
            }
        }
        outcome
    }
}

impl Write {
    fn complete(&self, result: i32) -> io::Result<()> {
        let bytes = self.buffer.padded();
        let written = match result {
            count if count >= 0 => count as usize,
            code if -code == libc::EAGAIN || -code == libc::EINTR => 0,
            code => return Err(io::Error::from_raw_os_error(-code)),
        };
        self.file.write_all_at(&bytes[written..], self.offset + written as u64)
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        while !self.is_idle() {
            if retry_interrupted(|| self.ring.submit_and_wait(1)).is_err() {
                // The kernel may still read the buffers: rather lose them than give them away.
                mem::forget(mem::take(&mut self.under_way));
                return;
            }
            for answer in self.ring.completion() {
                if let Some(slot) = self.under_way.get_mut(answer.user_data() as usize) {
                    *slot = None;
                }
            }
        }
    }
}

fn retry_interrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZero;

    use super::{
        super::buffer::{BUFFER_BYTES, BufferPool},
        *,
    };

    fn filled(pool: &BufferPool, byte: u8) -> Arc<Buffer> {
        let mut buffer = pool.take_now();
        buffer.fill(&vec![byte; BUFFER_BYTES]);
        buffer.seal()
    }

    /// `None` where the kernel has no io_uring; the suites then run the plain writer.
    fn ring() -> Option<Ring> {
        Ring::new().map_err(|error| eprintln!("no io_uring here: {error}")).ok()
    }

    #[test]
    fn writes_land_where_they_belong_and_give_their_buffers_back() {
        let Some(mut ring) = ring() else { return };
        let pool = BufferPool::new(8, NonZero::<usize>::MIN).unwrap();
        let file = Arc::new(tempfile::tempfile().unwrap());
        for number in 0..9 {
            let offset = number as u64 * BUFFER_BYTES as u64;
            ring.submit(&file, filled(&pool, number), offset).unwrap();
        }
        drop(ring);
        assert_eq!(pool.lent(), 0, "dropping the ring waits for the kernel");
        let mut bytes = vec![0; 9 * BUFFER_BYTES];
        file.read_exact_at(&mut bytes, 0).unwrap();
        assert!(
            bytes
                .chunks(BUFFER_BYTES)
                .enumerate()
                .all(|(number, chunk)| { chunk.iter().all(|byte| usize::from(*byte) == number) })
        );
    }

    #[test]
    fn a_refused_write_is_told_and_leaves_nothing_under_way() {
        let Some(mut ring) = ring() else { return };
        let pool = BufferPool::new(1, NonZero::<usize>::MIN).unwrap();
        let full = Arc::new(File::options().write(true).open("/dev/full").unwrap());
        ring.submit(&full, filled(&pool, 1), 0).unwrap();
        assert_eq!(ring.wait().unwrap_err().raw_os_error(), Some(libc::ENOSPC));
        assert!(ring.is_idle());
        assert_eq!(pool.lent(), 0);
    }

    #[test]
    fn what_the_kernel_has_in_memory_opens_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, b"abc").unwrap();
        match open_cached(&path) {
            Ok(file) => assert_eq!(std::io::read_to_string(file).unwrap(), "abc"),
            Err(error) => {
                let unknown = [libc::ENOSYS, libc::EINVAL, libc::EPERM, libc::EAGAIN];
                assert!(
                    error.raw_os_error().is_some_and(|code| unknown.contains(&code)),
                    "{error}"
                );
            }
        }
        assert!(open_cached(&folder.path().join("none")).is_err());
    }

    #[test]
    fn space_is_counted_and_allocated() {
        let folder = tempfile::tempdir().unwrap();
        assert!(free_bytes(folder.path()).unwrap() > 0);
        assert!(free_bytes(&folder.path().join("none")).is_err());
        let file = File::create(folder.path().join("file")).unwrap();
        allocate(&file, 0, 8192).unwrap();
        assert_eq!(file.metadata().unwrap().len(), 8192);
    }
}
