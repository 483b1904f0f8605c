//! Files: only regular ones are opened; paths are shortened.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::path::{Component, Path, PathBuf};

/// Largest text that is read as a whole, in bytes: a thousand times larger than the files of a run.
const LARGEST_TEXT: u64 = 1 << 26;

/// Description of a path that exists but is not a regular file.
#[derive(Debug, thiserror::Error)]
#[error("found {0}, expected {expected}", expected = NoFile::EXPECTED)]
pub struct NoFile(pub &'static str);

impl NoFile {
    /// Expected kind of file.
    pub const EXPECTED: &'static str = "a regular file";
}

/// Opens a regular file; other kinds are refused, as opening a named pipe would wait until another
/// process writes to it, and a device has no end.
///
/// # Errors
/// Errors of the operating system, and [`NoFile`] as [`ErrorKind::InvalidInput`].
pub fn open(path: &Path) -> io::Result<File> {
    open_by(path, File::options().read(true))
}

/// As [`open`], for writing to an existing file.
///
/// # Errors
/// As [`open`].
pub fn open_to_write(path: &Path) -> io::Result<File> {
    open_by(path, File::options().write(true))
}

fn open_by(path: &Path, options: &OpenOptions) -> io::Result<File> {
    let kind = fs::metadata(path)?.file_type();
    if kind.is_file() {
        return options.open(path);
    }
    let found = match kind.is_dir() {
        true => "a directory",
        false => special(kind),
    };
    Err(io::Error::new(ErrorKind::InvalidInput, NoFile(found)))
}

#[cfg(unix)]
fn special(kind: fs::FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match kind {
        kind if kind.is_fifo() => "a named pipe",
        kind if kind.is_socket() => "a socket",
        _ => "a device",
    }
}

#[cfg(not(unix))]
fn special(_: fs::FileType) -> &'static str {
    "something else"
}

/// Reads a text.
///
/// # Errors
/// Those of [`open`]; [`ErrorKind::InvalidData`] for a text that is not UTF-8 or larger than
/// 64 MiB.
pub fn text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = open(path)?
        .take(LARGEST_TEXT + 1)
        .read_to_string(&mut text)?;
    if read as u64 > LARGEST_TEXT {
        let message = format!("it is larger than {} MiB", LARGEST_TEXT >> 20);
        return Err(io::Error::new(ErrorKind::InvalidData, message));
    }
    Ok(text)
}

/// Writes a file, completely or not at all: it is written under another name beside `path` and then
/// takes its place. An earlier file exists until then; a link is replaced, not followed.
///
/// # Errors
/// Errors of the operating system and of `write`; `path` is as it was then.
pub fn replace(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let partial = path.with_file_name(name);
    if partial.symlink_metadata().is_ok() {
        fs::remove_file(&partial)?;
    }
    let written = File::create_new(&partial).and_then(|file| {
        let mut file = BufWriter::new(file);
        write(&mut file)?;
        file.flush()
    });
    let replaced = written.and_then(|()| fs::rename(&partial, path));
    if replaced.is_err() {
        // Fails if the file could not be created.
        let _ = fs::remove_file(&partial);
    }
    replaced
}

/// `a/../b` as `b`, if that is the same place: a directory may be a link to elsewhere.
#[must_use]
pub fn tidy(path: &Path) -> PathBuf {
    let mut short = PathBuf::new();
    for component in path.components() {
        let ends_in_name = matches!(short.components().next_back(), Some(Component::Normal(_)));
        match component {
            Component::ParentDir if ends_in_name => drop(short.pop()),
            Component::CurDir => {}
            other => short.push(other),
        }
    }
    match (fs::canonicalize(path), fs::canonicalize(&short)) {
        (Ok(long), Ok(same)) if long == same => short,
        (Err(_), Err(_)) => short,
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{open, open_to_write, text, tidy};

    #[test]
    fn only_what_ends_is_opened() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        std::fs::write(&path, "content").unwrap();
        assert_eq!(text(&path).unwrap(), "content");
        let said = |path: &Path| open(path).unwrap_err().to_string();
        assert!(said(directory.path()).contains("directory"));
        assert!(said(&directory.path().join("none")).contains("No such file"));
        #[cfg(unix)]
        {
            assert!(said(Path::new("/dev/zero")).contains("a device"));
            let pipe = directory.path().join("pipe");
            let made = std::process::Command::new("mkfifo").arg(&pipe).status();
            assert!(made.unwrap().success());
            assert!(said(&pipe).contains("a named pipe"));
            let error = open_to_write(&pipe).unwrap_err();
            assert!(error.to_string().contains("a named pipe"));
        }
    }

    #[test]
    fn a_path_is_shortened_only_if_it_stays_the_same_place() {
        let there = |path: &str| tidy(Path::new(path)).display().to_string();
        assert_eq!(there("src/../models/digits.ron"), "models/digits.ron");
        assert_eq!(there("./nowhere/../x.ron"), "x.ron");
        assert_eq!(there("../../x.ron"), "../../x.ron");
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("a/b");
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::write(dir.path().join("a/x"), "").unwrap();
        std::fs::write(dir.path().join("x"), "").unwrap();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&inner, dir.path().join("link")).unwrap();
            let path = dir.path().join("link/../x");
            assert_eq!(tidy(&path), path);
        }
    }
}
