"""Tables that only one story has, beside those of every story: the notebook that makes one says what it holds.

Data Package and fact check page take the words from here, so neither knows any story's columns.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from toll import digests, tables

if TYPE_CHECKING:
    import polars as pl

KIND = ".table.json"


@dataclass(frozen=True)
class StoryTable:
    """`columns` has the meaning of every column of the table. `headings` and `rows` are the table as the fact check
    page shows it, in texts."""

    title: str
    note: str
    columns: dict[str, str]
    headings: list[str]
    rows: list[list[str]]


def declare(stem: Path, title: str, note: str, columns: Mapping[str, str], shown: pl.DataFrame) -> None:
    """Say what the table STEM holds (see `toll.tables.write`); `shown` is what the fact check page shows of it."""
    rows = [[tables.text(cell) for cell in row] for row in shown.iter_rows()]
    table = StoryTable(title, note, dict(columns), shown.columns, rows)
    stem.parent.mkdir(parents=True, exist_ok=True)
    stem.with_suffix(KIND).write_bytes(digests.canonical_json(asdict(table)))


def read(folder: Path) -> dict[str, StoryTable]:
    """The declared tables of a folder, by name."""
    files = sorted(folder.glob(f"*{KIND}"))
    return {file.name.removesuffix(KIND): StoryTable(**json.loads(file.read_text("utf-8"))) for file in files}
