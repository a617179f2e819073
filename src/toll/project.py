"""Where things are. No other module spells a folder's name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from toll.problems import Problem, Problems, Where

CHAIN = Path("notebooks/chain.yml")
APPROVALS = Path("approvals")
PARAMETERS = Path("notebooks/parameters.yml")  # what a story's parameters may be


def user_cache() -> Path:
    """The user's cache folder, or the system's temporary one where the user's cannot be written to."""
    try:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "toll"
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except (OSError, RuntimeError):  # RuntimeError: nobody knows where home is
        pass
    import tempfile

    return Path(tempfile.gettempdir()) / f"toll-{os.getuid()}"


class Project(NamedTuple):
    """A checkout of the project, or a staged copy of one: both have the same folders."""

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> Project:
        """The project that `start` (default: the current folder) is in, found as git finds its own."""
        start = (start or Path.cwd()).resolve()
        for folder in (start, *start.parents):
            if (folder / CHAIN).is_file():
                return cls(folder)
        message = f"There is no {CHAIN} here or in a folder above."
        raise Problems([Problem(Where(str(start)), message, "Change into the folder of the project and try again.")])

    @property
    def chain(self) -> Path:
        return self.root / CHAIN

    @property
    def notebooks(self) -> Path:
        return self.root / "notebooks"

    @property
    def raw(self) -> Path:
        return self.root / "data" / "raw"

    @property
    def words(self) -> Path:
        return self.root / "words"

    @property
    def editions(self) -> Path:
        return self.root / "editions"

    @property
    def approvals(self) -> Path:
        return self.root / APPROVALS

    @property
    def lock(self) -> Path:
        return self.root / "requirements.lock"

    @property
    def figures(self) -> Path:
        return self.root / "figures"

    @property
    def work(self) -> Path:
        """What only this machine needs: stages, caches, the record of what ran. Safe to delete."""
        return self.root / ".toll"

    def processed(self, edition: str) -> Path:
        return self.root / "data" / "processed" / edition

    def published(self, edition: str) -> Path:
        return self.figures / edition
