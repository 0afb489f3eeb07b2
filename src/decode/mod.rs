//! From a file's bytes to a picture, safely.
//!
//! One file a format. Each reads the header first and asks [`Limits`] before it
//! allocates anything whose size the header chose.

mod gif;
mod jpeg;
mod jpeg_extent;
mod jpeg_header;
mod png;

use crate::picture::{Channels, Picture};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use thiserror::Error;

/// A picture file format this crate reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JPEG: baseline, extended and progressive, Huffman-coded, 8 bits.
    Jpeg,
    /// PNG, and the default image of an animated one.
    Png,
    /// GIF: its first frame.
    Gif,
}

impl Format {
    /// The format that `data` begins like, if any.
    pub fn of(data: &[u8]) -> Option<Format> {
        const SIGNATURES: [(&[u8], Format); 4] = [
            (b"\xff\xd8\xff", Format::Jpeg),
            (b"\x89PNG\r\n\x1a\n", Format::Png),
            (b"GIF87a", Format::Gif),
            (b"GIF89a", Format::Gif),
        ];
        let begins_so = |(magic, _): &&(&[u8], Format)| data.starts_with(magic);
        SIGNATURES.iter().find(begins_so).map(|&(_, format)| format)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Jpeg => "JPEG",
            Format::Png => "PNG",
            Format::Gif => "GIF",
        })
    }
}

/// How large a picture may claim to be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most pixels, width times height.
    pub max_pixels: u64,
}

/// Why a file gave no picture.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// No bytes at all.
    #[error("the file is empty")]
    Empty,
    /// The first bytes belong to no format known here.
    #[error("the file does not begin like a JPEG, PNG or GIF file")]
    UnknownFormat,
    /// Another format than the one asked for.
    #[error("the file is a {found}, not a {wanted}")]
    OtherFormat {
        /// The format asked for.
        wanted: Format,
        /// The format the file begins like.
        found: Format,
    },
    /// The file does not begin like the format asked for, nor another.
    #[error("the file does not begin like a {wanted} file")]
    NotThisFormat {
        /// The format asked for.
        wanted: Format,
    },
    /// The header promises more pixels than [`Limits`] allows.
    #[error("the header promises {width} × {height} pixels, more than {max_pixels}")]
    TooLarge {
        /// Width in pixels.
        width: u64,
        /// Height in pixels.
        height: u64,
        /// The limit it exceeds.
        max_pixels: u64,
    },
    /// Width or height is zero, or there is no frame.
    #[error("the file holds no pixels")]
    NoPixels,
    /// The machine has no memory for a picture within the limits.
    #[error("no memory for {bytes} bytes of pixels")]
    OutOfMemory {
        /// What was asked for.
        bytes: u64,
    },
    /// The codec's own verdict.
    #[error("the {format} data is broken: {reason}")]
    Broken {
        /// The file's format.
        format: Format,
        /// The codec's words.
        reason: String,
    },
}

impl DecodeError {
    fn broken(format: Format, reason: impl fmt::Display) -> Self {
        let reason = reason.to_string();
        DecodeError::Broken { format, reason }
    }
}

/// Decodes a file of any known format, told by its first bytes.
///
/// # Errors
/// Whatever keeps the file from being a picture: see [`DecodeError`].
pub fn any(data: &[u8], limits: Limits) -> Result<Picture, DecodeError> {
    match Format::of(data) {
        Some(format) => decode(data, format, limits),
        None if data.is_empty() => Err(DecodeError::Empty),
        None => Err(DecodeError::UnknownFormat),
    }
}

/// Decodes a file that must be of format `wanted`.
///
/// # Errors
/// As [`any`], and when the file is of another format.
pub fn only(data: &[u8], wanted: Format, limits: Limits) -> Result<Picture, DecodeError> {
    match Format::of(data) {
        Some(found) if found == wanted => decode(data, wanted, limits),
        Some(found) => Err(DecodeError::OtherFormat { wanted, found }),
        None if data.is_empty() => Err(DecodeError::Empty),
        None => Err(DecodeError::NotThisFormat { wanted }),
    }
}

