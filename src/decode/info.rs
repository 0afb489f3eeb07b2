//! What a file's header says, without decoding the picture.

use super::Format;
use crate::picture::orientation::Orientation;

/// What a file's header says of its picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info {
    /// The file's format.
    pub format: Format,
    /// Pixels in a row, as stored.
    pub width: u32,
    /// Rows, as stored.
    pub height: u32,
    /// Samples a pixel; 1 for a palette's index.
    pub channels: u8,
    /// Bits a sample.
    pub bit_depth: u8,
    /// Whether some pixels may be clear: an alpha channel, or a clear colour.
    pub has_alpha: bool,
    /// How to turn the picture upright.
    pub orientation: Orientation,
    /// Pictures in the file; `None` where the header does not say.
    pub frames: Option<u32>,
    /// Whether the file's data go on to the picture's end; `None` where that is not known: of
    /// a picture that is too large to be read, or of a kind that is not read here.
    pub complete: Option<bool>,
}
