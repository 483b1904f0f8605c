//! Bars of progress at a terminal. The library draws none itself: the program gives them.

use std::fmt::Debug;

/// One bar.
pub trait Bar {
    /// `done` of the whole is done.
    fn advance_to(&self, done: u64);
    /// The text beside the bar.
    fn describe(&self, text: String);
    /// Calls `print` while the bar is not on the screen.
    fn beside(&self, print: &mut dyn FnMut());
    /// The work is over: the bar goes away.
    fn remove(&self);
}

/// A maker of bars. It gives none if nobody looks; then lines are written instead.
pub trait Bars: Debug + Sync {
    /// A bar over `whole` steps of the run `name`.
    fn steps(&self, name: &str, whole: u64) -> Option<Box<dyn Bar>>;
    /// A bar over the bytes of the file `name`: `have` are there, of `whole` if that is known.
    fn bytes(&self, name: &str, have: u64, whole: Option<u64>) -> Option<Box<dyn Bar>>;
}

/// No bars, always lines.
#[derive(Clone, Copy, Debug)]
pub struct NoBars;

impl Bars for NoBars {
    fn steps(&self, _: &str, _: u64) -> Option<Box<dyn Bar>> {
        None
    }

    fn bytes(&self, _: &str, _: u64, _: Option<u64>) -> Option<Box<dyn Bar>> {
        None
    }
}
