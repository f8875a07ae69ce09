#![expect(
    unsafe_code,
    reason = "mapped files, sendfile and the questions to the page cache have no safe form in the \
              standard library"
)]
//! Files that go from the page cache to the socket without passing through this program.
//!
//! [`file_body`] gives an ordinary body whose bytes are a mapping of the file. The connection
//! ([`crate::serve`]) asks of each slice it is to write whether it lies in such a mapping
//! ([`Piece::of`]), and if so tells the kernel to send that part of the file instead. The mapping
//! is then only a name for the bytes: nobody touches them. Whatever else consumes the body, be it
//! a layer that compresses or a test that collects, finds the right bytes all the same.
//!
//! No worker of the runtime may wait for a disk: a piece is sent only as far as the page cache
//! has it ([`Piece::resident_bytes`]), and a blocking task reads the next part ([`Piece::warming`]).
//!
//! # Safety
//! - A mapping is only ever read, and lives as long as the `Bytes` made of it and their clones.
//! - Its memory must not change while it is lent as `&[u8]`. Stored blobs are immutable: they are
//!   renamed into place when they are complete and later at most unlinked, which a mapping
//!   outlives. [`file_body`] asks that of its callers.
//! - Touching a mapping past the end of a file kills the process. [`file_body`] refuses ranges past
//!   the end, and the connection does not touch mapped bytes at all.
//! - [`REGIONS`] holds exactly the live mappings: entered after `mmap`, taken out before `munmap`.
//!   A slice whose first byte lies in a region is therefore a part of that mapping.

use std::{
    collections::BTreeMap,
    fs::File,
    io,
    ops::Range,
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd},
        unix::fs::FileExt,
    },
    pin::Pin,
    ptr::{self, NonNull},
    sync::{Arc, PoisonError, RwLock},
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};

/// A mapping begins at a multiple of this: of the pages of any machine.
const MAPPING_ALIGNMENT_BYTES: u64 = 64 * 1024;
/// The smallest page of any machine.
const SMALLEST_PAGE_BYTES: usize = 4096;
/// The most sent by one call: what a socket takes at once at best, and a look at 256 pages.
const SEND_BYTES: usize = 1024 * 1024;
/// What a blocking task reads before it reports.
pub(crate) const WARM_BYTES: u64 = 2 * 1024 * 1024;
/// How far before the sender the disk is kept busy.
pub(crate) const WINDOW_BYTES: u64 = 8 * 1024 * 1024;
/// How much of a file a consumer other than our connection meets at a time.
const FRAME_BYTES: usize = 8 * 1024 * 1024;

/// Ranges up to this are copied.
const SMALL_BYTES: usize = 64 * 1024;

/// The live mappings by the address of their first byte.
static REGIONS: RwLock<BTreeMap<usize, Region>> = RwLock::new(BTreeMap::new());

#[derive(Clone)]
struct Region {
    end: usize,
    file: Arc<File>,
    /// Where in the file the first byte lies.
    offset: u64,
}

/// A body of the bytes `range` of a file that never changes.
///
/// Its length is known, so that `Content-Length` comes by itself. It is right for any consumer; on
/// a plain connection of [`crate::serve::serve`] it costs no copy.
///
/// # Errors
/// `InvalidInput` if the range does not lie in the file; else what the system says to `mmap`.
pub fn file_body(file: Arc<File>, range: Range<u64>) -> io::Result<Body> {
    if range.start > range.end || range.end > file.metadata()?.len() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the range is not in the file"));
    }
    if range.is_empty() {
        return Ok(Body::empty());
    }
    if let Some(bytes) = small_and_cached(&file, &range) {
        return Ok(Body::from(bytes));
    }
    advise_sequential(&file);
    let rest = Bytes::from_owner(Mapping::new(file, range)?);
    Ok(Body::new(FileBody { rest }))
}

struct FileBody {
    rest: Bytes,
}

