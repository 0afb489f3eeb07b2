//! The reference's answers (`tests/fixtures`, from the C extension on libgd
//! 2.3.3), against this crate's method. No server needed.

mod fixture;
#[path = "fixture/text.rs"]
mod fixture_text;

use fixture::fixture;
use fixture_text::fixture_text;
use imgsmlr_rs::decode::Limits;
use imgsmlr_rs::fingerprint::Fingerprint;
use imgsmlr_rs::pattern::convert::{self, Options};
use imgsmlr_rs::pattern::{self, PATTERN_LEN, Pattern};
use imgsmlr_rs::signature::Signature;

/// PNG and GIF decode to one answer only.
const EXACT: f64 = 0.000_001;
/// What another correct JPEG decoder's rounding may cost, in a signature's
/// numbers and in pattern distance.
const JPEG_SIGNATURE: f64 = 0.01;
const JPEG_PATTERN: f64 = 0.1;
/// Half a unit of the sixth decimal, in which the reference printed.
const PRINTED: f64 = 0.000_000_5;

fn numbers(text: &str) -> Vec<f64> {
    text.split(|c: char| "(), \n".contains(c))
        .filter(|word| !word.is_empty())
        .map(|word| word.parse().expect("a number"))
        .collect()
}

fn pattern(name: &str) -> Option<Pattern> {
    let data = fixture(&format!("images/{name}"));
    let options = Options { apply_orientation: false, ..Options::DEFAULT };
    convert::pattern(&data, options, Limits::of(100_000_000)).ok()
}

fn is_jpeg(name: &str) -> bool {
    name.ends_with(".jpg")
}

#[test]
fn signatures_are_the_references() {
    let (mut rows, mut largest) = (0, (0.0_f64, String::new()));
    for line in fixture_text("golden_signature.tsv").lines() {
        let (name, golden) = line.split_once('\t').expect("name, signature");
        rows += 1;
        let Some(pattern) = pattern(name) else {
            assert_eq!(golden, "NULL", "{name} was refused");
            continue;
        };
        let signature = Signature::of(&pattern).expect("in range");
        if golden.contains("NaN") {
            // The reference's own defect; here a plain picture is all zeros.
            assert_eq!(signature.values(), &[0.0; 16], "{name}");
            continue;
        }
        let tolerance = if is_jpeg(name) { JPEG_SIGNATURE } else { EXACT };
        let golden = numbers(golden);
        assert_eq!(golden.len(), 16);
        for (ours, theirs) in signature.values().iter().zip(golden) {
            let difference = (f64::from(*ours) - theirs).abs();
            assert!(difference <= tolerance, "{name}: {ours} for {theirs}");
            if is_jpeg(name) && difference > largest.0 {
                largest = (difference, name.to_owned());
            }
        }
    }
    assert_eq!(rows, 32);
    println!("largest JPEG signature difference: {largest:?}");
}

#[test]
fn patterns_are_the_references() {
    for name in ["rgb8.png", "rgba8.png", "still.gif", "baseline_420.jpg"] {
        let stem = name.split('.').next().expect("a stem");
        let golden = numbers(&fixture_text(&format!("golden_pattern_{stem}.txt")));
        assert_eq!(golden.len(), 64 * 64, "{name}");
        let ours = pattern(name).expect(name);
        if is_jpeg(name) {
            let golden: Vec<f32> = golden.into_iter().map(|d| d as f32).collect();
            let golden = Pattern::from_values(golden.try_into().expect("4,096 numbers"));
            let distance = ours.distance(&golden);
            println!("{name}: pattern distance {distance}");
            assert!(distance <= JPEG_PATTERN, "{name}: {distance}");
        } else {
            for (ours, theirs) in ours.values().iter().zip(golden) {
                let difference = (f64::from(*ours) - theirs).abs();
                assert!(difference <= EXACT, "{name}: {ours} for {theirs}");
            }
        }
    }
}

#[test]
fn distances_are_the_references() {
    let (mut rows, mut largest) = (0, (0.0_f64, 0.0_f64));
    for line in fixture_text("golden_distance.tsv").lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [a, b, golden @ ..] = fields.as_slice() else { panic!("{line}") };
        let (pa, pb) = (pattern(a).expect(a), pattern(b).expect(b));
        let (sa, sb) = (Signature::of(&pa).expect(a), Signature::of(&pb).expect(b));
        let ours = [pa.distance(&pb), pa.shuffled().distance(&pb.shuffled()), sa.distance(&sb)];
        let tolerances = if is_jpeg(a) || is_jpeg(b) {
            // A distance moves by no more than its two ends do.
            [2.0 * JPEG_PATTERN, 2.0 * JPEG_PATTERN, 8.0 * JPEG_SIGNATURE]
        } else {
            // The reference sums in float4: 4,096 terms, seven digits.
            [4.0 * EXACT, 4.0 * EXACT, 2.0 * EXACT]
        };
        for ((ours, golden), tolerance) in ours.into_iter().zip(golden).zip(tolerances) {
            let golden: f64 = golden.parse().expect("a number");
            let difference = (ours - golden).abs();
            assert!(difference <= tolerance + PRINTED, "{a} {b}: {ours} for {golden}");
            if tolerance < 0.001 {
                largest.0 = largest.0.max(difference);
            } else {
                largest.1 = largest.1.max(difference);
            }
        }
        rows += 1;
    }
    assert_eq!(rows, 97);
    println!("largest distance difference, exact formats {}, JPEG {}", largest.0, largest.1);
}

/// Fingerprints and detail of stored patterns, as `scripts/fingerprint` has them in numpy:
/// the same to the last bit in every build, or every stored fingerprint would be another.
#[test]
fn fingerprints_of_stored_patterns_never_change() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/fingerprint");
    let patterns = std::fs::read(format!("{folder}/patterns.bin")).expect("patterns");
    let golden = std::fs::read_to_string(format!("{folder}/golden.tsv")).expect("golden");
    let numbers = patterns.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
    let numbers: Vec<f32> = numbers.collect();
    let patterns = numbers.as_chunks::<PATTERN_LEN>().0;
    assert_eq!(patterns.len(), golden.lines().count());
    assert!(patterns.len() > 20);
    for (values, line) in patterns.iter().zip(golden.lines()) {
        let mut columns = line.split('\t');
        let (name, digits) = (columns.next().expect("a name"), columns.next().expect("digits"));
        let detail: f32 = columns.next().expect("detail").parse().expect("a number");
        let pattern = Pattern::from_values(*values);
        assert_eq!(Fingerprint::of(&pattern).to_hex(), digits, "{name}");
        assert!((pattern::detail::detail(&pattern) - detail).abs() < 1e-4, "{name}");
    }
}

/// Fingerprints are stored: other weights would be another fingerprint. FNV-1a, 64 bits.
#[test]
fn the_weights_of_the_fingerprint_are_these() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/fingerprint/layers.bin");
    let weights = std::fs::read(file).expect("weights");
    let hash = weights.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    assert_eq!(format!("{hash:016x}"), "ba4964bce38c8bc3");
}
