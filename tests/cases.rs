//! Files of kinds that people sent to the trackers of other programs, and what they must
//! give: `fixtures/cases/expected.tsv` has the signatures, as stored and upright, that an
//! independent model of the method gives with libjpeg-turbo, libtiff and Pillow.

mod fixture;

use fixture::fixture;
use imgsmlr_rs::decode::{self, DecodeError, Foreign, Limits, Workspace};
use imgsmlr_rs::pattern::convert::{self, Options};
use imgsmlr_rs::picture::{Rows, Shape};
use imgsmlr_rs::signature::Signature;
use imgsmlr_rs::text;
use std::collections::HashMap;

const LIMITS: Limits = Limits::of(100_000_000);

fn case(name: &str) -> Vec<u8> {
    fixture(&format!("cases/{name}"))
}

fn signature(name: &str, options: Options) -> Result<Signature, DecodeError> {
    let pattern = convert::pattern(&case(name), options, LIMITS)?;
    Ok(Signature::of(&pattern).expect("in range"))
}

fn is_complete(file: &[u8]) -> Option<bool> {
    decode::info(file, LIMITS).expect("a header").complete
}

/// By name: as stored, and upright.
fn expected() -> HashMap<String, [Signature; 2]> {
    let text = String::from_utf8(case("expected.tsv")).expect("text");
    let signature =
        |field: &str| Signature::from_values(text::parse(field.as_bytes()).expect("a signature"));
    text.lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let &[name, stored, upright] = fields.as_slice() else { panic!("{line}") };
            (name.to_owned(), [signature(stored), signature(upright)])
        })
        .collect()
}

