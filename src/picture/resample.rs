//! Area average: any picture, shrunk or stretched to 64×64 cells, row by row.
//!
//! Each cell is the mean over the exact, fractional source rectangle that it
//! covers, the way libgd's `gdImageCopyResampled` defines it. Here the sums are
//! integers: measured in 64ths of a source pixel, cell `x` covers
//! `[x·width, (x+1)·width)` and pixel `i` covers `[64·i, 64·(i+1))`, so every
//! overlap is a whole number and no rounding happens before the last step.
//!
//! Rows are added up first, column by column, which a compiler makes vector
//! instructions of; columns are added up to cells only where a row of cells
//! ends, 64 times a picture.

use crate::picture::{Channels, Rows, Shape};

/// Cells along each side of the resampled picture.
pub const SIDE: usize = 64;

/// libgd's alpha: 0 is opaque, 127 is clear.
const CLEAR: u64 = 127;

/// 64×64 colours `[red, green, blue]`, indexed `[x][y]`, alpha laid on a ground.
pub type Thumbnail = [[[u8; 3]; SIDE]; SIDE];

/// What is added up of a pixel: its colours, weighted by opacity if it has an
/// alpha, and then the opacity itself.
type Sums = [u64; 4];

/// Of rows wider than this no sums are kept by column: they go to their cells
/// at once, so that a row of a hundred million pixels costs no memory.
const WIDEST: usize = 1 << 16;

/// Whole rows that fit two bytes a column: 255·257 = 65,535.
const MOST_WHOLE_ROWS: u32 = 257;
/// Row weight, in 64ths, that fits four bytes a column: 255·127 a row.
const MOST_WEIGHT: u32 = u32::MAX / (255 * CLEAR as u32);

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

/// Averages rows down (or stretches them up) to 64×64 cells as they come.
pub struct AreaAverage {
    shape: Shape,
    across: Vec<Overlap>,
    /// Rows so far.
    rows: usize,
    /// Sums of whole, opaque rows by column, and how many.
    whole: Vec<u16>,
    whole_rows: u32,
    /// Sums of rows by column, in 64ths of a row, and their weight.
    columns: Vec<u32>,
    weight: u32,
    /// A row whose colours are weighted by their opacity.
    weighted: Vec<u16>,
    /// Sums by cell, indexed `[y][x]`.
    cells: Vec<[Sums; SIDE]>,
}

impl AreaAverage {
    /// Waits for a picture.
    #[expect(clippy::new_without_default, reason = "there is no picture of no size")]
    pub fn new() -> Self {
        AreaAverage {
            shape: Shape { width: 0, height: 0, channels: Channels::Grey },
            across: Vec::new(),
            rows: 0,
            whole: Vec::new(),
            whole_rows: 0,
            columns: Vec::new(),
            weight: 0,
            weighted: Vec::new(),
            cells: Vec::new(),
        }
    }

    /// The cells of the picture, laid on black. Rows that never came count as clear.
    pub fn finish(self) -> Box<Thumbnail> {
        self.finish_on([0; 3])
    }

    /// The cells of the picture, laid on a ground of one colour.
    pub fn finish_on(mut self, ground: [u8; 3]) -> Box<Thumbnail> {
        let mut thumbnail = Box::new([[[0; 3]; SIDE]; SIDE]);
        self.flush((self.rows * SIDE).saturating_sub(1) / self.shape.height.max(1));
        let area = (self.shape.width * self.shape.height) as u64;
        for (y, row) in self.cells.iter().enumerate() {
            for (x, sums) in row.iter().enumerate() {
                thumbnail[x][y] = colour(sums, self.shape.channels, area, ground);
            }
        }
        thumbnail
    }

