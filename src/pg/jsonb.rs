//! Casts between signatures and `jsonb`.

use crate::pg::call::{argument, v1};
use crate::pg::datum::{Borrowed, Stored};
use crate::pg::report;
use crate::signature::Signature;
use pgrx::pg_sys::jbvType::jbvNumeric;
use pgrx::pg_sys::{Datum, FunctionCallInfo, JsonbIteratorToken};
use pgrx::{JsonB, direct_function_call, pg_extern, pg_guard, pg_sys};
use std::mem::MaybeUninit;

v1!(pg_finfo_signature_from_jsonb_wrapper);

#[pg_extern(sql = false)]
fn signature_to_jsonb(signature: Borrowed<'_, Signature>) -> JsonB {
    // By way of its shortest digits: 0.1 is to be 0.1, not 0.10000000149011612.
    let number = |value: &f32| value.to_string().parse::<f64>().unwrap_or_default();
    JsonB(signature.0.values().iter().map(number).collect())
}

/// `signature_from_jsonb(jsonb)`. It reads the value where it lies, and does not
/// build another of it: a `jsonb` may be as large as a field can be.
///
/// # Safety
/// Called by Postgres with (jsonb).
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn signature_from_jsonb_wrapper(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: the one argument is a jsonb and not null, the function being STRICT.
    let elements = unsafe {
        Elements::of(pg_sys::pg_detoast_datum(argument(fcinfo, 0).cast_mut_ptr()).cast())
    };
    let Some(elements) = elements else { report::not_an_array().raise() };
    match Signature::of_numbers(elements) {
        Ok(signature) => signature.into_datum(),
        Err(error) => report::invalid_numbers("jsonb array", Signature::TYPE_NAME, &error).raise(),
    }
}

/// The elements of an array: numbers, beyond a float8 infinite, or else `None`.
struct Elements {
    iterator: *mut pg_sys::JsonbIterator,
}

impl Elements {
    /// `None` if it is no array.
    ///
    /// # Safety
    /// A plain jsonb that lives as long as the elements are read.
    unsafe fn of(json: *mut pg_sys::Jsonb) -> Option<Self> {
        // A single number is kept as an array of one, and marked.
        const KINDS: u32 = pg_sys::JB_FARRAY | pg_sys::JB_FSCALAR;
        // SAFETY: as promised by the caller.
        unsafe {
            let is_array = (*json).root.header & KINDS == pg_sys::JB_FARRAY;
            let root = &raw mut (*json).root;
            is_array.then(|| Elements { iterator: pg_sys::JsonbIteratorInit(root) })
        }
    }
}

impl Iterator for Elements {
    type Item = Option<f64>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            pgrx::check_for_interrupts!();
            let mut value = MaybeUninit::<pg_sys::JsonbValue>::zeroed();
            // SAFETY: the iterator is of Postgres' own making; it skips what an
            // element has inside, and writes the element to the value.
            let token =
                unsafe { pg_sys::JsonbIteratorNext(&mut self.iterator, value.as_mut_ptr(), true) };
            match token {
                JsonbIteratorToken::WJB_DONE => return None,
                JsonbIteratorToken::WJB_ELEM => {
                    // SAFETY: an element was written.
                    return Some(unsafe { number(value.assume_init()) });
                }
                _ => {}
            }
        }
    }
}

/// A number as a float8.
///
/// # Safety
/// The value is of a jsonb that is still there.
unsafe fn number(value: pg_sys::JsonbValue) -> Option<f64> {
    if value.type_ != jbvNumeric {
        return None;
    }
    // SAFETY: the type says that it is a numeric, and that is what the function takes.
    unsafe {
        let numeric = Datum::from(value.val.numeric);
        direct_function_call(pg_sys::numeric_float8_no_overflow, &[Some(numeric)])
    }
}
