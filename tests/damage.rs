//! What a user gets of a damaged file: the table of docs/hostile.md, line by
//! line. No server needed.

mod fixture;

use fixture::fixture;
use image::{DynamicImage, ImageFormat};
use imgsmlr_rs::decode::{self, DecodeError, Limits, Workspace};
use imgsmlr_rs::pattern::convert::{self, Options};
use imgsmlr_rs::picture::{Rows, Shape};
use std::io::Cursor;

const LIMITS: Limits = Limits::of(4_000_000);

/// What becomes of a damaged file.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    /// The picture it was.
    Same,
    /// Another picture: of what is there, or of what the damage says.
    Other,
    Refused,
}
use Outcome::{Other, Refused, Same};

fn outcome(original: &[u8], damaged: &[u8]) -> Outcome {
    let options = Options::DEFAULT;
    let pattern = |file: &[u8]| convert::pattern(file, options, LIMITS);
    let whole = pattern(original).expect("a picture");
    match pattern(damaged) {
        Ok(pattern) if pattern == whole => Same,
        Ok(_) => Other,
        Err(DecodeError::Broken { .. }) => Refused,
        Err(error) => panic!("{error}"),
    }
}

/// A fixture; or, by a format's bare name, one in that format.
fn file(name: &str) -> Vec<u8> {
    let format = match name {
        "qoi" => ImageFormat::Qoi,
        "farbfeld" => ImageFormat::Farbfeld,
        "bmp" => ImageFormat::Bmp,
        _ => return fixture(name),
    };
    let picture = image::load_from_memory(&fixture("images/rgb8.png")).expect("a PNG");
    let wide: DynamicImage = picture.to_rgba16().into();
    let picture = if name == "farbfeld" { wide } else { picture };
    let mut file = Vec::new();
    picture.write_to(&mut Cursor::new(&mut file), format).expect("encodes");
    file
}

/// A file, and what becomes of it: cut in the middle, without its last two
/// bytes, with its second half zeros, with a bit flipped in the middle, with
/// other bytes behind its end.
const TABLE: &[(&str, [Outcome; 5])] = &[
    ("images/baseline_420.jpg", [Other, Same, Other, Other, Same]),
    ("images/restart_markers.jpg", [Other, Same, Other, Other, Same]),
    ("images/progressive.jpg", [Other, Same, Other, Other, Same]),
    ("images/rgb8.png", [Refused, Same, Refused, Other, Same]),
    ("images/interlaced.png", [Refused, Same, Refused, Refused, Same]),
    ("images/still.gif", [Refused, Same, Refused, Other, Same]),
    ("images/interlaced.gif", [Refused, Same, Refused, Other, Same]),
    // Its first frame ends before the middle.
    ("images/animated.gif", [Same, Same, Same, Same, Same]),
    ("formats/lossy.webp", [Refused, Refused, Other, Other, Same]),
    ("formats/lossy_alpha.webp", [Refused, Refused, Other, Other, Same]),
    ("formats/lossless.webp", [Refused, Refused, Refused, Other, Same]),
    ("formats/animated.webp", [Same, Same, Same, Same, Same]),
    #[cfg(feature = "jxl")]
    ("formats/lossy.jxl", [Refused, Refused, Refused, Refused, Same]),
    #[cfg(feature = "jxl")]
    ("formats/lossless.jxl", [Refused, Refused, Refused, Refused, Same]),
    ("formats/lzw.tiff", [Refused, Refused, Refused, Other, Same]),
    ("formats/deflate.tiff", [Refused, Refused, Refused, Refused, Same]),
    ("formats/packbits_grey.tiff", [Refused, Same, Refused, Other, Same]),
    ("formats/palette.bmp", [Refused, Refused, Other, Other, Same]),
    ("bmp", [Refused, Refused, Other, Other, Same]),
    // In text, a letter behind the last number is part of it.
    ("formats/text.ppm", [Refused, Refused, Refused, Refused, Refused]),
    ("formats/bilevel.pbm", [Refused, Refused, Other, Other, Same]),
    ("formats/grey16.pgm", [Refused, Refused, Other, Other, Same]),
    ("qoi", [Refused, Refused, Refused, Other, Same]),
    ("farbfeld", [Refused, Refused, Other, Other, Same]),
];

