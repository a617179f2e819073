"""From the bytes of a raw table to rows with values, each problem with its line and column."""

from __future__ import annotations

import csv
import difflib
import io
import re
import unicodedata
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from toll.problems import Problem, Problems, Where, quoted
from toll.source.schema import Column, Table

UNUSUAL = re.compile("[^ -~]")  # not printed ASCII
FORMULA = ("=", "+", "-", "@")
SEPARATORS = {";": "semicolons", "\t": "tabs"}
SAVE_AGAIN = "Save it again as “CSV UTF-8”."


class Row(NamedTuple):
    """A row of a file: its cells as typed, and the values of those that could be read."""

    file: str
    line: int
    cells: dict[str, str]
    values: dict[str, Any]

    def has(self, *columns: str) -> bool:
        return all(column in self.values for column in columns)

    def problem(self, column: str, message: str, hint: str) -> Problem:
        return Problem(Where(self.file, self.line, column), message, hint)


Sheets = dict[str, list[Row]]  # the rows of each file that could be read as a table


def read_text(file: Path, shown: str) -> str:
    """The text of a file in UTF-8, which messages call `shown`. Raises Problems."""
    return decode(read_bytes(file), shown)


def read_bytes(file: Path) -> bytes | str:
    """The content of a file, or why it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        return error.strerror or "unknown error"


def decode(data: bytes | str, shown: str) -> str:
    """The text of what `read_bytes` gave. Raises Problems."""
    if isinstance(data, str):
        stop(shown, None, f"The file cannot be read ({data}).", "Restore it or correct its name.")
    try:
        text = data.decode("utf-8-sig")
        stray = data.find(b"\0")  # UTF-16 without a mark at its start
    except UnicodeDecodeError as error:
        stray = error.start
    if stray >= 0:
        line = data[:stray].count(b"\n") + 1
        stop(shown, line, f"The byte 0x{data[stray]:02X} shows that this is not UTF-8 text.", SAVE_AGAIN)
    return text


def read_rows(data: bytes | str, shown: str, table: Table, problems: list[Problem]) -> list[Row]:
    """The rows of what `read_bytes` gave. Adds their problems to `problems`; raises Problems if it is not a table."""
    names = ",".join(table.columns)
    records = _records(decode(data, shown), shown)
    if not records:
        stop(shown, 1, "The file is empty.", f"Begin it with the header {names}.")
    (_, header), *body = records
    problems += _header_problems(shown, header, list(table.columns))
    if table.rows_required and not body:
        problems.append(Problem(Where(shown, 1), "There is no row below the header.", "Add at least one."))
    present = {name: header.index(name) for name in table.columns if name in header}
    rows = []
    for line, cells in body:
        readable = present
        if len(cells) != len(header):
            if header == list(table.columns) or len(cells) != len(table.columns):  # else the header alone is wrong
                problems.append(_ragged(shown, line, cells, header))
            readable = dict(list(present.items())[:1]) if cells else {}  # the others may have slipped
        row = Row(shown, line, {name: _cell(cells, index) for name, index in readable.items()}, {})
        problems += [found for name in readable if (found := _read_cell(row, name, table.columns[name]))]
        rows.append(row)
    return rows


def stop(shown: str, line: int | None, message: str, hint: str) -> NoReturn:
    raise Problems([Problem(Where(shown, line), message, hint)])


def _records(text: str, shown: str) -> list[tuple[int, list[str]]]:
    """The records of a CSV text, each with the line of the file that it begins on, without blank ones at the end."""
    header = text.partition("\n")[0]
    for mark, name in SEPARATORS.items():
        if mark in header and "," not in header:
            stop(shown, 1, f"The columns are separated by {name}.", "Save it again with commas between columns.")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records, line = [], 1
    try:
        for cells in reader:
            records.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        if "field limit" in str(error):
            most = f"A cell from here on is longer than {csv.field_size_limit():,} characters."
            stop(shown, line, most, "Shorten it, or close a double quote that is left open.")
        hint = 'Close the double quotes around the cell, and write each double quote inside it as "".'
        stop(shown, line, "Double quotes do not pair.", hint)
    while records and not "".join(records[-1][1]).strip():
        records.pop()  # spreadsheets leave blank last rows, with or without commas
    return records


def _header_problems(shown: str, header: list[str], names: list[str]) -> list[Problem]:
    missing = [name for name in names if name not in header]
    problems = []

    def add(column: str | None, message: str, hint: str) -> None:
        problems.append(Problem(Where(shown, 1, column), message, hint))

    for number, name in enumerate(header, 1):
        if name in names:
            continue
        meant = difflib.get_close_matches(name.strip().casefold(), missing, n=1)
        missing = [other for other in missing if other not in meant]
        if meant:
            add(meant[0], f"The column is called {quoted(name)}.", f"Rename it to {meant[0]}.")
        elif name.strip():
            add(name.strip(), "The table has no such column.", "Remove it.")
        else:
            add(None, f"Column {number} has no name.", "Remove it, or the comma that makes it.")
    for name in missing:
        add(name, "The column is missing.", "Add it.")
    for name in names:
        if (times := header.count(name)) > 1:
            add(name, f"The column is there {times} times.", "Keep one.")
    if not problems and header != names:
        add(None, "The columns are in another order.", f"Put them in this one: {','.join(names)}.")
    return problems


def _ragged(shown: str, line: int, cells: list[str], header: list[str]) -> Problem:
    message = f"The row has {len(cells)} cells; the header has {len(header)}."
    if not cells:
        message, hint = "The row is empty.", "Remove it."
    elif len(cells) < len(header):
        hint = "Add the missing commas: an empty cell still needs its comma."
    else:
        hint = "Put double quotes around a text or number that contains a comma."
    return Problem(Where(shown, line), message, hint)


def _cell(cells: list[str], index: int) -> str:
    return cells[index].replace("\r\n", "\n") if index < len(cells) else ""


def _read_cell(row: Row, name: str, column: Column) -> Problem | None:
    cell, kind = row.cells[name], column.kind
    if fault := _text_fault(cell):
        return row.problem(name, f"{quoted(cell)} {fault[0]}", fault[1])
    if not cell and column.required:
        return row.problem(name, "The cell is empty.", "Fill it in.")
    try:
        row.values[name] = kind.read(cell) if cell else kind.empty
    except ValueError:
        return row.problem(name, f"{quoted(cell)} {kind.fault}", kind.hint)
    return None


def _text_fault(cell: str) -> tuple[str, str] | None:
    """What no cell may hold, whatever its column: the end of a message, and what to do."""
    for character in () if cell.isascii() and cell.isprintable() else UNUSUAL.findall(cell):
        category = unicodedata.category(character)
        name = unicodedata.name(character, f"U+{ord(character):04X}")
        if category == "Nd" and not character.isascii():
            return f"has a digit other than 0 to 9 ({name}).", "Type the digits again."
        if category == "Zs" and character != " ":
            return f"has a special space ({name}).", "Replace it with a plain one."
        if (category[0] == "C" or category in ("Zl", "Zp")) and character != "\n":
            return f"has a character that cannot be seen ({name}).", "Remove it, or type the cell again."
    if cell[:1] in FORMULA:
        return f"begins with “{cell[0]}”, so a spreadsheet would run it as a formula.", "Remove that sign."
    if cell != cell.strip() or "  " in cell:
        return "has extra spaces.", "Remove them."
    return None
