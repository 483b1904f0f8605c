//! Claim of a directory of results by one process at a time.
//!
//! The claim is a file in the directory with a lock of the operating system. The lock is released
//! if the process dies, so that no claim outlives its process; the file is removed with the claim.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::files;

/// Name of the file that is locked while a process uses a directory of results.
pub const CLAIM: &str = "apical.lock";

/// A directory to which only this process writes, until this value is dropped.
#[derive(Debug)]
pub struct Claim {
    /// Path of the claim file. If it is that of another file by now, that file is not removed.
    path: PathBuf,
    file: File,
}

/// Reason why a directory could not be claimed.
#[derive(Debug)]
pub enum Taken {
    /// Another process uses the directory.
    UnderWay,
    /// The operating system returned an error.
    File(PathBuf, io::Error),
}

impl Claim {
    /// Claims an existing directory.
    ///
    /// # Errors
    /// [`Taken`]
    pub fn of(directory: &Path) -> Result<Self, Taken> {
        let path = directory.join(CLAIM);
        let failed = |error| Taken::File(path.clone(), error);
        loop {
            let created = File::create_new(&path);
            let new = created.is_ok();
            let file = match created {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    match files::open_to_write(&path) {
                        // The owner has just ended.
                        Err(error) if error.kind() == ErrorKind::NotFound => continue,
                        opened => opened.map_err(failed)?,
                    }
                }
                created => created.map_err(failed)?,
            };
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => return Err(Taken::UnderWay),
                // Some file systems have no locks; then the file itself is the claim.
                Err(TryLockError::Error(_)) if !new => return Err(Taken::UnderWay),
                Ok(()) | Err(TryLockError::Error(_)) => {}
            }
            let claim = Self {
                path: path.clone(),
                file,
            };
            // Between opening and locking, the previous owner may have removed its file.
            if claim.is_there() {
                return Ok(claim);
            }
        }
    }

    /// True if another process uses the directory. Nothing is written.
    #[must_use]
    pub fn is_held(directory: &Path) -> bool {
        let file = files::open_to_write(&directory.join(CLAIM));
        file.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
    }

    #[cfg(unix)]
    fn is_there(&self) -> bool {
        use std::os::unix::fs::MetadataExt;
        let same = |a: fs::Metadata, b: fs::Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
        let named = fs::metadata(&self.path);
        named.is_ok_and(|named| self.file.metadata().is_ok_and(|held| same(named, held)))
    }

    #[cfg(not(unix))]
    fn is_there(&self) -> bool {
        self.path.exists()
    }
}

impl Drop for Claim {
    /// Removes the file before the lock is released: a process that has opened it finds it removed.
    fn drop(&mut self) {
        if self.is_there() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::{CLAIM, Claim, Taken};

    #[test]
    fn a_directory_has_one_owner_and_then_none() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        assert!(!Claim::is_held(path));
        let claim = Claim::of(path).unwrap();
        assert!(matches!(Claim::of(path), Err(Taken::UnderWay)));
        assert!(Claim::is_held(path));
        drop(claim);
        assert!(!Claim::is_held(path) && !path.join(CLAIM).exists());
        // A process that was killed leaves the file without a lock.
        fs::write(path.join(CLAIM), "").unwrap();
        assert!(!Claim::is_held(path));
        drop(Claim::of(path).unwrap());
        assert!(matches!(
            Claim::of(&path.join("none")),
            Err(Taken::File(..))
        ));
    }

    #[test]
    #[cfg(unix)]
    fn a_pipe_in_its_place_is_no_claim_and_is_not_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join(CLAIM);
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        assert!(!Claim::is_held(directory.path()));
        match Claim::of(directory.path()) {
            Err(Taken::File(path, error)) => {
                assert_eq!(path, pipe);
                assert!(error.to_string().contains("a named pipe"), "{error}");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn of_many_at_once_one_has_it_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let (inside, had) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        if let Ok(claim) = Claim::of(directory.path()) {
                            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                            had.fetch_add(1, Ordering::SeqCst);
                            inside.fetch_sub(1, Ordering::SeqCst);
                            drop(claim);
                        }
                    }
                });
            }
        });
        assert!(had.into_inner() > 8);
    }
}
