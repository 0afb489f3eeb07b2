-- One HTML page of pictures, each beside those most like it. It needs nothing
-- but itself: the pictures are in it, as data: URIs.
--
--   psql --no-psqlrc --file examples/gallery/gallery.sql --output gallery.html
--
-- With --set NAME=VALUE, what to show:
--
--   queries     5        how many pictures to search for, spread over the table
--   which       true     a condition on those, such as "info = 'cat.jpg'"
--   nearest     10       how many to show of each answer
--   largest     1000000  bytes of the largest file to put into the page
--
-- and where it is, as in scripts/demo.sql; both may be the same table:
--
--   pictures    img_raw  the table of files, with its columns
--   name        info
--   file        raw
--   vectors     img_vec  the table of patterns and fingerprints, with its columns
--   patt        patt
--   fp          fp
--   id          id       in both tables, what they are joined by
--
-- A file goes into the page as it is, with whatever its EXIF data tells. In
-- place of one that browsers do not show (TIFF, PNM, QOI, farbfeld) or of a
-- very large one stands what the database has of it, pattern2png(patt).

\set QUIET on
\set ON_ERROR_STOP on
\encoding UTF8
\pset tuples_only on
\pset format unaligned
\pset pager off

\if :{?queries} \else \set queries 5 \endif
\if :{?which} \else \set which true \endif
\if :{?nearest} \else \set nearest 10 \endif
\if :{?largest} \else \set largest 1000000 \endif
\if :{?pictures} \else \set pictures img_raw \endif
\if :{?name} \else \set name info \endif
\if :{?file} \else \set file raw \endif
\if :{?vectors} \else \set vectors img_vec \endif
\if :{?patt} \else \set patt patt \endif
\if :{?fp} \else \set fp fp \endif
\if :{?id} \else \set id id \endif

