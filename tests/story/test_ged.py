"""Event data as users have it, odd rows and broken files included. Every event, place and number here is made up."""

from __future__ import annotations

import csv
import datetime as dt
import importlib.util
import io
import json
import math
import os
import random
import re
import subprocess
import sys

import polars as pl
import pytest

from support.checkout import ROOT, copy_sources
from toll.problems import Problems
from toll.project import Project

spec = importlib.util.spec_from_file_location("ged", ROOT / "notebooks/ged.py")
ged = importlib.util.module_from_spec(spec)
sys.modules["ged"] = ged  # where its dataclass looks for its types
spec.loader.exec_module(ged)

UCDP = (
    "id",
    "relid",
    "type_of_violence",
    "side_a",
    "side_b",
    "source_article",
    "adm_1",
    "adm_2",
    "date_prec",
    "date_start",
    "date_end",
    "deaths_a",
    "deaths_b",
    "deaths_civilians",
    "deaths_unknown",
    "best",
    "high",
    "low",
    "gwnoa",
)
HDX = (*UCDP, "iso3")
MADE_UP = {
    "relid": "MADE-UP",
    "type_of_violence": 1,
    "side_a": "Government of Nowhere",
    "side_b": "Made-up group",
    "source_article": 'Made up, "with quotes",\nand a line break',
    "adm_1": "Made-up province",
    "adm_2": "Harbour City district",
    "date_prec": 1,
    "date_start": "2014-03-05 00:00:00.000",
    "date_end": "2014-03-05 00:00:00.000",
    "deaths_a": 2,
    "deaths_b": 1,
    "deaths_civilians": 0,
    "deaths_unknown": 0,
    "best": 3,
    "high": 4,
    "low": 3,
    "gwnoa": "",
    "iso3": "XAA",
}
TAGS = {"id": "#event+id", "date_start": "#date+start", "best": "#affected+killed"}
MARCH = pl.Series("month", [dt.date(2014, 2, 1), dt.date(2014, 3, 1), dt.date(2014, 4, 1)])


def event(id, **other):
    return MADE_UP | {"id": id} | other


def written(path, rows, columns=UCDP, end="\n"):
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", extrasaction="ignore", lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode())
    return path


@pytest.fixture
def made(tmp_path):
    return lambda *rows, **options: written(tmp_path / "made-up.csv", rows, **options)


def in_march(found):
    return ged.by_month(found, MARCH).filter(pl.col("month").dt.month() == 3).row(0, named=True)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("shape", ["UCDP", "HDX"])
def test_both_published_shapes_are_read_the_same(made, shape, end):
    rows = [event(1), event(2, date_start="2014-04-01", date_end="2014-04-30"), event(3, adm_2="Elsewhere")]
    file = made(*rows, end=end) if shape == "UCDP" else made(TAGS, *rows, columns=HDX, end=end)
    found = ged.read(file, "harbour city")
    assert (found.rows, found.first, found.last) == (3, dt.date(2014, 3, 5), dt.date(2014, 4, 30))
    assert found.table["id"].to_list() == [1, 2]
    assert found.aside.is_empty()
    assert ged.by_month(found, MARCH).rows() == [
        (dt.date(2014, 2, 1), None, None, None, None, None, None),  # before the file begins: nobody knows
        (dt.date(2014, 3, 1), 1, 1, 2, 2, 0, 3),
        (dt.date(2014, 4, 1), 1, 1, 2, 2, 0, 3),
    ]


def test_a_big_file_with_line_breaks_in_cells_is_read_as_the_csv_module_reads_it(made):
    chance = random.Random(1)
    texts = ["plain", 'a "quoted" word', "two\nlines", "\n\n", 'a,"b\n",c\r\n3,4', "x" * 5000, "é\n" * 99]
    places = ["Harbour City district", "Elsewhere", "Harbour\nCity district"]
    rows = [event(n, source_article=chance.choice(texts), adm_2=chance.choice(places)) for n in range(1, 5001)]
    file = made(*rows)
    with file.open(newline="") as text:
        expected = [int(row["id"]) for row in csv.DictReader(text) if row["adm_2"] == "Harbour City district"]
    found = ged.read(file, "Harbour City")
    assert found.rows == 5000
    assert found.table["id"].to_list() == expected
    assert found.aside.is_empty()


