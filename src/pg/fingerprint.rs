//! Type `fingerprint`: input, output, receive, send, its distance, and casts.

use crate::fingerprint::chance::chance;
use crate::fingerprint::{BytesError, Fingerprint};
use crate::pg::datum::{Borrowed, Returned, Stored, rest_of_message};
use crate::pg::report;
use pgrx::{Array, Internal, pg_extern, pg_sys};
use std::ffi::{CStr, CString};

const FORM: &str = "A fingerprint is 64 hexadecimal digits.";

#[pg_extern(sql = false)]
fn fingerprint_in(input: &CStr, fcinfo: pg_sys::FunctionCallInfo) -> Option<Returned<Fingerprint>> {
    match Fingerprint::of_hex(input.to_bytes()) {
        Ok(fingerprint) => Some(Returned(fingerprint)),
        Err(error) => {
            report::invalid_hex(Fingerprint::TYPE_NAME, FORM, &error).raise_softly(fcinfo);
            None
        }
    }
}

#[pg_extern(sql = false)]
fn fingerprint_out(fingerprint: Borrowed<'_, Fingerprint>) -> CString {
    CString::new(fingerprint.0.to_hex()).unwrap_or_default()
}

#[pg_extern(sql = false)]
fn fingerprint_recv(message: Internal) -> Returned<Fingerprint> {
    or_raise(Fingerprint::of_bytes(rest_of_message(message)))
}

#[pg_extern(sql = false)]
fn fingerprint_send(fingerprint: Borrowed<'_, Fingerprint>) -> Vec<u8> {
    fingerprint.0.values().to_vec()
}

#[pg_extern(sql = false)]
fn fingerprint_distance(a: Borrowed<'_, Fingerprint>, b: Borrowed<'_, Fingerprint>) -> f64 {
    a.0.distance(b.0)
}

#[pg_extern(sql = false)]
fn fingerprint_chance(distance: f64) -> f64 {
    chance(distance)
}

#[pg_extern(sql = false)]
fn fingerprint_to_bytea(fingerprint: Borrowed<'_, Fingerprint>) -> Vec<u8> {
    fingerprint.0.values().to_vec()
}

#[pg_extern(sql = false)]
fn fingerprint_to_smallint(fingerprint: Borrowed<'_, Fingerprint>) -> Vec<i16> {
    fingerprint.0.values().iter().copied().map(i16::from).collect()
}

#[pg_extern(sql = false)]
fn fingerprint_to_real(fingerprint: Borrowed<'_, Fingerprint>) -> Vec<f32> {
    fingerprint.0.values().iter().copied().map(f32::from).collect()
}

#[pg_extern(sql = false)]
fn fingerprint_from_bytea(bytes: &[u8]) -> Returned<Fingerprint> {
    or_raise(Fingerprint::of_bytes(bytes))
}

#[pg_extern(sql = false)]
fn fingerprint_from_smallint(numbers: Array<'_, i16>) -> Returned<Fingerprint> {
    or_raise(Fingerprint::of_numbers(numbers.iter()))
}

fn or_raise(result: Result<Fingerprint, BytesError>) -> Returned<Fingerprint> {
    match result {
        Ok(fingerprint) => Returned(fingerprint),
        Err(error) => report::invalid_bytes(&error).raise(),
    }
}
