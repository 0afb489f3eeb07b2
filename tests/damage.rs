//! What a user gets of a damaged file: the table of docs/hostile.md, line by
//! line. No server needed.

mod fixture;

use fixture::fixture;
use image::{DynamicImage, ImageFormat};
use imgsmlr_rs::decode::{self, DecodeError, Limits, Workspace};
use imgsmlr_rs::pattern::convert::{self, Options};
use imgsmlr_rs::picture::{Rows, Shape};
use imgsmlr_rs::signature::Signature;
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
    // The two are decoded by different readers: within what these round.
    let apart = whole[..64].iter().flatten().zip(half[..64].iter().flatten());
    assert!(apart.clone().all(|(a, b)| a.abs_diff(*b) <= 4));
    assert!(apart.map(|(a, b)| u32::from(a.abs_diff(*b))).sum::<u32>() < 64 * 320 * 3 / 2);
    assert!(half[200..].iter().flatten().all(|&sample| sample == 128));
}

/// The largest difference of a number of two pictures' signatures.
fn apart(a: &[u8], b: &[u8]) -> f32 {
    let signature = |file| {
        let pattern = convert::pattern(file, Options::DEFAULT, LIMITS).expect("a picture");
        *Signature::of(&pattern).expect("in range").values()
    };
    let pairs = signature(a).into_iter().zip(signature(b));
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn a_jpeg_whose_data_end_early_is_what_libjpeg_makes_of_it() {
    const END: &[u8] = b"\xff\xd9";
    let path = format!("{}/tests/fixtures/cut", env!("CARGO_MANIFEST_DIR"));
    let mut seen = 0;
    for entry in std::fs::read_dir(path).expect("the folder") {
        let name = entry.expect("an entry").file_name().into_string().expect("a name");
        if !name.ends_with(".jpg") {
            continue;
        }
        let (closed, libjpeg) =
            (fixture(&format!("cut/{name}")), fixture(&format!("cut/{name}.png")));
        let open = closed.strip_suffix(END).expect("an end mark");
        // Other ends, and the same in a TIFF's strip.
        let other = [open, b"\xff\xfe\0\x04ab", END].concat();
        for file in [&closed, open, &other, &in_tiff(&closed)] {
            let apart = apart(file, &libjpeg);
            assert!(apart <= 0.02, "{name}: {apart}");
            let info = decode::info(file, LIMITS).expect("a header");
            assert_eq!(info.complete, Some(false), "{name}");
            seen += 1;
        }
    }
    assert!(seen >= 4 * 26, "{seen}");
}

/// A JPEG file as the only strip of a TIFF file.
fn in_tiff(jpeg: &[u8]) -> Vec<u8> {
    let info = decode::info(jpeg, LIMITS).expect("a header");
    let colours = match info.channels {
        1 => 1,
        3 => 6,
        // Inks are stored as they are there, and inverted in a JPEG file by itself.
        _ => return jpeg.to_vec(),
    };
    let samples = u32::from(info.channels);
    let tags: [(u16, u32); 9] = [
        (256, info.width),
        (257, info.height),
        (258, 8),
        (259, 7),
        (262, colours),
        (273, 8),
        (277, samples),
        (278, info.height),
        (279, jpeg.len() as u32),
    ];
    let mut file = b"MM\0*".to_vec();
    file.extend((8 + jpeg.len() as u32).to_be_bytes());
    file.extend(jpeg);
    file.extend((tags.len() as u16).to_be_bytes());
    for (tag, value) in tags {
        file.extend(tag.to_be_bytes());
        file.extend([0, 4, 0, 0, 0, 1]);
        file.extend(value.to_be_bytes());
    }
    file.extend([0; 4]);
    file
}

#[test]
fn restarts_that_end_early_or_late_go_on_at_the_next() {
    // Without two thirds of what stands between two marks.
    let original = file("images/restart_markers.jpg");
    let restarts: Vec<usize> = (0..original.len() - 1)
        .filter(|&at| original[at] == 0xff && (0xd0..0xd8).contains(&original[at + 1]))
        .collect();
    let [.., begin, end, _] = restarts[..] else { panic!("restart markers") };
    let cut = begin + (end - begin) / 3;
    let damaged = [&original[..cut], &original[end..]].concat();
    let (whole, rows) = (rows(&original), rows(&damaged));
    assert_eq!(decode::info(&damaged, LIMITS).expect("a header").complete, Some(false));
    assert_eq!(decode::info(&original, LIMITS).expect("a header").complete, Some(true));
    // Chroma is spread by half a row.
    let unlike = whole
        .iter()
        .zip(&rows)
        .filter(|(a, b)| a.iter().zip(b.iter()).any(|(a, b)| a.abs_diff(*b) > 16));
    let unlike = unlike.count();
    assert!((1..=34).contains(&unlike), "{unlike}");
}

/// The rows of a picture, or none where it is refused.
fn rows_or_none(file: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut whole = Whole::default();
    decode::rows(file, None, LIMITS, &mut Workspace::default(), &mut whole).ok().map(|_| whole.0)
}

#[test]
fn complete_says_what_a_conversion_does() {
    let mut folders = Vec::new();
    for folder in ["images", "formats", "cases", "cut"] {
        let path = format!("{}/tests/fixtures/{folder}", env!("CARGO_MANIFEST_DIR"));
        folders.extend(std::fs::read_dir(path).expect(folder));
    }
    let (mut whole, mut cut) = (0, 0);
    for entry in folders {
        let path = entry.expect("an entry").path();
        let name = path.display().to_string();
        let file = std::fs::read(&path).expect("a file");
        let Ok(info) = decode::info(&file, LIMITS) else { continue };
        // Of a number in text that is cut, the first digits are a number, too.
        let in_text = name.ends_with("text.ppm");
        if info.complete != Some(true) || file.len() > 200_000 || in_text {
            continue;
        }
        let Some(picture) = rows_or_none(&file) else { panic!("{name} is complete, and refused") };
        whole += 1;
        // Places that look random, and those about the end.
        let places = (0..12_usize).map(|n| (n * 7919 + 13 * n * n * file.len()) % file.len());
        for length in places.chain((1..8).map(|n| file.len() - n)) {
            let part = &file[..length];
            let Ok(info) = decode::info(part, LIMITS) else { continue };
            let read = rows_or_none(part);
            match info.complete {
                Some(true) => assert!(read == Some(picture.clone()), "{name} to {length}"),
                Some(false) => {
                    cut += 1;
                    // The last bits may be of little use.
                    let same = read == Some(picture.clone());
                    assert!(!same || length + 64 >= file.len(), "{name} to {length}");
                }
                None => {}
            }
        }
    }
    println!("{whole} whole, {cut} cut");
    assert!(whole > 90 && cut > 600, "{whole}, {cut}");
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
