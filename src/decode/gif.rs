//! GIF, by the `gif` crate: the first frame, by itself.

use super::{DecodeError, Format, Info, Limits, Watch, Watched, allocate, foresee, reserve};
use crate::picture::orientation::Orientation;
use crate::picture::{Channels, Rows, Shape};
use gif::{ColorOutput, DecodeOptions, DecodingError};

pub(super) fn decode(
    file: &[u8],
    limits: Limits,
    watch: &Watch,
    rows: &mut dyn Rows,
) -> Result<Orientation, DecodeError> {
    let options = options();
    let mended = with_palette(file)?;
    let file = mended.as_deref().unwrap_or(file);
    // Comments, XMP and ICC profiles are kept whole; they are parts of the file.
    foresee(file.len() + (1 << 20))?;
    let mut decoder = options.read_info(Watched::new(file, watch)).map_err(verdict)?;
    let frame = decoder.next_frame_info().map_err(verdict)?.ok_or(DecodeError::NoPixels)?;
    let (clear, interlaced) = (frame.transparent, frame.interlaced);
    // The frame's own rectangle is the picture, whatever screen it lies on.
    let (width, height) = limits.admit(frame.width.into(), frame.height.into())?;
    let channels = if clear.is_some() { Channels::Rgba } else { Channels::Rgb };
    let shape = Shape { width, height, channels };

    // An index past the palette's end is black.
    let mut colours = [[0, 0, 0, 255]; 256];
    let palette = decoder.palette().map_err(verdict)?;
    for (colour, &[r, g, b]) in colours.iter_mut().zip(palette.as_chunks().0) {
        *colour = [r, g, b, 255];
    }
    if let Some(colour) = clear.and_then(|index| colours.get_mut(usize::from(index))) {
        colour[3] = 0;
    }

    // Rows of an interlaced frame come out of order.
    let lines = if interlaced { height } else { 1 };
    let mut indices = allocate(width * lines)?;
    let mut row = allocate(shape.row_len())?;
    rows.begin(shape);
    for _ in 0..height / lines {
        if interlaced {
            decoder.read_into_buffer(&mut indices).map_err(verdict)?;
        } else if !decoder.fill_buffer(&mut indices).map_err(verdict)? {
            return Err(DecodeError::broken(Format::Gif, "rows are missing"));
        }
        for line in indices.chunks_exact(width) {
            match channels {
                Channels::Rgba => {
                    for (pixel, &index) in row.as_chunks_mut().0.iter_mut().zip(line) {
                        *pixel = colours[usize::from(index)];
                    }
                }
                _ => {
                    for (pixel, &index) in row.as_chunks_mut().0.iter_mut().zip(line) {
                        let [r, g, b, _] = colours[usize::from(index)];
                        *pixel = [r, g, b];
                    }
                }
            }
            rows.row(&row);
            if watch.ask() {
                return Err(DecodeError::Interrupted);
            }
        }
    }
    Ok(Orientation::UPRIGHT)
}

/// What the header of `file` says. Walks over all frames, decoding none.
pub(super) fn info(file: &[u8], watch: &Watch) -> Result<Info, DecodeError> {
    let mut options = options();
    options.skip_frame_decoding(true);
    let mended = with_palette(file)?;
    let file = mended.as_deref().unwrap_or(file);
    foresee(2 * file.len() + (1 << 20))?;
    let mut decoder = options.read_info(Watched::new(file, watch)).map_err(verdict)?;
    let first = decoder.next_frame_info().map_err(verdict)?.ok_or(DecodeError::NoPixels)?;
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

/// How both a conversion and a look at the header read.
fn options() -> DecodeOptions {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    // The frame is the picture: it may reach beyond its screen, as browsers have it. What
    // an extension says that nobody knows is passed over.
    options.check_frame_consistency(false);
    options.allow_unknown_blocks(true);
    options
}

/// The file with shades of grey for all frames, if it has no palette for all: Pillow takes an
/// index for a shade where there is none at all, which the codec refuses.
fn with_palette(file: &[u8]) -> Result<Option<Vec<u8>>, DecodeError> {
    const SCREEN: usize = 13;
    const FLAGS: usize = 10;
    const HAS_PALETTE: u8 = 0x80;
    const OF_256: u8 = 7;
    let Some((screen, rest)) = file.split_first_chunk::<SCREEN>() else { return Ok(None) };
    if screen[FLAGS] & HAS_PALETTE != 0 {
        return Ok(None);
    }
    foresee(file.len())?;
    let mut mended = reserve(file.len() + 3 * 256)?;
    mended.extend_from_slice(screen);
    mended[FLAGS] |= HAS_PALETTE | OF_256;
    mended.extend((0..=255).flat_map(|shade| [shade; 3]));
    mended.extend_from_slice(rest);
    Ok(Some(mended))
}

/// What the codec's error means to a user.
fn verdict(error: DecodingError) -> DecodeError {
    match error {
        DecodingError::Io(error) => DecodeError::of_read(Format::Gif, &error),
        DecodingError::UnexpectedEof => DecodeError::of_codec(Format::Gif, true),
        _ => DecodeError::of_codec(Format::Gif, false),
    }
}
