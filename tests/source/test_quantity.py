"""A source's words are read as the number, and the interval, that a careful reader would take from them."""

import datetime as dt
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.checkout import ROOT
from toll.source.date_words import fits as date_fits
from toll.source.numerals import CURRENCIES, SCALES
from toll.source.quantity import AFTER, BEFORE, core, parse

INF = math.inf

READINGS = [
    # the article's own words
    ("100th", "deaths", "", 100, 100, 100, "ordinal"),
    ("102nd", "deaths", "", 102, 102, 102, "ordinal"),
    ("fifth", "deaths", "", 5, 5, 5, "ordinal"),
    ("166", "deaths", "", 166, 166, 166, "exact"),
    ("20 million", "people", "1000000", 20e6, 19.5e6, 20.5e6, "about"),
    ("20 million", "people", "1,000,000", 20e6, 19.5e6, 20.5e6, "about"),
    ("more than 1,000", "people", "", 1000, 1001, INF, "more than"),
    ("at least 201", "bodies", "", 201, 201, INF, "at least"),
    ("six", "months", "", 6, 6, 6, "exact"),
    ("about two dozen", "people", "", 24, 18, 30, "about"),
    ("Nine", "days", "", 9, 9, 9, "exact"),
    ("five of 15", "stations", "", 5, 5, 5, "share"),
    ("about 225", "officers", "25", 225, 212.5, 237.5, "about"),
    ("about 225", "officers", "", 225, 224.5, 225.5, "about"),
    ("$29 million", "US dollars", "1000000", 29e6, 28.5e6, 29.5e6, "about"),
    ("$29 million", "US dollars", "", 29e6, 29e6, 29e6, "exact"),
    ("one for every 1,524", "inhabitants per officer", "", 1524, 1524, 1524, "ratio"),
    ("27,000", "officers", "1000", 27000, 26500, 27500, "about"),
    ("about 8,500", "officers", "", 8500, 8450, 8550, "about"),
    # other outlets' words
    ("At least 138", "deaths", "", 138, 138, INF, "at least"),
    ("no fewer than 138", "deaths", "", 138, 138, INF, "at least"),
    ("over 18 million", "people", "", 18e6, 18e6 + 1, INF, "more than"),
    ("a total of 53", "deaths", "", 53, 53, 53, "exact"),
    ("as many as 2,909", "deaths", "", 2909, 2909, 2909, "exact"),
    ("almost 1,488", "deaths", "", 1488, 1487.5, 1488, "about"),
    ("nearly 20 million", "people", "", 20e6, 15e6, 20e6, "about"),
    ("around 2,914", "deaths", "", 2914, 2913.5, 2914.5, "about"),
    ("around 27,000", "officers", "", 27000, 26500, 27500, "about"),
    ("14,433", "officers", "", 14433, 14433, 14433, "exact"),
    ("25279", "officers", "", 25279, 25279, 25279, "exact"),
    ("16.126 million", "people", "", 16_126_000, 16_126_000, 16_126_000, "exact"),
    ("about 14.0 million", "people", "", 14e6, 13.95e6, 14.05e6, "about"),
    ("18 to 21 million", "people", "", None, 18e6, 21e6, "range"),
    ("some 18 to 21 million", "people", "", None, 18e6, 21e6, "range"),
    ("18–21 million", "people", "", None, 18e6, 21e6, "range"),
    ("between two and three dozen", "people", "", None, 24, 36, "range"),
    ("500,000 to 2 million", "people", "", None, 5e5, 2e6, "range"),
    ("22 out of 53", "deaths", "", 22, 22, 22, "share"),
    ("one per 450", "inhabitants per officer", "", 450, 450, 450, "ratio"),
    ("twenty-first", "deaths", "", 21, 21, 21, "ordinal"),
    ("113th", "deaths", "", 113, 113, 113, "ordinal"),
    ("one hundred and two", "deaths", "", 102, 102, 102, "exact"),
    ("one million two hundred thousand", "people", "", 1.2e6, 1.2e6, 1.2e6, "exact"),
    ("a dozen", "people", "", 12, 12, 12, "exact"),
    ("two lakh", "people", "", 2e5, 2e5, 2e5, "exact"),
    ("zero", "deaths", "", 0, 0, 0, "exact"),
    # upper bounds
    ("up to 500", "people", "", 500, 0, 500, "at most"),
    ("no more than 500", "people", "", 500, 0, 500, "at most"),
    ("500 or fewer", "people", "", 500, 0, 500, "at most"),
    ("fewer than 500", "people", "", 500, 0, 499, "fewer than"),
    ("under two dozen", "people", "", 24, 0, 23, "fewer than"),
    # other ways to say at least and about
    ("100 or more", "people", "", 100, 100, INF, "at least"),
    ("upwards of 100", "people", "", 100, 100, INF, "at least"),
    ("an estimated 8,500", "officers", "", 8500, 8450, 8550, "about"),
    ("about 0", "deaths", "", 0, 0, 0.5, "about"),
    ("200-plus", "people", "", 200, 200, INF, "at least"),
    ("200+", "people", "", 200, 200, INF, "at least"),
    ("65 and over", "years", "", 65, 65, INF, "at least"),
    ("just under 500", "people", "", 500, 0, 499, "fewer than"),
    ("close to 500", "people", "", 500, 450, 550, "about"),
    ("50 or so", "people", "", 50, 45, 55, "about"),
    # parts of numbers, and numbers below zero
    ("half a million", "people", "", 5e5, 5e5, 5e5, "exact"),
    ("half-dozen", "people", "", 6, 6, 6, "exact"),
    ("one and a half million", "people", "", 1.5e6, 1.5e6, 1.5e6, "exact"),
    ("minus 4", "degrees", "", -4, -4, -4, "exact"),
    ("about minus 40", "degrees", "", -40, -45, -35, "about"),
    # ratios, shares and ranges in more words
    ("one nurse for every 250", "patients per nurse", "", 250, 250, 250, "ratio"),
    ("40:1", "", "", 40, 40, 40, "ratio"),
    ("five of the 15", "stations", "", 5, 5, 5, "share"),
    ("three of every five", "trains", "", 3, 3, 3, "share"),
    ("two or three", "people", "", None, 2, 3, "range"),
    # the region's groups, and other money
    ("1.5 lakh crore", "rupees", "", 1.5e12, 1.5e12, 1.5e12, "exact"),
    ("₹1,25,000", "rupees", "", 125_000, 125_000, 125_000, "exact"),
    ("Rs 5-7 lakh", "rupees", "", None, 5e5, 7e5, "range"),
    ("$1.2bn", "US dollars", "", 1.2e9, 1.2e9, 1.2e9, "exact"),
    ("£40k", "pounds", "", 40_000, 40_000, 40_000, "exact"),
    ("two trillion", "people", "", 2e12, 2e12, 2e12, "exact"),
    ("150 percent", "percent", "", 150, 150, 150, "exact"),
    ("1,00,000", "people", "", 1e5, 1e5, 1e5, "exact"),
    ("1,23,45,678", "people", "", 12_345_678, 12_345_678, 12_345_678, "exact"),
    ("5 crore", "people", "", 5e7, 5e7, 5e7, "exact"),
    ("Rs 5 crore", "rupees", "", 5e7, 5e7, 5e7, "exact"),
    ("Rs. 1,00,000", "rupees", "", 1e5, 1e5, 1e5, "exact"),
    ("about €2.5 million", "euros", "", 2.5e6, 2.45e6, 2.55e6, "about"),
    ("£300", "pounds", "", 300, 300, 300, "exact"),
    ("$2 to $3 million", "US dollars", "", None, 2e6, 3e6, "range"),
    ("sixtieth", "deaths", "", 60, 60, 60, "ordinal"),
    ("900 to 1,000 million", "people", "", None, 9e8, 1e9, "range"),
]

