//! Fingerprints of real views, none of them drawn from a model: parts of photographs and of pages of text, in
//! the proportion that `make quality` has of them, converted as the extension converts a file.

use crate::Result;
use crate::data::Random;
use imgsmlr_rs::decode::{Limits, Workspace};
use imgsmlr_rs::fingerprint::Fingerprint;
use imgsmlr_rs::pattern::convert::{Options, pattern_within};
use std::path::{Path, PathBuf};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

/// One picture in so many is left out of the table: its views are the others that are looked for.
const LEFT_OUT: usize = 20;

/// Fingerprints for a table and for its questions.
pub struct Views {
    pub rows: Vec<[u8; 32]>,
    /// Changed copies of rows: of the same part, a tenth smaller and brighter.
    pub changed: Vec<[u8; 32]>,
    /// Of pictures of which the table has no part.
    pub others: Vec<[u8; 32]>,
}

/// A picture's pixels, red, green and blue.
struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

/// A part of a picture, in pixels.
#[derive(Clone, Copy)]
struct Part {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
}

impl Part {
    /// As `corpus.view` has it: 25 to 80 % of each side, at a random place.
    fn draw(picture: &Picture, random: &mut Random) -> Self {
        let share = 0.25 + 0.55 * random.unit();
        let [width, height] =
            [picture.width, picture.height].map(|side| ((side as f64 * share) as usize).max(8));
        let mut place = |room: usize| (random.unit() * (room + 1) as f64) as usize;
        let [left, top] = [place(picture.width - width), place(picture.height - height)];
        Part { left, top, width, height }
    }

    /// A twentieth off each side.
    fn smaller(self) -> Self {
        let (x, y) = (self.width / 20, self.height / 20);
        let (width, height) = (self.width - 2 * x, self.height - 2 * y);
        Part { left: self.left + x, top: self.top + y, width, height }
    }
}

impl Picture {
    fn read(path: &Path) -> Result<Self> {
        let file = std::fs::read(path)?;
        let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGB);
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&file), options);
        let pixels = decoder.decode().map_err(|error| error.to_string())?;
        let (width, height) = decoder.dimensions().ok_or("no size")?;
        Ok(Picture { width, height, pixels })
    }

    /// The fingerprint of a part, written as a PPM file; each sample `brighter` times as bright.
    fn fingerprint(
        &self,
        part: Part,
        brighter: f64,
        workspace: &mut Workspace,
    ) -> Result<[u8; 32]> {
        let mut file = format!("P6 {} {} 255\n", part.width, part.height).into_bytes();
        for line in (part.top..part.top + part.height).map(|y| y * self.width + part.left) {
            let row = &self.pixels[3 * line..3 * (line + part.width)];
            file.extend(row.iter().map(|&sample| (f64::from(sample) * brighter).min(255.0) as u8));
        }
        let pattern = pattern_within(&file, Options::DEFAULT, Limits::of(1 << 24), workspace)?;
        Ok(*Fingerprint::of(&pattern).values())
    }
}

fn pictures(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let mut all = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<Vec<_>>>()?;
    all.sort();
    for path in all {
        if path.is_dir() {
            pictures(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "jpg") {
            found.push(path);
        }
    }
    Ok(())
}

/// Views of some pictures, `each` of each, and as many `changed` of one in `every`.
fn of(paths: &[PathBuf], each: usize, every: usize) -> Result<[Vec<[u8; 32]>; 2]> {
    let (mut rows, mut changed, mut workspace) = (Vec::new(), Vec::new(), Workspace::default());
    for path in paths {
        let picture = Picture::read(path)?;
        let seed = path
            .to_string_lossy()
            .bytes()
            .fold(1, |seed: u64, byte| seed.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte));
        let mut random = Random(seed);
        for _ in 0..each {
            let part = Part::draw(&picture, &mut random);
            rows.push(picture.fingerprint(part, 1.0, &mut workspace)?);
            if rows.len() % every == 0 {
                changed.push(picture.fingerprint(part.smaller(), 1.2, &mut workspace)?);
            }
        }
    }
    Ok([rows, changed])
}

/// About so many, by two threads; of others `queries`, and of changed copies at least as many.
pub fn views(folders: &str, count: usize, queries: usize) -> Result<Views> {
    let mut paths = Vec::new();
    for folder in folders.split(':') {
        pictures(Path::new(folder), &mut paths)?;
    }
    let (mut table, mut rest) = (Vec::new(), Vec::new());
    for (place, path) in paths.into_iter().enumerate() {
        if place % LEFT_OUT == 0 { rest.push(path) } else { table.push(path) }
    }
    if table.is_empty() {
        return Err(format!("no pictures in {folders}").into());
    }
    let each = count.div_ceil(table.len());
    let every = (count / (2 * queries)).max(1);
    let (one, other) = table.split_at(table.len() / 2);
    let made = std::thread::scope(|scope| {
        let both = [one, other].map(|paths| {
            scope.spawn(move || of(paths, each, every).map_err(|error| error.to_string()))
        });
        both.map(|thread| thread.join().unwrap_or_else(|_| Err("a thread died".into())))
    });
    let (mut rows, mut changed) = (Vec::new(), Vec::new());
    for part in made {
        let [more, of_changed] = part?;
        rows.extend(more);
        changed.extend(of_changed);
    }
    let [others, _] = of(&rest, queries.div_ceil(rest.len()), usize::MAX)?;
    // Not the first ones: those are of few pictures.
    let spread = |all: Vec<[u8; 32]>| {
        let step = (all.len() / queries).max(1);
        all.into_iter().step_by(step).take(queries).collect()
    };
    Ok(Views { rows, changed: spread(changed), others: spread(others) })
}
