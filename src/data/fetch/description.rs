//! Description of a data set: its files, where they are published, and their checksums.

/// A public data set and its hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataSet {
    /// Name on the command line, and of its folder.
    pub name: String,
    /// Short description of its content.
    pub about: String,
    /// Scenario that uses it, as a path within this package.
    pub scenario: String,
    /// URLs to which the name of a file is appended, in the order in which they are tried.
    pub hosts: Vec<String>,
    /// Published files.
    pub downloads: Vec<Download>,
}

/// A published file and its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// Name of the file.
    pub name: String,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256, in hexadecimal digits.
    pub sha256: String,
    /// Packing of the content.
    pub packing: Packing,
    /// Files inside.
    pub holds: Vec<Held>,
}

/// Packing of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packing {
    /// One gzip-compressed file. It stays compressed, as data can be read from it directly.
    Gzip,
    /// A gzip-compressed tar archive, which is unpacked.
    Tar {
        /// Folder of the files within the archive.
        folder: String,
    },
}

/// A file with data, after unpacking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Name of the file.
    pub name: String,
    /// SHA-256 after unpacking, in hexadecimal digits.
    pub sha256: String,
}
