//! The one place where the method's errors become SQLSTATE, message, detail
//! and hint.

use crate::decode::{DecodeError, Foreign};
use crate::fingerprint::{BytesError, HexError};
use crate::index::kdtree::TreeError;
use crate::index::kdtree::page::MetaError;
use crate::index::sphere::RadiusError;
use crate::pg::kdtree::open::{Asks, Elsewhere};
use crate::pg::version;
use crate::signature::SignatureOutOfRange;
use crate::text::{BinaryError, NumbersError, TextError};
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgLogLevel, PgSqlErrorCode, pg_sys};
use std::ffi::{CString, c_char, c_int};

/// What a user is told.
pub(super) struct Report {
    code: PgSqlErrorCode,
    message: String,
    detail: Option<String>,
    hint: Option<String>,
}

impl Report {
    fn new(code: PgSqlErrorCode, message: String) -> Self {
        Report { code, message, detail: None, hint: None }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn send(self, level: PgLogLevel) {
        let mut report = ErrorReport::new(self.code, self.message, "");
        if let Some(detail) = self.detail {
            report = report.set_detail(detail);
        }
        if let Some(hint) = self.hint {
            report = report.set_hint(hint);
        }
        report.report(level);
    }

    /// Ends the statement with an ERROR.
    pub(super) fn raise(self) -> ! {
        self.send(PgLogLevel::ERROR);
        unreachable!("an ERROR does not return")
    }

    /// Sends a WARNING, of a statement that goes on with NULL.
    pub(super) fn warn_of_null(mut self) {
        self.detail = Some("The result is NULL.".to_owned());
        self.send(PgLogLevel::WARNING);
    }

    /// Tells it, and goes on.
    pub(super) fn inform(self) {
        self.send(PgLogLevel::INFO);
    }

    /// For input functions: a soft error where the caller asked for that
    /// (`pg_input_is_valid`, `COPY … ON_ERROR ignore`), an ERROR elsewhere.
    pub(super) fn raise_softly(self, fcinfo: pg_sys::FunctionCallInfo) {
        // SAFETY: what input functions pass is their own call.
        if !unsafe { version::keep_error(fcinfo, || self.set_fields()) } {
            self.raise()
        }
    }

    /// The fields of the error that Postgres is at.
    fn set_fields(&self) {
        unsafe extern "C-unwind" {
            fn errcode(sqlerrcode: c_int) -> c_int;
            fn errhint(fmt: *const c_char, ...) -> c_int;
        }
        let text = |text: &String| CString::new(text.as_str()).unwrap_or_default();
        // SAFETY: "%s" takes one C string, which Postgres copies.
        unsafe {
            errcode(self.code as i32);
            pg_sys::errmsg_internal(c"%s".as_ptr(), text(&self.message).as_ptr());
            if let Some(hint) = &self.hint {
                errhint(c"%s".as_ptr(), text(hint).as_ptr());
            }
        }
    }
}

/// Keeps stack traces out of errors, unless the server's environment names
/// `RUST_LIB_BACKTRACE` itself. `RUST_BACKTRACE`, which many set for everything, would
/// have each error's detail end in one. To make that takes megabytes, which an error
/// for want of memory does not have.
pub(crate) fn leave_out_stack_traces() {
    unsafe extern "C" {
        fn setenv(name: *const c_char, value: *const c_char, overwrite: c_int) -> c_int;
    }
    // SAFETY: two C strings, which are copied; a backend has no other thread that
    // could read the environment.
    unsafe { setenv(c"RUST_LIB_BACKTRACE".as_ptr(), c"0".as_ptr(), 0) };
}

impl From<DecodeError> for Report {
    fn from(error: DecodeError) -> Self {
        let code = match error {
            DecodeError::TooLarge { .. } => PgSqlErrorCode::ERRCODE_PROGRAM_LIMIT_EXCEEDED,
            DecodeError::OutOfMemory { .. } => PgSqlErrorCode::ERRCODE_OUT_OF_MEMORY,
            DecodeError::Interrupted => PgSqlErrorCode::ERRCODE_QUERY_CANCELED,
            DecodeError::NotSupported { .. } => PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED,
            DecodeError::Foreign { kind } if kind.is_picture() => {
                PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED
            }
            DecodeError::Empty
            | DecodeError::UnknownFormat
            | DecodeError::Foreign { .. }
            | DecodeError::OtherFormat { .. }
            | DecodeError::NotThisFormat { .. }
            | DecodeError::NoPixels
            | DecodeError::Broken { .. } => PgSqlErrorCode::ERRCODE_INVALID_BINARY_REPRESENTATION,
        };
        let report = Report::new(code, format!("cannot decode picture: {error}"));
        match hint_for(&error) {
            Some(hint) => report.hint(hint),
            None => report,
        }
    }
}

/// What a user can do about a file.
fn hint_for(error: &DecodeError) -> Option<&'static str> {
    Some(match error {
        DecodeError::OtherFormat { .. } => {
            "image2pattern() tells the format by the file's first bytes."
        }
        DecodeError::TooLarge { .. } => {
            "A superuser can raise the limit with the setting imgsmlr_rs.max_pixels."
        }
        DecodeError::Broken { .. } => {
            "Fetch the file again; if a program still shows it, save it anew from there."
        }
        DecodeError::Foreign { kind: Foreign::Base64 } => {
            "Decode the text first: decode(text, 'base64'), without what stands before a comma."
        }
        DecodeError::Foreign { kind: Foreign::Hexadecimal } => {
            "Decode the text first: decode(text, 'hex'), without a leading \\x."
        }
        DecodeError::Foreign { kind: Foreign::Html } => {
            "The server that was asked for the picture may have answered with an error."
        }
        DecodeError::NotSupported { .. } | DecodeError::Foreign { .. } => {
            "Convert it to PNG or JPEG first."
        }
        _ => return None,
    })
}

