//! Notation of neurons in files and commands: `hidden1`, `hidden1[17]`, `hidden1[0..8, 12]`, and
//! with axes `v1[3, 10..14, 5]`.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::connectivity::Shape;
use crate::description::document::quoted;

/// Indices from 0: `all`, `17`, `0..8` (without 8), or several of them as in `0..8, 12`.
///
/// In a population with two or three axes there is one part for each axis, as in `3, 10..14, all`;
/// a single part counts all neurons in a line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Indices(Option<Vec<Part>>);

/// A range of indices; `None` for all.
type Part = Option<Range<usize>>;

impl Indices {
    /// A single index.
    #[must_use]
    pub fn one(index: usize) -> Self {
        Self(Some(vec![Some(index..index.saturating_add(1))]))
    }

    /// The first indices, `0..count`.
    #[must_use]
    pub fn first(count: usize) -> Self {
        let part = (count > 0).then_some(Some(0..count));
        Self(Some(part.into_iter().collect()))
    }

    /// Selected indices among `0..size`, sorted, without duplicates.
    #[must_use]
    pub fn among(&self, size: usize) -> Vec<usize> {
        self.of(Shape::line(size))
    }

    /// Selected neurons of a population with this shape as indices in a line, sorted, without
    /// duplicates; none if the number of parts is not that of the axes.
    #[must_use]
    pub fn of(&self, shape: Shape) -> Vec<usize> {
        let size = shape.size();
        match (&self.0, self.block(shape)) {
            (None, _) => (0..size).collect(),
            (Some(_), Some(block)) => {
                let [channels, rows, columns] = block;
                let [_, height, width] = shape.image();
                let mut indices = Vec::new();
                for channel in channels {
                    for row in rows.clone() {
                        let start = (channel * height + row) * width;
                        indices.extend(columns.clone().map(|column| start + column));
                    }
                }
                indices
            }
            (Some(_), None) if !self.fits_axes(shape) => Vec::new(),
            (Some(parts), None) => apart(parts, size).into_iter().flatten().collect(),
        }
    }

    /// Number of selected neurons of a population with this shape.
    #[must_use]
    pub fn count(&self, shape: Shape) -> usize {
        match (&self.0, self.block(shape)) {
            (None, _) => shape.size(),
            (Some(_), Some(block)) => block.iter().map(Range::len).product(),
            (Some(_), None) if !self.fits_axes(shape) => 0,
            (Some(parts), None) => apart(parts, shape.size()).iter().map(Range::len).sum(),
        }
    }

    /// True if a neuron of a population with this shape is selected, by its index in a line.
    #[must_use]
    pub fn contains(&self, index: usize, shape: Shape) -> bool {
        let is_in =
            |part: &Part, index: usize| part.as_ref().is_none_or(|range| range.contains(&index));
        if index >= shape.size() || !self.fits_axes(shape) {
            return false;
        }
        match &self.0 {
            None => true,
            Some(parts) if shape.lengths().len() > 1 && parts.len() > 1 => {
                let position = shape.position(index);
                (parts.iter().zip(position)).all(|(part, along)| is_in(part, along))
            }
            Some(parts) => parts.iter().any(|part| is_in(part, index)),
        }
    }

    /// Description of why a population with this shape does not have these neurons, such as `index
    /// 12 is beyond the 10 neurons`; `None` if it has them.
    #[must_use]
    pub fn misfit(&self, shape: Shape, what: &str) -> Option<String> {
        let parts = self.0.as_ref()?;
        let axes = shape.lengths().len();
        if !self.fits_axes(shape) {
            let found = parts.len();
            return Some(format!(
                "expected one index or range for each of the {axes} axes of the {shape} {what}, as \
                 in `{}`, or one for all in a line; found {found}",
                ["0..2", "0..2, 3", "1, 0..2, 3"][axes - 1]
            ));
        }
        if parts.len() > 1 && axes > 1 {
            let beyond = |(part, length): &(&Part, &usize)| {
                part.as_ref().is_some_and(|range| range.end > **length)
            };
            let mut along = parts.iter().zip(shape.lengths()).enumerate();
            let (axis, (part, length)) = along.find(|(_, pair)| beyond(pair))?;
            let largest = part.as_ref().map_or(0, |range| range.end - 1);
            return Some(format!(
                "index {largest} is beyond the {length} neurons along axis {} of the {shape} {what}, \
                 which are counted from 0",
                axis + 1
            ));
        }
        let size = shape.size();
        let largest = self.largest().filter(|largest| *largest >= size)?;
        Some(format!(
            "index {largest} is beyond the {size} {what}, which are counted from 0"
        ))
    }

    /// Largest index given explicitly.
    #[must_use]
    pub fn largest(&self) -> Option<usize> {
        let ranges = self.0.iter().flatten().flatten();
        ranges.map(|range| range.end - 1).max()
    }

