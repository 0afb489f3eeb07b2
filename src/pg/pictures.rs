//! From a `bytea` to a `pattern`, a `signature`, or what its header says.

use crate::decode::{self, DecodeError, Format, Info, Limits};
use crate::fingerprint::Fingerprint;
use crate::pattern::Pattern;
use crate::pattern::convert::{Converter, Options};
use crate::pg::call::{null, v1};
use crate::pg::datum::Returned;
use crate::pg::report::{self, Report};
use crate::pg::settings::{self, OnDecodeError};
use crate::picture::background;
use crate::signature::Signature;
use pgrx::{IntoDatum, PgXactCallbackEvent, pg_extern, pg_guard, pg_sys, register_xact_callback};
use std::cell::RefCell;
use std::ffi::CString;

#[pg_extern(sql = false)]
fn jpeg2pattern(file: &[u8]) -> Option<Returned<Pattern>> {
    as_reference_has_it(file, Format::Jpeg)
}

#[pg_extern(sql = false)]
fn png2pattern(file: &[u8]) -> Option<Returned<Pattern>> {
    as_reference_has_it(file, Format::Png)
}

#[pg_extern(sql = false)]
fn gif2pattern(file: &[u8]) -> Option<Returned<Pattern>> {
    as_reference_has_it(file, Format::Gif)
}

/// Of one format, as stored.
fn as_reference_has_it(file: &[u8], format: Format) -> Option<Returned<Pattern>> {
    let options = Options { format: Some(format), apply_orientation: false, ..Options::DEFAULT };
    pattern(file, options).map(Returned)
}

/// As SQL of version 0.1.0 calls it, which may meet this library before
/// `ALTER EXTENSION … UPDATE`.
#[pg_extern(sql = false)]
fn image2pattern(file: &[u8]) -> Option<Returned<Pattern>> {
    pattern(file, Options { apply_orientation: false, ..Options::DEFAULT }).map(Returned)
}

#[pg_extern(sql = false)]
fn image2pattern_upright(file: &[u8], apply_orientation: bool) -> Option<Returned<Pattern>> {
    pattern(file, Options { apply_orientation, ..Options::DEFAULT }).map(Returned)
}

#[pg_extern(sql = false)]
fn image2pattern_on(
    file: &[u8],
    background: &str,
    apply_orientation: bool,
) -> Option<Returned<Pattern>> {
    pattern(file, on(background, apply_orientation)).map(Returned)
}

#[pg_extern(sql = false)]
fn image2signature(file: &[u8], apply_orientation: bool) -> Option<Returned<Signature>> {
    signature(file, Options { apply_orientation, ..Options::DEFAULT })
}

#[pg_extern(sql = false)]
fn image2signature_on(
    file: &[u8],
    background: &str,
    apply_orientation: bool,
) -> Option<Returned<Signature>> {
    signature(file, on(background, apply_orientation))
}

/// Any format, laid on the colour that the user names.
///
/// A literal or a parameter without a type, as in `image2pattern(file, 'false')`, PostgreSQL
/// takes for a text where there is a choice. It was a boolean when there was none, before
/// 0.3.0, and still is.
fn on(background: &str, apply_orientation: bool) -> Options {
    match (background::named(background), boolean(background)) {
        (Some(background), _) => Options { format: None, apply_orientation, background },
        (None, Some(upright)) if apply_orientation => {
            Options { apply_orientation: upright, ..Options::DEFAULT }
        }
        _ => report::unknown_background(background).raise(),
    }
}

/// A boolean as SQL writes it: `false`, `f`, `off`.
fn boolean(text: &str) -> Option<bool> {
    let text = CString::new(text.trim_ascii()).ok()?;
    let mut value = false;
    // SAFETY: a C string, and a place for the answer.
    unsafe { pg_sys::parse_bool(text.as_ptr(), &mut value) }.then_some(value)
}

fn signature(file: &[u8], options: Options) -> Option<Returned<Signature>> {
    let pattern = pattern(file, options)?;
    match Signature::of(&pattern) {
        Ok(signature) => Some(Returned(signature)),
        Err(error) => Report::from(error).raise(),
    }
}

#[pg_extern(sql = false)]
fn image2fingerprint(file: &[u8], apply_orientation: bool) -> Option<Returned<Fingerprint>> {
    fingerprint(file, Options { apply_orientation, ..Options::DEFAULT })
}

#[pg_extern(sql = false)]
fn image2fingerprint_on(
    file: &[u8],
    background: &str,
    apply_orientation: bool,
) -> Option<Returned<Fingerprint>> {
    fingerprint(file, on(background, apply_orientation))
}

fn fingerprint(file: &[u8], options: Options) -> Option<Returned<Fingerprint>> {
    let pattern = pattern(file, options)?;
    Some(Returned(Fingerprint::of(&pattern)))
}

