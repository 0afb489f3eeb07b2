//! Casts between our types, arrays and `jsonb`.

use crate::pattern::Pattern;
use crate::pg::datum::{Borrowed, Returned};
use crate::pg::report;
use crate::signature::Signature;
use pgrx::{Array, JsonB, pg_extern};

#[pg_extern(sql = false)]
fn signature_to_real(signature: Borrowed<'_, Signature>) -> Vec<f32> {
    signature.0.values().to_vec()
}

#[pg_extern(sql = false)]
fn signature_to_double(signature: Borrowed<'_, Signature>) -> Vec<f64> {
    signature.0.values().iter().copied().map(f64::from).collect()
}

#[pg_extern(sql = false)]
fn signature_from_real(numbers: Array<'_, f32>) -> Returned<Signature> {
    of_numbers("array", numbers.iter().map(|number| number.map(f64::from)))
}

#[pg_extern(sql = false)]
fn signature_from_double(numbers: Array<'_, f64>) -> Returned<Signature> {
    of_numbers("array", numbers.iter())
}

#[pg_extern(sql = false)]
fn signature_to_jsonb(signature: Borrowed<'_, Signature>) -> JsonB {
    // By way of its shortest digits: 0.1 is to be 0.1, not 0.10000000149011612.
    let number = |value: &f32| value.to_string().parse::<f64>().unwrap_or_default();
    JsonB(signature.0.values().iter().map(number).collect())
}

#[pg_extern(sql = false)]
fn signature_from_jsonb(json: JsonB) -> Returned<Signature> {
    match json.0.as_array() {
        Some(numbers) => of_numbers("jsonb array", numbers.iter().map(serde_json::Value::as_f64)),
        None => report::not_an_array().raise(),
    }
}

#[pg_extern(sql = false)]
fn pattern_to_real(pattern: Borrowed<'_, Pattern>) -> Vec<f32> {
    pattern.0.values().to_vec()
}

fn of_numbers(what: &str, numbers: impl Iterator<Item = Option<f64>>) -> Returned<Signature> {
    match Signature::of_numbers(numbers) {
        Ok(signature) => Returned(signature),
        Err(error) => report::invalid_numbers(what, &error).raise(),
    }
}
