//! Whether decoding a JPEG at a reduced scale would do: what libjpeg-turbo
//! gains by it, and how far signatures move.

use crate::libjpeg::decode_at;
use crate::{LIMITS, OPTIONS, Photo, Result, least};
use imgsmlr_rs::decode::Format;
use imgsmlr_rs::pattern::convert;
use imgsmlr_rs::signature::Signature;

fn signature(file: &[u8]) -> Result<Signature> {
    Ok(Signature::of(&convert::pattern(file, OPTIONS, LIMITS)?)?)
}

pub fn measure(set: &[Photo]) -> Result<()> {
    println!(
        "\n| scale | files | largest difference of a signature's number | mean of the largest | share within 0.005 | time, of the full decode's |\n\
         |---|---|---|---|---|---|"
    );
    for (scale, shrink) in [("1/2", 2.0), ("1/4", 4.0), ("1/8", 8.0)] {
        let mut differences = Vec::new();
        let (mut full, mut reduced) = (0.0, 0.0);
        for photo in set.iter().filter(|photo| photo.format == Format::Jpeg) {
            let info = imgsmlr_rs::decode::info(&photo.file, LIMITS)?;
            // Only where the reduced picture is still twice as large as the cells.
            if f64::from(info.width.min(info.height)) < 128.0 * shrink {
                continue;
            }
            let whole = decode_at(&photo.path, "1/1")?;
            let part = decode_at(&photo.path, scale)?;
            let (a, b) = (signature(&whole)?, signature(&part)?);
            let apart = a.values().iter().zip(b.values()).map(|(a, b)| (a - b).abs());
            differences.push(apart.fold(0.0, f32::max));
            full += least(3, || decode_at(&photo.path, "1/1").map(drop))?;
            reduced += least(3, || decode_at(&photo.path, scale).map(drop))?;
        }
        if differences.is_empty() {
            continue;
        }
        let count = differences.len();
        let largest = differences.iter().copied().fold(0.0, f32::max);
        let mean = differences.iter().sum::<f32>() / count as f32;
        let within = differences.iter().filter(|&&apart| apart <= 0.005).count();
        println!(
            "| {scale} | {count} | {largest:.4} | {mean:.4} | {:.0} % | {:.2} |",
            100.0 * within as f64 / count as f64,
            reduced / full
        );
    }
    Ok(())
}
