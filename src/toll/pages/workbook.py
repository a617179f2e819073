"""A graphic's numbers, plotted data, sources and notes as an Excel workbook, the same bytes on every run.

Text is written as text, so no cell is run as a formula. The workbook is dated as the data are.
"""

from __future__ import annotations

import csv
import io
import math
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from toll import digests

if TYPE_CHECKING:
    from toll.graphics.graphic import Graphic
    from toll.ledger.entry import Entry

Cell = str | float | None
NUMBERS = ("number", "what it is", "value", "low", "high", "unit", "status", "formula", "caveat", "id")
SOURCES = ("number", "what it is", "exact words", "attributed to", "source", "paragraph", "id")
WIDEST = 60  # characters of a column


def write(graphic: Graphic, entries: Iterable[Entry], plotted: bytes) -> bytes:
    """The workbook of a graphic: `entries` are its numbers with what they rest on, `plotted` is its CSV."""
    import xlsxwriter

    entries, stream = list(entries), io.BytesIO()
    header, *rows = csv.reader(io.StringIO(plotted.decode(), newline=""))
    notes = asdict(graphic.furniture) | {"edition": graphic.meta.edition, "data as of": graphic.meta.as_of}
    sheets: dict[str, tuple[Sequence[str], Iterable[Sequence[Cell]]]] = {
        "Numbers": (NUMBERS, map(_number, entries)),
        "Data plotted": (header, [[_typed(cell) for cell in row] for row in rows]),
        "Sources": (SOURCES, [_source(entry) for entry in entries if entry.citation]),
        "Notes": (("part", "text"), [[name.replace("_", " "), _plain(text)] for name, text in notes.items() if text]),
    }
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        book.set_properties({"title": _plain(graphic.furniture.headline), "created": _day(graphic.meta.as_of)})
        for name, (head, lines) in sheets.items():
            _fill(book, name, head, list(lines))
    with zipfile.ZipFile(stream) as packed:  # again, as compressors differ from version to version
        return digests.zipped({name: packed.read(name) for name in packed.namelist()})


def _day(as_of: str) -> datetime:
    return datetime.fromisoformat(as_of)


def _number(entry: Entry) -> list[Cell]:
    bounds = [None if entry.is_date else limit for limit in (entry.value, entry.low, entry.high)]
    ends = ["no limit" if limit is not None and math.isinf(limit) else limit for limit in bounds]
    words = (entry.unit, entry.status, entry.formula, entry.caveat, entry.id)
    return [_plain(entry.qualified), entry.label, *ends, *words]


def _source(entry: Entry) -> list[Cell]:
    words = (entry.exact, entry.attributed_to, entry.citation)
    return [_plain(entry.qualified), entry.label, *words, _typed(str(entry.locator or "")), entry.id]


def _typed(cell: str) -> Cell:
    """A cell of a CSV as the number that it is, or as text."""
    try:
        number = float(cell)
    except ValueError:
        return cell
    return "no limit" if math.isinf(number) else cell if math.isnan(number) else number


def _plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def _fill(book: Any, name: str, head: Sequence[str], rows: list[Sequence[Cell]]) -> None:
    """One sheet: a bold first row that stays in sight, columns about as wide as what they hold."""
    sheet, bold = book.add_worksheet(name), book.add_format({"bold": True})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.freeze_panes(1, 0)
    for column, title in enumerate(head):
        cells = [row[column] for row in rows]
        longest = max(len(str(cell or "")) for cell in (title, *cells))
        sheet.set_column(column, column, min(longest + 2, WIDEST))
        sheet.write_string(0, column, title, bold)
        for line, cell in enumerate(cells, 1):
            if cell not in (None, ""):
                write = sheet.write_string if isinstance(cell, str) else sheet.write_number
                write(line, column, cell, wrapped)
