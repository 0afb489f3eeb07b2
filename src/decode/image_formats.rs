//! BMP, TIFF, PNM, QOI and farbfeld, by the `image` crate.

use super::{
    DecodeError, Format, Limits, Watch, Watched, Workspace, allocate, foresee, hand_over,
    tiff_directory,
};
use crate::picture::orientation::Orientation;
use crate::picture::{Channels, Rows, Shape};
use image::codecs::{bmp, farbfeld, pnm, qoi, tiff};
use image::{ColorType, ImageDecoder};

/// What a codec holds for each pixel of a row: all samples of a TIFF's, 32 bits each.
const BYTES_A_COLUMN: usize = 4 * tiff_directory::MOST_SAMPLES;

/// Of a BMP's: one in the file's own bits.
const BYTES_A_COLUMN_OF_BMP: usize = 4;

/// The longest header of a PAM file, whose lines the codec keeps.
const LONGEST_HEADER: usize = 1 << 16;

/// The codec of `format`, its header read.
pub(super) fn open<'a>(
    file: &'a [u8],
    format: Format,
    watch: &'a Watch,
) -> Result<Box<dyn ImageDecoder + 'a>, DecodeError> {
    if format == Format::Tiff {
        foresee(tiff_directory::memory(file)?)?;
    }
    let beginning = file.get(..LONGEST_HEADER).unwrap_or(file);
    if file.starts_with(b"P7") && !beginning.windows(6).any(|word| word == b"ENDHDR") {
        return Err(DecodeError::broken(format, "its header has no end"));
    }
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
    let (channels, narrow): (_, Option<Narrow>) = match codec.color_type() {
        ColorType::L8 => (Channels::Grey, None),
        ColorType::La8 => (Channels::GreyAlpha, None),
        ColorType::Rgb8 => (Channels::Rgb, None),
        ColorType::Rgba8 => (Channels::Rgba, None),
        ColorType::L16 => (Channels::Grey, Some(high_bytes)),
        ColorType::La16 => (Channels::GreyAlpha, Some(high_bytes)),
        ColorType::Rgb16 => (Channels::Rgb, Some(high_bytes)),
        ColorType::Rgba16 => (Channels::Rgba, Some(high_bytes)),
        ColorType::Rgb32F => (Channels::Rgb, Some(of_floats)),
        ColorType::Rgba32F => (Channels::Rgba, Some(of_floats)),
        _ => return Err(DecodeError::broken(format, "its kind of pixels is not supported")),
    };
    let pixel = usize::from(codec.color_type().bytes_per_pixel());
    let bytes = width * height * pixel;
    if format == Format::Tiff {
        let row = BYTES_A_COLUMN * width.max(tiff_directory::WIDEST_TILE);
        // The codec decodes into a buffer of its own, of all four inks.
        let buffer = bytes.max(width * height * usize::from(stored_bits(&*codec)) / 8);
        workspace.foresee(bytes, buffer + row)?;
        let mut most = image::Limits::no_limits();
        // The file's length is for its longest strip.
        most.max_alloc = Some((buffer + file.len()) as u64);
        codec.set_limits(most).map_err(broken)?;
    } else {
        workspace.foresee(bytes, BYTES_A_COLUMN_OF_BMP * width)?;
    }

    let orientation = orientation(&mut *codec, format)?;
    let shape = Shape { width, height, channels };
    let mut samples = workspace.take(bytes)?;
    codec.read_image_boxed(&mut samples).map_err(broken)?;
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
    Ok(orientation)
}

/// What the codec of `format` knows of the picture's orientation.
pub(super) fn orientation(
    codec: &mut dyn ImageDecoder,
    format: Format,
) -> Result<Orientation, DecodeError> {
    let found = codec.orientation().map_err(|error| DecodeError::broken(format, error))?;
    Ok(Orientation::from_exif(found.to_exif().into()).unwrap_or_default())
}

fn stored_bits(codec: &dyn ImageDecoder) -> u16 {
    codec.original_color_type().bits_per_pixel()
}

/// Makes a row of 8-bit samples of the codec's.
type Narrow = fn(&[u8], &mut [u8]);

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
