"""The description of the processed tables holds, says the library of Data Packages, and says so of nothing else."""

import shutil
from pathlib import Path

import polars as pl
import pytest
from frictionless import Package

from support.checkout import ROOT
from toll import tables

PROCESSED = ROOT / "data/processed/article"


@pytest.fixture
def copy(tmp_path):
    return Path(shutil.copytree(PROCESSED, tmp_path / "article"))


def errors(folder):
    """Which rules the tables of a folder break, by table."""
    report = Package(folder / "datapackage.json").validate()
    assert not report.errors
    return {(task.name, error.type) for task in report.tasks for error in task.errors}


def test_the_published_tables_are_as_described():
    assert errors(PROCESSED) == set()


@pytest.mark.parametrize(
    ("table", "was", "becomes", "error"),
    [
        ("figures", "166.0", "about 166", "type-error"),
        ("figures", "166.0", "167.0", "hash-count"),
        ("figures", "\npolice_killed_2013,", "\npopulation,", "primary-key"),
        ("fact-check", "claim,verdict", "verdict,claim", "incorrect-label"),
    ],
)
def test_a_table_that_is_not_as_described_is_noticed(copy, table, was, becomes, error):
    file = copy / f"{table}.csv"
    file.write_text(file.read_text().replace(was, becomes, 1))
    assert (table, error) in errors(copy)


def test_the_parquet_beside_each_table_has_the_same_rows():
    for file in PROCESSED.glob("*.csv"):
        assert tables.csv(pl.read_parquet(file.with_suffix(".parquet"))) == file.read_bytes()
