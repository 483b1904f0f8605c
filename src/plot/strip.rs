//! Time intervals as bars above the panels.

use super::colours::{BLUE, FAINT, GREEN, ORANGE, PURPLE, SKY, VERMILLION};
use super::error::PlotError;
use super::font;
use super::frame::Frame;
use super::page::Page;
use super::style::{Anchor, Area, Lettering, SMALL, TEXT};
use super::ticks::{extent, usable};
use plotters::style::RGBColor;

/// A time interval in which an input or a change acts on the neuron.
#[derive(Clone, Debug, PartialEq)]
pub struct Interval {
    /// Kind: `stimulus`, `teacher`, `current`, `presentation`, `neuron`, `eta` or any other word.
    pub kind: String,
    /// Label, written into the bar if it fits.
    pub label: String,
    /// Start, in ms.
    pub from_ms: f64,
    /// End (excluded), in ms.
    pub until_ms: f64,
}

/// Start, end (excluded), both in ms, and label.
type Bar = (f64, f64, String);

/// Time intervals of one kind that do not overlap: one row of bars.
#[derive(Clone, Debug)]
pub(super) struct Strip {
    pub kind: String,
    /// Text at the left: the kind at its first row, and at its last row the number of bars that did
    /// not fit.
    pub name: String,
    pub colour: RGBColor,
    pub bars: Vec<Bar>,
}

impl Strip {
    /// True if there is a bar at every time of `range`.
    fn covers(&self, (from, until): (f64, f64)) -> bool {
        let reached = (self.bars.iter())
            .filter(|bar| bar.1 > from)
            .fold(from, |reached, bar| {
                if bar.0 <= reached {
                    reached.max(bar.1)
                } else {
                    reached
                }
            });
        reached >= until
    }
}

const ROW: f64 = 8.0;
const BETWEEN_ROWS: f64 = 2.0;
const BELOW: f64 = 5.0;

/// Kinds in the order of their rows, from the top; other kinds follow.
const ORDER: [&str; 6] = [
    "stimulus",
    "presentation",
    "teacher",
    "current",
    "neuron",
    "eta",
];

/// Largest number of rows per kind.
const MOST_ROWS: usize = 12;

/// Strips of each kind, with bars in order of time. Overlapping bars of a kind are in different
/// rows, as few as possible.
pub(super) fn strips(windows: &[Interval]) -> Vec<Strip> {
    let mut kinds: Vec<(&str, Vec<Bar>)> = Vec::new();
    for window in windows {
        let bar = (window.from_ms, window.until_ms, window.label.clone());
        if !usable(bar.0) || !usable(bar.1) || bar.0 >= bar.1 {
            continue;
        }
        match kinds.iter_mut().find(|(kind, _)| *kind == window.kind) {
            Some((_, bars)) => bars.push(bar),
            None => kinds.push((&window.kind, vec![bar])),
        }
    }
    let rank = |kind: &str| ORDER.iter().position(|known| *known == kind);
    kinds.sort_by_key(|(kind, _)| rank(kind).unwrap_or(ORDER.len()));
    let mut strips = Vec::new();
    for (kind, bars) in kinds {
        let (rows, left) = rows(bars);
        let last = rows.len() - 1;
        strips.extend(rows.into_iter().enumerate().map(|(row, bars)| Strip {
            kind: kind.to_owned(),
            name: match row {
                0 => kind.to_owned(),
                _ if row == last && left > 0 => format!("and {left} more"),
                _ => String::new(),
            },
            colour: colour(kind),
            bars,
        }));
    }
    strips
}

/// Colour of a kind, the same in every figure.
fn colour(kind: &str) -> RGBColor {
    match kind {
        "stimulus" => SKY,
        "teacher" => ORANGE,
        "current" => PURPLE,
        "presentation" => BLUE,
        "neuron" => GREEN,
        "eta" => FAINT,
        _ => VERMILLION,
    }
}

/// Bars, each in the first row that is free at its time, and the number of bars that did not fit.
fn rows(mut bars: Vec<Bar>) -> (Vec<Vec<Bar>>, usize) {
    bars.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
    let mut rows: Vec<Vec<Bar>> = Vec::new();
    let mut left = 0;
    for bar in bars {
        let free = |row: &Vec<Bar>| row.last().is_none_or(|last| last.1 <= bar.0);
        match rows.iter().position(free) {
            Some(row) => rows[row].push(bar),
            None if rows.len() < MOST_ROWS => rows.push(vec![bar]),
            None => left += 1,
        }
    }
    (rows, left)
}

/// Shaded intervals: the bars of each strip, unless there is one at every time of `range`, the
/// short ones in front of the long ones. Changes of parameters do not act on the potentials and are
/// not shaded.
pub(super) fn shaded(strips: &[Strip], range: Option<(f64, f64)>) -> Vec<(f64, f64, RGBColor)> {
    let mut shaded: Vec<_> = (strips.iter())
        .filter(|strip| !["neuron", "eta"].contains(&strip.kind.as_str()))
        .filter(|strip| !range.is_some_and(|range| strip.covers(range)))
        .flat_map(|strip| strip.bars.iter().map(|bar| (bar.0, bar.1, strip.colour)))
        .collect();
    shaded.sort_by(|a, b| (b.1 - b.0).total_cmp(&(a.1 - a.0)));
    shaded
}

