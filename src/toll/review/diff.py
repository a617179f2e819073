"""`toll diff`: what changed in the published record since a git revision, as text, as Markdown and as a page.

An editor approves this before republishing: the cause first, then headlines, verdicts and pictures, then every number
with the inputs that moved it and every other sentence that reads differently.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from toll.pages import index
from toll.pages.rendering import render
from toll.problems import Problem, Problems, Where
from toll.project import Project
from toll.review import changes
from toll.review.causes import Cause
from toll.review.changes import ChangedGraphic, ChangedNumber, ChangedText, Changes
from toll.run import editions, plan
from toll.source import corrections, raw

NEEDED = ("data", "figures", "notebooks", "editions", "words", "requirements.lock", "src/toll")
NO_CAUSE = Cause(
    "Nothing that people edit has changed since, so the published files were out of date then, someone edited them, or "
    "another system made them. `toll verify` looks for the reason."
)
SPECIAL = re.compile(r"(?P<code>`[^`]+`)|[\\`*_\[\]<>|#~]")  # of Markdown; what stands as code stays as it is
MARKS = ("## ", "### ", "- ", "  - ")  # of Markdown, by how deep a line is


class Report(NamedTuple):
    """What `toll diff` has to say; `since` names the revision. `uncorrected` and `stale` are sentences."""

    since: str
    causes: list[Cause]
    uncorrected: list[str]
    stale: list[str]
    editions: list[Changes]

    @property
    def summary(self) -> str:
        """One sentence: how many numbers, sentences and graphics changed."""
        if not self.editions:
            return f"Nothing published has changed since {self.since}."
        counts = {
            "number": sum(len(edition.numbers) for edition in self.editions),
            "sentence": sum(len(edition.texts) for edition in self.editions),
            "graphic": sum(len(edition.graphics) for edition in self.editions),
        }
        *first, last = (f"{count} {what}{'' if count == 1 else 's'}" for what, count in counts.items())
        return f"Changed since {self.since}: {', '.join(first)} and {last}."


def diff(project: Project, *, hooks: plan.Hooks, rev: str = "HEAD", markdown: bool = False) -> int:
    """Print what changed and write .toll/diff/index.html. Raises Problems for a revision that cannot be read."""
    since = revision(project, rev)
    with tempfile.TemporaryDirectory(prefix="toll-diff-") as folder:
        before = Project(Path(folder))
        unpack(project, rev, before.root)
        causes, found = changes.compare(before, project)
    causes = causes or [NO_CAUSE] * bool(found)
    report = Report(since, causes, _uncorrected(project), _stale(project, hooks), found)
    page = _write_page(project, report)
    print("\n".join(_markdown(report) if markdown else _text(report)))
    if not markdown:
        print(page.relative_to(project.root))
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
    if not any(Project(target).figures.rglob(index.INDEX)):
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


# --- As text and as Markdown ---


def _text(report: Report) -> Iterator[str]:
    yield from (f"{'  ' * depth}{line}" for depth, line in _summary(report))
    for depth, line in _changes(report.editions):
        yield f"\n{line}" if depth == 0 else f"{'  ' * depth}{line}"


def _markdown(report: Report) -> Iterator[str]:
    for depth, line in [*((depth + 2, line) for depth, line in _summary(report)), *_changes(report.editions)]:
        plain = SPECIAL.sub(lambda found: found["code"] or f"\\{found[0]}", line)
        yield f"\n{MARKS[depth]}{plain}" + "\n" * (depth == 1) if depth < 2 else f"{MARKS[depth]}{plain}"


def _summary(report: Report) -> Iterator[tuple[int, str]]:
    """Its lines, each with how deep it is: the cause first, then how much changed and what is left to do."""
    for cause in report.causes:
        yield 0, cause.text
        yield from ((1, detail) for detail in cause.details)
    yield 0, report.summary
    yield from ((0, f"Needs a correction: {problem}") for problem in report.uncorrected)
    yield from ((0, problem) for problem in report.stale)


def _changes(editions: list[Changes]) -> Iterator[tuple[int, str]]:
    """Every line with how deep it is: an edition, a part of it, a change, what belongs to that."""
    for edition in editions:
        yield 0, f"Edition {edition.edition}{' ' + edition.news if edition.news else ''}"
        verdicts = ((2, f"{each.claim} {_arrow(each.old, each.new)}") for each in edition.verdicts)
        yield from _part("Headlines", _sentences(edition.headlines))
        yield from _part("Verdicts", verdicts)
        yield from _part("Graphics", _graphics(edition.graphics))
        yield from _part("Numbers", _numbers(edition.numbers))
        yield from _part("Sentences", _sentences(edition.sentences))
        yield from _part("Other files", [(2, ", ".join(edition.files))] if edition.files else ())


def _part(title: str, lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    if found := list(lines):
        yield 1, title
        yield from found


def _arrow(old: str, new: str) -> str:
    return new if old == new else f"{old or 'nothing'} → {new or 'nothing'}"


def _sentences(texts: list[ChangedText]) -> Iterator[tuple[int, str]]:
    for text in texts:
        yield 2, text.place
        yield from ((3, f"{sign} {words}") for sign, words in (("−", text.old), ("+", text.new)) if words)


def _graphics(graphics: list[ChangedGraphic]) -> Iterator[tuple[int, str]]:
    for graphic in graphics:
        yield 2, f"{graphic.name}: {graphic.summary}"
        if graphic.picture:
            yield 3, graphic.picture.path


def _numbers(numbers: list[ChangedNumber]) -> Iterator[tuple[int, str]]:
    for number in numbers:
        yield 2, f"{number.id}: {_arrow(number.old, number.new)} ({number.label})"
        yield from ((3, reason) for reason in number.reasons)
        yield 3, f"in {', '.join(number.printed) or 'no text'}"


# --- As a page ---


def _write_page(project: Project, report: Report) -> Path:
    folder = project.work / "diff"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for edition in report.editions:
        for graphic in edition.graphics:
            for view, content in graphic.views.items():
                (folder / _view_name(edition.edition, graphic, view)).write_bytes(content)
    page = render("diff", Path(__file__).parent, report=report, view_name=_view_name)
    (folder / index.PAGE).write_bytes(page)
    return folder / index.PAGE


def _view_name(edition: str, graphic: ChangedGraphic, view: str) -> str:
    kind = "svg" if graphic.picture and graphic.picture.path.endswith(".svg") else "png"
    return f"{edition.replace('/', '+')}-{graphic.name}-{view}.{kind}"
