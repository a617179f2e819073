"""The raw tables, read and checked: every problem of all of them at once, by file, line and column."""

from __future__ import annotations

import csv
import io
from functools import lru_cache
from typing import NamedTuple

from toll.problems import Problem, Problems
from toll.project import Project
from toll.source import rules
from toll.source.reading import Sheets, read_bytes, read_rows
from toll.source.schema import (
    FULL_TEXT,
    LEFT_OUT_TABLE,
    TABLES,
    Allowed,
    Claim,
    Correction,
    Figure,
    Preference,
    Source,
    Sum,
    Table,
)

__all__ = ["Allowed", "Claim", "Correction", "Figure", "Preference", "Raw", "Source", "Sum", "check", "read"]


class Raw(NamedTuple):
    """The records of each table, in the order of the file."""

    figures: tuple[Figure, ...]
    sources: tuple[Source, ...]
    corrections: tuple[Correction, ...]
    quantities: tuple[Allowed, ...]
    claims: tuple[Claim, ...]
    sums: tuple[Sum, ...]
    preferences: tuple[Preference, ...]

    @property
    def full_texts(self) -> tuple[Source, ...]:
        """The sources whose whole text we have."""
        return tuple(source for source in self.sources if source.kind == FULL_TEXT)

    def origins(self, figure: Figure) -> list[str]:
        """The sources that `figure` goes back to in the end: its own, where neither row names another."""
        based_on = {each.id: each.based_on for each in self.sources}
        ids = figure.based_on or (figure.source,)
        return sorted(id for id in rules.reached(based_on, ids) if not based_on[id])


def check(project: Project) -> list[Problem]:
    """Every problem of all the raw tables; empty when there is none."""
    problems = list(_load(project)[1])
    try:
        read_table(project, LEFT_OUT_TABLE)
    except Problems as unreadable:
        problems += unreadable.problems
    return problems


def read(project: Project) -> Raw:
    """The raw tables, typed. Raises Problems, with all of them, when there are any."""
    raw, problems, _ = _load(project)
    if raw is None:
        raise Problems(problems)
    return raw


def rows(project: Project) -> Sheets:
    """The rows of each table as they were typed. Raises Problems, with all of them, when there are any."""
    read(project)
    return _load(project)[2]


def read_table(project: Project, table: Table) -> tuple:
    """A table that is read by itself: its records, or none where there is no such file. Raises Problems."""
    if not (project.raw / table.file).exists():
        return ()
    problems: list[Problem] = []
    rows = read_rows(read_bytes(project.raw / table.file), table.shown(project), table, problems)
    problems += rules.unique({table.file: rows}, (table,))
    if problems:
        raise Problems(problems)
    return tuple(table.record(line=row.line, **row.values) for row in rows)


def write_table(project: Project, table: Table, rows: list[tuple]) -> None:
    """Writes a table that only commands write."""
    lines = io.StringIO()
    csv.writer(lines, lineterminator="\n").writerows([tuple(table.columns), *rows])
    (project.raw / table.file).write_text(lines.getvalue(), "utf-8", newline="\n")


def _load(project: Project) -> tuple[Raw | None, list[Problem], Sheets]:
    """The tables, or None, their problems, and their rows. A command asks several times, and reads once."""
    return _judge(tuple((table.shown(project), read_bytes(project.raw / table.file)) for table in TABLES))


@lru_cache(maxsize=2)
def _judge(files: tuple[tuple[str, bytes | str], ...]) -> tuple[Raw | None, list[Problem], Sheets]:
    problems: list[Problem] = []
    sheets: Sheets = {}
    for table, (shown, data) in zip(TABLES, files, strict=True):
        try:
            sheets[table.file] = read_rows(data, shown, table, problems)
        except Problems as unreadable:
            problems += unreadable.problems
    problems += rules.across(sheets)
    if problems:
        return None, Problems(problems).problems, sheets
    records = (tuple(t.record(line=row.line, **row.values) for row in sheets[t.file]) for t in TABLES)
    return Raw(*records), [], sheets