SHARES = [
    ("33%", "", 0.33, 0.33, 0.33, "exact"),
    ("33 percent", "", 0.33, 0.33, 0.33, "exact"),
    ("thirty-three per cent", "", 0.33, 0.33, 0.33, "exact"),
    ("33%", "1%", 0.33, 0.325, 0.335, "about"),
    ("about 30%", "", 0.3, 0.25, 0.35, "about"),
    ("30 to 40 percent", "", None, 0.3, 0.4, "range"),
    ("30%–40%", "", None, 0.3, 0.4, "range"),
    ("between a quarter and a third", "", None, 0.25, 1 / 3, "range"),
    ("half", "", 0.5, 0.5, 0.5, "exact"),
    ("a third", "", 1 / 3, 1 / 3, 1 / 3, "exact"),
    ("two-thirds", "", 2 / 3, 2 / 3, 2 / 3, "exact"),
    ("nearly half", "", 0.5, 0.45, 0.5, "about"),
    ("about a tenth", "", 0.1, 0.05, 0.15, "about"),
    ("more than half", "", 0.5, 0.5, 1, "more than"),
    ("at least one in eight", "", 0.125, 0.125, 1, "at least"),
    ("one in eight", "", 0.125, 0.125, 0.125, "exact"),
    ("5 of 15", "", 1 / 3, 1 / 3, 1 / 3, "exact"),
    ("nine in every ten", "", 0.9, 0.9, 0.9, "exact"),
    ("one person in 11", "", 1 / 11, 1 / 11, 1 / 11, "exact"),
    ("33pc", "", 0.33, 0.33, 0.33, "exact"),
    ("1 per cent", "", 0.01, 0.01, 0.01, "exact"),
    ("one per cent", "", 0.01, 0.01, 0.01, "exact"),
]


