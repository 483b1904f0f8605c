//! Recording of a run to files, and reading of recordings.
//!
//! ```text
//! simulation --Batch--> bounded channel --> writer thread --> row group in memory --> Parquet
//!            waits if full                                    131072 rows a table
//! ```
//!
//! [`Recorder::record`] sends a [`Batch`] (many neurons or synapses at one time) through a bounded
//! channel. If the writer is late, the sender waits: no batch is lost, and memory does not grow
//! with the run. The writer takes batches in order, converts each value to a row, encodes a row
//! group when it is full, and writes it to the table's file:
//!
//! | file | columns |
//! |---|---|
//! | `traces.parquet` | `time_ms` double, `trial` uint32, `population` string, `neuron` uint32, `variable` string, `value` float |
//! | `tail.parquet` | the same columns; the end of the run, including neurons without a probe |
//! | `weights.parquet` | `time_ms` double, `projection` string, `post` uint32, `pre` uint32, `value` float |
//! | `projections.parquet` | `time_ms` double, `projection` string, `statistic` string, `value` double |
//!
//! No column may be null; the footer contains the metadata given to [`Recorder::create`]. The bytes
//! depend on the rows and their order alone: the same run gives the same bytes.
//!
//! A file can be read when its recording has ended: with [`Recorder::finish`], by dropping the
//! recorder, or by an error. With a full disk, the row group that no longer fits and the waiting
//! batches are lost; all earlier rows can be read. A process that is killed leaves a file without
//! an end, which readers refuse.
//!
//! | module | subject |
//! |---|---|
//! | `probe` | values of the circuit that probes record in a step |
//! | [`mod@statistics`], `gradient_angle` | numbers about projections |
//! | `batch`, `recorder` | interface for the simulation |
//! | `writer` | the writer thread |
//! | `table`, `encode`, `sink` | a table: its file, its bytes, their destination |
//! | `columns` | columns of the tables |
//! | `read`, `pages` | recordings as time series; detection of damage before decoding |
//! | [`npy`] | arrays |
//! | [`csv`] | small tables that grow one row at a time |
//! | `error` | errors, with the file and the remaining data |

mod batch;
mod columns;
pub mod csv;
mod encode;
mod error;
mod gradient_angle;
pub mod npy;
mod pages;
mod probe;
mod read;
mod recorder;
mod sink;
pub mod statistics;
mod table;
#[cfg(test)]
mod tests;
mod writer;

pub use batch::Batch;
pub use error::{Kept, RecordError};
pub use gradient_angle::descent;
pub use probe::{Observer, Times};
pub use read::{Series, TraceKey, history, metadata, recorded_rows, statistics, traces, weights};
pub use recorder::{Recorded, RecordedFile, Recorder};
