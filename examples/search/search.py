#!/usr/bin/env python3
"""A page on this machine alone: drop a picture, see the most similar ones of a table.

    search.py [--port 8080] [--table img_vec] [--fp fp] [--id id]
              [--files img_raw] [--file raw] [--name info] [CONNECTION]

CONNECTION is libpq's, as "host=/tmp dbname=photos"; without it the environment says (PGHOST,
PGDATABASE, …). Needs psycopg 3. The defaults are the demo's tables; for one table with a
column of files:  --table picture --files picture --file file --name id
"""

import argparse
import contextlib
import http.server
import json
import os
import re
import socket
import sys
import threading
import time
import urllib.parse

import psycopg
from psycopg import sql

LARGEST = 20_000_000  # bytes of a dropped file
NEAREST = 24  # how many to show
TYPES = {"jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp", "bmp": "image/bmp"}

# One search for each orientation asked for: each goes by the index, and the nearest of all count.
# The parameters are bound; only the names of tables and columns become part of the text.
SEARCH = """
WITH q AS MATERIALIZED (
  SELECT o, pattern2fingerprint(turn_pattern(patt, o)) AS fp
  FROM (SELECT image2pattern(%(file)s) AS patt OFFSET 0) p, unnest(%(orientations)s::int[]) o
), best AS (
  SELECT DISTINCT ON (id) * FROM q, LATERAL (
    SELECT v.{id} AS id, v.{fp} <-> q.fp AS distance
    FROM {table} v ORDER BY v.{fp} <-> q.fp LIMIT %(nearest)s) found
  ORDER BY id, distance, o
)
SELECT f.{id}::text, f.{name}::text, distance, o, fingerprint_chance(distance)
FROM best JOIN {files} f ON f.{id} = best.id
WHERE distance IS NOT NULL ORDER BY distance, best.id LIMIT %(nearest)s
"""
# How many pictures are searched: as the planner knows it, or counted where nobody has.
COUNT = """
SELECT CASE WHEN known > 0 THEN known ELSE (SELECT count(*) FROM {table}) END::float8
FROM (SELECT sum(reltuples) FILTER (WHERE reltuples > 0) AS known FROM pg_class
      WHERE relkind IN ('r', 'm') AND (oid = %(table)s::regclass
        OR oid IN (SELECT relid FROM pg_partition_tree(%(table)s::regclass)))) rows
"""
# What a browser can't show is drawn as the database sees it. The id is sent as text without a type:
# PostgreSQL reads it as one of the column's own, and finds it by the column's index.
PICTURE = """
SELECT format, CASE WHEN format = ANY(%(shown)s) THEN file ELSE pattern2png(image2pattern(file)) END
FROM (SELECT {file} AS file, (image_info({file})).format FROM {files} WHERE {id} = %(id)s) f
"""
# What it means that by chance so many of the pictures are expected to be as near, or fewer.
MEANINGS = [
    (0.01, "the same picture, unless it is a page, a form or a code: by chance fewer than one search in a hundred finds "
           "one of {pictures:,.0f} as near"),
    (1, "probably the same picture: by chance {expected:.2f} of {pictures:,.0f} are as near"),
    (30, "perhaps a changed copy: by chance {expected:.0f} of {pictures:,.0f} are as near"),
    (float("inf"), "another picture"),
]


def meaning(chance, pictures):
    expected = chance * pictures
    text = next(text for most, text in MEANINGS if expected <= most)
    return text.format(expected=expected, pictures=pictures)


class Database:
    """One connection, used by one request at a time, that can only read."""

    def __init__(self, conninfo, names):
        self.conninfo, self.lock, self.connection = conninfo, threading.Lock(), None
        columns = {name: sql.Identifier(*value.split(".")) for name, value in names.items()}
        self.search, self.picture, self.count = (sql.SQL(text).format(**columns) for text in (SEARCH, PICTURE, COUNT))
        self.table = columns["table"].as_string()

    def rows(self, query, parameters):
        with self.lock:
            if self.connection is None or self.connection.closed:
                self.connection = psycopg.connect(self.conninfo, autocommit=True, client_encoding="UTF8", options=(
                    "-c default_transaction_read_only=on -c statement_timeout=20s"))
            return self.connection.execute(query, parameters, binary=True).fetchall()

    def similar(self, file, orientations):
        reason = self.rows("SELECT picture_error(%(file)s)", {"file": file})[0][0]
        if reason:
            return {"error": reason}
        since = time.perf_counter()
        found = self.rows(self.search, {"file": file, "orientations": orientations, "nearest": NEAREST})
        milliseconds = (time.perf_counter() - since) * 1000
        # A picture is looked for in each orientation.
        searched = self.rows(self.count, {"table": self.table})[0][0] * len(orientations)
        return {"milliseconds": milliseconds, "found": [
            {"id": id, "name": name, "distance": distance, "orientation": orientation,
             "meaning": meaning(chance, searched), "same": chance * searched <= 0.01}
            for id, name, distance, orientation, chance in found]}

    def file(self, id):
        try:
            found = self.rows(self.picture, {"id": id, "shown": list(TYPES)})
        except psycopg.DataError:  # the column has no such values
            return None
        return next(((shown, TYPES.get(form, "image/png")) for form, shown in found), None)


