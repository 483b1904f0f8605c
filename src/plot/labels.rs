//! Names of lines: at the ends of the lines if they fit there, otherwise in a legend.

use super::colours::INK;
use super::error::PlotError;
use super::font;
use super::page::{Page, symbol_width};
use super::style::{Anchor, Lettering, Point, Stroke, TEXT};

/// Least vertical distance between two names, in pt.
pub(super) const LINE_SPACING: f64 = 7.5;
/// Length of the leader from the end of a line to its name, in pt.
pub(super) const LEADER: f64 = 8.0;
/// Gap between a leader and its name, in pt.
const LEADER_GAP: f64 = 2.0;
/// Slack so that a rounding error does not cut the widest name, in pt.
const SLACK: f64 = 0.1;

/// Name written at a line.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Name {
    /// Plain text.
    Plain(String),
    /// A symbol of the model: the part after an underscore is a subscript.
    Symbol(String),
}

impl Name {
    pub fn width(&self) -> f64 {
        match self {
            Self::Plain(text) => font::width(text, TEXT, false),
            Self::Symbol(text) => symbol_width(text, TEXT),
        }
    }

    fn draw(&self, page: &Page, at: Point, room: f64) -> Result<(), PlotError> {
        let lettering = Lettering::new(TEXT, Anchor::Left).colour(INK);
        match self {
            Self::Plain(text) => page.text(&font::fitted(text, TEXT, false, room), at, lettering),
            Self::Symbol(text) if self.width() <= room => page.symbol(text, at, lettering),
            Self::Symbol(text) => page.text(&font::fitted(text, TEXT, false, room), at, lettering),
        }
    }
}

/// Width in pt that names need to the right of a frame, limited to `most`.
pub(super) fn room_right<'n>(names: impl Iterator<Item = &'n Name>, most: f64) -> f64 {
    names
        .map(Name::width)
        .fold(0.0, f64::max)
        .min(most - LEADER - LEADER_GAP)
        + LEADER
        + LEADER_GAP
        + SLACK
}

/// Draws names to the right of `x`, each linked to the height at which its line ends.
pub(super) fn direct(
    page: &Page,
    x: f64,
    (top, bottom): (f64, f64),
    room: f64,
    ends: &[(&Name, Stroke, Point)],
) -> Result<(), PlotError> {
    let heights: Vec<f64> = ends.iter().map(|end| end.2.1).collect();
    let places = spread(&heights, LINE_SPACING, (top, bottom));
    ends.iter()
        .zip(places)
        .try_for_each(|((name, stroke, end), place)| {
            // The leader starts at the end of a line that stops just before the frame does.
            let start = if x - end.0 < LEADER { end.0 } else { x };
            let bend = [
                (start + 1.0, end.1),
                (x + 2.5, end.1),
                (x + LEADER - 1.5, place),
                (x + LEADER, place),
            ];
            let width = stroke.width.min(0.75);
            page.line(bend, Stroke { width, ..*stroke })?;
            let left = x + LEADER + LEADER_GAP;
            name.draw(page, (left, place), room - LEADER - LEADER_GAP)
        })
}

/// Heights of names whose lines end at `heights`: in the same order, at least `spacing` apart and
/// moved as little as possible (least squares, with neighbours that collide pooled).
fn spread(heights: &[f64], spacing: f64, (top, bottom): (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..heights.len()).collect();
    let height = |index: &usize| heights.get(*index).copied().unwrap_or(top);
    order.sort_by(|a, b| height(a).total_cmp(&height(b)));

    // Clusters of touching neighbours: sum of the first positions they prefer, and their number.
    let mut clusters: Vec<(f64, usize)> = Vec::new();
    let first = |&(sum, count): &(f64, usize)| {
        let room = spacing * (count - 1) as f64;
        (sum / count as f64).min(bottom - room).max(top)
    };
    for index in &order {
        clusters.push((height(index), 1));
        while let [.., above, below] = clusters.as_slice() {
            let reach = spacing * above.1 as f64;
            if first(above) + reach <= first(below) {
                break;
            }
            let pooled = (
                above.0 + below.0 - reach * below.1 as f64,
                above.1 + below.1,
            );
            clusters.truncate(clusters.len() - 2);
            clusters.push(pooled);
        }
    }
    let sorted = clusters.iter().flat_map(|cluster| {
        let first = first(cluster);
        (0..cluster.1).map(move |row| first + spacing * row as f64)
    });
    let mut places: Vec<(usize, f64)> = order.into_iter().zip(sorted).collect();
    places.sort_by_key(|(index, _)| *index);
    places.into_iter().map(|(_, place)| place).collect()
}

