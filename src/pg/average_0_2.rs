//! The aggregate `avg(signature)` as SQL of version 0.2.0 calls it, which may meet this
//! library before `ALTER EXTENSION … UPDATE`: with a state that SQL can't see.

use crate::pg::call::{argument, is_null, null, v1};
use crate::pg::datum::{Stored, Varlena};
use crate::pg::report;
use crate::signature::Signature;
use crate::signature::average::Average;
use pgrx::pg_sys::{Datum, FunctionCallInfo};
use pgrx::{IntoDatum, pg_getarg, pg_guard, pg_sys};

v1!(
    pg_finfo_signature_avg_add,
    pg_finfo_signature_avg_merge,
    pg_finfo_signature_avg_send,
    pg_finfo_signature_avg_receive,
    pg_finfo_signature_avg,
);

/// `average` in memory that lives as long as the aggregate's state.
///
/// # Safety
/// Called within a function that an aggregate calls.
unsafe fn state(average: Average, fcinfo: FunctionCallInfo) -> *mut Average {
    let mut context = std::ptr::null_mut();
    // SAFETY: the context returned lives as long as the aggregation; what it
    // allocates is aligned for any type and large enough.
    unsafe {
        if pg_sys::AggCheckCallContext(fcinfo, &mut context) == 0 {
            report::not_in_an_aggregate().raise();
        }
        let state = pg_sys::MemoryContextAlloc(context, size_of::<Average>()).cast::<Average>();
        state.write(average);
        state
    }
}

/// Argument `n`: a state, or null.
///
/// # Safety
/// Argument `n` is of type internal and came from [`state`].
unsafe fn argument_state(fcinfo: FunctionCallInfo, n: usize) -> Option<*mut Average> {
    // SAFETY: as promised by the caller.
    unsafe { (!is_null(fcinfo, n)).then(|| argument(fcinfo, n).cast_mut_ptr()) }
}

/// Adds a signature to the state, which is null at first.
///
/// # Safety
/// Called by an aggregate with (internal, signature).
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn signature_avg_add(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: two arguments; a signature is a plain varlena, never toasted.
    unsafe {
        let average = match argument_state(fcinfo, 0) {
            Some(average) => average,
            None => state(Average::default(), fcinfo),
        };
        if !is_null(fcinfo, 1) {
            let signature = argument(fcinfo, 1).cast_mut_ptr::<Varlena<Signature>>();
            (*average).add(&(*signature).value);
        }
        average.into()
    }
}

/// Adds the second state to the first.
///
/// # Safety
/// Called by an aggregate with (internal, internal).
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn signature_avg_merge(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: two states.
    unsafe {
        let average = match argument_state(fcinfo, 0) {
            Some(average) => average,
            None => state(Average::default(), fcinfo),
        };
        if let Some(other) = argument_state(fcinfo, 1) {
            (*average).merge(&*other);
        }
        average.into()
    }
}

/// A state as bytes, for the leader of parallel workers.
///
/// # Safety
/// Called by an aggregate with (internal), not null.
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn signature_avg_send(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: one state.
    let bytes = unsafe { argument_state(fcinfo, 0).map(|state| (*state).to_bytes()) };
    bytes.unwrap_or([0; Average::SIZE]).as_slice().into_datum().unwrap_or(Datum::null())
}

/// A state from bytes.
///
/// # Safety
/// Called by an aggregate with (bytea, internal), not null.
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn signature_avg_receive(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: the first argument is a bytea.
    unsafe {
        let bytes: &[u8] = pg_getarg(fcinfo, 0).unwrap_or_default();
        match bytes.try_into() {
            Ok(bytes) => state(Average::from_bytes(bytes), fcinfo).into(),
            Err(_) => report::corrupt("avg(signature)", bytes.len(), Average::SIZE),
        }
    }
}

/// The mean: null of no signature.
///
/// # Safety
/// Called by an aggregate with (internal).
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn signature_avg(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: one state, or null.
    unsafe {
        match argument_state(fcinfo, 0).and_then(|state| (*state).signature()) {
            Some(signature) => signature.into_datum(),
            None => null(fcinfo),
        }
    }
}
