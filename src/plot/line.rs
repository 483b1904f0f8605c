//! Conversion of recorded values to the points that are drawn.

use super::error::PlotError;
use super::frame::Frame;
use super::style::Point;
use super::ticks::usable;

/// Values over time or over epochs, with a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Line<'a> {
    /// Text written at the line.
    pub name: String,
    /// Times in ms, or epochs, in ascending order.
    pub x: &'a [f64],
    /// Values, as many as `x`; the line has a gap where one is not finite.
    pub y: &'a [f64],
}

impl Line<'_> {
    /// # Errors
    /// [`PlotError::Shape`] if the numbers of values and times differ.
    pub(super) fn check(&self) -> Result<(), PlotError> {
        same_length(&format!("line `{}`", self.name), "values", self.x, self.y)
    }
}

/// # Errors
/// [`PlotError::Shape`] if the lengths of `values` and `x` differ.
pub(super) fn same_length(
    part: &str,
    what: &str,
    x: &[f64],
    values: &[f64],
) -> Result<(), PlotError> {
    if x.len() == values.len() {
        return Ok(());
    }
    Err(PlotError::Shape {
        part: part.to_owned(),
        found: format!("{} {what}", values.len()),
        expected: format!("{}, one for each point on the horizontal axis", x.len()),
    })
}

/// Number of points that cannot be drawn.
pub(super) fn unusable(x: &[f64], y: &[f64]) -> usize {
    x.iter()
        .zip(y)
        .filter(|&(&x, &y)| !usable(x) || !usable(y))
        .count()
}

/// Number of spots per pt of the horizontal axis that can be distinguished.
const SPOTS_PER_PT: f64 = 4.0;

/// Paths of the line on the page: broken where values cannot be drawn if the gap is visible,
/// clipped to the frame, and thinned where many points lie in the same spot, with all extremes
/// kept.
pub(super) fn paths(x: &[f64], y: &[f64], frame: &Frame) -> Vec<Vec<Point>> {
    let points: Vec<Option<Point>> = x
        .iter()
        .zip(y)
        .map(|(&x, &y)| (usable(x) && usable(y)).then(|| frame.at(x, y)))
        .collect();
    let mut runs: Vec<Vec<Point>> = Vec::new();
    for run in points.split(Option::is_none).filter(|run| !run.is_empty()) {
        let run = run.iter().flatten().copied();
        match runs.last_mut() {
            Some(last) if last.last().map(spot) == run.clone().next().as_ref().map(spot) => {
                last.extend(run);
            }
            _ => runs.push(run.collect()),
        }
    }
    runs.into_iter()
        .map(|run| thinned(run.into_iter()))
        .flat_map(|run| clipped(&run, frame.area.top, frame.area.bottom))
        .collect()
}

/// Index of the spot of a point on the horizontal axis.
fn spot(point: &Point) -> i64 {
    (point.0 * SPOTS_PER_PT).floor() as i64
}

/// Keeps the first, lowest, highest and last of consecutive points within a quarter of a pt.
fn thinned(points: impl Iterator<Item = Point>) -> Vec<Point> {
    let mut kept = Vec::new();
    let mut column: Vec<Point> = Vec::new();
    for point in points {
        if column
            .first()
            .is_some_and(|first| spot(first) != spot(&point))
        {
            kept.extend(extremes(&column));
            column.clear();
        }
        column.push(point);
    }
    kept.extend(extremes(&column));
    kept
}

fn extremes(column: &[Point]) -> Vec<Point> {
    if column.len() <= 4 {
        return column.to_vec();
    }
    let by_height = |a: &(usize, &Point), b: &(usize, &Point)| a.1.1.total_cmp(&b.1.1);
    let index = |found: Option<(usize, &Point)>| found.map(|(index, _)| index);
    let mut kept: Vec<usize> = [
        Some(0),
        index(column.iter().enumerate().min_by(by_height)),
        index(column.iter().enumerate().max_by(by_height)),
        Some(column.len() - 1),
    ]
    .into_iter()
    .flatten()
    .collect();
    kept.sort_unstable();
    kept.dedup();
    kept.into_iter()
        .filter_map(|index| column.get(index).copied())
        .collect()
}

