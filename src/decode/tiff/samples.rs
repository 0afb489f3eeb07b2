//! From a TIFF's samples of any width to 8 bits.

use super::directory::number;

/// What a sample is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Unsigned,
    Float,
}

/// How samples lie in a row.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    pub bits: usize,
    pub kind: Kind,
    pub big_endian: bool,
    /// Samples of a pixel that lie side by side.
    pub samples: usize,
}

impl Layout {
    /// Bytes of a row of `width` pixels.
    pub fn row_len(self, width: usize) -> usize {
        (width * self.samples * self.bits).div_ceil(8)
    }

    /// Sample `sample` of pixel `x`, as it is where it has 8 bits or fewer; of more, the
    /// high byte; of floats, 0 to 1.
    pub fn get(self, row: &[u8], x: usize, sample: usize) -> u8 {
        let at = x * self.samples + sample;
        match self.bits {
            8 => row[at],
            16 | 32 | 64 => {
                let size = self.bits / 8;
                let value = number(self.big_endian, &row[at * size..][..size]);
                match self.kind {
                    Kind::Unsigned => (value >> (self.bits - 8)) as u8,
                    Kind::Float => of_float(float(size, value)),
                }
            }
            bits => {
                let value = (0..bits).fold(0_u32, |value, bit| {
                    let place = at * bits + bit;
                    value << 1 | u32::from(row[place / 8] >> (7 - place % 8) & 1)
                });
                (if bits > 8 { value >> (bits - 8) } else { value }) as u8
            }
        }
    }

    /// Whether a float is no light, from none of it to all: a height, a temperature.
    pub fn is_beyond(self, row: &[u8], x: usize, sample: usize) -> bool {
        // What a resampling filter overshoots by.
        const SOME: f64 = 0.1;
        if self.kind != Kind::Float {
            return false;
        }
        let size = self.bits / 8;
        let at = (x * self.samples + sample) * size;
        let value = float(size, number(self.big_endian, &row[at..][..size]));
        !value.is_nan() && !(-SOME..=1.0 + SOME).contains(&value)
    }

    /// The largest value of [`Self::get`].
    pub fn most(self) -> u8 {
        if self.bits < 8 { (1 << self.bits) - 1 } else { 255 }
    }
}

/// A float of as many bytes.
fn float(size: usize, bits: u64) -> f64 {
    match size {
        4 => f32::from_bits(bits as u32).into(),
        8 => f64::from_bits(bits),
        _ => of_half(bits as u16),
    }
}

/// 0 to 1, cut off on either side; NaN is 0.
fn of_float(value: f64) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8
}

/// A float of 16 bits.
fn of_half(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3ff);
    let size = match i32::from(bits >> 10 & 31) {
        0 => fraction * 2.0_f64.powi(-24),
        31 => f64::INFINITY,
        exponent => (1024.0 + fraction) * 2.0_f64.powi(exponent - 25),
    };
    if bits >> 15 == 0 { size } else { -size }
}

/// Undoes the differences of a row, each sample from the one of the pixel before.
pub(super) fn add_up(row: &mut [u8], layout: Layout) {
    let size = layout.bits / 8;
    let step = layout.samples * size;
    for at in step..row.len() / size * size {
        // Bytes alone, or the first of a wider number.
        if !at.is_multiple_of(size) {
            continue;
        }
        let before = number(layout.big_endian, &row[at - step..][..size]);
        let sum = number(layout.big_endian, &row[at..][..size]).wrapping_add(before);
        let bytes = sum.to_le_bytes();
        for (place, byte) in row[at..at + size].iter_mut().enumerate() {
            *byte = bytes[if layout.big_endian { size - 1 - place } else { place }];
        }
    }
}

/// Undoes the differences of a row of floats: its bytes were sorted by their place in the
/// numbers, the highest first, and each is told from the one before. `sorted` is a buffer.
pub(super) fn add_up_floats(row: &mut [u8], layout: Layout, sorted: &mut Vec<u8>) {
    let size = layout.bits / 8;
    for at in layout.samples..row.len() {
        row[at] = row[at].wrapping_add(row[at - layout.samples]);
    }
    sorted.clear();
    sorted.extend_from_slice(row);
    let numbers = row.len() / size;
    for (at, bytes) in row.chunks_exact_mut(size).enumerate() {
        for (place, byte) in bytes.iter_mut().enumerate() {
            let place = if layout.big_endian { place } else { size - 1 - place };
            *byte = sorted[place * numbers + at];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES: Layout = Layout { bits: 8, kind: Kind::Unsigned, big_endian: true, samples: 1 };

    #[test]
    fn samples_of_any_width_are_read() {
        let get = |bits, kind, row: &[u8], x| Layout { bits, kind, ..BYTES }.get(row, x, 0);
        assert_eq!(get(1, Kind::Unsigned, &[0b0100_0000], 1), 1);
        assert_eq!(get(2, Kind::Unsigned, &[0b0011_0000], 1), 3);
        assert_eq!(get(4, Kind::Unsigned, &[0x12], 1), 2);
        assert_eq!(get(12, Kind::Unsigned, &[0xab, 0xcd, 0xef], 1), 0xde);
        assert_eq!(get(16, Kind::Unsigned, &[0xab, 0xcd], 0), 0xab);
        assert_eq!(get(16, Kind::Float, &[0x38, 0], 0), 128);
        assert_eq!(get(32, Kind::Float, &0.5_f32.to_be_bytes(), 0), 128);
        assert_eq!(get(64, Kind::Float, &f64::NAN.to_be_bytes(), 0), 0);
        let little = Layout { bits: 16, big_endian: false, ..BYTES };
        assert_eq!(little.get(&[0xcd, 0xab], 0, 0), 0xab);
    }

    #[test]
    fn floats_that_are_no_light_are_told() {
        let floats = Layout { bits: 32, kind: Kind::Float, ..BYTES };
        let beyond = |value: f32| floats.is_beyond(&value.to_be_bytes(), 0, 0);
        assert!([-0.05, 0.0, 1.0, 1.05, f32::NAN].iter().all(|&value| !beyond(value)));
        assert!([-3.0, 1.5, 255.0, f32::INFINITY].iter().all(|&value| beyond(value)));
        assert!(!BYTES.is_beyond(&[255], 0, 0));
    }

    #[test]
    fn differences_are_added_up() {
        let mut row = [1, 2, 3, 4, 5, 250];
        add_up(&mut row, Layout { samples: 2, ..BYTES });
        assert_eq!(row, [1, 2, 4, 6, 9, 0]);
        let mut row = [0xff, 0, 2, 0];
        add_up(&mut row, Layout { bits: 16, big_endian: false, ..BYTES });
        assert_eq!(row, [0xff, 0, 1, 1]);
    }

    #[test]
    fn floats_are_sorted_back() {
        // 1.0 and 2.0, their highest bytes first.
        let bytes = [0x3f_u8, 0x40, 0x80, 0, 0, 0, 0, 0];
        let mut told = bytes;
        for at in (1..8).rev() {
            told[at] = bytes[at].wrapping_sub(bytes[at - 1]);
        }
        add_up_floats(&mut told, Layout { bits: 32, big_endian: false, ..BYTES }, &mut Vec::new());
        assert_eq!(told[..4], 1.0_f32.to_le_bytes());
        assert_eq!(told[4..], 2.0_f32.to_le_bytes());
    }
}
