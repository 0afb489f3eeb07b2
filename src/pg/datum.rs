//! How our types lie in memory. Patterns, signatures and spheres: a 4-byte varlena header
//! and numbers in native order. None ever has a short header: a pattern is far too long,
//! and the others are `STORAGE = plain`. A fingerprint: its 32 bytes and nothing else.

use crate::fingerprint::Fingerprint;
use crate::index::sphere::Sphere;
use crate::pattern::Pattern;
use crate::pg::report;
use crate::signature::Signature;
use pgrx::callconv::{Arg, ArgAbi, BoxRet, FcInfo};
use pgrx::{FromDatum, pg_sys, set_varsize_4b, varsize_4b};

/// A value behind its varlena header.
///
/// # Safety of the casts to it
/// `T` is made of 4-byte numbers and bytes alone: aligned to 4 bytes like the
/// header, without padding, and valid for any bits.
#[repr(C)]
pub(super) struct Varlena<T> {
    header: u32,
    pub(super) value: T,
}

/// A copy of `value` behind a varlena header, in the current memory context.
pub(super) fn varlena<T>(value: T) -> pg_sys::Datum {
    let size = size_of::<Varlena<T>>();
    // SAFETY: palloc'd memory is MAXALIGNed and, as palloc raises an error rather than
    // fail, `size` bytes long: room for header and value.
    unsafe {
        let datum = pg_sys::palloc(size).cast::<Varlena<T>>();
        set_varsize_4b(datum.cast(), size as i32);
        (&raw mut (*datum).value).write(value);
        datum.into()
    }
}

/// Values of an SQL type of ours.
///
/// # Safety of reading them
/// They are made of numbers and bytes alone, aligned to 4 bytes at most, without padding,
/// and valid for any bits.
pub(super) trait Stored: Sized + 'static {
    /// The SQL type's name.
    const TYPE_NAME: &'static str;
    /// Bytes before the value: those of a varlena header, or none.
    const HEADER: usize = size_of::<u32>();
    /// Bytes of the whole datum, header included.
    const SIZE: usize = Self::HEADER + size_of::<Self>();

    /// The value in a datum that is not toasted.
    ///
    /// # Safety
    /// The datum is of this type, and lives as long as `'a`.
    #[inline(always)]
    unsafe fn in_place<'a>(datum: pg_sys::Datum) -> &'a Self {
        // SAFETY: as promised by the caller.
        unsafe { &*datum.cast_mut_ptr::<u8>().add(Self::HEADER).cast::<Self>() }
    }

    /// A copy of `self` as a datum in the current memory context.
    fn into_datum(self) -> pg_sys::Datum {
        varlena(self)
    }
}

impl Stored for Pattern {
    const TYPE_NAME: &'static str = "pattern";
}

impl Stored for Signature {
    const TYPE_NAME: &'static str = "signature";
}

impl Stored for Sphere<Signature> {
    const TYPE_NAME: &'static str = "signature_sphere";
}

impl Stored for Fingerprint {
    const TYPE_NAME: &'static str = "fingerprint";
    const HEADER: usize = 0;

    fn into_datum(self) -> pg_sys::Datum {
        // SAFETY: as palloc raises an error rather than fail, room for the value.
        unsafe {
            let datum = pg_sys::palloc(Self::SIZE).cast::<Self>();
            datum.write(self);
            datum.into()
        }
    }
}

impl Stored for Sphere<Fingerprint> {
    const TYPE_NAME: &'static str = "fingerprint_sphere";
}

/// A value of type `bit(64)`, as Postgres lays out bit strings.
#[repr(C)]
pub(super) struct Bits64 {
    length: i32,
    bits: [u8; 8],
}

impl Bits64 {
    /// The bits of `value`, the highest first.
    pub(super) fn of(value: u64) -> Self {
        Bits64 { length: 64, bits: value.to_be_bytes() }
    }
}

impl Stored for Bits64 {
    const TYPE_NAME: &'static str = "bit";
}

/// A function's argument, borrowed from the datum it came in.
pub(super) struct Borrowed<'a, T>(pub(super) &'a T);

/// A function's result.
pub(super) struct Returned<T>(pub(super) T);

