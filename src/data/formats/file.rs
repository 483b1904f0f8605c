//! Data files: plain or gzip-compressed bytes, and the message for a missing file.

use crate::data::error::{DataError, Place};
use crate::data::room;
use crate::files::{self, NoFile};
use crate::names::nearest;
use flate2::read::MultiGzDecoder;
use std::fs::{self, File};
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

/// Environment variable for the directory of data sets that are not part of the package.
pub const DATA_VARIABLE: &str = "APICAL_DATA";

/// Advice for a missing file whose path is in the scenario.
pub(super) const RELATIVE_PATH: &str =
    "Give the path relative to the directory of the scenario, or an absolute one.";

/// Directory of data sets that are not part of the package: `flag` (`--data`), else `APICAL_DATA`.
#[must_use]
pub fn data_dir(flag: Option<PathBuf>) -> Option<PathBuf> {
    flag.or_else(|| {
        let variable = std::env::var_os(DATA_VARIABLE)?;
        (!variable.is_empty()).then(|| variable.into())
    })
}

/// Largest number of bytes that one byte of a gzip file can represent.
const MOST_INFLATION: u64 = 1032;

/// A data file, decompressed during reading.
pub(super) struct Opened {
    /// Bytes of the file, after any decompression.
    pub reader: Box<dyn Read>,
    /// Largest possible number of bytes of the file, after any decompression.
    pub most: u64,
    /// True if the file is compressed; else `most` is its length.
    packed: bool,
}

/// Opens `path`; gzip is recognised by its first two bytes, independently of the name.
///
/// # Errors
/// [`DataError::Missing`] with `remedy` if the file does not exist, [`DataError::Content`] if it is
/// not a regular file, [`DataError::Read`] otherwise.
pub(super) fn open(path: &Path, remedy: &str) -> Result<Opened, DataError> {
    let failed = |source: io::Error| match source.downcast::<NoFile>() {
        Ok(NoFile(found)) => DataError::content(path, Place::Whole, found, NoFile::EXPECTED),
        Err(source) if source.kind() == io::ErrorKind::NotFound => {
            missing(path, path.display().to_string(), remedy)
        }
        Err(source) => DataError::Read {
            file: path.to_owned(),
            offset: 0,
            source,
        },
    };
    let file = files::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let (reader, packed) = unpacked_or_not(file).map_err(failed)?;
    let most = match packed {
        true => length.saturating_mul(MOST_INFLATION),
        false => length,
    };
    Ok(Opened {
        reader,
        most,
        packed,
    })
}

/// Content of a file, decompressed if it starts with the gzip signature. True if it is compressed.
pub(crate) fn unpacked_or_not(file: File) -> io::Result<(Box<dyn Read>, bool)> {
    let mut file = BufReader::new(file);
    let mut magic = Vec::new();
    file.by_ref().take(2).read_to_end(&mut magic)?;
    let compressed = magic == [0x1f, 0x8b];
    let whole = Cursor::new(magic).chain(file);
    let reader: Box<dyn Read> = if compressed {
        // A gzip file may have several members, which together are the content.
        Box::new(BufReader::new(MultiGzDecoder::new(whole)))
    } else {
        Box::new(whole)
    };
    Ok((reader, compressed))
}

/// Path of `name` or of `name.gz` in one of `folders` of `directory`, or in `directory` itself.
///
/// # Errors
/// [`DataError::Missing`] with `remedy` if it is not found, or if no directory is given.
pub(super) fn find(
    directory: Option<&Path>,
    folders: &[&Path],
    name: &Path,
    remedy: &str,
) -> Result<PathBuf, DataError> {
    let Some(directory) = directory else {
        return Err(DataError::Missing {
            file: name.to_owned(),
            searched: "it nowhere, since no directory is given".into(),
            remedy: remedy.into(),
        });
    };
    let inside = folders
        .iter()
        .map(|folder| directory.join(folder).join(name));
    let plain: Vec<PathBuf> = inside.chain([directory.join(name)]).collect();
    let mut tried = plain.iter().flat_map(|path| [path.clone(), packed(path)]);
    tried.find(|path| path.exists()).ok_or_else(|| {
        let searched: Vec<String> = plain
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        let searched = match searched.split_last() {
            Some((last, [])) => format!("{last}, plain or .gz"),
            Some((last, others)) => format!("{} and {last}, plain or .gz", others.join(", ")),
            None => String::new(),
        };
        missing(&directory.join(name), searched, remedy)
    })
}

