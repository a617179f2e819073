"""The published record of this story holds together: origins, manifest, shared pages and described tables."""

import json
import re
import shutil

import polars as pl
import pytest
from frictionless import Package

from support.checkout import ROOT
from toll import tables
from toll.digests import file_sha256
from toll.ledger import estimate, formula
from toll.ledger.ledger import CALCULATED, REPORTED
from toll.pages import crate, shared
from toll.project import Project
from toll.review import record
from toll.run import editions

PROCESSED = ROOT / "data/processed/article"


@pytest.fixture(scope="module")
def article():
    return record.read(Project(ROOT), "article")


def test_every_number_ends_at_words_of_a_source_or_at_a_parameter(article):
    for entry in article.ledger:
        provenance = article.provenance(entry.id)
        ids = {each.id for each in provenance}
        for each in provenance:
            assert each.status != REPORTED or (each.locator and each.exact and each.citation), each.id
            assert each.status != CALCULATED or set(each.inputs.split()) <= ids, each.id


def test_a_formula_with_its_values_put_in_gives_its_result(article):
    formulas = [entry for entry in article.ledger if entry.formula and not entry.is_date]
    assert len(formulas) > 15
    for entry in formulas:
        values, _, result = formula.evaluated(entry, article.ledger.__getitem__).rpartition(" = ")
        values = re.sub(r"\d{4}-\d{2}-\d{2}", lambda day: f"date.fromisoformat('{day[0]}')", values)
        assert eval(values, vars(estimate)) == pytest.approx(float(result), rel=1e-8), entry.id


def test_every_place_that_prints_a_number_has_a_text_with_it(article):
    entry = article.ledger["officers_not_vip"]
    places = [str(place) for place in article.ledger.printed[entry.id]]
    texts = [article.texts[place] for place in places if not place.endswith(": labels")]
    assert len(texts) >= 3
    assert all(entry.text in text for text in texts)


def test_the_manifest_names_every_published_file_with_its_hash():
    content = json.loads((ROOT / "figures" / crate.NAME).read_text())
    entities = {entity["@id"]: entity for entity in content["@graph"]}
    for path in (ROOT / "figures").rglob("*"):
        if path.is_file() and path.name != crate.NAME:
            assert entities[path.relative_to(ROOT / "figures").as_posix()]["sha256"] == file_sha256(path), path.name
    run = [entities[entity["@id"]] for entity in entities["#run-article"]["object"]]
    for file in (entity for entity in run if "sha256" in entity):
        assert file["sha256"] == file_sha256(ROOT / file["name"]), file["name"]


def test_the_committed_pages_are_what_the_published_editions_give(tmp_path):
    project = Project(tmp_path)
    for folder in ("data/raw", "editions", "notebooks"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    for file in [*(ROOT / "figures").rglob("gallery.json"), *(ROOT / "figures").rglob("SHA256SUMS")]:
        copy = tmp_path / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
    for name in ("README.md", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    shared.write(project, editions.published(project), lambda name: editions.executed_notebooks(project, name))
    for page in ("README.md", "CORRECTIONS.md", "figures/index.html", f"figures/{crate.NAME}"):
        assert (tmp_path / page).read_text() == (ROOT / page).read_text(), page


def test_the_processed_tables_are_as_described(monkeypatch):
    monkeypatch.chdir(PROCESSED)  # frictionless takes brackets in a path for a pattern
    report = Package("datapackage.json").validate()
    assert report.valid, report.flatten(["name", "type", "message"])


def test_the_parquet_beside_each_table_has_the_same_rows():
    for file in PROCESSED.glob("*.csv"):
        assert tables.csv(pl.read_parquet(file.with_suffix(".parquet"), glob=False)) == file.read_bytes(), file.name
