//! A file that is being downloaded: `NAME.part`, until it is complete and correct.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::error::DataSetError;

/// A file that is being downloaded and locked against other processes.
///
/// Bytes are passed to the operating system at once, so that received bytes are kept even if this
/// process is killed.
pub(super) struct Part {
    path: PathBuf,
    file: File,
    length: u64,
}

impl Part {
    /// Opens `NAME.part` in `folder`, or creates it.
    pub fn open(folder: &Path, name: &str) -> Result<Self, DataSetError> {
        let path = folder.join(format!("{name}.part"));
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(DataSetError::writing(&path))?;
        // A file system without locks does not prevent the download.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(DataSetError::Busy(path));
        }
        let length = file
            .seek(SeekFrom::End(0))
            .map_err(DataSetError::reading(&path))?;
        Ok(Self { path, file, length })
    }

    /// Path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Number of bytes received.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Removes all bytes.
    pub fn clear(&mut self) -> Result<(), DataSetError> {
        if self.length > 0 {
            let cleared = self.file.set_len(0).and_then(|()| self.file.rewind());
            cleared.map_err(DataSetError::writing(&self.path))?;
            self.length = 0;
        }
        Ok(())
    }

    /// Writes `bytes` at the end.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), DataSetError> {
        let written = self.file.write_all(bytes);
        written.map_err(DataSetError::writing(&self.path))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Removes the file if it is empty.
    pub fn remove_if_empty(self) {
        if self.length == 0 {
            // If removal fails, an empty file remains, which does no harm.
            let _ = fs::remove_file(&self.path);
        }
    }

    /// True if the file starts as an HTML page.
    pub fn is_page(&self) -> bool {
        let mut start = String::new();
        let read = File::open(&self.path).map(|file| file.take(256).read_to_string(&mut start));
        read.is_ok() && start.trim_start().starts_with('<')
    }

    /// Renames the file within its folder, replacing a file of that name.
    pub fn rename(self, name: &str) -> Result<PathBuf, DataSetError> {
        // Errors of the disk are reported here, not at a later reading.
        self.file
            .sync_all()
            .map_err(DataSetError::writing(&self.path))?;
        let path = self.path.with_file_name(name);
        fs::rename(&self.path, &path).map_err(DataSetError::writing(&path))?;
        Ok(path)
    }
}
