//! How much there is to recognise in a picture.
//!
//! Pages of one colour, and pictures of next to nothing, all look alike; a search for
//! duplicates leaves them out by this number. The model is the quality that PDQ gives with
//! its hashes (Facebook, "The TMK+PDQF video-hashing algorithm and the PDQ image-hashing
//! algorithm", 2019): a count of slopes. A pattern is stretched to its darkest and brightest
//! cells, so a slope must stand out from the noise, too.

use crate::pattern::Pattern;
use crate::pattern::cells::{Cells, slopes};

/// The least slope that counts, as a share of the range of the 64×64 cells.
const LEAST: f32 = 0.04;
/// And so many times the size of the noise besides.
const NOISE: f32 = 3.0;
/// Slopes that make 100, of 512.
const FULL: f32 = 205.0;

/// From 0, a picture of one colour, to 100, most photographs.
pub fn detail(pattern: &Pattern) -> f32 {
    let cells = Cells::of(pattern);
    let finest = cells.finest.as_flattened().iter();
    let (least, most) = finest.fold((f32::INFINITY, f32::NEG_INFINITY), |(least, most), &cell| {
        (least.min(cell), most.max(cell))
    });
    let threshold = LEAST * (most - least) + NOISE * cells.noise(pattern);
    let slopes = slopes(&cells.coarse);
    let steep = slopes.as_flattened().as_flattened().iter();
    let count = steep.filter(|slope| slope.abs() > threshold).count();
    (100.0 * count as f32 / FULL).min(100.0)
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
