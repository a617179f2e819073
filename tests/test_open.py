"""What a notebook opens: parameters, ledger, words and graphics of a small made-up story about the weather."""

import json
import subprocess
import sys
from datetime import date

import altair as alt
import polars as pl
import pytest

from toll import parameters, tables
from toll import story as stories
from toll.graphics.graphic import Graphic, LeftOut
from toll.ledger import disputed
from toll.ledger.ledger import Ledger
from toll.problems import Problems

PARAMETERS = {"edition": "article", "as_of": "2031-09-01", "credit": "the-weather-desk", "print_width": 85.0}
WORDS = """\
so_far:
  headline: "{{ wet }} days of rain"
  deck: It rained on {{ wet }} days by {{ wet.end }}.
  deck_brief: Days of rain
  note: ""
  source: "{{ wet.citation }}."
  alt: A bar of {{ wet }} days.
  description: A bar.
  labels:
    wet: "{{ wet }} {{ unit }}"
dry:
  left_out: it rained on all {{ wet }} days
"""


def figure(id, value, source, **more):
    year = {"start": date(2031, 1, 1), "end": date(2031, 8, 7)}
    bounds = {"value": value, "low": value, "high": value, "qualifier": "exact"}
    known = {"known": True, "why_not": "", "preference": 0, "origins": source, "reason": "It is ours."}
    where = {"quantity": "wet days", "place": "Wendport", "unit": "days", "citation": source.capitalize()}
    return {"id": id, "source": source, **year, **bounds, **known, **where, **more}


