//! Type `signature_sphere`: what `<<->>` takes on its right.

use crate::index::sphere::Sphere;
use crate::pg::datum::{Borrowed, Returned, Stored};
use crate::pg::report;
use crate::pg::settings;
use crate::signature::Signature;
use crate::text;
use pgrx::{pg_extern, pg_sys};
use std::ffi::{CStr, CString};

const FORM: &str = "A signature_sphere is the 16 numbers of its center, and a radius.";

#[pg_extern(sql = false)]
fn sphere(center: Borrowed<'_, Signature>, radius: f64) -> Returned<Sphere> {
    match Sphere::new(*center.0, radius) {
        Ok(sphere) => Returned(sphere),
        Err(error) => report::invalid_radius(&error).raise(),
    }
}

#[pg_extern(sql = false)]
fn signature_in_sphere(signature: Borrowed<'_, Signature>, sphere: Borrowed<'_, Sphere>) -> bool {
    sphere.0.holds(signature.0)
}

#[pg_extern(sql = false)]
fn signature_sphere_in(input: &CStr, fcinfo: pg_sys::FunctionCallInfo) -> Option<Returned<Sphere>> {
    let report = match text::parse_with_radius(input.to_bytes()) {
        Ok((center, radius)) => match Sphere::new(Signature::from_values(center), radius) {
            Ok(sphere) => return Some(Returned(sphere)),
            Err(error) => report::invalid_radius(&error),
        },
        Err(error) => report::invalid_text(Sphere::TYPE_NAME, FORM, &error),
    };
    report.raise_softly(fcinfo);
    None
}

#[pg_extern(sql = false)]
fn signature_sphere_out(sphere: Borrowed<'_, Sphere>) -> CString {
    let mut out = String::from("(");
    text::write_row(&mut out, sphere.0.center.values(), settings::digits());
    out.push_str(&format!(", {})", sphere.0.radius()));
    CString::new(out).unwrap_or_default()
}
