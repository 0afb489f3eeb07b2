//! JPEG, by the `zune-jpeg` crate; what that does not read right, by `uncommon`.

mod bits;
mod grid;
mod header;
mod plain;
mod plane;
mod segments;
mod standard_tables;
mod uncommon;

pub(super) use header::Colours;

use super::{
    DecodeError, Format, Info, Limits, Watch, Watched, Workspace, allocate, foresee, hand_over,
};
use crate::picture::orientation::Orientation;
use crate::picture::{Channels, Rows, Shape};
use header::Header;
use segments::marker;
use uncommon::Want;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

/// What a JPEG header can hold.
const LONGEST_SIDE: usize = 65_535;

/// What a header read takes for a byte of the file: components of three, and tables.
const HEADER: usize = 24;

pub(super) fn decode(
    file: &[u8],
    limits: Limits,
    watch: &Watch,
    workspace: &mut Workspace,
    rows: &mut dyn Rows,
) -> Result<Orientation, DecodeError> {
    decode_as(file, None, limits, watch, workspace, rows)
}

/// The same, where somebody knows from elsewhere what the colours are: a TIFF file.
pub(super) fn decode_as(
    file: &[u8],
    colours: Option<Colours>,
    limits: Limits,
    watch: &Watch,
    workspace: &mut Workspace,
    rows: &mut dyn Rows,
) -> Result<Orientation, DecodeError> {
    foresee(HEADER * file.len().min(1 << 16))?;
    let (header, scan) = Header::read(file)?;
    header.check_kind()?;
    let known = colours.is_some();
    let colours = match colours {
        Some(colours) if colours.count() == header.components.len() => colours,
        _ => header.colours()?,
    };
    limits.admit(header.width as u64, header.height as u64)?;
    let orientation = header.orientation;
    // Who knows the colours from elsewhere knows of inks, too.
    let inverted = header.adobe() || !known;
    if is_common(&header, scan) && !uncommon::restarts_are_out_of_order(&header, scan) {
        match Decoded::of(file, &header, colours, scan, watch, workspace) {
            Ok(decoded) => {
                decoded.hand_over(inverted, watch, workspace, rows)?;
                return Ok(orientation);
            }
            // It ends early, or is damaged.
            Err(DecodeError::Broken { .. }) if !watch.stopped() => {}
            Err(error) => return Err(error),
        }
    }
    hand_over_planes(header, colours, inverted, scan, watch, rows)?;
    Ok(orientation)
}

