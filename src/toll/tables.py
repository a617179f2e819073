"""Processed tables: each as Parquet for programs and CSV for people, the same rows in both."""

from __future__ import annotations

from pathlib import Path

import polars as pl


def write(table: pl.DataFrame, stem: Path) -> None:
    """Write `table` to STEM.parquet and STEM.csv (UTF-8, LF; an open bound is INF, as Table Schema has it)."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    table.write_parquet(stem.with_suffix(".parquet"), statistics=False)
    table.with_columns(_spelled_out(table)).write_csv(stem.with_suffix(".csv"), line_terminator="\n")


def _spelled_out(table: pl.DataFrame) -> list[pl.Expr]:
    """Columns with an infinite number, as text."""
    infinite = [name for name, kind in table.schema.items() if kind == pl.Float64 and table[name].is_infinite().any()]
    return [pl.col(name).cast(pl.String).replace({"inf": "INF", "-inf": "-INF"}) for name in infinite]


def read(stem: Path) -> pl.DataFrame:
    """The table that `write` wrote to STEM."""
    return pl.read_parquet(stem.with_suffix(".parquet"))


def show_in_full() -> None:
    """Display tables without leaving out rows, columns or words."""
    pl.Config.set_tbl_rows(-1).set_tbl_cols(-1).set_fmt_str_lengths(400).set_tbl_width_chars(180)
    pl.Config.set_tbl_hide_column_data_types(True).set_tbl_hide_dataframe_shape(True)
