"""The gate lets the committed tables and harmless spreadsheet habits through, and names every fault it stops."""

import csv
import io
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.checkout import ROOT
from toll.problems import Problems
from toll.project import Project
from toll.source import schema
from toll.source.raw import Raw, check, read


class Tables:
    """A copy of the committed raw tables, to be broken."""

    def __init__(self, root: Path):
        self.project = Project(root)
        shutil.copytree(Project(ROOT).raw, self.project.raw)

    def path(self, file: str) -> Path:
        return self.project.raw / file

    def rows(self, file: str) -> list[list[str]]:
        return list(csv.reader(io.StringIO(self.path(file).read_text(encoding="utf-8"), newline="")))

    def line(self, file: str, key: str) -> int:
        """The line of the row whose first cell is `key`; no committed cell has a line break."""
        return 1 + [row[0] for row in self.rows(file)].index(key)

    def write(self, file: str, rows: list[list[str]]) -> None:
        out = io.StringIO()
        csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
        self.path(file).write_text(out.getvalue(), encoding="utf-8", newline="")

    def set(self, file: str, key: str, **cells: str) -> int:
        """Changes cells of a row and returns its line."""
        rows, line = self.rows(file), self.line(file, key)
        for column, value in cells.items():
            rows[line - 1][rows[0].index(column)] = value
        self.write(file, rows)
        return line

    def change(self, file: str, edit) -> None:
        """Changes the bytes of a file."""
        data = self.path(file).read_bytes()
        changed = edit(data)
        assert changed != data
        self.path(file).write_bytes(changed)

    def problems(self) -> list[tuple]:
        return [
            (p.where.file.removeprefix("data/raw/"), p.where.line, p.where.column, str(p)) for p in check(self.project)
        ]


@pytest.fixture
def tables(tmp_path) -> Tables:
    return Tables(tmp_path)


def only(problems: list[tuple], file: str, line: int | None, column: str | None, *words: str) -> None:
    """There is one problem, at this place, and its message holds these words."""
    assert [problem[:3] for problem in problems] == [(file, line, column)], problems
    for word in words:
        assert word in problems[0][3]


def test_the_committed_tables_pass():
    assert check(Project(ROOT)) == []


def test_the_tables_are_read_with_their_types():
    raw = read(Project(ROOT))
    assert isinstance(raw, Raw)
    figure = next(figure for figure in raw.figures if figure.id == "bodies_found_2014h1")
    assert (figure.reading.value, figure.reading.qualifier, figure.period_days) == (201, "at least", 181)
    assert (str(figure.period_start), figure.locator, figure.rounded_to) == ("2014-01-01", 8, "")
    open_ended = next(figure for figure in raw.figures if figure.id == "police_killed_2014_100th")
    assert open_ended.period_end is None and open_ended.period_days is None and open_ended.caveat
    assert {row.whole for row in raw.quantities} == {True, False}
    assert {row.table for row in raw.corrections} == {"figures", "sources"}


def test_a_figure_goes_back_to_what_its_own_row_says_else_to_what_its_source_says():
    raw = read(Project(ROOT))
    origins = {figure.id: raw.origins(figure) for figure in raw.figures}
    assert origins["bodies_found_2014h1"] == ["newspaper_reports"]  # the article, on the commission's count
    assert origins["police_killed_2013"] == ["article"]  # the article, which names nobody
    assert origins["police_killed_2014_january"] == ["karachi_police"]  # the police's own month
    assert origins["police_killed_2014_march"] == ["nation_2014_07"]
    assert origins["officers_dawn_july"] == ["karachi_police"]  # all of the source


def test_reading_broken_tables_raises_what_the_check_lists(tables):
    tables.set("figures.csv", "population", period_start="yesterday")
    with pytest.raises(Problems) as raised:
        read(tables.project)
    assert raised.value.problems == check(tables.project)


F, S, Q, C = "figures.csv", "sources.csv", "quantities.csv", "claims.csv"
M, P = "sums.csv", "preferences.csv"
TOTAL = "police_killed_2014_january_february_ap"
KILLED = "police_killed_2013"

