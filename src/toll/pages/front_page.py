"""figures/index.html: every edition with its graphics, and the corrections that its files do not have yet."""

from __future__ import annotations

from typing import Any

from toll.pages import edition_page, index
from toll.pages.rendering import render
from toll.project import Project
from toll.source import raw


def write(project: Project, first: str) -> None:
    """Write figures/index.html from each edition's gallery.json and data/raw/corrections.csv; `first` leads."""
    corrections = [index.correction_record(correction) for correction in raw.read(project).corrections]
    editions = [_edition(name, told, corrections) for name, told in index.load_all(project, first).items()]
    project.figures.mkdir(exist_ok=True)
    (project.figures / index.PAGE).write_bytes(render("front", editions=editions, titles=index.TITLES))


def _edition(name: str, told: index.Index, corrections: list[dict[str, str]]) -> dict[str, Any]:
    graphics = [{**graphic, "views": edition_page.views(graphic["pictures"])} for graphic in told["graphics"]]
    used = {number["id"] for graphic in graphics for number in graphic["numbers"]}
    carried = [correction for graphic in graphics for correction in graphic["corrections"]]
    pending = [each for each in corrections if each["figure"] in used and each not in carried]
    return told | {"name": name, "graphics": graphics, "pending": pending}
