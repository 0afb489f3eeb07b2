//! `WITH (fillfactor = …)`.

use pgrx::pg_guard;
use pgrx::pg_sys::{self, Datum, Relation};
use std::mem::offset_of;
use std::sync::OnceLock;

const DEFAULT: i32 = 90;

/// An index' options, as Postgres keeps them.
#[repr(C)]
struct Options {
    header: i32,
    fill_factor: i32,
}

static KIND: OnceLock<pg_sys::relopt_kind::Type> = OnceLock::new();

/// Defines them: called once, when the library is loaded.
pub(crate) fn define() {
    // SAFETY: called from _PG_init, by the backend's only thread; Postgres copies the texts.
    unsafe {
        let kind = *KIND.get_or_init(|| pg_sys::add_reloption_kind());
        pg_sys::add_int_reloption(
            kind,
            c"fillfactor".as_ptr(),
            c"Packs the index' pages only to this percentage when it is built".as_ptr(),
            DEFAULT,
            50,
            100,
            pg_sys::ShareUpdateExclusiveLock as i32,
        );
    }
}

/// `amoptions`.
#[pg_guard]
pub(super) unsafe extern "C-unwind" fn read(given: Datum, validate: bool) -> *mut pg_sys::bytea {
    let fill_factor = pg_sys::relopt_parse_elt {
        optname: c"fillfactor".as_ptr(),
        opttype: pg_sys::relopt_type::RELOPT_TYPE_INT,
        offset: offset_of!(Options, fill_factor) as i32,
        ..Default::default()
    };
    let Some(&kind) = KIND.get() else { return std::ptr::null_mut() };
    // SAFETY: one element, and a struct that begins with a varlena's header.
    unsafe {
        pg_sys::build_reloptions(given, validate, kind, size_of::<Options>(), &fill_factor, 1)
            .cast()
    }
}

/// The fill factor of an index, in percent.
///
/// # Safety
/// The index is open.
pub(super) unsafe fn fill_factor(index: Relation) -> usize {
    // SAFETY: as promised by the caller; its options are what `read` made of them.
    let options = unsafe { (*index).rd_options.cast::<Options>().as_ref() };
    usize::try_from(options.map_or(DEFAULT, |options| options.fill_factor)).unwrap_or(90)
}
