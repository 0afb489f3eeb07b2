//! EXIF orientation: how to turn a picture upright.
//!
//! The 64×64 cells of a turned picture are the turned cells of the picture:
//! they cover the same rectangles. So nothing larger is ever turned.

use crate::picture::resample::{SIDE, Thumbnail};

/// One of the eight orientations, as EXIF numbers them: 1 is upright, the even
/// ones up to 4 and the odd ones from 5 are mirrored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Orientation(u8);

/// A turn of a square by quarters, and a mirroring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Rows become columns.
    pub transposed: bool,
    /// What is at the right comes from the left end, and the other way round.
    pub from_right: bool,
    /// What is at the top comes from the bottom, and the other way round.
    pub from_below: bool,
}

impl Turn {
    /// Where in a square of `side` the value at `(x, y)` comes from.
    pub fn source(self, x: usize, y: usize, side: usize) -> (usize, usize) {
        let x = if self.from_right { side - 1 - x } else { x };
        let y = if self.from_below { side - 1 - y } else { y };
        if self.transposed { (y, x) } else { (x, y) }
    }
}

impl Default for Orientation {
    fn default() -> Self {
        Self::UPRIGHT
    }
}

impl Orientation {
    /// The picture's first row is its top, its first column its left.
    pub const UPRIGHT: Orientation = Orientation(1);

    /// Orientation `number`, 1 to 8.
    pub fn from_exif(number: u16) -> Option<Self> {
        u8::try_from(number).ok().filter(|number| (1..=8).contains(number)).map(Orientation)
    }

    /// The number of EXIF, 1 to 8.
    pub fn number(self) -> u8 {
        self.0
    }

    /// How upright rows and columns are made of those stored: whether they change places,
    /// and which of the upright ones then run backwards: from right to left, from below.
    pub fn turn(self) -> Turn {
        Turn {
            transposed: self.0 >= 5,
            from_right: matches!(self.0, 2 | 3 | 6 | 7),
            from_below: matches!(self.0, 3 | 4 | 7 | 8),
        }
    }

    /// What a file's metadata say: its EXIF data or, where these don't, its XMP
    /// packet. Upright where there is neither, or nothing to make of them.
    pub fn of_metadata(exif: Option<&[u8]>, xmp: Option<&[u8]>) -> Self {
        let by_exif = exif.and_then(Self::in_exif);
        by_exif.or_else(|| xmp.and_then(Self::in_xmp)).unwrap_or_default()
    }

