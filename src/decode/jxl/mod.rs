//! JPEG XL, by the `jxl` crate: a still picture with its layers, or the first that
//! an animation shows.
//!
//! The codec works group by group, and asks the caller to run each: this is where
//! it is interrupted. It has no bound of its own on memory other than the number of
//! samples of a frame; what it may take for so many is asked for before.

mod header;

use super::{DecodeError, Format, Info, Limits, Watch, Workspace, hand_over};
use crate::picture::orientation::Orientation;
use crate::picture::{Channels, Rows, Shape};
use ::jxl::api::{
    AlphaMode, Event, JxlBitstreamInput, JxlColorType, JxlDataFormat, JxlDecoder,
    JxlDecoderOptions, JxlOutputBuffer, JxlParallelRunner, JxlParallelRunnerFun, JxlPixelFormat,
    ProfileLevel,
};
use ::jxl::error::Error;
use header::Header;
use std::io::{self, IoSliceMut};

/// What the codec may hold for a sample, three colours and what is besides: four
/// layers kept as floats, a fifth in work, its numbers before and behind
/// transforms, codes for them.
const BYTES_A_SAMPLE: usize = 36;
/// Rows begin at places in memory that are multiples of this many samples.
const ROW: usize = 32;
/// What it may hold for a byte of the file: parts of it, lists of them.
const BYTES_A_BYTE: usize = 24;
/// Groups in work, of 1024 × 1024 pixels at most, and tables.
const AT_ONCE: usize = 64 << 20;
/// A colour profile, of which it makes room for as much as the file claims.
const PROFILE: usize = 288 << 20;
/// The longest of them, as compressed. None of a screen or a printer is.
const LONGEST_PROFILE: u64 = 1 << 20;

pub(super) fn decode(
    file: &[u8],
    limits: Limits,
    watch: &Watch,
    workspace: &mut Workspace,
    rows: &mut dyn Rows,
) -> Result<Orientation, DecodeError> {
    let header = Header::read(file)?;
    let (width, height) = limits.admit(header.width.into(), header.height.into())?;
    let shape = Shape { width, height, channels: channels(&header)? };
    let samples = 3 + header.extra as usize;
    let most = Most::of(&header, limits, file.len())?;
    let pixels = shape.row_len() * height;
    workspace.foresee(pixels, most.bytes)?;

    let mut codec = JxlDecoder::new(options(most.samples));
    let mut input = Input { file, at: 0, watch };
    let mut runner = Runner { watch };
    while !matches!(step(&mut codec, &mut input, None, &mut runner)?, Event::BasicInfo) {}
    let found = codec.basic_info().map(|info| (info.size, info.extra_channels.len()));
    if found != Some(((width, height), samples - 3)) {
        return Err(DecodeError::of_codec(Format::JpegXl, false));
    }
    codec.set_pixel_format(pixel_format(shape.channels, samples - 3)).map_err(verdict)?;
    let mut samples = workspace.take(pixels)?;
    loop {
        let mut buffers = [JxlOutputBuffer::new(&mut samples, height, shape.row_len())];
        match step(&mut codec, &mut input, Some(&mut buffers), &mut runner)? {
            Event::FrameComplete { .. } | Event::Complete => break,
            _ => {}
        }
    }
    drop(codec);
    hand_over(&samples, shape, watch, rows);
    workspace.put(samples);
    Ok(header.orientation)
}

pub(super) fn info(file: &[u8]) -> Result<Info, DecodeError> {
    let header = Header::read(file)?;
    Ok(Info {
        format: Format::JpegXl,
        width: header.width,
        height: header.height,
        channels: header.channels(),
        bit_depth: header.bit_depth,
        has_alpha: header.alpha,
        orientation: header.orientation,
        frames: (!header.animated).then_some(1),
        complete: None,
    })
}

fn channels(header: &Header) -> Result<Channels, DecodeError> {
    match (header.grey, header.alpha) {
        _ if header.black => {
            Err(DecodeError::not_supported(Format::JpegXl, "its colours are those of print"))
        }
        (true, false) => Ok(Channels::Grey),
        (true, true) => Ok(Channels::GreyAlpha),
        (false, false) => Ok(Channels::Rgb),
        (false, true) => Ok(Channels::Rgba),
    }
}

/// The most that the codec is to take.
struct Most {
    bytes: usize,
    /// Of a frame.
    samples: usize,
}

