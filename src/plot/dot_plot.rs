//! Single values by group: a row of dots for each group, with the mean.

use super::colours::{FAINT, INK, WHITE};
use super::curve::distinct;
use super::error::PlotError;
use super::figure::Figure;
use super::font;
use super::frame::{Axis, Frame, ROOM_BELOW, TICK, TICK_GAP};
use super::page::{Page, notes_height, title_height};
use super::stack::left_out;
use super::style::{Anchor, Area, COLUMN, COLUMN_AND_HALF, Lettering, SMALL, Stroke, TEXT, THIN};
use super::ticks::{extent, padded, usable, without_stragglers};

/// The values of one group.
#[derive(Clone, Debug, PartialEq)]
pub struct Dots {
    /// Name of the group.
    pub name: String,
    /// Values of the group, one dot each.
    pub values: Vec<f64>,
    /// Text at the right end of the row; may be empty.
    pub remark: String,
    /// Index of the stroke whose colour the dots have; absent: the position among the groups.
    pub stroke: Option<usize>,
}

/// Groups of values on one horizontal axis, a row each, the first at the top. Dots of a group that
/// would touch are placed above and below each other; the bar in front of them is their mean.
/// Groups far below all others lie beyond the axis: a triangle points to them, with the number of
/// values there, and the mean if it lies there too.
#[derive(Clone, Debug, PartialEq)]
pub struct DotPlot {
    /// Written above the figure.
    pub title: String,
    /// Quantity on the horizontal axis.
    pub quantity: String,
    /// Unit of the values; may be empty.
    pub unit: String,
    /// Rows from above.
    pub groups: Vec<Dots>,
    /// Written below the figure.
    pub notes: Vec<String>,
}

/// Least height of a row, in pt.
const ROW: f64 = 13.0;
/// Radius of a dot in pt: the usual one, and that for groups with many dots above each other.
const DOT: f64 = 1.5;
const SMALL_DOT: f64 = 1.0;
/// Gap between dots, in pt.
const AIR: f64 = 0.2;
/// Largest number of dots above each other that are drawn at full size.
const MOST: usize = 9;

impl DotPlot {
    /// # Errors
    /// [`PlotError::Drawing`]
    pub fn draw(&self) -> Result<Figure, PlotError> {
        const SHARE_OF_TEXT: f64 = 0.35;
        const MARGIN: f64 = 6.0;
        let widest = |texts: &dyn Fn(&Dots) -> &str| {
            let widths = (self.groups.iter()).map(|group| font::width(texts(group), TEXT, false));
            widths.fold(0.0, f64::max)
        };
        let (names, remarks) = (widest(&|group| &group.name), widest(&|group| &group.remark));
        let width = match names + remarks > COLUMN / 2.0 {
            true => COLUMN_AND_HALF,
            false => COLUMN,
        };
        let (names, remarks) = (
            names.min(SHARE_OF_TEXT * width),
            remarks.min(SHARE_OF_TEXT * width),
        );
        let values = || self.groups.iter().flat_map(|group| &group.values).copied();
        let mut notes = self.notes.clone();
        notes.extend(left_out(values().filter(|value| !usable(*value)).count()));

        let (low, high) = self.range();
        if values().any(|value| usable(value) && value < low) {
            notes.push("Triangles point to values left of the axis, with their number.".to_owned());
        }

        let top = title_height(&self.title);
        let left = MARGIN + names + TICK + TICK_GAP;
        let right = width - remarks - 2.0 * MARGIN;
        let (dot, height) = self.dots((left, right), (low, high));
        let area = Area {
            left,
            top,
            right,
            bottom: top + height * self.groups.len().max(1) as f64,
        };
        let labels: Vec<String> = (self.groups.iter())
            .map(|group| font::fitted(&group.name, TEXT, false, names + 0.1))
            .collect();
        let names = Axis::settings("", &labels);
        let last = self.groups.len().max(1) as f64 - 0.5;
        let frame = Frame {
            area,
            x: Axis::new(
                &self.quantity,
                &self.unit,
                (low, high),
                (area.width() / 30.0) as usize,
            ),
            // The first row is at the top.
            y: Axis {
                range: (last, -0.5),
                ..names
            },
        };
        let rows = Rows { dot };
        let height = area.bottom + ROOM_BELOW + 4.0 + notes_height(&notes);
        Page::draw((width, height), |page| {
            page.title(&self.title)?;
            for (index, group) in self.groups.iter().enumerate() {
                rows.draw(page, &frame, (index, group), (width - MARGIN, remarks))?;
            }
            if self.groups.is_empty() {
                frame.no_data(page)?;
            }
            frame.spines(page)?;
            frame.x_ticks(page, true)?;
            frame.x_label(page)?;
            page.notes(&notes)
        })
    }

    /// Radius of the dots and height of the rows in pt, so that no dot hides another: the axis
    /// extends from `left` to `right` on the page and from `low` to `high` in values.
    fn dots(&self, (left, right): (f64, f64), (low, high): (f64, f64)) -> (f64, f64) {
        let scale = (right - left) / (high - low);
        let deepest = |dot: f64| {
            let depth = |group: &Dots| {
                let places: Vec<f64> = usable_values(group).map(|v| v * scale).collect();
                let lanes = swarm(&places, 2.0 * dot + AIR);
                lanes
                    .into_iter()
                    .map(|(_, lane)| lane.abs())
                    .max()
                    .unwrap_or_default()
            };
            self.groups.iter().map(depth).max().unwrap_or_default() as usize * 2 + 1
        };
        let dot = if deepest(DOT) > MOST { SMALL_DOT } else { DOT };
        let height = deepest(dot) as f64 * (2.0 * dot + AIR) + 3.0 * DOT;
        (dot, height.max(ROW))
    }

