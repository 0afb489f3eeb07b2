//! The header of a JPEG XL file: what its picture may take is known before the
//! codec, which has no bound of its own on layers and colour profiles, reads it.

use super::super::{DecodeError, Format};
use crate::picture::orientation::Orientation;

/// What is read here of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Pixels in a row, as stored.
    pub width: u32,
    /// Rows, as stored.
    pub height: u32,
    /// How to turn it. What EXIF data say counts for nothing in this format.
    pub orientation: Orientation,
    /// Bits a sample.
    pub bit_depth: u8,
    /// Grey instead of three colours.
    pub grey: bool,
    /// Whether one of the further channels is alpha.
    pub alpha: bool,
    /// Whether one of them is the black of CMYK.
    pub black: bool,
    /// Channels besides the colours.
    pub extra: u32,
    /// Whether it moves.
    pub animated: bool,
    /// Whether its colours are the format's own, which are turned into others.
    pub own_colours: bool,
    /// The length of its colour profile, as compressed by models of the format.
    pub profile: Option<u64>,
}

/// More channels besides the colours are beyond level 5 of the format.
const MOST_EXTRA: u32 = 4;
/// No header is longer, its colour profile aside.
const LONGEST: usize = 1 << 14;

impl Header {
    pub(super) fn read(file: &[u8]) -> Result<Header, DecodeError> {
        let codestream = beginning(file)?;
        let codestream = codestream.strip_prefix(b"\xff\x0a").ok_or_else(broken)?;
        read(&mut Bits { bytes: codestream, at: 0 })
    }

    /// Samples a pixel of the picture as it is handed over.
    pub(super) fn channels(&self) -> u8 {
        u8::from(self.alpha) + if self.grey { 1 } else { 3 }
    }
}

fn broken() -> DecodeError {
    DecodeError::broken(Format::JpegXl, "its header makes no sense")
}

fn ended() -> DecodeError {
    DecodeError::of_codec(Format::JpegXl, true)
}

/// The first bytes of the picture's own data: the file's, or those of its boxes of
/// the kinds `jxlc` and `jxlp`.
fn beginning(file: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut rest = file;
    if rest.starts_with(b"\xff\x0a") {
        return Ok(rest.get(..LONGEST).unwrap_or(rest).to_vec());
    }
    let mut found = Vec::new();
    while found.len() < LONGEST {
        let Some((header, kind, behind)) = box_header(rest) else { break };
        let whole = match header.length {
            0 => rest.len(),
            length => usize::try_from(length).unwrap_or(usize::MAX),
        };
        let content = behind.get(..whole.saturating_sub(header.own)).unwrap_or(behind);
        let content = match kind {
            b"jxlc" => content,
            // Their number comes first; they are in order but in files of a later version.
            b"jxlp" => content.get(4..).unwrap_or_default(),
            _ => &[],
        };
        found.extend_from_slice(content.get(..LONGEST).unwrap_or(content));
        if whole < header.own {
            return Err(broken());
        }
        rest = rest.get(whole..).unwrap_or_default();
    }
    Ok(found)
}

/// A box's length, as it says, and that of its header.
struct BoxHeader {
    length: u64,
    own: usize,
}

fn box_header(bytes: &[u8]) -> Option<(BoxHeader, &[u8; 4], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (kind, rest) = rest.split_first_chunk()?;
    let length = u32::from_be_bytes(*length).into();
    if length != 1 {
        return Some((BoxHeader { length, own: 8 }, kind, rest));
    }
    let (length, rest) = rest.split_first_chunk()?;
    Some((BoxHeader { length: u64::from_be_bytes(*length), own: 16 }, kind, rest))
}

/// Reads bits, the lowest of a byte first.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// One of the four ways in which a number may be written: so many bits, and what is added.
type Way = (usize, u32);

