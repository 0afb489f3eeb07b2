//! The header of a BMP file, and what `image` refuses or reads wrong although it is plain.

use super::super::{DecodeError, Format, foresee, reserve};

/// A file's header is this long, then comes the picture's, which begins with its length.
pub(super) const FILE_HEADER: usize = 14;
/// The picture's header that every reader knows.
const INFO_HEADER: usize = 40;
/// OS/2's first, of 16 bits a side.
const CORE_HEADER: usize = 12;
/// The lengths that `image` knows.
const KNOWN: [usize; 6] = [CORE_HEADER, INFO_HEADER, 52, 56, 108, 124];
/// A length that anybody has written.
const LONGEST_HEADER: usize = 124;

const DATA_OFFSET: usize = 10;
const WIDTH: usize = 18;
const HEIGHT: usize = 22;
const PLANES: usize = 26;
const PLANES_OF_CORE: usize = 22;
const BITS: usize = 28;
const BITS_OF_CORE: usize = 24;
const COMPRESSION: usize = 30;
const COLOURS_USED: usize = 46;

/// Compression of none, and of none with masks for the colours' bits.
const PLAIN: u32 = 0;
const MASKED: u32 = 3;

/// What a header says.
pub(super) struct Header {
    /// Of the picture's header.
    pub length: usize,
    pub width: u32,
    /// Negative for rows from the top down.
    pub height: i32,
    pub bits: u32,
    pub compression: u32,
    /// Bytes of the palette.
    pub palette_len: usize,
    /// Whether it is said to have more colours than its bits can name.
    too_many_colours: bool,
    planes: u16,
    offset: usize,
}

impl Header {
    /// The header of `file`, if it is whole and of a length that anybody has written.
    pub fn of(file: &[u8]) -> Option<Self> {
        let length = number(file, FILE_HEADER)? as usize;
        let is_core = length == CORE_HEADER;
        if !(is_core || (16..=LONGEST_HEADER).contains(&length)) {
            return None;
        }
        let header = file.get(..FILE_HEADER + length)?;
        // A shorter header stands for zeros.
        let of_more = |at| if is_core { 0 } else { number(header, at).unwrap_or(0) };
        let (width, height) = match is_core {
            true => (short(header, WIDTH)?.into(), short(header, WIDTH + 2)?.into()),
            false => (number(header, WIDTH)?, number(header, HEIGHT)? as i32),
        };
        let bits = short(header, if is_core { BITS_OF_CORE } else { BITS })?.into();
        let used = of_more(COLOURS_USED);
        let colours = match bits {
            1..=8 if used == 0 => 1 << bits,
            1..=8 => used.min(1 << bits) as usize,
            _ => 0,
        };
        Some(Header {
            length,
            width,
            height,
            bits,
            compression: of_more(COMPRESSION),
            palette_len: colours * if is_core { 3 } else { 4 },
            too_many_colours: matches!(bits, 1..=8) && used > 1 << bits,
            planes: short(header, if is_core { PLANES_OF_CORE } else { PLANES })?,
            offset: number(header, DATA_OFFSET)? as usize,
        })
    }

    /// Refuses the kinds of BMP that are not read here.
    ///
    /// # Errors
    /// With the kind, in plain words.
    pub fn check_kind(&self) -> Result<(), DecodeError> {
        /// OS/2's second header, which has other compressions of the same numbers.
        const OS2_HEADER: usize = 64;
        let of_os2 = self.length == OS2_HEADER;
        let reason = match (self.compression, self.bits) {
            (3, 1) => "it is compressed by Huffman's codes, as OS/2 has it",
            (4, 24) if of_os2 => "it is stored as runs of 24 bits, as OS/2 has it",
            (4, _) => "a JPEG file is in it",
            (5, _) => "a PNG file is in it",
            (6, _) => "its colours and alpha are told by masks as Windows CE has them",
            (11..=13, _) => "its colours are inks",
            (_, 64) => "it has 64 bits a pixel",
            (0..=3, _) => return Ok(()),
            _ => "it is compressed in a way that few programs know",
        };
        Err(DecodeError::not_supported(Format::Bmp, reason))
    }

