//! TIFF and BigTIFF: the first image, by bands of strips or tiles.
//!
//! The crate `tiff` reads half of what people keep: it knows no palettes, no separate
//! planes in tiles, no fax but Group 4 and no samples beside grey, and it holds a picture
//! twice. So the container is read here; what strips and tiles are compressed by, other
//! crates know: `weezl`, `flate2`, `fax` and `zune-jpeg`. A band is in memory, not the picture.

mod compression;
mod directory;
mod fax;
mod picture;
mod samples;

use super::jpeg::{self, Colours as JpegColours};
use super::{DecodeError, Format, Info, Limits, Watch, Workspace, admit_width, allocate, foresee};
use crate::picture::orientation::Orientation;
use crate::picture::{Rows, Shape};
use compression::Compression;
use directory::Directory;
use picture::{Colours, Picture};
use samples::{Kind, Layout};

/// What the header of `file` says.
pub(super) fn info(file: &[u8]) -> Result<Info, DecodeError> {
    let directory = Directory::of(file)?;
    let picture = Picture::of(&directory)?;
    let size = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
    Ok(Info {
        format: Format::Tiff,
        width: size(picture.width),
        height: size(picture.height),
        channels: picture.samples as u8,
        bit_depth: picture.bits as u8,
        has_alpha: picture.alpha.is_some(),
        orientation: picture.orientation,
        // There may be more; only walking them would tell.
        frames: None,
        complete: None,
    })
}

/// Whether all parts of the picture are there; of those that are JPEG files, whether they go
/// on to their end, too. `None` where only reading it would tell.
///
/// # Errors
/// Where the directory makes no sense, or a part is missing.
pub(super) fn is_complete(
    file: &[u8],
    limits: Limits,
    watch: &Watch,
) -> Result<Option<bool>, DecodeError> {
    let directory = Directory::of(file)?;
    let picture = Picture::of(&directory)?;
    if picture.compression == Compression::OldJpeg {
        return jpeg::is_complete(picture.old_jpeg(file, &directory)?, limits, watch).map(Some);
    }
    let mut complete = Some(true);
    for down in 0..picture.chunks_down() {
        for plane in 0..picture.planes() {
            if watch.ask() {
                return Err(DecodeError::Interrupted);
            }
            for across in 0..picture.chunks_across() {
                let data = picture.chunk_data(file, plane, down, across)?;
                match (picture.compression, picture.is_whole(data, plane, down, across)) {
                    (Compression::Jpeg, _) => {
                        let part = jpeg_part(&picture, data)?;
                        if !jpeg::is_complete(&part, limits, watch)? {
                            return Ok(Some(false));
                        }
                    }
                    (_, Some(true)) => {}
                    // What is there of a fax is read, whatever is missing.
                    (Compression::Fax(_), Some(false)) => return Ok(Some(false)),
                    _ => complete = None,
                }
            }
        }
    }
    Ok(complete)
}

/// The JPEG file that a strip or tile is: the tables that all of them share, and its data.
fn jpeg_part(picture: &Picture, data: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let tables = picture.jpeg_tables.unwrap_or_default();
    let tables = tables.strip_suffix(b"\xff\xd9").unwrap_or(tables);
    foresee(tables.len() + data.len())?;
    let mut file = super::reserve(tables.len() + data.len())?;
    file.extend_from_slice(tables);
    file.extend_from_slice(data);
    Ok(file)
}

pub(super) fn decode(
    file: &[u8],
    limits: Limits,
    watch: &Watch,
    workspace: &mut Workspace,
    rows: &mut dyn Rows,
) -> Result<Orientation, DecodeError> {
    let directory = Directory::of(file)?;
    let picture = Picture::of(&directory)?;
    let (width, height) = limits.admit(picture.width as u64, picture.height as u64)?;
    admit_width(Format::Tiff, width)?;
    if picture.compression == Compression::OldJpeg {
        let whole = picture.old_jpeg(file, &directory)?;
        jpeg::decode(whole, limits, watch, workspace, rows)?;
        return Ok(picture.orientation);
    }
    // A tile may be larger than the picture, but not than one may be.
    limits.admit(picture.chunk.0 as u64, picture.chunk.1 as u64)?;
    let mut band = Band::of(&picture, limits, workspace)?;
    rows.begin(picture.shape());
    for down in 0..picture.chunks_down() {
        let left = height - down * picture.chunk.1;
        for plane in 0..picture.planes() {
            for across in 0..picture.chunks_across() {
                let data = picture.chunk_data(file, plane, down, across)?;
                band.read(data, plane, across, left, watch)?;
                if watch.ask() {
                    return Err(DecodeError::Interrupted);
                }
            }
        }
        for y in 0..left.min(picture.chunk.1) {
            rows.row(band.row(y));
            if watch.ask() {
                return Err(DecodeError::Interrupted);
            }
        }
    }
    Ok(picture.orientation)
}

