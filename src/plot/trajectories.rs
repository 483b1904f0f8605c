//! Weights, or other variables of one unit, over time.

use super::colours::{BLUE, FAINT};
use super::curve::{Curve, distinct};
use super::error::PlotError;
use super::figure::Figure;
use super::labels::Name;
use super::line::{Line, same_length};
use super::stack::{Abscissa, Horizontal, Panel, Stack};
use super::style::{COLUMN, COLUMN_AND_HALF, Stroke};
use super::ticks::usable;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Largest number of lines that are named and coloured.
const MOST_NAMED: usize = 20;
/// Largest number of lines that are drawn.
const MOST_DRAWN: usize = 200;

/// Lines over simulated time. Up to 20 are coloured and named; more are thin and grey, with their
/// mean and the range from the least to the greatest value if all have the same times. Of more than
/// 200 a sample is drawn, and a note states this.
#[derive(Clone, Debug, PartialEq)]
pub struct Trajectories<'a> {
    /// Written above the figure.
    pub title: String,
    /// Name of the quantity, for example `weight`.
    pub quantity: String,
    /// Unit, for example `a.u.`; empty if there is none.
    pub unit: String,
    /// Values over time in ms.
    pub lines: Vec<Line<'a>>,
}

impl Trajectories<'_> {
    /// # Errors
    /// [`PlotError::Shape`] if a line's values and times differ in number; [`PlotError::Drawing`].
    pub fn draw(&self) -> Result<Figure, PlotError> {
        let few = self.lines.len() <= MOST_NAMED;
        let drawn = sample(self.lines.len());
        let notes = (drawn.len() < self.lines.len()).then(|| {
            let (drawn, all) = (drawn.len(), self.lines.len());
            format!("Single lines: {drawn} of {all}, spread evenly over them.")
        });
        let over_all = if few { None } else { self.over_all()? };
        let mut curves = (drawn.into_iter())
            .filter_map(|index| Some((index, self.lines.get(index)?)))
            .map(|(index, line)| {
                if few {
                    let name = Name::Plain(line.name.clone());
                    return Curve::new(line, Some(name), distinct(index, 0.9));
                }
                let many = Stroke {
                    opacity: 0.35,
                    ..Stroke::solid(FAINT, 0.4)
                };
                Curve::new(line, None, many)
            })
            .collect::<Result<Vec<_>, _>>()?;
        if let (Some(all), Some(first)) = (&over_all, self.lines.first()) {
            let mean = Curve {
                name: Some(Name::Plain(format!("mean of {}", self.lines.len()))),
                x: Cow::Borrowed(first.x),
                y: Cow::Borrowed(&all.mean),
                band: None,
                stroke: Stroke::solid(BLUE, 1.25),
                dots: 0.0,
            };
            curves.push(mean.with_band(&all.least, &all.greatest)?);
        }
        let width = if few && self.lines.len() > 8 {
            COLUMN_AND_HALF
        } else {
            COLUMN
        };
        Stack {
            title: &self.title,
            width,
            abscissa: Horizontal::Counted(Abscissa::Time),
            range: None,
            strips: Vec::new(),
            shaded: Vec::new(),
            panels: vec![Panel {
                quantity: self.quantity.clone(),
                unit: self.unit.clone(),
                height: 145.0,
                curves,
                ..Panel::default()
            }],
            mark: None,
            notes: notes.into_iter().collect(),
            legend: false,
        }
        .draw()
    }

    /// Statistics over the finite values of all lines at each time; absent if the times differ.
    fn over_all(&self) -> Result<Option<OverAll>, PlotError> {
        let Some(first) = self.lines.first() else {
            return Ok(None);
        };
        if self.lines.iter().any(|line| line.x != first.x) {
            return Ok(None);
        }
        let none = vec![f64::NAN; first.x.len()];
        let mut all = OverAll {
            mean: vec![0.0; first.x.len()],
            least: none.clone(),
            greatest: none,
        };
        let mut counts = vec![0u32; first.x.len()];
        for line in &self.lines {
            same_length(&line.name, "values", first.x, line.y)?;
            for (n, &value) in line.y.iter().enumerate().filter(|(_, y)| usable(**y)) {
                counts[n] += 1;
                all.mean[n] += value;
                // The minimum and the maximum of NaN and a number are the number.
                all.least[n] = all.least[n].min(value);
                all.greatest[n] = all.greatest[n].max(value);
            }
        }
        for (mean, count) in all.mean.iter_mut().zip(counts) {
            *mean /= f64::from(count);
        }
        Ok(Some(all))
    }
}

/// Mean, least and greatest over lines, at each time.
struct OverAll {
    mean: Vec<f64>,
    least: Vec<f64>,
    greatest: Vec<f64>,
}

/// Indices of the lines that are drawn out of `count`: all, or an even sample without a period,
/// since every n-th synapse of a matrix may have the same sender.
fn sample(count: usize) -> Vec<usize> {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    if count <= MOST_DRAWN {
        return (0..count).collect();
    }
    let mut drawn = BTreeSet::new();
    let mut at = 0.0f64;
    while drawn.len() < MOST_DRAWN {
        drawn.insert((at * count as f64) as usize);
        at = (at + GOLDEN).fract();
    }
    drawn.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::{MOST_DRAWN, sample};

    #[test]
    fn a_sample_is_spread_evenly_over_lines_senders_and_receivers() {
        assert_eq!(sample(MOST_DRAWN), Vec::from_iter(0..MOST_DRAWN));
        for (post, pre) in [(500, 1000), (1000, 200), (200, 1000), (101, 2)] {
            let drawn = sample(post * pre);
            assert_eq!(drawn.len(), MOST_DRAWN);
            let low = |of: &dyn Fn(usize) -> usize, count| {
                let low = drawn.iter().filter(|n| 2 * of(**n) < count).count();
                low as f64 / drawn.len() as f64
            };
            let shares = [low(&|n| n / pre, post), low(&|n| n % pre, pre)];
            assert!(
                shares.iter().all(|share| (0.4..=0.7).contains(share)),
                "{post} x {pre}: {shares:?}"
            );
        }
    }
}
