//! Whatever comes in, the answer is a clean error or NULL and a WARNING, and
//! the same backend lives on.

use crate::database::Database;
use crate::fixture::fixture;
use crate::hostile::png::png_chunk;
use crate::memory::kilobytes;
use crate::random::{Draw as _, Random};
use postgres::error::SqlState;
use std::io::Write;

fn words(count: usize, word: &str) -> String {
    vec![word; count].join(", ")
}

/// `length` numbers but for one `word` in place `at`.
fn with_word(length: usize, at: usize, word: &str) -> String {
    let mut numbers = vec!["1"; length];
    numbers[at] = word;
    format!("({})", numbers.join(", "))
}

/// Texts that are no value of a type with `length` numbers, and what is wrong.
fn bad_texts(length: usize) -> Vec<(String, SqlState)> {
    let syntax = SqlState::INVALID_TEXT_REPRESENTATION;
    let range = SqlState::NUMERIC_VALUE_OUT_OF_RANGE;
    let mut texts = vec![
        (String::new(), syntax.clone()),
        (" ".into(), syntax.clone()),
        ("()".into(), syntax.clone()),
        (",,,,".into(), syntax.clone()),
        ("((((".into(), syntax.clone()),
        ("nonsense".into(), syntax.clone()),
        (words(length - 1, "1"), syntax.clone()),
        (words(length + 1, "1"), syntax.clone()),
        (format!("{}, x", words(length, "1")), syntax.clone()),
        (format!("({}) and more", words(length, "1")), syntax.clone()),
        (format!("({});", words(length, "1")), syntax.clone()),
        (words(length, "1").replace(',', ";"), syntax.clone()),
        (format!("[{}]", words(length, "1")), syntax.clone()),
        (format!("{{{}}}", words(length, "1")), syntax.clone()),
    ];
    let no_numbers = [
        "x", "1x", "1e", "e1", "--1", "+-1", "1-2", "1.2.3", ".", "-", "+", "0x10", "1_000", "'1'",
        "\"1\"", "1'", "*", "NULL", "é", "１", "1\u{a0}2", "1f", "1e5e5",
    ];
    let out_of_range =
        ["NaN", "nan", "-NaN", "inf", "Infinity", "-infinity", "1e39", "-1e39", "1e999999"];
    for (n, word) in no_numbers.iter().enumerate() {
        texts.push((with_word(length, n % length, word), syntax.clone()));
    }
    for (n, word) in out_of_range.iter().enumerate() {
        texts.push((with_word(length, length - 1 - n % length, word), range.clone()));
    }
    texts
}

#[test]
fn malformed_texts() {
    let mut database = Database::create("bad_texts");
    let backend = database.backend();
    let mut count = 0;
    for (type_name, length) in [("signature", 16), ("pattern", 4096)] {
        for (text, code) in bad_texts(length) {
            let cast = format!("SELECT $1::text::{type_name}");
            let error = database.client.query(&cast, &[&text]).expect_err(&text);
            let error = error.as_db_error().expect("an answer").clone();
            assert_eq!(error.code(), &code, "{type_name} of {text:.80}: {}", error.message());
            assert!(error.message().contains(type_name), "{}", error.message());
            assert!(error.message().contains("number"), "{}", error.message());
            assert!(error.message().len() < 200, "{}", error.message());
            assert_eq!(database.backend(), backend);
            count += 1;
        }
    }
    println!("{count} malformed texts");
    assert!(count >= 60);
}

