//! How a build of the index is sorted: the glue between Postgres' sort and
//! [`crate::index::build_order`].
//!
//! Postgres offers each row to an "abbreviation" function as it takes it in, and
//! compares only when it has them all or its memory is full. That is how the rows
//! are seen before there is an order: until then a row's abbreviation is its
//! number, and the first comparison finds the cell of each; afterwards it is the
//! cell itself.

use crate::index::build_order::{BuildOrder, Sample};
use crate::pg::datum::Varlena;
use crate::pg::{report, version};
use crate::signature::Signature;
use pgrx::memcxt::PgMemoryContexts;
use pgrx::pg_sys::{Datum, FunctionCallInfo, SortSupport};
use pgrx::{pg_guard, pg_sys};
use std::ffi::c_int;

/// What one sort knows.
enum Build {
    /// Rows are still coming in.
    Gathering(Sample),
    /// The order is known, and the cells of the rows gathered.
    Ordered(BuildOrder, Vec<u32>),
}

/// Marks an abbreviation that is a cell, not a row's number.
const CELL: usize = 1 << 32;

impl Build {
    /// The order, found now if it was not.
    fn order(&mut self, whole: bool) -> (&BuildOrder, &[u32]) {
        if let Build::Gathering(sample) = self {
            let nothing = Sample::new(0, version::PACKING);
            match std::mem::replace(sample, nothing).into_order(whole) {
                Ok((order, cells)) => *self = Build::Ordered(order, cells),
                Err(_) => report::no_memory_to_build(),
            }
        }
        match self {
            Build::Ordered(order, cells) => (order, cells),
            Build::Gathering(_) => unreachable!("ordered just now"),
        }
    }

    fn abbreviation(&mut self, row: &Signature) -> usize {
        match self {
            Build::Gathering(sample) => {
                let Ok(number) = sample.push(row) else { report::no_memory_to_build() };
                if sample.is_full() {
                    self.order(false);
                }
                number as usize
            }
            Build::Ordered(order, _) => CELL | order.cell(row) as usize,
        }
    }
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
        let build = Build::Gathering(Sample::new(bytes, version::PACKING));
        let mut context = PgMemoryContexts::For((*sort).ssup_cxt);
        (*sort).ssup_extra = context.leak_and_drop_on_delete(build).cast();
        (*sort).comparator = Some(compare_rows);
        if (*sort).abbreviate {
            (*sort).comparator = Some(compare_abbreviations);
            (*sort).abbrev_converter = Some(abbreviate);
            (*sort).abbrev_abort = Some(never_abort);
            (*sort).abbrev_full_comparator = Some(compare_rows);
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

/// The sort's build.
///
/// # Safety
/// `sort` was set up by [`signature_sortsupport`].
unsafe fn build<'a>(sort: SortSupport) -> &'a mut Build {
    // SAFETY: `ssup_extra` is the build that was put there, and lives as long
    // as the sort; Postgres calls one function of it at a time.
    unsafe { &mut *(*sort).ssup_extra.cast::<Build>() }
}

#[pg_guard]
unsafe extern "C-unwind" fn abbreviate(original: Datum, sort: SortSupport) -> Datum {
    // SAFETY: a sort of ours, and one of its rows.
    let (build, row) = unsafe { (build(sort), row(original)) };
    Datum::from(build.abbreviation(row))
}

#[pg_guard]
unsafe extern "C-unwind" fn never_abort(_rows: c_int, _sort: SortSupport) -> bool {
    false
}

#[pg_guard]
unsafe extern "C-unwind" fn compare_abbreviations(a: Datum, b: Datum, sort: SortSupport) -> c_int {
    // SAFETY: a sort of ours.
    let (_, cells) = unsafe { build(sort) }.order(true);
    let cell = |abbreviation: usize| match abbreviation & CELL {
        0 => cells.get(abbreviation).copied().unwrap_or(0),
        _ => abbreviation as u32,
    };
    cell(a.value()).cmp(&cell(b.value())) as c_int
}

#[pg_guard]
unsafe extern "C-unwind" fn compare_rows(a: Datum, b: Datum, sort: SortSupport) -> c_int {
    // SAFETY: a sort of ours, and two of its rows.
    let ((order, _), a, b) = unsafe { (build(sort).order(true), row(a), row(b)) };
    order.cell(a).cmp(&order.cell(b)) as c_int
}
