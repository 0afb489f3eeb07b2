#!/usr/bin/env python3
"""The page that searches by a dropped picture, as headless Chromium shows it.

    tests/search.py SEARCH_PY CONNECTION COPIES

scripts/test-pages.sh starts the server and runs this, with the demo's tables in CONNECTION and
its changed copies, copies.tsv among them, in COPIES.
"""

import http.client
import importlib.util
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time

import psycopg

from browser import Browser, run_checks

search_py, connection, copies = sys.argv[1:]
with open(os.path.join(copies, "copies.tsv"), encoding="utf-8") as table:
    COPIES = [line.rstrip("\n").split("\t") for line in table]


def ask(port, method, path, body=None, **headers):
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    asked.request(method, path, body, headers)
    answer = asked.getresponse()
    return answer.status, answer.read()


def exchange(port, sent):
    """What is answered to bytes that no library would send: the status, and the text of its body."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body.decode()


def page():
    spec = importlib.util.spec_from_file_location("search_page", search_py)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


NAMES = {"table": "img_vec", "fp": "fp", "id": "id", "files": "img_raw", "file": "raw", "name": "info"}


def drop(browser, path):
    """A file dropped from outside on the middle of the page."""
    data = {"items": [], "files": [path], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        browser.call("Input.dispatchDragEvent", type=kind, x=300, y=200, data=data)


def wait_for(browser, expression):
    for _ in range(300):
        if browser.value(expression):
            return
        time.sleep(0.1)
    raise AssertionError(f"not so after half a minute: {expression}\n{browser.value('document.body.innerText')}")


def results(browser):
    wait_for(browser, "/^(The|Not)/.test(document.getElementById('status').textContent)")
    return browser.value("""[...document.querySelectorAll("li")].map(item => [
        item.querySelector(".name").textContent, item.className,
        ...[...item.querySelectorAll("span")].map(span => span.textContent)])""")


def copy_of(change):
    return next((os.path.join(copies, file), original) for file, original, made in COPIES if made == change)


def a_dropped_copy_finds_its_original(browser, port):
    path, original = copy_of("rotated 3°")
    browser.value("document.getElementById('status').textContent = ''")
    drop(browser, path)
    found = results(browser)
    with open(path, "rb") as file, psycopg.connect(connection) as database:
        right = database.execute("""
            SELECT info, 'distance ' || to_char(fp <-> image2fingerprint(%(file)s), 'FM990.000')
            FROM img_vec JOIN img_raw USING (id)
            ORDER BY fp <-> image2fingerprint(%(file)s), id LIMIT 24""", {"file": file.read()}).fetchall()
    assert [(name, distance) for name, _, distance, *_ in found] == right, (found, right)
    assert original in [name for name, *_ in found[:9]], (original, found)
    assert found[0][3].startswith("the same picture"), found[0]
    assert " ms " in browser.value("document.getElementById('status').textContent")


def pictures_load(browser, port):
    browser.value("Promise.allSettled([...document.images].map(image => image.decode())).then(() => 0)")
    widths = browser.value("[...document.images].map(image => image.naturalWidth)")
    assert len(widths) == 25 and all(width > 0 for width in widths), widths


def a_mirrored_copy_is_found_in_eight_orientations(browser, port):
    path, original = copy_of("mirrored")
    browser.value("document.getElementById('turned').checked = true; document.getElementById('status').textContent = ''")
    drop(browser, path)
    found = results(browser)
    name, _, distance, meaning, orientation = next(row for row in found if row[0] == original)
    assert meaning.startswith("the same picture") and orientation == "mirrored", (name, distance, meaning, orientation)
    browser.value("document.getElementById('turned').checked = false")


def what_is_no_picture_is_told(browser, port):
    with tempfile.NamedTemporaryFile(suffix=".svg") as file:
        file.write(b'<svg xmlns="http://www.w3.org/2000/svg"/>')
        file.flush()
        browser.value("document.getElementById('status').textContent = ''")
        drop(browser, file.name)
        assert results(browser) == []
    said = browser.value("document.getElementById('status').textContent")
    assert said == "Not searched: the file is an SVG drawing, a format that is not supported here.", said


def only_its_own_page_is_answered(browser, port):
    own = f"127.0.0.1:{port}"
    with open(copy_of("JPEG 10")[0], "rb") as file:
        body = file.read()
    assert ask(port, "POST", "/search", body, Host=own, Origin=f"http://{own}")[0] == 200
    assert ask(port, "POST", "/search", body, Host=own, Origin="http://example.org")[0] == 403
    assert ask(port, "POST", "/search", body, Host="example.org")[0] == 403
    assert ask(port, "GET", "/picture?id=1", Host="example.org:80")[0] == 403


def limits_and_odd_requests_are_answered(browser, port):
    own = {"Host": f"127.0.0.1:{port}"}
    assert ask(port, "POST", "/search", b"", **own)[0] == 422
    # Not an id of the column's type, or none at all.
    for id in ("1'%20OR%20true--", "1%00", "%00", "99999999999999999999", "-1", "1.5", "%FF%FE", "%ED%A0%80", "%zz", "%", "",
               "1" * 60_000):
        status, body = ask(port, "GET", "/picture?id=" + id, **own)
        assert (status, json.loads(body)) == (404, {"error": "no such picture"}), (id[:40], status, body)
    assert ask(port, "GET", "/picture", **own)[0] == 404
    assert ask(port, "GET", "/picture?id=1", **own)[0] == 200
    assert ask(port, "POST", "/picture?id=1", b"", **own)[0] == 404
    assert ask(port, "GET", "/../setup.sh", **own)[0] == 404
    status, body = ask(port, "POST", "/search?turned=yes", b"\x89PNG", **own)
    assert status == 422 and json.loads(body)["error"], body


def what_is_no_upload_gets_a_plain_answer(browser, port):
    with open(copy_of("JPEG 10")[0], "rb") as file:
        picture = file.read()
    start = f"POST /search HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n".encode()
    length = b"Content-Length: %d\r\n" % len(picture)
    chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(picture), picture)
    assert exchange(port, start + length + b"\r\n" + picture)[0] == 200
    assert exchange(port, start + length + length + b"\r\n" + picture)[0] == 200
    for status, sent in (
            (411, b"Transfer-Encoding: chunked\r\n\r\n" + chunk),
            (411, length + b"Transfer-Encoding: chunked\r\n\r\n" + chunk),
            (411, b"\r\n" + picture),
            (400, b"Content-Length: -1\r\n\r\n" + picture),
            (400, b"Content-Length: 1_000\r\n\r\n" + picture),
            (400, b"Content-Length:\r\n\r\n" + picture),
            (400, b"Content-Length: 0x10\r\n\r\n" + picture),
            (400, "Content-Length: ²\r\n\r\n".encode() + picture),
            (400, b"Content-Length: 5\r\n" + length + b"\r\n" + picture),
            (400, length + b"\r\n" + picture[:-1]),
            (413, b"Content-Length: 20000001\r\n\r\n" + bytes(20_000_001)),
            (413, b"Content-Length: " + 50_000 * b"9" + b"\r\n\r\n" + picture)):
        is_now, body = exchange(port, start + sent)
        assert is_now == status and json.loads(body)["error"], (sent[:40], is_now, body)


def what_is_no_request_gets_a_plain_answer(browser, port):
    host = f"Host: 127.0.0.1:{port}\r\n".encode()
    for status, sent in (
            (400, b"GET http://[/ HTTP/1.1\r\n" + host + b"\r\n"),
            (400, b"GET / HTTP/x\r\n" + host + b"\r\n"),
            (400, b"GET\r\n\r\n"),
            (400, b"\x16\x03\x01\x00\xa5\r\n\r\n"),
            (403, b"GET / HTTP/1.1\r\n\r\n"),
            (404, b"GET /\xff\x00 HTTP/1.1\r\n" + host + b"\r\n"),
            (414, b"GET /" + 70_000 * b"a" + b" HTTP/1.1\r\n" + host + b"\r\n"),
            (431, b"GET / HTTP/1.1\r\n" + host + b"A: " + 70_000 * b"a" + b"\r\n\r\n"),
            (431, b"GET / HTTP/1.1\r\n" + host + 200 * b"A: a\r\n" + b"\r\n"),
            (501, b"PUT /search HTTP/1.1\r\n" + host + b"Content-Length: 1000000\r\n\r\n" + bytes(1_000_000)),
            (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")):
        is_now, body = exchange(port, sent)
        assert is_now == status and "error" in body.lower(), (sent[:40], is_now, body)


def a_sender_that_waits_gets_an_answer(browser, port):
    search = page()
    search.Handler.timeout = 3
    server = search.http.server.ThreadingHTTPServer(("127.0.0.1", 0), search.Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with socket.create_connection(server.server_address, timeout=60) as connection:
            connection.sendall(b"POST /search HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 9\r\n\r\n" %
                               server.server_port)
            assert connection.recv(1 << 16).split()[1] == b"408"
    finally:
        server.shutdown()
        server.server_close()


def a_picture_is_looked_up_by_the_columns_own_type_and_index(browser, port):
    for type, value in (("bigint", "id"), ("text", "'ü ' || id"), ("uuid", "md5(id::text)::uuid"),
                        ("numeric", "id / 2.0"), ("date", "'2026-01-01'::date + id")):
        name = f"by_{type}"
        with psycopg.connect(connection, autocommit=True) as database:
            database.execute(f"""
                CREATE TABLE {name} AS SELECT ({value})::{type} AS key, info, raw, fp FROM img_raw JOIN img_vec USING (id);
                ALTER TABLE {name} ADD PRIMARY KEY (key)""")
            shown, = database.execute(f"SELECT key::text FROM {name} WHERE info = %s", [COPIES[0][1]]).fetchone()
        # A few rows would be read in sequence.
        forced = connection + " options='-c enable_seqscan=off'"
        asked = page().Database(connection, dict(NAMES, table=name, files=name, id="key"))
        with open(copy_of("JPEG 10")[0], "rb") as file:
            found = asked.similar(file.read(), [1])["found"]
        assert len(found) == 24 and all(asked.file(one["id"])[0] for one in found), (type, found)
        assert asked.file(shown) and asked.file("1\0") is None and asked.file("none") is None, type
        with psycopg.connect(forced) as database:
            query = asked.picture.as_string(database)
            plan = database.execute("EXPLAIN " + query, {"id": shown, "shown": []}).fetchall()
            assert any("Index Cond: (key = " in line for line, in plan), (type, plan)


def it_only_reads(browser, port):
    database = page().Database(connection, NAMES)
    assert database.rows("SELECT 1", None) == [(1,)]
    try:
        database.rows("DELETE FROM img_copy", None)
    except psycopg.errors.ReadOnlySqlTransaction:
        return
    raise AssertionError("it can write")


def fits_a_phone(browser, port):
    for width in (390, 820, 1280):
        browser.width(width)
        wide = browser.value("document.documentElement.scrollWidth")
        assert wide <= width, (width, wide)


def console_is_silent(browser, port):
    # To be the last. The answer to what is no picture is a status that the console notes.
    told = [event for event in browser.events
            if event["method"] in ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown",
                                   "Page.javascriptDialogOpening", "Network.loadingFailed")
            and "422" not in event["params"].get("entry", {}).get("text", "")]
    assert not told, told
    asked = [event["params"]["request"]["url"] for event in browser.events
             if event["method"] == "Network.requestWillBeSent"]
    outside = [url for url in asked if not url.startswith(("data:", "blob:", f"http://127.0.0.1:{port}/"))]
    assert len(asked) > 24 and not outside, outside


CHECKS = (a_dropped_copy_finds_its_original, pictures_load, a_mirrored_copy_is_found_in_eight_orientations,
          what_is_no_picture_is_told, only_its_own_page_is_answered, limits_and_odd_requests_are_answered,
          what_is_no_upload_gets_a_plain_answer, what_is_no_request_gets_a_plain_answer,
          a_sender_that_waits_gets_an_answer, a_picture_is_looked_up_by_the_columns_own_type_and_index, it_only_reads, fits_a_phone, console_is_silent)


def main():
    server = subprocess.Popen([sys.executable, "-B", search_py, "--port", "0", connection],
                              stdout=subprocess.PIPE, text=True)
    try:
        port = int(server.stdout.readline().split(":")[2].split("/")[0])
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            browser = Browser(os.path.join(folder, "profile"))
            try:
                browser.open(f"http://127.0.0.1:{port}/")
                browser.width(1280)
                passed, failed = run_checks("search page", CHECKS, browser, port)
            finally:
                browser.close()
    finally:
        server.kill()
    print(f"search page: {passed} passed; {failed} failed;")
    return failed > 0


sys.exit(main())
