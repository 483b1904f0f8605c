//! A value in double precision beside its natural magnitude.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Neg, Sub};

/// Largest error, as a part of the natural magnitude, that the simulator promises.
pub const PROMISED: f64 = 1e-5;

/// A value and its natural magnitude `size`, never below `|value|`.
///
/// | operation | value | natural magnitude |
/// |---|---|---|
/// | given from outside | `x` | `abs(x)` |
/// | sum, difference | `x + y` | `size(x) + size(y)`: the sum of the magnitudes of its terms |
/// | product | `x y` | the larger of `abs(x) size(y)` and `size(x) abs(y)` |
/// | function | `f(x)` | `abs(f(x))`, and what an error of `PROMISED size(x)` moves it by, over `PROMISED` |
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Number {
    /// Value.
    pub value: f64,
    /// Natural magnitude.
    pub size: f64,
}

impl Number {
    /// A value that is given from outside.
    pub fn exact(value: f64) -> Self {
        Self {
            value,
            size: value.abs(),
        }
    }

    /// `f` of this value, for an `f` that never falls.
    pub fn through(self, f: impl Fn(f64) -> f64) -> Self {
        let (value, off) = (f(self.value), PROMISED * self.size);
        let moved = (f(self.value + off) - value).max(value - f(self.value - off));
        Self {
            value,
            size: value.abs() + moved / PROMISED,
        }
    }

    /// `x^2`, which an error of `x` moves twice.
    pub fn squared(self) -> Self {
        Self {
            value: self.value * self.value,
            size: 2.0 * self.value.abs() * self.size,
        }
    }

    /// `|x|`.
    pub fn abs(self) -> Self {
        Self {
            value: self.value.abs(),
            size: self.size,
        }
    }

    /// Distance of a number in single precision from this one, in natural magnitudes. What is
    /// below 1e-30, where a potential without a current counts as 0, is no distance.
    pub fn distance(self, got: f32) -> f64 {
        const LEAST: f64 = 1e-30;
        let off = (f64::from(got) - self.value).abs();
        if off <= LEAST {
            0.0
        } else {
            // Neither infinity nor what is no number is near anything.
            let part = off / self.size.max(LEAST);
            if part.is_nan() { f64::INFINITY } else { part }
        }
    }
}

impl Add for Number {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            value: self.value + other.value,
            size: self.size + other.size,
        }
    }
}

impl AddAssign for Number {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Neg for Number {
    type Output = Self;
    fn neg(self) -> Self {
        Self {
            value: -self.value,
            size: self.size,
        }
    }
}

impl Sub for Number {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Number {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let sizes = (self.value.abs() * other.size, self.size * other.value.abs());
        Self {
            value: self.value * other.value,
            size: sizes.0.max(sizes.1),
        }
    }
}

impl Mul<Number> for f64 {
    type Output = Number;
    fn mul(self, number: Number) -> Number {
        Number {
            value: self * number.value,
            size: self.abs() * number.size,
        }
    }
}

impl Sum for Number {
    fn sum<I: Iterator<Item = Self>>(numbers: I) -> Self {
        numbers.fold(Self::default(), Add::add)
    }
}
