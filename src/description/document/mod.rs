//! Model and scenario files as text: places in it, overrides and problems.
//!
//! ```text
//! file --read--> Document --set--> Document --parse--> Model, Scenario
//!                    |                                       |
//!                 locate  <--------- path ----------  Issues of a check
//!                    |
//!                 Problem: file, line, column, text, fault, correction
//! ```
//!
//! | module | subject |
//! |---|---|
//! | `document` | text of a file: reading, parsing, locating |
//! | `assignment` | `PATH=VALUE` of the command line and its effect on a text |
//! | `pieces` | origin of each part of a changed text: file or command line |
//! | `token`, `tree`, `path` | RON text as nested values with their places; steps to one of them |
//! | `parsing` | errors of the parser in plain words |
//! | `repair` | reading on after the first error |
//! | `issue` | findings of a check, by path; ranges of numbers |
//! | `problem` | an issue with its place; how it is printed, with an excerpt of the text |
//! | `unknown` | messages about unknown names |

mod assignment;
#[expect(
    clippy::module_inception,
    reason = "the module is named for its subject"
)]
mod document;
mod issue;
mod parsing;
mod path;
mod pieces;
mod problem;
mod repair;
mod token;
mod tree;
mod unknown;

pub use assignment::Assignment;
pub use document::Document;
pub use issue::{Allowed, Issue, Issues, Quantity, Severity};
pub use problem::{Excerpt, Place, Problem, Problems};
pub use unknown::{quoted, unknown};