/// A name that stands for no colour.
pub(super) fn unknown_background(name: &str) -> Report {
    let message = format!("\"{name}\" is no background");
    Report::new(PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE, message)
        .hint("It is black, white, or a colour like #ff8000.")
}

/// A text that is no value of the type `name`.
pub(super) fn invalid_text(name: &str, form: &str, error: &TextError) -> Report {
    let (code, what) = match error {
        TextError::NotFinite { .. } => {
            (PgSqlErrorCode::ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "value out of range")
        }
        TextError::TooFew { .. } | TextError::TooMany { .. } | TextError::NotANumber { .. } => {
            (PgSqlErrorCode::ERRCODE_INVALID_TEXT_REPRESENTATION, "invalid input syntax")
        }
    };
    Report::new(code, format!("{what} for type {name}: {error}")).hint(form)
}

/// A text that is not the hexadecimal digits of a fingerprint, in a value of the type `name`.
pub(super) fn invalid_hex(name: &str, form: &str, error: &HexError) -> Report {
    let message = format!("invalid input syntax for type {name}: {error}");
    Report::new(PgSqlErrorCode::ERRCODE_INVALID_TEXT_REPRESENTATION, message).hint(form)
}

/// Bytes or numbers that are no fingerprint.
pub(super) fn invalid_bytes(error: &BytesError) -> Report {
    let code = match error {
        BytesError::WrongLength { .. } => PgSqlErrorCode::ERRCODE_INVALID_BINARY_REPRESENTATION,
        BytesError::Missing { .. } => PgSqlErrorCode::ERRCODE_NULL_VALUE_NOT_ALLOWED,
        BytesError::OutOfRange { .. } => PgSqlErrorCode::ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
    };
    Report::new(code, format!("this is no fingerprint: {error}"))
        .hint("A fingerprint is 32 bytes, as numbers 0 to 255.")
}

/// An orientation that EXIF does not have.
pub(super) fn invalid_orientation(number: i32) -> Report {
    Report::new(
        PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
        format!("invalid orientation: {number}"),
    )
    .hint("EXIF numbers them 1 to 8: 1 is upright, 2 mirrored, 3 turned half around.")
}

