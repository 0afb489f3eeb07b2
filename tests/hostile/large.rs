//! Pictures of any size in every format and kind of pixels.

use super::File;
use crate::fixture::fixture;
use image::{DynamicImage, ImageFormat, RgbaImage};
use std::io::{Cursor, Write as _};

/// A picture that is neither plain nor noise.
fn picture(width: u32, height: u32) -> DynamicImage {
    RgbaImage::from_fn(width, height, |x, y| {
        image::Rgba([(x / 7) as u8, (y / 5) as u8, (x * y / 4096) as u8, 255 - (x / 64) as u8])
    })
    .into()
}

/// The same picture in another kind of pixels.
type Converted = fn(&DynamicImage) -> DynamicImage;

/// `width` × `height` pixels in all formats: JPEGs and lossy WebPs, for which
/// there is no encoder here, as a fixture's header with another size.
pub fn files(width: u16, height: u16) -> Vec<File> {
    let rgba = picture(width.into(), height.into());
    let kinds: [(&str, Converted); 7] = [
        ("grey", |picture| picture.to_luma8().into()),
        ("grey, 16 bits", |picture| picture.to_luma16().into()),
        ("RGB", |picture| picture.to_rgb8().into()),
        ("RGB, 16 bits", |picture| picture.to_rgb16().into()),
        ("RGBA", |picture| picture.clone()),
        ("RGBA, 16 bits", |picture| picture.to_rgba16().into()),
        ("RGBA, floats", |picture| picture.to_rgba32f().into()),
    ];
    let mut files = Vec::new();
    for (kind, converted) in kinds {
        let picture = converted(&rgba);
        for format in [
            ImageFormat::Png,
            ImageFormat::Bmp,
            ImageFormat::Tiff,
            ImageFormat::Pnm,
            ImageFormat::Qoi,
            ImageFormat::Farbfeld,
        ] {
            let mut file = Vec::new();
            // Not every format has every kind.
            if picture.write_to(&mut Cursor::new(&mut file), format).is_ok() {
                files.push((format!("{format:?}, {kind}"), file));
            }
        }
        let colour = match picture.color() {
            image::ColorType::Rgb8 => image_webp::ColorType::Rgb8,
            image::ColorType::Rgba8 => image_webp::ColorType::Rgba8,
            _ => continue,
        };
        let mut file = Vec::new();
        let encoder = image_webp::WebPEncoder::new(&mut file);
        let (width, height) = (width.into(), height.into());
        if encoder.encode(picture.as_bytes(), width, height, colour).is_ok() {
            files.push((format!("lossless WebP, {kind}"), file));
        }
    }
    for name in ["baseline_420", "baseline_422", "baseline_444", "gray", "cmyk", "progressive"] {
        let file = jpeg_of(&fixture(&format!("images/{name}.jpg")), width, height);
        files.push((format!("JPEG, {name}"), file));
    }
    let mut units = jpeg_of(&fixture("images/baseline_420.jpg"), width, height);
    let frame = frame_of(&units);
    units[frame + 11] = 0x44;
    files.push(("JPEG, sampled 4 × 4".to_owned(), units));
    for name in ["lossy", "lossy_alpha", "animated"] {
        let file = webp_of(&fixture(&format!("formats/{name}.webp")), width, height);
        files.push((format!("WebP, {name}"), file));
    }
    for (kind, samples) in [("grey", 1), ("RGB", 3), ("RGBA", 4)] {
        for bits in [8, 16] {
            let file = tiff_in_one_strip(width.into(), height.into(), samples, bits);
            files.push((format!("TIFF, deflated in one strip, {kind}, {bits} bits"), file));
        }
    }
    files.push(("GIF".to_owned(), gif(width, height, false)));
    files.push(("GIF, interlaced".to_owned(), gif(width, height, true)));
    files.push(("PNG, interlaced".to_owned(), interlaced_png(width, height)));
    #[cfg(feature = "jxl")]
    files.extend(jxl(width, height));
    files
}

/// What `cjxl` wrote of such a size: there is no encoder here, and another size in the header
/// does not do. None of most sizes.
#[cfg(feature = "jxl")]
fn jxl(width: u16, height: u16) -> Vec<File> {
    let end = format!("_{width}x{height}.jxl");
    let files = super::fixtures(&["large"]).into_iter().filter(|(name, _)| name.ends_with(&end));
    files.map(|(name, file)| (format!("JPEG XL, {name}"), file)).collect()
}

/// Where a JPEG's frame header is.
pub fn frame_of(jpeg: &[u8]) -> usize {
    jpeg.windows(2).position(|w| w == [0xff, 0xc0] || w == [0xff, 0xc2]).expect("a frame")
}

/// The same JPEG with another size in its header.
pub fn jpeg_of(jpeg: &[u8], width: u16, height: u16) -> Vec<u8> {
    let mut file = jpeg.to_vec();
    let frame = frame_of(jpeg);
    file[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    file[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    file
}

/// The same lossy WebP with another size in all its headers.
pub fn webp_of(webp: &[u8], width: u16, height: u16) -> Vec<u8> {
    let mut file = webp.to_vec();
    let less = [width - 1, height - 1].map(|side| u32::from(side).to_le_bytes());
    let sides = [&less[0][..3], &less[1][..3]].concat();
    for at in 12..file.len() - 24 {
        match &file[at..at + 4] {
            b"VP8X" => file[at + 12..at + 18].copy_from_slice(&sides),
            b"ANMF" => file[at + 14..at + 20].copy_from_slice(&sides),
            b"VP8 " => {
                file[at + 14..at + 16].copy_from_slice(&(width & 0x3fff).to_le_bytes());
                file[at + 16..at + 18].copy_from_slice(&(height & 0x3fff).to_le_bytes());
            }
            _ => {}
        }
    }
    file
}

fn gif(width: u16, height: u16, interlaced: bool) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder =
        gif::Encoder::new(&mut file, width, height, &[0, 0, 0, 255, 255, 255]).expect("in memory");
    let size = usize::from(width) * usize::from(height);
    let pixels: Vec<u8> = (0..size).map(|at| (at / 300 % 2) as u8).collect();
    let mut frame = gif::Frame::from_indexed_pixels(width, height, pixels, Some(0));
    frame.interlaced = interlaced;
    encoder.write_frame(&frame).expect("in memory");
    drop(encoder);
    file
}

/// All rows in one strip, of zeros.
fn tiff_in_one_strip(width: u32, height: u32, samples: u32, bits: u32) -> Vec<u8> {
    const DEFLATE: u32 = 8;
    let zeros = vec![0; width as usize * (height * samples * bits / 8) as usize];
    let mut strip = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    strip.write_all(&zeros).expect("in memory");
    let strip = strip.finish().expect("in memory");
    let colours = if samples == 1 { 1 } else { 2 };
    let tags = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 4, 1, bits),
        (259, 4, 1, DEFLATE),
        (262, 4, 1, colours),
        (273, 4, 1, 216),
        (277, 4, 1, samples),
        (278, 4, 1, height),
        (279, 4, 1, strip.len() as u32),
    ];
    [super::bombs::tiff(&tags, 0), strip].concat()
}

/// Eight bits, RGBA, black and clear, in seven passes.
fn interlaced_png(width: u16, height: u16) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(u32::from(width).to_be_bytes());
    header.extend(u32::from(height).to_be_bytes());
    header.extend([8, 6, 0, 0, 1]);
    let bytes = 4 * (u64::from(width) + 8) * (u64::from(height) + 8);
    super::bombs::png_of_zeros(&header, bytes)
}