NO_DAY, NO_ID = "is not a day of the calendar. Write year-month-day", "is not an id. Begin with a letter"
EMPTY, SPACES = ": The cell is empty. Fill it in.", "has extra spaces. Remove them."
HIDDEN, FORMULA = (
    "has a character that cannot be seen ({}).",
    "begins with “{}”, so a spreadsheet would run it as a formula",
)
NO_PARAGRAPH, NO_NUMBER = (
    "is not the number of a paragraph",
    "is not written as a number. Put a comma before each group",
)

# file, key of the row, new cells, column of the one problem, words of its message
CELLS = [
    (
        S,
        "ary_2015_07",
        {"based_on": "karachi_polise"},
        "based_on",
        "is not in sources.csv. Did you mean “karachi_police”?",
    ),
    (S, "ary_2015_07", {"based_on": "hrcp karachi_polise"}, "based_on", "“karachi_polise” is not in sources.csv."),
    (
        S,
        "ary_2015_07",
        {"based_on": "hrcp, karachi_police"},
        "based_on",
        "not a list of ids. Put one space between ids",
    ),
    (S, "ary_2015_07", {"based_on": "ary_2015_07"}, "based_on", "The source goes back to itself."),
    (S, "ary_2015_07", {"dated": "week"}, "dated", "“week” is not day, month or year."),
    (S, "ary_2015_07", {"dated": ""}, "dated", "The cell is empty, but only a body has no date."),
    (S, "ary_2015_07", {"published": ""}, "published", "The cell is empty, but only a body has no date."),
    (S, "hrcp", {"published": "2014-01-01"}, "published", "A body is not published, so it has no date."),
    (
        F,
        "police_killed_2014_police",
        {"source": "karachi_police"},
        "source",
        "is a body, so no figure can be read in it.",
    ),
    (
        M,
        "official_total",
        {"claim": "official_totl"},
        "claim",
        "Did you mean “official_total”? If not, add a row there.",
    ),
    (M, "two_months_total", {"parts": "police_killed_2014_january nobody"}, "parts", "“nobody” is not in figures.csv."),
    (
        M,
        "two_months_total",
        {"parts": "bodies_found_2013h1"},
        "parts",
        "The total is in deaths, but not every part is.",
    ),
    (M, "two_months_total", {"parts": TOTAL}, "parts", "A figure is added twice, or the total is among its parts."),
    (M, "two_months_total", {"complete": "perhaps"}, "complete", "“perhaps” is not yes or no."),
    (P, "officers", {"source": "articel"}, "source", "Did you mean “article”?"),
    (P, "officers", {"quantity": "oficers"}, "quantity", "Did you mean “officers”?"),
    (P, "officers", {"reason": ""}, "reason", EMPTY),
    (F, "airport_attack", {"id": "Airport attack"}, "id", NO_ID),
    (F, "airport_attack", {"id": "2nd_attack"}, "id", NO_ID),
    (F, "airport_attack", {"id": "airport__attack"}, "id", NO_ID),
    (F, KILLED, {"quantity": "police kiled"}, "quantity", "is not in quantities.csv. Did you mean “police killed”?"),
    (F, KILLED, {"quantity": "elephants"}, "quantity", "is not in quantities.csv. Correct it, or add a row there."),
    (F, KILLED, {"quantity": ""}, "quantity", EMPTY),
    (F, KILLED, {"place": ""}, "place", EMPTY),
    (F, KILLED, {"unit": "people"}, "unit", "“people” is not a unit of “police killed”. Use “deaths”"),
    (F, "boy_age", {"unit": "months"}, "unit", "“months” is not a unit of “age”. Use “years”"),
    (F, KILLED, {"period_end": "2012-12-31"}, "period_end", "2012-12-31 is before period_start, 2013-01-01."),
    (F, KILLED, {"period_end": "2014-02-30"}, "period_end", f"“2014-02-30” {NO_DAY}"),
    (F, KILLED, {"period_end": "31/12/2013"}, "period_end", NO_DAY),
    (F, KILLED, {"period_end": "2013-12-31 00:00"}, "period_end", NO_DAY),
    (F, KILLED, {"period_end": "20131231"}, "period_end", NO_DAY),
    (F, KILLED, {"period_start": "2,013-01-01"}, "period_start", NO_DAY),
    (F, KILLED, {"period_end": "", "caveat": ""}, "period_end", "The cell is empty, and caveat does not say why."),
    (F, KILLED, {"as_reported": ""}, "as_reported", EMPTY),
    (F, KILLED, {"as_reported": "many"}, "as_reported", "“many” cannot be read as a number. Write 30, at least 30"),
    (F, KILLED, {"as_reported": "l66"}, "as_reported", "“l66” is not a number. Did you mean 166 (digit one)?"),
    (F, KILLED, {"as_reported": "1,66"}, "as_reported", NO_NUMBER),
    (F, KILLED, {"as_reported": "16.6"}, "as_reported", "“16.6” is not a whole number, as a count of deaths must be."),
    (F, KILLED, {"as_reported": "１６６"}, "as_reported", "has a digit other than 0 to 9 (FULLWIDTH DIGIT ONE)."),
    (F, KILLED, {"as_reported": "١٦٦"}, "as_reported", "(ARABIC-INDIC DIGIT ONE). Type the digits again."),
    (F, KILLED, {"as_reported": "170 to 160"}, "as_reported", "The range starts at 170 and ends below it, at 160."),
    (F, KILLED, {"as_reported": "165"}, "exact", "“2013 toll of 166” does not contain “165”."),
    (F, KILLED, {"as_reported": "66"}, "exact", "does not contain “66”."),
    (F, KILLED, {"rounded_to": "-10"}, "rounded_to", FORMULA.format("-")),
    (F, KILLED, {"rounded_to": "0"}, "rounded_to", "Numbers are rounded to a unit above zero"),
    (F, KILLED, {"rounded_to": "tens"}, "rounded_to", f"“tens” {NO_NUMBER}"),
    (F, KILLED, {"rounded_to": "100"}, "rounded_to", "166 is not a multiple of 100"),
    (F, "bodies_found_2014h1", {"rounded_to": "1"}, "rounded_to", "“at least 201” cannot be rounded"),
    (F, "airport_attack", {"rounded_to": "1"}, "rounded_to", "“June” cannot be rounded"),
    (
        F,
        "constable_killed",
        {"as_reported": "Friday", "exact": "on Friday"},
        "period_start",
        ": 2014-08-07 is not what “Friday” means. Give a day or weekday as that one day",
    ),
    (
        F,
        "boy_disappeared",
        {"period_end": "2014-06-29"},
        "period_start",
        "2014-06-28 to 2014-06-29 is not what “June 28”",
    ),
    (F, "boy_disappeared", {"period_end": ""}, "period_start", "2014-06-28 to nothing is not what “June 28” means."),
    (F, "crackdown_started", {"period_start": "2013-09-07"}, "period_start", "is not what “September 2013” means."),
    (F, "boy_disappeared", {"as_reported": "June 31"}, "as_reported", "There is no such day as “june 31”."),
    (F, KILLED, {"source": "artcle"}, "source", "“artcle” is not in sources.csv. Did you mean “article”?"),
    (F, KILLED, {"locator": "paragraph 1"}, "locator", NO_PARAGRAPH),
    (F, KILLED, {"locator": "1,001"}, "locator", NO_PARAGRAPH),
    (F, KILLED, {"locator": "0"}, "locator", NO_PARAGRAPH),
    (
        F,
        KILLED,
        {"locator": ""},
        "locator",
        "The cell is empty, but article is a full text, so its paragraph is known.",
    ),
    (F, KILLED, {"exact": "exceed the 2013 toll of 166 deaths"}, "exact", "has more than 6 words. Keep the shortest"),
    (F, KILLED, {"exact": ""}, "exact", EMPTY),
    (F, KILLED, {"place": " Karachi"}, "place", SPACES),
    (F, KILLED, {"place": "Karachi "}, "place", SPACES),
    (F, KILLED, {"caveat": "All  causes."}, "caveat", SPACES),
    (F, KILLED, {"caveat": "All\u00a0causes."}, "caveat", r"“All\xa0causes.” has a special space (NO-BREAK SPACE)."),
    (F, KILLED, {"caveat": "All\u202ecauses."}, "caveat", HIDDEN.format("RIGHT-TO-LEFT OVERRIDE")),
    (F, KILLED, {"caveat": "All\u200bcauses."}, "caveat", HIDDEN.format("ZERO WIDTH SPACE")),
    (F, KILLED, {"caveat": "All\x07causes."}, "caveat", HIDDEN.format("U+0007")),
    (F, KILLED, {"caveat": "\tAll causes."}, "caveat", HIDDEN.format("U+0009")),
    (F, KILLED, {"caveat": "\rAll causes."}, "caveat", HIDDEN.format("U+000D")),
    (F, KILLED, {"caveat": "x " * 200 + "=é\x07"}, "caveat", f"…” {HIDDEN.format('U+0007')}"),
    (F, KILLED, {"caveat": "=SUM(A1)"}, "caveat", FORMULA.format("=")),
    (F, KILLED, {"attributed_to": "@police"}, "attributed_to", FORMULA.format("@")),
    (F, KILLED, {"place": "+Karachi"}, "place", FORMULA.format("+")),
    (F, KILLED, {"place": "-Karachi"}, "place", FORMULA.format("-")),
    (F, KILLED, {"place": "Karachi\nCity"}, "place", "has a line break. Remove it."),
    (S, "article", {"published": "August 11, 2014"}, "published", NO_DAY),
    (S, "article", {"published": ""}, "published", "The cell is empty, but only a body has no date."),
    (S, "article", {"accessed": "2014-13-01"}, "accessed", NO_DAY),
    (S, "article", {"url": "example.org/a"}, "url", "is not an address. Copy all of it, from https://"),
    (S, "article", {"url": "javascript:alert(1)"}, "url", "is not an address."),
    (S, "article", {"kind": "newspaper"}, "kind", "“newspaper” is not full text, excerpt or body."),
    (S, "article", {"text_sha256": "abc"}, "text_sha256", "“abc” is not a SHA-256. Copy its 64 characters"),
    (Q, "donation", {"whole": "perhaps"}, "whole", "“perhaps” is not yes or no."),
    (Q, "donation", {"definition": ""}, "definition", EMPTY),
    (C, "record", {"claim": "The 166 deaths were a record."}, "claim", "“166” stands outside a placeholder."),
    (C, "record", {"claim": "The {{police_killed_2013}} deaths."}, "claim", "with these single spaces."),
    (C, "record", {"claim": "The {{ police_killed_203 }} deaths."}, "claim", "Did you mean “police_killed_2013”?"),
    (C, "record", {"source": "articel"}, "source", "Did you mean “article”?"),
    (C, "record", {"locator": ""}, "locator", "article is a full text, so its paragraph is known."),
    (C, "record", {"exact": "one two three four five six seven"}, "exact", "has more than 6 words."),
    (C, "record", {"id": "on_track"}, "id", "“on_track” is used twice; it is also on line 2."),
]


