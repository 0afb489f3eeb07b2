//! Area average: any picture, shrunk or stretched to 64×64 cells.
//!
//! Each cell is the mean over the exact, fractional source rectangle that it
//! covers, the way libgd's `gdImageCopyResampled` defines it. Here the sums are
//! integers: measured in 64ths of a source pixel, cell `x` covers
//! `[x·width, (x+1)·width)` and pixel `i` covers `[64·i, 64·(i+1))`, so every
//! overlap is a whole number and no rounding happens before the last step.

use crate::picture::{Channels, Picture};

/// Cells along each side of the resampled picture.
pub const SIDE: usize = 64;

/// libgd's alpha: 0 is opaque, 127 is clear.
const CLEAR: u64 = 127;

/// 64×64 colours `[red, green, blue]`, indexed `[x][y]`, alpha laid on black.
pub type Thumbnail = [[[u8; 3]; SIDE]; SIDE];

/// Weighted sums over (a part of) one cell's source rectangle.
#[derive(Clone, Copy, Default)]
struct Sums {
    /// Red, green and blue, weighted by area · opacity.
    colour: [u64; 3],
    /// Area · opacity, where an opaque pixel's opacity is 127.
    opacity: u64,
    /// libgd alpha, weighted by area.
    alpha: u64,
}

impl Sums {
    fn add(&mut self, other: &Sums, weight: u64) {
        for (mine, theirs) in self.colour.iter_mut().zip(other.colour) {
            *mine += theirs * weight;
        }
        self.opacity += other.opacity * weight;
        self.alpha += other.alpha * weight;
    }

    fn add_pixel(&mut self, channels: Channels, pixel: &[u8], weight: u64) {
        let (rgb, alpha) = match (channels, pixel) {
            (Channels::Grey, &[g]) => ([g; 3], 0),
            (Channels::GreyAlpha, &[g, a]) => ([g; 3], CLEAR - u64::from(a >> 1)),
            (Channels::Rgb, &[r, g, b]) => ([r, g, b], 0),
            (Channels::Rgba, &[r, g, b, a]) => ([r, g, b], CLEAR - u64::from(a >> 1)),
            // Rows are cut into pixels of exactly `channels` bytes.
            _ => return,
        };
        let opacity = (CLEAR - alpha) * weight;
        for (sum, sample) in self.colour.iter_mut().zip(rgb) {
            *sum += u64::from(sample) * opacity;
        }
        self.opacity += opacity;
        self.alpha += alpha * weight;
    }

    /// The cell's colour; `area` is the total weight of its rectangle.
    fn colour(&self, area: u64) -> [u8; 3] {
        let alpha = round_half_up(self.alpha, area);
        self.colour.map(|sum| {
            if self.opacity == 0 {
                return 0;
            }
            let mean = round_half_up(sum, self.opacity);
            // On black: c·(127 − a)/127 in integers. Never above 255.
            (mean * (CLEAR - alpha.min(CLEAR)) / CLEAR).min(255) as u8
        })
    }
}

fn round_half_up(sum: u64, weight: u64) -> u64 {
    (2 * sum + weight) / (2 * weight)
}

/// The source pixels under one cell: `(pixel, weight)` for the first and, if
/// it is another, the last, and the range of whole pixels (weight 64) between.
struct Overlap {
    first: (usize, u64),
    inner: std::ops::Range<usize>,
    last: Option<(usize, u64)>,
}

impl Overlap {
    /// Of cell `cell` with the pixels of an axis of `length` pixels.
    fn of(cell: usize, length: usize) -> Self {
        let (begin, end) = (cell * length, (cell + 1) * length);
        let (first, last) = (begin / SIDE, (end - 1) / SIDE);
        if first == last {
            return Overlap { first: (first, length as u64), inner: 0..0, last: None };
        }
        Overlap {
            first: (first, (SIDE * (first + 1) - begin) as u64),
            inner: first + 1..last,
            last: Some((last, (end - SIDE * last) as u64)),
        }
    }
}

/// Averages `picture` down (or stretches it up) to 64×64 cells.
pub fn area_average(picture: &Picture) -> Thumbnail {
    let (width, height) = (picture.width(), picture.height());
    let across: Vec<Overlap> = (0..SIDE).map(|x| Overlap::of(x, width)).collect();
    let mut cells = vec![[Sums::default(); SIDE]; SIDE];

    for (row_index, row) in picture.rows().enumerate() {
        let line = average_row(row, picture.channels(), &across);
        // Cell y covers [y·height, (y+1)·height); this row [64·i, 64·(i+1)).
        let (top, bottom) = (row_index * SIDE, (row_index + 1) * SIDE);
        let (first, last) = (top / height, (bottom - 1) / height);
        for (y, cells) in cells.iter_mut().enumerate().take(last + 1).skip(first) {
            let overlap = bottom.min((y + 1) * height) - top.max(y * height);
            for (cell, sums) in cells.iter_mut().zip(&line) {
                cell.add(sums, overlap as u64);
            }
        }
    }

    let area = (width * height) as u64;
    std::array::from_fn(|x| std::array::from_fn(|y| cells[y][x].colour(area)))
}

fn average_row(row: &[u8], channels: Channels, across: &[Overlap]) -> [Sums; SIDE] {
    let size = channels.count();
    let mut line = [Sums::default(); SIDE];
    for (sums, overlap) in line.iter_mut().zip(across) {
        let mut edge = |(index, weight): (usize, u64)| {
            sums.add_pixel(channels, &row[index * size..(index + 1) * size], weight);
        };
        edge(overlap.first);
        if let Some(last) = overlap.last {
            edge(last);
        }
        let inner = &row[overlap.inner.start * size..overlap.inner.end * size];
        sums.add(&sum_whole_pixels(inner, channels), SIDE as u64);
    }
    line
}

