//! How a build of the index is sorted: the glue between Postgres' sort and
//! [`crate::build_order`].
//!
//! Postgres offers each row to an "abbreviation" function as it takes it in, and
//! compares only when it has them all or its memory is full. The abbreviation
//! here is the row itself: what it is for is to see the rows, so that the first
//! comparison can find the order that suits them.

use crate::build_order::{BuildOrder, Sample};
use crate::pg::datum::Varlena;
use crate::pg::report;
use crate::signature::Signature;
use pgrx::memcxt::PgMemoryContexts;
use pgrx::pg_sys::{Datum, FunctionCallInfo, SortSupport};
use pgrx::{pg_guard, pg_sys};
use std::cmp::Ordering;
use std::ffi::c_int;

/// What one sort knows.
enum Build {
    /// Rows are still coming in.
    Sampling(Sample),
    /// They are being compared.
    Ordered(BuildOrder),
}

/// Sets up the sort of a build.
///
/// # Safety
/// Called by GiST with (SortSupport).
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn signature_sortsupport(fcinfo: FunctionCallInfo) -> Datum {
    // SAFETY: one argument, a SortSupport that lives as long as the sort; the
    // build is dropped with its memory context.
    unsafe {
        let sort = (*(*fcinfo).args.as_ptr()).value.cast_mut_ptr::<pg_sys::SortSupportData>();
        // The sort itself takes up to maintenance_work_mem; half as much again.
        let bytes = pg_sys::maintenance_work_mem.max(1) as usize * 1024 / 2;
        let build = Build::Sampling(Sample::new(bytes));
        let mut context = PgMemoryContexts::For((*sort).ssup_cxt);
        (*sort).ssup_extra = context.leak_and_drop_on_delete(build).cast();
        (*sort).comparator = Some(compare);
        if (*sort).abbreviate {
            (*sort).abbrev_converter = Some(take_in);
            (*sort).abbrev_abort = Some(never_abort);
            (*sort).abbrev_full_comparator = Some(compare);
        }
    }
    Datum::from(0)
}

/// The row in a datum.
///
/// # Safety
/// The datum is a leaf's key, and lives as long as `'a`.
unsafe fn row<'a>(datum: Datum) -> &'a Signature {
    // SAFETY: as promised by the caller; signatures are never toasted.
    unsafe { &(*datum.cast_mut_ptr::<Varlena<Signature>>()).value }
}

#[pg_guard]
unsafe extern "C-unwind" fn take_in(original: Datum, sort: SortSupport) -> Datum {
    // SAFETY: `ssup_extra` is the build that signature_sortsupport() put there.
    let (build, row) = unsafe { (&mut *(*sort).ssup_extra.cast::<Build>(), row(original)) };
    if let Build::Sampling(sample) = build
        && sample.push(row).is_err()
    {
        report::no_memory_to_build();
    }
    original
}

#[pg_guard]
unsafe extern "C-unwind" fn never_abort(_rows: c_int, _sort: SortSupport) -> bool {
    false
}

#[pg_guard]
unsafe extern "C-unwind" fn compare(a: Datum, b: Datum, sort: SortSupport) -> c_int {
    // SAFETY: `ssup_extra` is the build that signature_sortsupport() put there.
    let (build, a, b) = unsafe { (&mut *(*sort).ssup_extra.cast::<Build>(), row(a), row(b)) };
    if let Build::Sampling(sample) = build {
        let nothing = Sample::new(0);
        match std::mem::replace(sample, nothing).into_order() {
            Ok(order) => *build = Build::Ordered(order),
            Err(_) => report::no_memory_to_build(),
        }
    }
    match build {
        Build::Ordered(order) => match order.compare(a, b) {
            Ordering::Less => -1,
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        },
        Build::Sampling(_) => 0,
    }
}
