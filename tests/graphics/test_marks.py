"""Marks: the page that shows them, every size and theme, and data that crowds them."""

import datetime as dt
import importlib.util
import re

import altair as alt
import polars as pl
import pytest
from lxml import etree

from support.checkout import ROOT
from support.rain import rain_graphic
from toll.graphics import layout, marks, theme
from toll.graphics.formats import Picture

DOCS = ROOT / "docs" / "draw_marks.py"
YEAR = 2031


@pytest.fixture(scope="module")
def page():
    specification = importlib.util.spec_from_file_location("draw_marks", DOCS)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def examples(page):
    return {graphic.name: graphic for graphic in page.graphics()}


def test_the_pictures_of_the_page_are_drawn_from_its_code(page, tmp_path):
    drawn = {file.name: file.read_bytes() for file in page.draw(tmp_path)}
    kept = {file.name: file.read_bytes() for file in DOCS.with_name("marks").glob("*.svg")}
    assert drawn.keys() == kept.keys()
    assert [name for name in drawn if drawn[name] != kept[name]] == [], "Run docs/draw_marks.py."


def test_every_mark_is_on_the_page(page):
    public = [name for name, thing in vars(marks).items() if getattr(thing, "__module__", "") == marks.__name__]
    text = page.PAGE.read_text("utf-8")
    assert [
        name for name in public if name[0] != "_" and f"marks.{name}(" not in text and f"`{name}`" not in text
    ] == []


def test_every_mark_passes_in_every_size_and_theme(examples):
    for graphic in examples.values():
        for task in graphic.tasks():
            Picture.draw(task)


def values(graphic, *series):
    return [row["value"] for row in graphic.data.to_dicts() if row["series"] in series]


def spoken(graphic):
    """The numbers that the desktop's picture says of its marks, to six digits."""
    root = Picture.draw(graphic.tasks()[0]).composed
    labels = [element.get("aria-label", "") for element in root.iter(etree.Element)]
    labels = [label for label in labels if "scale with" not in label]  # axes
    return {float(f"{float(n):.6g}") for label in labels for n in re.findall(r"(?<=: )-?[\d.]+(?=;|$)", label)}


@pytest.mark.parametrize("name", ["bars", "block", "columns", "point", "end-labels"])
def test_numbers_in_the_table_are_those_in_the_picture(examples, name):
    graphic = examples[name]
    lines = {"cancelled"} if name in ("point", "end-labels") else set()  # a line says its first point alone
    table = {
        float(f"{row['value']:.6g}") for row in graphic.data.to_dicts() if row["value"] and row["series"] not in lines
    }
    assert table and table <= spoken(graphic)


def test_a_dot_grid_draws_as_many_dots_as_its_table_says(examples):
    root = Picture.draw(examples["dot-grids"].tasks()[0]).composed
    dots = [path for path in root.iter("{*}path") if path.get("fill") == theme.THEMES["light"].dot]
    assert len(dots) == sum(values(examples["dot-grids"], "cancelled")) == 95 + 104 + 58


def test_a_fan_s_table_has_every_edge_and_its_entries():
    rows = [
        {"day": dt.date(YEAR, 7, 1), "total": 50, "low": 50, "high": 50},
        {"day": dt.date(YEAR, 12, 31), "total": 100, "low": 80, "high": 120, "entry": "pace", "high_entry": "most"},
    ]

    def chart(width, height):
        day, total = marks.months("day", YEAR), alt.Y("total:Q")
        return alt.layer(*marks.fan(rows, day, total, {"95% range": ("low", "high")}, name="even pace"))

    table = rain_graphic(chart=chart).data.filter(day=f"{YEAR}-12-31").select("series", "value", "entry").rows()
    assert table == [("95% range, low", 80.0, None), ("95% range, high", 120.0, "most"), ("even pace", 100.0, "pace")]


