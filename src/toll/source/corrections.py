"""Corrections: a published figure does not change without an entry in data/raw/corrections.csv.

data/raw/published.csv keeps each figure in the words in which it was first published. It goes with the tables, so that
the rule holds on any copy of them, with or without a history.
"""

from __future__ import annotations

from toll.problems import Problem, Where, quoted
from toll.project import Project
from toll.source import raw
from toll.source.schema import CORRECTIONS, FIGURES, PUBLISHED

RECORD = "toll check --published"


def uncorrected(project: Project) -> list[Problem]:
    """Published figures that changed without corrections that lead to what they are now. Raises Problems."""
    tables = raw.read(project)
    figures = {figure.id: figure for figure in tables.figures}
    path, problems = FIGURES.shown(project), []
    for first in raw.read_table(project, PUBLISHED):
        known = sorted((c for c in tables.corrections if c.figure == first.id), key=lambda c: (c.date, c.line))
        figure = figures.get(first.id)
        if figure is None:
            message = f"{first.id} was published and is missing."
            problems.append(Problem(Where(path, None, "id"), message, "Restore it, so that it can be corrected."))
            continue
        begins = known[0].was if known else figure.as_reported
        if begins != first.as_reported:
            what = "its first correction begins at" if known else "it is now"
            message = f"{first.id} was published as {quoted(first.as_reported)}, and {what} {quoted(begins)}."
            hint = f"Add a correction to {CORRECTIONS.shown(project)}."
            problems.append(Problem(Where(path, figure.line, "as_reported"), message, hint))
    return problems


def unpublished(project: Project) -> list[str]:
    """The figures that may still change freely: those not yet recorded as published."""
    known = {first.id for first in raw.read_table(project, PUBLISHED)}
    return [figure.id for figure in raw.read(project).figures if figure.id not in known]


def record(project: Project) -> int:
    """Adds the figures that are new to data/raw/published.csv; returns how many. What is there stays as it is."""
    new, figures = unpublished(project), {figure.id: figure.as_reported for figure in raw.read(project).figures}
    rows = [(first.id, first.as_reported) for first in raw.read_table(project, PUBLISHED)]
    raw.write_table(project, PUBLISHED, [*rows, *((id, figures[id]) for id in new)])
    return len(new)
