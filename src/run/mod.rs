//! A scenario on its way: from its description to a directory of results.
//!
//! | file | subject |
//! |---|---|
//! | `experiment` | one run: a protocol from its start to its end, and an orderly end whatever happens |
//! | `observed` | a simulation that is recorded while it advances |
//! | `answers` | tables of a task: classes, parts, numbers of the encoding, predictions |
//! | `resolved` | what ran, so that it can run again |
//! | `directory` | which file of a run holds what |
//! | `claim` | a directory of results belongs to one process at a time |
//! | `results` | a run that is over, read back |
//! | `memory` | whether a run fits into memory |
//! | `leaves` | what a run will leave on the disk |
//! | `summary`, `progress` | what is told |

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
pub use memory::{Memory, check_memory, needed_bytes};
pub use observed::Observed;
pub use progress::{Reporting, tell};
pub use resolved::resolved;
pub use results::{Results, ResultsError};
pub use summary::{Summary, peak_memory_bytes};
