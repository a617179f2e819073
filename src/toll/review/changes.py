"""What changed between two versions of the published record, the most consequential first."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from toll.ledger.entry import Place
from toll.pages import index
from toll.project import Project
from toll.review import causes, elements, pixels, record
from toll.review.causes import Cause
from toll.review.record import Publication

if TYPE_CHECKING:
    from toll.ledger.ledger import Entry, Ledger

PARTS = ("headline", "deck", "deck_brief", "labels", "alt", "note", "source", "description")  # as readers meet them
WORDS = re.compile(r"\d[\d.,]*\d%?|\w+|\s+|[^\w\s]")
VALUES = ("value", "low", "high", "start", "end", "whole")
DESCRIPTIONS = ("label", "caveat", "attributed_to", "citation", "locator", "exact")


@dataclass(frozen=True)
class ChangedNumber:
    """A number that is new, gone or different. `printed` are the places that print it now or did before."""

    id: str
    label: str
    old: str
    new: str
    reasons: tuple[str, ...]
    printed: tuple[str, ...]
    moved: float  # as a share of the old value

    @property
    def rank(self) -> tuple[bool, int, float]:
        return self.old == self.new, min(map(place_rank, self.printed), default=len(PARTS) + 2), -self.moved


@dataclass(frozen=True)
class ChangedText:
    place: str
    old: str
    new: str

    @property
    def pieces(self) -> list[tuple[str, str]]:
        """Old and new words in reading order: (“same”, “old” or “new”; text)."""
        old, new = (WORDS.findall(text) for text in (self.old, self.new))
        found = []
        for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            parts = [("same", old[a:b])] if tag == "equal" else [("old", old[a:b]), ("new", new[c:d])]
            found += [(kind, "".join(words)) for kind, words in parts if words]
        return found


@dataclass(frozen=True)
class ChangedVerdict:
    place: str
    claim: str
    old: str
    new: str


@dataclass(frozen=True)
class ChangedPicture:
    """A picture in which something looks different: its path, what does, and it "before", "after" and "changed"."""

    path: str
    looks: str
    views: dict[str, bytes]


@dataclass(frozen=True)
class ChangedGraphic:
    """`files` is how many of its files changed, `picture` the first that looks different. `gone` says why it is no
    longer published."""

    name: str
    headline: str
    files: int
    picture: ChangedPicture | None
    gone: str = ""

    @property
    def views(self) -> dict[str, bytes]:
        return self.picture.views if self.picture else {}

    @property
    def summary(self) -> str:
        if self.picture and "after" not in self.views:
            return f"no longer published{': ' if self.gone else ''}{self.gone}"
        if self.picture and "before" not in self.views:
            return f"new, {self.files} files"
        looks = self.picture.looks if self.picture else "no picture looks different"
        return f"{looks} ({self.files} file{'s' if self.files > 1 else ''} changed)"


@dataclass(frozen=True)
class Changes:
    """What changed in one edition. `news` says that it is new or gone, `files` are changed files not shown above."""

    edition: str
    news: str = ""
    numbers: list[ChangedNumber] = field(default_factory=list)
    verdicts: list[ChangedVerdict] = field(default_factory=list)
    texts: list[ChangedText] = field(default_factory=list)
    graphics: list[ChangedGraphic] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.news or self.numbers or self.texts or self.graphics or self.files)

    @property
    def headlines(self) -> list[ChangedText]:
        return [text for text in self.texts if place_rank(text.place) == 0]

    @property
    def sentences(self) -> list[ChangedText]:
        """The texts that are no headlines."""
        return [text for text in self.texts if place_rank(text.place) > 0]


class Comparison(NamedTuple):
    """What changed in the sources, and in each edition that changed, the default one first."""

    causes: list[Cause]
    editions: list[Changes]


def compare(before: Project, after: Project) -> Comparison:
    old, new = ({one.edition: one for one in record.read_all(project)} for project in (before, after))
    found = []
    for name in dict.fromkeys([*new, *old]):
        if name in old and name in new:
            found.append(_edition(before, after, old[name], new[name]))
        else:
            found.append(Changes(name, "is new" if name in new else "is no longer published"))
    labels = {entry.id: entry.label for one in (*old.values(), *new.values()) for entry in one.ledger}
    return Comparison(list(causes.find(before, after, labels)), [changes for changes in found if changes])


def place_rank(place: str) -> int:
    """How soon a reader meets a place: headlines first, then other parts, fact check, notebooks."""
    kind, _, part = Place.parse(place)
    if kind == "fact check":
        return len(PARTS)
    return PARTS.index(part) if part in PARTS and kind == "graphic" else len(PARTS) + 1


def _edition(before: Project, after: Project, old: Publication, new: Publication) -> Changes:
    changed = _changed_files(before, after, new.edition)
    shown = {f"figures/{new.edition}/{name}" for name in (index.INDEX, index.PAGE, index.SUMS)}
    shown |= {file for one in (old, new) for files in one.files.values() for file in files}
    return Changes(
        new.edition,
        numbers=sorted(_numbers(old, new), key=lambda number: number.rank),
        verdicts=list(_verdicts(old, new)),
        texts=_texts(old, new),
        graphics=list(_graphics(before, after, old, new, changed)),
        files=[name for name in changed if name not in shown],
    )


# --- Numbers ---


def _numbers(old: Publication, new: Publication) -> Iterator[ChangedNumber]:
    then, now = ({entry.id: entry for entry in one.ledger} for one in (old, new))
    for id in dict.fromkeys([*now, *then]):
        before, after = then.get(id), now.get(id)
        if before != after:
            places = [str(place) for one in (new, old) for place in one.ledger.printed.get(id, ())]
            reasons = tuple(_reasons(old.ledger, new.ledger, before, after))
            texts = before.qualified if before else "", after.qualified if after else ""
            printed = tuple(dict.fromkeys(places))
            yield ChangedNumber(id, (then | now)[id].label, *texts, reasons, printed, _moved(before, after))


def _moved(before: Entry | None, after: Entry | None) -> float:
    if before is None or after is None or before.value is None or after.value is None:
        return 1.0
    return abs(after.value - before.value) / abs(before.value) if before.value else float(after.value != before.value)


def _reasons(old: Ledger, new: Ledger, before: Entry | None, after: Entry | None) -> Iterator[str]:
    """Why a number changed: its own words, its formula or the inputs that moved."""
    if before is None or after is None:
        yield "new" if before is None else "no longer reported or calculated"
        return
    if before.as_reported != after.as_reported:
        yield f"data/raw: “{before.as_reported}” is now “{after.as_reported}”"
    if before.formula != after.formula:
        yield f"formula: {before.formula} is now {after.formula}"
    for name in after.inputs.split():
        if name in old and _differ(old[name], new[name]):
            yield f"{name}: {_exactly(old[name])} → {_exactly(new[name])}"
    if _differ(before, after):
        if after.status == "chosen":
            yield f"parameter: {_exactly(before)} → {_exactly(after)}"
        if before.text == after.text:
            yield f"prints the same, unrounded {_exactly(before)} → {_exactly(after)}"
    for name in DESCRIPTIONS:
        was, now = (str(getattr(entry, name) or "nothing") for entry in (before, after))
        if was != now:
            yield f"{name.replace('_', ' ')}: “{was}” is now “{now}”"


def _differ(before: Entry, after: Entry) -> bool:
    return any(getattr(before, name) != getattr(after, name) for name in VALUES)


def _exactly(entry: Entry) -> str:
    if entry.is_date:
        return entry.text
    bounds = "" if entry.low == entry.high else f" ({_plain(entry.low)} to {_plain(entry.high)})"
    return f"{_plain(entry.value)}{bounds}"


def _plain(value: float | None) -> str:
    if value is None:
        return "a range"
    return "no limit" if math.isinf(value) else f"{value:.10g}"


# --- Texts, graphics and files ---


def _texts(old: Publication, new: Publication) -> list[ChangedText]:
    """Of a notebook, only texts that print numbers of their own: it also shows what the fact check has."""
    numbered = {str(place) for one in (new, old) for places in one.ledger.printed.values() for place in places}
    places = [
        place
        for place in dict.fromkeys([*new.texts, *old.texts])
        if place in numbered or Place.parse(place).kind != "notebook"
    ]
    texts = (ChangedText(place, old.texts.get(place, ""), new.texts.get(place, "")) for place in places)
    return sorted((each for each in texts if each.old != each.new), key=lambda each: place_rank(each.place))


def _verdicts(old: Publication, new: Publication) -> Iterator[ChangedVerdict]:
    for place in dict.fromkeys([*new.verdicts, *old.verdicts]):
        (was_claim, was), (claim, now) = (one.verdicts.get(place, ("", "")) for one in (old, new))
        if was != now:
            yield ChangedVerdict(place, claim or was_claim, was, now)


def _graphics(
    before: Project, after: Project, old: Publication, new: Publication, changed: list[str]
) -> Iterator[ChangedGraphic]:
    headlines = {place: text for place, text in (old.texts | new.texts).items() if place.endswith(": headline")}
    for place, headline in headlines.items():
        name = Place.parse(place).name
        own = dict.fromkeys([*new.files.get(name, ()), *old.files.get(name, ())])
        if files := [file for file in own if file in changed and not file.endswith(index.PAGE)]:
            gone = index.left_out(after.processed(new.edition), name)
            yield ChangedGraphic(name, headline, len(files), _picture(before, after, files), gone)


def _picture(before: Project, after: Project, files: list[str]) -> ChangedPicture | None:
    """The first of the changed pictures that looks different. Raises Problems for a file that is no picture.

    SVGs are compared by their elements; PNGs, of which some have no SVG beside them, pixel by pixel.
    """
    vectors = [name for name in files if name.endswith(".svg") and not name.endswith("-outlined.svg")]
    for name in [*vectors, *(name for name in files if name.endswith(".png"))]:
        old, new = _bytes(before, name), _bytes(after, name)
        views = {view: content for view, content in (("before", old), ("after", new)) if content}
        if len(views) < 2:
            return ChangedPicture(name, "", views)
        looks, overlay = (elements if name in vectors else pixels).compare(old, new, name)
        if looks:
            return ChangedPicture(name, looks, views | {"changed": overlay})
    return None


def _changed_files(before: Project, after: Project, edition: str) -> list[str]:
    paths = {
        path.relative_to(project.root).as_posix()
        for project in (before, after)
        for folder in (project.processed(edition), project.published(edition))
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    return sorted(name for name in paths if _bytes(before, name) != _bytes(after, name))


def _bytes(project: Project, name: str) -> bytes:
    file = project.root / name
    return file.read_bytes() if file.is_file() else b""
