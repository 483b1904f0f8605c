//! Numbers about whole matrices, summed in f64 in the order of rows.

use ndarray::{ArrayView2, Zip};

fn dot(a: ArrayView2<'_, f32>, b: ArrayView2<'_, f32>) -> f64 {
    Zip::from(a)
        .and(b)
        .fold(0.0, |sum, a, b| sum + f64::from(*a) * f64::from(*b))
}

/// Frobenius norm.
#[must_use]
pub fn norm(a: ArrayView2<'_, f32>) -> f64 {
    dot(a, a).sqrt()
}

/// Cosine of the angle between two matrices of one shape, as vectors; 0 if either is 0.
#[must_use]
pub fn alignment(a: ArrayView2<'_, f32>, b: ArrayView2<'_, f32>) -> f64 {
    let norms = norm(a) * norm(b);
    if norms > 0.0 { dot(a, b) / norms } else { 0.0 }
}

/// Angle between two matrices of one shape in degrees; none if either is 0.
#[must_use]
pub fn angle(a: ArrayView2<'_, f32>, b: ArrayView2<'_, f32>) -> Option<f64> {
    let defined = norm(a) > 0.0 && norm(b) > 0.0;
    defined.then(|| alignment(a, b).clamp(-1.0, 1.0).acos().to_degrees())
}

#[cfg(test)]
mod tests {
    use super::{alignment, angle, norm};
    use ndarray::arr2;

    #[test]
    fn norm_alignment_and_angle_of_known_matrices() {
        let a = arr2(&[[3.0f32, 0.0], [0.0, 4.0]]);
        let b = arr2(&[[0.0f32, 2.0], [-7.0, 0.0]]);
        assert_eq!(norm(a.view()), 5.0);
        assert_eq!(angle(a.view(), b.view()), Some(90.0));
        assert_eq!(angle(a.view(), (-&a).view()), Some(180.0));
        assert_eq!(alignment(a.view(), (&a * 2.0).view()), 1.0);
        assert_eq!(angle(a.view(), (&a * 0.0).view()), None);
    }
}
