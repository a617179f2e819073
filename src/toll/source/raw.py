"""The gate: reads the raw tables and finds every problem of all of them, by line, column and value."""

from __future__ import annotations

import csv
import datetime as dt
import difflib
import io
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from toll.problems import Problem, Problems
from toll.project import Project
from toll.source import quantity
from toll.source.quantity import Quantity

ARTICLE = "article"
BODY = "body"  # a kind of source that others repeat and that nobody here has read
KINDS = ("full text", "excerpt", BODY)
DATED = ("day", "month", "year")  # how exactly the day of publication is known
LONGEST_EXACT = 6
UNUSUAL = re.compile("[^ -~]")  # not printed ASCII
FORMULA = ("=", "+", "-", "@")
SEPARATORS = {";": "semicolons", "\t": "tabs"}
NAME_IN_FILES = "[a-z]+(-[a-z]+)*"
PLACEHOLDER = re.compile(r"\{\{ ([a-z][a-z0-9_]*)(?:\.[a-z_]+)? \}\}")


@dataclass(frozen=True)
class Figure:
    """One reported figure; `reading` is what `as_reported` says as a number."""

    line: int
    id: str
    quantity: str
    place: str
    period_start: dt.date | None
    period_end: dt.date | None
    as_reported: str
    rounded_to: str
    unit: str
    attributed_to: str
    source: str
    locator: int | None
    exact: str
    caveat: str
    reading: Quantity

    @property
    def period_days(self) -> int | None:
        """Length of the period, its first and last day included; None for an open one."""
        if self.period_start is None or self.period_end is None:
            return None
        return (self.period_end - self.period_start).days + 1


@dataclass(frozen=True)
class Source:
    """A source; `based_on` are the ids of those that it repeats. A body, such as a commission, is not dated."""

    line: int
    id: str
    title: str
    publisher: str
    authors: str
    published: dt.date | None
    dated: str
    url: str
    accessed: dt.date | None
    kind: str
    note: str
    text_sha256: str
    based_on: tuple[str, ...]


@dataclass(frozen=True)
class Correction:
    line: int
    date: dt.date
    figure: str
    was: str
    now: str
    reason: str


@dataclass(frozen=True)
class Allowed:
    """A quantity with a unit it may have and the topic it is for; `whole` where whole things are counted."""

    line: int
    quantity: str
    unit: str
    topic: str
    whole: bool
    definition: str


@dataclass(frozen=True)
class Claim:
    """A statement of a source in our words, its numbers as Jinja placeholders of figure ids."""

    line: int
    id: str
    claim: str
    source: str
    locator: int | None
    exact: str


@dataclass(frozen=True)
class Sum:
    """What a claim says of figures: the `parts` make the `total`, or a share of it where they are not `complete`."""

    line: int
    claim: str
    total: str
    parts: tuple[str, ...]
    complete: bool


@dataclass(frozen=True)
class Preference:
    """A source whose counts of a quantity go before those of the sources below it, and why."""

    line: int
    quantity: str
    source: str
    reason: str


@dataclass(frozen=True)
class Raw:
    figures: tuple[Figure, ...]
    sources: tuple[Source, ...]
    corrections: tuple[Correction, ...]
    quantities: tuple[Allowed, ...]
    claims: tuple[Claim, ...]
    sums: tuple[Sum, ...]
    preferences: tuple[Preference, ...]

    def origins(self, source: str) -> list[str]:
        """The sources that `source` goes back to and that go back to none: itself, where it names nobody."""
        based_on = {each.id: each.based_on for each in self.sources}
        found, ahead = [], [source]
        for id in ahead:  # grows while it is walked
            found += [] if based_on[id] else [id]
            ahead += [other for other in based_on[id] if other not in ahead]
        return sorted(found)


def check(project: Project) -> list[Problem]:
    """Every problem of all the raw tables; empty when there is none."""
    return _load(project)[1]


def read(project: Project) -> Raw:
    """The raw tables, typed. Raises Problems, with all of them, when there are any."""
    raw, problems = _load(project)
    if raw is None:
        raise Problems(problems)
    return raw


def read_table(project: Project, table: Table) -> tuple:
    """A table that is read by itself: its records, or none where there is no such file. Raises Problems."""
    if not (project.raw / table.file).exists():
        return ()
    problems: list[Problem] = []
    rows = _rows(project.raw / table.file, path(project, table), table, problems)
    problems += _unique({table.file: rows}, (table,))
    if problems:
        raise Problems(problems)
    return tuple(table.record(line=row.line, **row.values) for row in rows)


