"""What an edition has published, read back from its files: its numbers, every sentence that prints them, its files."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from toll.ledger import wording
from toll.pages import gallery
from toll.project import Project
from toll.run import editions, notebook_file

if TYPE_CHECKING:
    from toll.ledger.ledger import Ledger

CLAIM = ("claim", "verdict", "result", "how_sure")  # of a row of the fact check, what is printed


@dataclass(frozen=True)
class Record:
    """`words` has the text printed at each place that the ledger names ("GRAPHIC: PART"), where it is a text.

    `files` has the files that print the places of a graphic, a notebook or the fact check ("GRAPHIC"), as paths in the
    project.
    """

    edition: str
    as_of: date
    ledger: Ledger
    words: dict[str, str]
    files: dict[str, list[str]]

    @property
    def title(self) -> str:
        return f"Edition {self.edition}, data as of {wording.full_date(self.as_of)}"


def read_all(project: Project) -> list[Record]:
    """The records of all editions that have a file in editions/ and have been published, the default first."""
    names = editions.published(project)
    return [read(project, name) for name in names if (project.published(name) / gallery.INDEX).is_file()]


def read(project: Project, edition: str) -> Record:
    from toll import tables  # and polars with it
    from toll.ledger.ledger import Ledger

    index = json.loads((project.published(edition) / gallery.INDEX).read_text("utf-8"))
    ledger = Ledger.from_frames(tables.read(project.processed(edition) / "ledger"))
    notebooks = dict(_notebooks(project, edition))
    words = dict([*_of_graphics(index), *_of_fact_check(project, edition), *_of_notebooks(project, notebooks)])
    files = dict(_files(index, f"figures/{edition}")) | {name: [path] for name, path in notebooks.items()}
    return Record(edition, date.fromisoformat(index["as_of"]), ledger, words, files)


def _files(index: dict, folder: str) -> Iterator[tuple[str, list[str]]]:
    for graphic in index["graphics"]:
        files = (*graphic["pictures"], graphic["data"], graphic["bundle"])
        yield graphic["name"], [f"{folder}/{file['name']}" for file in files]
    yield "fact-check", [f"{folder}/{gallery.FACT_CHECK}"]


def _of_graphics(index: dict) -> Iterator[tuple[str, str]]:
    for graphic in index["graphics"]:
        for part, text in graphic["furniture"].items():
            yield f"{graphic['name']}: {part}", text


def _of_fact_check(project: Project, edition: str) -> Iterator[tuple[str, str]]:
    with (project.published(edition) / gallery.FACT_CHECK).open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            claim, verdict, *rest = (row[column] for column in CLAIM)
            yield f"fact-check: {row['id']}", f"{claim} — {verdict}. {' '.join(rest)}"


def _notebooks(project: Project, edition: str) -> Iterator[tuple[str, str]]:
    """The executed notebooks of an edition, as the ledger calls them: "staffing notebook" is 04-staffing.ipynb."""
    for own in sorted(project.notebooks.glob("*.ipynb")):
        name = editions.executed(project, edition, own.relative_to(project.root).as_posix())
        if (project.root / name).is_file():
            yield f"{own.stem.partition('-')[2] or own.stem} notebook", name


def _of_notebooks(project: Project, notebooks: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The sentences that executed notebooks show, by the id of their cell."""
    for name, path in notebooks.items():
        for cell in notebook_file.code_cells(notebook_file.load(project.root / path, path)):
            if text := " ".join(_shown(cell.get("outputs", []))):
                yield f"{name}: {cell['id']}", text


def _shown(outputs: Iterable[dict]) -> Iterator[str]:
    for output in outputs:
        if "text/markdown" in output.get("data", {}):
            yield "".join(output["data"]["text/markdown"])