    /// True if there is one part, or one for each axis; a list of any length is for neurons in a
    /// line.
    fn fits_axes(&self, shape: Shape) -> bool {
        let parts = self.0.as_ref().map_or(1, Vec::len);
        let axes = shape.lengths().len();
        axes == 1 || parts <= 1 || parts == axes
    }

    /// Ranges along channels, rows and columns, if there is one part for each of several axes.
    fn block(&self, shape: Shape) -> Option<[Range<usize>; 3]> {
        let parts = self.0.as_ref()?;
        let axes = shape.lengths().len();
        if axes == 1 || parts.len() != axes {
            return None;
        }
        let mut block = [0..1, 0..1, 0..1];
        let along = &mut block[Shape::MOST_AXES - axes..];
        for ((range, part), length) in along.iter_mut().zip(parts).zip(shape.lengths()) {
            *range = match part {
                None => 0..*length,
                Some(part) => part.start.min(*length)..part.end.min(*length),
            };
        }
        Some(block)
    }
}

/// Disjoint parts of the ranges within `0..size`, in order.
fn apart(parts: &[Part], size: usize) -> Vec<Range<usize>> {
    let whole = |part: &Part| part.clone().unwrap_or(0..size);
    let mut ranges: Vec<Range<usize>> = parts.iter().map(whole).collect();
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
        let part = |part: &str| {
            let part = part.trim();
            if part == "all" {
                return Ok(None);
            }
            let range = match part.split_once("..") {
                Some((from, to)) => from.trim().parse().ok().zip(to.trim().parse().ok()),
                None => (part.parse::<usize>().ok()).and_then(|i| Some((i, i.checked_add(1)?))),
            };
            (range
                .filter(|(from, to)| from < to)
                .map(|(from, to)| Some(from..to)))
            .ok_or_else(|| SelectorError::Index(part.to_owned()))
        };
        Ok(Self(Some(
            text.split(',').map(part).collect::<Result<_, _>>()?,
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
        let Some(parts) = &self.0 else {
            return f.write_str("all");
        };
        for (i, part) in parts.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            match part {
                None => write!(f, "{comma}all")?,
                Some(range) if range.len() == 1 => write!(f, "{comma}{}", range.start)?,
                Some(range) => write!(f, "{comma}{}..{}", range.start, range.end)?,
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
    use crate::connectivity::Shape;

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
        assert_eq!(some.indices.count(Shape::line(25)), all.len());
        assert_eq!(some.indices.count(Shape::line(0)), 0);
        assert_eq!(some.indices.largest(), Some(29));
        assert_eq!(Indices::default().among(3), [0, 1, 2]);
    }

    /// Compared with all positions, one by one.
    #[test]
    fn with_axes_there_is_a_part_for_each_or_one_for_the_line() {
        let shape = Shape::new(&[3, 4, 5]).unwrap();
        let selected = |text: &str, shape| text.parse::<Indices>().unwrap().of(shape);
        let by_hand = |is: fn(&[usize]) -> bool| {
            let all = (0..60).filter(|index| is(&shape.position(*index)));
            all.collect::<Vec<usize>>()
        };
        for (text, right) in [
            (
                "2, 1..3, 4",
                by_hand(|p| p[0] == 2 && (1..3).contains(&p[1]) && p[2] == 4),
            ),
            ("all, 3, 0..2", by_hand(|p| p[1] == 3 && p[2] < 2)),
            ("0..2, all, all", by_hand(|p| p[0] < 2)),
            ("17", vec![17]),
            ("5..8", vec![5, 6, 7]),
            ("all", (0..60).collect()),
        ] {
            let indices: Indices = text.parse().unwrap();
            assert_eq!(indices.of(shape), right, "{text}");
            assert_eq!(indices.count(shape), right.len(), "{text}");
            assert!(
                (0..70).all(|n| indices.contains(n, shape) == right.contains(&n)),
                "{text}"
            );
            assert_eq!(indices.misfit(shape, "neurons"), None);
            assert_eq!(indices.to_string(), text);
        }
        let image = Shape::new(&[4, 5]).unwrap();
        assert_eq!(selected("1, 0..2", image), [5, 6]);
        // In a line a list stays a list.
        assert_eq!(selected("9, 0..2", Shape::line(20)), [0, 1, 9]);
        for (text, told) in [
            ("1, 2", "each of the 3 axes of the (3, 4, 5) neurons"),
            ("0, 4, 0", "index 4 is beyond the 4 neurons along axis 2"),
            ("60", "index 60 is beyond the 60 neurons"),
        ] {
            let indices: Indices = text.parse().unwrap();
            let misfit = indices.misfit(shape, "neurons").unwrap();
            assert!(misfit.contains(told), "{misfit}");
        }
        let beyond: Indices = "1, 2".parse().unwrap();
        assert_eq!((beyond.of(shape).len(), beyond.count(shape)), (0, 0));
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
