"""A plain Altair chart as a cell's result."""

from base64 import b64decode

import altair as alt
import polars as pl
import pytest

from toll.graphics import plain
from toll.problems import Problems

ROWS = pl.DataFrame({"year": [2031, 2032], "place": ["Wendport", "Łódź"]})


@pytest.fixture
def shown():
    """What a notebook shows of a chart that is cut off at its frame: Vega gives what cuts it a name."""
    before = alt.renderers.active
    plain.enable()
    yield lambda: alt.Chart(ROWS, title="Rain").mark_bar(clip=True).encode(x="year", y="place")._repr_mimebundle_()
    alt.renderers.enable(before)


def test_it_is_a_picture_in_our_typeface_with_its_letters_inside(shown):
    pictures, metadata = shown()
    assert pictures.keys() == {"image/svg+xml", "image/png", "text/plain"}
    svg = pictures["image/svg+xml"]
    assert "Łódź" in svg
    assert svg.count("@font-face") == 2  # regular, and bold for the title
    assert "Toll Sans" in svg
    png = b64decode(pictures["image/png"])
    assert int.from_bytes(png[16:20]) == 2 * metadata["image/png"]["width"]


def test_it_is_the_same_each_time(shown):
    assert shown() == shown()


def test_another_renderer_of_the_notebook_stays(shown):
    alt.renderers.enable("json")
    plain.enable()
    assert alt.renderers.active == "json"


def test_nothing_is_loaded_from_elsewhere(shown):
    with pytest.raises(Problems, match="Keep its data inside"):
        alt.Chart("https://example.org/rain.csv").mark_bar().encode(x="year:Q")._repr_mimebundle_()
