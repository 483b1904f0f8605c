//! Conversion between times and whole numbers of steps; no other module converts them.
//!
//! A step is exactly the decimal number written in a file: 0.1 ms is one tenth, not the nearest
//! double. Step `n` is at `n x dt`, rounded once to the nearest double, so that the third step of
//! 0.1 ms is at 0.3 ms.

/// Largest number of steps of a run: beyond 2^53, doubles do not represent every whole number.
pub const MOST_STEPS: u64 = 1 << 53;

/// The grid of times `n x dt`.
///
/// ```
/// use apical::math::Steps;
///
/// let steps = Steps::of(0.1);
/// assert_eq!(steps.ms(3), 0.3);
/// assert_eq!(steps.whole(0.3), Some(3));
/// assert_eq!((steps.whole(0.35), steps.next(0.35), steps.last(0.35)), (None, 4, 3));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steps {
    dt_ms: f64,
    /// `dt = digits / 10^places`; absent if `dt` has no such form.
    decimal: Option<(u64, u32)>,
}

impl Steps {
    /// Steps of `dt_ms`, a positive number.
    #[must_use]
    pub fn of(dt_ms: f64) -> Self {
        Self {
            dt_ms,
            decimal: decimal(dt_ms),
        }
    }

    /// Length of a step in ms.
    #[must_use]
    pub fn dt_ms(self) -> f64 {
        self.dt_ms
    }

    /// Time of a step in ms, the double nearest to `step x dt`.
    #[must_use]
    pub fn ms(self, step: u64) -> f64 {
        let Some((digits, places)) = self.decimal else {
            return step as f64 * self.dt_ms;
        };
        let product = u128::from(step) * u128::from(digits);
        // Both sides of the quotient are exact, so the result is rounded once.
        if product <= u128::from(MOST_STEPS) && places <= 22 {
            return product as f64 / 10f64.powi(places as i32);
        }
        let text = format!("{product}e-{places}");
        text.parse().unwrap_or(step as f64 * self.dt_ms)
    }

    /// Number of steps in `ms`, if it is a whole number.
    ///
    /// A time may differ from its step by four spacings of doubles, as sums of decimals do (0.1 +
    /// 0.2 is 0.30000000000000004), but not by a thousandth of a step. Beyond 2^52 steps two
    /// neighbours can have the same double as their time; the result is then the earlier one.
    #[must_use]
    pub fn whole(self, ms: f64) -> Option<u64> {
        let step = self.near(ms)?;
        let off = (self.ms(step) - ms).abs();
        let spacing = ms.abs().next_up() - ms.abs();
        (off <= (4.0 * spacing).min(1e-3 * self.dt_ms)).then_some(step)
    }

    /// First step at `ms` or after it; 0 for negative times.
    #[must_use]
    pub fn next(self, ms: f64) -> u64 {
        if let Some(step) = self.whole(ms) {
            return step;
        }
        let Some(step) = self.near(ms) else {
            return if ms > 0.0 { MOST_STEPS } else { 0 };
        };
        if self.ms(step) >= ms { step } else { step + 1 }
    }

    /// Last step at `ms` or before it; 0 for negative times.
    #[must_use]
    pub fn last(self, ms: f64) -> u64 {
        match self.whole(ms) {
            Some(step) => step,
            None => self.next(ms).saturating_sub(1),
        }
    }

    /// Step nearest to `ms`, if it does not exceed the largest number of steps.
    fn near(self, ms: f64) -> Option<u64> {
        let quotient = ms / self.dt_ms;
        if !(quotient > -0.5 && quotient < MOST_STEPS as f64 + 1.0) {
            return None;
        }
        // The quotient is off by at most one spacing of doubles, which is two steps at the end.
        let about = quotient.round() as u64;
        let off = |step: &u64| (self.ms(*step) - ms).abs();
        (about.saturating_sub(2)..=about + 2)
            .min_by(|a, b| off(a).total_cmp(&off(b)))
            .filter(|step| *step <= MOST_STEPS)
    }
}

