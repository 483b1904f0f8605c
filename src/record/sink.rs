//! Destination of bytes: a file, or in a test a disk of limited size.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Bytes that can be overwritten and truncated.
pub(super) trait Sink: Send {
    /// Writes all of `bytes` from byte `offset` on, replacing earlier ones.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Removes all bytes from byte `length` on.
    fn truncate(&mut self, length: u64) -> io::Result<()>;
    /// Returns when all bytes are on the disk and the file still exists.
    fn sync(&mut self) -> io::Result<()>;
}

/// A new file.
pub(super) struct FileSink {
    file: File,
    path: PathBuf,
}

impl FileSink {
    /// Creates the file at `path`, which must not exist.
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: File::create_new(path)?,
            path: path.to_owned(),
        })
    }
}

impl Sink for FileSink {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(offset))?;
        self.file.write_all(bytes)
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_all()?;
        // A file that was removed can still be written, but is lost afterwards.
        fs::metadata(&self.path).map(drop)
    }
}