    /// Range of the horizontal axis.
    fn range(&self) -> (f64, f64) {
        const FINE: f64 = 0.01;
        let mean = |group: &Dots| {
            let (sum, count) = usable_values(group).fold((0.0, 0), |(s, n), v| (s + v, n + 1));
            sum / f64::from(count)
        };
        let means = || self.groups.iter().map(mean);
        let largest = means()
            .filter(|mean| usable(*mean))
            .fold(0.0, |m: f64, v| m.max(v.abs()));
        let worst = without_stragglers(means(), FINE * largest).map(|means| means.0);
        let kept = self
            .groups
            .iter()
            .filter(|group| worst.is_none_or(|worst| mean(group) >= worst));
        padded(extent(kept.flat_map(usable_values)), 0.06)
    }
}

fn usable_values(group: &Dots) -> impl Iterator<Item = f64> {
    group.values.iter().copied().filter(|value| usable(*value))
}

/// Sorted positions with their lanes, 0 in the middle, so that two positions in a lane are at least
/// `apart` from each other. Each is in the free lane nearest to the middle.
fn swarm(places: &[f64], apart: f64) -> Vec<(f64, i64)> {
    let mut places = places.to_vec();
    places.sort_by(f64::total_cmp);
    // Last position in each of the lanes 0, 1, -1, 2, -2 and so on.
    let mut last: Vec<f64> = Vec::new();
    (places.into_iter())
        .map(|place| {
            let free = last.iter().position(|last| place - last >= apart);
            let lane = free.unwrap_or(last.len());
            match last.get_mut(lane) {
                Some(last) => *last = place,
                None => last.push(place),
            }
            let away = lane.div_ceil(2) as i64;
            (place, if lane % 2 == 0 { -away } else { away })
        })
        .collect()
}

/// Drawing of the rows.
struct Rows {
    /// Radius of a dot, in pt.
    dot: f64,
}

impl Rows {
    fn draw(
        &self,
        page: &Page,
        frame: &Frame,
        (index, group): (usize, &Dots),
        (right, room): (f64, f64),
    ) -> Result<(), PlotError> {
        let y = frame.y_at(index as f64);
        let Area {
            left, right: end, ..
        } = frame.area;
        let guide = Stroke {
            opacity: 0.35,
            ..Stroke::solid(FAINT, THIN / 2.0)
        };
        page.line([(left, y), (end, y)], guide)?;
        let Stroke { colour, dash, .. } = distinct(group.stroke.unwrap_or(index), 1.0);
        let places: Vec<f64> = usable_values(group).map(|v| frame.x_at(v)).collect();
        let inside = |x: &f64| *x >= left;
        let apart = 2.0 * self.dot + AIR;
        let dots = swarm(&places, apart);
        let shown = dots.iter().filter(|(x, _)| inside(x));
        let deepest = (shown.map(|(_, lane)| lane.abs()).max()).unwrap_or_default();
        for (x, lane) in dots {
            let y = y + lane as f64 * apart;
            if inside(&x) {
                page.disc((x, y), self.dot, colour)?;
                // A line that would be dashed has hollow dots.
                if dash.is_some() {
                    page.disc((x, y), self.dot / 2.0, WHITE)?;
                }
            }
        }
        let mean = usable_values(group).sum::<f64>() / places.len() as f64;
        let beyond = places.iter().filter(|x| !inside(x)).count();
        if beyond > 0 {
            let (tip, foot) = (left + 2.0, left + 2.0 + 2.0 * DOT);
            page.polygon([(tip, y), (foot, y - DOT), (foot, y + DOT)], colour, 1.0)?;
            let mut text = beyond.to_string();
            if !inside(&frame.x_at(mean)) {
                text = format!("{text}, mean {mean:.2}");
            }
            let lettering = Lettering::new(SMALL, Anchor::Left).colour(FAINT);
            // Below the dots on the axis, if there are any.
            let below = match places.iter().any(inside) {
                true => deepest as f64 * apart + self.dot + SMALL / 2.0 + 1.0,
                false => 0.0,
            };
            page.text(&text, (foot + 2.0, y + below), lettering)?;
        }
        // In front of the dots, which are wider than the bar.
        let x = frame.x_at(mean);
        if !places.is_empty() && inside(&x) {
            // The bar extends a little beyond the dots of its group.
            let half = (deepest as f64 * apart + self.dot + 2.0).max(ROW / 2.0 - 1.8);
            page.line([(x, y - half), (x, y + half)], Stroke::solid(INK, 0.75))?;
        }
        let remark = font::fitted(&group.remark, TEXT, false, room + 0.1);
        page.text(&remark, (right, y), Lettering::new(TEXT, Anchor::Right))
    }
}

#[cfg(test)]
mod tests {
    use super::swarm;
    use proptest::prelude::*;

    #[test]
    fn equal_values_are_set_above_and_below_each_other() {
        let lanes: Vec<i64> = swarm(&[5.0, 5.0, 1.0, 5.0, 20.0], 3.0)
            .into_iter()
            .map(|(_, lane)| lane)
            .collect();
        assert_eq!(lanes, [0, 0, 1, -1, 0]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]
        #[test]
        fn no_dot_touches_another(places in prop::collection::vec(0.0f64..100.0, 0..60)) {
            let dots = swarm(&places, 3.2);
            prop_assert_eq!(dots.len(), places.len());
            for (n, a) in dots.iter().enumerate() {
                for b in &dots[n + 1..] {
                    let (x, y) = (a.0 - b.0, 3.2 * (a.1 - b.1) as f64);
                    prop_assert!(x.hypot(y) >= 3.2 - 1e-9, "{a:?} and {b:?}");
                }
            }
        }
    }
}
