//! Blobs as files below a folder.

use std::{
    collections::HashSet,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use super::{
    buffer::lock,
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
    has_ring: bool,
    /// Folders whose own entry this process has made durable.
    durable: Mutex<HashSet<PathBuf>>,
}

impl Folder {
    /// Opens the folder and makes it if need be; for the start of a process, as it blocks.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(root: impl Into<PathBuf>) -> io::Result<Self> {
        Self::open_with(root.into(), Ring::new().is_ok())
    }

    /// The same, never with io_uring, as on a kernel that has none.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open_without_ring(root: impl Into<PathBuf>) -> io::Result<Self> {
        Self::open_with(root.into(), false)
    }

    fn open_with(root: PathBuf, has_ring: bool) -> io::Result<Self> {
        fs::create_dir_all(root.join(BLOBS_FOLDER))?;
        let durable = Mutex::new(HashSet::new());
        Ok(Self { shared: Arc::new(Shared { root, has_ring, durable }) })
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
        self.shared.has_ring.then(Ring::new)?.ok()
    }

    pub(super) fn open_blob(&self, locator: &Locator) -> Result<File, BlobError> {
        match File::open(self.path(locator)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(BlobError::NotFound),
            opened => Ok(opened?),
        }
    }

    pub(super) fn remove(&self, path: &Path) -> Result<(), BlobError> {
        match fs::remove_file(path) {
            // The row that names the file goes next, and nobody would ever look for it again: the
            // removal must not be undone by a power cut.
            Ok(()) => Ok(path.parent().map_or(Ok(()), sync_folder)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn free_bytes(&self) -> Result<u64, BlobError> {
        Ok(kernel::free_bytes(&self.shared.root.join(BLOBS_FOLDER))?)
    }

    pub(super) fn check(&self) -> Result<(), BlobError> {
        let path = self.shared.root.join(BLOBS_FOLDER).join(CHECK_FILE);
        fs::write(&path, b"lendglass")?;
        match fs::remove_file(path) {
            // Another process of the installation checks at the same time.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            outcome => Ok(outcome?),
        }
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

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
