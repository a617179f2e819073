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
    assert raw.corrections == ()


def test_reading_broken_tables_raises_what_the_check_lists(tables):
    tables.set("figures.csv", "population", period_start="yesterday")
    with pytest.raises(Problems) as raised:
        read(tables.project)
    assert raised.value.problems == check(tables.project)


F, S, Q, C = "figures.csv", "sources.csv", "quantities.csv", "claims.csv"
KILLED = "police_killed_2013"

# file, key of the row, new cells, column of the one problem, words of its message
CELLS = [
    (
        S,
        "ary_2015_07",
        {"based_on": "karachi_polise"},
        "based_on",
        ["'karachi_polise'", "Did you mean 'karachi_police'?"],
    ),
    (S, "ary_2015_07", {"based_on": "hrcp karachi_polise"}, "based_on", ["found 'karachi_polise'"]),
    (S, "ary_2015_07", {"based_on": "hrcp, karachi_police"}, "based_on", ["one space between"]),
    (S, "ary_2015_07", {"based_on": "ary_2015_07"}, "based_on", ["do not go back to this one"]),
    (S, "ary_2015_07", {"dated": "week"}, "dated", ["'week'", "day or month or year"]),
    (S, "ary_2015_07", {"dated": ""}, "dated", ["when the source was published"]),
    (S, "ary_2015_07", {"published": ""}, "published", ["when the source was published"]),
    (S, "hrcp", {"published": "2014-01-01"}, "published", ["nothing for a body"]),
    (F, "police_killed_2014_police", {"source": "karachi_police"}, "source", ["not a body"]),
    ("sums.csv", "official_total", {"claim": "official_totl"}, "claim", ["Did you mean 'official_total'?"]),
    ("sums.csv", "two_months_total", {"parts": "police_killed_2014_january nobody"}, "parts", ["found 'nobody'"]),
    ("sums.csv", "two_months_total", {"parts": "bodies_found_2013h1"}, "parts", ["figures in deaths"]),
    (
        "sums.csv",
        "two_months_total",
        {"parts": "police_killed_2014_january_february_ap"},
        "parts",
        ["without the total"],
    ),
    ("sums.csv", "two_months_total", {"complete": "perhaps"}, "complete", ["yes or no"]),
    ("preferences.csv", "officers", {"source": "articel"}, "source", ["Did you mean 'article'?"]),
    ("preferences.csv", "officers", {"quantity": "oficers"}, "quantity", ["Did you mean 'officers'?"]),
    ("preferences.csv", "officers", {"reason": ""}, "reason", ["found nothing"]),
    (F, "airport_attack", {"id": "Airport attack"}, "id", ["'Airport attack'", "lower-case"]),
    (F, "airport_attack", {"id": "2nd_attack"}, "id", ["begins with a letter"]),
    (F, "airport_attack", {"id": "airport__attack"}, "id", ["single underscores"]),
    (
        F,
        KILLED,
        {"quantity": "police kiled"},
        "quantity",
        ["'police kiled'", "Did you mean 'police killed'?"],
    ),
    (F, KILLED, {"quantity": "elephants"}, "quantity", ["quantities.csv", "Correct it, or add a row"]),
    (F, KILLED, {"quantity": ""}, "quantity", ["found nothing", "Fill it in"]),
    (F, KILLED, {"place": ""}, "place", ["found nothing"]),
    (F, KILLED, {"unit": "people"}, "unit", ["'people'", "'deaths'"]),
    (F, "boy_age", {"unit": "months"}, "unit", ["'months'", "'years'"]),
    (F, KILLED, {"period_end": "2012-12-31"}, "period_end", ["'2012-12-31'", "2013-01-01"]),
    (F, KILLED, {"period_end": "2014-02-30"}, "period_end", ["'2014-02-30'", "day of the calendar"]),
    (F, KILLED, {"period_end": "31/12/2013"}, "period_end", ["'31/12/2013'", "year-month-day"]),
    (F, KILLED, {"period_end": "2013-12-31 00:00"}, "period_end", ["day of the calendar"]),
    (F, KILLED, {"period_end": "20131231"}, "period_end", ["day of the calendar"]),
    (F, KILLED, {"period_start": "2,013-01-01"}, "period_start", ["day of the calendar"]),
    (
        F,
        KILLED,
        {"period_end": "", "caveat": ""},
        "period_end",
        ["reason in caveat", "why the source gives none"],
    ),
    (F, KILLED, {"as_reported": ""}, "as_reported", ["found nothing"]),
    (F, KILLED, {"as_reported": "many"}, "as_reported", ["'many'", "cannot be read as a number"]),
    (F, KILLED, {"as_reported": "1,66"}, "as_reported", ["'1,66'", "group of three"]),
    (F, KILLED, {"as_reported": "16.6"}, "as_reported", ["not a whole number"]),
    (F, KILLED, {"as_reported": "１６６"}, "as_reported", ["FULLWIDTH DIGIT ONE", "digits 0 to 9"]),
    (F, KILLED, {"as_reported": "١٦٦"}, "as_reported", ["ARABIC-INDIC DIGIT ONE"]),
    (F, KILLED, {"as_reported": "170 to 160"}, "as_reported", ["ends below it"]),
    (F, KILLED, {"as_reported": "165"}, "exact", ["'2013 toll of 166'", "words that hold '165'"]),
    (F, KILLED, {"as_reported": "66"}, "exact", ["words that hold '66'"]),
    (F, KILLED, {"rounded_to": "-10"}, "rounded_to", ["'-10'", "no formula"]),
    (F, KILLED, {"rounded_to": "0"}, "rounded_to", ["above zero"]),
    (F, KILLED, {"rounded_to": "tens"}, "rounded_to", ["'tens'"]),
    (F, KILLED, {"rounded_to": "100"}, "rounded_to", ["no multiple of 100"]),
    (F, "bodies_found_2014h1", {"rounded_to": "1"}, "rounded_to", ["cannot be a rounded number"]),
    (F, "airport_attack", {"rounded_to": "1"}, "rounded_to", ["cannot be a rounded number"]),
    (
        F,
        "constable_killed",
        {"as_reported": "Friday", "exact": "on Friday"},
        "period_start",
        ["'Friday' names"],
    ),
    (F, "boy_disappeared", {"period_end": "2014-06-29"}, "period_start", ["2014-06-28 to 2014-06-29"]),
    (F, "boy_disappeared", {"period_end": ""}, "period_start", ["2014-06-28 to nothing"]),
    (F, "crackdown_started", {"period_start": "2013-09-07"}, "period_start", ["'September 2013' names"]),
    (F, "boy_disappeared", {"as_reported": "June 31"}, "as_reported", ["no such day"]),
    (F, KILLED, {"source": "artcle"}, "source", ["'artcle'", "Did you mean 'article'?"]),
    (F, KILLED, {"locator": "paragraph 1"}, "locator", ["'paragraph 1'", "plain digits"]),
    (F, KILLED, {"locator": "1,001"}, "locator", ["'1,001'", "no separator"]),
    (F, KILLED, {"locator": "0"}, "locator", ["'0'"]),
    (F, KILLED, {"locator": ""}, "locator", ["found nothing", "the number of a paragraph"]),
    (F, KILLED, {"exact": "exceed the 2013 toll of 166 deaths"}, "exact", ["words of the source, at most 6"]),
    (F, KILLED, {"exact": ""}, "exact", ["found nothing"]),
    (F, KILLED, {"place": " Karachi"}, "place", ["stray spaces", "Remove them"]),
    (F, KILLED, {"place": "Karachi "}, "place", ["stray spaces"]),
    (F, KILLED, {"caveat": "All  causes."}, "caveat", ["stray spaces"]),
    (
        F,
        KILLED,
        {"caveat": "All\u00a0causes."},
        "caveat",
        [r"'All\xa0causes.' with NO-BREAK SPACE", "plain space"],
    ),
    (F, KILLED, {"caveat": "All\u202ecauses."}, "caveat", ["RIGHT-TO-LEFT OVERRIDE", "can be seen"]),
    (F, KILLED, {"caveat": "All\u200bcauses."}, "caveat", ["ZERO WIDTH SPACE"]),
    (F, KILLED, {"caveat": "All\x07causes."}, "caveat", ["U+0007"]),
    (F, KILLED, {"caveat": "\tAll causes."}, "caveat", ["U+0009"]),
    (F, KILLED, {"caveat": "\rAll causes."}, "caveat", ["U+000D"]),
    (F, KILLED, {"caveat": "=SUM(A1)"}, "caveat", ["'=' in front", "no formula"]),
    (F, KILLED, {"attributed_to": "@police"}, "attributed_to", ["'@' in front"]),
    (F, KILLED, {"place": "+Karachi"}, "place", ["'+' in front"]),
    (F, KILLED, {"place": "-Karachi"}, "place", ["'-' in front"]),
    (F, KILLED, {"place": "Karachi\nCity"}, "place", ["one line"]),
    (F, KILLED, {"caveat": "x " * 200 + "=é\x07"}, "caveat", ["…' with the character U+0007"]),
    (S, "article", {"published": "August 11, 2014"}, "published", ["day of the calendar"]),
    (S, "article", {"published": ""}, "published", ["found nothing"]),
    (S, "article", {"accessed": "2014-13-01"}, "accessed", ["day of the calendar"]),
    (S, "article", {"url": "example.org/a"}, "url", ["https://"]),
    (S, "article", {"url": "javascript:alert(1)"}, "url", ["https://"]),
    (S, "article", {"kind": "newspaper"}, "kind", ["full text or excerpt"]),
    (S, "article", {"text_sha256": "abc"}, "text_sha256", ["64 of the characters"]),
    (Q, "donation", {"whole": "perhaps"}, "whole", ["yes or no"]),
    (Q, "donation", {"definition": ""}, "definition", ["found nothing"]),
    (C, "record", {"claim": "The 166 deaths were a record."}, "claim", ["no digit", "{{ id }}"]),
    (C, "record", {"claim": "The {{police_killed_2013}} deaths."}, "claim", ["no brace outside"]),
    (
        C,
        "record",
        {"claim": "The {{ police_killed_203 }} deaths."},
        "claim",
        ["Did you mean 'police_killed_2013'?"],
    ),
    (C, "record", {"source": "articel"}, "source", ["Did you mean 'article'?"]),
    (C, "record", {"locator": ""}, "locator", ["number of a paragraph"]),
    (
        C,
        "record",
        {"exact": "one two three four five six seven"},
        "exact",
        ["words of the source, at most 6"],
    ),
    (C, "record", {"id": "on_track"}, "id", ["'on_track'", "it once; it is also on line 2"]),
]


