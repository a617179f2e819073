"""`toll read`: every quantity of a text, and whether a row of figures.csv claims it, it is left out, or it is open."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterator
from json import dumps
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

from toll.problems import Problem, Where, quoted
from toll.project import Project
from toll.source import quantity, raw
from toll.source.article import blocks, folded
from toll.source.documents import read_article
from toll.source.finder import LEFT_OUT, Found, find
from toll.source.quantity import Quantity
from toll.source.rules import places
from toll.source.schema import FIGURES, LEFT_OUT_TABLE, LONGEST_EXACT, Figure, LeftOut

OPEN_EXIT = 3


class Paragraph(NamedTuple):
    """A block of the text; `number` is how the tables count it: from 1, and 0 for all above the first paragraph."""

    block: int
    number: int
    text: str


class Item(NamedTuple):
    """A quantity of the text; `claims` are the figures that are it, and `why` says why it is left out or not read."""

    paragraph: Paragraph
    found: Found
    claims: tuple[Figure, ...]
    why: str

    @property
    def is_left_out(self) -> bool:
        return not self.claims and (self.found.kind == LEFT_OUT or (bool(self.why) and not self.found.is_unread))

    @property
    def state(self) -> str:
        return "claimed" if self.claims else "left out" if self.is_left_out else "open"

    @property
    def quantity(self) -> Quantity | None:
        """As the first row that claims it reads it, which knows more than the words: how they were rounded."""
        return self.claims[0].reading if self.claims else self.found.quantity


def read(project: Project, *, article: str, draft: bool = False, json: bool = False) -> int:
    """Shows the quantities of a text; returns 3 if any is open. Raises Problems."""
    paragraphs = _paragraphs(Path(article))
    items = list(_items(project, paragraphs))
    if json:
        print(dumps([_record(item) for item in items], indent=1, ensure_ascii=False))
    elif draft:
        csv.writer(sys.stdout, lineterminator="\n").writerows(_drafts(items))
    else:
        _show(paragraphs, items)
    return OPEN_EXIT if any(item.state == "open" for item in items) else 0


def unaccounted(project: Project, file: Path) -> list[Problem]:
    """Quantities of a text that are open, and rows of left_out.csv that leave out none of them. Raises Problems."""
    items = list(_items(project, _paragraphs(file)))
    problems = [
        Problem(
            Where(str(file), None, f"paragraph {item.paragraph.number}"),
            f"{quoted(item.found.words)} is neither in {FIGURES.file} nor in {LEFT_OUT_TABLE.file}. {item.why}".strip(),
            "Enter it, with the help of `toll read FILE --draft`, or leave it out with a reason.",
        )
        for item in items
        if item.state == "open"
    ]
    for row in raw.read_table(project, LEFT_OUT_TABLE):
        if not any(_covers(row, item.paragraph, item.found) for item in items):
            where = Where(LEFT_OUT_TABLE.shown(project), row.line, "words")
            message = f"{quoted(row.words)} contains no quantity of paragraph {row.paragraph}."
            problems.append(Problem(where, message, "Correct the row, or remove it."))
    return problems


def _paragraphs(file: Path) -> list[Paragraph]:
    texts, first = blocks(read_article(file))
    return [Paragraph(n, max(0, n - first), text) for n, text in enumerate(texts, 1)]


def _items(project: Project, paragraphs: list[Paragraph]) -> Iterator[Item]:
    tables = raw.read(project)
    sources = {source.id for source in tables.full_texts}
    figures = [figure for figure in tables.figures if figure.source in sources]
    left_out = raw.read_table(project, LEFT_OUT_TABLE)
    for paragraph in paragraphs:
        for found in find(folded(paragraph.text)):
            claims = tuple(figure for figure in figures if _claims(figure, paragraph, found))
            reasons = [row.reason for row in left_out if _covers(row, paragraph, found)]
            yield Item(paragraph, found, claims, "" if claims else next(iter(reasons), found.why))


def _claims(figure: Figure, paragraph: Paragraph, found: Found) -> bool:
    """Whether the number of a row, within its exact words, is among the words that were found."""
    exact, number = folded(figure.exact), quantity.core(figure.as_reported)
    return figure.locator == paragraph.number and any(
        found.start < start + offset + len(number) and start + offset < found.end
        for start in places(exact, folded(paragraph.text))
        for offset in places(number, exact.lower())
    )


def _covers(row: LeftOut, paragraph: Paragraph, found: Found) -> bool:
    return row.paragraph == paragraph.number and any(
        start <= found.start and found.end <= start + len(row.words)
        for start in places(folded(row.words), folded(paragraph.text))
    )


# --- What is printed ---


def _record(item: Item) -> dict[str, Any]:
    """An item for programs; a bound that is open, or unknown, is null."""
    read = item.quantity or Quantity(None, None, None, "")
    numbers = {name: getattr(read, name) for name in ("value", "low", "high")}
    return {
        "paragraph": item.paragraph.block,
        "start": _start(item),
        "words": item.found.words,
        **{name: number if number is not None and isfinite(number) else None for name, number in numbers.items()},
        "qualifier": read.qualifier or None,
        "kind": LEFT_OUT if item.is_left_out else item.found.kind,
        "claimed_by": [figure.id for figure in item.claims],
        "why": item.why or None,
    }


def _start(item: Item) -> int:
    """The offset in the block as it is in the file, whose white space may not be folded."""
    text = item.paragraph.text
    kept = [n for n, letter in enumerate(text) if not (letter.isspace() and text[n - 1 : n].isspace())]
    return kept[item.found.start]


def _drafts(items: list[Item]) -> Iterator[list[str]]:
    """A row of figures.csv for each open quantity, as far as the text makes it plain."""
    for number, item in enumerate((item for item in items if item.state == "open"), 1):
        known = {
            "id": f"new_{number}",
            "as_reported": item.found.words,
            "unit": item.found.unit,
            "locator": str(item.paragraph.number or ""),
            "exact": _exact(item),
        }
        yield [known.get(column, "") for column in FIGURES.columns]


def _exact(item: Item) -> str:
    """The shortest words that hold the number and stand once in the paragraph, if six are enough for that."""
    text, words = folded(item.paragraph.text), item.found.words
    start = item.found.start + words.lower().index(quantity.core(words))
    end = start + len(quantity.core(words))
    while end < len(text) and text[end] not in " ,.;:!?”)":
        end += 1
    while len(places(text[start:end], text)) > 1 and len(text[start:end].split()) < LONGEST_EXACT and end < len(text):
        end = text.find(" ", end + 1) if " " in text[end + 1 :] else len(text)
    return text[start:end]


def _show(paragraphs: list[Paragraph], items: list[Item]) -> None:
    """The paragraphs with what is open in double brackets, what is left out below each, and the sum."""
    for paragraph in paragraphs:
        own = [item for item in items if item.paragraph == paragraph]
        marked, at, text = "", 0, folded(paragraph.text)
        for item in (item for item in own if item.state == "open"):
            marked += f"{text[at : item.found.start]}[[{item.found.words}]]"
            at = item.found.end
        print(f"{paragraph.number or '':>3}  {marked}{text[at:]}")
        for item in own:
            if item.why:
                print(f"     {item.state}: {quoted(item.found.words)}. {item.why}")
    counts = Counter(item.state for item in items)
    states = ", ".join(f"{counts[state]} {state}" for state in ("claimed", "left out", "open"))
    print(f"{len(items)} quantities: {states}")
