//! JPEG, by the `zune-jpeg` crate; what that does not read right, by `jpeg_uncommon`.

use super::jpeg_extent::{self, Extent};
use super::jpeg_header::{Colours, Component, Header};
use super::jpeg_plain::{self, LONGEST_UNIT};
use super::jpeg_uncommon::{self, Plane};
use super::{DecodeError, Format, Limits, Watch, Watched, Workspace, allocate, foresee, hand_over};
use crate::picture::orientation::Orientation;
use crate::picture::{Channels, Rows, Shape};
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
    let colours = match colours {
        Some(colours) if colours.count() == header.components.len() => colours,
        _ => header.colours()?,
    };
    limits.admit(header.width as u64, header.height as u64)?;
    let orientation = header.orientation;
    if is_common(&header) && !jpeg_uncommon::restarts_are_out_of_order(&header, scan) {
        let adobe = header.adobe();
        match Decoded::of(file, &header, colours, scan, watch, workspace) {
            Ok(decoded) => decoded.hand_over(adobe, watch, workspace, rows)?,
            // Damage ends at the next restart marker, from which libjpeg goes on.
            Err(DecodeError::Broken { .. }) if has_restarts(&header) => {
                hand_over_planes(header, colours, scan, watch, rows)?;
            }
            Err(error) => return Err(error),
        }
    } else if header.sequential() {
        hand_over_planes(header, colours, scan, watch, rows)?;
    } else {
        let reason = "its colours are stored at sizes that are not supported";
        return Err(DecodeError::not_supported(Format::Jpeg, reason));
    }
    Ok(orientation)
}

/// Whether a file that is damaged in one place may be whole behind it.
fn has_restarts(header: &Header) -> bool {
    header.restart_interval > 0 && header.sequential() && header.one_scan()
}

/// Whether `zune-jpeg` reads such files right: samplings as cameras and programs write
/// them. Of others it makes noise, as 0.5.15 does of components of different heights in
/// scans of their own.
fn is_common(header: &Header) -> bool {
    let samplings = header.components.iter().map(|component| (component.across, component.down));
    let common = matches!(
        samplings.collect::<Vec<_>>()[..],
        [_] | [(1 | 2, 1 | 2), (1, 1), (1, 1)] | [(1, 1), (1, 1), (1, 1), (1, 1)]
    );
    let in_parts = header.sequential() && !header.one_scan();
    // Of one or two chroma samples side by side libjpeg makes no slopes, and zune-jpeg does.
    let narrow = header.sequential() && header.width <= 4;
    let any = |is: fn(&Component) -> bool| header.components.iter().any(is);
    common && !(in_parts && any(|c| c.down > 1) || narrow && any(|c| c.across > 1))
}

/// Reads a picture's components, and hands over its rows.
fn hand_over_planes(
    header: Header,
    colours: Colours,
    scan: &[u8],
    watch: &Watch,
    rows: &mut dyn Rows,
) -> Result<(), DecodeError> {
    let (width, height, adobe) = (header.width, header.height, header.adobe());
    foresee(Plane::bytes(&header) + 4 * width)?;
    let planes = jpeg_uncommon::decode(header, scan, watch)?;
    let channels = if colours == Colours::Grey { Channels::Grey } else { Channels::Rgb };
    let shape = Shape { width, height, channels };
    let mut row = allocate(shape.row_len())?;
    rows.begin(shape);
    for y in 0..height {
        let sample = |plane: usize, x| planes.get(plane).map_or(0, |plane| plane.at(x, y));
        for (x, pixel) in row.chunks_exact_mut(channels.count()).enumerate() {
            match (colours, pixel) {
                (Colours::YCbCr | Colours::Ycck, [r, g, b]) => {
                    let rgb = light_of_chroma([0, 1, 2].map(|plane| sample(plane, x)));
                    [*r, *g, *b] = match colours {
                        Colours::YCbCr => rgb,
                        _ => {
                            let [c, m, y] = rgb.map(|light| 255 - light);
                            light_of_ink([c, m, y, sample(3, x)], adobe)
                        }
                    };
                }
                (Colours::Cmyk, [r, g, b]) => {
                    let inks = [0, 1, 2, 3].map(|plane| sample(plane, x));
                    [*r, *g, *b] = light_of_ink(inks, adobe);
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

        let mut plain = jpeg_plain::plain(file, header, colours, scan)?;
        let extent = jpeg_extent::of_truncated(header, scan);
        if extent.is_some() {
            // As libjpeg does: the unit in which the data ends goes on in zero
            // bits, the units behind it are mid grey.
            plain.resize(plain.len() + LONGEST_UNIT, 0);
        }
        let options = DecoderOptions::default()
            // Where it would go on with grey to the end, it is to say so.
            .set_strict_mode(extent.is_none() && has_restarts(header))
            .set_max_width(LONGEST_SIDE)
            .set_max_height(LONGEST_SIDE)
            .jpeg_set_out_colorspace(space);
        let mut decoder = JpegDecoder::new_with_options(Watched::new(&plain, watch), options);
        let mut samples = workspace.take(pixels * channels)?;
        decoder.decode_into(&mut samples).map_err(verdict)?;
        let mut decoded = Decoded { width, height, samples };
        if let Some(extent) = extent {
            decoded.grey_the_rest(extent);
        }
        Ok(decoded)
    }

    fn channels(&self) -> usize {
        self.samples.len() / (self.width * self.height)
    }

    /// Makes everything mid grey behind the last unit that has any data.
    fn grey_the_rest(&mut self, extent: Extent) {
        const MID_GREY: u8 = 128;
        let channels = self.channels();
        let row = extent.units / extent.units_across;
        let left = extent.units % extent.units_across * extent.unit_width * channels;
        let lines = self.samples.chunks_exact_mut(self.width * channels);
        for (y, line) in lines.enumerate().skip(row * extent.unit_height) {
            let from = if y / extent.unit_height == row { left } else { 0 };
            if let Some(rest) = line.get_mut(from..) {
                rest.fill(MID_GREY);
            }
        }
    }

    fn hand_over(
        self,
        adobe: bool,
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
                    light_of_inks(inks, adobe, &mut row);
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
/// as libgd does. Adobe stores `255 − ink`.
fn light_of_inks(inks: &[u8], adobe: bool, rgb: &mut [u8]) {
    for (out, &inks) in rgb.as_chunks_mut().0.iter_mut().zip(inks.as_chunks().0) {
        *out = light_of_ink(inks, adobe);
    }
}

/// Of one pixel.
pub(super) fn light_of_ink([c, m, y, k]: [u8; 4], adobe: bool) -> [u8; 3] {
    let light = |value: u8| u32::from(if adobe { value } else { 255 - value });
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
    fn cmyk_is_inverted_with_adobes_marker_only() {
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
    fn a_cmyk_file_without_adobes_marker_is_its_negative() {
        let file = fixture("images/cmyk.jpg");
        let marker = file.windows(7).position(|w| w == b"\xff\xee\0\x0eAdo").expect("Adobe");
        let plain = [&file[..marker], &file[marker + 16..]].concat();
        let [with, without] = [&file, &plain].map(|file| {
            let mut light = Light(0);
            let (watch, workspace) = (Watch::new(|| false), &mut Workspace::default());
            decode(file, Limits::of(1 << 20), &watch, workspace, &mut light).expect("decodes");
            light.0
        });
        // Stored inverted, this picture has much light; taken as ink, it is dark.
        assert!(with > 2 * without);
    }
}
