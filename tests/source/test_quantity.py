"""A source's words are read as the number, and the interval, that a careful reader would take from them."""

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toll.source.quantity import core, date_fits, parse

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
]


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
    ("", "", "", "cannot be read"),
    ("several", "", "", "cannot be read"),
    ("dozens", "", "", "cannot be read"),
    ("up to 500", "", "", "cannot be read"),
    ("fewer than 500", "", "", "cannot be read"),
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
    ("1,00,000", "", "", "group of three"),
    ("1524,000", "", "", "group of three"),
    ("0201", "", "", "zero in front"),
    ("1.524", "deaths", "", "not a whole number"),
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
    ("2014-06-28", "date", "", "not part of a date"),
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
