//! WebP, by the `image-webp` crate: a still picture, or the first frame of
//! several.

use super::{DecodeError, Format, Limits, Watch, Watched, Workspace, foresee, hand_over};
use crate::orientation::Orientation;
use crate::picture::{Channels, Rows, Shape};
use image_webp::WebPDecoder;

/// What the codec holds for a pixel besides the picture: planes of a lossy
/// frame, the pixels of a lossless one, a canvas to lay frames on.
const BYTES_A_PIXEL: usize = 16;

pub(super) fn decode(
    file: &[u8],
    limits: Limits,
    watch: &Watch,
    workspace: &mut Workspace,
    rows: &mut dyn Rows,
) -> Result<Orientation, DecodeError> {
    let broken = |error: image_webp::DecodingError| DecodeError::broken(Format::WebP, error);

    let mut decoder = WebPDecoder::new(Watched::new(file, watch)).map_err(broken)?;
    let (width, height) = decoder.dimensions();
    let (width, height) = limits.admit(width.into(), height.into())?;
    let channels = if decoder.has_alpha() { Channels::Rgba } else { Channels::Rgb };
    let shape = Shape { width, height, channels };
    let pixels = shape.row_len() * height;
    let kept = BYTES_A_PIXEL * width * height + file.len() + (1 << 20);
    foresee(pixels + kept)?;

    // Chunks of metadata and frames are parts of the file, or lies.
    decoder.set_memory_limit(kept);
    let exif = decoder.exif_metadata().map_err(broken)?;
    let orientation = exif.as_deref().and_then(Orientation::in_exif);
    let mut samples = workspace.take(pixels)?;
    decoder.read_image(&mut samples).map_err(broken)?;
    hand_over(&samples, shape, watch, rows);
    workspace.put(samples);
    Ok(orientation.unwrap_or(Orientation::UPRIGHT))
}
