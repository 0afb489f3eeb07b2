//! Equality, order and hashes, for B-trees, hash joins and DISTINCT.

use crate::fingerprint::Fingerprint;
use crate::pattern::Pattern;
use crate::pg::datum::Borrowed;
use crate::pg::memory;
use crate::signature::Signature;
use pgrx::pg_extern;
use std::ffi::c_int;

// PostgreSQL's own hash, the same on every machine and in every version.
unsafe extern "C-unwind" {
    fn hash_bytes(bytes: *const u8, count: c_int) -> u32;
    fn hash_bytes_extended(bytes: *const u8, count: c_int, seed: u64) -> u64;
}

#[pg_extern(sql = false)]
fn signature_eq(a: Borrowed<'_, Signature>, b: Borrowed<'_, Signature>) -> bool {
    a.0 == b.0
}

#[pg_extern(sql = false)]
fn signature_ne(a: Borrowed<'_, Signature>, b: Borrowed<'_, Signature>) -> bool {
    a.0 != b.0
}

#[pg_extern(sql = false)]
fn signature_lt(a: Borrowed<'_, Signature>, b: Borrowed<'_, Signature>) -> bool {
    a.0.order(b.0).is_lt()
}

#[pg_extern(sql = false)]
fn signature_le(a: Borrowed<'_, Signature>, b: Borrowed<'_, Signature>) -> bool {
    a.0.order(b.0).is_le()
}

#[pg_extern(sql = false)]
fn signature_gt(a: Borrowed<'_, Signature>, b: Borrowed<'_, Signature>) -> bool {
    a.0.order(b.0).is_gt()
}

#[pg_extern(sql = false)]
fn signature_ge(a: Borrowed<'_, Signature>, b: Borrowed<'_, Signature>) -> bool {
    a.0.order(b.0).is_ge()
}

#[pg_extern(sql = false)]
fn signature_cmp(a: Borrowed<'_, Signature>, b: Borrowed<'_, Signature>) -> i32 {
    a.0.order(b.0) as i32
}

#[pg_extern(sql = false)]
fn signature_hash(signature: Borrowed<'_, Signature>) -> i32 {
    let bytes = signature.0.bytes_of_value();
    // SAFETY: as many bytes as are named.
    unsafe { hash_bytes(bytes.as_ptr(), bytes.len() as i32) as i32 }
}

#[pg_extern(sql = false)]
fn signature_hash_extended(signature: Borrowed<'_, Signature>, seed: i64) -> i64 {
    let bytes = signature.0.bytes_of_value();
    // SAFETY: as many bytes as are named.
    unsafe { hash_bytes_extended(bytes.as_ptr(), bytes.len() as i32, seed as u64) as i64 }
}

#[pg_extern(sql = false)]
fn fingerprint_eq(a: Borrowed<'_, Fingerprint>, b: Borrowed<'_, Fingerprint>) -> bool {
    a.0 == b.0
}

#[pg_extern(sql = false)]
fn fingerprint_ne(a: Borrowed<'_, Fingerprint>, b: Borrowed<'_, Fingerprint>) -> bool {
    a.0 != b.0
}

#[pg_extern(sql = false)]
fn fingerprint_lt(a: Borrowed<'_, Fingerprint>, b: Borrowed<'_, Fingerprint>) -> bool {
    a.0 < b.0
}

#[pg_extern(sql = false)]
fn fingerprint_le(a: Borrowed<'_, Fingerprint>, b: Borrowed<'_, Fingerprint>) -> bool {
    a.0 <= b.0
}

#[pg_extern(sql = false)]
fn fingerprint_gt(a: Borrowed<'_, Fingerprint>, b: Borrowed<'_, Fingerprint>) -> bool {
    a.0 > b.0
}

#[pg_extern(sql = false)]
fn fingerprint_ge(a: Borrowed<'_, Fingerprint>, b: Borrowed<'_, Fingerprint>) -> bool {
    a.0 >= b.0
}

#[pg_extern(sql = false)]
fn fingerprint_cmp(a: Borrowed<'_, Fingerprint>, b: Borrowed<'_, Fingerprint>) -> i32 {
    a.0.cmp(b.0) as i32
}

#[pg_extern(sql = false)]
fn fingerprint_hash(fingerprint: Borrowed<'_, Fingerprint>) -> i32 {
    let bytes = fingerprint.0.values();
    // SAFETY: as many bytes as are named.
    unsafe { hash_bytes(bytes.as_ptr(), bytes.len() as i32) as i32 }
}

#[pg_extern(sql = false)]
fn fingerprint_hash_extended(fingerprint: Borrowed<'_, Fingerprint>, seed: i64) -> i64 {
    let bytes = fingerprint.0.values();
    // SAFETY: as many bytes as are named.
    unsafe { hash_bytes_extended(bytes.as_ptr(), bytes.len() as i32, seed as u64) as i64 }
}

#[pg_extern(sql = false)]
fn pattern_eq(a: Borrowed<'_, Pattern>, b: Borrowed<'_, Pattern>) -> bool {
    a.0 == b.0
}

#[pg_extern(sql = false)]
fn pattern_ne(a: Borrowed<'_, Pattern>, b: Borrowed<'_, Pattern>) -> bool {
    a.0 != b.0
}

#[pg_extern(sql = false)]
fn pattern_lt(a: Borrowed<'_, Pattern>, b: Borrowed<'_, Pattern>) -> bool {
    a.0.order(b.0).is_lt()
}

#[pg_extern(sql = false)]
fn pattern_le(a: Borrowed<'_, Pattern>, b: Borrowed<'_, Pattern>) -> bool {
    a.0.order(b.0).is_le()
}

#[pg_extern(sql = false)]
fn pattern_gt(a: Borrowed<'_, Pattern>, b: Borrowed<'_, Pattern>) -> bool {
    a.0.order(b.0).is_gt()
}

#[pg_extern(sql = false)]
fn pattern_ge(a: Borrowed<'_, Pattern>, b: Borrowed<'_, Pattern>) -> bool {
    a.0.order(b.0).is_ge()
}

#[pg_extern(sql = false)]
fn pattern_cmp(a: Borrowed<'_, Pattern>, b: Borrowed<'_, Pattern>) -> i32 {
    a.0.order(b.0) as i32
}

#[pg_extern(sql = false)]
fn pattern_hash(pattern: Borrowed<'_, Pattern>) -> i32 {
    let bytes = bytes_of_value(pattern.0);
    // SAFETY: as many bytes as are named.
    unsafe { hash_bytes(bytes.as_ptr(), bytes.len() as i32) as i32 }
}

#[pg_extern(sql = false)]
fn pattern_hash_extended(pattern: Borrowed<'_, Pattern>, seed: i64) -> i64 {
    let bytes = bytes_of_value(pattern.0);
    // SAFETY: as many bytes as are named.
    unsafe { hash_bytes_extended(bytes.as_ptr(), bytes.len() as i32, seed as u64) as i64 }
}

/// The same for equal patterns, whatever the machine.
fn bytes_of_value(pattern: &Pattern) -> Vec<u8> {
    memory::foresee_pattern();
    // −0 + 0 is 0.
    pattern.values().iter().flat_map(|value| (value + 0.0).to_be_bytes()).collect()
}
