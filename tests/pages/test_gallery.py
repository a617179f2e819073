"""The gallery: what is published with the graphics, and the pages as editors use them, in a real browser."""

import csv
import functools
import hashlib
import http.server
import importlib.resources
import json
import math
import os
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from lxml import html

from support.browser import needs_chromium
from support.desk import DATA, FACT_CHECK, FURNITURE, Desk, chart, ledger
from toll.graphics.export import export
from toll.graphics.graphic import Graphic, Meta
from toll.ledger.ledger import Ledger
from toll.pages import gallery
from toll.problems import Problems

pytestmark = pytest.mark.xdist_group("gallery")  # one export for all
SCREENS = [(1200, "light"), (1200, "dark"), (375, "light"), (375, "dark")]


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    meta = Meta("article", "2014-08-11", "https://creativecommons.org/licenses/by/4.0/", "sha256:12ab")
    graphic = Graphic.build("guards", chart, FURNITURE, DATA, meta)
    return graphic, export(graphic, folder, cache=folder.parent / "cache"), folder


@pytest.fixture
def desk(tmp_path, exported):
    return Desk(tmp_path / "project", *exported)


def files(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


# --- What is published ---


def test_every_file_is_in_the_checksums_and_a_changed_one_is_noticed(desk):
    folder = desk.publish()
    check = ["sha256sum", "-c", "SHA256SUMS"]
    good = subprocess.run(check, cwd=folder, capture_output=True, text=True)
    assert good.returncode == 0, good.stdout + good.stderr
    assert {line.split(": ")[0] for line in good.stdout.splitlines()} == set(files(folder)) - {"SHA256SUMS"}
    with (folder / "guards.csv").open("a") as table:
        table.write("more,1\n")
    assert subprocess.run(check, cwd=folder, capture_output=True).returncode == 1


def test_the_bundle_holds_everything_for_one_graphic(desk, tmp_path):
    folder = desk.publish()
    subprocess.run(["unzip", "-tq", folder / "guards.zip"], check=True, capture_output=True)
    with zipfile.ZipFile(folder / "guards.zip") as bundle:
        assert bundle.namelist() == sorted(bundle.namelist())
        assert {Path(name).name for name in bundle.namelist()} == (
            {record["name"] for record in desk.records} | {"guards.csv", "README.txt"}
        )
        bundle.extractall(tmp_path)
    for name in ("guards-desktop.svg", "guards.csv"):
        assert (tmp_path / "guards" / name).read_bytes() == (folder / name).read_bytes()
    readme = (tmp_path / "guards" / "README.txt").read_text("utf-8")
    headline = "Fewer officers guard the rest."
    for part in (headline, FURNITURE.alt, FURNITURE.credit, "licenses/by/4.0", "2014-08-11"):
        assert part in readme


def test_published_again_elsewhere_and_later_all_bytes_are_the_same(desk, monkeypatch):
    folder = desk.publish()
    before, page = files(folder), desk.page().read_bytes()
    monkeypatch.setenv("TZ", "Asia/Karachi")
    time.tzset()
    os.utime(folder / "guards-desktop.svg", (2e9, 2e9))
    (folder / "guards-desktop.svg").chmod(0o600)
    desk.publish()
    assert files(folder) == before
    assert desk.page().read_bytes() == page
    monkeypatch.undo()
    time.tzset()


def test_the_page_needs_no_table_library(desk):
    desk.publish()
    code = (
        "import sys; from pathlib import Path; sys.modules['polars'] = sys.modules['altair'] = None\n"
        "from toll.pages.gallery import render; from toll.project import Project\n"
        "render(Project(Path(sys.argv[1])))"
    )
    expected = desk.page().read_bytes()
    subprocess.run([sys.executable, "-c", code, desk.project.root], check=True)
    assert desk.page().read_bytes() == expected


def test_numbers_walk_back_to_the_words_of_the_source(desk):
    (graphic,) = json.loads((desk.publish() / "gallery.json").read_text())["graphics"]
    numbers = {number["id"]: number for number in graphic["numbers"]}
    assert list(numbers) == ["officers", "left", "level", "officers_vip"]  # printed, then what they rest on
    assert numbers["left"]["printed_in"] == ["alt", "plot"]
    assert numbers["officers_vip"]["printed_in"] == []
    assert numbers["left"]["reading"] == "18,000 to 19,000"
    assert numbers["officers_vip"]["reading"] == "“about 8,500”"
    rows = {row.get("id"): row.text_content() for row in desk.read().xpath("//div[@class='numbers']//tbody/tr")}
    said = rows["guards-officers"]
    for part in ("27,000", "reported", "“27,000 officers”", "Paragraph 29", "the police", "Clerks", "in: alt"):
        assert part in said
    assert "officers − officers_vip" in rows["guards-left"]
    assert "calculated" in rows["guards-left"]
    assert "chosen" in rows["guards-level"]
    assert "in formulas only" in rows["guards-officers_vip"]


def test_the_table_of_the_data_is_the_csv(desk):
    folder = desk.publish()
    (table,) = desk.read().xpath("//table[caption[starts-with(., 'Data plotted')]]")
    with (folder / "guards.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert [cell.text for cell in table.xpath(".//th[@scope='col']")] == header
    assert [[cell.text for cell in row] for row in table.xpath(".//tbody/tr")] == rows


def test_all_numbers_are_in_one_table(desk):
    with (desk.publish() / "numbers.csv").open(newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    assert set(rows) == {"officers", "officers_vip", "bodies_found_2014h1", "left", "level"}
    assert rows["bodies_found_2014h1"]["high"] == "INF"


# --- The page of several editions ---


def test_the_article_comes_first_and_nested_editions_find_their_files(desk):
    for edition in ("sweep/b", "hindsight", "article", "sweep/a"):
        desk.publish(edition)
    page = desk.front()
    names = [heading.text_content().removeprefix("Edition: ") for heading in page.xpath("//main//h2")]
    assert names == ["article", "hindsight", "sweep/a", "sweep/b"]
    links = page.xpath("//a/@href[not(starts-with(., '#'))]") + page.xpath("//img/@src")
    assert links
    assert all((desk.project.figures / link.partition("#")[0]).is_file() for link in links)
    shutil.rmtree(desk.project.published("hindsight"))
    assert len(desk.front().xpath("//main//h2")) == 3


@pytest.mark.parametrize("edition", ["article", "sweep/a"])
def test_an_editions_page_finds_all_its_files_and_the_way_back(desk, edition):
    folder = desk.publish(edition)
    desk.page()
    page = desk.read(edition)
    links = page.xpath("//a/@href[not(starts-with(., '#') or starts-with(., 'https:'))]") + page.xpath("//img/@src")
    assert len(links) > 30
    assert all((folder / link).is_file() for link in links)
    (back,) = page.xpath("//a[. = 'All editions']/@href")
    assert (folder / back).resolve() == desk.project.figures.resolve() / "index.html"


def test_every_link_within_a_page_has_its_target(desk):
    desk.publish()
    page = desk.read()
    targets = {link[1:] for link in page.xpath("//a/@href") if link.startswith("#")}
    assert {"guards", "guards-left", "guards-officers"} <= targets <= set(page.xpath("//@id"))


def test_the_numbers_of_headline_alt_text_and_caption_lead_to_their_rows(desk):
    desk.publish()
    page = desk.read()
    alt = page.xpath("//*[@id='guards-alt']")[0]
    assert {link.text: link.get("href") for link in alt.xpath(".//a")} == {
        "27,000": "#guards-officers",
        "18,500": "#guards-left",
    }
    assert alt.text_content() == FURNITURE.alt  # 8,500, which no entry prints there, is left alone


def test_a_form_that_two_numbers_share_leads_nowhere(desk):
    def twins():
        made = ledger()
        made.choose("other", 27_000, "officers", "Others")
        made.text("{{ other }}", "guards: alt")
        return made

    desk.publish(ledger=twins)
    links = desk.read().xpath("//*[@id='guards-alt']//a")
    assert [link.text for link in links] == ["18,500"]


def test_without_editions_the_page_says_so(desk):
    assert "Nothing has been published yet" in desk.front().text_content()


def test_corrections_are_shown_with_the_graphics_that_they_touch(desk):
    def told():
        return desk.read().xpath("string(//dl[@class='record'])")

    desk.publish()
    assert "None." in told()
    desk.correct(
        '2014-08-12,officers_vip,"about 9,000","about 8,500",Misread.', "2014-08-13,police_killed_2013,165,166,Misread."
    )
    (pending,) = desk.front().xpath("//*[@class='pending']")
    for part in (
        "Not yet in these files",
        "Aug. 12, 2014, “about 9,000” is now “about 8,500” (officers_vip). Misread.",
    ):
        assert part in pending.text_content()
    desk.publish()
    assert "Aug. 12, 2014: “about 9,000” is now “about 8,500” (officers_vip). Misread." in told()
    assert "165" not in told()
    assert "Not yet in these files" not in desk.front().text_content()


def test_four_graphics_with_many_numbers_stay_within_the_budget(desk):
    stored = json.loads((desk.publish() / "gallery.json").read_text())
    (graphic,) = stored["graphics"]
    many = Ledger(replace(entry, id=f"{entry.id}_{i}", inputs="") for i in range(5) for entry in ledger())
    graphic["numbers"] = [number | {"id": f"{number['id']}_{i}"} for i in range(5) for number in graphic["numbers"]]
    graphic["data"]["rows"] *= 20
    stored["graphics"] = [graphic | {"name": f"guards-{i}"} for i in range(4)]
    assert len(gallery._page("article", stored, many)) <= 150_000


# --- What is refused ---


@pytest.mark.parametrize(
    "base_url",
    [
        "javascript:alert(1)",
        "JavaScript:x/",
        "data:text/html,x",
        "ftp://example.org/",
        "//example.org/",
        "file:///tmp/",
        'https://example.org/"onerror="x',
        "https://example.org/a b/",
        "https://me@example.org/",
        "https:///x/",
        "a//b/",
        "../figures\n",
        "https://example.org/, x",
        "\\\\server\\x",
        "<b>",
        "https://example.org/?a=b",
        "٣/",
    ],
)
def test_only_addresses_and_relative_paths_are_base_urls(desk, base_url):
    with pytest.raises(Problems, match="base_url"):
        desk.publish(base_url=base_url)
    assert not (desk.project.published("article") / "gallery.json").exists()


@pytest.mark.parametrize(
    ("base_url", "root"),
    [
        ("", ""),
        ("../figures", "../figures/"),
        ("/static/", "/static/"),
        ("https://example.org", "https://example.org/"),
        ("http://127.0.0.1:8000/a-b/", "http://127.0.0.1:8000/a-b/"),
    ],
)
def test_the_base_url_stands_before_every_file_of_the_embed_code(desk, base_url, root):
    desk.publish(base_url=base_url)
    snippet = html.fromstring(desk.read().xpath("string(//pre)"))
    sources = snippet.xpath("//@srcset | //@src")
    assert len(sources) == 4
    for source in sources:
        assert source.startswith(f"{root}article/guards-")
        assert (desk.project.figures / source.removeprefix(root)).is_file()


@pytest.mark.parametrize("cell", ["=1+1", "+cmd|x", "-cmd|x", "@SUM(A1)", "\tx", "\rx"])
def test_no_table_is_written_with_a_cell_that_a_spreadsheet_would_run(desk, cell):
    def with_formula():
        made = ledger()
        made.choose("odd", 1, "share", cell)
        return made

    with pytest.raises(Problems, match=r"numbers\.csv, line 7, column label"):
        desk.publish(ledger=with_formula)
    with pytest.raises(Problems, match=r"fact-check\.csv, line 2, column claim"):
        desk.publish(fact_check=FACT_CHECK.with_columns(claim=pl.lit(cell)))
    with pytest.raises(Problems, match=r"guards\.csv"):
        desk.publish(graphic=replace(desk.graphic, data=DATA.with_columns(what=pl.lit(cell))))
    assert not (desk.project.published("article") / "numbers.csv").exists()


def test_negative_and_unlimited_numbers_are_no_formulas(desk):
    desk.publish(fact_check=FACT_CHECK.with_columns(off=pl.lit(-1.5), low=pl.lit(-math.inf)))


def test_a_graphic_cannot_take_the_name_of_a_table(desk):
    with pytest.raises(Problems, match="another name"):
        desk.publish(graphic=replace(desk.graphic, name="numbers"))


def test_a_broken_index_is_named(desk):
    (desk.publish() / "gallery.json").write_text('{\n"as_of": ')
    with pytest.raises(Problems, match=r"figures/article/gallery\.json, line 2.*toll run article --force"):
        desk.page()


# --- In a browser ---


@pytest.fixture(scope="module")
def shop(tmp_path_factory, exported):
    """Two editions, published once for all tests that only look."""
    desk = Desk(tmp_path_factory.mktemp("shop") / "project", *exported)
    desk.publish()
    desk.publish("sweep/slow", base_url="https://example.org/old/")
    desk.page()
    return desk


@pytest.fixture(scope="module")
def address(shop):
    """Where the folder `figures` is served."""
    handler = functools.partial(Quiet, directory=shop.project.figures)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/favicon.ico":  # a site's own affair
            self.send_response(204)
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture
def visit(browser, shop):
    """Opens the page, by default from its file; fails when it complained or asked for anything outside."""
    opened, faults = [], []

    def visit(width=1200, scheme="light", url=None, at="article", **more):
        root = url or shop.project.figures.as_uri()
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **more)
        opened.append(context)
        page = context.new_page()
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda asked: None if asked.url.startswith(root) else faults.append(asked.url))
        page.on("requestfailed", lambda asked: faults.append(f"failed: {asked.url}"))
        page.goto("/".join(part for part in (root.rstrip("/"), at, "index.html") if part))
        return page

    yield visit
    for context in opened:
        context.close()
    assert not faults


def shown(page):
    """The file names of the pictures to be seen on the stage of the first graphic, all loaded."""
    visible = [picture for picture in page.locator(".stage").first.locator("img").all() if picture.is_visible()]
    for picture in visible:
        picture.evaluate("picture => picture.decode()")  # rejects what is no picture
    return [(Path(picture.get_attribute("src")).name, picture.bounding_box()["width"]) for picture in visible]


@needs_chromium
def test_each_size_and_theme_shows_its_own_crop_at_its_real_size(visit):
    page = visit()
    choose = page.locator(".switch").first.get_by_text
    expected = {"Desktop": ("desktop", 640), "Mobile": ("mobile", 375)}
    for label, (name, width) in expected.items():
        choose(label, exact=True).click()
        choose("Dark", exact=True).click()
        assert shown(page) == [(f"guards-{name}-dark.svg", width)]
        choose("Light", exact=True).click()
        assert shown(page) == [(f"guards-{name}.svg", width)]
    light_only = (("Social", "social", 600), ("Square", "square", 540), ("Print, 85 mm", "print-85mm", 321))
    for label, name, width in light_only:
        choose(label, exact=True).click()
        assert shown(page) == [(f"guards-{name}.png", width)]
    choose("Dark", exact=True).click()
    assert shown(page) == [("guards-print-85mm.png", 321)]
    assert [note.is_visible() for note in page.locator(".one-theme").all()] == [False, False, True]


@needs_chromium
@pytest.mark.parametrize(("at", "pictures"), [("", 2), ("article", 8), ("sweep/slow", 8)])
def test_all_pictures_load(visit, at, pictures):
    page = visit(at=at)
    page.evaluate("Promise.all([...document.images].map(i => { i.loading = 'eager'; return i.decode(); }))")
    assert page.locator("img").count() == pictures


@needs_chromium
def test_each_download_has_the_stated_checksum(visit, address):
    page = visit(url=address)
    rows = page.locator(".downloads tr", has=page.locator("a")).all()
    assert len(rows) == 21 + 3
    for row in rows:
        answer = page.request.get(f"{address}article/{row.locator('a').get_attribute('href')}")
        assert answer.ok
        assert hashlib.sha256(answer.body()).hexdigest() == row.locator(".sum").text_content()


@needs_chromium
@pytest.mark.parametrize(
    "name",
    [
        "guards-mobile-dark.svg",
        "guards-square.png",
        "guards-print-85mm-cmyk.pdf",
        "guards.csv",
    ],
)
def test_a_click_saves_the_file_under_its_name(visit, address, shop, name):
    page = visit(url=address)
    with page.expect_download() as download:
        page.locator(f"a[href='{name}']").click()
    assert download.value.suggested_filename == name
    content = Path(download.value.path()).read_bytes()
    assert content == (shop.project.published("article") / name).read_bytes()


@needs_chromium
def test_the_bundle_is_one_click_away_from_a_file_too(visit, shop):
    page = visit()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download everything for this graphic").first.click()
    assert Path(download.value.path()).read_bytes() == (shop.project.published("article") / "guards.zip").read_bytes()


@needs_chromium
@pytest.mark.parametrize("what", ["alt text", "caption", "embed code"])
def test_copy_buttons_copy_the_words(visit, what):
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name=f"Copy {what}: Fewer officers").first.click()
    page.get_by_role("status").get_by_text("Copied").wait_for(state="attached")
    copied = page.evaluate("navigator.clipboard.readText()")
    expected = {
        "alt text": FURNITURE.alt,
        "caption": "Fewer officers guard the rest. Officers in 2014, by what they do. "
        "Source: A report, Aug. 11, 2014. Graphic: Desk & Sons.",
    }
    if what in expected:
        assert copied == expected[what]
    else:
        (picture,) = html.fromstring(copied).xpath("//img")
        assert (picture.get("alt"), picture.get("src")) == (FURNITURE.alt, "article/guards-desktop.svg")


