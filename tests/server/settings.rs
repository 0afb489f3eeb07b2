//! `imgsmlr_rs.on_decode_error`, `imgsmlr_rs.max_pixels`, and who may set them.

use crate::database::Database;
use crate::fixture::fixture;
use postgres::error::SqlState;

#[test]
fn on_decode_error_makes_an_error_of_a_warning() {
    let mut database = Database::create("settings_on_decode_error");
    let query = "SELECT image2pattern('no picture')::text";
    assert_eq!(database.value(query), None);
    let warnings = database.warnings();
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].message().contains("does not begin like"));
    database.client.batch_execute("SET imgsmlr_rs.on_decode_error = error").expect("set");
    let error = database.error(query);
    assert_eq!(error.code(), &SqlState::INVALID_BINARY_REPRESENTATION);
    assert!(error.message().contains("does not begin like"), "{}", error.message());
    let error = database.error("SET imgsmlr_rs.on_decode_error = perhaps");
    assert_eq!(error.code(), &SqlState::INVALID_PARAMETER_VALUE);
}

#[test]
fn only_a_superuser_raises_max_pixels() {
    let mut database = Database::create("settings_max_pixels");
    let file = fixture("images/rgb8.png");
    let query = "SELECT png2pattern($1) IS NULL";
    database.client.batch_execute("SET imgsmlr_rs.max_pixels = 1000").expect("superuser");
    let null: bool = database.client.query_one(query, &[&file]).expect("null").get(0);
    let warnings = database.warnings();
    assert!(null && warnings.len() == 1);
    assert_eq!(warnings[0].code(), &SqlState::PROGRAM_LIMIT_EXCEEDED);
    assert!(warnings[0].hint().is_some_and(|hint| hint.contains("imgsmlr_rs.max_pixels")));

    database
        .client
        .batch_execute("DROP ROLE IF EXISTS imgsmlr_rs_plain; CREATE ROLE imgsmlr_rs_plain LOGIN")
        .expect("role");
    // A session that knows of no such setting yet: the value waits as a
    // placeholder, and must not take effect when the library is loaded.
    let mut plain = database.session_of("imgsmlr_rs_plain");
    plain.client.batch_execute("SET imgsmlr_rs.max_pixels = 2000000000").expect("placeholder");
    plain.client.query_one(query, &[&file]).expect("loads the library");
    let limit = plain.value("SHOW imgsmlr_rs.max_pixels");
    assert_eq!(limit.as_deref(), Some("100000000"));
    let error = plain.error("SET imgsmlr_rs.max_pixels = 2000000000");
    assert_eq!(error.code(), &SqlState::INSUFFICIENT_PRIVILEGE);
    plain.client.batch_execute("SET imgsmlr_rs.on_decode_error = error").expect("anyone may");
}
