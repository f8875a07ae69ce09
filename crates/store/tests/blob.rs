//! One suite for every blob store: what is put is read, byte for byte; what is given up leaves
//! nothing; a full store says so and stays usable.
#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise")]

use std::{
    fs,
    io::Write as _,
    num::NonZero,
    ops::Range,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use futures_util::{FutureExt, TryStreamExt, future};
use lendglass_store::blob::{
    BUFFER_BYTES, BlobError, Blobs, BufferPool, DigestAlgo, DigestPlan, Folder, Intake, Locator,
    Received, Writing,
};
use proptest::prelude::*;
use tempfile::TempDir;

const MIB: usize = 1024 * 1024;
const CAPACITY_BYTES: u64 = 256 * MIB as u64;
const PLAN: DigestPlan = DigestPlan { md5: true, algo: DigestAlgo::Sha512 };
const NO_LIMIT: u64 = u64::MAX;

/// A store under test and what keeps it alive.
struct Store {
    name: &'static str,
    blobs: Blobs,
    root: Option<TempDir>,
}

impl Store {
    /// The folder as it is opened by default.
    fn folder() -> Self {
        let root = tempfile::tempdir().unwrap();
        Self { name: "folder", blobs: Blobs::folder(root.path()).unwrap(), root: Some(root) }
    }

    fn folder_as(name: &'static str, writing: Writing) -> Self {
        let root = tempfile::tempdir().unwrap();
        let blobs = Blobs::Folder(Folder::open_as(root.path(), writing).unwrap());
        Self { name, blobs, root: Some(root) }
    }

    /// Every implementation and every way of writing it has.
    fn all() -> [Self; 4] {
        let memory = Self { name: "memory", blobs: Blobs::memory(CAPACITY_BYTES), root: None };
        [
            Self::folder(),
            Self::folder_as("folder without io_uring", Writing::Direct),
            Self::folder_as("folder through the page cache", Writing::Buffered),
            memory,
        ]
    }

    /// Whether the store holds nothing, neither finished nor under way.
    fn is_empty(&self) -> bool {
        match &self.root {
            Some(root) => files_below(root.path()).is_empty(),
            None => self.blobs.free_bytes().now_or_never().unwrap().unwrap() == CAPACITY_BYTES,
        }
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, mut files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    files.extend(folders.iter().flat_map(|folder| files_below(folder)));
    files
}

fn pool(shared_buffers: usize) -> BufferPool {
    BufferPool::new(shared_buffers, NonZero::new(2).unwrap()).unwrap()
}

/// Bytes without a short period, so that a buffer in the wrong place is seen.
fn bytes(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

async fn start(store: &Store, pool: &BufferPool, limit_bytes: u64) -> (Intake, Locator) {
    let locator = Locator::random();
    let intake = Intake::start(&store.blobs, pool, locator.clone(), PLAN, limit_bytes).await;
    (intake.unwrap(), locator)
}

async fn put(store: &Store, pool: &BufferPool, content: &[u8]) -> (Received, Locator) {
    let (mut intake, locator) = start(store, pool, NO_LIMIT).await;
    for frame in content.chunks(100_000) {
        intake.write(frame).await.unwrap();
    }
    (intake.finish().await.unwrap(), locator)
}

async fn read(
    blobs: &Blobs,
    pool: &BufferPool,
    locator: &Locator,
    range: Range<u64>,
) -> Result<Vec<u8>, BlobError> {
    let pieces: Vec<_> = blobs.open(locator).await?.stream(pool, range).try_collect().await?;
    Ok(pieces.concat())
}

/// The digest as a program of the system computes it.
fn digest_by(program: &str, content: &[u8]) -> String {
    let mut command = Command::new(program);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(content).unwrap();
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap().split(' ').next().unwrap().to_owned()
}

/// Lets other tasks run until `holds`; half a minute without it is a failure.
async fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_put_is_read_at_every_size() {
    let pool = pool(8);
    let sizes = [0, 1, 511, 4095, 4096, MIB - 1, MIB, MIB + 1, 5 * MIB + 17];
    for store in Store::all() {
        for size in sizes {
            let content = bytes(size, size as u64);
            let (received, locator) = put(&store, &pool, &content).await;
            let expected = Received {
                size_bytes: size as u64,
                md5_hex: Some(digest_by("md5sum", &content)),
                digest_hex: digest_by("sha512sum", &content),
                algo: DigestAlgo::Sha512,
            };
            assert_eq!(received, expected, "{} {size}", store.name);
            let reader = store.blobs.open(&locator).await.unwrap();
            assert_eq!(reader.size_bytes(), size as u64);
            assert_eq!(reader.file().is_some(), store.root.is_some());
            assert!(read(&store.blobs, &pool, &locator, 0..u64::MAX).await.unwrap() == content);
        }
    }
    wait_until("every buffer is back", || pool.lent() == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sha256_alone_can_be_chosen() {
    let (store, pool, content) = (&Store::folder(), pool(4), bytes(3 * MIB, 5));
    let plan = DigestPlan { md5: false, algo: DigestAlgo::Sha256 };
    let mut intake =
        Intake::start(&store.blobs, &pool, Locator::random(), plan, NO_LIMIT).await.unwrap();
    intake.write(&content).await.unwrap();
    let received = intake.finish().await.unwrap();
    assert_eq!(received.md5_hex, None);
    assert_eq!(received.digest_hex, digest_by("sha256sum", &content));
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_are_cut_at_the_end() {
    let pool = pool(8);
    let content = bytes(3 * MIB + 5, 1);
    let (size, mib) = (content.len() as u64, MIB as u64);
    for store in Store::all() {
        let (_, locator) = put(&store, &pool, &content).await;
        for range in [0..1, 1..mib, mib - 1..mib + 1, 7..size, size - 1..size + 9, size..size + 1] {
            let expected = &content[range.start as usize..range.end.min(size) as usize];
            let found = read(&store.blobs, &pool, &locator, range.clone()).await.unwrap();
            assert!(found == expected, "{} {range:?}", store.name);
        }
        assert!(read(&store.blobs, &pool, &locator, size + 5..size + 9).await.unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_is_deleted_once_and_open_readers_read_on() {
    let pool = pool(8);
    let content = bytes(2 * MIB, 2);
    for store in Store::all() {
        let (_, locator) = put(&store, &pool, &content).await;
        let reader = store.blobs.open(&locator).await.unwrap();
        store.blobs.delete(&locator).await.unwrap();
        store.blobs.delete(&locator).await.unwrap();
        let error = store.blobs.open(&locator).await.unwrap_err();
        assert!(matches!(error, BlobError::NotFound), "{}", store.name);
        let pieces: Vec<_> = reader.stream(&pool, 0..u64::MAX).try_collect().await.unwrap();
        assert!(pieces.concat() == content);
        assert!(store.is_empty(), "{}", store.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_visible_before_the_end() {
    let pool = pool(8);
    for store in Store::all() {
        let (mut intake, locator) = start(&store, &pool, NO_LIMIT).await;
        intake.write(&bytes(4 * MIB, 3)).await.unwrap();
        assert_eq!(intake.received_bytes(), 4 * MIB as u64);
        wait_until("the upload has begun in the store", || !store.is_empty()).await;
        let error = store.blobs.open(&locator).await.unwrap_err();
        assert!(matches!(error, BlobError::NotFound), "{}: {error}", store.name);
        intake.finish().await.unwrap();
        store.blobs.open(&locator).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_given_up_upload_leaves_nothing() {
    let pool = pool(8);
    for store in Store::all() {
        for size in [0, 5, MIB, 6 * MIB + 1] {
            let (mut intake, _) = start(&store, &pool, NO_LIMIT).await;
            intake.write(&bytes(size, 4)).await.unwrap();
            intake.abort().await.unwrap();
            assert!(store.is_empty(), "{} aborted at {size}", store.name);

            let (mut intake, _) = start(&store, &pool, NO_LIMIT).await;
            intake.write(&bytes(size, 4)).await.unwrap();
            drop(intake);
            let is_gone = || store.is_empty() && pool.lent() == 0;
            wait_until("the dropped upload is removed", is_gone).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_left_is_removed_by_name() {
    let (store, pool) = (&Store::folder(), pool(8));
    let (mut intake, locator) = start(store, &pool, NO_LIMIT).await;
    intake.write(&bytes(2 * MIB, 6)).await.unwrap();
    let root = store.root.as_ref().unwrap().path();
    let part = root.join(format!("{locator}.part"));
    wait_until("the unfinished file is there", || part.exists() && pool.lent() == 0).await;
    // A crashed process runs no destructors.
    std::mem::forget(intake);
    assert_eq!(files_below(root), [part]);

    store.blobs.abandon(&locator).await.unwrap();
    assert!(store.is_empty());
    store.blobs.abandon(&locator).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn abandoning_touches_no_finished_blob() {
    let pool = pool(8);
    for store in Store::all() {
        let (_, locator) = put(&store, &pool, b"finished").await;
        store.blobs.abandon(&locator).await.unwrap();
        assert!(read(&store.blobs, &pool, &locator, 0..8).await.unwrap() == b"finished");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_abandoned_by_the_reaper_cannot_be_finished() {
    let pool = pool(8);
    let (store, content) = (&Store::folder(), bytes(2 * MIB + 1, 16));
    let (mut intake, locator) = start(store, &pool, NO_LIMIT).await;
    intake.write(&content).await.unwrap();
    let part = store.root.as_ref().unwrap().path().join(format!("{locator}.part"));
    wait_until("the unfinished file is there", || part.exists()).await;
    store.blobs.abandon(&locator).await.unwrap();
    assert!(matches!(intake.finish().await, Err(BlobError::Io(_))));
    assert!(store.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_bytes_are_refused_and_stay_refused() {
    let pool = pool(8);
    for store in Store::all() {
        let (mut intake, _) = start(&store, &pool, 2 * MIB as u64).await;
        intake.write(&bytes(2 * MIB, 7)).await.unwrap();
        let error = intake.write(b"1").await.unwrap_err();
        assert!(matches!(error, BlobError::TooLarge { limit_bytes: 2_097_152 }), "{error}");
        assert!(matches!(intake.finish().await, Err(BlobError::TooLarge { .. })));
        wait_until("it leaves nothing", || store.is_empty()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_uploads_share_eight_buffers() {
    let pool = pool(8);
    for store in Store::all() {
        let uploads = (0..100).map(|number| {
            let (store, pool) = (&store, &pool);
            async move {
                let content = bytes(MIB + MIB / 2 + number, number as u64);
                let (received, locator) = put(store, pool, &content).await;
                assert_eq!(received.size_bytes, content.len() as u64);
                let found = read(&store.blobs, pool, &locator, 0..u64::MAX).await.unwrap();
                assert!(found == content, "{} {number}", store.name);
                store.blobs.delete(&locator).await.unwrap();
            }
        });
        future::join_all(uploads).await;
    }
    wait_until("every buffer is back", || pool.lent() == 0).await;
}

#[test]
fn slow_peers_hold_no_thread() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(1)
        .build()
        .unwrap();
    runtime.block_on(async {
        let (store, pool) = (&Store::folder(), pool(16));
        let (_, locator) = put(store, &pool, &bytes(4 * MIB, 8)).await;
        let mut uploads = Vec::new();
        let mut downloads = Vec::new();
        for _ in 0..30 {
            let (mut intake, _) = start(store, &pool, NO_LIMIT).await;
            intake.write(&bytes(MIB + 9, 9)).await.unwrap();
            uploads.push(intake);
            let mut stream = store.blobs.open(&locator).await.unwrap().stream(&pool, 0..u64::MAX);
            stream.try_next().await.unwrap().unwrap();
            downloads.push(stream);
        }
        let (received, _) = put(store, &pool, &bytes(3 * MIB, 10)).await;
        assert_eq!(received.size_bytes, 3 * MIB as u64);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_cut_short_spoils_the_upload() {
    let (store, pool) = (&Store::all()[1], pool(0));
    let (mut intake, _) = start(store, &pool, NO_LIMIT).await;
    // Without shared buffers the second MiB waits for the first to be written.
    let frame = bytes(64 * MIB, 11);
    assert!(intake.write(&frame).now_or_never().is_none());
    assert!(matches!(intake.write(b"more").await, Err(BlobError::Io(_))));
    assert!(matches!(intake.finish().await, Err(BlobError::Io(_))));
    wait_until("it leaves nothing", || store.is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shortened_file_is_an_error_and_no_short_answer() {
    let (store, pool) = (&Store::folder(), pool(8));
    let (_, locator) = put(store, &pool, &bytes(3 * MIB, 12)).await;
    let reader = store.blobs.open(&locator).await.unwrap();
    let path = store.root.as_ref().unwrap().path().join(locator.as_str());
    fs::File::options().write(true).open(path).unwrap().set_len(MIB as u64 + 5).unwrap();
    let mut stream = reader.stream(&pool, 0..u64::MAX);
    assert_eq!(stream.try_next().await.unwrap().unwrap().len(), BUFFER_BYTES);
    assert!(matches!(stream.try_next().await, Err(BlobError::Io(_))));
    assert!(stream.try_next().await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_know_whether_they_can_be_written() {
    for store in Store::all() {
        store.blobs.check().await.unwrap();
        assert!(store.blobs.free_bytes().await.unwrap() > 0);
        assert!(store.is_empty());
    }
    let gone = Store::folder();
    fs::remove_dir_all(gone.root.as_ref().unwrap().path()).unwrap();
    assert!(gone.blobs.check().await.is_err());
}

/// A file system of a few MiB, unmounted at the end.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// `None` for users who may not mount.
    fn mount(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={size}");
        let mount = ["-t", "tmpfs", "-o", &options, "none"];
        let status = Command::new("mount").args(mount).arg(folder.path()).status().unwrap();
        status.success().then_some(Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(self.0.path()).status().unwrap();
    }
}

/// Uploads more than the store has, in one frame and in many.
async fn check_full(name: &str, blobs: &Blobs) {
    let pool = pool(8);
    let before = blobs.free_bytes().await.unwrap();
    for frame_bytes in [1000, 12 * MIB] {
        let mut intake =
            Intake::start(blobs, &pool, Locator::random(), PLAN, NO_LIMIT).await.unwrap();
        let content = bytes(12 * MIB, 13);
        let mut outcome = Ok(());
        for frame in content.chunks(frame_bytes) {
            outcome = outcome.and(intake.write(frame).await);
        }
        let outcome = match outcome {
            Ok(()) => intake.finish().await.map(drop),
            refused => refused,
        };
        assert!(matches!(outcome, Err(BlobError::NoSpace)), "{name}: {outcome:?}");
        let after = blobs.free_bytes().await.unwrap();
        // A new folder may have taken a block or two.
        assert!(after + 64 * 1024 >= before, "{name}: {before} were free, now {after}");
    }
    let locator = Locator::random();
    let mut intake = Intake::start(blobs, &pool, locator.clone(), PLAN, NO_LIMIT).await.unwrap();
    intake.write(&bytes(2 * MIB, 14)).await.unwrap();
    intake.finish().await.unwrap();
    assert!(read(blobs, &pool, &locator, 0..u64::MAX).await.unwrap() == bytes(2 * MIB, 14));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_store_says_so_and_stays_usable() {
    check_full("memory", &Blobs::memory(4 * MIB as u64)).await;
    match SmallDisk::mount("4m") {
        Some(disk) => {
            let root = disk.0.path();
            check_full("as opened", &Blobs::folder(root).unwrap()).await;
            for writing in [Writing::Direct, Writing::Buffered] {
                fs::remove_dir_all(root.join("blobs")).unwrap();
                let folder = Folder::open_as(root, writing).unwrap();
                check_full("as told", &Blobs::Folder(folder)).await;
            }
        }
        // Without the right to mount, the reading of the system's answer is what is left to test.
        None => {
            let full = fs::File::options().write(true).open("/dev/full").unwrap();
            let error = (&full).write_all(b"x").unwrap_err();
            assert!(matches!(BlobError::from(error), BlobError::NoSpace));
        }
    }
}

/// Frames of a few bytes, of some thousands and of more than a buffer.
fn frame_lengths() -> impl Strategy<Value = Vec<usize>> {
    let length = prop_oneof![0..20usize, 4000..5000usize, 1_000_000..1_100_000usize];
    prop::collection::vec(length, 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 16,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn frames_of_any_size_make_the_same_blob(
        lengths in frame_lengths(),
        shared_buffers in 0..4usize,
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(check_frames(&lengths, &pool(shared_buffers)));
    }
}

async fn check_frames(lengths: &[usize], pool: &BufferPool) {
    let content = bytes(lengths.iter().sum(), 15);
    for store in Store::all() {
        let (mut intake, locator) = start(&store, pool, NO_LIMIT).await;
        let mut rest = content.as_slice();
        for length in lengths {
            let (frame, after) = rest.split_at(*length);
            intake.write(frame).await.unwrap();
            rest = after;
        }
        let received = intake.finish().await.unwrap();
        assert_eq!(received.size_bytes, content.len() as u64);
        assert!(read(&store.blobs, pool, &locator, 0..u64::MAX).await.unwrap() == content);
    }
}

// --- parts that are kept ---------------------------------------------------------------------------

async fn resume(store: &Store, pool: &BufferPool, locator: &Locator, at: u64) -> Option<Intake> {
    Intake::resume(&store.blobs, pool, locator, PLAN, NO_LIMIT, at).await.unwrap()
}

#[tokio::test]
async fn a_kept_part_is_taken_up_and_makes_the_same_blob() {
    let pool = pool(8);
    let content = bytes(5 * MIB + 12_345, 7);
    for store in Store::all() {
        let locator = Locator::random();
        let mut intake = resume(&store, &pool, &locator, 0).await.unwrap();
        assert_eq!(intake.checkpoint().await.unwrap(), 0, "{}", store.name);
        intake.write(&content[..2 * MIB + 99]).await.unwrap();
        let durable = intake.checkpoint().await.unwrap();
        assert_eq!(durable, 2 * MIB as u64, "{}", store.name);
        // What comes after a checkpoint is as good as lost.
        intake.write(&content[2 * MIB + 99..3 * MIB + 5]).await.unwrap();
        assert!(resume(&store, &pool, &locator, durable).await.is_none(), "{}", store.name);
        drop(intake);
        let mut intake = until_free(&store, &pool, &locator, durable).await;
        assert_eq!(intake.received_bytes(), durable, "{}", store.name);
        intake.write(&content[durable as usize..3 * MIB]).await.unwrap();
        // Who stops waiting for a checkpoint loses nothing.
        drop(intake.checkpoint().now_or_never());
        intake.write(&content[3 * MIB..4 * MIB]).await.unwrap();
        assert_eq!(intake.checkpoint().await.unwrap(), 4 * MIB as u64, "{}", store.name);
        intake.write(&content[4 * MIB..]).await.unwrap();
        let received = intake.finish().await.unwrap();
        assert_eq!(received.size_bytes, content.len() as u64, "{}", store.name);
        assert_eq!(received.digest_hex, digest_by("sha512sum", &content), "{}", store.name);
        assert_eq!(received.md5_hex, Some(digest_by("md5sum", &content)), "{}", store.name);
        let whole = read(&store.blobs, &pool, &locator, 0..u64::MAX).await.unwrap();
        assert_eq!(whole, content, "{}", store.name);

        // Published by somebody who died before a row said so: it is taken up again.
        let mut intake = resume(&store, &pool, &locator, 4 * MIB as u64).await.unwrap();
        assert!(matches!(store.blobs.open(&locator).await, Err(BlobError::NotFound)));
        intake.write(&content[4 * MIB..]).await.unwrap();
        assert_eq!(intake.finish().await.unwrap(), received, "{}", store.name);
        store.blobs.delete(&locator).await.unwrap();
        assert!(store.is_empty(), "{}", store.name);
    }
}

/// The file of a dropped intake is closed by a task of its own.
async fn until_free(store: &Store, pool: &BufferPool, locator: &Locator, at: u64) -> Intake {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(intake) = resume(store, pool, locator, at).await {
            return intake;
        }
        assert!(Instant::now() < end, "{}: the part is still written", store.name);
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_taken_up_and_what_is_given_up_leaves_nothing() {
    let pool = pool(8);
    let content = bytes(3 * MIB, 8);
    for store in Store::all() {
        let locator = Locator::random();
        assert!(resume(&store, &pool, &locator, MIB as u64).await.is_none(), "{}", store.name);
        assert!(resume(&store, &pool, &locator, 77).await.is_none(), "no such checkpoint");
        let mut intake = resume(&store, &pool, &locator, 0).await.unwrap();
        intake.write(&content).await.unwrap();
        assert_eq!(intake.checkpoint().await.unwrap(), content.len() as u64);
        drop(intake);
        drop(until_free(&store, &pool, &locator, 2 * MIB as u64).await);
        // Less is there by now.
        assert!(resume(&store, &pool, &locator, 3 * MIB as u64).await.is_none(), "{}", store.name);
        let intake = until_free(&store, &pool, &locator, MIB as u64).await;
        intake.abort().await.unwrap();
        assert!(store.is_empty(), "{}", store.name);
        let mut intake = resume(&store, &pool, &locator, 0).await.unwrap();
        intake.write(&content).await.unwrap();
        intake.checkpoint().await.unwrap();
        drop(intake);
        drop(until_free(&store, &pool, &locator, MIB as u64).await);
        store.blobs.abandon(&locator).await.unwrap();
        assert!(store.is_empty(), "{}", store.name);
    }
}
