"""Pages that all editions share: one function writes them after any edition ran, and they are published with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from toll.digests import sha256
from toll.project import Project
from toll.readme import findings
from toll.run import files
from toll.run.files import Hashes


class SharedPages(NamedTuple):
    """`write` takes a project and writes `writes` from `reads` (globs) in it.

    A project without the folder `needs` has no such pages.
    """

    write: Callable[[Project], None]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    needs: str = "data/raw"

    def exist(self, project: Project) -> bool:
        return (project.root / self.needs).is_dir()

    def why(self, project: Project) -> list[str]:
        """Why the pages are stale; nothing if they are up to date."""
        if not self.exist(project):
            return []
        try:
            then = json.loads(_state(project).read_text())
        except (FileNotFoundError, ValueError):
            return ["never written on this machine"]
        return [f"{name} {what}" for name, what in files.changes(self._record(project.root), then)]

    def make(self, project: Project, made: Path, stage: Path) -> tuple[dict[str, str | None], tuple[str, ...]]:
        """Writes the pages as they are with what lies in `made`, in `stage`.

        Returns the moves that publish them, paths in the project to paths in the stage's parent, and what changed.
        """
        if not self.exist(project):
            return {}, ()
        old = files.hashes(project.root, *self.writes)
        for root, names in ((project.root, (*self._inputs(project.root), *old)), (made, self._inputs(made))):
            for name in names:
                (stage / name).parent.mkdir(parents=True, exist_ok=True)
                (stage / name).write_bytes((root / name).read_bytes())
        self.write(Project(stage))
        new = files.hashes(stage, *self.writes)
        changed = tuple(name for name in new if old.get(name) != new[name])
        state = stage / "state.json"
        state.write_text(json.dumps(self._record(stage), indent=1, sort_keys=True) + "\n")
        moves: dict[str, str | None] = {name: f"{stage.name}/{name}" for name in changed}
        moves[_state(project).relative_to(project.root).as_posix()] = f"{stage.name}/{state.name}"
        return moves, changed

    def _inputs(self, root: Path) -> list[str]:
        found = (path.relative_to(root).as_posix() for glob in self.reads for path in root.glob(glob))
        return sorted(filter(files.visible, found))

    def _record(self, root: Path) -> Hashes:
        """Hashes of everything that the pages rest on, and of what is generated in them."""
        texts = {name: (root / name).read_text("utf-8") for path in self.writes for name in files.find(root, path)}
        pages = {name: sha256(findings(text).encode()) for name, text in texts.items()}  # people write the rest
        inputs = files.hashes(root, *self._inputs(root), digest=files.quick_digest)
        return inputs | pages | {"the code of toll": files.package_digest()}


def _state(project: Project) -> Path:
    return project.work / "pages.json"
