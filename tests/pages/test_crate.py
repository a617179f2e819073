"""The manifest of figures/: read and validated by the libraries of RO-Crate, and true of the files it names."""

import json
import shutil
from importlib import resources

import pytest
import requests

from support.desk import FURNITURE, Desk
from toll.digests import file_sha256, read_sums
from toll.pages import crate

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # in rdflib, by roc-validator
# What the profiles recommend and we leave out: times and addresses that nobody knows, and a web address for a library,
# which has a package URL (pkg:) instead.
LEFT_OUT = {"Action endTime", "Application url", "SoftwareApplication id", "Organization: RECOMMENDED url property"}


@pytest.fixture(scope="module")
def published(tmp_path_factory, pictures):
    """Two editions with their manifest, for all tests that only look."""
    desk = Desk(tmp_path_factory.mktemp("crate") / "desk", *pictures)
    for edition in ("article", "sweep/three"):
        desk.publish(edition)
    desk.share()
    return desk


def entities(project):
    content = json.loads((project.figures / crate.NAME).read_text())
    return {entity["@id"]: entity for entity in content["@graph"]}


@pytest.fixture
def issues(monkeypatch, tmp_path):
    """Validates a folder offline: what the validator would fetch, the JSON-LD context, comes from ro-crate-py.

    That is the context of version 1.3. The terms used here are in 1.1 too and mean the same, except one.
    """
    from rocrate_validator import services  # it takes a second, which tests elsewhere need not wait for
    from rocrate_validator.models import Severity, ValidationSettings
    from rocrate_validator.utils.http import HttpRequester

    known = json.loads(resources.files("rocrate").joinpath("data/ro-crate.jsonld").read_text("utf-8"))
    del known["@context"]["sha256"]

    def get(self, url, **options):
        assert url == crate.CONTEXT[0], f"the validator asks for {url}"
        answer = requests.Response()
        answer.status_code, answer.headers["Content-Type"] = 200, "application/ld+json"
        answer._content = json.dumps(known).encode()
        return answer

    def validate(folder, severity="REQUIRED"):
        settings = ValidationSettings(
            rocrate_uri=str(folder),
            profile_identifier="process-run-crate",
            requirement_severity=Severity[severity],
            offline=True,
            cache_path=tmp_path / "cache",
        )
        return {issue.check.name for issue in services.validate(settings).get_issues()}

    monkeypatch.setattr(HttpRequester, "get", get, raising=False)
    return validate


def test_the_manifest_is_a_process_run_crate_and_the_validator_notices_faults(published, issues, tmp_path):
    assert issues(published.project.figures, "RECOMMENDED") == LEFT_OUT
    figures = shutil.copytree(published.project.figures, tmp_path / "figures")
    content = json.loads((figures / crate.NAME).read_text())
    found = {entity["@id"]: entity for entity in content["@graph"]}
    del found["./"]["datePublished"], found["#run-article"]["instrument"]
    found["index.html"]["no-such-term"] = "?"
    (figures / crate.NAME).write_text(json.dumps(content))
    (figures / "article/ferry.csv").unlink()
    assert issues(figures) >= {
        "Root Data Entity: `datePublished` property",
        "Action instrument",
        "Data Entity: REQUIRED resource availability",
        "Validation of the compaction format of the file descriptor",
    }


def test_ro_crate_py_reads_it(published):
    from rocrate.rocrate import ROCrate

    read = ROCrate(published.project.figures)
    assert read.root_dataset["conformsTo"].id == crate.PROFILE
    [run] = [entity for entity in read.contextual_entities if entity.id == "#run-article"]
    assert run["instrument"]["softwareVersion"] == entities(published.project)[crate.TOOL]["softwareVersion"]
    assert run["result"].id == "article/"
    assert {part.id for part in run["result"]["hasPart"]} >= {"article/ferry-desktop.png", "article/SHA256SUMS"}


def test_it_names_every_published_file_with_its_hash_size_and_words(published):
    figures, found = published.project.figures, entities(published.project)
    for path in figures.rglob("*"):
        if path.is_file() and path.name != crate.NAME:
            entity = found[path.relative_to(figures).as_posix()]
            assert entity["sha256"] == file_sha256(path), path.name
            assert entity["contentSize"] == str(path.stat().st_size), path.name
    for name, digest in read_sums(figures / "article/SHA256SUMS").items():
        assert found[f"article/{name}"]["sha256"] == digest
    assert found["article/ferry-social.png"]["description"] == FURNITURE.alt


def test_it_names_what_each_run_was_made_from(published):
    found = entities(published.project)
    for edition, spread in (("article", 1.0), ("sweep/three", 3.0)):
        run = [found[entity["@id"]] for entity in found[f"#run-{edition}"]["object"]]
        files = {entity["name"]: entity["sha256"] for entity in run if "sha256" in entity}
        notebook = "notebooks/01-crossings.ipynb" if edition == "article" else f"notebooks/{edition}/01-crossings.ipynb"
        assert files.keys() >= {"data/raw/figures.csv", notebook, "requirements.lock"}
        assert ("editions/article.yml" in files) == (edition == "article")
        assert files == {name: file_sha256(published.project.root / name) for name in files}
        values = {entity["name"]: entity["value"] for entity in run if entity["@type"] == "PropertyValue"}
        assert values == {"edition": edition, "spread": spread}
    libraries = {found[library["@id"]]["name"] for library in found[crate.TOOL]["softwareRequirements"]}
    assert {"polars", "altair", "vl-convert-python"} <= libraries and "pytest" not in libraries
    assert {part["@id"] for part in found["./"]["hasPart"]} == {"index.html", "article/", "sweep/three/"}


def test_writing_it_again_changes_nothing_and_its_only_date_is_that_of_the_data(published):
    before = (published.project.figures / crate.NAME).read_bytes()
    published.share()
    assert (published.project.figures / crate.NAME).read_bytes() == before
    found = entities(published.project).values()
    assert {date for entity in found for name, date in entity.items() if "date" in name} == {"2031-06-30"}


def test_an_edition_without_graphics_is_listed_too(desk):
    index = desk.publish() / "gallery.json"
    index.write_text(json.dumps(json.loads(index.read_text()) | {"graphics": []}))
    desk.share()
    assert "#run-article" in entities(desk.project)
