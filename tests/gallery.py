#!/usr/bin/env python3
"""The gallery's pages, as headless Chromium shows them.

    tests/gallery.py PSQL HOST [SCREENSHOT]

scripts/test-pages.sh starts the server with the databases `photographs` and
`odd`, made by scripts/demo.sql, and runs this.
"""

import base64
import collections
import hashlib
import html.parser
import json
import os
import subprocess
import sys
import tempfile

from browser import Browser, run_checks

here = os.path.dirname(os.path.abspath(__file__))
GALLERY = os.path.join(here, "..", "examples", "gallery", "gallery.sql")
SHOWN = ("jpeg", "png", "gif", "webp", "bmp")
psql_program, host = sys.argv[1:3]


def psql(database, *arguments):
    command = [psql_program, "--host", host, "--username", "postgres", "--no-psqlrc", *arguments, database]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout


def fetch(database, query):
    """A query's rows."""
    query = f"SELECT coalesce(json_agg(t), '[]') FROM ({query}) t"
    rows = psql(database, "--tuples-only", "--no-align", "--command", query)
    return json.loads(rows, object_pairs_hook=lambda columns: tuple(value for _, value in columns))


class Page:
    """One gallery, and the settings it was written with."""

    def __init__(self, browser, folder, database, **settings):
        self.browser = browser
        self.database = database
        self.queries, self.nearest, self.largest = 5, 10, 1000000
        self.which = "true"
        self.__dict__.update(settings)
        self.path = os.path.join(folder, database + ".html")
        options = [f"--set={name}={value}" for name, value in settings.items()]
        psql(database, *options, "--file", GALLERY, "--output", self.path)
        browser.open("file://" + self.path)


def order_is_the_querys(page):
    queries = fetch(page.database, f"""
        SELECT DISTINCT ON (part) id, info
        FROM (SELECT id, info, ntile({page.queries}) OVER (ORDER BY id) AS part
              FROM img_vec JOIN img_raw USING (id) WHERE {page.which}) parts
        ORDER BY part, id""")
    expected = []
    for number, name in queries:
        answer = fetch(page.database, f"""
            SELECT info, 'fp <-> ' || round((fp <-> (SELECT fp FROM img_vec WHERE id = {number}))::numeric, 3)
            FROM img_vec JOIN img_raw USING (id) WHERE id <> {number}
            ORDER BY fp <-> (SELECT fp FROM img_vec WHERE id = {number}), id LIMIT {page.nearest}""")
        assert len(answer) == page.nearest, answer
        expected.append([name, name, [list(row) for row in answer]])
    assert len(expected) == page.queries, queries
    shown = page.browser.value("""
        [...document.querySelectorAll("section")].map(section => [
          section.querySelector("h2 bdi").textContent,
          section.querySelector(".query bdi").textContent,
          [...section.querySelectorAll("li")].map(item => [
            item.querySelector(".name").textContent,
            ...[...item.querySelectorAll("span:not(.name)")].map(span => span.textContent).slice(-1)])])""")
    assert len(shown) == len(expected), (shown, expected)
    for answer, right in zip(shown, expected):
        assert answer == right, f"{answer}\nis not\n{right}"


def pictures_load_and_are_the_files(page):
    page.browser.value("Promise.allSettled([...document.images].map(image => image.decode())).then(() => 0)")
    images = page.browser.value("""
        [...document.images].map(image => {
          const name = image.closest("figure").querySelector(".name").textContent;
          return [name, image.className, image.getAttribute("src"), image.naturalWidth, image.checkVisibility(),
                  image.getBoundingClientRect().width];
        })""")
    files = {name: rest for name, *rest in fetch(page.database, """
        SELECT info, md5(raw), md5(pattern2png(patt)), (image_info(raw)).format, length(raw)
        FROM img_raw JOIN img_vec USING (id)""")}
    classes = collections.defaultdict(list)
    for name, kind, source, natural, visible, width in images:
        assert natural > 0 and visible and width >= 40, (name, kind, natural, visible, width)
        head, data = source.split(",", 1)
        md5 = hashlib.md5(base64.b64decode(data, validate=True)).hexdigest()
        file, view, form, size = files[name]
        if kind == "picture":
            assert (head, md5) == (f"data:image/{form};base64", file), (name, head)
        else:
            assert (head, md5, natural) == ("data:image/png;base64", view, 64), (name, kind, head)
        classes[kind].append((form, size))
    assert len(classes["picture"]) == len(classes["view"]), classes
    for form, size in classes["picture"]:
        assert form in SHOWN and size <= page.largest, (form, size)
    for form, size in classes["picture pixels"]:
        assert form not in SHOWN or size > page.largest, (form, size)
    if page.database == "odd":
        stand_ins = classes["picture pixels"]
        assert {"tiff", "pnm"} <= {form for form, _ in stand_ins}, stand_ins
        assert any(size > page.largest for _, size in stand_ins), stand_ins
        said = page.browser.value("""
            [...document.querySelectorAll(".pixels")].map(
              image => image.closest("figure").querySelectorAll("span")[1].textContent)""")
        for (form, size), text in zip(stand_ins, said):
            reason = "A file of " if size > page.largest else f"Browsers show no {form.upper()}"
            assert text.startswith(reason), (form, size, text)


