"""`toll diff`: what changed in the published record since a git revision, as text and as a page.

It is what an editor approves before republishing: numbers with the inputs that moved them, every sentence that reads
otherwise, every graphic that looks otherwise. The most consequential comes first: what is in a headline before what
is in a note.
"""

from __future__ import annotations

import difflib
import io
import math
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from toll import wiring
from toll.pages import gallery
from toll.problems import Problem, Problems
from toll.project import Project
from toll.review import pixels, record
from toll.review.record import Record
from toll.run import plan
from toll.source import corrections

if TYPE_CHECKING:
    from toll.ledger.ledger import Entry, Ledger

NEEDED = ("data/processed", "figures", "notebooks", "editions")
PARTS = ("headline", "deck", "deck_brief", "labels", "alt", "note", "source", "description")  # as readers meet them
WORDS = re.compile(r"\d[\d.,]*\d%?|\w+|\s+|[^\w\s]")
ABOUT = ("label", "caveat", "attributed_to", "citation", "locator", "exact")


@dataclass(frozen=True)
class Number:
    """A number that is new, gone or another. `printed` are the places that print it now, or did."""

    id: str
    label: str
    old: str
    new: str
    reasons: tuple[str, ...]
    printed: tuple[str, ...]
    moved: float  # as a share of what it was

    @property
    def rank(self) -> tuple[bool, int, float]:
        return self.old == self.new, min(map(place_rank, self.printed), default=len(PARTS) + 2), -self.moved


@dataclass(frozen=True)
class Sentence:
    place: str
    old: str
    new: str

    @property
    def pieces(self) -> list[tuple[str, str]]:
        """The old and the new words in reading order: (which of "same", "old", "new", text)."""
        old, new = (WORDS.findall(text) for text in (self.old, self.new))
        found = []
        for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            parts = [("same", old[a:b])] if tag == "equal" else [("old", old[a:b]), ("new", new[c:d])]
            found += [(kind, "".join(words)) for kind, words in parts if words]
        return found


@dataclass(frozen=True)
class Picture:
    """A graphic that looks otherwise. `views` has the PNGs "before", "after" and "changed", by name, where there are
    such; `share` is that of the pixels that differ."""

    graphic: str
    headline: str
    files: int
    share: float
    views: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Changes:
    """What changed in one edition; `files` are those published files of which nothing else is said."""

    edition: str
    news: str  # that the edition is new or gone
    numbers: list[Number]
    sentences: list[Sentence]
    pictures: list[Picture]
    files: list[str]

    def __bool__(self) -> bool:
        return bool(self.news or self.numbers or self.sentences or self.pictures or self.files)


def diff(project: Project, *, rev: str) -> int:
    """Prints what changed and writes .toll/diff/index.html. Raises Problems for a revision that cannot be read."""
    name = revision(project, rev)
    with tempfile.TemporaryDirectory(prefix="toll-diff-") as folder:
        before = Project(Path(folder))
        unpack(project, rev, before.root)
        found = compare(before, project)
    open_ = [str(problem) for problem in corrections.uncorrected(project)]
    page = _write_page(project, name, found, open_)
    print("\n".join(told(name, found, open_)))
    print(page.relative_to(project.root))
    if _is_stale(project):
        print("What is published is older than its sources: toll run, then toll diff again.", file=sys.stderr)
    return 0


def _is_stale(project: Project) -> bool:
    names = record.editions.published(project)
    return bool(plan.stale(project, [plan.plan_edition(project, name) for name in names], wiring.HOOKS))


# --- The revision ---


def revision(project: Project, rev: str) -> str:
    """A revision's short hash and subject. Raises Problems."""
    if _git(project, "rev-parse", "--git-dir") is None:
        raise Problems(
            [
                Problem.old(
                    str(project.root),
                    None,
                    None,
                    "no git repository",
                    "one, with what was published",
                    "Clone the project, or git init and commit.",
                )
            ]
        )
    told = _git(project, "log", "-1", "--format=%h (%s)", "--end-of-options", f"{rev}^{{commit}}")
    if told is None:
        raise Problems(
            [
                Problem.old(
                    "toll diff",
                    None,
                    None,
                    repr(rev),
                    "a revision such as HEAD, HEAD~1, a tag or a hash",
                    "git log shows them.",
                )
            ]
        )
    return told.decode().strip()