/// What the header of `file` says.
pub(super) fn info(file: &[u8]) -> Result<Info, DecodeError> {
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

/// Whether a file's data go on to its picture's end.
///
/// # Errors
/// Where it is of a kind that is not read, or too large.
pub(super) fn is_complete(file: &[u8], limits: Limits, watch: &Watch) -> Result<bool, DecodeError> {
    foresee(HEADER * file.len().min(1 << 16))?;
    let (header, scan) = Header::read(file)?;
    header.check_kind()?;
    header.colours()?;
    limits.admit(header.width as u64, header.height as u64)?;
    foresee(uncommon::bytes(&header, Want::Presence))?;
    Ok(uncommon::decode(header, scan, Want::Presence, watch)?.complete)
}

/// Whether `zune-jpeg` reads such files right: samplings as cameras and programs write
/// them, and scans as they do. Of others it makes noise, as 0.5.15 does of components of
/// different heights in scans of their own, or refuses them.
fn is_common(header: &Header, scan: &[u8]) -> bool {
    let samplings = header.components.iter().map(|component| (component.across, component.down));
    let common = matches!(
        samplings.collect::<Vec<_>>()[..],
        [_] | [(1 | 2, 1 | 2), (1, 1), (1, 1)] | [(1, 1), (1, 1), (1, 1), (1, 1)]
    );
    // Of one or two chroma samples side by side libjpeg makes no slopes, and zune-jpeg does.
    let narrow = header.width <= 4 && header.components.iter().any(|c| c.across > 1);
    let scans = header.one_scan()
        || !header.sequential() && header.restart_interval == 0 && has_second_scan(scan);
    common && scans && !narrow
}

/// Whether there is a scan behind the first.
fn has_second_scan(scan: &[u8]) -> bool {
    let mut rest = &scan[segments::scan_length(scan, true)..];
    while let Some(segment) = segments::next(rest) {
        match segment.marker {
            marker::START_OF_SCAN => return true,
            marker::END_OF_IMAGE => return false,
            _ => rest = segment.rest,
        }
    }
    false
}

/// Reads a picture's components, and hands over its rows.
fn hand_over_planes(
    header: Header,
    colours: Colours,
    inverted: bool,
    scan: &[u8],
    watch: &Watch,
    rows: &mut dyn Rows,
) -> Result<(), DecodeError> {
    let (width, height) = (header.width, header.height);
    foresee(uncommon::bytes(&header, Want::Samples) + 8 * width)?;
    let planes = uncommon::decode(header, scan, Want::Samples, watch)?.planes;
    let channels = if colours == Colours::Grey { Channels::Grey } else { Channels::Rgb };
    let shape = Shape { width, height, channels };
    let mut row = allocate(shape.row_len())?;
    let mut samples = allocate(MOST_COMPONENTS * width)?;
    rows.begin(shape);
    for y in 0..height {
        for (plane, samples) in planes.iter().zip(samples.chunks_exact_mut(width)) {
            plane.row(y, samples);
        }
        let sample = |plane: usize, x| samples[plane * width + x];
        for (x, pixel) in row.chunks_exact_mut(channels.count()).enumerate() {
            match (colours, pixel) {
                (Colours::YCbCr | Colours::Ycck, [r, g, b]) => {
                    let rgb = light_of_chroma([0, 1, 2].map(|plane| sample(plane, x)));
                    [*r, *g, *b] = match colours {
                        Colours::YCbCr => rgb,
                        _ => {
                            let [c, m, y] = rgb.map(|light| 255 - light);
                            light_of_ink([c, m, y, sample(3, x)], inverted)
                        }
                    };
                }
                (Colours::Cmyk, [r, g, b]) => {
                    let inks = [0, 1, 2, 3].map(|plane| sample(plane, x));
                    [*r, *g, *b] = light_of_ink(inks, inverted);
                }
                (_, samples) => {
                    for (plane, out) in samples.iter_mut().enumerate() {
                        *out = sample(plane, x);
                    }
                }
            }
        }
        rows.row(&row);
        if watch.ask() {
            return Err(DecodeError::Interrupted);
        }
    }
    Ok(())
}

/// A decoded picture in memory.
struct Decoded {
    width: usize,
    height: usize,
    /// Grey, RGB or CMYK: 1, 3 or 4 samples a pixel.
    samples: Vec<u8>,
}

impl Decoded {
    fn of(
        file: &[u8],
        header: &Header,
        colours: Colours,
        scan: &[u8],
        watch: &Watch,
        workspace: &mut Workspace,
    ) -> Result<Self, DecodeError> {
        let (width, height) = (header.width, header.height);
        let pixels = width * height;
        let (space, channels) = match colours {
            Colours::Grey => (ColorSpace::Luma, 1),
            Colours::Cmyk => (ColorSpace::CMYK, 4),
            Colours::YCbCr | Colours::Rgb | Colours::Ycck => (ColorSpace::RGB, 3),
        };
        // A file of several scans makes the codec keep two bytes for each
        // coefficient; any makes it keep some rows.
        let kept =
            if header.one_scan() { 0 } else { MOST_COMPONENTS * padded(width) * padded(height) };
        let rows = BYTES_A_COLUMN * padded(width);
        workspace.foresee(pixels * channels, 2 * kept + rows + METADATA * file.len())?;

        let plain = plain::plain(file, header, colours, scan)?;
        let options = DecoderOptions::default()
            // Where something is missing it is to say so.
            .set_strict_mode(true)
            .set_max_width(LONGEST_SIDE)
            .set_max_height(LONGEST_SIDE)
            .jpeg_set_out_colorspace(space);
        let mut decoder = JpegDecoder::new_with_options(Watched::new(&plain, watch), options);
        let mut samples = workspace.take(pixels * channels)?;
        decoder.decode_into(&mut samples).map_err(verdict)?;
        Ok(Decoded { width, height, samples })
    }

    fn channels(&self) -> usize {
        self.samples.len() / (self.width * self.height)
    }

    fn hand_over(
        self,
        inverted: bool,
        watch: &Watch,
        workspace: &mut Workspace,
        rows: &mut dyn Rows,
    ) -> Result<(), DecodeError> {
        let shape = |channels| Shape { width: self.width, height: self.height, channels };
        match self.channels() {
            1 => hand_over(&self.samples, shape(Channels::Grey), watch, rows),
            3 => hand_over(&self.samples, shape(Channels::Rgb), watch, rows),
            _ => {
                let mut row = allocate(3 * self.width)?;
                rows.begin(shape(Channels::Rgb));
                for inks in self.samples.chunks_exact(4 * self.width) {
                    light_of_inks(inks, inverted, &mut row);
                    rows.row(&row);
                }
            }
        }
        workspace.put(self.samples);
        Ok(())
    }
}

/// What the codec's error means to a user.
fn verdict(error: DecodeErrors) -> DecodeError {
    let ended = matches!(error, DecodeErrors::ExhaustedData | DecodeErrors::IoErrors(_));
    DecodeError::of_codec(Format::Jpeg, ended)
}

/// What a frame can have at most.
const MOST_COMPONENTS: usize = 4;
/// Rows of units and of upsampled samples, two bytes each, of all components.
const BYTES_A_COLUMN: usize = 1024;
/// What is taken for a byte of the file: a plain copy, and what the codec keeps of tables.
const METADATA: usize = 6;

/// A side, rounded up to whole units of any size.
fn padded(side: usize) -> usize {
    side.next_multiple_of(32)
}

/// Inks to light, pixel by pixel: `(255 − ink)·(255 − black)/255` in integers,
/// as libgd does. JPEG files have `255 − ink`, as Adobe began to store it.
fn light_of_inks(inks: &[u8], inverted: bool, rgb: &mut [u8]) {
    for (out, &inks) in rgb.as_chunks_mut().0.iter_mut().zip(inks.as_chunks().0) {
        *out = light_of_ink(inks, inverted);
    }
}

/// Of one pixel.
pub(super) fn light_of_ink([c, m, y, k]: [u8; 4], inverted: bool) -> [u8; 3] {
    let light = |value: u8| u32::from(if inverted { value } else { 255 - value });
    [c, m, y].map(|ink| (light(ink) * light(k) / 255) as u8)
}

/// Luma and chroma to light, as JFIF defines them.
pub(super) fn light_of_chroma([y, cb, cr]: [u8; 3]) -> [u8; 3] {
    let (y, cb, cr) = (f32::from(y), f32::from(cb) - 128.0, f32::from(cr) - 128.0);
    let colours = [y + 1.402 * cr, y - 0.344_136 * cb - 0.714_136 * cr, y + 1.772 * cb];
    colours.map(|colour| (colour + 0.5) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::fixture::fixture;

    #[test]
    fn inks_are_stored_inverted_or_not() {
        let mut rgb = [0; 3];
        light_of_inks(&[0, 128, 255, 51], true, &mut rgb);
        assert_eq!(rgb, [0, 25, 51]);
        light_of_inks(&[0, 128, 255, 51], false, &mut rgb);
        assert_eq!(rgb, [204, 101, 0]);
    }

    /// The sum of all samples.
    struct Light(u64);

    impl Rows for Light {
        fn begin(&mut self, _: Shape) {}

        fn row(&mut self, samples: &[u8]) {
            self.0 += samples.iter().map(|&sample| u64::from(sample)).sum::<u64>();
        }
    }

    #[test]
    fn a_cmyk_file_is_the_same_without_adobes_marker() {
        let file = fixture("images/cmyk.jpg");
        let marker = file.windows(7).position(|w| w == b"\xff\xee\0\x0eAdo").expect("Adobe");
        let plain = [&file[..marker], &file[marker + 16..]].concat();
        let light = |file: &[u8], colours| {
            let mut light = Light(0);
            let (watch, workspace) = (Watch::new(|| false), &mut Workspace::default());
            decode_as(file, colours, Limits::of(1 << 20), &watch, workspace, &mut light)
                .expect("decodes");
            light.0
        };
        assert_eq!(light(&file, None), light(&plain, None));
        // In a TIFF file inks are inks: this picture, which has much light, is dark.
        assert!(light(&plain, None) > 2 * light(&plain, Some(Colours::Cmyk)));
    }
}
