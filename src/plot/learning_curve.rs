//! Accuracy over training, of one run or of several.

use super::colours::{BLACK, BLUE, VERMILLION};
use super::curve::{Course, Curve, distinct};
use super::error::PlotError;
use super::figure::Figure;
use super::labels::Name;
use super::line::Line;
use super::stack::{Abscissa, Horizontal, Panel, Stack};
use super::style::{COLUMN, COLUMN_AND_HALF, Stroke};
use super::ticks::{extent, usable, widened, without_stragglers};
use std::borrow::Cow;

/// Accuracy over training. The vertical axis ends at the largest value and starts low enough for
/// the later part of the courses, except of those that end far below all others; lower values are
/// clipped, and a note states this.
#[derive(Clone, Debug, PartialEq)]
pub struct LearningCurve<'a> {
    /// Written above the figure.
    pub title: String,
    /// Part of the data, such as `validation`, if it is the same for all courses.
    pub part: Option<String>,
    /// Quantity of `x` of the courses.
    pub abscissa: Abscissa,
    /// Training and validation of one run, or one course for each of several runs; in %.
    pub courses: Vec<Course<'a>>,
    /// Epoch (or time) of the weights that were chosen.
    pub chosen: Option<f64>,
    /// Test accuracies in %, with their names; drawn from the chosen epoch on.
    pub tests: Vec<(String, f64)>,
    /// Written below the figure.
    pub notes: Vec<String>,
}

impl LearningCurve<'_> {
    /// # Errors
    /// [`PlotError::Shape`] if a line or a band has unequal numbers of values and of points on the
    /// horizontal axis; [`PlotError::Drawing`].
    pub fn draw(&self) -> Result<Figure, PlotError> {
        const MOST_DOTTED: usize = 15;
        const DOT: f64 = 1.2;
        const MOST_IN_COLUMN: usize = 4;
        let (range, clipped) = self.range();
        let mut curves = self
            .courses
            .iter()
            .enumerate()
            .map(|(index, course)| {
                let index = course.stroke.unwrap_or(index);
                let stroke = match (self.courses.len(), index) {
                    (..=2, 0) => Stroke::solid(BLUE, 1.0),
                    (..=2, _) => Stroke::solid(VERMILLION, 1.0),
                    _ => distinct(index, 1.0),
                };
                let mut curve = course.curve(stroke)?;
                if let Some(end) = end(&course.line).filter(|end| *end < range.0) {
                    // Below the axis: the name contains the value.
                    curve.name = Some(Name::Plain(format!("{} ({end:.1} %)", course.line.name)));
                }
                if course.line.x.len() <= MOST_DOTTED {
                    curve.dots = DOT;
                }
                Ok(curve)
            })
            .collect::<Result<Vec<_>, PlotError>>()?;
        curves.extend(self.tests());
        let drawn = !curves.is_empty();
        let width = match self.courses.len() {
            ..=MOST_IN_COLUMN => COLUMN,
            _ => COLUMN_AND_HALF,
        };
        Stack {
            title: &self.title,
            width,
            abscissa: Horizontal::Counted(self.abscissa),
            range: Some(self.span()),
            strips: Vec::new(),
            shaded: Vec::new(),
            panels: vec![Panel {
                quantity: match &self.part {
                    Some(part) => format!("{part} accuracy"),
                    None => "accuracy".to_owned(),
                },
                unit: "%".to_owned(),
                height: 135.0,
                range: Some(range),
                curves,
                ..Panel::default()
            }],
            mark: self.chosen.filter(|&at| usable(at) && drawn).map(|at| {
                let text = match self.abscissa {
                    Abscissa::Epoch => format!("chosen: epoch {at}"),
                    Abscissa::Time | Abscissa::Count(_) | Abscissa::Powers(_) => {
                        "chosen".to_owned()
                    }
                };
                (at, text)
            }),
            notes: (clipped.then(|| format!("Accuracies below {:.1} % are not shown.", range.0)))
                .into_iter()
                .chain(self.notes.iter().cloned())
                .collect(),
            legend: false,
        }
        .draw()
    }

    /// Range of the horizontal axis; a single epoch is centred.
    fn span(&self) -> (f64, f64) {
        let xs = self
            .courses
            .iter()
            .flat_map(|course| course.line.x)
            .copied();
        match extent(xs.chain(self.chosen)) {
            Some((first, last)) if first == last => widened(Some((first - 0.5, last + 0.5))),
            extent => widened(extent),
        }
    }

    /// Test accuracies as level lines with a dot at the chosen epoch.
    fn tests(&self) -> Vec<Curve<'static>> {
        let (first, last) = self.span();
        let from = self.chosen.filter(|&at| usable(at)).unwrap_or(first);
        let levels = self.tests.iter().filter(|(_, accuracy)| usable(*accuracy));
        levels
            .enumerate()
            .map(|(index, (name, accuracy))| {
                let stroke = match self.tests.len() {
                    1 => Stroke::dashed(BLACK, 0.75, (2.5, 1.5)),
                    _ => Stroke {
                        dash: Some((2.5, 1.5)),
                        ..distinct(index, 0.75)
                    },
                };
                Curve {
                    name: Some(Name::Plain(format!("{name} {accuracy:.2} %"))),
                    x: Cow::Owned(vec![from, last.max(from)]),
                    y: Cow::Owned(vec![*accuracy; 2]),
                    band: None,
                    stroke,
                    dots: 0.0,
                }
            })
            .collect()
    }

    /// Range of the vertical axis, and true if some values lie below it.
    fn range(&self) -> ((f64, f64), bool) {
        // Least share of the axis for the differences between the ends of the courses and the best
        // value.
        const SHARE_OF_ENDS: f64 = 0.33;
        const AIR: f64 = 0.05;
        // A narrower range would show noise of single samples.
        const LEAST_WIDTH: f64 = 1.0;

        let lasts = self.courses.iter().filter_map(|course| end(&course.line));
        let tests = self.tests.iter().map(|(_, accuracy)| *accuracy);
        let ends = without_stragglers(lasts.chain(tests.clone()), LEAST_WIDTH);
        let bands = self
            .courses
            .iter()
            .filter_map(|course| course.band)
            .flat_map(|(low, high)| low.iter().chain(high));
        let lines = self.courses.iter().flat_map(|course| course.line.y);
        let all = extent(lines.chain(bands).copied().chain(tests));
        let (Some((low, high)), Some((worst_end, _))) = (all, ends) else {
            return ((0.0, 100.0), false);
        };
        let readable = high - ((high - worst_end) / SHARE_OF_ENDS).max(4.0 * LEAST_WIDTH);
        let bottom = low.max(readable);
        let width = (high - bottom).max(LEAST_WIDTH);
        let top = high + AIR * width;
        // No accuracy exceeds 100 %, so the axis ends there.
        let top = if high <= 100.0 { top.min(100.0) } else { top };
        let (bottom, top) = widened(Some((bottom - AIR * width, top)));
        let bottom = if low >= 0.0 { bottom.max(0.0) } else { bottom };
        ((bottom, top), low < bottom)
    }
}

/// Last value that can be drawn.
fn end(line: &Line) -> Option<f64> {
    let values = line.y.iter().rev();
    values.copied().find(|&value| usable(value))
}