@needs_chromium
def test_copying_works_where_the_clipboard_is_closed_to_scripts(visit):
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(); }")
    page.get_by_role("button", name="Copy alt text").first.click()
    page.get_by_role("status").get_by_text("Copied").wait_for(state="attached")
    assert page.evaluate("navigator.clipboard.readText()") == FURNITURE.alt


@needs_chromium
def test_the_embed_code_works_in_an_empty_page_in_another_folder(visit, address, browser, tmp_path):
    page = visit()
    field, code = page.locator(".base input").first, page.locator("pre").first
    before = code.text_content()
    field.fill("javascript:alert(1)")
    assert page.get_by_text("An address that begins with").first.is_visible()
    assert code.text_content() == before
    field.fill(address.rstrip("/"))
    assert page.get_by_text("An address that begins with").first.is_hidden()
    (tmp_path / "empty.html").write_text(f"<!doctype html><title>empty</title>{code.text_content()}")
    for width, scheme, file in (
        (1200, "light", "desktop"),
        (1200, "dark", "desktop-dark"),
        (375, "light", "mobile"),
        (375, "dark", "mobile-dark"),
    ):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        there = context.new_page()
        there.goto((tmp_path / "empty.html").as_uri())
        there.evaluate("document.images[0].decode()")
        assert there.evaluate("document.images[0].currentSrc") == f"{address}article/guards-{file}.svg"
        assert there.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert there.get_by_role("img", name=FURNITURE.alt).is_visible()
        context.close()


