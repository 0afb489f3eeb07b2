//! GIF, by the `gif` crate: the first frame, by itself.

use super::{DecodeError, Format, Limits, Watch, Watched, allocate, foresee};
use crate::picture::orientation::Orientation;
use crate::picture::{Channels, Rows, Shape};
use gif::{ColorOutput, DecodeOptions};

pub(super) fn decode(
    file: &[u8],
    limits: Limits,
    watch: &Watch,
    rows: &mut dyn Rows,
) -> Result<Orientation, DecodeError> {
    let broken = |error: gif::DecodingError| DecodeError::broken(Format::Gif, error);

    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    options.check_frame_consistency(true);
    // Comments, XMP and ICC profiles are kept whole; they are parts of the file.
    foresee(file.len() + (1 << 20))?;
    let mut decoder = options.read_info(Watched::new(file, watch)).map_err(broken)?;
    let frame = decoder.next_frame_info().map_err(broken)?.ok_or(DecodeError::NoPixels)?;
    let (clear, interlaced) = (frame.transparent, frame.interlaced);
    // The frame's own rectangle is the picture, whatever screen it lies on.
    let (width, height) = limits.admit(frame.width.into(), frame.height.into())?;
    let channels = if clear.is_some() { Channels::Rgba } else { Channels::Rgb };
    let shape = Shape { width, height, channels };

    // An index past the palette's end is black.
    let mut colours = [[0, 0, 0, 255]; 256];
    let palette = decoder.palette().map_err(broken)?;
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
            decoder.read_into_buffer(&mut indices).map_err(broken)?;
        } else if !decoder.fill_buffer(&mut indices).map_err(broken)? {
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