@pytest.mark.parametrize(
    ("place", "count"), [("harbour", 2), ("Made-up province", 3), ("Harbour City", 2), ("east", 1)]
)
def test_a_place_is_found_by_whole_words_of_either_column(made, place, count):
    rows = [event(1), event(2, adm_2="City of New Harbour (Harbour City)"), event(3, adm_2="Harbourside East")]
    assert ged.read(made(*rows), place).table.height == count


@pytest.mark.parametrize(
    ("reason", "row"),
    [
        ("no whole number as id", event("")),
        ("no whole number as id", event("１２")),
        ("a day that cannot be read", event(2, date_start="2014-02-30")),
        ("a day that cannot be read", event(2, date_start="March 5, 2014")),
        ("a day that cannot be read", event(2, date_end="")),
        ("an end before the start", event(2, date_end="2014-03-04")),
        ("a count that is missing, negative or not whole", event(2, deaths_a="")),
        ("a count that is missing, negative or not whole", event(2, deaths_a=-1)),
        ("a count that is missing, negative or not whole", event(2, deaths_unknown="1.5")),
        ("a count that is missing, negative or not whole", event(2, low="３")),
        ("a count that is missing, negative or not whole", event(2, best="3\0")),
        ("the id of an earlier row", event(1, deaths_a=50)),
    ],
)
def test_a_row_that_cannot_be_counted_is_set_aside_with_the_reason(made, reason, row):
    found = ged.read(made(event(1), row, event(9)), "Harbour City")
    assert found.table["id"].to_list() == [1, 9]
    assert found.aside["reason"].to_list() == [reason]
    assert in_march(found)["government_high"] == 4


def dated(*days, **other):
    """An event for each of the days, with texts for them as a spreadsheet may write them."""
    return [event(id, date_start=day, date_end=day, **other) for id, day in enumerate(days, 1)]


WAYS_TO_SAVE = {
    "minutes": ("2014-03-05 00:00", "2014-03-25 00:00"),
    "American": ("3/5/2014", "3/25/2014"),
    "American, Excel": ("3/5/2014 0:00", "3/25/2014 0:00"),
    "American, padded": ("03/05/2014 12:00:00 AM", "03/25/2014 12:00:00 AM"),
    "British": ("05/03/2014", "25/03/2014"),
    "German": ("5.3.2014 00:00", "25.3.2014 00:00"),
    "serial numbers": ("41703", "41723"),
    "serial numbers with a point": ("41703.0", "41723.0"),
}


@pytest.mark.parametrize("days", WAYS_TO_SAVE.values(), ids=WAYS_TO_SAVE)
def test_a_file_that_a_spreadsheet_saved_again_is_read_the_same(made, days):
    original = ged.read(made(*dated("2014-03-05", "2014-03-25")), "Harbour City")
    numbers = ("id", "type_of_violence", "date_prec", *ged.COUNTS)
    rows = [row | {name: f"{row[name]}.0" for name in numbers} for row in dated(*days)]
    found = ged.read(made(*rows), "Harbour City")
    assert found.table.equals(original.table)
    assert (found.first, found.last, found.aside.height) == (dt.date(2014, 3, 5), dt.date(2014, 3, 25), 0)
    assert in_march(found) == in_march(original)


def test_the_day_comes_first_if_it_does_so_anywhere_in_the_file(made):
    rows = [*dated("5/3/2014", "31/12/2014"), event(3, date_start="5/3/2014", date_end="5/3/2014")]
    rows[1]["adm_2"] = "Elsewhere"
    assert in_march(ged.read(made(*rows), "Harbour City"))["events"] == 2


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (("3/5/2014", "1/12/2014"), "3/5/2014 may be March 5 or May 3"),
        (("3/25/2014", "25/3/2014"), "Some days begin with the month and others with the day"),
        (("25-Mar-14", "5-Mar-14"), "can be counted: 2 rows with a day that cannot be read, such as “25-Mar-14”"),
        (("", ""), "can be counted: 2 rows with a day that cannot be read. Use"),
    ],
)
def test_days_that_cannot_be_told_are_refused_and_never_count_as_none(made, days, words):
    with pytest.raises(Problems, match=re.escape(words)):
        ged.read(made(*dated(*days)), "Harbour City")


