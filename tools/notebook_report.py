"""How readable are the notebooks? One line each: `python tools/notebook_report.py [NOTEBOOK ...]`.

Counts are of executed notebooks, without the cell that papermill puts in. A line of code is neither blank nor a
comment. A cell shows something if it has an output. A number is shown where an output's text has a digit; a picture
is an output with an image. The limits are those that `make test` keeps for the notebooks of a topic.
"""

from __future__ import annotations

import json
import re
import statistics
import sys
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIMITS = {
    "cells": 55,
    "code_lines": 280,
    "median_lines": 6,
    "longest_cell": 25,
    "silent_run": 5,
    "first_number": 8,
}
LEAST_SHOWING = 0.5  # of the code cells
FIRST_PICTURE = 0.5  # of the way down, at the latest


@dataclass(frozen=True)
class Report:
    """What a reader of one notebook meets. `first_…` count all cells from 1; 0 where there is none."""

    notebook: str
    cells: int
    code_lines: int
    median_lines: float
    longest_cell: int
    showing: float  # share of the code cells
    silent_run: int  # code cells in a row that show nothing
    first_number: int
    first_picture: int
    words_per_line: float  # of prose, for each line of code

    @property
    def faults(self) -> list[str]:
        """What is over the limits, in words."""
        found = [
            f"{name} {getattr(self, name):g}, at most {most}"
            for name, most in LIMITS.items()
            if getattr(self, name) > most
        ]
        if self.showing < LEAST_SHOWING:
            found.append(f"showing {self.showing:.0%}, at least {LEAST_SHOWING:.0%}")
        if self.first_picture > FIRST_PICTURE * self.cells:
            found.append(f"first_picture {self.first_picture} of {self.cells} cells, in the first half")
        return found


def report(path: Path) -> Report:
    """The report of the executed notebook at `path`."""
    cells = [cell for cell in json.loads(path.read_text("utf-8"))["cells"] if "injected-parameters" not in _tags(cell)]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    lines = [len(_lines(cell)) for cell in code]
    prose = sum(len(_source(cell).split()) for cell in cells if cell["cell_type"] == "markdown")
    silent = [len(list(run)) for shows, run in groupby(code, key=lambda cell: bool(cell["outputs"])) if not shows]
    return Report(
        path.stem,
        len(cells),
        sum(lines),
        statistics.median(lines),
        max(lines),
        sum(bool(cell["outputs"]) for cell in code) / len(code),
        max(silent, default=0),
        _first(cells, lambda output: re.search(r"\d", _text(output))),
        _first(cells, lambda output: any(kind.startswith("image/") for kind in output.get("data", ()))),
        prose / max(sum(lines), 1),
    )


def _tags(cell: dict) -> list[str]:
    return cell["metadata"].get("tags", [])


def _source(cell: dict) -> str:
    return "".join(cell["source"])


def _lines(cell: dict) -> list[str]:
    return [line for line in _source(cell).splitlines() if line.strip() and not line.strip().startswith("#")]


def _text(output: dict) -> str:
    """What an output says, without the marks of HTML."""
    data = output.get("data", {})
    shown = data.get("text/markdown") or data.get("text/html") or data.get("text/plain") or output.get("text", ())
    return re.sub(r"<[^>]*>", " ", "".join(shown))


def _first(cells: list[dict], wanted) -> int:
    """The first cell, counted from 1, with an output that is `wanted`."""
    return next((n for n, cell in enumerate(cells, 1) if any(map(wanted, cell.get("outputs", ())))), 0)


def table(reports: list[Report]) -> str:
    """The reports as a Markdown table."""
    heads = [name.replace("_", " ") for name in Report.__dataclass_fields__]
    rows = [
        [
            f"{value:.0%}" if name == "showing" else f"{value:.3g}" if isinstance(value, float) else str(value)
            for name, value in asdict(each).items()
        ]
        for each in reports
    ]
    return "\n".join("| " + " | ".join(row) + " |" for row in (heads, ["---"] * len(heads), *rows))


def main(paths: list[str]) -> int:
    """Prints the table, then what is over the limits; exit code 1 if anything is."""
    reports = [report(Path(path)) for path in paths or sorted((ROOT / "notebooks").glob("*.ipynb"))]
    print(table(reports))
    faults = [f"{each.notebook}: {fault}" for each in reports for fault in each.faults]
    print(*faults, sep="\n", file=sys.stderr)
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
