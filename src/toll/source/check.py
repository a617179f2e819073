"""`toll check`: the raw tables by themselves, and beside a copy of the full text."""

from __future__ import annotations

import sys
from json import dumps
from pathlib import Path

from toll.problems import Problem, Problems, Where
from toll.project import Project
from toll.source import article as anchors
from toll.source import corrections, raw
from toll.source.read import unaccounted
from toll.source.schema import ANCHORS, PUBLISHED


def check(
    project: Project, *, article: str | None = None, anchor: bool = False, published: bool = False, json: bool = False
) -> int:
    """Prints every problem of the raw tables, and returns 1 if there is one.

    `article` is a copy of the full text to compare with; `anchor` records where the figures stand in it, and
    `published` that the rows are as they were published. `json` prints the problems for programs. Raises Problems.
    """
    if anchor and article is None:
        raise Problems([Problem(Where("--anchor"), "There is no text to anchor in.", "Add --article FILE.")])
    if anchor and article:
        print(f"{ANCHORS.shown(project)}: {anchors.record(project, Path(article))} anchors", file=sys.stderr)
    if published:
        print(f"{PUBLISHED.shown(project)}: {corrections.record(project)} rows added", file=sys.stderr)
    problems, verdicts = anchors.check(project, Path(article)) if article else (raw.check(project), {})
    problems = problems or corrections.uncorrected(project)
    if article:
        problems += unaccounted(project, Path(article))
    if json:
        print(dumps([problem.as_dict() for problem in problems], indent=1, ensure_ascii=False))
        return 1 if problems else 0
    for problem in problems:
        print(problem, file=sys.stderr)
    for verdict, count in verdicts.items():
        print(f"{article}: {count} {verdict}")
    if problems:
        return 1
    print("data/raw: no problems found")
    if not article and (missing := anchors.unanchored(project)):
        hint = f"With the text at hand, run `{anchors.RECORD}`."
        print(f"Not anchored in the full text: {', '.join(missing)}. {hint}", file=sys.stderr)
    return 0
