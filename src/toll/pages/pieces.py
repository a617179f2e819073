"""Texts in pieces, each with the number that it prints, so that a page can lead from one to the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from toll.graphics.theme import LABELS
from toll.ledger import words

if TYPE_CHECKING:
    from toll.ledger.ledger import Ledger

Piece = tuple[str, str | None]  # of a text, and the id of the number that it prints


def finder(numbers: Iterable[dict[str, Any]], places: set[str], ledger: Ledger) -> Callable[[str], list[Piece]]:
    """A function that takes a text apart at the numbers that are printed in `places`, in any of their forms.

    A form that two numbers share, such as “2014”, stays without: only the template knows which is meant. It is the
    number's own where only one of them looks like that itself, and the other has it as its year, say.
    """
    own: dict[str, str | None] = {}
    others: dict[str, str | None] = {}
    for number in numbers:
        if places & set(number["printed_in"]):
            first, *more = _forms(ledger, number["id"])
            for forms, found in (([first], own), (more, others)):
                for form in forms:
                    found[form] = number["id"] if found.get(form, number["id"]) == number["id"] else None
    ids = others | own
    alternatives = "|".join(re.escape(form) for form in sorted(ids, key=len, reverse=True)) or r"(?!)"
    pattern = re.compile(rf"(?<![\w.,])({alternatives})(?!\w|[.,]\w)", re.IGNORECASE)
    return lambda text: [(piece, ids.get(piece.lower())) for piece in pattern.split(text) if piece]


def of(graphic: dict[str, Any], part: str, ledger: Ledger) -> list[Piece]:
    """A text of a graphic in pieces. The source at the end of a caption, whose date is no number, stays whole."""
    text = graphic["caption"] if part == "caption" else graphic["furniture"][part]
    text, label, source = text.partition(LABELS["source"])
    places = {"headline", "deck"} if part == "caption" else {part}
    return [*finder(graphic["numbers"], places, ledger)(text), *((piece, None) for piece in (label, source) if piece)]


def _forms(ledger: Ledger, id: str) -> list[str]:
    return [form.replace("\u00a0", " ").lower() for form in words.forms(ledger[id])]
