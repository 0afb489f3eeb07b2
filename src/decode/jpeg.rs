//! JPEG, by the `zune-jpeg` crate.

use super::jpeg_extent::{self, Extent};
use super::jpeg_header::{self, Header};
use super::{DecodeError, Format, Limits, Watch, Watched, Workspace, allocate, foresee, hand_over};
use crate::picture::orientation::Orientation;
use crate::picture::{Channels, Rows, Shape};
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

/// What a JPEG header can hold.
const LONGEST_SIDE: usize = 65_535;

/// zune-jpeg 0.5.15 looks at all of them again at each: 40,000, of a file of 3 MB,
/// took it 7 seconds. These hold 64 MB.
const MOST_PARTS_OF_XMP: usize = 1024;

/// Zero bytes enough for any minimum coded unit: ten blocks of 64 codes.
const LONGEST_UNIT: usize = 4096;

pub(super) fn decode(
    file: &[u8],
    limits: Limits,
    watch: &Watch,
    workspace: &mut Workspace,
    rows: &mut dyn Rows,
) -> Result<Orientation, DecodeError> {
    if jpeg_header::parts_of_xmp(file) > MOST_PARTS_OF_XMP {
        let reason = "it has more metadata than pictures have";
        return Err(DecodeError::broken(Format::Jpeg, reason));
    }
    let Some((header, scan)) = Header::read(file) else {
        let decoded = Decoded::of(file, None, limits, watch, workspace)?;
        return decoded.hand_over(false, watch, workspace, rows);
    };
    // zune-jpeg 0.5.15 takes such files, of which there are few, and makes noise of them.
    let in_parts = header.sequential && header.scanned < header.components.len();
    if in_parts && header.components.iter().any(|component| component.down > 1) {
        let reason = "components of different heights in scans of their own are not supported";
        return Err(DecodeError::broken(Format::Jpeg, reason));
    }
    let decoded = match jpeg_extent::of_truncated(&header, scan) {
        None => Decoded::of(file, Some(&header), limits, watch, workspace)?,
        Some(extent) => {
            // As libjpeg does: the unit in which the data ends goes on in zero
            // bits, the units behind it are mid grey.
            let mut continued = allocate(file.len() + LONGEST_UNIT)?;
            continued[..file.len()].copy_from_slice(file);
            let mut decoded = Decoded::of(&continued, Some(&header), limits, watch, workspace)?;
            decoded.grey_the_rest(extent);
            decoded
        }
    };
    decoded.hand_over(header.adobe, watch, workspace, rows)
}

/// A decoded picture in memory.
struct Decoded {
    width: usize,
    height: usize,
    /// Grey, RGB or CMYK: 1, 3 or 4 samples a pixel.
    samples: Vec<u8>,
    orientation: Orientation,
}

impl Decoded {
    fn of(
        file: &[u8],
        header: Option<&Header>,
        limits: Limits,
        watch: &Watch,
        workspace: &mut Workspace,
    ) -> Result<Self, DecodeError> {
        let broken = |error| DecodeError::broken(Format::Jpeg, error);

        let options = DecoderOptions::default()
            .set_strict_mode(false)
            .set_max_width(LONGEST_SIDE)
            .set_max_height(LONGEST_SIDE);
        let mut decoder = JpegDecoder::new_with_options(Watched::new(file, watch), options);
        foresee(METADATA * file.len())?;
        decoder.decode_headers().map_err(broken)?;
        let (width, height) = decoder.dimensions().ok_or(DecodeError::NoPixels)?;
        let (width, height) = limits.admit(width as u64, height as u64)?;
        let pixels = width * height;

        let (space, channels) = match decoder.input_colorspace() {
            Some(ColorSpace::Luma) => (ColorSpace::Luma, 1),
            Some(ColorSpace::CMYK) => (ColorSpace::CMYK, 4),
            _ => (ColorSpace::RGB, 3),
        };
        decoder.set_options(options.jpeg_set_out_colorspace(space));

        // A file of several scans makes the codec keep two bytes for each
        // coefficient; any makes it keep some rows.
        let one_scan = header.is_some_and(|h| h.sequential && h.scanned == h.components.len());
        let kept = if one_scan { 0 } else { MOST_COMPONENTS * padded(width) * padded(height) };
        let rows = BYTES_A_COLUMN * padded(width);
        workspace.foresee(pixels * channels, 2 * kept + rows + METADATA * file.len())?;

        let mut samples = workspace.take(pixels * channels)?;
        decoder.decode_into(&mut samples).map_err(broken)?;
        let orientation = Orientation::of_metadata(decoder.exif().map(Vec::as_slice));
        Ok(Decoded { width, height, samples, orientation })
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
    ) -> Result<Orientation, DecodeError> {
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
        Ok(self.orientation)
    }
}

/// What a frame can have at most.
const MOST_COMPONENTS: usize = 4;
/// Rows of units and of upsampled samples, two bytes each, of all components.
const BYTES_A_COLUMN: usize = 1024;
/// What the codec takes for a byte of metadata: the smallest segments are small.
const METADATA: usize = 6;

/// A side, rounded up to whole units of any size.
fn padded(side: usize) -> usize {
    side.next_multiple_of(32)
}

/// Inks to light, pixel by pixel: `(255 − ink)·(255 − black)/255` in integers,
/// as libgd does. Adobe stores `255 − ink`.
fn light_of_inks(inks: &[u8], adobe: bool, rgb: &mut [u8]) {
    let light = |value: u8| u32::from(if adobe { value } else { 255 - value });
    for (out, &[c, m, y, k]) in rgb.as_chunks_mut().0.iter_mut().zip(inks.as_chunks().0) {
        *out = [c, m, y].map(|ink| (light(ink) * light(k) / 255) as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let path = format!("{}/tests/fixtures/images/cmyk.jpg", env!("CARGO_MANIFEST_DIR"));
        let file = std::fs::read(path).expect("fixture");
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
