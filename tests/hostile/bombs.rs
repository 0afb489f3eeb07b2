//! Files that ask for more than they are.

use super::File;
use super::large::{jpeg_of, webp_of};
use super::png::png_chunk;
use crate::fixture::fixture;

/// All of them.
pub fn files() -> Vec<File> {
    let mut files = enormous();
    let mut add = |name: &str, file: Vec<u8>| files.push((name.to_owned(), file));
    add("PNG that inflates to a gigabyte", {
        png_of_zeros(b"IHDR\0\0\0\x40\0\0\0\x40\x08\x02\0\0\0", 1 << 30)
    });
    add("PNG, a row of all pixels", {
        png_of_zeros(b"IHDR\0\x0f\xff\xff\0\0\0\x01\x10\x06\0\0\0", 8 << 20)
    });
    add("PNG, rows of 131,071 pixels", {
        png_of_zeros(b"IHDR\0\x01\xff\xff\0\0\0\x08\x10\x06\0\0\0", 9 << 20)
    });
    add("PNG, a row of a million pixels", {
        png_of_zeros(b"IHDR\0\x0f\x42\x40\0\0\0\x01\x10\x06\0\0\0", 9 << 20)
    });
    add("PNG, EXIF data of 40 MB", png_with(b"eXIf", &vec![b'a'; 40 << 20]));
    for name in [b"eXIf", b"zTXt", b"iCCP", b"tEXt", b"sPLT"] {
        add(&format!("PNG, a long {}", name.escape_ascii()), png_with(name, &[b'a'; 6 << 20]));
    }
    add("PNG, a profile that inflates to 64 MB", {
        let mut profile = b"name\0\0".to_vec();
        profile.extend(zeros_deflated(64 << 20));
        png_with(b"iCCP", &profile)
    });
    add("GIF, a small frame on a giant canvas", gif_on_a_giant_canvas());
    add("GIF of 100,000 frames", gif_of_frames(100_000));
    add("GIF, comments without end", gif_with_extension(0xfe, 1 << 20));
    add(
        "JPEG, metadata in 40,000 parts",
        jpeg_in_parts(40_000, b"http://ns.adobe.com/xmp/extension/"),
    );
    add("JPEG, a profile in 40,000 parts", jpeg_in_parts(40_000, b"ICC_PROFILE"));
    add("JPEG, 4,000 scans", jpeg_of_scans(4_000));
    let exif = exif_loop();
    add("JPEG, EXIF data in a circle", {
        let jpeg = fixture("images/baseline_420.jpg");
        let length = (2 + 6 + exif.len() as u16).to_be_bytes();
        [&jpeg[..2], b"\xff\xe1", &length, b"Exif\0\0", &exif, &jpeg[2..]].concat()
    });
    add("PNG, EXIF data in a circle", png_with(b"eXIf", &exif));
    add("TIFF, a directory in a circle", tiff(&[(34665, 4, 1, 8), (330, 4, 1, 8)], 8));
    add("TIFF, strips without number", tiff(&[(273, 4, 0x3fff_ffff, 8)], 0));
    add("TIFF, strips of all the file", tiff(&[(279, 4, 1, u32::MAX)], 0));
    add("TIFF, no rows a strip", tiff(&[(278, 4, 1, 0)], 0));
    add("TIFF, 65,535 samples a pixel", tiff(&[(277, 3, 1, 65_535)], 0));
    add("TIFF, a tile as wide as numbers go", tiff(&[(322, 4, 1, u32::MAX), (323, 4, 1, 16)], 0));
    add("TIFF, values of a byte", {
        let mut file = tiff(&[(273, 1, 1 << 20, 8), (279, 1, 1 << 20, 8)], 0);
        file.resize(2 << 20, 1);
        file
    });
    add("TIFF, text without end", tiff(&[(258, 2, 0x0fff_ffff, 8)], 0));
    add("WebP, a frame beyond its canvas", {
        let mut file = fixture("formats/lossy_alpha.webp");
        let at = file.windows(4).position(|w| w == b"VP8 ").expect("a lossy frame");
        file[at + 14..at + 18].copy_from_slice(&[0xff, 0x3f, 0xff, 0x3f]);
        file
    });
    for name in ["lossy", "lossy_alpha", "lossless", "animated"] {
        let file = fixture(&format!("formats/{name}.webp"));
        for at in (12..file.len() - 8).filter(|&at| is_chunk(&file[at..at + 4])) {
            let mut lying = file.clone();
            lying[at + 4..at + 8].copy_from_slice(&[0xfe, 0xff, 0xff, 0xff]);
            add(&format!("WebP, {name}, a chunk at {at} without end"), lying);
        }
    }
    add("WebP, codes for a picture that is not there", webp_of_codes(20_000));
    add("PNM, a line without end", [b"P7\nWIDTH ".as_slice(), &[b' '; 1 << 20]].concat());
    add("PNM, a number without end", [b"P6 ".as_slice(), &[b'0'; 1 << 20]].concat());
    files
}

