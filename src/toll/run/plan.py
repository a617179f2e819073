"""What is stale and why, decided by content and never by the clock.

A step is up to date when all it depends on is as it was when it last ran on this machine, and all it
published is as it was published then. The record of that is `.toll/state/EDITION.json`, which is not
committed: a fresh clone runs once and finds that it makes the committed bytes.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from toll.project import Project
from toll.run import notebook_file
from toll.run.editions import Edition, executed
from toll.run.imports import Imports
from toll.run.steps import Step

ENGINE = f"toll.run 1, python {platform.python_version()}"

Hashes = dict[str, str]
Key = dict[str, object]


@dataclass
class Record:
    """What ran on this machine for one edition: by step, its key and the hashes of what it published."""

    steps: dict[str, dict[str, dict]] = field(default_factory=dict)

    @classmethod
    def load(cls, project: Project, edition: str) -> Record:
        try:
            return cls(json.loads(state_file(project, edition).read_text()))
        except (FileNotFoundError, ValueError):
            return cls()

    def dumps(self) -> str:
        return json.dumps(self.steps, indent=1, sort_keys=True) + "\n"

    def key(self, step: str) -> Key:
        return self.steps.get(step, {}).get("key", {})

    def outputs(self, step: str) -> Hashes:
        return self.steps.get(step, {}).get("outputs", {})


def state_file(project: Project, edition: str) -> Path:
    return project.work / "state" / f"{edition}.json"


def memory(project: Project) -> Path:
    """What is remembered of texts that were parsed; see `Imports`."""
    return project.work / "imports.json"


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of_given(file: Path) -> str:
    """The same for a file of the user's, which may be big: hashed once in this process for each size and time."""
    return _digest_once(file, file.stat().st_size, file.stat().st_mtime_ns)


@cache
def _digest_once(file: Path, size: int, changed: int) -> str:
    return digest(file)


def files(root: Path, path: str) -> list[str]:
    """The files at a path, itself or all in it, in order; hidden ones and caches are nobody's."""
    found = [root / path] if (root / path).is_file() else sorted((root / path).rglob("*"))
    return [name for name in (file.relative_to(root).as_posix() for file in found if file.is_file()) if visible(name)]


def visible(name: str) -> bool:
    return not any(part.startswith(".") or part == "__pycache__" for part in name.split("/"))


def hashes(root: Path, paths: tuple[str, ...]) -> Hashes:
    return {name: digest(root / name) for path in paths for name in files(root, path)}


def key(project: Project, step: Step, edition: Edition, reads: Hashes, imports: Imports) -> Key:
    """All that a step's output depends on; `reads` are the hashes of the files of the project that it reads."""
    notebook = notebook_file.load(project.root / step.notebook, step.notebook)
    return {
        "notebook": notebook_file.source_digest(notebook),
        "parameters": edition.parameters(step.name),
        "reads": reads | {name: digest_of_given(file) for name, file in edition.given.get(step.name, {}).items()},
        "modules": imports.reach(notebook),
        "lock": digest(project.lock) if project.lock.exists() else "none",
        "engine": ENGINE,
    }


def published(project: Project, step: Step, edition: str) -> Hashes:
    """Hashes of what is published of a step: its outputs and its executed notebook."""
    return hashes(project.root, (*step.writes, executed(edition, step.notebook)))


def why(step: Step, now: Key, then: Key, outputs: Hashes, recorded: Hashes) -> list[str]:
    """Why a step is stale, the cause first; nothing if it is up to date."""
    if not then:
        return ["never run on this machine"]
    reasons = [step.notebook + " changed"] if now["notebook"] != then["notebook"] else []
    reasons += [
        f"parameter {name}: {then['parameters'].get(name)!r} → {now['parameters'].get(name)!r}"
        for name in _changed(now["parameters"], then["parameters"])
    ]
    reasons += [f"{name} {what}" for name, what in differences(now["reads"], then["reads"])]
    reasons += [f"{name} {what}" for name, what in differences(now["modules"], then["modules"])]
    reasons += ["requirements.lock changed"] if now["lock"] != then["lock"] else []
    reasons += [f"the engine changed ({then['engine']} → {now['engine']})"] if now["engine"] != then["engine"] else []
    return reasons or [f"{name} {what} by hand" for name, what in differences(outputs, recorded)]


def _changed(now: dict[str, object], then: dict[str, object]) -> list[str]:
    return sorted(name for name in now.keys() | then.keys() if now.get(name) != then.get(name))


def differences(now: Hashes, then: Hashes) -> Iterator[tuple[str, str]]:
    for name in _changed(now, then):
        yield name, "added" if name not in then else "deleted" if name not in now else "edited"


def survey(project: Project, steps: tuple[Step, ...], edition: Edition, imports: Imports) -> dict[str, list[str]]:
    """For each step why it is stale, as things are now; a step after a stale one is stale with it."""
    record = Record.load(project, edition.name)
    read_once = cache(lambda path: hashes(project.root, (path,)))
    reasons: dict[str, list[str]] = {}
    for step in steps:
        reads = {name: value for path in step.reads for name, value in read_once(path).items()}
        reasons[step.name] = why(
            step,
            key(project, step, edition, reads, imports),
            record.key(step.name),
            published(project, step, edition.name),
            record.outputs(step.name),
        ) or [f"{name} is stale" for name in step.after if reasons[name]]
    imports.save()
    return reasons
