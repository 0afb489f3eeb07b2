//! How probable it is that two different photographs are as near as a distance: by it a query
//! can tell what a distance means in a table of its size.

/// Distances within which a tenth of the pairs of different photographs lies, a hundredth, and so
/// on to one in a hundred million: measured (`docs/quality.md`).
const DISTANCES: [f64; 8] = [2.277, 1.884, 1.605, 1.386, 1.19, 1.0, 0.856, 0.692];

/// Where all pairs lie, as far as anybody has seen.
const ALL: f64 = 5.0;

/// The share of the pairs of different photographs that are as near as this distance, or nearer:
/// from 0 to 1, never less for a larger distance. Between the measured distances its logarithm is
/// a straight line; below the least one it falls on as a power of the distance, as it does
/// between the last two.
pub fn chance(distance: f64) -> f64 {
    if distance.is_nan() {
        return distance;
    }
    if distance <= 0.0 {
        return 0.0;
    }
    let [.., before, last] = DISTANCES;
    if distance <= last {
        let power = 1.0 / (before / last).log10();
        return 10_f64.powf(power * (distance / last).log10() - 8.0);
    }
    let mut far = ALL;
    for (share, &near) in (1..).zip(&DISTANCES) {
        if distance > near {
            let part = ((distance - near) / (far - near)).min(1.0);
            return 10_f64.powf(part - f64::from(share));
        }
        far = near;
    }
    1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_was_measured_and_never_falls() {
        for (share, distance) in (1..).zip(DISTANCES) {
            let expected = 10_f64.powi(-share);
            assert!((chance(distance) / expected - 1.0).abs() < 1e-9, "{distance}");
        }
        let steps: Vec<f64> = (0..2000).map(|step| chance(f64::from(step) / 200.0)).collect();
        assert!(steps.is_sorted());
        assert!(steps.iter().all(|share| (0.0..=1.0).contains(share)));
        assert!(steps[1] > 0.0);
    }

    #[test]
    fn of_any_number_there_is_one() {
        assert_eq!(chance(0.0), 0.0);
        assert_eq!(chance(-1.0), 0.0);
        assert_eq!(chance(f64::NEG_INFINITY), 0.0);
        assert_eq!(chance(f64::INFINITY), 1.0);
        assert_eq!(chance(1e300), 1.0);
        assert!(chance(f64::MIN_POSITIVE) >= 0.0);
        assert!(chance(f64::NAN).is_nan());
    }
}