impl Most {
    /// By a picture's header, if it may have as much.
    fn of(header: &Header, limits: Limits, file_len: usize) -> Result<Most, DecodeError> {
        let channels = 3 + header.extra as usize;
        let columns = (header.width as usize).next_multiple_of(ROW);
        let row = BYTES_A_SAMPLE * channels * columns;
        let profile = match header.profile {
            None => 0,
            // The codec would make other colours of them than the profile's.
            Some(_) if header.own_colours => {
                let reason = "it is lossy, and its colours are those of a profile of its own";
                return Err(DecodeError::not_supported(Format::JpegXl, reason));
            }
            Some(length) if length <= LONGEST_PROFILE => PROFILE,
            Some(_) => {
                let reason = "its colour profile is longer than a megabyte";
                return Err(DecodeError::not_supported(Format::JpegXl, reason));
            }
        };
        let besides = AT_ONCE + profile + BYTES_A_BYTE * file_len;
        // The buffer for its pixels comes to this.
        let allowed = usize::try_from(limits.most_bytes(file_len as u64)).unwrap_or(usize::MAX);
        let rows = allowed.saturating_sub(besides) / (row + 4 * columns);
        if header.height as usize > rows {
            return Err(DecodeError::TooLarge {
                width: header.width.into(),
                height: header.height.into(),
                max_pixels: (rows * header.width as usize) as u64,
            });
        }
        let height = header.height as usize;
        // The codec refuses this many, and calls no row shorter than 16.
        let samples = channels * (header.width as usize).max(16) * height + 1;
        Ok(Most { bytes: row * height + besides, samples })
    }
}

fn options(samples: usize) -> JxlDecoderOptions {
    let mut options = JxlDecoderOptions::default();
    options.adjust_orientation = false;
    options.alpha_mode = AlphaMode::Unpremultiplied;
    options.max_profile_level = ProfileLevel::Main5;
    options.sample_limit = Some(samples);
    options
}

fn pixel_format(channels: Channels, extra: usize) -> JxlPixelFormat {
    JxlPixelFormat {
        color_type: match channels {
            Channels::Grey => JxlColorType::Grayscale,
            Channels::GreyAlpha => JxlColorType::GrayscaleAlpha,
            Channels::Rgb => JxlColorType::Rgb,
            Channels::Rgba => JxlColorType::Rgba,
        },
        color_data_format: Some(JxlDataFormat::U8 { bit_depth: 8 }),
        extra_channel_format: vec![None; extra],
    }
}

/// Goes on to what comes next in the file.
fn step(
    codec: &mut JxlDecoder,
    input: &mut Input,
    buffers: Option<&mut [JxlOutputBuffer]>,
    runner: &mut Runner,
) -> Result<Event, DecodeError> {
    match codec.process(input, buffers, Some(runner)).map_err(verdict)? {
        // All there is was there to be read.
        Event::NeedMoreInput { .. } => Err(DecodeError::of_codec(Format::JpegXl, true)),
        event => Ok(event),
    }
}

/// The file as the codec reads it.
struct Input<'a> {
    file: &'a [u8],
    at: usize,
    watch: &'a Watch,
}

/// The error of whoever is told to stop; nobody sees it.
fn stopped() -> io::Error {
    io::Error::other("interrupted")
}

impl JxlBitstreamInput for Input<'_> {
    fn available_bytes(&mut self) -> io::Result<usize> {
        Ok(self.file.len() - self.at)
    }

    fn read(&mut self, buffers: &mut [IoSliceMut]) -> io::Result<usize> {
        if self.watch.ask() {
            return Err(stopped());
        }
        let before = self.at;
        for buffer in buffers {
            let rest = self.file.get(self.at..).unwrap_or_default();
            let count = rest.len().min(buffer.len());
            buffer[..count].copy_from_slice(&rest[..count]);
            self.at += count;
        }
        Ok(self.at - before)
    }
}

/// Runs what the codec would run in parallel, one after another, as long as nobody
/// says to stop.
struct Runner<'a> {
    watch: &'a Watch,
}

