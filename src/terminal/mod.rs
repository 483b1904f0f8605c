//! Standard output and standard error. All text of the command passes through here: control
//! characters from files are made visible and have no effect, and a failed write is stored for the
//! exit code of the process. Bars of progress are given by the program,
//! [`Bars`]; those of the command are in `drawn`.

mod bar;
mod bytes;
#[cfg(feature = "cli")]
mod drawn;

pub use bar::{Bar, Bars, NoBars};
pub use bytes::Bytes;

use std::borrow::Cow;
use std::env;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

/// One of the two standard streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

/// Description of the first failed write.
static FAILURE: Mutex<Option<String>> = Mutex::new(None);

/// Largest number of characters of a line on standard error.
const LONGEST_LINE: usize = 2000;

/// Standard output.
#[must_use]
pub fn stdout() -> Stream {
    Stream::Output
}

/// Standard error.
#[must_use]
pub fn stderr() -> Stream {
    Stream::Error
}

/// True if text on a stream may have colours: the stream is a terminal that has them, and the
/// environment variable `NO_COLOR` is empty or not set.
#[must_use]
pub fn colours(to: Stream) -> bool {
    let terminal = match to {
        Stream::Output => io::stdout().is_terminal(),
        Stream::Error => io::stderr().is_terminal(),
    };
    let has = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    let dumb = has("TERM").is_none_or(|kind| kind == "dumb");
    terminal && !dumb && has("NO_COLOR").is_none()
}

/// Writes a text with its control characters made visible. A failed write is reported by
/// [`failure`].
pub fn say(to: Stream, text: &str) {
    say_coloured(to, &visible(text));
}

/// Writes a text with escape sequences of colours, in which all other control characters are
/// visible already. A failed write is reported by [`failure`].
pub fn say_coloured(to: Stream, text: &str) {
    let written = match to {
        Stream::Output => write(io::stdout(), text),
        Stream::Error => {
            let lines: Vec<Cow<'_, str>> = (text.split('\n'))
                .map(|line| shortened(line, LONGEST_LINE))
                .collect();
            write(io::stderr(), &lines.join("\n"))
        }
    };
    note(to, written);
}

fn write(mut to: impl Write, text: &str) -> io::Result<()> {
    to.write_all(text.as_bytes())?;
    to.flush()
}

/// Stores a failed write. A closed pipe is not a failure, as its reader has ended.
pub fn note(to: Stream, written: io::Result<()>) {
    let name = match to {
        Stream::Output => "standard output",
        Stream::Error => "standard error",
    };
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        let mut failure = FAILURE.lock().unwrap_or_else(PoisonError::into_inner);
        failure.get_or_insert(format!("{name} cannot be written: {error}"));
    }
}

/// Description of the first failed write to a standard stream.
#[must_use]
pub fn failure() -> Option<String> {
    let failure = FAILURE.lock().unwrap_or_else(PoisonError::into_inner);
    failure.clone()
}

/// Text with every control character of a terminal replaced by an escape such as `\u{1b}`; line
/// ends and tabs stay.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    // Marks of writing direction can change the apparent text of a line.
    let hidden = |c: char| {
        c.is_control() && c != '\n' && c != '\t'
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    if !text.contains(hidden) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match hidden(c) {
            true => shown.extend(c.escape_unicode()),
            false => shown.push(c),
        }
    }
    shown.into()
}

/// Text with line ends and tabs as escapes, so that a quotation in a message stays on its line.
#[must_use]
pub fn one_line(text: &str) -> String {
    text.replace('\n', "\\n").replace('\t', "\\t")
}

/// Text of at most `most` characters: its beginning and its end with `...` in between.
#[must_use]
pub fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    const GAP: &str = "...";
    // Every character has at least one byte.
    if text.len() <= most || text.chars().nth(most).is_none() {
        return text.into();
    }
    let kept = most.saturating_sub(GAP.len());
    let (head, tail) = (kept - kept / 3, kept / 3);
    let after = text
        .char_indices()
        .nth(head)
        .map_or(text.len(), |(at, _)| at);
    let before = match tail {
        0 => text.len(),
        _ => (text.char_indices().rev().nth(tail - 1)).map_or(0, |(at, _)| at),
    };
    let part = |range| text.get(range).unwrap_or_default();
    format!("{}{GAP}{}", part(0..after), part(before..text.len())).into()
}

#[cfg(test)]
mod tests {
    use super::{shortened, visible};

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        for (text, shown) in [
            ("plain ± ü\n\tline", "plain ± ü\n\tline"),
            (
                "\u{1b}[31mred\u{1b}]0;title\u{7}",
                r"\u{1b}[31mred\u{1b}]0;title\u{7}",
            ),
            ("a\rb\u{9b}c\u{202e}d\0", r"a\u{d}b\u{9b}c\u{202e}d\u{0}"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }

    #[test]
    fn a_long_text_keeps_its_ends() {
        assert_eq!(shortened("short", 5), "short");
        assert_eq!(shortened("éééééé", 6), "éééééé");
        let digits = "1".repeat(200) + &"2".repeat(100);
        assert_eq!(shortened(&digits, 12), "111111...222");
        assert_eq!(shortened("abcdefgh", 4), "a...");
        assert_eq!(shortened("abcdefgh", 0), "...");
        assert_eq!(shortened(&"é".repeat(1000), 50).chars().count(), 50);
    }
}
