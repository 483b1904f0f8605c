//! A scenario on its way: from its description to a directory of results.
//!
//! | file | subject |
//! |---|---|
//! | `experiment` | one run: steps, observation, an orderly end whatever happens |
//! | `learn` | a task: presentations and answers |
//! | `answers` | tables of a task: classes, parts, numbers of the encoding, predictions |
//! | `happen` | from a scenario's timeline to events |
//! | `replay` | the timeline for those who are asked: validation, test, the inspector |
//! | `shown` | the rows of `timeline.csv` |
//! | `resolved` | what ran, so that it can run again |
//! | `directory` | which file of a run holds what |
//! | `results` | a run that is over, read back |
//! | `memory` | whether a circuit fits into memory |
//! | `summary`, `progress` | what is told |

mod answers;
mod directory;
mod error;
mod experiment;
mod happen;
mod learn;
mod memory;
mod progress;
mod replay;
mod resolved;
mod results;
mod shown;
mod summary;

pub use directory::RunDirectory;
pub use error::RunError;
pub use experiment::{Job, run};
pub use memory::{available_bytes, check_memory, needed_bytes};
pub use progress::{Telling, tell};
pub use replay::{Act, Replay};
pub use resolved::resolved;
pub use results::{Results, ResultsError};
pub use shown::{Window, shown};
pub use summary::{Summary, peak_memory_bytes};
