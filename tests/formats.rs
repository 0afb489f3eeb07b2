//! Every format that `image2pattern` reads, from files that independent encoders
//! wrote. No server needed.

mod fixture;
#[path = "hostile/png.rs"]
mod png;

use fixture::fixture;
use image::{DynamicImage, ImageFormat};
use imgsmlr_rs::decode::{self, Format, Limits, Workspace};
use imgsmlr_rs::pattern::Pattern;
use imgsmlr_rs::pattern::convert::{self, Options};
use imgsmlr_rs::picture::{Rows, Shape};
use imgsmlr_rs::signature::Signature;
use png::png_chunk;
use std::io::Cursor;

const LIMITS: Limits = Limits::of(100_000_000);
const UPRIGHT: Options = Options::DEFAULT;
const AS_STORED: Options = Options { apply_orientation: false, ..Options::DEFAULT };

fn pattern(file: &[u8], options: Options) -> Pattern {
    convert::pattern(file, options, LIMITS).expect("a picture")
}

/// Whether a file is of a format that is not built in.
fn is_left_out(name: &str) -> bool {
    name.ends_with(".jxl") && cfg!(not(feature = "jxl"))
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Vec::new();
    picture.write_to(&mut Cursor::new(&mut file), format).expect("encodes");
    file
}

fn picture(name: &str) -> DynamicImage {
    image::load_from_memory_with_format(&fixture(name), ImageFormat::Png).expect(name)
}

/// An RGB picture as our decoder hands it over.
fn in_memory(file: &[u8]) -> DynamicImage {
    struct Whole(Option<Shape>, Vec<u8>);
    impl Rows for Whole {
        fn begin(&mut self, shape: Shape) {
            self.0 = Some(shape);
        }
        fn row(&mut self, samples: &[u8]) {
            self.1.extend_from_slice(samples);
        }
    }
    let mut whole = Whole(None, Vec::new());
    decode::rows(file, None, LIMITS, &mut Workspace::default(), &mut whole).expect("a picture");
    let shape = whole.0.expect("a shape");
    let (width, height) = (shape.width as u32, shape.height as u32);
    image::RgbImage::from_raw(width, height, whole.1).expect("RGB").into()
}

#[test]
fn a_picture_has_one_pattern_in_every_lossless_format() {
    let rgb = picture("images/rgb8.png");
    let rgba = picture("images/rgba8.png");
    let wide = rgb.to_rgba16().into();
    let floats = rgb.to_rgb32f().into();
    let grey: DynamicImage = rgb.to_luma8().into();
    let files = [
        (&rgb, ImageFormat::Bmp, Format::Bmp),
        (&rgba, ImageFormat::Bmp, Format::Bmp),
        (&grey, ImageFormat::Bmp, Format::Bmp),
        (&rgb, ImageFormat::Tiff, Format::Tiff),
        (&rgba, ImageFormat::Tiff, Format::Tiff),
        (&grey, ImageFormat::Tiff, Format::Tiff),
        (&wide, ImageFormat::Tiff, Format::Tiff),
        (&floats, ImageFormat::Tiff, Format::Tiff),
        (&rgb, ImageFormat::Pnm, Format::Pnm),
        (&rgba, ImageFormat::Pnm, Format::Pnm),
        (&grey, ImageFormat::Pnm, Format::Pnm),
        (&rgb, ImageFormat::Qoi, Format::Qoi),
        (&rgba, ImageFormat::Qoi, Format::Qoi),
        (&wide, ImageFormat::Farbfeld, Format::Farbfeld),
    ];
    for (picture, as_image, format) in files {
        let file = encoded(picture, as_image);
        assert_eq!(Format::of(&file), Some(format));
        let png = encoded(&DynamicImage::from(picture.to_rgba8()), ImageFormat::Png);
        let (ours, exact) = (pattern(&file, UPRIGHT), pattern(&png, UPRIGHT));
        assert_eq!(ours, exact, "{format} of {:?}", picture.color());
        let info = decode::info(&file, LIMITS).expect("a header");
        assert_eq!((info.format, info.width, info.height), {
            (format, picture.width(), picture.height())
        });
    }
}

/// `formats/` was written by Pillow (libwebp, libtiff) and by libjxl: `NAME.EXT` beside
/// `NAME.EXT.png`, what it itself reads in it.
#[test]
fn files_of_another_encoder_are_read_as_it_reads_them() {
    // Lossy WebP: libwebp and image-webp may round apart; signatures barely move.
    for (name, tolerance) in [
        ("lossy.webp", 0.002),
        ("lossy_alpha.webp", 0.002),
        ("lossless.webp", 0.0),
        ("lossless_alpha.webp", 0.0),
        ("animated.webp", 0.002),
        ("palette.bmp", 0.0),
        ("lzw.tiff", 0.0),
        ("deflate.tiff", 0.0),
        ("packbits_grey.tiff", 0.0),
        ("bilevel.tiff", 0.0),
        ("text.ppm", 0.0),
        ("bilevel.pbm", 0.0),
        ("grey16.pgm", 0.0),
        ("lossy.jxl", 0.01),
        ("lossy_alpha.jxl", 0.01),
        ("lossless.jxl", 0.0),
        ("lossless_grey.jxl", 0.0),
        ("grey_alpha.jxl", 0.01),
        ("wide.jxl", 0.01),
        ("ten_bits.jxl", 0.01),
        ("twelve_bits.jxl", 0.01),
        ("progressive.jxl", 0.01),
        ("layers.jxl", 0.01),
        ("turned.jxl", 0.01),
        ("animated.jxl", 0.0),
    ] {
        if is_left_out(name) {
            continue;
        }
        let ours = pattern(&fixture(&format!("formats/{name}")), UPRIGHT);
        let theirs = pattern(&fixture(&format!("formats/{name}.png")), UPRIGHT);
        let [a, b] = [&ours, &theirs].map(|p| Signature::of(p).expect("in range"));
        let distance = a.distance(&b);
        assert!(distance <= tolerance, "{name}: {distance}");
    }
}