/// Parts of a path between two heights.
fn clipped(path: &[Point], top: f64, bottom: f64) -> Vec<Vec<Point>> {
    let inside = |point: &Point| (top..=bottom).contains(&point.1);
    if path.iter().all(inside) {
        return if path.is_empty() {
            Vec::new()
        } else {
            vec![path.to_vec()]
        };
    }
    let mut parts: Vec<Vec<Point>> = Vec::new();
    let mut open = false;
    for pair in path.windows(2) {
        let &[from, to] = pair else { continue };
        let Some((from, to)) = segment_between(from, to, top, bottom) else {
            open = false;
            continue;
        };
        match parts.last_mut().filter(|_| open) {
            Some(part) => part.push(to),
            None => parts.push(vec![from, to]),
        }
        open = inside(&to) && pair.last() == Some(&to);
    }
    parts
}

/// Part of a polygon between two heights (Sutherland and Hodgman 1974).
pub(super) fn clipped_polygon(polygon: Vec<Point>, top: f64, bottom: f64) -> Vec<Point> {
    type Inside = fn(f64, f64) -> bool;
    let sides: [(f64, Inside); 2] = [(top, |y, top| y >= top), (bottom, |y, bottom| y <= bottom)];
    sides.into_iter().fold(polygon, |polygon, (edge, inside)| {
        let next = polygon.iter().cycle().skip(1);
        let pairs = polygon.iter().zip(next);
        pairs
            .flat_map(|(&from, &to)| {
                let crosses = inside(from.1, edge) != inside(to.1, edge);
                let share = (edge - from.1) / (to.1 - from.1);
                let crossing = (from.0 + share * (to.0 - from.0), edge);
                let kept = inside(from.1, edge).then_some(from);
                kept.into_iter().chain(crosses.then_some(crossing))
            })
            .collect()
    })
}

/// Part of one segment between two heights (Liang and Barsky 1984, one axis).
fn segment_between(from: Point, to: Point, top: f64, bottom: f64) -> Option<(Point, Point)> {
    let rise = to.1 - from.1;
    if rise == 0.0 {
        return (top..=bottom).contains(&from.1).then_some((from, to));
    }
    let (a, b) = ((top - from.1) / rise, (bottom - from.1) / rise);
    let (enter, leave) = (a.min(b).max(0.0), a.max(b).min(1.0));
    let along = |t: f64| (from.0 + t * (to.0 - from.0), from.1 + t * rise);
    (enter < leave).then(|| {
        let start = if enter == 0.0 { from } else { along(enter) };
        let end = if leave == 1.0 { to } else { along(leave) };
        (start, end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clipping_meets_the_edges_where_the_line_does() {
        // Up through the band 0..=10 and down again, entering and leaving at half way.
        let path = [(0.0, -10.0), (2.0, 10.0), (4.0, 30.0), (6.0, -10.0)];
        let parts = clipped(&path, 0.0, 10.0);
        assert_eq!(
            parts,
            [vec![(1.0, 0.0), (2.0, 10.0)], vec![(5.0, 10.0), (5.5, 0.0)]]
        );
        assert_eq!(
            clipped(&[(0.0, 20.0), (9.0, 20.0)], 0.0, 10.0),
            Vec::<Vec<Point>>::new()
        );
        let within = [(0.0, 1.0), (1.0, 2.0), (2.0, 1.0)];
        assert_eq!(clipped(&within, 0.0, 10.0), [within.to_vec()]);
    }

    #[test]
    fn a_triangle_loses_its_tip() {
        let triangle = vec![(0.0, 0.0), (4.0, 0.0), (2.0, 4.0)];
        let kept = clipped_polygon(triangle.clone(), -1.0, 2.0);
        assert_eq!(kept, [(0.0, 0.0), (4.0, 0.0), (3.0, 2.0), (1.0, 2.0)]);
        assert_eq!(clipped_polygon(triangle, 5.0, 9.0), Vec::<Point>::new());
    }

    #[test]
    fn thinning_keeps_every_extreme_and_bounds_the_number_of_points() {
        let noisy: Vec<Point> = (0..100_000)
            .map(|i| {
                (
                    f64::from(i) * 1e-3,
                    if i == 70_123 { 99.0 } else { f64::from(i % 7) },
                )
            })
            .collect();
        let kept = thinned(noisy.iter().copied());
        assert!(kept.len() <= 4 * 401, "{}", kept.len());
        assert!(kept.contains(&(70.123, 99.0)));
        assert_eq!((kept[0], kept[kept.len() - 1]), (noisy[0], noisy[99_999]));
        assert!(kept.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
