//! What a fingerprint is made of: which way it gets brighter in each part of a picture.
//!
//! Of each of a picture's [cells](crate::pattern::cells), 64, 32 and 16 along each side, it
//! is asked how steep it is towards eight directions, and this is added up over overlapping
//! windows: histograms of oriented gradients (Dalal and Triggs, "Histograms of Oriented
//! Gradients for Human Detection", 2005), which change little where a picture is shifted,
//! cropped or turned a little. The 8×8 coarsest cells come after them. Each group is brought
//! to one scale, so that neither brightness nor contrast counts, and its square root taken,
//! so that a few strong edges do not drown the rest.
//!
//! Every operation is one of + − × ÷, the square root and a comparison, in single
//! precision and in the order written here: the features of a pattern are the same bits on
//! every machine and in every build.

use crate::pattern::Pattern;
use crate::pattern::cells::{COARSEST, Cells, Grid, slopes, total};
use crate::picture::resample::SIDE;

/// Directions in which a cell can get brighter.
const DIRECTIONS: usize = 8;
/// Windows along each side, of the finest cells and of the next, and of the coarse ones.
const WINDOWS: usize = 8;
const COARSE_WINDOWS: usize = 4;

/// Features of a pattern.
pub const FEATURES: usize =
    DIRECTIONS * (2 * WINDOWS * WINDOWS + COARSE_WINDOWS * COARSE_WINDOWS) + COARSEST * COARSEST;

/// Below these a sum is of nothing.
const NO_SLOPE: f32 = 1.0 / (1_u64 << 60) as f32;
const NO_SQUARE: f32 = 1.0 / (1_u128 << 100) as f32;

#[allow(clippy::approx_constant)]
const ROOT_HALF: f32 = 0.707_106_8;

/// How steep it is towards each direction, there and back: along x, between both, along y,
/// and between y and the other way along x.
type Directions = [f32; DIRECTIONS];

/// The features of a pattern; all zeros where it has no details.
pub fn of(pattern: &Pattern) -> [f32; FEATURES] {
    let cells = Cells::of(pattern);
    let mut features = [0.0; FEATURES];
    let (finest, rest) = features.split_at_mut(DIRECTIONS * WINDOWS * WINDOWS);
    let (fine, rest) = rest.split_at_mut(DIRECTIONS * WINDOWS * WINDOWS);
    let (coarse, coarsest) = rest.split_at_mut(DIRECTIONS * COARSE_WINDOWS * COARSE_WINDOWS);
    root(gathered::<SIDE, WINDOWS>(&cells.finest).as_flattened(), finest);
    root(gathered::<32, WINDOWS>(&cells.fine).as_flattened(), fine);
    root(gathered::<16, COARSE_WINDOWS>(&cells.coarse).as_flattened(), coarse);
    root_with_sign(&cells.coarsest, coarsest);
    features
}

/// The slopes of all cells in proportion to their own steepness and twice the mean of all,
/// so that each is between -1 and 1: an edge counts for being there more than for how
/// strong it is. By row: `[y][x]`.
fn evened<const N: usize>(grid: &Grid<N>) -> [Grid<N>; 2] {
    let [mut along_x, mut along_y] = slopes(grid);
    let (x, _) = along_x.as_flattened().as_chunks::<8>();
    let (y, _) = along_y.as_flattened().as_chunks::<8>();
    let steepness =
        |(x, y): (&[f32; 8], &[f32; 8])| std::array::from_fn(|lane| x[lane].abs() + y[lane].abs());
    let sum = total(x.iter().zip(y).map(steepness));
    if sum < NO_SLOPE {
        return [[[0.0; N]; N]; 2];
    }
    let mean = sum / (N * N / 2) as f32;
    let pairs = along_x.as_flattened_mut().iter_mut().zip(along_y.as_flattened_mut());
    for (x, y) in pairs {
        let share = 1.0 / (x.abs() + y.abs() + mean);
        *x *= share;
        *y *= share;
    }
    [by_row(&along_x), by_row(&along_y)]
}

