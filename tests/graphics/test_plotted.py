"""What a chart draws: its table, taken from the specification, and what Vega would leave out without a word."""

import datetime as dt
import math
from decimal import Decimal

import altair as alt
import polars as pl
import pytest
from lxml import etree

from support.rain import FURNITURE, META, rain_graphic
from toll.graphics.formats import Picture
from toll.graphics.graphic import Graphic
from toll.graphics.plotted import check, table
from toll.problems import Problems

DAYS = pl.DataFrame(
    {
        "day": [dt.date(2001, 1, 1), dt.date(2001, 12, 31)],
        "low": [10.0, 20.5],
        "high": [30.0, 45.0],
        "entry": [None, "total"],
        "low_entry": [None, "least"],
        "high_entry": [None, "most"],
    }
)


def rows(chart):
    return table(chart.to_dict(), "rain").to_dicts()


def test_bars_give_a_row_each_with_its_entry():
    data = pl.DataFrame({"month": ["May", "June"], "rain": [80, 130], "shown": ["80", "130"], "entry": ["may", "june"]})
    chart = alt.Chart(data).mark_bar().encode(alt.X("rain:Q"), alt.Y("month:N"))
    assert rows(chart) == [
        {"series": "rain", "month": "May", "value": 80, "entry": "may"},
        {"series": "rain", "month": "June", "value": 130, "entry": "june"},
    ]


def test_a_range_gives_both_ends_each_with_its_own_entry():
    band = alt.Chart(DAYS, name="95% range").mark_area().encode(alt.X("day:T"), alt.Y("low:Q"), alt.Y2("high"))
    assert rows(band)[2:] == [
        {"series": "95% range, low", "day": "2001-12-31", "value": 20.5, "entry": "least"},
        {"series": "95% range, high", "day": "2001-12-31", "value": 45.0, "entry": "most"},
    ]


def test_labels_and_decoration_are_not_in_the_table():
    base = alt.Chart(DAYS).encode(alt.X("day:T"), alt.Y("low:Q"))
    layers = [base.mark_text().encode(alt.Text("entry:N")), base.mark_rule(aria=False), base.mark_line()]
    assert rows(alt.layer(*layers)) == rows(base.mark_line())


def test_the_same_row_of_two_layers_is_listed_once():
    line, point = (alt.Chart(DAYS, name="rain").encode(alt.X("day:T"), alt.Y("low:Q")) for _ in range(2))
    assert len(rows(alt.layer(line.mark_line(), point.mark_point()))) == 2


def test_a_text_with_a_name_gives_its_rows_without_places():
    data = pl.DataFrame(
        {"what": ["stations"], "number": ["five of 15"], "value": [5], "entry": ["safe"], "_x": [0], "y": [9]}
    )
    chart = alt.Chart(data, name="figure").mark_text().encode(alt.Text("number:N"), alt.X("_x:Q"), alt.Y("y:Q"))
    assert rows(chart) == [
        {"series": "figure", "what": "stations", "number": "five of 15", "value": 5, "entry": "safe"}
    ]


def test_a_chart_without_values_has_an_empty_table():
    words = alt.Chart(pl.DataFrame({"word": ["rain"]})).mark_text().encode(alt.Text("word:N"))
    assert table(words.to_dict(), "rain").columns == ["series", "value", "entry"]
    assert rows(words) == []


def test_the_ledger_cites_the_table_of_a_graphic():
    class Ledger:
        def cite(self, plotted):
            return plotted.with_columns(status=pl.lit("reported"))

    def chart(width, height):
        return alt.Chart(DAYS).mark_line().encode(alt.X("day:T"), alt.Y("low:Q"))

    graphic = Graphic.build("rain", chart, FURNITURE, META, ledger=Ledger())
    assert graphic.data["status"].to_list() == ["reported", "reported"]


def test_numbers_in_the_table_are_the_numbers_drawn():
    data = pl.DataFrame({"month": ["May", "June"], "rain": [80.25, 130.5], "entry": ["may", "june"]})

    def chart(width, height):
        return alt.Chart(data).mark_bar().encode(alt.X("rain:Q"), alt.Y("month:N"))

    graphic = rain_graphic(chart=chart)
    drawn = Picture.draw(graphic.tasks()[0]).composed
    spoken = [
        path.get("aria-label") for path in drawn.iter(etree.Element) if path.get("aria-label", "").startswith("rain")
    ]
    assert spoken == [f"rain: {row['value']}; month: {row['month']}" for row in graphic.data.to_dicts()]


