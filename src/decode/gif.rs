//! GIF, by the `gif` crate: the first frame, by itself.

use super::{DecodeError, Format, Limits, allocate, picture};
use crate::picture::{Channels, Picture};
use gif::{ColorOutput, DecodeOptions};

pub(super) fn decode(data: &[u8], limits: Limits) -> Result<Picture, DecodeError> {
    let broken = |error: gif::DecodingError| DecodeError::broken(Format::Gif, error);

    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    options.check_frame_consistency(true);
    let mut decoder = options.read_info(data).map_err(broken)?;
    let frame = decoder.next_frame_info().map_err(broken)?.ok_or(DecodeError::NoPixels)?;
    let clear = frame.transparent;
    // The frame's own rectangle is the picture, whatever screen it lies on.
    let size = limits.admit(frame.width.into(), frame.height.into())?;

    let mut indices = allocate(decoder.buffer_size())?;
    decoder.read_into_buffer(&mut indices).map_err(broken)?;
    let palette = decoder.palette().map_err(broken)?;

    // An index past the palette's end is black.
    let colour = |index: u8| {
        let at = usize::from(index) * 3;
        palette.get(at..at + 3).map_or([0; 3], |c| [c[0], c[1], c[2]])
    };
    let channels = if clear.is_some() { Channels::Rgba } else { Channels::Rgb };
    let mut samples = allocate(indices.len() * channels.count())?;
    for (pixel, &index) in samples.chunks_exact_mut(channels.count()).zip(&indices) {
        let [r, g, b] = colour(index);
        match pixel {
            [red, green, blue] => (*red, *green, *blue) = (r, g, b),
            [red, green, blue, alpha] => {
                (*red, *green, *blue) = (r, g, b);
                *alpha = if clear == Some(index) { 0 } else { 255 };
            }
            _ => {}
        }
    }
    picture(Format::Gif, size, channels, samples)
}