    /// Where the pixels are: as the header says, or behind the palette where it says that
    /// they are in its place, or nothing.
    ///
    /// # Errors
    /// Where it says that they are in the header.
    pub fn data_offset(&self) -> Result<usize, DecodeError> {
        let end = FILE_HEADER + self.length;
        let masks = self.compression == MASKED && self.length == INFO_HEADER;
        let behind = end + self.palette_len + if masks { 12 } else { 0 };
        match self.offset {
            0 => Ok(behind),
            offset if offset < end => {
                Err(DecodeError::broken(Format::Bmp, "its picture lies in its header"))
            }
            offset if offset == end => Ok(behind),
            offset => Ok(offset),
        }
    }

    /// How many bytes the last row wants behind the file's end to be filled to whole words,
    /// as it need not be.
    fn filling(&self, file_len: usize, data_offset: usize) -> usize {
        if !matches!(self.compression, PLAIN | MASKED) {
            return 0;
        }
        let row_bits = u64::from(self.width) * u64::from(self.bits);
        let row = row_bits.div_ceil(32) * 4;
        let filling = row - row_bits.div_ceil(8);
        let end = row.saturating_mul(self.height.unsigned_abs().into()) + data_offset as u64;
        let missing = end.saturating_sub(file_len as u64);
        if missing <= filling { missing as usize } else { 0 }
    }
}

/// The same file as `image` takes it and reads it right, if it needs mending: a count of
/// planes other than 1, which means nothing; the longer or shorter header of OS/2; a palette
/// where the pixels are said to be, or longer than its bits can name; a last row that is not
/// filled.
///
/// # Errors
/// Where the header makes no sense, or there is no memory.
pub(in crate::decode) fn mended(file: &[u8]) -> Result<Option<Vec<u8>>, DecodeError> {
    let Some(header) = Header::of(file) else { return Ok(None) };
    let length = header.length;
    let offset = header.data_offset()?;
    let filling = header.filling(file.len(), offset);
    let other_length = !KNOWN.contains(&length);
    let right = header.planes == 1 && !header.too_many_colours && !other_length;
    if right && offset == header.offset && filling == 0 {
        return Ok(None);
    }

    foresee(file.len())?;
    let mut mended = reserve(file.len() + INFO_HEADER)?;
    mended.extend_from_slice(file);
    let planes = if length == CORE_HEADER { PLANES_OF_CORE } else { PLANES };
    mended[planes..planes + 2].copy_from_slice(&[1, 0]);
    if header.too_many_colours {
        // As many as the bits can name.
        mended[COLOURS_USED..COLOURS_USED + 4].fill(0);
    }
    let mut offset = offset;
    if other_length {
        let kept = FILE_HEADER + length.min(INFO_HEADER);
        let filled = std::iter::repeat_n(0, INFO_HEADER - length.min(INFO_HEADER));
        mended.splice(kept..FILE_HEADER + length, filled);
        mended[FILE_HEADER..FILE_HEADER + 4].copy_from_slice(&(INFO_HEADER as u32).to_le_bytes());
        offset = offset + INFO_HEADER - length;
    }
    let offset = u32::try_from(offset).unwrap_or(u32::MAX);
    mended[DATA_OFFSET..DATA_OFFSET + 4].copy_from_slice(&offset.to_le_bytes());
    mended.extend(std::iter::repeat_n(0, filling));
    Ok(Some(mended))
}

fn number(file: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*file.get(at..)?.first_chunk()?))
}