@pytest.mark.parametrize(("file", "key", "cells", "column", "words"), CELLS)
def test_a_fault_of_a_cell_is_named_once_with_its_place(tables, file, key, cells, column, words):
    line = tables.set(file, key, **cells)
    only(tables.problems(), file, line, column, *words)


def test_a_repeated_id_is_named_at_its_second_row(tables):
    tables.set(F, "airport_attack", id="commander_killed")
    first, second = (n for n, row in enumerate(tables.rows(F), 1) if row[0] == "commander_killed")
    only(tables.problems(), F, second, "id", "'commander_killed'", f"it is also on line {first}")


def test_a_repeated_quantity_and_unit_is_named(tables):
    rows = tables.rows(Q)
    tables.write(Q, [*rows, rows[1]])
    only(tables.problems(), Q, len(rows) + 1, "quantity", "it is also on line 2")


def header_only(data: bytes) -> bytes:
    return data[: data.index(b"\n") + 1]


# file, change of its bytes, line, column, words of the message
FILES = [
    (F, lambda data: b"", 1, None, ["an empty file", "id,quantity"]),
    (F, lambda data: b"\r\n\r\n", 1, None, ["an empty file"]),
    (F, header_only, 1, None, ["no row below the header"]),
    (S, header_only, 1, None, ["no row below the header"]),
    (F, lambda data: data.decode().encode("utf-16"), 1, None, ["0x00", "CSV UTF-8"]),
    (F, lambda data: data.decode().encode("utf-16-le"), 1, None, ["0x00", "CSV UTF-8"]),
    (F, lambda data: data.replace(b"All causes,", b"All caf\xe9s,"), 3, None, ["the byte 0xE9", "CSV UTF-8"]),
    (F, lambda data: data.replace(b",", b";"), 1, None, ["semicolons", "commas"]),
    (F, lambda data: data.replace(b",", b";").replace(b"; so", b", so"), 1, None, ["semicolons", "commas"]),
    (F, lambda data: data.replace(b",", b"\t"), 1, None, ["tabs", "commas"]),
    (F, lambda data: data.replace(b"perio", b"peri", 1), 1, "period_start", ["'perid_start'", "Rename"]),
    (F, lambda data: data.replace(b",place,", b",Place,", 1), 1, "place", ["'Place'", "Rename"]),
    (F, lambda data: data.replace(b",place,", b",place ,", 1), 1, "place", ["'place '", "Rename"]),
    (
        F,
        lambda data: data.replace(b"\nofficers,", b"\nofficers,,", 1),
        "officers",
        None,
        ["14 cells", "double quotes"],
    ),
    (
        F,
        lambda data: data.replace(b'"27,000"', b"27,000", 1),
        "officers",
        None,
        ["14 cells", "a number with separators"],
    ),
    (
        F,
        lambda data: data.replace(b"\nofficers,officers,", b"\nofficers,", 1),
        "officers",
        None,
        ["12 cells"],
    ),
    (
        F,
        lambda data: data.replace(b"\nofficers,", b"\n\nofficers,", 1),
        "officers",
        None,
        ["0 cells", "empty row"],
    ),
    (F, lambda data: data.replace(b'"27,000"', b'"27,000', 1), "officers", None, ["quotes that do not pair"]),
]


