"""What was known later: the back-test, the disputed counts, the sums; and any date in between still makes sense."""

import json
import subprocess
import sys
from datetime import date

import polars as pl
import pytest
import scipy  # which imports scipy.stats when it is used

from support.browser import needs_chromium
from support.checkout import ROOT, copy_sources
from support.printed import forms, numbers
from toll import tables
from toll.ledger.entry import Place
from toll.ledger.ledger import REPORTED, Ledger
from toll.project import Project
from toll.source.raw import read

PROCESSED, PUBLISHED = ROOT / "data/processed/hindsight", ROOT / "figures/hindsight"
GRAPHICS = ("death-tolls", "record", "extrajudicial-bodies", "staffing", "by-the-numbers")
MONTHS, ENDS = (25, 19, 4, 7, 9, 19), (31, 59, 90, 120, 151, 181)
FINALS = (136, 142)
SPREADS = ("independent", "clustered", "as_months")


@pytest.fixture(scope="module")
def ledger():
    return Ledger.from_frames(tables.read(PROCESSED / "ledger"))


@pytest.fixture(scope="module")
def backtest():
    """One row for each range: a day on which a count was known, and a spread."""
    return tables.read(PROCESSED / "backtest").to_dicts()


def of(backtest, spread):
    return [row for row in backtest if row["spread"] == spread]


def test_the_back_test_has_a_range_for_every_day_on_which_a_count_is_known(backtest):
    counts = [sum(MONTHS[: n + 1]) for n in range(6)]
    for spread in SPREADS[:2]:
        assert [row["count"] for row in of(backtest, spread)] == [*counts, 94, 102]
    days = [date(2014, 6, 30), date(2014, 7, 15), date(2014, 8, 7)]
    assert [row["date"] for row in of(backtest, "independent")][-3:] == days


def test_its_ranges_are_those_of_scipy(backtest):
    for row in of(backtest, "independent"):
        days = (row["date"] - date(2013, 12, 31)).days
        ahead = scipy.stats.nbinom(row["count"] + 0.5, days / 365)
        assert [row["low"], row["high"]] == [row["count"] + ahead.ppf(probability) for probability in (0.025, 0.975)]


def test_its_dispersion_is_pearsons(ledger, backtest):
    lengths = [end - start for start, end in zip((0, *ENDS), ENDS, strict=False)]
    for entry, months in (("scatter", 6), ("backtest_03_31_scatter", 3), ("backtest_05_31_scatter", 5)):
        expected = [sum(MONTHS[:months]) * days / ENDS[months - 1] for days in lengths[:months]]
        chi_squared = scipy.stats.chisquare(MONTHS[:months], expected).statistic
        assert ledger[entry].value == pytest.approx(chi_squared / (months - 1))
    assert min(row["date"] for row in of(backtest, "as_months")) == date(2014, 3, 31)  # two months cannot tell


def test_a_range_is_scored_and_told_whether_it_held(backtest):
    for row in backtest:
        low, high = row["low"], row["high"]
        held = sum(low <= final <= high for final in FINALS)
        assert row["covered"] == ("none", "some", "all")[held]
        missed = max(low - FINALS[0], 0) + max(FINALS[0] - high, 0)
        assert row["score"] == pytest.approx(high - low + 40 * missed)
    assert [row["covered"] for row in backtest[-3:]] == ["none", "none", "all"]


def test_the_ranges_that_held_are_counted(ledger, backtest):
    for spread in SPREADS:
        rows = of(backtest, spread)
        held = sum(row["low"] <= FINALS[0] <= row["high"] for row in rows)
        assert ledger[f"backtest_{spread}_covered"].value == held
        assert ledger[f"backtest_{spread}_number"].value == len(rows)


# --- Disputed counts ---


@pytest.fixture(scope="module")
def disputed():
    return {row["id"]: row for row in tables.read(PROCESSED / "disputed").iter_rows(named=True)}


def effects(row):
    return dict(change.split(": ", 1) for change in row["effect"].split("; "))


def test_every_count_of_the_same_period_is_there_and_one_is_in_use(disputed):
    figures = [f for f in read(Project(ROOT)).figures if f.quantity == "police killed" and f.place == "Karachi"]
    whole = [f for f in figures if (str(f.period_start), str(f.period_end)) == ("2013-01-01", "2013-12-31")]
    rows = [disputed[figure.id] for figure in whole]
    assert {row["text"] for row in rows} == {"139", "165", "166", "172"}
    assert [row["id"] for row in rows if row["in_use"]] == ["police_killed_2013"]
    assert {row["spread"] for row in rows} == {"139 to 172"}


def test_the_effect_of_another_count_is_calculated(disputed):
    chance = 1 - scipy.stats.nbinom(102.5, 219 / 365).cdf(172 - 102)
    changed = effects(disputed["police_killed_2013_tribune"])
    assert changed["chance_of_exceeding"] == f"63% → {100 * chance:.0f}%"
    assert changed["baseline_by_same_day"] == f"99.6 → {172 * 219 / 365:.1f}"
    assert "even_pace_total" not in changed  # it rests on the other year
    assert effects(disputed["population_un"])["inhabitants_per_officer_all"] == f"741 → {16.126e6 / 27_000:.0f}"
    assert "population_census" not in disputed  # a count of three years later is another count


def test_the_headline_with_another_count_is_told(disputed):
    assert "142" in disputed["police_killed_2014_police"]["headline"]
    assert not disputed["police_killed_2013_ap"]["headline"]  # the same number


def test_a_running_total_without_a_beginning_is_held_against_other_such_totals(disputed):
    party = [row for id, row in disputed.items() if id.startswith("party_members_killed")]
    assert [(row["text"], row["in_use"]) for row in party] == [("80", True), ("more than 100", False)]
    assert party[1]["independent"] is None