/// A binary message that is no value of the type `name`.
pub(super) fn invalid_binary(name: &str, error: &BinaryError) -> Report {
    let code = match error {
        BinaryError::WrongLength { .. } => PgSqlErrorCode::ERRCODE_INVALID_BINARY_REPRESENTATION,
        BinaryError::NotFinite { .. } => PgSqlErrorCode::ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
    };
    Report::new(code, format!("invalid binary value for type {name}: {error}"))
}

/// Numbers in an array or in JSON that are no value of the type `name`.
pub(super) fn invalid_numbers(what: &str, name: &str, error: &NumbersError) -> Report {
    let code = match error {
        NumbersError::WrongLength { .. } => PgSqlErrorCode::ERRCODE_DATA_EXCEPTION,
        NumbersError::Missing { .. } => PgSqlErrorCode::ERRCODE_NULL_VALUE_NOT_ALLOWED,
        NumbersError::NotFinite { .. } => PgSqlErrorCode::ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
    };
    Report::new(code, format!("the {what} is no {name}: {error}"))
}

/// JSON that is no array.
pub(super) fn not_an_array() -> Report {
    let message = "a signature in JSON is an array of 16 numbers".to_owned();
    Report::new(PgSqlErrorCode::ERRCODE_DATA_EXCEPTION, message)
}

/// A function of an aggregate, called by itself.
pub(super) fn not_in_an_aggregate() -> Report {
    let message = "this function is a part of avg() and not for users".to_owned();
    Report::new(PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED, message)
}

/// The state of an aggregate that somebody else made.
pub(super) fn invalid_state() -> ! {
    let message = "the state of avg() is an array of numbers of another length".to_owned();
    Report::new(PgSqlErrorCode::ERRCODE_DATA_EXCEPTION, message).raise()
}

/// A type modifier other than `signature(16)`.
pub(super) fn invalid_modifier() -> Report {
    let message = "type signature has 16 numbers: its only modifier is signature(16)";
    Report::new(PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE, message.to_owned())
}

/// A function that stands where a type needs one but is not for users.
pub(super) fn not_for_users(name: &str) -> Report {
    let message = format!("type {name} lives in indexes only and has no input");
    Report::new(PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED, message)
}

impl From<SignatureOutOfRange> for Report {
    fn from(error: SignatureOutOfRange) -> Self {
        let message = format!("the pattern has no signature: {error}");
        Report::new(PgSqlErrorCode::ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, message)
    }
}

/// A pattern that the PNG encoder does not want to show.
pub(super) fn no_view(error: &dyn std::error::Error) -> Report {
    let message = format!("the pattern can't be shown: {error}");
    Report::new(PgSqlErrorCode::ERRCODE_INTERNAL_ERROR, message)
}

/// A datum that does not have its type's size.
pub(super) fn corrupt(name: &str, found: usize, wanted: usize) -> ! {
    let message = format!("corrupt value of type {name}: {found} bytes instead of {wanted}");
    Report::new(PgSqlErrorCode::ERRCODE_DATA_CORRUPTED, message).raise()
}

/// A radius below zero, or NaN.
pub(super) fn invalid_radius(error: &RadiusError) -> Report {
    let message = format!("invalid sphere: {error}");
    Report::new(PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE, message)
}

/// No memory for what a function is about to make.
pub(super) fn no_memory(bytes: usize) -> ! {
    let message = format!("out of memory: {bytes} bytes are not to be had");
    Report::new(PgSqlErrorCode::ERRCODE_OUT_OF_MEMORY, message).raise()
}

/// No memory for the rows that an index build looks at.
pub(super) fn no_memory_to_build() -> ! {
    let message = "no memory to order the rows of the index".to_owned();
    Report::new(PgSqlErrorCode::ERRCODE_OUT_OF_MEMORY, message)
        .hint("Lower maintenance_work_mem: half of it is used for this.")
        .raise()
}

/// A null where the SQL declaration, STRICT, rules it out.
pub(super) fn null_argument(name: &str) -> ! {
    let message = format!("null argument of type {name}");
    Report::new(PgSqlErrorCode::ERRCODE_NULL_VALUE_NOT_ALLOWED, message).raise()
}

