//! A picture's pattern: 64×64 Haar coefficients, their distance and shuffle.
//!
//! [`wavelet`] has the transform, [`convert`] goes all the way from a file's bytes,
//! [`view`] shows what is left of the picture, [`phash`] hashes it to 64 bits, and
//! [`detail`] says how much there is to recognise; fingerprints are made of its [`cells`].

pub mod cells;
pub mod convert;
pub mod detail;
pub mod phash;
pub mod view;
pub mod wavelet;

use crate::picture::brightness;
use crate::picture::orientation::Orientation;
use crate::picture::resample::{SIDE, Thumbnail};
use std::cmp::Ordering;

/// Numbers in a pattern.
pub const PATTERN_LEN: usize = SIDE * SIDE;

/// Haar coefficients `d[x][y]`, row `x` after row `x`: for every level
/// `n = 32, 16, … 1` the blocks `[n..2n][0..n]`, `[0..n][n..2n]` and
/// `[n..2n][n..2n]` hold its differences; `[0][0]` holds the mean.
///
/// The memory is the C extension's own: 4,096 float4, nothing else.
#[repr(transparent)]
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    values: [f32; PATTERN_LEN],
}

impl Pattern {
    /// All zeros: the pattern of a picture of a single colour.
    pub fn zero() -> Self {
        Self::from_values([0.0; PATTERN_LEN])
    }

    /// The pattern with these 64 rows of 64 coefficients.
    pub fn from_values(values: [f32; PATTERN_LEN]) -> Self {
        Pattern { values }
    }

    /// The pattern of a picture's cells: their brightness, Haar-transformed.
    pub fn of(thumbnail: &Thumbnail) -> Self {
        Self::from_values(wavelet::haar(brightness::stretched(thumbnail)))
    }

    /// The coefficients, row after row.
    pub fn values(&self) -> &[f32; PATTERN_LEN] {
        &self.values
    }

    /// Coefficient `d[x][y]`, `x, y < 64`.
    pub fn get(&self, x: usize, y: usize) -> f32 {
        self.values[x * SIDE + y]
    }

    /// Sets `d[x][y]`, rounded to single precision.
    pub(crate) fn set(&mut self, x: usize, y: usize, value: f64) {
        self.values[x * SIDE + y] = value as f32;
    }

    /// Number by number, as numbers compare: −0 is 0. Of use to sort and to find
    /// equal ones, of no other meaning.
    pub fn order(&self, other: &Pattern) -> Ordering {
        order(&self.values, &other.values)
    }

    /// The three blocks of differences of level `n`: their upper left corners.
    pub(crate) fn blocks(n: usize) -> [(usize, usize); 3] {
        [(n, 0), (0, n), (n, n)]
    }

    /// The rows of the `n`×`n` block at `(x, y)`.
    pub(crate) fn block(&self, (x, y): (usize, usize), n: usize) -> impl Iterator<Item = &[f32]> {
        (x..x + n).map(move |i| &self.values[i * SIDE + y..i * SIDE + y + n])
    }

    /// Distance: squared differences of each level's three blocks, weighted
    /// 1, 2, … 32 from the finest level to the coarsest, and 64 times that of
    /// the mean; the square root of their sum. In double precision.
    pub fn distance(&self, other: &Pattern) -> f64 {
        let mut sum = 0.0;
        let mut weight = 1.0;
        let mut n = SIDE;
        while n > 1 {
            n /= 2;
            for corner in Self::blocks(n) {
                let rows = self.block(corner, n).zip(other.block(corner, n));
                sum += weight * rows.map(|(a, b)| squared_difference(a, b)).sum::<f64>();
            }
            weight *= 2.0;
        }
        (sum + weight * squared_difference(&self.values[..1], &other.values[..1])).sqrt()
    }

    /// The pattern made less sensitive to small shifts: in the blocks of the
    /// four finest levels each value becomes the weighted root mean square of
    /// its neighbours in the block, the weight falling linearly from 1 to 0 at
    /// a distance of a quarter of the block. The rest stays.
    pub fn shuffled(&self) -> Pattern {
        let mut shuffled = self.clone();
        for n in [32, 16, 8, 4] {
            for corner in Self::blocks(n) {
                self.shuffle_block(corner, n, &mut shuffled);
            }
        }
        shuffled
    }