/// `[x][y]` to `[y][x]`.
fn by_row<const N: usize>(grid: &Grid<N>) -> Grid<N> {
    let mut rows = [[0.0; N]; N];
    for (x, column) in grid.iter().enumerate() {
        for (row, &value) in rows.iter_mut().zip(column) {
            row[x] = value;
        }
    }
    rows
}

/// How steep it is by direction, of the slopes along x and along y of a row of cells.
fn directions<const N: usize>(along_x: &[f32; N], along_y: &[f32; N]) -> [[f32; N]; DIRECTIONS] {
    let up = |slope: f32| if slope > 0.0 { slope } else { 0.0 };
    let mut directions = [[0.0; N]; DIRECTIONS];
    for (i, (&x, &y)) in along_x.iter().zip(along_y).enumerate() {
        let (both, other) = ((x + y) * ROOT_HALF, (y - x) * ROOT_HALF);
        directions[0][i] = up(x);
        directions[1][i] = up(-x);
        directions[2][i] = up(both);
        directions[3][i] = up(-both);
        directions[4][i] = up(y);
        directions[5][i] = up(-y);
        directions[6][i] = up(other);
        directions[7][i] = up(-other);
    }
    directions
}

/// The windows that a place of `N` belongs to, with their weights: a tent over two of `W`,
/// counted from 1. Windows 0 and `W + 1` are not there: what is nearer to the edge than the
/// middle of the last window belongs to that alone.
fn shares<const N: usize, const W: usize>(place: usize) -> [(usize, f32); 2] {
    let size = N / W;
    // From the middle of window 0, in half places.
    let at = 2 * place + 1 + size;
    let upper = (at % (2 * size)) as f32 / (2 * size) as f32;
    let window = at / (2 * size);
    [(window, 1.0 - upper), (window + 1, upper)]
}

/// The directions of all cells, added up by windows: along y, then along x, each from the
/// first place to the last.
fn gathered<const N: usize, const W: usize>(grid: &Grid<N>) -> [[Directions; W]; W] {
    let [along_x, along_y] = evened(grid);
    // Of every column its sums by window and direction, a row of cells at a time, which a
    // compiler makes vector instructions of.
    let mut columns = [[[0.0; N]; DIRECTIONS]; W];
    for (y, (along_x, along_y)) in along_x.iter().zip(&along_y).enumerate() {
        let directions = directions(along_x, along_y);
        for (window, weight) in shares::<N, W>(y) {
            if let Some(sums) = window.checked_sub(1).and_then(|window| columns.get_mut(window)) {
                let cells = sums.as_flattened_mut().iter_mut().zip(directions.as_flattened());
                cells.for_each(|(sum, value)| *sum += weight * value);
            }
        }
    }
    let mut gathered = [[[0.0; DIRECTIONS]; W]; W];
    for x in 0..N {
        for (window, weight) in shares::<N, W>(x) {
            if let Some(sums) = window.checked_sub(1).and_then(|window| gathered.get_mut(window)) {
                let lists = columns.as_flattened();
                let sums = sums.as_flattened_mut().iter_mut().zip(lists);
                sums.for_each(|(sum, cells)| *sum += weight * cells[x]);
            }
        }
    }
    gathered
}

/// Scaled to a mean of 1, and the square root; zeros where there is nothing.
fn root(values: &[Directions], features: &mut [f32]) {
    let sum = total(values.iter().copied());
    if sum < NO_SLOPE {
        return;
    }
    let factor = features.len() as f32 / sum;
    for (feature, value) in features.iter_mut().zip(values.as_flattened()) {
        *feature = (value * factor).sqrt();
    }
}

/// Scaled to a mean square of 1, and the square root with the sign kept; zeros where there
/// is nothing.
fn root_with_sign(values: &Grid<COARSEST>, features: &mut [f32]) {
    let sum = total(values.iter().map(|row| row.map(|value| value * value)));
    if sum < NO_SQUARE {
        return;
    }
    let factor = COARSEST as f32 / sum.sqrt();
    for (feature, value) in features.iter_mut().zip(values.as_flattened()) {
        let scaled = value * factor;
        *feature = scaled.abs().sqrt().copysign(scaled);
    }
}