def every_picture_has_an_alt(page):
    alts = page.browser.value("""
        [...document.images].map(image => [
          image.alt, image.closest("figure").querySelector(".name").textContent, image.className])""")
    assert alts
    for alt, name, kind in alts:
        assert alt == (name if kind == "picture" else name + " as the database sees it"), (alt, name, kind)


def names_are_text(page):
    # Nothing but the elements the page is made of, and nothing in a name.
    found = page.browser.value("""
        [[...document.querySelectorAll("bdi *, script, [onerror]")].length,
         [...new Set([...document.body.querySelectorAll("*")].map(e => e.localName))].sort().join(" ")]""")
    elements = "bdi code div figcaption figure footer h1 h2 header img li main ol p section span"
    assert found == [0, elements], found
    if page.database == "odd":
        names = set(page.browser.value("[...document.querySelectorAll('.name')].map(e => e.textContent)"))
        odd = {name for name, in fetch("odd", "SELECT info FROM img_raw WHERE info ~ '[<>&\"]|  |www|\u202e'")}
        assert len(odd) == 7 and odd <= names, odd - names


class Tags(html.parser.HTMLParser):
    """Sees that each tag is closed where it should be, and no id is there twice."""

    def __init__(self):
        super().__init__()
        self.inside = []
        self.ids = []

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        assert len(names) == len(set(names)), (tag, names)
        self.ids += [value for name, value in attributes if name == "id"]
        if tag not in ("meta", "link", "img"):
            self.inside.append(tag)

    def handle_endtag(self, tag):
        assert self.inside and self.inside.pop() == tag, (tag, self.getpos())


def document_is_sound(page):
    tags = Tags()
    with open(page.path, encoding="utf-8") as file:
        text = file.read()
    assert text.startswith("<!DOCTYPE html>\n")
    tags.feed(text)
    tags.close()
    assert not tags.inside and len(tags.ids) == page.queries == len(set(tags.ids)), (tags.inside, tags.ids)
    assert page.browser.value("document.compatMode + document.characterSet") == "CSS1CompatUTF-8"
    assert page.browser.value("document.documentElement.lang") == "en"
    assert page.browser.value("document.title")
    assert page.browser.value("document.querySelectorAll('h1').length") == 1
    assert page.browser.value("""
        [...document.querySelectorAll("[aria-labelledby]")].every(e => document.getElementById(
          e.getAttribute("aria-labelledby")).localName === "h2")""")


def fits_a_phone(page):
    for width in (390, 820, 1280):
        page.browser.width(width)
        wide = page.browser.value("document.documentElement.scrollWidth")
        assert wide <= width, (wide, width)
        # What a card cuts off would not be readable either.
        cut = page.browser.value("""
            [...document.querySelectorAll("body *")].filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth)
              .map(e => e.outerHTML.slice(0, 200))""")
        assert not cut, (width, cut)
        outside = page.browser.value("""
            [...document.querySelectorAll("figcaption *")].filter(e => {
              const inner = e.getBoundingClientRect(), outer = e.closest("figure").getBoundingClientRect();
              return inner.right > outer.right + .5 || inner.bottom > outer.bottom + .5 || inner.left < outer.left;
            }).map(e => e.outerHTML.slice(0, 200))""")
        assert not outside, (width, outside)
        small = page.browser.value("""
            Math.min(...[...document.querySelectorAll("p, span, footer, code")].map(
              e => parseFloat(getComputedStyle(e).fontSize)))""")
        assert small >= 12, small
    page.browser.width(390)
    columns = page.browser.value("new Set([...document.querySelectorAll('li')].map(e => e.offsetLeft)).size")
    assert columns == 2, columns
    page.browser.width(1280)
    columns = page.browser.value("new Set([...document.querySelectorAll('li')].map(e => e.offsetLeft)).size")
    assert columns == 5, columns