-- The policy lets nothing in from elsewhere, and no script, whatever a file is called.
SELECT $$<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<link rel="icon" href="data:,">
<title>Similar pictures</title>
<style>
:root {
	--page: #f7f7f5; --card: #fff; --line: #e3e3de; --mat: #efefeb; --text: #20201e; --quiet: #64645f; --accent: #2c5e91;
}
@media (prefers-color-scheme: dark) {
	:root {
		--page: #141416; --card: #1d1d20; --line: #303035; --mat: #262629; --text: #e9e9e6; --quiet: #a2a2a0;
		--accent: #8fbce8;
	}
}
* { box-sizing: border-box; margin: 0; padding: 0; }
body {
	max-width: 80rem; margin: 0 auto; padding: 2rem 1.25rem;
	background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif;
}
h1 { font-size: 1.75rem; line-height: 1.2; }
header p { max-width: 44rem; margin-top: .5rem; color: var(--quiet); }
code { font: .875em ui-monospace, monospace; white-space: nowrap; }
section { margin-top: 2rem; padding-top: 1.5rem; border-top: 1px solid var(--line); }
h2 { margin-bottom: .75rem; font-size: 1.125rem; overflow-wrap: anywhere; }
.answer { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 4fr); gap: 1rem; align-items: start; }
ol { display: grid; grid-template-columns: repeat(5, minmax(0, 1fr)); gap: 1rem; }
ol { list-style: none; counter-reset: rank; }
figure { overflow: hidden; height: 100%; background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
.query figure { border-color: var(--accent); }
.picture { display: block; width: 100%; aspect-ratio: 1; object-fit: contain; background: var(--mat); }
.view { float: right; width: 2.75rem; height: 2.75rem; margin: .125rem 0 0 .25rem; }
.query .view { width: 6rem; height: 6rem; }
.query .view, .pixels { image-rendering: pixelated; }
figcaption { display: flow-root; padding: .5rem; font-size: .75rem; }
figcaption span { display: block; color: var(--quiet); font-variant-numeric: tabular-nums; }
figcaption .name { color: var(--text); font-size: .8125rem; font-weight: 600; overflow-wrap: anywhere; }
li { counter-increment: rank; }
li .name::before { content: counter(rank) ".\00a0"; color: var(--quiet); font-weight: 400; }
footer { margin-top: 2rem; padding-top: 1rem; border-top: 1px solid var(--line); }
footer { color: var(--quiet); font-size: .8125rem; }
@media (max-width: 72rem) {
	.answer { grid-template-columns: minmax(0, 1fr); }
	.query figure { display: grid; grid-template-columns: 1fr 1fr; max-width: 27rem; }
	.query .view { float: none; display: block; margin: .25rem 0; }
	ol { grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .75rem; }
}
</style>
</head>
<body>$$;

SELECT format($$<header>
<h1>Similar pictures</h1>
<p>Of %s pictures, the %s most like each that was searched for, by fingerprint, <code>fp &lt;-&gt;</code>, in the order
that an index gives. Below a distance of 1 it is the same picture, cut, turned a little or recoloured: by chance %s of so many
photographs are as near. Of pages, forms and codes a distance proves nothing. The small grey picture is what the database compares:
64 × 64 pixels.</p>
</header>
<main>$$, count(*), :nearest, trim_scale((count(*) * fingerprint_chance(1))::numeric(20, 6)))
FROM :vectors WHERE :"patt" IS NOT NULL;

WITH part AS (
  SELECT :"id" AS id, ntile(:queries) OVER (ORDER BY :"id") AS number
  FROM :vectors
  WHERE :"patt" IS NOT NULL AND :"id" IN (SELECT :"id" FROM :pictures WHERE :which)
), query AS (
  SELECT DISTINCT ON (number) number, id FROM part ORDER BY number, id
), answer AS (
  SELECT query.number, found.*
  FROM query JOIN :vectors q ON q.:"id" = query.id,
  LATERAL (
    SELECT v.:"id" AS id, v.:"fp" <-> q.:"fp" AS distance
    FROM :vectors v
    WHERE v.:"id" <> q.:"id" AND v.:"patt" IS NOT NULL
    ORDER BY v.:"fp" <-> q.:"fp", v.:"id"
    LIMIT :nearest) found
), picture AS MATERIALIZED (
  SELECT shown.id, p.:"file" AS file,
         replace(replace(replace(replace(coalesce(p.:"name"::text, '?'),
           '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;') AS name,
         octet_length(p.:"file")::bigint AS size, image_info(p.:"file") AS info,
         'data:image/png;base64,' || replace(encode(pattern2png(v.:"patt"), 'base64'), E'\n', '') AS view
  FROM (SELECT id FROM query UNION SELECT id FROM answer) shown
       JOIN :pictures p ON p.:"id" = shown.id
       JOIN :vectors v ON v.:"id" = shown.id
), figure AS (
  SELECT id, name,
         concat_ws(', ', upper((info).format), (info).width || ' × ' || (info).height, pg_size_pretty(size)) AS facts,
         CASE WHEN (info).format IN ('jpeg', 'png', 'gif', 'webp', 'bmp') AND size <= :largest THEN
           format($$<figure><img class="picture" src="data:image/%s;base64,%s" alt="%s">
<figcaption><span class="name"><bdi>%3$s</bdi></span><img class="view" src="%s" alt="%3$s as the database sees it">$$,
             (info).format, replace(encode(file, 'base64'), E'\n', ''), name, view)
         ELSE
           format($$<figure><img class="picture pixels" src="%s" alt="%s as the database sees it">
<figcaption><span class="name"><bdi>%2$s</bdi></span><span>%s, so this is what the database sees</span>$$,
             view, name,
             CASE WHEN size > :largest THEN 'A file of ' || pg_size_pretty(size)
                  ELSE coalesce('Browsers show no ' || upper((info).format), 'No picture file') END)
         END AS html
  FROM picture
)
SELECT format($$<section aria-labelledby="query-%s">
<h2 id="query-%1$s">Most like <bdi>%s</bdi></h2>
<div class="answer">
<div class="query">%s<span>%s</span></figcaption></figure></div>
<ol>
%s
</ol>
</div>
</section>$$, query.number, searched.name, searched.html, searched.facts, nearest.items)
FROM query JOIN figure searched USING (id),
LATERAL (
  SELECT string_agg(
           format($$<li>%s<span>fp &lt;-&gt; %s</span></figcaption></figure></li>$$,
             html, round(distance::numeric, 3)),
           E'\n' ORDER BY distance, id) AS items
  FROM answer JOIN figure USING (id)
  WHERE answer.number = query.number) nearest
ORDER BY query.number;

SELECT format($$</main>
<footer>imgsmlr_rs %s on PostgreSQL %s, written by psql alone.</footer>
</body>
</html>$$, extversion, current_setting('server_version'))
FROM pg_extension WHERE extname = 'imgsmlr_rs';
