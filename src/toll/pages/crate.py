"""The manifest of `figures/` for other people's tools: an RO-Crate with a Process Run Crate of each edition.

RO-Crate 1.1 (https://w3id.org/ro/crate/1.1) and Process Run Crate 0.5 (https://w3id.org/ro/wfrun/process/0.5): what
was published, with its hashes, and the run that made it: raw tables, notebooks, parameters, libraries. What a run read
lies outside `figures/`, so it is described by its path in the project and its SHA-256, not as a file of the crate.

An action's `endTime`, which the profile recommends, is left out: a run gives the same bytes whenever it is made, and
no clock is read. Dates are those of the data.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from toll import yaml_lines
from toll.graphics.theme import LICENCE, LICENCE_TITLE
from toll.pages import gallery
from toll.project import Project
from toll.run import editions, notebook_file

NAME = "ro-crate-metadata.json"
SPECIFICATION = "https://w3id.org/ro/crate/1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
# The context of RO-Crate 1.1 has no term for a hash; the profile's own has.
CONTEXT = [f"{SPECIFICATION}/context", {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}]
MEDIA_TYPES = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".ipynb": "application/x-ipynb+json",
    ".json": "application/json",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".yml": "application/yaml",
    ".zip": "application/zip",
}
PLAIN = "text/plain"
TOOL, NEWSROOM = "#toll", "#newsroom"
# What the manifest rests on, beside gallery.json and SHA256SUMS of each edition.
INPUTS = ("data/raw/*.csv", "requirements.lock", "notebooks/chain.yml")

Entity = dict[str, Any]


def write(project: Project) -> None:
    """Writes figures/ro-crate-metadata.json from what the editions have published and from what they were made."""
    indexes = gallery.indexes(project)
    if indexes:
        content = {"@context": CONTEXT, "@graph": list(_graph(project, indexes))}
        text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
        (project.figures / NAME).write_text(text, "utf-8", newline="\n")


def _graph(project: Project, indexes: dict[str, Path]) -> Iterator[Entity]:
    told = {name: json.loads(index.read_text("utf-8")) for name, index in indexes.items()}
    page = _file(project.figures / gallery.PAGE, gallery.PAGE)
    inputs = [_input(project, file) for glob in INPUTS for file in sorted(project.root.glob(glob))]
    libraries = list(_libraries(project.lock.read_text("utf-8")))
    yield {"@id": NAME, "@type": "CreativeWork", "about": {"@id": "./"}, "conformsTo": {"@id": SPECIFICATION}}
    yield {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": PROFILE.rpartition("/")[2]}
    yield _root(told, page)
    yield {"@id": LICENCE, "@type": "CreativeWork", "name": LICENCE_TITLE, "description": "Reuse with credit."}
    yield {"@id": NEWSROOM, "@type": "Organization", "name": _credit(told)}
    yield from [page, *inputs]
    for name, edition in told.items():
        yield from _run(project, name, inputs)
        yield from _published(project, name, edition)
    yield {
        "@id": TOOL,
        "@type": "SoftwareApplication",
        "name": "toll",
        "softwareVersion": metadata.version("toll"),
        "softwareRequirements": _ids(libraries),
    }
    yield from libraries


def _root(told: dict[str, dict[str, Any]], page: Entity) -> Entity:
    """The folder `figures/` as a whole, in the words of its first edition."""
    graphics = next(iter(told.values()))["graphics"]
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": f"{_credit(told)}: published graphics and their data",
        "description": "Graphics in every size and format, the numbers on them and where each comes from. "
        + " ".join(f"{graphic['furniture']['headline']}." for graphic in graphics),
        "datePublished": max(edition["as_of"] for edition in told.values()),
        "license": {"@id": LICENCE},
        "author": {"@id": NEWSROOM},
        "publisher": {"@id": NEWSROOM},
        "conformsTo": {"@id": PROFILE},
        "hasPart": _ids([page, *({"@id": f"{name}/"} for name in told)]),
        "mentions": _ids([{"@id": f"#run-{name}"} for name in told]),
    }


def _credit(told: dict[str, dict[str, Any]]) -> str:
    credits = (graphic["furniture"]["credit"] for edition in told.values() for graphic in edition["graphics"])
    return next(credits, "Newsroom")


def _run(project: Project, edition: str, shared: list[Entity]) -> Iterator[Entity]:
    """The action that made an edition, and what it alone rests on: its parameters, its notebooks as executed."""
    steps = yaml_lines.load(project.chain, project.chain.name)
    notebooks = [project.root / editions.executed(project, edition, f"notebooks/{step}.ipynb") for step in steps]
    files = [project.editions / f"{edition}.yml", *notebooks]
    own = [_input(project, file) for file in files if file.is_file()]
    values = {name: value for file in notebooks if file.is_file() for name, value in _parameters(file).items()}
    parameters = [
        {"@id": f"#{edition}/{name}", "@type": "PropertyValue", "name": name, "value": value}
        for name, value in sorted(values.items())
    ]
    yield {
        "@id": f"#run-{edition}",
        "@type": "CreateAction",
        "name": f"The run that made the edition {edition}",
        "description": "The notebooks, executed in order with these parameters; each is hashed with its outputs. "
        "No time is given: the same inputs give the same bytes at any time.",
        "instrument": {"@id": TOOL},
        "agent": {"@id": NEWSROOM},
        "object": _ids([*shared, *own, *parameters]),
        "result": {"@id": f"{edition}/"},
    }
    yield from [*own, *parameters]


def _published(project: Project, name: str, edition: dict[str, Any]) -> Iterator[Entity]:
    """The folder of an edition and every file in it, as its SHA256SUMS lists them."""
    folder = project.published(name)
    sums = (folder / gallery.SUMS).read_text("utf-8").splitlines()
    hashes = {file: digest for digest, file in (line.split("  ", 1) for line in sums)}
    sizes = {record["name"]: record["bytes"] for record in _records(edition)}
    own = [_file(folder / file, f"{name}/{file}") for file in (gallery.INDEX, gallery.SUMS)]
    others = [
        _described(f"{name}/{file}", sizes.get(file), digest, "File")
        for file, digest in hashes.items()
        if file != gallery.INDEX
    ]
    furniture = {
        picture["name"]: graphic["furniture"] for graphic in edition["graphics"] for picture in graphic["pictures"]
    }
    for entity in others:
        if words := furniture.get(entity["name"]):
            entity |= {"headline": words["headline"], "description": words["alt"]}
    yield {
        "@id": f"{name}/",
        "@type": "Dataset",
        "name": f"Edition {name}",
        "description": f"Everything published of the edition {name}, with data as of {edition['as_of']}.",
        "dateModified": edition["as_of"],
        "hasPart": _ids([*own, *others]),
    }
    yield from [*own, *others]


def _records(told: object) -> Iterator[dict[str, Any]]:
    """The records of files (name, bytes, sha256), wherever gallery.json has them."""
    if isinstance(told, dict) and {"name", "bytes", "sha256"} <= told.keys():
        yield told
    for part in told.values() if isinstance(told, dict) else told if isinstance(told, list) else ():
        yield from _records(part)


def _parameters(notebook: Path) -> dict[str, object]:
    """The values with which a notebook ran: its own, then those that papermill put in."""
    cells = notebook_file.load(notebook, notebook.name)["cells"]
    sources = [
        notebook_file.text(cell)
        for cell in cells
        if {"parameters", "injected-parameters"} & set(notebook_file.tags(cell))
    ]
    return {
        statement.targets[0].id: ast.literal_eval(statement.value)
        for source in sources
        for statement in ast.parse(source).body
    }


def _libraries(lock: str) -> Iterator[Entity]:
    """What the project itself asks for, in the versions of the lock; what its tests and others bring is left out."""
    asked = (line for line in metadata.requires("toll") or () if "extra ==" not in line)
    names = {re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", line)[0]).lower() for line in asked}
    for name, version in re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)", lock, re.MULTILINE):
        if name in names:
            yield {
                "@id": f"pkg:pypi/{name}@{version}",
                "@type": "SoftwareApplication",
                "name": name,
                "softwareVersion": version,
            }


def _input(project: Project, file: Path) -> Entity:
    name = file.relative_to(project.root).as_posix()
    return _file(file, f"#{name}", "CreativeWork") | {"name": name}


def _file(file: Path, identity: str, kind: str = "File") -> Entity:
    content = file.read_bytes()
    return _described(identity, len(content), hashlib.sha256(content).hexdigest(), kind)


def _described(identity: str, size: int | None, digest: str, kind: str) -> Entity:
    name = identity.rpartition("/")[2]
    entity = {
        "@id": identity,
        "@type": kind,
        "name": name,
        "encodingFormat": MEDIA_TYPES.get(Path(name).suffix, PLAIN),
        "sha256": digest,
    }
    return entity if size is None else entity | {"contentSize": str(size)}


def _ids(entities: list[Entity]) -> Entity | list[Entity]:
    """References; of a single one no list, as the specification wants it."""
    references = [{"@id": entity["@id"]} for entity in entities]
    return references[0] if len(references) == 1 else references
