//! From a file's bytes to the rows of a picture, safely.
//!
//! One file or folder a format, or a family of them. Each reads the header first and asks
//! [`Limits`] before it allocates anything whose size the header chose.

mod bmp;
mod complete;
#[cfg(test)]
#[path = "../../tests/fixture/mod.rs"]
pub(crate) mod fixture;
mod foreign;
mod format;
mod gif;
mod ico;
mod image_formats;
mod info;
mod jpeg;
#[cfg(feature = "jxl")]
mod jxl;
mod png;
mod tiff;
mod watched;
mod webp;
mod workspace;

pub use foreign::Foreign;
pub use format::Format;
pub use info::Info;
pub use workspace::Workspace;

use crate::memory;
use crate::picture::orientation::Orientation;
use crate::picture::{Rows, Shape};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use thiserror::Error;
use watched::{Watch, Watched};

/// How large a picture may claim to be, and who may stop its conversion.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most pixels, width times height.
    pub max_pixels: u64,
    /// Whether to stop: asked every few milliseconds.
    pub interrupted: fn() -> bool,
}

/// Why a file gave no picture.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// No bytes at all.
    #[error("the file is empty")]
    Empty,
    /// The first bytes belong to no format known here.
    #[error("the file does not begin like a picture of any known format")]
    UnknownFormat,
    /// A file of a kind that is known, and not read.
    #[error("the file is {kind}")]
    Foreign {
        /// What it is.
        kind: Foreign,
    },
    /// Another format than the one asked for.
    #[error("the file is a {found}, not a {wanted}")]
    OtherFormat {
        /// The format asked for.
        wanted: Format,
        /// The format the file begins like.
        found: Format,
    },
    /// The file does not begin like the format asked for, nor another.
    #[error("the file does not begin like a {wanted} file")]
    NotThisFormat {
        /// The format asked for.
        wanted: Format,
    },
    /// The header promises more pixels than [`Limits`] allows.
    #[error("the picture has {width} × {height} pixels, more than {max_pixels} in all")]
    TooLarge {
        /// Width in pixels.
        width: u64,
        /// Height in pixels.
        height: u64,
        /// The limit it exceeds.
        max_pixels: u64,
    },
    /// Width or height is zero, or there is no frame.
    #[error("the file holds no pixels")]
    NoPixels,
    /// The machine has no memory for a picture within the limits.
    #[error("no memory for {bytes} bytes of pixels")]
    OutOfMemory {
        /// What was asked for.
        bytes: u64,
    },
    /// [`Limits::interrupted`] said to stop.
    #[error("the conversion was interrupted")]
    Interrupted,
    /// The file is damaged, or was never right.
    #[error("the {format} file is broken: {reason}")]
    Broken {
        /// The file's format.
        format: Format,
        /// In what way.
        reason: &'static str,
    },
    /// The file may be right, but is of a kind that is not read here.
    #[error("the {format} file is of a kind that is not supported here: {reason}")]
    NotSupported {
        /// The file's format.
        format: Format,
        /// Which kind.
        reason: &'static str,
    },
}

impl DecodeError {
    fn broken(format: Format, reason: &'static str) -> Self {
        DecodeError::Broken { format, reason }
    }

    fn not_supported(format: Format, reason: &'static str) -> Self {
        DecodeError::NotSupported { format, reason }
    }

    /// A codec's verdict, in words for people: whether it came to the end of the file.
    fn of_codec(format: Format, ended: bool) -> Self {
        let reason = match ended {
            true => "it ends before its picture does",
            false => "its data do not make a picture",
        };
        DecodeError::Broken { format, reason }
    }

    /// The verdict on a read.
    fn of_read(format: Format, error: &io::Error) -> Self {
        Self::of_codec(format, error.kind() == io::ErrorKind::UnexpectedEof)
    }
}

/// Decodes `file` into `rows`: a picture of format `wanted`, or of any known one
/// if `None`, told by its first bytes. What has to be in memory as a whole is in
/// `workspace`. Returns how its EXIF data, if any, says to turn it.
///
/// # Errors
/// Whatever keeps the file from being a picture: see [`DecodeError`]. Some rows
/// may have come before.
pub fn rows(
    file: &[u8],
    wanted: Option<Format>,
    limits: Limits,
    workspace: &mut Workspace,
    rows: &mut dyn Rows,
) -> Result<Orientation, DecodeError> {
    let format = Format::expect(file, wanted)?;
    rows_of(file, format, limits, workspace, rows)
}

fn rows_of(
    file: &[u8],
    format: Format,
    limits: Limits,
    workspace: &mut Workspace,
    rows: &mut dyn Rows,
) -> Result<Orientation, DecodeError> {
    guarded(format, limits, |watch| match format {
        Format::Jpeg => jpeg::decode(file, limits, watch, workspace, rows),
        Format::Png => png::decode(file, limits, watch, rows),
        Format::Gif => gif::decode(file, limits, watch, rows),
        Format::WebP => webp::decode(file, limits, watch, workspace, rows),
        Format::Tiff => tiff::decode(file, limits, watch, workspace, rows),
        Format::Ico => ico::decode(file, limits, watch, workspace, rows),
        #[cfg(feature = "jxl")]
        Format::JpegXl => jxl::decode(file, limits, watch, workspace, rows),
        _ => image_formats::decode(file, format, limits, watch, workspace, rows),
    })
}