def unpack(project: Project, rev: str, target: Path) -> None:
    """Lays out in `target` what was published at a revision. Raises Problems if nothing was."""
    listed = _git(project, "ls-tree", "--name-only", f"{rev}^{{commit}}", *NEEDED) or b""
    present = listed.decode().split("\n")[:-1]
    archive = _git(project, "archive", "--format=tar", f"{rev}^{{commit}}", *present) if present else None
    if archive:
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(target, filter="data")
    if not archive or not record.read_all(Project(target)):
        raise Problems(
            [
                Problem.old(
                    "toll diff",
                    None,
                    None,
                    f"nothing published at {rev}",
                    "figures/ and data/processed/",
                    "Name a revision at which the files were committed.",
                )
            ]
        )


def _git(project: Project, *arguments: str) -> bytes | None:
    """What git says; None where it fails or is not there."""
    if shutil.which("git") is None:
        return None
    done = subprocess.run(["git", *arguments], cwd=project.root, capture_output=True)
    return done.stdout if done.returncode == 0 else None


# --- What changed ---


def compare(before: Project, after: Project) -> list[Changes]:
    """The changes of each edition that changed, the default first."""
    old, new = ({one.edition: one for one in record.read_all(project)} for project in (before, after))
    found = []
    for name in dict.fromkeys([*new, *old]):
        if name not in old or name not in new:
            found.append(Changes(name, "is new" if name in new else "is no longer published", [], [], [], []))
        else:
            found.append(_changes(before, after, old[name], new[name]))
    return [changes for changes in found if changes]


def _changes(before: Project, after: Project, old: Record, new: Record) -> Changes:
    pictures = list(_pictures(before, after, old, new))
    shown = {f"figures/{new.edition}/{name}" for name in (gallery.INDEX, gallery.PAGE, gallery.SUMS)}
    shown |= {file for one in (old, new) for files in one.files.values() for file in files}
    files = [name for name in _changed_files(before, after, new.edition) if name not in shown]
    numbers = sorted(_numbers(old, new), key=lambda number: number.rank)
    return Changes(new.edition, "", numbers, list(_sentences(old, new)), pictures, files)


def place_rank(place: str) -> int:
    """How soon a reader meets a place: headlines first, then the other parts, fact check, notebooks."""
    where, _, part = place.partition(": ")
    if where == "fact-check":
        return len(PARTS)
    return PARTS.index(part) if part in PARTS and not where.endswith(" notebook") else len(PARTS) + 1


def _numbers(old: Record, new: Record) -> Iterator[Number]:
    for id in dict.fromkeys([*(entry.id for entry in new.ledger), *(entry.id for entry in old.ledger)]):
        then, now = _entry(old.ledger, id), _entry(new.ledger, id)
        if then == now:
            continue
        printed = dict.fromkeys([*new.ledger.printed.get(id, ()), *old.ledger.printed.get(id, ())])
        reasons = tuple(_reasons(old.ledger, new.ledger, then, now))
        texts = [each.qualified if each else "" for each in (then, now)]
        yield Number(id, (now or then).label, *texts, reasons, tuple(printed), _moved(then, now))


def _entry(ledger: Ledger, id: str) -> Entry | None:
    return ledger[id] if id in ledger else None  # noqa: SIM401 (a ledger is no mapping)


def _moved(then: Entry | None, now: Entry | None) -> float:
    if then is None or now is None or then.is_date or now.is_date:
        return 1.0
    return abs(now.value - then.value) / abs(then.value) if then.value else float(now.value != then.value)


def _reasons(old: Ledger, new: Ledger, then: Entry | None, now: Entry | None) -> Iterator[str]:
    """Why a number is another: its own words, its formula or the inputs that moved."""
    if then is None or now is None:
        yield "new" if then is None else "no longer calculated or reported"
        return
    if then.as_reported != now.as_reported:
        yield f"data/raw: “{then.as_reported}” is now “{now.as_reported}”"
    if then.formula != now.formula:
        yield f"formula: {then.formula} is now {now.formula}"
    for name in now.inputs.split():
        if name in old and _differs(old[name], new[name]):
            yield f"{name}: {_exactly(old[name])} → {_exactly(new[name])}"
    values = _differs(then, now)
    if values and now.status == "chosen":
        yield f"parameter: {_exactly(then)} → {_exactly(now)}"
    others = [name for name in ABOUT if getattr(then, name) != getattr(now, name)]
    if others:
        yield f"{', '.join(others).replace('_', ' ')} reworded"
    if values and then.text == now.text:
        yield f"prints alike, unrounded {_exactly(then)} → {_exactly(now)}"


def _differs(then: Entry, now: Entry) -> bool:
    return any(getattr(then, name) != getattr(now, name) for name in ("value", "low", "high", "start", "end", "whole"))


