//! Ranges of axes, and ticks at round numbers.

/// Larger magnitudes are treated as infinite: below this, sums and differences remain finite.
const LARGEST: f64 = 1e300;

/// Largest number of decimals; with more, labels are differences from the first tick.
const MOST_DECIMALS: i32 = 5;

/// True if a value can be drawn.
pub(super) fn usable(value: f64) -> bool {
    value.abs() <= LARGEST
}

/// Smallest and largest of the values that can be drawn, if there is one.
pub(super) fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values
        .into_iter()
        .filter(|&value| usable(value))
        .fold(None, |extent, value| {
            let (low, high) = extent.unwrap_or((value, value));
            Some((low.min(value), high.max(value)))
        })
}

/// Smallest range that contains both; either may be missing.
pub(super) fn union(a: Option<(f64, f64)>, b: Option<(f64, f64)>) -> Option<(f64, f64)> {
    extent(a.into_iter().chain(b).flat_map(|(low, high)| [low, high]))
}

/// Valid range of an axis: `extent` itself if it is wide enough, otherwise a range around its
/// middle; 0 to 1 if there is none.
pub(super) fn widened(extent: Option<(f64, f64)>) -> (f64, f64) {
    let Some((low, high)) = extent else {
        return (0.0, 1.0);
    };
    let magnitude = low.abs().max(high.abs());
    if magnitude < 1e-290 {
        (-1.0, 1.0)
    } else if high - low < 1e-9 * magnitude {
        let middle = low / 2.0 + high / 2.0;
        (middle - 0.1 * magnitude, middle + 0.1 * magnitude)
    } else {
        (low, high)
    }
}

/// Range of the values without outliers far below: values are left out if they lie below the median
/// by more than three times the distance from the median to the best. That distance is at least
/// `fine`.
pub(super) fn without_stragglers(
    values: impl IntoIterator<Item = f64>,
    fine: f64,
) -> Option<(f64, f64)> {
    const FAR: f64 = 3.0;
    let mut values: Vec<f64> = values.into_iter().filter(|v| usable(*v)).collect();
    values.sort_by(f64::total_cmp);
    let best = *values.last()?;
    // The lower one of two values in the middle.
    let median = *values.get((values.len() - 1) / 2)?;
    let from = median - FAR * (best - median).max(fine);
    extent(values.into_iter().filter(|value| *value >= from))
}

/// [`widened`], with a margin of `fraction` of its width on both sides.
pub(super) fn padded(extent: Option<(f64, f64)>, fraction: f64) -> (f64, f64) {
    let (low, high) = widened(extent);
    let margin = fraction * (high - low);
    (low - margin, high + margin)
}

/// Range of a logarithmic axis: that of the values above 0, at least a factor of ten, with a margin
/// of `fraction` of its length on both sides.
pub(super) fn padded_powers(values: impl IntoIterator<Item = f64>, fraction: f64) -> (f64, f64) {
    const NARROWEST: f64 = 0.5;
    let above_0 = values.into_iter().filter(|value| *value > 0.0);
    let (low, high) = extent(above_0.map(f64::log10)).unwrap_or((-NARROWEST, NARROWEST));
    let middle = f64::midpoint(low, high);
    let half = ((high - low) / 2.0).max(NARROWEST) * (1.0 + 2.0 * fraction);
    let power = |exponent: f64| 10f64.powf(exponent.clamp(-300.0, 300.0));
    (power(middle - half), power(middle + half))
}

/// Ticks of an axis: positions and labels.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ticks {
    /// Positions in the unit of the axis.
    pub at: Vec<f64>,
    /// Label of each tick.
    pub labels: Vec<String>,
    /// Power of ten that is the unit of the labels.
    pub power: i32,
    /// Value that is subtracted in the labels.
    pub origin: Option<f64>,
}

impl Ticks {
    /// At most `most` ticks, at multiples of 1, 2 or 5 times a power of ten, within `low..=high`.
    ///
    /// `integers` restricts ticks to whole numbers. `low < high` as made by [`widened`].
    pub fn new((low, high): (f64, f64), most: usize, integers: bool) -> Self {
        let most = most.max(2);
        let (mantissa, exponent) = step(low, high, most, integers);
        let value = |count: i64| scaled(count.saturating_mul(mantissa), exponent);
        let (first, last) = multiples(low, high, value(1));
        let counts: Vec<i64> = (first..=last).take(most).collect();

        let largest = value(first).abs().max(value(last).abs());
        let magnitude = if largest > 0.0 {
            // The small addition corrects the rounding of exact powers of ten.
            (largest.log10() + 1e-9).floor() as i32
        } else {
            exponent
        };
        let power_of = |magnitude: i32| match magnitude {
            -2..=4 => 0,
            _ => magnitude.div_euclid(3) * 3,
        };
        let mut power = power_of(magnitude);
        let mut origin = None;
        let mut subtracted = 0;
        if power - exponent > MOST_DECIMALS {
            origin = Some(value(first));
            subtracted = first;
            power = power_of(exponent + 1);
        }
        let decimals = usize::try_from(power - exponent).unwrap_or(0);
        let labels = counts
            .iter()
            .map(|count| (count - subtracted).saturating_mul(mantissa))
            .map(|number| written(scaled(number, exponent - power), decimals))
            .collect();
        Self {
            at: counts.into_iter().map(value).collect(),
            labels,
            power,
            origin,
        }
    }

