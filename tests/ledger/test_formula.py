"""Formulas: evaluated with bounds, and nothing but arithmetic."""

import math

import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from support.entries import reported
from toll.ledger.entry import CALCULATED, REPORTED, Entry, LedgerError
from toll.ledger.ledger import Ledger


def test_bounds_are_carried_through_a_formula(ledger):
    left = ledger.calculate("left", "officers - guards", "officers", "Left")
    assert (left.value, left.low, left.high, left.qualifier) == (18_500, 17_950, 19_050, "about")
    implied = ledger.calculate("implied", "people / ratio", "officers", "Implied", decimals=-2)
    assert implied.low == pytest.approx(12_795.3, abs=0.1)
    assert implied.text == "13,100"
    gap = ledger.calculate("gap", "left - implied", "officers", "Gap", decimals=-2)
    assert gap.text == "5,400"
    assert (gap.low, gap.high) == (left.low - implied.high, left.high - implied.low)
    assert gap.inputs == "left implied"


def test_at_least_stays_open_ended(ledger):
    rate = ledger.calculate("rate_of_bodies", "rate(bodies, bodies.days)", "a day", "Bodies a day", decimals=1)
    assert (rate.low, rate.high, rate.qualified) == (pytest.approx(201 / 181), math.inf, "at least 1.1")
    share = ledger.calculate("share_of_bodies", "killed / bodies", "share", "Share")
    assert (share.low, share.qualified) == (0, "at most 51%")


@pytest.mark.parametrize(
    ("formula", "why"),
    [
        ("bodies - more", "no upper limit"),
        ("bodies / more", "no upper limit"),
        ("probability_above(more, bodies, 181, 365)", "no upper limit"),
        ("rate_difference_p(bodies, 181, more, 365)", "no upper limit"),
        ("rate_ratio(bodies, 181, more, 365)", "no upper limit"),
        ("probability_above(few, most, 181, 365)", "leave it open"),
        ("probability_above(10000, bodies, 181, 365)", "leave it open"),
        ("bodies / none", "zero"),
        ("none / none", "zero"),
        ("rate_ratio(bodies, 181, none, 365)", "zero"),
        ("dispersion_index(none, 31, none, 28)", "zero"),
    ],
)
def test_what_open_ends_or_zeros_leave_undetermined_is_not_known(ledger, formula, why):
    ledger.add(reported("more", 30, 30, math.inf))
    ledger.add(reported("none", 0))
    for name, high in (("few", 30), ("most", 50)):
        ledger.add(Entry(name, name, "deaths", REPORTED, high, 0, high, "at most"))
    unit = "probability" if "probability" in formula else "ratio"
    entry = ledger.calculate("x", formula, unit, "Ratio of the two")
    assert not entry.known
    assert entry.caveat.startswith("ratio of the two is not known: ")
    assert why in entry.caveat
    assert ledger.text("It is {{ x }}.", "x notebook: finding").startswith("Left out: ratio of the two is not known")


@pytest.mark.parametrize(
    ("formula", "low", "high"),
    [
        ("probability_above(bodies, 150, 181, 365)", 0, 1),
        ("rate_ratio_limit(100, 181, bodies, 365, 0.025)", 0, math.inf),
        ("projected_total(bodies, 181, 365, 0.025)", 201, math.inf),
        ("dispersion_index(bodies, 31, 201, 28, 190, 31)", 0, math.inf),
    ],
)
def test_every_statistic_takes_an_open_end(ledger, formula, low, high):
    entry = ledger.calculate("x", formula, "ratio", "x")
    assert low <= entry.low <= entry.value <= entry.high <= high
    assert math.inf in (entry.high, entry.value) or entry.low == 0


def test_bounds_are_found_between_the_ends_where_a_statistic_turns():
    """The p-value is one where the rates agree; the scatter is least where the counts can be alike."""
    ledger = Ledger([reported("now", 102, 80, 130), reported("then", 166), reported("a", 10, 5, 30)])
    p = ledger.calculate("p", "rate_difference_p(now, 219, then, 365)", "p-value", "p")
    assert (p.low, p.high) == (pytest.approx(stats_p(130), abs=1e-6), pytest.approx(1, abs=1e-6))
    scatter = ledger.calculate("scatter", "dispersion_index(a, 30, 20, 30, 20, 30)", "ratio", "Scatter")
    assert scatter.low == pytest.approx(0, abs=1e-6)
    assert scatter.high > scatter.value


def stats_p(count: int) -> float:
    return scipy.stats.binomtest(count, count + 166, 219 / (219 + 365)).pvalue


def test_names_are_spelled_out_in_the_stored_formula(ledger):
    entry = ledger.calculate(
        "pace", "even_pace(toll, toll.days, toll.year_days)", "deaths", "Pace", toll=ledger["killed"]
    )
    assert entry.formula == "even_pace(killed, killed.days, killed.year_days)"
    assert (entry.value, entry.status, entry.inputs) == (170.0, CALCULATED, "killed")


def test_dates_are_calculated_too(ledger):
    back = ledger.calculate("back", "days_after(gone, later)", "date", "Returned")
    assert back.text == "July 7, 2014"
    assert back.start > ledger["bodies"].end


@given(*[st.tuples(st.floats(1, 1e6), st.floats(0, 1e3)) for _ in range(3)])
def test_bounds_hold_every_result_between_them(a, b, c):
    ledger = Ledger(reported(name, v, v - min(w, v / 2), v + w) for name, (v, w) in zip("abc", (a, b, c), strict=True))
    entry = ledger.calculate("r", "(a - b) / c", "x", "r")
    for t in (0, 0.3, 0.7, 1):
        va, vb, vc = (e.low + (e.high - e.low) * t for e in (ledger["a"], ledger["b"], ledger["c"]))
        result = (va - vb) / vc
        assert entry.low - 1e-6 * abs(entry.low) <= result <= entry.high + 1e-6 * abs(entry.high)


@pytest.mark.parametrize(
    "formula",
    [
        "__import__('os').system('true')",
        "officers ** 2",
        "officers.caveat",
        "[officers]",
        "nobody + 1",
        "'a'",
        "officers if guards else ratio",
        "open(officers)",
        "rate(bodies, days=2)",
        "lambda: officers",
        "officers.real",
        "a year's end",
    ],
)
def test_only_arithmetic_is_a_formula(ledger, formula):
    with pytest.raises(LedgerError):
        ledger.calculate("x", formula, "officers", "x")
    assert "x" not in ledger


def test_a_part_that_an_entry_does_not_have_is_named(ledger):
    with pytest.raises(LedgerError, match="killed has no whole"):
        ledger.calculate("x", "killed / killed.whole", "share", "x")
    with pytest.raises(LedgerError, match="officers has no complete period"):
        ledger.calculate("x", "officers / officers.days", "a day", "x")


def test_a_range_has_bounds_and_no_value():
    people = Entry("people", "people", "people", REPORTED, None, 18e6, 21e6, "range")
    ledger = Ledger([people, reported("officers", 20_000, unit="officers")])
    each = ledger.calculate("each", "people / officers", "a head", "Each")
    assert (each.value, each.low, each.high, each.text) == (None, 900, 1050, "900 to 1,050")