    /// Adds `weight` 64ths of a row to the columns of the row of cells `y`.
    fn add(&mut self, samples: &[u8], y: usize, weight: usize) {
        let channels = self.shape.channels;
        if self.shape.width > WIDEST {
            let (cells, across, weight) = (&mut self.cells[y], &self.across, weight as u64);
            match channels {
                Channels::Grey => gather(cells, across, weight, samples.as_chunks().0, weigh::<1>),
                Channels::GreyAlpha => {
                    gather(cells, across, weight, samples.as_chunks().0, weigh::<2>);
                }
                Channels::Rgb => gather(cells, across, weight, samples.as_chunks().0, weigh::<3>),
                Channels::Rgba => gather(cells, across, weight, samples.as_chunks().0, weigh::<4>),
            }
            return;
        }
        let weight = weight as u32;
        let opaque = is_opaque(samples, channels);
        if opaque && weight == SIDE as u32 {
            for (column, &sample) in self.whole.iter_mut().zip(samples) {
                *column += u16::from(sample);
            }
            self.whole_rows += 1;
            if self.whole_rows == MOST_WHOLE_ROWS {
                self.settle();
            }
        } else if channels.has_alpha() {
            match channels {
                Channels::GreyAlpha => weigh_row::<2>(samples, &mut self.weighted),
                _ => weigh_row::<4>(samples, &mut self.weighted),
            }
            let columns = self.columns.iter_mut().zip(&self.weighted);
            if weight == SIDE as u32 {
                // The common case by itself: a shift, which vectors have.
                columns.for_each(|(column, &sample)| *column += SIDE as u32 * u32::from(sample));
            } else {
                columns.for_each(|(column, &sample)| *column += weight * u32::from(sample));
            }
        } else {
            for (column, &sample) in self.columns.iter_mut().zip(samples) {
                *column += weight * u32::from(sample);
            }
        }
        self.weight += weight;
        // The next row weighs 64 at most, a stretched one up to its height, 63.
        if self.weight > MOST_WEIGHT - SIDE as u32 {
            self.flush(y);
        }
    }

    /// Takes the whole rows into the columns.
    fn settle(&mut self) {
        if self.whole_rows == 0 {
            return;
        }
        let channels = self.shape.channels;
        if channels.has_alpha() {
            // Opaque rows of a picture with alpha: all weigh the same.
            let opaque = (SIDE as u64 * CLEAR) as u32;
            let pixels = self.whole.chunks_exact(channels.count());
            for (columns, whole) in self.columns.chunks_exact_mut(channels.count()).zip(pixels) {
                if let ([colours @ .., opacity], [samples @ .., _]) = (columns, whole) {
                    for (colour, &sample) in colours.iter_mut().zip(samples) {
                        *colour += opaque * u32::from(sample);
                    }
                    *opacity += opaque * self.whole_rows;
                }
            }
        } else {
            for (column, &whole) in self.columns.iter_mut().zip(&self.whole) {
                *column += SIDE as u32 * u32::from(whole);
            }
        }
        self.whole.fill(0);
        self.whole_rows = 0;
    }

    /// Takes the columns into the cells of row `y`.
    fn flush(&mut self, y: usize) {
        self.settle();
        if self.weight > 0 {
            let (cells, across, columns) = (&mut self.cells[y], &self.across, &self.columns);
            match self.shape.channels {
                Channels::Grey => gather(
                    cells,
                    across,
                    1,
                    columns.as_chunks().0,
                    std::convert::identity::<[u32; 1]>,
                ),
                Channels::GreyAlpha => gather(
                    cells,
                    across,
                    1,
                    columns.as_chunks().0,
                    std::convert::identity::<[u32; 2]>,
                ),
                Channels::Rgb => gather(
                    cells,
                    across,
                    1,
                    columns.as_chunks().0,
                    std::convert::identity::<[u32; 3]>,
                ),
                Channels::Rgba => gather(
                    cells,
                    across,
                    1,
                    columns.as_chunks().0,
                    std::convert::identity::<[u32; 4]>,
                ),
            }
            self.columns.fill(0);
            self.weight = 0;
        }
    }
}

impl Rows for AreaAverage {
    fn begin(&mut self, shape: Shape) {
        self.across = (0..SIDE).map(|x| Overlap::of(x, shape.width)).collect();
        self.cells = vec![[Sums::default(); SIDE]; SIDE];
        self.shape = shape;
        if shape.width <= WIDEST {
            self.columns = vec![0; shape.row_len()];
            self.whole = vec![0; shape.row_len()];
            let weighted = if shape.channels.has_alpha() { shape.row_len() } else { 0 };
            self.weighted = vec![0; weighted];
        }
    }

