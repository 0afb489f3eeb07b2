//! Whether a file's data go on to the end of its picture.
//!
//! Where a conversion makes a picture of what is cut off, as of JPEG files, their codes are
//! walked through: what decoding costs, less the pixels. Where it refuses such files the
//! lengths of a whole file say so at once, and one that is shorter is decoded, to be certain:
//! the last bytes may be of no use.

use super::{
    DecodeError, Format, Info, Limits, Workspace, guarded, ico, jpeg, png, rows_of, tiff, webp,
};
use crate::picture::{Rows, Shape};

/// Whether they do. `None` where the picture is too large to be looked at, or of a kind that
/// is not read here.
///
/// # Errors
/// Where there is no memory, or somebody said to stop.
pub(super) fn of(file: &[u8], info: &Info, limits: Limits) -> Result<Option<bool>, DecodeError> {
    let verdict = limits
        .admit(info.width.into(), info.height.into())
        .and_then(|_| told_by_lengths(file, info.format, limits))
        .and_then(|told| match told {
            Some(complete) => Ok(complete),
            None => rows_of(file, info.format, limits, &mut Workspace::default(), &mut Nobody)
                .map(|_| true),
        });
    match verdict {
        Ok(complete) => Ok(Some(complete)),
        Err(DecodeError::Broken { .. }) => Ok(Some(false)),
        Err(error @ (DecodeError::OutOfMemory { .. } | DecodeError::Interrupted)) => Err(error),
        Err(_) => Ok(None),
    }
}

/// As far as that can be told without decoding.
fn told_by_lengths(
    file: &[u8],
    format: Format,
    limits: Limits,
) -> Result<Option<bool>, DecodeError> {
    guarded(format, limits, |watch| match format {
        Format::Jpeg => jpeg::is_complete(file, limits, watch).map(Some),
        Format::Tiff => tiff::is_complete(file, limits, watch),
        Format::Png => Ok(png::is_whole(file).then_some(true)),
        Format::WebP => Ok(webp::is_whole(file).then_some(true)),
        Format::Ico => Ok(ico::png(file)?.and_then(|png| png::is_whole(png).then_some(true))),
        _ => Ok(None),
    })
}

/// Who wants no pixels.
struct Nobody;

impl Rows for Nobody {
    fn begin(&mut self, _: Shape) {}

    fn row(&mut self, _: &[u8]) {}
}