@pytest.mark.parametrize(("words", "rounded_to", "value", "low", "high", "qualifier"), SHARES)
def test_a_share_is_read_in_percent_and_in_fractions(words, rounded_to, value, low, high, qualifier):
    found = parse(words, "share", rounded_to, whole=False)
    assert found.qualifier == qualifier
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.value == (None if value is None else pytest.approx(value))


@pytest.mark.parametrize(("words", "unit", "rounded_to", "value", "low", "high", "qualifier"), READINGS)
def test_words_are_read_as_printed(words, unit, rounded_to, value, low, high, qualifier):
    found = parse(words, unit, rounded_to)
    assert (found.value, found.low, found.high, found.qualifier) == (value, low, high, qualifier)


def test_a_share_keeps_its_whole():
    assert parse("five of 15").whole == 15
    assert parse("15").whole is None


def test_more_than_starts_at_the_next_whole_thing_only_where_whole_things_are_counted():
    assert parse("more than 5", "people", whole=True).low == 6
    assert parse("more than 5", "years", whole=False).low == 5
    assert parse("2.5", "years", whole=False).value == 2.5


UNREADABLE = [
    ("at most minus 5", "", "", "below zero"),
    ("minus two of 15", "", "", "more than the whole"),
    ("", "", "", "cannot be read"),
    ("several", "", "", "gives no number"),
    ("dozens", "", "", "gives no number"),
    ("a", "", "", "cannot be read"),
    ("about", "", "", "cannot be read"),
    ("-5", "", "", "cannot be read"),
    ("1e5", "", "", "cannot be read"),
    ("1_000", "", "", "cannot be read"),
    ("33%", "", "", "cannot be read"),
    ("１６６", "", "", "cannot be read"),
    ("٥", "", "", "cannot be read"),
    ("about five of 15", "", "", "cannot be read"),
    ("$29 million", "people", "", "cannot be read"),
    ("5 6", "", "", "cannot be read"),
    (" 166", "", "", "extra spaces"),
    ("166 ", "", "", "extra spaces"),
    ("at  least 166", "", "", "extra spaces"),
    ("1,52", "", "", "group of three"),
    ("1524,000", "", "", "group of three"),
    ("0201", "", "", "zero in front"),
    ("1.52", "deaths", "", "not a whole number"),
    ("2.5 to 3.5", "deaths", "", "not a whole number"),
    ("hundreds", "bodies", "", "“hundreds” gives no number"),
    ("thousands", "bodies", "", "gives no number"),
    ("tens of thousands", "bodies", "", "gives no number"),
    ("at least hundreds", "bodies", "", "gives no number"),
    ("27.000", "officers", "", "Write 27,000 if it groups thousands, or 27.0000 if"),
    ("1.524", "inhabitants per officer", "", "exactly three digits"),
    ("one for every 1.524", "inhabitants per officer", "", "exactly three digits"),
    ("one per 0", "inhabitants per officer", "", "divides by zero"),
    ("0th", "deaths", "", "the number of no event"),
    ("fewer than 0", "deaths", "", "below zero"),
    ("0 of 0", "stations", "", "more than the whole"),
    ("1,000 to 2,000 million", "people", "", "not clear whether “1,000”"),
    ("1 to 1 million", "people", "", "Both ends"),
    ("500 to 2 million", "people", "", "Write both ends in full"),
    ("100 to 100", "people", "", "Both ends"),
    ("€5", "US dollars", "", "cannot be read"),
    ("a third", "officers", "", "so its unit is “share”, not “officers”"),
    ("one in eight", "officers", "", "so its unit is “share”"),
    ("120%", "share", "", "not a whole number|more than the whole"),
    ("at least 100 or more", "people", "", "cannot be read"),
    ("21 to 18 million", "", "", "ends below"),
    ("900 to 800", "", "", "ends below"),
    ("16 of 15", "", "", "more than the whole"),
    ("100rd", "", "", "does not end as an ordinal"),
    ("111st", "", "", "does not end as an ordinal"),
    ("9" * 20, "", "", "larger than"),
    ("at least 200", "", "100", "cannot be rounded"),
    ("one for every 1,500", "", "100", "cannot be rounded"),
    ("June 28", "date", "10", "cannot be rounded"),
    ("about 225", "", "100", "not a multiple of 100"),
    ("200", "", "0", "above zero"),
    ("200", "", "ten", "not written as a number"),
    ("200", "", "-100", "not written as a number"),
    ("2014-13-28", "date", "", "not part of a date"),
    ("soon", "date", "", "not part of a date"),
    ("28", "date", "", "not a date"),
    ("", "date", "", "not a date"),
    ("February 30", "date", "", "no such day"),
    ("February 29, 2014", "date", "", "no such day"),
    ("June July", "date", "", "twice"),
    ("1O2", "", "", r"“1O2” is not a number. Did you mean 102 \(digit zero\)\?"),
    ("at least l,OO0", "", "", r"Did you mean at least 1,000 \(digit zero and digit one\)\?"),
]


