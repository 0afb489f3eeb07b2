//! Conversion beside decoding alone, and beside libjpeg-turbo.

use crate::{Photo, Result, least, libjpeg};
use imgsmlr_rs::decode::{Format, Workspace};
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

/// The codec by itself: all pixels in memory, which is there already.
fn decode(photo: &Photo, pixels: &mut Vec<u8>) -> Result<()> {
    if photo.format == Format::Png {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(&photo.file));
        decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
        let mut reader = decoder.read_info()?;
        pixels.resize(reader.output_buffer_size().ok_or("too large")?, 0);
        reader.next_frame(pixels)?;
        return Ok(());
    }
    let options = DecoderOptions::default().set_max_width(65_535).set_max_height(65_535);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&photo.file), options);
    decoder.decode_headers().map_err(|error| error.to_string())?;
    if decoder.input_colorspace() == Some(ColorSpace::Luma) {
        decoder.set_options(options.jpeg_set_out_colorspace(ColorSpace::Luma));
    }
    pixels.resize(decoder.output_buffer_size().ok_or("too large")?, 0);
    Ok(decoder.decode_into(pixels).map_err(|error| error.to_string())?)
}

/// Width, height and the RGB pixels of a JPEG.
pub fn rgb(photo: &Photo) -> Result<(usize, usize, Vec<u8>)> {
    let options = DecoderOptions::default().set_max_width(65_535).set_max_height(65_535);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&photo.file), options);
    let pixels = decoder.decode().map_err(|error| error.to_string())?;
    let (width, height) = decoder.dimensions().ok_or("no size")?;
    Ok((width, height, pixels))
}

/// What starting djpeg takes: a picture of 33×17 pixels.
fn start_of_djpeg() -> Result<f64> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/images/odd_33x17.jpg");
    least(50, || libjpeg::decode(&path))
}

/// Seconds for one photograph.
struct Times {
    megapixels: f64,
    decoder: f64,
    conversion: f64,
    libjpeg: Option<f64>,
}

fn line(kind: &str, times: &[&Times]) {
    if times.is_empty() {
        return;
    }
    let sum = |of: fn(&Times) -> f64| times.iter().map(|times| of(times)).sum::<f64>();
    let megapixels = sum(|t| t.megapixels);
    let [decoder, conversion] = [sum(|t| t.decoder), sum(|t| t.conversion)];
    let turbo: Option<f64> = times.iter().map(|times| times.libjpeg).sum();
    let speed = |seconds: f64| format!("{:.0}", megapixels / seconds);
    println!(
        "| {kind} | {} | {megapixels:.0} | {} | {} | {} | {:.2} | {} |",
        times.len(),
        turbo.map(speed).unwrap_or_default(),
        speed(decoder),
        speed(conversion),
        conversion / decoder,
        turbo.map(|turbo| format!("{:.2}", decoder / turbo)).unwrap_or_default(),
    );
}

pub fn measure(set: &[Photo]) -> Result<()> {
    let start = start_of_djpeg()?;
    eprintln!("djpeg starts in {:.1} ms, taken off", start * 1000.0);
    let (mut pixels, mut workspace) = (Vec::new(), Workspace::default());
    let mut all = Vec::new();
    for photo in set {
        let times = if photo.megapixels > 8.0 { 3 } else { 7 };
        // In turns, so that what else the machine does hits all alike.
        let (mut decoder, mut conversion, mut turbo) =
            (f64::INFINITY, f64::INFINITY, f64::INFINITY);
        for _ in 0..times {
            decoder = decoder.min(least(1, || decode(photo, black_box(&mut pixels)))?);
            conversion = conversion.min(least(1, || {
                black_box(photo.pattern(&mut workspace)?);
                Ok(())
            })?);
            if photo.format == Format::Jpeg {
                turbo = turbo.min(least(1, || libjpeg::decode(&photo.path))? - start);
            }
        }
        let libjpeg = (photo.format == Format::Jpeg).then_some(turbo.max(1e-5));
        all.push((photo, Times { megapixels: photo.megapixels, decoder, conversion, libjpeg }));
    }
    println!(
        "| photographs | files | megapixels | libjpeg-turbo MP/s | decoder alone MP/s | conversion MP/s | conversion / decoder | decoder / libjpeg-turbo |\n\
         |---|---|---|---|---|---|---|---|"
    );
    type Kind = (&'static str, fn(&Photo) -> bool);
    let kinds: [Kind; 7] = [
        ("JPEG, baseline, below 1 MP", |p| is_baseline(p) && p.megapixels < 1.0),
        ("JPEG, baseline, 1 to 13 MP", |p| is_baseline(p) && (1.0..13.0).contains(&p.megapixels)),
        ("JPEG, baseline, 50 MP", |p| is_baseline(p) && p.megapixels > 40.0),
        ("JPEG, progressive", |p| p.format == Format::Jpeg && p.progressive),
        ("all JPEG", |p| p.format == Format::Jpeg),
        ("PNG, photographs", |p| p.format == Format::Png && !is_drawing(p)),
        ("PNG, drawings, masks and gradients", |p| p.format == Format::Png && is_drawing(p)),
    ];
    for (kind, belongs) in kinds {
        let times: Vec<&Times> =
            all.iter().filter(|(photo, _)| belongs(photo)).map(|(_, times)| times).collect();
        line(kind, &times);
    }
    let largest = set.iter().filter(|photo| is_baseline(photo));
    let largest = largest.max_by(|a, b| a.megapixels.total_cmp(&b.megapixels)).ok_or("none")?;
    let output =
        Command::new(std::env::current_exe()?).arg("--peak").arg(&largest.path).output()?;
    print!("\n{}", String::from_utf8_lossy(&output.stdout));
    Ok(())
}

fn is_baseline(photo: &Photo) -> bool {
    photo.format == Format::Jpeg && !photo.progressive
}

/// Compressed to less than a byte a pixel, a PNG shows no photograph.
fn is_drawing(photo: &Photo) -> bool {
    (photo.file.len() as f64) < photo.megapixels * 1e6
}

/// The most memory that this process ever had, in bytes.
fn peak() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).ok_or("no VmHWM")?;
    let kilobytes: f64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
    Ok(kilobytes * 1024.0)
}

/// In a process of its own: converts one file and says what memory that took.
pub fn print_peak(path: &Path) -> Result<()> {
    let photo = Photo::read(path).ok_or("no photograph")?;
    let before = peak()?;
    photo.pattern(&mut Workspace::default())?;
    let bytes = peak()? - before;
    println!(
        "Peak memory for {:.0} MP: {:.0} MB, {:.2} bytes a pixel.",
        photo.megapixels,
        bytes / 1e6,
        bytes / (photo.megapixels * 1e6)
    );
    Ok(())
}
