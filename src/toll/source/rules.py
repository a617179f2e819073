"""What must hold across the cells, rows and files of the raw tables."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Iterator

from toll.problems import Problem, quoted
from toll.source import date_words, quantity
from toll.source.reading import Row, Sheets
from toll.source.schema import (
    BODY,
    CLAIMS,
    CORRECTIONS,
    FIGURES,
    FULL_TEXT,
    PARAGRAPH,
    QUANTITIES,
    SOURCES,
    SUMS,
    TABLES,
    Table,
)

PLACEHOLDER = re.compile(r"\{\{ ([a-z][a-z0-9_]*)(?:\.([a-z_]+))? \}\}")
OF_WHOLE_NUMBERS = ("ordinal", "words")  # forms that print a single whole number


def across(sheets: Sheets) -> Iterator[Problem]:
    """The problems of all tables together. Adds `reading` to the values of each figure that can be read."""
    for rule in RULES:
        yield from rule(sheets)


def unique(sheets: Sheets, tables: tuple[Table, ...] = TABLES) -> Iterator[Problem]:
    for table in tables:
        first: dict[tuple, int] = {}
        for row in sheets.get(table.file, ()):
            if not row.has(*table.key):
                continue
            key = tuple(row.values[name] for name in table.key)
            if first.setdefault(key, row.line) != row.line:
                message = f"{quoted(row.cells[table.key[0]])} is used twice; it is also on line {first[key]}."
                yield row.problem(table.key[0], message, "Remove one of the two rows, or tell them apart.")


def _references(sheets: Sheets) -> Iterator[Problem]:
    keys = {table.file: table.key[0] for table in TABLES}
    for table in TABLES:
        for name, other in [(name, column.refers_to) for name, column in table.columns.items() if column.refers_to]:
            known = sorted({row.cells[keys[other]] for row in sheets.get(other, ()) if keys[other] in row.cells})
            for row in sheets.get(table.file, ()) if known else ():
                words = row.values.get(name, ())
                for word in words if isinstance(words, tuple) else (words,):
                    if word not in known:
                        yield _unknown(row, name, word, other, known)


def _unknown(row: Row, column: str, word: str, other: str, known: list[str]) -> Problem:
    near = difflib.get_close_matches(word, known, n=1)
    hint = f"Did you mean {quoted(near[0])}? If not," if near else "Correct it, or"
    return row.problem(column, f"{quoted(word)} is not in {other}.", f"{hint} add a row there.")


def _sources(sheets: Sheets) -> Iterator[Problem]:
    """A body is not published, every other source is; no source goes back to itself, no figure to a body alone."""
    rows = [row for row in sheets.get(SOURCES.file, ()) if row.has("id", "published", "dated", "kind", "based_on")]
    kinds = {row.values["id"]: row.values["kind"] for row in rows}
    based_on = {row.values["id"]: row.values["based_on"] for row in rows}
    for row in rows:
        for column in ("published", "dated"):
            if row.values["kind"] != BODY and not row.values[column]:
                yield row.problem(column, "The cell is empty, but only a body has no date.", "Fill it in.")
            elif row.values["kind"] == BODY and row.values[column]:
                yield row.problem(column, "A body is not published, so it has no date.", "Empty the cell.")
        if row.values["id"] in reached(based_on, row.values["based_on"]):
            yield row.problem("based_on", "The source goes back to itself.", "Break the circle.")
    for row in sheets.get(FIGURES.file, ()):
        if kinds.get(row.values.get("source")) == BODY:
            hint = "Name the source in which it was read, and let that be based on the body."
            yield row.problem(
                "source", f"{quoted(row.cells['source'])} is a body, so no figure can be read in it.", hint
            )


def reached(based_on: dict[str, tuple[str, ...]], ids: tuple[str, ...]) -> list[str]:
    """All sources that these ids go back to, themselves included."""
    found = list(ids)
    for id in found:  # grows while it is walked
        found += [other for other in based_on.get(id, ()) if other not in found]
    return found


def _units(sheets: Sheets) -> Iterator[Problem]:
    units: dict[object, list[str]] = {}
    for row in sheets.get(QUANTITIES.file, ()):
        if row.has("quantity", "unit"):
            units.setdefault(row.values["quantity"], []).append(row.cells["unit"])
    for row in sheets.get(FIGURES.file, ()):
        allowed = units.get(row.values.get("quantity"))
        if allowed and row.has("unit") and row.values["unit"] not in allowed:
            message = f"{quoted(row.cells['unit'])} is not a unit of {quoted(row.cells['quantity'])}."
            yield row.problem("unit", message, f"Use {' or '.join(map(quoted, allowed))}, or add it to quantities.csv.")


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
        whole, column = (row.cells["quantity"], unit) in counts, "as_reported"
        try:
            row.values["reading"] = quantity.parse(words, unit, whole=whole)
            if rounded_to:
                column = "rounded_to"
                row.values["reading"] = quantity.parse(words, unit, rounded_to, whole)
        except ValueError as error:
            yield row.problem(column, str(error), "")


def _periods(sheets: Sheets) -> Iterator[Problem]:
    for row in sheets.get(FIGURES.file, ()):
        if not row.has("period_start", "period_end"):
            continue
        start, end = row.values["period_start"], row.values["period_end"]
        if start and end and start > end:
            yield row.problem("period_end", f"{end} is before period_start, {start}.", "Swap or correct the two.")
        elif row.has("reading") and row.values["unit"] == quantity.DATE:
            if not date_words.fits(row.cells["as_reported"], start, end):
                days = (row.cells[name] or "nothing" for name in ("period_start", "period_end"))
                message = f"{' to '.join(dict.fromkeys(days))} is not what {quoted(row.cells['as_reported'])} means."
                hint = "Give a day or weekday as that one day, a month or a year as its first and its last day."
                yield row.problem("period_start", message, hint)
        elif not (start and end) and row.values.get("caveat") == "":
            message = "The cell is empty, and caveat does not say why."
            yield row.problem("period_end" if start else "period_start", message, "Fill in one of them.")


def _exact_words(sheets: Sheets) -> Iterator[Problem]:
    for row in sheets.get(FIGURES.file, ()):
        if row.has("reading", "exact"):
            number = quantity.core(row.cells["as_reported"])
            if not places(number, row.cells["exact"].lower()):
                message = f"{quoted(row.cells['exact'])} does not contain {quoted(number)}."
                hint = "Copy the few words of the source that hold the figure, or correct as_reported."
                yield row.problem("exact", message, hint)


def _locators(sheets: Sheets) -> Iterator[Problem]:
    full = {row.values.get("id") for row in sheets.get(SOURCES.file, ()) if row.values.get("kind") == FULL_TEXT}
    for table in (FIGURES, CLAIMS):
        for row in sheets.get(table.file, ()):
            if row.values.get("source") in full and row.values.get("locator", 0) is None:
                message = f"The cell is empty, but {row.values['source']} is a full text, so its paragraph is known."
                yield row.problem("locator", message, PARAGRAPH.hint)


def _claims(sheets: Sheets) -> Iterator[Problem]:
    not_whole = {
        row.cells["id"]: row.cells["as_reported"]
        for row in sheets.get(FIGURES.file, ())
        if row.has("id", "reading") and (row.values["reading"].value is None or row.values["reading"].value % 1)
    }
    figures = [row.cells["id"] for row in sheets.get(FIGURES.file, ()) if "id" in row.cells]
    for row in sheets.get(CLAIMS.file, ()):
        if not row.has("claim"):
            continue
        if found := re.search("[0-9][0-9,.]*|[{}]", PLACEHOLDER.sub("", row.cells["claim"])):
            hint = "Write each number as its figure, {{ id }} or {{ id.year }}, with these single spaces."
            yield row.problem("claim", f"“{found[0]}” stands outside a placeholder.", hint)
        for name, form in PLACEHOLDER.findall(row.cells["claim"]) if figures else ():
            if name not in figures:
                yield _unknown(row, "claim", name, FIGURES.file, figures)
            elif form in OF_WHOLE_NUMBERS and name in not_whole:
                message = f"The claim prints {name} as one whole number, and it is {quoted(not_whole[name])}."
                yield row.problem("claim", message, f"Correct the figure, or write {{{{ {name} }}}}.")


def _sums(sheets: Sheets) -> Iterator[Problem]:
    units = {row.values.get("id"): row.values.get("unit") for row in sheets.get(FIGURES.file, ())}
    for row in sheets.get(SUMS.file, ()):
        if not row.has("total", "parts"):
            continue
        total, parts = row.values["total"], row.values["parts"]
        if total in parts or len(set(parts)) < len(parts):
            yield row.problem(
                "parts", "A figure is added twice, or the total is among its parts.", "Name each part once."
            )
        elif units.keys() >= {total, *parts} and {units[part] for part in parts} != {units[total]}:
            message = f"The total is in {units[total]}, but not every part is."
            yield row.problem("parts", message, "Add only what has the same unit.")


def _corrections(sheets: Sheets) -> Iterator[Problem]:
    """Each correction is of a cell that there is, and ends where the next one begins, the last one at today's cell."""
    tables = {table.name: table for table in (FIGURES, SOURCES, CLAIMS)}
    current = {
        (name, row.cells["id"], field): cell
        for name, table in tables.items()
        for row in sheets.get(table.file, ())
        for field, cell in row.cells.items()
        if "id" in row.cells
    }
    rows = [row for row in sheets.get(CORRECTIONS.file, ()) if row.has("date", "table", "id", "field", "was", "now")]
    for row in sorted(rows, key=lambda row: (row.values["date"], row.line), reverse=True):
        table, id, field, was, now = (row.values[name] for name in ("table", "id", "field", "was", "now"))
        ids = sorted({known for name, known, _ in current if name == table})
        if not ids:
            continue  # the table cannot be read, which is said already
        if id not in ids:
            yield _unknown(row, "id", id, tables[table].file, ids)
        elif field not in tables[table].columns or field == "id":
            columns = [name for name in tables[table].columns if name != "id"]
            yield row.problem("field", f"{quoted(field)} is no column of {table}.csv.", f"It has {', '.join(columns)}.")
        elif now != (follows := current.get((table, id, field), now)):
            hint = "A cell's last correction ends at what the cell says, an earlier one where the next begins."
            yield row.problem("now", f"{quoted(now)} should be {quoted(follows)}.", hint)
        if was == now:
            yield row.problem("was", "was and now are the same.", "Write in was what had been published.")
        current[(table, id, field)] = was