/// Reads the header of `file`, and looks whether it is cut off. No size is refused: a picture
/// over the limit is only not looked at.
///
/// # Errors
/// Where the file is of no known format, or its header is broken.
pub fn info(file: &[u8], limits: Limits) -> Result<Info, DecodeError> {
    let format = Format::expect(file, None)?;
    let info = guarded(format, limits, |watch| match format {
        Format::Jpeg => jpeg::info(file),
        Format::Png => png::info(file, watch),
        Format::Gif => gif::info(file, watch),
        Format::WebP => webp::info(file, watch),
        Format::Tiff => tiff::info(file),
        Format::Ico => ico::info(file, watch),
        #[cfg(feature = "jxl")]
        Format::JpegXl => jxl::info(file),
        _ => image_formats::info(file, format, watch),
    })?;
    Ok(Info { complete: complete::of(file, &info, limits)?, ..info })
}

/// Runs a codec.
fn guarded<T>(
    format: Format,
    limits: Limits,
    codec: impl FnOnce(&Watch) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    foresee(0)?;
    let watch = Watch::new(limits.interrupted);
    // A codec that panics on a file nobody foresaw must not cost more than
    // that file: a caller loading thousands goes on with the next.
    let result = catch_unwind(AssertUnwindSafe(|| codec(&watch)))
        .unwrap_or_else(|_| Err(DecodeError::of_codec(format, false)));
    // What a codec made of a file that ended under its hands counts for nothing.
    match watch.refused() {
        Some(error) => Err(error),
        None if watch.stopped() => Err(DecodeError::Interrupted),
        None => result,
    }
}

impl Limits {
    /// At most `max_pixels` pixels, and nobody to stop it.
    pub const fn of(max_pixels: u64) -> Self {
        Limits { max_pixels, interrupted: || false }
    }

    /// The most bytes that the conversion of a file of `file_len` bytes takes at
    /// once, beside the file: what is asked for, where a codec uses less.
    pub const fn most_bytes(self, file_len: u64) -> u64 {
        // 21 of a TIFF in one tile of the widest pixels, 20 with a progressive JPEG inside;
        // other formats, 18 at most.
        const BYTES_A_PIXEL: u64 = 32;
        // Of a lossless WebP's codes; other formats, 48 at most.
        const BYTES_A_BYTE: u64 = 512;
        // Rows, units at the picture's edge, metadata.
        const BESIDES: u64 = 192 << 20;
        self.max_pixels
            .saturating_mul(BYTES_A_PIXEL)
            .saturating_add(file_len.saturating_mul(BYTES_A_BYTE))
            .saturating_add(BESIDES)
    }

    /// Refuses a header's promise that is zero or over the limit; otherwise
    /// width and height as sizes.
    fn admit(self, width: u64, height: u64) -> Result<(usize, usize), DecodeError> {
        if width == 0 || height == 0 {
            return Err(DecodeError::NoPixels);
        }
        let pixels = width.checked_mul(height);
        match (usize::try_from(width), usize::try_from(height)) {
            (Ok(w), Ok(h)) if pixels.is_some_and(|p| p <= self.max_pixels) => Ok((w, h)),
            _ => Err(DecodeError::TooLarge { width, height, max_pixels: self.max_pixels }),
        }
    }
}

/// libpng's limit: a codec's rows are short beside its picture.
const WIDEST: usize = 1_000_000;

/// Refuses rows that a codec would keep several of, and that are too long for it.
fn admit_width(format: Format, width: usize) -> Result<(), DecodeError> {
    let error = || DecodeError::broken(format, "its rows are longer than a million pixels");
    if width > WIDEST { Err(error()) } else { Ok(()) }
}

/// An empty buffer with room for `bytes`, or an error where there is no memory:
/// never an abort.
fn reserve(bytes: usize) -> Result<Vec<u8>, DecodeError> {
    let mut buffer = Vec::new();
    let out_of_memory = |_| DecodeError::OutOfMemory { bytes: bytes as u64 };
    buffer.try_reserve_exact(bytes).map_err(out_of_memory)?;
    Ok(buffer)
}

/// A zeroed buffer, or an error as of [`reserve`].
fn allocate(bytes: usize) -> Result<Vec<u8>, DecodeError> {
    let mut buffer = reserve(bytes)?;
    buffer.resize(bytes, 0);
    Ok(buffer)
}

/// Hands over a picture that is in memory as a whole, in the samples of its rows.
fn hand_over(samples: &[u8], shape: Shape, watch: &Watch, rows: &mut dyn Rows) {
    rows.begin(shape);
    for row in samples.chunks_exact(shape.row_len()) {
        rows.row(row);
        if watch.ask() {
            return;
        }
    }
}