/// Height of the rows, in pt.
pub(super) fn height(strips: &[Strip]) -> f64 {
    match strips.len() {
        0 => 0.0,
        rows => (ROW + BETWEEN_ROWS) * rows as f64 + BELOW,
    }
}

/// Width of the names of the kinds at the left, in pt.
pub(super) fn room_left(strips: &[Strip]) -> f64 {
    const MOST: f64 = 60.0;
    strips
        .iter()
        .map(|strip| font::width(&strip.name, TEXT, false) + 10.0)
        .fold(0.0, f64::max)
        .min(MOST)
}

/// Earliest start and latest end of all bars, in ms.
pub(super) fn extent_of(strips: &[Strip]) -> Option<(f64, f64)> {
    let bars = strips.iter().flat_map(|strip| &strip.bars);
    extent(bars.flat_map(|bar| [bar.0, bar.1]))
}

/// Draws the rows from `top` down, aligned with `frame`.
pub(super) fn draw(
    page: &Page,
    strips: &[Strip],
    frame: &Frame,
    top: f64,
) -> Result<(), PlotError> {
    strips.iter().zip(0u32..).try_for_each(|(strip, row)| {
        let top = top + (ROW + BETWEEN_ROWS) * f64::from(row);
        let row = Area {
            top,
            bottom: top + ROW,
            ..frame.area
        };
        let name = font::fitted(&strip.name, TEXT, false, row.left - 10.0);
        let at = (row.left - 4.0, row.centre().1);
        page.text(&name, at, Lettering::new(TEXT, Anchor::Right))?;
        bars(page, strip, frame, row)
    })
}

/// The area without a thin line at its right end, which separates touching neighbours.
pub(super) fn apart(area: Area) -> Area {
    let hairline = if area.width() > 2.0 { 0.4 } else { 0.0 };
    Area {
        right: area.right - hairline,
        ..area
    }
}

fn bars(page: &Page, strip: &Strip, frame: &Frame, row: Area) -> Result<(), PlotError> {
    const OPACITY: f64 = 0.45;
    const NARROWEST: f64 = 0.2;
    const AIR: f64 = 1.0;
    let mut drawn_until = f64::NEG_INFINITY;
    for (index, (from, until, label)) in strip.bars.iter().enumerate() {
        let Some(area) = frame.between(*from, *until) else {
            continue;
        };
        // Bars that are too close to be distinguished are drawn once.
        if area.right < drawn_until + NARROWEST {
            continue;
        }
        let area = Area {
            right: apart(area).right.max(area.left + NARROWEST),
            top: row.top,
            bottom: row.bottom,
            ..area
        };
        drawn_until = area.right;
        page.fill(area, strip.colour, OPACITY)?;
        // The label is written completely, in the bar or behind it, or not at all.
        let wanted = font::width(label, SMALL, false) + 2.0 * AIR;
        let next = (strip.bars.get(index + 1))
            .and_then(|next| frame.between(next.0, next.1))
            .map_or(frame.area.right, |next| next.left);
        if wanted <= area.width() {
            page.text(label, area.centre(), Lettering::new(SMALL, Anchor::Centre))?;
        } else if wanted <= next - area.right {
            let behind = (area.right + AIR, area.centre().1);
            page.text(label, behind, Lettering::new(SMALL, Anchor::Left))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Interval, strips};

    #[test]
    fn bars_that_overlap_are_all_seen_in_rows_of_their_own() {
        let window = |kind: &str, label: &str, from_ms, until_ms| Interval {
            kind: kind.into(),
            label: label.into(),
            from_ms,
            until_ms,
        };
        let strips = strips(&[
            window("current", "within", 20.0, 30.0),
            window("current", "long", 0.0, 100.0),
            window("teacher", "other", 10.0, 20.0),
            window("current", "across", 25.0, 120.0),
            window("current", "after", 100.0, 110.0),
        ]);
        let rows: Vec<(&str, &str, Vec<&str>)> = (strips.iter())
            .map(|strip| {
                let labels = strip.bars.iter().map(|bar| bar.2.as_str());
                (strip.kind.as_str(), strip.name.as_str(), labels.collect())
            })
            .collect();
        assert_eq!(
            rows,
            [
                ("teacher", "teacher", vec!["other"]),
                ("current", "current", vec!["long", "after"]),
                ("current", "", vec!["within"]),
                ("current", "", vec!["across"]),
            ]
        );
        let many: Vec<Interval> = (0..20).map(|_| window("current", "", 0.0, 1.0)).collect();
        let strips = super::strips(&many);
        assert_eq!((strips.len(), strips[11].name.as_str()), (12, "and 8 more"));
    }

    #[test]
    fn bars_that_touch_cover_and_a_gap_does_not() {
        let window = |from_ms, until_ms| Interval {
            kind: "stimulus".into(),
            label: String::new(),
            from_ms,
            until_ms,
        };
        let covers = |windows: &[Interval], range| strips(windows)[0].covers(range);
        let all = [window(20.0, 40.0), window(0.0, 20.0)];
        assert!(covers(&all, (0.0, 40.0)) && covers(&all, (5.0, 39.0)));
        assert!(!covers(&all, (0.0, 41.0)) && !covers(&all, (-1.0, 40.0)));
        assert!(!covers(
            &[window(0.0, 19.0), window(20.0, 40.0)],
            (0.0, 40.0)
        ));
    }
}
