//! The bars of the command, drawn on standard error if it is a terminal.

use std::io::{IsTerminal, stderr};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::{Bar, Bars};

impl Bar for ProgressBar {
    fn advance_to(&self, done: u64) {
        self.set_position(done);
    }

    fn describe(&self, text: String) {
        self.set_message(text);
    }

    fn beside(&self, print: &mut dyn FnMut()) {
        self.suspend(print);
    }

    fn remove(&self) {
        self.finish_and_clear();
    }
}

impl Bars for MultiProgress {
    fn steps(&self, name: &str, whole: u64) -> Option<Box<dyn Bar>> {
        // The last bar is that of all runs together.
        let made = || self.insert_from_back(1, ProgressBar::new(whole));
        let bar = stderr().is_terminal().then(made)?;
        style(
            &bar,
            "{prefix} {bar:24} {percent:>3} %  {msg}  ETA {eta}",
            name,
        );
        Some(Box::new(bar))
    }

    fn bytes(&self, name: &str, have: u64, whole: Option<u64>) -> Option<Box<dyn Bar>> {
        let made = || whole.map_or_else(ProgressBar::no_length, ProgressBar::new);
        let bar = stderr().is_terminal().then(|| self.add(made()))?;
        style(
            &bar,
            "{prefix} {bar:24} {percent:>3} %  {decimal_bytes} of {decimal_total_bytes}  \
             {decimal_bytes_per_sec}  ETA {eta}",
            name,
        );
        bar.set_position(have);
        // The speed is that of what arrives now.
        bar.reset_eta();
        Some(Box::new(bar))
    }
}

fn style(bar: &ProgressBar, template: &str, name: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_prefix(name.to_owned());
}
