//! Getting public data sets: from their hosts or from a folder, checked by SHA-256.
//!
//! | module | subject |
//! |---|---|
//! | [`description`] | what a data set consists of, as data |
//! | [`known`](mod@known) | MNIST, Fashion-MNIST, CIFAR-10 |
//! | [`get`](mod@get) | what is there and right stays, the rest is fetched and checked |
//! | `download` | HTTP: the rest of a file is asked for |
//! | `part` | a file on its way, `NAME.part` |
//! | `archive` | files out of a `.tar.gz` |
//! | [`checksum`] | SHA-256 of files and of what they hold |
//! | [`progress`] | a bar, or lines |
//! | [`error`] | what went wrong, and what to do |
//!
//! A file is right if it is the published one, or if what it holds is what the published one
//! holds: files that somebody unpacked or packed anew need not be fetched again.

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
