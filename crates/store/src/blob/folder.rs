//! Blobs as files below a folder.

use std::{
    collections::HashSet,
    fs::{self, File},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use super::{
    buffer::{ALIGNMENT_BYTES, lock},
    error::BlobError,
    kernel::{self, Ring},
    locator::{BLOBS_FOLDER, Locator},
};

/// The end of the name of a file that is not finished.
const PART_SUFFIX: &str = ".part";
/// The file that [`Folder::check`] writes. One name for all: what a crash leaves is written over.
const CHECK_FILE: &str = ".check";

/// The blobs of one region as files below `ROOT/blobs`. Cheap to clone; several processes may use
/// one folder.
///
/// A blob is written to `<name>.part` in its own folder, made durable and then renamed, so that a
/// file with a blob's name is always whole. Nothing ever lists a folder.
#[derive(Clone, Debug)]
pub struct Folder {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    root: PathBuf,
    writing: Writing,
    /// Folders whose own entry this process has made durable.
    durable: Mutex<HashSet<PathBuf>>,
}

/// How large blobs are written; small ones always go through the page cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    /// Past the page cache (`O_DIRECT`), four writes at a time by io_uring.
    Ring,
    /// Past the page cache, one write after the other.
    Direct,
    /// Through the page cache, for file systems that know no other way.
    Buffered,
}

impl Folder {
    /// Opens the folder, makes it if need be, and tries out how it can best be written. For the
    /// start of a process, as it blocks.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(root: impl Into<PathBuf>) -> io::Result<Self> {
        let root = root.into();
        let writing = Writing::best(&root.join(BLOBS_FOLDER))?;
        Self::open_as(root, writing)
    }

    /// Opens the folder, to be written as told.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open_as(root: impl Into<PathBuf>, writing: Writing) -> io::Result<Self> {
        let root = root.into();
        fs::create_dir_all(root.join(BLOBS_FOLDER))?;
        let durable = Mutex::new(HashSet::new());
        Ok(Self { shared: Arc::new(Shared { root, writing, durable }) })
    }

    /// How large blobs are written here.
    pub fn writing(&self) -> Writing {
        self.shared.writing
    }

    /// The root of the folder, as it was given.
    pub fn root(&self) -> &Path {
        &self.shared.root
    }

    pub(super) fn path(&self, locator: &Locator) -> PathBuf {
        self.shared.root.join(locator.as_str())
    }

    pub(super) fn part_path(&self, locator: &Locator) -> PathBuf {
        self.shared.root.join(format!("{locator}{PART_SUFFIX}"))
    }

    /// A ring for one file, where the kernel has any left to give.
    pub(super) fn ring(&self) -> Option<Ring> {
        (self.shared.writing == Writing::Ring).then(Ring::new)?.ok()
    }

    /// Opens a blob at once, where the kernel can without waiting for a disk.
    pub(super) fn open_cached(&self, locator: &Locator) -> Option<File> {
        kernel::open_cached(&self.path(locator)).ok()
    }

    /// Opens a finished blob. It is not found only where its folder is there: a store that is not mounted
    /// has lost nothing.
    pub(super) fn open_blob(&self, locator: &Locator) -> Result<File, BlobError> {
        let path = self.path(locator);
        match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::metadata(path.parent().unwrap_or(self.root())).map_err(|_| not_there())?;
                Err(BlobError::NotFound)
            }
            opened => Ok(opened?),
        }
    }

    /// Makes the folder of a blob, in a store that is there: what would be written in place of one that is
    /// not mounted, nobody would find again.
    pub(super) fn make_parent(&self, path: &Path) -> Result<(), BlobError> {
        let Some(parent) = path.parent() else { return Ok(()) };
        if !parent.is_dir() {
            self.is_there()?;
            fs::create_dir_all(parent)?;
        }
        Ok(())
    }

    fn is_there(&self) -> Result<(), BlobError> {
        fs::metadata(self.shared.root.join(BLOBS_FOLDER)).map(|_| ()).map_err(|_| not_there())
    }

    pub(super) fn remove(&self, path: &Path) -> Result<(), BlobError> {
        remove_if_there(path)?;
        // The row that names the file goes next, and nobody would ever look for it again: the removal
        // must not be undone by a power cut, nor may one that failed half-way before.
        match path.parent().map_or(Ok(()), sync_folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.is_there(),
            synced => Ok(synced?),
        }
    }

    pub(super) fn free_bytes(&self) -> Result<u64, BlobError> {
        Ok(kernel::free_bytes(&self.shared.root.join(BLOBS_FOLDER))?)
    }

    pub(super) fn check(&self) -> Result<(), BlobError> {
        let path = self.shared.root.join(BLOBS_FOLDER).join(CHECK_FILE);
        fs::write(&path, b"lendglass")?;
        // Another process of the installation may check at the same time.
        Ok(remove_if_there(&path)?)
    }

    /// Makes the entry of a new blob durable, and once in a process those of the folders above it,
    /// whoever made them: a folder that another upload has just made may not be on disk yet.
    pub(super) fn sync_parents(&self, locator: &Locator) -> io::Result<()> {
        let path = self.path(locator);
        let Some(parent) = path.parent() else { return Ok(()) };
        sync_folder(parent)?;
        if lock(&self.shared.durable).contains(parent) {
            return Ok(());
        }
        for folder in parent.ancestors().skip(1) {
            sync_folder(folder)?;
            if folder == self.shared.root {
                break;
            }
        }
        lock(&self.shared.durable).insert(parent.to_owned());
        Ok(())
    }
}

impl Writing {
    fn best(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(match accepts_direct(&folder.join(CHECK_FILE))? {
            false => Self::Buffered,
            true if Ring::is_supported() => Self::Ring,
            true => Self::Direct,
        })
    }
}

/// Whether the file system takes direct writes of the alignment we use. Some refuse when the file
/// is opened, some only when it is written; a full disk says nothing about it.
fn accepts_direct(path: &Path) -> io::Result<bool> {
    let block = vec![0; 2 * ALIGNMENT_BYTES];
    let start = block.as_ptr().align_offset(ALIGNMENT_BYTES);
    let written = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .custom_flags(libc::O_DIRECT)
        .open(path)
        .and_then(|file| file.write_all_at(&block[start..start + ALIGNMENT_BYTES], 0));
    remove_if_there(path)?;
    let refusal = written.err().and_then(|error| error.raw_os_error());
    Ok(!matches!(refusal, Some(libc::EINVAL | libc::EOPNOTSUPP)))
}

fn not_there() -> BlobError {
    BlobError::other("the store is not there")
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
