//! Confusion matrix: answers by true class.

use super::colour_bar;
use super::colours::{INK, WHITE, sequential, takes_dark_ink};
use super::error::PlotError;
use super::figure::Figure;
use super::font;
use super::frame::{Axis, Frame, room_left};
use super::page::{Page, notes_height, title_height};
use super::raster::Raster;
use super::style::{Anchor, Area, BOTH_COLUMNS, COLUMN, Lettering, SMALL, Stroke, TEXT, THIN};
use ndarray::ArrayView2;

/// Largest number of classes that fit into one column.
const MOST_IN_COLUMN: usize = 30;
/// Largest height of the colour bar beside a large matrix, in pt.
const HIGHEST_BAR: f64 = 230.0;
/// Largest number of classes for which every number is written at the axes.
const MOST_NUMBERED: usize = 20;

/// Counts of answers by true class. The title also states the accuracy; the colour of a cell is its
/// share of the true class, on a square-root scale so that rare confusions are visible.
#[derive(Clone, Debug, PartialEq)]
pub struct Confusion<'a> {
    /// Written above the figure.
    pub title: String,
    /// Names of the classes; long ones are cut.
    pub classes: &'a [String],
    /// Counts, `[true class, answer]`, classes x classes.
    pub counts: ArrayView2<'a, u64>,
}

