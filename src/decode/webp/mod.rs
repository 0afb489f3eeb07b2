//! WebP, by the `image-webp` crate: a still picture, or the first frame of
//! several.

mod frames;

pub(super) use frames::is_whole;

use super::watched::Cost;
use super::{DecodeError, Format, Info, Limits, Watch, Watched, Workspace, foresee, hand_over};
use crate::picture::orientation::Orientation;
use crate::picture::{Channels, Rows, Shape};
use image_webp::{DecodingError, WebPDecoder};
use std::io::{BufRead, Seek};

/// What the codec holds for a pixel besides the picture: planes of a lossy
/// frame, its alpha, its colours, a canvas to lay it on.
const BYTES_A_PIXEL: usize = 14;
/// Planes are of whole units of 16 × 16 pixels.
const UNIT: usize = 16;
/// What it takes for a byte of a lossy frame: a copy, and one that doubles.
const BYTES_A_BYTE: usize = 4;
/// The longest part of a frame that one may claim to have.
const LONGEST_PART: usize = 1 << 24;
/// What it takes for a byte of a lossless frame: codes for parts of the picture
/// that need not be there. A code of 12 bytes may ask for a table of 4096.
/// All codes of a part take 280 bytes in a list that doubles, up to 65,536 of them.
const CODES: Cost = Cost { a_byte: 512, at_once: 280 << 16 };

pub(super) fn decode(
    file: &[u8],
    limits: Limits,
    watch: &Watch,
    workspace: &mut Workspace,
    rows: &mut dyn Rows,
) -> Result<Orientation, DecodeError> {
    foresee(2 * file.len())?;
    let reader = Watched::at_cost(file, watch, CODES);
    let mut decoder = WebPDecoder::new(reader).map_err(verdict)?;
    let (width, height) = decoder.dimensions();
    frames::check(file, width, height)?;
    let (width, height) = limits.admit(width.into(), height.into())?;
    let channels = if decoder.has_alpha() { Channels::Rgba } else { Channels::Rgb };
    let shape = Shape { width, height, channels };
    let pixels = shape.row_len() * height;
    let padded = width.next_multiple_of(UNIT) * height.next_multiple_of(UNIT);
    let kept = BYTES_A_PIXEL * padded + BYTES_A_BYTE * file.len() + LONGEST_PART;
    workspace.foresee(pixels, kept)?;

    // A longer chunk is a lie.
    decoder.set_memory_limit(file.len());
    let orientation = orientation(&mut decoder)?;
    let mut samples = workspace.take(pixels)?;
    decoder.read_image(&mut samples).map_err(verdict)?;
    hand_over(&samples, shape, watch, rows);
    workspace.put(samples);
    Ok(orientation)
}

/// What the header of `file` says.
pub(super) fn info(file: &[u8], watch: &Watch) -> Result<Info, DecodeError> {
    foresee(file.len() + (1 << 20))?;
    let mut decoder = WebPDecoder::new(Watched::new(file, watch)).map_err(verdict)?;
    decoder.set_memory_limit(file.len());
    let (width, height) = decoder.dimensions();
    let orientation = orientation(&mut decoder)?;
    let has_alpha = decoder.has_alpha();
    Ok(Info {
        format: Format::WebP,
        width,
        height,
        channels: if has_alpha { 4 } else { 3 },
        bit_depth: 8,
        has_alpha,
        orientation,
        frames: Some(if decoder.is_animated() { decoder.num_frames() } else { 1 }),
        complete: None,
    })
}

/// What the metadata say. Their chunks are no longer than the file.
fn orientation<R: BufRead + Seek>(
    decoder: &mut WebPDecoder<R>,
) -> Result<Orientation, DecodeError> {
    let exif = decoder.exif_metadata().map_err(verdict)?;
    let xmp = decoder.xmp_metadata().map_err(verdict)?;
    Ok(Orientation::of_metadata(exif.as_deref(), xmp.as_deref()))
}

/// What the codec's error means to a user.
fn verdict(error: DecodingError) -> DecodeError {
    match error {
        DecodingError::IoError(error) => DecodeError::of_read(Format::WebP, &error),
        _ => DecodeError::of_codec(Format::WebP, false),
    }
}
