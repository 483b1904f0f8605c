//! Model and scenario files as people write them: text, places in it, overrides and problems.
//!
//! ```text
//! file --read--> Document --set--> Document --parse--> Model, Scenario
//!                    |                                       |
//!                 locate  <--------- path ----------  Issues of a check
//!                    |
//!                 Problem: file, line, column, the text, what is wrong, what would be right
//! ```
//!
//! | module | subject |
//! |---|---|
//! | `document` | a file's text: reading, parsing, locating |
//! | `assignment` | `PATH=VALUE` of the command line and how it changes a text |
//! | `pieces` | which part of a changed text came from the file and which from the command line |
//! | `token`, `tree`, `path` | RON text as nested values with their places; steps to one of them |
//! | `parsing` | what the parser says, in plain words |
//! | `repair` | reading on after the first thing that is wrong |
//! | `issue` | what a check finds, by path; ranges of numbers |
//! | `problem` | an issue with its place, as it is printed |
//! | `nearest` | unknown names and the nearest known one |

mod assignment;
#[expect(
    clippy::module_inception,
    reason = "the module is named for its subject"
)]
mod document;
mod issue;
mod nearest;
mod parsing;
mod path;
mod pieces;
mod problem;
mod repair;
mod token;
mod tree;

pub use assignment::Assignment;
pub use document::Document;
pub use issue::{Allowed, Issue, Issues, Quantity, Severity};
pub use nearest::{quoted, unknown};
pub use problem::{Place, Problem, Problems};
