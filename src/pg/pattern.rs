//! Type `pattern`: input, output, receive, send, and its functions.

use crate::fingerprint::Fingerprint;
use crate::pattern::detail::detail;
use crate::pattern::phash::phash;
use crate::pattern::view;
use crate::pattern::{PATTERN_LEN, Pattern};
use crate::pg::datum::{Bits64, Borrowed, Returned, Stored, rest_of_message};
use crate::pg::{memory, report, settings};
use crate::picture::orientation::Orientation;
use crate::picture::resample::SIDE;
use crate::signature::Signature;
use crate::text;
use pgrx::{Internal, pg_extern, pg_sys};
use std::ffi::{CStr, CString};

const FORM: &str = "A pattern is 4096 numbers: 64 rows of 64, parted by commas or blanks.";

#[pg_extern(sql = false)]
fn pattern_in(input: &CStr, fcinfo: pg_sys::FunctionCallInfo) -> Option<Returned<Pattern>> {
    match text::parse::<PATTERN_LEN>(input.to_bytes()) {
        Ok(values) => Some(Returned(Pattern::from_values(values))),
        Err(error) => {
            report::invalid_text(Pattern::TYPE_NAME, FORM, &error).raise_softly(fcinfo);
            None
        }
    }
}

#[pg_extern(sql = false)]
fn pattern_out(pattern: Borrowed<'_, Pattern>) -> CString {
    memory::foresee_pattern();
    let mut out = String::with_capacity(PATTERN_LEN * 12);
    text::write_rows(&mut out, pattern.0.values(), SIDE, settings::digits());
    CString::new(out).unwrap_or_default()
}

#[pg_extern(sql = false)]
fn pattern_recv(message: Internal) -> Returned<Pattern> {
    match text::from_big_endian(rest_of_message(message)) {
        Ok(values) => Returned(Pattern::from_values(values)),
        Err(error) => report::invalid_binary(Pattern::TYPE_NAME, &error).raise(),
    }
}

#[pg_extern(sql = false)]
fn pattern_send(pattern: Borrowed<'_, Pattern>) -> Vec<u8> {
    memory::foresee_pattern();
    text::to_big_endian(pattern.0.values())
}

#[pg_extern(sql = false)]
fn pattern2signature(pattern: Borrowed<'_, Pattern>) -> Returned<Signature> {
    match Signature::of(pattern.0) {
        Ok(signature) => Returned(signature),
        Err(error) => report::Report::from(error).raise(),
    }
}

#[pg_extern(sql = false)]
fn pattern2fingerprint(pattern: Borrowed<'_, Pattern>) -> Returned<Fingerprint> {
    Returned(Fingerprint::of(pattern.0))
}

#[pg_extern(sql = false)]
fn pattern_detail(pattern: Borrowed<'_, Pattern>) -> f32 {
    detail(pattern.0)
}

#[pg_extern(sql = false)]
fn turn_pattern(pattern: Borrowed<'_, Pattern>, orientation: i32) -> Returned<Pattern> {
    let known = u16::try_from(orientation).ok().and_then(Orientation::from_exif);
    match known {
        Some(orientation) => Returned(pattern.0.turned(orientation)),
        None => report::invalid_orientation(orientation).raise(),
    }
}

#[pg_extern(sql = false)]
fn shuffle_pattern(pattern: Borrowed<'_, Pattern>) -> Returned<Pattern> {
    Returned(pattern.0.shuffled())
}

#[pg_extern(sql = false)]
fn pattern_distance(a: Borrowed<'_, Pattern>, b: Borrowed<'_, Pattern>) -> f64 {
    a.0.distance(b.0)
}

#[pg_extern(sql = false)]
fn pattern2png(pattern: Borrowed<'_, Pattern>) -> Vec<u8> {
    memory::foresee_pattern();
    match view::encoded(pattern.0) {
        Ok(file) => file,
        Err(error) => report::no_view(&error).raise(),
    }
}

#[pg_extern(sql = false)]
fn pattern2phash(pattern: Borrowed<'_, Pattern>) -> Returned<Bits64> {
    Returned(Bits64::of(phash(pattern.0)))
}