impl Bits<'_> {
    fn bit(&mut self) -> Result<bool, DecodeError> {
        let byte = self.bytes.get(self.at / 8).ok_or_else(ended)?;
        let bit = byte >> (self.at % 8) & 1;
        self.at += 1;
        Ok(bit == 1)
    }

    fn bits(&mut self, count: usize) -> Result<u32, DecodeError> {
        (0..count).try_fold(0, |sum, n| Ok(sum | u32::from(self.bit()?) << n))
    }

    fn skip(&mut self, count: usize) {
        self.at = self.at.saturating_add(count);
    }

    /// A number in one of four ways.
    fn number(&mut self, ways: [Way; 4]) -> Result<u32, DecodeError> {
        let (bits, offset) = ways[self.bits(2)? as usize & 3];
        Ok(self.bits(bits)?.wrapping_add(offset))
    }

    /// A number that names one of a list.
    fn choice(&mut self) -> Result<u32, DecodeError> {
        self.number([(0, 0), (0, 1), (4, 2), (6, 18)])
    }

    /// A number of up to 64 bits, or what lies beyond 32.
    fn long(&mut self) -> Result<u64, DecodeError> {
        match self.bits(2)? {
            0 => Ok(0),
            1 => Ok(1 + u64::from(self.bits(4)?)),
            2 => Ok(17 + u64::from(self.bits(8)?)),
            _ => {
                let mut sum = u64::from(self.bits(12)?);
                let mut shift = 12;
                while self.bit()? {
                    if shift >= 60 {
                        return Ok(sum | u64::from(self.bits(4)?) << shift);
                    }
                    sum |= u64::from(self.bits(8)?) << shift;
                    shift += 8;
                }
                Ok(sum)
            }
        }
    }
}

fn read(bits: &mut Bits) -> Result<Header, DecodeError> {
    let (width, height) = size(bits)?;
    let mut header = Header {
        width,
        height,
        orientation: Orientation::UPRIGHT,
        bit_depth: 8,
        grey: false,
        alpha: false,
        black: false,
        extra: 0,
        animated: false,
        own_colours: true,
        profile: None,
    };
    // All as usual.
    if bits.bit()? {
        return Ok(header);
    }
    let more = bits.bit()?;
    if more {
        let orientation = 1 + bits.bits(3)? as u16;
        header.orientation = Orientation::from_exif(orientation).unwrap_or_default();
        if bits.bit()? {
            size(bits)?;
        }
        if bits.bit()? {
            skip_preview(bits)?;
        }
        header.animated = bits.bit()?;
        if header.animated {
            bits.number([(0, 100), (0, 1000), (10, 1), (30, 1)])?;
            bits.number([(0, 1), (0, 1001), (8, 1), (10, 1)])?;
            bits.number([(0, 0), (3, 0), (16, 0), (32, 0)])?;
            bits.skip(1);
        }
    }
    header.bit_depth = bit_depth(bits)?;
    // Whether 16 bits are enough.
    bits.skip(1);
    header.extra = bits.number([(0, 0), (0, 1), (4, 2), (12, 1)])?;
    if header.extra > MOST_EXTRA {
        return Err(too_many());
    }
    for _ in 0..header.extra {
        let kind = extra_channel(bits)?;
        header.alpha |= kind == ALPHA;
        header.black |= kind == BLACK;
    }
    header.own_colours = bits.bit()?;
    // The colours: as usual, or something else.
    if !bits.bit()? {
        let has_profile = bits.bit()?;
        header.grey = bits.choice()? == GREY;
        if has_profile {
            header.profile = Some(profile(bits, more, header.own_colours)?);
        }
    }
    Ok(header)
}

/// Of the kinds of channels.
const ALPHA: u32 = 0;
const SPOT: u32 = 2;
const BLACK: u32 = 4;
const FILTER: u32 = 5;
/// Of the kinds of colours.
const GREY: u32 = 1;

fn too_many() -> DecodeError {
    DecodeError::not_supported(Format::JpegXl, "it has more than four channels besides its colours")
}

/// Numerators and denominators of the sides that have a number of their own.
const RATIOS: [(u64, u64); 7] = [(1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1)];

