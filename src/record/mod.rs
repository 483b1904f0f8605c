//! From a run to its files, and back.
//!
//! ```text
//! simulation --Batch--> bounded channel --> writer thread --> row group in memory --> Parquet
//!            waits if full                                    131072 rows a table
//! ```
//!
//! A sample goes this way: [`Recorder::record`] sends a [`Batch`] (many neurons or synapses at
//! one time) through a bounded channel. If the writer is behind, the sender waits: nothing is
//! dropped, and memory does not grow with the run. The writer takes batches in order, makes a
//! row of each value, encodes a row group when it is full, and writes it to the table's file:
//!
//! | file | columns |
//! |---|---|
//! | `traces.parquet` | `time_ms` double, `trial` uint32, `population` string, `neuron` uint32, `variable` string, `value` float |
//! | `tail.parquet` | the same; the end of the run, of neurons that no probe need name |
//! | `weights.parquet` | `time_ms` double, `projection` string, `post` uint32, `pre` uint32, `value` float |
//! | `projections.parquet` | `time_ms` double, `projection` string, `statistic` string, `value` double |
//!
//! No column may be null; the footer holds what [`Recorder::create`] was told of the run. The
//! bytes depend on the rows and their order alone: the same run gives the same bytes.
//!
//! A file can be read when its recording has ended: with [`Recorder::finish`], by dropping the
//! recorder, or by an error. A full disk costs the row group that no longer fits and what was
//! still waiting; all before it is kept and can be read. A process that is killed leaves a file
//! without an end, which readers refuse.
//!
//! | module | subject |
//! |---|---|
//! | `probe` | what is due in a step is read from the circuit |
//! | [`mod@statistics`], `gradient` | numbers about projections |
//! | `batch`, `recorder` | what the simulation calls |
//! | `writer` | the thread that writes |
//! | `table`, `encode`, `sink` | a table: its file, its bytes, where they go |
//! | `columns` | the columns of the tables |
//! | `read`, `pages` | recordings back as time series; damage found before it is decoded |
//! | [`npy`] | arrays |
//! | [`csv`] | small tables that grow by a row at a time |
//! | `error` | what can go wrong, in which file, and what is left |

mod batch;
mod columns;
pub mod csv;
mod encode;
mod error;
mod gradient;
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
pub use gradient::descent;
pub use probe::{Observer, Times};
pub use read::{Series, TraceKey, history, metadata, recorded_rows, statistics, traces, weights};
pub use recorder::{Recorded, RecordedFile, Recorder};
