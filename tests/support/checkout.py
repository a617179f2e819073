"""Shared by tests."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]


def copy_sources(folder: Path) -> None:
    """Makes `folder` the project as people write it, without anything that a run makes."""
    root = ROOT
    for name in ("data/raw", "editions", "words"):
        shutil.copytree(root / name, folder / name)
    (folder / "notebooks").mkdir()
    for file in (file for file in (root / "notebooks").iterdir() if file.is_file()):
        shutil.copy(file, folder / "notebooks")
    shutil.copy(root / "requirements.lock", folder)
