//! Reading on after an error: the wrong value is replaced by trial, and the rest is read.
//!
//! The parser stops at the first value that does not fit the schema. To report all errors at once,
//! that value is replaced by any value that fits, and the text is parsed again. Replacements are
//! neither reported nor kept.

use std::ops::Range;

use ron::error::Error;
use serde::de::DeserializeOwned;

use super::document::{Document, Fault, marked};
use super::pieces::Origin;
use super::problem::Problem;
use super::token::{Kind, tokens};
use super::tree::{Node, closes};
use crate::names::nearest;

/// Largest number of problems reported for one text.
const MOST_FAULTS: usize = 50;
/// Largest number of attempts per text, to limit the time for a large text with many errors.
const MOST_ATTEMPTS: usize = 2000;
/// Longest text in bytes that is read on; usual files are shorter.
const LONGEST: usize = 1 << 17;
/// A value of each kind.
const VALUES: [&str; 9] = [
    "0", "0.5", "\"0\"", "[]", "()", "{}", "true", "(1, 1)", NO_CHOICE,
];
/// Not the name of any choice: the error of the parser then lists the choices.
const NO_CHOICE: &str = "no_choice";

impl Document {
    /// All deviations of the text from the schema `T`, in the order of discovery.
    ///
    /// If brackets do not match, only the first one.
    pub(super) fn faults<T: DeserializeOwned>(&self) -> Vec<Problem> {
        let readable = self.text.len() <= LONGEST && balanced(&self.text);
        let mut document = self.clone();
        let mut attempts = 0;
        let mut problems = Vec::new();
        while let Err(fault) = document.attempt::<T>() {
            let repaired = (readable && problems.len() + 1 < MOST_FAULTS)
                .then(|| document.repaired::<T>(&fault, &mut attempts))
                .flatten();
            problems.push(fault.problem);
            match repaired {
                Some(repaired) => document = repaired,
                None => break,
            }
        }
        problems
    }

    /// The text with `fault` corrected, if one of the attempts succeeds.
    fn repaired<T: DeserializeOwned>(&self, fault: &Fault, attempts: &mut usize) -> Option<Self> {
        let mut repairs = repairs(fault, self);
        repairs.reverse();
        while let Some(repair) = repairs.pop() {
            *attempts += 1;
            if *attempts > MOST_ATTEMPTS {
                return None;
            }
            let repaired = self.replaced(repair.range.clone(), &repair.text, "");
            let Err(next) = repaired.attempt::<T>() else {
                return Some(repaired);
            };
            let own = repaired.overrides.len() - 1;
            let within = repaired.pieces.origin(next.span.start).0 == Origin::Override(own);
            match &next.error {
                Some(Error::NoSuchEnumVariant { expected, .. })
                    if within && repair.text.contains(NO_CHOICE) =>
                {
                    repairs.extend(
                        expected
                            .iter()
                            .rev()
                            .flat_map(|choice| repair.choice(choice)),
                    );
                }
                Some(Error::MissingStructField { field, .. }) if repair.removes(field) => {}
                _ if within || next.problem == fault.problem => {}
                _ => return Some(repaired),
            }
        }
        None
    }
}

/// A replacement for a part of a text.
struct Repair {
    range: Range<usize>,
    text: String,
    /// Name of the field that the repair removes.
    removed: Option<String>,
}

impl Repair {
    fn new(range: Range<usize>, text: impl Into<String>) -> Self {
        Self {
            range,
            text: text.into(),
            removed: None,
        }
    }

    fn removes(&self, field: &str) -> bool {
        self.removed.as_deref() == Some(field)
    }

    /// Repairs with a choice of an enum as the value; the plain one is last, on top of a stack.
    fn choice(&self, choice: &str) -> [Self; 3] {
        [format!("{choice}()"), format!("{choice}(0)"), choice.into()].map(|value| {
            let text = self.text.replace(NO_CHOICE, &value);
            Self::new(self.range.clone(), text)
        })
    }
}

/// Possible repairs of a fault, the likeliest first.
fn repairs(fault: &Fault, document: &Document) -> Vec<Repair> {
    let text = document.text();
    let Some(tree) = document.tree() else {
        return Vec::new();
    };
    let chain = tree.around(fault.span.start);
    let Some(node) = chain.last() else {
        return Vec::new();
    };
    let fields = chain
        .len()
        .checked_sub(2)
        .and_then(|above| chain.get(above));
    // The likeliest name, unless another field has it already.
    let renamed = |found: &str, expected: &[&'static str]| {
        let meant = nearest(found, expected);
        let free = meant.filter(|name| fields.is_none_or(|fields| fields.field(name).is_none()));
        free.map(|name| Repair::new(fault.span.clone(), name))
    };
    match &fault.error {
        Some(Error::NoSuchStructField {
            found, expected, ..
        }) => (renamed(found, expected).into_iter())
            .chain([removal(node, text)])
            .collect(),
        Some(Error::DuplicateStructField { .. }) | None => vec![removal(node, text)],
        Some(Error::MissingStructField { field, .. }) => match node.bracket {
            Some((_, at)) => (VALUES.iter())
                .map(|value| Repair::new(at + 1..at + 1, format!("{field}: {value}, ")))
                .collect(),
            None => Vec::new(),
        },
        // Missing commas and quotes, invalid names: the intended text cannot be determined.
        Some(error)
            if fault.span != marked(node, text)
                && !matches!(error, Error::NoSuchEnumVariant { .. }) =>
        {
            Vec::new()
        }
        Some(error) => {
            let mut repairs = Vec::new();
            if let Error::NoSuchEnumVariant {
                found, expected, ..
            } = error
            {
                repairs.extend(renamed(found, expected));
            }
            // The value itself, or a value that contains it.
            for (depth, node) in chain.iter().enumerate().skip(1).rev().take(3) {
                repairs.extend(VALUES.map(|value| Repair::new(node.span.clone(), value)));
                let around = depth.checked_sub(1).and_then(|above| chain.get(above));
                let in_list = (around.and_then(|n| n.bracket)).is_some_and(|(open, _)| open == '[');
                if node.key.is_some() || in_list {
                    repairs.push(removal(node, text));
                }
            }
            repairs
        }
    }
}

/// Removes a field, an entry or an item, with the comma after it.
fn removal(node: &Node, text: &str) -> Repair {
    let extent = node.extent();
    let after = text.get(extent.end..).unwrap_or("");
    let blank = after.len() - after.trim_start().len();
    let comma = after
        .get(blank..)
        .is_some_and(|after| after.starts_with(','));
    let end = extent.end + if comma { blank + 1 } else { 0 };
    Repair {
        range: extent.start..end,
        text: String::new(),
        removed: node.key.as_ref().map(|key| key.text.clone()),
    }
}

/// True if every bracket is closed by a bracket of its kind.
fn balanced(text: &str) -> bool {
    let mut open = Vec::new();
    for token in tokens(text) {
        match token.kind {
            Kind::Open(bracket) => open.push(bracket),
            Kind::Close(bracket) if !open.pop().is_some_and(|o| closes(o, bracket)) => {
                return false;
            }
            _ => {}
        }
    }
    open.is_empty()
}
