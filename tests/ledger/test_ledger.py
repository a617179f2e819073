"""The ledger: entries, their names, what is looked up in it, and where it is printed."""

from datetime import date

import polars as pl
import pytest

from support.entries import reported
from toll.ledger.entry import LedgerError, Place
from toll.ledger.ledger import Ledger

DECK, HEADLINE = Place("graphic", "a", "deck"), Place("graphic", "a", "headline")


def test_an_id_has_one_meaning(ledger):
    ledger.calculate("left", "officers - guards", "officers", "Left")
    ledger.calculate("left", "officers - guards", "officers", "Left")  # a cell run twice by hand
    with pytest.raises(LedgerError, match="another meaning"):
        ledger.calculate("left", "officers + guards", "officers", "Left")


def test_an_entry_that_is_not_there_is_named_with_the_most_similar_one(ledger):
    with pytest.raises(LedgerError, match="no entry “kiled”"):
        ledger["kiled"]


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
    assert tuple(each.text_again(HEADLINE) for each in (contested, changed)) == ("few: 44", "few: 41")


def test_names_are_known_to_every_formula_and_template_after(ledger):
    force, guards = ledger.name(force=ledger["officers"], on_guard=ledger["guards"])
    assert (force.id, guards.id) == ("officers", "guards")
    left = ledger.name(left_over=ledger.calculate("left", "force - on_guard", "officers", "Left"))
    assert (left.formula, left.inputs) == ("officers - guards", "officers guards")
    assert ledger.text("{{ left_over }} of {{ force }}", DECK) == "18,500 of 27,000"
    assert ledger.text("{{ force }}", DECK, force=guards) == "8,500", "a name given on the spot goes first"


def test_a_name_has_one_meaning(ledger):
    ledger.name(force=ledger["officers"])
    ledger.name(force=ledger["officers"])  # a cell run twice by hand
    for taken in ("force", "people", "even_pace"):
        with pytest.raises(LedgerError, match=f"{taken} has another meaning already"):
            ledger.name(**{taken: ledger["guards"]})
    with pytest.raises(LedgerError, match="force is in the ledger already"):
        ledger.choose("force", 1, "officers", "Force")


def test_names_keep_their_meaning_when_another_count_is_tried(contested):
    contested.name(start=contested["january"])
    contested.calculate("both", "start + february", "deaths", "Both")
    contested.text("{{ start }}, {{ both }}", HEADLINE)
    assert contested.what_if("january", contested["january_again"]).text_again(HEADLINE) == "22, 41"
    assert contested.text_again(HEADLINE) == "25, 44"
    assert contested.text_again(DECK) == ""


def test_running_totals_add_up_counts_that_follow_each_other(contested):
    january, both = contested.running_totals(contested.months("police killed", "Here", 2014), "killed", "Deaths")
    assert (january.id, january.formula, january.label) == ("killed_by_01_31", "january", "Deaths by 2014-01-31")
    assert (both.id, both.formula, both.label) == ("killed_by_02_28", "january + february", "Deaths by 2014-02-28")
    assert (both.value, both.unit) == (44, "deaths")


@pytest.mark.parametrize(
    ("text", "place", "owner"),
    [
        ("death-tolls: headline", ("graphic", "death-tolls", "headline"), "death-tolls"),
        ("staffing notebook: finding 2", ("notebook", "staffing", "finding 2"), "staffing notebook"),
        ("fact-check: on_track", ("fact check", "fact-check", "on_track"), "fact-check"),
        ("guards: a: b", ("graphic", "guards", "a: b"), "guards"),
    ],
)
def test_a_place_is_what_its_text_says(text, place, owner):
    found = Place.parse(text)
    assert (found, str(found), found.owner) == (place, text, owner)


def test_what_is_no_place_is_refused():
    with pytest.raises(LedgerError, match="“headline” is not a place"):
        Place.parse("headline")


def test_a_table_for_people_has_entries_or_ids_and_leaves_out_the_unknown(ledger):
    missing = ledger.unknown("missing", "nobody counted")
    table = ledger.table(ledger["guards"], "killed", missing)
    assert table.select("number", "bounds", "id").rows() == [
        ("8,500", "8,450 to 8,550", "guards"),
        ("102", "", "killed"),
    ]