@pytest.mark.parametrize(
    "change",
    [
        lambda chart: chart.transform_filter("datum.low > 15"),
        lambda chart: chart.encode(y=alt.Y("sum(low):Q")),
        lambda chart: chart.encode(y=alt.Y("low:Q", bin=True)),
    ],
)
def test_rows_that_vega_drops_or_sums_up_are_refused(change):
    chart = alt.Chart(DAYS).mark_line().encode(alt.X("day:T"), alt.Y("low:Q"))
    with pytest.raises(
        Problems, match=r"rain: A layer .* so its table cannot be taken from the chart. Do that in polars"
    ):
        rows(change(chart))


def line(data, x="day:T", y="low:Q", **encoding):
    return alt.Chart(data).mark_line().encode(alt.X(x), alt.Y(y, **encoding))


@pytest.mark.parametrize(
    ("chart", "message"),
    [
        (lambda: line(DAYS, y="rain:Q"), "No row of the chart's data has the column “rain”"),
        (lambda: line(DAYS.rename({"low": "y.1"}), y="y.1:Q"), "No row .* “y.1”.* needs a backslash before it"),
        (lambda: line(DAYS.clear()), "The layer that draws “day” has no rows"),
        (lambda: line(DAYS.with_columns(low=pl.lit(None, pl.Float64))), "The column “low” is empty"),
        (lambda: line(DAYS.with_columns(low=pl.Series(["1", "1,524"]))), "Row 1 of the column “low” .* it is '1'"),
        (
            lambda: line(pl.DataFrame({"day": [1.0], "low": [-1.0]}), y="low:Q", scale=alt.Scale(type="log")),
            "logarithmic",
        ),
        (lambda: line(alt.Data(values=[{"day": "2001-01-01", "low": math.inf}])), "Row 1 of the column “low” is inf"),
        (lambda: line(alt.Data(values=[{"day": "2001-01-01", "low": math.nan}])), "Row 1 of the column “low” is nan"),
        (
            lambda: line(DAYS.with_columns(low=pl.Series([1.0, math.nan])), y="low:N"),
            "Row 2 of the column “low” is nan",
        ),
        (lambda: line(DAYS, scale=alt.Scale(domain=[0, 15], clamp=True)), "The scale of “low” is clamped"),
        (
            lambda: line(DAYS.with_columns(low=pl.Series([1, 2**53 + 1]))),
            "Row 2 of .* has more digits than a chart can",
        ),
        (
            lambda: line(DAYS.with_columns(low=pl.Series([Decimal("1.5"), None]))),
            "Row 1 of the column “low” is a Decimal",
        ),
        (
            lambda: line(DAYS.with_columns(unused=pl.Series([dt.time(1), None]))),
            "Row 1 of the column “unused” is a time",
        ),
        (
            lambda: line(DAYS.with_columns(pl.col("day").cast(pl.Datetime).dt.replace_time_zone("Asia/Karachi"))),
            r"Row 1 of the column “day” has a time zone \(2001-01-01T00:00:00\+0500\), .* as UTC. Take the zone off",
        ),
        (lambda: line(DAYS.rename({"low": "it's"}), y="it's:Q"), "No row .* “it's”"),
        (lambda: line("https://example.org/rain.csv"), "has no data of its own"),
        (lambda: line(alt.NamedData("elsewhere")), "has no data of its own"),
    ],
)
def test_what_vega_would_leave_out_is_refused(chart, message):
    with pytest.raises(Problems, match=message):
        check(chart().to_dict(), "rain")


def test_a_time_without_a_zone_is_drawn_as_it_is():
    check(line(DAYS.with_columns(pl.col("day").cast(pl.Datetime))).to_dict(), "rain")


