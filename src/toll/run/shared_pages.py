"""Pages that all editions share, made by one function after any edition ran and published together with it."""

from __future__ import annotations

import importlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from toll import digests
from toll.project import Project
from toll.readme import findings
from toll.run import editions, plan
from toll.run.imports import Imports


@dataclass(frozen=True)
class Pages:
    """`made_by` is MODULE:FUNCTION. It takes a project, the editions that have a file and what gives the executed
    notebooks of an edition, and writes `writes` from `reads` (globs) in the project."""

    made_by: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]

    def why(self, project: Project) -> list[str]:
        """Why the pages are stale; nothing if they are up to date."""
        try:
            then = json.loads(_state(project).read_text())
        except (FileNotFoundError, ValueError):
            return ["never written on this machine"]
        now = self._record(project)
        return [f"{name} {what}" for name, what in plan.differences(now, then)]

    def make(self, project: Project, made: Path, stage: Path) -> tuple[dict[str, str | None], tuple[str, ...]]:
        """Writes the pages as they are with what lies in `made`, in `stage`.

        Returns the moves that publish them, paths in the project to paths in the stage's parent, and what changed.
        """
        for name in (*self._inputs(project.root), *self.writes):
            if (project.root / name).is_file():
                _copy(project.root / name, stage / name)
        for name in self._inputs(made):
            _copy(made / name, stage / name)
        module, _, function = self.made_by.partition(":")
        write, whole = getattr(importlib.import_module(module), function), Project(stage)
        write(whole, editions.published(whole), lambda edition: editions.executed_notebooks(whole, edition))
        changed = tuple(
            name
            for name in self.writes
            if (stage / name).exists() and _bytes(stage / name) != _bytes(project.root / name)
        )
        state = stage / "state.json"
        state.write_text(json.dumps(self._record(project, stage), indent=1, sort_keys=True) + "\n")
        moves = {name: f"{stage.name}/{name}" for name in changed}
        return moves | {_state(project).relative_to(project.root).as_posix(): f"{stage.name}/{state.name}"}, changed

    def _inputs(self, root: Path) -> list[str]:
        found = (path.relative_to(root).as_posix() for glob in self.reads for path in root.glob(glob))
        return sorted(filter(plan.visible, found))

    def _record(self, project: Project, root: Path | None = None) -> dict[str, str]:
        """Hashes of all that the pages rest on, and of what is generated in them."""
        root = root or project.root
        imports = Imports(plan.memory(project))
        inputs = {name: plan.digest(root / name) for name in self._inputs(root)}
        pages = {
            name: digests.sha256(findings((root / name).read_text("utf-8")).encode())
            for name in self.writes
            if (root / name).is_file()
        }
        modules = imports.reach_module(self.made_by.partition(":")[0])
        imports.save()
        return inputs | pages | modules


def _state(project: Project) -> Path:
    return project.work / "pages.json"


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _bytes(file: Path) -> bytes:
    return file.read_bytes() if file.is_file() else b""
