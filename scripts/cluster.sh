#!/usr/bin/env bash
# One private server more, for tests that want several:
#   cluster.sh start NAME   made when missing; says its socket's directory
#   cluster.sh stop NAME    as a crash would stop it
#   cluster.sh drop NAME    no trace is left
# BIN=/path/to/postgres/bin for another server than the embedded PostgreSQL 18.
. "$(dirname "$0")/setup.sh"

bin=${BIN:-$pg18}
cluster=$servers/$2
case $1 in
start) start_cluster "$bin" "$cluster" && echo "$socket" ;;
stop) stop_cluster "$bin" "$cluster" immediate ;;
drop) drop_cluster "$bin" "$cluster" ;;
*) fail "usage: cluster.sh start|stop|drop NAME" ;;
esac