#[test]
fn malformed_binaries() {
    let mut database = Database::create("bad_binaries");
    let backend = database.backend();
    let mut count = 0;
    for (type_name, length) in [("signature", 16), ("pattern", 4096)] {
        database
            .client
            .batch_execute(&format!("CREATE TABLE {type_name}s (value {type_name})"))
            .expect("table");
        let whole = vec![0_u8; 4 * length];
        let with = |at: usize, value: f32| {
            let mut bytes = whole.clone();
            bytes[4 * at..4 * at + 4].copy_from_slice(&value.to_be_bytes());
            bytes
        };
        let mut values: Vec<(Vec<u8>, SqlState)> = Vec::new();
        for size in [
            0,
            1,
            2,
            3,
            4,
            4 * length - 4,
            4 * length - 1,
            4 * length + 1,
            4 * length + 4,
            8 * length,
        ] {
            let code = SqlState::INVALID_BINARY_REPRESENTATION;
            values.push((vec![0; size], code));
        }
        for at in [0, 1, length / 2, length - 1] {
            for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::from_bits(0xffff_ffff)] {
                values.push((with(at, value), SqlState::NUMERIC_VALUE_OUT_OF_RANGE));
            }
        }
        for (value, code) in values {
            let mut file = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0\0\x01".to_vec();
            file.extend((value.len() as i32).to_be_bytes());
            file.extend(&value);
            file.extend((-1_i16).to_be_bytes());
            let statement = format!("COPY {type_name}s FROM STDIN BINARY");
            let mut copy = database.client.copy_in(&statement).expect(&statement);
            copy.write_all(&file).expect("write");
            let error = copy.finish().expect_err("malformed");
            let error = error.as_db_error().expect("an answer").clone();
            assert_eq!(error.code(), &code, "{}", error.message());
            assert!(error.message().contains(type_name), "{}", error.message());
            assert_eq!(database.backend(), backend);
            count += 1;
        }
    }
    println!("{count} malformed binaries");
    assert!(count >= 50);
}

#[test]
fn type_modifiers() {
    let mut database = Database::create("bad_modifiers");
    database.client.batch_execute("CREATE TABLE good (s signature(16))").expect("16");
    for modifier in ["15", "17", "0", "-16", "16, 16", "'x'", "1.5", "99999999999"] {
        let error = database.error(&format!("CREATE TABLE bad (s signature({modifier}))"));
        assert_eq!(error.code(), &SqlState::INVALID_PARAMETER_VALUE, "{}", error.message());
    }
}

#[test]
fn soft_errors_where_the_server_has_them() {
    let mut database = Database::create("bad_softly");
    let version = database.value("SHOW server_version_num").expect("version");
    if version.parse::<u32>().expect("a number") < 160_000 {
        // Without soft errors: the plain error.
        let error = database.error("SELECT '1 2'::signature");
        assert_eq!(error.code(), &SqlState::INVALID_TEXT_REPRESENTATION);
        return;
    }
    for (value, valid) in [("1 2", "f"), ("nan", "f"), (&words(16, "1"), "t")] {
        let query = format!("SELECT pg_input_is_valid('{value}', 'signature')");
        assert_eq!(database.value(&query).as_deref(), Some(valid));
    }
    let query = format!(
        "SELECT message || ' / ' || hint || ' / ' || sql_error_code
         FROM pg_input_error_info('{}', 'pattern')",
        with_word(4096, 66, "x%s")
    );
    assert_eq!(
        database.value(&query).as_deref(),
        Some(
            "invalid input syntax for type pattern: number 67 is \"x%s\", at byte 200 / \
             A pattern is 4096 numbers: 64 rows of 64, parted by commas or blanks. / 22P02"
        )
    );
}

const FUNCTIONS: [&str; 4] = ["jpeg2pattern", "png2pattern", "gif2pattern", "image2pattern"];

const SOUND: [&str; 15] = [
    "animated.gif",
    "baseline_420.jpg",
    "cmyk.jpg",
    "gray16.png",
    "gray_alpha8.png",
    "interlaced.gif",
    "interlaced.png",
    "odd_33x17.jpg",
    "palette_transparent.png",
    "progressive.jpg",
    "restart_markers.jpg",
    "rgba8.png",
    "tiny_3x5.png",
    "transparent.gif",
    "wide_1000x20.png",
];

