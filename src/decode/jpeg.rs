//! JPEG, by the `zune-jpeg` crate. EXIF orientation is not heeded.

use super::jpeg_extent::{self, Extent};
use super::jpeg_header::Header;
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
    let Some((header, scan)) = Header::read(data) else {
        return decode_whole(data, false, limits);
    };
    // zune-jpeg 0.5.15 takes such files, of which there are few, and makes noise of them.
    let in_parts = header.sequential && header.scanned < header.components.len();
    if in_parts && header.components.iter().any(|component| component.down > 1) {
        let reason = "components of different heights in scans of their own are not supported";
        return Err(DecodeError::broken(Format::Jpeg, reason));
    }
    let Some(extent) = jpeg_extent::of_truncated(&header, scan) else {
        return decode_whole(data, header.adobe, limits);
    };
    // As libjpeg does: the unit in which the data ends goes on in zero bits,
    // the units behind it are mid grey.
    let mut continued = allocate(data.len() + LONGEST_UNIT)?;
    continued[..data.len()].copy_from_slice(data);
    let mut picture = decode_whole(&continued, header.adobe, limits)?;
    grey_the_rest(&mut picture, extent);
    Ok(picture)
}

fn decode_whole(data: &[u8], adobe: bool, limits: Limits) -> Result<Picture, DecodeError> {
    let broken = |error| DecodeError::broken(Format::Jpeg, error);

    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(LONGEST_SIDE)
        .set_max_height(LONGEST_SIDE);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(data), options);
    decoder.decode_headers().map_err(broken)?;
    let (width, height) = decoder.dimensions().ok_or(DecodeError::NoPixels)?;
    let size = limits.admit(width as u64, height as u64)?;
    let pixels = width * height;

    let (space, samples) = match decoder.input_colorspace() {
        Some(ColorSpace::Luma) => (ColorSpace::Luma, 1),
        Some(ColorSpace::CMYK) => (ColorSpace::CMYK, 4),
        _ => (ColorSpace::RGB, 3),
    };
    decoder.set_options(options.jpeg_set_out_colorspace(space));

    // A progressive file makes the codec keep two bytes for each coefficient
    // beside the pixels, by a vector that aborts where memory is short. Ask
    // for as much in a way that can be refused, and give it back.
    let components = decoder.input_colorspace().map_or(4, |space| space.num_components());
    drop(reserve(pixels * (samples + 2 * components))?);

    let mut decoded = allocate(pixels * samples)?;
    decoder.decode_into(&mut decoded).map_err(broken)?;
    match samples {
        1 => picture(Format::Jpeg, size, Channels::Grey, decoded),
        3 => picture(Format::Jpeg, size, Channels::Rgb, decoded),
        _ => picture(Format::Jpeg, size, Channels::Rgb, rgb_of_cmyk(decoded, adobe)),
    }
}

/// Inks to light, in place: `(255 − ink)·(255 − black)/255` in integers, as
/// libgd does. Adobe stores `255 − ink`.
fn rgb_of_cmyk(mut samples: Vec<u8>, adobe: bool) -> Vec<u8> {
    let pixels = samples.len() / 4;
    for pixel in 0..pixels {
        let light = |at: usize| {
            let value = samples[4 * pixel + at];
            u32::from(if adobe { value } else { 255 - value })
        };
        let rgb = [0, 1, 2].map(|at| (light(at) * light(3) / 255) as u8);
        samples[3 * pixel..3 * pixel + 3].copy_from_slice(&rgb);
    }
    samples.truncate(3 * pixels);
    samples
}

/// Makes everything mid grey behind the last unit that has any data.
fn grey_the_rest(picture: &mut Picture, extent: Extent) {
    const MID_GREY: u8 = 128;
    let row = extent.units / extent.units_across;
    let left = extent.units % extent.units_across * extent.unit_width;
    let left = left * picture.channels().count();
    for (y, line) in picture.rows_mut().enumerate().skip(row * extent.unit_height) {
        let from = if y / extent.unit_height == row { left } else { 0 };
        if let Some(rest) = line.get_mut(from..) {
            rest.fill(MID_GREY);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cmyk_is_inverted_with_adobes_marker_only() {
        let inks = vec![0, 128, 255, 51];
        assert_eq!(rgb_of_cmyk(inks.clone(), true), [0, 25, 51]);
        assert_eq!(rgb_of_cmyk(inks, false), [204, 101, 0]);
    }

    #[test]
    fn a_cmyk_file_without_adobes_marker_is_its_negative() {
        let path = format!("{}/tests/fixtures/images/cmyk.jpg", env!("CARGO_MANIFEST_DIR"));
        let data = std::fs::read(path).expect("fixture");
        let marker = data.windows(7).position(|w| w == b"\xff\xee\0\x0eAdo").expect("Adobe");
        let plain = [&data[..marker], &data[marker + 16..]].concat();
        let limits = Limits { max_pixels: 1 << 20 };
        let [with, without] = [&data, &plain].map(|data| decode(data, limits).expect("decodes"));
        // Stored inverted, this picture has much light; taken as ink, it is dark.
        let light = |picture: &Picture| -> u64 {
            picture.rows().flatten().map(|&sample| u64::from(sample)).sum()
        };
        assert!(light(&with) > 2 * light(&without));
    }
}
