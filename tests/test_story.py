"""What this story's graphics draw is what its tables say; another story has a file of its own in place of this one."""

import csv
import io
import math
import xml.etree.ElementTree as ET

import pytest

from test_published import PROCESSED, PUBLISHED, drawn_texts
from toll import tables


def plotted(name):
    return list(csv.DictReader(io.StringIO((PROCESSED / "graphics" / f"{name}.csv").read_text())))


def marks(name, *fields):
    """Values that the picture's marks carry, by their accessible descriptions."""
    labels = [e.get("aria-label", "") for e in ET.parse(PUBLISHED / f"{name}-desktop.svg").iter()]
    parts = [dict(part.split(": ", 1) for part in label.split("; ") if ": " in part) for label in labels]
    return [tuple(float(part[field]) for field in fields) for part in parts if set(fields) <= part.keys()]


def test_the_bars_are_as_long_as_the_table_says():
    table = {row["series"]: float(row["value"]) for row in plotted("staffing")}
    officers, rest, active = table["on the rolls"], table["not on VIP duty"], table["active duty, implied"]
    bars = [value for (value,) in marks("staffing", "officers")][:3]
    assert bars == pytest.approx([officers, rest, active])
    assert marks("staffing", "officers", "end") == [(rest, officers)]
    assert marks("staffing", "start", "end") == [pytest.approx((active, rest))]
    assert rest - active == pytest.approx(table["unexplained"])


def test_there_is_a_dot_for_each_body():
    [row] = plotted("extrajudicial-bodies")
    root = ET.parse(PUBLISHED / "extrajudicial-bodies-desktop.svg")
    dots = [e for e in root.iter("{http://www.w3.org/2000/svg}path") if e.get("fill") == "#2b2b2b"]
    assert len(dots) == float(row["value"]) == 201
    assert row["high"] == "INF"


def test_the_reported_point_lies_where_the_table_says():
    rows = {row["series"]: row for row in plotted("death-tolls")}
    points = marks("death-tolls", "killed")
    assert (float(rows["reported"]["value"]),) in points
    assert rows["reported"]["status"] == "reported"
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