@pytest.mark.parametrize(("words", "unit", "rounded_to", "why"), UNREADABLE)
def test_what_cannot_be_read_is_refused_with_the_reason(words, unit, rounded_to, why):
    with pytest.raises(ValueError, match=why):
        parse(words, unit, rounded_to)


@given(st.integers(0, 2**53))
def test_a_number_is_read_the_same_with_and_without_separators(number):
    assert parse(f"{number:,}") == parse(str(number))
    assert parse(f"{number:,}").value == number


@given(
    st.sampled_from(["at least", "more than", "about", "almost", "around", "as many as", ""]),
    st.integers(1, 10**6),
    st.sampled_from(["", " dozen", " thousand", " million"]),
)
def test_the_value_is_inside_its_interval(qualifier, number, scale):
    found = parse(f"{qualifier} {number:,}{scale}".strip(), whole=False)
    assert found.low <= found.value <= found.high


@given(st.integers(1, 9999), st.integers(1, 6))
def test_about_is_half_a_unit_of_the_last_digit_to_either_side(leading, zeros):
    if leading % 10:
        found = parse(f"about {leading * 10**zeros}")
        assert found.high - found.value == found.value - found.low == 10**zeros / 2


@given(st.text(max_size=20), st.sampled_from(["", "date", "US dollars"]), st.text(max_size=4))
def test_any_other_text_is_read_or_refused_and_nothing_else(words, unit, rounded_to):
    try:
        parse(words, unit, rounded_to)
    except ValueError as refused:
        assert str(refused).endswith((".", "?"))


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("At least 201", "201"),
        ("about two dozen", "two dozen"),
        ("one for every 1,524", "1,524"),
        ("one nurse for every 1,524", "1,524"),
        ("1,524:1", "1,524"),
        ("five of 15", "five of 15"),
        ("$29 million", "$29 million"),
        ("June 28", "june 28"),
    ],
)
def test_the_number_alone(words, number):
    assert core(words) == number


