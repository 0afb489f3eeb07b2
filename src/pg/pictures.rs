//! From a `bytea` to a `pattern`.

use crate::decode::{self, DecodeError, Format, Limits};
use crate::pattern::Pattern;
use crate::pg::datum::Returned;
use crate::pg::report::Report;
use crate::pg::settings::{self, OnDecodeError};
use crate::picture::Picture;
use pgrx::pg_extern;

#[pg_extern(sql = false)]
fn jpeg2pattern(file: &[u8]) -> Option<Returned<Pattern>> {
    pattern_or_report(decode::only(file, Format::Jpeg, limits()))
}

#[pg_extern(sql = false)]
fn png2pattern(file: &[u8]) -> Option<Returned<Pattern>> {
    pattern_or_report(decode::only(file, Format::Png, limits()))
}

#[pg_extern(sql = false)]
fn gif2pattern(file: &[u8]) -> Option<Returned<Pattern>> {
    pattern_or_report(decode::only(file, Format::Gif, limits()))
}

#[pg_extern(sql = false)]
fn image2pattern(file: &[u8]) -> Option<Returned<Pattern>> {
    pattern_or_report(decode::any(file, limits()))
}

fn limits() -> Limits {
    Limits { max_pixels: settings::max_pixels() }
}

fn pattern_or_report(picture: Result<Picture, DecodeError>) -> Option<Returned<Pattern>> {
    // A picture takes milliseconds to seconds: let a cancelled query go.
    pgrx::check_for_interrupts!();
    match picture {
        Ok(picture) => Some(Returned(Pattern::of(&picture))),
        Err(error) => {
            let report = Report::from(error);
            match settings::on_decode_error() {
                OnDecodeError::Error => report.raise(),
                OnDecodeError::Warning => report.warn("The pattern is NULL."),
            }
            None
        }
    }
}
