"""Anchors: where in the article each figure stands, and a fingerprint of the words around it.

An anchor holds the paragraph, the place in it and the SHA-256 of a window of text, never the text. So a person's own
copy of the article can be compared with the one that the figures were taken from, figure by figure, although the
article is not part of the project.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from toll.problems import Problem, Problems
from toll.project import Project
from toll.source import raw

WINDOW = 60  # characters on each side of the exact words, within their paragraph
SENTENCE_ENDS = (".", "!", "?", "”", '"')
UNCHANGED, AROUND, MOVED, GONE, NEW = "unchanged", "changed around the figure", "moved", "gone", "not anchored"
VERDICTS = (UNCHANGED, AROUND, MOVED, GONE, NEW)
ELSEWHERE = "changed elsewhere"
RECORD = "toll check --article FILE --anchor"


@dataclass(frozen=True)
class Anchor:
    """`offset` is the number of characters of the normalised paragraph before the exact words of row `id`."""

    line: int
    table: str
    id: str
    paragraph: int
    offset: int
    window_sha256: str


def _offset(cell: str) -> int:
    return int(raw.matching("0|[1-9][0-9]{0,8}")(cell))


TABLE = raw.Table(
    "anchors.csv",
    Anchor,
    ("table", "id"),
    (
        raw.Column("table", raw.matching("figures|claims"), "figures or claims", f"Write the file anew: {RECORD}."),
        raw.ID,
        replace(raw.LOCATOR, name="paragraph", required=True),
        raw.Column("offset", _offset, "a number of characters", f"Write the file anew: {RECORD}."),
        raw.Column("window_sha256", raw.matching("[0-9a-f]{64}"), "a SHA-256", f"Write the file anew: {RECORD}."),
    ),
    rows_required=False,
)


@dataclass(frozen=True)
class Quote:
    """A row of the raw tables that quotes the article, and what was found of it in a text.

    `places` has the (paragraph, offset) of each occurrence of its exact words.
    """

    table: raw.Table
    row: raw.Figure | raw.Claim
    places: tuple[tuple[int, int], ...]

    @property
    def here(self) -> list[tuple[int, int]]:
        return [place for place in self.places if place[0] == self.row.locator]


def check(project: Project, article: Path) -> tuple[list[Problem], dict[str, int]]:
    """What of the tables is not where they say it is in a person's own copy of the article, and how many quotes have
    which verdict.

    The copy is plain text in UTF-8 with blank lines between paragraphs. Problems of the tables themselves come first:
    when there are any, the text is not compared.
    """
    try:
        tables, anchors = raw.read(project), {(a.table, a.id): a for a in raw.read_table(project, TABLE)}
        text = raw.decoded(article, str(article))
    except Problems as unreadable:
        return unreadable.problems, {}
    texts = paragraphs(text)
    quotes = list(_quotes(tables, texts))
    found = [_verdict(project, quote, anchors.get(_key(quote)), texts) for quote in quotes]
    problems = [problem for _, problem in found if problem]
    counts = Counter(verdict for verdict, _ in found)
    if new := [quote.row.id for quote, (verdict, _) in zip(quotes, found, strict=True) if verdict == NEW]:
        missing = f"no anchor for {', '.join(new)}"
        problems.append(
            Problem.old(
                raw.path(project, TABLE),
                None,
                None,
                missing,
                "one for each row that quotes it",
                f"If the words are right: {RECORD}.",
            )
        )
    used = next((source.text_sha256 for source in tables.sources if source.id == raw.ARTICLE), "")
    if fingerprint(text) != used:
        problems.append(_other_text(project, article, fingerprint(text), used, counts))
    return Problems(problems).problems, {verdict: counts[verdict] for verdict in VERDICTS if counts[verdict]}


def record(project: Project, article: Path) -> int:
    """Writes data/raw/anchors.csv from a copy of the article; returns the number of anchors.

    Raises Problems, and writes nothing, where a quote is not once in its paragraph.
    """
    texts = paragraphs(raw.decoded(article, str(article)))
    quotes = list(_quotes(raw.read(project), texts))
    if problems := [problem for quote in quotes if (problem := _misplaced(project, quote))]:
        raise Problems(problems)
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(TABLE.names)
    for quote in quotes:
        (paragraph, offset) = quote.here[0]
        writer.writerow([*_key(quote), paragraph, offset, window(texts, paragraph, offset, quote.row.exact)])
    (project.raw / TABLE.file).write_text(lines.getvalue(), "utf-8", newline="\n")
    return len(quotes)


def unanchored(project: Project) -> list[str]:
    """What of the tables has no anchor, or one for another paragraph; nothing is wrong with it yet. Raises Problems."""
    anchors = {(anchor.table, anchor.id): anchor.paragraph for anchor in raw.read_table(project, TABLE)}
    quotes = [Quote(table, row, ()) for table, row in _quoting(raw.read(project))]
    return [quote.row.id for quote in quotes if anchors.get(_key(quote)) != quote.row.locator]


def _quoting(tables: raw.Raw) -> Iterator[tuple[raw.Table, raw.Figure | raw.Claim]]:
    for table, rows in ((raw.FIGURES, tables.figures), (raw.CLAIMS, tables.claims)):
        yield from ((table, row) for row in rows if row.source == raw.ARTICLE)


def _quotes(tables: raw.Raw, texts: list[str]) -> Iterator[Quote]:
    for table, row in _quoting(tables):
        exact = folded(row.exact)
        places = ((n, offset) for n, text in enumerate(texts, 1) for offset in raw.places(exact, text))
        yield Quote(table, row, tuple(places))


def _key(quote: Quote) -> tuple[str, str]:
    return quote.table.file.removesuffix(".csv"), quote.row.id


# --- The text ---


def fingerprint(text: str) -> str:
    """The SHA-256 of a text in Unicode NFC with every stretch of white space folded to one space."""
    return hashlib.sha256(folded(text).encode()).hexdigest()


def paragraphs(text: str) -> list[str]:
    """The paragraphs of an article, without headline, byline and date, which end without a full stop."""
    blocks = [folded(block) for block in re.split(r"\r?\n\s*\n", text) if block.strip()]
    first = next((n for n, block in enumerate(blocks) if block.endswith(SENTENCE_ENDS)), 0)
    return blocks[first:]


def folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def window(texts: list[str], paragraph: int, offset: int, exact: str) -> str:
    """The SHA-256 of the exact words with what surrounds them."""
    end = offset + len(folded(exact)) + WINDOW
    return fingerprint(texts[paragraph - 1][max(0, offset - WINDOW) : end])


# --- The verdict on one figure ---


def _verdict(project: Project, quote: Quote, anchor: Anchor | None, texts: list[str]) -> tuple[str, Problem | None]:
    same = [
        (paragraph, offset)
        for paragraph, offset in quote.places
        if anchor and window(texts, paragraph, offset, quote.row.exact) == anchor.window_sha256
    ]
    if problem := _misplaced(project, quote, bool(same)):
        return (MOVED if quote.places else GONE), problem
    if anchor is None:
        return NEW, None
    if not same:
        found = f"{quote.row.exact!r} {AROUND}: the words within {WINDOW} characters of it are others"
        do = f"Read paragraph {quote.row.locator} again: does the figure still mean the same? If so: {RECORD}."
        return AROUND, _problem(project, quote, "exact", found, "the surroundings that were anchored", do)
    return UNCHANGED, None


def _misplaced(project: Project, quote: Quote, same: bool = False) -> Problem | None:
    """What is wrong where the words are not once in their paragraph; `same` if their surroundings are found anew."""
    row, elsewhere = quote.row, list(dict.fromkeys(str(paragraph) for paragraph, _ in quote.places))
    if len(quote.here) == 1:
        return None
    if quote.here:
        found = f"{row.exact!r} {len(quote.here)} times in paragraph {row.locator}"
        return _problem(project, quote, "exact", found, "it once", "Add a neighbouring word.")
    if elsewhere:
        expected = f"{' or '.join(elsewhere)}, where the words {row.exact!r} are"
        do = "Correct the number." if same else "Read it there: its surroundings are others. Then correct the number."
        return _problem(project, quote, "locator", repr(str(row.locator)), expected, do)
    found, expected = f"{row.exact!r}, which is nowhere in the text", f"words of paragraph {row.locator}"
    do = "Copy them from the text, its quotation marks too."
    return _problem(project, quote, "exact", found, expected, do)


def _problem(project: Project, quote: Quote, column: str, found: str, expected: str, do: str) -> Problem:
    return Problem.old(raw.path(project, quote.table), quote.row.line, column, found, expected, do)


def _other_text(project: Project, article: Path, is_: str, used: str, counts: Counter[str]) -> Problem:
    what = (
        f"{ELSEWHERE} only"
        if counts.total() == counts[UNCHANGED]
        else ", ".join(f"{counts[name]} {name}" for name in VERDICTS if counts[name])
    )
    found = f"a text with sha256 {is_} ({what})"
    do = f"Compare the copies; if yours is the better one, put its sha256 into {raw.path(project, raw.SOURCES)}."
    return Problem.old(str(article), None, None, found, f"the text used, sha256 {used or 'unknown'}", do)
