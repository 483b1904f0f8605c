//! Tests of the finished figures.

mod every_figure;
mod pictures;
