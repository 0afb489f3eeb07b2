//! What the conversion of photographs takes: beside its decoder alone, beside
//! libjpeg-turbo, and in a server. `make bench-pictures` runs this.
//!
//! `IMGSMLR_RS_PHOTOS` names the folder of photographs; `djpeg` and `cjpeg` are
//! libjpeg-turbo's. It prints its progress, then tables in Markdown: all parts,
//! or those named, `alone`, `reduced` or `server`.

mod alone;
mod libjpeg;
mod reduced;
mod server;

use imgsmlr_rs::decode::{Format, Limits, Workspace};
use imgsmlr_rs::pattern::Pattern;
use imgsmlr_rs::pattern::convert::{self, Options};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const LIMITS: Limits = Limits::of(100_000_000);
const OPTIONS: Options = Options { apply_orientation: false, ..Options::DEFAULT };
/// Photographs have at least so many pixels.
const LEAST_PIXELS: u64 = 100_000;

/// A photograph of the set.
struct Photo {
    path: PathBuf,
    file: Vec<u8>,
    format: Format,
    megapixels: f64,
    progressive: bool,
}

impl Photo {
    fn read(path: &Path) -> Option<Photo> {
        let file = std::fs::read(path).ok()?;
        let info = imgsmlr_rs::decode::info(&file, LIMITS).ok()?;
        let pixels = u64::from(info.width) * u64::from(info.height);
        let progressive = info.format == Format::Jpeg && file.windows(2).any(|w| w == [0xff, 0xc2]);
        let known = matches!(info.format, Format::Jpeg | Format::Png) && pixels >= LEAST_PIXELS;
        known.then(|| Photo {
            path: path.to_owned(),
            format: info.format,
            megapixels: pixels as f64 / 1e6,
            progressive,
            file,
        })
    }

    fn pattern(&self, workspace: &mut Workspace) -> Result<Pattern> {
        Ok(convert::pattern_within(&self.file, OPTIONS, LIMITS, workspace)?)
    }
}

/// All photographs below a folder.
fn photos(folder: &Path, found: &mut Vec<Photo>) -> Result<()> {
    let mut entries: Vec<_> = std::fs::read_dir(folder)?.collect::<std::io::Result<_>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            photos(&path, found)?;
        } else {
            found.extend(Photo::read(&path));
        }
    }
    Ok(())
}

/// The least of `times` runs of `work`, in seconds.
fn least(times: usize, mut work: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut least = f64::INFINITY;
    for _ in 0..times {
        let start = Instant::now();
        work()?;
        least = least.min(start.elapsed().as_secs_f64());
    }
    Ok(least)
}

/// Makes a JPEG of `megapixels` of a photograph, by repeating rows and columns
/// and cjpeg's usual settings.
fn enlarged(photo: &Photo, megapixels: f64, to: &Path) -> Result<Photo> {
    let (width, height, rgb) = alone::rgb(photo)?;
    let scale = (megapixels * 1e6 / (width * height) as f64).sqrt();
    let [w, h] = [width, height].map(|side| (side as f64 * scale) as usize);
    let mut ppm = format!("P6 {w} {h} 255\n").into_bytes();
    for y in 0..h {
        let row = &rgb[y * height / h * width * 3..][..width * 3];
        for x in 0..w {
            ppm.extend_from_slice(&row[x * width / w * 3..][..3]);
        }
    }
    let source = to.with_extension("ppm");
    std::fs::write(&source, ppm)?;
    let encoded = libjpeg::encode(&source, &["-quality", "90"], to);
    std::fs::remove_file(&source)?;
    encoded?;
    Photo::read(to).ok_or_else(|| "cjpeg made no JPEG".into())
}

fn main() -> Result<()> {
    if let Some(path) = std::env::args().skip_while(|word| word != "--peak").nth(1) {
        return alone::print_peak(Path::new(&path));
    }
    let folder = PathBuf::from(std::env::var("IMGSMLR_RS_PHOTOS")?);
    let mut set = Vec::new();
    photos(&folder, &mut set)?;
    let largest = set.iter().filter(|photo| photo.format == Format::Jpeg);
    let largest = largest.max_by(|a, b| a.megapixels.total_cmp(&b.megapixels));
    let largest = largest.ok_or("no photographs")?;
    eprintln!("{} photographs; making one of 12 and one of 50 megapixels", set.len());
    let made = std::env::temp_dir();
    let twelve = enlarged(largest, 12.0, &made.join(format!("{}-12.jpg", std::process::id())))?;
    let fifty = enlarged(largest, 50.0, &made.join(format!("{}-50.jpg", std::process::id())))?;
    set.push(twelve);
    set.push(fifty);

    type Part = (&'static str, fn(&[Photo]) -> Result<()>);
    let parts: [Part; 3] =
        [("alone", alone::measure), ("reduced", reduced::measure), ("server", server::measure)];
    let named: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let wanted = |name: &str| named.is_empty() || named.iter().any(|word| word == name);
    let mut parts = parts.iter().filter(|(name, _)| wanted(name));
    let result = parts.try_for_each(|(_, measure)| measure(&set));
    for photo in &set[set.len() - 2..] {
        std::fs::remove_file(&photo.path)?;
    }
    result
}
