//! What a TIFF's directory says of its first picture: how it lies in the file, and what
//! its samples mean.

use super::super::jpeg::{light_of_chroma, light_of_ink};
use super::super::{DecodeError, Format};
use super::compression::Compression;
use super::directory::{Directory, Numbers};
use super::samples::{Kind, Layout};
use crate::picture::orientation::Orientation;
use crate::picture::{Channels, Shape};

mod tag {
    pub const WIDTH: u16 = 256;
    pub const HEIGHT: u16 = 257;
    pub const BITS: u16 = 258;
    pub const COMPRESSION: u16 = 259;
    pub const COLOURS: u16 = 262;
    pub const ORDER_OF_BITS: u16 = 266;
    pub const STRIP_OFFSETS: u16 = 273;
    pub const ORIENTATION: u16 = 274;
    pub const SAMPLES: u16 = 277;
    pub const ROWS_A_STRIP: u16 = 278;
    pub const STRIP_LENGTHS: u16 = 279;
    pub const PLANES: u16 = 284;
    pub const GROUP_3_OPTIONS: u16 = 292;
    pub const PREDICTOR: u16 = 317;
    pub const PALETTE: u16 = 320;
    pub const TILE_WIDTH: u16 = 322;
    pub const TILE_HEIGHT: u16 = 323;
    pub const TILE_OFFSETS: u16 = 324;
    pub const TILE_LENGTHS: u16 = 325;
    pub const EXTRA_SAMPLES: u16 = 338;
    pub const SAMPLE_FORMAT: u16 = 339;
    pub const JPEG_TABLES: u16 = 347;
    pub const OLD_JPEG: u16 = 513;
    pub const SUBSAMPLING: u16 = 530;
}

/// Most bits of a pixel: of four floats.
const MOST_BITS: usize = 128;

/// What the samples are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colours {
    /// Grey; whether 0 is white.
    Grey(bool),
    Rgb,
    Palette,
    Cmyk,
    YCbCr,
    Lab,
}

impl Colours {
    fn count(self) -> usize {
        match self {
            Colours::Grey(_) | Colours::Palette => 1,
            Colours::Rgb | Colours::YCbCr | Colours::Lab => 3,
            Colours::Cmyk => 4,
        }
    }
}

/// An alpha among the samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Alpha {
    place: usize,
    /// Whether colours are multiplied by it already.
    multiplied: bool,
}

pub(super) struct Picture<'a> {
    pub width: usize,
    pub height: usize,
    pub bits: usize,
    kind: Kind,
    big_endian: bool,
    /// Samples of a pixel, whatever they are.
    pub samples: usize,
    separate: bool,
    pub colours: Colours,
    pub alpha: Option<Alpha>,
    pub orientation: Orientation,
    pub compression: Compression,
    pub bits_reversed: bool,
    pub predictor: u64,
    pub tiled: bool,
    /// Width and height of a strip or tile.
    pub chunk: (usize, usize),
    offsets: Option<Numbers<'a>>,
    lengths: Option<Numbers<'a>>,
    palette: Option<Numbers<'a>>,
    /// What the palette's numbers of 16 bits have below their 8. Some programs write 8.
    palette_shift: u32,
    pub jpeg_tables: Option<&'a [u8]>,
    pub subsampling: (usize, usize),
}