/// Headers of 60,000 × 60,000 pixels, or as many as the format has.
fn enormous() -> Vec<File> {
    const SIDE: u16 = 60_000;
    let side = u32::from(SIDE);
    let mut bmp = fixture("formats/palette.bmp");
    bmp[18..22].copy_from_slice(&side.to_le_bytes());
    bmp[22..26].copy_from_slice(&side.to_le_bytes());
    let mut gif = fixture("images/still.gif");
    gif[6..10].copy_from_slice(&[SIDE.to_le_bytes(), SIDE.to_le_bytes()].concat());
    let frame = gif.windows(5).position(|w| w == [0x2c, 0, 0, 0, 0]).expect("a frame");
    gif[frame + 5..frame + 9].copy_from_slice(&[SIDE.to_le_bytes(), SIDE.to_le_bytes()].concat());
    let sides = [side.to_be_bytes(), side.to_be_bytes()].concat();
    let png = png_of_zeros(&[b"IHDR", &*sides, b"\x10\x06\0\0\0"].concat(), 1 << 20);
    let interlaced = png_of_zeros(&[b"IHDR", &*sides, b"\x10\x06\0\0\x01"].concat(), 1 << 20);
    let files = [
        ("BMP", bmp),
        ("GIF", gif),
        ("PNG", png),
        ("PNG, interlaced", interlaced),
        ("JPEG", jpeg_of(&fixture("images/baseline_420.jpg"), SIDE, SIDE)),
        ("JPEG, progressive", jpeg_of(&fixture("images/progressive.jpg"), SIDE, SIDE)),
        ("TIFF", tiff(&[(256, 4, 1, side), (257, 4, 1, side)], 0)),
        ("WebP, lossy", webp_of(&fixture("formats/lossy.webp"), 16_383, 16_383)),
        ("WebP, extended", webp_of(&fixture("formats/lossy_alpha.webp"), SIDE, SIDE)),
        ("WebP, animated", webp_of(&fixture("formats/animated.webp"), SIDE, SIDE)),
        ("PNM", b"P6 60000 60000 255\n".to_vec()),
        ("PNM, text", b"P3 60000 60000 255\n1 2 3 4".to_vec()),
        ("QOI", [b"qoif", &*sides, b"\x04\0"].concat()),
        ("farbfeld", [b"farbfeld", &*sides].concat()),
    ];
    files.into_iter().map(|(name, file)| (format!("{name} of 60,000 × 60,000"), file)).collect()
}

/// A PNG with `header` and a picture that inflates to `bytes` of zeros.
pub fn png_of_zeros(header: &[u8], bytes: u64) -> Vec<u8> {
    let data = [b"IDAT".as_slice(), &zeros_deflated(bytes)].concat();
    [b"\x89PNG\r\n\x1a\n".as_slice(), &png_chunk(header), &png_chunk(&data), &png_chunk(b"IEND")]
        .concat()
}

fn png_with(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let png = fixture("images/rgb8.png");
    let chunk = png_chunk(&[name.as_slice(), data].concat());
    [&png[..33], &chunk, &png[33..]].concat()
}

/// A zlib stream of zeros: the byte, then copies of 258 of it, 13 bits each.
fn zeros_deflated(bytes: u64) -> Vec<u8> {
    let mut bits = Bits::default();
    // The last block, with the fixed codes; a literal zero.
    bits.put(0b011, 3);
    bits.put_code(0x30, 8);
    for _ in 0..bytes / 258 {
        bits.put_code(0xc5, 8);
        bits.put(0, 5);
    }
    bits.put(0, 7);
    [b"\x78\x01".as_slice(), &bits.bytes, &[0; 4]].concat()
}

/// Bits, the lowest of a byte first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    count: usize,
}

impl Bits {
    fn put(&mut self, value: u32, count: usize) {
        for at in 0..count {
            if self.count.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let last = self.bytes.len() - 1;
            self.bytes[last] |= ((value >> at & 1) as u8) << (self.count % 8);
            self.count += 1;
        }
    }

    /// A Huffman code, whose highest bit comes first.
    fn put_code(&mut self, code: u32, count: usize) {
        self.put(code.reverse_bits() >> (32 - count), count);
    }
}

/// A frame of one pixel, black.
const GIF_FRAME: &[u8] = b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0";

fn gif_on_a_giant_canvas() -> Vec<u8> {
    [b"GIF89a\xff\xff\xff\xff\x80\0\0\0\0\0\xff\xff\xff", GIF_FRAME, b";"].concat()
}

fn gif_of_frames(count: usize) -> Vec<u8> {
    let mut file = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff".to_vec();
    (0..count).for_each(|_| file.extend(GIF_FRAME));
    file.push(b';');
    file
}

fn gif_with_extension(label: u8, length: usize) -> Vec<u8> {
    let mut file = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff\x21".to_vec();
    file.push(label);
    (0..length / 256).for_each(|_| file.extend([255; 256]));
    file
}

