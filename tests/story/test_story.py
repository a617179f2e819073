"""What this story's graphics draw is what its tables say; another story has a file of its own in place of this one."""

import csv
import io
import json
import math
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from support.checkout import copy_sources
from support.printed import PROCESSED, PUBLISHED, drawn_texts
from toll import tables


def plotted(name):
    return list(csv.DictReader(io.StringIO((PROCESSED / "graphics" / f"{name}.csv").read_text())))


def marks(name, *fields):
    """Values that the picture's marks carry, by their accessible descriptions."""
    labels = [e.get("aria-label", "") for e in ET.parse(PUBLISHED / f"{name}-desktop.svg").iter()]
    parts = [dict(part.split(": ", 1) for part in label.split("; ") if ": " in part) for label in labels]
    return [tuple(float(part[field]) for field in fields) for part in parts if set(fields) <= part.keys()]


def test_the_bars_are_as_long_as_the_table_says():
    rows = [row for row in plotted("staffing") if row["series"] == "officers"]
    table = {row["entry"]: float(row["value"]) for row in rows}
    drawn = [officers for (officers,) in marks("staffing", "officers")]
    rest, active = drawn[:2]
    assert [rest, active] == pytest.approx([table["officers_not_vip"], table["officers_active_implied"]])
    assert table["officers_vip"] + rest == 27_000
    assert table["officers_unexplained"] == pytest.approx(rest - active)


def test_as_many_likely_totals_lie_above_the_earlier_toll_as_the_chance_says():
    rows = plotted("death-tolls")
    totals = [float(row["value"]) for row in rows if row["series"] == "likely totals"]
    [before] = [float(row["value"]) for row in rows if row["series"] == "earlier year"]
    chance = next(
        row for row in csv.DictReader((PROCESSED / "ledger.csv").open()) if row["id"] == "chance_of_exceeding"
    )
    assert len(totals) == 20
    assert sum(total > before for total in totals) / 20 == pytest.approx(float(chance["value"]), abs=1 / 40)


def test_there_is_a_dot_for_each_body():
    [row] = plotted("extrajudicial-bodies")
    root = ET.parse(PUBLISHED / "extrajudicial-bodies-desktop.svg")
    dots = [e for e in root.iter("{http://www.w3.org/2000/svg}path") if e.get("fill") == "#2b2b2b"]
    assert len(dots) == float(row["value"]) == 201
    assert row["up_to"] == "INF"


def test_the_reported_point_lies_where_the_table_says():
    [row] = [row for row in plotted("death-tolls") if row["series"] == "reported so far"]
    assert (float(row["value"]),) in marks("death-tolls", "killed")
    assert (row["value"], row["date"], row["status"]) == ("102.0", "2014-08-07", "reported")
    assert {row["status"] for row in plotted("death-tolls")} == {"reported", "calculated"}


def test_the_list_of_single_figures_holds_reported_ones_only_with_who_says_so():
    texts = drawn_texts(PUBLISHED / "by-the-numbers-desktop.svg")
    rows = plotted("by-the-numbers")
    assert len(rows) == 7
    for row in rows:
        assert row["status"] == "reported"
        assert row["number"] in texts
        assert row["who"] in texts


def test_open_bounds_are_kept_in_both_formats():
    row = next(r for r in csv.DictReader((PROCESSED / "figures.csv").open()) if r["id"] == "bodies_found_2014h1")
    assert row["high"] == "INF"
    assert tables.read(PROCESSED / "figures").filter(id="bodies_found_2014h1")["high"].item() == math.inf


@pytest.mark.parametrize("edition", ["article", "hindsight"])
def test_notes_are_short_and_what_the_chart_prints_of_ours_is_marked(edition):
    for stored in sorted((PROCESSED.parent / edition / "graphics").glob("*.json")):
        graphic = json.loads(stored.read_text())
        assert "left_out" in graphic or len(graphic["furniture"]["note"].split()) <= 40, stored.stem
    ours = {"death-tolls": r"\d–\d+, est\.", "staffing": r"\d, est\."}
    for name, pattern in ours.items():
        texts = drawn_texts(PROCESSED.parents[2] / f"figures/{edition}/{name}-mobile.svg")
        assert any(re.search(pattern, text) for text in texts), (name, texts)


OTHERS = {  # figure, its words in the article's table, and others
    "more": [
        ("police_killed_2013", "166", "260"),
        ("bodies_found_2014h1", "201", "240"),
        ("officers_vip", "8,500", "11,000"),
        ("inhabitants_per_officer", "1,524", "1,900"),
    ],
    "fewer": [
        ("police_killed_2013", "166", "118"),
        ("bodies_found_2014h1", "201", "90"),
        ("officers", "27,000", "24,000"),
        ("police_killed_2014", "102nd", "101st"),
    ],
    "a toll far above the record": [("police_killed_2014", "102nd", "200th")],
}
HEADLINES = {"more": "stay below", "fewer": "go past", "a toll far above the record": "had passed"}
NOTHING_TO_EXPLAIN = ("officers", "27,000", "20,000")  # the ratio then implies more officers than are left


def run_with(folder, environment, changes):
    """A run of the article's edition, all that it draws laid out and checked, with other figures."""
    copy_sources(folder)
    table = folder / "data/raw/figures.csv"
    text = table.read_text("utf-8")
    for figure, old, new in changes:
        line = re.search(rf"^{figure},.*$", text, re.MULTILINE)[0]
        text = text.replace(line, re.sub(rf"\b{old}\b", new, line))
    table.write_text(text, "utf-8")
    command = [sys.executable, "-m", "toll", "run", "article"]
    outcome = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stderr[-3000:]


def check_corrected(folder, which, graphics):
    assert len(list((folder / "figures/article").glob("*-social.png"))) == graphics
    stored = json.loads((folder / "data/processed/article/graphics/death-tolls.json").read_text())
    assert HEADLINES[which] in stored["furniture"]["headline"]
    assert "10-in-10" not in stored["furniture"]["deck"]


@pytest.mark.parametrize("which", ["more", "fewer"])
def test_a_correction_fits_every_size_and_the_words_follow_it(tmp_path, drawn_once, which):
    run_with(tmp_path, drawn_once, OTHERS[which])
    check_corrected(tmp_path, which, graphics=4)


def test_a_ratio_that_leaves_nothing_to_explain_says_so_and_the_others_follow(tmp_path, drawn_once):
    which = "a toll far above the record"
    run_with(tmp_path, drawn_once, [*OTHERS[which], NOTHING_TO_EXPLAIN])
    check_corrected(tmp_path, which, graphics=4)
    stored = json.loads((tmp_path / "data/processed/article/graphics/staffing.json").read_text())
    assert "A ratio implies more officers than are" in stored["furniture"]["deck"]
    assert "unexplained" not in json.dumps(stored)