/// The largest difference of a number.
fn apart(a: &Signature, b: &Signature) -> f32 {
    let pairs = a.values().iter().zip(b.values());
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// Within 0.02 for JPEG, 0.05 where data are lost, 0.001 for the rest.
fn tolerance(name: &str) -> f32 {
    match name {
        "restart_segment_lost.jpg" => 0.05,
        "tiff_jpeg_in.tif" | "orientation6_exif_prefix.webp" => 0.02,
        _ if name.ends_with(".jpg") || name.ends_with(".jxl") => 0.02,
        _ => 0.001,
    }
}

/// Those that are refused: in plain words, by `refusals_are_in_plain_words`.
const REFUSED: &[&str] = &[
    "arithmetic.jpg",
    "lossless_sof3.jpg",
    "twelve_bit.jpg",
    "palette_length_not_3n.png",
    "phone.heic",
    "upload.avif",
    #[cfg(not(feature = "jxl"))]
    "picture.jxl",
];

#[test]
fn every_case_gives_what_its_table_says() {
    let mut read = 0;
    let mut wrong = Vec::new();
    for (name, signatures) in expected() {
        if REFUSED.contains(&name.as_str()) {
            continue;
        }
        for (apply_orientation, expected) in [false, true].into_iter().zip(&signatures) {
            let options = Options { apply_orientation, ..Options::DEFAULT };
            match signature(&name, options) {
                Ok(ours) if apart(&ours, expected) <= tolerance(&name) => read += 1,
                Ok(ours) => wrong.push(format!("{name}: {} off", apart(&ours, expected))),
                Err(error) => wrong.push(format!("{name}: {error}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(read > 80, "{read}");
}

#[test]
fn what_is_cut_off_is_not_complete_and_all_else_is() {
    for name in expected().keys() {
        let complete = match name.as_str() {
            "cut_with_end_mark.jpg" | "header_taller_than_data.jpg" => Some(false),
            "restart_segment_lost.jpg" | "palette_length_not_3n.png" => Some(false),
            "arithmetic.jpg" | "lossless_sof3.jpg" | "twelve_bit.jpg" => None,
            "phone.heic" | "upload.avif" => continue,
            _ => Some(true),
        };
        match decode::info(&case(name), LIMITS) {
            Ok(info) => assert_eq!(info.complete, complete, "{name}"),
            Err(error) => assert!(REFUSED.contains(&name.as_str()), "{name}: {error}"),
        }
    }
}

/// The place of a JPEG's first marker of this kind.
fn marker(jpeg: &[u8], kind: u8) -> usize {
    jpeg.windows(2).position(|pair| pair == [0xff, kind]).expect("the marker")
}

#[test]
fn what_a_sequential_scan_says_of_coefficients_means_nothing() {
    let file = fixture("images/baseline_420.jpg");
    let whole = convert::pattern(&file, Options::DEFAULT, LIMITS).expect("a picture");
    let parameters = marker(&file, 0xda) + 11;
    for odd in [[0, 255, 0], [1, 63, 0], [0, 0, 0], [0, 63, 0x10], [9, 3, 0xff]] {
        let mut file = file.clone();
        file[parameters..parameters + 3].copy_from_slice(&odd);
        assert_eq!(convert::pattern(&file, Options::DEFAULT, LIMITS), Ok(whole.clone()), "{odd:?}");
        assert_eq!(is_complete(&file), Some(true));
    }
}

#[test]
fn bitmaps_of_kinds_that_are_not_read_are_not_called_broken() {
    let file = case("palette_17_of_4_bits.bmp");
    for (at, value) in [(30, 6), (28, 64), (30, 4), (30, 5), (30, 11), (30, 9)] {
        let mut file = file.clone();
        file[at] = value;
        let error = convert::pattern(&file, Options::DEFAULT, LIMITS).expect_err("not read");
        assert!(matches!(error, DecodeError::NotSupported { .. }), "{at}, {value}: {error}");
    }
    let headless = convert::pattern(&file[14..], Options::DEFAULT, LIMITS).expect_err("named");
    assert_eq!(headless, DecodeError::Foreign { kind: Foreign::HeadlessBitmap });
}

/// A bitmap's header, and four pixels of 32 bits, red with this alpha.
fn bitmap(alpha: u8, length: u8, height: u8, compression: u8, masks: &[u32]) -> Vec<u8> {
    let mut file = vec![0; length.into()];
    (file[0], file[4], file[8], file[12], file[14]) = (length, 2, height, 1, 32);
    file[16] = compression;
    for (at, mask) in masks.iter().enumerate() {
        file[40 + 4 * at..44 + 4 * at].copy_from_slice(&mask.to_le_bytes());
    }
    file.extend([0, 0, 255, alpha].repeat(4));
    file
}

/// All samples of a picture.
#[derive(Default)]
struct Samples(Vec<u8>);

impl Rows for Samples {
    fn begin(&mut self, shape: Shape) {
        assert_eq!(shape.channels.count(), 4);
    }

    fn row(&mut self, samples: &[u8]) {
        self.0.extend_from_slice(samples);
    }
}

#[test]
fn what_is_clear_everywhere_has_no_alpha() {
    let samples = |file: &[u8]| {
        let mut samples = Samples::default();
        decode::rows(file, None, LIMITS, &mut Workspace::default(), &mut samples)
            .expect("a picture");
        samples.0
    };
    let red = |alpha| [255, 0, 0, alpha];
    let masks = [0xff_0000, 0xff00, 0xff, 0xff00_0000];
    let bmp = |alpha| {
        let inside = bitmap(alpha, 108, 2, 3, &masks);
        let header = [b"BM".as_slice(), &[0; 8], &122_u32.to_le_bytes()].concat();
        samples(&[header, inside].concat())
    };
    // An icon is said to be twice as high, and has a mask, from the lowest row up.
    let icon = |alpha, kind, mask: u8| {
        let inside = bitmap(alpha, 40, 4, 0, &[]);
        let inside = [inside, vec![mask, 0, 0, 0, 0, 0, 0, 0]].concat();
        let mut header = vec![0, 0, kind, 0, 1, 0, 2, 2, 0, 0, 1, 0, 255, 3];
        header.extend((inside.len() as u32).to_le_bytes());
        header.extend(22_u32.to_le_bytes());
        samples(&[header, inside].concat())
    };
    assert_eq!([bmp(255), bmp(0)], [red(255).repeat(4), red(255).repeat(4)]);
    assert_eq!(bmp(127), red(127).repeat(4));
    for kind in [1, 2] {
        for (alpha, seen) in [(255, 255), (0, 255), (127, 127)] {
            assert_eq!(icon(alpha, kind, 0), red(seen).repeat(4));
        }
        let masked = [red(255).repeat(2), red(0).repeat(2)].concat();
        assert_eq!(icon(0, kind, 0xc0), masked);
    }
}

/// A TIFF's tags: number, kind, values.
type Tags<'a> = &'a [(u16, u16, &'a [u32])];

/// A TIFF file: the pixels, then the directory.
fn tiff(pixels: &[u8], tags: Tags) -> Vec<u8> {
    let mut file = b"II*\0\0\0\0\0".to_vec();
    file.extend(pixels);
    let mut entries = (tags.len() as u16).to_le_bytes().to_vec();
    for &(tag, kind, values) in tags {
        let mut bytes: Vec<u8> = match kind {
            3 => values.iter().flat_map(|&value| (value as u16).to_le_bytes()).collect(),
            _ => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        };
        entries.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
        entries.extend((values.len() as u32).to_le_bytes());
        if bytes.len() > 4 {
            entries.extend((file.len() as u32).to_le_bytes());
            file.extend(bytes);
        } else {
            bytes.resize(4, 0);
            entries.extend(bytes);
        }
    }
    let at = file.len() as u32;
    file[4..8].copy_from_slice(&at.to_le_bytes());
    file.extend(entries);
    file.extend([0; 4]);
    file
}

#[test]
fn lengths_of_what_is_not_compressed_are_calculated() {
    // Ten rows of 16 grey pixels, in strips of 4: 64, 64 and 32 bytes.
    let pixels: Vec<u8> = (0..160).map(|at| (at * 37 % 251) as u8).collect();
    let strips = |rows: Option<u32>, offsets: &[u32], lengths: Option<&[u32]>| {
        let (rows, lengths) = (rows.map(|rows| [rows]), lengths.map(<[u32]>::to_vec));
        let mut tags: Vec<(u16, u16, &[u32])> = vec![
            (256, 3, &[16]),
            (257, 3, &[10]),
            (258, 3, &[8]),
            (259, 3, &[1]),
            (262, 3, &[1]),
            (273, 4, offsets),
        ];
        if let Some(rows) = &rows {
            tags.push((278, 3, rows));
        }
        if let Some(lengths) = &lengths {
            tags.push((279, 4, lengths));
        }
        convert::pattern(&tiff(&pixels, &tags), Options::DEFAULT, LIMITS)
    };
    let offsets = [8, 72, 136];
    let right = strips(Some(4), &offsets, Some(&[64, 64, 32])).expect("a picture");
    let wrong: [Option<&[u32]>; 8] = [
        None,
        Some(&[0, 0, 0]),
        Some(&[1]),
        Some(&[16, 16, 16]),
        Some(&[64, 3, 32]),
        Some(&[64, 64, 31]),
        Some(&[1 << 20, 64, 32]),
        Some(&[7, 9, 11]),
    ];
    for lengths in wrong {
        assert_eq!(strips(Some(4), &offsets, lengths), Ok(right.clone()), "{lengths:?}");
    }
    // Rows of a strip: by the first length, the first distance, or because all are one.
    for lengths in [Some(&[64, 64, 32][..]), Some(&[0, 0, 0]), Some(&[60, 70, 30]), None] {
        assert_eq!(strips(None, &offsets, lengths), Ok(right.clone()), "{lengths:?}");
    }
    assert_eq!(strips(None, &[8, 40, 56], Some(&[32, 16, 112])), Ok(right));
    // Strips that are shorter than their rows, and not for a length's sake.
    assert!(strips(Some(8), &offsets, Some(&[64, 64, 32])).is_err());
    assert!(strips(Some(4), &[8, 72, 1000], Some(&[64, 64, 32])).is_err());
}

#[test]
fn a_header_says_what_a_conversion_does() {
    for name in ["png", "webp"].map(|end| format!("orientation6_exif_prefix.{end}")) {
        assert_eq!(decode::info(&case(&name), LIMITS).expect(&name).orientation.number(), 6);
    }
    for name in ["orientation6_long.jpg", "orientation6_xmp_only.jpg"] {
        assert_eq!(decode::info(&case(name), LIMITS).expect(name).orientation.number(), 6);
    }
    for name in expected().keys().filter(|name| !REFUSED.contains(&name.as_str())) {
        let info = decode::info(&case(name), LIMITS).expect(name);
        let sides = (info.width, info.height);
        assert!(sides == (301, 203) || sides.0 <= 256 && name != "scene.png", "{name}: {info:?}");
    }
}

/// The shape of a picture, and no pixel of it.
struct Outline(Option<Shape>);

impl Rows for Outline {
    fn begin(&mut self, shape: Shape) {
        self.0 = Some(shape);
    }

    fn row(&mut self, _: &[u8]) {}
}

/// Whatever a conversion takes, the header's reader takes, too, and says the same of it.
fn assert_agreement(name: &str, file: &[u8]) -> bool {
    let mut outline = Outline(None);
    let limits = Limits::of(1 << 21);
    let converted = decode::rows(file, None, limits, &mut Workspace::default(), &mut outline);
    let Ok(orientation) = converted else { return false };
    let shape = outline.0.expect("a shape");
    let info = match decode::info(file, limits) {
        Ok(info) => info,
        Err(error) => panic!("{name} converts, but of its header it is said: {error}"),
    };
    assert_eq!((info.width as usize, info.height as usize), (shape.width, shape.height), "{name}");
    assert_eq!(info.orientation, orientation, "{name}");
    assert!(info.complete.is_some(), "{name}");
    true
}

#[test]
fn the_header_and_the_conversion_agree_on_every_file_and_on_damaged_ones() {
    let (mut agreed, mut damaged) = (0, 0);
    for folder in ["images", "formats", "cases", "hostile"] {
        let path = format!("{}/tests/fixtures/{folder}", env!("CARGO_MANIFEST_DIR"));
        for entry in std::fs::read_dir(path).expect(folder) {
            let path = entry.expect("an entry").path();
            let name = path.display().to_string();
            let mut file = std::fs::read(&path).expect("a file");
            agreed += u32::from(assert_agreement(&name, &file));
            for part in 1..8 {
                let end = file.len() * part / 8;
                damaged += u32::from(assert_agreement(&format!("{name} to {end}"), &file[..end]));
            }
            // Where headers are, one byte after another.
            for at in (0..file.len().min(200)).step_by(7) {
                let before = file[at];
                file[at] = before.wrapping_add(1 + (at % 5) as u8);
                damaged += u32::from(assert_agreement(&format!("{name} changed at {at}"), &file));
                file[at] = before;
            }
        }
    }
    println!("{agreed} whole and {damaged} damaged files");
    assert!(agreed > 80 && damaged > 500, "{agreed}, {damaged}");
}

#[test]
fn refusals_are_in_plain_words() {
    for name in REFUSED {
        let error = signature(name, Options::DEFAULT).expect_err(name);
        let said = error.to_string();
        println!("{name}: {said}");
        match (name.rsplit('.').next(), &error) {
            (Some("jpg"), DecodeError::NotSupported { .. })
            | (Some("png"), DecodeError::Broken { .. })
            | (Some("heic"), DecodeError::Foreign { kind: Foreign::Heic })
            | (Some("avif"), DecodeError::Foreign { kind: Foreign::Avif })
            | (Some("jxl"), DecodeError::Foreign { kind: Foreign::JpegXl }) => {}
            _ => panic!("{name}: {error:?}"),
        }
    }
}

#[test]
fn drawings_in_black_on_clear_ground_differ_on_white() {
    let names = ["black_on_clear_a.png", "black_on_clear_b.png"];
    let on = |background| {
        let options = Options { background, ..Options::DEFAULT };
        names.map(|name| signature(name, options).expect(name))
    };
    let [a, b] = on([0; 3]);
    assert_eq!(a.distance(&b), 0.0);
    let [a, b] = on([255; 3]);
    assert!(a.distance(&b) > 0.1, "{}", a.distance(&b));
}
