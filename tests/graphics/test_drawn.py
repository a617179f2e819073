"""A chart draws every row of its data, or the row that it loses is named."""

import datetime as dt

import altair as alt
import polars as pl
import pytest

from support.rain import rain_graphic
from toll.graphics.drawn import check
from toll.graphics.formats import Picture
from toll.problems import Problems

RAIN = pl.DataFrame({"month": ["May", "June", "July"], "rain": [80.0, 130.0, 95.0], "shown": ["80", "130", "95"]})
AXIS = alt.X("rain:Q")


def months(*rain):
    return RAIN.with_columns(rain=pl.Series(rain))


def bars(data=RAIN, x=AXIS, **look):
    return alt.Chart(data).mark_bar(**look).encode(x, alt.Y("month:N"))


def points(data=RAIN, x=AXIS, **look):
    return alt.Chart(data).mark_point(**look).encode(x, alt.Y("month:N"))


def line(*rain, **look):
    days = [dt.date(2001, 1, 1 + i) for i in range(len(rain))]
    data = pl.DataFrame({"day": days, "rain": rain}, strict=False)
    return alt.Chart(data).mark_line(**look).encode(alt.X("day:T"), alt.Y("rain:Q"))


def band(*high):
    data = pl.DataFrame({"day": list(range(len(high))), "low": [1.0] * len(high), "high": high}, strict=False)
    return alt.Chart(data).mark_area().encode(alt.X("day:Q"), alt.Y("low:Q"), alt.Y2("high"))


def words(*shown):
    return alt.Chart(RAIN.with_columns(shown=pl.Series(shown))).mark_text().encode(AXIS, text="shown:N")


def on(**scale):
    return alt.X("rain:Q", scale=alt.Scale(**scale))


LOST = {
    "an empty value": (lambda: points(months(80, None, 95)), "Row 2 of .*“rain” is empty"),
    "an empty value of a bar": (lambda: bars(months(80, None, 95)), "Row 2 of .*“rain” is empty"),
    "the end of a range": (lambda: bars(months(80, 130, None), alt.X("start:Q")).encode(x2="rain"), "3 of its 3 rows"),
    "one end of a band": (lambda: band(3.0, 4.0, None, 5.0, 6.0), "Row 3 of .*“high” is empty"),
    "a size": (lambda: points().encode(size=alt.Size("more:Q")), "Row 2 of .*“more” is empty"),
    "a date in words": (lambda: points(RAIN, alt.X("month:T")), "Row 1 of .*“month” is 'May'"),
    "a negative number on a logarithmic axis of another layer": (
        lambda: alt.layer(points(RAIN, on(type="log")), points(months(80, -1, 95))),
        "3 of its 3 rows",
    ),
    "nothing calculated": (
        lambda: points(RAIN, alt.X("z:Q")).transform_calculate(z="datum.rain > 100 ? null : 1"),
        "Row 2 of .*“month” is 'June'",
    ),
    "a category outside the scale": (
        lambda: points().encode(alt.Y("month:N", scale=alt.Scale(domain=["May", "July"]))),
        "Row 2 of .*“month” is 'June'",
    ),
    "a point that is cut off": (lambda: points(RAIN, on(domain=[0, 100]), clip=True), "Row 2 of .*“rain” is 130"),
    "a line that is cut off": (
        lambda: line(1.0, 2.0, 30.0, clip=True).encode(alt.Y("rain:Q", scale=alt.Scale(domain=[0, 10]))),
        "Row 3 of",
    ),
    "a value between two gaps": (lambda: line(1.0, 2.0, None, 3.0, strokeCap="butt"), "Row 4 of"),
    "opacity of nothing": (lambda: points(opacity=0), "3 of its 3 rows"),
    "opacity of nothing in some": (
        lambda: points().encode(opacity=alt.when("datum.rain > 100").then(alt.value(0)).otherwise(alt.value(1))),
        "Row 2 of",
    ),
    "size of nothing": (lambda: points(size=0), "3 of its 3 rows"),
    "the color of the ground": (lambda: points(color="ground", filled=True), "3 of its 3 rows"),
    "a share of nothing": (
        lambda: bars(months(0, 0, 0), alt.X("rain:Q", stack="normalize")),
        "3 of its 3 rows",
    ),
    "words that are blank": (lambda: words("80", "  ", "95").properties(name="rain"), "Row 2 of “rain” is not drawn"),
    "a panel": (lambda: alt.Chart(months(80, None, 95)).mark_point().encode(AXIS, row="month:N"), "Row 2 of"),
    "a part beside another": (lambda: points() | points(months(80, None, 95)), "Row 2 of"),
}