class Handler(http.server.BaseHTTPRequestHandler):
    """The page, /search and /picture. Only this machine is answered, and only its own page."""

    timeout = 30  # seconds without a byte
    default_request_version = "HTTP/1.0"  # what is no request is answered with a status, too

    def handle(self):
        with contextlib.suppress(ConnectionError):  # whoever asked has gone
            super().handle()

    def finish(self):
        super().finish()
        # A file that was refused is read all the same, for a while: where something is left when the
        # connection closes, the sender sees a broken connection, and not the answer.
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(1)
            end = time.monotonic() + 10
            while time.monotonic() < end and self.connection.recv(1 << 16):
                pass

    def answer(self, status, body, kind="application/json"):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": kind, "Content-Length": str(len(body)), "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store",
            "Content-Security-Policy": "default-src 'none'; img-src 'self' blob: data:; connect-src 'self'; "
                                       "style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def is_ours(self):
        """Another site's page, or another name for this machine, is refused."""
        port = self.server.server_port
        ours = {f"127.0.0.1:{port}", f"localhost:{port}"}
        origin = self.headers.get("Origin")
        return self.headers.get("Host") in ours and (origin is None or origin.removeprefix("http://") in ours)

    def respond(self, respond):
        if not self.is_ours():
            return self.answer(403, {"error": "this page answers its own machine alone"})
        try:
            url = urllib.parse.urlsplit(self.path)
        except ValueError:
            return self.answer(400, {"error": "this is no address"})
        try:
            return respond(url)
        except (psycopg.Error, UnicodeError) as error:
            return self.answer(500, {"error": next(iter(str(error).splitlines()), "the database failed")})

    def do_GET(self):
        self.respond(self.get)

    def do_POST(self):
        self.respond(self.post)

    def get(self, url):
        if url.path == "/":
            with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "page.html"), "rb") as page:
                return self.answer(200, page.read(), "text/html; charset=utf-8")
        if url.path == "/picture":
            ids = urllib.parse.parse_qs(url.query).get("id", [])
            found = self.server.database.file(ids[0]) if ids else None
            return self.answer(200, *found) if found and found[0] else self.answer(404, {"error": "no such picture"})
        return self.answer(404, {"error": "no such page"})

    def post(self, url):
        if url.path != "/search":
            return self.answer(404, {"error": "no such page"})
        lengths = {length.strip() for length in self.headers.get_all("Content-Length", [])}
        if "Transfer-Encoding" in self.headers or not lengths:
            return self.answer(411, {"error": "the file is to come in one piece, after its Content-Length"})
        length = lengths.pop()
        if lengths or not re.fullmatch("[0-9]+", length):
            return self.answer(400, {"error": "the Content-Length is no number of bytes"})
        if len(length) > 12 or int(length) > LARGEST:
            return self.answer(413, {"error": f"the file has more than {LARGEST:,} bytes"})
        try:
            file = self.rfile.read(int(length))
        except TimeoutError:
            return self.answer(408, {"error": "the file did not come"})
        if len(file) < int(length):
            return self.answer(400, {"error": "the file ends before its Content-Length"})
        turned = urllib.parse.parse_qs(url.query).get("turned") == ["yes"]
        answer = self.server.database.similar(file, list(range(1, 9 if turned else 2)))
        return self.answer(422 if "error" in answer else 200, answer)

    def log_message(self, *_):
        """Nothing: who searches for what is nobody else's business."""


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("connection", nargs="?", default="")
    options.add_argument("--port", type=int, default=8080)
    names = {"table": "img_vec", "fp": "fp", "id": "id", "files": "img_raw", "file": "raw", "name": "info"}
    for name, value in names.items():
        options.add_argument("--" + name, default=value)
    given = vars(options.parse_args())
    server = http.server.ThreadingHTTPServer(("127.0.0.1", given["port"]), Handler)
    server.database = Database(given["connection"], {name: given[name] for name in names})
    print(f"http://127.0.0.1:{server.server_port}/ (end with Ctrl-C)", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(0)
