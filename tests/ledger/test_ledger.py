"""The ledger: formulas evaluated with bounds, text rendered from entries, typed numbers refused."""

import math
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toll.ledger.entry import CALCULATED, REPORTED, Entry, LedgerError, Place
from toll.ledger.ledger import Ledger

DECK = Place("graphic", "staffing", "deck")


def reported(id, value, low=None, high=None, **more):
    low, high = value if low is None else low, value if high is None else high
    return Entry(id, id, more.pop("unit", "deaths"), REPORTED, value, low, high, **more)


@pytest.fixture
def ledger():
    year, half = (
        {"start": date(2014, 1, 1), "end": date(2014, 8, 7)},
        {"start": date(2014, 1, 1), "end": date(2014, 6, 30)},
    )
    return Ledger(
        [
            reported(
                "killed", 102, qualifier="ordinal", as_reported="102nd", quantity="police killed", place="Here", **year
            ),
            reported(
                "bodies", 201, high=math.inf, qualifier="at least", as_reported="at least 201", unit="bodies", **half
            ),
            reported("officers", 27_000, 26_500, 27_500, unit="officers"),
            reported("guards", 8_500, 8_450, 8_550, unit="officers", as_reported="about 8,500"),
            reported("people", 20_000_000, 19_500_000, 20_500_000, unit="people"),
            reported("ratio", 1_524, unit="inhabitants per officer"),
            reported("later", 9, unit="days"),
            Entry("gone", "gone", "date", REPORTED, qualifier="date", start=date(2014, 6, 28), end=date(2014, 6, 28)),
        ]
    )


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
    assert (share.low, share.qualifier) == (0, "about")
    assert ledger.calculate("odd", "bodies - bodies", "bodies", "Odd").qualifier in ("exact", "at least", "about")


def test_aliases_are_spelt_out_in_the_stored_formula(ledger):
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


def test_an_id_has_one_meaning(ledger):
    ledger.calculate("left", "officers - guards", "officers", "Left")
    ledger.calculate("left", "officers - guards", "officers", "Left")  # a cell run twice by hand
    with pytest.raises(LedgerError, match="another meaning"):
        ledger.calculate("left", "officers + guards", "officers", "Left")


def test_text_takes_its_numbers_from_entries_and_notes_where(ledger):
    text = ledger.text(
        "{{ toll }} by {{ toll.end }} ({{ toll.ordinal }}), {{ bodies.qualified }} in {{ bodies.start_month }}",
        DECK,
        toll=ledger["killed"],
    )
    assert text == "102 by Aug. 7 (102nd), at least 201 in January"
    assert ledger.printed == {"killed": [DECK], "bodies": [DECK]}
    assert "officers" not in ledger.printed


@pytest.mark.parametrize(
    "template",
    [
        "in 2013",
        "six months",
        "the 102nd victim",
        "{{ killed }} of 166",
        "twenty million",
        "a fifth death",
        "1,524",
    ],
)
def test_a_template_that_types_a_number_is_refused(ledger, template):
    with pytest.raises(LedgerError, match="typed"):
        ledger.text(template, "graphic: note")


def test_words_put_into_a_template_cannot_bring_a_number(ledger):
    with pytest.raises(LedgerError, match="typed"):
        ledger.text("{{ verb }}", "graphic: note", verb="exceed 166")
    assert ledger.text("{{ verb }} one", "graphic: note", verb="exceed") == "exceed one"


def test_an_unknown_entry_is_named(ledger):
    with pytest.raises(LedgerError, match="nobody"):
        ledger.text("{{ nobody }}", "graphic: note")
    with pytest.raises(LedgerError, match="nobody"):
        ledger["nobody"]


def test_the_ledger_survives_its_table(ledger, tmp_path):
    ledger.calculate("left", "officers - guards", "officers", "Left")
    ledger.text("{{ left }}", "a: b")
    table = ledger.frame()
    table.write_parquet(tmp_path / "ledger.parquet")
    again = Ledger.from_frames(pl.read_parquet(tmp_path / "ledger.parquet"))
    assert again.frame().equals(table)
    assert again.printed == ledger.printed
    assert again.digest("a") == ledger.digest("a")


def test_ledgers_are_merged_and_contradictions_refused(ledger):
    other = Ledger([ledger["killed"]])
    other.text("{{ killed }}", "elsewhere: deck")
    ledger.text("{{ killed }}", "here: deck")
    merged = Ledger.from_frames(ledger.frame(), other.frame())
    assert [str(place) for place in merged.printed["killed"]] == ["here: deck", "elsewhere: deck"]
    with pytest.raises(LedgerError, match="another meaning"):
        Ledger.from_frames(ledger.frame(), Ledger([reported("killed", 103)]).frame())


