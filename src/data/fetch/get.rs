//! Transfer of a data set into a folder: correct files stay, others come from hosts or a folder.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::archive;
use super::checksum::{Fault, fault};
use super::description::{DataSet, Download, Held, Packing};
use super::download::{Client, Failure, host, redacted};
use super::error::{Attempt, DataSetError, Trouble};
use super::part::Part;
use super::progress::Progress;
use crate::data::formats::file::packed;
use crate::terminal::Bytes;

/// Origin of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// URLs to which the name of a file is appended, in the order in which they are tried.
    Hosts(Vec<String>),
    /// A folder with the published files, or with their contents.
    Folder(PathBuf),
}

impl Origin {
    /// Origin given by `--from`.
    ///
    /// # Errors
    /// A text that is neither a URL of HTTP nor an existing folder.
    pub fn parse(given: &str) -> Result<Self, DataSetError> {
        if given.starts_with("http://") || given.starts_with("https://") {
            let slash = if given.ends_with('/') { "" } else { "/" };
            return Ok(Self::Hosts(vec![format!("{given}{slash}")]));
        }
        if Path::new(given).is_dir() {
            return Ok(Self::Folder(given.into()));
        }
        let given = redacted(given, given);
        Err(DataSetError::Origin { given })
    }
}

/// Gets the files of `set` into the folder `to`, which is created if it is missing.
///
/// Correct files are left unchanged; a wrong one is fetched again, and kept as `NAME.wrong`. When
/// `stop` becomes true, the received bytes stay as `NAME.part`.
///
/// # Errors
/// [`DataSetError`]: no host delivers a file, the folder of origin lacks it, it is the wrong file,
/// or it cannot be written.
pub fn get(
    set: &DataSet,
    origin: &Origin,
    to: &Path,
    progress: &Progress,
    stop: &AtomicBool,
) -> Result<(), DataSetError> {
    let mut target = Target {
        folder: to,
        wrong: Vec::new(),
        progress,
        stop,
    };
    let mut wanted = Vec::new();
    for download in &set.downloads {
        let held = target.wanted(download)?;
        if !held.is_empty() {
            wanted.push((download, held));
        }
    }
    if wanted.is_empty() {
        return target.set_wrong_aside();
    }
    match origin {
        Origin::Hosts(hosts) => {
            fs::create_dir_all(to).map_err(DataSetError::writing(to))?;
            let client = Client::new(progress, stop);
            for (download, held) in wanted {
                target.fetch_from_hosts(&client, hosts, download, &held)?;
            }
        }
        Origin::Folder(folder) => {
            let sources = in_folder(folder, &wanted)?;
            fs::create_dir_all(to).map_err(DataSetError::writing(to))?;
            for source in &sources {
                target.take_from_folder(source)?;
            }
        }
    }
    Ok(())
}

