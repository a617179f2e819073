"""What an edition has published, read back from its files: its numbers, the texts that print them, the files."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from toll.ledger import wording
from toll.pages import index
from toll.pages.index import FACT_CHECK, OWN_FILES, Index
from toll.project import Project
from toll.run import editions, notebook_file

if TYPE_CHECKING:
    from toll.ledger.ledger import Entry, Ledger


@dataclass(frozen=True)
class Publication:
    """An edition as published.

    `texts` has the text at each place of the ledger that is one (“GRAPHIC: PART”), `verdicts` each claim of the fact
    check with the verdict on it, by the place of its text. `files` has the files that print a graphic, a notebook or
    the fact check (“GRAPHIC”), as paths in the project.
    """

    edition: str
    as_of: date
    ledger: Ledger
    texts: dict[str, str]
    verdicts: dict[str, tuple[str, str]]
    files: dict[str, list[str]]

    @property
    def title(self) -> str:
        return f"Edition {self.edition}, data as of {wording.full_date(self.as_of)}"

    def places(self, id: str) -> dict[str, list[str]]:
        """Where a number is printed: parts by graphic, notebook or fact check."""
        found: dict[str, list[str]] = {}
        for place in self.ledger.printed.get(id, ()):
            found.setdefault(place.owner, []).append(place.part)
        return found

    def provenance(self, id: str) -> list[Entry]:
        """A number and all that its formula uses, directly or through others."""
        ids = [id]
        for each in ids:  # grows while we walk it
            ids += [name for name in self.ledger[each].inputs.split() if name not in ids]
        return [self.ledger[each] for each in ids]

    def uses(self, id: str) -> list[Entry]:
        """The numbers whose formulas use `id`, directly or through others; a ledger lists inputs first."""
        reached, found = {id}, []
        for entry in self.ledger:
            if not reached.isdisjoint(entry.inputs.split()):
                reached.add(entry.id)
                found.append(entry)
        return found


def read_all(project: Project) -> list[Publication]:
    """Every edition that has a file in editions/ and has been published, the default first."""
    names = editions.published(project)
    return [read(project, name) for name in names if (project.published(name) / index.INDEX).is_file()]


def read(project: Project, edition: str) -> Publication:
    """One published edition. Raises Problems if its files are damaged."""
    from toll import tables  # and polars with it
    from toll.ledger.ledger import Ledger

    told = index.load(project, edition)
    ledger = Ledger.from_frames(tables.read(project.processed(edition) / "ledger"))
    notebooks = {_name(path): path for path in editions.executed_notebooks(project, edition)}
    checked = _fact_check(project, edition)
    texts = dict(_graphics(told)) | {place: _claim(row) for place, row in checked.items()} | _notebooks(notebooks)
    verdicts = {place: (row["claim"], row["verdict"]) for place, row in checked.items()}
    files = _files(told, f"figures/{edition}")
    files = {name: [path for path in paths if (project.root / path).is_file()] for name, paths in files.items()}
    files |= {name: [path.relative_to(project.root).as_posix()] for name, path in notebooks.items()}
    return Publication(edition, date.fromisoformat(told["as_of"]), ledger, texts, verdicts, files)


def _files(told: Index, folder: str) -> dict[str, list[str]]:
    found = {"fact-check": [f"{folder}/{FACT_CHECK}", f"{folder}/{index.FACT_CHECK_PAGE}"]}
    pages = [f"{folder}/{index.PAGE}", f"figures/{index.PAGE}", "README.md"]
    for graphic in told["graphics"]:
        files = (*graphic["pictures"], *(graphic[file] for file in OWN_FILES if file in graphic))
        found[graphic["name"]] = [*(f"{folder}/{file['name']}" for file in files), *pages]
    return found


def _graphics(told: Index) -> Iterator[tuple[str, str]]:
    for graphic in told["graphics"]:
        for part, text in graphic["furniture"].items():
            yield f"{graphic['name']}: {part}", text


def _fact_check(project: Project, edition: str) -> dict[str, dict[str, str]]:
    """The rows of the fact check, by the place of their text."""
    with (project.published(edition) / FACT_CHECK).open(newline="", encoding="utf-8") as file:
        return {f"fact-check: {row['id']}": row for row in csv.DictReader(file)}


def _claim(row: dict[str, str]) -> str:
    return f"{row['claim']} — {row['verdict']}. {row['result']} {row['how_sure']}"


def _name(notebook: Path) -> str:
    """What the ledger calls a notebook: “staffing notebook” is 04-staffing.ipynb."""
    return f"{notebook.stem.partition('-')[2] or notebook.stem} notebook"


def _notebooks(notebooks: dict[str, Path]) -> dict[str, str]:
    """The sentences that executed notebooks show, by their place; by the id of their cell if they do not name it."""
    texts: dict[str, list[str]] = {}
    for name, path in notebooks.items():
        for cell in notebook_file.code_cells(notebook_file.load(path, path.name)):
            for output in cell.get("outputs", []):
                if "text/markdown" in output.get("data", {}):
                    place = output["metadata"].get("text/markdown", {}).get("place") or f"{name}: {cell['id']}"
                    texts.setdefault(place, []).append("".join(output["data"]["text/markdown"]))
    return {place: " ".join(shown) for place, shown in texts.items()}
