//! The command line: one file a command.

pub mod inspect;
pub mod plot;
pub mod run;
pub mod validate;

use std::io::Write;

/// Writes a text out. Nobody may be listening any more; then there is nothing to say.
fn say(mut to: impl Write, text: &str) {
    let _ = to.write_all(text.as_bytes()).and_then(|()| to.flush());
}
