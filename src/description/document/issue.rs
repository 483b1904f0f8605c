//! Findings of a check, named by their path in the file.

use std::fmt::{Display, LowerExp};

use crate::math::{MOST_STEPS, Steps};

/// Severity of an issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// A run is refused until it is corrected.
    Error,
    /// A run is possible, but probably not as intended.
    Warning,
}

/// A fault of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Severity.
    pub severity: Severity,
    /// Path of the value, such as `populations.hidden1.size`.
    pub path: String,
    /// Description of the fault and of a correct value.
    pub message: String,
}

/// Allowed numbers, at most [`Quantity::LARGEST`] in magnitude.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Allowed {
    /// Any number.
    Any,
    /// This number or more.
    AtLeast(f64),
    /// More than this number.
    Above(f64),
    /// From the first to the second number, both included.
    Within(f64, f64),
    /// From the first number (included) to the second (excluded).
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

    /// True if a value is allowed.
    #[must_use]
    pub fn permits<T: Quantity>(self, value: T) -> bool {
        self.holds(value.into(), T::LARGEST)
    }

    /// Description of the allowed numbers, including the largest magnitude if `found` exceeds it.
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

/// Largest number of issues listed per file: more would not be read, and each takes time.
const MOST_ISSUES: usize = 100;

/// Issues in the order of discovery.
#[derive(Clone, Debug, Default)]
pub struct Issues {
    kept: Vec<Issue>,
    /// Number of errors beyond those that are listed.
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
        if self.kept.len() < MOST_ISSUES {
            self.kept.push(issue);
            return;
        }
        if severity == Severity::Error {
            // An error takes precedence over a warning.
            let warning = |kept: &Issue| kept.severity == Severity::Warning;
            match self.kept.iter().rposition(warning) {
                Some(at) if self.more == 0 => self.kept[at] = issue,
                _ => self.more += 1,
            }
        }
    }

    /// Adds an error if `value` is not `allowed`; returns true if it is.
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

    /// Adds an error if `ms` is not a whole number of steps, at least one; if the step is unknown,
    /// if `ms` is not above 0. Returns true if there is no error.
    pub fn steps(&mut self, path: impl Into<String>, ms: f64, dt_ms: Option<f64>) -> bool {
        let some = ms > 0.0;
        self.whole(
            path.into(),
            ms,
            dt_ms,
            (Allowed::Above(0.0), some, "at least one"),
        )
    }

    /// As [`Self::steps`], for a time that may be 0.
    pub fn steps_or_none(&mut self, path: impl Into<String>, ms: f64, dt_ms: Option<f64>) -> bool {
        let allowed = (Allowed::AtLeast(0.0), ms >= 0.0, "or 0");
        self.whole(path.into(), ms, dt_ms, allowed)
    }

    /// Checks for a whole number of steps that is `enough`, in words `least`; if the step is
    /// unknown, for an `allowed` time.
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

    /// True if at least one issue is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.kept
            .iter()
            .any(|issue| issue.severity == Severity::Error)
    }

    /// All issues in the order of discovery.
    #[must_use]
    pub fn into_vec(self) -> Vec<Issue> {
        let mut all = self.kept;
        if self.more > 0 {
            all.push(Issue {
                severity: Severity::Error,
                path: String::new(),
                message: format!(
                    "{} more errors are not kept; put right the first {MOST_ISSUES}",
                    self.more
                ),
            });
        }
        all
    }
}

/// A number of a field, with the largest useful magnitude.
pub trait Quantity: Copy + Display + LowerExp + Into<f64> {
    /// Largest magnitude. Products of three such numbers, and sums of millions of them, do not
    /// overflow in double precision.
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

/// Text of a number, with an exponent if it would otherwise be long.
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
