"""The gallery: what is published with the graphics, and what is refused."""

import csv
import io
import json
import math
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from lxml import etree, html

from support.desk import DATA, FACT_CHECK, FURNITURE, ledger
from toll.graphics.graphic import LeftOut
from toll.ledger.ledger import Ledger
from toll.pages import edition_page, fact_check, workbook
from toll.problems import Problems


def files(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


# --- What is published ---


def test_every_file_is_in_the_checksums_and_a_changed_one_is_noticed(desk):
    folder = desk.publish()
    check = ["sha256sum", "-c", "SHA256SUMS"]
    good = subprocess.run(check, cwd=folder, capture_output=True, text=True)
    assert good.returncode == 0, good.stdout + good.stderr
    assert {line.split(": ")[0] for line in good.stdout.splitlines()} == set(files(folder)) - {"SHA256SUMS"}
    with (folder / "ferry.csv").open("a") as table:
        table.write("more,1\n")
    assert subprocess.run(check, cwd=folder, capture_output=True).returncode == 1


def test_the_zip_holds_everything_for_one_graphic(desk, tmp_path):
    folder = desk.publish()
    subprocess.run(["unzip", "-tq", folder / "ferry.zip"], check=True, capture_output=True)
    with zipfile.ZipFile(folder / "ferry.zip") as bundle:
        assert bundle.namelist() == sorted(bundle.namelist())
        assert {Path(name).name for name in bundle.namelist()} == (
            {record["name"] for record in desk.records}
            | {"ferry.csv", "ferry.xlsx", "ferry.html", "ferry.inline.html", "README.txt"}
        )
        bundle.extractall(tmp_path)
    for name in ("ferry-desktop.svg", "ferry.csv"):
        assert (tmp_path / "ferry" / name).read_bytes() == (folder / name).read_bytes()
    readme = (tmp_path / "ferry" / "README.txt").read_text("utf-8")
    headline = "Fewer crossings are left for the rest."
    for part in (headline, FURNITURE.alt, FURNITURE.credit, "licenses/by/4.0", "2031-06-30"):
        assert part in readme


def sheets(file):
    """The cells of a workbook by sheet and row, read as the format's specification has it."""
    with zipfile.ZipFile(file) as book:
        parts = {name: etree.fromstring(book.read(name)) for name in book.namelist() if name.endswith(".xml")}
    texts = ["".join(item.itertext()) for item in parts["xl/sharedStrings.xml"]]
    found = {}
    for number, sheet in enumerate(parts["xl/workbook.xml"].iter("{*}sheet"), 1):
        rows = parts[f"xl/worksheets/sheet{number}.xml"].iter("{*}row")
        cells = [[(cell.get("t"), cell.findtext("{*}v")) for cell in row if cell.findtext("{*}v")] for row in rows]
        found[sheet.get("name")] = [[texts[int(v)] if t == "s" else float(v) for t, v in row] for row in cells]
    return found


def test_a_workbook_has_the_numbers_the_data_the_sources_and_the_notes(desk):
    folder = desk.publish()
    book = sheets(folder / "ferry.xlsx")
    assert list(book) == ["Numbers", "Data plotted", "Sources", "Notes"]
    rows = {row[-1]: row for row in book["Numbers"]}
    assert rows["left"][:5] == ["about 2,330", "Crossings not cancelled", 2330, 2275, 2385]
    assert "planned_2031 - cancelled_2031" in rows["left"]
    header, *rows = csv.reader((folder / "ferry.csv").read_text("utf-8").splitlines())
    assert book["Data plotted"][0] == header and len(book["Data plotted"]) == 1 + len(rows)
    at = header.index("value")
    assert [row[at] for row in book["Data plotted"][1:]] == [float(row[at]) for row in rows] == [2400, 2330]
    assert {row[-1]: row[2] for row in book["Sources"]}["planned_2031"] == "2,400 crossings"
    with zipfile.ZipFile(folder / "ferry.xlsx") as packed:
        dates = re.findall(rb"\d{4}-\d\d-\d\dT[\d:]+Z", packed.read("docProps/core.xml"))
    assert set(dates) == {b"2031-06-30T00:00:00Z"}  # those of the data, not of a clock
    assert ["note", FURNITURE.note] in book["Notes"] and ["data as of", "2031-06-30"] in book["Notes"]


def test_a_workbook_runs_nothing_and_knows_open_ranges(desk):
    table = b'what,up_to\n"=HYPERLINK(""x"")",INF\nhttps://example.org,nan\n'
    entries = [ledger()["cancelled_no_crew"]]
    content = workbook.write(desk.graphic, entries, table)
    assert b"<f>" not in content and b"hyperlink" not in content
    book = sheets(io.BytesIO(content))
    assert book["Data plotted"][1:] == [['=HYPERLINK("x")', "no limit"], ["https://example.org", "nan"]]
    assert book["Numbers"][1][:5] == ["at least 11", "Crossings cancelled for want of a crew", 11, 11, "no limit"]


def test_publishing_again_in_another_time_zone_gives_the_same_bytes(desk, monkeypatch):
    folder = desk.publish()
    before, page = files(folder), desk.share().read_bytes()
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    os.utime(folder / "ferry-desktop.svg", (2e9, 2e9))
    (folder / "ferry-desktop.svg").chmod(0o600)
    desk.publish()
    assert files(folder) == before
    assert desk.share().read_bytes() == page
    monkeypatch.undo()
    time.tzset()


def test_the_shared_pages_need_no_table_library(desk):
    desk.publish()
    code = (
        "import sys; from pathlib import Path; sys.modules['polars'] = sys.modules['altair'] = None\n"
        "from toll.pages import shared; from toll.project import Project\n"
        "shared.write(Project(Path(sys.argv[1])), ['article'], lambda edition: [])"
    )
    page = desk.share()
    expected = page.read_bytes()
    page.unlink()
    subprocess.run([sys.executable, "-c", code, desk.project.root], check=True)
    assert page.read_bytes() == expected


def test_numbers_walk_back_to_the_words_of_the_source(desk):
    (graphic,) = json.loads((desk.publish() / "gallery.json").read_text())["graphics"]
    numbers = {number["id"]: number for number in graphic["numbers"]}
    assert list(numbers) == ["planned_2031", "left", "level", "cancelled_2031"]  # printed, then what they rest on
    assert numbers["left"]["printed_in"] == ["alt", "plot"]
    assert numbers["cancelled_2031"]["printed_in"] == []
    assert numbers["left"]["reading"] == "2,280 to 2,380"
    assert numbers["cancelled_2031"]["reading"] == "“about 70”"
    rows = {row.get("id"): row.text_content() for row in desk.read().xpath("//div[@class='numbers']//tbody/tr")}
    said = rows["ferry-planned_2031"]
    for part in ("2,400", "reported", "“2,400 crossings”", "Paragraph 3", "the company", "Tugs", "in: alt"):
        assert part in said
    assert "2400 − 70 = 2330" in rows["ferry-left"]
    assert "70 Crossings cancelled" in rows["ferry-left"]
    assert "calculated" in rows["ferry-left"]
    assert "chosen" in rows["ferry-level"]
    assert "in formulas only" in rows["ferry-cancelled_2031"]


def test_the_table_has_the_values_of_the_csv_and_labels_for_ids(desk):
    folder = desk.publish()
    (table,) = desk.read().xpath("//table[caption[starts-with(., 'Data plotted')]]")
    with (folder / "ferry.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    shown = [[cell.text_content() for cell in row] for row in table.xpath(".//tr")]
    assert shown[0] == ["series", "what", "value", "status", "number"]
    labels = {entry.id: entry.label for entry in ledger()}
    assert shown[1:] == [
        [row["series"], row["what"], row["value"].removesuffix(".0"), row["status"], labels[row["entry"]]]
        for row in rows
    ]


@pytest.mark.parametrize("page", ["index.html", "fact-check.html"])
def test_readers_see_labels_and_no_ids(desk, page):
    folder = desk.publish(left_out=[LeftOut("old-boats", "the number of boats is not known")])
    desk.correct("2031-07-01,cancelled_2031,80,70,Misread.")
    tested = {"fact-check": FACT_CHECK}
    fact_check.write(desk.project, "article", "2031-06-30", ledger(), tested, [LeftOut("old-boats", "unknown")])
    for text in (desk.read(page=page).xpath("string(//body)"), desk.front().xpath("string(//body)")):
        said = text.partition("use strict")[0]
        assert not re.search(r"planned_2031|cancelled_2031|deck_brief|old-boats", said)
    assert "old boats" in html.parse(str(folder / "index.html")).xpath("string(//header)")


def test_all_numbers_are_in_one_table(desk):
    with (desk.publish() / "numbers.csv").open(newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    assert set(rows) == {"planned_2031", "cancelled_2031", "cancelled_no_crew", "left", "level"}
    assert rows["cancelled_no_crew"]["high"] == "INF"


# --- The page of several editions ---


def test_the_default_edition_comes_first_and_nested_editions_find_their_files(desk):
    for edition in ("sweep/b", "later", "article", "sweep/a"):
        desk.publish(edition)
    page = desk.front()
    names = [heading.text_content().removeprefix("Edition: ") for heading in page.xpath("//main//h2")]
    assert names == ["article", "later", "sweep/a", "sweep/b"]
    links = page.xpath("//a/@href[not(starts-with(., '#'))]") + page.xpath("//img/@src")
    assert links
    assert all((desk.project.figures / link.partition("#")[0]).is_file() for link in links)
    shutil.rmtree(desk.project.published("later"))
    assert len(desk.front().xpath("//main//h2")) == 3


@pytest.mark.parametrize("edition", ["article", "sweep/a"])
def test_an_editions_page_finds_all_its_files_and_the_way_back(desk, edition):
    folder = desk.publish(edition)
    desk.share()
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
    assert {"ferry", "ferry-left", "ferry-planned_2031"} <= targets <= set(page.xpath("//@id"))


def test_the_numbers_of_headline_alt_text_and_caption_lead_to_their_rows(desk):
    desk.publish()
    page = desk.read()
    alt = page.xpath("//*[@id='ferry-alt']")[0]
    assert {link.text: link.get("href") for link in alt.xpath(".//a")} == {
        "2,400": "#ferry-planned_2031",
        "2,330": "#ferry-left",
    }
    assert alt.text_content() == FURNITURE.alt  # 70, which no entry prints there, is left alone


def test_a_form_that_two_numbers_share_leads_nowhere(desk):
    def twins():
        made = ledger()
        made.choose("other", 2_400, "crossings", "Others")
        made.text("{{ other }}", "ferry: alt")
        return made

    desk.publish(ledger=twins)
    links = desk.read().xpath("//*[@id='ferry-alt']//a")
    assert [link.text for link in links] == ["2,330"]


def test_without_editions_the_page_says_so(desk):
    assert "Nothing has been published yet" in desk.front().text_content()


def test_corrections_are_shown_with_the_graphics_that_they_touch(desk):
    def told():
        return desk.read().xpath("string(//dl[@class='record'])")

    desk.publish()
    assert "None." in told()
    desk.correct("2031-07-01,cancelled_2031,80,70,Misread.", "2031-07-02,cancelled_2030,165,150,Misread.")
    (pending,) = desk.front().xpath("//*[@class='pending']")
    for part in (
        "Not yet in these files",
        "July 1, 2031, “80” is now “70” (Crossings cancelled). Misread.",
    ):
        assert part in pending.text_content()
    desk.publish()
    assert "July 1, 2031: “80” is now “70” (Crossings cancelled). Misread." in told()
    assert "165" not in told()
    assert "Not yet in these files" not in desk.front().text_content()


def test_four_graphics_with_many_numbers_stay_within_the_budget(desk):
    stored = json.loads((desk.publish() / "gallery.json").read_text())
    (graphic,) = stored["graphics"]
    many = Ledger(replace(entry, id=f"{entry.id}_{i}", inputs="") for i in range(5) for entry in ledger())
    graphic["numbers"] = [number | {"id": f"{number['id']}_{i}"} for i in range(5) for number in graphic["numbers"]]
    graphic["data"]["rows"] *= 20
    stored["graphics"] = [graphic | {"name": f"ferry-{i}"} for i in range(4)]
    assert len(edition_page.render("article", stored, many)) <= 150_000


# --- What is refused ---


@pytest.mark.parametrize(
    "base_url",
    [
        "javascript:alert(1)",
        "JavaScript:x/",
        "data:text/html,x",
        "ftp://example.org/",
        "//example.org/",
        "example.org/figures/",
        "localhost:8000/",
        ".hidden/",
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
        ("./figures.v2/", "./figures.v2/"),
        ("static/figures", "static/figures/"),
        ("/static/", "/static/"),
        ("https://example.org", "https://example.org/"),
        ("http://127.0.0.1:8000/a-b/", "http://127.0.0.1:8000/a-b/"),
    ],
)
def test_the_base_url_stands_before_every_file_of_the_embed_code(desk, base_url, root):
    desk.publish(base_url=base_url)
    snippets = [html.fragment_fromstring(code.text, "div") for code in desk.read().xpath("//pre")]
    sources = [source for snippet in snippets for source in snippet.xpath(".//@srcset | .//@src")]
    assert len(sources) == 1 + 4  # a frame, and a picture in four crops
    for source in sources:
        assert source.startswith(f"{root}article/ferry")
        assert (desk.project.figures / source.removeprefix(root)).is_file()


@pytest.mark.parametrize("cell", ["=1+1", "+cmd|x", "-cmd|x", "@SUM(A1)", "\tx", "\rx"])
def test_no_table_is_written_with_a_cell_that_a_spreadsheet_would_run(desk, cell):
    def with_formula():
        made = ledger()
        made.choose("odd", 1, "share", cell)
        return made

    with pytest.raises(Problems, match=r"numbers\.csv, line 7, label: A spreadsheet would run"):
        desk.publish(ledger=with_formula)
    with pytest.raises(Problems, match=r"fact-check\.csv, line 2, claim"):
        desk.publish(fact_check=FACT_CHECK.with_columns(claim=pl.lit(cell)))
    with pytest.raises(Problems, match=r"ferry\.csv"):
        desk.publish(graphic=replace(desk.graphic, data=DATA.with_columns(what=pl.lit(cell))))
    assert not (desk.project.published("article") / "numbers.csv").exists()


def test_negative_and_unlimited_numbers_are_not_formulas(desk):
    desk.publish(fact_check=FACT_CHECK.with_columns(off=pl.lit(-1.5), low=pl.lit(-math.inf)))


@pytest.mark.parametrize("name", ["numbers", "fact-check", "index"])
def test_a_graphic_cannot_take_the_name_of_a_page_or_table(desk, name):
    with pytest.raises(Problems, match=f"graphic {name}: This is the name of one"):
        desk.publish(graphic=replace(desk.graphic, name=name))


def test_a_damaged_index_is_named(desk):
    (desk.publish() / "gallery.json").write_text('{\n"as_of": ')
    with pytest.raises(Problems, match=r"figures/article/gallery\.json, line 2: .*`toll run article --force`"):
        desk.share()
