//! Learning rules side by side: the same circuit, the same data, the same engine, several seeds.
//!
//! A *run* is one rule with one seed, made by [`crate::run`]. Several are made
//! at once, each in threads of its own; what they leave is the same for any number of them.
//!
//! | file | subject |
//! |---|---|
//! | `schema` | what is compared, as a file |
//! | `load` | from the file to a checked scenario for each rule |
//! | `seeds` | which seeds |
//! | `directory` | which file holds what; which runs are finished |
//! | `session` | runs under way, several at once |
//! | `table` | what came of them, as CSV and for people |
//! | `figures` | what came of them, as figures |

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
