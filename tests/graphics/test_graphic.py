"""What a notebook does: build, look, save, load."""

import base64
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import altair as alt
import polars as pl
import pytest

from support.rain import FURNITURE, rain_chart, rain_graphic
from toll.graphics import marks
from toll.graphics.graphic import Graphic
from toll.graphics.theme import canvas
from toll.problems import Problems


def test_every_size_and_theme_is_built():
    graphic = rain_graphic(print_widths=(85, 128.5))
    assert [(task["size"], task["theme"]) for task in graphic.tasks()] == [
        ("desktop", "light"),
        ("desktop", "dark"),
        ("mobile", "light"),
        ("mobile", "dark"),
        ("social", "light"),
        ("square", "light"),
        ("print-85mm", "light"),
        ("print-128.5mm", "light"),
    ]


def test_the_notebook_shows_the_finished_picture_and_the_same_on_every_run():
    shown, metadata = rain_graphic()._repr_mimebundle_()
    assert (shown, metadata) == rain_graphic()._repr_mimebundle_()
    # viewers that show no foreign SVG, as JupyterLab before a notebook is trusted, take the PNG, at its real width
    assert base64.b64decode(shown["image/png"]).startswith(b"\x89PNG")
    assert metadata == {"image/png": {"width": 640}}
    assert shown["text/plain"] == FURNITURE.alt
    assert all(word in shown["image/svg+xml"] for word in ("Rain was heavier", "Keeper", "example", "June"))


def test_the_picture_does_not_depend_on_where_the_reader_sits():
    code = "import test_graphic as t; print(t.dated_graphic().svg)"
    elsewhere = {"TZ": "Pacific/Kiritimati", "LC_ALL": "de_DE.UTF-8", "PYTHONHASHSEED": "3"}
    there = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parent,
        env=os.environ | elsewhere | {"PYTHONPATH": str(Path(__file__).parents[1])},
        check=True,
        capture_output=True,
        encoding="utf-8",
    ).stdout
    here = dated_graphic().svg
    assert "Jan. 31" in here
    assert there == here + "\n"


def dated_graphic():
    days = pl.DataFrame({"day": [1, 31]}).select(day=pl.date(2001, 1, "day"), rain=pl.lit(5) * pl.col("day"))
    axis = alt.Axis(values=days["day"].to_list(), labelExpr="'Jan. ' + date(datum.value)", labelFlush=True)

    def chart(width, height):
        line = alt.Chart(days).mark_line(color="red").encode(alt.X("day:T", axis=axis), alt.Y("rain:Q", axis=None))
        return line.properties(height=height or 80)

    return rain_graphic("dated", chart)


def test_saved_and_loaded_it_is_the_same_graphic(tmp_path):
    graphic = rain_graphic()
    specification, table = graphic.save(tmp_path)
    assert (specification.name, table.name) == ("rain.json", "rain.csv")
    assert json.dumps(Graphic.load(specification).tasks()) == json.dumps(graphic.tasks())
    assert table.read_text() == ("series,month,value,entry\nrain,May,80,may\nrain,June,130,june\nrain,July,95,july\n")
    before = specification.read_bytes()
    rain_graphic().save(tmp_path)
    assert specification.read_bytes() == before


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_a_cell_that_a_spreadsheet_would_run_is_refused(tmp_path, cell):
    rows = pl.DataFrame({"month": ["May", cell], "rain": [80, 130]})

    def chart(width, height):
        return alt.Chart(rows).mark_bar().encode(alt.X("rain:Q"), alt.Y("month:N"))

    with pytest.raises(Problems, match=r"rain\.csv, line 3, month: A spreadsheet would take"):
        rain_graphic(chart=chart).save(tmp_path)
    assert not (tmp_path / "rain.csv").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"alt": "x" * 251}, "rain, alt: The alt text is 251 characters long; image files hold 250"),
        ({"headline": " "}, "rain, headline: This part has no text"),
        ({"source": ""}, "rain, source: This part has no text"),
        ({"headline": "Rain in کراچی"}, r"rain, headline: Toll Sans cannot draw “ک” \(U\+06A9, ARABIC LETTER KEHEH\)"),
        ({"description": "Rain\u200b"}, r"rain, description: “Rain\\u200b” has an invisible character \(U\+200B"),
    ],
)
def test_furniture_that_no_file_could_carry_is_refused(change, message):
    with pytest.raises(Problems, match=message):
        rain_graphic(furniture=replace(FURNITURE, **change))


def test_words_that_are_not_drawn_may_have_any_letters():
    rain_graphic(furniture=replace(FURNITURE, description="Rain in کراچی"))


def test_letters_that_the_chart_itself_brings_are_named_with_the_graphic():
    def chart(width, height):
        marks.column_width(["کراچی"])
        return rain_chart(width, height)

    with pytest.raises(Problems, match=r"rain, desktop: Toll Sans cannot draw “ک” \(U\+06A9"):
        rain_graphic(chart=chart)


def test_a_note_may_be_left_out():
    assert "Note: " not in rain_graphic(furniture=replace(FURNITURE, note="")).svg


@pytest.mark.parametrize("name", ["../rain", "Rain", "rain fall", "rain.svg", ""])
def test_a_name_that_is_no_file_name_is_refused(name):
    with pytest.raises(Problems, match="lower-case letters"):
        rain_graphic(name)


def test_text_that_leaves_no_room_on_a_fixed_canvas_is_refused():
    with pytest.raises(Problems, match=r"rain, social: The text leaves \d+ px for the plot"):
        rain_graphic(furniture=replace(FURNITURE, deck_brief="Too many words for so small a card. " * 12))


def test_the_chart_s_own_configuration_wins():
    def chart(width, height):
        return rain_chart(width, height).configure_axis(labelColor="blue")

    config = rain_graphic(chart=chart).specs["desktop"]["config"]
    assert config["axis"]["labelColor"] == "blue"
    assert config["axis"]["labelFontSize"] == 14
    assert config["background"] is None


def test_a_chart_function_knows_its_canvas():
    seen = []

    def chart(width, height):
        seen.append((canvas().name, canvas().label, canvas().brief, width, height))
        return rain_chart(width, height)

    rain_graphic(chart=chart)
    assert seen[:3] == [
        ("desktop", 14, False, 600, None),
        ("mobile", 13.5, False, 343, None),
        ("social", 13, True, 552, seen[2][4]),
    ]
    assert [name for name, *_ in seen] == ["desktop", "mobile", "social", "square", "print-85mm"]
    assert canvas().name == "desktop"