fn size(bits: &mut Bits) -> Result<(u32, u32), DecodeError> {
    const WAYS: [Way; 4] = [(9, 1), (13, 1), (18, 1), (30, 1)];
    let small = bits.bit()?;
    let side = |bits: &mut Bits| match small {
        true => Ok(8 * (1 + bits.bits(5)?)),
        false => bits.number(WAYS),
    };
    let height = side(bits)?;
    let ratio = (bits.bits(3)? as usize).checked_sub(1).and_then(|at| RATIOS.get(at));
    let width = match ratio {
        None => side(bits)?,
        Some((by, of)) => u32::try_from(u64::from(height) * by / of).map_err(|_| broken())?,
    };
    Ok((width, height))
}

/// A small picture to be shown before; it is never decoded.
fn skip_preview(bits: &mut Bits) -> Result<(), DecodeError> {
    let eighths = bits.bit()?;
    let ways: [Way; 4] = match eighths {
        true => [(0, 16), (0, 32), (5, 1), (9, 33)],
        false => [(6, 1), (8, 65), (10, 321), (12, 1345)],
    };
    bits.number(ways)?;
    if bits.bits(3)? == 0 {
        bits.number(ways)?;
    }
    Ok(())
}

fn bit_depth(bits: &mut Bits) -> Result<u8, DecodeError> {
    let depth = match bits.bit()? {
        true => {
            let depth = bits.number([(0, 32), (0, 16), (0, 24), (6, 1)])?;
            bits.skip(4);
            depth
        }
        false => bits.number([(0, 8), (0, 10), (0, 12), (6, 1)])?,
    };
    // 64 at most.
    Ok(depth as u8)
}

/// Its kind.
fn extra_channel(bits: &mut Bits) -> Result<u32, DecodeError> {
    if bits.bit()? {
        return Ok(ALPHA);
    }
    let kind = bits.choice()?;
    bit_depth(bits)?;
    bits.number([(0, 0), (0, 3), (0, 4), (3, 1)])?;
    let name = bits.number([(0, 0), (4, 0), (5, 16), (10, 48)])?;
    bits.skip(8 * name as usize);
    match kind {
        ALPHA => bits.skip(1),
        SPOT => bits.skip(4 * HALF),
        FILTER => {
            bits.number([(0, 1), (2, 0), (4, 3), (8, 19)])?;
        }
        _ => {}
    }
    Ok(kind)
}

/// Bits of a small float.
const HALF: usize = 16;

/// The length of a colour profile, which what else is in the header comes before.
fn profile(bits: &mut Bits, more: bool, own_colours: bool) -> Result<u64, DecodeError> {
    // Brightness of the screen.
    if more && !bits.bit()? {
        bits.skip(3 * HALF + 1);
    }
    // Extensions: none are known.
    if bits.long()? != 0 {
        return Err(DecodeError::not_supported(Format::JpegXl, "it has extensions"));
    }
    // Weights of the format's own colours, and for making a picture larger.
    if !bits.bit()? {
        if own_colours && !bits.bit()? {
            bits.skip(16 * HALF);
        }
        let weights = bits.bits(3)?;
        for (n, count) in [15, 55, 210].into_iter().enumerate() {
            if weights >> n & 1 == 1 {
                bits.skip(count * HALF);
            }
        }
    }
    bits.long()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::fixture::fixture;

    #[test]
    fn reads_sizes_and_kinds() {
        let header = Header::read(&fixture("cases/picture.jxl")).expect("a header");
        assert_eq!((header.width, header.height), (301, 203));
        assert_eq!((header.channels(), header.bit_depth, header.profile), (3, 8, None));
    }

    #[test]
    fn a_size_by_its_ratio() {
        // Not small, 9 bits for the height less one, the third ratio, all else as usual.
        let written = 299_u32 << 3 | 3 << 12 | 1 << 15;
        let file = [&b"\xff\x0a"[..], &written.to_le_bytes()].concat();
        let header = Header::read(&file).expect("a header");
        assert_eq!((header.width, header.height), (400, 300));
    }

    #[test]
    fn an_end_within_the_header_is_told() {
        let whole = fixture("cases/picture.jxl");
        for length in 0..whole.len().min(60) {
            if let Err(error) = Header::read(&whole[..length]) {
                assert!(matches!(error, DecodeError::Broken { .. }), "{length}: {error}");
            }
        }
    }
}