#[test]
fn the_table_holds() {
    for &(name, expected) in TABLE {
        let original = file(name);
        let length = original.len();
        let middle = length / 2;
        let mut zeros = original.clone();
        zeros[middle..].fill(0);
        let mut flipped = original.clone();
        flipped[middle] ^= 0x10;
        let behind = [&*original, &[0x5a; 1000]].concat();
        let damaged = [&original[..middle], &original[..length - 2], &zeros, &flipped, &behind];
        assert_eq!(damaged.map(|file| outcome(&original, file)), expected, "{name}");
        assert_eq!(outcome(&original, &original[..60.min(length)]), Refused, "{name}, its header");
    }
}

/// The rows of a picture.
#[derive(Default)]
struct Whole(Vec<Vec<u8>>);

impl Rows for Whole {
    fn begin(&mut self, _: Shape) {}

    fn row(&mut self, samples: &[u8]) {
        self.0.push(samples.to_vec());
    }
}

fn rows(file: &[u8]) -> Vec<Vec<u8>> {
    let mut whole = Whole::default();
    decode::rows(file, None, LIMITS, &mut Workspace::default(), &mut whole).expect("a picture");
    whole.0
}

#[test]
fn a_jpeg_cut_off_is_its_beginning_and_then_grey() {
    let original = file("images/baseline_420.jpg");
    let (whole, half) = (rows(&original), rows(&original[..original.len() / 2]));
    assert_eq!(whole.len(), half.len());
    // Of the unit rows of 16 lines, those before the damage are the picture's.
    assert_eq!(whole[..64], half[..64]);
    assert!(half[200..].iter().flatten().all(|&sample| sample == 128));
}

#[test]
fn a_progressive_jpeg_cut_off_is_coarser() {
    let original = file("images/progressive.jpg");
    let (whole, half) = (rows(&original), rows(&original[..original.len() * 3 / 4]));
    let apart = whole.iter().flatten().zip(half.iter().flatten());
    let sum: u64 = apart.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    let mean = sum as f64 / (whole.len() * whole[0].len()) as f64;
    assert!(mean > 0.0 && mean < 10.0, "{mean}");
}

/// A chunk's place in a PNG.
fn chunk(png: &[u8], name: &[u8; 4]) -> usize {
    png.windows(4).position(|window| window == name).expect("the chunk")
}

#[test]
fn checksums_of_a_png_are_heeded_as_far_as_it_is_read() {
    let original = file("images/rgb8.png");
    let with_flip = |at: usize| {
        let mut file = original.clone();
        file[at] ^= 1;
        outcome(&original, &file)
    };
    let header = chunk(&original, b"IHDR");
    assert_eq!(with_flip(header + 4 + 13), Refused);
    let end = chunk(&original, b"IEND");
    // Behind the last row nobody looks: the picture's checksum, and the end's.
    assert_eq!(with_flip(end - 5), Same);
    assert_eq!(with_flip(end + 4), Same);
    // Nor is the end missed.
    assert_eq!(outcome(&original, &original[..end - 4]), Same);
}

#[test]
fn lengths_that_lie() {
    let outcome_with = |name: &str, at: &dyn Fn(&[u8]) -> usize, bytes: &[u8]| {
        let original = file(name);
        let mut damaged = original.clone();
        let at = at(&original);
        damaged[at..at + bytes.len()].copy_from_slice(bytes);
        outcome(&original, &damaged)
    };
    let marker = |byte: u8| {
        move |jpeg: &[u8]| jpeg.windows(2).position(|w| w == [0xff, byte]).expect("the marker") + 2
    };
    // A JPEG's tables, too long and too short.
    assert_eq!(outcome_with("images/baseline_420.jpg", &marker(0xdb), &[0xff, 0xff]), Refused);
    assert_eq!(outcome_with("images/baseline_420.jpg", &marker(0xdb), &[0, 1]), Refused);
    // A PNG's picture, too long.
    let idat = |png: &[u8]| chunk(png, b"IDAT") - 4;
    assert_eq!(outcome_with("images/rgb8.png", &idat, &[0x7f, 0xff, 0xff, 0xff]), Same);
    assert_eq!(outcome_with("images/rgb8.png", &idat, &[0, 0, 0, 9]), Refused);
    // A WebP as a whole, which nobody asks; and its frame.
    assert_eq!(outcome_with("formats/lossy.webp", &|_| 4, &[0; 4]), Same);
    assert_eq!(outcome_with("formats/lossy.webp", &|_| 16, &[9, 0, 0, 0]), Refused);
    // Where a BMP's pixels begin, and a TIFF's directory.
    assert_eq!(outcome_with("bmp", &|_| 10, &[0xff; 4]), Refused);
    assert_eq!(outcome_with("formats/lzw.tiff", &|_| 4, &[0xff; 4]), Refused);
}