/// Why a file gives no pattern; nothing where it gives one.
#[pg_extern(sql = false)]
fn picture_error(file: &[u8]) -> Option<String> {
    match converted(file, Options::DEFAULT) {
        Ok(_) => None,
        // These say nothing of the file.
        Err(error @ (DecodeError::OutOfMemory { .. } | DecodeError::Interrupted)) => {
            Report::from(error).raise()
        }
        Err(error) => Some(error.to_string()),
    }
}

thread_local! {
    /// Of this backend, from the first conversion in a transaction to its end.
    static CONVERTER: RefCell<Option<Converter>> = const { RefCell::new(None) };
}

fn pattern(file: &[u8], options: Options) -> Option<Pattern> {
    value_or_report(converted(file, options))
}

fn converted(file: &[u8], options: Options) -> Result<Pattern, DecodeError> {
    if CONVERTER.with_borrow(Option::is_none) {
        // An idle session is to hold no memory.
        for end in [PgXactCallbackEvent::Commit, PgXactCallbackEvent::Abort] {
            register_xact_callback(end, || CONVERTER.set(None));
        }
    }
    uninterrupted(|limits| {
        CONVERTER.with_borrow_mut(|converter| {
            converter.get_or_insert_default().pattern(file, options, limits)
        })
    })
}

/// Lets a cancelled query go; where whoever interrupted wanted something else,
/// the work is done again, to its end.
fn uninterrupted<T>(work: impl Fn(Limits) -> Result<T, DecodeError>) -> Result<T, DecodeError> {
    pgrx::check_for_interrupts!();
    let limits = Limits { max_pixels: settings::max_pixels(), interrupted: wants_to_stop };
    match work(limits) {
        Err(DecodeError::Interrupted) => {
            pgrx::check_for_interrupts!();
            work(Limits::of(limits.max_pixels))
        }
        result => result,
    }
}

fn wants_to_stop() -> bool {
    // SAFETY: plain flags that signal handlers set and this backend clears.
    unsafe { pg_sys::QueryCancelPending != 0 || pg_sys::ProcDiePending != 0 }
}

/// What could be had of a file; or else NULL and a WARNING that says why not, or an
/// ERROR, if the user wants these.
fn value_or_report<T>(result: Result<T, DecodeError>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            let report = Report::from(error);
            match settings::on_decode_error() {
                OnDecodeError::Error => report.raise(),
                OnDecodeError::Warning => report.warn_of_null(),
            }
            None
        }
    }
}

v1!(pg_finfo_image_info);

/// `image_info(bytea)`: a row of its OUT parameters.
///
/// # Safety
/// Called by Postgres with (bytea).
#[pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn image_info(fcinfo: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
    // SAFETY: the one argument is a bytea and not null, the function being STRICT.
    let file: &[u8] = unsafe { pgrx::pg_getarg(fcinfo, 0) }.unwrap_or_default();
    let info = uninterrupted(|limits| decode::info(file, limits));
    match value_or_report(info) {
        // SAFETY: the function is declared with these columns.
        Some(info) => unsafe { row_of(info, fcinfo) },
        // SAFETY: of the call that is about to return.
        None => unsafe { null(fcinfo) },
    }
}

/// The columns of `image_info`. SQL of version 0.2.0, which may meet this library before
/// `ALTER EXTENSION … UPDATE`, has all but the last.
const COLUMNS: usize = 9;

/// A composite datum of the type that the call is declared to return.
///
/// # Safety
/// That type has the columns of `image_info`, or the first of them.
unsafe fn row_of(info: Info, fcinfo: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
    let mut values: [Option<pg_sys::Datum>; COLUMNS] = [
        info.format.name().into_datum(),
        i64::from(info.width).into_datum(),
        i64::from(info.height).into_datum(),
        i32::from(info.channels).into_datum(),
        i32::from(info.bit_depth).into_datum(),
        info.has_alpha.into_datum(),
        i32::from(info.orientation.number()).into_datum(),
        info.frames.map(i64::from).into_datum(),
        info.complete.into_datum(),
    ];
    let mut nulls = values.map(|value| value.is_none());
    let mut values = values.each_mut().map(|value| value.take().unwrap_or(pg_sys::Datum::null()));
    // SAFETY: at least as many values and flags as the type has columns.
    unsafe {
        let mut columns = std::ptr::null_mut();
        pg_sys::get_call_result_type(fcinfo, std::ptr::null_mut(), &mut columns);
        let columns = pg_sys::BlessTupleDesc(columns);
        let row = pg_sys::heap_form_tuple(columns, values.as_mut_ptr(), nulls.as_mut_ptr());
        pg_sys::HeapTupleHeaderGetDatum((*row).t_data)
    }
}
