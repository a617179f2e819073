"""Shared by tests."""

import altair as alt
import polars as pl

from toll.graphics.graphic import Furniture, Graphic, Meta

FURNITURE = Furniture(
    headline="Rain was heavier than in any year since measurements began in the valley",
    deck="Millimeters of rain a month in 2001, at the station above the lake, by the count of its keeper.",
    deck_brief="Millimeters of rain a month in 2001",
    note="Bold figures are reported; the rest are calculated. “About” is the keeper’s word, here and in his log.",
    source="Keeper’s log, Jan. 3, 2002; sums are our own.",
    credit="example",
    alt="Bar chart of rain in 2001: 80 mm in May, 130 in June, 95 in July.",
    description="Bar chart of three months of rain in 2001. June had most, with 130 mm; the year’s end is not shown.",
)


META = Meta(edition="trial", as_of="2002-01-03", licence="https://example.org/licence", digest="sha256:0123abcd")


RAIN = pl.DataFrame(
    {
        "month": ["May", "June", "July"],
        "rain": [80, 130, 95],
        "reported": [True, True, False],
        "entry": ["may", "june", "july"],
    }
)


def rain_chart(width, height):
    rain = alt.X("rain:Q", axis=None, scale=alt.Scale(domain=[0, 150]))
    month = alt.Y("month:N", sort=None, axis=alt.Axis(grid=False))
    bars = alt.Chart(RAIN).mark_bar(color="blue", height=20).encode(rain, month)
    labels = [
        alt.Chart(RAIN.filter(reported=reported))
        .mark_text(dx=6, fontWeight=weight)
        .encode(rain, month, alt.Text("rain:Q"))
        for reported, weight in ((True, 700), (False, 400))
    ]
    return alt.layer(bars, *labels).properties(height=height or 112)


def with_layer(layer):
    """The rain chart with one more layer, made by a function of (width, height)."""

    def chart(width, height):
        return alt.layer(rain_chart(width, height), layer(width, height)).properties(height=height or 112)

    return chart


def rain_graphic(name="rain", chart=rain_chart, furniture=FURNITURE, meta=META, **options):
    return Graphic.build(name, chart, furniture, meta, **options)