@pytest.mark.parametrize(
    "chart",
    [
        lambda: line(DAYS, y="year:Q").transform_calculate(year="year(now())"),
        lambda: line(DAYS, y="year:Q").transform_calculate(year="year(datetime( ))"),
        lambda: line(DAYS, y="far:Q").transform_calculate(far="datum.low + random()"),
        lambda: line(DAYS, y="far:Q").transform_calculate(far="sampleNormal()"),
        lambda: line(DAYS, axis=alt.Axis(labelExpr="datum.label + year(now())")),
        lambda: line(DAYS).encode(opacity=alt.when("datum.day < now()").then(alt.value(1)).otherwise(alt.value(0.5))),
        lambda: line(DAYS).add_params(alt.param(name="today", expr="now()")),
        lambda: line(DAYS).properties(title=alt.Title(alt.expr("'in ' + year(now())"))),
        lambda: line(DAYS).transform_filter("datum.day < now()"),
        lambda: line(DAYS).transform_sample(1),
        lambda: line(DAYS).mark_errorbar(extent="ci"),
    ],
)
def test_a_chart_that_asks_for_the_time_or_for_chance_is_refused(chart):
    with pytest.raises(Problems, match="in each drawing"):
        check(chart().to_dict(), "rain")


def test_words_about_the_time_are_no_questions_to_the_clock():
    data = DAYS.with_columns(filter=pl.lit("now() and then"))
    chart = line(data, axis=alt.Axis(labelExpr="datum.label + 'now() ' + datetime(2001, 0)")).properties(title="now ()")
    check(chart.to_dict(), "rain")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\u200bb", r"“a\\u200bb” has an invisible character \(U\+200B, ZERO WIDTH SPACE\)"),
        ("a\u202eb", r"invisible character \(U\+202E, RIGHT-TO-LEFT OVERRIDE\)"),
        ("a\u00adb", r"invisible character \(U\+00AD, SOFT HYPHEN\)"),
        ("a\ufeffb", r"invisible character \(U\+FEFF"),
        ("a\x01b", r"invisible character \(U\+0001"),
        ("a\U000e0041b", r"invisible character \(U\+E0041, TAG LATIN CAPITAL LETTER A\)"),
        ("\u0301a", r"an accent without a letter \(U\+0301, COMBINING ACUTE ACCENT\)"),
        ("a \u0301", r"an accent without a letter \(U\+0301, COMBINING ACUTE ACCENT\)"),
        ("a\u034fb", r"cannot draw .* \(U\+034F, COMBINING GRAPHEME JOINER\)"),
        ("a\u0301\u0317", r"cannot draw .* \(U\+0317, COMBINING ACUTE ACCENT BELOW\)"),
        ("کراچی", r"cannot draw “ک” \(U\+06A9, ARABIC LETTER KEHEH\) in “کراچی”"),
        ("🙂", r"cannot draw “🙂” \(U\+1F642, SLIGHTLY SMILING FACE\)"),
    ],
)
def test_a_text_that_no_picture_could_show_is_named_with_its_row(text, message):
    chart = line(DAYS.with_columns(shown=pl.Series(["a", text]))).mark_text().encode(text="shown:N")
    with pytest.raises(Problems, match=rf"Row 2 of the column “shown”: .*{message}.*`toll trace total`"):
        check(chart.to_dict(), "rain")


@pytest.mark.parametrize(
    "text", ["Śródmieście", "e\u0301", "=\u0338", "20\N{NO-BREAK SPACE}km", "two\nlines", "1–2 “or” so"]
)
def test_letters_of_the_typeface_are_drawn(text):
    check(line(DAYS.with_columns(shown=pl.lit(text))).mark_text().encode(text="shown:N").to_dict(), "rain")


def test_a_name_on_an_axis_needs_letters_and_one_that_is_not_shown_does_not():
    data = DAYS.with_columns(place=pl.lit("کراچی"))
    check(line(data).encode(detail="place:N", y=alt.Y("place:N", axis=None)).to_dict(), "rain")
    with pytest.raises(Problems, match="Row 1 of the column “place”: Toll Sans cannot draw"):
        check(line(data).encode(y=alt.Y("place:N")).to_dict(), "rain")


def test_an_invisible_character_beside_the_data_is_named():
    with pytest.raises(Problems, match="invisible character"):
        check(line(DAYS).properties(title="rain\x01").to_dict(), "rain")


def test_columns_that_a_transform_makes_are_trusted():
    chart = line(DAYS, y="double:Q").transform_calculate(double="datum.low * 2")
    check(chart.to_dict(), "rain")


def test_an_escaped_name_is_found():
    check(line(DAYS.rename({"low": "y.1"}), y=r"y\.1:Q").to_dict(), "rain")


def test_a_gap_in_a_line_is_allowed():
    check(line(DAYS.with_columns(low=pl.Series([1.0, None]))).to_dict(), "rain")