/// `NAME.gz` for `NAME`.
pub(crate) fn packed(path: &Path) -> PathBuf {
    let mut packed = path.to_owned().into_os_string();
    packed.push(".gz");
    packed.into()
}

/// Error for a file that is at none of the paths `searched`, with the nearest name in its folder.
fn missing(file: &Path, searched: String, remedy: &str) -> DataError {
    let mut remedy = remedy.to_owned();
    if let Some(name) = neighbour(file) {
        remedy = format!("Did you mean {name:?}, which is there? {remedy}");
    }
    DataError::Missing {
        file: file.to_owned(),
        searched,
        remedy,
    }
}

/// The file in the same folder that was probably intended: both the name without extensions and the
/// whole name are similar, `.gz` left out.
fn neighbour(file: &Path) -> Option<String> {
    let wanted = file.file_name()?.to_str()?;
    let directory = match file.parent()? {
        here if here.as_os_str().is_empty() => Path::new("."),
        parent => parent,
    };
    let mut names: Vec<String> = fs::read_dir(directory)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    // Sorted, since the order of a directory depends on the file system and the message must not.
    names.sort();
    let similar: Vec<&str> = (names.iter().map(|name| unpacked(name)))
        .filter(|name| nearest(stem(wanted), &[stem(name)]).is_some())
        .collect();
    let found = nearest(unpacked(wanted), &similar)?.to_owned();
    names.into_iter().find(|name| unpacked(name) == found)
}

/// `NAME` for `NAME.gz`.
fn unpacked(name: &str) -> &str {
    name.strip_suffix(".gz").unwrap_or(name)
}

