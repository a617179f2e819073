from __future__ import annotations

import json
import shutil

import pytest

from support.toy import FIND, Toy, notebook

PARAMETERS = 'edition = "article"\nas_of = "2014-08-11"\nyear = 2013\nspread = 1.5'
LEDGER = """
import polars as pl
rows = {"id": ["read", "twice"], "status": ["reported", "calculated"], "value": [1.0, 2 * spread],
        "low": [None, float(year)], "high": [None, float("inf")], "text": ["1", as_of]}
pl.DataFrame(rows).write_parquet(project.processed(edition) / "ledger.parquet")
"""


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Toy:
    """A toy project after a run, to be copied and not to be changed."""
    toy = Toy(tmp_path_factory.mktemp("finished"))
    outcome = toy.toll("run")
    assert outcome.returncode == 0, outcome.stderr
    return toy


@pytest.fixture
def ran(finished, tmp_path) -> Toy:
    """A toy project that is up to date (its record does not depend on where it is)."""
    return Toy.at(shutil.copytree(finished.root, tmp_path / "ran"))


@pytest.fixture
def swept(toy) -> Toy:
    """A project of a step that writes a ledger, and one after it that no sweep needs and that fails."""
    for path in toy.project.notebooks.iterdir():
        path.unlink()
    for name, cells in (("ledger", (FIND, LEDGER)), ("draw", (FIND, "1 / 0"))):
        (toy.project.notebooks / f"{name}.ipynb").write_text(notebook(*cells, parameters=PARAMETERS))
    ledger = "data/processed/{edition}/ledger.parquet"
    steps = {
        "ledger": {"reads": ["inputs"], "writes": [ledger]},
        "draw": {"reads": [ledger], "writes": ["figures/{edition}"]},
    }
    toy.project.chain.write_text("".join(f"{name}: {json.dumps(step)}\n" for name, step in steps.items()))
    (toy.project.editions / "article.yml").write_text("year: 2012")
    (toy.project.editions / "other.yml").write_text("")
    toy.preload = "polars:Int64"  # a call that does nothing, but imports polars for all runs of a sweep
    return toy
