//! From a file's bytes to a pattern: decode, average, turn upright, transform.

use crate::decode::{self, DecodeError, Format, Limits, Workspace};
use crate::pattern::Pattern;
use crate::picture::resample::AreaAverage;

/// What to make of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The only format to accept; any known one if `None`.
    pub format: Option<Format>,
    /// Whether to turn the picture upright, as its EXIF data says.
    pub apply_orientation: bool,
    /// What shows through clear pixels: red, green, blue.
    pub background: [u8; 3],
}

impl Options {
    /// Any format, upright, on black.
    pub const DEFAULT: Options =
        Options { format: None, apply_orientation: true, background: [0; 3] };
}

/// The pattern of the picture in `file`.
///
/// # Errors
/// Whatever keeps the file from being a picture: see [`DecodeError`].
pub fn pattern(file: &[u8], options: Options, limits: Limits) -> Result<Pattern, DecodeError> {
    pattern_within(file, options, limits, &mut Workspace::default())
}

/// As [`pattern`], in memory that is there already.
///
/// # Errors
/// As [`pattern`].
pub fn pattern_within(
    file: &[u8],
    options: Options,
    limits: Limits,
    workspace: &mut Workspace,
) -> Result<Pattern, DecodeError> {
    let mut average = AreaAverage::new();
    let orientation = decode::rows(file, options.format, limits, workspace, &mut average)?;
    let mut thumbnail = average.finish_on(options.background);
    if options.apply_orientation {
        thumbnail = orientation.upright(thumbnail);
    }
    Ok(Pattern::of(&thumbnail))
}

/// Converts picture after picture, and remembers the last: `SELECT
/// jpeg2pattern(raw), pattern2signature(jpeg2pattern(raw))` asks for each twice.
#[derive(Default)]
pub struct Converter {
    workspace: Workspace,
    file: Vec<u8>,
    pattern: Option<(Options, u64, Box<Pattern>)>,
}

impl Converter {
    /// Files up to this size are remembered.
    pub const MOST_BYTES: usize = 16 << 20;

    /// As [`pattern`], at the cost of a comparison where the last file was this.
    ///
    /// # Errors
    /// As [`pattern`]; an error is not remembered.
    pub fn pattern(
        &mut self,
        file: &[u8],
        options: Options,
        limits: Limits,
    ) -> Result<Pattern, DecodeError> {
        if let Some((known, max_pixels, pattern)) = &self.pattern
            && (*known, *max_pixels) == (options, limits.max_pixels)
            && self.file == file
        {
            return Ok((**pattern).clone());
        }
        self.pattern = None;
        let pattern = pattern_within(file, options, limits, &mut self.workspace)?;
        self.file.clear();
        if file.len() <= Self::MOST_BYTES && self.file.try_reserve_exact(file.len()).is_ok() {
            self.file.extend_from_slice(file);
            self.pattern = Some((options, limits.max_pixels, Box::new(pattern.clone())));
        }
        Ok(pattern)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::fixture::fixture;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const ANY: Options = Options::DEFAULT;

    #[test]
    fn the_last_file_is_not_decoded_again() {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        let limits = Limits {
            max_pixels: 1 << 20,
            interrupted: || {
                ASKED.fetch_add(1, Ordering::Relaxed);
                false
            },
        };
        let [a, b] = ["images/rgb8.png", "images/baseline_420.jpg"].map(fixture);
        let mut converter = Converter::default();
        let first = converter.pattern(&a, ANY, limits).expect("a picture");
        let asked = ASKED.load(Ordering::Relaxed);
        assert!(asked > 0);
        assert_eq!(converter.pattern(&a, ANY, limits).expect("a picture"), first);
        assert_eq!(ASKED.load(Ordering::Relaxed), asked, "decoded again");

        // Other bytes, other options, another limit: another answer.
        assert_ne!(converter.pattern(&b, ANY, limits).expect("a picture"), first);
        assert_eq!(converter.pattern(&a, ANY, limits).expect("a picture"), first);
        let mut other = a.clone();
        other.truncate(a.len() - 1);
        assert!(converter.pattern(&other, ANY, limits).is_ok() || converter.pattern.is_none());
        let jpeg_only = Options { format: Some(Format::Jpeg), apply_orientation: false, ..ANY };
        converter.pattern(&a, ANY, limits).expect("a picture");
        assert!(converter.pattern(&a, jpeg_only, limits).is_err());
        converter.pattern(&a, ANY, limits).expect("a picture");
        let few = Limits { max_pixels: 10, ..limits };
        assert!(converter.pattern(&a, ANY, few).is_err());
    }

    #[test]
    fn a_file_over_the_bound_is_converted_and_forgotten() {
        let mut file = fixture("images/rgb8.png");
        // Bytes behind the end of a PNG are nobody's.
        file.resize(Converter::MOST_BYTES + 1, 0);
        let mut converter = Converter::default();
        assert!(converter.pattern(&file, ANY, Limits::of(1 << 20)).is_ok());
        assert!(converter.file.capacity() <= Converter::MOST_BYTES);
        assert!(converter.pattern.is_none());
    }

    #[test]
    fn orientation_is_applied_where_asked() {
        let file = fixture("images/exif_orientation6.jpg");
        let limits = Limits::of(1 << 20);
        let apart = |apply_orientation| Options { apply_orientation, ..ANY };
        let [turned, stored] = [true, false].map(|turn| pattern(&file, apart(turn), limits));
        assert!(turned.expect("a picture").distance(&stored.expect("a picture")) > 0.1);
    }
}