    /// What a block of EXIF data says, a TIFF file in small: the entry 274 of
    /// its first directory. `None` where there is none, or nothing to make of it.
    fn in_exif(exif: &[u8]) -> Option<Self> {
        const ORIENTATION: u16 = 274;
        const BYTE: u16 = 1;
        const SHORT: u16 = 3;
        const LONG: u16 = 4;
        // As in a JPEG file: libvips and sharp write it so everywhere.
        let exif = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
        let little = match exif.get(..4)? {
            b"II*\0" => true,
            b"MM\0*" => false,
            _ => return None,
        };
        let short = |at: usize| {
            let bytes = *exif.get(at..)?.first_chunk()?;
            Some(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
        };
        let long = |at: usize| {
            let bytes = *exif.get(at..)?.first_chunk()?;
            Some(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
        };
        let directory = usize::try_from(long(4)?).ok()?;
        // Entries of 12 bytes: tag, type, count, value. No pointer is followed.
        let first = directory.checked_add(2)?;
        let entries = (0..usize::from(short(directory)?)).map(|n| first + 12 * n);
        let mut entries = entries.take_while(|&at| at < exif.len());
        let found = entries.find(|&at| short(at) == Some(ORIENTATION))?;
        let number = match short(found + 2)? {
            BYTE => u16::from(*exif.get(found + 8)?),
            SHORT => short(found + 8)?,
            LONG => u16::try_from(long(found + 8)?).ok()?,
            _ => return None,
        };
        Self::from_exif(number)
    }

    /// What an XMP packet says, `tiff:Orientation` as an attribute or an element.
    fn in_xmp(xmp: &[u8]) -> Option<Self> {
        let at = memchr::memmem::find(xmp, b"tiff:Orientation")?;
        let rest = xmp.get(at + b"tiff:Orientation".len()..)?;
        let (number, end) = match *rest {
            [b'=', b'"' | b'\'', number, end, ..] => (number, end),
            [b'>', number, end, ..] => (number, end),
            _ => return None,
        };
        if end.is_ascii_digit() { None } else { Self::from_exif(number.wrapping_sub(b'0').into()) }
    }

    /// Turns the cells of a picture in this orientation upright.
    pub fn upright(self, cells: Box<Thumbnail>) -> Box<Thumbnail> {
        if self == Self::UPRIGHT {
            return cells;
        }
        let mut turned = cells.clone();
        let turn = self.turn();
        for (x, column) in turned.iter_mut().enumerate() {
            for (y, cell) in column.iter_mut().enumerate() {
                let (x, y) = turn.source(x, y, SIDE);
                *cell = cells[x][y];
            }
        }
        turned
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// EXIF data with one entry before the orientation.
    fn exif(little: bool, orientation: u16) -> Vec<u8> {
        let short = |n: u16| if little { n.to_le_bytes() } else { n.to_be_bytes() };
        let long = |n: u32| if little { n.to_le_bytes() } else { n.to_be_bytes() };
        let mut data = if little { b"II*\0".to_vec() } else { b"MM\0*".to_vec() };
        data.extend(long(8));
        data.extend(short(2));
        for (tag, value) in [(256, 640), (274, orientation)] {
            data.extend(short(tag));
            data.extend(short(3));
            data.extend(long(1));
            data.extend(short(value));
            data.extend([0, 0]);
        }
        data
    }

    #[test]
    fn reads_both_byte_orders() {
        for number in 1..=8 {
            for little in [false, true] {
                let found = Orientation::in_exif(&exif(little, number)).expect("an orientation");
                assert_eq!(u16::from(found.number()), number);
            }
        }
    }

    #[test]
    fn makes_nothing_of_what_is_no_orientation() {
        assert_eq!(Orientation::in_exif(&exif(true, 0)), None);
        assert_eq!(Orientation::in_exif(&exif(true, 9)), None);
        let whole = exif(false, 6);
        for length in 0..whole.len() - 2 {
            assert_eq!(Orientation::in_exif(&whole[..length]), None, "{length}");
        }
        // A directory that begins behind the data, and one that lies over itself.
        let mut far = exif(true, 6);
        far[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(Orientation::in_exif(&far), None);
        let mut around = exif(true, 6);
        around[4..8].copy_from_slice(&0_u32.to_le_bytes());
        assert_eq!(Orientation::in_exif(&around), None);
    }

    #[test]
    fn reads_other_widths_and_a_prefix() {
        let little = exif(true, 6);
        let prefixed = [b"Exif\0\0", little.as_slice()].concat();
        assert_eq!(Orientation::in_exif(&prefixed), Orientation::from_exif(6));
        for (kind, value) in [(1, [6, 0, 0, 0]), (4, [6, 0, 0, 0])] {
            let mut other = little.clone();
            let at = other.len() - 10;
            other[at] = kind;
            other[at + 6..].copy_from_slice(&value);
            assert_eq!(Orientation::in_exif(&other), Orientation::from_exif(6), "type {kind}");
        }
    }

    #[test]
    fn xmp_speaks_where_exif_does_not() {
        let packets: [&[u8]; 3] = [
            b"<rdf:Description tiff:Orientation=\"6\" />",
            b"<rdf:Description tiff:Orientation='6'/>",
            b"<tiff:Orientation>6</tiff:Orientation>",
        ];
        for xmp in packets {
            assert_eq!(Orientation::of_metadata(None, Some(xmp)).number(), 6);
            let exif = exif(true, 3);
            assert_eq!(Orientation::of_metadata(Some(&exif), Some(xmp)).number(), 3);
            assert_eq!(Orientation::of_metadata(Some(b"II*\0"), Some(xmp)).number(), 6);
        }
        let nothing: [&[u8]; 4] =
            [b"", b"tiff:Orientation", b"tiff:Orientation=\"9\"", b"tiff:Orientation=\"61\""];
        for xmp in nothing {
            assert_eq!(Orientation::in_xmp(xmp), None);
        }
    }

    /// Where the pixel of the upper left corner goes, and that to its right.
    #[test]
    fn turns_corners_where_exif_says() {
        // EXIF names the place of row 0 and column 0: 6 is (right, top).
        let places = [
            (1, (0, 0), (1, 0)),
            (2, (63, 0), (62, 0)),
            (3, (63, 63), (62, 63)),
            (4, (0, 63), (1, 63)),
            (5, (0, 0), (0, 1)),
            (6, (63, 0), (63, 1)),
            (7, (63, 63), (63, 62)),
            (8, (0, 63), (0, 62)),
        ];
        let mut cells = Box::new([[[0; 3]; SIDE]; SIDE]);
        cells[0][0] = [1; 3];
        cells[1][0] = [2; 3];
        for (number, corner, right) in places {
            let orientation = Orientation::from_exif(number).expect("1 to 8");
            let upright = orientation.upright(cells.clone());
            assert_eq!(upright[corner.0][corner.1], [1; 3], "{number}");
            assert_eq!(upright[right.0][right.1], [2; 3], "{number}");
        }
    }
}
