//! How the driver sends and receives our types: numbers in network order,
//! nothing else.

use bytes::{BufMut, BytesMut};
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use std::error::Error;

/// A value of type `signature`.
#[derive(Clone, Debug, PartialEq)]
pub struct Signature(pub [f32; 16]);

impl ToSql for Signature {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        self.0.iter().for_each(|&number| out.put_f32(number));
        Ok(IsNull::No)
    }

    fn accepts(kind: &Type) -> bool {
        kind.name() == "signature"
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Signature {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let numbers: &[[u8; 4]; 16] = raw.as_chunks().0.try_into()?;
        Ok(Signature(numbers.map(f32::from_be_bytes)))
    }

    fn accepts(kind: &Type) -> bool {
        kind.name() == "signature"
    }
}
