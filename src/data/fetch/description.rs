//! What a data set consists of, as data: which files, where they are published, their checksums.

/// A public data set and where it is had from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataSet {
    /// Its name on the command line, and of its folder.
    pub name: String,
    /// What it shows, in few words.
    pub about: String,
    /// The scenario that learns it, as a path within this package.
    pub scenario: String,
    /// URLs that the name of a file is appended to, in the order in which they are tried.
    pub hosts: Vec<String>,
    /// The published files.
    pub downloads: Vec<Download>,
}

/// A file as it is published, and what is inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// Its name.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
    /// How its content is packed.
    pub packing: Packing,
    /// The files inside.
    pub holds: Vec<Held>,
}

/// How files are packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packing {
    /// One file, gzip-compressed. It is kept so, as data are read from it as it is.
    Gzip,
    /// A gzip-compressed tar archive, which is unpacked.
    Tar {
        /// Folder of the files within the archive.
        folder: String,
    },
}

/// A file that data are read from, once it is unpacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its name.
    pub name: String,
    /// Its SHA-256 as it is unpacked, in hexadecimal digits.
    pub sha256: String,
}
