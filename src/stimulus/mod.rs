//! What is shown to the neurons: data sets, their encoding, their parts and their order.
//!
//! ```text
//! Source --load--> Loaded { train, test }     raw values and labels, checked
//! Encoding         raw value -> what an input neuron is given, in a.u.
//! Split            samples -> train | validation | test, stratified by class
//! Order            (seed, epoch) -> in which order the training samples are shown
//! ```
//!
//! | module | subject |
//! |---|---|
//! | [`dataset`] | samples in memory and what must hold for them |
//! | [`source`] | where a data set comes from, as a scenario says it |
//! | [`table`], [`idx`], [`cifar`], [`npy`] | one file format each |
//! | [`checksum`] | which samples they were |
//! | [`mod@file`] | plain or gzip-compressed bytes, and files that are not there |
//! | [`encoder`] | from raw values to inputs |
//! | [`split`] | stratified parts |
//! | [`order`] | presentation order |
//! | [`seed`] | random streams keyed by what they are for |
//! | [`error`] | what can be wrong with data, where, and what would be right |
//!
//! Nothing here depends on the number of threads, on the platform or on what was drawn before:
//! every random choice has its own stream, see [`seed::stream`].

pub mod checksum;
pub mod cifar;
pub mod dataset;
pub mod encoder;
pub mod error;
pub mod file;
pub mod idx;
pub mod npy;
pub mod order;
pub mod seed;
pub mod source;
pub mod split;
pub mod table;

pub use dataset::Dataset;
pub use encoder::Encoding;
pub use error::{DataError, Place};
pub use order::Order;
pub use source::{Loaded, Source};
pub use split::{Parts, Split};
pub use table::LabelColumn;
