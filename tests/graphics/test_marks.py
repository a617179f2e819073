"""Marks: the page that shows them, every size and theme, and data that crowds them."""

import datetime as dt
import importlib.util
import re
from itertools import combinations
from math import dist

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


@pytest.mark.parametrize("up_to", [0, 20])
def test_a_count_of_none_has_no_dots_and_a_row_in_the_table(up_to):
    rows = [{"year": "2030", "bodies": 0, "up_to": up_to}, {"year": "2031", "bodies": 5, "up_to": 5}]

    def chart(width, height):
        return marks.dot_grid(rows, "bodies", width, height, "up_to", title=["year"])

    graphic = rain_graphic(chart=chart)
    assert values(graphic, "bodies") == [0, 5]
    for task in graphic.tasks():
        dot = theme.THEMES[task["theme"]].dot
        paths = list(Picture.draw(task).composed.iter("{*}path"))
        assert [path.get("fill") for path in paths].count(dot) == 5
        assert [path.get("stroke") for path in paths].count(dot) == up_to


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


@pytest.mark.parametrize("height", [110, 126, 200, 260, 320])
@pytest.mark.parametrize("number", [2, 3, 4])
def test_lanes_stay_within_a_fixed_height(height, number):
    with theme.drawing_on(theme.size("social")):
        names = [{"name": str(lane)} for lane in range(min(number, marks.lanes_that_fit(height)))]
        name, given = marks.lanes(names, "name", height)
        assert given == height
        assert max(name["scale"]["range"]) <= height + 1e-6


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


TOTALS = (153, 158, 160, 162, 163, 165, 166, 167, 168, 169, 171, 172, 173, 175, 176, 178, 180, 182, 185, 190)


def likely_dots(totals, over, most):
    """Light pictures of likely totals: of each size its dots as (total, whether filled, place, radius)."""
    end = dt.date(YEAR, 12, 31)
    rows = [{"day": end, "share": i, "total": total, "words": "Each dot"} for i, total in enumerate(totals)]

    def chart(width, height):
        total = alt.Y("total:Q", scale=alt.Scale(domain=[0, most], nice=False))
        day, before = marks.months("day", YEAR), [{"total": over, "label": "2030"}]
        dots = marks.quantile_dots(rows, day, total, over, height, label=["words"])
        return alt.layer(*marks.reference_line(before, total, "label"), *dots)

    graphic = rain_graphic(chart=chart)
    assert sorted(values(graphic, "likely totals")) == sorted(totals)
    for task in graphic.tasks():
        if task["theme"] == "light":
            found = Picture.draw(task).composed.iter("{*}path")
            yield [dot_of(path) for path in found if path.get("aria-label", "").startswith("total: ")]


def dot_of(path):
    place = tuple(map(float, re.findall(r"-?[\d.]+", path.get("transform"))))
    filled = path.get("fill") != theme.THEMES["light"].ground
    return (
        float(path.get("aria-label").removeprefix("total: ")),
        filled,
        place,
        float(re.match(r"M([\d.]+)", path.get("d"))[1]),
    )


@pytest.mark.parametrize(
    ("totals", "over", "most"),
    [(TOTALS, 166, 200), (TOTALS, 102, 200), (TOTALS, 400, 400), ((0, 0, 0, 1, 1, 2), 166, 170), (TOTALS, 1660, 1700)],
)
def test_likely_totals_are_as_many_dots_filled_above_the_level_and_clear_of_each_other(totals, over, most):
    for dots in likely_dots(totals, over, most):
        assert sorted(total for total, *_ in dots) == sorted(totals)
        assert all(filled is (total > over) for total, filled, *_ in dots)
        heights = {side: [place[1] for _, filled, place, _ in dots if filled is side] for side in (True, False)}
        assert max(heights[True], default=0) < min(heights[False], default=1e9)
        assert all(dist(a[2], b[2]) >= 2 * a[3] for a, b in combinations(dots, 2))


def test_a_rule_stands_after_the_first_dots_and_the_rest_begin_a_row():
    rows = [{"bodies": 58, "up_to": float("inf")}]

    def chart(width, height):
        return marks.dot_grid(
            rows, "bodies", width, height, "up_to", end="at least 32 more", first=(26, "for each week")
        )

    graphic = rain_graphic(chart=chart)
    assert values(graphic, "bodies") == [58]
    for task in graphic.tasks():
        texts, drawn = layout.read(Picture.draw(task).composed, "")
        (rule,) = (mark for mark in drawn if mark.box[1] == mark.box[3])
        dots = [
            path
            for path in Picture.draw(task).composed.iter("{*}path")
            if path.get("fill") == theme.THEMES[task["theme"]].dot
        ]
        levels = [text.y for text in texts if text.string in ("for each week", "at least 32 more")]
        assert len(dots) == 58
        assert levels[0] < rule.box[1] < levels[1]


@pytest.mark.parametrize(("whole", "squares"), [(15, 15), (None, 0), (900, 0)])
def test_a_part_of_a_whole_has_a_square_for_each_the_part_filled(whole, squares):
    facts = [{"number": "5 of many", "what": "are safe", "who": "somebody", "part": 5, "whole": whole}]
    facts.append({"number": "more than 10,000", "what": "words", "who": "somebody", "part": 10_000, "whole": None})

    def chart(width, height):
        return marks.number_list(facts, "number", "what", "who", width, height, part=("part", "whole"))

    graphic = rain_graphic(chart=chart)
    assert graphic.data.height == len(facts)
    for task in graphic.tasks():
        drawn = [
            path.get("fill") for path in Picture.draw(task).composed.iter("{*}path") if path.get("stroke-width") == "1"
        ]
        assert len(drawn) == squares
        assert drawn.count(theme.THEMES[task["theme"]].dot) == (5 if squares else 0)


@pytest.mark.parametrize("size", ["desktop", "mobile"])
def test_words_after_a_label_stand_below_it_where_the_canvas_is_narrow(size):
    final = [{"day": dt.date(YEAR, 12, 31), "total": 138, "label": "136–142", "more": "\N{NO-BREAK SPACE}in the end"}]

    def chart(width, height):
        day = marks.months("day", YEAR)
        return alt.layer(*marks.end_labels(final, day, alt.Y("total:Q"), "label", more="more"))

    (task,) = (t for t in rain_graphic(chart=chart).tasks() if t["size"] == size and t["theme"] == "light")
    lines = {text.text for text in Picture.draw(task).composed.iter("{*}text")}
    assert ({"136–142", "in the end"} <= lines) is (size == "mobile")