/// Sound files made unsound: cut off, bits flipped, stretches overwritten,
/// doubled, swapped, and files that never were pictures.
fn broken_files() -> Vec<(String, Vec<u8>)> {
    let mut random = Random(200);
    let mut files = Vec::new();
    for name in SOUND {
        let data = fixture(&format!("images/{name}"));
        for part in [0.02, 0.3, 0.6, 0.95] {
            let length = (data.len() as f64 * part) as usize;
            files.push((format!("{name} cut at {length}"), data[..length].to_vec()));
        }
        for flips in [1, 10, 100, 1000] {
            let mut copy = data.clone();
            for _ in 0..flips {
                // The first bytes stay, so that the decoder is reached.
                let at = 8 + random.below(copy.len() - 8);
                copy[at] ^= 1 << random.below(8);
            }
            files.push((format!("{name}, {flips} bits flipped"), copy));
        }
        for fill in [0x00, 0xff, 0x55] {
            let mut copy = data.clone();
            let from = 8 + random.below(copy.len() - 8);
            let to = (from + 1 + random.below(copy.len() / 4)).min(copy.len());
            copy[from..to].fill(fill);
            files.push((format!("{name}, {fill:#x} from {from} to {to}"), copy));
        }
        let mut doubled = data[..data.len() / 2].to_vec();
        doubled.extend(&data);
        files.push((format!("{name} after its own half"), doubled));
        let header = data.len().min(60);
        let mut headers = data[..header].to_vec();
        headers.extend((0..2000).map(|_| random.bits() as u8));
        files.push((format!("{name}'s header, then noise"), headers));
        files.push((format!("{name} backwards"), data.into_iter().rev().collect()));
    }
    for (name, data) in [
        ("nothing", &b""[..]),
        ("one byte", b"\xff"),
        ("JPEG, start only", b"\xff\xd8\xff"),
        ("JPEG, start and end", b"\xff\xd8\xff\xd9"),
        ("PNG, start only", b"\x89PNG\r\n\x1a\n"),
        ("GIF, start only", b"GIF89a"),
        ("GIF, trailer only", b"GIF89a\x01\0\x01\0\0\0\0;"),
        ("text", b"This is no picture."),
        ("zeros", &[0; 4096]),
        ("BMP", b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0"),
    ] {
        files.push((name.to_owned(), data.to_vec()));
    }
    files.push(("not_an_image.png".into(), fixture("images/not_an_image.png")));
    files.push(("truncated.png".into(), fixture("images/truncated.png")));
    files
}

#[test]
fn broken_pictures() {
    let mut database = Database::create("bad_pictures");
    let backend = database.backend();
    let (mut nulls, mut patterns) = (0, 0);
    let files = broken_files();
    assert!(files.len() >= 200, "{}", files.len());
    for (name, file) in &files {
        for function in FUNCTIONS {
            database.warnings();
            let query = format!("SELECT pattern_send({function}($1))");
            let pattern: Option<Vec<u8>> =
                database.client.query_one(&query, &[file]).expect(name).get(0);
            let warnings = database.warnings();
            match pattern {
                None => {
                    nulls += 1;
                    assert_eq!(warnings.len(), 1, "{name} through {function}");
                    assert!(warnings[0].message().starts_with("cannot decode picture: "));
                }
                // A few flipped bits may leave a picture, a cut JPEG too, as
                // with the reference; then it is a whole and finite one.
                Some(bytes) => {
                    patterns += 1;
                    assert!(warnings.is_empty(), "{name} through {function}");
                    assert_eq!(bytes.len(), 4 * 4096);
                    for value in bytes.chunks(4) {
                        let value = f32::from_be_bytes(value.try_into().expect("four bytes"));
                        assert!(value.is_finite(), "{name}");
                    }
                }
            }
            assert_eq!(database.backend(), backend, "{name} through {function}");
        }
    }
    println!("{} files: {nulls} times NULL, {patterns} times a picture after all", files.len());
    assert!(nulls > 3 * patterns);

    // The same as errors: each with a code of its own kind, none internal.
    database.client.batch_execute("SET imgsmlr_rs.on_decode_error = error").expect("set");
    for (name, file) in &files {
        if let Err(error) = database.client.query_one("SELECT image2pattern($1)::text", &[file]) {
            let error = error.as_db_error().expect(name).clone();
            let clean = [SqlState::INVALID_BINARY_REPRESENTATION, SqlState::PROGRAM_LIMIT_EXCEEDED];
            assert!(
                clean.contains(error.code()),
                "{name}: {} {}",
                error.code().code(),
                error.message()
            );
        }
        assert_eq!(database.backend(), backend, "{name}");
    }
}

#[test]
fn enormous_headers_are_refused_before_allocation() {
    let mut database = Database::create("bad_sizes");
    let backend = database.backend();

    let mut png = fixture("images/rgb8.png");
    png[16..24].copy_from_slice(&[0x00, 0x01, 0x86, 0xa0, 0x00, 0x01, 0x86, 0xa0]);
    // The header's checksum, so that it is believed.
    let header = png_chunk(&png[12..29]);
    png[8..33].copy_from_slice(&header);

    let mut gif = fixture("images/still.gif");
    gif[6..10].fill(0xff);
    let frame = gif.windows(5).position(|w| w == [0x2c, 0, 0, 0, 0]).expect("a frame");
    gif[frame + 5..frame + 9].fill(0xff);

    let mut files = vec![("PNG", png), ("GIF", gif)];
    for name in ["baseline_420.jpg", "progressive.jpg", "cmyk.jpg"] {
        let mut jpeg = fixture(&format!("images/{name}"));
        let frame = jpeg
            .windows(2)
            .position(|w| w == [0xff, 0xc0] || w == [0xff, 0xc2])
            .expect("a frame header");
        jpeg[frame + 5..frame + 9].fill(0xff);
        files.push((name, jpeg));
    }

    database.client.query_one("SELECT image2pattern('')::text", &[]).expect("loaded");
    let before = kilobytes(backend, "VmHWM");
    for (name, file) in &files {
        database.warnings();
        let null: bool = database
            .client
            .query_one("SELECT image2pattern($1) IS NULL", &[file])
            .expect(name)
            .get(0);
        let warnings = database.warnings();
        assert!(null && warnings.len() == 1, "{name}");
        assert_eq!(
            warnings[0].code(),
            &SqlState::PROGRAM_LIMIT_EXCEEDED,
            "{name}: {}",
            warnings[0].message()
        );
        assert_eq!(database.backend(), backend);
    }
    let grown = kilobytes(backend, "VmHWM") - before;
    assert!(grown < 20_000, "{grown} kB allocated for refused pictures");
}

#[test]
fn numbers_too_large_for_a_signature() {
    let mut database = Database::create("bad_norms");
    let error = database.error("SELECT pattern2signature(repeat('3e38 ', 4096)::pattern)");
    assert_eq!(error.code(), &SqlState::NUMERIC_VALUE_OUT_OF_RANGE);
    let shuffled =
        "SELECT count(*) FROM (SELECT shuffle_pattern(repeat('3e38 ', 4096)::pattern)::text) t";
    assert_eq!(database.value(shuffled).as_deref(), Some("1"));
}

#[test]
fn the_index_key_is_not_for_users() {
    let mut database = Database::create("bad_box");
    let error = database.error("SELECT '1'::signature_box");
    assert_eq!(error.code(), &SqlState::FEATURE_NOT_SUPPORTED);
}

#[test]
fn radii_mean_something_or_are_refused() {
    let mut database = Database::create("bad_radii");
    let zero = words(16, "0");
    for radius in ["-1", "-1e-300", "-Infinity", "NaN"] {
        let error = database.error(&format!("SELECT sphere('{zero}', '{radius}')"));
        assert_eq!(error.code(), &SqlState::INVALID_PARAMETER_VALUE, "{}", error.message());
    }
    let mut holds = |radius: &str| {
        database.value(&format!("SELECT '{zero}'::signature <<->> sphere('{zero}', {radius})"))
    };
    assert_eq!(holds("0").as_deref(), Some("f"));
    assert_eq!(holds("1e-300").as_deref(), Some("t"));
    assert_eq!(holds("'Infinity'").as_deref(), Some("t"));
    assert_eq!(holds("NULL"), None);
    let text = format!("SELECT sphere('{zero}', 0.25)::text::signature_sphere::text");
    let expected = format!("(({}), 0.25)", words(16, "0.000000"));
    assert_eq!(database.value(&text), Some(expected));
    for text in ["", "1 2 3", &zero, &format!("{zero}, x"), &format!("{zero}, 1, 2")] {
        let error = database.error(&format!("SELECT '{text}'::signature_sphere"));
        assert_eq!(error.code(), &SqlState::INVALID_TEXT_REPRESENTATION, "{}", error.message());
    }
    let error = database.error(&format!("SELECT '{zero}, -1'::signature_sphere"));
    assert_eq!(error.code(), &SqlState::INVALID_PARAMETER_VALUE);
}