/// A JPEG with `count` segments of metadata called `name`.
pub fn jpeg_in_parts(count: u32, name: &[u8]) -> Vec<u8> {
    let jpeg = fixture("images/baseline_420.jpg");
    let mut file = jpeg[..2].to_vec();
    let xmp = name.starts_with(b"http");
    for part in 0..count {
        let mut data = name.to_vec();
        data.push(0);
        if xmp {
            data.extend([b'G'; 32]);
            data.extend(count.to_be_bytes());
            data.extend(part.to_be_bytes());
        } else {
            data.extend([part as u8, 255]);
        }
        data.push(b'x');
        file.extend([0xff, if xmp { 0xe1 } else { 0xe2 }]);
        file.extend((data.len() as u16 + 2).to_be_bytes());
        file.extend(data);
    }
    file.extend(&jpeg[2..]);
    file
}

/// The first scan of a progressive file, over and over.
fn jpeg_of_scans(count: usize) -> Vec<u8> {
    let jpeg = fixture("images/progressive.jpg");
    let scans: Vec<usize> =
        (0..jpeg.len() - 1).filter(|&at| jpeg[at..at + 2] == [0xff, 0xda]).collect();
    let mut file = jpeg[..scans[0]].to_vec();
    let header = scans[0]..scans[0] + 2 + usize::from(jpeg[scans[0] + 3]);
    (0..count).for_each(|_| file.extend(&jpeg[header.clone()]));
    file.extend(b"\xff\xd9");
    file
}

/// A directory whose next, and whose inner one, is itself.
fn exif_loop() -> Vec<u8> {
    let mut exif = b"MM\0*\0\0\0\x08\0\x02".to_vec();
    exif.extend(b"\x87\x69\0\x04\0\0\0\x01\0\0\0\x08");
    exif.extend(b"\x01\x4a\0\x04\0\0\0\x01\0\0\0\x08");
    exif.extend(b"\0\0\0\x08");
    exif
}

/// A grey TIFF of 4 × 4 pixels, but for `tags`: number, kind, count, value; and
/// where its next directory is.
pub fn tiff(tags: &[(u16, u16, u32, u32)], next: u32) -> Vec<u8> {
    let mut all = vec![
        (256, 4, 1, 4),
        (257, 4, 1, 4),
        (258, 4, 1, 8),
        (259, 4, 1, 1),
        (262, 4, 1, 1),
        (273, 4, 1, 200),
        (277, 4, 1, 1),
        (278, 4, 1, 4),
        (279, 4, 1, 16),
    ];
    for &tag in tags {
        all.retain(|&(number, ..)| number != tag.0);
        all.push(tag);
    }
    all.sort();
    let mut file = b"II*\0\x08\0\0\0".to_vec();
    file.extend((all.len() as u16).to_le_bytes());
    for (number, kind, count, value) in all {
        file.extend([number.to_le_bytes(), kind.to_le_bytes()].concat());
        file.extend([count.to_le_bytes(), value.to_le_bytes()].concat());
    }
    file.extend(next.to_le_bytes());
    file.resize(200, 0);
    file.extend([100; 16]);
    file
}

fn is_chunk(name: &[u8]) -> bool {
    [b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"EXIF"].iter().any(|n| *n == name)
}

/// A lossless WebP of 16 × 16 pixels that brings codes for `groups` parts of it,
/// each with the largest tables that few bits describe.
fn webp_of_codes(groups: u32) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.put(0x2f, 8);
    bits.put(15, 14);
    bits.put(15, 14);
    bits.put(0, 4);
    // No transforms, no colour cache; a picture of codes, of one pixel.
    bits.put(0, 1);
    bits.put(0, 1);
    bits.put(1, 1);
    bits.put(7, 3);
    bits.put(0, 1);
    // Its own five codes have one symbol each: green, red, blue, alpha, distance.
    for symbol in [(groups - 1) & 255, (groups - 1) >> 8, 0, 0, 0] {
        bits.put(0b101, 3);
        bits.put(symbol, 8);
    }
    for _ in 0..groups {
        for _ in 0..5 {
            put_wide_code(&mut bits);
        }
    }
    let length = bits.bytes.len() as u32;
    let riff = (length + 12).to_le_bytes();
    [b"RIFF", &riff[..], b"WEBPVP8L", &length.to_le_bytes(), &bits.bytes].concat()
}

/// Lengths 1, 2, … 9, 10, 10: a table of 1024.
fn put_wide_code(bits: &mut Bits) {
    bits.put(0, 1);
    // 14 of the lengths of lengths: 1 to 10 have codes of 3 or 4 bits.
    bits.put(10, 4);
    for length in [0, 0, 0, 3, 3, 3, 3, 3, 0, 3, 4, 4, 4, 4] {
        bits.put(length, 3);
    }
    // Eleven lengths follow: two and nine more, in four bits.
    bits.put(1, 1);
    bits.put(1, 3);
    bits.put(9, 4);
    for length in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10] {
        if length <= 6 {
            bits.put_code(length - 1, 3);
        } else {
            bits.put_code(0b1100 + length - 7, 4);
        }
    }
}
