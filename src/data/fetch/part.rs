//! A file on its way: `NAME.part`, until it is whole and right.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::error::DataSetError;

/// A file on its way, which no other process writes at the same time.
///
/// Every byte is given to the system at once, so that what has arrived is there even if this
/// process is killed.
pub(super) struct Part {
    path: PathBuf,
    file: File,
    length: u64,
}

impl Part {
    /// Goes on with `NAME.part` in `folder`, or begins it.
    pub fn open(folder: &Path, name: &str) -> Result<Self, DataSetError> {
        let path = folder.join(format!("{name}.part"));
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(DataSetError::writing(&path))?;
        // A file system that knows no locks is no reason to fetch nothing.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(DataSetError::Busy(path));
        }
        let length = file
            .seek(SeekFrom::End(0))
            .map_err(DataSetError::reading(&path))?;
        Ok(Self { path, file, length })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes that are there.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Forgets what is there.
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

    /// Leaves no file where nothing has arrived.
    pub fn remove_if_empty(self) {
        if self.length == 0 {
            // An empty file that stays does no harm.
            let _ = fs::remove_file(&self.path);
        }
    }

    /// Whether it begins as a page for browsers does.
    pub fn is_page(&self) -> bool {
        let mut start = String::new();
        let read = File::open(&self.path).map(|file| file.take(256).read_to_string(&mut start));
        read.is_ok() && start.trim_start().starts_with('<')
    }

    /// Gives it another name in its folder, in place of what has that name.
    pub fn rename(self, name: &str) -> Result<PathBuf, DataSetError> {
        // What the disk could not take after all is told here, and not when it is read.
        self.file
            .sync_all()
            .map_err(DataSetError::writing(&self.path))?;
        let path = self.path.with_file_name(name);
        fs::rename(&self.path, &path).map_err(DataSetError::writing(&path))?;
        Ok(path)
    }
}