@pytest.mark.parametrize(("file", "key", "cells", "column", "words"), CELLS)
def test_a_fault_of_a_cell_is_named_once_with_its_place(tables, file, key, cells, column, words):
    line = tables.set(file, key, **cells)
    only(tables.problems(), file, line, column, words)


def test_a_repeated_id_is_named_at_its_second_row(tables):
    tables.set(F, "airport_attack", id="commander_killed")
    first, second = (n for n, row in enumerate(tables.rows(F), 1) if row[0] == "commander_killed")
    only(tables.problems(), F, second, "id", f"“commander_killed” is used twice; it is also on line {first}.")


def test_a_repeated_quantity_and_unit_is_named(tables):
    rows = tables.rows(Q)
    tables.write(Q, [*rows, rows[1]])
    only(tables.problems(), Q, len(rows) + 1, "quantity", "it is also on line 2")


def header_only(data: bytes) -> bytes:
    return data[: data.index(b"\n") + 1]


NOT_UTF8 = "shows that this is not UTF-8 text. Save it again as “CSV UTF-8”."

# file, change of its bytes, line, column, words of the message
FILES = [
    (F, lambda data: b"", 1, None, "The file is empty. Begin it with the header id,quantity"),
    (F, lambda data: b"\r\n\r\n", 1, None, "The file is empty."),
    (F, header_only, 1, None, "There is no row below the header."),
    (S, header_only, 1, None, "There is no row below the header."),
    (F, lambda data: data.decode().encode("utf-16"), 1, None, f"The byte 0xFF {NOT_UTF8}"),
    (F, lambda data: data.decode().encode("utf-16-le"), 1, None, f"The byte 0x00 {NOT_UTF8}"),
    (F, lambda data: data.replace(b"All causes,", b"All caf\xe9s,"), 3, None, f"The byte 0xE9 {NOT_UTF8}"),
    (F, lambda data: data.replace(b",", b";"), 1, None, "The columns are separated by semicolons."),
    (F, lambda data: data.replace(b",", b";").replace(b"; so", b", so"), 1, None, "separated by semicolons."),
    (F, lambda data: data.replace(b",", b"\t"), 1, None, "The columns are separated by tabs."),
    (F, lambda data: data.replace(b"perio", b"peri", 1), 1, "period_start", "The column is called “perid_start”."),
    (F, lambda data: data.replace(b",place,", b",Place,", 1), 1, "place", "is called “Place”. Rename it to place."),
    (F, lambda data: data.replace(b",place,", b",place ,", 1), 1, "place", "is called “place ”. Rename it to place."),
    (
        F,
        lambda data: data.replace(b"\nofficers,", b"\nofficers,,", 1),
        "officers",
        None,
        "15 cells; the header has 14.",
    ),
    (
        F,
        lambda data: data.replace(b'"27,000"', b"27,000", 1),
        "officers",
        None,
        "text or number that contains a comma.",
    ),
    (
        F,
        lambda data: data.replace(b"\nofficers,officers,", b"\nofficers,", 1),
        "officers",
        None,
        "The row has 13 cells;",
    ),
    (
        F,
        lambda data: data.replace(b"\nofficers,", b"\n\nofficers,", 1),
        "officers",
        None,
        "The row is empty. Remove it.",
    ),
    (F, lambda data: data.replace(b'"27,000"', b'"27,000', 1), "officers", None, "Double quotes do not pair."),
    (
        F,
        lambda data: data.replace(b'"27,000"', b"9" * 140_000, 1),
        "officers",
        None,
        "is longer than 131,072 characters.",
    ),
]


