"""Labels that find their own place: beside their point, apart from each other, and gone as a last resort."""

from itertools import pairwise

import altair as alt
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.rain import rain_graphic
from toll.graphics import layout
from toll.graphics.formats import Picture
from toll.graphics.place import spread


def texts(*layers, size="desktop"):
    """The texts of a plot with these layers, by what they say; the plot has its axes at 0 to 100 and no labels."""

    def chart(width, height):
        return alt.layer(*(layer() if callable(layer) else layer for layer in layers)).properties(height=height or 200)

    tasks = rain_graphic(chart=chart).tasks()
    picture = Picture.draw(next(task for task in tasks if task["size"] == size))
    return {text.string: text for text in layout.read(picture.composed, "")[0]}


def at(x, y, **more):
    frame = pl.DataFrame([{"x": x, "y": y, **more}])
    return alt.Chart(frame).encode(
        alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, 100])),
        alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, 100])),
    )


def label(text, x, y, wish, **look):
    look = {"baseline": "alphabetic", "dy": 0, "description": wish} | look
    return at(x, y, text=text).mark_text(**look).encode(alt.Text("text:N"))


def test_a_label_stands_in_the_first_place_where_it_fits():
    point = at(50, 50).mark_point(size=100, color="red")
    below, above = (texts(point, label("here", 50, 50, f"place: right {side}"))["here"] for side in ("below", "above"))
    assert below.y > above.y and below.x == above.x
    blocked = at(50, 45, x2=99).mark_rule().encode(x2="x2")
    moved = texts(point, blocked, label("here", 50, 50, "place: right below, right above"))["here"]
    assert (moved.x, moved.y) == (above.x, above.y)


def test_a_label_that_fits_on_no_side_stands_further_off():
    near, far = texts(label("here", 50, 50, "place: center above"))["here"], None
    ceiling = at(40, 54, x2=60).mark_rule().encode(x2="x2")
    far = texts(ceiling, label("here", 50, 50, "place: center above"))["here"]
    assert far.y < near.y
    assert far.x == near.x


def test_a_label_of_a_rule_slides_along_it():
    wall = at(13, 50, y2=70).mark_rule().encode(y2="y2")
    first, slid = (texts(*more, label("2030: 104", 10, 50, "slide: start above"))["2030: 104"] for more in ([], [wall]))
    assert slid.y == first.y
    assert slid.x > first.x + 14


def test_a_label_stays_on_the_canvas():
    assert texts(label("a long label", 100, 50, "place: right below, left below"))["a long label"].box[2] <= 620


def test_the_lines_of_a_label_move_together_and_the_optional_one_goes_first():
    two = [label("102 killed", 50, 50, "place: right below"), label("by Aug. 7", 50, 50, "with?")]
    found = texts(*two)
    assert found["by Aug. 7"].x == found["102 killed"].x
    assert found["by Aug. 7"].y - found["102 killed"].y == pytest.approx(1.23 * 14, abs=0.02)
    floors = [at(0, y, x2=99).mark_rule().encode(x2="x2") for y in range(0, 40, 4)]
    crowded = texts(*floors, *two)
    assert "102 killed" in crowded and "by Aug. 7" not in crowded


def test_an_optional_label_without_any_room_is_dropped():
    stripes = [at(0, y, x2=100).mark_rule().encode(x2="x2") for y in range(0, 100, 4)]
    assert "here" not in texts(*stripes, label("here", 50, 50, "place: right below, left above?"))


def test_labels_at_one_place_are_kept_apart_and_near_their_values():
    found = texts(*(label(name, 90, y, "apart", dx=9) for name, y in (("one", 50), ("two", 51), ("three", 20))))
    assert found["one"].y - found["two"].y == pytest.approx(1.23 * 14, abs=0.02)
    assert found["three"].y - found["one"].y > 30
    assert len({round(text.x, 1) for name, text in found.items() if name in ("one", "two", "three")}) == 1


def test_optional_labels_go_when_there_are_more_than_fit():
    many = [label(f"label {i}", 90, 50, "apart?" if i > 3 else "apart", dx=9) for i in range(30)]
    left = [name for name in texts(*many) if name.startswith("label ")]
    assert {"label 0", "label 1", "label 2", "label 3"} <= set(left)
    assert len(left) < 15


def test_a_label_without_a_wish_stays():
    assert texts(label("still", 50, 50, "some words"))["still"].x > 300


def test_positions_are_spread_as_little_as_keeps_them_apart():
    assert spread([0, 50, 100], [20, 20]) == [0, 50, 100]
    assert spread([10, 12, 14], [10, 10]) == [2, 12, 22]
    assert spread([0, 1, 50], [10, 10]) == [-4.5, 5.5, 50]
    assert spread([], []) == []


@given(st.lists(st.floats(0, 300), min_size=2, max_size=9), st.floats(1, 40))
def test_spread_positions_keep_their_order_and_their_gaps(positions, gap):
    moved = spread(sorted(positions), [gap] * (len(positions) - 1))
    assert all(b - a >= gap - 1e-6 for a, b in pairwise(moved))
    assert sum(moved) == pytest.approx(sum(positions), abs=1e-6)
