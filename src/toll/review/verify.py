"""`toll verify`: rebuilds what is published from the raw tables alone, elsewhere, and compares every byte."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from toll.chain import editions
from toll.paths import Project

SOURCES = ("data/raw", "editions", "notebooks", "requirements.lock", "README.md")
PUBLISHED = ("data/processed", "figures", "notebooks", "README.md", "CORRECTIONS.md")


def verify(project: Project, args: argparse.Namespace) -> int:
    """Prints each published file that a clean rebuild does not give, byte for byte. Exit 1 if there is any."""
    with tempfile.TemporaryDirectory(prefix="toll-verify-") as scratch:
        copy = Project(Path(scratch))
        copy_sources(project.root, copy.root)
        rebuilt = subprocess.run([sys.executable, "-m", "toll", "run", "--all"], cwd=copy.root)
        if rebuilt.returncode:
            return rebuilt.returncode
        found = list(differences(project.root, copy.root, editions.published(project)))
    for name, what in found:
        print(f"{name}: {what}")
    print(f"{len(found)} differences" if found else "Everything published is what a clean rebuild gives.")
    return 1 if found else 0


def copy_sources(root: Path, target: Path) -> None:
    """Copies what people edit, and nothing that a run made but the notebooks themselves."""
    for name in SOURCES:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if (root / name).is_dir():
            shutil.copytree(root / name, target / name, ignore=shutil.ignore_patterns(".*", "__pycache__"))
        elif (root / name).is_file():
            shutil.copyfile(root / name, target / name)


def differences(published: Path, rebuilt: Path, names: list[str]) -> Iterator[tuple[str, str]]:
    """Files that are not the same in two checkouts, of the editions `names` and of what they share."""
    ours, theirs = (_files(root, names) for root in (published, rebuilt))
    for name in sorted(ours | theirs):
        if name not in theirs:
            yield name, "is published, but no run makes it"
        elif name not in ours:
            yield name, "is missing from what is published"
        elif (published / name).read_bytes() != (rebuilt / name).read_bytes():
            yield name, "differs from a clean rebuild (edited by hand, or made by other code or libraries)"


def _files(root: Path, names: list[str]) -> set[str]:
    """The published files; folders of editions that have no file in editions/ are variations and left out."""
    paths = [path for top in PUBLISHED for path in [root / top, *(root / top).rglob("*")] if path.is_file()]
    found = {path.relative_to(root).as_posix() for path in paths if not path.name.startswith(".")}
    shared = {name for name in found if name.count("/") < 2 and not name.startswith("data/")}
    return shared | {name for name in found if any(f"/{edition}/" in f"/{name}" for edition in names)}
