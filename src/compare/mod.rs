//! Comparison of learning rules: the same circuit, data and engine, several seeds.
//!
//! A *run* is one rule with one seed, made by [`crate::run`]. Several are executed at once, each in
//! its own threads; results do not depend on how many.
//!
//! | file | subject |
//! |---|---|
//! | `schema` | content of a comparison's file |
//! | `load` | reading of the file: a checked scenario for each rule |
//! | `seeds` | choice of seeds |
//! | `directory` | files of the directory; finished runs |
//! | `session` | execution of runs, several at once |
//! | `table` | table of results, as CSV and as text |
//! | `figures` | figures of results |

mod directory;
mod error;
mod figures;
mod load;
mod schema;
mod seeds;
mod session;
mod table;

pub use directory::{Directory, State};
pub use error::CompareError;
pub use figures::figures;
pub use load::{LoadedComparison, load};
pub use schema::{Comparison, Entry};
pub use seeds::Seeds;
pub use session::{Report, Session};
pub use table::{Outcome, RuleRows, Table};