def test_counts_that_cannot_be_read_are_refused_and_never_count_as_none(made):
    with pytest.raises(Problems, match=r"No row of “Harbour City” can be counted: 1 row with a count that is missing"):
        ged.read(made(event(1, best="3,0")), "Harbour City")


def test_short_long_and_empty_rows_are_set_aside_wherever_they_are_from(made):
    file = made(event(1))
    short = "\n2,MADE-UP,1\n3,MADE-UP,1,a,b,c,d,Harbour City district,1,2014-03-05\n"
    file.write_text(
        file.read_text() + short + "4,MADE-UP,1,a,b,unquoted, c,d,e,1,2014-03-05,2014-03-05,1,0,0,0,1,1,1,\n"
    )
    found = ged.read(file, "Harbour City")
    assert found.rows == 5
    assert found.aside["reason"].to_list() == ["an empty row", *["a day that cannot be read"] * 3]
    assert found.table["id"].to_list() == [1]


@pytest.mark.parametrize(
    "row",
    [
        event(2, date_start="2014-02-27", date_end="2014-03-02"),
        event(2, date_start="2014-01-01", date_end="2014-12-31", date_prec=5),
        event(2, date_prec=5),
        event(2, date_prec=""),
        event(2, date_prec=9),
    ],
)
def test_an_event_of_no_single_month_raises_only_the_high_count(made, row):
    march = in_march(ged.read(made(event(1), row), "Harbour City"))
    assert (march["events"], march["events_touching"]) == (1, 2)
    assert (march["government_low"], march["government_high"]) == (2, 4)


@pytest.mark.parametrize(
    ("oddity", "row"),
    [
        ("span more than one month", event(2, date_start="2014-02-27", date_end="2014-03-02")),
        ("are not dated as closely as a month", event(2, date_prec=5)),
        ("have a best estimate outside low and high", event(2, low=9)),
        ("have deaths by side that do not add up to the best estimate", event(2, best=4)),
        ("have deaths whose side is unknown", event(2, deaths_unknown=1, best=4)),
    ],
)
def test_an_oddity_is_counted_and_named(made, oddity, row):
    found = ged.read(made(event(1), row), "Harbour City")
    named = [what for what, condition in ged.ODDITIES.items() if found.table.filter(condition)["id"].to_list() == [2]]
    assert named == [oddity]
    assert found.aside.is_empty()


def test_only_deaths_on_the_side_of_a_government_count_and_those_of_no_known_side_are_apart(made):
    rows = [
        event(1, side_a="Made-up militia", deaths_unknown=7, best=10),
        event(2, side_a="Made-up militia", side_b="Government of\nNowhere", deaths_b=5, best=7),
        event(3, deaths_unknown=1, best=4),
        event(4, side_a="Governments"),
    ]
    march = in_march(ged.read(made(*rows), "Harbour City"))
    assert (march["events"], march["government_low"], march["unattributed"], march["best"]) == (
        4,
        5 + 2,
        1,
        10 + 7 + 4 + 3,
    )


@pytest.mark.parametrize(
    ("march", "april", "agree"),
    [
        ((10, 10), (20, 20), 1),
        ((20, 20), (10, 10), -1),
        ((10, 20), (20, 20), 0),  # the ranges touch
        ((10, math.inf), (20, 20), 0),  # at least ten
    ],
)
def test_two_months_that_one_source_counted_are_compared_with_the_order_of_the_events(made, march, april, agree):
    rows = [event(1), event(2, date_start="2014-04-02", date_end="2014-04-02", deaths_a=9, best=10)]
    counts = pl.DataFrame({"month": MARCH[1:], "reported_low": [march[0], april[0]], "source": "desk"}).with_columns(
        reported_high=pl.Series([march[1], april[1]], dtype=pl.Float64), attributed_to=pl.lit("the police")
    )
    compared = ged.by_month(ged.read(made(*rows), "Harbour City"), MARCH).join(counts, on="month", how="left")
    assert ged.pairs_of_months(compared).rows() == [(*MARCH[1:], agree)]
    other = counts.with_columns(source=pl.Series(["desk", "another"]))
    assert ged.pairs_of_months(compared.select(pl.exclude(other.columns[1:])).join(other, on="month")).is_empty()


