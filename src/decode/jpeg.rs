//! JPEG, by the `zune-jpeg` crate. EXIF orientation is not heeded.

use super::jpeg_extent::{self, Extent};
use super::{DecodeError, Format, Limits, allocate, picture, reserve};
use crate::picture::{Channels, Picture};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

/// What a JPEG header can hold.
const LONGEST_SIDE: usize = 65_535;

/// Zero bytes enough for any minimum coded unit: ten blocks of 64 codes.
const LONGEST_UNIT: usize = 4096;

pub(super) fn decode(data: &[u8], limits: Limits) -> Result<Picture, DecodeError> {
    let Some(extent) = jpeg_extent::of_truncated(data) else {
        return decode_whole(data, limits);
    };
    // As libjpeg does: the unit in which the data ends goes on in zero bits,
    // the units behind it are mid grey.
    let mut continued = allocate(data.len() + LONGEST_UNIT)?;
    continued[..data.len()].copy_from_slice(data);
    let mut picture = decode_whole(&continued, limits)?;
    grey_the_rest(&mut picture, extent);
    Ok(picture)
}

fn decode_whole(data: &[u8], limits: Limits) -> Result<Picture, DecodeError> {
    let broken = |error| DecodeError::broken(Format::Jpeg, error);

    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(LONGEST_SIDE)
        .set_max_height(LONGEST_SIDE);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(data), options);
    decoder.decode_headers().map_err(broken)?;
    let (width, height) = decoder.dimensions().ok_or(DecodeError::NoPixels)?;
    let size = limits.admit(width as u64, height as u64)?;

    let (space, channels) = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => (ColorSpace::Luma, Channels::Grey),
        _ => (ColorSpace::RGB, Channels::Rgb),
    };
    decoder.set_options(options.jpeg_set_out_colorspace(space));

    // A progressive file makes the codec keep two bytes for each coefficient
    // beside the pixels, by a vector that aborts where memory is short. Ask
    // for as much in a way that can be refused, and give it back.
    let components = decoder
        .input_colorspace()
        .map_or(4, |space| space.num_components());
    drop(reserve(
        width * height * (channels.count() + 2 * components),
    )?);

    let mut samples = allocate(width * height * channels.count())?;
    decoder.decode_into(&mut samples).map_err(broken)?;
    picture(Format::Jpeg, size, channels, samples)
}

/// Makes everything mid grey behind the last unit that has any data.
fn grey_the_rest(picture: &mut Picture, extent: Extent) {
    const MID_GREY: u8 = 128;
    let row = extent.units / extent.units_across;
    let left = extent.units % extent.units_across * extent.unit_width;
    let left = left * picture.channels().count();
    for (y, line) in picture
        .rows_mut()
        .enumerate()
        .skip(row * extent.unit_height)
    {
        let from = if y / extent.unit_height == row {
            left
        } else {
            0
        };
        if let Some(rest) = line.get_mut(from..) {
            rest.fill(MID_GREY);
        }
    }
}