FIGURES = pl.DataFrame(
    [
        figure("wet_2031", 120.0, "almanac"),
        figure("wet_2031_radio", 118.0, "radio", preference=1),
        figure("wet_2032", 90.0, "almanac", known=False, why_not="published later"),
    ]
)
OTHERS = pl.DataFrame([figure("boats", 3.0, "almanac", quantity="boats", unit="boats")])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The processed tables of the edition, in a project of its own in which the notebooks run."""
    processed = tmp_path / "data/processed/article"
    tables.write(FIGURES, processed / "topics/weather")
    tables.write(pl.concat([FIGURES, OTHERS]), processed / "figures")
    for name, text in {"words/rain.yml": WORDS, "notebooks/chain.yml": ""}.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path / "notebooks")
    return processed


def open_part(**parameters):
    story = stories.open(PARAMETERS | parameters, "rain", topic="weather")
    story.ledger.name(wet=story.ledger["wet_2031"])
    return story


def chart(width, height):
    rows = pl.DataFrame({"days": [120], "entry": ["wet_2031"]})
    return alt.Chart(rows).mark_bar(color="blue").encode(alt.X("days:Q", axis=None)).properties(height=height or 100)


def test_a_part_has_the_figures_of_its_topic_and_the_whole_has_all(folder):
    part = open_part()
    assert (part.edition, part.as_of, part.project.root) == ("article", "2031-09-01", folder.parents[2])
    assert [entry.id for entry in part.ledger] == ["wet_2031", "wet_2031_radio"]
    assert part.figures.equals(FIGURES)
    assert "boats" in stories.open(PARAMETERS, "all").ledger


def test_parameters_are_checked_and_other_names_of_the_notebook_are_none(folder):
    with pytest.raises(Problems, match="parameters cell, as_of"):
        open_part(as_of="September")
    story = open_part(alt=alt, sources=["a", "list"], story="rain")
    assert story.parameters == PARAMETERS


@pytest.mark.skipif(not hasattr(parameters, "declared"), reason="until a story declares its own parameters")
def test_a_plain_chart_is_a_picture_once_the_story_is_open(folder):
    alt.renderers.enable("default")
    open_part()
    assert alt.Chart({"values": [{"a": 1}]}).mark_bar().encode(x="a:Q")._repr_mimebundle_()[0].keys() > {
        "image/svg+xml"
    }


def test_a_parameter_with_a_unit_is_a_chosen_entry(folder):
    declared = "allowed: {kind: number, expected: a share, unit: share, label: Share allowed}"
    (folder.parents[2] / "notebooks/parameters.yml").write_text(declared)
    chosen = open_part(allowed=0.25).ledger["allowed"]
    assert (chosen.status, chosen.text, chosen.label) == ("chosen", "25%", "Share allowed")


def test_what_is_missing_is_named(folder):
    with pytest.raises(Problems, match=r"data/processed/article/topics/snow\.parquet: There is no such table"):
        _ = stories.open(PARAMETERS, "snow", topic="snow").ledger
    with pytest.raises(Problems, match="edition: edition is needed and not declared"):
        _ = stories.open({"as_of": "2031-09-01"}, "rain", topic="weather").ledger
    story = stories.open({"edition": "article", "as_of": "2031-09-01"}, "rain", topic="weather")
    story.ledger.name(wet=story.ledger["wet_2031"])
    with pytest.raises(Problems, match="credit is needed and not declared"):
        story.graphic("rain", chart, "so_far")


def test_what_is_said_is_shown_as_markdown_and_noted_where_it_stands(folder):
    story = open_part()
    first = story.say("It rained on {{ wet }} days.")
    second = story.say("{{ wet }} and {{ more }}.", more=story.ledger["wet_2031_radio"])
    assert story.say("It rained on {{ wet }} days.") == first, "the cell was run again"
    data, metadata = first._repr_mimebundle_()
    assert data == {"text/markdown": "It rained on 120 days.", "text/plain": "It rained on 120 days."}
    assert metadata == {"text/markdown": {"place": "rain notebook: finding"}}
    assert repr(second) == "120 and 118."
    assert [str(place) for place in story.ledger.printed["wet_2031"]] == [
        "rain notebook: finding",
        "rain notebook: finding 2",
    ]


def test_labels_take_names_for_all_and_for_one(folder):
    label = open_part().labels("rain", "so_far", unit="days")
    assert (label("wet"), label("wet", unit="wet days")) == ("120 days", "120 wet days")


def test_a_graphic_has_its_words_and_the_part_is_saved(folder):
    story = open_part()
    story.ledger.calculate("half", "wet / 2", "days", "Half")
    story.ledger.calculate("next", "wet_2032 / 2", "days", "Next year's half")
    graphic = story.graphic("rain", chart, "so_far")
    assert isinstance(graphic, Graphic)
    assert repr(story.table("by-week", pl.DataFrame({"week": [1]}))) == "week\n1"
    story.save()
    furniture = json.loads((folder / "graphics/rain.json").read_text())["furniture"]
    assert (furniture["headline"], furniture["credit"]) == ("120 days of rain", "the-weather-desk")
    part = Ledger.from_frames(tables.read(folder / "parts/rain"))
    assert {str(place) for place in part.printed["wet_2031"]} == {
        f"rain: {part}" for part in ("headline", "deck", "source", "alt")
    }
    assert not part["next"].known and part["next"].caveat.endswith("published later")
    assert tables.read(folder / "by-week").height == 1
    contested = tables.read(folder / "parts/rain-disputed")
    assert contested.select("id", "in_use", "effect", "headline").rows() == [
        ("wet_2031", True, "", ""),
        ("wet_2031_radio", False, "half: 60 → 59", "118 days of rain"),
    ]


def test_a_graphic_is_left_out_by_its_form_or_because_something_was_not_known(folder):
    story = open_part()
    assert story.graphic("rain", chart, "dry") == LeftOut("rain", "it rained on all 120 days")
    later = story.graphic("rain", chart, "so_far", wet=story.ledger["wet_2032"])
    assert later.why.endswith("published later")
    story.save()
    assert json.loads((folder / "graphics/rain.json").read_text())["left_out"] == later.why


def test_the_whole_joins_its_parts_and_saves_the_complete_ledger(folder):
    for name, formula in (("rain", "wet / 2"), ("more-rain", "wet * 2")):
        part = stories.open(PARAMETERS, name, topic="weather")
        part.ledger.name(wet=part.ledger["wet_2031"])
        part.ledger.calculate(name.replace("-", "_"), formula, "days", name)
        part.say("{{ wet }}")
        part.save()
    whole = stories.open(PARAMETERS, "fact-check", parts=("rain", "more-rain"))
    assert whole.ledger.text("{{ rain }} of {{ boats }}", "fact-check: claim") == "60 of 3"
    whole.table("fact-check", pl.DataFrame({"id": ["claim"]}))
    whole.save()
    ledger = Ledger.from_frames(tables.read(folder / "ledger"))
    assert [str(place) for place in ledger.printed["wet_2031"]] == [
        "rain notebook: finding",
        "more-rain notebook: finding",
    ]
    assert [str(place) for place in ledger.printed["rain"]] == ["fact-check: claim"]
    assert tables.read(folder / "fact-check")["id"].to_list() == ["claim"]
    assert tables.read(folder / "disputed").select("id", "effect").rows() == [
        ("wet_2031", ""),
        ("wet_2031_radio", "rain: 60 → 59; more_rain: 240 → 236"),
    ]


def test_a_story_without_parts_or_claims_is_saved_too(folder):
    stories.open(PARAMETERS, "whole").save()
    assert tables.read(folder / "disputed").schema == disputed.SCHEMA
    assert tables.read(folder / "ledger").height == 3


def test_importing_toll_loads_nothing_until_it_is_used():
    code = "import sys, toll; print('polars' in sys.modules); toll.open, toll.estimate; print('polars' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