/// True if the folder contains all files of `set`, and they are correct.
///
/// # Errors
/// A file that cannot be read.
pub fn is_in(set: &DataSet, folder: &Path) -> Result<bool, DataSetError> {
    for download in &set.downloads {
        for held in &download.holds {
            let (right, wrong) = look(folder, download, held)?;
            if right.is_none() || !wrong.is_empty() {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Origin of a file in a folder.
enum Source<'a> {
    File(PathBuf, &'a Download, &'a Held),
    Archive(PathBuf, &'a str, Vec<&'a Held>),
}

/// Sources of the wanted files; all are located before the first is copied.
fn in_folder<'a>(
    folder: &Path,
    wanted: &[(&'a Download, Vec<&'a Held>)],
) -> Result<Vec<Source<'a>>, DataSetError> {
    let (mut sources, mut missing, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
    for (download, held) in wanted {
        let archive = folder.join(&download.name);
        let (mut files, mut absent, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for held in held {
            match look(folder, download, held)? {
                (Some(path), _) => files.push(Source::File(path, download, held)),
                (None, found) if found.is_empty() => absent.push(held.name.as_str()),
                (None, found) => others.extend(found),
            }
        }
        match &download.packing {
            _ if absent.is_empty() && others.is_empty() => sources.extend(files),
            Packing::Tar { folder } if archive.is_file() => {
                match fault(&archive, Some(&download.sha256), &download.sha256)? {
                    None => sources.push(Source::Archive(archive, folder, held.clone())),
                    Some(fault) => wrong.push((archive, fault)),
                }
            }
            Packing::Tar { .. } if files.is_empty() && others.is_empty() => {
                let inside = absent.join(", ");
                missing.push(format!("{}, or what is inside: {inside}", download.name));
            }
            _ => {
                missing.extend(absent.into_iter().map(str::to_owned));
                wrong.extend(others);
            }
        }
    }
    if missing.is_empty() && wrong.is_empty() {
        return Ok(sources);
    }
    Err(DataSetError::Folder {
        folder: folder.to_owned(),
        missing,
        wrong,
    })
}

/// The first correct file, and the wrong files before it.
type Found = (Option<PathBuf>, Vec<(PathBuf, Fault)>);

/// First correct file among those that can be read as data, and the faults of those before it.
fn look(folder: &Path, download: &Download, held: &Held) -> Result<Found, DataSetError> {
    let mut folders = vec![folder.to_owned()];
    if let Packing::Tar { folder: inner } = &download.packing {
        // The order in which a scenario searches.
        folders.insert(0, folder.join(inner));
    }
    let mut wrong = Vec::new();
    for plain in folders.iter().map(|folder| folder.join(&held.name)) {
        for path in [plain.clone(), packed(&plain)] {
            if !path.is_file() {
                continue;
            }
            match fault(&path, published(&path, download), &held.sha256)? {
                None => return Ok((Some(path), wrong)),
                Some(fault) => wrong.push((path, fault)),
            }
        }
    }
    Ok((None, wrong))
}

/// Published checksum of a file, if it has the published name.
fn published<'a>(path: &Path, download: &'a Download) -> Option<&'a str> {
    let is = path
        .file_name()
        .is_some_and(|name| name == download.name.as_str());
    is.then_some(download.sha256.as_str())
}

/// Folder into which files are written.
struct Target<'a> {
    folder: &'a Path,
    /// Wrong files, set aside as soon as a replacement exists.
    wrong: Vec<PathBuf>,
    progress: &'a Progress,
    stop: &'a AtomicBool,
}

