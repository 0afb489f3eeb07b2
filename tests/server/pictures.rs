//! What is made of pictures beside patterns, and many of them at once.

use crate::database::Database;
use crate::fixture::fixture;
use postgres::error::SqlState;

/// A table `file` of some fixtures.
fn files(name: &str, fixtures: &[&str]) -> Database {
    let mut database = Database::create(name);
    database.client.batch_execute("CREATE TABLE file (name text, raw bytea)").expect("table");
    for fixture_name in fixtures {
        let raw = fixture(fixture_name);
        let insert = "INSERT INTO file VALUES ($1, $2)";
        database.client.execute(insert, &[fixture_name, &raw]).expect("insert");
    }
    database
}

#[test]
fn image_info_is_a_row_for_where_clauses() {
    let mut database = files(
        "pictures_info",
        &["images/exif_orientation6.jpg", "images/palette_transparent.png", "formats/lzw.tiff"],
    );
    let info = "SELECT concat_ws(' ', format, width, height, channels, bit_depth, has_alpha,
                                 orientation, coalesce(frames::text, '?'))
                FROM file, image_info(raw) ORDER BY name";
    assert_eq!(
        database.column(info).into_iter().flatten().collect::<Vec<_>>(),
        ["tiff 200 150 3 8 f 1 ?", "jpeg 320 240 3 8 f 6 1", "png 131 97 1 8 t 1 1"]
    );
    let query = "SELECT name FROM file WHERE (image_info(raw)).has_alpha";
    assert_eq!(database.value(query).as_deref(), Some("images/palette_transparent.png"));
    let query = "SELECT concat_ws(' ', bool_and((image_info(raw)).complete),
        (image_info(substr(raw, 1, length(raw) / 2) || '\\xffd9'::bytea)).complete)
        FROM file WHERE name = 'images/exif_orientation6.jpg' GROUP BY raw";
    assert_eq!(database.value(query).as_deref(), Some("t f"));
    // A size that no conversion would be allowed is still told.
    database.client.batch_execute("SET imgsmlr_rs.max_pixels = 10").expect("superuser");
    let query = "SELECT sum((image_info(raw)).width)::text FROM file";
    assert_eq!(database.value(query).as_deref(), Some("651"));
    let query = "SELECT count((image_info(raw)).complete)::text FROM file";
    assert_eq!(database.value(query).as_deref(), Some("0"));
    assert_eq!(database.value("SELECT (image_info('no picture')).format"), None);
    assert_eq!(database.warnings().len(), 1);
}

#[test]
fn image2signature_is_the_short_form() {
    let mut database =
        files("pictures_signature", &["images/rgb8.png", "images/exif_orientation6.jpg"]);
    let query = "SELECT bool_and(
        image2signature(raw) <-> pattern2signature(image2pattern(raw)) = 0
        AND image2signature(raw, false) <-> pattern2signature(image2pattern(raw, false)) = 0)::text
        FROM file";
    assert_eq!(database.value(query).as_deref(), Some("true"));
    assert_eq!(database.value("SELECT image2signature('no picture')::text"), None);
}

/// As before there was a `background`, which is a text, too.
#[test]
fn a_boolean_in_quotes_is_a_boolean() {
    let mut database = files("pictures_quotes", &["images/exif_orientation6.jpg"]);
    for (literal, value) in
        [("'false'", false), ("'f'", false), ("' off '", false), ("'yes'", true)]
    {
        for function in ["image2pattern", "image2signature", "image2fingerprint"] {
            let query = format!(
                "SELECT ({function}(raw, {literal}) = {function}(raw, {value}))::text FROM file"
            );
            assert_eq!(database.value(&query).as_deref(), Some("true"), "{query}");
        }
    }
    database.client.batch_execute("PREPARE p AS SELECT (image2pattern(raw, $1) = image2pattern(raw, false))::text FROM file").expect("prepared");
    assert_eq!(database.value("EXECUTE p('0')").as_deref(), Some("true"));
    assert_eq!(database.value("EXECUTE p('white')").as_deref(), Some("false"));
    for call in ["image2pattern(raw, 'red')", "image2pattern(raw, 'false', false)"] {
        let error = database.error(&format!("SELECT {call} FROM file"));
        assert_eq!(error.code(), &SqlState::INVALID_PARAMETER_VALUE, "{call}");
    }
}

#[test]
fn the_c_functions_ignore_orientation_and_image2pattern_heeds_it() {
    let mut database = files("pictures_orientation", &["images/exif_orientation6.jpg"]);
    let query = "SELECT (jpeg2pattern(raw) <-> image2pattern(raw, false) = 0)::text FROM file";
    assert_eq!(database.value(query).as_deref(), Some("true"));
    let query = "SELECT (jpeg2pattern(raw) <-> image2pattern(raw) > 1)::text FROM file";
    assert_eq!(database.value(query).as_deref(), Some("true"));
    let call = "SELECT (image2pattern(raw, apply_orientation => false)
                        <-> jpeg2pattern(raw) = 0)::text FROM file";
    assert_eq!(database.value(call).as_deref(), Some("true"));
}

