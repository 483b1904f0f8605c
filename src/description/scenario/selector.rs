//! Notation of neurons in files and commands: `hidden1`, `hidden1[17]`, `hidden1[0..8, 12]`.

use std::fmt;
use std::iter;
use std::ops::Range;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::description::document::quoted;

/// Indices from 0: `all`, `17`, `0..8` (without 8), or several of them as in `0..8, 12`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Indices(Option<Vec<Range<usize>>>);

impl Indices {
    /// A single index.
    #[must_use]
    pub fn one(index: usize) -> Self {
        Self(Some(iter::once(index..index.saturating_add(1)).collect()))
    }

    /// The first indices, `0..count`.
    #[must_use]
    pub fn first(count: usize) -> Self {
        Self(Some((count > 0).then_some(0..count).into_iter().collect()))
    }

    /// Selected indices among `0..size`, sorted, without duplicates.
    #[must_use]
    pub fn among(&self, size: usize) -> Vec<usize> {
        match &self.0 {
            None => (0..size).collect(),
            Some(ranges) => apart(ranges, size).into_iter().flatten().collect(),
        }
    }

    /// Number of selected indices among `0..size`.
    #[must_use]
    pub fn count(&self, size: usize) -> usize {
        match &self.0 {
            None => size,
            Some(ranges) => apart(ranges, size).iter().map(Range::len).sum(),
        }
    }

    /// Largest index given explicitly.
    #[must_use]
    pub fn largest(&self) -> Option<usize> {
        self.0.iter().flatten().map(|range| range.end - 1).max()
    }
}

/// Disjoint parts of the ranges within `0..size`, in order.
fn apart(ranges: &[Range<usize>], size: usize) -> Vec<Range<usize>> {
    let mut ranges = ranges.to_vec();
    ranges.sort_by_key(|range| range.start);
    let mut next = 0;
    for range in &mut ranges {
        let end = range.end.min(size);
        *range = next.max(range.start)..end;
        next = next.max(end);
    }
    ranges
}

/// Neurons of one population: its name alone, or with indices in brackets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Neurons {
    /// Name of the population.
    pub population: String,
    /// Indices of its neurons.
    pub indices: Indices,
}

/// Error: a text that does not denote neurons.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectorError {
    /// A part is neither an index nor a range of indices.
    #[error(
        "{} is not an index: expected `all`, an index such as `17`, a range such as `0..8` \
         (8 is not in it), or several of them as in `0..8, 12`",
        quoted(.0)
    )]
    Index(String),
    /// The text does not denote neurons.
    #[error("{} names no neurons: expected `NAME`, `NAME[17]` or `NAME[0..8, 12]`", quoted(.0))]
    Neurons(String),
}

impl FromStr for Indices {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        if text.trim() == "all" {
            return Ok(Self(None));
        }
        let range = |part: &str| {
            let part = part.trim();
            let range = match part.split_once("..") {
                Some((from, to)) => from.trim().parse().ok().zip(to.trim().parse().ok()),
                None => (part.parse::<usize>().ok()).and_then(|i| Some((i, i.checked_add(1)?))),
            };
            (range
                .filter(|(from, to)| from < to)
                .map(|(from, to)| from..to))
            .ok_or_else(|| SelectorError::Index(part.to_owned()))
        };
        Ok(Self(Some(
            text.split(',').map(range).collect::<Result<_, _>>()?,
        )))
    }
}

impl FromStr for Neurons {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        let wrong = || SelectorError::Neurons(text.to_owned());
        let (population, indices) = match text.trim().split_once('[') {
            None => (text.trim(), Indices::default()),
            Some((population, rest)) => {
                let inner = rest.strip_suffix(']').ok_or_else(wrong)?;
                (population.trim(), inner.parse()?)
            }
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if population.is_empty() || !population.chars().all(is_name) {
            return Err(wrong());
        }
        Ok(Self {
            population: population.to_owned(),
            indices,
        })
    }
}

impl fmt::Display for Indices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(ranges) = &self.0 else {
            return f.write_str("all");
        };
        for (i, range) in ranges.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            match range.len() {
                1 => write!(f, "{comma}{}", range.start)?,
                _ => write!(f, "{comma}{}..{}", range.start, range.end)?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Neurons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.indices.0 {
            None => f.write_str(&self.population),
            Some(_) => write!(f, "{}[{}]", self.population, self.indices),
        }
    }
}

impl TryFrom<String> for Indices {
    type Error = SelectorError;
    fn try_from(text: String) -> Result<Self, SelectorError> {
        text.parse()
    }
}

impl From<Indices> for String {
    fn from(indices: Indices) -> Self {
        indices.to_string()
    }
}

impl TryFrom<String> for Neurons {
    type Error = SelectorError;
    fn try_from(text: String) -> Result<Self, SelectorError> {
        text.parse()
    }
}

impl From<Neurons> for String {
    fn from(neurons: Neurons) -> Self {
        neurons.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::{Indices, Neurons};

    #[test]
    fn neurons_are_named_as_they_are_written() {
        for text in ["hidden1", "hidden1[17]", "a_b-c[0..8, 12]"] {
            let neurons: Neurons = text.parse().unwrap();
            assert_eq!(neurons.to_string(), text);
        }
        let some: Neurons = "x[8..10,2,9]".parse().unwrap();
        assert_eq!(some.indices.among(100), [2, 8, 9]);
        assert_eq!(some.indices.among(9), [2, 8]);
        let some: Neurons = "x[4..6, 1..9, 3, 20..30, 5..12]".parse().unwrap();
        let all: Vec<usize> = (1..12).chain(20..25).collect();
        assert_eq!(some.indices.among(25), all);
        assert_eq!(some.indices.count(25), all.len());
        assert_eq!(some.indices.count(0), 0);
        assert_eq!(some.indices.largest(), Some(29));
        assert_eq!(Indices::default().among(3), [0, 1, 2]);
    }

    #[test]
    fn what_names_no_neurons_is_an_error_that_says_what_would() {
        for text in ["", "[3]", "a[", "a[3", "a b", "a[3]x"] {
            let error = text.parse::<Neurons>().unwrap_err().to_string();
            assert!(error.contains("NAME[17]"), "{text}: {error}");
        }
        for text in [
            "a[]",
            "a[x]",
            "a[-1]",
            "a[5..5]",
            "a[1,,2]",
            "a[18446744073709551615]",
        ] {
            let error = text.parse::<Neurons>().unwrap_err().to_string();
            assert!(error.contains("0..8"), "{text}: {error}");
        }
    }
}