def test_rows_are_listed_with_the_ids_of_the_first(made):
    found = ged.read(made(event(1, date_prec=5), event(2, date_prec=5, low=9), event("")), "Harbour City")
    assert ged.listed(ged.oddities(found.table), "events_that").rows() == [
        ("are not dated as closely as a month", 2, "1, 2"),
        ("have a best estimate outside low and high", 1, "2"),
    ]
    assert ged.listed(found.aside, "reason").rows() == [("no whole number as id", 1, "none")]


def test_no_file_is_no_zero():
    assert ged.by_month(ged.NONE, MARCH)["government_high"].to_list() == [None] * 3


HEADER = ",".join(UCDP).encode()


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"PK\x03\x04\x14\x00\x08\xff\xfe" + bytes(300_000), 1, "The first line begins “PK"),
        ("\ufeffid,best\n".encode("utf-16-le"), 1, "i\\x00d"),
        (b"", 1, "The first line begins “”, so this is not event data."),
        (b"<html>Not found</html>\n", 1, "“<html>Not found"),
        (HEADER.replace(b",", b";") + b"\n", 1, "id;relid"),
        (HEADER.replace(b"best", b"best_est") + b"\n", 1, "best: The column is missing. If it is “best_est”, rename"),
        (HEADER.replace(b"best", b"") + b"\n", 1, "best: The column is missing. Use the CSV file of UCDP GED"),
        (HEADER + b",best\n", 1, "best: The column is there 2 times."),
        (HEADER + b'\n1,"two\nlines"\n2,"open\n', 4, "Double quotes do not pair from this row on."),
        (HEADER + b'\n1,"' + b"x" * 200_000 + b'"\n2,"open\n', 2, "has more than 131,072 characters."),
        (HEADER + b"\n1,Montr\xe9al\n", 2, "The row has a character that is not UTF-8."),
        (HEADER + b"\n", None, "No row has the place “Harbour City”."),
    ],
)
def test_what_is_no_such_file_is_named(tmp_path, data, line, words):
    file = tmp_path / "made-up.csv"
    file.write_bytes(data)
    with pytest.raises(Problems) as raised:
        ged.read(file, "Harbour City")
    assert words in str(raised.value)
    assert {(problem.where.file, problem.where.line) for problem in raised.value.problems} == {("made-up.csv", line)}


def test_a_missing_file_and_a_misspelled_place_are_named(made, tmp_path):
    with pytest.raises(Problems, match=r"none\.csv: The file cannot be read"):
        ged.read(tmp_path / "none.csv", "Harbour City")
    with pytest.raises(Problems, match=r"No row has the place “Habour”\. Did you mean “Harbour”"):
        ged.read(made(event(1)), "Habour")


# --- In the chain ---