def _durations(sheets: Sheets) -> Iterator[Problem]:
    """A length in days or months whose period is given is as long as that period."""
    for row in sheets.get(FIGURES.file, ()):
        if not row.has("reading", "unit", "period_start", "period_end") or row.values["unit"] not in ("days", "months"):
            continue
        start, end, length = row.values["period_start"], row.values["period_end"], row.values["reading"]
        if not start or not end or start == end or length.low is None or length.high is None:
            continue  # an age is of one day
        least, most = _length(start, end + dt.timedelta(days=1), row.values["unit"])
        if most < length.low or least > length.high:
            actual = " to ".join(map(str, dict.fromkeys((least, most))))
            message = f"{quoted(row.cells['as_reported'])} is not the length of its period, {actual}."
            yield row.problem("as_reported", message, f"Correct it or the period, in {row.values['unit']}.")


def _length(start: dt.date, after: dt.date, unit: str) -> tuple[int, int]:
    """The length from `start` to the day before `after` in whole days or months: rounded down, and rounded up."""
    if unit == "days":
        return (after - start).days, (after - start).days
    months = 12 * (after.year - start.year) + after.month - start.month - (after.day < start.day)
    return months, months + (after.day != start.day)


RULES = (
    unique,
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
    _durations,
)


def places(words: str, text: str) -> list[int]:
    """Where `words` stand in `text` whole: 25 is not in 250, nor 250 in 1,250."""
    return [found.start() for found in re.finditer(rf"(?<!\w)(?<!\d[.,]){re.escape(words)}(?!\w)(?![.,]\d)", text)]