/// `(digits, places)` of the shortest decimal that represents `x`.
fn decimal(x: f64) -> Option<(u64, u32)> {
    let text = format!("{x:e}");
    let (mantissa, exponent) = text.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: u64 = format!("{whole}{fraction}").parse().ok()?;
    let places = fraction.len() as i32 - exponent;
    if places >= 0 {
        return Some((digits, places as u32));
    }
    let power = 10u64.checked_pow(places.unsigned_abs())?;
    Some((digits.checked_mul(power)?, 0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{MOST_STEPS, Steps};

    #[test]
    fn times_are_the_decimals_they_stand_for() {
        let steps = Steps::of(0.1);
        let told: Vec<String> = (0..8).map(|n| steps.ms(n).to_string()).collect();
        assert_eq!(told, ["0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7"]);
        assert_eq!(Steps::of(0.01).ms(26_244_559), 262_445.59);
        assert_eq!(Steps::of(0.3).ms(16_813_958), 5_044_187.4);
        assert_eq!(Steps::of(1e6).ms(3), 3e6);
        assert_eq!(Steps::of(2.5e-6).ms(MOST_STEPS), 22_517_998_136.852_48);
    }

    #[test]
    fn times_of_public_reports_are_whole_steps() {
        assert_eq!(Steps::of(0.01).whole(262_445.59), Some(26_244_559));
        assert_eq!(Steps::of(0.3).whole(5_044_187.4), Some(16_813_958));
        assert_eq!(Steps::of(0.1).whole(0.1 + 0.2), Some(3));
        assert_eq!(Steps::of(1.0 / 3.0).whole(1.0), Some(3));
    }

    #[test]
    fn of_two_steps_with_one_double_the_earlier_is_found() {
        let steps = Steps::of(11_691.0);
        let step = 7_165_286_299_506_918;
        // The spacing of doubles is 16 384 ms there.
        assert_eq!(steps.ms(step - 1), steps.ms(step));
        assert_eq!(steps.whole(steps.ms(step)), Some(step - 1));
        assert_eq!(steps.next(steps.ms(step)), step - 1);
    }

    #[test]
    fn what_lies_between_steps_is_no_whole_number_at_any_magnitude() {
        for (dt, ms) in [
            (1.0, 10.2),
            (0.1, 0.05),
            (0.1, 1e9 + 0.05),
            (0.5, 1e15 + 0.25),
        ] {
            let steps = Steps::of(dt);
            assert_eq!(steps.whole(ms), None, "{ms} of {dt}");
            assert_eq!(steps.next(ms), steps.last(ms) + 1);
            assert!(steps.ms(steps.last(ms)) < ms && ms < steps.ms(steps.next(ms)));
        }
        let steps = Steps::of(1.0);
        assert_eq!((steps.next(10.2), steps.next(10.6)), (11, 11));
        assert_eq!(
            (steps.next(-3.5), steps.last(-3.5), steps.last(0.4)),
            (0, 0, 0)
        );
        assert_eq!(steps.whole(f64::NAN), None);
        assert_eq!(steps.next(f64::INFINITY), MOST_STEPS);
    }

    proptest! {
        /// The standard library converts the text of the exact decimal, and rounds it once.
        #[test]
        fn every_whole_step_is_found_and_told_exactly(
            digits in 1u64..100_000,
            places in 0u32..6,
            bits in 1u32..54,
            step: u64,
        ) {
            let step = step % (1u64 << bits).min(MOST_STEPS);
            let dt: f64 = format!("{digits}e-{places}").parse().unwrap();
            let product = u128::from(step) * u128::from(digits);
            let ms: f64 = format!("{product}e-{places}").parse().unwrap();
            let steps = Steps::of(dt);
            prop_assert_eq!(steps.ms(step), ms);
            let found = match step {
                1.. if steps.ms(step - 1) == ms => step - 1,
                _ => step,
            };
            prop_assert_eq!(steps.whole(ms), Some(found));
            prop_assert_eq!((steps.next(ms), steps.last(ms)), (found, found));
            // Half a step off, as far as doubles can represent it.
            let half: f64 = format!("{}e-{}", 10 * product + 5 * u128::from(digits), places + 1)
                .parse()
                .unwrap();
            if half != ms && half != steps.ms(step + 1) {
                prop_assert_eq!(steps.whole(half), None);
                prop_assert_eq!(steps.next(half), step + 1);
            }
        }
    }
}