@pytest.mark.parametrize(("file", "change", "line", "column", "words"), FILES)
def test_a_fault_of_a_file_is_named_with_its_line(tables, file, change, line, column, words):
    line = tables.line(file, line) if isinstance(line, str) else line
    tables.change(file, change)
    only(tables.problems(), file, line, column, *words)


def test_a_missing_file_is_named(tables):
    tables.path(C).unlink()
    only(tables.problems(), C, None, None, "no file to read")


def with_columns(tables: Tables, names: list[str]) -> None:
    rows = tables.rows(F)
    tables.write(F, [[row[rows[0].index(name)] for name in names] for row in rows])


def test_a_missing_column_is_named(tables):
    with_columns(tables, [name for name in tables.rows(F)[0] if name != "place"])
    only(tables.problems(), F, 1, "place", "no such column", "Add it")


def test_a_column_too_many_is_named(tables):
    rows = tables.rows(F)
    tables.write(F, [[*rows[0], "colour"], *([*row, "red"] for row in rows[1:])])
    only(tables.problems(), F, 1, "colour", "expected no column of that name", "Remove it")


def test_a_column_in_place_of_another_is_named(tables):
    tables.change(F, lambda data: data.replace(b",place,", b",colour,", 1))
    assert [problem[:3] for problem in tables.problems()] == [(F, 1, "colour"), (F, 1, "place")]


