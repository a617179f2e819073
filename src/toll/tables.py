"""Processed tables: each as Parquet for programs and CSV for people, the same rows in both."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

import polars as pl

_TYPES: dict[Any, Any] = {
    str: pl.String,
    bool: pl.Boolean,
    int | None: pl.Int64,
    float | None: pl.Float64,
    dt.date: pl.Date,
    dt.date | None: pl.Date,
    tuple[str, ...]: pl.List(pl.String),
}


def write(table: pl.DataFrame, stem: Path) -> None:
    """Write `table` to STEM.parquet and STEM.csv."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    table.write_parquet(stem.with_suffix(".parquet"), statistics=False)
    stem.with_suffix(".csv").write_bytes(csv(table))


def csv(table: pl.DataFrame) -> bytes:
    """UTF-8 with LF. A missing value is an empty cell, and an open bound is INF, as Table Schema has it."""
    columns = [
        pl.col(name).cast(pl.String).replace({"inf": "INF", "-inf": "-INF", "": None})
        for name, kind in table.schema.items()
        if kind == pl.String or (kind == pl.Float64 and table[name].is_infinite().any())
    ]
    return table.with_columns(columns).write_csv(line_terminator="\n").encode()


def of(records: Sequence[Any], kind: type) -> pl.DataFrame:
    """The records of a raw table, named tuples of `kind`, without their lines; with all columns if there are none.

    A figure's `reading` is a struct, and the last column.
    """
    hints = sorted(get_type_hints(kind).items(), key=lambda item: hasattr(item[1], "_fields"))
    schema = {name: _type(hint) for name, hint in hints if name != "line"}
    return pl.DataFrame([{name: _value(getattr(record, name)) for name in schema} for record in records], schema=schema)


def _type(hint: Any) -> Any:
    is_record = hasattr(hint, "_fields")
    return pl.Struct({name: _type(own) for name, own in get_type_hints(hint).items()}) if is_record else _TYPES[hint]


def _value(value: Any) -> Any:
    return value._asdict() if hasattr(value, "_asdict") else value


def read(stem: Path) -> pl.DataFrame:
    """The table that `write` wrote to STEM."""
    return pl.read_parquet(stem.with_suffix(".parquet"), glob=False)


@dataclass(frozen=True)
class Shown:
    """A table for the reader of a notebook: all rows, whole texts, no quotes, missing values empty."""

    table: pl.DataFrame

    def _repr_html_(self) -> str:
        heads = "".join(f'<th align="left">{html.escape(name)}</th>' for name in self.table.columns)
        rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in self.table.iter_rows())
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"

    def __repr__(self) -> str:
        return "\n".join(" | ".join(map(text, row)) for row in (self.table.columns, *self.table.iter_rows()))


def show(table: pl.DataFrame) -> Shown:
    """`table`, displayed for people."""
    return Shown(table)


def _cell(value: object) -> str:
    side = "right" if isinstance(value, int | float) else "left"
    return f'<td align="{side}">{html.escape(text(value))}</td>'


def text(value: object) -> str:
    """A cell as people read it."""
    if value is None:
        return ""
    return f"{value:,.10g}" if isinstance(value, float) else str(value)


class Said(NamedTuple):
    """A sentence that a notebook shows: as Markdown, or as plain text where that cannot be shown."""

    text: str
    place: object  # where it is printed, as the ledger notes it

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> tuple[dict, dict]:
        """With its place as metadata, by which `toll trace` finds the sentence in the executed notebook."""
        return {"text/markdown": self.text, "text/plain": self.text}, {"text/markdown": {"place": str(self.place)}}

    def __repr__(self) -> str:
        return self.text
