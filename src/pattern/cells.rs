//! The cells of a picture by its pattern, in single precision: what fingerprints and
//! [`detail`](crate::pattern::detail) look at.
//!
//! Every operation is one of + − × ÷ and a comparison, in the order written here: the same
//! bits on every machine and in every build.

use crate::pattern::Pattern;
use crate::picture::resample::SIDE;

/// Means of `N` cells along each side, less the picture's mean. Indexed `[x][y]`.
pub type Grid<const N: usize> = [[f32; N]; N];

/// Cells along each side of the coarsest grid.
pub const COARSEST: usize = 8;

/// A picture's cells, at four sizes.
pub struct Cells {
    /// 8 along each side.
    pub coarsest: Grid<COARSEST>,
    /// 16 along each side.
    pub coarse: Grid<16>,
    /// 32 along each side.
    pub fine: Grid<32>,
    /// 64 along each side, as many as a pattern is made of.
    pub finest: Grid<SIDE>,
    /// What the pattern was multiplied by.
    scale: f32,
}

impl Cells {
    /// The cells of the picture that has this pattern.
    pub fn of(pattern: &Pattern) -> Box<Self> {
        let scale = scale(pattern);
        let two = finer::<1, 2>(pattern, scale, &[[0.0]]);
        let four = finer::<2, 4>(pattern, scale, &two);
        let coarsest = finer::<4, COARSEST>(pattern, scale, &four);
        let coarse = finer::<COARSEST, 16>(pattern, scale, &coarsest);
        let fine = finer::<16, 32>(pattern, scale, &coarse);
        let finest = finer::<32, SIDE>(pattern, scale, &fine);
        Box::new(Cells { coarsest, coarse, fine, finest, scale })
    }

    /// The mean size of the finest diagonal differences of the same pattern: what noise
    /// comes to.
    pub fn noise(&self, pattern: &Pattern) -> f32 {
        const N: usize = SIDE / 2;
        let rows = pattern.values().as_chunks::<SIDE>().0.iter().skip(N);
        let values = rows.flat_map(|row| row[N..].as_chunks::<8>().0);
        total(values.map(|eight| eight.map(|d| (self.scale * d).abs()))) / (N * N) as f32
    }
}

/// What brings a pattern's details near 1 where they are out of all proportion, as only
/// patterns that no picture has can be: so no square over- or underflows.
fn scale(pattern: &Pattern) -> f32 {
    const TOO_LARGE: f32 = (1_u64 << 40) as f32;
    const FAR: f32 = (1_u128 << 90) as f32;
    let largest = pattern.values()[1..].iter().fold(0.0, |largest: f32, d| largest.max(d.abs()));
    if largest > TOO_LARGE {
        1.0 / FAR
    } else if largest < 1.0 / TOO_LARGE {
        FAR
    } else {
        1.0
    }
}

/// Means of twice as many cells along each side, `M`: one step of the inverse transform.
fn finer<const N: usize, const M: usize>(
    pattern: &Pattern,
    scale: f32,
    means: &Grid<N>,
) -> Grid<M> {
    let mut finer = [[0.0; M]; M];
    for (x, row) in means.iter().enumerate() {
        for (y, mean) in row.iter().enumerate() {
            let a = scale * pattern.get(x + N, y);
            let b = scale * pattern.get(x, y + N);
            let c = scale * pattern.get(x + N, y + N);
            finer[2 * x][2 * y] = mean - a - b + c;
            finer[2 * x + 1][2 * y] = mean + a - b - c;
            finer[2 * x][2 * y + 1] = mean - a + b - c;
            finer[2 * x + 1][2 * y + 1] = mean + a + b + c;
        }
    }
    finer
}

/// How much brighter it gets at each cell, along x and along y: the differences of both
/// neighbours. A cell at the edge stands in for its neighbour.
pub fn slopes<const N: usize>(grid: &Grid<N>) -> [Grid<N>; 2] {
    let (mut along_x, mut along_y) = ([[0.0; N]; N], [[0.0; N]; N]);
    for x in 0..N {
        let (before, here, after) = (&grid[x.max(1) - 1], &grid[x], &grid[(x + 1).min(N - 1)]);
        for y in 0..N {
            along_x[x][y] = after[y] - before[y];
            along_y[x][y] = here[(y + 1).min(N - 1)] - here[y.max(1) - 1];
        }
    }
    [along_x, along_y]
}

/// The sum of numbers that come by eight: eight lanes, each in order, then the lanes in
/// order.
pub fn total(values: impl Iterator<Item = [f32; 8]>) -> f32 {
    let mut lanes = [0.0; 8];
    for eight in values {
        lanes.iter_mut().zip(eight).for_each(|(lane, value)| *lane += value);
    }
    lanes.iter().fold(0.0, |sum, lane| sum + lane)
}