def test_a_doubled_column_is_named(tables):
    tables.write(F, [[*row, row[-1]] for row in tables.rows(F)])
    only(tables.problems(), F, 1, "caveat", "the column 2 times", "Remove the copy")


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


CORRECTION = ["2024-03-01", "officers", "26,000", "27,000", "A digit was mistyped."]


def correct(tables: Tables, *rows: list[str]) -> list[tuple]:
    tables.write("corrections.csv", [tables.rows("corrections.csv")[0], *rows])
    return tables.problems()


def test_corrections_pass_when_they_end_at_the_figure(tables):
    earlier = ["2024-02-01", "officers", "25,000", "26,000", "An older list was used."]
    assert correct(tables, CORRECTION) == []
    assert correct(tables, CORRECTION, earlier) == []
    assert len(read(tables.project).corrections) == 2


@pytest.mark.parametrize(
    ("change", "column", "words"),
    [
        ({1: "oficers"}, "figure", "Did you mean 'officers'?"),
        ({3: "28,000"}, "now", "expected '27,000'"),
        ({2: "27,000"}, "was", "differ from now"),
        ({0: "March 2024"}, "date", "day of the calendar"),
        ({4: ""}, "reason", "found nothing"),
    ],
)
def test_a_correction_that_corrects_nothing_is_named(tables, change, column, words):
    row = [change.get(n, cell) for n, cell in enumerate(CORRECTION)]
    only(correct(tables, row), "corrections.csv", 2, column, words)


def test_an_earlier_correction_must_end_where_the_next_begins(tables):
    earlier = ["2024-02-01", "officers", "25,000", "25,500", "An older list was used."]
    only(correct(tables, earlier, CORRECTION), "corrections.csv", 2, "now", "'26,000'")


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


@pytest.mark.parametrize("file", [F, S, "corrections.csv", Q, C, "sums.csv", "preferences.csv"])
def test_the_readme_explains_every_column(file):
    section = README.split(f"## {file}")[1].split("\n## ")[0]
    explained = [row[0].strip("`") for row in table_rows(section) if row[0].startswith("`")]
    assert explained == (Project(ROOT).raw / file).read_text(encoding="utf-8").splitlines()[0].split(",")


def test_no_number_is_typed_twice():
    """Caveats, notes and claims are printed; a digit in them would be a number beside the ledger."""
    raw = read(Project(ROOT))
    printed = [figure.caveat for figure in raw.figures] + [source.note for source in raw.sources]
    printed += [row.definition for row in raw.quantities] + [row.reason for row in raw.corrections]
    assert [text for text in printed if re.search(r"\d", text)] == []