def path(project: Project, table: Table) -> str:
    """The path of a table in the project, as messages give it."""
    return (project.raw / table.file).relative_to(project.root).as_posix()


# --- The tables, as data ---


@dataclass(frozen=True)
class Column:
    """`read` turns a cell that is not empty into its value, or raises ValueError."""

    name: str
    read: Callable[[str], object]
    expected: str
    do: str
    required: bool = True
    empty: object = ""  # what an empty cell stands for where it may be empty


@dataclass(frozen=True)
class Table:
    file: str
    record: type
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    rows_required: bool = True

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]


def matching(pattern: str) -> Callable[[str], str]:
    def read(cell: str) -> str:
        if not re.fullmatch(pattern, cell):
            raise ValueError
        return cell

    return read


def _iso_date(cell: str) -> dt.date:
    return dt.date.fromisoformat(matching("[0-9]{4}-[0-9]{2}-[0-9]{2}")(cell))


def _whole_number(cell: str) -> int:
    return int(matching("[1-9][0-9]{0,8}")(cell))


def _yes_no(cell: str) -> bool:
    return bool(("no", "yes").index(cell))


def _ids(cell: str) -> tuple[str, ...]:
    return tuple(matching(f"{ID_PATTERN}( {ID_PATTERN})*")(cell).split(" "))


def _few_words(cell: str) -> str:
    if len(cell.split()) > LONGEST_EXACT:
        raise ValueError
    return cell


def _text(name: str, required: bool = True) -> Column:
    return Column(name, matching(r"[^\n]+"), "text on one line", "Remove the line break.", required)


def _prose(name: str, required: bool = False) -> Column:
    return Column(name, str, "a sentence", "Write it.", required)


def _date(name: str, required: bool = True) -> Column:
    return Column(name, _iso_date, "a day of the calendar, written 2012-05-03", "Write year-month-day.", required, None)


def _id_list(name: str, required: bool = True) -> Column:
    expected, do = "ids with one space between them", "Write it like total first_half second_half."
    return Column(name, _ids, expected, do, required, ())


ID_PATTERN = "[a-z][a-z0-9]*(?:_[a-z0-9]+)*"
ID = Column(
    "id",
    matching(ID_PATTERN),
    "a short name of lower-case letters, digits and single underscores that begins with a letter",
    "Write it like deaths_2014.",
)
LOCATOR = Column(
    "locator",
    _whole_number,
    "the number of a paragraph, in plain digits",
    "Count paragraphs from the first one of the text; write 8, no separator, no word.",
    required=False,
    empty=None,
)
EXACT = Column(
    "exact",
    _few_words,
    f"words of the source, at most {LONGEST_EXACT}",
    "Keep the shortest string of the source that holds what is reported.",
)

FIGURES = Table(
    "figures.csv",
    Figure,
    ("id",),
    (
        ID,
        _text("quantity"),
        _text("place"),
        _date("period_start", required=False),
        _date("period_end", required=False),
        _text("as_reported"),
        _text("rounded_to", required=False),
        _text("unit"),
        _text("attributed_to"),
        _text("source"),
        LOCATOR,
        EXACT,
        _prose("caveat"),
    ),
)
SOURCES = Table(
    "sources.csv",
    Source,
    ("id",),
    (
        ID,
        _text("title", required=False),
        _text("publisher", required=False),
        _text("authors", required=False),
        _date("published", required=False),
        Column("dated", matching("|".join(DATED)), " or ".join(DATED), "Choose one of these.", required=False),
        Column(
            "url",
            matching(r"https?://[!-~]+"),
            "an address that begins with https:// or http://",
            "Copy the whole address.",
            required=False,
        ),
        _date("accessed", required=False),
        Column("kind", matching("|".join(KINDS)), " or ".join(KINDS), "Choose one of these."),
        _prose("note"),
        Column(
            "text_sha256",
            matching("[0-9a-f]{64}"),
            "64 of the characters 0-9 and a-f",
            "Copy it from the message of toll check --article.",
            required=False,
        ),
        _id_list("based_on", required=False),
    ),
)
CORRECTIONS = Table(
    "corrections.csv",
    Correction,
    ("date", "figure", "was", "now"),
    (_date("date"), _text("figure"), _text("was"), _text("now"), _prose("reason", required=True)),
    rows_required=False,
)
QUANTITIES = Table(
    "quantities.csv",
    Allowed,
    ("quantity", "unit"),
    (
        _text("quantity"),
        _text("unit"),
        Column("topic", matching(NAME_IN_FILES), "a name of lower-case letters and hyphens", "Write it like deaths."),
        Column("whole", _yes_no, "yes or no", "Choose one."),
        _prose("definition", required=True),
    ),
)
CLAIMS = Table(
    "claims.csv",
    Claim,
    ("id",),
    (ID, _text("claim"), _text("source"), LOCATOR, EXACT),
    rows_required=False,
)
SUMS = Table(
    "sums.csv",
    Sum,
    ("claim",),
    (_text("claim"), _text("total"), _id_list("parts"), Column("complete", _yes_no, "yes or no", "Choose one.")),
    rows_required=False,
)
PREFERENCES = Table(
    "preferences.csv",
    Preference,
    ("quantity", "source"),
    (_text("quantity"), _text("source"), _prose("reason", required=True)),
    rows_required=False,
)
TABLES = (FIGURES, SOURCES, CORRECTIONS, QUANTITIES, CLAIMS, SUMS, PREFERENCES)

