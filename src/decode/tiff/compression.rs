//! What strips and tiles are compressed by.

use super::super::{DecodeError, Format, Watch, foresee, reserve};
use super::fax::{self, Coding};
use flate2::{Decompress, FlushDecompress};
use weezl::{BitOrder, LzwStatus, decode::Decoder};

/// What LZW and deflate hold.
const TABLES: usize = 1 << 18;

/// What is unpacked before somebody is asked whether to stop.
const STEP: usize = 1 << 18;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Fax(Coding),
    Lzw,
    Jpeg,
    /// A whole JPEG file, as TIFF 6.0 had it.
    OldJpeg,
    Deflate,
    PackBits,
}

impl Compression {
    /// By the number in the directory, and what it says of rows of a fax.
    pub fn of(number: u64, fax_options: u64) -> Result<Self, DecodeError> {
        Ok(match number {
            1 => Compression::None,
            2 => Compression::Fax(Coding::Runs),
            3 if fax_options & 1 != 0 => Compression::Fax(Coding::Group3ByRowAbove),
            3 => Compression::Fax(Coding::Group3),
            4 => Compression::Fax(Coding::Group4),
            5 => Compression::Lzw,
            6 => Compression::OldJpeg,
            7 => Compression::Jpeg,
            8 | 32_946 => Compression::Deflate,
            32_773 => Compression::PackBits,
            _ => {
                let reason = match number {
                    34_712 | 33_003 | 33_005 => "it is compressed by JPEG 2000",
                    34_925 => "it is compressed by LZMA",
                    50_000 | 34_926 => "it is compressed by Zstandard",
                    50_001 | 34_927 => "it is compressed by WebP",
                    _ => "it is compressed in a way that few programs know",
                };
                return Err(DecodeError::not_supported(Format::Tiff, reason));
            }
        })
    }

    /// Whether rows may be stored as differences.
    pub fn has_predictor(self) -> bool {
        matches!(self, Compression::Lzw | Compression::Deflate)
    }
}

/// Unpacks `data`, of rows of `width` pixels, to fill `out`.
pub(super) fn unpack(
    compression: Compression,
    data: &[u8],
    width: usize,
    out: &mut [u8],
    watch: &Watch,
) -> Result<(), DecodeError> {
    let filled = match compression {
        Compression::Fax(coding) => {
            let width = u16::try_from(width).map_err(|_| {
                DecodeError::not_supported(Format::Tiff, "a fax of more than 65,535 columns")
            })?;
            foresee(64 * usize::from(width))?;
            fax::unpack(coding, data, width, out, watch)?;
            out.len()
        }
        Compression::Lzw => unpack_lzw(data, out, watch)?,
        Compression::Deflate => unpack_deflate(data, out, watch)?,
        Compression::PackBits => unpack_bytes(data, out, watch)?,
        Compression::None | Compression::Jpeg | Compression::OldJpeg => 0,
    };
    let ended = DecodeError::of_codec(Format::Tiff, true);
    if filled < out.len() { Err(ended) } else { Ok(()) }
}

fn unpack_lzw(data: &[u8], out: &mut [u8], watch: &Watch) -> Result<usize, DecodeError> {
    foresee(TABLES)?;
    // The order of bits of the first programs, told as libtiff tells it.
    let mut decoder = match data {
        [0, second, ..] if second & 1 != 0 => Decoder::new(BitOrder::Lsb, 8),
        _ => Decoder::with_tiff_size_switch(BitOrder::Msb, 8),
    };
    let (mut read, mut filled) = (0, 0);
    while filled < out.len() {
        if watch.ask() {
            return Err(DecodeError::Interrupted);
        }
        let end = out.len().min(filled + STEP);
        let result = decoder.decode_bytes(&data[read..], &mut out[filled..end]);
        read += result.consumed_in;
        filled += result.consumed_out;
        match result.status {
            Ok(LzwStatus::Ok) if result.consumed_in + result.consumed_out > 0 => {}
            _ => break,
        }
    }
    Ok(filled)
}