impl Confusion<'_> {
    /// # Errors
    /// [`PlotError::Shape`] if the numbers of rows, of columns and of names of classes differ;
    /// [`PlotError::Drawing`].
    pub fn draw(&self) -> Result<Figure, PlotError> {
        let (rows, answers) = self.counts.dim();
        let classes = self.classes.len();
        if (rows, answers) != (classes, classes) {
            return Err(PlotError::Shape {
                part: "confusion counts".to_owned(),
                found: format!("{rows} classes x {answers} answers"),
                expected: format!("{classes} of both, as there are names"),
            });
        }
        let title = match self.accuracy() {
            Some(accuracy) if self.title.trim().is_empty() => format!("accuracy {accuracy:.2} %"),
            Some(accuracy) => format!("{}, accuracy {accuracy:.2} %", self.title),
            None => self.title.clone(),
        };
        let bar = share_axis();
        let width = match classes {
            ..=MOST_IN_COLUMN => COLUMN,
            _ => BOTH_COLUMNS,
        };
        let side_beside =
            |names: f64| width - room_left(names, 1) - colour_bar::room_right(&bar) - 5.0;
        let (x, y) = self.axes(side_beside(0.0), &side_beside);
        let left = room_left(y.widest(), 1);
        let side = side_beside(y.widest());
        let notes = match y.at.get(1) {
            Some(every) if *every > 1.0 && !self.are_numbers() => {
                vec![format!("Of {classes} classes one in {every} is named.")]
            }
            _ => Vec::new(),
        };
        let top = title_height(&title) + 2.0;
        let area = Area {
            left,
            top,
            right: left + side,
            bottom: top + side,
        };
        let beside = Area {
            bottom: top + side.min(HIGHEST_BAR),
            ..area
        };
        let height = area.bottom + x.room_below() + 4.0 + notes_height(&notes);
        let frame = Frame { area, x, y };
        let shares = self.shares();
        Page::draw((width, height), |page| {
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
            colour_bar::draw(page, beside, &bar, sequential)?;
            page.notes(&notes)
        })
    }

    /// True if the name of each class is its index.
    fn are_numbers(&self) -> bool {
        let mut names = self.classes.iter().enumerate();
        names.all(|(class, name)| *name == class.to_string())
    }

    /// Horizontal and vertical axis of a matrix at most `widest` pt wide. `side_beside` gives the
    /// side in pt that remains beside names of a given width in pt.
    fn axes(&self, widest: f64, side_beside: &dyn Fn(f64) -> f64) -> (Axis, Axis) {
        /// Smallest readable size of text, in pt.
        const SMALLEST: f64 = 4.0;
        const AIR: f64 = 0.5;
        const LONGEST: f64 = 70.0;
        let classes = self.classes.len();
        if self.are_numbers() {
            let axis = |quantity| {
                let range = (-0.5, classes.max(1) as f64 - 0.5);
                let most = if classes <= MOST_NUMBERED {
                    classes
                } else {
                    10
                };
                Axis::integers(quantity, range, most)
            };
            return (axis("answer"), axis("true class"));
        }
        let cell = side_beside(LONGEST).min(widest) / classes as f64;
        let every = ((SMALLEST + AIR) / cell).ceil().max(1.0);
        let size = (every * cell - AIR).clamp(SMALLEST, TEXT);
        let how = (every as usize, size, LONGEST);
        let y = Axis::cells("true class", self.classes, how);
        let mut x = Axis::cells("answer", self.classes, how);
        x.upward = x.widest() + 3.0 > every * side_beside(y.widest()) / classes as f64;
        (x, y)
    }

    /// Share of right answers over all classes, in %.
    fn accuracy(&self) -> Option<f64> {
        let all: f64 = self.counts.iter().map(|&count| count as f64).sum();
        let right: f64 = self.counts.diag().iter().map(|&count| count as f64).sum();
        (all > 0.0).then(|| 100.0 * right / all)
    }

    /// Each count divided by the sum of its row; 0 for a class without samples.
    fn shares(&self) -> ndarray::Array2<f64> {
        let mut shares = self.counts.mapv(|count| count as f64);
        for mut row in shares.rows_mut() {
            let sum = row.sum();
            row /= if sum > 0.0 { sum } else { 1.0 };
        }
        shares
    }

    /// Writes the counts other than 0, if all fit into their cells.
    fn numbers(&self, page: &Page, area: Area) -> Result<(), PlotError> {
        const AIR: f64 = 2.0;
        let classes = self.counts.nrows() as f64;
        let cell = area.width() / classes;
        let widest = self
            .counts
            .iter()
            .map(|count| font::width(&count.to_string(), SMALL, false))
            .fold(0.0, f64::max);
        // Smallest readable size of text, in pt.
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

/// Axis of the colour bar: positions are square roots of shares, labels are the shares in %.
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
        let classes = ["0", "1", "2"].map(str::to_owned);
        let confusion = Confusion {
            title: String::new(),
            classes: &classes,
            counts: counts.view(),
        };
        assert_eq!(confusion.accuracy(), Some(85.0));
        assert_eq!(
            confusion.shares(),
            array![[0.8, 0.2, 0.0], [0.1, 0.9, 0.0], [0.0; 3]]
        );
    }

    #[test]
    fn counts_that_are_not_those_of_the_classes_are_an_error() {
        for (shape, says) in [
            ((3, 2), "found 3 classes x 2 answers, expected 3 of both"),
            ((2, 2), "found 2 classes x 2 answers, expected 3 of both"),
        ] {
            let counts = Array2::zeros(shape);
            let confusion = Confusion {
                title: "digits".to_owned(),
                classes: &["a", "b", "c"].map(str::to_owned),
                counts: counts.view(),
            };
            let error = confusion.draw().unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn names_are_whole_if_they_fit_upward_if_they_are_long_and_some_of_them_if_they_are_many() {
        let axes = |names: &[&str], count: usize| {
            let classes: Vec<String> = (0..count)
                .map(|n| format!("{}{}", names[n % names.len()], n / names.len()))
                .collect();
            let counts = Array2::zeros((count, count));
            let confusion = Confusion {
                title: String::new(),
                classes: &classes,
                counts: counts.view(),
            };
            confusion.axes(200.0, &|names| 200.0 - names)
        };
        let (x, y) = axes(&["ox", "cat"], 6);
        let labels = ["ox0", "cat0", "ox1", "cat1", "ox2", "cat2"];
        assert_eq!(
            (&x.ticks.labels[..], x.upward),
            (&labels.map(str::to_owned)[..], false)
        );
        assert_eq!(y.ticks.labels, labels);

        let (x, y) = axes(&["a long name of an animal that nobody knows "], 12);
        assert!(x.upward && y.widest() <= 70.0 && y.at.len() == 12);
        assert!(y.ticks.labels.iter().all(|name| name.ends_with('…')));

        let (x, y) = axes(&["class "], 300);
        assert!(
            y.at.len() < 40 && y.size >= 4.0,
            "{} {}",
            y.at.len(),
            y.size
        );
        assert_eq!(
            (x.at[1], &x.ticks.labels[1][..]),
            (y.at[1], &*format!("class {}", y.at[1]))
        );
    }
}
