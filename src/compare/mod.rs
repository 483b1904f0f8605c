//! Learning rules side by side: the same circuit, the same data, the same engine, several seeds.
//!
//! A *cell* is one rule with one seed: a run of its own, made by [`crate::run`]. Cells run several
//! at once, each in threads of its own, and what they leave is the same for any number of them.
//!
//! | file | subject |
//! |---|---|
//! | `schema` | what is compared, as a file |
//! | `load` | from the file to a checked scenario for each rule |
//! | `seeds` | which seeds |
//! | `directory` | which file holds what; which cells are finished |
//! | `cells` | cells under way, several at once |
//! | `table` | what came of them, as CSV and for people |
//! | `figures` | what came of them, as figures |

mod cells;
mod directory;
mod error;
mod figures;
mod load;
mod schema;
mod seeds;
mod table;

pub use cells::{Report, Session};
pub use directory::{Directory, State};
pub use error::CompareError;
pub use figures::figures;
pub use load::{Loaded, load};
pub use schema::{Comparison, Entry};
pub use seeds::Seeds;
pub use table::{Outcome, RuleRows, Table};