    /// The pattern of the picture turned upright, given the orientation that it is stored
    /// in. The grid is square, so each difference moves to another place of its level,
    /// and changes its sign where its direction runs backwards: nothing is lost.
    pub fn turned(&self, orientation: Orientation) -> Pattern {
        let turn = orientation.turn();
        let sign = |backwards: bool, value: f32| if backwards { -value } else { value };
        let mut turned = self.clone();
        let mut n = SIDE;
        while n > 1 {
            n /= 2;
            for i in 0..n {
                for j in 0..n {
                    let (x, y) = turn.source(i, j, n);
                    let (along_x, along_y) = (self.get(x + n, y), self.get(x, y + n));
                    let (along_x, along_y) =
                        if turn.transposed { (along_y, along_x) } else { (along_x, along_y) };
                    let both = sign(turn.from_right != turn.from_below, self.get(x + n, y + n));
                    turned.values[(i + n) * SIDE + j] = sign(turn.from_right, along_x);
                    turned.values[i * SIDE + j + n] = sign(turn.from_below, along_y);
                    turned.values[(i + n) * SIDE + j + n] = both;
                }
            }
        }
        turned
    }

    /// Neighbour after neighbour for all values of the block at once, which a
    /// compiler makes vector instructions of.
    fn shuffle_block(&self, (x, y): (usize, usize), n: usize, shuffled: &mut Pattern) {
        let radius = n / 4;
        let (mut sums, mut weights) = ([[0.0; SIDE / 2]; SIDE / 2], [[0.0; SIDE / 2]; SIDE / 2]);
        // Neighbour (i + down − radius, j + right − radius) of value (i, j).
        for down in 0..=2 * radius {
            for right in 0..=2 * radius {
                let squares = down.abs_diff(radius).pow(2) + right.abs_diff(radius).pow(2);
                let weight = 1.0 - (squares as f64).sqrt() / radius as f64;
                if weight <= 0.0 {
                    continue;
                }
                let (first, last) = (radius.saturating_sub(right), n.min(n + radius - right));
                for i in radius.saturating_sub(down)..n.min(n + radius - down) {
                    let from = (x + i + down - radius) * SIDE + y + first + right - radius;
                    let values = &self.values[from..];
                    let sums = sums[i][first..last].iter_mut().zip(&mut weights[i][first..last]);
                    for ((sum, weights), &value) in sums.zip(values) {
                        *sum += weight * f64::from(value) * f64::from(value);
                        *weights += weight;
                    }
                }
            }
        }
        for (i, (sums, weights)) in sums.iter().zip(&weights).take(n).enumerate() {
            for (j, (sum, weights)) in sums.iter().zip(weights).take(n).enumerate() {
                shuffled.set(x + i, y + j, (sum / weights).sqrt());
            }
        }
    }
}

