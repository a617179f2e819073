from datetime import date

import pytest

from toll.ledger import wording


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "text"),
    [
        (27_000, "officers", 0, "27,000"),
        (13_123.36, "officers", -2, "13,100"),
        (20_000_000, "people", 0, "20 million"),
        (28_194_000, "people", -5, "28.2 million"),
        (29_000_000, "US dollars", 0, "$29 million"),
        (0.3148, "share", 0, "31%"),
        (0.6283, "probability", 0, "63%"),
        (1.1105, "a day", 1, "1.1"),
        (-5.2, "ratio", 1, "−5.2"),
        (-40, "officers", -2, "0"),
        (0.01, "a day", 1, "less than 0.1"),
        (40, "officers", -2, "less than 100"),
        (0.0004, "p-value", 2, "less than 0.01"),
        (0.999, "probability", 0, "more than 99%"),
        (0.001, "probability", 0, "less than 1%"),
        (1.0, "probability", 0, "more than 99%"),
        (1.0, "share", 0, "100%"),
        (0.0, "share", 0, "0%"),
        (0.999, "share", 0, "more than 99%"),
        (300, "euros", 0, "€300"),
        (300, "rupees", 0, "Rs\N{NO-BREAK SPACE}300"),
        (float("inf"), "bodies", 0, "no limit"),
        (999_960, "people", -2, "1 million"),
    ],
)
def test_numbers(value, unit, decimals, text):
    assert wording.number(value, unit, decimals) == text


def test_words_ordinals_and_fractions():
    assert [wording.words(n) for n in (2, 9, 10, 15, 1_524)] == ["two", "nine", "10", "15", "1,524"]
    assert [wording.ordinal(n) for n in (5, 100, 102, 11)] == ["fifth", "100th", "102nd", "11th"]
    shares = (0.3148, 1 / 3, 0.34, 0.5, 0.45, 0.9)
    assert [wording.fraction(s) for s in shares] == [
        "nearly a third",
        "a third",
        "more than a third",
        "half",
        "45%",
        "nine-tenths",
    ]


@pytest.mark.parametrize(
    ("low", "high", "middle", "text"),
    [
        (0.628, 0.628, 0.628, "roughly a 6-in-10 chance"),
        (0.81, 0.81, 0.81, "roughly an 8-in-10 chance"),
        (0.97, 1.0, 0.97, "a better than 9-in-10 chance"),
        (0.0001, 0.0001, 0.0001, "a less than 1-in-10 chance"),
        (0.628, 1.0, 0.628, "at least a 6-in-10 chance"),
        (0.0, 0.628, 0.628, "at most a 6-in-10 chance"),
        (0.2, 0.7, 0.5, "a 2-in-10 to a 7-in-10 chance"),
        (0.0, 1.0, 0.5, "an open chance"),
    ],
)
def test_a_chance_says_what_its_bounds_leave_open(low, high, middle, text):
    assert wording.chance(low, high, middle).replace("\N{NO-BREAK SPACE}", " ") == text


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (date(2014, 8, 7), date(2014, 8, 7), "Aug. 7, 2014"),
        (date(2013, 1, 1), date(2013, 12, 31), "2013"),
        (date(1995, 1, 1), date(2016, 12, 31), "1995–2016"),
        (date(2014, 1, 1), date(2014, 6, 30), "Jan. 1, 2014 – June 30, 2014"),
        (date(2014, 1, 1), None, "from Jan. 1, 2014"),
        (None, date(2014, 8, 11), "until Aug. 11, 2014"),
        (None, None, "not dated"),
    ],
)
def test_spans(start, end, text):
    assert wording.span(start, end) == text
