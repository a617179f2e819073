"""Colors by name: replaced wherever Vega-Lite takes a color, and any other color refused by name."""

import json

import altair as alt
import polars as pl
import pytest

from support.rain import RAIN, rain_graphic
from toll.graphics.colors import check, paint
from toll.graphics.theme import THEMES
from toll.problems import Problems

LIGHT, DARK = THEMES["light"], THEMES["dark"]


def bars(color=None, **mark):
    chart = alt.Chart(RAIN).mark_bar(**mark).encode(alt.X("rain:Q"), alt.Y("month:N"))
    return chart.encode(color=color) if color is not None else chart


def painted(chart, theme=LIGHT):
    spec = chart.to_dict()
    check(spec, "rain")
    return paint(spec, theme)


def test_a_mark_s_color_is_the_theme_s():
    mark = painted(bars(fill="red", stroke="dot 30%"), DARK)["mark"]
    assert mark["fill"] == DARK.red
    assert mark["stroke"] == DARK.color("dot 30%") != LIGHT.color("dot 30%")


def test_values_conditions_and_ranges_are_replaced():
    picked = alt.when("datum.rain > 90").then(alt.value("red")).otherwise(alt.value("blue"))
    color = painted(bars(picked))["encoding"]["color"]
    assert (color["condition"][0]["value"], color["value"]) == (LIGHT.red, LIGHT.blue)
    by_month = alt.Color("month:N", scale=alt.Scale(range=["red", "gold", "gray"]))
    scale = painted(bars(by_month))["encoding"]["color"]["scale"]
    assert scale["range"] == [LIGHT.red, LIGHT.gold, LIGHT.gray]


def test_a_column_of_names_is_replaced_and_only_once():
    rows = RAIN.with_columns(tone=pl.Series(["red", "blue", None]))
    base = alt.Chart(rows).encode(alt.Color("tone:N", scale=None), alt.X("rain:Q"))
    spec = painted(alt.layer(base.mark_bar(), base.mark_point()))
    (drawn,) = spec["datasets"].values()
    assert [row["tone"] for row in drawn] == [LIGHT.red, LIGHT.blue, None]


def test_axes_and_configuration_take_names_too():
    axis = alt.Axis(
        labelColor="ink_2", gridColor=alt.when("datum.value == 0").then(alt.value("ink")).otherwise(alt.value("grid"))
    )
    chart = alt.Chart(RAIN).mark_bar().encode(alt.X("rain:Q", axis=axis)).configure_axis(tickColor="gray")
    spec = painted(chart)
    assert spec["encoding"]["x"]["axis"]["labelColor"] == LIGHT.ink_2
    assert spec["encoding"]["x"]["axis"]["gridColor"]["condition"][0]["value"] == LIGHT.ink
    assert spec["config"]["axis"]["tickColor"] == LIGHT.gray


def test_painting_leaves_the_specification_as_it_is():
    spec = bars(fill="red").to_dict()
    before = json.dumps(spec)
    paint(spec, LIGHT)
    assert json.dumps(spec) == before


def test_data_and_scales_that_only_look_like_colors_are_left_alone():
    chart = bars(tooltip=None).transform_calculate(color="datum.rain")
    layered = alt.layer(chart, chart).resolve_scale(color="independent")
    assert painted(layered)["resolve"]["scale"]["color"] == "independent"


@pytest.mark.parametrize(
    ("chart", "named"),
    [
        (lambda: bars(fill="#8844cc"), "“#8844cc” is not a color of the theme"),
        (lambda: bars(fill="steelblue"), "“steelblue” is not a color of the theme"),
        (lambda: bars(fill="dot 100%"), "“dot 100%” is not a color of the theme"),
        (lambda: bars(alt.value("crimson")), "“crimson”"),
        (lambda: bars(alt.when("true").then(alt.value("crimson")).otherwise(alt.value("red"))), "“crimson”"),
        (lambda: bars(alt.Color("month:N")), "The column “month” gets its colors from a scale without a range"),
        (lambda: bars(alt.Color("month:N", scale=alt.Scale(scheme="dark2"))), "“month” gets its colors from a scale"),
        (lambda: bars(alt.Color("month:N", scale=alt.Scale(range=["red", "pink", "blue"]))), "“pink”"),
        (lambda: bars(alt.Color("month:N", scale=None)), "“May” is not a color"),
        (lambda: bars(fill=alt.expr("'red'")), r"A color is given as \['expr'\], which cannot be checked"),
        (lambda: bars().configure_axis(labelColor="navy"), "“navy”"),
        (lambda: bars().configure_view(fill="ivory"), "“ivory”"),
    ],
)
def test_any_other_color_is_refused_with_the_graphic_s_name(chart, named):
    with pytest.raises(Problems, match=f"rain, desktop: .*{named}.* Use a color of the theme"):
        rain_graphic(chart=lambda width, height: chart())


def test_a_mark_without_a_color_is_not_vega_s_blue():
    from toll.graphics.formats import Picture

    picture = Picture.draw(rain_graphic(chart=lambda width, height: bars()).tasks()[0])
    assert LIGHT.blue in {path.get("fill") for path in picture.composed.iter("{*}path")}
