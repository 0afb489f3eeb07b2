//! Spheres of both kinds: what `<<->>` takes on its right.

use crate::fingerprint::Fingerprint;
use crate::index::sphere::Sphere;
use crate::pg::datum::{Borrowed, Returned, Stored, rest_of_message};
use crate::pg::report::{self, Report};
use crate::pg::{settings, signature};
use crate::signature::{SIGNATURE_LEN, Signature};
use crate::text;
use pgrx::{Internal, pg_extern, pg_sys};
use std::ffi::{CStr, CString};

const FORM: &str = "A signature_sphere is the 16 numbers of its center, and a radius.";
const FINGERPRINT_FORM: &str =
    "A fingerprint_sphere is the 64 hexadecimal digits of its center, and a radius: (01ab…, 1.5).";

fn around<P>(center: P, radius: f64) -> Result<Returned<Sphere<P>>, Report> {
    Sphere::new(center, radius).map(Returned).map_err(|error| report::invalid_radius(&error))
}

/// The value, or a soft error where the caller asked for that.
fn or_softly<T>(result: Result<T, Report>, fcinfo: pg_sys::FunctionCallInfo) -> Option<T> {
    result.map_err(|report| report.raise_softly(fcinfo)).ok()
}

#[pg_extern(sql = false)]
fn sphere(center: Borrowed<'_, Signature>, radius: f64) -> Returned<Sphere<Signature>> {
    around(*center.0, radius).unwrap_or_else(|report| report.raise())
}

#[pg_extern(sql = false)]
fn fingerprint_sphere(
    center: Borrowed<'_, Fingerprint>,
    radius: f64,
) -> Returned<Sphere<Fingerprint>> {
    around(*center.0, radius).unwrap_or_else(|report| report.raise())
}

/// Around a signature in its text form: what a literal is taken for, now that there are two
/// kinds of spheres.
#[pg_extern(sql = false)]
fn sphere_of_text(center: &[u8], radius: f64) -> Returned<Sphere<Signature>> {
    let center = text::parse(center)
        .map_err(|error| report::invalid_text(Signature::TYPE_NAME, signature::FORM, &error));
    let sphere = center.and_then(|center| around(Signature::from_values(center), radius));
    sphere.unwrap_or_else(|report| report.raise())
}

/// LEAKPROOF in SQL: it compares numbers, and its only error, of a value that is not as
/// long as its type, which no SQL can make, tells that length and nothing of the value.
#[pg_extern(sql = false)]
fn signature_in_sphere(
    signature: Borrowed<'_, Signature>,
    sphere: Borrowed<'_, Sphere<Signature>>,
) -> bool {
    sphere.0.holds(signature.0)
}

#[pg_extern(sql = false)]
fn fingerprint_in_sphere(
    fingerprint: Borrowed<'_, Fingerprint>,
    sphere: Borrowed<'_, Sphere<Fingerprint>>,
) -> bool {
    sphere.0.holds(fingerprint.0)
}

#[pg_extern(sql = false)]
fn signature_sphere_in(
    input: &CStr,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Option<Returned<Sphere<Signature>>> {
    let sphere = text::parse_with_radius(input.to_bytes())
        .map_err(|error| report::invalid_text(Sphere::<Signature>::TYPE_NAME, FORM, &error))
        .and_then(|(center, radius)| around(Signature::from_values(center), radius));
    or_softly(sphere, fcinfo)
}

#[pg_extern(sql = false)]
fn signature_sphere_out(sphere: Borrowed<'_, Sphere<Signature>>) -> CString {
    let mut out = String::from("(");
    text::write_row(&mut out, sphere.0.center.values(), settings::digits());
    out.push_str(&format!(", {})", sphere.0.radius()));
    CString::new(out).unwrap_or_default()
}

#[pg_extern(sql = false)]
fn fingerprint_sphere_in(
    input: &CStr,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Option<Returned<Sphere<Fingerprint>>> {
    const NAME: &str = Sphere::<Fingerprint>::TYPE_NAME;
    let sphere = text::parse_word_with_radius(input.to_bytes())
        .map_err(|error| report::invalid_text(NAME, FINGERPRINT_FORM, &error))
        .and_then(|(word, radius)| {
            let center = Fingerprint::of_hex(word)
                .map_err(|error| report::invalid_hex(NAME, FINGERPRINT_FORM, &error))?;
            around(center, radius)
        });
    or_softly(sphere, fcinfo)
}

#[pg_extern(sql = false)]
fn fingerprint_sphere_out(sphere: Borrowed<'_, Sphere<Fingerprint>>) -> CString {
    let out = format!("({}, {})", sphere.0.center.to_hex(), sphere.0.radius());
    CString::new(out).unwrap_or_default()
}

/// The center's 32 bytes, and the radius as a float8.
#[pg_extern(sql = false)]
fn fingerprint_sphere_recv(message: Internal) -> Returned<Sphere<Fingerprint>> {
    let bytes = rest_of_message(message);
    let sphere = text::with_radius(bytes, Fingerprint::SIZE)
        .map_err(|error| report::invalid_binary(Sphere::<Fingerprint>::TYPE_NAME, &error))
        .and_then(|(center, radius)| {
            let center = Fingerprint::of_bytes(center).map_err(|e| report::invalid_bytes(&e))?;
            around(center, radius)
        });
    sphere.unwrap_or_else(|report| report.raise())
}

#[pg_extern(sql = false)]
fn fingerprint_sphere_send(sphere: Borrowed<'_, Sphere<Fingerprint>>) -> Vec<u8> {
    [&sphere.0.center.values()[..], &sphere.0.radius().to_be_bytes()].concat()
}

/// The center's 16 numbers as float4, and the radius as a float8.
#[pg_extern(sql = false)]
fn signature_sphere_recv(message: Internal) -> Returned<Sphere<Signature>> {
    const NAME: &str = Sphere::<Signature>::TYPE_NAME;
    let invalid = |error| report::invalid_binary(NAME, &error);
    let sphere = text::with_radius(rest_of_message(message), 4 * SIGNATURE_LEN)
        .map_err(invalid)
        .and_then(|(center, radius)| {
            let values = text::from_big_endian(center).map_err(invalid)?;
            around(Signature::from_values(values), radius)
        });
    sphere.unwrap_or_else(|report| report.raise())
}

#[pg_extern(sql = false)]
fn signature_sphere_send(sphere: Borrowed<'_, Sphere<Signature>>) -> Vec<u8> {
    let mut bytes = text::to_big_endian(sphere.0.center.values());
    bytes.extend(sphere.0.radius().to_be_bytes());
    bytes
}
