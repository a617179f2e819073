"""gallery.json: what an edition has published, written once and read by pages, manifest and review commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from toll.problems import Problem, Problems, Where
from toll.project import Project
from toll.source import raw

INDEX, PAGE, SUMS = "gallery.json", "index.html", "SHA256SUMS"
NUMBERS, FACT_CHECK, FACT_CHECK_PAGE = "numbers.csv", "fact-check.csv", "fact-check.html"
OWN_FILES = (
    "data",
    "workbook",
    "embed",
    "inline",
    "bundle",
)  # of each graphic beside its pictures; earlier versions had fewer
PAGES = (FACT_CHECK_PAGE,)  # which lie in an edition's folder before the rest does
TITLES = {NUMBERS: "All numbers", FACT_CHECK: "Fact check", FACT_CHECK_PAGE: "Fact check, claim by claim"}

Index = dict[str, Any]


def load(project: Project, edition: str) -> Index:
    """The gallery.json of an edition. Raises Problems if it is damaged, FileNotFoundError if there is none."""
    path = project.published(edition) / INDEX
    try:
        return json.loads(path.read_text("utf-8"))
    except ValueError as error:
        where = Where(path.relative_to(project.root).as_posix(), getattr(error, "lineno", None))
        raise Problems([Problem(where, "The file is damaged.", f"Run `toll run {edition} --force`.")]) from None


def load_all(project: Project, first: str) -> dict[str, Index]:
    """By edition, every gallery.json in figures/: the edition `first` leads, the others follow by name."""
    names = (path.parent.relative_to(project.figures).as_posix() for path in project.figures.rglob(INDEX))
    return {name: load(project, name) for name in sorted(names, key=lambda name: (name != first, name))}


def left_out(processed: Path, graphic: str) -> str:
    """Why an edition, whose processed tables these are, has left a graphic out; empty if it has not."""
    try:
        return json.loads((processed / "graphics" / f"{graphic}.json").read_text("utf-8")).get("left_out", "")
    except (OSError, ValueError):
        return ""


def correction_record(correction: raw.Correction) -> dict[str, str]:
    """A correction as gallery.json keeps it."""
    return {part: str(value) for part, value in correction._asdict().items() if part != "line"}
