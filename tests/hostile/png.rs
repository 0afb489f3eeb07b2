//! What a PNG file is made of.

/// The checksum of a chunk's name and data.
fn crc32(data: &[u8]) -> u32 {
    let mut table = [0; 256];
    for (byte, entry) in table.iter_mut().enumerate() {
        *entry =
            (0..8).fold(
                byte as u32,
                |crc, _| {
                    if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }
                },
            );
    }
    !data.iter().fold(!0, |crc, &byte| table[usize::from(crc as u8 ^ byte)] ^ crc >> 8)
}

/// A chunk: its name and data, with length and checksum.
pub fn png_chunk(chunk: &[u8]) -> Vec<u8> {
    let length = (chunk.len() as u32 - 4).to_be_bytes();
    [&length, chunk, &crc32(chunk).to_be_bytes()].concat()
}
