//! The two-dimensional Haar transform of a 64×64 picture, unnormalised, and back.

use crate::picture::brightness::Brightness;
use crate::picture::resample::SIDE;

/// Haar coefficients `d[x][y]`, row `x` after row `x`.
pub type Coefficients = [f32; SIDE * SIDE];

/// Haar coefficients of `values`.
///
/// From the finest level (blocks of 32×32) to the coarsest (1×1), each 2×2
/// square gives three differences and one mean; the means are the next level's
/// values. The last mean of all is coefficient `[0][0]`.
pub fn haar(mut values: Box<Brightness>) -> Coefficients {
    let mut coefficients = [0.0; SIDE * SIDE];
    let mut set = |x: usize, y: usize, value: f64| coefficients[x * SIDE + y] = value as f32;
    let mut n = SIDE;
    while n > 1 {
        n /= 2;
        for i in 0..n {
            for j in 0..n {
                let p = values[2 * i][2 * j];
                let q = values[2 * i + 1][2 * j];
                let r = values[2 * i][2 * j + 1];
                let s = values[2 * i + 1][2 * j + 1];
                set(i + n, j, (-p + q - r + s) / 4.0);
                set(i, j + n, (-p - q + r + s) / 4.0);
                set(i + n, j + n, (p - q - r + s) / 4.0);
                // [i][j] is behind every square still to be read: 2i ≥ i.
                values[i][j] = (p + q + r + s) / 4.0;
            }
        }
    }
    set(0, 0, values[0][0]);
    coefficients
}

/// The values whose coefficients these are, `side`×`side` of them: all 64, or
/// for a smaller power of two the means of as many squares. Indexed `[x][y]`.
pub fn inverse(coefficients: &Coefficients, side: usize) -> Box<Brightness> {
    let get = |x: usize, y: usize| f64::from(coefficients[x * SIDE + y]);
    let mut values = Box::new([[0.0; SIDE]; SIDE]);
    values[0][0] = get(0, 0);
    let mut n = 1;
    while n < side.min(SIDE) {
        // Backwards, so that no mean is overwritten before it is read.
        for i in (0..n).rev() {
            for j in (0..n).rev() {
                let mean = values[i][j];
                let a = get(i + n, j);
                let b = get(i, j + n);
                let c = get(i + n, j + n);
                values[2 * i][2 * j] = mean - a - b + c;
                values[2 * i + 1][2 * j] = mean + a - b - c;
                values[2 * i][2 * j + 1] = mean - a + b - c;
                values[2 * i + 1][2 * j + 1] = mean + a + b + c;
            }
        }
        n *= 2;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inverse_gives_the_picture_back() {
        let mut values = Box::new([[0.0; SIDE]; SIDE]);
        for (i, v) in values.as_flattened_mut().iter_mut().enumerate() {
            *v = ((i * 2_654_435_761) % 1000) as f64 / 1000.0;
        }
        let back = inverse(&haar(values.clone()), SIDE);
        for (a, b) in values.as_flattened().iter().zip(back.as_flattened()) {
            assert!((a - b).abs() < 1e-5);
        }
    }

    #[test]
    fn a_plain_picture_has_a_mean_and_nothing_else() {
        let coefficients = haar(Box::new([[0.25; SIDE]; SIDE]));
        assert_eq!(coefficients[0], 0.25);
        assert!(coefficients[1..].iter().all(|&d| d == 0.0));
    }

    #[test]
    fn a_coarse_inverse_is_the_means_of_squares() {
        let mut values = Box::new([[0.0; SIDE]; SIDE]);
        for (i, v) in values.as_flattened_mut().iter_mut().enumerate() {
            *v = ((i * 2_654_435_761) % 1000) as f64 / 1000.0;
        }
        let coarse = inverse(&haar(values.clone()), SIDE / 2);
        for x in 0..SIDE / 2 {
            for y in 0..SIDE / 2 {
                let [left, right] = [values[2 * x], values[2 * x + 1]];
                let square = left[2 * y] + left[2 * y + 1] + right[2 * y] + right[2 * y + 1];
                assert!((coarse[x][y] - square / 4.0).abs() < 1e-6);
            }
        }
    }
}
