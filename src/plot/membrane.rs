//! One neuron over time: inputs, potentials and outputs of its compartments.

use super::colours::{BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILLION};
use super::curve::{Curve, distinct};
use super::error::PlotError;
use super::figure::Figure;
use super::labels::Name;
use super::line::Line;
use super::stack::{Abscissa, Horizontal, Panel, Stack, extent_of_lines};
use super::strip::{Interval, shaded, strips};
use super::style::{COLUMN_AND_HALF, Stroke};
use plotters::style::RGBColor;

/// Variables of one neuron on one time axis, a panel for each compartment.
///
/// A line is a variable of the model if its name is `I_b`, `b`, `I_a`, `a`, `s`, `xi`, `r` or
/// `delta`, alone or followed by a space and more words (as in `I_b input`). Other lines share a
/// last panel. Panels without lines are left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Membrane<'a> {
    /// Written above the figure.
    pub title: String,
    /// Variables in a.u. over time in ms.
    pub lines: Vec<Line<'a>>,
    /// Inputs to the neuron with their times: bars above the panels, and shaded in the panels
    /// unless one of the same kind is always on.
    pub windows: Vec<Interval>,
}

/// A variable: its name in recordings, its symbol in figures, its colour and line width in pt.
struct Variable(&'static str, &'static str, RGBColor, f64);

/// Compartments from the lowest on, each with its variables; currents have thinner lines.
const COMPARTMENTS: [(&str, &[Variable]); 4] = [
    (
        "basal",
        &[
            Variable("I_b", "I_b", SKY, 0.75),
            Variable("b", "b", BLUE, 1.0),
        ],
    ),
    (
        "apical",
        &[
            Variable("I_a", "I_a", ORANGE, 0.75),
            Variable("a", "a", VERMILLION, 1.0),
        ],
    ),
    (
        "soma",
        &[
            Variable("s", "s", BLACK, 1.0),
            Variable("xi", "ξ", PURPLE, 1.0),
        ],
    ),
    (
        "output",
        &[
            Variable("r", "r", GREEN, 1.0),
            Variable("delta", "δ", VERMILLION, 1.0),
        ],
    ),
];

impl Membrane<'_> {
    /// # Errors
    /// [`PlotError::Shape`] if a line's values and times differ in number; [`PlotError::Drawing`].
    pub fn draw(&self) -> Result<Figure, PlotError> {
        let mut panels = COMPARTMENTS
            .iter()
            .map(|(compartment, variables)| self.compartment(compartment, variables))
            .collect::<Result<Vec<_>, _>>()?;
        panels.push(self.others()?);
        let drawn = panels.iter().any(|panel| !panel.curves.is_empty());
        panels.retain(|panel| !panel.curves.is_empty());
        if !drawn {
            panels.push(panel("potential", Vec::new()));
        }
        let strips = strips(&self.windows);
        let range = extent_of_lines(&self.lines);
        Stack {
            title: &self.title,
            width: COLUMN_AND_HALF,
            abscissa: Horizontal::Counted(Abscissa::Time),
            range,
            shaded: shaded(&strips, range),
            strips,
            panels,
            mark: None,
            notes: Vec::new(),
            legend: false,
        }
        .draw()
    }

    fn compartment(
        &self,
        compartment: &str,
        variables: &[Variable],
    ) -> Result<Panel<'_>, PlotError> {
        let mut curves = Vec::new();
        for Variable(key, symbol, colour, width) in variables {
            let lines = self.lines.iter().filter(|line| variable_of(line) == *key);
            for (line, index) in lines.zip(0u32..) {
                let rest = line.name.get(key.len()..).unwrap_or("").trim();
                let name = Name::Symbol(format!("{symbol} {rest}").trim().to_owned());
                // Further terms of the same current have shorter and shorter dashes.
                let stroke = match index {
                    0 => Stroke::solid(*colour, *width),
                    _ => Stroke::dashed(*colour, *width, (6.0 / f64::from(index + 1), 1.5)),
                };
                curves.push(Curve::new(line, Some(name), stroke)?);
            }
        }
        Ok(panel(compartment, curves))
    }

    fn others(&self) -> Result<Panel<'_>, PlotError> {
        let known = |line: &&Line| {
            let mut variables = COMPARTMENTS.iter().flat_map(|(_, variables)| *variables);
            variables.any(|variable| variable.0 == variable_of(line))
        };
        let curves = self
            .lines
            .iter()
            .filter(|line| !known(line))
            .enumerate()
            .map(|(index, line)| {
                let name = Name::Plain(line.name.clone());
                Curve::new(line, Some(name), distinct(index, 1.0))
            })
            .collect::<Result<_, _>>()?;
        Ok(panel("other", curves))
    }
}

fn variable_of<'n>(line: &'n Line) -> &'n str {
    line.name.split_whitespace().next().unwrap_or("")
}

fn panel<'a>(quantity: &str, curves: Vec<Curve<'a>>) -> Panel<'a> {
    Panel {
        quantity: quantity.to_owned(),
        unit: "a.u.".to_owned(),
        height: 54.0,
        curves,
        ..Panel::default()
    }
}