impl http_body::Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let rest = &mut self.get_mut().rest;
        if rest.is_empty() {
            return Poll::Ready(None);
        }
        let frame = rest.split_to(rest.len().min(FRAME_BYTES));
        Poll::Ready(Some(Ok(Frame::data(frame))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

/// A part of a file in the address space, entered in [`REGIONS`].
struct Mapping {
    base: NonNull<libc::c_void>,
    mapped_bytes: usize,
    /// Where in the mapping the wanted range begins.
    start: usize,
    length: usize,
}

// SAFETY: the memory is only read, and unmapping may happen on any thread.
unsafe impl Send for Mapping {}
// SAFETY: as above; no method changes anything through a shared reference.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps a range that is not empty and lies in the file.
    fn new(file: Arc<File>, range: Range<u64>) -> io::Result<Self> {
        let start = (range.start % MAPPING_ALIGNMENT_BYTES) as usize;
        let length = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
        let offset = range.start - start as u64;
        let mapped_bytes = start + length;
        // SAFETY: a new mapping at an address of the kernel's choice touches no memory in use.
        let base = unsafe {
            libc::mmap64(
                ptr::null_mut(),
                mapped_bytes,
                libc::PROT_READ,
                libc::MAP_SHARED,
                file.as_raw_fd(),
                libc::off64_t::try_from(offset).map_err(io::Error::other)?,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let base = NonNull::new(base).ok_or_else(|| io::Error::other("mapped at zero"))?;
        let mapping = Self { base, mapped_bytes, start, length };
        let region =
            Region { end: mapping.address() + length, file, offset: offset + start as u64 };
        let mut regions = REGIONS.write().unwrap_or_else(PoisonError::into_inner);
        regions.insert(mapping.address(), region);
        Ok(mapping)
    }

    fn address(&self) -> usize {
        self.base.as_ptr().addr() + self.start
    }
}

impl AsRef<[u8]> for Mapping {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: `start + length` bytes are mapped until `self` is dropped and nobody writes them.
        unsafe {
            std::slice::from_raw_parts(self.base.as_ptr().cast::<u8>().add(self.start), self.length)
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        let region = {
            let mut regions = REGIONS.write().unwrap_or_else(PoisonError::into_inner);
            regions.remove(&self.address())
        };
        // SAFETY: exactly what `mmap` gave; no reference is left, as `self` is being dropped.
        unsafe { libc::munmap(self.base.as_ptr(), self.mapped_bytes) };
        drop(region);
    }
}

/// The number of the call `cachestat` on every architecture (linux/include/uapi/asm-generic/unistd.h).
const SYS_CACHESTAT: libc::c_long = 451;

/// What `cachestat` is asked about.
#[repr(C)]
struct CachestatRange {
    offset: u64,
    length: u64,
}

/// Its answer, in pages.
#[repr(C)]
#[derive(Default)]
struct Cachestat {
    cached: u64,
    dirty: u64,
    in_writeback: u64,
    evicted: u64,
    evicted_lately: u64,
}

/// A slice that is a part of a mapped file.
pub(crate) struct Piece<'a> {
    bytes: &'a [u8],
    file: Arc<File>,
    offset: u64,
    /// The end of the body in the file, as far as reading ahead may go.
    end: u64,
}

impl<'a> Piece<'a> {
    /// The part of a file that a slice is, if it is one.
    pub fn of(slice: &'a [u8]) -> Option<Self> {
        let address = slice.as_ptr().addr();
        let regions = REGIONS.read().unwrap_or_else(PoisonError::into_inner);
        let (start, region) = regions.range(..=address).next_back()?;
        if slice.is_empty() || address >= region.end {
            return None;
        }
        let length = slice.len().min(region.end - address);
        Some(Self {
            bytes: &slice[..length],
            file: Arc::clone(&region.file),
            offset: region.offset + (address - start) as u64,
            end: region.offset + (region.end - start) as u64,
        })
    }

    /// Where in the file the piece begins.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The end of the body that the piece belongs to.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// How much of the piece, up to 1 MiB, the page cache has from its beginning.
    ///
    /// Files that the process neither owns nor may write look resident always; blobs are ours.
    pub fn resident_bytes(&self) -> usize {
        let length = self.bytes.len().min(SEND_BYTES);
        if self.has_all_pages(length) && self.is_resident_at(self.offset + length as u64 - 1) {
            return length;
        }
        let page_bytes = page_bytes();
        let before = self.bytes.as_ptr().addr() % page_bytes;
        let mut pages = [0u8; SEND_BYTES / SMALLEST_PAGE_BYTES + 1];
        // SAFETY: the range begins at a page, since mappings do, and ends in the mapping that
        // `bytes` borrows; it covers at most as many pages as there are entries.
        let code = unsafe {
            let page = self.bytes.as_ptr().sub(before).cast_mut().cast();
            libc::mincore(page, before + length, pages.as_mut_ptr())
        };
        if code != 0 {
            return 0;
        }
        let count = pages.iter().take_while(|page| **page & 1 == 1).count();
        (count * page_bytes).saturating_sub(before).min(length)
    }

    /// Whether the page cache has a page for each byte up to `length`. That takes a fiftieth of the
    /// time of a look at each page, and says nothing of pages being read: of those, the last comes
    /// last. `false` where the kernel does not know the question (before Linux 6.5).
    fn has_all_pages(&self, length: usize) -> bool {
        let page_bytes = page_bytes() as u64;
        let first = self.offset / page_bytes;
        let wanted = (self.offset + length as u64).div_ceil(page_bytes) - first;
        let range = CachestatRange { offset: first * page_bytes, length: wanted * page_bytes };
        let mut found = Cachestat::default();
        // SAFETY: both structures are of the form that the call has, and live through it.
        let code = unsafe {
            libc::syscall(SYS_CACHESTAT, self.file.as_raw_fd(), &raw const range, &raw mut found, 0)
        };
        code == 0 && found.cached == wanted
    }

    /// Whether the page cache has the byte of the file at `offset`, which lies in the body.
    pub fn is_resident_at(&self, offset: u64) -> bool {
        let mut byte = [0];
        !matches!(self.read_cached(&mut byte, offset), Err(error) if is_cold(&error))
    }

    /// Sends up to `count` bytes of the piece to a socket that does not block.
    pub fn send(&self, socket: BorrowedFd<'_>, count: usize) -> io::Result<usize> {
        send_file(&self.file, self.offset, socket, count.min(self.bytes.len()))
    }

    /// Copies what the page cache has of the piece, without waiting for a disk; `WouldBlock` if
    /// that is nothing.
    pub fn copy_cached(&self, target: &mut [u8]) -> io::Result<usize> {
        let count = target.len().min(self.bytes.len());
        match self.read_cached(&mut target[..count], self.offset) {
            Ok(0) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file became shorter")),
            // A file system that cannot tell without waiting: ask the page cache, then read.
            Err(error) if error.raw_os_error() == Some(libc::EOPNOTSUPP) => {
                match self.resident_bytes() {
                    0 => Err(io::ErrorKind::WouldBlock.into()),
                    resident => self.copy(&mut target[..count.min(resident)]),
                }
            }
            outcome => outcome,
        }
    }

    /// Copies the beginning of the piece, waiting for the disk if need be.
    pub fn copy(&self, target: &mut [u8]) -> io::Result<usize> {
        let count = target.len().min(self.bytes.len());
        self.file.read_at(&mut target[..count], self.offset)
    }

    fn read_cached(&self, target: &mut [u8], offset: u64) -> io::Result<usize> {
        read_cached(&self.file, target, offset)
    }

    /// What a blocking task does to have the body from `offset` on in the page cache, for 2 MiB.
    pub fn warming(&self, offset: u64) -> impl FnOnce() -> io::Result<()> + Send + use<> {
        let file = Arc::clone(&self.file);
        let range = offset..self.end.min(offset + WARM_BYTES);
        move || read_through(&file, range)
    }
}

/// A small range, if the page cache has all of it: one copy costs less than a mapping.
fn small_and_cached(file: &File, range: &Range<u64>) -> Option<Vec<u8>> {
    let length = usize::try_from(range.end - range.start).ok().filter(|l| *l <= SMALL_BYTES)?;
    let mut bytes = vec![0; length];
    (read_cached(file, &mut bytes, range.start).ok()? == length).then_some(bytes)
}

/// Reads what the page cache has at `offset`, without waiting for a disk.
fn read_cached(file: &File, target: &mut [u8], offset: u64) -> io::Result<usize> {
    let vector = libc::iovec { iov_base: target.as_mut_ptr().cast(), iov_len: target.len() };
    let offset = libc::off64_t::try_from(offset).map_err(io::Error::other)?;
    // SAFETY: the vector names memory that we borrow exclusively, for its whole length.
    let count = unsafe { libc::preadv2(file.as_raw_fd(), &vector, 1, offset, libc::RWF_NOWAIT) };
    usize::try_from(count).map_err(|_| io::Error::last_os_error())
}

/// The unit in which the kernel keeps files in memory here.
fn page_bytes() -> usize {
    // SAFETY: the call has no conditions.
    let bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(bytes).unwrap_or(SMALLEST_PAGE_BYTES)
}

/// Whether a read without waiting failed because it would have had to wait.
pub(crate) fn is_cold(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

/// Tells the kernel that the file is read from front to back, so that it reads farther ahead; only
/// a wish. (To name the parts to be read instead costs more: they come in single pages.)
fn advise_sequential(file: &File) {
    // SAFETY: the call takes no memory of ours; the descriptor is open while we borrow it.
    unsafe { libc::posix_fadvise64(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_SEQUENTIAL) };
}

/// Waits until the page cache has the range, by sending it nowhere: that reads and copies nothing.
fn read_through(file: &File, range: Range<u64>) -> io::Result<()> {
    let nowhere = File::options().write(true).open("/dev/null")?;
    let mut offset = range.start;
    while offset < range.end {
        match send_file(file, offset, nowhere.as_fd(), (range.end - offset) as usize) {
            Ok(count) => offset += count as u64,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Has the kernel move up to `count` bytes of a file to another descriptor; an error at its end.
fn send_file(file: &File, offset: u64, target: BorrowedFd<'_>, count: usize) -> io::Result<usize> {
    let mut offset = libc::off64_t::try_from(offset).map_err(io::Error::other)?;
    // SAFETY: both descriptors are open while we borrow them; the offset is a local variable.
    let sent =
        unsafe { libc::sendfile64(target.as_raw_fd(), file.as_raw_fd(), &mut offset, count) };
    match sent {
        0 => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file became shorter")),
        sent => usize::try_from(sent).map_err(|_| io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write, os::unix::net::UnixStream};

    use http_body_util::BodyExt;

    use super::*;

    fn file_of(content: &[u8]) -> Arc<File> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        file.sync_all().unwrap();
        Arc::new(file)
    }

    fn content(length: usize) -> Vec<u8> {
        (0..length).map(|at| (at / 251 + at) as u8).collect()
    }

    /// Has the kernel forget the file, so that the next reader needs the disk.
    fn make_cold(file: &File) {
        file.sync_all().unwrap();
        // SAFETY: no memory of ours is named.
        let code =
            unsafe { libc::posix_fadvise64(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) };
        assert_eq!(code, 0);
    }

    #[tokio::test]
    async fn any_consumer_finds_the_bytes_of_the_range() {
        let bytes = content(9_000_000);
        let file = file_of(&bytes);
        for range in [0..0, 0..1, 4095..4097, 5000..5001, 8_999_999..9_000_000, 1..9_000_000] {
            let body = file_body(Arc::clone(&file), range.clone()).unwrap();
            assert_eq!(http_body::Body::size_hint(&body).exact(), Some(range.end - range.start));
            let found = body.collect().await.unwrap().to_bytes();
            assert!(found == bytes[range.start as usize..range.end as usize], "{range:?}");
        }
    }

    #[test]
    fn ranges_outside_the_file_are_refused() {
        let file = file_of(b"abc");
        #[expect(clippy::reversed_empty_ranges, reason = "what a careless caller might pass")]
        for range in [0..4, 4..4, 3..2] {
            let refused = file_body(Arc::clone(&file), range).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::InvalidInput);
        }
    }

    #[test]
    fn slices_are_known_while_their_mapping_lives() {
        let bytes = content(20_000);
        let mapped = Bytes::from_owner(Mapping::new(file_of(&bytes), 5000..15_000).unwrap());
        let tail = mapped.slice(9000..);
        let piece = Piece::of(&tail).unwrap();
        assert_eq!((piece.offset(), piece.end(), piece.bytes.len()), (14_000, 15_000, 1000));
        assert!(Piece::of(&bytes).is_none());
        assert!(Piece::of(&tail[..0]).is_none());
        let address = mapped.as_ptr().addr();
        drop((mapped, tail));
        assert!(!REGIONS.read().unwrap().contains_key(&address));
    }

    #[test]
    fn a_piece_sends_what_it_names() {
        let bytes = content(20_000);
        let mapped = Bytes::from_owner(Mapping::new(file_of(&bytes), 0..20_000).unwrap());
        let (here, there) = UnixStream::pair().unwrap();
        let piece = Piece::of(&mapped[4990..]).unwrap();
        assert_eq!(piece.send(here.as_fd(), 10).unwrap(), 10);
        let mut found = [0; 10];
        io::Read::read_exact(&mut &there, &mut found).unwrap();
        assert_eq!(found, bytes[4990..5000]);
        let mut copied = [0; 20];
        assert_eq!(piece.copy_cached(&mut copied).unwrap(), 20);
        assert_eq!(copied, bytes[4990..5010]);
    }

    #[test]
    fn cold_files_are_seen_and_warmed() {
        let bytes = content(9_000_000);
        let file = file_of(&bytes);
        let mapped = Bytes::from_owner(Mapping::new(Arc::clone(&file), 0..9_000_000).unwrap());
        let piece = Piece::of(&mapped[1000..]).unwrap();
        make_cold(&file);
        // A temporary folder in memory has no disk behind it and never gets cold.
        if piece.resident_bytes() == 0 {
            assert!(is_cold(&piece.copy_cached(&mut [0; 8]).unwrap_err()));
            assert!(!piece.is_resident_at(4_000_000));
        }
        piece.warming(piece.offset())().unwrap();
        assert_eq!(piece.resident_bytes(), SEND_BYTES);
        assert!(piece.is_resident_at(piece.offset() + WARM_BYTES - 1));
    }
}
