//! Running of a scenario, from its description to a directory of results.
//!
//! | file | subject |
//! |---|---|
//! | `experiment` | one run: a protocol from start to end, with results kept in case of errors |
//! | `observed` | a simulation that is recorded while it advances |
//! | `answers` | tables of a task: classes, parts, numbers of the encoding, predictions |
//! | `resolved` | resolved scenario and model, for repeating the run |
//! | `directory` | files of a run and their contents |
//! | `claim` | claim of a directory of results by one process at a time |
//! | `results` | results of a completed run, read back |
//! | `memory` | estimate of the memory of a run |
//! | `leaves` | estimate of the disk space of a run |
//! | `summary`, `progress` | reports |

mod answers;
mod claim;
mod directory;
mod error;
mod experiment;
mod leaves;
mod memory;
mod observed;
mod progress;
mod resolved;
mod results;
mod summary;

pub use claim::{CLAIM, Claim, Taken};
pub use directory::RunDirectory;
pub use error::RunError;
pub use experiment::{Job, run};
pub use leaves::{Leaves, Left};
pub use memory::{Memory, check_memory, needed_bytes, projection_bytes};
pub use observed::Observed;
pub use progress::{Reporting, print_line};
pub use resolved::resolved;
pub use results::{Results, ResultsError};
pub use summary::{Summary, peak_memory_bytes};
