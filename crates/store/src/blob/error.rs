//! What can go wrong with bytes.

use std::{error::Error, fmt, io, sync::Arc};

/// Why a blob could not be stored, read or removed.
///
/// It can be cloned, because one failure of a writer is met by whoever calls next.
#[derive(Clone, Debug)]
pub enum BlobError {
    /// The store has no blob under this locator.
    NotFound,
    /// The store is full, or its quota is. What had been written of the blob is removed already.
    NoSpace,
    /// More bytes came than the upload was allowed.
    TooLarge {
        /// The most the upload was allowed.
        limit_bytes: u64,
    },
    /// The disk or the system refused; the text is for the log.
    Io(Arc<io::Error>),
}

impl BlobError {
    pub(super) fn other(text: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Io(Arc::new(io::Error::other(text)))
    }
}

impl From<io::Error> for BlobError {
    fn from(error: io::Error) -> Self {
        match error.raw_os_error() {
            Some(libc::ENOSPC | libc::EDQUOT) => Self::NoSpace,
            _ => Self::Io(Arc::new(error)),
        }
    }
}

/// A blocking task ends early only when the runtime is shut down or the task panicked.
impl From<tokio::task::JoinError> for BlobError {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::other(error)
    }
}

impl fmt::Display for BlobError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => out.write_str("there is no such blob"),
            Self::NoSpace => out.write_str("the blob store is full"),
            Self::TooLarge { limit_bytes } => write!(out, "more than {limit_bytes} bytes came"),
            Self::Io(_) => out.write_str("the blob store failed"),
        }
    }
}

impl Error for BlobError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io(source) => Some(source),
            Self::NotFound | Self::NoSpace | Self::TooLarge { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_system_are_told_apart_by_meaning() {
        let of = |code| BlobError::from(io::Error::from_raw_os_error(code));
        assert!(matches!(of(libc::ENOSPC), BlobError::NoSpace));
        assert!(matches!(of(libc::EDQUOT), BlobError::NoSpace));
        assert!(matches!(of(libc::EIO), BlobError::Io(_)));
    }
}
