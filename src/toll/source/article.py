"""Anchors: where in the full text each figure stands, and a fingerprint of the words around it.

An anchor holds the paragraph, the place in it and the SHA-256 of a window of text, never the text. So anyone's copy of
the article can be compared, figure by figure, with the one that the figures were taken from, although the article is
not part of the project.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from toll.problems import Problem, Problems, Where, quoted
from toll.project import Project
from toll.source import raw
from toll.source.documents import read_article
from toll.source.rules import places
from toll.source.schema import ANCHORS, CLAIMS, FIGURES, SOURCES, Anchor, Claim, Figure, Source, Table

WINDOW = 60  # characters on each side of the exact words, within their paragraph
SENTENCE_ENDS = (".", "!", "?", "”", '"')
UNCHANGED, AROUND, MOVED, GONE, NEW = "unchanged", "changed around the figure", "moved", "gone", "not anchored"
VERDICTS = (UNCHANGED, AROUND, MOVED, GONE, NEW)
RECORD = "toll check --article FILE --anchor"


class Quote(NamedTuple):
    """A row of a raw table that quotes the full text, and the (paragraph, offset) of each place where a copy has it."""

    table: Table
    row: Figure | Claim
    places: tuple[tuple[int, int], ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        return self.table.file.removesuffix(".csv"), self.row.id

    @property
    def here(self) -> list[tuple[int, int]]:
        return [place for place in self.places if place[0] == self.row.locator]

    def problem(self, project: Project, column: str, message: str, hint: str) -> Problem:
        return Problem(Where(self.table.shown(project), self.row.line, column), message, hint)


def check(project: Project, file: Path) -> tuple[list[Problem], dict[str, int]]:
    """Compares a copy of the full text with the tables: the problems, and how many quotes have which verdict.

    The copy is plain text in UTF-8 with blank lines between paragraphs, a web page or a Word document. If the tables
    have problems of their own, these are all that is returned.
    """
    try:
        tables, anchors = raw.read(project), {(row.table, row.id): row for row in raw.read_table(project, ANCHORS)}
        source, text = full_text(project, tables), read_article(file)
    except Problems as unreadable:
        return unreadable.problems, {}
    texts = paragraphs(text)
    quotes = list(_found(_quotes(tables, source), texts))
    judged = [_verdict(project, quote, anchors.get(quote.key), texts) for quote in quotes]
    counts = Counter(verdict for verdict, _ in judged)
    verdicts = {verdict: counts[verdict] for verdict in VERDICTS if counts[verdict]}
    problems = [problem for _, problem in judged if problem]
    if new := [quote.row.id for quote, (verdict, _) in zip(quotes, judged, strict=True) if verdict == NEW]:
        hint = f"If the words are right, run `{RECORD}`."
        problems.append(Problem(Where(ANCHORS.shown(project)), f"There is no anchor for {', '.join(new)}.", hint))
    if fingerprint(text) != source.text_sha256:
        problems.append(_other_text(project, file, fingerprint(text), source.text_sha256, verdicts))
    return Problems(problems).problems, verdicts


def record(project: Project, file: Path) -> int:
    """Writes data/raw/anchors.csv from a copy of the full text; returns the number of anchors.

    Raises Problems, and writes nothing, where a quote is not once in its paragraph.
    """
    tables = raw.read(project)
    texts = paragraphs(read_article(file))
    quotes = list(_found(_quotes(tables, full_text(project, tables)), texts))
    if problems := [problem for quote in quotes if (problem := _misplaced(project, quote))]:
        raise Problems(problems)
    rows = [(*quote.key, *quote.here[0], window(texts, *quote.here[0], quote.row.exact)) for quote in quotes]
    raw.write_table(project, ANCHORS, rows)
    return len(rows)


def unanchored(project: Project) -> list[str]:
    """Figures and claims without an anchor, or with one for another paragraph. Raises Problems."""
    tables = raw.read(project)
    anchors = {(anchor.table, anchor.id): anchor.paragraph for anchor in raw.read_table(project, ANCHORS)}
    quotes = [quote for source in tables.full_texts for quote in _quotes(tables, source)]
    return [quote.row.id for quote in quotes if anchors.get(quote.key) != quote.row.locator]


def full_text(project: Project, tables: raw.Raw) -> Source:
    """The source whose text a copy is compared with. Raises Problems unless there is just one."""
    match tables.full_texts:
        case (source,):
            return source
        case ():
            message, hint = "No source is a full text.", "Give the source that you have the kind “full text”."
        case several:
            message = f"Several sources are full texts: {', '.join(source.id for source in several)}."
            hint = "Only one can be compared; call the others excerpts."
    raise Problems([Problem(Where(SOURCES.shown(project), None, "kind"), message, hint)])


def _quotes(tables: raw.Raw, source: Source) -> Iterator[Quote]:
    for table, rows in ((FIGURES, tables.figures), (CLAIMS, tables.claims)):
        yield from (Quote(table, row) for row in rows if row.source == source.id)


def _found(quotes: Iterator[Quote], texts: list[str]) -> Iterator[Quote]:
    for quote in quotes:
        exact = folded(quote.row.exact)
        found = ((number, offset) for number, text in enumerate(texts, 1) for offset in places(exact, text))
        yield quote._replace(places=tuple(found))


# --- The text ---


def fingerprint(text: str) -> str:
    """The SHA-256 of a text in Unicode NFC with every stretch of white space folded to one space."""
    from toll.digests import sha256

    return sha256(folded(text).encode())


def paragraphs(text: str) -> list[str]:
    """The paragraphs of an article, without headline, byline and date."""
    texts, first = blocks(text)
    return [folded(block) for block in texts[first:]]


def blocks(text: str) -> tuple[list[str], int]:
    """What stands between blank lines, and how many of these come before the first that ends as a sentence does."""
    texts = [block.strip() for block in re.split(r"\r?\n\s*\n", unicodedata.normalize("NFC", text)) if block.strip()]
    return texts, next((n for n, block in enumerate(texts) if block.endswith(SENTENCE_ENDS)), 0)


def folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def window(texts: list[str], paragraph: int, offset: int, exact: str) -> str:
    """The SHA-256 of the exact words with what surrounds them."""
    end = offset + len(folded(exact)) + WINDOW
    return fingerprint(texts[paragraph - 1][max(0, offset - WINDOW) : end])


# --- The verdict on one figure ---


def _verdict(project: Project, quote: Quote, anchor: Anchor | None, texts: list[str]) -> tuple[str, Problem | None]:
    windows = {window(texts, *place, quote.row.exact) for place in quote.places}
    same = anchor is not None and anchor.window_sha256 in windows
    if problem := _misplaced(project, quote, same):
        return (MOVED if quote.places else GONE), problem
    if anchor is None:
        return NEW, None
    if same:
        return UNCHANGED, None
    message = f"What surrounds {quoted(quote.row.exact)} has changed."
    hint = f"Read paragraph {quote.row.locator} again. If the figure still means the same, run `{RECORD}`."
    return AROUND, quote.problem(project, "exact", message, hint)


def _misplaced(project: Project, quote: Quote, same: bool = False) -> Problem | None:
    """What is wrong if the words are not once in their paragraph; `same` if some place has the same surroundings."""
    words, paragraph, times = quoted(quote.row.exact), quote.row.locator, len(quote.here)
    if times == 1:
        return None
    if times:
        message = f"Paragraph {paragraph} has {words} {times} times."
        return quote.problem(project, "exact", message, "Add a neighboring word.")
    if not quote.places:
        message = f"{words} is not in the text; it should be in paragraph {paragraph}."
        return quote.problem(project, "exact", message, "Copy it from the text, quotation marks included.")
    elsewhere = " and ".join(dict.fromkeys(str(number) for number, _ in quote.places))
    hint = "Correct the number." if same else "Its surroundings changed too: read it there, then correct the number."
    return quote.problem(project, "locator", f"{words} is in paragraph {elsewhere}, not {paragraph}.", hint)


def _other_text(project: Project, file: Path, own: str, used: str, verdicts: dict[str, int]) -> Problem:
    what = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())
    if verdicts.keys() <= {UNCHANGED}:
        what = "changed elsewhere only"
    message = (
        f"This is not the text that the figures were taken from ({what}). Its sha256 is {own}; "
        f"{SOURCES.file} has {used or 'none'}."
    )
    hint = f"Compare the copies. If yours is the better one, put its sha256 into {SOURCES.shown(project)}."
    return Problem(Where(str(file)), message, hint)
