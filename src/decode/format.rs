//! Formats, and how a file is known by its first bytes.

use super::{DecodeError, Foreign};
use std::fmt;

/// A picture file format this crate reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// JPEG: baseline, extended and progressive, Huffman-coded, 8 bits.
    Jpeg,
    /// PNG, and the default image of an animated one.
    Png,
    /// GIF: its first frame.
    Gif,
    /// WebP, lossy and lossless: its first frame.
    WebP,
    /// Windows bitmap.
    Bmp,
    /// TIFF and BigTIFF: its first image.
    Tiff,
    /// PBM, PGM, PPM and PAM, in text and binary.
    Pnm,
    /// QOI, the "Quite OK Image" format.
    Qoi,
    /// Farbfeld.
    Farbfeld,
    /// Windows icons and cursors: the largest of the pictures in it.
    Ico,
    /// JPEG XL: its layers laid over each other, or the first picture of an animation.
    #[cfg(feature = "jxl")]
    JpegXl,
}

impl Format {
    /// All of them.
    pub const ALL: &[Format] = &[
        Format::Jpeg,
        Format::Png,
        Format::Gif,
        Format::WebP,
        Format::Bmp,
        Format::Tiff,
        Format::Pnm,
        Format::Qoi,
        Format::Farbfeld,
        Format::Ico,
        #[cfg(feature = "jxl")]
        Format::JpegXl,
    ];

    /// The format that `file` begins like, if any.
    pub fn of(file: &[u8]) -> Option<Format> {
        match *file {
            [0xff, 0xd8, 0xff, ..] => Some(Format::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Format::Png),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Format::Gif),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Format::WebP),
            [b'B', b'M', ..] => Some(Format::Bmp),
            [b'I', b'I', b'*' | b'+', 0, ..] | [b'M', b'M', 0, b'*' | b'+', ..] => {
                Some(Format::Tiff)
            }
            [b'P', b'1'..=b'7', next, ..] if next.is_ascii_whitespace() || next == b'#' => {
                Some(Format::Pnm)
            }
            [b'q', b'o', b'i', b'f', ..] => Some(Format::Qoi),
            [b'f', b'a', b'r', b'b', b'f', b'e', b'l', b'd', ..] => Some(Format::Farbfeld),
            [0, 0, 1 | 2, 0, pictures, 0, ..] if pictures > 0 => Some(Format::Ico),
            #[cfg(feature = "jxl")]
            [0xff, 0x0a, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => Some(Format::JpegXl),
            _ => None,
        }
    }

    /// The format of `file`, if it is the one wanted.
    pub(super) fn expect(file: &[u8], wanted: Option<Format>) -> Result<Format, DecodeError> {
        match (Format::of(file), wanted) {
            (_, _) if file.is_empty() => Err(DecodeError::Empty),
            (Some(found), Some(wanted)) if found != wanted => {
                Err(DecodeError::OtherFormat { wanted, found })
            }
            (Some(found), _) => Ok(found),
            (None, _) if let Some(kind) = Foreign::of(file) => Err(DecodeError::Foreign { kind }),
            (None, Some(wanted)) => Err(DecodeError::NotThisFormat { wanted }),
            (None, None) => Err(DecodeError::UnknownFormat),
        }
    }

    /// Its name, in lower case: what `image_info` answers.
    pub fn name(self) -> String {
        match self {
            #[cfg(feature = "jxl")]
            Format::JpegXl => "jxl".to_owned(),
            _ => self.to_string().to_lowercase(),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Jpeg => "JPEG",
            Format::Png => "PNG",
            Format::Gif => "GIF",
            Format::WebP => "WebP",
            Format::Bmp => "BMP",
            Format::Tiff => "TIFF",
            Format::Pnm => "PNM",
            Format::Qoi => "QOI",
            Format::Farbfeld => "farbfeld",
            Format::Ico => "ICO",
            #[cfg(feature = "jxl")]
            Format::JpegXl => "JPEG XL",
        })
    }
}
