//! How rows come out of datums, and go into them.

use crate::fingerprint::Fingerprint;
use crate::index::kdtree::fingerprints::Fingerprints;
use crate::index::kdtree::kind::Kind;
use crate::index::kdtree::leaf::Pointer;
use crate::index::kdtree::search::Within;
use crate::index::kdtree::signatures::Signatures;
use crate::index::sphere::Sphere;
use crate::pg::datum::Stored;
use crate::signature::Signature;
use pgrx::pg_sys::{Datum, ItemPointerData};

/// A kind of rows that has an SQL type.
pub(super) trait Rows: Kind {
    /// The value in a datum of the type.
    ///
    /// # Safety
    /// It is one, and not null.
    unsafe fn of_datum(datum: Datum) -> Self::Value;
    /// A copy as a datum in the current memory context.
    fn into_datum(value: Self::Value) -> Datum;
    /// The sphere in a datum of the type's sphere.
    ///
    /// # Safety
    /// It is one, and not null.
    unsafe fn sphere(datum: Datum) -> Within<Self>
    where
        Self: Sized;
}

macro_rules! rows {
    ($kind:ty, $value:ty) => {
        impl Rows for $kind {
            unsafe fn of_datum(datum: Datum) -> $value {
                // SAFETY: as promised by the caller; these types are never toasted.
                unsafe { *<$value as Stored>::in_place(datum) }
            }

            fn into_datum(value: $value) -> Datum {
                Stored::into_datum(value)
            }

            unsafe fn sphere(datum: Datum) -> Within<Self> {
                // SAFETY: as promised by the caller; these types are never toasted.
                let sphere = unsafe { <Sphere<$value> as Stored>::in_place(datum) };
                Within { center: Self::query(&sphere.center), radius: sphere.radius() }
            }
        }
    };
}
rows!(Signatures, Signature);
rows!(Fingerprints, Fingerprint);

/// Where a row is, as a page has it.
pub(super) fn pointer(at: &ItemPointerData) -> Pointer {
    let block = u64::from(at.ip_blkid.bi_hi) << 16 | u64::from(at.ip_blkid.bi_lo);
    Pointer(block << 16 | u64::from(at.ip_posid))
}

/// The same, as Postgres has it.
pub(super) fn item_pointer(pointer: Pointer) -> ItemPointerData {
    let mut at = ItemPointerData::default();
    at.ip_blkid.bi_hi = (pointer.0 >> 32) as u16;
    at.ip_blkid.bi_lo = (pointer.0 >> 16) as u16;
    at.ip_posid = pointer.0 as u16;
    at
}