    /// At most `most` ticks at whole powers of ten within `low..=high`, both above 0.
    pub fn powers((low, high): (f64, f64), most: usize) -> Self {
        const SLACK: f64 = 1e-9;
        let first = (low.log10() - SLACK).ceil() as i32;
        let last = (high.log10() + SLACK).floor() as i32;
        let count = usize::try_from(last - first + 1).unwrap_or(0);
        let powers: Vec<i32> = (first..=last)
            .step_by(count.div_ceil(most.max(2)).max(1))
            .collect();
        Self {
            at: powers.iter().map(|power| 10f64.powi(*power)).collect(),
            labels: (powers.iter())
                .map(|power| format!("10{}", superscript(*power)))
                .collect(),
            power: 0,
            origin: None,
        }
    }

    /// Label of the axis: the quantity, then in brackets the power of ten and the unit.
    pub fn axis_label(&self, quantity: &str, unit: &str) -> String {
        let quantity = match self.origin {
            Some(origin) => format!("{quantity} − {}", format!("{origin:e}").replace('-', "−")),
            None => quantity.to_owned(),
        };
        let factor = match self.power {
            0 => String::new(),
            power => format!("×10{}", superscript(power)),
        };
        match (factor.is_empty(), unit.is_empty()) {
            (true, true) => quantity,
            (true, false) => format!("{quantity} ({unit})"),
            (false, true) => format!("{quantity} ({factor})"),
            (false, false) => format!("{quantity} ({factor} {unit})"),
        }
    }
}

/// Smallest step (1, 2 or 5, power of ten) with at most `most` multiples within `low..=high`.
fn step(low: f64, high: f64, most: usize, integers: bool) -> (i64, i32) {
    // Every smaller step has more than `most` multiples in a range of this width.
    let smallest = (high - low) / (most + 1) as f64;
    let exponent = smallest.log10().floor() as i32;
    (exponent..=exponent.saturating_add(2))
        .flat_map(|exponent| [1, 2, 5].map(|mantissa| (mantissa, exponent)))
        .filter(|(_, exponent)| !integers || *exponent >= 0)
        .find(|&(mantissa, exponent)| {
            let (first, last) = multiples(low, high, scaled(mantissa, exponent));
            last.saturating_sub(first) < most as i64
        })
        // Reached only for whole numbers in a narrow range, where the finest step is 1.
        .unwrap_or((1, exponent.saturating_add(3).max(0)))
}

/// First and last multiple of `size` within `low..=high`.
fn multiples(low: f64, high: f64, size: f64) -> (i64, i64) {
    // Prevents that rounding excludes a bound that is itself a tick.
    let slack = 1e-6 * ((high - low) / size).min(1.0);
    let first = (low / size - slack).ceil() as i64;
    let last = (high / size + slack).floor() as i64;
    (first, last)
}

/// `number` x ten to `exponent`, correctly rounded if the power of ten is exact.
fn scaled(number: i64, exponent: i32) -> f64 {
    if exponent < 0 {
        number as f64 / 10f64.powi(-exponent)
    } else {
        number as f64 * 10f64.powi(exponent)
    }
}

/// Text of a value, with a true minus sign.
fn written(value: f64, decimals: usize) -> String {
    format!("{value:.decimals$}").replace('-', "−")
}