impl<'a> Picture<'a> {
    pub fn of(directory: &Directory<'a>) -> Result<Self, DecodeError> {
        let broken = |reason| DecodeError::broken(Format::Tiff, reason);
        let not_supported = |reason| DecodeError::not_supported(Format::Tiff, reason);
        let size = |tag| -> Result<Option<usize>, DecodeError> {
            Ok(directory.number(tag)?.map(|size| usize::try_from(size).unwrap_or(usize::MAX)))
        };

        let (Some(width), Some(height)) = (size(tag::WIDTH)?, size(tag::HEIGHT)?) else {
            return Err(broken("it does not say how large it is"));
        };
        if width == 0 || height == 0 {
            return Err(DecodeError::NoPixels);
        }
        let samples = size(tag::SAMPLES)?.unwrap_or(1);
        let widths = directory.numbers(tag::BITS)?;
        let bits = widths.and_then(|widths| widths.get(0)).unwrap_or(1) as usize;
        if !matches!(bits, 1..=16 | 32 | 64) || samples == 0 {
            return Err(not_supported("its samples have a number of bits that is not read"));
        }
        if widths
            .is_some_and(|widths| widths.iter().take(samples).any(|width| width != bits as u64))
        {
            return Err(not_supported("its samples have different numbers of bits"));
        }
        if samples > MOST_BITS || samples * bits > MOST_BITS {
            return Err(not_supported("its pixels have too many samples"));
        }
        let kind = match directory.number(tag::SAMPLE_FORMAT)? {
            Some(2) => {
                let reason = "its samples are signed numbers: measurements rather than light";
                return Err(not_supported(reason));
            }
            Some(3) if matches!(bits, 16 | 32 | 64) => Kind::Float,
            Some(3) => {
                return Err(not_supported("its floats have a number of bits that is not read"));
            }
            None | Some(1 | 4) if bits > 16 => {
                let reason = "its samples are whole numbers of more than 16 bits";
                return Err(not_supported(reason));
            }
            None | Some(1 | 4) => Kind::Unsigned,
            Some(_) => return Err(not_supported("its samples are complex numbers")),
        };
        let compression = Compression::of(
            directory.number(tag::COMPRESSION)?.unwrap_or(1),
            directory.number(tag::GROUP_3_OPTIONS)?.unwrap_or(0),
        )?;
        let colours = match directory.number(tag::COLOURS)? {
            Some(0) => Colours::Grey(true),
            // Faxes that do not say are black on white.
            None if matches!(compression, Compression::Fax(_)) => Colours::Grey(true),
            None if samples >= 3 => Colours::Rgb,
            None | Some(1 | 4) => Colours::Grey(false),
            Some(2) => Colours::Rgb,
            Some(3) => Colours::Palette,
            Some(5) => Colours::Cmyk,
            Some(6) => Colours::YCbCr,
            Some(8 | 9) if bits == 8 => Colours::Lab,
            Some(8..=10) => return Err(not_supported("its colours are those of CIE L*a*b*")),
            Some(32_803) => return Err(not_supported("it is the raw data of a camera's sensor")),
            Some(_) => {
                return Err(not_supported("its colours are of a kind that few programs know"));
            }
        };
        // A fax' or a YCbCr strip's layout has no other.
        if matches!(compression, Compression::Fax(_)) && samples * bits != 1 {
            return Err(broken("a fax has one bit a pixel"));
        }
        if samples < colours.count() {
            return Err(broken("it has fewer samples than colours"));
        }
        let extra = directory.numbers(tag::EXTRA_SAMPLES)?;
        let alpha = match (samples > colours.count(), extra) {
            (false, _) => None,
            (true, None) => Some(2).filter(|_| samples == colours.count() + 1),
            (true, Some(extra)) => extra.get(0).filter(|kind| matches!(kind, 1 | 2)),
        };
        let alpha = alpha.map(|kind| Alpha { place: colours.count(), multiplied: kind == 1 });
        let palette = directory.numbers(tag::PALETTE)?;
        if colours == Colours::Palette
            && (bits > 8 || palette.is_none_or(|palette| palette.len() < 3 << bits))
        {
            return Err(broken("it has no palette"));
        }

        let tile = (size(tag::TILE_WIDTH)?, size(tag::TILE_HEIGHT)?);
        let (tiled, chunk) = match tile {
            (Some(width), Some(height)) => (true, (width, height)),
            _ => (false, (width, size(tag::ROWS_A_STRIP)?.unwrap_or(height).min(height))),
        };
        if chunk.0 == 0 || chunk.1 == 0 {
            return Err(broken("its strips or tiles have no size"));
        }
        let says_rows = directory.number(tag::ROWS_A_STRIP)?.is_some();
        let numbers = |tag, other| -> Result<Option<Numbers<'a>>, DecodeError> {
            Ok(directory.numbers(tag)?.or(directory.numbers(other)?))
        };
        // Without lengths it can be read; so it can where they lie behind the file's end.
        let (offsets, lengths) = match tiled {
            true => (
                numbers(tag::TILE_OFFSETS, tag::STRIP_OFFSETS)?,
                numbers(tag::TILE_LENGTHS, tag::STRIP_LENGTHS).unwrap_or_default(),
            ),
            false => (
                numbers(tag::STRIP_OFFSETS, tag::TILE_OFFSETS)?,
                numbers(tag::STRIP_LENGTHS, tag::TILE_LENGTHS).unwrap_or_default(),
            ),
        };
        let predictor = directory.number(tag::PREDICTOR)?.unwrap_or(1);
        let fits = match predictor {
            1 => true,
            2 => matches!(bits, 8 | 16 | 32 | 64),
            3 => kind == Kind::Float,
            _ => false,
        };
        if compression.has_predictor() && !fits {
            return Err(not_supported("its rows are stored as differences of another kind"));
        }
        let mut subsampling = (1, 1);
        if colours == Colours::YCbCr {
            let numbers = directory.numbers(tag::SUBSAMPLING)?;
            let factor = |at| numbers.map_or(Some(2), |numbers| numbers.get(at));
            subsampling = match (factor(0), factor(1)) {
                (Some(h @ (1 | 2 | 4)), Some(v @ (1 | 2 | 4))) => (h as usize, v as usize),
                _ => return Err(broken("its chroma has no size")),
            };
        }
        let separate = directory.number(tag::PLANES)? == Some(2) && samples > 1;
        let mut picture = Picture {
            width,
            height,
            bits,
            kind,
            big_endian: directory.big_endian,
            samples,
            separate,
            colours,
            alpha,
            orientation: size(tag::ORIENTATION)?
                .and_then(|number| Orientation::from_exif(number.try_into().ok()?))
                .unwrap_or_default(),
            compression,
            bits_reversed: directory.number(tag::ORDER_OF_BITS)? == Some(2)
                && compression != Compression::Jpeg,
            predictor,
            tiled,
            chunk,
            offsets,
            lengths,
            palette,
            palette_shift: palette.map_or(0, |palette| {
                let narrow = palette.iter().take(3 << bits.min(8)).all(|number| number < 256);
                if narrow { 0 } else { 8 }
            }),
            jpeg_tables: directory.numbers(tag::JPEG_TABLES)?.map(|tables| tables.bytes()),
            subsampling,
        };
        let plain_chroma = bits == 8 && samples == 3 && !separate;
        if picture.has_chroma() && compression != Compression::Jpeg && !plain_chroma {
            return Err(not_supported("its chroma is stored in a way that few programs know"));
        }
        if compression == Compression::Jpeg && bits != 8 {
            return Err(not_supported("it is compressed by JPEG of other than 8 bits"));
        }
        if let (false, false, Some(rows)) = (tiled, says_rows, picture.rows_by_length()) {
            picture.chunk.1 = rows;
        }
        Ok(picture)
    }

    /// The rows of a strip, where a file does not say: of strips that are not compressed, by
    /// how long the first is, or how far it is to the second. It must be the length of whole
    /// rows, and make as many strips as there are. `None` for a single strip.
    fn rows_by_length(&self) -> Option<usize> {
        let offsets = self.offsets?;
        let planes = if self.separate { self.samples } else { 1 };
        let strips = offsets.len() / planes;
        if self.compression != Compression::None || self.has_chroma() || strips < 2 {
            return None;
        }
        let row = self.rows_len(1) as u64;
        let length = self.lengths.and_then(|lengths| lengths.get(0));
        let distance = offsets.get(1)?.checked_sub(offsets.get(0)?);
        [length, distance].into_iter().flatten().find_map(|length| {
            let rows = usize::try_from(length / row).ok().filter(|&rows| rows > 0)?;
            let fits = length.is_multiple_of(row) && self.height.div_ceil(rows) == strips;
            fits.then_some(rows)
        })
    }

    pub fn shape(&self) -> Shape {
        let channels = match (self.colours, self.alpha) {
            (Colours::Grey(_), None) => Channels::Grey,
            (Colours::Grey(_), Some(_)) => Channels::GreyAlpha,
            (_, None) => Channels::Rgb,
            (_, Some(_)) => Channels::Rgba,
        };
        Shape { width: self.width, height: self.height, channels }
    }

    /// Planes that are stored one behind the other: those that are needed.
    pub fn planes(&self) -> usize {
        if self.separate { self.kept() } else { 1 }
    }

    /// Samples of a pixel that are needed: its colours, and alpha.
    pub fn kept(&self) -> usize {
        self.unpacked() + usize::from(self.alpha.is_some())
    }

    /// Samples of its colours as they are unpacked: JPEG makes light of inks.
    pub fn unpacked(&self) -> usize {
        match (self.compression, self.colours, self.separate) {
            (Compression::Jpeg, Colours::Cmyk, false) => 3,
            _ => self.colours.count(),
        }
    }

    pub fn layout(&self) -> Layout {
        let samples = if self.separate { 1 } else { self.samples };
        Layout { bits: self.bits, kind: self.kind, big_endian: self.big_endian, samples }
    }

    /// Whether units of luma and chroma are stored, rather than pixels.
    pub fn has_chroma(&self) -> bool {
        self.colours == Colours::YCbCr && self.subsampling != (1, 1)
    }

    pub fn chunks_across(&self) -> usize {
        self.width.div_ceil(self.chunk.0)
    }

    pub fn chunks_down(&self) -> usize {
        self.height.div_ceil(self.chunk.1)
    }

    /// Bytes of a chunk, unpacked.
    pub fn chunk_len(&self) -> usize {
        match self.compression {
            Compression::Jpeg => self.chunk.0 * self.chunk.1 * self.layout().samples,
            // What is not compressed stays in the file.
            Compression::None if !self.has_chroma() => 0,
            _ => self.rows_len(self.chunk.1),
        }
    }

    /// Bytes of as many rows of a chunk.
    pub fn rows_len(&self, rows: usize) -> usize {
        if self.has_chroma() {
            let (h, v) = self.subsampling;
            return self.chunk.0.div_ceil(h) * rows.div_ceil(v) * (h * v + 2);
        }
        rows * self.layout().row_len(self.chunk.0)
    }

    /// The bytes of a chunk in the file.
    pub fn chunk_data<'f>(
        &self,
        file: &'f [u8],
        plane: usize,
        down: usize,
        across: usize,
    ) -> Result<&'f [u8], DecodeError> {
        let at = (plane * self.chunks_down() + down) * self.chunks_across() + across;
        let number = |numbers: Option<Numbers>| numbers.and_then(|numbers| numbers.get(at));
        let broken = || DecodeError::broken(Format::Tiff, "a part of its picture is missing");
        let offset = number(self.offsets).ok_or_else(broken)?;
        let data = usize::try_from(offset).ok().and_then(|at| file.get(at..)).ok_or_else(broken)?;
        // Some programs leave lengths out, or count wrong.
        let length = number(self.lengths).filter(|&length| length > 0);
        let length = length.and_then(|length| usize::try_from(length).ok());
        let part = length.and_then(|length| data.get(..length)).unwrap_or(data);
        // What is not compressed is as long as its rows are, whatever its length is said to
        // be, unless the next part begins before.
        if self.compression == Compression::None {
            let rows = if self.tiled { self.chunk.1 } else { self.rows_left(down) };
            let wanted = self.rows_len(rows);
            let next = self.offsets.and_then(|offsets| offsets.get(at + 1));
            let is_free = self.in_one_piece()
                || next.is_none_or(|next| next <= offset || next - offset >= wanted as u64);
            if part.len() < wanted && is_free {
                return Ok(data.get(..wanted).unwrap_or(part));
            }
        }
        Ok(part)
    }

    /// Whether the data of a chunk, as [`Self::chunk_data`] finds them, are as long as they
    /// should be; `None` where no length tells.
    pub fn is_whole(&self, data: &[u8], plane: usize, down: usize, across: usize) -> Option<bool> {
        if self.compression == Compression::None {
            let rows = if self.tiled { self.chunk.1 } else { self.rows_left(down) };
            return Some(data.len() >= self.rows_len(rows));
        }
        let at = (plane * self.chunks_down() + down) * self.chunks_across() + across;
        let length = self.lengths.and_then(|lengths| lengths.get(at)).filter(|&length| length > 0);
        length.map(|length| data.len() as u64 == length)
    }

    /// Whether strips of unknown rows follow each other, so that all are one.
    fn in_one_piece(&self) -> bool {
        let (Some(offsets), Some(lengths), 1, 1) =
            (self.offsets, self.lengths, self.chunks_down(), self.chunks_across())
        else {
            return false;
        };
        let ends = offsets.iter().zip(lengths.iter()).map(|(at, length)| at.checked_add(length));
        ends.zip(offsets.iter().skip(1)).all(|(end, next)| end == Some(next))
    }

    /// Rows of a strip that belong to the picture.
    fn rows_left(&self, down: usize) -> usize {
        self.chunk.1.min(self.height.saturating_sub(down * self.chunk.1))
    }

    /// The JPEG file that is the picture, in files of TIFF 6.0.
    pub fn old_jpeg<'f>(
        &self,
        file: &'f [u8],
        directory: &Directory,
    ) -> Result<&'f [u8], DecodeError> {
        let not_supported =
            || DecodeError::not_supported(Format::Tiff, "it is compressed by JPEG as of 1992");
        let offset = directory.number(tag::OLD_JPEG)?.or(self.offsets.and_then(|o| o.get(0)));
        let at = offset.and_then(|at| usize::try_from(at).ok());
        let whole = at.and_then(|at| file.get(at..)).ok_or_else(not_supported)?;
        if whole.starts_with(b"\xff\xd8") { Ok(whole) } else { Err(not_supported()) }
    }

    /// Which samples of a plane's pixel go where, among those kept.
    pub fn places(&self, plane: usize) -> [Option<(usize, usize)>; 5] {
        let mut places = [None; 5];
        if self.separate {
            places[0] = Some((0, plane));
        } else {
            for (place, slot) in places.iter_mut().enumerate().take(self.kept()) {
                *slot = Some((place, place));
            }
        }
        places
    }

    /// Makes light of a row of samples, `kept` a pixel.
    pub fn light(&self, samples: &[u8], kept: usize, row: &mut [u8]) {
        let most = self.layout().most();
        let full = |sample: u8| (u16::from(sample) * 255 / u16::from(most)) as u8;
        let colours = self.shape().channels.count() - usize::from(self.alpha.is_some());
        let jpeg = self.compression == Compression::Jpeg && !self.separate;
        for (out, sample) in
            row.chunks_exact_mut(self.shape().channels.count()).zip(samples.chunks_exact(kept))
        {
            match (self.colours, sample) {
                (Colours::Grey(white_is_zero), &[grey, ..]) => {
                    out[0] = if white_is_zero { 255 - full(grey) } else { full(grey) };
                }
                (Colours::Palette, &[index, ..]) => {
                    out[..3].copy_from_slice(&self.colour(index.into()));
                }
                (Colours::Cmyk, &[c, m, y, k, ..]) if !jpeg => {
                    let rgb = light_of_ink([c, m, y, k].map(full), false);
                    out[..3].copy_from_slice(&rgb);
                }
                (Colours::YCbCr, &[y, cb, cr, ..]) if !jpeg => {
                    out[..3].copy_from_slice(&light_of_chroma([y, cb, cr]));
                }
                (Colours::Lab, &[l, a, b, ..]) => {
                    out[..3].copy_from_slice(&light_of_lab([l, a, b]));
                }
                _ => {
                    for (out, &sample) in out.iter_mut().zip(sample).take(colours) {
                        *out = full(sample);
                    }
                }
            }
            if let (Some(alpha), [.., opacity]) = (self.alpha, &mut *out) {
                *opacity = sample.last().map_or(255, |&sample| full(sample));
                let opacity = u16::from(*opacity);
                if alpha.multiplied && opacity > 0 {
                    for colour in &mut out[..colours] {
                        *colour =
                            ((u16::from(*colour) * 255 + opacity / 2) / opacity).min(255) as u8;
                    }
                }
            }
        }
    }

    /// A colour of the palette.
    fn colour(&self, index: usize) -> [u8; 3] {
        let Some(palette) = self.palette else { return [0; 3] };
        [0, 1, 2].map(|colour| {
            let number = palette.get(colour << self.bits | index).unwrap_or(0);
            (number >> self.palette_shift) as u8
        })
    }
}

/// CIE L*a*b* of 8 bits to sRGB, for the white of D50 as printers have it.
fn light_of_lab([l, a, b]: [u8; 3]) -> [u8; 3] {
    let lightness = f32::from(l) * 100.0 / 255.0;
    let y = (lightness + 16.0) / 116.0;
    let (x, z) = (y + f32::from(a as i8) / 500.0, y - f32::from(b as i8) / 200.0);
    let cube = |t: f32| if t > 6.0 / 29.0 { t * t * t } else { (t - 4.0 / 29.0) * 108.0 / 841.0 };
    let (x, y, z) = (0.9642 * cube(x), cube(y), 0.8249 * cube(z));
    // D50 to sRGB, with Bradford's adaptation.
    let linear = [
        3.1339 * x - 1.6169 * y - 0.4906 * z,
        -0.9788 * x + 1.9161 * y + 0.0335 * z,
        0.0719 * x - 0.2290 * y + 1.4052 * z,
    ];
    linear.map(|light| {
        let light = light.clamp(0.0, 1.0);
        let curved = match light {
            ..=0.003_130_8 => 12.92 * light,
            _ => 1.055 * light.powf(1.0 / 2.4) - 0.055,
        };
        (curved * 255.0 + 0.5) as u8
    })
}
