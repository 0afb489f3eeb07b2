//! The perceptual hash: 64 signs of a picture's lowest frequencies.
//!
//! The classic of Zauner ("Implementation and Benchmarking of Perceptual Image
//! Hash Functions", 2010) as most libraries have it: 32×32 brightness values,
//! their two-dimensional DCT-II, and of the 8×8 lowest frequencies whether each
//! is above the median. The constant one says nothing of the picture and is
//! left out of the median.

use crate::pattern::Pattern;
use crate::pattern::wavelet;
use rustdct::{DctPlanner, TransformType2And3};
use std::sync::{Arc, LazyLock};

/// Values along each side that are transformed.
const SIDE: usize = 32;
/// Frequencies along each side that are kept.
const KEPT: usize = 8;

static DCT: LazyLock<Arc<dyn TransformType2And3<f64>>> =
    LazyLock::new(|| DctPlanner::new().plan_dct2(SIDE));

/// The hash of a picture by its pattern: the bits of the lowest row of
/// frequencies first, from left to right, the first bit the highest.
///
/// The number of different bits of two hashes is the distance of the pictures.
pub fn phash(pattern: &Pattern) -> u64 {
    let means = wavelet::inverse(pattern.values(), SIDE);
    // By row, as pictures are: [y][x].
    let mut rows = [[0.0; SIDE]; SIDE];
    for (y, row) in rows.iter_mut().enumerate() {
        for (x, value) in row.iter_mut().enumerate() {
            *value = means[x][y];
        }
        DCT.process_dct2(row);
    }
    let mut lowest = [[0.0; KEPT]; KEPT];
    for u in 0..KEPT {
        let mut column = rows.map(|row| row[u]);
        DCT.process_dct2(&mut column);
        for (v, row) in lowest.iter_mut().enumerate() {
            row[u] = column[v];
        }
    }
    let lowest = lowest.as_flattened();
    let mut sorted = [0.0; KEPT * KEPT - 1];
    sorted.copy_from_slice(&lowest[1..]);
    sorted.sort_unstable_by(f64::total_cmp);
    let median = sorted[sorted.len() / 2];
    lowest.iter().fold(0, |hash, &value| hash << 1 | u64::from(value > median))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::PATTERN_LEN;
    use crate::picture::resample;

    /// The definition in plain cosines.
    fn by_definition(pattern: &Pattern) -> u64 {
        let means = wavelet::inverse(pattern.values(), SIDE);
        let cosine = |at: usize, frequency: usize| {
            let angle = (at as f64 + 0.5) * frequency as f64 / SIDE as f64;
            (std::f64::consts::PI * angle).cos()
        };
        let frequency = |v: usize, u: usize| -> f64 {
            let cells = (0..SIDE).flat_map(|x| (0..SIDE).map(move |y| (x, y)));
            cells.map(|(x, y)| means[x][y] * cosine(x, u) * cosine(y, v)).sum()
        };
        let all: Vec<f64> = (0..64).map(|n| frequency(n / 8, n % 8)).collect();
        let mut rest = all[1..].to_vec();
        rest.sort_by(f64::total_cmp);
        all.iter().fold(0, |hash, &value| hash << 1 | u64::from(value > rest[31]))
    }

    fn pattern(seed: u64) -> Pattern {
        let mut state = seed;
        let mut cells = Box::new([[[0; 3]; resample::SIDE]; resample::SIDE]);
        for cell in cells.as_flattened_mut() {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            *cell = [(state >> 56) as u8; 3];
        }
        Pattern::of(&cells)
    }

    #[test]
    fn is_what_the_definition_says() {
        for seed in 0..20 {
            assert_eq!(phash(&pattern(seed)), by_definition(&pattern(seed)), "{seed}");
        }
    }

    #[test]
    fn half_of_the_bits_are_set() {
        for seed in 0..20 {
            assert!((31..=32).contains(&phash(&pattern(seed)).count_ones()));
        }
        assert_eq!(phash(&Pattern::zero()), 0);
        let _any = phash(&Pattern::from_values([f32::MAX; PATTERN_LEN]));
    }
}
