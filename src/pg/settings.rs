//! The settings, `imgsmlr_rs.*`.

use crate::pg::version;
use crate::text::Digits;
use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting, PostgresGucEnum, pg_sys};

/// What to make of a file that can't be decoded.
#[derive(Clone, Copy, PartialEq, Eq, PostgresGucEnum)]
pub(super) enum OnDecodeError {
    /// NULL, and a WARNING that says why.
    #[name = c"warning"]
    Warning,
    /// An ERROR.
    #[name = c"error"]
    Error,
}

static ON_DECODE_ERROR: GucSetting<OnDecodeError> =
    GucSetting::<OnDecodeError>::new(OnDecodeError::Warning);
static MAX_PIXELS: GucSetting<i32> = GucSetting::<i32>::new(100_000_000);

/// Defines the settings: called once, when the library is loaded.
///
/// A cancel has to wait: a library that an error stops while it is loaded is loaded once more
/// by the next call, and no setting can be defined twice. (Stock PostgreSQL looks for cancels
/// nowhere on the way; PolarDB may, wherever memory is allocated.)
pub(crate) fn define() {
    // SAFETY: the counter is this backend's own. This is HOLD_INTERRUPTS() and below it
    // RESUME_INTERRUPTS(). An error between them sets it to zero: no guard may count down then.
    unsafe { pg_sys::InterruptHoldoffCount += 1 };
    GucRegistry::define_enum_guc(
        c"imgsmlr_rs.on_decode_error",
        c"What to make of a file that can't be decoded.",
        c"warning: NULL and a WARNING that says why. error: an ERROR.",
        &ON_DECODE_ERROR,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"imgsmlr_rs.max_pixels",
        c"The most pixels, width times height, a picture may have.",
        c"A file whose header promises more is refused before anything is allocated for it.",
        &MAX_PIXELS,
        1,
        i32::MAX,
        GucContext::Suset,
        GucFlags::default(),
    );
    // SAFETY: called from _PG_init.
    unsafe { version::reserve_settings(c"imgsmlr_rs") };
    // SAFETY: as above.
    unsafe { pg_sys::InterruptHoldoffCount -= 1 };
}

pub(super) fn on_decode_error() -> OnDecodeError {
    ON_DECODE_ERROR.get()
}

pub(super) fn max_pixels() -> u64 {
    MAX_PIXELS.get().max(0) as u64
}

/// How to write numbers: exactly from `extra_float_digits` 1 on, PostgreSQL's default, as
/// its own floats are.
pub(super) fn digits() -> Digits {
    // SAFETY: a plain int that only this backend's own settings code changes.
    if unsafe { pg_sys::extra_float_digits } >= 1 { Digits::Shortest } else { Digits::SixDecimals }
}
