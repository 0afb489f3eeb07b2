#!/usr/bin/env bash
# make versions: built for every PostgreSQL there is a feature for, installed into a
# server of it and tested there. VERSIONS="14 16" for some of them.
. "$(dirname "$0")/setup.sh"
. scripts/tests.sh

setup_compilers
setup_pg18
setup_psycopg
for major in ${VERSIONS:-$majors}; do
	test_server "$major"
done
verdict