def _exactly(entry: Entry) -> str:
    if entry.is_date:
        return entry.text
    bounds = "" if entry.low == entry.high else f" ({entry.low:.10g} to {_limit(entry.high)})"
    return f"{entry.value:.10g}{bounds}"


def _limit(end: float) -> str:
    return "no limit" if math.isinf(end) else f"{end:.10g}"


def _sentences(old: Record, new: Record) -> list[Sentence]:
    named = {place for one in (new, old) for places in one.ledger.printed.values() for place in places}
    places = [
        place
        for place in dict.fromkeys([*new.words, *old.words])
        if place in named or " notebook: " not in place  # a notebook also shows what the fact check has
    ]
    changed = [Sentence(place, old.words.get(place, ""), new.words.get(place, "")) for place in places]
    return sorted((each for each in changed if each.old != each.new), key=lambda each: place_rank(each.place))


def _pictures(before: Project, after: Project, old: Record, new: Record) -> Iterator[Picture]:
    for name in dict.fromkeys(where for one in (new, old) for where in one.files if f"{where}: headline" in one.words):
        files = dict.fromkeys([*new.files.get(name, ()), *old.files.get(name, ())])
        changed = [file for file in files if _bytes(before, file) != _bytes(after, file)]
        drawn = next((file for file in changed if file.endswith(".png")), None)
        if changed:
            share, views = pixels.compare(_bytes(before, drawn), _bytes(after, drawn)) if drawn else (0.0, {})
            headline = new.words.get(f"{name}: headline") or old.words[f"{name}: headline"]
            yield Picture(name, headline, len(changed), share, views)


def _changed_files(before: Project, after: Project, edition: str) -> list[str]:
    folders = (f"data/processed/{edition}", f"figures/{edition}")
    paths = {
        path.relative_to(project.root).as_posix()
        for project in (before, after)
        for folder in folders
        for path in (project.root / folder).rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    return sorted(name for name in paths if _bytes(before, name) != _bytes(after, name))


def _bytes(project: Project, name: str) -> bytes:
    file = project.root / name
    return file.read_bytes() if file.is_file() else b""


# --- As text ---


def told(since: str, found: list[Changes], uncorrected: list[str]) -> Iterator[str]:
    yield summary(since, found)
    yield from (f"Needs a correction: {problem}" for problem in uncorrected)
    for changes in found:
        yield f"\nEdition {changes.edition}{' ' + changes.news if changes.news else ''}"
        for number in changes.numbers:
            yield f"  {number.id}: {number.old or 'nothing'} → {number.new or 'nothing'}  ({number.label})"
            yield from (f"      {reason}" for reason in number.reasons)
            yield f"      in {', '.join(number.printed) or 'no text'}"
        for sentence in changes.sentences:
            yield f"  {sentence.place}"
            yield from (f"    {sign} {text}" for sign, text in (("−", sentence.old), ("+", sentence.new)) if text)
        for picture in changes.pictures:
            yield f"  graphic {picture.graphic}: {picture.files} files, {picture.share:.1%} of the pixels"
        if changes.files:
            yield f"  other files: {', '.join(changes.files)}"


def summary(since: str, found: list[Changes]) -> str:
    if not found:
        return f"Nothing that is published has changed since {since}."
    counts = {
        "number": sum(len(changes.numbers) for changes in found),
        "sentence": sum(len(changes.sentences) for changes in found),
        "graphic": sum(len(changes.pictures) for changes in found),
    }
    parts = [f"{count} {what}{'' if count == 1 else 's'}" for what, count in counts.items()]
    return f"Changed since {since}: {', '.join(parts[:-1])} and {parts[-1]}."


# --- As a page ---


def _write_page(project: Project, since: str, found: list[Changes], uncorrected: list[str]) -> Path:
    folder = project.work / "diff"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for changes in found:
        for picture in changes.pictures:
            for view, content in picture.views.items():
                (folder / view_name(changes.edition, picture.graphic, view)).write_bytes(content)
    templates = gallery.templates(Path(__file__).parent)
    page = templates.get_template("diff.html.j2").render(
        since=since, summary=summary(since, found), editions=found, uncorrected=uncorrected, view_name=view_name
    )
    (folder / gallery.PAGE).write_text(page, "utf-8", newline="\n")
    return folder / gallery.PAGE


def view_name(edition: str, graphic: str, view: str) -> str:
    return f"{edition.replace('/', '+')}-{graphic}-{view}.png"