def test_the_digest_of_a_graphic_moves_with_its_numbers_and_no_others(ledger):
    ledger.calculate("left", "officers - guards", "officers", "Left")
    ledger.text("{{ left }}", "staff: deck")
    assert [entry.id for entry in ledger.provenance("staff")] == ["left", "officers", "guards"]
    before = ledger.digest("staff")
    ledger.text("{{ left }} {{ killed }}", "elsewhere: deck")
    ledger.choose("level", 0.95, "share", "Level")
    assert ledger.digest("staff") == before
    other = Ledger.from_frames(
        ledger.frame().with_columns(value=pl.when(pl.col("id") == "guards").then(8_501.0).otherwise(pl.col("value")))
    )
    assert other.digest("staff") != before
    ledger.text("{{ level }}", "staff: note")
    assert ledger.digest("staff") != before


def test_the_count_that_reaches_furthest_into_the_year_is_found(ledger):
    assert ledger.so_far("police killed", "Here", 2014).id == "killed"
    missing = ledger.so_far("police killed", "Here", 1999)
    assert not missing.known and "1999" in missing.caveat


def count(id, value, start, end, source):
    return reported(id, value, quantity="police killed", place="Here", start=start, end=end, source=source)


JANUARY = (date(2014, 1, 1), date(2014, 1, 31))


@pytest.fixture
def contested():
    return Ledger(
        [
            count("january", 25, *JANUARY, "first"),
            count("january_again", 22, *JANUARY, "second"),
            count("february", 19, date(2014, 2, 1), date(2014, 2, 28), "first"),
            count("april", 7, date(2014, 4, 1), date(2014, 4, 30), "first"),
            count("year", 166, date(2013, 1, 1), date(2013, 12, 31), "first"),
            count("years", 300, date(2012, 1, 1), date(2013, 12, 31), "first"),
        ]
    )


def test_counts_come_in_the_order_of_preference_and_months_end_at_the_first_gap(contested):
    assert [e.id for e in contested.counts("police killed", "Here", *JANUARY)] == ["january", "january_again"]
    assert contested.preferred("police killed", "Here", *JANUARY).id == "january"
    assert [e.id for e in contested.months("police killed", "Here", 2014)] == ["january", "february"]
    assert {year: [e.id for e in found] for year, found in contested.years("police killed", "Here").items()} == {
        2013: ["year"]
    }


def test_what_rests_on_the_unknown_is_unknown_and_says_why(contested):
    march = contested.preferred("police killed", "Here", date(2014, 3, 1), date(2014, 3, 31))
    twice = contested.calculate("twice", "2 * march + january", "deaths", "Twice", march=march)
    again = contested.calculate("again", "twice / twice.days", "a day", "Again")
    assert not twice.known and not again.known and "twice" not in contested
    assert again.caveat == march.caveat and "March 1, 2014" in march.caveat
    text = contested.text("{{ january }} and {{ again }}", "a: deck")
    assert text == f"Left out: {march.caveat}." and "january" not in contested.printed
    assert contested.text("{{ january }}{% if again.known %} {{ again }}{% endif %}", "a: deck") == "25"
    assert contested.gaps("{{ january }}") == "" and contested.gaps("{{ again }}") == march.caveat
    kept = Ledger.from_frames(contested.frame(unknown=True))
    assert not kept["again"].known and kept["again"].caveat == march.caveat
    assert "again" not in contested.frame()["id"].to_list()


def test_another_count_changes_what_rests_on_it_and_nothing_else(contested):
    contested.calculate("both", "january + february", "deaths", "Both")
    contested.calculate("share", "january / both", "share", "Share")
    contested.calculate("rest", "year - april", "deaths", "Rest")
    contested.text("{{ 'many' if both > year else 'few' }}: {{ both }}", "a: headline")
    changed = contested.what_if("january", contested["january_again"])
    assert (changed["both"].value, changed["share"].value) == (41, 22 / 41)
    assert changed["rest"] is contested["rest"] and contested["both"].value == 44
    assert tuple(each.text_again(Place("graphic", "a", "headline")) for each in (contested, changed)) == ("few: 44", "few: 41")


def test_a_range_has_bounds_and_no_value():
    ledger = Ledger(
        [
            Entry("people", "people", "people", REPORTED, None, 18e6, 21e6, "range"),
            reported("officers", 20_000, unit="officers"),
        ]
    )
    each = ledger.calculate("each", "people / officers", "a head", "Each")
    assert (each.value, each.low, each.high, each.text) == (None, 900, 1050, "900 to 1,050")
