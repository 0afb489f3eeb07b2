//! BMP, TIFF, PNM, QOI and farbfeld, by the `image` crate.

use super::{DecodeError, Format, Limits, Watch, Watched, Workspace, allocate, foresee, hand_over};
use crate::orientation::Orientation;
use crate::picture::{Channels, Rows, Shape};
use image::codecs::{bmp, farbfeld, pnm, qoi, tiff};
use image::{ColorType, ImageDecoder};

/// What a codec holds for a byte of the decoded picture, besides it: a TIFF's
/// buffer and its strips.
const BYTES_A_BYTE: usize = 3;

/// The codec of `format`, its header read.
pub(super) fn open<'a>(
    file: &'a [u8],
    format: Format,
    watch: &'a Watch,
) -> Result<Box<dyn ImageDecoder + 'a>, DecodeError> {
    // Before any size is known a codec reads tags and palettes.
    foresee(file.len() + (1 << 20))?;
    let file = Watched::new(file, watch);
    let opened: image::ImageResult<Box<dyn ImageDecoder>> = match format {
        Format::Bmp => bmp::BmpDecoder::new(file).map(|codec| Box::new(codec) as _),
        Format::Tiff => tiff::TiffDecoder::new(file).map(|codec| Box::new(codec) as _),
        Format::Pnm => pnm::PnmDecoder::new(file).map(|codec| Box::new(codec) as _),
        Format::Qoi => qoi::QoiDecoder::new(file).map(|codec| Box::new(codec) as _),
        Format::Farbfeld => farbfeld::FarbfeldDecoder::new(file).map(|codec| Box::new(codec) as _),
        Format::Jpeg | Format::Png | Format::Gif | Format::WebP => {
            return Err(DecodeError::broken(format, "it has a codec of its own"));
        }
    };
    opened.map_err(|error| DecodeError::broken(format, error))
}

pub(super) fn decode(
    file: &[u8],
    format: Format,
    limits: Limits,
    watch: &Watch,
    workspace: &mut Workspace,
    rows: &mut dyn Rows,
) -> Result<Orientation, DecodeError> {
    let broken = |error| DecodeError::broken(format, error);

    let mut codec = open(file, format, watch)?;
    let (width, height) = codec.dimensions();
    let (width, height) = limits.admit(width.into(), height.into())?;
    let (channels, narrow): (_, Narrow) = match codec.color_type() {
        ColorType::L8 => (Channels::Grey, copy),
        ColorType::La8 => (Channels::GreyAlpha, copy),
        ColorType::Rgb8 => (Channels::Rgb, copy),
        ColorType::Rgba8 => (Channels::Rgba, copy),
        ColorType::L16 => (Channels::Grey, high_bytes),
        ColorType::La16 => (Channels::GreyAlpha, high_bytes),
        ColorType::Rgb16 => (Channels::Rgb, high_bytes),
        ColorType::Rgba16 => (Channels::Rgba, high_bytes),
        ColorType::Rgb32F => (Channels::Rgb, of_floats),
        ColorType::Rgba32F => (Channels::Rgba, of_floats),
        _ => return Err(DecodeError::broken(format, "its kind of pixels is not supported")),
    };
    let pixel = usize::from(codec.color_type().bytes_per_pixel());
    let bytes = width * height * pixel;
    let kept = BYTES_A_BYTE * bytes + file.len() + (1 << 20);
    foresee(bytes + kept)?;
    let mut most = image::Limits::no_limits();
    most.max_alloc = Some(kept as u64);
    codec.set_limits(most).map_err(broken)?;

    let orientation = codec.orientation().map_err(broken)?.to_exif();
    let shape = Shape { width, height, channels };
    let mut samples = workspace.take(bytes)?;
    codec.read_image_boxed(&mut samples).map_err(broken)?;
    if pixel == channels.count() {
        hand_over(&samples, shape, watch, rows);
    } else {
        let mut row = allocate(shape.row_len())?;
        rows.begin(shape);
        for wide in samples.chunks_exact(width * pixel) {
            narrow(wide, &mut row);
            rows.row(&row);
        }
    }
    workspace.put(samples);
    Ok(Orientation::from_exif(orientation.into()).unwrap_or(Orientation::UPRIGHT))
}

/// Makes a row of 8-bit samples of the codec's.
type Narrow = fn(&[u8], &mut [u8]);

fn copy(samples: &[u8], row: &mut [u8]) {
    row.copy_from_slice(samples);
}

/// Of 16-bit samples, as every decoder here does.
fn high_bytes(samples: &[u8], row: &mut [u8]) {
    for (out, &sample) in row.iter_mut().zip(samples.as_chunks().0) {
        *out = (u16::from_ne_bytes(sample) >> 8) as u8;
    }
}

/// 0 to 1, cut off on either side; NaN is 0.
fn of_floats(samples: &[u8], row: &mut [u8]) {
    for (out, &sample) in row.iter_mut().zip(samples.as_chunks().0) {
        *out = (f32::from_ne_bytes(sample).clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_samples_are_narrowed() {
        let mut row = [0; 3];
        let wide: Vec<u8> = [0x12ff_u16, 0xff00, 0x00ff].map(u16::to_ne_bytes).concat();
        high_bytes(&wide, &mut row);
        assert_eq!(row, [0x12, 0xff, 0]);
        let floats: Vec<u8> = [f32::NAN, 0.5, 7.0].map(f32::to_ne_bytes).concat();
        of_floats(&floats, &mut row);
        assert_eq!(row, [0, 128, 255]);
    }
}
