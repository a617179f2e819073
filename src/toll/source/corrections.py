"""Corrections: a figure that was published does not change without an entry in data/raw/corrections.csv.

data/raw/published.csv keeps each figure in the words in which it was first published. It goes with the tables, so
that the rule holds on any copy of them, with or without a history.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from toll.problems import Problem
from toll.project import Project
from toll.source import raw


@dataclass(frozen=True)
class Published:
    line: int
    id: str
    as_reported: str


TABLE = raw.Table(
    "published.csv",
    Published,
    ("id",),
    (raw.ID, raw.Column("as_reported", str, "the words first published", "Restore the file from the last commit.")),
    rows_required=False,
)
RECORD = "toll check --published"


def uncorrected(project: Project) -> list[Problem]:
    """The published figures that are others now, without corrections that lead there. Raises Problems."""
    tables = raw.read(project)
    figures = {figure.id: figure for figure in tables.figures}
    path, problems = raw.path(project, raw.FIGURES), []
    for first in raw.read_table(project, TABLE):
        known = sorted((c for c in tables.corrections if c.figure == first.id), key=lambda c: (c.date, c.line))
        figure = figures.get(first.id)
        if figure is None:
            found, do = "no row", "Restore it, so that it can be corrected."
            problems.append(Problem.old(path, None, "id", found, f"the published figure {first.id!r}", do))
        elif (known[0].was if known else figure.as_reported) != first.as_reported:
            problems.append(
                Problem.old(
                    path,
                    figure.line,
                    "as_reported",
                    f"{figure.as_reported!r} for {first.id}",
                    f"{first.as_reported!r}, as published, or a correction of it",
                    f"Add the change to {raw.path(project, raw.CORRECTIONS)}.",
                )
            )
    return problems


def unpublished(project: Project) -> list[str]:
    """The figures that may still change freely: those not yet recorded as published."""
    known = {first.id for first in raw.read_table(project, TABLE)}
    return [figure.id for figure in raw.read(project).figures if figure.id not in known]


def record(project: Project) -> int:
    """Adds the figures that are new to data/raw/published.csv; returns how many. What is there stays as it is."""
    new, figures = unpublished(project), {figure.id: figure.as_reported for figure in raw.read(project).figures}
    rows = [(first.id, first.as_reported) for first in raw.read_table(project, TABLE)]
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerows([TABLE.names, *rows, *((id, figures[id]) for id in new)])
    (project.raw / TABLE.file).write_text(lines.getvalue(), "utf-8", newline="\n")
    return len(new)
