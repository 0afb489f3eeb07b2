//! Casts between our types and arrays.

use crate::pattern::Pattern;
use crate::pg::datum::{Borrowed, Returned, Stored};
use crate::pg::{memory, report};
use crate::signature::Signature;
use crate::text;
use pgrx::{Array, pg_extern};

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
    of_numbers(numbers.iter().map(|number| number.map(f64::from)))
}

#[pg_extern(sql = false)]
fn signature_from_double(numbers: Array<'_, f64>) -> Returned<Signature> {
    of_numbers(numbers.iter())
}

#[pg_extern(sql = false)]
fn pattern_to_real(pattern: Borrowed<'_, Pattern>) -> Vec<f32> {
    memory::foresee_pattern();
    pattern.0.values().to_vec()
}

#[pg_extern(sql = false)]
fn pattern_from_real(numbers: Array<'_, f32>) -> Returned<Pattern> {
    memory::foresee_pattern();
    match text::of_numbers(numbers.iter().map(|number| number.map(f64::from))) {
        Ok(values) => Returned(Pattern::from_values(values)),
        Err(error) => report::invalid_numbers("array", Pattern::TYPE_NAME, &error).raise(),
    }
}

fn of_numbers(numbers: impl Iterator<Item = Option<f64>>) -> Returned<Signature> {
    match Signature::of_numbers(numbers) {
        Ok(signature) => Returned(signature),
        Err(error) => report::invalid_numbers("array", Signature::TYPE_NAME, &error).raise(),
    }
}
