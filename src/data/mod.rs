//! What is shown to the neurons: data sets, their encoding, their parts and their order.
//!
//! ```text
//! Source --load--> LoadedData { train, test }     raw values and labels, checked
//! Split            samples -> train | validation | test, stratified by class
//! Encoding         raw value -> what an input neuron is given, in a.u.
//! Order            (seed, epoch) -> in which order the training samples are shown
//! ```
//!
//! | module | subject |
//! |---|---|
//! | [`dataset`] | samples in memory and what must hold for them |
//! | [`values`] | raw values in memory, and in which precision |
//! | [`source`] | where a data set comes from, as a scenario says it |
//! | [`formats`] | one file format each |
//! | [`fetch`] | public data sets from their hosts |
//! | [`classes`] | from labels to classes with names |
//! | [`checksum`] | which samples they were |
//! | `room` | whether there is memory for data |
//! | [`encoder`] | from raw values to inputs |
//! | [`split`] | stratified parts |
//! | [`order`] | presentation order |
//! | [`error`] | what can be wrong with data, where, and what would be right |
//!
//! Nothing here depends on the number of threads, on the platform or on what was drawn before:
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
pub use source::{LoadedData, Source};
pub use split::{Parts, Split};
pub use values::Values;
