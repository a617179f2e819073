"""`toll check`: every problem in data/raw/ at once, and the records that only a person may change."""

from __future__ import annotations

import json as format_
import sys
from pathlib import Path

from toll.problems import Problem, Problems, Where
from toll.project import Project
from toll.source import article as anchors
from toll.source import corrections, raw


def check(project: Project, *, json: bool, article: str | None, anchor: bool, published: bool) -> int:
    """Print every problem; the exit code is 1 if there is one. `article` names the file with the article's text."""
    text = Path(article) if article else None
    if anchor and text is None:
        raise Problems(
            [Problem(Where("--anchor"), "Anchors need the article.", "Add --article FILE, your copy of it.")]
        )
    if anchor and text:
        print(f"{anchors.record(project, text)} anchors in {raw.path(project, anchors.TABLE)}", file=sys.stderr)
    if published:
        print(f"{corrections.record(project)} figures added to {raw.path(project, corrections.TABLE)}", file=sys.stderr)
    problems, verdicts = anchors.check(project, text) if text else (raw.check(project), {})
    problems = problems or corrections.uncorrected(project)
    if json:
        print(format_.dumps([problem.as_dict() for problem in problems], indent=1, ensure_ascii=False))
        return 1 if problems else 0
    for problem in problems:
        print(problem, file=sys.stderr)
    for verdict, count in verdicts.items():
        print(f"{text}: {count} {verdict}")
    if not problems:
        print("data/raw: no problem found")
    if not problems and not text and (missing := anchors.unanchored(project)):
        print(f"Not anchored in the article: {', '.join(missing)}. With the article: {anchors.RECORD}", file=sys.stderr)
    return 1 if problems else 0