/// The strips or tiles that lie side by side, as samples of 8 bits.
struct Band<'a> {
    picture: &'a Picture<'a>,
    limits: Limits,
    workspace: &'a mut Workspace,
    /// A strip or tile, unpacked.
    chunk: Vec<u8>,
    /// All of them, and how many samples of a pixel are kept.
    samples: Vec<u8>,
    kept: usize,
    /// A row as it is handed over.
    row: Vec<u8>,
    sorted: Vec<u8>,
}

impl<'a> Band<'a> {
    fn of(
        picture: &'a Picture<'a>,
        limits: Limits,
        workspace: &'a mut Workspace,
    ) -> Result<Self, DecodeError> {
        let kept = picture.kept();
        let height = picture.chunk.1.min(picture.height);
        let layout = picture.layout();
        let (chunk_len, samples_len) = (picture.chunk_len(), picture.width * height * kept);
        let rows_len = picture.shape().row_len() + 2 * layout.row_len(picture.chunk.0);
        foresee(chunk_len + samples_len + rows_len)?;
        Ok(Band {
            picture,
            limits,
            workspace,
            chunk: allocate(chunk_len)?,
            samples: allocate(samples_len)?,
            kept,
            row: allocate(picture.shape().row_len())?,
            sorted: super::reserve(layout.row_len(picture.chunk.0))?,
        })
    }

    /// Reads a strip or tile of a plane, of which `left` rows belong to the picture.
    fn read(
        &mut self,
        data: &[u8],
        plane: usize,
        across: usize,
        left: usize,
        watch: &Watch,
    ) -> Result<(), DecodeError> {
        let picture = self.picture;
        let (width, height) = (picture.chunk.0, picture.chunk.1.min(left));
        let mut layout = picture.layout();
        if picture.compression == Compression::Jpeg {
            layout = Layout { bits: 8, kind: Kind::Unsigned, ..layout };
            let columns = width.min(picture.width - across * width);
            self.read_jpeg(data, columns, height, watch)?;
            return self.spread(None, layout, plane, across, height, watch);
        }
        let reversed;
        let data = if picture.bits_reversed {
            foresee(data.len())?;
            reversed = compression::reversed(data)?;
            &reversed
        } else {
            data
        };
        // A strip at the end has the rows that are left, and a tile has all.
        let rows = if picture.tiled { picture.chunk.1 } else { height };
        let length = picture.rows_len(rows);
        if picture.compression == Compression::None && !picture.has_chroma() {
            let data = data.get(..length).ok_or(DecodeError::of_codec(Format::Tiff, true))?;
            return self.spread(Some(data), layout, plane, across, height, watch);
        }
        let chunk = &mut self.chunk[..length];
        if picture.compression == Compression::None {
            let data = data.get(..length).ok_or(DecodeError::of_codec(Format::Tiff, true))?;
            chunk.copy_from_slice(data);
        } else {
            compression::unpack(picture.compression, data, width, chunk, watch)?;
        }
        if picture.has_chroma() {
            return self.spread_chroma(across, height, watch);
        }
        if picture.compression.has_predictor() && picture.predictor != 1 {
            for row in chunk.chunks_exact_mut(layout.row_len(width)) {
                if watch.ask() {
                    return Err(DecodeError::Interrupted);
                }
                match picture.predictor {
                    2 => samples::add_up(row, layout),
                    _ => samples::add_up_floats(row, layout, &mut self.sorted),
                }
            }
        }
        self.spread(None, layout, plane, across, height, watch)
    }

    /// Reads a strip or tile that is a JPEG file, less the tables that all of them share:
    /// at least as many columns and rows as belong to the picture.
    fn read_jpeg(
        &mut self,
        data: &[u8],
        columns: usize,
        height: usize,
        watch: &Watch,
    ) -> Result<(), DecodeError> {
        let picture = self.picture;
        let file = jpeg_part(picture, data)?;
        let colours = match (picture.planes(), picture.samples, picture.colours) {
            (1, 3, Colours::YCbCr) => JpegColours::YCbCr,
            (1, 3, _) => JpegColours::Rgb,
            (1, 4, Colours::Cmyk) => JpegColours::Cmyk,
            (_, 1, _) | (2.., _, _) => JpegColours::Grey,
            _ => return Err(DecodeError::not_supported(Format::Tiff, "JPEG with clear pixels")),
        };
        let whole_units = |side: usize| side.next_multiple_of(32) as u64;
        let most = whole_units(picture.chunk.0) * whole_units(picture.chunk.1);
        let limits = Limits { max_pixels: most.min(self.limits.max_pixels), ..self.limits };
        let samples = if picture.planes() > 1 { 1 } else { picture.unpacked() };
        let mut rows = Pasted {
            chunk: &mut self.chunk,
            row_len: picture.chunk.0 * samples,
            samples,
            given: None,
            rows: 0,
        };
        let decoded =
            jpeg::decode_as(&file, Some(colours), limits, watch, self.workspace, &mut rows);
        decoded.map_err(|error| match error {
            DecodeError::Broken { reason, .. } => DecodeError::broken(Format::Tiff, reason),
            DecodeError::NotSupported { reason, .. } => {
                DecodeError::not_supported(Format::Tiff, reason)
            }
            DecodeError::TooLarge { .. } => {
                DecodeError::broken(Format::Tiff, "a part of it is larger than it says")
            }
            other => other,
        })?;
        let fits = rows.rows >= height
            && rows
                .given
                .is_some_and(|given| given.width >= columns && given.channels.count() == samples);
        let reason = "a part of it is smaller than it says";
        if fits { Ok(()) } else { Err(DecodeError::broken(Format::Tiff, reason)) }
    }