impl Target<'_> {
    /// Files of a download that are still missing.
    fn wanted<'a>(&mut self, download: &'a Download) -> Result<Vec<&'a Held>, DataSetError> {
        let mut wanted = Vec::new();
        for held in &download.holds {
            let (right, wrong) = look(self.folder, download, held)?;
            for (path, fault) in wrong {
                let line = format!("{}: {fault}; to be replaced", path.display());
                self.progress.note(&line);
                self.wrong.push(path);
            }
            match right {
                Some(path) => self
                    .progress
                    .note(&format!("{}: there and right", name(&path))),
                None => wanted.push(held),
            }
        }
        Ok(wanted)
    }

    fn fetch_from_hosts(
        &mut self,
        client: &Client<'_>,
        hosts: &[String],
        download: &Download,
        wanted: &[&Held],
    ) -> Result<(), DataSetError> {
        if let Packing::Tar { folder } = &download.packing {
            // The archive may exist from an earlier attempt that could not unpack it.
            let path = self.folder.join(&download.name);
            if path.is_file() && fault(&path, Some(&download.sha256), "")?.is_none() {
                return self.unpack(&path, folder, wanted);
            }
        }
        let mut attempts = Vec::new();
        for base in hosts {
            let url = format!("{base}{}", download.name);
            match self.fetch_from(client, &url, download) {
                Ok(part) => {
                    let size = Bytes(part.length());
                    let line = format!("{}: {size} from {}", download.name, host(&url));
                    self.progress.note(&line);
                    self.set_wrong_aside()?;
                    let path = part.rename(&download.name)?;
                    return match &download.packing {
                        Packing::Gzip => Ok(()),
                        Packing::Tar { folder } => {
                            self.unpack(&path, folder, wanted)?;
                            fs::remove_file(&path).map_err(DataSetError::writing(&path))
                        }
                    };
                }
                Err(Failure::Host(trouble)) => attempts.push(Attempt {
                    url: redacted(&url, &url),
                    trouble,
                }),
                Err(Failure::Here(error)) => return Err(error),
            }
        }
        Err(DataSetError::Hosts {
            name: download.name.clone(),
            attempts,
        })
    }

    /// A complete and correct download that still has a temporary name.
    fn fetch_from(
        &self,
        client: &Client<'_>,
        url: &str,
        download: &Download,
    ) -> Result<Part, Failure> {
        let mut part = Part::open(self.folder, &download.name)?;
        loop {
            let resumed = match client.fetch(url, &download.name, download.bytes, &mut part) {
                Ok(resumed) => resumed,
                Err(failure) => {
                    part.remove_if_empty();
                    return Err(failure);
                }
            };
            let content = match (&download.packing, &download.holds[..]) {
                (Packing::Gzip, [held]) => held.sha256.as_str(),
                _ => "",
            };
            let Some(fault) = fault(part.path(), Some(&download.sha256), content)? else {
                return Ok(part);
            };
            if resumed {
                // The bytes received earlier may have been part of another file.
                let name = &download.name;
                let line =
                    format!("{name}: the part that was there does not fit; from the beginning");
                self.progress.note(&line);
                part.clear()?;
                continue;
            }
            let page = part.is_page();
            let kept = part.rename(&format!("{}.wrong", download.name))?;
            return Err(Failure::Host(Trouble::Wrong { fault, page, kept }));
        }
    }

    fn take_from_folder(&mut self, source: &Source<'_>) -> Result<(), DataSetError> {
        match source {
            Source::Archive(path, folder, wanted) => self.unpack(path, folder, wanted),
            Source::File(path, download, held) => {
                let mut file = crate::files::open(path).map_err(DataSetError::reading(path))?;
                let length = file.metadata().map_or(None, |data| Some(data.len()));
                let published = published(path, download);
                self.copy(
                    &mut file,
                    path,
                    length,
                    &name(path),
                    published,
                    &held.sha256,
                )?;
                let line = format!("{}: copied", name(path));
                self.progress.note(&line);
                Ok(())
            }
        }
    }

    fn unpack(
        &mut self,
        archive: &Path,
        folder: &str,
        wanted: &[&Held],
    ) -> Result<(), DataSetError> {
        archive::unpack(archive, folder, wanted, |held, reader| {
            self.copy(reader, archive, None, &held.name, None, &held.sha256)?;
            self.progress.note(&format!("{}: unpacked", held.name));
            Ok(())
        })
    }

    /// Copies the content of `from` to a file with the given name, and checks it there.
    fn copy(
        &mut self,
        reader: &mut dyn Read,
        from: &Path,
        length: Option<u64>,
        name: &str,
        published: Option<&str>,
        content: &str,
    ) -> Result<(), DataSetError> {
        let mut part = Part::open(self.folder, name)?;
        part.clear()?;
        self.progress.begin(name, 0, length);
        let mut buffer = vec![0; 1 << 16];
        let outcome = loop {
            if self.stop.load(Ordering::Relaxed) {
                break Err(DataSetError::Stopped);
            }
            match reader.read(&mut buffer) {
                Ok(0) => break Ok(()),
                Ok(read) => {
                    if let Err(error) = part.append(&buffer[..read]) {
                        break Err(error);
                    }
                    self.progress.advance(read as u64);
                }
                Err(error) => break Err(DataSetError::reading(from)(error)),
            }
        };
        self.progress.end();
        outcome?;
        match fault(part.path(), published, content)? {
            None => {
                self.set_wrong_aside()?;
                part.rename(name).map(drop)
            }
            Some(fault) => Err(DataSetError::Copy {
                name: name.to_owned(),
                from: from.to_owned(),
                fault,
                kept: part.path().to_owned(),
            }),
        }
    }

    /// Renames wrong files so that they are kept but not read.
    fn set_wrong_aside(&mut self) -> Result<(), DataSetError> {
        for path in self.wrong.drain(..) {
            let mut kept = path.clone().into_os_string();
            kept.push(".wrong");
            fs::rename(&path, &kept).map_err(DataSetError::writing(&path))?;
            let line = format!("{}: kept as {}", name(&path), PathBuf::from(kept).display());
            self.progress.note(&line);
        }
        Ok(())
    }
}

fn name(path: &Path) -> String {
    path.file_name()
        .map_or_else(String::new, |name| name.display().to_string())
}
