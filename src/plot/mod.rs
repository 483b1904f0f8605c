//! Figures, from plain data to SVG and PNG.
//!
//! A figure is a struct that holds its data, with `draw(&self) -> Result<Figure, PlotError>`; no
//! file is read. [`Figure::save`] writes `name.svg` and `name.png`. Figures have the width of
//! journal columns and colours for colour-blind readers, and the same data give the same bytes on
//! every call: the typeface is part of the program, and the text of an SVG is paths.
//!
//! | figure | shows |
//! |---|---|
//! | [`Membrane`] | the compartments of one neuron over time, with stimulus and teacher |
//! | [`Trajectories`] | weights, or other variables of one unit, over time |
//! | [`Matrix`] | a weight matrix |
//! | [`Fields`] | receptive fields |
//! | [`LearningCurve`] | accuracy over training, of one run or of several |
//! | [`Statistics`] | norms, alignment and angles of projections over time |
//! | [`Growth`] | how one quantity grows with another |
//! | [`Messages`] | messages along projections over time |
//! | [`DotPlot`] | single values by group, with their means |
//! | [`Sweep`] | results of runs over a setting |
//! | [`Confusion`] | answers by true class |
//!
//! Values that are not finite are left out, and the figure states how many.

mod colour_bar;
mod colours;
mod confusion;
mod curve;
mod dot_plot;
mod error;
mod fields;
mod figure;
mod font;
mod frame;
mod gallery;
mod growth;
mod labels;
mod learning_curve;
mod line;
mod matrix;
mod membrane;
mod messages;
mod page;
mod raster;
mod stack;
mod statistics;
mod strip;
mod style;
mod sweep;
#[cfg(test)]
mod tests;
mod ticks;
mod trajectories;

pub use colours::{OKABE_ITO, diverging, sequential};
pub use confusion::Confusion;
pub use curve::Course;
pub use dot_plot::{DotPlot, Dots};
pub use error::PlotError;
pub use fields::Fields;
pub use figure::Figure;
pub use gallery::{Drawn, GalleryError, comparison, gallery};
pub use growth::{Axes, Growth};
pub use learning_curve::LearningCurve;
pub use line::Line;
pub use matrix::Matrix;
pub use membrane::Membrane;
pub use messages::Messages;
pub use stack::Abscissa;
pub use statistics::{Measure, Statistic, Statistics};
pub use strip::Interval;
pub use sweep::{Outcome, Sweep};
pub use trajectories::Trajectories;
