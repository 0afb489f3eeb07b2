//! PNG, by the `png` crate.

mod chunks;

pub(super) use chunks::is_whole;

use super::{
    DecodeError, Format, Info, Limits, Watch, Watched, admit_width, allocate, foresee, hand_over,
};
use crate::picture::orientation::Orientation;
use crate::picture::{Channels, Rows, Shape};
use png::{ColorType, Decoder, DecodingError, Transformations};

/// Bytes of other chunks than the picture's that the codec takes.
const MOST_METADATA: usize = 4 << 20;
/// What these take: a buffer that doubles, and a copy.
const METADATA: usize = 4 * MOST_METADATA;

/// Some rows of up to 8 bytes a pixel, inflated, in a buffer that doubles.
const BYTES_A_COLUMN: usize = 160;

/// The codec, with no mind for texts and profiles.
fn open<'a>(file: &'a [u8], watch: &'a Watch) -> Decoder<Watched<'a>> {
    let mut decoder = Decoder::new(Watched::new(file, watch));
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder
}

pub(super) fn decode(
    file: &[u8],
    limits: Limits,
    watch: &Watch,
    rows: &mut dyn Rows,
) -> Result<Orientation, DecodeError> {
    chunks::check(file)?;
    let mut decoder = open(file, watch);
    // Palettes to colours, grey below 8 bits to 8, 16 bits to their high byte.
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let header = decoder.read_header_info().map_err(verdict)?;
    let (width, height) = limits.admit(header.width.into(), header.height.into())?;
    admit_width(Format::Png, width)?;
    foresee(METADATA + BYTES_A_COLUMN * width)?;
    decoder.set_limits(png::Limits { bytes: MOST_METADATA + 8 * width });

    let mut reader = decoder.read_info().map_err(verdict)?;
    let channels = match reader.output_color_type().0 {
        ColorType::Grayscale => Channels::Grey,
        ColorType::GrayscaleAlpha => Channels::GreyAlpha,
        ColorType::Rgb => Channels::Rgb,
        ColorType::Rgba => Channels::Rgba,
        ColorType::Indexed => return Err(DecodeError::broken(Format::Png, "it has no palette")),
    };
    let shape = Shape { width, height, channels };
    let orientation = chunks::orientation(file);
    // libgd heeds the clear entry of a palette and the clear shade of a grey
    // picture, but not the clear colour of an RGB one: nor do we, to agree.
    let opaque = reader.info().color_type == ColorType::Rgb && channels == Channels::Rgba;
    let clear = clear_shade(reader.info());
    let mend_alpha = |samples: &mut [u8]| {
        if opaque {
            samples.iter_mut().skip(3).step_by(4).for_each(|alpha| *alpha = 255);
        }
        if let Some(clear) = clear {
            for [shade, alpha] in samples.as_chunks_mut().0 {
                *alpha = if *shade == clear { 0 } else { 255 };
            }
        }
    };

    if reader.info().interlaced {
        let mut samples = allocate(reader.output_buffer_size().ok_or(DecodeError::NoPixels)?)?;
        reader.next_frame(&mut samples).map_err(verdict)?;
        mend_alpha(&mut samples);
        hand_over(&samples, shape, watch, rows);
    } else {
        let mut row = allocate(shape.row_len())?;
        rows.begin(shape);
        for _ in 0..height {
            let read = reader.read_row(&mut row).map_err(verdict)?;
            if read.is_none() {
                return Err(DecodeError::broken(Format::Png, "rows are missing"));
            }
            mend_alpha(&mut row);
            rows.row(&row);
            if watch.ask() {
                return Err(DecodeError::Interrupted);
            }
        }
    }
    Ok(orientation)
}

/// What the header of `file` says.
pub(super) fn info(file: &[u8], watch: &Watch) -> Result<Info, DecodeError> {
    chunks::check(file)?;
    let mut decoder = open(file, watch);
    decoder.set_transformations(Transformations::IDENTITY);
    decoder.set_limits(png::Limits { bytes: MOST_METADATA });
    foresee(METADATA)?;
    let reader = decoder.read_info().map_err(verdict)?;
    let info = reader.info();
    Ok(Info {
        format: Format::Png,
        width: info.width,
        height: info.height,
        channels: info.color_type.samples() as u8,
        bit_depth: info.bit_depth as u8,
        has_alpha: info.trns.is_some()
            || matches!(info.color_type, ColorType::GrayscaleAlpha | ColorType::Rgba),
        orientation: chunks::orientation(file),
        frames: Some(info.animation_control().map_or(1, |animation| animation.num_frames)),
        complete: None,
    })
}

/// The clear shade of a grey picture of fewer than 8 bits, of which the lowest bits count,
/// as in libpng: the codec compares all, and finds none where a program has set more.
fn clear_shade(info: &png::Info<'_>) -> Option<u8> {
    let bits = info.bit_depth as u8;
    let (ColorType::Grayscale, 1..8, Some([.., shade])) =
        (info.color_type, bits, info.trns.as_deref())
    else {
        return None;
    };
    let most = u8::MAX >> (8 - bits);
    Some((shade & most) * (u8::MAX / most))
}

/// What the codec's error means to a user.
fn verdict(error: DecodingError) -> DecodeError {
    match error {
        DecodingError::IoError(error) => DecodeError::of_read(Format::Png, &error),
        DecodingError::LimitsExceeded => {
            DecodeError::broken(Format::Png, "it has more metadata than pictures have")
        }
        _ => DecodeError::of_codec(Format::Png, false),
    }
}
