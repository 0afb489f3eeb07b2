//! How much there is to recognise in a picture.
//!
//! Pages of one colour, and pictures of next to nothing, all look alike; a search for
//! duplicates leaves them out by this number. The model is the quality that PDQ gives with
//! its hashes (Facebook, "The TMK+PDQF video-hashing algorithm and the PDQ image-hashing
//! algorithm", 2019): a count of slopes. A pattern is stretched to its darkest and brightest
//! cells, so a slope must stand out from the noise, too. Smooth shading is taken off first, and slopes must be spread over several rows and columns: a line at the head
//! of an empty page is steep enough, but in one row.

use crate::pattern::Pattern;
use crate::pattern::cells::{Cells, Grid, slopes};

/// The least slope that counts, as a share of the range of the 64×64 cells.
const LEAST: f32 = 0.05;
/// And so many times the size of the noise besides.
const NOISE: f32 = 3.0;
/// Slopes that make 100, of 512.
const FULL: f32 = 205.0;
/// Rows, and columns, of 16 that a line of text or a number may take up, and how many more make
/// 100.
const LINE: usize = 2;
const FULL_EXTENT: f32 = 10.0;
/// Cells along each side of the grid that slopes are looked for in.
const N: usize = 16;

/// From 0, a picture of one colour, to 100, most photographs.
pub fn detail(pattern: &Pattern) -> f32 {
    let cells = Cells::of(pattern);
    let finest = cells.finest.as_flattened().iter();
    let (least, most) = finest.fold((f32::INFINITY, f32::NEG_INFINITY), |(least, most), &cell| {
        (least.min(cell), most.max(cell))
    });
    let threshold = LEAST * (most - least) + NOISE * cells.noise(pattern);
    // Without its shading a picture of two halves would have slopes where it is flat.
    let (shaded, unshaded) = (slopes(&cells.coarse), slopes(&without_shading(&cells.coarse)));
    let steep = |x: usize, y: usize| {
        let both = shaded.iter().zip(&unshaded);
        both.filter(|(a, b)| a[x][y].abs() > threshold && b[x][y].abs() > threshold).count()
    };
    let places = || (0..N).flat_map(|x| (0..N).map(move |y| (x, y)));
    let count: usize = places().map(|(x, y)| steep(x, y)).sum();
    let columns = (0..N).filter(|&x| (0..N).any(|y| steep(x, y) > 0)).count();
    let rows = (0..N).filter(|&y| (0..N).any(|x| steep(x, y) > 0)).count();
    let extent = columns.min(rows).saturating_sub(LINE);
    (100.0 * count as f32 / FULL).min(100.0 * extent as f32 / FULL_EXTENT).min(100.0)
}

/// Less the surface of second degree that fits best: light from one side, a gradient, a vignette
/// and a clear sky say nothing.
fn without_shading(grid: &Grid<N>) -> Grid<N> {
    let mut factors = [0.0; SHADES];
    for (x, column) in grid.iter().enumerate() {
        for (y, &cell) in column.iter().enumerate() {
            factors.iter_mut().zip(shades(x, y)).for_each(|(sum, shade)| *sum += cell * shade);
        }
    }
    factors.iter_mut().zip(SQUARES).for_each(|(factor, squares)| *factor /= squares);
    let mut found = *grid;
    for (x, column) in found.iter_mut().enumerate() {
        for (y, cell) in column.iter_mut().enumerate() {
            factors.iter().zip(shades(x, y)).for_each(|(factor, shade)| *cell -= factor * shade);
        }
    }
    found
}

/// Kinds of shading: along x, along y, bent along x, bent along y, and twisted.
const SHADES: usize = 5;
/// The sums of the squares of each over the grid. Of 16 places Σ t² is 340 and
/// Σ (t² − 21.25)² is 5,712.
const SQUARES: [f32; SHADES] =
    [16.0 * 340.0, 16.0 * 340.0, 16.0 * 5712.0, 16.0 * 5712.0, 340.0 * 340.0];

/// Each kind of shading at a cell: the discrete Legendre polynomials, which are at right angles
/// to each other, and to a mean.
fn shades(x: usize, y: usize) -> [f32; SHADES] {
    let line = |place: usize| place as f32 - (N - 1) as f32 / 2.0;
    let bow = |place: usize| line(place) * line(place) - (N * N - 1) as f32 / 12.0;
    [line(x), line(y), bow(x), bow(y), line(x) * line(y)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::resample::SIDE;

    /// A picture of these brightnesses, by column and row.
    fn picture(brightness: impl Fn(usize, usize) -> u8) -> Pattern {
        let mut cells = Box::new([[[0; 3]; SIDE]; SIDE]);
        for (x, column) in cells.iter_mut().enumerate() {
            for (y, cell) in column.iter_mut().enumerate() {
                *cell = [brightness(x, y); 3];
            }
        }
        Pattern::of(&cells)
    }

    #[test]
    fn flat_pictures_have_none_and_busy_ones_all() {
        assert_eq!(detail(&picture(|_, _| 200)), 0.0);
        // A page of one colour with noise of a step or two, and a speck.
        let noise = |x: usize, y: usize| ((x * 7919 + y * 104_729) % 65_521 % 3) as u8;
        assert!(detail(&picture(|x, y| 200 + noise(x, y))) < 5.0);
        let speck = |x, y| if (x, y) == (30, 30) { 0 } else { 250 + noise(x, y) };
        assert!(detail(&picture(speck)) < 5.0);
        // Shaded from one side to the other.
        assert!(detail(&picture(|x, y| (x * 2 + y) as u8)) < 5.0);
        // And from the middle outwards.
        let bow = |place: usize| place.abs_diff(32).pow(2) / 16;
        assert!(detail(&picture(|x, y| (bow(x) + bow(y)) as u8)) < 5.0);
        // Two halves.
        assert!(detail(&picture(|x, _| if x < 32 { 20 } else { 250 })) < 15.0);
        // A line of text at the head of a page, and at its side.
        let text = |x: usize, y: usize| (3..6).contains(&y) && (x * 7919 + y * 31) % 5 < 2;
        assert!(detail(&picture(|x, y| if text(x, y) { 20 } else { 250 })) < 15.0);
        assert!(detail(&picture(|x, y| if text(y, x) { 20 } else { 250 })) < 15.0);
        // Squares of 8×8, no two neighbours alike.
        let squares = |x: usize, y: usize| ((x / 8 * 89 + y / 8 * 151) % 256) as u8;
        assert_eq!(detail(&picture(squares)), 100.0);
    }

    #[test]
    fn any_numbers_have_some() {
        for value in [f32::MAX, f32::MIN, f32::MIN_POSITIVE, 1e-45, 0.0] {
            let found = detail(&Pattern::from_values([value; SIDE * SIDE]));
            assert!((0.0..=100.0).contains(&found), "{value}: {found}");
        }
    }
}