/// The plain sums over whole pixels: where a large picture's time goes.
fn sum_whole_pixels(pixels: &[u8], channels: Channels) -> Sums {
    let opaque = |colour: [u64; 3], count: usize| Sums {
        colour: colour.map(|sum| sum * CLEAR),
        opacity: count as u64 * CLEAR,
        alpha: 0,
    };
    match channels {
        Channels::Grey => {
            let sum = pixels.iter().map(|&g| u64::from(g)).sum();
            opaque([sum; 3], pixels.len())
        }
        Channels::Rgb => {
            let mut colour = [0; 3];
            for pixel in pixels.chunks_exact(3) {
                for (sum, &sample) in colour.iter_mut().zip(pixel) {
                    *sum += u64::from(sample);
                }
            }
            opaque(colour, pixels.len() / 3)
        }
        Channels::GreyAlpha | Channels::Rgba => {
            let mut sums = Sums::default();
            for pixel in pixels.chunks_exact(channels.count()) {
                sums.add_pixel(channels, pixel, 1);
            }
            sums
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, word for word, in floating point.
    fn reference_cell(picture: &Picture, x: usize, y: usize) -> [f64; 4] {
        let rows: Vec<&[u8]> = picture.rows().collect();
        let bounds = |cell: usize, length: usize| {
            let scale = length as f64 / SIDE as f64;
            (cell as f64 * scale, (cell + 1) as f64 * scale)
        };
        let part = |(begin, end): (f64, f64), pixel: usize| {
            (end.min(pixel as f64 + 1.0) - begin.max(pixel as f64)).max(0.0)
        };
        let (bx, by) = (bounds(x, picture.width()), bounds(y, picture.height()));
        let (mut colour, mut opacity, mut alpha, mut area) = ([0.0; 3], 0.0, 0.0, 0.0);
        for (j, row) in rows.iter().enumerate() {
            for (i, p) in row.chunks(picture.channels().count()).enumerate() {
                let w = part(bx, i) * part(by, j);
                let a = match p.len() {
                    2 | 4 => 127.0 - f64::from(p[p.len() - 1] >> 1),
                    _ => 0.0,
                };
                for (k, sum) in colour.iter_mut().enumerate() {
                    *sum += w * (127.0 - a) * f64::from(if p.len() < 3 { p[0] } else { p[k] });
                }
                opacity += w * (127.0 - a);
                alpha += w * a;
                area += w;
            }
        }
        let [r, g, b] = colour.map(|c| if opacity > 0.0 { c / opacity } else { 0.0 });
        [r, g, b, alpha / area]
    }

    fn picture() -> impl Strategy<Value = Picture> {
        let channels = prop_oneof![
            Just(Channels::Grey),
            Just(Channels::GreyAlpha),
            Just(Channels::Rgb),
            Just(Channels::Rgba)
        ];
        (1..200_usize, 1..200_usize, channels, any::<u64>()).prop_map(|(w, h, c, seed)| {
            let mut state = seed;
            let samples = (0..w * h * c.count())
                .map(|_| {
                    state =
                        state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                    (state >> 56) as u8
                })
                .collect();
            Picture::new(w, h, c, samples).expect("sizes agree")
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn every_cell_is_the_weighted_mean_of_its_rectangle(p in picture()) {
            let thumbnail = area_average(&p);
            for (x, y) in [(0, 0), (63, 63), (17, 40), (63, 0), (31, 32)] {
                let [r, g, b, alpha] = reference_cell(&p, x, y);
                for (got, want) in thumbnail[x][y].iter().zip([r, g, b]) {
                    // Two roundings to integers and one division in integers.
                    let laid = want * (127.0 - alpha) / 127.0;
                    prop_assert!((f64::from(*got) - laid).abs() <= 2.51, "{got} for {laid}");
                    if matches!(p.channels(), Channels::Grey | Channels::Rgb) {
                        prop_assert!((f64::from(*got) - want).abs() <= 0.5 + 1e-6);
                    }
                }
            }
        }
    }

    #[test]
    fn a_64_by_64_picture_is_its_own_thumbnail() {
        let samples: Vec<u8> = (0..64 * 64).map(|i| (i * 7 % 256) as u8).collect();
        let picture = Picture::new(64, 64, Channels::Grey, samples.clone()).expect("64×64");
        let thumbnail = area_average(&picture);
        for (i, sample) in samples.into_iter().enumerate() {
            assert_eq!(thumbnail[i % 64][i / 64], [sample; 3]);
        }
    }

    #[test]
    fn a_mean_of_one_half_rounds_up() {
        let samples = (0..128 * 64).map(|i| if i % 2 == 0 { 10 } else { 11 }).collect();
        let picture = Picture::new(128, 64, Channels::Grey, samples).expect("128×64");
        assert_eq!(area_average(&picture)[5][5], [11; 3]);
    }

    #[test]
    fn clear_pixels_are_black_and_lend_no_colour() {
        // Left half opaque red, right half clear green, one cell over both.
        let mut samples = Vec::new();
        for i in 0..128 * 64 {
            samples.extend(if i % 2 == 0 { [200, 0, 0, 255] } else { [0, 255, 0, 0] });
        }
        let picture = Picture::new(128, 64, Channels::Rgba, samples).expect("128×64");
        // Alpha is the plain mean, 63.5 → 64; colour 200·(127 − 64)/127.
        assert_eq!(area_average(&picture)[9][9], [99, 0, 0]);
        let clear = Picture::new(1, 1, Channels::Rgba, vec![9, 9, 9, 0]).expect("1×1");
        assert_eq!(area_average(&clear)[0][0], [0; 3]);
    }
}
