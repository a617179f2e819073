"""`toll diff`: what changed in the published record since a git revision, as text and as a page.

An editor approves this before republishing: numbers with the inputs that moved them, every sentence that reads
differently, every graphic that looks different.
"""

from __future__ import annotations

import io
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from toll.pages import index
from toll.pages.rendering import render
from toll.problems import Problem, Problems, Where
from toll.project import Project
from toll.review import changes, record
from toll.review.changes import Changes
from toll.run import editions, plan
from toll.source import corrections, raw

NEEDED = ("data/processed", "figures", "notebooks", "editions")


def diff(project: Project, *, hooks: plan.Hooks, rev: str = "HEAD") -> int:
    """Print what changed and write .toll/diff/index.html. Raises Problems for a revision that cannot be read."""
    since = revision(project, rev)
    with tempfile.TemporaryDirectory(prefix="toll-diff-") as folder:
        before = Project(Path(folder))
        unpack(project, rev, before.root)
        found = changes.compare(before, project)
    uncorrected = _uncorrected(project)
    page = _write_page(project, since, found, uncorrected)
    print("\n".join(_lines(since, found, uncorrected)))
    print(page.relative_to(project.root))
    for problem in _stale(project, hooks):
        print(problem, file=sys.stderr)
    return 0


def _uncorrected(project: Project) -> list[str]:
    """What needs a correction; nothing while the raw tables cannot be read, which `_stale` says."""
    if raw.check(project):
        return []
    return [str(problem) for problem in corrections.uncorrected(project)]


def _stale(project: Project, hooks: plan.Hooks) -> list[str]:
    """A sentence for each edition that is older than its sources, or may be, and what to do."""
    try:
        planned = [plan.plan_edition(project, name) for name in editions.published(project)]
        stale = [edition.name for _, edition in plan.stale(project, planned, hooks)]
    except Problems as problems:
        return [f"The published files are older than their sources, which cannot be read: {problems}"]
    never = [name for name in stale if not plan.Record.load(project, name).steps]
    return [
        f"Edition {name} has not been run on this machine, so it may be older than its sources. Run `toll run {name}`."
        if name in never
        else f"Edition {name} is older than its sources. Run `toll run {name}`, then `toll diff`."
        for name in stale
    ]


# --- The revision ---


def revision(project: Project, rev: str) -> str:
    """A revision's short hash and subject. Raises Problems."""
    if (found := _git(project, "rev-parse", "--git-dir")).returncode:
        raise Problems([_unreadable(project, found.stderr.decode(errors="replace"))])
    told = _git(project, "log", "-1", "--format=%h (%s)", "--end-of-options", f"{rev}^{{commit}}")
    if told.returncode:
        message = f"Git knows no revision “{rev}”."
        raise Problems(
            [Problem(Where("toll diff"), message, "Name one such as HEAD~1, a tag or a hash; see `git log`.")]
        )
    return told.stdout.decode(errors="replace").strip()


def _unreadable(project: Project, said: str) -> Problem:
    """Why git cannot read the repository."""
    where, hint = Where(str(project.root)), "Clone the project, or run `git init` and commit."
    if set_ := [name for name in ("GIT_DIR", "GIT_WORK_TREE") if name in os.environ]:
        hint = f"Unset the environment variable {' and '.join(set_)} and try again."
    elif "dubious ownership" in said:
        hint = f"If you trust its owner, run git config --global --add safe.directory {shlex.quote(str(project.root))}"
    elif "not a git repository" in said:
        return Problem(where, "This is not in a git repository, so there is no earlier version to compare with.", hint)
    reason = said.partition("\n")[0].removeprefix("fatal: ").rstrip(".")
    return Problem(where, f"Git cannot read the repository: {reason}.", hint)


def unpack(project: Project, rev: str, target: Path) -> None:
    """Unpack into `target` what was published at a revision. Raises Problems if nothing was."""
    present = _git(project, "ls-tree", "--name-only", f"{rev}^{{commit}}", *NEEDED).stdout.decode().split("\n")[:-1]
    if present:
        archive = _git(project, "archive", "--format=zip", "-0", f"{rev}^{{commit}}", *present).stdout
        with zipfile.ZipFile(io.BytesIO(archive)) as files:  # a link in it becomes a plain file
            files.extractall(target)
    if not present or not record.read_all(Project(target)):
        message = f"Nothing was published at {rev}."
        hint = "Name a revision that has figures/ and data/processed/."
        raise Problems([Problem(Where("toll diff"), message, hint)])


def _git(project: Project, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """What git says, in English. Raises Problems if there is no such program."""
    try:
        return subprocess.run(
            ["git", *arguments], cwd=project.root, capture_output=True, env=os.environ | {"LC_ALL": "C"}
        )
    except FileNotFoundError:
        raise Problems([Problem(Where("toll diff"), "The program git is not installed.", "Install it.")]) from None


# --- As text ---


def _lines(since: str, found: list[Changes], uncorrected: list[str]) -> Iterator[str]:
    yield summary(since, found)
    yield from (f"Needs a correction: {problem}" for problem in uncorrected)
    for edition in found:
        yield f"\nEdition {edition.edition}{' ' + edition.news if edition.news else ''}"
        for number in edition.numbers:
            old, new = number.old or "nothing", number.new or "nothing"
            yield f"  {number.id}: {new if old == new else f'{old} → {new}'}  ({number.label})"
            yield from (f"      {reason}" for reason in number.reasons)
            yield f"      in {', '.join(number.printed) or 'no text'}"
        for text in edition.texts:
            yield f"  {text.place}"
            yield from (f"    {sign} {words}" for sign, words in (("−", text.old), ("+", text.new)) if words)
        for graphic in edition.graphics:
            yield f"  graphic {graphic.name}: {graphic.summary}"
        if edition.files:
            yield f"  other files: {', '.join(edition.files)}"


def summary(since: str, found: list[Changes]) -> str:
    """One sentence: how many numbers, sentences and graphics changed."""
    if not found:
        return f"Nothing published has changed since {since}."
    counts = {
        "number": sum(len(edition.numbers) for edition in found),
        "sentence": sum(len(edition.texts) for edition in found),
        "graphic": sum(len(edition.graphics) for edition in found),
    }
    *first, last = (f"{count} {what}{'' if count == 1 else 's'}" for what, count in counts.items())
    return f"Changed since {since}: {', '.join(first)} and {last}."


# --- As a page ---


def _write_page(project: Project, since: str, found: list[Changes], uncorrected: list[str]) -> Path:
    folder = project.work / "diff"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for edition in found:
        for graphic in edition.graphics:
            for view, content in graphic.views.items():
                (folder / _view_name(edition.edition, graphic.name, view)).write_bytes(content)
    page = render(
        "diff",
        Path(__file__).parent,
        since=since,
        summary=summary(since, found),
        editions=found,
        uncorrected=uncorrected,
        view_name=_view_name,
    )
    (folder / index.PAGE).write_bytes(page)
    return folder / index.PAGE


def _view_name(edition: str, graphic: str, view: str) -> str:
    return f"{edition.replace('/', '+')}-{graphic}-{view}.png"
