//! Reasons why a data set cannot be obtained, with advice.

use std::fmt::Write as _;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::checksum::Fault;

/// Reasons why a data set cannot be obtained.
#[derive(Debug, thiserror::Error)]
pub enum DataSetError {
    /// No host delivered a file.
    #[error("{}", of_hosts(name, attempts))]
    Hosts {
        /// Name of the file.
        name: String,
        /// Attempts in their order.
        attempts: Vec<Attempt>,
    },
    /// A folder does not contain the files.
    #[error("{}", of_folder(folder, missing, wrong))]
    Folder {
        /// Path of the folder.
        folder: PathBuf,
        /// Missing files.
        missing: Vec<String>,
        /// Wrong files, with their faults.
        wrong: Vec<(PathBuf, Fault)>,
    },
    /// A copy is not the expected file.
    #[error("{name}, from {from}: {fault}; it is kept as {kept}", from = from.display(), kept = kept.display())]
    Copy {
        /// Name of the file.
        name: String,
        /// File or archive from which it was copied.
        from: PathBuf,
        /// Fault of the copy.
        fault: Fault,
        /// Path under which the copy is kept.
        kept: PathBuf,
    },
    /// `--from` is neither a URL nor a folder.
    #[error("--from {given}: expected http://..., https://... or a folder that is there")]
    Origin {
        /// Text given.
        given: String,
    },
    /// An archive lacks an expected entry or contains a forbidden one.
    #[error("{archive}: found {found}, expected {expected}", archive = archive.display())]
    Archive {
        /// Path of the archive.
        archive: PathBuf,
        /// Content found.
        found: String,
        /// Content expected.
        expected: String,
    },
    /// Two processes download the same file.
    #[error("{part}: another process is fetching this file; wait until it has ended", part = .0.display())]
    Busy(PathBuf),
    /// The download was interrupted.
    #[error("stopped; what has arrived is kept, and the same command goes on from there")]
    Stopped,
    /// A file or folder could not be read.
    #[error("{path}: cannot be read: {source}", path = path.display())]
    Read {
        /// Path of the file or folder.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// A file or folder could not be written.
    #[error("{path}: {}", of_writing(source), path = path.display())]
    Write {
        /// Path of the file or folder.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
}

impl DataSetError {
    /// Error for the file that could not be read.
    pub(super) fn reading(path: &Path) -> impl Fn(io::Error) -> Self + use<'_> {
        move |source| Self::Read {
            path: path.to_owned(),
            source,
        }
    }

    /// Error for the file that could not be written.
    pub(super) fn writing(path: &Path) -> impl Fn(io::Error) -> Self + use<'_> {
        move |source| Self::Write {
            path: path.to_owned(),
            source,
        }
    }
}

/// A URL that did not deliver its file.
#[derive(Debug)]
pub struct Attempt {
    /// The URL, without secrets.
    pub url: String,
    /// Reason.
    pub trouble: Trouble,
}

/// Reasons why a URL did not deliver its file.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// No answer.
    #[error("cannot reach {host}: {reason}")]
    Unreachable {
        /// Name of the host.
        host: String,
        /// Error of the network.
        reason: String,
    },
    /// An answer without a file.
    #[error("the host answers {status}{}", meaning(*status))]
    Status {
        /// Status code of HTTP.
        status: u16,
    },
    /// The connection ended before the end of the file.
    #[error(
        "the connection ended after {have}{} bytes: {reason}; {part} is kept, and the same command goes on from there",
        of.map(|of| format!(" of {of}")).unwrap_or_default(),
        part = part.display()
    )]
    Cut {
        /// Number of bytes received.
        have: u64,
        /// Number of bytes of the file, as announced by the host.
        of: Option<u64>,
        /// Error of the network.
        reason: String,
        /// Path of the received bytes.
        part: PathBuf,
    },
    /// More bytes than the file can have.
    #[error("the host sends more than {most} bytes, which is not the file")]
    TooLong {
        /// Largest number of bytes.
        most: u64,
    },
    /// A file other than the expected one.
    #[error("{fault}{}; it is kept as {kept}", looks(*page), kept = kept.display())]
    Wrong {
        /// Fault of the file.
        fault: Fault,
        /// True if the file starts as an HTML page.
        page: bool,
        /// Path under which the file is kept for inspection.
        kept: PathBuf,
    },
}

fn meaning(status: u16) -> &'static str {
    match status {
        401 | 403 => ", not allowed",
        404 => ", not found: the file is not at this URL",
        429 => ", too many requests: wait a while",
        500.. => ", a failure of its own: wait a while",
        _ => "",
    }
}

fn looks(page: bool) -> &'static str {
    if page {
        "; it is a web page, as of a login or a proxy"
    } else {
        ""
    }
}

fn of_hosts(name: &str, attempts: &[Attempt]) -> String {
    let mut text = format!("{name}: no host gives it");
    for Attempt { url, trouble } in attempts {
        let _ = write!(text, "\n  {url}\n    {trouble}");
    }
    let offline = |attempt: &Attempt| matches!(attempt.trouble, Trouble::Unreachable { .. });
    text.push_str(if attempts.iter().all(offline) {
        "\nWithout a network, bring the files from elsewhere and give their folder: --from FOLDER. \
         With one, --from URL takes a mirror."
    } else {
        "\n--from URL takes another mirror, --from FOLDER a folder with the files."
    });
    text
}

fn of_folder(folder: &Path, missing: &[String], wrong: &[(PathBuf, Fault)]) -> String {
    let mut text = String::new();
    if !missing.is_empty() {
        let _ = write!(
            text,
            "{}: these files are not there, plain or .gz: {}",
            folder.display(),
            missing.join(", ")
        );
    }
    for (path, fault) in wrong {
        let gap = if text.is_empty() { "" } else { "\n" };
        let _ = write!(text, "{gap}{}: {fault}", path.display());
    }
    text
}

fn of_writing(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "the disk is full; make room and give the same command, which goes on from what is \
             there, or take another folder with --to DIR"
                .into()
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            format!("cannot be written: {error}; take another folder with --to DIR")
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            "a file is where a folder should be; take another folder with --to DIR".into()
        }
        _ => format!("cannot be written: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{DataSetError, meaning};
    use std::io::{Error, ErrorKind};
    use std::path::Path;

    #[test]
    fn what_the_system_refuses_says_what_to_do() {
        let said: Vec<String> = [
            ErrorKind::StorageFull,
            ErrorKind::QuotaExceeded,
            ErrorKind::PermissionDenied,
            ErrorKind::ReadOnlyFilesystem,
            ErrorKind::NotADirectory,
            ErrorKind::Other,
        ]
        .map(|kind| DataSetError::writing(Path::new("data/x.part"))(Error::from(kind)).to_string())
        .into();
        insta::assert_snapshot!(said.join("\n"), @r"
        data/x.part: the disk is full; make room and give the same command, which goes on from what is there, or take another folder with --to DIR
        data/x.part: the disk is full; make room and give the same command, which goes on from what is there, or take another folder with --to DIR
        data/x.part: cannot be written: permission denied; take another folder with --to DIR
        data/x.part: cannot be written: read-only filesystem or storage medium; take another folder with --to DIR
        data/x.part: a file is where a folder should be; take another folder with --to DIR
        data/x.part: cannot be written: other error
        ");
    }

    #[test]
    fn codes_of_hosts_have_a_meaning() {
        for (status, says) in [
            (404, "not found"),
            (403, "not allowed"),
            (503, "wait a while"),
        ] {
            assert!(meaning(status).contains(says), "{status}");
        }
        assert_eq!(meaning(302), "");
    }
}