    fn row(&mut self, samples: &[u8]) {
        let height = self.shape.height;
        if self.rows >= height || samples.len() != self.shape.row_len() {
            return;
        }
        // Cell y covers [y·height, (y+1)·height); this row [64·i, 64·(i+1)).
        let (top, bottom) = (self.rows * SIDE, (self.rows + 1) * SIDE);
        self.rows += 1;
        for y in top / height..=(bottom - 1) / height {
            let end = (y + 1) * height;
            self.add(samples, y, bottom.min(end) - top.max(y * height));
            if end <= bottom {
                self.flush(y);
            }
        }
    }
}

/// Whether no pixel of a row is clear to any degree.
fn is_opaque(samples: &[u8], channels: Channels) -> bool {
    // Without a way out in the middle, which would keep it from vectors.
    match channels {
        Channels::Grey | Channels::Rgb => true,
        Channels::GreyAlpha => {
            samples.as_chunks().0.iter().fold(255, |all, &[_, a]| all & a) == 255
        }
        Channels::Rgba => {
            samples.as_chunks().0.iter().fold(255, |all, &[_, _, _, a]| all & a) == 255
        }
    }
}

/// What is added up of a pixel: where it has an alpha, its colours weighted by
/// opacity, 127 where opaque, and the opacity in the place of alpha.
fn weigh<const N: usize>(samples: [u8; N]) -> [u16; N] {
    let mut sums = samples.map(u16::from);
    if let [colours @ .., opacity] = &mut sums[..]
        && N.is_multiple_of(2)
    {
        *opacity >>= 1;
        colours.iter_mut().for_each(|colour| *colour *= *opacity);
    }
    sums
}

/// All pixels of a row.
fn weigh_row<const N: usize>(samples: &[u8], weighted: &mut [u16]) {
    for (out, &pixel) in weighted.as_chunks_mut().0.iter_mut().zip(samples.as_chunks().0) {
        *out = weigh::<N>(pixel);
    }
}

/// Adds up pixels under each cell of a row of cells, `weight` times.
fn gather<P: Copy, S: Into<u64>, const N: usize>(
    cells: &mut [Sums; SIDE],
    across: &[Overlap],
    weight: u64,
    pixels: &[P],
    sums_of: impl Fn(P) -> [S; N],
) {
    for (cell, overlap) in cells.iter_mut().zip(across) {
        let mut sums = [0; N];
        for &pixel in &pixels[overlap.inner.clone()] {
            for (sum, value) in sums.iter_mut().zip(sums_of(pixel)) {
                *sum += value.into();
            }
        }
        sums = sums.map(|sum| sum * SIDE as u64);
        for (at, part) in std::iter::once(overlap.first).chain(overlap.last) {
            for (sum, value) in sums.iter_mut().zip(sums_of(pixels[at])) {
                *sum += part * value.into();
            }
        }
        for (sum, value) in cell.iter_mut().zip(sums) {
            *sum += weight * value;
        }
    }
}

/// The colour of a cell whose rectangle weighs `area`.
fn colour(sums: &Sums, channels: Channels, area: u64, ground: [u8; 3]) -> [u8; 3] {
    let [first, .., last] = *sums;
    let (colours, opacity) = match channels {
        Channels::Grey => ([first; 3], None),
        Channels::GreyAlpha => ([first; 3], Some(sums[1])),
        Channels::Rgb => ([sums[0], sums[1], sums[2]], None),
        Channels::Rgba => ([sums[0], sums[1], sums[2]], Some(last)),
    };
    match opacity {
        None => colours.map(|sum| round_half_up(sum, area).min(255) as u8),
        Some(0) => ground,
        Some(opacity) => {
            let alpha = round_half_up((CLEAR * area).saturating_sub(opacity), area).min(CLEAR);
            // On the ground: (c·(127 − a) + g·a)/127 in integers. Never above 255.
            std::array::from_fn(|at| {
                let mean = round_half_up(colours[at], opacity);
                let below = u64::from(ground[at]);
                ((mean * (CLEAR - alpha) + below * alpha) / CLEAR).min(255) as u8
            })
        }
    }
}

