//! Progress of a download: a bar in a terminal, plain lines elsewhere.

use std::cell::RefCell;
use std::io::{IsTerminal, Write, stderr, stdout};
use std::time::{Duration, Instant};

use indicatif::{DecimalBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::terminal::{self, Stream};

/// Output of the progress of downloads.
pub struct Progress {
    lines: RefCell<Box<dyn Write>>,
    bars: bool,
    current: RefCell<Option<Current>>,
}

/// The file that is being downloaded.
struct Current {
    name: String,
    have: u64,
    of: Option<u64>,
    bar: Option<ProgressBar>,
    told: Instant,
}

impl Default for Progress {
    /// Lines to standard output, and a bar if standard error is a terminal.
    fn default() -> Self {
        Self {
            bars: stderr().is_terminal(),
            ..Self::lines(stdout())
        }
    }
}

impl Progress {
    /// Lines without a bar.
    #[must_use]
    pub fn lines(to: impl Write + 'static) -> Self {
        Self {
            lines: RefCell::new(Box::new(to)),
            bars: false,
            current: RefCell::default(),
        }
    }

    /// Starts the file `name`: `have` bytes exist, of `of` if the total is known.
    pub(super) fn begin(&self, name: &str, have: u64, of: Option<u64>) {
        let bar = self.bars.then(|| {
            let bar = ProgressBar::with_draw_target(of, ProgressDrawTarget::stderr());
            let template = "{prefix} {bar:24} {percent:>3} %  {decimal_bytes} of \
                            {decimal_total_bytes}  {decimal_bytes_per_sec}  ETA {eta}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_prefix(name.to_owned());
            bar.set_position(have);
            // The speed is that of the bytes received from now on.
            bar.reset_eta();
            bar
        });
        *self.current.borrow_mut() = Some(Current {
            name: name.to_owned(),
            have,
            of,
            bar,
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
            Some(bar) => bar.set_position(current.have),
            None if current.told.elapsed() > SILENCE => {
                current.told = Instant::now();
                let of = current.of.map(|of| format!(" of {}", DecimalBytes(of)));
                let (name, of) = (&current.name, of.unwrap_or_default());
                self.tell(&format!("{name}: {}{of}", DecimalBytes(current.have)));
            }
            None => {}
        }
    }

    /// Ends the current file, complete or not.
    pub(super) fn end(&self) {
        if let Some(bar) = self.current.borrow_mut().take().and_then(|c| c.bar) {
            bar.finish_and_clear();
        }
    }

    /// Writes a line, above the bar if there is one.
    pub(super) fn note(&self, line: &str) {
        match self.current.borrow().as_ref().and_then(|c| c.bar.as_ref()) {
            Some(bar) => bar.suspend(|| self.tell(line)),
            None => self.tell(line),
        }
    }

    /// Writes a line.
    fn tell(&self, line: &str) {
        let written = writeln!(self.lines.borrow_mut(), "{}", terminal::visible(line));
        terminal::note(Stream::Output, written);
    }
}
