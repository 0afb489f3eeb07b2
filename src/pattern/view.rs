//! What the database sees of a picture: its pattern, transformed back.

use crate::pattern::Pattern;
use crate::pattern::wavelet;
use crate::picture::resample::SIDE;
use png::{BitDepth, ColorType, Encoder};

/// The 64×64 brightness values of `pattern` as a grey PNG of 8 bits a pixel,
/// 0 black and 1 white; what lies outside is cut off.
///
/// # Errors
/// What the encoder makes of it: with this size and kind, nothing.
pub fn encoded(pattern: &Pattern) -> Result<Vec<u8>, png::EncodingError> {
    let values = wavelet::inverse(pattern.values(), SIDE);
    let mut pixels = [0; SIDE * SIDE];
    for (place, pixel) in pixels.iter_mut().enumerate() {
        let value = values[place % SIDE][place / SIDE];
        *pixel = (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
    }
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, SIDE as u32, SIDE as u32);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Limits;
    use crate::decode::fixture::fixture;
    use crate::pattern::PATTERN_LEN;
    use crate::pattern::convert::{self, Options};

    const ANY: Options = Options::DEFAULT;

    #[test]
    fn the_view_of_a_picture_has_its_pattern() {
        for name in ["rgb8.png", "baseline_420.jpg", "tall_37x500.png", "transparent.gif"] {
            let file = fixture(&format!("images/{name}"));
            let limits = Limits::of(1 << 20);
            let seen = convert::pattern(&file, ANY, limits).expect(name);
            let view = encoded(&seen).expect("64×64");
            let again = convert::pattern(&view, ANY, limits).expect("a PNG");
            for (a, b) in seen.values().iter().zip(again.values()) {
                // Each value is off by half a step of 255 at most, and so is
                // any mean or difference of them.
                assert!((a - b).abs() <= 0.5 / 255.0 + 1e-5, "{name}: {a} {b}");
            }
        }
    }

    #[test]
    fn a_pattern_of_any_numbers_has_a_view() {
        for value in [f32::MAX, f32::MIN, 0.0] {
            assert!(encoded(&Pattern::from_values([value; PATTERN_LEN])).is_ok());
        }
    }
}
