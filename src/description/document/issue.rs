//! What a check finds, named by its path in the file.

use std::fmt::{Display, LowerExp};

use crate::math::{MOST_STEPS, Steps};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing runs before this is put right.
    Error,
    /// It runs, and probably not as it was meant.
    Warning,
}

/// Something wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// How bad it is.
    pub severity: Severity,
    /// Path of the value, such as `populations.hidden1.size`.
    pub path: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// Numbers that are allowed, none of them larger in magnitude than [`Quantity::LARGEST`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Allowed {
    /// Any.
    Any,
    /// This or more.
    AtLeast(f64),
    /// More than this.
    Above(f64),
    /// From the first to the second, both allowed.
    Within(f64, f64),
    /// From the first, which is allowed, to the second, which is not.
    Below(f64, f64),
}

impl Allowed {
    fn holds(self, x: f64, largest: f64) -> bool {
        x.abs() <= largest
            && match self {
                Self::Any => true,
                Self::AtLeast(least) => x >= least,
                Self::Above(bound) => x > bound,
                Self::Within(least, most) => (least..=most).contains(&x),
                Self::Below(least, bound) => (least..bound).contains(&x),
            }
    }

    /// Whether a value is allowed.
    #[must_use]
    pub fn permits<T: Quantity>(self, value: T) -> bool {
        self.holds(value.into(), T::LARGEST)
    }

    /// What would be right in the place of `found`; with the largest magnitude where it matters.
    fn words(self, found: f64, largest: f64) -> String {
        match self {
            Self::Any if found.abs() > largest => {
                format!("a number from -{largest:e} to {largest:e}")
            }
            Self::AtLeast(least) if found.abs() > largest => {
                format!("a number from {least} to {largest:e}")
            }
            Self::Above(bound) if found.abs() > largest => {
                format!("a number above {bound}, {largest:e} at most")
            }
            Self::Any => "a finite number".into(),
            Self::AtLeast(least) => format!("a finite number, {} or more", short(least, least)),
            Self::Above(bound) => format!("a finite number above {bound}"),
            Self::Within(least, most) => format!("a number from {least} to {most}"),
            Self::Below(least, bound) => format!("a number from {least} to below {bound}"),
        }
    }
}

/// Most issues that are listed for one file: more are not read, and each is looked up in its text.
const MOST_ISSUES: usize = 100;

/// Issues as they are found.
#[derive(Clone, Debug, Default)]
pub struct Issues {
    told: Vec<Issue>,
    /// Errors beyond the most that are told.
    more: usize,
}

impl Issues {
    /// Adds an error.
    pub fn error(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.add(Severity::Error, path.into(), message.into());
    }

    /// Adds a warning.
    pub fn warn(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.add(Severity::Warning, path.into(), message.into());
    }

    fn add(&mut self, severity: Severity, path: String, message: String) {
        let issue = Issue {
            severity,
            path,
            message,
        };
        if self.told.len() < MOST_ISSUES {
            self.told.push(issue);
            return;
        }
        if severity == Severity::Error {
            // An error is told before a warning.
            let warning = |told: &Issue| told.severity == Severity::Warning;
            match self.told.iter().rposition(warning) {
                Some(at) if self.more == 0 => self.told[at] = issue,
                _ => self.more += 1,
            }
        }
    }

    /// Adds an error if `value` is not `allowed`; whether it is.
    pub fn number<T>(&mut self, path: impl Into<String>, value: T, allowed: Allowed) -> bool
    where
        T: Quantity,
    {
        let holds = allowed.holds(value.into(), T::LARGEST);
        if !holds {
            let found = short(value.into(), value);
            let expected = allowed.words(value.into(), T::LARGEST);
            self.error(path, format!("expected {expected}, found {found}"));
        }
        holds
    }

    /// Adds an error if `ms` is not a whole number of steps, at least one; without a step, if it
    /// is not above 0. Whether all is well.
    pub fn steps(&mut self, path: impl Into<String>, ms: f64, dt_ms: Option<f64>) -> bool {
        let some = ms > 0.0;
        self.whole(
            path.into(),
            ms,
            dt_ms,
            (Allowed::Above(0.0), some, "at least one"),
        )
    }

    /// The same for a time that may be 0.
    pub fn steps_or_none(&mut self, path: impl Into<String>, ms: f64, dt_ms: Option<f64>) -> bool {
        let allowed = (Allowed::AtLeast(0.0), ms >= 0.0, "or 0");
        self.whole(path.into(), ms, dt_ms, allowed)
    }

