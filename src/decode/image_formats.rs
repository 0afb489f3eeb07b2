//! BMP, PNM, QOI and farbfeld, by the `image` crate.

use super::bmp::{self, Runs};
use super::{DecodeError, Format, Info, Limits, Watch, Watched, Workspace, allocate, hand_over};
use crate::picture::orientation::Orientation;
use crate::picture::{Channels, Rows, Shape};
use image::codecs::bmp::BmpDecoder;
use image::codecs::farbfeld::FarbfeldDecoder;
use image::codecs::pnm::PnmDecoder;
use image::codecs::qoi::QoiDecoder;
use image::{ColorType, ExtendedColorType, ImageDecoder, ImageError};

/// What a codec holds for each pixel of a row: a BMP's, in the file's own bits.
const BYTES_A_COLUMN: usize = 4;

/// The longest header of a PAM file, whose lines the codec keeps.
const LONGEST_HEADER: usize = 1 << 16;

/// The codec of `format`, its header read.
fn open<'a>(
    file: &'a [u8],
    format: Format,
    watch: &'a Watch,
) -> Result<Box<dyn ImageDecoder + 'a>, DecodeError> {
    let beginning = file.get(..LONGEST_HEADER).unwrap_or(file);
    if file.starts_with(b"P7") && !beginning.windows(6).any(|word| word == b"ENDHDR") {
        return Err(DecodeError::broken(format, "its header has no end"));
    }
    let file = Watched::new(file, watch);
    let opened: image::ImageResult<Box<dyn ImageDecoder>> = match format {
        Format::Bmp => BmpDecoder::new(file).map(|codec| Box::new(codec) as _),
        Format::Pnm => PnmDecoder::new(file).map(|codec| Box::new(codec) as _),
        Format::Qoi => QoiDecoder::new(file).map(|codec| Box::new(codec) as _),
        Format::Farbfeld => FarbfeldDecoder::new(file).map(|codec| Box::new(codec) as _),
        // The others have readers of their own.
        _ => return Err(DecodeError::of_codec(format, false)),
    };
    opened.map_err(|error| verdict(format, &error))
}

/// What the codec's error means to a user.
pub(super) fn verdict(format: Format, error: &ImageError) -> DecodeError {
    match error {
        ImageError::IoError(error) => DecodeError::of_read(format, error),
        ImageError::Unsupported(_) => DecodeError::not_supported(format, UNKNOWN_KIND),
        _ => DecodeError::of_codec(format, false),
    }
}

const UNKNOWN_KIND: &str = "its pixels or their compression";

pub(super) fn decode(
    file: &[u8],
    format: Format,
    limits: Limits,
    watch: &Watch,
    workspace: &mut Workspace,
    rows: &mut dyn Rows,
) -> Result<Orientation, DecodeError> {
    if let Some(runs) = runs(file, format)? {
        return runs.decode(limits, watch, workspace, rows);
    }
    let mended = mended(file, format)?;
    let file = mended.as_deref().unwrap_or(file);
    let codec = open(file, format, watch)?;
    let (width, height) = codec.dimensions();
    let (width, height) = limits.admit(width.into(), height.into())?;
    let (channels, narrow): (_, Option<Narrow>) = match codec.color_type() {
        ColorType::L8 => (Channels::Grey, None),
        ColorType::La8 => (Channels::GreyAlpha, None),
        ColorType::Rgb8 => (Channels::Rgb, None),
        ColorType::Rgba8 => (Channels::Rgba, None),
        ColorType::L16 => (Channels::Grey, Some(high_bytes)),
        ColorType::La16 => (Channels::GreyAlpha, Some(high_bytes)),
        ColorType::Rgb16 => (Channels::Rgb, Some(high_bytes)),
        ColorType::Rgba16 => (Channels::Rgba, Some(high_bytes)),
        _ => return Err(DecodeError::not_supported(format, UNKNOWN_KIND)),
    };
    let pixel = usize::from(codec.color_type().bytes_per_pixel());
    let bytes = width * height * pixel;
    workspace.foresee(bytes, BYTES_A_COLUMN * width)?;

    let shape = Shape { width, height, channels };
    let mut samples = workspace.take(bytes)?;
    codec.read_image_boxed(&mut samples).map_err(|error| verdict(format, &error))?;
    if format == Format::Bmp && channels == Channels::Rgba {
        opaque_if_clear(&mut samples);
    }
    if let Some(narrow) = narrow {
        let mut row = allocate(shape.row_len())?;
        rows.begin(shape);
        for wide in samples.chunks_exact(width * pixel) {
            narrow(wide, &mut row);
            rows.row(&row);
        }
    } else {
        hand_over(&samples, shape, watch, rows);
    }
    workspace.put(samples);
    Ok(Orientation::UPRIGHT)
}