/// A legend in rows: each entry with its position from the left and from the top.
pub(super) struct Legend<'n> {
    entries: Vec<(&'n Name, Stroke, Point)>,
    /// Height of all rows, in pt.
    pub height: f64,
    entry_room: f64,
}

impl<'n> Legend<'n> {
    /// Legend with rows at most `width` pt wide.
    pub fn new(entries: &[(&'n Name, Stroke)], width: f64) -> Self {
        const BETWEEN: f64 = 10.0;
        let entry_room = width.min(150.0);
        let (mut x, mut row) = (0.0, 0.0);
        let entries: Vec<_> = entries
            .iter()
            .map(|&(name, stroke)| {
                let wide = room_right(std::iter::once(name), entry_room);
                if x > 0.0 && x + wide > width {
                    (x, row) = (0.0, row + 1.0);
                }
                let at = (x, row * LINE_SPACING);
                x += wide + BETWEEN;
                (name, stroke, at)
            })
            .collect();
        Self {
            height: if entries.is_empty() {
                0.0
            } else {
                (row + 1.0) * LINE_SPACING
            },
            entries,
            entry_room,
        }
    }

    /// Draws the rows; `at` is the upper left corner.
    pub fn draw(&self, page: &Page, at: Point) -> Result<(), PlotError> {
        self.entries.iter().try_for_each(|(name, stroke, place)| {
            let (x, y) = (at.0 + place.0, at.1 + place.1 + LINE_SPACING / 2.0);
            let sample = Stroke {
                width: stroke.width.max(1.0),
                ..*stroke
            };
            page.line([(x, y), (x + LEADER, y)], sample)?;
            let left = x + LEADER + LEADER_GAP;
            name.draw(page, (left, y), self.entry_room - LEADER - LEADER_GAP)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_room_for_names_is_enough_for_each() {
        for digits in 0..200 {
            let name = Name::Plain(format!("W[{digits}, {}]", 7 * digits));
            let room = room_right(std::iter::once(&name), 100.0) - LEADER - LEADER_GAP;
            let Name::Plain(text) = &name else { continue };
            // As in a drawing, where the width has been part of the position of a frame's edge.
            let room = 252.0 - (252.0 - room);
            assert_eq!(font::fitted(text, TEXT, false, room), *text);
        }
    }

    #[test]
    fn names_that_fit_stay_and_names_that_collide_share_the_displacement() {
        assert_eq!(spread(&[50.0, 10.0], 8.0, (0.0, 100.0)), [50.0, 10.0]);
        assert_eq!(spread(&[20.0, 20.0], 8.0, (0.0, 100.0)), [16.0, 24.0]);
        assert_eq!(
            spread(&[0.0, 0.0, 0.0], 8.0, (0.0, 100.0)),
            [0.0, 8.0, 16.0]
        );
        assert_eq!(spread(&[99.0, 100.0], 8.0, (0.0, 100.0)), [92.0, 100.0]);
        assert!(spread(&[], 8.0, (0.0, 100.0)).is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]
        #[test]
        fn names_keep_their_distance_and_stay_inside(
            heights in proptest::collection::vec(0.0..100.0, 1..12),
        ) {
            let places = spread(&heights, 8.0, (0.0, 100.0));
            let mut sorted = places.clone();
            sorted.sort_by(f64::total_cmp);
            prop_assert!(sorted.windows(2).all(|pair| pair[1] - pair[0] > 8.0 - 1e-9));
            prop_assert!(sorted.iter().all(|place| (-1e-9..=100.0 + 1e-9).contains(place)));
            for (above, below) in heights.iter().zip(&places).zip(heights.iter().zip(&places).skip(1)) {
                prop_assert!((above.0 < below.0) <= (above.1 < below.1));
                prop_assert!((above.0 > below.0) <= (above.1 > below.1));
            }
        }
    }
}
