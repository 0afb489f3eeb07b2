//! BMP files whose rows are stored as runs: top-down ones, too, which `image` refuses, and
//! with the palette's first colour where a file passes pixels over, which it makes black.

use super::super::{DecodeError, Format, Limits, Watch, Workspace, allocate};
use super::header::{FILE_HEADER, Header};
use crate::picture::orientation::Orientation;
use crate::picture::{Channels, Rows, Shape};

/// A picture in runs, as the header says.
pub(in crate::decode) struct Runs<'a> {
    pub width: u32,
    pub height: u32,
    top_down: bool,
    /// Whether two pixels share a byte.
    halves: bool,
    /// Blue, green, red and nothing, a colour.
    palette: &'a [[u8; 4]],
    data: &'a [u8],
}

/// What a byte 0 announces.
mod escape {
    pub const END_OF_ROW: u8 = 0;
    pub const END: u8 = 1;
    pub const MOVE: u8 = 2;
}

impl<'a> Runs<'a> {
    /// The runs of `file`, if it has any.
    ///
    /// # Errors
    /// Where the header makes no sense, or is of a kind that is not read here.
    pub fn of(file: &'a [u8]) -> Result<Option<Self>, DecodeError> {
        let Some(header) = Header::of(file) else { return Ok(None) };
        header.check_kind()?;
        let halves = match (header.compression, header.bits) {
            (1, 8) => false,
            (2, 4) => true,
            _ => return Ok(None),
        };
        let colours = file.get(FILE_HEADER + header.length..).unwrap_or_default();
        let colours = &colours[..colours.len().min(header.palette_len)];
        let data = file.get(header.data_offset()?..);
        Ok(Some(Runs {
            width: header.width,
            height: header.height.unsigned_abs(),
            top_down: header.height < 0,
            halves,
            palette: colours.as_chunks().0,
            data: data.ok_or(DecodeError::of_codec(Format::Bmp, true))?,
        }))
    }

    pub fn decode(
        &self,
        limits: Limits,
        watch: &Watch,
        workspace: &mut Workspace,
        rows: &mut dyn Rows,
    ) -> Result<Orientation, DecodeError> {
        let (width, height) = limits.admit(self.width.into(), self.height.into())?;
        let shape = Shape { width, height, channels: Channels::Rgb };
        workspace.foresee(width * height, shape.row_len())?;
        let mut row = allocate(shape.row_len())?;
        let mut indices = workspace.take(width * height)?;
        self.unpack(&mut indices, width, watch)?;

        rows.begin(shape);
        for y in 0..height {
            let y = if self.top_down { y } else { height - 1 - y };
            let line = &indices[y * width..][..width];
            for (pixel, &index) in row.as_chunks_mut().0.iter_mut().zip(line) {
                let [b, g, r, _] = self.palette.get(usize::from(index)).copied().unwrap_or([0; 4]);
                *pixel = [r, g, b];
            }
            rows.row(&row);
            if watch.ask() {
                return Err(DecodeError::Interrupted);
            }
        }
        workspace.put(indices);
        Ok(Orientation::UPRIGHT)
    }

