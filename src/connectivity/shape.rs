//! Shape of a population: numbers of neurons along its axes.

use std::fmt;

use serde::de::{self, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Numbers of neurons along one to three axes: `(n)`, `(height, width)` or `(channels, height,
/// width)`. The last axis varies fastest: neuron `[c, y, x]` has the index `(c height + y) width +
/// x`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    lengths: [usize; 3],
    axes: usize,
}

impl Shape {
    /// Largest number of axes.
    pub const MOST_AXES: usize = 3;

    /// The shape with these lengths; `None` unless there are one to three axes and the number of
    /// neurons can be represented.
    #[must_use]
    pub fn new(lengths: &[usize]) -> Option<Self> {
        let mut shape = Self {
            lengths: [1; 3],
            axes: lengths.len(),
        };
        (1..=Self::MOST_AXES)
            .contains(&lengths.len())
            .then_some(())?;
        shape.lengths[..lengths.len()].copy_from_slice(lengths);
        let mut sizes = lengths.iter();
        sizes.try_fold(1usize, |size, length| size.checked_mul(*length))?;
        Some(shape)
    }

    /// The shape of neurons in a line.
    #[must_use]
    pub fn line(size: usize) -> Self {
        Self {
            lengths: [size, 1, 1],
            axes: 1,
        }
    }

    /// Lengths of the axes.
    #[must_use]
    pub fn lengths(&self) -> &[usize] {
        &self.lengths[..self.axes]
    }

    /// Number of neurons.
    #[must_use]
    pub fn size(&self) -> usize {
        self.lengths().iter().product()
    }

    /// Channels, height and width: axes that do not exist have the length 1, and neurons in a line
    /// are one row.
    #[must_use]
    pub fn image(&self) -> [usize; 3] {
        let mut image = [1; 3];
        image[Self::MOST_AXES - self.axes..].copy_from_slice(self.lengths());
        image
    }

    /// Position of a neuron along the axes.
    #[must_use]
    pub fn position(&self, index: usize) -> Vec<usize> {
        let mut rest = index;
        let mut position: Vec<usize> = (self.lengths().iter().rev())
            .map(|length| {
                let along = rest % (*length).max(1);
                rest /= (*length).max(1);
                along
            })
            .collect();
        position.reverse();
        position
    }

    /// Notation of a neuron in brackets, such as `[17]` or `[3, 10, 5]`.
    #[must_use]
    pub fn label(&self, index: usize) -> String {
        let position = self.position(index);
        let position: Vec<String> = position.iter().map(usize::to_string).collect();
        format!("[{}]", position.join(", "))
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lengths: Vec<String> = self.lengths().iter().map(usize::to_string).collect();
        write!(f, "({})", lengths.join(", "))
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Shape {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(self.axes)?;
        for length in self.lengths() {
            tuple.serialize_element(length)?;
        }
        tuple.end()
    }
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Lengths;
        impl<'de> Visitor<'de> for Lengths {
            type Value = Shape;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a shape: (n), (height, width) or (channels, height, width)")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Shape, A::Error> {
                let mut lengths = Vec::new();
                while let Some(length) = seq.next_element()? {
                    lengths.push(length);
                    if lengths.len() > Shape::MOST_AXES {
                        break;
                    }
                }
                Shape::new(&lengths).ok_or_else(|| {
                    de::Error::custom(
                        "expected a shape (n), (height, width) or (channels, height, width)",
                    )
                })
            }
        }
        deserializer.deserialize_tuple(Self::MOST_AXES, Lengths)
    }
}

#[cfg(test)]
mod tests {
    use super::Shape;

    #[test]
    fn indices_are_positions_with_the_last_axis_fastest() {
        let shape = Shape::new(&[3, 4, 5]).unwrap();
        assert_eq!(shape.size(), 60);
        let mut index = 0;
        for c in 0..3 {
            for y in 0..4 {
                for x in 0..5 {
                    assert_eq!(shape.position(index), [c, y, x]);
                    index += 1;
                }
            }
        }
        assert_eq!(shape.label(59), "[2, 3, 4]");
        assert_eq!(Shape::line(7).label(6), "[6]");
        assert_eq!(Shape::new(&[4, 5]).unwrap().image(), [1, 4, 5]);
        assert_eq!(Shape::line(7).image(), [1, 1, 7]);
    }

    #[test]
    fn one_to_three_axes_are_written_and_read_and_no_others() {
        for text in ["(7)", "(8,8)", "(3,32,32)"] {
            let shape: Shape = ron::from_str(text).unwrap();
            assert_eq!(ron::to_string(&shape).unwrap(), text);
            assert_eq!(ron::from_str::<Shape>(&shape.to_string()).unwrap(), shape);
        }
        for text in ["()", "(1,2,3,4)", "7", "(8,-8)", "(4294967296,4294967296)"] {
            assert!(ron::from_str::<Shape>(text).is_err(), "{text}");
        }
    }
}