# table, column → the column of another table that must hold the same words
REFERENCES = (
    (FIGURES, "quantity", QUANTITIES, "quantity"),
    (FIGURES, "source", SOURCES, "id"),
    (CLAIMS, "source", SOURCES, "id"),
    (CORRECTIONS, "figure", FIGURES, "id"),
    (SOURCES, "based_on", SOURCES, "id"),
    (SUMS, "claim", CLAIMS, "id"),
    (SUMS, "total", FIGURES, "id"),
    (SUMS, "parts", FIGURES, "id"),
    (PREFERENCES, "quantity", QUANTITIES, "quantity"),
    (PREFERENCES, "source", SOURCES, "id"),
)

# --- From bytes to rows ---


@dataclass(frozen=True)
class Row:
    """A row of a file: its cells as typed, and the values of those that could be read."""

    path: str
    line: int
    cells: dict[str, str]
    values: dict[str, object]

    def has(self, *columns: str) -> bool:
        return all(column in self.values for column in columns)

    def problem(self, column: str, expected: str, do: str, found: str = "") -> Problem:
        return Problem.old(self.path, self.line, column, found or _shown(self.cells[column]), expected, do)


Sheets = dict[str, list[Row]]  # the rows of each file that could be read as a table


def _load(project: Project) -> tuple[Raw | None, list[Problem]]:
    problems: list[Problem] = []
    sheets: Sheets = {}
    for table in TABLES:
        try:
            sheets[table.file] = _rows(project.raw / table.file, path(project, table), table, problems)
        except Problems as unreadable:
            problems += unreadable.problems
    for rule in RULES:
        problems += rule(sheets)
    if problems:
        return None, Problems(problems).problems
    records = (tuple(t.record(line=row.line, **row.values) for row in sheets[t.file]) for t in TABLES)
    return Raw(*records), []


def _rows(file: Path, path: str, table: Table, problems: list[Problem]) -> list[Row]:
    """The rows of a file; adds what is wrong with them to `problems`. Raises Problems if it is no table."""
    text = decoded(file, path)
    _refuse_other_separators(text, path)
    records = _records(text, path)
    while records and not "".join(records[-1][1]).strip():
        records.pop()  # spreadsheets leave blank last rows, with or without commas
    if not records:
        _stop(path, 1, "an empty file", "a header row", f"Write the columns: {','.join(table.names)}.")
    (_, header), *body = records
    problems += _header(path, header, table)
    if table.rows_required and not body:
        problems.append(Problem.old(path, 1, None, "no row below the header", "at least one row", "Add a row."))
    columns = [column for column in table.columns if column.name in header]
    rows = []
    for line, cells in body:
        present = columns
        if len(cells) != len(header):
            problems.append(_ragged(path, line, cells, header))
            present = columns[:1] if cells else []  # the cells beyond may be in the wrong column
        row = Row(path, line, {c.name: _cell(cells, header.index(c.name)) for c in present}, {})
        problems += [problem for column in present if (problem := _read_cell(row, column))]
        rows.append(row)
    return rows


def decoded(file: Path, path: str) -> str:
    """The text of a file in UTF-8, which messages call `path`. Raises Problems."""
    try:
        data = file.read_bytes()
    except OSError as error:
        found = f"no file to read ({error.strerror})"
        _stop(path, None, found, "this file", "Restore it or correct its name.")
    if b"\0" in data:  # UTF-16 without a mark at its start
        line = data[: data.index(b"\0")].count(b"\n") + 1
        _stop(path, line, "the byte 0x00", "text in UTF-8", 'Save it again as "CSV UTF-8".')
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        found = f"the byte 0x{data[error.start]:02X}"
        _stop(path, line, found, "text in UTF-8", 'Save it again as "CSV UTF-8".')