@pytest.mark.parametrize(("file", "change", "line", "column", "words"), FILES)
def test_a_fault_of_a_file_is_named_with_its_line(tables, file, change, line, column, words):
    line = tables.line(file, line) if isinstance(line, str) else line
    tables.change(file, change)
    only(tables.problems(), file, line, column, words)


def test_a_missing_file_is_named(tables):
    tables.path(C).unlink()
    only(tables.problems(), C, None, None, "The file cannot be read (No such file or directory).")


def with_columns(tables: Tables, names: list[str]) -> None:
    rows = tables.rows(F)
    tables.write(F, [[row[rows[0].index(name)] for name in names] for row in rows])


def test_a_missing_column_is_named(tables):
    with_columns(tables, [name for name in tables.rows(F)[0] if name != "place"])
    only(tables.problems(), F, 1, "place", "The column is missing. Add it.")


def test_a_name_that_is_missing_in_the_header_alone_is_not_told_of_every_row(tables):
    rows = tables.rows(F)
    tables.write(F, [[name for name in rows[0] if name != "rounded_to"], *rows[1:]])
    only(tables.problems(), F, 1, "rounded_to", "The column is missing. Add it.")


def test_a_column_too_many_is_named(tables):
    rows = tables.rows(F)
    tables.write(F, [[*rows[0], "colour"], *([*row, "red"] for row in rows[1:])])
    only(tables.problems(), F, 1, "colour", "The table has no such column. Remove it.")


