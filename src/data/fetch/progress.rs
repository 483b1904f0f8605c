//! Progress of a download: a bar in a terminal, plain lines elsewhere.

use std::cell::RefCell;
use std::io::Write;
use std::time::{Duration, Instant};

use crate::terminal::{self, Bar, Bars, Bytes, NoBars, Stream};

/// Output of the progress of downloads.
pub struct Progress {
    lines: RefCell<Box<dyn Write>>,
    bars: Box<dyn Bars>,
    current: RefCell<Option<Current>>,
}

/// The file that is being downloaded.
struct Current {
    name: String,
    have: u64,
    of: Option<u64>,
    bar: Option<Box<dyn Bar>>,
    told: Instant,
}

impl Progress {
    /// Lines without a bar.
    #[must_use]
    pub fn lines(to: impl Write + 'static) -> Self {
        Self::new(to, NoBars)
    }

    /// Lines, and the bars that `bars` makes.
    #[must_use]
    pub fn new(lines: impl Write + 'static, bars: impl Bars + 'static) -> Self {
        Self {
            lines: RefCell::new(Box::new(lines)),
            bars: Box::new(bars),
            current: RefCell::default(),
        }
    }

    /// Starts the file `name`: `have` bytes exist, of `of` if the total is known.
    pub(super) fn begin(&self, name: &str, have: u64, of: Option<u64>) {
        *self.current.borrow_mut() = Some(Current {
            name: name.to_owned(),
            have,
            of,
            bar: self.bars.bytes(name, have, of),
            told: Instant::now(),
        });
    }

    /// Counts `count` more bytes.
    pub(super) fn advance(&self, count: u64) {
        const SILENCE: Duration = Duration::from_secs(10);
        let mut current = self.current.borrow_mut();
        let Some(current) = current.as_mut() else {
            return;
        };
        current.have += count;
        match &current.bar {
            Some(bar) => bar.advance_to(current.have),
            None if current.told.elapsed() > SILENCE => {
                current.told = Instant::now();
                let of = current.of.map(|of| format!(" of {}", Bytes(of)));
                let (name, of) = (&current.name, of.unwrap_or_default());
                self.tell(&format!("{name}: {}{of}", Bytes(current.have)));
            }
            None => {}
        }
    }

    /// Ends the current file, complete or not.
    pub(super) fn end(&self) {
        if let Some(bar) = self.current.borrow_mut().take().and_then(|c| c.bar) {
            bar.remove();
        }
    }

    /// Writes a line, above the bar if there is one.
    pub(super) fn note(&self, line: &str) {
        match self.current.borrow().as_ref().and_then(|c| c.bar.as_ref()) {
            Some(bar) => bar.beside(&mut || self.tell(line)),
            None => self.tell(line),
        }
    }

    /// Writes a line.
    fn tell(&self, line: &str) {
        let written = writeln!(self.lines.borrow_mut(), "{}", terminal::visible(line));
        terminal::note(Stream::Output, written);
    }
}
