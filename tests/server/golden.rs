//! The reference's answers, asked of the server in SQL.

use crate::database::Database;
use crate::fixture::fixture;
use crate::fixture_text::fixture_text;

const EXACT: f64 = 0.000_001;
const JPEG_SIGNATURE: f64 = 0.01;
const JPEG_PATTERN: f64 = 0.1;

fn is_jpeg(name: &str) -> bool {
    name.ends_with(".jpg")
}

/// The function for a file's name, as an application of the C extension calls it.
fn function(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("jpg") => "jpeg2pattern",
        Some("png") => "png2pattern",
        Some("gif") => "gif2pattern",
        _ => panic!("{name}"),
    }
}

fn numbers(text: &str) -> Vec<f64> {
    text.split(|c: char| "(), \n".contains(c))
        .filter(|word| !word.is_empty())
        .map(|word| word.parse().expect("a number"))
        .collect()
}

fn with_fixtures(name: &str) -> Database {
    let mut database = Database::create(name);
    let table = "CREATE TABLE picture (name text PRIMARY KEY, patt pattern, sig signature)";
    database.client.batch_execute(table).expect("table");
    for line in fixture_text("golden_signature.tsv").lines() {
        let (name, _) = line.split_once('\t').expect("name, signature");
        let insert = format!(
            "INSERT INTO picture SELECT $1, patt, pattern2signature(patt) FROM {}($2) patt",
            function(name)
        );
        let file = fixture(&format!("images/{name}"));
        database.client.execute(&insert, &[&name, &file]).expect(name);
    }
    database
}

#[test]
fn signatures() {
    let mut database = with_fixtures("golden_signatures");
    let mut largest = 0.0_f64;
    for line in fixture_text("golden_signature.tsv").lines() {
        let (name, golden) = line.split_once('\t').expect("name, signature");
        let query = format!("SELECT sig FROM picture WHERE name = '{name}'");
        let Some(ours) = database.value(&query) else {
            assert_eq!(golden, "NULL", "{name}");
            continue;
        };
        if golden.contains("NaN") {
            assert_eq!(numbers(&ours), [0.0; 16], "{name}");
            continue;
        }
        let tolerance = if is_jpeg(name) { JPEG_SIGNATURE } else { EXACT };
        for (ours, theirs) in numbers(&ours).into_iter().zip(numbers(golden)) {
            let difference = (ours - theirs).abs();
            // Both were printed to six decimals.
            assert!(difference <= tolerance + EXACT / 2.0, "{name}: {ours} for {theirs}");
            if is_jpeg(name) {
                largest = largest.max(difference);
            }
        }
    }
    println!("largest JPEG signature difference: {largest}");
}

#[test]
fn patterns() {
    let mut database = with_fixtures("golden_patterns");
    for name in ["rgb8.png", "rgba8.png", "still.gif", "baseline_420.jpg"] {
        let stem = name.split('.').next().expect("a stem");
        let golden = fixture_text(&format!("golden_pattern_{stem}.txt"));
        if is_jpeg(name) {
            let distance: f64 = database
                .client
                .query_one(
                    "SELECT patt <-> $1::text::pattern FROM picture WHERE name = $2",
                    &[&golden, &name],
                )
                .expect(name)
                .get(0);
            assert!(distance <= JPEG_PATTERN, "{name}: {distance}");
            continue;
        }
        let query = format!("SELECT patt FROM picture WHERE name = '{name}'");
        let ours = database.value(&query).expect(name);
        let (ours, golden) = (numbers(&ours), numbers(&golden));
        assert_eq!((ours.len(), golden.len()), (4096, 4096));
        for (ours, theirs) in ours.into_iter().zip(golden) {
            assert!((ours - theirs).abs() <= EXACT + EXACT / 2.0, "{name}: {ours} for {theirs}");
        }
    }
}

#[test]
fn distances() {
    let mut database = with_fixtures("golden_distances");
    let mut rows = 0;
    for line in fixture_text("golden_distance.tsv").lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let &[a, b, ref golden @ ..] = fields.as_slice() else { panic!("{line}") };
        let row = database
            .client
            .query_one(
                "SELECT a.patt <-> b.patt, shuffle_pattern(a.patt) <-> shuffle_pattern(b.patt),
                        a.sig <-> b.sig,
                        pattern_distance(a.patt, b.patt) = a.patt <-> b.patt,
                        signature_distance(a.sig, b.sig) = b.sig <-> a.sig
                 FROM picture a, picture b WHERE a.name = $1 AND b.name = $2",
                &[&a, &b],
            )
            .expect(line);
        let tolerances = if is_jpeg(a) || is_jpeg(b) {
            [2.0 * JPEG_PATTERN, 2.0 * JPEG_PATTERN, 8.0 * JPEG_SIGNATURE]
        } else {
            // The reference sums in float4.
            [4.0 * EXACT, 4.0 * EXACT, 2.0 * EXACT]
        };
        for (n, (golden, tolerance)) in golden.iter().zip(tolerances).enumerate() {
            let (ours, golden): (f64, f64) = (row.get(n), golden.parse().expect("a number"));
            assert!((ours - golden).abs() <= tolerance, "{a} {b}: {ours} for {golden}");
        }
        assert!(row.get(3) && row.get(4), "functions and operators agree");
        rows += 1;
    }
    assert_eq!(rows, 97);
}

#[test]
fn image2pattern_tells_formats_by_themselves() {
    let mut database = with_fixtures("golden_image2pattern");
    for (name, wrong) in [
        ("rgb8.png", "jpeg2pattern"),
        ("baseline_444.jpg", "gif2pattern"),
        ("still.gif", "png2pattern"),
    ] {
        let file = fixture(&format!("images/{name}"));
        let same: bool = database
            .client
            .query_one(
                "SELECT image2pattern($1)::text = patt::text FROM picture WHERE name = $2",
                &[&file, &name],
            )
            .expect(name)
            .get(0);
        assert!(same, "{name}");

        database.warnings();
        let query = format!("SELECT {wrong}($1) IS NULL");
        let null: bool = database.client.query_one(&query, &[&file]).expect(name).get(0);
        let warnings = database.warnings();
        assert!(null && warnings.len() == 1, "{name} through {wrong}");
        assert!(warnings[0].message().contains("the file is a"), "{}", warnings[0].message());
        assert!(warnings[0].hint().is_some_and(|hint| hint.contains("image2pattern")));
    }
}