impl JxlParallelRunner for Runner<'_> {
    fn run(&mut self, count: usize, work: &JxlParallelRunnerFun) -> Result<(), Error> {
        for n in 0..count {
            if self.watch.ask() {
                return Err(stopped().into());
            }
            work(n)?;
        }
        Ok(())
    }

    fn num_threads(&self) -> usize {
        1
    }

    fn run_ordered(
        &mut self,
        count: usize,
        _: Option<usize>,
        work: &JxlParallelRunnerFun,
    ) -> Result<(), Error> {
        self.run(count, work)
    }
}

/// What the codec's error means to a user.
fn verdict(error: Error) -> DecodeError {
    match error {
        Error::OutOfMemory(_) => DecodeError::OutOfMemory { bytes: AT_ONCE as u64 },
        Error::ImageOutOfMemory(row, rows) => {
            DecodeError::OutOfMemory { bytes: row.saturating_mul(rows) as u64 }
        }
        Error::ImageSizeTooLarge(..) => {
            DecodeError::not_supported(Format::JpegXl, "a layer is larger than the picture")
        }
        Error::LevelLimitExceeded { .. } => {
            DecodeError::not_supported(Format::JpegXl, "it is beyond level 5 of the format")
        }
        Error::SectionTooShort | Error::UnexpectedCodestreamBoxEnd => {
            DecodeError::of_codec(Format::JpegXl, true)
        }
        _ => DecodeError::of_codec(Format::JpegXl, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::fixture::fixture;
    use std::sync::atomic::{AtomicUsize, Ordering};

    struct Nowhere;

    impl Rows for Nowhere {
        fn begin(&mut self, _: Shape) {}
        fn row(&mut self, _: &[u8]) {}
    }

    fn convert(name: &str, limits: Limits) -> Result<Orientation, DecodeError> {
        let file = fixture(&format!("formats/{name}"));
        super::super::rows(&file, None, limits, &mut Workspace::default(), &mut Nowhere)
    }

    #[test]
    fn a_picture_that_may_take_too_much_is_refused() {
        for name in ["lossy.jxl", "lossless.jxl"] {
            let error = convert(name, Limits::of(200 * 150 - 1)).expect_err(name);
            assert!(matches!(error, DecodeError::TooLarge { .. }), "{error}");
            assert!(convert(name, Limits::of(200 * 150)).is_ok(), "{name}");
        }
        // Layers may come to four times what a picture of 100 million pixels has.
        let header = Header { width: 10_000, height: 9_000, ..HEADER };
        assert!(Most::of(&header, Limits::of(100_000_000), 0).is_err());
        let header = Header { width: 6_000, height: 4_000, ..HEADER };
        let limits = Limits::of(100_000_000);
        let most = Most::of(&header, limits, 0).expect("24 million");
        assert!(most.bytes as u64 + 4 * 24_000_000 <= limits.most_bytes(0));
    }

    const HEADER: Header = Header {
        width: 1,
        height: 1,
        orientation: Orientation::UPRIGHT,
        bit_depth: 8,
        grey: false,
        alpha: false,
        black: false,
        extra: 0,
        animated: false,
        own_colours: false,
        profile: None,
    };

    #[test]
    fn colours_of_print_and_giant_profiles_are_not_supported() {
        assert!(channels(&Header { black: true, extra: 1, ..HEADER }).is_err());
        let profile = Some(LONGEST_PROFILE + 1);
        let limits = Limits::of(1 << 30);
        assert!(Most::of(&Header { profile, ..HEADER }, limits, 0).is_err());
        let profile = Some(3000);
        assert!(Most::of(&Header { profile, ..HEADER }, limits, 0).is_ok());
        assert!(Most::of(&Header { profile, ..HEADER }, Limits::of(1), 0).is_err());
        let lossy = Header { profile, own_colours: true, ..HEADER };
        assert!(matches!(Most::of(&lossy, limits, 0), Err(DecodeError::NotSupported { .. })));
    }

    #[test]
    fn an_interrupt_in_the_middle_ends_it_there() {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        let third = || ASKED.fetch_add(1, Ordering::Relaxed) == 2;
        for name in ["lossy.jxl", "lossless.jxl", "layers.jxl"] {
            ASKED.store(0, Ordering::Relaxed);
            let limits = Limits { interrupted: third, ..Limits::of(1 << 20) };
            assert_eq!(convert(name, limits), Err(DecodeError::Interrupted), "{name}");
            assert_eq!(ASKED.load(Ordering::Relaxed), 3, "{name} went on");
        }
    }
}