    /// Takes the samples of a chunk to their places: of `data`, or else of what was unpacked.
    fn spread(
        &mut self,
        data: Option<&[u8]>,
        layout: Layout,
        plane: usize,
        across: usize,
        height: usize,
        watch: &Watch,
    ) -> Result<(), DecodeError> {
        let picture = self.picture;
        let places = picture.places(plane);
        let (chunk_width, width, kept) = (picture.chunk.0, picture.width, self.kept);
        let left = across * chunk_width;
        let columns = chunk_width.min(width - left);
        let as_jpeg = picture.compression == Compression::Jpeg && picture.planes() == 1;
        let samples = if as_jpeg { picture.unpacked() } else { layout.samples };
        let layout = Layout { samples, ..layout };
        let chunk = data.unwrap_or(&self.chunk);
        let lines = chunk.chunks_exact(layout.row_len(chunk_width)).take(height);
        for (y, line) in lines.enumerate() {
            if watch.ask() {
                return Err(DecodeError::Interrupted);
            }
            let out = &mut self.samples[(y * width + left) * kept..][..columns * kept];
            if layout.bits == 8 && layout.kind == Kind::Unsigned && layout.samples == kept {
                out.copy_from_slice(&line[..out.len()]);
                continue;
            }
            for (x, pixel) in out.chunks_exact_mut(kept).enumerate() {
                for &(sample, place) in places.iter().flatten() {
                    if layout.is_beyond(line, x, sample) {
                        let reason = "its samples are not from 0 to 1: measurements, not light";
                        return Err(DecodeError::not_supported(Format::Tiff, reason));
                    }
                    pixel[place] = layout.get(line, x, sample);
                }
            }
        }
        Ok(())
    }

    /// The same of a chunk whose chroma has fewer samples than its luma: units of some luma
    /// samples and one of each chroma.
    fn spread_chroma(
        &mut self,
        across: usize,
        height: usize,
        watch: &Watch,
    ) -> Result<(), DecodeError> {
        let picture = self.picture;
        let (h, v) = picture.subsampling;
        let (width, left) = (picture.width, across * picture.chunk.0);
        let columns = picture.chunk.0.min(width - left);
        let unit = h * v + 2;
        let units_across = picture.chunk.0.div_ceil(h);
        for y in 0..height {
            if watch.ask() {
                return Err(DecodeError::Interrupted);
            }
            for x in 0..columns {
                let at = (y / v * units_across + x / h) * unit;
                let luma = at + y % v * h + x % h;
                let out = &mut self.samples[(y * width + left + x) * self.kept..][..self.kept];
                out.copy_from_slice(&[
                    self.chunk[luma],
                    self.chunk[at + unit - 2],
                    self.chunk[at + unit - 1],
                ]);
            }
        }
        Ok(())
    }

    /// Row `y` of the band, in light.
    fn row(&mut self, y: usize) -> &[u8] {
        let length = self.picture.width * self.kept;
        let samples = &self.samples[y * length..][..length];
        self.picture.light(samples, self.kept, &mut self.row);
        &self.row
    }
}

/// Rows of a JPEG file, put in a chunk.
struct Pasted<'a> {
    chunk: &'a mut [u8],
    row_len: usize,
    samples: usize,
    given: Option<Shape>,
    rows: usize,
}

impl Rows for Pasted<'_> {
    fn begin(&mut self, shape: Shape) {
        self.given = Some(shape);
    }

    fn row(&mut self, samples: &[u8]) {
        let at = self.rows * self.row_len;
        self.rows += 1;
        if self.given.is_some_and(|given| given.channels.count() == self.samples)
            && let Some(row) = self.chunk.get_mut(at..at + self.row_len)
        {
            let length = samples.len().min(row.len());
            row[..length].copy_from_slice(&samples[..length]);
        }
    }
}
