"""`toll verify`: rebuild everything published from the raw tables alone, elsewhere, and compare every byte."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from toll import digests
from toll.pages.index import SUMS
from toll.project import Project
from toll.review.diagnosis import Diagnosis, sha256
from toll.run import editions, files

SOURCES = ("approvals", "data/raw", "editions", "notebooks", "words", "requirements.lock", "README.md")
PUBLISHED = ("data/processed", "figures", "notebooks", "README.md", "CORRECTIONS.md")


def verify(project: Project) -> int:
    """Print each published file that a clean rebuild does not give, byte for byte, and its likely cause.

    Returns 1 if there is one.
    """
    names = editions.published(project)
    with tempfile.TemporaryDirectory(prefix="toll-verify-") as scratch:
        copy = Project(Path(scratch) / "project")
        copy_sources(project.root, copy.root)
        empty_cache = os.environ | {"XDG_CACHE_HOME": str(Path(scratch) / "cache")}
        rebuilt = subprocess.run([sys.executable, "-m", "toll", "run", "--all"], cwd=copy.root, env=empty_cache)
        if rebuilt.returncode:
            return rebuilt.returncode
        found = list(differences(project, copy, names))
    for difference in found:
        print(difference)
    for name in names:
        matching, listed = _matching(project, name)
        print(f"figures/{name}/{SUMS}: {matching} of {listed} files match")
    if found:
        print(f"{len(found)} file{'s differ' if len(found) > 1 else ' differs'} from a clean rebuild.")
    else:
        print("A clean rebuild gives every published file.")
    return 1 if found else 0


def copy_sources(root: Path, target: Path) -> None:
    """Copy what people edit, and of what a run makes only the notebooks themselves; not whether it may be written."""
    for name in (file for source in SOURCES for file in files.find(root, source)):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, target / name)


@dataclass(frozen=True)
class Difference:
    file: str
    what: str
    cause: str

    def __str__(self) -> str:
        return f"{self.file} {self.what}. Likely cause: {self.cause}."


def differences(published: Project, rebuilt: Project, names: list[str]) -> Iterator[Difference]:
    """The files that differ between two projects, of the editions `names` and of what editions share."""
    ours, theirs = (_files(project.root, names) for project in (published, rebuilt))
    diagnoses = {name: Diagnosis(published, rebuilt, name) for name in names}
    for name in sorted(ours | theirs):
        diagnosis = diagnoses[_edition_of(name, names)]
        if name not in theirs:
            yield Difference(name, "is published, but no run makes it", diagnosis.of_extra(name))
        elif name not in ours:
            yield Difference(name, "is missing", "someone deleted it. Run `toll run --force`")
        elif (published.root / name).read_bytes() != (rebuilt.root / name).read_bytes():
            yield Difference(name, "differs from a clean rebuild", diagnosis.of_change(name))


def _files(root: Path, names: list[str]) -> set[str]:
    """The published files, without those of variations, which have no file in editions/."""
    paths = [path for top in PUBLISHED for path in [root / top, *(root / top).rglob("*")] if path.is_file()]
    found = {path.relative_to(root).as_posix() for path in paths if not path.name.startswith(".")}
    shared = {name for name in found if name.count("/") < 2 and not name.startswith("data/")}
    return shared | {name for name in found if any(f"/{edition}/" in f"/{name}" for edition in names)}


def _edition_of(name: str, names: list[str]) -> str:
    """The edition that a file belongs to; the default one for files that editions share."""
    return next((edition for edition in names if f"/{edition}/" in f"/{name}"), names[0])


def _matching(project: Project, edition: str) -> tuple[int, int]:
    """How many of the files listed in an edition's SHA256SUMS match, and how many are listed."""
    folder = project.published(edition)
    listed = digests.read_sums(folder / SUMS)
    return sum(sha256(folder / name) == digest for name, digest in listed.items()), len(listed)
