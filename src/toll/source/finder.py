"""Finds the quantities of a text: where each stands, its words, and what they say as a number.

At the start of each word the kinds are tried in order, and the first whose words can be read decides. A name with
digits is passed over, a word that gives no number is left out with the reason, and dates and figures are read by
`quantity.parse`, the grammar of the raw tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from toll.source import quantity
from toll.source import text_patterns as patterns
from toll.source.numerals import CURRENCIES, PERCENT, SHARE
from toll.source.quantity import DATE, Quantity

FIGURE, LEFT_OUT, NAME = "figure", "left out", "name"
Reader = Callable[[re.Match[str], str, str], "Found | None"]


class Found(NamedTuple):
    """A quantity and its place in the text. `why` says why it is left out, or why a figure cannot be read.

    `unit` is empty where it isn't plain.
    """

    start: int
    words: str
    kind: str
    quantity: Quantity | None = None
    unit: str = ""
    why: str = ""

    @property
    def end(self) -> int:
        return self.start + len(self.words)

    @property
    def is_unread(self) -> bool:
        return self.kind == FIGURE and self.quantity is None


# --- How each kind is read from a match and what stands before and after it; None means to try the next ---


def _name(match: re.Match[str], before: str, after: str) -> Found | None:
    return Found(match.start(), match[0], NAME)


def _titled(match: re.Match[str], before: str, after: str) -> Found | None:
    """A number is part of a name if a capital before it, or its own, is not that of a sentence."""
    begins = patterns.SENTENCE.search(before) and (not match["number"] or patterns.OPENER.match(match[0]))
    counted = match["number"] and (patterns.NOUN.match(after) or patterns.MEASURED.match(after))
    return None if begins or counted or patterns.MONTH_OR_DAY.match(match[0]) else _name(match, before, after)


def _score(match: re.Match[str], before: str, after: str) -> Found | None:
    ascending = int(match["first"]) < int(match["second"])
    return None if ascending and not patterns.SCORES.search(before) else _name(match, before, after)


def _left_out(why: str) -> Reader:
    return lambda match, before, after: Found(match.start(), match[0], LEFT_OUT, why=why)


def _date(match: re.Match[str], before: str, after: str) -> Found | None:
    try:
        return Found(match.start(), match[0], DATE, quantity.parse(match[0], DATE, whole=False), DATE)
    except ValueError:
        return None


def _month(match: re.Match[str], before: str, after: str) -> Found | None:
    """May, March and August are names and verbs as well; the coldest January is no date."""
    named = re.match(r"[’']| [A-Z][a-z]", after) or match[0] in ("May", "March")
    if (named and not patterns.BEFORE_MONTH.search(before)) or before.endswith("est "):
        return None
    return _date(match, before, after)


def _year(match: re.Match[str], before: str, after: str) -> Found | None:
    """Four digits are a year, unless things follow that can be counted."""
    counted = patterns.NOUN.match(after) or patterns.MEASURED.match(after)
    return None if counted and not patterns.BEFORE_YEAR.search(before) else _date(match, before, after)


def _figure(match: re.Match[str], before: str, after: str) -> Found | None:
    groups = match.groupdict()
    if groups.get("low") and patterns.CHANGES.search(before):
        return None  # it went from one number to another
    qualifier = (groups.get("before") or "").strip()
    if qualifier.lower() == "over" and patterns.SPAN.match(after) and not patterns.LASTS.search(before):
        return None  # “over three days” is in their course
    unit = _unit(match[0].removeprefix(qualifier).strip(), after, groups)
    aged = qualifier and patterns.AGED.search(before) and not patterns.NOUN.match(after)
    return _read(match, (unit, not unit and not aged), (unit, False), (PERCENT, False))


def _unit(words: str, after: str, groups: dict[str, str | None]) -> str:
    """The unit that the words themselves, or the ones behind them, make plain."""
    if groups.get("fraction") or groups.get("share") or patterns.PERCENTAGE.search(words):
        return SHARE
    for unit, sign in CURRENCIES.items():
        if re.match(f"(?:between )?(?:{sign})(?=[0-9])", words, re.IGNORECASE):
            return unit
    measured = patterns.MEASURED.match(after)
    units = (unit for pattern, unit in patterns.UNITS if measured and pattern.fullmatch(measured["measure"]))
    return f"{(measured and measured['power']) or ''}{next(units, '')}"


def _ordinal(match: re.Match[str], before: str, after: str) -> Found | None:
    """“First” and “second” count only before a noun and after an article or the like: “at first” does not."""
    placed = patterns.ARTICLE.search(before) and re.match(r"[ -]\w", after)
    adverb = match[0].lower() in ("first", "second") and not placed
    return None if adverb or patterns.JOINED.match(after) else _read(match, ("", True))


def _read(match: re.Match[str], *ways: tuple[str, bool]) -> Found:
    """The words read with the first unit, and as a count or not, that they allow."""
    for unit, whole in ways:
        try:
            read = quantity.parse(re.sub("^[−-]", "minus ", match[0]), unit, whole=whole)
            return Found(match.start(), match[0], FIGURE, read, unit)
        except ValueError as error:
            why = str(error)
    return Found(match.start(), match[0], FIGURE, why=why)


KINDS: tuple[tuple[re.Pattern[str], Reader], ...] = (
    *((pattern, _left_out(why)) for why, pattern in patterns.LEFT_OUT.items()),
    *((pattern, _date) for pattern in patterns.DATES),
    *((pattern, _name) for pattern in patterns.NAMES),
    (patterns.SCORE, _score),
    (patterns.TITLED, _titled),
    (patterns.MONTH_ALONE, _month),
    (patterns.YEAR_ALONE, _year),
    (patterns.ORDINALS_ALONE, _ordinal),
    *((pattern, _figure) for pattern in patterns.FIGURES),
)


def find(text: str) -> list[Found]:
    """The quantities of one paragraph, in order."""
    return [found for found in _scan(text) if found.kind != NAME]


def _scan(text: str) -> Iterator[Found]:
    at = 0
    while start := patterns.START.search(text, at):
        at = start.start()
        if found := _at(text, at):
            yield found
        rest = patterns.REST.match(text, at)
        at = found.end if found else rest.end() if rest else len(text)


def _at(text: str, at: int) -> Found | None:
    """What stands at a place of the text: the first kind that holds, or else the first that is a puzzle."""
    puzzle = None
    for pattern, reader in KINDS:
        match = pattern.match(text, at)
        found = reader(match, text[:at], text[match.end() :]) if match else None
        if found and not found.is_unread:
            return found
        puzzle = puzzle or found
    return puzzle
