"""Corrections: a published row does not change without an entry in data/raw/corrections.csv.

data/raw/published.csv keeps each row of figures, sources and claims as it was first published, cell by cell; a cell
that is not in it was empty. It goes with the tables, so that the rule holds on any copy of them, with or without a
history.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from toll.problems import Problem, Where, quoted
from toll.project import Project
from toll.source import raw
from toll.source.reading import Row
from toll.source.schema import CLAIMS, CORRECTIONS, FIGURES, PUBLISHED, SOURCES, Correction, Published

RECORD = "toll check --published"
TABLES = {table.name: table for table in (FIGURES, SOURCES, CLAIMS)}


def uncorrected(project: Project) -> list[Problem]:
    """Published rows that changed without corrections that lead to what they are now. Raises Problems."""
    rows, corrections = _rows(project), raw.read(project).corrections
    published = raw.read_table(project, PUBLISHED)
    problems: list[Problem] = []
    for key, cells in groupby(published, lambda cell: (cell.table, cell.id)):
        if row := rows.get(key):
            problems += _changed(project, row, list(cells), [c for c in corrections if (c.table, c.id) == key])
        else:
            message = f"{key[1]} was published and is missing."
            where = Where(TABLES[key[0]].shown(project), None, "id")
            problems.append(Problem(where, message, "Restore it, so that it can be corrected."))
    return problems


def unpublished(project: Project) -> list[str]:
    """The rows that may still change freely: the ids of those not yet recorded as published."""
    known = {(cell.table, cell.id) for cell in raw.read_table(project, PUBLISHED)}
    return [id for table, id in _rows(project) if (table, id) not in known]


def record(project: Project) -> int:
    """Adds the rows that are new to data/raw/published.csv; returns how many. What is there stays as it is."""
    known = raw.read_table(project, PUBLISHED)
    recorded = {(cell.table, cell.id) for cell in known}
    new = {key: row for key, row in _rows(project).items() if key not in recorded}
    cells = [(*key, field, cell) for key, row in new.items() for field, cell in row.cells.items() if cell]
    rows = [tuple(cell)[1:] for cell in known] + [cell for cell in cells if cell[2] != "id"]
    raw.write_table(project, PUBLISHED, rows)
    return len(new)


def _rows(project: Project) -> dict[tuple[str, str], Row]:
    """Every row that readers rely on, by table and id."""
    sheets = raw.rows(project)
    return {(name, row.cells["id"]): row for name, table in TABLES.items() for row in sheets[table.file]}


def _changed(project: Project, row: Row, cells: list[Published], known: list[Correction]) -> Iterator[Problem]:
    """What a row says now where its corrections, if any, do not begin at what was published."""
    first = {cell.field: cell.was for cell in cells}
    for field, now in row.cells.items():
        own = sorted((c for c in known if c.field == field), key=lambda c: (c.date, c.line))
        was, begins = first.get(field, ""), own[0].was if own else now
        if field != "id" and begins != was:
            what = "its first correction begins at" if own else "it is now"
            message = f"{row.cells['id']} was published with {field} {_shown(was)}, and {what} {_shown(begins)}."
            yield row.problem(field, message, f"Add a correction to {CORRECTIONS.shown(project)}, or put it back.")


def _shown(cell: str) -> str:
    return quoted(cell) if cell else "empty"
