//! Type `signature`: input, output, receive, send, modifier, and its distance.

use crate::pg::datum::{Borrowed, Returned, Stored, rest_of_message};
use crate::pg::{report, settings};
use crate::signature::{SIGNATURE_LEN, Signature};
use crate::text;
use pgrx::{Array, Internal, pg_extern, pg_sys};
use std::ffi::{CStr, CString};

pub(super) const FORM: &str = "A signature is 16 numbers, parted by commas or blanks.";

#[pg_extern(sql = false)]
fn signature_in(input: &CStr, fcinfo: pg_sys::FunctionCallInfo) -> Option<Returned<Signature>> {
    match text::parse::<SIGNATURE_LEN>(input.to_bytes()) {
        Ok(values) => Some(Returned(Signature::from_values(values))),
        Err(error) => {
            report::invalid_text(Signature::TYPE_NAME, FORM, &error).raise_softly(fcinfo);
            None
        }
    }
}

#[pg_extern(sql = false)]
fn signature_out(signature: Borrowed<'_, Signature>) -> CString {
    let mut out = String::with_capacity(SIGNATURE_LEN * 12);
    text::write_row(&mut out, signature.0.values(), settings::digits());
    CString::new(out).unwrap_or_default()
}

#[pg_extern(sql = false)]
fn signature_recv(message: Internal) -> Returned<Signature> {
    match text::from_big_endian(rest_of_message(message)) {
        Ok(values) => Returned(Signature::from_values(values)),
        Err(error) => report::invalid_binary(Signature::TYPE_NAME, &error).raise(),
    }
}

#[pg_extern(sql = false)]
fn signature_send(signature: Borrowed<'_, Signature>) -> Vec<u8> {
    text::to_big_endian(signature.0.values())
}

#[pg_extern(sql = false)]
fn signature_typmod_in(modifiers: Array<'_, &CStr>) -> i32 {
    let mut modifiers = modifiers.iter();
    match (modifiers.next().flatten(), modifiers.next()) {
        (Some(length), None) if length.to_bytes() == b"16" => SIGNATURE_LEN as i32,
        _ => report::invalid_modifier().raise(),
    }
}

#[pg_extern(sql = false)]
fn signature_typmod_out(modifier: i32) -> CString {
    CString::new(format!("({modifier})")).unwrap_or_default()
}

#[pg_extern(sql = false)]
fn signature_distance(a: Borrowed<'_, Signature>, b: Borrowed<'_, Signature>) -> f64 {
    a.0.distance(b.0)
}
