"""Disputed counts: several sources on the same quantity, place and period. All are shown, and none are averaged.

The preferred count is in use. The table sets the others beside it: who repeats whom, and what every number and headline
would be with another count. For that, the ledger evaluates its own formulas again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from operator import attrgetter
from typing import Any

import polars as pl

from toll.ledger.entry import CALCULATED, REPORTED, Entry, Place
from toll.ledger.ledger import SCHEMA as OF_LEDGER
from toll.ledger.ledger import Ledger

_OF_ENTRY = "id quantity place start end text low high unit source citation attributed_to"
_MORE = "origins in_use reason independent spread caveat effect headline"
_FLAGS = dict.fromkeys(("in_use", "independent"), pl.Boolean)
SCHEMA = {name: (_FLAGS | OF_LEDGER).get(name, pl.String) for name in f"{_OF_ENTRY} {_MORE}".split()}
YEAR = dt.timedelta(days=366)
_ABOUT = ("origins", "reason")  # what the cleaned figures know and the ledger does not


def table(ledger: Ledger, figures: pl.DataFrame, *graphics: str) -> pl.DataFrame:
    """One row for each count of `figures` that another source disputes, the one in use before the others.

    `figures` is the cleaned table, or some of its rows. `independent` is whether a count goes back to other origins
    than the one in use (null: not known); `effect` and `headline` are what the ledger's numbers and the headlines of
    `graphics` would be with it.
    """
    about = {row["id"]: row for row in figures.select("id", *_ABOUT).iter_rows(named=True)}
    rows = [row for in_use, group in _groups(ledger, about) for row in _rows(ledger, in_use, group, about, graphics)]
    return pl.DataFrame(rows, schema=SCHEMA)


def joined(*tables: pl.DataFrame) -> pl.DataFrame:
    """The tables of several parts as one. A count that is in several has one row, with the effects in all."""
    effects = [
        pl.col(name).str.split("; ").list.explode().replace("", None).drop_nulls().unique(maintain_order=True)
        for name in ("effect", "headline")
    ]
    rows = pl.concat([pl.DataFrame(schema=SCHEMA), *tables]).group_by("id", maintain_order=True)
    first = pl.exclude("id", "effect", "headline").first()
    return rows.agg(first, *(effect.str.join("; ") for effect in effects)).select(*SCHEMA)


def _groups(ledger: Ledger, about: Collection[str]) -> Iterator[tuple[Entry, list[Entry]]]:
    """The entries of several sources on the same thing at about the same time, and the one of them that is in use.

    What is dated by one day contends with other days, and a running total without a beginning with other such totals,
    up to a year away: a census of three years later counts something else.
    """
    used = {id for entry in ledger for id in entry.inputs.split()}
    groups: dict[tuple, list[Entry]] = {}
    for entry in ledger:
        if entry.id in about and entry.status == REPORTED and not entry.is_date and (entry.end or not entry.start):
            period = (entry.start, entry.end) if entry.start and entry.start != entry.end else bool(entry.start)
            groups.setdefault((entry.quantity, entry.place, entry.unit, period), []).append(entry)
    for group in groups.values():
        in_use = next((entry for entry in group if entry.id in used), group[0])
        near = [each for each in group if not (each.end and in_use.end) or abs(each.end - in_use.end) <= YEAR]
        if len({entry.source for entry in near}) > 1:
            yield in_use, near


def _rows(
    ledger: Ledger, in_use: Entry, group: list[Entry], about: dict[str, dict[str, Any]], graphics: tuple[str, ...]
) -> Iterator[dict[str, Any]]:
    ends = [min(group, key=attrgetter("middle")), max(group, key=attrgetter("middle"))]
    for entry in [in_use, *(other for other in group if other is not in_use)]:
        origins = [set(about[each.id]["origins"].split()) for each in (entry, in_use)]
        changed = ledger if entry is in_use else ledger.what_if(in_use.id, entry)
        yield {
            **{name: getattr(entry, name) for name in (*_OF_ENTRY.split(), "caveat")},
            **{name: about[entry.id][name] for name in _ABOUT},
            "in_use": entry is in_use,
            "independent": _independent(entry, in_use, *origins),
            "spread": " to ".join(dict.fromkeys(entry.text for entry in ends)),
            "effect": "; ".join(_effects(ledger, changed)),
            "headline": "; ".join(_headlines(ledger, changed, graphics)),
        }


def _independent(entry: Entry, in_use: Entry, *origins: set[str]) -> bool | None:
    """Whether two counts go back to different origins. None where one names no source: it may be either."""
    if entry is in_use or {entry.source} == origins[0] or {in_use.source} == origins[1]:
        return None
    return origins[0].isdisjoint(origins[1])


def _effects(ledger: Ledger, changed: Ledger) -> Iterator[str]:
    for entry in ledger:
        if entry.status == CALCULATED and changed[entry.id].text != entry.text:
            yield f"{entry.id}: {entry.text} → {changed[entry.id].text}"


def _headlines(ledger: Ledger, changed: Ledger, graphics: tuple[str, ...]) -> Iterator[str]:
    for graphic in graphics:
        place = Place("graphic", graphic, "headline")
        if (text := changed.text_again(place)) != ledger.text_again(place):
            yield text.replace("\u00a0", " ")
