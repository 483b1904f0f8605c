//! Which class was taken for which.

use super::colour_bar;
use super::colours::{INK, WHITE, sequential, takes_dark_ink};
use super::error::PlotError;
use super::figure::Figure;
use super::font;
use super::frame::{Axis, Frame, ROOM_BELOW, room_left};
use super::page::{Page, notes_height, title_height};
use super::raster::Raster;
use super::style::{Anchor, Area, COLUMN, Lettering, SMALL, Stroke, THIN};
use ndarray::ArrayView2;

/// Counts of answers by true class. The title gains the overall accuracy; the colour of a cell is
/// its share of the true class, on a square-root scale so that rare confusions can be seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Confusion<'a> {
    /// Written above the figure.
    pub title: String,
    /// `[true class, answer]`, square.
    pub counts: ArrayView2<'a, u64>,
}

impl Confusion<'_> {
    /// # Errors
    /// [`PlotError::Shape`] if the counts are not square; [`PlotError::Drawing`].
    pub fn draw(&self) -> Result<Figure, PlotError> {
        let (classes, answers) = self.counts.dim();
        if classes != answers {
            return Err(PlotError::Shape {
                part: "confusion counts".to_owned(),
                found: format!("{classes} classes x {answers} answers"),
                expected: "as many of both".to_owned(),
            });
        }
        let title = match self.accuracy() {
            Some(accuracy) if self.title.trim().is_empty() => format!("accuracy {accuracy:.2} %"),
            Some(accuracy) => format!("{}, accuracy {accuracy:.2} %", self.title),
            None => self.title.clone(),
        };
        let axis = |quantity| {
            let range = (-0.5, classes.max(1) as f64 - 0.5);
            let most = if classes <= 20 { classes } else { 10 };
            Axis::integers(quantity, range, most)
        };
        let (x, y) = (axis("answer"), axis("true class"));
        let bar = share_axis();
        let left = room_left(y.widest(), 1);
        let side = COLUMN - left - colour_bar::room_right(&bar) - 5.0;
        let top = title_height(&title) + 2.0;
        let area = Area {
            left,
            top,
            right: left + side,
            bottom: top + side,
        };
        let frame = Frame { area, x, y };
        let shares = self.shares();
        let height = area.bottom + ROOM_BELOW + 4.0 + notes_height(&[]);
        Page::draw((COLUMN, height), |page| {
            page.title(&title)?;
            if classes == 0 {
                frame.no_data(page)?;
            } else {
                let image = Raster::new(shares.view(), |&share| sequential(share.sqrt()));
                page.image(area, image);
                self.numbers(page, area)?;
            }
            frame.ticks_outside(page)?;
            page.outline(area, Stroke::solid(INK, THIN))?;
            frame.x_label(page)?;
            frame.y_label(page, side)?;
            colour_bar::draw(page, area, &bar, sequential)
        })
    }

    /// Overall share of right answers in %.
    fn accuracy(&self) -> Option<f64> {
        let all: f64 = self.counts.iter().map(|&count| count as f64).sum();
        let right: f64 = self.counts.diag().iter().map(|&count| count as f64).sum();
        (all > 0.0).then(|| 100.0 * right / all)
    }

    /// Each count by the sum of its row; 0 for a class without samples.
    fn shares(&self) -> ndarray::Array2<f64> {
        let mut shares = self.counts.mapv(|count| count as f64);
        for mut row in shares.rows_mut() {
            let sum = row.sum();
            row /= if sum > 0.0 { sum } else { 1.0 };
        }
        shares
    }

    /// The counts other than 0, if all fit into their cells.
    fn numbers(&self, page: &Page, area: Area) -> Result<(), PlotError> {
        const AIR: f64 = 2.0;
        let classes = self.counts.nrows() as f64;
        let cell = area.width() / classes;
        let widest = self
            .counts
            .iter()
            .map(|count| font::width(&count.to_string(), SMALL, false))
            .fold(0.0, f64::max);
        // Smaller than this cannot be read.
        const SMALLEST: f64 = 4.0;
        let size = (SMALL * (cell - AIR) / widest.max(1.0)).min(SMALL);
        if size < SMALLEST || cell < size + AIR {
            return Ok(());
        }
        self.counts
            .indexed_iter()
            .zip(&self.shares())
            .filter(|((_, count), _)| **count > 0)
            .try_for_each(|(((row, column), count), share)| {
                let at = (
                    area.left + (column as f64 + 0.5) * cell,
                    area.top + (row as f64 + 0.5) * cell,
                );
                let ink = if takes_dark_ink(sequential(share.sqrt())) {
                    INK
                } else {
                    WHITE
                };
                let lettering = Lettering::new(size, Anchor::Centre).colour(ink);
                page.text(&count.to_string(), at, lettering)
            })
    }
}

/// The bar's axis: positions are square roots of shares, labels are the shares in %.
fn share_axis() -> Axis {
    const PERCENT: [f64; 6] = [0.0, 1.0, 10.0, 25.0, 50.0, 100.0];
    let mut axis = Axis::new("share of the true class", "%", (0.0, 1.0), 2);
    axis.at = PERCENT.map(|percent| (percent / 100.0).sqrt()).to_vec();
    axis.ticks.labels = PERCENT.map(|percent| percent.to_string()).to_vec();
    axis
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn accuracy_and_shares_are_those_of_the_counts() {
        let counts = array![[8u64, 2, 0], [1, 9, 0], [0, 0, 0]];
        let confusion = Confusion {
            title: String::new(),
            counts: counts.view(),
        };
        assert_eq!(confusion.accuracy(), Some(85.0));
        assert_eq!(
            confusion.shares(),
            array![[0.8, 0.2, 0.0], [0.1, 0.9, 0.0], [0.0; 3]]
        );
    }

    #[test]
    fn counts_that_are_not_square_are_an_error() {
        let counts = Array2::zeros((3, 2));
        let confusion = Confusion {
            title: "digits".to_owned(),
            counts: counts.view(),
        };
        let error = confusion.draw().unwrap_err().to_string();
        assert!(error.contains("found 3 classes x 2 answers"), "{error}");
    }
}
