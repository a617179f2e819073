"""Why a published file differs from a clean rebuild: edited by hand, out of date, other libraries or Python, a font.

The three versions of a file (published, rebuilt, listed in SHA256SUMS) tell these causes apart.
"""

from __future__ import annotations

import platform
import re
from pathlib import Path

from toll import digests
from toll.libraries import version_mismatches
from toll.pages.index import SUMS
from toll.problems import Problems
from toll.project import Project
from toll.run import plan

FONT = re.compile(rb"@font-face\{.*?\}|font-family=\"[^\"]*\"", re.DOTALL)  # in an SVG
DECIMAL = re.compile(rb"[0-9]+\.[0-9]+(e[+-]?[0-9]+)?")
LAST_DIGITS = (
    "its numbers, or those it is made from, differ in their last digits alone, as they do with another Python "
    f"(this is {platform.python_version()}) or another kind of processor"
)
BY_HAND = {  # by the end of a file's name; the rest of the edition is as rebuilt
    ".ipynb": "someone edited an output or a cell’s number; everything made from it is as rebuilt",
    "figures/index.html": "someone edited it, or it is older than data/raw. Run `toll run`",
    "ro-crate-metadata.json": "someone edited it, or it is older than what it describes. Run `toll run`",
    ".md": "someone edited the part that `toll run` writes, or it is older than data/raw. Run `toll run`",
    "": "someone edited it; everything made from it is as rebuilt",
}


class Diagnosis:
    """What we know about the differences of one edition, each cause a phrase."""

    def __init__(self, published: Project, rebuilt: Project, edition: str):
        self.published, self.rebuilt, self.folder = published, rebuilt, f"figures/{edition}/"
        self.sums = f"{self.folder}{SUMS}"
        self.listed, self.made = (digests.read_sums(project.root / self.sums) for project in (published, rebuilt))
        differ = {
            name for name in self.listed.keys() | self.made.keys() if self.listed.get(name) != self.made.get(name)
        }
        # Someone edited the list if it is wrong about files that are as rebuilt.
        self.forged = {name for name in differ if self.made.get(name) == sha256(published.root / self.folder / name)}
        changed = (differ - self.forged) & self.made.keys()
        self.out_of_date = _why_out_of_date(published, edition) if changed else ""
        if any(self._differs_only_in_last_digits(f"{self.folder}{name}") for name in changed):
            self.out_of_date = LAST_DIGITS
        # A picture that was drawn otherwise has another SVG, too; who repaints a PNG can mend its line in the list.
        vectors = {name: name.removesuffix(".png") + ".svg" for name in changed if name.endswith(".png")}
        self.repainted = {name for name, svg in vectors.items() if svg in self.made and svg not in changed}

    def of_extra(self, name: str) -> str:
        if name.removeprefix(self.folder) in self.listed:
            return f"an earlier run made it: {self.out_of_date or 'the sources have changed since'}"
        return "someone put it there, or an earlier version left it"

    def of_change(self, name: str) -> str:
        if name == self.sums:
            return self._of_list()
        if name.endswith(".svg") and self._differs_only_in_font(name):
            return "; ".join(filter(None, ["another font", _other_libraries(self.published)]))
        listed = self.listed.get(name.removeprefix(self.folder)) if name.startswith(self.folder) else None
        if listed and listed != sha256(self.published.root / name):
            return f"someone edited it; {SUMS} lists another file"
        if name.removeprefix(self.folder) in self.repainted:
            return f"someone edited it and its line in {SUMS}; its SVG is as rebuilt"
        if self._differs_only_in_last_digits(name):
            return LAST_DIGITS
        return self.out_of_date or next(cause for end, cause in BY_HAND.items() if name.endswith(end))

    def _of_list(self) -> str:
        if self.forged:
            return f"someone edited the list; it is wrong about {', '.join(sorted(self.forged))}"
        return self.out_of_date or "someone edited the list; the files are as rebuilt"

    def _differs_only_in_font(self, name: str) -> bool:
        ours, theirs = (FONT.sub(b"", (project.root / name).read_bytes()) for project in (self.published, self.rebuilt))
        return ours == theirs

    def _differs_only_in_last_digits(self, name: str) -> bool:
        """Whether a file, or the CSV beside a Parquet file, does."""
        files = (project.root / name.replace(".parquet", ".csv") for project in (self.published, self.rebuilt))
        ours, theirs = (file.read_bytes() if file.is_file() else b"" for file in files)
        return ours != theirs and _rounded(ours) == _rounded(theirs)


def _rounded(content: bytes) -> bytes:
    return DECIMAL.sub(lambda number: b"%.9g" % float(number[0]), content)


def sha256(file: Path) -> str | None:
    """The SHA-256 of a file; None if there is none."""
    return digests.file_sha256(file) if file.is_file() else None


def _why_out_of_date(project: Project, edition: str) -> str:
    """Why a run today gives other files: what changed since the edition ran, as far as this machine can know."""
    if libraries := _other_libraries(project):
        return libraries
    if not plan.Record.load(project, edition).steps:
        return "a raw table, a notebook, the code or the font has changed since. Run `toll run`"
    try:
        chain, values = plan.plan_edition(project, edition)
    except Problems as problems:
        return f"the sources have problems: {problems}"
    reasons = plan.survey(project, chain, values)
    causes = [why for step in reasons.values() for why in step if not why.endswith(("by hand", "is stale"))]
    return f"out of date ({'; '.join(dict.fromkeys(causes)) or 'a font, or the system'}). Run `toll run`"


def _other_libraries(project: Project) -> str:
    others = version_mismatches(project.lock.read_text("utf-8")) if project.lock.is_file() else []
    return f"other libraries ({'; '.join(others)}). Run `make` to install the locked ones" if others else ""
