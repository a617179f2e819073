"""The manifest of `figures/` for other tools: an RO-Crate with a Process Run Crate of each edition.

RO-Crate 1.1 (https://w3id.org/ro/crate/1.1) and Process Run Crate 0.5 (https://w3id.org/ro/wfrun/process/0.5): what
was published, with its hashes, and the run that made it: raw tables, notebooks, parameters, libraries. What a run reads
lies outside `figures/`, so the manifest gives its path in the project and its SHA-256 without listing it as a file of
the crate.

The profile recommends an action's `endTime`. We leave it out: the same inputs give the same bytes at any time, and
nothing here reads a clock. Dates are those of the data.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from toll import digests, libraries
from toll.graphics.theme import LICENCE, LICENCE_TITLE
from toll.pages import index
from toll.pages.index import OWN_FILES, Index
from toll.project import Project

NAME = "ro-crate-metadata.json"
SPECIFICATION = "https://w3id.org/ro/crate/1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
# RO-Crate 1.1 has no term for a hash; the profile has.
CONTEXT = [f"{SPECIFICATION}/context", {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}]
MEDIA_TYPES = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".ipynb": "application/x-ipynb+json",
    ".json": "application/json",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".yml": "application/yaml",
    ".zip": "application/zip",
}
TOOL, NEWSROOM = "#toll", "#newsroom"
INPUTS = ("data/raw/*.csv", "requirements.lock", "notebooks/chain.yml")  # of every run

Entity = dict[str, Any]


def write(project: Project, indexes: dict[str, Index], notebooks: Callable[[str], Iterable[Path]]) -> None:
    """Write figures/ro-crate-metadata.json, unless nothing has been published.

    `indexes` has the gallery.json of each edition, `notebooks` gives the executed notebooks of one.
    """
    if indexes:
        graph = list(_graph(project, indexes, notebooks))
        (project.figures / NAME).write_bytes(digests.canonical_json({"@context": CONTEXT, "@graph": graph}))


def _graph(project: Project, indexes: dict[str, Index], notebooks: Callable[[str], Iterable[Path]]) -> Iterator[Entity]:
    page = _file(project.figures / index.PAGE, index.PAGE)
    inputs = [_input(project, file) for glob in INPUTS for file in sorted(project.root.glob(glob))]
    pinned = list(_libraries(project.lock.read_text("utf-8")))
    yield {"@id": NAME, "@type": "CreativeWork", "about": {"@id": "./"}, "conformsTo": {"@id": SPECIFICATION}}
    yield {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": PROFILE.rpartition("/")[2]}
    yield _root(indexes, page)
    yield {"@id": LICENCE, "@type": "CreativeWork", "name": LICENCE_TITLE, "description": "Reuse with credit."}
    yield {"@id": NEWSROOM, "@type": "Organization", "name": _credit(indexes)}
    yield from [page, *inputs]
    for name, edition in indexes.items():
        yield from _run(project, name, inputs, list(notebooks(name)))
        yield from _published(project, name, edition)
    yield _software(TOOL, "toll", metadata.version("toll")) | {"softwareRequirements": _ids(pinned)}
    yield from pinned


def _root(indexes: dict[str, Index], page: Entity) -> Entity:
    """The folder `figures/` as a whole, described by the headlines of its first edition."""
    headlines = (f"{graphic['furniture']['headline']}." for graphic in next(iter(indexes.values()))["graphics"])
    about = "Graphics in every size and format, the numbers on them and where each comes from."
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": f"{_credit(indexes)}: published graphics and their data",
        "description": " ".join([about, *headlines]),
        "datePublished": max(edition["as_of"] for edition in indexes.values()),
        "license": {"@id": LICENCE},
        "author": {"@id": NEWSROOM},
        "publisher": {"@id": NEWSROOM},
        "conformsTo": {"@id": PROFILE},
        "hasPart": _ids([page, *({"@id": f"{name}/"} for name in indexes)]),
        "mentions": _ids([{"@id": f"#run-{name}"} for name in indexes]),
    }


def _credit(indexes: dict[str, Index]) -> str:
    credits = (graphic["furniture"]["credit"] for edition in indexes.values() for graphic in edition["graphics"])
    return next(credits, "Newsroom")


def _run(project: Project, edition: str, shared: list[Entity], notebooks: list[Path]) -> Iterator[Entity]:
    """The action that made an edition, and what only this run used: parameters and executed notebooks."""
    files = [project.editions / f"{edition}.yml", *notebooks]
    own = [_input(project, file) for file in files if file.is_file()]
    values = {name: value for file in notebooks for name, value in _parameters(file).items()}
    parameters = [
        {"@id": f"#{edition}/{name}", "@type": "PropertyValue", "name": name, "value": value}
        for name, value in sorted(values.items())
    ]
    yield {
        "@id": f"#run-{edition}",
        "@type": "CreateAction",
        "name": f"The run that made the edition {edition}",
        "description": "The notebooks, executed in order with these parameters; each hash covers the outputs too. "
        "No time is given: the same inputs give the same bytes at any time.",
        "instrument": {"@id": TOOL},
        "agent": {"@id": NEWSROOM},
        "object": _ids([*shared, *own, *parameters]),
        "result": {"@id": f"{edition}/"},
    }
    yield from [*own, *parameters]


def _parameters(notebook: Path) -> dict[str, object]:
    """The values that a notebook ran with: its own, then those that papermill injected."""
    cells = json.loads(notebook.read_bytes())["cells"]
    tagged = [
        "".join(cell["source"])
        for cell in cells
        if {"parameters", "injected-parameters"} & set(cell["metadata"].get("tags", ()))
    ]
    assignments = [statement for source in tagged for statement in ast.parse(source).body]
    return {
        statement.targets[0].id: ast.literal_eval(statement.value)
        for statement in assignments
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
    }


def _published(project: Project, name: str, edition: Index) -> Iterator[Entity]:
    """The folder of an edition and every file in it."""
    files = [_file(project.published(name) / file, f"{name}/{file}") for file in (index.INDEX, index.SUMS)]
    files += [
        _described(f"{name}/{record['name']}", record["bytes"], record["sha256"], "File") | words
        for record, words in sorted(_records(edition), key=lambda found: found[0]["name"])
    ]
    yield {
        "@id": f"{name}/",
        "@type": "Dataset",
        "name": f"Edition {name}",
        "description": f"Everything published for the edition {name}, with data as of {edition['as_of']}.",
        "dateModified": edition["as_of"],
        "hasPart": _ids(files),
    }
    yield from files


def _records(edition: Index) -> Iterator[tuple[dict[str, Any], Entity]]:
    """The record (name, bytes, sha256) of each file that gallery.json names, with the words of the pictures."""
    plain = [*edition["pages"], *edition["tables"], edition["page"]]
    for graphic in edition["graphics"]:
        plain += [graphic[file] for file in OWN_FILES if file in graphic]
        words = {"headline": graphic["furniture"]["headline"], "description": graphic["furniture"]["alt"]}
        yield from ((picture, words) for picture in graphic["pictures"])
    yield from ((record, {}) for record in plain)


def _libraries(lock: str) -> Iterator[Entity]:
    """The libraries that the project itself asks for, as the lock pins them; those of its extras are left out."""
    asked = (line for line in metadata.requires("toll") or () if "extra ==" not in line)
    names = {_normal(re.split(r"[^\w.-]", line)[0]) for line in asked}
    for pin in libraries.pinned(lock):
        if _normal(pin.name) in names:
            version = libraries.version(pin)
            yield _software(f"pkg:pypi/{_normal(pin.name)}@{version}", _normal(pin.name), version)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _software(identity: str, name: str, version: str) -> Entity:
    return {"@id": identity, "@type": "SoftwareApplication", "name": name, "softwareVersion": version}


def _input(project: Project, file: Path) -> Entity:
    name = file.relative_to(project.root).as_posix()
    return _file(file, f"#{name}", "CreativeWork") | {"name": name}


def _file(file: Path, identity: str, kind: str = "File") -> Entity:
    return _described(identity, file.stat().st_size, digests.file_sha256(file), kind)


def _described(identity: str, size: int, digest: str, kind: str) -> Entity:
    name = identity.rpartition("/")[2]
    media_type = MEDIA_TYPES.get(Path(name).suffix, "text/plain")
    entity = {"@id": identity, "@type": kind, "name": name, "encodingFormat": media_type, "sha256": digest}
    return entity | {"contentSize": str(size)}


def _ids(entities: list[Entity]) -> Entity | list[Entity]:
    """References to entities; a single one stands without a list, as the specification asks."""
    references = [{"@id": entity["@id"]} for entity in entities]
    return references[0] if len(references) == 1 else references
