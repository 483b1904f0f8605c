//! Why a data set could not be had, and what to do.

use std::fmt::Write as _;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::checksum::Fault;

/// Why a data set could not be had.
#[derive(Debug, thiserror::Error)]
pub enum DataSetError {
    /// No host gave a file.
    #[error("{}", of_hosts(name, attempts))]
    Hosts {
        /// The file.
        name: String,
        /// What was tried, in this order.
        attempts: Vec<Attempt>,
    },
    /// A folder has not got the files.
    #[error("{}", of_folder(folder, missing, wrong))]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What is not there.
        missing: Vec<String>,
        /// What is not what it should be.
        wrong: Vec<(PathBuf, Fault)>,
    },
    /// A copy is not the file that is wanted.
    #[error("{name}, from {from}: {fault}; it is kept as {kept}", from = from.display(), kept = kept.display())]
    Copy {
        /// The file.
        name: String,
        /// The file or archive that it was copied from.
        from: PathBuf,
        /// What is wrong with it.
        fault: Fault,
        /// Where it is.
        kept: PathBuf,
    },
    /// `--from` is neither a URL nor a folder.
    #[error("--from {given}: expected http://..., https://... or a folder that is there")]
    Origin {
        /// What was given.
        given: String,
    },
    /// An archive holds what it should not, or not what it should.
    #[error("{archive}: found {found}, expected {expected}", archive = archive.display())]
    Archive {
        /// The archive.
        archive: PathBuf,
        /// What is in there.
        found: String,
        /// What would be right.
        expected: String,
    },
    /// Two processes fetch the same file.
    #[error("{part}: another process is fetching this file; wait until it has ended", part = .0.display())]
    Busy(PathBuf),
    /// Somebody asked to stop.
    #[error("stopped; what has arrived is kept, and the same command goes on from there")]
    Stopped,
    /// A file or folder could not be read.
    #[error("{path}: cannot be read: {source}", path = path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file or folder could not be written.
    #[error("{path}: {}", of_writing(source), path = path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl DataSetError {
    /// Names the file that could not be read.
    pub(super) fn reading(path: &Path) -> impl Fn(io::Error) -> Self + use<'_> {
        move |source| Self::Read {
            path: path.to_owned(),
            source,
        }
    }

    /// Names the file that could not be written.
    pub(super) fn writing(path: &Path) -> impl Fn(io::Error) -> Self + use<'_> {
        move |source| Self::Write {
            path: path.to_owned(),
            source,
        }
    }
}

/// A URL that did not give its file.
#[derive(Debug)]
pub struct Attempt {
    /// The URL.
    pub url: String,
    /// Why.
    pub trouble: Trouble,
}

/// Why a URL did not give its file.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// No answer at all.
    #[error("cannot reach {host}: {reason}")]
    Unreachable {
        /// The host.
        host: String,
        /// What the network says.
        reason: String,
    },
    /// Not an answer with a file in it.
    #[error("the host answers {status}{}", meaning(*status))]
    Status {
        /// Status code of HTTP.
        status: u16,
    },
    /// The file ended before its end.
    #[error(
        "the connection ended after {have}{} bytes: {reason}; {part} is kept, and the same command goes on from there",
        of.map(|of| format!(" of {of}")).unwrap_or_default(),
        part = part.display()
    )]
    Cut {
        /// Bytes that are there.
        have: u64,
        /// Bytes of the file, as the host has it.
        of: Option<u64>,
        /// What the network says.
        reason: String,
        /// Where they are.
        part: PathBuf,
    },
    /// More than the file can have.
    #[error("the host sends more than {most} bytes, which is not the file")]
    TooLong {
        /// The limit.
        most: u64,
    },
    /// Another file.
    #[error("{fault}{}; it is kept as {kept}", looks(*page), kept = kept.display())]
    Wrong {
        /// What is wrong with it.
        fault: Fault,
        /// Whether it begins as a page for browsers does.
        page: bool,
        /// Where it is kept to be looked at.
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