MONTHS = {"Feb": ("2014-02-01", "2014-02-28", 9), "Mar": ("2014-03-01", "2014-03-31", 25)}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The cleaning and the corroboration alone, with made-up monthly counts added to the raw figures."""
    root = tmp_path_factory.mktemp("project")
    copy_sources(root)
    (root / "editions/article.yml").unlink()  # the notebooks' defaults are the same
    chain = (root / "notebooks/chain.yml").read_text()
    first, last = chain.index("01-clean"), chain.index("09-corroborate")
    (root / "notebooks/chain.yml").write_text(chain[first : chain.index("02-death")] + chain[last:])
    with (root / "data/raw/figures.csv").open("a", newline="") as figures:
        for name, (start, end, count) in MONTHS.items():
            row = f"made_up_{name.lower()},police killed,Karachi,{start},{end},{count},,deaths,made up,article,,1,"
            figures.write(f"{row}made up {count},Made up\n")
    return Project(root)


def toll(project, *arguments, home=None):
    command = [sys.executable, "-m", "toll", *arguments]
    environment = os.environ | ({"HOME": str(home)} if home else {})
    return subprocess.run(command, cwd=project.root, env=environment, capture_output=True, text=True)


def corroborated(project, file, name, **options):
    return toll(project, "run", "article", "-p", f"ged_csv={file}", "--as", name, **options)


def test_the_chain_compares_the_months_with_the_file_that_is_named(project, tmp_path):
    home = tmp_path / "home"
    (home / "Downloads").mkdir(parents=True)
    place = {"adm_2": "Karachi made-up district"}
    rows = [event(n, **place) for n in range(1, 5)] + [
        event(5, date_start="2014-02-03", date_end="2014-02-03", **place)
    ]
    file = written(home / "Downloads/made-up.csv", rows)

    run = corroborated(project, "~/Downloads/made-up.csv", "corroborated", home=home)
    assert run.returncode == 0, run.stderr
    assert "ran 01-clean-source-figures, 09-corroborate" in run.stdout
    table = pl.read_csv(project.processed("corroborated") / "corroboration.csv", try_parse_dates=True)
    counts = table.drop_nulls("reported").select("month", "government_low", "reported").rows()
    assert counts == [(dt.date(2014, 2, 1), 2, 9.0), (dt.date(2014, 3, 1), 8, 25.0)]
    notebook = project.notebooks / "corroborated/09-corroborate.ipynb"
    text = notebook.read_text()
    assert str(tmp_path) not in text, "what is published tells nobody's folders"
    assert "Of 2 reported monthly counts, 2 are above what the events record and 0 below it." in text
    assert "Of 1 pairs of months, the events put 1 in the order of the reports" in text
    assert any("image/svg+xml" in o.get("data", {}) for c in json.loads(text)["cells"] for o in c.get("outputs", []))

    # The same content elsewhere is up to date; other content is not.
    moved = file.rename(project.root / "made-up.csv")
    assert "up to date" in corroborated(project, "made-up.csv", "corroborated").stdout
    written(moved, [*rows, event(6, **place)])
    again = corroborated(project, moved, "corroborated")
    assert "corroborated: ran 09-corroborate;" in again.stdout
    assert "government_low" in text
    assert notebook.read_text() != text


@pytest.mark.parametrize("name", ["GED[1].csv", "{x} واقعات 😀 `#100%`?.csv"])
def test_the_name_of_the_file_does_not_matter(project, tmp_path, name):
    file = written(tmp_path / name, dated("3/5/2014 0:00", "3/25/2014 0:00", adm_2="Karachi made-up district"))
    run = corroborated(project, file, "named")
    assert run.returncode == 0, run.stderr
    table = pl.read_csv(project.processed("named") / "corroboration.csv", try_parse_dates=True)
    assert table.filter(pl.col("month").dt.month() == 3)["government_low"].to_list() == [4]


def test_without_a_file_the_chain_says_so_and_goes_on(project):
    run = toll(project, "run")
    assert run.returncode == 0, run.stderr
    assert "No event file was given" in (project.notebooks / "09-corroborate.ipynb").read_text()
    table = pl.read_csv(project.processed("article") / "corroboration.csv")
    assert table.height == 12
    assert table["government_high"].is_null().all()
    assert table["reported"].drop_nulls().to_list() == [9, 25]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("nowhere.csv", "-p, ged_csv: "),
        ("~nobody-of-this-name/x.csv", "-p, ged_csv: "),
        ("data", "-p, ged_csv: "),
        ("data/raw/README.md", "README.md, line 1: The first line begins “# The raw tables"),
    ],
)
def test_a_file_that_is_none_stops_the_run_by_name_and_nothing_is_published(project, given, words):
    run = corroborated(project, given, "broken")
    assert run.returncode == 1
    assert words in run.stderr
    assert "Traceback" not in run.stderr
    assert not project.processed("broken").exists()