def _stop(path: str, line: int | None, found: str, expected: str, do: str) -> NoReturn:
    raise Problems([Problem.old(path, line, None, found, expected, do)])


def _refuse_other_separators(text: str, path: str) -> None:
    header = text.partition("\n")[0]
    for mark, name in SEPARATORS.items():
        if mark in header and "," not in header:
            _stop(path, 1, f"{name} between columns", "commas", "Save it again with commas between columns.")


def _records(text: str, path: str) -> list[tuple[int, list[str]]]:
    """The records of a CSV text, each with the line of the file that it begins on."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records, line = [], 1
    try:
        for cells in reader:
            records.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        found = f"quotes that do not pair ({error})"
        do = 'Close the double quotes around the cell, and write each double quote inside it as "".'
        _stop(path, line, found, "double quotes in pairs", do)
    return records


def _header(path: str, header: list[str], table: Table) -> list[Problem]:
    missing = [name for name in table.names if name not in header]
    problems = []
    for name in header:
        if name in table.names:
            continue
        meant = difflib.get_close_matches(name.strip().casefold(), missing, n=1)
        missing = [other for other in missing if other not in meant]
        wanted, do = (f"{meant[0]!r}", "Rename the column.") if meant else ("no column of that name", "Remove it.")
        problems.append(Problem.old(path, 1, meant[0] if meant else name.strip(), _shown(name), wanted, do))
    for name in missing:
        problems.append(Problem.old(path, 1, name, "no such column", f"the column {name!r}", "Add it."))
    for name in table.names:
        if (times := header.count(name)) > 1:
            found = f"the column {times} times"
            problems.append(Problem.old(path, 1, name, found, "it once", "Remove the copy."))
    if not problems and header != table.names:
        expected = f"the order {','.join(table.names)}"
        problems.append(Problem.old(path, 1, None, "the columns in another order", expected, "Reorder them."))
    return problems


def _ragged(path: str, line: int, cells: list[str], header: list[str]) -> Problem:
    if not cells:
        do = "Remove the empty row."
    elif len(cells) < len(header):
        do = "Add the missing commas: an empty cell still needs its comma."
    else:
        do = "Put text that holds a comma in double quotes, a number with separators too."
    return Problem.old(path, line, None, f"{len(cells)} cells", f"{len(header)}, one for each column", do)


def _cell(cells: list[str], index: int) -> str:
    return cells[index].replace("\r\n", "\n") if index < len(cells) else ""


def _read_cell(row: Row, column: Column) -> Problem | None:
    cell = row.cells[column.name]
    if fault := _text_fault(cell):
        found, expected, do = fault
        return row.problem(column.name, expected, do, f"{_shown(cell)} with {found}")
    if not cell and column.required:
        return row.problem(column.name, column.expected, "Fill it in.", "nothing")
    try:
        row.values[column.name] = column.read(cell) if cell else column.empty
    except ValueError:
        return row.problem(column.name, column.expected, column.do)
    return None


def _text_fault(cell: str) -> tuple[str, str, str] | None:
    """What no cell may hold, whatever its column: (found, expected, do)."""
    for character in UNUSUAL.findall(cell):
        category = unicodedata.category(character)
        name = unicodedata.name(character, f"the character U+{ord(character):04X}")
        if category == "Nd" and not character.isascii():
            return name, "the digits 0 to 9", "Type the digits again."
        if category == "Zs" and character != " ":
            return name, "plain spaces", "Replace it by a plain space."
        if (category[0] == "C" or category in ("Zl", "Zp")) and character != "\n":
            return name, "characters that can be seen", "Remove it, or type the cell again."
    if cell[:1] in FORMULA:
        return f"{cell[0]!r} in front", "text that is no formula to a spreadsheet", "Remove it."
    if cell != cell.strip() or "  " in cell:
        return "stray spaces", "no space at either end and single spaces within", "Remove them."
    return None


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:59] + "…")


# --- Rules across cells, rows and files ---


def _unique(sheets: Sheets, tables: tuple[Table, ...] = TABLES) -> Iterator[Problem]:
    for table in tables:
        first: dict[tuple, int] = {}
        for row in sheets.get(table.file, ()):
            if not row.has(*table.key):
                continue
            key = tuple(row.values[name] for name in table.key)
            if first.setdefault(key, row.line) != row.line:
                expected = f"it once; it is also on line {first[key]}"
                yield row.problem(table.key[0], expected, "Remove one of the two rows, or tell them apart.")


def _references(sheets: Sheets) -> Iterator[Problem]:
    for table, column, other, key in REFERENCES:
        known = sorted({row.cells[key] for row in sheets.get(other.file, ()) if key in row.cells})
        for row in sheets.get(table.file, ()):
            for word in _words(row.values.get(column, ())) if known else ():
                if word not in known:
                    do, found = _suggestion(word, known, other), repr(word) if word != row.cells[column] else ""
                    yield row.problem(column, f"the {key} of a row of {other.file}", do, found)


def _words(value: object) -> tuple[str, ...]:
    """The ids that a cell names: one, or a list of them."""
    return value if isinstance(value, tuple) else (value,)


def _suggestion(word: str, known: list[str], table: Table) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    question = f"Did you mean {close[0]!r}? If not," if close else "Correct it, or"
    return f"{question} add a row to {table.file}."


def _units(sheets: Sheets) -> Iterator[Problem]:
    units: dict[object, list[str]] = {}
    for row in sheets.get(QUANTITIES.file, ()):
        if row.has("quantity", "unit"):
            units.setdefault(row.values["quantity"], []).append(row.cells["unit"])
    for row in sheets.get(FIGURES.file, ()):
        fitting = units.get(row.values.get("quantity"))
        if fitting and row.has("unit") and row.values["unit"] not in fitting:
            do = f"Use a unit that {QUANTITIES.file} gives for this quantity, or add yours there."
            yield row.problem("unit", " or ".join(map(repr, fitting)), do)


def _readings(sheets: Sheets) -> Iterator[Problem]:
    """Reads `as_reported` of each figure into `reading`."""
    counts = {
        (row.cells["quantity"], row.cells["unit"])
        for row in sheets.get(QUANTITIES.file, ())
        if row.has("quantity", "unit", "whole") and row.values["whole"]
    }
    for row in sheets.get(FIGURES.file, ()):
        if not row.has("quantity", "as_reported", "unit", "rounded_to"):
            continue
        words, unit, rounded_to = (row.cells[name] for name in ("as_reported", "unit", "rounded_to"))
        whole = (row.cells["quantity"], unit) in counts
        column, expected = (
            "as_reported",
            "the words of a date" if unit == quantity.DATE else "words for a number",
        )
        try:
            row.values["reading"] = quantity.parse(words, unit, whole=whole)
            column, expected = "rounded_to", "the unit that the source rounded to, or nothing"
            row.values["reading"] = quantity.parse(words, unit, rounded_to, whole)
        except ValueError as error:
            yield row.problem(column, expected, str(error))


def _periods(sheets: Sheets) -> Iterator[Problem]:
    for row in sheets.get(FIGURES.file, ()):
        if not row.has("period_start", "period_end"):
            continue
        start, end = row.values["period_start"], row.values["period_end"]
        if start and end and start > end:
            yield row.problem("period_end", f"no day before period_start, {start}", "Swap or correct the two.")
        elif row.has("reading") and row.values["unit"] == quantity.DATE:
            if not quantity.date_fits(row.cells["as_reported"], start, end):
                yield _other_date(row)
        elif not (start and end) and row.values.get("caveat") == "":
            column = "period_end" if start else "period_start"
            do = "Say in caveat why the source gives none."
            yield row.problem(column, "a date, or the reason in caveat", do, "nothing")


def _other_date(row: Row) -> Problem:
    period = " to ".join(row.cells[name] or "nothing" for name in ("period_start", "period_end"))
    return row.problem(
        "period_start",
        f"the days that {row.cells['as_reported']!r} names",
        "Give a day or weekday as that one day, a month or a year as its first and its last day.",
        period,
    )


def _exact_words(sheets: Sheets) -> Iterator[Problem]:
    for row in sheets.get(FIGURES.file, ()):
        if row.has("reading", "exact"):
            number = quantity.core(row.cells["as_reported"])
            if not places(number, row.cells["exact"].lower()):
                do = "Copy the few words that hold the figure, or correct as_reported."
                yield row.problem("exact", f"words that hold {number!r}", do)


def _locators(sheets: Sheets) -> Iterator[Problem]:
    for table in (FIGURES, CLAIMS):
        for row in sheets.get(table.file, ()):
            if row.values.get("source") == ARTICLE and row.values.get("locator", 1) is None:
                yield row.problem("locator", LOCATOR.expected, LOCATOR.do, "nothing")


def _sources(sheets: Sheets) -> Iterator[Problem]:
    """A body is not published, all else is; nobody goes back to itself, a figure to no body alone."""
    rows = [row for row in sheets.get(SOURCES.file, ()) if row.has("id", "published", "dated", "kind", "based_on")]
    kinds = {row.values["id"]: row.values["kind"] for row in rows}
    based_on = {row.values["id"]: row.values["based_on"] for row in rows}
    for row in rows:
        is_body = row.values["kind"] == BODY
        for column in ("published", "dated"):
            if is_body is bool(row.values[column]):
                expected = "nothing for a body, which is not published" if is_body else "when the source was published"
                yield row.problem(column, expected, "Correct it, or the kind.", row.cells[column] or "nothing")
        if row.values["id"] in _reached(based_on, row.values["based_on"]):
            yield row.problem("based_on", "sources that do not go back to this one", "Break the circle.")
    for row in sheets.get(FIGURES.file, ()):
        if kinds.get(row.values.get("source")) == BODY:
            do = "Name the source in which it was read, and let that be based on the body."
            yield row.problem("source", "a source that was read, not a body", do)


def _reached(based_on: dict[str, tuple[str, ...]], ids: tuple[str, ...]) -> set[str]:
    """All that these ids go back to, themselves included."""
    found = list(ids)
    for id in found:  # grows while it is walked
        found += [other for other in based_on.get(id, ()) if other not in found]
    return set(found)


def _sums(sheets: Sheets) -> Iterator[Problem]:
    units = {row.values.get("id"): row.values.get("unit") for row in sheets.get(FIGURES.file, ())}
    for row in sheets.get(SUMS.file, ()):
        if not row.has("total", "parts"):
            continue
        total, parts = row.values["total"], row.values["parts"]
        other = {units.get(part) for part in parts} - {units.get(total)}
        if total in parts or len(set(parts)) < len(parts):
            yield row.problem("parts", "each figure once, without the total", "Remove what is there twice.")
        elif other and {total, *parts} <= units.keys():
            yield row.problem("parts", f"figures in {units[total]}, as the total is", "Add up what can be added up.")


def _claims(sheets: Sheets) -> Iterator[Problem]:
    figures = [row.cells["id"] for row in sheets.get(FIGURES.file, ()) if "id" in row.cells]
    for row in sheets.get(CLAIMS.file, ()):
        if not row.has("claim"):
            continue
        if re.search("[0-9{}]", PLACEHOLDER.sub("", row.cells["claim"])):
            do = "Write each number as its figure: {{ id }}, or {{ id.year }}, with these single spaces."
            yield row.problem("claim", "no digit and no brace outside a placeholder", do)
        for name in PLACEHOLDER.findall(row.cells["claim"]):
            if figures and name not in figures:
                do = _suggestion(name, figures, FIGURES)
                yield row.problem("claim", f"the id of a row of {FIGURES.file}", do, repr(name))


def _corrections(sheets: Sheets) -> Iterator[Problem]:
    """Each correction ends where the next one of its figure begins, the last one at today's as_reported."""
    current = {row.values.get("id"): row.values.get("as_reported") for row in sheets.get(FIGURES.file, ())}
    rows = [row for row in sheets.get(CORRECTIONS.file, ()) if row.has("date", "figure", "was", "now")]
    for row in sorted(rows, key=lambda row: (row.values["date"], row.line), reverse=True):
        expected = current.get(row.values["figure"])
        if expected is not None and row.values["now"] != expected:
            do = "A figure's last correction ends at its as_reported, an earlier one where the next begins."
            yield row.problem("now", repr(expected), do)
        if row.values["was"] == row.values["now"]:
            yield row.problem("was", "words that differ from now", "Write what was published before.")
        current[row.values["figure"]] = row.values["was"]


RULES = (
    _unique,
    _references,
    _sources,
    _units,
    _readings,
    _periods,
    _exact_words,
    _locators,
    _claims,
    _sums,
    _corrections,
)


def places(words: str, text: str) -> list[int]:
    """Where `words` stand in `text` whole: 25 is not in 250, nor 250 in 1,250."""
    return [found.start() for found in re.finditer(rf"(?<!\w)(?<!\d[.,]){re.escape(words)}(?!\w)(?![.,]\d)", text)]
