//! PNG, by the `png` crate.

use super::{DecodeError, Format, Limits, allocate, picture};
use crate::picture::{Channels, Picture};
use png::{ColorType, Decoder, Transformations};
use std::io::Cursor;

pub(super) fn decode(data: &[u8], limits: Limits) -> Result<Picture, DecodeError> {
    let broken = |error: png::DecodingError| DecodeError::broken(Format::Png, error);

    let mut decoder = Decoder::new(Cursor::new(data));
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    // Palettes to colours, grey below 8 bits to 8, 16 bits to their high byte.
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let header = decoder.read_header_info().map_err(broken)?;
    let size = limits.admit(header.width.into(), header.height.into())?;

    let mut reader = decoder.read_info().map_err(broken)?;
    let channels = match reader.output_color_type().0 {
        ColorType::Grayscale => Channels::Grey,
        ColorType::GrayscaleAlpha => Channels::GreyAlpha,
        ColorType::Rgb => Channels::Rgb,
        ColorType::Rgba => Channels::Rgba,
        ColorType::Indexed => return Err(DecodeError::broken(Format::Png, "no palette")),
    };
    let mut samples = allocate(reader.output_buffer_size().ok_or(DecodeError::NoPixels)?)?;
    reader.next_frame(&mut samples).map_err(broken)?;

    // libgd heeds the clear entry of a palette and the clear shade of a grey
    // picture, but not the clear colour of an RGB one: nor do we, to agree.
    if reader.info().color_type == ColorType::Rgb && channels == Channels::Rgba {
        samples.iter_mut().skip(3).step_by(4).for_each(|alpha| *alpha = 255);
    }
    picture(Format::Png, size, channels, samples)
}