def test_who_repeats_whom_is_told(disputed):
    assert disputed["bodies_found_2014h1_hrcp"]["independent"] is False
    assert disputed["police_killed_2014_january_hrcp"]["independent"] is True  # newspapers, not the police
    assert disputed["police_killed_2013_tribune"]["independent"] is None  # it names nobody
    assert disputed["police_killed_2013_official"]["independent"] is None  # the count in use names nobody
    assert disputed["police_killed_2014_police"]["independent"] is False  # both are the police's
    assert disputed["police_killed_2014_police"]["origins"] == "karachi_police"


# --- The fact check ---


def test_every_sum_has_the_verdict_of_its_own_arithmetic():
    raw = read(Project(ROOT))
    reading = {figure.id: figure.reading for figure in raw.figures}
    verdicts = {row["id"]: row["verdict"] for row in tables.read(PROCESSED / "fact-check").iter_rows(named=True)}
    for row in raw.sums:
        low, high = (sum(getattr(reading[part], end) for part in row.parts) for end in ("low", "high"))
        total = reading[row.total]
        fits = low <= total.high and (total.low <= high or not row.complete)
        assert verdicts[row.claim] == ("adds up" if fits else "does not add up"), row.claim
    wrong = {row.claim for row in raw.sums if verdicts[row.claim] == "does not add up"}
    assert {"official_total", "half_year_total", "quarter_2015_total", "before_2011_total"} <= wrong


def test_hindsight_contradicts_the_record_and_the_track():
    verdicts = {row["id"]: row for row in tables.read(PROCESSED / "fact-check").iter_rows(named=True)}
    assert verdicts["on_track"]["verdict"] == "did not come to pass"
    assert verdicts["record"]["verdict"] == "contradicted"
    assert "1995 had 261" in verdicts["record"]["result"]
    assert "its years add up to 1,538, and it prints almost 1,488" in verdicts["record"]["how_sure"]
    assert "136" in verdicts["on_track"]["result"] and "142" in verdicts["on_track"]["result"]


@pytest.mark.parametrize("name", GRAPHICS)
def test_every_number_in_a_graphics_words_is_an_entry_printed_there(ledger, name):
    words = json.loads((PROCESSED / "graphics" / f"{name}.json").read_text())["furniture"]
    for part in ("headline", "deck", "deck_brief", "note", "source", "alt", "description"):
        where = Place("graphic", name, part)
        entries = [ledger[id] for id, places in ledger.printed.items() if where in places]
        known = set().union(*(numbers(form) for entry in entries for form in forms(entry)))
        assert numbers(words[part]) <= known, part


@needs_chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_the_fact_check_is_accessible_and_has_an_anchor_for_each_claim(browser, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = browser.new_page(color_scheme=scheme, viewport={"width": 375, "height": 800})
    page.goto((PUBLISHED / "fact-check.html").as_uri())
    for details in page.locator("summary").all()[:3]:
        details.click()
    assert Axe().run(page).response["violations"] == []
    claims = {row.id for row in read(Project(ROOT)).claims}
    anchors = {article.get_attribute("id") for article in page.locator("article").all()}
    assert anchors == {f"claim-{id}" for id in claims}
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    page.close()


# --- Any date ---

DATES = ("2012-01-01", "2013-07-20", "2014-07-20", "2015-08-01")


@pytest.fixture(scope="module")
def swept(tmp_path_factory, drawn_once):
    """The article's edition as of other days, run for real as far as the numbers need."""
    folder = tmp_path_factory.mktemp("dates")
    copy_sources(folder)
    command = [
        sys.executable,
        "-m",
        "toll",
        "run",
        "article",
        "--sweep",
        f"as_of={','.join(DATES)}",
        "--as",
        "d/{as_of}",
    ]
    outcome = subprocess.run(command, cwd=folder, env=drawn_once, capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stderr[-3000:]
    return folder / "data/processed/d"


def left_out(folder):
    stored = {path.stem: json.loads(path.read_text()) for path in (folder / "graphics").glob("*.json")}
    return {name: spec["left_out"] for name, spec in stored.items() if "left_out" in spec}


@pytest.mark.parametrize("day", DATES)
def test_nothing_published_later_is_used(swept, day):
    figures = tables.read(swept / day / "figures").filter("known")
    assert figures.filter(pl.col("published") > date.fromisoformat(day)).is_empty()
    ledger = Ledger.from_frames(tables.read(swept / day / "ledger"))
    assert {entry.id for entry in ledger if entry.status == REPORTED} == set(figures["id"])
    assert all(entry.value == entry.value for entry in ledger)  # no entry that is not known is listed


def test_a_graphic_that_needs_the_unknown_is_left_out_with_the_reason(swept):
    missing = {day: left_out(swept / day) for day in DATES}
    assert set(missing["2012-01-01"]) == set(GRAPHICS)
    assert "death-tolls" in missing["2013-07-20"] and "2014" in missing["2013-07-20"]["death-tolls"]
    assert set(missing["2014-07-20"]) == {"by-the-numbers"}
    assert set(missing["2015-08-01"]) == {"record"}  # the article had been published: it stands alone again


def test_the_projection_of_another_day_rests_on_the_count_of_that_day(swept):
    ledger = Ledger.from_frames(tables.read(swept / "2014-07-20" / "ledger"))
    assert ledger["even_pace_total"].value == pytest.approx(94 * 365 / 196)
    assert ledger["even_pace_total"].inputs == "police_killed_2014_to_july_15"
    claims = tables.read(swept / "2014-07-20" / "fact-check")["id"].to_list()
    assert "half_year_total" in claims and "on_track" not in claims  # nobody had said it yet
