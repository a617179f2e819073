"""Runs the notebooks in this process with other figures, other days or other parameters, and gives what they say.

Nothing is drawn: `said` holds every sentence, headline, label and verdict, which the lints of `support.lints` read.
"""

from __future__ import annotations

import ast
import contextlib
import csv
import functools
import io
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from support.checkout import copy_sources
from toll.graphics.formats import Picture
from toll.graphics.graphic import Graphic, LeftOut
from toll.problems import Problems
from toll.project import Project
from toll.source import quantity, raw
from toll.tables import Said

PARAMETERS = "parameters"


@dataclass
class Outcome:
    """What a run with these changes came to: "refused" by the check, "published", or "failed" with `message`."""

    how: str
    message: str = ""
    said: dict[str, str] = field(default_factory=dict)  # by place, such as "death-tolls: headline"
    left_out: dict[str, str] = field(default_factory=dict)  # why, by graphic
    ledger: dict[str, Any] = field(default_factory=dict)  # rows by id


class Chain:
    """A copy of the project whose figures may be changed, one run at a time."""

    def __init__(self, folder: Path):
        self.folder = folder
        copy_sources(folder)
        self._table = folder / "data/raw/figures.csv"
        with self._table.open(encoding="utf-8", newline="") as file:
            self._header, *self.rows = list(csv.reader(file))
        self._published = folder / "data/raw/published.csv"
        self._before: dict[str, Path] = {}

    def run(
        self, notebooks: list[str], changes: dict[str, str] | None = None, edition: str = "article", **parameters: Any
    ) -> Outcome:
        """Run `notebooks` with figures that read as in `changes` and these parameters."""
        self._write(changes or {})
        try:
            raw.read(Project(self.folder))
        except Problems as refused:
            return Outcome("refused", str(refused))
        outcome = Outcome("published")
        processed = self.folder / "data/processed"
        shutil.rmtree(processed, ignore_errors=True)
        if edition in self._before and not parameters:  # what notebooks that are not run would have written
            shutil.copytree(self._before[edition], processed)
        with contextlib.chdir(self.folder / "notebooks"), contextlib.redirect_stdout(io.StringIO()):
            for name in notebooks:
                try:
                    self._execute(name, edition, parameters, outcome)
                except Exception as error:  # whatever it is, it is what a reporter would see
                    outcome.how, outcome.message = "failed", f"{name}: {type(error).__name__}: {error}"
                    return outcome
        self._graphics(edition, outcome)
        self._claims(edition, outcome)
        outcome.ledger = self._ledger(edition)
        return outcome

    def prepare(self, notebooks: list[str], edition: str) -> Outcome:
        """Run all notebooks once with the figures as they are, so that later runs may take only some of them."""
        outcome = self.run(notebooks, {}, edition)
        assert outcome.how == "published", outcome.message
        self._before[edition] = self.folder / f"before-{edition}"
        shutil.copytree(self.folder / "data/processed", self._before[edition])
        return outcome

    def clashes(self, edition: str, graphic: str) -> list[str]:
        """What the layout check says of a graphic of the last run, in every size."""
        drawn = Graphic.load(self.folder / "data/processed" / edition / "graphics" / f"{graphic}.json")
        found = []
        for task in [] if isinstance(drawn, LeftOut) else drawn.tasks():
            try:
                Picture.draw(task)
            except Problems as problems:
                found.append(str(problems))
        return found

    def _write(self, changes: dict[str, str]) -> None:
        """The table with the changed words, and with exact words that hold them."""
        as_reported, exact = self._header.index("as_reported"), self._header.index("exact")
        rounded = self._header.index("rounded_to")
        rows = [list(row) for row in self.rows]
        for row in rows:
            if row[0] in changes:
                row[as_reported], row[rounded] = changes[row[0]], ""
                with contextlib.suppress(ValueError):
                    row[exact] = quantity.core(changes[row[0]])
        with self._table.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([self._header, *rows])
        with contextlib.suppress(FileNotFoundError):
            self._published.unlink()  # what was published before is another check's matter

    def _execute(self, name: str, edition: str, parameters: dict[str, Any], outcome: Outcome) -> None:
        scope: dict[str, Any] = {"__name__": "__main__"}
        for tags, body, last in _cells(self.folder / "notebooks" / f"{name}.ipynb"):
            exec(body, scope)
            if PARAMETERS in tags:
                given = _edition(self.folder, "article") | _edition(self.folder, edition) | parameters
                scope |= {key: value for key, value in given.items() if key in scope}
                continue
            shown = eval(last, scope) if last else None
            if isinstance(shown, Said):
                outcome.said[str(shown.place)] = str(shown)

    def _graphics(self, edition: str, outcome: Outcome) -> None:
        for file in (self.folder / "data/processed" / edition / "graphics").glob("*.json"):
            stored = json.loads(file.read_text("utf-8"))
            if why := stored.get("left_out"):
                outcome.left_out[file.stem] = why
                continue
            outcome.said |= {f"{file.stem}: {part}": text for part, text in stored["furniture"].items()}
            words = dict.fromkeys(_strings(stored["specs"]["desktop"].get("datasets", {})))
            outcome.said |= {f"{file.stem}: label {number}": text for number, text in enumerate(words)}

    def _claims(self, edition: str, outcome: Outcome) -> None:
        table = self.folder / "data/processed" / edition / "fact-check.csv"
        if table.exists():
            for row in csv.DictReader(io.StringIO(table.read_text("utf-8"))):
                outcome.said |= {
                    f"fact-check: {row['id']}, {part}": row[part] for part in ("claim", "verdict", "result", "how_sure")
                }

    def _ledger(self, edition: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        folder = self.folder / "data/processed" / edition
        for file in [*sorted((folder / "parts").glob("*.csv")), folder / "ledger.csv"]:
            if file.exists() and not file.stem.endswith("-disputed"):
                found |= {row["id"]: row for row in csv.DictReader(io.StringIO(file.read_text("utf-8")))}
        return found


def _strings(value: Any) -> Iterator[str]:
    """Every text that a chart's data holds, ids and dates left aside."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from () if "entry" in key or key in ("color", "_color", "series") else _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
    elif isinstance(value, str) and not value[:4].isdigit():
        yield value


@functools.cache
def _cells(notebook: Path) -> list[tuple[list[str], Any, Any]]:
    """Of each code cell its tags, its statements and, if it ends in one, its last expression, compiled."""
    found = []
    for number, cell in enumerate(json.loads(notebook.read_text("utf-8"))["cells"]):
        if cell["cell_type"] == "code":
            tree = ast.parse("".join(cell["source"]))
            last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
            where = f"{notebook.stem}, cell {number}"
            shown = compile(ast.Expression(last.value), where, "eval") if last else None
            found.append((cell["metadata"].get("tags", []), compile(tree, where, "exec"), shown))
    return found


def _edition(folder: Path, name: str) -> dict[str, Any]:
    return yaml.safe_load((folder / "editions" / f"{name}.yml").read_text("utf-8"))
