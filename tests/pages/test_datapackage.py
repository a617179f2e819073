"""The description of the processed tables holds, says the library of Data Packages, and notices what does not."""

import polars as pl
import pytest
from frictionless import Package

from toll import story_tables, tables
from toll.pages import datapackage
from toll.problems import Problems


@pytest.fixture
def processed(desk):
    """The processed tables of the desk, one of its own among them."""
    desk.publish()
    folder = desk.project.processed("article")
    tables.write(pl.DataFrame({"day": ["May 1", "May 1"], "low": [12.5, 13.0]}), folder / "forecast")
    shown = pl.DataFrame({"Day": ["May 1"]})
    story_tables.declare(folder / "forecast", "Forecast", "", {"day": "Day", "low": "Low end"}, shown)
    datapackage.write(folder, "article", "2031-06-30")
    return folder


def errors(folder):
    """Which rules the tables of a folder break, by table."""
    report = Package(folder / "datapackage.json").validate()
    assert not report.errors
    return {(task.name, error.type) for task in report.tasks for error in task.errors}


def test_the_tables_match_their_description_and_the_storys_own_is_among_them(processed):
    assert errors(processed) == set()
    resources = {resource.name: resource for resource in Package(processed / "datapackage.json").resources}
    assert list(resources) == ["ledger", "fact-check", "forecast"]
    assert [field.description for field in resources["forecast"].schema.fields] == ["Day", "Low end"]


@pytest.mark.parametrize(
    ("table", "was", "becomes", "error"),
    [
        ("ledger", "2330.0", "about 2330", "type-error"),
        ("ledger", "2330.0", "2331.0", "hash-count"),
        ("ledger", "\nlevel,", "\nleft,", "primary-key"),
        ("fact-check", "claim,verdict", "verdict,claim", "incorrect-label"),
    ],
)
def test_a_table_that_differs_from_its_description_is_noticed(processed, table, was, becomes, error):
    file = processed / f"{table}.csv"
    file.write_text(file.read_text().replace(was, becomes, 1))
    assert (table, error) in errors(processed)


def test_a_column_without_a_description_is_refused(processed):
    tables.write(tables.read(processed / "ledger").with_columns(guess=pl.lit(1.0)), processed / "ledger")
    with pytest.raises(Problems, match="ledger, guess: The column has no description"):
        datapackage.write(processed, "article", "2031-06-30")
