"""The manifest of figures/: read and validated by the libraries of RO-Crate, and true of the files it names."""

import hashlib
import json
import shutil
from importlib import resources

import pytest
import requests
from rocrate.rocrate import ROCrate
from rocrate_validator import services
from rocrate_validator.models import Severity, ValidationSettings
from rocrate_validator.utils.http import HttpRequester

from support.checkout import ROOT
from toll.pages import crate
from toll.project import Project

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # in rdflib, by roc-validator
# What the profiles recommend and is not given: times and addresses that nobody knows, and, as a library's name, a
# package URL (pkg:) instead of an address.
LEFT_OUT = {"Action endTime", "Application url", "SoftwareApplication id", "Organization: RECOMMENDED url property"}


@pytest.fixture(scope="module")
def published():
    return {entity["@id"]: entity for entity in json.loads((ROOT / "figures" / crate.NAME).read_text())["@graph"]}


@pytest.fixture
def project(tmp_path):
    """All that the manifest rests on, and what it describes."""
    for folder in ("data/raw", "figures", "notebooks", "editions"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    return Project(tmp_path)


@pytest.fixture
def issues(monkeypatch, tmp_path):
    """Validates a folder offline: what the validator would fetch, the JSON-LD context, comes from ro-crate-py.

    That is the context of version 1.3. The terms used here are in 1.1 too and mean the same, except one.
    """
    known = json.loads(resources.files("rocrate").joinpath("data/ro-crate.jsonld").read_text("utf-8"))
    del known["@context"]["sha256"]

    def get(self, url, **options):
        assert url == crate.CONTEXT[0], f"the validator asks for {url}"
        answer = requests.Response()
        answer.status_code, answer.headers["Content-Type"] = 200, "application/ld+json"
        answer._content = json.dumps(known).encode()
        return answer

    def validate(folder, severity=Severity.REQUIRED):
        settings = ValidationSettings(
            rocrate_uri=str(folder),
            profile_identifier="process-run-crate",
            requirement_severity=severity,
            offline=True,
            cache_path=tmp_path / "cache",
        )
        return {issue.check.name for issue in services.validate(settings).get_issues()}

    monkeypatch.setattr(HttpRequester, "get", get, raising=False)
    return validate


def test_the_published_manifest_is_a_process_run_crate(issues):
    assert issues(ROOT / "figures", Severity.RECOMMENDED) == LEFT_OUT


def test_the_validator_notices_what_is_wrong(project, issues):
    file = project.figures / crate.NAME
    content = json.loads(file.read_text())
    entities = {entity["@id"]: entity for entity in content["@graph"]}
    del entities["./"]["datePublished"], entities["#run-article"]["instrument"]
    entities["index.html"]["no-such-term"] = "?"
    file.write_text(json.dumps(content))
    (project.figures / "article/death-tolls.csv").unlink()
    assert issues(project.figures) >= {
        "Root Data Entity: `datePublished` property",
        "Action instrument",
        "Data Entity: REQUIRED resource availability",
        "Validation of the compaction format of the file descriptor",
    }


def test_ro_crate_py_reads_it(published):
    read = ROCrate(ROOT / "figures")
    assert read.root_dataset["conformsTo"].id == crate.PROFILE
    [run] = [entity for entity in read.contextual_entities if entity.id == "#run-article"]
    assert run["instrument"]["softwareVersion"] == published[crate.TOOL]["softwareVersion"]
    assert run["result"].id == "article/"
    assert {part.id for part in run["result"]["hasPart"]} >= {"article/staffing-desktop.png", "article/SHA256SUMS"}


def test_it_names_every_published_file_with_its_hash_and_size(published):
    for path in (ROOT / "figures").rglob("*"):
        if path.is_file() and path.name != crate.NAME:
            entity = published[path.relative_to(ROOT / "figures").as_posix()]
            assert entity["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest(), path.name
            assert entity["contentSize"] == str(path.stat().st_size), path.name


def test_it_agrees_with_the_checksums_and_has_the_words_of_each_picture(published):
    for line in (ROOT / "figures/article/SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert published[f"article/{name}"]["sha256"] == digest
    assert published["article/staffing-social.png"]["description"].startswith("Bar chart of Karachi police.")


def test_it_names_what_the_run_was_made_from(published):
    run = [published[entity["@id"]] for entity in published["#run-article"]["object"]]
    files = {entity["name"]: entity["sha256"] for entity in run if "sha256" in entity}
    assert files.keys() >= {"data/raw/figures.csv", "notebooks/06-publish.ipynb", "editions/article.yml"}
    for name, digest in files.items():
        assert digest == hashlib.sha256((ROOT / name).read_bytes()).hexdigest(), name
    parameters = {entity["name"]: entity["value"] for entity in run if entity["@type"] == "PropertyValue"}
    assert parameters["edition"] == "article"
    assert parameters["interval_outer"] == 0.95
    libraries = {published[library["@id"]]["name"] for library in published[crate.TOOL]["softwareRequirements"]}
    assert {"polars", "altair", "vl-convert-python"} <= libraries
    assert "pytest" not in libraries


def test_it_is_the_same_again_and_has_no_date_but_the_datas(project):
    before = (project.figures / crate.NAME).read_bytes()
    crate.write(project)
    assert (project.figures / crate.NAME).read_bytes() == before
    indexes = [json.loads(index.read_text()) for index in project.figures.rglob("gallery.json")]
    dates = {date for entity in json.loads(before)["@graph"] for name, date in entity.items() if "date" in name}
    assert dates == {index["as_of"] for index in indexes}


def test_a_second_edition_is_another_run_with_its_own_parameters(project):
    shutil.copytree(project.figures / "article", project.figures / "sweep/three")
    (project.notebooks / "sweep/three").mkdir(parents=True)
    notebook = json.loads((project.notebooks / "02-death-tolls.ipynb").read_text())
    put_in = {"cell_type": "code", "metadata": {"tags": ["injected-parameters"]}, "source": "dispersion = 3.0"}
    (project.notebooks / "sweep/three/02-death-tolls.ipynb").write_text(
        json.dumps(notebook | {"cells": [*notebook["cells"], put_in]})
    )
    crate.write(project)
    entities = {entity["@id"]: entity for entity in json.loads((project.figures / crate.NAME).read_text())["@graph"]}
    assert entities["#sweep/three/dispersion"]["value"] == 3.0
    assert entities["#article/dispersion"]["value"] == 1.0
    assert {"@id": "#notebooks/sweep/three/02-death-tolls.ipynb"} in entities["#run-sweep/three"]["object"]
    assert {part["@id"] for part in entities["./"]["hasPart"]} == {
        "index.html",
        "article/",
        "hindsight/",
        "sweep/three/",
    }


def test_an_edition_without_graphics_has_its_place(project):
    index = project.figures / "article/gallery.json"
    index.write_text(json.dumps(json.loads(index.read_text()) | {"graphics": []}))
    crate.write(project)
    assert "#run-article" in (project.figures / crate.NAME).read_text()


def test_nothing_published_needs_no_manifest(tmp_path):
    crate.write(Project(tmp_path))
    assert list(tmp_path.iterdir()) == []
