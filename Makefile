# Each target is a script; see scripts/.

.PHONY: demo demo-stop test bench bench-pictures quality install

# Photographs in a real Postgres, searched by similarity. IMAGES=/some/folder for your own.
demo:
	@IMAGES="$(IMAGES)" scripts/demo.sh

demo-stop:
	@scripts/demo.sh stop

# The whole suite, on PostgreSQL 18 and 15.
test:
	@scripts/test.sh

# Our index beside its peers. ROWS="100000 1000000" for other sizes.
bench:
	@ROWS="$(ROWS)" scripts/bench.sh

# What converting photographs takes, beside libjpeg-turbo and in a server.
bench-pictures:
	@scripts/bench-pictures.sh

# How well near-duplicates of photographs are found, by each kind of search.
quality:
	@scripts/quality.sh

# Into an existing server: make install PG_CONFIG=/path/to/pg_config
install:
	@PG_CONFIG="$(PG_CONFIG)" scripts/install.sh
