# Each target is a script; see scripts/.

.PHONY: demo demo-stop search first-run gallery gallery-screenshot figures check test test-all test-bare versions \
	soak memcheck fuzz bench bench-pictures bench-scale cluster-demo quality calibrate install install-alias package \
	test-dockerfile

# Photographs in a real Postgres, searched by similarity. IMAGES=/some/folder for your own.
demo:
	@IMAGES="$(IMAGES)" scripts/demo.sh

demo-stop:
	@scripts/demo.sh stop

# What the demo takes on a machine that has what the README asks for and nothing else.
first-run:
	@scripts/first-run.sh

# A page where you drop a picture and see the most similar ones. CONNECTION="host=… dbname=…" and
# OPTIONS="--table …" for a database of your own: examples/search/search.py; PORT=8080.
search:
	@CONNECTION="$(CONNECTION)" OPTIONS="$(OPTIONS)" PORT="$(PORT)" scripts/search.sh

# The demo's answers as a page, build/gallery.html. QUERIES=20 NEAREST=5 for other numbers;
# LARGEST=5000000 for large files, too, in bytes.
gallery:
	@QUERIES="$(QUERIES)" NEAREST="$(NEAREST)" LARGEST="$(LARGEST)" scripts/gallery.sh

# The picture of that page in the README, docs/gallery.png.
gallery-screenshot:
	@scripts/test-pages.sh docs/gallery.png

# The pictures of docs/method.md.
figures:
	@scripts/figures.sh

# The inner loop: format, lints, unit tests, and SQL and server tests on PostgreSQL 18.
# TEST=kdtree for the tests with that word in their names.
check:
	@TEST="$(TEST)" scripts/check.sh

# Whether all of it works here: on PostgreSQL 18 and, where it can be had, 15.
test:
	@scripts/test.sh

# The whole suite: that, and then the other versions, packages, the documents' commands, pages, a bare machine.
# VERSIONS="14 19" for some of the other versions.
test-all: test
	@VERSIONS="$(VERSIONS)" scripts/test-all.sh

# The README's commands in bare roots of Debian 12 and 13, as root and as a plain user. SUITES="bookworm",
# USERS="plain", STEPS="demo install" for some of it. As root; each root builds all of it anew.
test-bare:
	@SUITES="$(SUITES)" USERS="$(USERS)" STEPS="$(STEPS)" scripts/test-bare.sh

# Of that, what needs a server. VERSIONS="14 16" for some of them.
versions:
	@VERSIONS="$(VERSIONS)" scripts/versions.sh

# The decode path fuzzed, then 20,000 mutated files through a server. MINUTES=30 by default;
# FORMAT=tif for files of one kind.
fuzz:
	@MINUTES="$(MINUTES)" FORMAT="$(FORMAT)" scripts/fuzz.sh

# Crashes, load and memory at full length, on PostgreSQL 18 and 15: ROUNDS=30 crashes,
# MINUTES=10 of load, VERSIONS="18 15".
soak:
	@ROUNDS="$(ROUNDS)" MINUTES="$(MINUTES)" VERSIONS="$(VERSIONS)" scripts/soak.sh

# SQL and server tests under valgrind, with debug assertions.
memcheck:
	@scripts/memcheck.sh

# Our index beside its peers. ROWS="100000 1000000" for other sizes.
bench:
	@ROWS="$(ROWS)" scripts/bench.sh

# What converting photographs takes, beside libjpeg-turbo and in a server.
bench-pictures:
	@scripts/bench-pictures.sh

# Fingerprints by the million, as a table grows: SIZES="1000000 3000000 10000000 30000000",
# SIGNATURES=10000000, UNIFORM="1000000 3000000 10000000". Half an hour, and 25 GB of disk.
bench-scale:
	@SIZES="$(SIZES)" SIGNATURES="$(SIGNATURES)" UNIFORM="$(UNIFORM)" scripts/bench-scale.sh

# One table on three servers: loaded, searched, and searched without one of them.
cluster-demo:
	@scripts/cluster-demo.sh

# How well near-duplicates of photographs are found, by each kind of search.
quality:
	@scripts/quality.sh

# The constants of the fingerprint made again, to compare with those in the repository.
calibrate:
	@scripts/calibrate-fingerprint.sh

# Into an existing server: make install PG_CONFIG=/path/to/pg_config
install:
	@PG_CONFIG="$(PG_CONFIG)" scripts/install.sh

# An extension called imgsmlr there, for dumps of the C extension: docs/from-imgsmlr.md.
install-alias:
	@PG_CONFIG="$(PG_CONFIG)" scripts/install.sh alias

# A .tar.gz for each server named, and a .deb where it is Debian's:
# make package PG_CONFIG=/usr/lib/postgresql/15/bin/pg_config
package:
	@PG_CONFIG="$(PG_CONFIG)" scripts/package.sh

# The Dockerfile's commands in a bare Debian, as root.
test-dockerfile:
	@scripts/test-dockerfile.sh
