//! How many rows lie within a distance, told from a few of them, for a planner.

/// As many of the sample within the radius are enough to count them.
const ENOUGH: usize = 10;
/// More dimensions than the rows of any table fill.
const MOST_DIMENSIONS: f64 = 64.0;

/// The share of all rows that are nearer than `radius`, by the distances to a sample of
/// them: counted where many of those are that near. A smaller radius is told from the nearest
/// ones: their number grows with a power of the distance, the dimension of the rows
/// thereabouts, for which this takes the maximum likelihood estimate (Levina and Bickel,
/// *Maximum Likelihood Estimation of Intrinsic Dimension*, 2004). Sorts the distances.
/// Without any, `None`.
pub fn share_within(distances: &mut [f64], radius: f64) -> Option<f64> {
    let all = distances.len() as f64;
    distances.sort_unstable_by(f64::total_cmp);
    let nearer = distances.partition_point(|&distance| distance < radius);
    let same = distances.partition_point(|&distance| distance <= 0.0);
    let (_, apart) = distances.split_at_checked(same)?;
    let most = apart.len().min(ENOUGH.max(distances.len() / 5));
    let (nearest, _) = apart.split_at_checked(most)?;
    let Some(&far) = nearest.last().filter(|&&far| nearer < ENOUGH && radius < far) else {
        return (all > 0.0).then(|| nearer as f64 / all);
    };
    if radius <= 0.0 {
        return Some(0.0);
    }
    let logarithms: f64 = nearest.iter().map(|near| (far / near).ln()).sum();
    let dimensions = ((most as f64 - 1.0) / logarithms).clamp(0.0, MOST_DIMENSIONS);
    let power = (radius / far).powf(if dimensions.is_nan() { 1.0 } else { dimensions });
    Some((same as f64 + most as f64 * power) / all)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Distances from the middle of a cube's corner: as many as a sample has.
    fn in_a_cube(dimensions: usize, count: usize) -> Vec<f64> {
        let mut state = 1_u64;
        let mut unit = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let distance = |_| (0..dimensions).map(|_| unit().powi(2)).sum::<f64>().sqrt();
        (0..count).map(distance).collect()
    }

    #[test]
    fn a_large_radius_is_counted() {
        let mut distances = in_a_cube(3, 100);
        let inside = distances.iter().filter(|&&distance| distance < 0.8).count();
        assert_eq!(share_within(&mut distances, 0.8), Some(inside as f64 / 100.0));
        assert_eq!(share_within(&mut distances, f64::INFINITY), Some(1.0));
        assert_eq!(share_within(&mut distances, 0.0), Some(0.0));
        assert_eq!(share_within(&mut [], 1.0), None);
    }

    #[test]
    fn a_small_radius_is_told_from_the_nearest() {
        for dimensions in [2, 3, 8] {
            // As from most places in a cube: an eighth, or less, of a ball of that radius.
            let mut many = in_a_cube(dimensions, 2_000_000);
            let radius = many[..].iter().copied().fold(f64::INFINITY, f64::min) * 1.5;
            let truth = many.iter().filter(|&&distance| distance < radius).count() as f64 / 2e6;
            let told = share_within(&mut many[..400], radius).expect("a share");
            assert!(told > truth / 30.0 && told < truth * 30.0, "{dimensions}: {told} {truth}");
        }
    }

    #[test]
    fn equal_rows_are_within_any_radius() {
        let mut distances = [0.0, 0.0, 0.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0];
        let share = share_within(&mut distances, 1e-6).expect("a share");
        assert!((0.3..0.31).contains(&share), "{share}");
        assert!(share_within(&mut [3.0; 4], 2.0).is_some_and(|share| share < 1e-9));
        assert_eq!(share_within(&mut [0.0; 4], 2.0), Some(1.0));
    }
}
