//! From colours to one brightness a cell, stretched over the whole range.

use crate::picture::resample::{SIDE, Thumbnail};

/// 64×64 brightness values in 0..=1, indexed `[x][y]`.
pub type Brightness = [[f64; SIDE]; SIDE];

/// The root mean square of a cell's three colours, `sqrt((r² + g² + b²)/3)/255`,
/// stretched so that the darkest cell is 0 and the brightest 1.
///
/// A thumbnail of a single brightness has no spread: all zeros. (The C
/// extension divides by zero there and answers NaN.)
pub fn stretched(thumbnail: &Thumbnail) -> Box<Brightness> {
    let mut values = Box::new(thumbnail.map(|column| column.map(root_mean_square)));
    let cells = values.as_flattened();
    let least = cells.iter().copied().fold(f64::INFINITY, f64::min);
    let most = cells.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let spread = most - least;
    for value in values.as_flattened_mut() {
        *value = if spread > 0.0 { (*value - least) / spread } else { 0.0 };
    }
    values
}

fn root_mean_square(colour: [u8; 3]) -> f64 {
    let squares: u32 = colour.iter().map(|&c| u32::from(c) * u32::from(c)).sum();
    (f64::from(squares) / 3.0).sqrt() / 255.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_to_the_whole_range() {
        let mut thumbnail = [[[100; 3]; SIDE]; SIDE];
        thumbnail[3][4] = [50; 3];
        thumbnail[5][6] = [150; 3];
        let values = stretched(&thumbnail);
        assert_eq!((values[3][4], values[5][6]), (0.0, 1.0));
        assert!((values[0][0] - 0.5).abs() < 1e-12);
    }

    #[test]
    fn a_single_brightness_is_all_zeros() {
        for colour in [[0; 3], [7, 8, 9], [255; 3]] {
            let values = stretched(&[[colour; SIDE]; SIDE]);
            assert!(values.as_flattened().iter().all(|&v| v == 0.0));
        }
    }
}