@pytest.mark.parametrize(("chart", "message"), LOST.values(), ids=LOST)
def test_a_row_that_is_not_drawn_is_named(chart, message):
    data = {"start": pl.Series([None, None, None], dtype=pl.Float64), "more": pl.Series([1.0, None, 2.0])}
    specification = chart().to_dict()
    for rows in specification["datasets"].values():
        for row, *more in zip(rows, *data.values(), strict=False):
            row |= dict(zip(data, more, strict=True))
    with pytest.raises(Problems, match=message):
        check(specification, "rain")


DRAWN = {
    "points": points,
    "bars with a zero": lambda: bars(months(0, 130, 95)),
    "rows that are the same": lambda: points(pl.concat([RAIN, RAIN])),
    "a negative part of a stack": lambda: bars(months(-5, 7, 95)).encode(alt.Y("month:N"), detail="shown:N"),
    "a line with a gap": lambda: line(1.0, 2.0, None, 3.0, 4.0),
    "a value between two gaps, as a dot": lambda: line(1.0, 2.0, None, 3.0, strokeCap="round"),
    "a line with points": lambda: line(1.0, None, 3.0, point=True),
    "a band": lambda: band(3.0, 4.0),
    "a layer that is hidden from screen readers": lambda: points(aria=False),
    "layers of one name": lambda: alt.layer(points().properties(name="a"), bars().properties(name="a")),
    "panels": lambda: alt.Chart(RAIN).mark_point().encode(AXIS, row="month:N"),
    "several marks for a row": lambda: (
        points(RAIN, alt.X("z:Q")).transform_calculate(z="sequence(3)").transform_flatten(["z"])
    ),
    "days before the era of computers": lambda: (
        alt.Chart(pl.DataFrame({"day": [dt.date(1, 1, 1), dt.date(1850, 5, 1), dt.date(1969, 12, 31)]}))
        .mark_tick()
        .encode(alt.X("day:T"))
    ),
    "names with signs in them": lambda: points(
        RAIN.rename({"rain": "a.b[0]'\":ü"}), alt.X(r"a\.b\[0\]\'\"\:ü:Q", axis=None)
    ),
    "categories": lambda: points(RAIN.with_columns(pl.col("month").cast(pl.Enum(["May", "June", "July"])))),
    "labels left out by a filter": lambda: alt.layer(
        points(), words("80", "130", "95").transform_filter("datum.rain > 90")
    ),
    "labels left blank": lambda: alt.layer(points(), words("80", "", "95")),
    "a rule without data": lambda: alt.layer(points(), alt.Chart().mark_rule().encode(alt.XValue(9))),
}


@pytest.mark.parametrize("chart", DRAWN.values(), ids=DRAWN)
def test_a_chart_that_draws_all_of_its_rows_passes(chart):
    check(chart().to_dict(), "rain")


def test_the_layer_the_row_and_its_values_are_named():
    chart = points(months(80, None, 95)).properties(name="station")
    message = r"rain: Row 2 of “station” is not drawn: its “rain” is empty. Mend it, or leave the row out of the chart"
    with pytest.raises(Problems, match=message):
        check(chart.to_dict(), "rain")


def test_no_picture_is_drawn_without_one_of_its_rows():
    graphic = rain_graphic(chart=lambda width, height: points(months(80, None, 95)).properties(height=height or 90))
    with pytest.raises(Problems, match=r"rain, desktop, light: Row 2 of the layer that draws “rain” is not drawn"):
        Picture.draw(graphic.tasks()[0])


def test_more_rows_than_altair_would_take_are_drawn():
    data = pl.DataFrame({"day": range(6000), "rain": [day % 7 for day in range(6000)]})

    def chart(width, height):
        x, y = alt.X("day:Q", axis=None), alt.Y("rain:Q", axis=None)
        return alt.Chart(data).mark_line().encode(x, y).properties(height=height or 90)

    assert rain_graphic(chart=chart).data.height == 6000
