"""Processed tables: each as Parquet for programs and CSV for people, the same rows in both."""

from __future__ import annotations

from pathlib import Path

import polars as pl


def write(table: pl.DataFrame, stem: Path) -> None:
    """Write `table` to STEM.parquet and STEM.csv (UTF-8, LF; an open upper bound is `inf`)."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    table.write_parquet(stem.with_suffix(".parquet"), statistics=False)
    table.write_csv(stem.with_suffix(".csv"), line_terminator="\n")


def read(stem: Path) -> pl.DataFrame:
    """The table that `write` wrote to STEM."""
    return pl.read_parquet(stem.with_suffix(".parquet"))


def show_in_full() -> None:
    """Display tables without leaving out rows, columns or words."""
    pl.Config.set_tbl_rows(-1).set_tbl_cols(-1).set_fmt_str_lengths(400).set_tbl_width_chars(180)
    pl.Config.set_tbl_hide_column_data_types(True).set_tbl_hide_dataframe_shape(True)
