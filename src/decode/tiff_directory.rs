//! What a TIFF file's directory makes the codec allocate.
//!
//! `tiff` makes room for as many values as a tag says it has before it reads
//! them, and for a row of a tile as wide as a tile says it is. Here both are
//! compared with the file before.

use super::{DecodeError, Format};

/// Most samples a pixel.
pub(super) const MOST_SAMPLES: usize = 16;
/// The widest tile of a picture that is not as wide itself.
pub(super) const WIDEST_TILE: usize = 1 << 14;

/// What the codec holds for a value: its own kind of number, then a plain one.
const BYTES_A_VALUE: usize = 48;

/// The codec reads no tag of this number or above.
const FIRST_UNREAD: u16 = 700;
const WIDTH: u16 = 256;
const COMPRESSION: u16 = 259;
const SAMPLES: u16 = 277;
const TILE_WIDTH: u16 = 322;

/// Strips that are JPEG files, each with a size of its own that the codec believes.
const JPEG: usize = 7;

/// Bytes that the codec takes to read the directory of `file`.
///
/// # Errors
/// Where the directory claims more than the file has.
pub(super) fn memory(file: &[u8]) -> Result<usize, DecodeError> {
    let broken = |reason: &str| DecodeError::broken(Format::Tiff, reason);
    let tags = Tags::of(file).ok_or_else(|| broken("it has no directory"))?;
    let (mut values, mut width, mut tile_width) = (0, 0, 0);
    for tag in tags {
        if tag.number >= FIRST_UNREAD {
            continue;
        }
        if tag.bytes > 4 && tag.value.saturating_add(tag.bytes) > file.len() {
            return Err(broken("a tag's values reach past the end of the file"));
        }
        values += tag.count;
        match tag.number {
            WIDTH => {
                width = tag.single()?;
                super::admit_width(Format::Tiff, width)?;
            }
            TILE_WIDTH => tile_width = tag.single()?,
            COMPRESSION if tag.single()? == JPEG => {
                return Err(broken("compression by JPEG is not supported"));
            }
            SAMPLES if tag.single()? > MOST_SAMPLES => {
                return Err(broken("its pixels have too many samples"));
            }
            _ => {}
        }
    }
    if tile_width > width.max(WIDEST_TILE) {
        return Err(broken("its tiles are wider than the picture"));
    }
    Ok(BYTES_A_VALUE * values)
}

/// An entry of the directory.
struct Tag {
    number: u16,
    /// Values, and the bytes of all.
    count: usize,
    bytes: usize,
    /// Where they are, or the only one.
    value: usize,
    /// Of a kind of number that is its own place.
    plain: bool,
}

impl Tag {
    /// The only value.
    fn single(&self) -> Result<usize, DecodeError> {
        if self.count == 1 && self.plain {
            Ok(self.value)
        } else {
            Err(DecodeError::broken(Format::Tiff, "a size is no plain number"))
        }
    }
}

/// The entries of a file's first directory.
struct Tags<'a> {
    entries: std::slice::Iter<'a, [u8; 12]>,
    big_endian: bool,
}

impl<'a> Tags<'a> {
    fn of(file: &'a [u8]) -> Option<Self> {
        let big_endian = file.starts_with(b"MM");
        let at = read(big_endian, file.get(4..8)?);
        let count = read(big_endian, file.get(at..at.checked_add(2)?)?);
        // A directory that is cut off is the codec's to refuse.
        let entries = file.get(at + 2..)?.as_chunks().0;
        let entries = entries.get(..count).unwrap_or(entries).iter();
        Some(Tags { entries, big_endian })
    }
}

impl Iterator for Tags<'_> {
    type Item = Tag;

    fn next(&mut self) -> Option<Tag> {
        let &[n0, n1, k0, k1, ref count @ .., v0, v1, v2, v3] = self.entries.next()?;
        let number = |bytes: &[u8]| read(self.big_endian, bytes);
        let (kind, count) = (number(&[k0, k1]), number(count));
        let size = match kind {
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 | 16..=18 => 8,
            _ => 1,
        };
        let value = match kind {
            1 => usize::from(v0),
            3 => number(&[v0, v1]),
            _ => number(&[v0, v1, v2, v3]),
        };
        let bytes = count.saturating_mul(size);
        Some(Tag {
            number: number(&[n0, n1]) as u16,
            count,
            bytes,
            value: if bytes > 4 { number(&[v0, v1, v2, v3]) } else { value },
            plain: matches!(kind, 1 | 3 | 4),
        })
    }
}

/// A number of up to 4 bytes.
fn read(big_endian: bool, bytes: &[u8]) -> usize {
    let add = |number, &byte: &u8| number << 8 | usize::from(byte);
    if big_endian { bytes.iter().fold(0, add) } else { bytes.iter().rev().fold(0, add) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory of one tag.
    fn file(number: u16, kind: u16, count: u32, value: u32) -> Vec<u8> {
        let mut file = b"MM\0*\0\0\0\x08\0\x01".to_vec();
        file.extend([number.to_be_bytes(), kind.to_be_bytes()].concat());
        file.extend([count.to_be_bytes(), value.to_be_bytes()].concat());
        file.extend([0; 4]);
        file
    }

    #[test]
    fn a_directory_is_held_to_the_file() {
        const STRIPS: u16 = 273;
        assert_eq!(memory(&file(STRIPS, 4, 1, 8)), Ok(BYTES_A_VALUE));
        assert_eq!(memory(&file(STRIPS, 4, 4, 8)), Ok(4 * BYTES_A_VALUE));
        for lie in [
            file(STRIPS, 4, 1 << 30, 8),
            file(STRIPS, 1, 1000, 8),
            file(STRIPS, 4, 4, u32::MAX),
            file(SAMPLES, 3, 1, 17 << 16),
            file(TILE_WIDTH, 4, 1, 1 << 20),
            file(TILE_WIDTH, 16, 1, 8),
            file(COMPRESSION, 3, 1, 7 << 16),
        ] {
            assert!(memory(&lie).is_err(), "{lie:?}");
        }
        // Nobody reads this one.
        assert_eq!(memory(&file(FIRST_UNREAD, 4, 1 << 30, 8)), Ok(0));
        assert!(memory(b"II*\0\xff\xff\xff\xff").is_err());
    }

    #[test]
    fn both_orders_of_bytes_are_read() {
        assert_eq!(read(true, &[1, 2, 3, 4]), 0x0102_0304);
        assert_eq!(read(false, &[1, 2]), 0x0201);
    }
}