def test_a_column_without_a_name_is_told_by_its_number(tables):
    tables.write(F, [[*row, ""] for row in tables.rows(F)])
    only(tables.problems(), F, 1, None, "Column 15 has no name.")


def test_a_column_in_place_of_another_is_named(tables):
    tables.change(F, lambda data: data.replace(b",place,", b",colour,", 1))
    assert [problem[:3] for problem in tables.problems()] == [(F, 1, "colour"), (F, 1, "place")]


def test_a_doubled_column_is_named(tables):
    tables.write(F, [[*row, row[-1]] for row in tables.rows(F)])
    only(tables.problems(), F, 1, "caveat", "The column is there 2 times. Keep one.")


def test_reordered_columns_are_named_and_still_read(tables):
    names = tables.rows(F)[0]
    tables.set(F, KILLED, as_reported="many")
    with_columns(tables, [*names[1:], names[0]])
    assert [problem[:3] for problem in tables.problems()] == [(F, 1, None), (F, 3, "as_reported")]


def test_lines_are_those_of_the_file_after_a_line_break_in_a_cell(tables):
    tables.set(F, "police_killed_2014_100th", caveat="Two\nlines.")
    tables.set(F, KILLED, period_end="2014-02-30")
    assert tables.line(F, KILLED) == 3
    only(tables.problems(), F, 4, "period_end")