/// A page of a k-d tree that can't be, or no memory to go on.
pub(super) fn broken_kdtree(index: String, error: &TreeError) -> Report {
    match error {
        // SAFETY: reads the server's state.
        TreeError::Recycled { .. } if unsafe { pgrx::pg_sys::RecoveryInProgress() } => {
            let message = format!("canceling statement due to conflict with recovery: {error}");
            Report::new(PgSqlErrorCode::ERRCODE_T_R_SERIALIZATION_FAILURE, message)
                .hint("The statement can be run again.")
        }
        // On a primary no page that anybody may come to is used again: somebody else wrote it.
        TreeError::Corrupt { .. } | TreeError::Recycled { .. } => {
            let message = format!("index \"{index}\" is corrupt: {error}");
            Report::new(PgSqlErrorCode::ERRCODE_INDEX_CORRUPTED, message)
                .hint("REINDEX it, and find out what wrote to its file.")
        }
        TreeError::NoMemory(error) => {
            let message = format!("no memory to search or change index \"{index}\": {error}");
            Report::new(PgSqlErrorCode::ERRCODE_OUT_OF_MEMORY, message)
        }
    }
}

/// An index whose first page is not ours, or of a later version of ours.
pub(super) fn no_kdtree(index: String, error: &MetaError) -> Report {
    let message = format!("index \"{index}\" can't be read: {error}");
    match error {
        MetaError::NoMeta => Report::new(PgSqlErrorCode::ERRCODE_INDEX_CORRUPTED, message),
        MetaError::Other { .. } => {
            Report::new(PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED, message)
                .hint("REINDEX it, or install the version of imgsmlr_rs that wrote it.")
        }
    }
}

/// An operator class of somebody else's.
pub(super) fn unknown_kind(kind: u8) -> ! {
    let message = format!("access method kdtree knows no rows of kind {kind}");
    Report::new(PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED, message).raise()
}

/// A scan asked to go backwards, which the planner never does.
pub(super) fn only_forwards() -> Report {
    let message = "access method kdtree scans forwards only".to_owned();
    Report::new(PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED, message)
}

/// A build of what is built.
pub(super) fn index_has_data(index: &str) -> Report {
    let message = format!("index \"{index}\" already contains data");
    Report::new(PgSqlErrorCode::ERRCODE_INTERNAL_ERROR, message)
}

/// A temporary file that ends before it should.
pub(super) fn temporary_file() -> Report {
    let message = "could not read a temporary file of an index build".to_owned();
    Report::new(PgSqlErrorCode::ERRCODE_IO_ERROR, message)
}

/// An operator class that there is not.
pub(super) fn no_operator_class(class: pg_sys::Oid) -> Report {
    let message = format!("there is no operator class {}", class.to_u32());
    Report::new(PgSqlErrorCode::ERRCODE_UNDEFINED_OBJECT, message)
}

/// What is wrong with an operator class.
pub(super) fn unsound_operator_class(class: pg_sys::Oid, what: &str) -> Report {
    let message = format!("operator class {} of access method kdtree {what}", class.to_u32());
    Report::new(PgSqlErrorCode::ERRCODE_INVALID_OBJECT_DEFINITION, message)
}

/// A function of indexes that was given something else.
pub(super) fn not_a_kdtree(function: &str) -> Report {
    let message = format!("{function} takes an index of access method kdtree");
    Report::new(PgSqlErrorCode::ERRCODE_WRONG_OBJECT_TYPE, message)
}

/// Pairs of a table whose policies hide rows from the user.
pub(super) fn pairs_of_hidden_rows() -> Report {
    let message = "kdtree_pairs reads all rows of a table, and row-level security hides some";
    Report::new(PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE, message.to_owned())
        .hint("Join the table with itself within a sphere.")
}

/// What a worker of `kdtree_pairs` failed of.
pub(super) fn of_worker(code: PgSqlErrorCode, texts: [Option<String>; 3]) -> Report {
    let [message, detail, hint] = texts;
    let message = message.unwrap_or_else(|| "a worker of kdtree_pairs failed".to_owned());
    Report { code, message, detail, hint }
}

