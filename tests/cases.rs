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
    assert!(read > 40, "{read}");
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
