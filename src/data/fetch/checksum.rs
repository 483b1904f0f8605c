//! SHA-256 of files, and comparison with the expected one.

use std::fmt;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::error::DataSetError;
use crate::data::formats::file::unpacked_or_not;

/// Fault of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The content is that of another file.
    Other {
        /// SHA-256 of the correct file.
        expected: String,
        /// SHA-256 of this file.
        found: String,
    },
    /// The file starts as gzip, but is damaged.
    Damaged(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other { expected, found } => {
                write!(f, "expected SHA-256 {expected}, found {found}")
            }
            Self::Damaged(reason) => write!(f, "cannot be unpacked: {reason}"),
        }
    }
}

/// SHA-256 of all bytes of a reader, in hexadecimal digits.
///
/// # Errors
/// Errors of the reader.
pub fn sha256(mut reader: impl Read) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => hasher.update(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let digits = hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(digits)
}

/// Fault of the file at `path`; none if it is the `published` one, or if its content, as stored or
/// decompressed, is `content`, so that another compression of the same content is accepted.
///
/// # Errors
/// A file that cannot be read.
pub fn fault(
    path: &Path,
    published: Option<&str>,
    content: &str,
) -> Result<Option<Fault>, DataSetError> {
    let open = || crate::files::open(path).map_err(DataSetError::reading(path));
    let whole = sha256(open()?).map_err(DataSetError::reading(path))?;
    if Some(whole.as_str()) == published || whole == content {
        return Ok(None);
    }
    match unpacked_or_not(open()?).and_then(|(held, _)| sha256(held)) {
        Ok(held) if held == content => Ok(None),
        Ok(held) => {
            let (expected, found) = match published {
                Some(published) => (published, whole),
                None => (content, held),
            };
            Ok(Some(Fault::Other {
                expected: expected.to_owned(),
                found,
            }))
        }
        Err(error) => Ok(Some(Fault::Damaged(error.to_string()))),
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, fault, sha256};
    use crate::data::formats::file::tests::gzip;

    /// The example of FIPS 180-4, and the checksum of no bytes.
    #[test]
    fn checksums_are_those_of_the_standard() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256(&b"abc"[..]).unwrap(), abc);
        assert_eq!(sha256(&b""[..]).unwrap(), nothing);
    }

    #[test]
    fn what_a_file_holds_counts_however_it_is_packed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let sum = |bytes: &[u8]| sha256(bytes).unwrap();
        let (content, published) = (sum(b"digits"), sum(&gzip(b"digits")));
        let check = |bytes: &[u8], published: Option<&str>| {
            std::fs::write(&path, bytes).unwrap();
            fault(&path, published, &content).unwrap()
        };
        // Two members instead of one: the same content in other bytes.
        let otherwise = [gzip(b"dig"), gzip(b"its")].concat();
        for bytes in [b"digits".to_vec(), gzip(b"digits"), otherwise] {
            assert_eq!(check(&bytes, Some(&published)), None);
            assert_eq!(check(&bytes, None), None);
        }
        let other = |expected: &str, found| Fault::Other {
            expected: expected.to_owned(),
            found,
        };
        let wrong = gzip(b"digest");
        let found = check(&wrong, Some(&published)).unwrap();
        assert_eq!(found, other(&published, sum(&wrong)));
        assert_eq!(
            check(&wrong, None).unwrap(),
            other(&content, sum(b"digest"))
        );
        let cut = &wrong[..wrong.len() - 3];
        assert!(matches!(
            check(cut, Some(&published)),
            Some(Fault::Damaged(_))
        ));
    }
}
