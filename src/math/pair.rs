//! A number as a single-precision value and its *carry*, the remaining rounding error.
//!
//! ```text
//! number = value + carry        value = number rounded to 24 bits        carry = number - value
//! ```
//!
//! Together they have 48 bits. Changes far below the last bit of the value accumulate in the carry
//! until they change the value, so that slow leaks, slow learning and slow decay do not stall. Only
//! the value is used, recorded and written: it is the number rounded to nearest.

/// Number represented by a value and its carry.
#[inline(always)]
#[must_use]
pub fn number(value: f32, carry: f32) -> f64 {
    f64::from(value) + f64::from(carry)
}

/// Sets a value and its carry to `number`. An infinite value has no carry.
#[inline(always)]
pub fn set(value: &mut f32, carry: &mut f32, number: f64) {
    *value = number as f32;
    let rest = (number - f64::from(*value)) as f32;
    *carry = if value.is_finite() { rest } else { 0.0 };
}

/// Adds `by` to a value and its carry.
#[inline(always)]
pub fn add(value: &mut f32, carry: &mut f32, by: f64) {
    set(value, carry, number(*value, *carry) + by);
}

/// [`add`] in single precision, for a change that is already in single precision.
///
/// The sum of two numbers and its rounding error are both exact (Knuth, *The Art of Computer
/// Programming* 2, 4.2.2); the error is added to the carry, and both are normalised.
#[inline(always)]
pub fn add_single(value: &mut f32, carry: &mut f32, by: f32) {
    let sum = *value + by;
    let of_by = sum - *value;
    let error = (*value - (sum - of_by)) + (by - of_by);
    let rest = *carry + error;
    *value = sum + rest;
    *carry = rest - (*value - sum);
}

#[cfg(test)]
mod tests {
    use super::{add, add_single, number};

    #[test]
    fn changes_below_the_last_bit_are_kept() {
        let change = 1e-10;
        let (mut a, mut b) = ((0.7f32, 0.0f32), (0.7f32, 0.0f32));
        let mut alone = 0.7f32;
        for _ in 0..1_000_000 {
            add(&mut a.0, &mut a.1, change);
            add_single(&mut b.0, &mut b.1, change as f32);
            alone += change as f32;
        }
        let exact = f64::from(0.7f32) + 1e6 * change;
        assert_eq!(alone, 0.7, "without a carry nothing changes");
        assert!((number(a.0, a.1) - exact).abs() < 1e-11);
        assert!((number(b.0, b.1) - exact).abs() < 1e-11);
        assert_eq!(a.0, exact as f32);
    }

    #[test]
    fn large_and_small_changes_of_either_sign_add_up() {
        let (mut a, mut b) = ((0.0f32, 0.0f32), (0.0f32, 0.0f32));
        let mut exact = 0.0f64;
        for n in 0..10_000i32 {
            let by = f64::from((n % 13 - 6) as f32 * 10f32.powi(n % 7 - 5));
            exact += by;
            add(&mut a.0, &mut a.1, by);
            add_single(&mut b.0, &mut b.1, by as f32);
        }
        assert!((number(a.0, a.1) - exact).abs() < 1e-9);
        assert!((number(b.0, b.1) - exact).abs() < 1e-9);
    }

    #[test]
    fn what_becomes_infinite_stays_infinite() {
        let mut a = (3e38f32, 0.0f32);
        add(&mut a.0, &mut a.1, 3e38);
        add(&mut a.0, &mut a.1, 1.0);
        assert_eq!(a.0, f32::INFINITY);
    }
}