@pytest.mark.parametrize(
    ("words", "start", "end", "fits"),
    [
        ("June 28", "2014-06-28", "2014-06-28", True),
        ("Aug. 11, 2014", "2014-08-11", "2014-08-11", True),
        ("28 June 2014", "2014-06-28", "2014-06-28", True),
        ("28th of June", "2014-06-28", "2014-06-28", True),
        ("2014-06-28", "2014-06-28", "2014-06-28", True),
        ("2014-06-28", "2014-06-27", "2014-06-27", False),
        ("June 28", "2014-06-28", "2014-06-29", False),
        ("June 28", "2014-06-27", "2014-06-27", False),
        ("June 28, 2013", "2014-06-28", "2014-06-28", False),
        ("Thursday", "2014-08-07", "2014-08-07", True),
        ("Thursday", "2014-08-08", "2014-08-08", False),
        ("Thursday, August 7", "2014-08-07", "2014-08-07", True),
        ("Friday, August 7", "2014-08-07", "2014-08-07", False),
        ("January", "2014-01-01", "2014-01-31", True),
        ("January", "2014-01-01", "2014-02-28", False),
        ("January", "2014-01-01", "2015-01-31", False),
        ("January", "2014-01-02", "2014-01-31", False),
        ("September 2013", "2013-09-01", "2013-09-30", True),
        ("September 2013", "2014-09-01", "2014-09-30", False),
        ("2011", "2011-01-01", "2011-12-31", True),
        ("2011", "2011-01-01", "2012-12-31", False),
        ("past year", "2013-08-11", "2014-08-11", True),
        ("the past year", "2013-08-11", "2014-07-11", False),
        ("June 28", "2014-06-28", None, False),
        ("9999", "9999-01-01", "9999-12-31", True),
    ],
)
def test_a_date_fits_the_days_it_names(words, start, end, fits):
    assert parse(words, "date") == parse("2011", "date")
    assert date_fits(words, dt.date.fromisoformat(start), end and dt.date.fromisoformat(end)) is fits


README = (ROOT / "data/raw/README.md").read_text("utf-8").split("is read\n")[1].split("\n## ")[0]
ROWS = [line.strip("| ").split(" | ") for line in README.splitlines() if line.startswith("| ")][2:]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_the_documentation_reads_its_examples_as_the_code_does(row):
    examples = [words for words in re.findall("`([^`]+)`", row[1]) if words not in ("rounded_to", "date")]
    assert examples
    units = ("date" if row[0] == "date" else "US dollars" if words[0] == "$" else "" for words in examples)
    read = {parse(words, unit, whole=False).qualifier for words, unit in zip(examples, units, strict=True)}
    assert read == {row[0]}


def test_the_documentation_has_every_word_that_is_read():
    assert [word for word in (*BEFORE, *AFTER, *SCALES) if word not in README] == []
    assert [unit for unit in CURRENCIES if unit not in README] == []
    assert {row[0] for row in ROWS} == {"exact", "range", "share", "ratio", "ordinal", "date", *BEFORE.values()} - {
        "almost"
    }