fn superscript(power: i32) -> String {
    power
        .to_string()
        .chars()
        .map(|digit| match digit {
            '0' => '⁰',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            '4' => '⁴',
            '5' => '⁵',
            '6' => '⁶',
            '7' => '⁷',
            '8' => '⁸',
            '9' => '⁹',
            _ => '⁻',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(low: f64, high: f64, most: usize) -> (Vec<String>, String) {
        let ticks = Ticks::new((low, high), most, false);
        let label = ticks.axis_label("weight", "a.u.");
        (ticks.labels, label)
    }

    #[test]
    fn nice_numbers_for_known_ranges() {
        for (low, high, most, expected, axis) in [
            (
                0.0,
                1.0,
                6,
                vec!["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"],
                "weight (a.u.)",
            ),
            (
                0.0,
                100.0,
                6,
                vec!["0", "20", "40", "60", "80", "100"],
                "weight (a.u.)",
            ),
            (-1.0, 1.0, 3, vec!["−1", "0", "1"], "weight (a.u.)"),
            (
                -1.0,
                1.0,
                5,
                vec!["−1.0", "−0.5", "0.0", "0.5", "1.0"],
                "weight (a.u.)",
            ),
            (
                93.2,
                98.7,
                6,
                vec!["94", "95", "96", "97", "98"],
                "weight (a.u.)",
            ),
            (
                0.0,
                1e-12,
                3,
                vec!["0.0", "0.5", "1.0"],
                "weight (×10⁻¹² a.u.)",
            ),
            (
                0.0,
                2.5e9,
                6,
                vec!["0.0", "0.5", "1.0", "1.5", "2.0", "2.5"],
                "weight (×10⁹ a.u.)",
            ),
            (-3e5, 3e5, 4, vec!["−200", "0", "200"], "weight (×10³ a.u.)"),
            (
                1e9,
                1e9 + 10.0,
                3,
                vec!["0", "5", "10"],
                "weight − 1e9 (a.u.)",
            ),
            (
                0.03,
                0.055,
                4,
                vec!["0.03", "0.04", "0.05"],
                "weight (a.u.)",
            ),
        ] {
            assert_eq!(
                labels(low, high, most),
                (
                    expected.into_iter().map(str::to_owned).collect(),
                    axis.to_owned()
                ),
                "{low}..{high}"
            );
        }
    }

    #[test]
    fn whole_numbers_if_asked() {
        assert_eq!(Ticks::new((1.0, 3.0), 9, true).labels, ["1", "2", "3"]);
        assert_eq!(Ticks::new((0.4, 1.6), 5, true).labels, ["1"]);
        assert_eq!(
            Ticks::new((0.0, 30.0), 5, true).labels,
            ["0", "10", "20", "30"]
        );
    }

    #[test]
    fn powers_of_ten_are_written_as_such() {
        let of = |range, most| {
            let ticks = Ticks::powers(range, most);
            (ticks.at, ticks.labels.join(" "))
        };
        assert_eq!(
            of((1e-2, 200.0), 9),
            (
                vec![1e-2, 0.1, 1.0, 10.0, 100.0],
                "10⁻² 10⁻¹ 10⁰ 10¹ 10²".into()
            )
        );
        assert_eq!(of((1.0, 1e5), 3).1, "10⁰ 10² 10⁴");
        assert_eq!(of((2.0, 3.0), 3).1, "");
    }

    #[test]
    fn margins_of_powers_of_ten_are_factors() {
        let (low, high) = padded_powers([1e-3, 0.0, -1.0, f64::NAN, 1e5], 0.25);
        assert!((low / 1e-5 - 1.0).abs() < 1e-9 && (high / 1e7 - 1.0).abs() < 1e-9);
        let (low, high) = padded_powers([-1.0], 0.0);
        assert!((high / low / 10.0 - 1.0).abs() < 1e-9 && (low * high - 1.0).abs() < 1e-9);
    }

    #[test]
    fn one_that_lies_far_below_is_a_straggler_and_a_wide_field_has_none() {
        let of = |values: &[f64]| without_stragglers(values.iter().copied(), 1.0);
        assert_eq!(of(&[97.0, 94.0, 95.0, 14.0, 96.0]), Some((94.0, 97.0)));
        assert_eq!(of(&[97.0, 60.0, 10.0]), Some((10.0, 97.0)));
        assert_eq!(of(&[97.0, 97.0, 95.0, 88.0]), Some((95.0, 97.0)));
        assert_eq!(of(&[97.0, 10.0]), Some((10.0, 97.0)));
        assert_eq!(of(&[f64::NAN, 5.0]), Some((5.0, 5.0)));
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn constant_and_missing_data_have_a_range() {
        assert_eq!(widened(None), (0.0, 1.0));
        assert_eq!(widened(Some((0.0, 0.0))), (-1.0, 1.0));
        assert_eq!(widened(Some((5.0, 5.0))), (4.5, 5.5));
        assert_eq!(widened(Some((-2.0, 1.0))), (-2.0, 1.0));
        assert_eq!(
            extent([f64::NAN, f64::INFINITY, 2.0, f64::MAX, -1.0]),
            Some((-1.0, 2.0))
        );
        assert_eq!(extent([f64::NAN]), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]
        #[test]
        fn ticks_are_few_ordered_inside_and_distinct(
            a in any::<f64>(), b in any::<f64>(), most in 2usize..12, integers in any::<bool>(),
        ) {
            let range = widened(extent([a, b]));
            let ticks = Ticks::new(range, most, integers);
            prop_assert!(ticks.at.len() <= most);
            prop_assert_eq!(ticks.at.len(), ticks.labels.len());
            let slack = 1e-5 * (range.1 - range.0);
            prop_assert!(ticks.at.iter().all(|t| (range.0 - slack..=range.1 + slack).contains(t)));
            prop_assert!(ticks.at.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(ticks.labels.windows(2).all(|pair| pair[0] != pair[1]));
            prop_assert!(ticks.labels.iter().all(|label| label.chars().count() < 9), "{:?}", ticks);
        }
    }
}