#[test]
fn a_pattern_shows_as_a_picture_and_hashes() {
    let mut database = files("pictures_view", &["images/rgb8.png", "images/rgb8_641x479.png"]);
    database
        .client
        .batch_execute("CREATE TABLE seen AS SELECT name, image2pattern(raw) AS p FROM file")
        .expect("seen");
    let query = "SELECT bool_and((i).format = 'png' AND (i).width = 64 AND (i).height = 64
                                 AND (i).channels = 1)::text
                 FROM (SELECT image_info(pattern2png(p)) AS i FROM seen) v";
    assert_eq!(database.value(query).as_deref(), Some("true"));
    let query = "SELECT max(image2pattern(pattern2png(p)) <-> p)::text FROM seen";
    let round_trip: f64 = database.value(query).expect("a distance").parse().expect("a number");
    assert!(round_trip < 0.2, "{round_trip}");

    // The hash goes into a bit(64) column, and its distance is a count of bits.
    database
        .client
        .batch_execute("ALTER TABLE seen ADD hash bit(64); UPDATE seen SET hash = pattern2phash(p)")
        .expect("a column of hashes");
    let query = "SELECT string_agg(bit_count(a.hash # b.hash)::text, ' ' ORDER BY a.name, b.name)
                 FROM seen a, seen b";
    let counts = database.value(query).expect("counts");
    let counts: Vec<u32> = counts.split(' ').map(|n| n.parse().expect("a count")).collect();
    assert!(counts[0] == 0 && counts[3] == 0 && counts[1] == counts[2] && counts[1] > 10);
    let query = "SELECT string_agg(DISTINCT length(hash)::text, ' ') FROM seen";
    assert_eq!(database.value(query).as_deref(), Some("64"));
}

#[test]
fn a_statement_may_ask_for_a_picture_twice() {
    // The second answer is the first one's, whatever else was asked between.
    let mut database = files(
        "pictures_twice",
        &["images/rgb8.png", "images/baseline_420.jpg", "images/still.gif"],
    );
    let query = "SELECT bool_and(image2pattern(raw) <-> image2pattern(raw) = 0
                     AND image2pattern(raw) <-> image2pattern(substr(raw, 1)) = 0
                     AND image2pattern(raw, false) <-> image2pattern(raw || '\\x00') = 0)::text
                 FROM (SELECT raw FROM file UNION ALL SELECT raw FROM file) twice";
    assert_eq!(database.value(query).as_deref(), Some("true"));
}

#[test]
fn converting_many_pictures_plans_parallel_workers() {
    let mut database = Database::create("pictures_parallel");
    // 1,000 files of 45 kB in a table of a few pages.
    database
        .client
        .batch_execute(
            "CREATE TABLE many AS
             SELECT i AS id, (SELECT string_agg(sha512((i || ' ' || j)::text::bytea), '')
                              FROM generate_series(1, 700) j) AS raw
             FROM generate_series(1, 1000) i;
             ANALYZE many",
        )
        .expect("many");
    let convert = "CREATE TABLE converted AS SELECT id, image2pattern(raw) FROM many";
    // In a session that has not called anything of ours yet, too.
    let mut fresh = database.session_of("postgres");
    for session in [&mut database, &mut fresh] {
        let plan = session.plan(convert);
        assert!(plan.contains("Workers Planned: 2"), "{plan}");
        let plan = session.plan(
            "SELECT id, pattern2signature(p) FROM
                                 (SELECT id, jpeg2pattern(raw) AS p FROM many) v",
        );
        assert!(plan.contains("Workers Planned: 2"), "{plan}");
        // Others' queries, and tables with a setting of their own, are let alone.
        let plan = session.plan("SELECT id, raw FROM many");
        assert!(!plan.contains("Workers"), "{plan}");
    }
    database.client.batch_execute("ALTER TABLE many SET (parallel_workers = 0)").expect("set");
    let plan = database.plan(convert);
    assert!(!plan.contains("Workers"), "{plan}");
    // None of these files is a picture; the workers say so and live.
    database
        .client
        .batch_execute(
            "ALTER TABLE many RESET (parallel_workers); SET client_min_messages = error;
             CREATE TABLE converted AS SELECT id, image2pattern(raw) AS p FROM many",
        )
        .expect("converted");
    let query = "SELECT count(*) || ' ' || count(p) FROM converted";
    assert_eq!(database.value(query).as_deref(), Some("1000 0"));
}

#[test]
fn a_timeout_ends_a_conversion() {
    let mut database = files("pictures_timeout", &["images/large_1600x1200.jpg"]);
    let backend = database.backend();
    database.client.batch_execute("SET statement_timeout = 20").expect("set");
    // One statement of many pictures, none of which is the last one's.
    let error = database.error(
        "SELECT count(image2pattern(raw || int4send(i))) FROM file, generate_series(1, 1000) i",
    );
    assert_eq!(error.code(), &SqlState::QUERY_CANCELED);
    assert_eq!(error.detail(), None, "no stack trace, though RUST_BACKTRACE is set");
    database.client.batch_execute("RESET statement_timeout").expect("reset");
    assert_eq!(
        database.value("SELECT (image2pattern(raw) IS NULL)::text FROM file").as_deref(),
        Some("false")
    );
    assert_eq!(database.backend(), backend);
}