/// A worker that ended without a word.
pub(super) fn lost_worker() -> Report {
    let message = "a worker of kdtree_pairs was ended before it was done".to_owned();
    Report::new(PgSqlErrorCode::ERRCODE_OPERATOR_INTERVENTION, message)
        .hint("Run the statement again, with SET max_parallel_workers_per_gather = 0 for one without workers.")
}

/// An index that has not all rows of its table yet.
pub(super) fn unfinished_index(index: &str) -> Report {
    let message =
        format!("index \"{index}\" is not finished: it lacks rows that the transaction sees");
    Report::new(PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, message)
        .hint("REINDEX it if CREATE INDEX CONCURRENTLY failed, and begin another transaction.")
}

/// An index without rows of its own, and where they are.
pub(super) fn rows_elsewhere(index: &str, table: &str, place: Elsewhere, asks: Asks) -> Report {
    let (quoted, name) = (index.replace('\'', "''"), asks.name());
    let (why, hint) = match (place, asks) {
        (Elsewhere::Partitions, Asks::Check) => (
            "in partitions",
            format!(
                "Check the index of each partition: SELECT relid, kdtree_check(relid) \
                 FROM pg_partition_tree('{quoted}') WHERE isleaf."
            ),
        ),
        (Elsewhere::Partitions, Asks::Pairs) => (
            "in partitions",
            format!(
                "For the pairs within each partition: SELECT relid, near.* \
                 FROM pg_partition_tree('{quoted}'), kdtree_pairs(relid, 0.5) AS near WHERE isleaf. \
                 For all pairs join the table with itself within a sphere."
            ),
        ),
        (Elsewhere::Shards, Asks::Check) => (
            "in shards of Citus",
            format!(
                "Check the index of each shard: SELECT * FROM run_command_on_shards('{}', \
                 $$SELECT sum(kdtree_check(indexrelid)) FROM pg_index JOIN pg_class c \
                 ON c.oid = indexrelid JOIN pg_am a ON a.oid = relam \
                 WHERE amname = 'kdtree' AND indrelid = '%s'::regclass$$).",
                table.replace('\'', "''")
            ),
        ),
        (Elsewhere::Shards, Asks::Pairs) => (
            "in shards of Citus",
            format!(
                "Join the table with itself within a sphere: WITH a AS MATERIALIZED (SELECT * \
                 FROM {table}) SELECT … FROM a JOIN {table} b ON b.… <<->> sphere(a.…, 0.5)."
            ),
        ),
    };
    let message =
        format!("{name} finds no rows in index \"{index}\": those of its table are {why}");
    Report::new(PgSqlErrorCode::ERRCODE_WRONG_OBJECT_TYPE, message).hint(hint)
}

/// A check where nobody may lock a table against writing.
pub(super) fn no_check_on_standby() -> Report {
    let message = "kdtree_check cannot run on a standby: it locks the table against writing";
    let code = PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE;
    Report::new(code, message.to_owned()).hint("Run it on the primary, or after promotion.")
}

/// An index whose pages never come to a standby.
pub(super) fn unlogged_on_standby(index: &str) -> Report {
    let message = format!("index \"{index}\" is of an unlogged table: a standby has no rows of it");
    Report::new(PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, message)
        .hint("Ask the primary.")
}

fn row_of_table(pointer: u64) -> String {
    format!("({},{})", pointer >> 16, pointer & 0xffff)
}

/// A row of the table that its index does not have.
pub(super) fn row_missing(index: &str, pointer: u64) -> Report {
    let row = row_of_table(pointer);
    let message = format!("index \"{index}\" is corrupt: it lacks row {row} of its table");
    Report::new(PgSqlErrorCode::ERRCODE_INDEX_CORRUPTED, message)
}

/// A row that an index has twice.
pub(super) fn row_twice(index: &str, pointer: u64) -> Report {
    let row = row_of_table(pointer);
    let message = format!("index \"{index}\" is corrupt: it has row {row} of its table twice");
    Report::new(PgSqlErrorCode::ERRCODE_INDEX_CORRUPTED, message)
}