def luminance(color):
    parts = []
    for part in color[:3]:
        part /= 255
        parts.append(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def light_and_dark_are_readable(page):
    for scheme in ("light", "dark"):
        page.browser.scheme(scheme)
        pairs = page.browser.value("""
            [...document.querySelectorAll("body, h1, h2, p, code, span, footer")].map(e => {
              let under = e;
              while (getComputedStyle(under).backgroundColor === "rgba(0, 0, 0, 0)") under = under.parentElement;
              return [getComputedStyle(e).color, getComputedStyle(under).backgroundColor].map(
                color => color.match(/[0-9.]+/g).map(Number));
            })""")
        ground = luminance(pairs[0][1])
        assert ground > 0.8 if scheme == "light" else ground < 0.05, (scheme, pairs[0])
        for pair in pairs:
            dark, light = sorted(map(luminance, pair))
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (scheme, pair)


def console_is_silent(page):
    # To be the last: all that happened until now.
    told = [event for event in page.browser.events
            if event["method"] in ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown",
                                   "Page.javascriptDialogOpening", "Network.loadingFailed")]
    assert not told, told
    asked = [event["params"]["request"]["url"] for event in page.browser.events
             if event["method"] == "Network.requestWillBeSent"]
    outside = [url for url in asked if not url.startswith("data:") and url != "file://" + page.path]
    assert len(asked) > 1 and not outside, outside


CHECKS = (order_is_the_querys, pictures_load_and_are_the_files, every_picture_has_an_alt, names_are_text,
          document_is_sound, fits_a_phone, light_and_dark_are_readable, console_is_silent)


def screenshot(browser, folder, path):
    """A page of one answer, as the README shows it."""
    Page(browser, folder, "photographs", queries=1, which="info = 'rocket.jpg'")
    browser.width(1160)
    browser.scheme("light")
    browser.value("Promise.all([...document.images].map(image => image.decode())).then(() => 0)")
    height = browser.value("document.querySelector('section').getBoundingClientRect().bottom + 24")
    clip = {"x": 0, "y": 0, "width": 1160, "height": height, "scale": 0.9}
    shot = browser.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
    with open(path, "wb") as file:
        file.write(base64.b64decode(shot["data"]))
    print(f"wrote {path}")


def run(browser, folder):
    """How many checks passed and failed."""
    passed = failed = 0
    # A name that no file can have, and one table instead of two, called otherwise.
    psql("odd", "--quiet", "--command", """
        UPDATE img_raw SET info = '</h2></section><script>alert(2)</script>' WHERE info = 'rgb8.png';
        CREATE SCHEMA elsewhere;
        CREATE TABLE elsewhere.picture AS
        SELECT id AS "Number", info AS "File name", raw, patt AS p, fp AS f FROM img_raw JOIN img_vec USING (id)""")
    odd = {"database": "odd", "queries": 7, "which": "length(raw) % 3 > 0", "nearest": 40,
           "largest": 100000, "pictures": "elsewhere.picture", "vectors": "elsewhere.picture", "id": "Number",
           "name": "File name", "file": "raw", "patt": "p", "fp": "f"}
    for settings in ({"database": "photographs", "which": "id IN (SELECT original FROM img_copy)"}, odd):
        page = Page(browser, folder, **settings)
        browser.width(1280)
        counted = run_checks(f"gallery of {page.database}", CHECKS, page)
        passed, failed = passed + counted[0], failed + counted[1]
    return passed, failed


def main():
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(os.path.join(folder, "profile"))
        try:
            passed, failed = run(browser, folder)
            if len(sys.argv) > 3:
                screenshot(browser, folder, sys.argv[3])
        finally:
            browser.close()
    print(f"gallery: {passed} passed; {failed} failed;")
    return failed > 0


sys.exit(main())
