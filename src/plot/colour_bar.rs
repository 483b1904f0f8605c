//! Scales from numbers to colours, and the bars that explain them.

use super::colours::{INK, MISSING, diverging};
use super::error::PlotError;
use super::font;
use super::frame::{Axis, TICK, TICK_GAP};
use super::page::Page;
use super::raster::Raster;
use super::style::{Anchor, Area, Lettering, Stroke, TEXT, THIN};
use ndarray::Array2;
use plotters::style::RGBColor;

/// Width of a bar.
pub(super) const BAR: f64 = 6.0;

/// A scale symmetric about 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Symmetric {
    /// Absolute value at both ends, above 0.
    pub limit: f64,
    /// True if some values lie beyond the ends.
    pub exceeded: bool,
}

impl Symmetric {
    /// Scale up to the largest absolute value; if a few outliers would make all other colours pale,
    /// up to the 99.5 % quantile.
    pub fn of(values: impl Iterator<Item = f64>) -> Self {
        const WITHIN: f64 = 0.995;
        const OUTLYING: f64 = 2.0;
        let mut sizes: Vec<f64> = values.filter(|v| v.is_finite()).map(f64::abs).collect();
        sizes.sort_by(f64::total_cmp);
        let most = sizes.last().copied().unwrap_or(0.0);
        let rank = (sizes.len() as f64 * WITHIN) as usize;
        let usual = sizes.get(rank).copied().unwrap_or(most);
        let exceeded = usual > 0.0 && most > OUTLYING * usual;
        let limit = if exceeded { usual } else { most };
        Self {
            // Smaller limits would underflow in the arithmetic of an axis.
            limit: if limit > 1e-290 { limit } else { 1.0 },
            exceeded,
        }
    }

    /// Colour of `value`; grey if it is not finite.
    pub fn colour(&self, value: f64) -> RGBColor {
        if value.is_finite() {
            diverging(value / self.limit)
        } else {
            MISSING
        }
    }

    /// Note on values beyond the ends, if there are any.
    pub fn note(&self) -> Option<String> {
        self.exceeded
            .then(|| "Colours end at the 99.5 % quantile of the absolute values.".to_owned())
    }

    /// Axis of the bar, which is `length` pt long.
    pub fn axis(&self, quantity: &str, unit: &str, length: f64) -> Axis {
        // At most five or more ticks give at least three: steps of 1, 2 and 5 leave no wider gap.
        let most = ((length / 22.0) as usize + 1).clamp(5, 7);
        Axis::new(quantity, unit, (-self.limit, self.limit), most)
    }
}

/// Width in pt that a bar needs to the right of the area it explains.
pub(super) fn room_right(axis: &Axis) -> f64 {
    GAP + BAR + TICK + TICK_GAP + axis.widest() + LABEL_GAP + TEXT
}

const GAP: f64 = 8.0;
const LABEL_GAP: f64 = 3.5;

/// Draws a bar beside `beside`, equally high; `colour` maps a value of the axis to its colour.
pub(super) fn draw(
    page: &mut Page,
    beside: Area,
    axis: &Axis,
    colour: impl Fn(f64) -> RGBColor,
) -> Result<(), PlotError> {
    const SHADES: usize = 256;
    let left = beside.right + GAP;
    let area = Area {
        left,
        right: left + BAR,
        ..beside
    };
    let (low, high) = axis.range;
    let value = |row: usize| high - (row as f64 + 0.5) / SHADES as f64 * (high - low);
    let shades = Array2::from_shape_fn((SHADES, 1), |(row, _)| value(row));
    page.image(area, Raster::new(shades.view(), |&value| colour(value)));
    page.outline(area, Stroke::solid(INK, THIN))?;
    for (&at, label) in axis.at.iter().zip(&axis.ticks.labels) {
        let y = area.bottom - (at - low) / (high - low) * area.height();
        let tick = [(area.right, y), (area.right + TICK, y)];
        page.line(tick, Stroke::solid(INK, THIN))?;
        let x = area.right + TICK + TICK_GAP;
        page.text(label, (x, y), Lettering::new(TEXT, Anchor::Left))?;
    }
    let x = area.right + TICK + TICK_GAP + axis.widest() + LABEL_GAP + TEXT / 2.0;
    let label = font::fitted(&axis.label, TEXT, false, area.height() + 20.0);
    let lettering = Lettering::new(TEXT, Anchor::Centre).upward();
    page.text(&label, (x, area.centre().1), lettering)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_bar_has_three_ticks_whatever_its_limit() {
        for percent in 100..1000 {
            let limit = f64::from(percent) / 100.0;
            let scale = Symmetric {
                limit,
                exceeded: false,
            };
            let ticks = scale.axis("weight", "a.u.", 40.0).at;
            assert!((3..=5).contains(&ticks.len()), "{limit}: {ticks:?}");
        }
    }

    #[test]
    fn the_scale_is_symmetric_and_outliers_do_not_stretch_it() {
        let plain = Symmetric::of([-3.0, 1.0, f64::NAN, 2.0].into_iter());
        assert_eq!((plain.limit, plain.exceeded), (3.0, false));
        let mostly_small = (0..1000).map(|i| if i == 500 { -80.0 } else { f64::from(i % 10) });
        let scale = Symmetric::of(mostly_small);
        assert_eq!((scale.limit, scale.exceeded), (9.0, true));
        assert_eq!(scale.colour(-80.0), diverging(-1.0));
        assert_eq!(scale.colour(f64::INFINITY), MISSING);
        for nothing in [vec![], vec![0.0; 4], vec![f64::NAN]] {
            assert_eq!(Symmetric::of(nothing.into_iter()).limit, 1.0);
        }
    }
}
