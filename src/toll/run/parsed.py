"""Notebooks and YAML files of a project as parsed before: a cache by content, `.toll/parsed.json`, safe to delete.

Parsing is most of what a command does when nothing is stale; this spares it even the import of the parsers.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from toll import yaml_lines
from toll.project import Project
from toll.run import files, notebook_file
from toll.run.notebook_file import Parameter


class Source(NamedTuple):
    """What a notebook depends on: the digest of what people wrote in it, and the parameters that it declares."""

    digest: str
    parameters: dict[str, Parameter]


def notebook(project: Project, name: str) -> Source:
    """The source of the notebook at a path in the project. Raises Problems."""

    def parse(content: bytes) -> list[Any]:
        loaded = notebook_file.parse(content, name)
        return [notebook_file.source_digest(loaded), list(notebook_file.parameters(loaded, name).values())]

    path = project.root / name
    if not path.is_file():
        notebook_file.load(path, name)  # says so
    digest, parameters = _memory(project.root).recall(f"notebook {name}", path, parse)
    return Source(digest, {own[0]: Parameter(*own) for own in parameters})


def yaml(project: Project, name: str) -> dict[str, yaml_lines.Entry]:
    """The mapping in the YAML file at a path in the project. Raises Problems."""
    path = project.root / name
    if not path.is_file():
        return yaml_lines.load(path, name)  # says so
    kept = _memory(project.root).recall("yaml", path, lambda content: yaml_lines.parse(content, name))
    return yaml_lines.entries(_node(kept), name)


def _node(stored: Any) -> yaml_lines.Node | None:
    """The node that JSON has kept."""
    if stored is None:
        return None
    kind, value, line, quoted = stored
    if kind == "map":
        value = [(_node(key), _node(each)) for key, each in value]
    elif kind == "seq":
        value = [_node(item) for item in value]
    return yaml_lines.Node(kind, value, line, quoted)


class _Memory:
    """What parsing gave, by kind and content; that of other code is forgotten."""

    def __init__(self, file: Path):
        self.file, self.code, self.used = file, files.package_digest(), dict[str, Any]()
        try:
            kept = json.loads(file.read_text())
            self.known = kept["known"] if kept["code"] == self.code else {}
        except (OSError, ValueError, KeyError, TypeError):
            self.known = {}

    def recall(self, kind: str, path: Path, parse: Callable[[bytes], Any]) -> Any:
        key = f"{kind} {files.quick_digest(path)}"
        if key not in self.used:
            self.used[key] = self.known[key] if key in self.known else parse(path.read_bytes())
        return self.used[key]


@cache
def _memory(root: Path) -> _Memory:
    return _Memory(Project(root).work / "parsed.json")


def keep(project: Project) -> None:
    """Keeps for the next command what this one has parsed, if the project has a folder where that can be written."""
    memory = _memory(project.root)
    if memory.used.keys() - memory.known.keys():
        draft = memory.file.with_suffix(".draft")
        with contextlib.suppress(OSError):
            draft.write_text(json.dumps({"code": memory.code, "known": memory.used}))
            draft.replace(memory.file)
