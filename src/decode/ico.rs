//! ICO, Windows' icons, and cursors: the largest of its pictures, a PNG or the inside of a BMP.

use super::{
    DecodeError, Format, Info, Limits, Watch, Watched, Workspace, foresee, hand_over,
    image_formats, png, reserve,
};
use crate::picture::orientation::Orientation;
use crate::picture::{Channels, Rows, Shape};
use image::ImageDecoder;
use image::codecs::ico::IcoDecoder;

const HEADER: usize = 6;
const ENTRY: usize = 16;
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The largest picture that an icon's directory names: its entry, and its bytes.
fn largest(file: &[u8]) -> Result<(&[u8; ENTRY], &[u8]), DecodeError> {
    let broken = || DecodeError::broken(Format::Ico, "its list of pictures makes no sense");
    let count = file.get(4).copied().unwrap_or(0).into();
    let entries = file.get(HEADER..).unwrap_or_default().as_chunks().0.iter().take(count);
    // 0 stands for 256. Of two of one size, the one of more bits; a cursor has the place
    // there where it points.
    let side = |byte: u8| if byte == 0 { 256 } else { u32::from(byte) };
    let bits = |entry: &[u8; ENTRY]| if is_cursor(file) { 0 } else { entry[6] };
    let size = |entry: &&[u8; ENTRY]| (side(entry[0]) * side(entry[1]), bits(entry));
    let entry: &[u8; ENTRY] = entries.max_by_key(size).ok_or_else(broken)?;
    let [.., l0, l1, l2, l3, o0, o1, o2, o3] = *entry;
    let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
    let picture = file.get(u32::from_le_bytes([o0, o1, o2, o3]) as usize..).ok_or_else(broken)?;
    Ok((entry, picture.get(..length).unwrap_or(picture)))
}

fn is_cursor(file: &[u8]) -> bool {
    file.get(2) == Some(&2)
}

/// An icon of that picture alone, which is as large as the picture itself says: directories
/// have been seen to say otherwise, and the codec refuses these.
fn alone(entry: &[u8; ENTRY], picture: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let number = |at: usize| picture.get(at..).and_then(|rest| rest.first_chunk().copied());
    // Twice as high, as it has a mask below. Of 256, the directory has the low byte alone.
    let width = number(4).map_or(entry[0], |width| width[0]);
    let height = number(8).map_or(entry[1], |height| (u32::from_le_bytes(height) / 2) as u8);
    foresee(picture.len())?;
    let mut icon = reserve(HEADER + ENTRY + picture.len())?;
    icon.extend(b"\0\0\x01\0\x01\0");
    icon.extend([width, height]);
    // No palette, a plane and as many bits: the codec refuses where a cursor points.
    icon.extend([0, 0, 1, 0, 32, 0]);
    icon.extend((picture.len() as u32).to_le_bytes());
    icon.extend(((HEADER + ENTRY) as u32).to_le_bytes());
    icon.extend(picture);
    make_opaque(&mut icon[HEADER + ENTRY..]);
    Ok(icon)
}

/// A picture of 32 bits that is clear everywhere has no alpha: programs that knew of none left
/// zeros there, and Windows goes by the mask alone.
fn make_opaque(picture: &mut [u8]) {
    const BITS: usize = 14;
    const MASKED: u32 = 3;
    let number = |at: usize| {
        picture.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |&n| u32::from_le_bytes(n))
    };
    if picture.get(BITS..BITS + 2) != Some(&[32, 0]) {
        return;
    }
    let length = number(0) as usize;
    let masks = if number(16) == MASKED && length == 40 { 12 } else { 0 };
    let count = u64::from(number(4)) * u64::from((number(8) as i32).unsigned_abs() / 2);
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let pixels = picture.get_mut(length.saturating_add(masks)..).unwrap_or_default();
    let pixels = pixels.as_chunks_mut::<4>().0;
    let count = count.min(pixels.len());
    if pixels[..count].iter().all(|&[.., alpha]| alpha == 0) {
        pixels[..count].iter_mut().for_each(|[.., alpha]| *alpha = 255);
    }
}

pub(super) fn decode(
    file: &[u8],
    limits: Limits,
    watch: &Watch,
    workspace: &mut Workspace,
    rows: &mut dyn Rows,
) -> Result<Orientation, DecodeError> {
    let verdict = |error| image_formats::verdict(Format::Ico, &error);
    let (entry, picture) = largest(file)?;
    if picture.starts_with(PNG) {
        return png::decode(picture, limits, watch, rows);
    }
    let icon = alone(entry, picture)?;
    let codec = IcoDecoder::new(Watched::new(&icon, watch)).map_err(verdict)?;
    let (width, height) = codec.dimensions();
    let (width, height) = limits.admit(width.into(), height.into())?;
    let shape = Shape { width, height, channels: Channels::Rgba };
    let bytes = shape.row_len() * height;
    workspace.foresee(bytes, bytes)?;
    let mut samples = workspace.take(bytes)?;
    if codec.total_bytes() != bytes as u64 {
        return Err(DecodeError::of_codec(Format::Ico, false));
    }
    codec.read_image(&mut samples).map_err(verdict)?;
    hand_over(&samples, shape, watch, rows);
    workspace.put(samples);
    Ok(Orientation::UPRIGHT)
}

/// The PNG file in it, if the largest of its pictures is one.
pub(super) fn png(file: &[u8]) -> Result<Option<&[u8]>, DecodeError> {
    let (_, picture) = largest(file)?;
    Ok(picture.starts_with(PNG).then_some(picture))
}

/// What the header of that picture says.
pub(super) fn info(file: &[u8], watch: &Watch) -> Result<Info, DecodeError> {
    let verdict = |error| image_formats::verdict(Format::Ico, &error);
    let (entry, picture) = largest(file)?;
    let frames = Some(file.get(4).copied().unwrap_or(0).into());
    if picture.starts_with(PNG) {
        return Ok(Info { format: Format::Ico, frames, ..png::info(picture, watch)? });
    }
    let icon = alone(entry, picture)?;
    let codec = IcoDecoder::new(Watched::new(&icon, watch)).map_err(verdict)?;
    let (width, height) = codec.dimensions();
    Ok(Info {
        format: Format::Ico,
        width,
        height,
        channels: 4,
        bit_depth: 8,
        has_alpha: true,
        orientation: Orientation::UPRIGHT,
        frames,
        complete: None,
    })
}
