# Each target is a script; see scripts/.

.PHONY: demo demo-stop test fuzz bench install

# Photographs in a real Postgres, searched by similarity. IMAGES=/some/folder for your own.
demo:
	@IMAGES="$(IMAGES)" scripts/demo.sh

demo-stop:
	@scripts/demo.sh stop

# The whole suite, on PostgreSQL 18 and 15.
test:
	@scripts/test.sh

# The decode path fuzzed, then 20,000 mutated files through a server. MINUTES=30 by default.
fuzz:
	@MINUTES="$(MINUTES)" scripts/fuzz.sh

# Our index beside its peers. ROWS="100000 1000000" for other sizes.
bench:
	@ROWS="$(ROWS)" scripts/bench.sh

# Into an existing server: make install PG_CONFIG=/path/to/pg_config
install:
	@PG_CONFIG="$(PG_CONFIG)" scripts/install.sh
