//! What a file's header says, without decoding the picture.

use super::jpeg_header::Header;
#[cfg(feature = "jxl")]
use super::jxl;
use super::{
    DecodeError, Format, Limits, Watch, Watched, complete, foresee, gif, guarded, ico,
    image_formats, png, png_chunks, tiff, webp,
};
use crate::picture::orientation::Orientation;
use image::ExtendedColorType;

/// What a file's header says of its picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info {
    /// The file's format.
    pub format: Format,
    /// Pixels in a row, as stored.
    pub width: u32,
    /// Rows, as stored.
    pub height: u32,
    /// Samples a pixel; 1 for a palette's index.
    pub channels: u8,
    /// Bits a sample.
    pub bit_depth: u8,
    /// Whether some pixels may be clear: an alpha channel, or a clear colour.
    pub has_alpha: bool,
    /// How to turn the picture upright.
    pub orientation: Orientation,
    /// Pictures in the file; `None` where the header does not say.
    pub frames: Option<u32>,
    /// Whether the file's data go on to the picture's end; `None` where that is not known: of
    /// a picture that is too large to be read, or of a kind that is not read here.
    pub complete: Option<bool>,
}

/// Reads the header of `file`, and looks whether it is cut off. No size is refused: a picture
/// over the limit is only not looked at.
///
/// # Errors
/// Where the file is of no known format, or its header is broken.
pub fn info(file: &[u8], limits: Limits) -> Result<Info, DecodeError> {
    let format = Format::expect(file, None)?;
    let info = guarded(format, limits, |watch| match format {
        Format::Jpeg => of_jpeg(file),
        Format::Png => of_png(file, watch),
        Format::Gif => of_gif(file, watch),
        Format::WebP => of_webp(file, watch),
        Format::Tiff => tiff::info(file),
        Format::Ico => ico::info(file, watch),
        #[cfg(feature = "jxl")]
        Format::JpegXl => jxl::info(file),
        _ => of_others(file, format, watch),
    })?;
    Ok(Info { complete: complete::of(file, &info, limits)?, ..info })
}

fn of_jpeg(file: &[u8]) -> Result<Info, DecodeError> {
    let (header, _) = Header::read(file)?;
    Ok(Info {
        format: Format::Jpeg,
        width: header.width as u32,
        height: header.height as u32,
        channels: header.components.len() as u8,
        bit_depth: header.precision,
        has_alpha: false,
        orientation: header.orientation,
        frames: Some(1),
        complete: None,
    })
}

pub(super) fn of_png(file: &[u8], watch: &Watch) -> Result<Info, DecodeError> {
    png_chunks::check(file)?;
    let mut decoder = png::open(file, watch);
    decoder.set_transformations(::png::Transformations::IDENTITY);
    decoder.set_limits(::png::Limits { bytes: png::MOST_METADATA });
    foresee(png::METADATA)?;
    let reader = decoder.read_info().map_err(png::verdict)?;
    let info = reader.info();
    Ok(Info {
        format: Format::Png,
        width: info.width,
        height: info.height,
        channels: info.color_type.samples() as u8,
        bit_depth: info.bit_depth as u8,
        has_alpha: info.trns.is_some()
            || matches!(info.color_type, ::png::ColorType::GrayscaleAlpha | ::png::ColorType::Rgba),
        orientation: png_chunks::orientation(file),
        frames: Some(info.animation_control().map_or(1, |animation| animation.num_frames)),
        complete: None,
    })
}

/// Walks over all frames, decoding none.
fn of_gif(file: &[u8], watch: &Watch) -> Result<Info, DecodeError> {
    let mut options = gif::options();
    options.skip_frame_decoding(true);
    let mended = gif::with_palette(file)?;
    let file = mended.as_deref().unwrap_or(file);
    foresee(2 * file.len() + (1 << 20))?;
    let mut decoder = options.read_info(Watched::new(file, watch)).map_err(gif::verdict)?;
    let first = decoder.next_frame_info().map_err(gif::verdict)?.ok_or(DecodeError::NoPixels)?;
    let (width, height) = (first.width.into(), first.height.into());
    let has_alpha = first.transparent.is_some();
    let mut frames = 1;
    let whole = loop {
        match decoder.next_frame_info() {
            Ok(Some(_)) => frames += 1,
            Ok(None) => break true,
            Err(_) => break false,
        }
    };
    Ok(Info {
        format: Format::Gif,
        width,
        height,
        channels: 1,
        bit_depth: 8,
        has_alpha,
        orientation: Orientation::UPRIGHT,
        frames: whole.then_some(frames),
        complete: None,
    })
}

fn of_webp(file: &[u8], watch: &Watch) -> Result<Info, DecodeError> {
    let verdict = webp::verdict;
    foresee(file.len() + (1 << 20))?;
    let mut decoder = image_webp::WebPDecoder::new(Watched::new(file, watch)).map_err(verdict)?;
    decoder.set_memory_limit(file.len());
    let (width, height) = decoder.dimensions();
    let orientation = webp::orientation(&mut decoder)?;
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

fn of_others(file: &[u8], format: Format, watch: &Watch) -> Result<Info, DecodeError> {
    if let Some(runs) = image_formats::runs(file, format)? {
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
    let mended = image_formats::mended(file, format)?;
    let file = mended.as_deref().unwrap_or(file);
    let codec = image_formats::open(file, format, watch)?;
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