#[test]
fn orientation_makes_a_turned_picture_upright() {
    let stored = picture("images/rgb8.png");
    let jpeg = fixture("images/baseline_420.jpg");
    let decoded = in_memory(&jpeg);
    let reference = encoded(&stored, ImageFormat::Png);
    for number in 1..=8_u8 {
        // What `image` makes of the same orientation, stored upright.
        let mut upright = stored.clone();
        let orientation = image::metadata::Orientation::from_exif(number).expect("1 to 8");
        upright.apply_orientation(orientation);
        let upright = pattern(&encoded(&upright, ImageFormat::Png), UPRIGHT);

        let turned = png_with_exif(&reference, &exif(number));
        assert_eq!(pattern(&turned, UPRIGHT), upright, "{number}");
        assert_eq!(pattern(&turned, AS_STORED), pattern(&reference, UPRIGHT), "{number}");
        assert_eq!(decode::info(&turned, LIMITS).expect("a PNG").orientation.number(), number);

        // The same for a phone's JPEG.
        let mut upright = decoded.clone();
        upright.apply_orientation(orientation);
        let upright = pattern(&encoded(&upright, ImageFormat::Png), UPRIGHT);
        let turned = jpeg_with_exif(&jpeg, &exif(number));
        assert_eq!(pattern(&turned, UPRIGHT), upright, "{number}");
        assert_eq!(pattern(&turned, AS_STORED), pattern(&jpeg, UPRIGHT), "{number}");
        assert_eq!(decode::info(&turned, LIMITS).expect("a JPEG").orientation.number(), number);
    }
}

/// EXIF data of one entry.
fn exif(orientation: u8) -> Vec<u8> {
    let mut data = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    data.extend([orientation, 0, 0, 0, 0, 0, 0]);
    data
}

fn png_with_exif(file: &[u8], exif: &[u8]) -> Vec<u8> {
    let header = 8 + 25;
    let chunk = png_chunk(&[b"eXIf", exif].concat());
    [&file[..header], &chunk, &file[header..]].concat()
}

fn jpeg_with_exif(file: &[u8], exif: &[u8]) -> Vec<u8> {
    let length = (2 + 6 + exif.len() as u16).to_be_bytes();
    [&file[..2], b"\xff\xe1", &length, b"Exif\0\0", exif, &file[2..]].concat()
}

/// `image_info.tsv` is what Pillow says of each fixture.
#[test]
fn headers_say_what_another_reader_reads_in_them() {
    let text = String::from_utf8(fixture("image_info.tsv")).expect("text");
    let mut rows = 0;
    for line in text.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let &[name, format, width, height, alpha, orientation, frames] = fields.as_slice() else {
            panic!("{line}");
        };
        if is_left_out(name) {
            continue;
        }
        let info = decode::info(&fixture(name), LIMITS).expect(name);
        assert_eq!(info.format.name(), format, "{name}");
        assert_eq!((info.width.to_string(), info.height.to_string()), {
            (width.to_owned(), height.to_owned())
        });
        assert_eq!(info.has_alpha.to_string(), alpha, "{name}");
        assert_eq!(info.orientation.number().to_string(), orientation, "{name}");
        if let Some(known) = info.frames {
            assert_eq!(known.to_string(), frames, "{name}");
        }
        rows += 1;
    }
    assert!(rows > 40, "{rows}");
}

/// `phash.tsv` is what Python's `imagehash` 4.3 answers. It shrinks by its own
/// filter from its own grey, so a bit near the median may differ.
#[test]
fn phash_is_near_another_implementations() {
    let text = String::from_utf8(fixture("phash.tsv")).expect("text");
    let mut apart = Vec::new();
    for line in text.lines() {
        let (name, hash) = line.split_once('\t').expect("name, hash");
        let theirs = u64::from_str_radix(hash, 16).expect("a hash");
        let ours = imgsmlr_rs::pattern::phash::phash(&pattern(&fixture(name), AS_STORED));
        apart.push((ours ^ theirs).count_ones());
    }
    let mean = f64::from(apart.iter().sum::<u32>()) / apart.len() as f64;
    println!("{} pictures, {mean:.2} of 64 bits differ on average: {apart:?}", apart.len());
    assert!(apart.len() >= 14 && mean < 6.0);
}