/// A name up to its first full stop.
fn stem(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// Bytes of a binary file, read from front to back, with the end of the file checked.
pub(super) struct Bytes {
    path: PathBuf,
    reader: Box<dyn Read>,
    most: u64,
    packed: bool,
    offset: u64,
}

impl Bytes {
    pub fn open(path: &Path, remedy: &str) -> Result<Self, DataError> {
        let Opened {
            reader,
            most,
            packed,
        } = open(path, remedy)?;
        Ok(Self {
            path: path.to_owned(),
            reader,
            most,
            packed,
            offset: 0,
        })
    }

    /// Path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The next `count` bytes; `what` is their name in messages.
    ///
    /// Before reading, `count` is compared with the length of a plain file and with the free memory.
    /// Of a compressed file the length is not known: memory grows with the bytes read.
    pub fn take(&mut self, count: u64, what: &str) -> Result<Vec<u8>, DataError> {
        let start = self.offset;
        let left = self.most.saturating_sub(start);
        if count <= left {
            room::check(&self.path, count)?;
        } else if !self.packed {
            return Err(self.cut(start, left, count, what));
        }
        let bytes = self.up_to(count)?;
        let there = bytes.len() as u64;
        if there < count {
            return Err(self.cut(start, there, count, what));
        }
        Ok(bytes)
    }

    /// Error for a file that ends `there` bytes after byte `start`, where `count` are expected.
    fn cut(&self, start: u64, there: u64, count: u64, what: &str) -> DataError {
        let end = Place::Offset(start + there);
        let expected = format!("{count} bytes of {what}, of which {there} are there");
        DataError::content(&self.path, end, "the end of the file", expected)
    }

    /// Reads into `buffer` until it is full or the file ends; returns the number of bytes read.
    pub fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, DataError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.reader.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(read) => {
                    filled += read;
                    self.offset += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => {
                    return Err(DataError::Read {
                        file: self.path.clone(),
                        offset: self.offset,
                        source,
                    });
                }
            }
        }
        Ok(filled)
    }

    /// Checks that no byte follows; for gzip this also checks the checksum at the end.
    pub fn end(&mut self) -> Result<(), DataError> {
        let at = self.offset;
        match self.up_to(1)?.first() {
            None => Ok(()),
            Some(byte) => Err(DataError::content(
                &self.path,
                Place::Offset(at),
                format!("a further byte {byte:#04x}"),
                "the end of the file, by its header",
            )),
        }
    }

    fn up_to(&mut self, count: u64) -> Result<Vec<u8>, DataError> {
        const PIECE: u64 = 1 << 16;
        let mut bytes = Vec::new();
        // At most what the file can contain, plus one byte to detect its end.
        let likely = count.min(self.most.saturating_add(1));
        while (bytes.len() as u64) < count {
            let start = bytes.len();
            let piece = PIECE.min(count - start as u64) as usize;
            room::reserve(&mut bytes, piece, likely, &self.path)?;
            bytes.resize(start + piece, 0);
            let filled = self.fill(&mut bytes[start..])?;
            bytes.truncate(start + filled);
            if filled < piece {
                break;
            }
        }
        Ok(bytes)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Bytes, data_dir};
    use crate::data::DataError;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;
    use std::path::Path;

    pub fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn gzip_is_known_by_its_bytes_and_not_by_its_name() {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in [("plain.gz", b"hello".to_vec()), ("packed", gzip(b"hello"))] {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            let mut bytes = Bytes::open(&path, "").unwrap();
            assert_eq!(bytes.take(5, "greeting").unwrap(), b"hello");
            bytes.end().unwrap();
        }
    }

    #[test]
    fn gzip_cut_anywhere_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let (path, whole) = (dir.path().join("cut"), gzip(b"hello"));
        for length in 2..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let mut bytes = Bytes::open(&path, "").unwrap();
            let outcome = bytes.take(5, "greeting").and_then(|_| bytes.end());
            assert!(matches!(outcome, Err(DataError::Read { .. })), "{length}");
        }
    }

    #[test]
    fn a_promise_of_more_than_is_there_is_an_error_and_costs_no_memory() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("short");
        std::fs::write(&path, b"abc").unwrap();
        let error = Bytes::open(&path, "")
            .unwrap()
            .take(u64::MAX, "pixels")
            .unwrap_err();
        assert!(error.to_string().contains("short, byte 3: found the end"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_memory_cannot_hold_is_refused_before_it_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("long");
        // A sparse file: it has a length but needs no space on the disk.
        let file = std::fs::File::create(&path).unwrap();
        file.set_len(1 << 43).unwrap();
        let error = Bytes::open(&path, "").unwrap().take(1 << 43, "pixels");
        let text = error.unwrap_err().to_string();
        assert!(text.contains("take more than 8796093 MB"), "{text}");
        let error = Bytes::open(&path, "")
            .unwrap()
            .take((1 << 43) + 1, "pixels");
        let text = error.unwrap_err().to_string();
        assert!(text.ends_with("of which 8796093022208 are there"), "{text}");
    }

    #[cfg(unix)]
    #[test]
    fn only_regular_files_are_opened() {
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let socket = dir.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for (path, found) in [
            (pipe.as_path(), "a named pipe"),
            (&socket, "a socket"),
            (dir.path(), "a directory"),
            (Path::new("/dev/null"), "a device"),
        ] {
            let text = Bytes::open(path, "").err().unwrap().to_string();
            let wanted = format!("{}: found {found}, expected a regular file", path.display());
            assert_eq!(text, wanted);
        }
    }

    #[test]
    fn a_missing_file_names_its_neighbour() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("digits.csv.gz"), b"").unwrap();
        std::fs::write(dir.path().join("l.npy"), b"").unwrap();
        let said = |name: &str| {
            let error = Bytes::open(&dir.path().join(name), "Get it.").err();
            error.unwrap().to_string()
        };
        for name in ["digit.csv.gz", "digits.csv", "Digits.cvs"] {
            let text = said(name);
            assert!(
                text.ends_with("Did you mean \"digits.csv.gz\", which is there? Get it."),
                "{text}"
            );
        }
        // The same extension does not make two names similar.
        for name in ["i.npy", "i.npy.gz", "d.csv.gz"] {
            let text = said(name);
            assert!(!text.contains("Did you mean"), "{text}");
        }
    }

    #[test]
    fn the_flag_comes_before_the_variable() {
        assert_eq!(data_dir(Some("here".into())), Some("here".into()));
    }
}