    /// Writes the palette's indices, in the order in which the file has its rows. A run ends
    /// at its row's end, whatever it says: ImageMagick has written longer ones.
    fn unpack(&self, indices: &mut [u8], width: usize, watch: &Watch) -> Result<(), DecodeError> {
        let ended = DecodeError::of_codec(Format::Bmp, true);
        let nonsense = DecodeError::of_codec(Format::Bmp, false);
        let mut rows = indices.chunks_exact_mut(width);
        let mut row = rows.next().unwrap_or_default();
        let mut x = 0;
        let mut data = self.data;
        let mut instructions = 0_u32;
        loop {
            instructions = instructions.wrapping_add(1);
            if instructions.is_multiple_of(4096) && watch.ask() {
                return Err(DecodeError::Interrupted);
            }
            let &[first, second, ref rest @ ..] = data else {
                // Some leave the last mark out.
                return if rows.len() == 0 && x >= width { Ok(()) } else { Err(ended) };
            };
            data = rest;
            match (first, second) {
                (0, escape::END) => return Ok(()),
                (0, escape::END_OF_ROW) => {
                    let Some(next) = rows.next() else { return Ok(()) };
                    (row, x) = (next, 0);
                }
                (0, escape::MOVE) => {
                    let &[across, down, ref rest @ ..] = data else { return Err(ended) };
                    data = rest;
                    if down > 0 {
                        row = rows.nth(usize::from(down) - 1).ok_or(nonsense.clone())?;
                    }
                    x += usize::from(across);
                    if x > width {
                        return Err(nonsense);
                    }
                }
                (0, count) => {
                    let length = usize::from(if self.halves { count.div_ceil(2) } else { count });
                    let padded = length.next_multiple_of(2);
                    let (run, rest) = data.split_at_checked(padded).ok_or(ended.clone())?;
                    data = rest;
                    let out = row.get_mut(x..).unwrap_or_default();
                    let out = out.get_mut(..count.into()).ok_or(nonsense.clone())?;
                    for (at, index) in out.iter_mut().enumerate() {
                        *index = if self.halves { half(run[at / 2], at) } else { run[at] };
                    }
                    x += usize::from(count);
                }
                (count, colours) => {
                    let out = row.get_mut(x..).unwrap_or_default();
                    for (at, index) in out.iter_mut().take(count.into()).enumerate() {
                        *index = if self.halves { half(colours, at) } else { colours };
                    }
                    x = width.min(x + usize::from(count));
                }
            }
        }
    }
}

/// Pixel `at` of a byte that holds an even one and the odd one behind it.
fn half(byte: u8, at: usize) -> u8 {
    if at.is_multiple_of(2) { byte >> 4 } else { byte & 15 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PALETTE: [[u8; 4]; 3] = [[1, 2, 3, 0], [4, 5, 6, 0], [7, 8, 9, 0]];

    fn unpacked(halves: bool, data: &[u8]) -> Result<[u8; 8], DecodeError> {
        let runs = Runs { width: 4, height: 2, top_down: true, halves, palette: &PALETTE, data };
        let mut indices = [0; 8];
        runs.unpack(&mut indices, 4, &Watch::new(|| false)).map(|()| indices)
    }

    #[test]
    fn runs_literals_and_moves() {
        assert_eq!(
            unpacked(false, &[3, 1, 0, 0, 0, 3, 2, 1, 2, 0, 0, 1]),
            Ok([1, 1, 1, 0, 2, 1, 2, 0])
        );
        assert_eq!(unpacked(false, &[1, 1, 0, 2, 1, 1, 2, 2, 0, 1]), Ok([1, 0, 0, 0, 0, 0, 2, 2]));
        assert_eq!(
            unpacked(true, &[3, 0x12, 0, 0, 0, 3, 0x21, 0x20, 0, 1]),
            Ok([1, 2, 1, 0, 2, 1, 2, 0])
        );
    }

    #[test]
    fn a_run_too_long_ends_with_its_row_and_the_last_mark_may_be_missing() {
        assert_eq!(unpacked(false, &[9, 1, 0, 0, 4, 2]), Ok([1, 1, 1, 1, 2, 2, 2, 2]));
        assert_eq!(unpacked(false, &[4, 1, 0, 0, 4, 2, 0, 0]), Ok([1, 1, 1, 1, 2, 2, 2, 2]));
    }

    #[test]
    fn what_leads_out_of_the_picture_is_refused() {
        let ended = Err(DecodeError::of_codec(Format::Bmp, true));
        let nonsense = Err(DecodeError::of_codec(Format::Bmp, false));
        for data in [&[4, 1, 0, 0, 3, 1][..], &[4], &[], &[0, 2, 1], &[0, 5, 1, 1]] {
            assert_eq!(unpacked(false, data), ended, "{data:?}");
        }
        for data in [&[0, 2, 5, 0][..], &[0, 2, 0, 2], &[0, 5, 1, 1, 1, 1, 1, 0]] {
            assert_eq!(unpacked(false, data), nonsense, "{data:?}");
        }
    }
}