/// What a conversion holds besides what a codec does: the resampler's sums of a
/// row, tables, a pattern, messages.
const BESIDES: usize = 2 << 20;

/// Asks for memory as a codec is about to, in a way that can be refused, and
/// gives it back: a codec's own vectors abort the process where memory is short.
fn foresee(bytes: usize) -> Result<(), DecodeError> {
    let bytes = bytes.saturating_add(BESIDES);
    memory::foresee(bytes).map_err(|_| DecodeError::OutOfMemory { bytes: bytes as u64 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::fixture::fixture;

    const LIMITS: Limits = Limits::of(100_000_000);

    /// Counts the rows.
    #[derive(Default)]
    struct Counted(Option<Shape>, usize);

    impl Rows for Counted {
        fn begin(&mut self, shape: Shape) {
            assert!(self.0.is_none());
            self.0 = Some(shape);
        }

        fn row(&mut self, samples: &[u8]) {
            assert_eq!(Some(samples.len()), self.0.map(Shape::row_len));
            self.1 += 1;
        }
    }

    fn decode(file: &[u8], wanted: Option<Format>, limits: Limits) -> Result<Shape, DecodeError> {
        let mut counted = Counted::default();
        rows(file, wanted, limits, &mut Workspace::default(), &mut counted)?;
        let shape = counted.0.expect("a shape before the end");
        assert_eq!(counted.1, shape.height);
        Ok(shape)
    }

    #[test]
    fn tells_formats_apart() {
        assert_eq!(decode(b"", None, LIMITS), Err(DecodeError::Empty));
        assert_eq!(decode(b"plain words", None, LIMITS), Err(DecodeError::UnknownFormat));
        let png = fixture("images/rgb8.png");
        assert_eq!(
            decode(&png, Some(Format::Jpeg), LIMITS),
            Err(DecodeError::OtherFormat { wanted: Format::Jpeg, found: Format::Png })
        );
        assert_eq!(
            decode(b"plain words", Some(Format::Gif), LIMITS),
            Err(DecodeError::NotThisFormat { wanted: Format::Gif })
        );
        assert!(decode(&png, Some(Format::Png), LIMITS).is_ok());
    }

    #[test]
    fn a_header_over_the_limit_is_refused_by_every_decoder() {
        for name in FIXTURES {
            let error =
                decode(&fixture(&format!("images/{name}")), None, Limits::of(100)).expect_err(name);
            assert!(matches!(error, DecodeError::TooLarge { .. }), "{name}: {error}");
        }
    }

    const FIXTURES: [&str; 4] = ["rgb8.png", "baseline_420.jpg", "progressive.jpg", "still.gif"];

    #[test]
    fn an_interrupt_ends_every_decoder() {
        for name in FIXTURES {
            let limits = Limits { interrupted: || true, ..LIMITS };
            assert_eq!(
                decode(&fixture(&format!("images/{name}")), None, limits),
                Err(DecodeError::Interrupted)
            );
        }
    }

    #[test]
    fn an_interrupt_in_the_middle_of_a_picture_ends_it_there() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        for name in ["large_1600x1200.jpg", "rgb8_641x479.png", "interlaced.gif"] {
            let file = fixture(&format!("images/{name}"));
            let count = Limits {
                interrupted: || {
                    ASKED.fetch_add(1, Ordering::Relaxed);
                    false
                },
                ..LIMITS
            };
            ASKED.store(0, Ordering::Relaxed);
            decode(&file, None, count).expect(name);
            assert!(ASKED.load(Ordering::Relaxed) > 50, "{name} is hardly asked");
            let third =
                Limits { interrupted: || ASKED.fetch_add(1, Ordering::Relaxed) == 2, ..LIMITS };
            ASKED.store(0, Ordering::Relaxed);
            assert_eq!(decode(&file, None, third), Err(DecodeError::Interrupted), "{name}");
            assert_eq!(ASKED.load(Ordering::Relaxed), 3, "{name} went on");
        }
    }

    #[test]
    fn limits_count_pixels_without_overflow() {
        let limits = Limits::of(100);
        assert_eq!(limits.admit(10, 10), Ok((10, 10)));
        assert_eq!(limits.admit(0, 10), Err(DecodeError::NoPixels));
        assert!(limits.admit(11, 10).is_err());
        assert!(limits.admit(u64::MAX, 2).is_err());
    }

    #[test]
    fn a_size_no_machine_has_is_an_error_not_an_abort() {
        let error = allocate(isize::MAX as usize).expect_err("no machine has this much");
        assert!(matches!(error, DecodeError::OutOfMemory { .. }));
    }

    #[test]
    fn every_prefix_of_every_fixture_ends_in_a_picture_or_an_error() {
        for name in ["tiny_3x5.png", "odd_33x17.jpg", "interlaced.gif", "palette.png"] {
            let data = fixture(&format!("images/{name}"));
            for length in (0..data.len()).step_by(1 + data.len() / 400) {
                let workspace = &mut Workspace::default();
                let _verdict =
                    rows(&data[..length], None, LIMITS, workspace, &mut Counted::default());
            }
        }
    }
}