/// What the header of `file` says.
pub(super) fn info(file: &[u8], format: Format, watch: &Watch) -> Result<Info, DecodeError> {
    if let Some(runs) = runs(file, format)? {
        return Ok(Info {
            format,
            width: runs.width,
            height: runs.height,
            channels: 3,
            bit_depth: 8,
            has_alpha: false,
            orientation: Orientation::UPRIGHT,
            frames: Some(1),
            complete: None,
        });
    }
    let mended = mended(file, format)?;
    let file = mended.as_deref().unwrap_or(file);
    let codec = open(file, format, watch)?;
    let (width, height) = codec.dimensions();
    let original = codec.original_color_type();
    let channels = original.channel_count();
    Ok(Info {
        format,
        width,
        height,
        channels,
        bit_depth: (original.bits_per_pixel() / u16::from(channels.max(1))) as u8,
        has_alpha: has_alpha(original),
        orientation: Orientation::UPRIGHT,
        frames: Some(1),
        complete: None,
    })
}

fn has_alpha(colour: ExtendedColorType) -> bool {
    // Luminance and alpha, RGB and alpha: the even counts, but for CMYK.
    colour.channel_count().is_multiple_of(2)
        && !matches!(colour, ExtendedColorType::Cmyk8 | ExtendedColorType::Cmyk16)
}

/// A picture whose every pixel is clear was written by a program that knows nothing of alpha
/// and leaves zeros there: Windows and browsers show its colours.
fn opaque_if_clear(samples: &mut [u8]) {
    let pixels = samples.as_chunks_mut::<4>().0;
    if pixels.iter().all(|&[.., alpha]| alpha == 0) {
        pixels.iter_mut().for_each(|[.., alpha]| *alpha = 255);
    }
}

/// The rows of a BMP file that are stored as runs.
fn runs(file: &[u8], format: Format) -> Result<Option<Runs<'_>>, DecodeError> {
    if format == Format::Bmp { Runs::of(file) } else { Ok(None) }
}

/// The file as the codec reads it right, where it does not as it is.
fn mended(file: &[u8], format: Format) -> Result<Option<Vec<u8>>, DecodeError> {
    if format == Format::Bmp { bmp::mended(file) } else { Ok(None) }
}

/// Makes a row of 8-bit samples of the codec's.
type Narrow = fn(&[u8], &mut [u8]);

/// Of 16-bit samples, as every decoder here does.
fn high_bytes(samples: &[u8], row: &mut [u8]) {
    for (out, &sample) in row.iter_mut().zip(samples.as_chunks().0) {
        *out = (u16::from_ne_bytes(sample) >> 8) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_clear_everywhere_is_opaque() {
        let mut samples = [1, 2, 3, 0, 4, 5, 6, 0];
        opaque_if_clear(&mut samples);
        assert_eq!(samples, [1, 2, 3, 255, 4, 5, 6, 255]);
        let mut samples = [1, 2, 3, 0, 4, 5, 6, 1];
        opaque_if_clear(&mut samples);
        assert_eq!(samples, [1, 2, 3, 0, 4, 5, 6, 1]);
    }

    #[test]
    fn wide_samples_are_narrowed() {
        let mut row = [0; 3];
        let wide: Vec<u8> = [0x12ff_u16, 0xff00, 0x00ff].map(u16::to_ne_bytes).concat();
        high_bytes(&wide, &mut row);
        assert_eq!(row, [0x12, 0xff, 0]);
    }
}