fn unpack_deflate(data: &[u8], out: &mut [u8], watch: &Watch) -> Result<usize, DecodeError> {
    foresee(TABLES)?;
    let mut inflater = Decompress::new(true);
    let mut inflate = |read: usize, part: &mut [u8]| -> Result<(usize, usize), DecodeError> {
        let verdict = inflater.decompress(&data[read..], part, FlushDecompress::None);
        verdict.map_err(|_| DecodeError::of_codec(Format::Tiff, false))?;
        Ok((inflater.total_in() as usize, inflater.total_out() as usize))
    };
    let (mut read, mut filled) = (0, 0);
    while filled < out.len() {
        if watch.ask() {
            return Err(DecodeError::Interrupted);
        }
        let end = out.len().min(filled + STEP);
        let before = (read, filled);
        (read, filled) = inflate(read, &mut out[filled..end])?;
        if (read, filled) == before {
            return Ok(filled);
        }
    }
    // The checksum stands behind the last byte.
    inflate(read, &mut [0])?;
    Ok(filled)
}

/// PackBits: runs of one byte, and of bytes as they are.
fn unpack_bytes(mut data: &[u8], out: &mut [u8], watch: &Watch) -> Result<usize, DecodeError> {
    let (mut filled, mut asked) = (0, 0);
    while let [header, rest @ ..] = data {
        let left = &mut out[filled..];
        if left.is_empty() {
            break;
        }
        data = rest;
        if filled >= asked {
            asked = filled + STEP;
            if watch.ask() {
                return Err(DecodeError::Interrupted);
            }
        }
        match (*header as i8, rest) {
            (-128, _) => {}
            (count @ 0.., _) => {
                let count = (count as usize + 1).min(rest.len()).min(left.len());
                left[..count].copy_from_slice(&rest[..count]);
                filled += count;
                data = &rest[count..];
            }
            (count, [byte, rest @ ..]) => {
                let count = (1 + usize::from(count.unsigned_abs())).min(left.len());
                left[..count].fill(*byte);
                filled += count;
                data = rest;
            }
            _ => break,
        }
    }
    Ok(filled)
}

/// The data with the bits of each byte in the other order.
pub(super) fn reversed(data: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut reversed = reserve(data.len())?;
    reversed.extend(data.iter().map(|byte| byte.reverse_bits()));
    Ok(reversed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_bytes_are_unpacked() {
        // Apple's own example.
        let packed = b"\xfe\xaa\x02\x80\x00\x2a\xfd\xaa\x03\x80\x00\x2a\x22\xf7\xaa";
        let mut out = [0; 24];
        let watch = Watch::new(|| false);
        assert_eq!(unpack(Compression::PackBits, packed, 24, &mut out, &watch), Ok(()));
        assert_eq!(&out[..6], b"\xaa\xaa\xaa\x80\x00\x2a");
        assert_eq!(&out[14..], [0xaa; 10]);
        for length in 0..packed.len() {
            let cut = &packed[..length];
            assert!(unpack(Compression::PackBits, cut, 24, &mut out, &watch).is_err());
        }
    }

    #[test]
    fn cut_data_are_refused_by_all() {
        for compression in [Compression::Lzw, Compression::Deflate, Compression::PackBits] {
            for data in [&b""[..], b"\x80"] {
                assert!(unpack(compression, data, 3, &mut [0; 3], &Watch::new(|| false)).is_err());
            }
        }
    }

    #[test]
    fn a_stop_ends_all() {
        for compression in [Compression::Lzw, Compression::Deflate, Compression::PackBits] {
            let verdict = unpack(compression, b"\0\0", 3, &mut [0; 3], &Watch::new(|| true));
            assert_eq!(verdict, Err(DecodeError::Interrupted));
        }
    }
}
