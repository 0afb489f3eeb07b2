//! One conversion's memory: within the formula, and foreseen before a codec
//! allocates it. No server needed.

mod counter;
#[path = "../../benches/data/random.rs"]
mod data;
#[path = "../fixture/mod.rs"]
mod fixture;
#[path = "../hostile/mod.rs"]
mod hostile;

use counter::{Counter, Peak, peak_of};
use hostile::{File, bombs, fixtures, large, mutation::Mutations};
use imgsmlr_rs::decode::{self, Format, Limits};
use imgsmlr_rs::pattern::convert::{self, Options};
use std::collections::HashSet;

#[global_allocator]
static COUNTER: Counter = Counter;

const ANY: Options = Options::DEFAULT;
const LIMITS: Limits = Limits::of(1 << 20);

/// What a conversion and a look at the header hold, with at most `most` bytes.
fn peaks(file: &[u8], limits: Limits, most: usize) -> [Peak; 2] {
    let (_, conversion) = peak_of(most, || convert::pattern(file, ANY, limits).map(drop));
    let (_, header) = peak_of(most, || decode::info(file, limits).map(drop));
    [conversion, header]
}

fn assert_bounded((name, file): &File, limits: Limits) -> Peak {
    let peaks = peaks(file, limits, usize::MAX);
    for peak in peaks {
        assert_eq!(peak.exceeded, 0, "{name}, {} bytes: {peak:?}", file.len());
        let most = limits.most_bytes(file.len() as u64);
        assert!(peak.asked as u64 <= most, "{name}, {} bytes: {peak:?}, {most}", file.len());
    }
    peaks[0]
}

#[test]
fn every_file_stays_within_the_formula() {
    let mut files = fixtures(&["images", "formats", "hostile", "cases"]);
    assert!(files.len() > 50);
    files.extend(Mutations::new(&files.clone(), 7, 500));
    for file in &files {
        assert_bounded(file, LIMITS);
    }
}

#[test]
fn bombs_stay_within_the_formula() {
    for file in bombs::files() {
        let peak = assert_bounded(&file, LIMITS);
        println!("{:9} {:9} {}", peak.used, peak.asked, file.0);
    }
}

#[test]
fn large_pictures_stay_within_the_formula() {
    let mut formats = HashSet::new();
    for (width, height) in [(1000, 750), (1, 16_000), (16_000, 2)] {
        let limits = Limits::of(u64::from(width) * u64::from(height));
        for file in large::files(width, height) {
            let peak = assert_bounded(&file, limits);
            println!("{:9} {:9} {width} × {height} {}", peak.used, peak.asked, file.0);
            formats.insert(Format::of(&file.1));
        }
    }
    // All but icons, which are a PNG or a small BMP.
    assert_eq!(formats.len(), Format::ALL.len() - 1);
}

/// zune-jpeg would look at each as often as there are parts; it sees none.
#[test]
fn metadata_in_many_parts_are_no_matter() {
    let file = bombs::jpeg_in_parts(40_000, b"http://ns.adobe.com/xmp/extension/");
    assert!(convert::pattern(&file, ANY, LIMITS).is_ok());
}

#[test]
fn the_widest_rows_stay_within_the_formula() {
    let header = b"IHDR\0\x0f\x42\x40\0\0\0\x0c\x10\x06\0\0\0";
    let file = ("PNG, rows of a million".to_owned(), bombs::png_of_zeros(header, 100 << 20));
    let peak = assert_bounded(&file, Limits::of(12_000_000));
    println!("{peak:?}");
    assert!(peak.used > 12_000_000, "{peak:?}");
}

/// What codecs take beyond a picture of one pixel, per pixel.
#[test]
#[ignore = "prints the table of docs/hostile.md"]
fn bytes_a_pixel() {
    let peak = |(_, file): &File, pixels| peaks(file, Limits::of(pixels), usize::MAX)[0];
    let (small, whole) = (large::files(1000, 750), large::files(2000, 1500));
    for (small, whole) in small.iter().zip(&whole) {
        let (a, b) = (peak(small, 750_000), peak(whole, 3_000_000));
        let a_pixel = |from: usize, to: usize| (to as f64 - from as f64) / 2_250_000.0;
        let used = a_pixel(a.used, b.used);
        let asked = a_pixel(a.asked, b.asked);
        println!("| {} | {used:.1} | {asked:.1} | {:.1} |", whole.0, b.used as f64 / 1e6);
    }
}
