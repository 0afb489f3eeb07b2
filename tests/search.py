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
import subprocess
import sys
import tempfile
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
    assert ask(port, "POST", "/search", b"", **own, **{"Content-Length": "20000001"})[0] == 413
    assert ask(port, "POST", "/search", b"", **own, **{"Content-Length": "-1"})[0] == 404
    assert ask(port, "POST", "/search", b"", **own)[0] == 422
    assert ask(port, "GET", "/picture?id=1'%20OR%20true--", **own)[0] == 404
    assert ask(port, "GET", "/picture", **own)[0] == 404
    assert ask(port, "GET", "/../setup.sh", **own)[0] == 404
    status, body = ask(port, "POST", "/search?turned=yes", b"\x89PNG", **own)
    assert status == 422 and json.loads(body)["error"], body


def it_only_reads(browser, port):
    spec = importlib.util.spec_from_file_location("search_page", search_py)
    page = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(page)
    names = {"table": "img_vec", "fp": "fp", "id": "id", "files": "img_raw", "file": "raw", "name": "info"}
    database = page.Database(connection, names)
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
          it_only_reads, fits_a_phone, console_is_silent)


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
