//! Origins of the parts of a changed text.

use std::ops::Range;

/// Origin of a piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The file, from this byte on.
    File(usize),
    /// The override with this number.
    Override(usize),
}

/// Pieces of a text, in order and without gaps.
#[derive(Clone, Debug)]
pub(super) struct Pieces(Vec<(usize, Origin)>);

impl Pieces {
    /// Pieces of an unchanged text of `length` bytes.
    pub fn of_file(length: usize) -> Self {
        Self(vec![(length, Origin::File(0))])
    }

    /// Replaces `range` by `length` bytes of override `number`.
    pub fn replace(&mut self, range: Range<usize>, length: usize, number: usize) {
        let mut before = Vec::new();
        let mut after = Vec::new();
        let mut start = 0;
        for &(size, origin) in &self.0 {
            let end = start + size;
            if start < range.start {
                before.push((end.min(range.start) - start, origin));
            }
            if end > range.end {
                let cut = range.end.saturating_sub(start);
                let origin = match origin {
                    Origin::File(from) => Origin::File(from + cut),
                    same => same,
                };
                after.push((size - cut, origin));
            }
            start = end;
        }
        before.push((length, Origin::Override(number)));
        before.extend(after);
        self.0 = before;
    }

    /// Origin of byte `at` and range of the piece around it; past the end: the last byte.
    pub fn origin(&self, at: usize) -> (Origin, Range<usize>) {
        let mut start = 0;
        let mut last = (Origin::File(0), 0..0);
        for &(size, origin) in &self.0 {
            let within = at.saturating_sub(start).min(size);
            let origin = match origin {
                Origin::File(from) => Origin::File(from + within),
                same => same,
            };
            last = (origin, start..start + size);
            if at < start + size {
                return last;
            }
            start += size;
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use super::{Origin, Pieces};

    #[test]
    fn every_byte_knows_where_it_came_from() {
        // 0123456789 -> 01AAA56789 -> 01ABBA56789 -> 01ABBA5C9
        let mut pieces = Pieces::of_file(10);
        pieces.replace(2..5, 3, 0);
        pieces.replace(3..4, 2, 1);
        pieces.replace(7..10, 1, 2);
        let origins: String = (0..9)
            .map(|at| match pieces.origin(at).0 {
                Origin::File(byte) => byte.to_string(),
                Origin::Override(number) => ["A", "B", "C"][number].to_owned(),
            })
            .collect();
        assert_eq!(origins, "01ABBA5C9");
        assert_eq!(pieces.origin(100).0, Origin::File(10));
    }
}