impl<'a, T: Stored> FromDatum for Borrowed<'a, T> {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        _typoid: pg_sys::Oid,
    ) -> Option<Self> {
        if is_null {
            return None;
        }
        if T::HEADER == 0 {
            // SAFETY: of fixed length, so never toasted; it outlives the call it is an
            // argument of.
            return Some(Borrowed(unsafe { T::in_place(datum) }));
        }
        // SAFETY: a datum that is not null points to a varlena. Detoasting one
        // that is plain already, as every signature is, gives the same pointer.
        let (pointer, size) = unsafe {
            let pointer = pg_sys::pg_detoast_datum(datum.cast_mut_ptr());
            (pointer, varsize_4b(pointer))
        };
        if size != T::SIZE {
            report::corrupt(T::TYPE_NAME, size, T::SIZE);
        }
        // SAFETY: detoasted and of the right size, it is a T behind its header, and it
        // outlives the call it is an argument of.
        Some(Borrowed(unsafe { T::in_place(pointer.into()) }))
    }
}

// SAFETY: an argument declared as T's SQL type is a datum of T, as above;
// the functions are STRICT.
unsafe impl<'fcx, T: Stored> ArgAbi<'fcx> for Borrowed<'fcx, T> {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: as promised by the caller, the datum is of T's type.
        match unsafe { arg.unbox_arg_using_from_datum() } {
            Some(borrowed) => borrowed,
            None => report::null_argument(T::TYPE_NAME),
        }
    }
}

// SAFETY: the datum returned is a whole, palloc'd datum of T.
unsafe impl<T: Stored> BoxRet for Returned<T> {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> pgrx::datum::Datum<'fcx> {
        // SAFETY: the function is declared to return T's type.
        unsafe { fcinfo.return_raw_datum(self.0.into_datum()) }
    }
}

pgrx::impl_sql_translatable!(Borrowed<'_, Pattern>, "pattern");
pgrx::impl_sql_translatable!(Returned<Pattern>, "pattern");
pgrx::impl_sql_translatable!(Borrowed<'_, Signature>, "signature");
pgrx::impl_sql_translatable!(Returned<Signature>, "signature");
pgrx::impl_sql_translatable!(Borrowed<'_, Sphere<Signature>>, "signature_sphere");
pgrx::impl_sql_translatable!(Returned<Sphere<Signature>>, "signature_sphere");
pgrx::impl_sql_translatable!(Borrowed<'_, Fingerprint>, "fingerprint");
pgrx::impl_sql_translatable!(Returned<Fingerprint>, "fingerprint");
pgrx::impl_sql_translatable!(Borrowed<'_, Sphere<Fingerprint>>, "fingerprint_sphere");
pgrx::impl_sql_translatable!(Returned<Sphere<Fingerprint>>, "fingerprint_sphere");
pgrx::impl_sql_translatable!(Returned<Bits64>, "bit(64)");

/// All bytes not yet read of the message that a receive function was given.
pub(super) fn rest_of_message<'a>(message: pgrx::Internal) -> &'a [u8] {
    let Some(message) = message.unwrap() else {
        return &[];
    };
    let message = message.cast_mut_ptr::<pg_sys::StringInfoData>();
    // SAFETY: Postgres passes receive functions a StringInfo whose data is
    // `len` bytes long, `cursor` of them read; it lives for the call.
    unsafe {
        let rest = (*message).len - (*message).cursor;
        let bytes = pg_sys::pq_getmsgbytes(message, rest);
        std::slice::from_raw_parts(bytes.cast(), rest.max(0) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::geometry::Bounds;

    #[test]
    fn datums_are_as_long_as_the_contract_says() {
        assert_eq!(Pattern::SIZE, 4 + 4 * 4096);
        assert_eq!(Signature::SIZE, 68);
        assert_eq!(Sphere::<Signature>::SIZE, 76);
        assert_eq!(Fingerprint::SIZE, 32);
        assert_eq!(Sphere::<Fingerprint>::SIZE, 44);
        assert_eq!(Bits64::SIZE, 16);
        assert_eq!(size_of::<Varlena<Bounds<f32, 16>>>(), 132);
        assert_eq!(size_of::<Varlena<Bounds<u8, 32>>>(), 68);
        assert_eq!(align_of::<Varlena<Sphere<Signature>>>(), 4);
        assert_eq!(align_of::<Varlena<Sphere<Fingerprint>>>(), 4);
        assert_eq!(align_of::<Varlena<Bounds<f32, 16>>>(), 4);
    }
}