/// Number by number, as numbers compare: −0 is 0.
pub(crate) fn order(a: &[f32], b: &[f32]) -> Ordering {
    let mut orders = a.iter().zip(b).map(|(a, b)| a.partial_cmp(b).unwrap_or(Ordering::Equal));
    orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// Sum of squared differences of two slices, in four independent lanes so that
/// it can be vectorised: the same order of additions whatever the machine.
fn squared_difference(a: &[f32], b: &[f32]) -> f64 {
    let square = |(a, b): (&f32, &f32)| {
        let difference = f64::from(*a) - f64::from(*b);
        difference * difference
    };
    let (a4, b4) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = a4.remainder().iter().zip(b4.remainder()).map(square).sum();
    let mut lanes = [0.0; 4];
    for (a, b) in a4.zip(b4) {
        for (lane, pair) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += square(pair);
        }
    }
    (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]) + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pattern() -> impl Strategy<Value = Box<Pattern>> {
        proptest::collection::vec(-10.0_f32..10.0, PATTERN_LEN).prop_map(|values| {
            Box::new(Pattern::from_values(values.try_into().expect("4,096 values")))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn order_agrees_with_equality(a in pattern(), from in 0..PATTERN_LEN, by in -1.0_f32..1.0) {
            let mut b = a.clone();
            b.values[from] += by;
            prop_assert_eq!(a.order(&b), a.values[from].partial_cmp(&b.values[from]).expect("finite"));
            prop_assert_eq!(a.order(&b), b.order(&a).reverse());
            prop_assert_eq!(a.order(&b).is_eq(), a == b);
            b.values[from] = -0.0;
            let mut zero = b.clone();
            zero.values[from] = 0.0;
            prop_assert_eq!(b.order(&zero), Ordering::Equal);
        }

        #[test]
        fn distance_is_a_metric(a in pattern(), b in pattern(), c in pattern()) {
            prop_assert_eq!(a.distance(&a), 0.0);
            prop_assert_eq!(a.distance(&b).to_bits(), b.distance(&a).to_bits());
            prop_assert!(a.distance(&b) > 0.0);
            prop_assert!(a.distance(&c) <= (a.distance(&b) + b.distance(&c)) * (1.0 + 1e-12));
        }
    }

    #[test]
    fn distance_weighs_levels_as_defined() {
        // One coefficient a level, each off by 1: the weight is the square.
        for (level, n) in [32, 16, 8, 4, 2, 1].into_iter().enumerate() {
            for (x, y) in Pattern::blocks(n) {
                let mut other = Pattern::zero();
                other.set(x, y, 1.0);
                let weight = f64::from(1 << level);
                assert_eq!(Pattern::zero().distance(&other), weight.sqrt());
            }
        }
        let mut mean = Pattern::zero();
        mean.set(0, 0, 1.0);
        assert_eq!(Pattern::zero().distance(&mean), 8.0);
    }

    #[test]
    fn extremes_stay_finite() {
        let low = Pattern::from_values([f32::MIN; PATTERN_LEN]);
        let high = Pattern::from_values([f32::MAX; PATTERN_LEN]);
        assert!(low.distance(&high).is_finite());
        assert!(high.shuffled().values().iter().all(|v| v.is_finite()));
    }

    #[test]
    fn shuffle_keeps_the_coarse_levels_and_spreads_the_fine() {
        let mut pattern = Pattern::zero();
        pattern.set(1, 1, -0.5);
        pattern.set(32 + 10, 10, -0.5);
        let shuffled = pattern.shuffled();
        assert_eq!(shuffled.get(1, 1), -0.5);
        assert!(shuffled.get(32 + 10, 10) > 0.0 && shuffled.get(32 + 13, 10) > 0.0);
        assert_eq!(shuffled.get(32 + 18, 10), 0.0);
    }

    proptest! {
        #[test]
        fn a_shuffled_value_is_the_mean_of_its_neighbours(
            pattern in pattern(), block in 0..3_usize, n in proptest::sample::select(vec![4, 8, 16, 32]),
            i in 0..32_usize, j in 0..32_usize,
        ) {
            let (x, y) = Pattern::blocks(n)[block];
            let (i, j) = (i % n, j % n);
            let (mut sum, mut weights) = (0.0, 0.0);
            for (ii, jj) in (0..n).flat_map(|ii| (0..n).map(move |jj| (ii, jj))) {
                let apart = (i.abs_diff(ii) as f64).hypot(j.abs_diff(jj) as f64);
                let weight = (1.0 - apart / (n / 4) as f64).max(0.0);
                sum += weight * f64::from(pattern.get(x + ii, y + jj)).powi(2);
                weights += weight;
            }
            let mean = (sum / weights).sqrt();
            let shuffled = f64::from(pattern.shuffled().get(x + i, y + j));
            prop_assert!((shuffled - mean).abs() <= 1e-6 * mean, "{} for {}", shuffled, mean);
        }
    }

    #[test]
    fn a_turned_pattern_is_that_of_the_turned_picture() {
        let mut state = 1_u64;
        let mut cells = Box::new([[[0; 3]; SIDE]; SIDE]);
        for cell in cells.as_flattened_mut() {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            *cell = [(state >> 56) as u8; 3];
        }
        let pattern = Pattern::of(&cells);
        for number in 1..=8 {
            let orientation = Orientation::from_exif(number).expect("1 to 8");
            let upright = Pattern::of(&orientation.upright(cells.clone()));
            let turned = pattern.turned(orientation);
            for (a, b) in upright.values().iter().zip(turned.values()) {
                assert!((a - b).abs() <= f32::EPSILON, "{number}: {a} {b}");
            }
            // A quarter turn back undoes one; all others undo themselves.
            let back = [1, 2, 3, 4, 5, 8, 7, 6][usize::from(number) - 1];
            let back = Orientation::from_exif(back).expect("1 to 8");
            assert_eq!(turned.turned(back), pattern, "{number}");
        }
    }

    #[test]
    fn a_picture_of_one_colour_has_the_zero_pattern() {
        assert_eq!(Pattern::of(&[[[9, 80, 200]; SIDE]; SIDE]), Pattern::zero());
    }
}