fn short(file: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*file.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The header of a picture of 24 bits, two pixels wide.
    fn header(length: u32, height: i32, planes: u16, compression: u32) -> Vec<u8> {
        let mut file = vec![0; FILE_HEADER + length as usize];
        file[..2].copy_from_slice(b"BM");
        file[DATA_OFFSET..14].copy_from_slice(&(14 + length).to_le_bytes());
        file[14..18].copy_from_slice(&length.to_le_bytes());
        file[WIDTH] = 2;
        file[HEIGHT..26].copy_from_slice(&height.to_le_bytes());
        file[PLANES..28].copy_from_slice(&planes.to_le_bytes());
        file[BITS] = 24;
        if length >= 20 {
            file[COMPRESSION..34].copy_from_slice(&compression.to_le_bytes());
        }
        file
    }

    /// The same of 8 bits and two colours, the pixels where `offset` says.
    fn with_palette(offset: u32, pixels: &[u8]) -> Vec<u8> {
        let mut file = header(40, 1, 1, 0);
        file[BITS] = 8;
        file[COLOURS_USED] = 2;
        file[DATA_OFFSET..14].copy_from_slice(&offset.to_le_bytes());
        [&file[..], b"bgr.BGR.", pixels].concat()
    }

    fn mended_to(file: &[u8]) -> Option<Vec<u8>> {
        mended(file).expect("mended")
    }

    #[test]
    fn what_image_takes_is_left_alone() {
        for file in
            [header(40, 3, 1, 0), header(40, -3, 1, 0), header(124, 3, 1, 1), b"BM".to_vec()]
        {
            assert_eq!(mended_to(&file), None);
        }
        assert_eq!(mended_to(&with_palette(62, b"\0\x01..")), None);
    }

    #[test]
    fn what_it_refuses_is_mended() {
        assert_eq!(mended_to(&header(40, 3, 0, 0)), Some(header(40, 3, 1, 0)));
        assert_eq!(mended_to(&header(64, 3, 1, 1)), Some(header(40, 3, 1, 1)));
        assert_eq!(mended_to(&header(16, 3, 1, 0)), Some(header(40, 3, 1, 0)));
    }

    #[test]
    fn pixels_are_never_where_the_palette_or_the_header_is() {
        let right = with_palette(62, b"\0\x01..");
        for offset in [0, 54] {
            assert_eq!(mended_to(&with_palette(offset, b"\0\x01..")), Some(right.clone()));
        }
        for offset in [1, 53] {
            assert!(mended(&with_palette(offset, b"\0\x01..")).is_err());
        }
    }

    #[test]
    fn a_palette_has_no_more_colours_than_its_bits_can_name() {
        let mut file = header(40, 1, 1, 0);
        (file[BITS], file[COLOURS_USED]) = (1, 3);
        file[DATA_OFFSET] = 66;
        file.extend(b"bgr.BGR.bgr.\x40..");
        let mended = mended_to(&file).expect("mended");
        assert_eq!((mended[COLOURS_USED], mended[DATA_OFFSET]), (0, 66));
        assert_eq!(mended[54..66], file[54..66]);
    }

    #[test]
    fn kinds_that_are_not_read_are_told_apart() {
        let verdict = |length: u32, bits: u8, compression: u32| {
            let mut file = header(length, 1, 1, compression);
            file[BITS] = bits;
            Header::of(&file).expect("a header").check_kind()
        };
        for (bits, compression) in [(1, 0), (8, 1), (4, 2), (16, 3), (32, 3), (24, 0)] {
            assert_eq!(verdict(40, bits, compression), Ok(()));
        }
        for (length, bits, compression) in [
            (40, 32, 6),
            (124, 64, 0),
            (64, 1, 3),
            (64, 24, 4),
            (40, 0, 4),
            (40, 0, 5),
            (40, 32, 11),
        ] {
            let verdict = verdict(length, bits, compression);
            assert!(matches!(verdict, Err(DecodeError::NotSupported { .. })), "{verdict:?}");
        }
    }

    #[test]
    fn a_last_row_need_not_be_filled() {
        assert_eq!(mended_to(&with_palette(62, b"\0\x01.")), Some(with_palette(62, b"\0\x01.\0")));
        assert_eq!(mended_to(&with_palette(62, b"\0\x01")), Some(with_palette(62, b"\0\x01\0\0")));
        // Pixels are missing.
        assert_eq!(mended_to(&with_palette(62, b"\0")), None);
    }

    #[test]
    fn a_header_cut_short_is_no_matter() {
        let whole = header(64, -3, 0, 1);
        for length in 0..whole.len() {
            let _verdict = mended(&whole[..length]);
        }
    }
}