@needs_chromium
@pytest.mark.parametrize(("width", "scheme"), SCREENS)
@pytest.mark.parametrize("at", ["", "article"])
def test_nothing_hinders_access(visit, width, scheme, at):
    page = visit(width, scheme, at=at, bypass_csp=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate((importlib.resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    found = page.evaluate("axe.run()")
    assert [(fault["id"], [node["html"] for node in fault["nodes"]]) for fault in found["violations"]] == []
    assert len(found["passes"]) > 15


@needs_chromium
def test_axe_would_notice(visit):
    page = visit(bypass_csp=True)
    page.evaluate("document.images[1].removeAttribute('alt'); document.querySelector('.base').style.color = '#eee'")
    page.evaluate((importlib.resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    assert {fault["id"] for fault in page.evaluate("axe.run()")["violations"]} >= {"color-contrast"}


FOCUS = """() => {
  const focused = document.activeElement, ring = focused.matches("[type=radio]") ? focused.parentElement : focused;
  return [focused.tagName, (focused.dataset.size || focused.textContent).trim(),
          getComputedStyle(ring).outlineStyle !== "none"];
}"""


@needs_chromium
def test_the_keyboard_reaches_and_works_everything(visit):
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUS)[1] == "Skip to the graphics"
    page.keyboard.press("Enter")
    seen, closed = [], page.locator("details").count()
    for _ in range(60):
        page.keyboard.press("Tab")
        tag, text, ringed = page.evaluate(FOCUS)
        assert ringed, (tag, text)
        seen.append(tag)
        if text == "desktop":
            page.keyboard.press("ArrowRight")
            assert shown(page) == [("guards-mobile.svg", 375)]
        elif text.startswith("Copy alt text"):
            page.keyboard.press("Enter")
            page.get_by_role("status").get_by_text("Copied").wait_for(state="attached")
            assert page.evaluate("navigator.clipboard.readText()") == FURNITURE.alt
        elif tag == "SUMMARY":
            page.keyboard.press("Enter")
        elif text == "Back to all graphics":
            break
    assert text == "Back to all graphics"
    assert {"A", "INPUT", "BUTTON", "SUMMARY"} <= set(seen)
    assert page.locator("details[open]").count() == closed


@needs_chromium
def test_a_number_in_a_formula_leads_to_its_own_row(visit):
    page = visit()
    page.get_by_text("Every number and its source").first.click()
    page.locator("[id='guards-left']").get_by_role("link", name="officers_vip").click()
    assert page.evaluate("document.querySelector(':target').id") == "guards-officers_vip"


@needs_chromium
def test_a_number_in_a_sentence_opens_the_list_at_its_row(visit):
    page = visit()
    assert page.locator("[id='guards-left']").is_hidden()
    page.locator("[id='guards-alt']").get_by_role("link", name="18,500").click()
    page.locator("[id='guards-left']").wait_for(state="visible")
    assert page.evaluate("document.querySelector(':target').id") == "guards-left"


@needs_chromium
def test_the_front_page_leads_to_each_graphic_and_the_edition_back(visit):
    page = visit(at="")
    page.get_by_role("link", name="Fewer officers").nth(1).click()
    assert page.url.endswith("sweep/slow/index.html#guards")
    page.get_by_role("link", name="All editions").click()
    assert page.get_by_role("heading", name="Graphics for editors").is_visible()


@needs_chromium
def test_everything_can_be_read_and_seen_without_scripts(visit):
    page = visit(java_script_enabled=False)
    for text in (FURNITURE.alt, "<picture>", "Data as of", "None."):
        assert page.get_by_text(text).first.is_visible()
    page.get_by_text("Every number and its source").first.click()
    assert page.get_by_text("“27,000 officers”").first.is_visible()
    assert page.get_by_role("button").count() == 0
    page.locator(".switch").first.get_by_text("Square").click()
    assert page.locator("img[src='guards-square.png']").is_visible()
