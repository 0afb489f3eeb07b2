//! The aggregates `avg(signature)` and `avg(pattern)`. Their state is an array of SQL's
//! own, `float8[]`: how many values there were, then the sums of their numbers. So parallel
//! workers and other servers can hand it over.

use crate::pattern::{PATTERN_LEN, Pattern};
use crate::pg::call::{argument, null, v1};
use crate::pg::datum::{Stored, Varlena};
use crate::pg::report;
use crate::signature::{SIGNATURE_LEN, Signature};
use pgrx::pg_sys::{Datum, FunctionCallInfo};
use pgrx::{pg_guard, pg_sys};

v1!(
    pg_finfo_signature_avg_accumulate,
    pg_finfo_signature_avg_final,
    pg_finfo_pattern_avg_accumulate,
    pg_finfo_pattern_avg_final,
    pg_finfo_avg_combine,
);

/// Where the numbers of an array of one dimension without nulls begin: behind five words
/// of its own, and the dimension's length and lower bound, rounded up.
const NUMBERS: usize = 24;
const _: () = assert!(size_of::<pg_sys::ArrayType>() + 2 * size_of::<i32>() <= NUMBERS);

/// Argument `n` as a state: an array, and its numbers. Within an aggregate it may be
/// changed where it is, as PostgreSQL's own averages do; otherwise it is a copy.
///
/// # Safety
/// Argument `n` is a float8[] and not null; the state is used during the call only.
unsafe fn state<'a>(fcinfo: FunctionCallInfo, n: usize) -> (Datum, &'a mut [f64]) {
    // SAFETY: as promised by the caller. An array of float8 of one dimension without nulls
    // holds as many of them, aligned to 8 bytes, behind its header.
    unsafe {
        let array = argument(fcinfo, n).cast_mut_ptr::<pg_sys::varlena>();
        let in_aggregate = pg_sys::AggCheckCallContext(fcinfo, std::ptr::null_mut()) != 0;
        let array = match in_aggregate {
            true => pg_sys::pg_detoast_datum(array),
            false => pg_sys::pg_detoast_datum_copy(array),
        }
        .cast::<pg_sys::ArrayType>();
        let plain = (*array).ndim == 1
            && (*array).dataoffset == 0
            && (*array).elemtype == pg_sys::FLOAT8OID;
        if !plain {
            report::invalid_state();
        }
        let length = *array.cast::<u8>().add(size_of::<pg_sys::ArrayType>()).cast::<i32>();
        let numbers = array.cast::<u8>().add(NUMBERS).cast::<f64>();
        (array.into(), std::slice::from_raw_parts_mut(numbers, length.max(0) as usize))
    }
}

/// Counts a value, and adds its numbers to the sums.
fn add(state: &mut [f64], values: &[f32]) {
    match state {
        [count, sums @ ..] if sums.len() == values.len() => {
            *count += 1.0;
            for (sum, &value) in sums.iter_mut().zip(values) {
                *sum += f64::from(value);
            }
        }
        _ => report::invalid_state(),
    }
}

/// The means, rounded to float4; `None` of no value.
fn means<const N: usize>(state: &[f64]) -> Option<[f32; N]> {
    let [count, sums @ ..] = state else { report::invalid_state() };
    let Ok(sums) = <&[f64; N]>::try_from(sums) else { report::invalid_state() };
    (*count > 0.0).then(|| sums.map(|sum| (sum / count) as f32))
}

/// Adds a signature to the state.
///
/// # Safety
/// Called with (float8[], signature), not null.
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn signature_avg_accumulate(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: two arguments; a signature is a plain varlena, never toasted.
    unsafe {
        let (array, state) = state(fcinfo, 0);
        let signature = argument(fcinfo, 1).cast_mut_ptr::<Varlena<Signature>>();
        add(state, (*signature).value.values());
        array
    }
}

/// Adds a pattern to the state.
///
/// # Safety
/// Called with (float8[], pattern), not null.
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn pattern_avg_accumulate(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: two arguments; a pattern is a varlena of its size, once detoasted.
    unsafe {
        let (array, state) = state(fcinfo, 0);
        let given = argument(fcinfo, 1).cast_mut_ptr::<pg_sys::varlena>();
        let pattern = pg_sys::pg_detoast_datum(given);
        let size = pgrx::varsize_4b(pattern);
        if size != Pattern::SIZE {
            report::corrupt(Pattern::TYPE_NAME, size, Pattern::SIZE);
        }
        add(state, (*pattern.cast::<Varlena<Pattern>>()).value.values());
        if pattern != given {
            pg_sys::pfree(pattern.cast());
        }
        array
    }
}

/// Adds the second state to the first.
///
/// # Safety
/// Called with (float8[], float8[]), not null.
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn avg_combine(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: two states.
    unsafe {
        let (array, into) = state(fcinfo, 0);
        let (_, from) = state(fcinfo, 1);
        if into.len() != from.len() {
            report::invalid_state();
        }
        for (sum, &other) in into.iter_mut().zip(&*from) {
            *sum += other;
        }
        array
    }
}

/// The mean signature: null of none.
///
/// # Safety
/// Called with (float8[]), not null.
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn signature_avg_final(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: one state.
    unsafe {
        match means::<SIGNATURE_LEN>(state(fcinfo, 0).1) {
            Some(values) => Signature::from_values(values).into_datum(),
            None => null(fcinfo),
        }
    }
}

/// The mean pattern: null of none.
///
/// # Safety
/// Called with (float8[]), not null.
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn pattern_avg_final(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: one state.
    unsafe {
        match means::<PATTERN_LEN>(state(fcinfo, 0).1) {
            Some(values) => Pattern::from_values(values).into_datum(),
            None => null(fcinfo),
        }
    }
}