@pytest.mark.parametrize(
    "day", [dt.date(YEAR, 1, 3), dt.date(YEAR, 6, 1), dt.date(YEAR, 10, 20), dt.date(YEAR, 12, 30)]
)
@pytest.mark.parametrize("count", [2, 98, 101, 140])
def test_a_point_s_label_is_clear_of_the_rule_wherever_the_point_lies(day, count):
    now = [{"day": day, "total": count, "count": f"{count} killed", "when": "by then"}]
    end = [{"day": dt.date(YEAR, 12, 31), "total": 2 * count, "label": f"{2 * count} at this pace"}]

    def chart(width, height):
        date, total = marks.months("day", YEAR), alt.Y("total:Q")
        return alt.layer(
            *marks.line([{"day": dt.date(YEAR, 1, 1), "total": 0}, *now], date, total, dash="dots"),
            *marks.reference_line([{"total": 100, "label": "2030: 100"}], total, "label"),
            *marks.point(now, date, total, label=["count", "when"]),
            *marks.end_labels(end, date, total, "label"),
        )

    for task in rain_graphic(chart=chart).tasks():
        if task["theme"] == "light" and task["size"] != "square":
            assert f"{count} killed" in {text.text for text in Picture.draw(task).composed.iter("{*}text")}


@pytest.mark.parametrize(("length", "outside"), [(900, False), (40, True)])
def test_a_bar_s_label_stands_outside_where_it_does_not_fit(length, outside):
    rows = [
        {"name": "one", "count": length, "shown": f"{length} crossings"},
        {"name": "two", "count": 1000, "shown": "1,000"},
    ]

    def chart(width, height):
        count = alt.X("count:Q", axis=None, scale=alt.Scale(domain=[0, 1000], range=[0, width]))
        name, height = marks.lanes(rows, "name", height)
        return alt.layer(*marks.names(rows, name), *marks.bars(rows, count, name, "shown")).properties(height=height)

    picture = Picture.draw(rain_graphic(chart=chart).tasks()[0])
    (text,) = [text for text in layout.read(picture.composed, "")[0] if text.string == f"{length} crossings"]
    assert (text.x > 20 + 0.6 * length) is outside
    assert text.element.get("fill") == (theme.THEMES["light"].ink if outside else theme.THEMES["light"].on_blue)


def test_a_fixed_canvas_gets_the_facts_that_it_has_room_for():
    facts = pl.DataFrame({"number": [str(n) for n in range(20)], "what": ["words"] * 20, "who": ["somebody"] * 20})

    def chart(width, height):
        return marks.number_list(facts, "number", "what", "who", width, height)

    graphic = rain_graphic(chart=chart)
    shown = {
        name: len(spec["datasets"][spec["layer"][1]["data"]["name"]])
        for name, spec in graphic.specs.items()
        if "data" in spec["layer"][1]
    }
    assert graphic.data.height == 20
    assert all(count < 20 for name, count in shown.items() if name in ("social", "square"))


def test_a_row_without_words_is_in_neither_the_column_nor_the_table():
    boats = [{"boat": "Coot", "crossings": 3, "words": "3"}, {"boat": "Heron", "crossings": 5, "words": ""}]

    def chart(width, height):
        boat, height = marks.lanes(boats, "boat", height, heading=1)
        words = marks.column(boats, boat, "words", width, "Share", value="crossings")
        return alt.layer(*marks.names(boats, boat), *words).properties(height=height)

    graphic = rain_graphic(chart=chart)
    Picture.draw(graphic.tasks()[0])
    assert values(graphic, "Share") == [3]


def test_each_of_the_small_multiples_has_the_grid_and_the_first_the_labels(examples):
    for task in examples["small-multiples"].tasks():
        texts, drawn = layout.read(Picture.draw(task).composed, "")
        levels, lines = [text for text in texts if text.string == "40"], [mark for mark in drawn if mark.grid]
        assert len(levels) == 1
        assert len({mark.box[0] for mark in lines}) == 2
        assert len({mark.box[1] for mark in lines}) == len(lines) / 2
