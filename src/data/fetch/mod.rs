//! Download of public data sets from their hosts, or copy from a folder, checked by SHA-256.
//!
//! | module | subject |
//! |---|---|
//! | [`description`] | files, hosts and checksums of a data set |
//! | [`known`](mod@known) | MNIST, Fashion-MNIST, CIFAR-10 |
//! | [`get`](mod@get) | correct files stay, others are fetched and checked |
//! | `download` | HTTP: the rest of a file is requested |
//! | `part` | a file that is being downloaded, `NAME.part` |
//! | `archive` | files from a `.tar.gz` |
//! | [`checksum`] | SHA-256 of files and of their contents |
//! | [`progress`] | a bar, or lines |
//! | [`error`] | errors, with advice |
//!
//! A file is correct if it is the published one, or if its content is that of the published one:
//! files that were unpacked or packed again need not be downloaded again.

mod archive;
pub mod checksum;
pub mod description;
mod download;
pub mod error;
pub mod get;
pub mod known;
mod part;
pub mod progress;

pub use description::{DataSet, Download, Held, Packing};
pub use error::DataSetError;
pub use get::{Origin, get, is_in};
pub use known::known;
pub use progress::Progress;
