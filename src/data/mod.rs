//! Data presented to the neurons: data sets, their encoding, their parts and their order.
//!
//! ```text
//! Source --load--> LoadedData { train, test }     raw values and labels, checked
//! Split            samples -> train | validation | test, stratified by class
//! Encoding         raw value -> value of an input neuron, in a.u.
//! Order            (seed, epoch) -> order of presentation of the training samples
//! ```
//!
//! | module | subject |
//! |---|---|
//! | [`dataset`] | samples in memory and their conditions |
//! | [`values`] | raw values in memory, with their precision |
//! | [`source`] | origin of a data set, as written in a scenario |
//! | [`formats`] | one file format each |
//! | [`fetch`] | public data sets from their hosts |
//! | [`classes`] | conversion of labels to classes with names |
//! | [`checksum`] | identity of samples |
//! | `room` | memory available for data |
//! | [`encoder`] | conversion of raw values to inputs |
//! | [`split`] | stratified parts |
//! | [`order`] | presentation order |
//! | [`error`] | errors of data, with place and correction |
//!
//! Results do not depend on the number of threads, on the platform or on earlier random draws:
//! every random choice has its own stream, see [`stream`](crate::math::random::stream).

pub mod checksum;
pub mod classes;
pub mod dataset;
pub mod encoder;
pub mod error;
#[cfg(feature = "fetch")]
pub mod fetch;
pub mod formats;
pub mod order;
mod own;
mod room;
pub mod source;
pub mod split;
pub mod values;

pub use classes::Classes;
pub use dataset::{Dataset, Encoded};
pub use encoder::{Encoder, Encoding, Per, Standardization};
pub use error::{DataError, Place};
pub use formats::column::{Column, Delimiter, LabelColumn};
pub use order::Order;
pub use own::OwnSource;
pub use source::{LoadedData, Source};
pub use split::{Parts, Split};
pub use values::Values;