    /// Whole steps that are `enough`, which `least` says in words; without a step, what is
    /// `allowed`.
    fn whole(
        &mut self,
        path: String,
        ms: f64,
        dt_ms: Option<f64>,
        (allowed, enough, least): (Allowed, bool, &str),
    ) -> bool {
        let Some(dt_ms) = dt_ms else {
            return self.number(path, ms, allowed);
        };
        let holds = Steps::of(dt_ms).whole(ms).is_some() && enough;
        if !holds {
            let found = short(ms, ms);
            let message = match ms / dt_ms {
                steps if steps.is_finite() && steps > MOST_STEPS as f64 => {
                    format!("expected at most {MOST_STEPS} steps of {dt_ms} ms, found {found} ms")
                }
                _ => format!(
                    "expected a whole number of steps of {dt_ms} ms, {least}, found {found} ms"
                ),
            };
            self.error(path, message);
        }
        holds
    }

    /// Whether there is an error among them.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.told
            .iter()
            .any(|issue| issue.severity == Severity::Error)
    }

    /// All of them, in the order in which they were found.
    #[must_use]
    pub fn into_vec(self) -> Vec<Issue> {
        let mut all = self.told;
        if self.more > 0 {
            all.push(Issue {
                severity: Severity::Error,
                path: String::new(),
                message: format!(
                    "{} more errors are not told; put right the first {MOST_ISSUES}",
                    self.more
                ),
            });
        }
        all
    }
}

/// A number as a field has it, and the largest magnitude that is of any use there.
pub trait Quantity: Copy + Display + LowerExp + Into<f64> {
    /// Largest magnitude. Products of three such numbers, and sums of millions of them, are
    /// numbers that can be calculated with.
    const LARGEST: f64;
}

/// Weights, rates, currents, factors: 1e15, so that a weight times a rate, summed over ten million
/// senders, is finite in single precision.
impl Quantity for f32 {
    const LARGEST: f64 = 1e15;
}

/// Times in ms and rates per ms: 1e18, more than 2^53 steps of 100 ms.
impl Quantity for f64 {
    const LARGEST: f64 = 1e18;
}

/// A number as it is, with an exponent if it would be long without.
fn short(value: f64, plain: impl Display + LowerExp) -> String {
    if value.is_infinite() {
        return format!("{plain}, a number that is too large to be represented");
    }
    let long = value.is_finite() && value != 0.0 && !(1e-6..1e15).contains(&value.abs());
    match long {
        true => format!("{plain:e}"),
        false => plain.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Allowed, Issues};

    #[test]
    fn numbers_out_of_range_and_only_those_are_errors() {
        let mut issues = Issues::default();
        for (value, allowed) in [
            (f64::NAN, Allowed::Any),
            (f64::INFINITY, Allowed::AtLeast(0.0)),
            (-1.0, Allowed::AtLeast(0.0)),
            (0.0, Allowed::Above(0.0)),
            (1.0, Allowed::Below(0.0, 1.0)),
            (1.5, Allowed::Within(0.0, 1.0)),
        ] {
            assert!(!issues.number("x", value, allowed), "{value}");
        }
        for (value, allowed) in [
            (-3.0, Allowed::Any),
            (0.0, Allowed::AtLeast(0.0)),
            (0.0, Allowed::Below(0.0, 1.0)),
            (1.0, Allowed::Within(0.0, 1.0)),
        ] {
            assert!(issues.number("x", value, allowed), "{value}");
        }
        assert_eq!(issues.into_vec().len(), 6);
    }

    #[test]
    fn steps_are_counted_to_the_precision_of_their_decimals() {
        let mut issues = Issues::default();
        for ms in [0.1, 0.3, 0.7, 40.0] {
            assert!(issues.steps("x", ms, Some(0.1)), "{ms}");
        }
        for ms in [0.0, -0.1, 0.05, 0.15, f64::NAN, f64::INFINITY, 1e300] {
            assert!(!issues.steps("x", ms, Some(0.1)), "{ms}");
        }
        assert!(issues.steps_or_none("x", 0.0, Some(0.1)));
        assert!(!issues.steps_or_none("x", -0.1, Some(0.1)));
        assert!(!issues.steps_or_none("x", 0.05, Some(0.1)));
        assert_eq!(issues.into_vec().len(), 9);
    }
}