/// In floating point, which divides several times faster, and exactly: both
/// terms are below 2⁵³ for any picture of 2³¹ pixels, and a quotient of at most
/// 255 that is no whole number is farther from one than it can be off.
fn round_half_up(sum: u64, weight: u64) -> u64 {
    ((2 * sum + weight) as f64 / (2 * weight) as f64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A picture in memory.
    #[derive(Clone, Debug)]
    struct Picture {
        shape: Shape,
        samples: Vec<u8>,
    }

    impl Picture {
        fn new(width: usize, height: usize, channels: Channels, samples: Vec<u8>) -> Self {
            let shape = Shape { width, height, channels };
            assert_eq!(samples.len(), shape.row_len() * height);
            Picture { shape, samples }
        }

        fn rows(&self) -> impl Iterator<Item = &[u8]> {
            self.samples.chunks(self.shape.row_len())
        }
    }

    fn area_average(picture: &Picture) -> Box<Thumbnail> {
        let mut average = AreaAverage::new();
        average.begin(picture.shape);
        picture.rows().for_each(|row| average.row(row));
        average.finish()
    }

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
        let (bx, by) = (bounds(x, picture.shape.width), bounds(y, picture.shape.height));
        let (mut colour, mut opacity, mut alpha, mut area) = ([0.0; 3], 0.0, 0.0, 0.0);
        for (j, row) in rows.iter().enumerate() {
            for (i, p) in row.chunks(picture.shape.channels.count()).enumerate() {
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

    fn noise(count: usize, mut state: u64) -> Vec<u8> {
        let mut next = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 56) as u8
        };
        (0..count).map(|_| next()).collect()
    }

    fn picture() -> impl Strategy<Value = Picture> {
        let channels = prop_oneof![
            Just(Channels::Grey),
            Just(Channels::GreyAlpha),
            Just(Channels::Rgb),
            Just(Channels::Rgba)
        ];
        (1..200_usize, 1..200_usize, channels, any::<u64>()).prop_map(|(w, h, c, seed)| {
            let mut picture = Picture::new(w, h, c, noise(w * h * c.count(), seed));
            if c.has_alpha() {
                // Some rows opaque.
                for row in picture.samples.chunks_mut(picture.shape.row_len()).step_by(3) {
                    row.iter_mut().skip(c.count() - 1).step_by(c.count()).for_each(|a| *a = 255);
                }
            }
            picture
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
                    if matches!(p.shape.channels, Channels::Grey | Channels::Rgb) {
                        prop_assert!((f64::from(*got) - want).abs() <= 0.5 + 1e-6);
                    }
                }
            }
        }
    }

    #[test]
    fn a_64_by_64_picture_is_its_own_thumbnail() {
        let samples: Vec<u8> = (0..64 * 64).map(|i| (i * 7 % 256) as u8).collect();
        let picture = Picture::new(64, 64, Channels::Grey, samples.clone());
        let thumbnail = area_average(&picture);
        for (i, sample) in samples.into_iter().enumerate() {
            assert_eq!(thumbnail[i % 64][i / 64], [sample; 3]);
        }
    }

    #[test]
    fn rounds_as_integers_do_where_it_is_tightest() {
        let largest = (1_u64 << 31) * CLEAR;
        for weight in [largest, largest - 1, (1 << 31) - 1, 3, 7] {
            for mean in [0, 1, 127, 254] {
                // The last sum below a half, a half, and the next.
                let half = mean * weight + weight.div_ceil(2);
                for sum in half - 1..=half + 1 {
                    let exact = (2 * sum + weight) / (2 * weight);
                    assert_eq!(round_half_up(sum, weight), exact, "{sum} / {weight}");
                }
            }
        }
    }

    #[test]
    fn a_mean_of_one_half_rounds_up() {
        let samples = (0..128 * 64).map(|i| if i % 2 == 0 { 10 } else { 11 }).collect();
        let picture = Picture::new(128, 64, Channels::Grey, samples);
        assert_eq!(area_average(&picture)[5][5], [11; 3]);
    }

    #[test]
    fn clear_pixels_are_black_and_lend_no_colour() {
        // Left half opaque red, right half clear green, one cell over both.
        let mut samples = Vec::new();
        for i in 0..128 * 64 {
            samples.extend(if i % 2 == 0 { [200, 0, 0, 255] } else { [0, 255, 0, 0] });
        }
        let picture = Picture::new(128, 64, Channels::Rgba, samples);
        // Alpha is the plain mean, 63.5 → 64; colour 200·(127 − 64)/127.
        assert_eq!(area_average(&picture)[9][9], [99, 0, 0]);
        let clear = Picture::new(1, 1, Channels::Rgba, vec![9, 9, 9, 0]);
        assert_eq!(area_average(&clear)[0][0], [0; 3]);
    }

    #[test]
    fn rows_too_wide_for_columns_give_the_same_cells() {
        for channels in [Channels::Grey, Channels::GreyAlpha, Channels::Rgb, Channels::Rgba] {
            // Every pixel 1,025 times: the same picture, wider than WIDEST.
            let narrow = noise(64 * 3 * channels.count(), 3);
            let n = channels.count();
            let wide = narrow.chunks(n).flat_map(|pixel| pixel.repeat(1025)).collect();
            let narrow = Picture::new(64, 3, channels, narrow);
            let wide = Picture::new(64 * 1025, 3, channels, wide);
            assert!(wide.shape.width > WIDEST);
            assert_eq!(area_average(&narrow), area_average(&wide), "{channels:?}");
        }
    }

    #[test]
    fn no_sum_overflows_in_a_picture_as_high_as_any() {
        for channels in [Channels::Grey, Channels::GreyAlpha, Channels::Rgb, Channels::Rgba] {
            let white =
                Picture::new(2, 700_001, channels, vec![255; 700_001 * 2 * channels.count()]);
            assert!(area_average(&white).as_flattened().iter().all(|cell| *cell == [255; 3]));
        }
    }

    #[test]
    fn an_opaque_picture_is_the_same_with_alpha() {
        for (width, height) in [(150, 700), (31, 17), (64, 1000)] {
            let rgb = noise(width * height * 3, 9);
            let rgba = rgb.as_chunks::<3>().0.iter().flat_map(|&[r, g, b]| [r, g, b, 255]);
            let with = Picture::new(width, height, Channels::Rgba, rgba.collect());
            let without = Picture::new(width, height, Channels::Rgb, rgb);
            assert_eq!(area_average(&with), area_average(&without));
        }
    }

    #[test]
    fn missing_and_surplus_rows_do_no_harm() {
        let shape = Shape { width: 5, height: 100, channels: Channels::Grey };
        let mut average = AreaAverage::new();
        average.begin(shape);
        for _ in 0..50 {
            average.row(&[200; 5]);
        }
        let half = average.finish();
        assert_eq!((half[7][0], half[7][31], half[7][32]), ([200; 3], [200; 3], [0; 3]));
        let mut average = AreaAverage::new();
        average.begin(shape);
        for _ in 0..150 {
            average.row(&[200; 5]);
        }
        assert!(average.finish().as_flattened().iter().all(|cell| *cell == [200; 3]));
        assert_eq!(AreaAverage::new().finish()[0][0], [0; 3]);
    }

    #[test]
    fn clear_pixels_show_the_ground() {
        let shape = Shape { width: 2, height: 1, channels: Channels::Rgba };
        let on = |ground| {
            let mut average = AreaAverage::new();
            average.begin(shape);
            average.row(&[9, 9, 9, 0, 0, 0, 0, 129]);
            let cells = average.finish_on(ground);
            (cells[0][0], cells[63][0])
        };
        assert_eq!(on([0; 3]), ([0; 3], [0; 3]));
        // 129 is 64 of 127 opaque: 63 of 127 of the ground shows.
        assert_eq!(on([255; 3]), ([255; 3], [126; 3]));
        assert_eq!(on([127, 0, 254]), ([127, 0, 254], [63, 0, 126]));
    }
}