fn decode(data: &[u8], format: Format, limits: Limits) -> Result<Picture, DecodeError> {
    // A codec that panics on a file nobody foresaw must not cost more than
    // that file: a caller loading thousands goes on with the next.
    catch_unwind(AssertUnwindSafe(|| match format {
        Format::Jpeg => jpeg::decode(data, limits),
        Format::Png => png::decode(data, limits),
        Format::Gif => gif::decode(data, limits),
    }))
    .unwrap_or_else(|_| Err(DecodeError::broken(format, "the codec gave up")))
}

impl Limits {
    /// Refuses a header's promise that is zero or over the limit; otherwise
    /// width and height as sizes.
    fn admit(self, width: u64, height: u64) -> Result<(usize, usize), DecodeError> {
        if width == 0 || height == 0 {
            return Err(DecodeError::NoPixels);
        }
        let pixels = width.checked_mul(height);
        match (usize::try_from(width), usize::try_from(height)) {
            (Ok(w), Ok(h)) if pixels.is_some_and(|p| p <= self.max_pixels) => Ok((w, h)),
            _ => Err(DecodeError::TooLarge { width, height, max_pixels: self.max_pixels }),
        }
    }
}

/// An empty buffer with room for `bytes`, or an error where there is no memory:
/// never an abort.
fn reserve(bytes: usize) -> Result<Vec<u8>, DecodeError> {
    let mut buffer = Vec::new();
    let out_of_memory = |_| DecodeError::OutOfMemory { bytes: bytes as u64 };
    buffer.try_reserve_exact(bytes).map_err(out_of_memory)?;
    Ok(buffer)
}

/// A zeroed buffer, or an error as of [`reserve`].
fn allocate(bytes: usize) -> Result<Vec<u8>, DecodeError> {
    let mut buffer = reserve(bytes)?;
    buffer.resize(bytes, 0);
    Ok(buffer)
}

/// The picture in `samples`, whose size a decoder worked out from its header.
fn picture(
    format: Format,
    (width, height): (usize, usize),
    channels: Channels,
    samples: Vec<u8>,
) -> Result<Picture, DecodeError> {
    Picture::new(width, height, channels, samples)
        .ok_or_else(|| DecodeError::broken(format, "its size does not match its header"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    const LIMITS: Limits = Limits { max_pixels: 100_000_000 };

    fn fixture(name: &str) -> Vec<u8> {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/images");
        std::fs::read(path.join(name)).expect(name)
    }

    #[test]
    fn tells_formats_apart() {
        assert_eq!(any(b"", LIMITS), Err(DecodeError::Empty));
        assert_eq!(any(b"BM....", LIMITS), Err(DecodeError::UnknownFormat));
        let png = fixture("rgb8.png");
        assert_eq!(
            only(&png, Format::Jpeg, LIMITS),
            Err(DecodeError::OtherFormat { wanted: Format::Jpeg, found: Format::Png })
        );
        assert_eq!(
            only(b"plain words", Format::Gif, LIMITS),
            Err(DecodeError::NotThisFormat { wanted: Format::Gif })
        );
        assert!(only(&png, Format::Png, LIMITS).is_ok());
    }

    #[test]
    fn a_header_over_the_limit_is_refused_by_every_decoder() {
        let few = Limits { max_pixels: 100 };
        for name in ["rgb8.png", "baseline_420.jpg", "progressive.jpg", "still.gif"] {
            let error = any(&fixture(name), few).expect_err(name);
            assert!(matches!(error, DecodeError::TooLarge { .. }), "{name}: {error}");
        }
    }

    #[test]
    fn limits_count_pixels_without_overflow() {
        let limits = Limits { max_pixels: 100 };
        assert_eq!(limits.admit(10, 10), Ok((10, 10)));
        assert_eq!(limits.admit(0, 10), Err(DecodeError::NoPixels));
        assert!(limits.admit(11, 10).is_err());
        assert!(limits.admit(u64::MAX, 2).is_err());
    }

    #[test]
    fn a_size_no_machine_has_is_an_error_not_an_abort() {
        let error = allocate(isize::MAX as usize).expect_err("no machine has this much");
        assert!(matches!(error, DecodeError::OutOfMemory { .. }));
    }

    #[test]
    fn every_prefix_of_every_fixture_ends_in_a_picture_or_an_error() {
        for name in ["tiny_3x5.png", "odd_33x17.jpg", "interlaced.gif", "palette.png"] {
            let data = fixture(name);
            for length in (0..data.len()).step_by(1 + data.len() / 400) {
                let _verdict = any(&data[..length], LIMITS);
            }
        }
    }
}
