"""`toll verify`: rebuilds what is published from the raw tables alone, elsewhere, and compares every byte.

Each file of an edition is also held against that edition's SHA256SUMS. The three together (published, rebuilt, listed)
tell a file that somebody changed from one that another source, library or font would make.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from toll.pages.gallery import SUMS
from toll.problems import Problems
from toll.project import Project
from toll.run import editions, plan

SOURCES = ("data/raw", "editions", "notebooks", "requirements.lock", "README.md")
PUBLISHED = ("data/processed", "figures", "notebooks", "README.md", "CORRECTIONS.md")
BY_HAND = {  # by the end of a file's name; the edition as a whole is as rebuilt
    ".ipynb": "an output or a cell's number was edited by hand: all that rests on it is as rebuilt",
    "figures/index.html": "edited by hand, or older than data/raw; toll run writes it anew",
    "ro-crate-metadata.json": "edited by hand, or older than what it describes; toll run writes it anew",
    ".md": "the part that toll run writes was edited by hand, or is older than data/raw; toll run writes it anew",
    "": "edited by hand: all that rests on it is as rebuilt",
}
FONT = re.compile(rb"@font-face\{.*?\}|font-family=\"[^\"]*\"", re.DOTALL)  # in an SVG


def verify(project: Project) -> int:
    """Prints each published file that a clean rebuild does not give, byte for byte, with its likely cause. Exit 1 if
    there is any."""
    names = editions.published(project)
    with tempfile.TemporaryDirectory(prefix="toll-verify-") as scratch:
        copy = Project(Path(scratch) / "project")
        copy_sources(project.root, copy.root)
        drawn_anew = os.environ | {"XDG_CACHE_HOME": str(Path(scratch) / "cache")}
        rebuilt = subprocess.run([sys.executable, "-m", "toll", "run", "--all"], cwd=copy.root, env=drawn_anew)
        if rebuilt.returncode:
            return rebuilt.returncode
        found = list(differences(project, copy, names))
    for difference in found:
        print(difference)
    for name in names:
        matching, listed = _sums_hold(project, name)
        print(f"figures/{name}/{SUMS}: {matching} of {listed} files match")
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


@dataclass(frozen=True)
class Difference:
    file: str
    what: str
    cause: str

    def __str__(self) -> str:
        return f"{self.file}: {self.what}. Likely cause: {self.cause}."


def differences(published: Project, rebuilt: Project, names: list[str]) -> Iterator[Difference]:
    """Files that are not the same in two projects, of the editions `names` and of what they share."""
    ours, theirs = (_files(project.root, names) for project in (published, rebuilt))
    judges = {name: Judge(published, rebuilt, name) for name in names}
    for name in sorted(ours | theirs):
        judge = judges[_edition_of(name, names)]
        if name not in theirs:
            yield Difference(name, "is published, but no run makes it", judge.of_extra(name))
        elif name not in ours:
            yield Difference(name, "is missing from what is published", "it was deleted; toll run --force makes it")
        elif (published.root / name).read_bytes() != (rebuilt.root / name).read_bytes():
            yield Difference(name, "differs from a clean rebuild", judge.of_change(name))


def _files(root: Path, names: list[str]) -> set[str]:
    """The published files; folders of editions that have no file in editions/ are variations and left out."""
    paths = [path for top in PUBLISHED for path in [root / top, *(root / top).rglob("*")] if path.is_file()]
    found = {path.relative_to(root).as_posix() for path in paths if not path.name.startswith(".")}
    shared = {name for name in found if name.count("/") < 2 and not name.startswith("data/")}
    return shared | {name for name in found if any(f"/{edition}/" in f"/{name}" for edition in names)}


def _edition_of(name: str, names: list[str]) -> str:
    """The edition that a file belongs to; what editions share is judged by the default one."""
    return next((edition for edition in names if f"/{edition}/" in f"/{name}"), names[0])


# --- Causes ---


class Judge:
    """What is known of an edition that tells the causes of its differences apart."""

    def __init__(self, published: Project, rebuilt: Project, edition: str):
        self.published, self.rebuilt, self.folder = published, rebuilt, f"figures/{edition}/"
        self.sums = f"{self.folder}{SUMS}"
        self.listed, self.made = (_listed(project.root / self.sums) for project in (published, rebuilt))
        # the list is wrong of files that are right: it was changed, and they were not
        self.forged = {
            name
            for name in self.listed.keys() | self.made.keys()
            if self.listed.get(name) != self.made.get(name) == _digest(published.root / self.folder / name)
        }
        changed = {name for name in self.made if self.listed.get(name) != self.made[name]} - self.forged
        self.stale = _why_stale(published, edition) if changed else ""

    def of_extra(self, name: str) -> str:
        if self.listed.get(name.removeprefix(self.folder)):
            return f"an earlier run made it: {self.stale or 'the sources changed since'}"
        return "it was put there by hand, or an earlier version left it"

    def of_change(self, name: str) -> str:
        if name == self.sums:
            if self.forged:
                return f"the list was edited by hand: {', '.join(sorted(self.forged))} is as rebuilt, not as listed"
            return self.stale or "the list was edited by hand: what it lists is as rebuilt"
        if name.endswith(".svg") and self._but_for_font(name):
            return f"another font{_and(_other_libraries(self.published))}"
        listed = self.listed.get(name.removeprefix(self.folder)) if name.startswith(self.folder) else None
        if listed and listed != _digest(self.published.root / name):
            return f"edited by hand: it is not the file of {SUMS} either"
        if self.stale:
            return self.stale
        return next(cause for end, cause in BY_HAND.items() if name.endswith(end))

    def _but_for_font(self, name: str) -> bool:
        ours, theirs = (FONT.sub(b"", (project.root / name).read_bytes()) for project in (self.published, self.rebuilt))
        return ours == theirs


def _listed(sums: Path) -> dict[str, str]:
    """Names and SHA-256 of a list such as sha256sum writes; lines that are none are passed over."""
    lines = sums.read_text("utf-8", errors="replace").splitlines() if sums.is_file() else []
    return {name: value for value, separator, name in (line.partition("  ") for line in lines) if separator}


def _digest(file: Path) -> str | None:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else None


def _sums_hold(project: Project, edition: str) -> tuple[int, int]:
    listed = _listed(project.published(edition) / SUMS)
    return sum(_digest(project.published(edition) / name) == value for name, value in listed.items()), len(listed)


def _why_stale(project: Project, edition: str) -> str:
    """Why a run of an edition today gives other files: what changed since it ran, as far as this machine can know."""
    if libraries := _other_libraries(project):
        return libraries
    if not plan.Record.load(project, edition).steps:
        return "a raw table, a notebook, the code or the font changed since they were published; toll run"
    try:
        chain, values = plan.plan_edition(project, edition)
    except Problems as problems:
        return f"the sources have problems: {problems}"
    reasons = plan.survey(project, chain, values)
    causes = [why for step in reasons.values() for why in step if not why.endswith(("by hand", "is stale"))]
    return f"not run since a source changed ({'; '.join(dict.fromkeys(causes)) or 'a font, or the system'}); toll run"


def _other_libraries(project: Project) -> str:
    """Which installed libraries are not those of requirements.lock."""
    other = [
        f"{requirement.name} {installed or 'missing'}, locked {version}"
        for requirement, version in _locked(project.lock.read_text("utf-8") if project.lock.is_file() else "")
        if (installed := _installed(requirement.name)) != version
    ]
    return f"other libraries ({'; '.join(other)}); make sets up the locked ones" if other else ""


def _locked(lock: str) -> Iterator[tuple[Requirement, str]]:
    for line in re.findall(r"^([A-Za-z0-9][^\\\n]*==[^\\\n]*)", lock, re.MULTILINE):
        requirement = Requirement(line.strip())
        if requirement.marker is None or requirement.marker.evaluate():
            yield requirement, next(iter(requirement.specifier)).version


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _and(more: str) -> str:
    return f"; {more}" if more else ""