def test_all_problems_of_all_files_are_listed_at_once(tables):
    places = [
        (F, tables.set(F, KILLED, period_end="2014-02-30", unit="people"), "period_end"),
        (F, tables.line(F, KILLED), "unit"),
        (F, tables.set(F, "donation", as_reported="a lot"), "as_reported"),
        (S, tables.set(S, "article", kind="rumour"), "kind"),
        (Q, tables.set(Q, "donation", whole="maybe"), "whole"),
        (C, tables.set(C, "record", claim="All 166."), "claim"),
    ]
    tables.path("corrections.csv").unlink()
    found = [problem[:3] for problem in tables.problems()]
    assert sorted(found, key=str) == sorted([*places, ("corrections.csv", None, None)], key=str)


def test_a_broken_list_of_sources_does_not_blame_every_figure(tables):
    tables.change(S, lambda data: data.replace(b",", b";"))
    only(tables.problems(), S, 1, None, "semicolons")


CORRECTION = ["2024-03-01", "figures", "officers", "as_reported", "26,000", "27,000", "The table was misread."]


def correct(tables: Tables, *rows: list[str]) -> list[tuple]:
    tables.write("corrections.csv", [tables.rows("corrections.csv")[0], *rows])
    return tables.problems()


def test_corrections_pass_when_they_end_at_the_figure(tables):
    earlier = ["2024-02-01", "figures", "officers", "as_reported", "25,000", "26,000", "An older list was used."]
    dated = ["2024-02-01", "sources", "ap_2014_03", "published", "2014-03-12", "2014-03-13", "Misread."]
    assert correct(tables, CORRECTION) == []
    assert correct(tables, CORRECTION, earlier, dated) == []
    assert len(read(tables.project).corrections) == 3


@pytest.mark.parametrize(
    ("change", "column", "words"),
    [
        ({1: "officers"}, "table", "is not figures, sources or claims."),
        ({2: "oficers"}, "id", "Did you mean “officers”?"),
        ({3: "number"}, "field", "“number” is no column of figures.csv. It has quantity, place"),
        ({5: "28,000"}, "now", "“28,000” should be “27,000”."),
        ({4: "27,000"}, "was", "was and now are the same."),
        ({0: "March 2024"}, "date", NO_DAY),
        ({6: ""}, "reason", EMPTY),
    ],
)
def test_a_correction_that_corrects_nothing_is_named(tables, change, column, words):
    row = [change.get(n, cell) for n, cell in enumerate(CORRECTION)]
    only(correct(tables, row), "corrections.csv", 2, column, words)


def test_an_earlier_correction_must_end_where_the_next_begins(tables):
    earlier = ["2024-02-01", "figures", "officers", "as_reported", "25,000", "25,500", "An older list was used."]
    only(correct(tables, earlier, CORRECTION), "corrections.csv", 2, "now", "“25,500” should be “26,000”.")


@pytest.mark.parametrize(
    "habit",
    [
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data + b"\n\n",
        lambda data: data + b"," * data[: data.index(b"\n")].count(b",") + b"\n",
        lambda data: data.rstrip(b"\n"),
        lambda data: b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n") + b"\r\n",
    ],
    ids=["byte-order mark", "CRLF", "blank lines", "row of commas", "no last line end", "all of Windows"],
)
def test_harmless_habits_of_spreadsheets_pass(tables, habit):
    before = read(tables.project)
    for file in tables.project.raw.glob("*.csv"):
        file.write_bytes(habit(file.read_bytes()))
    assert read(tables.project) == before


def test_quoted_line_breaks_of_windows_are_those_of_unix(tables):
    tables.set(F, KILLED, caveat="Two\nlines.")
    before = read(tables.project)
    tables.change(F, lambda data: data.replace(b"\n", b"\r\n"))
    assert read(tables.project) == before


def test_the_gate_starts_without_the_heavy_libraries():
    code = "import sys, toll.source.raw; print(sorted({'polars', 'altair', 'papermill', 'pandas'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


README = (Project(ROOT).raw / "README.md").read_text(encoding="utf-8")


def table_rows(section: str) -> list[list[str]]:
    lines = re.findall(r"^\| (.*) \|$", section, flags=re.MULTILINE)
    return [line.split(" | ") for line in lines if not set(line) <= set("-| ")]


def test_the_readme_lists_the_quantities_as_the_table_does():
    section = README.split("## quantities.csv")[1].split("\n## ")[0]
    _, listed = section.split("| quantity | unit | topic | whole | definition |")
    with (Project(ROOT).raw / Q).open(encoding="utf-8", newline="") as file:
        assert table_rows(listed) == list(csv.reader(file))[1:]


@pytest.mark.parametrize(
    "table", [*schema.TABLES, schema.PUBLISHED, schema.ANCHORS, schema.LEFT_OUT_TABLE], ids=lambda table: table.file
)
def test_the_readme_explains_each_column_as_the_schema_does(table):
    section = README.split(f"## {table.file}")[1].split("\n## ")[0]
    explained = [row for row in table_rows(section) if row[0].startswith("`")]
    assert explained == [[f"`{name}`", column.meaning] for name, column in table.columns.items()]


def test_no_number_is_typed_twice():
    """Caveats, notes and claims are printed; a digit in them would be a number beside the ledger."""
    raw = read(Project(ROOT))
    printed = [figure.caveat for figure in raw.figures] + [source.note for source in raw.sources]
    printed += [row.definition for row in raw.quantities] + [row.reason for row in raw.corrections]
    assert [text for text in printed if re.search(r"\d", text)] == []


@pytest.mark.parametrize(
    ("start", "end", "words", "fits"),
    [
        ("2014-01-01", "2014-06-30", "six", True),
        ("2014-01-01", "2014-06-30", "five", False),
        ("2014-01-15", "2014-07-14", "six", True),
        ("2014-01-15", "2014-07-14", "seven", False),
        ("2014-01-15", "2014-07-20", "seven", True),
        ("2014-01-01", "2014-06-30", "about six", True),
    ],
)
def test_a_length_in_months_is_that_of_its_period(tables, start, end, words, fits):
    exact = f"first {words} months of this year"
    tables.set(F, "bodies_period_months", period_start=start, period_end=end, as_reported=words, exact=exact)
    said = [message for *_, message in tables.problems()]
    assert any("is not the length of its period" in message for message in said) is not fits
