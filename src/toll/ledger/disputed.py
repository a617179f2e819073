"""Counts that contend: several sources on the same quantity, place and period. None is averaged, none is hidden.

The first of them is the one in use; the table shows the others beside it, who repeats whom, and what every number and
headline would be if another were used: the ledger's own formulas are evaluated again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from toll.ledger.ledger import CALCULATED, REPORTED, Entry, Ledger

ABOUT = ("origins", "reason")  # what the cleaned figures know beside what the ledger knows
SCHEMA = {
    "id": pl.String,
    "quantity": pl.String,
    "place": pl.String,
    "start": pl.Date,
    "end": pl.Date,
    "text": pl.String,
    "low": pl.Float64,
    "high": pl.Float64,
    "unit": pl.String,
    "source": pl.String,
    "citation": pl.String,
    "attributed_to": pl.String,
    "origins": pl.String,
    "in_use": pl.Boolean,
    "reason": pl.String,
    "independent": pl.Boolean,
    "spread": pl.String,
    "caveat": pl.String,
    "effect": pl.String,
    "headline": pl.String,
}


def table(ledger: Ledger, figures: pl.DataFrame, *graphics: str) -> pl.DataFrame:
    """One row for each count that another source contests, the one in use before the others.

    `figures` is the cleaned table. `independent` is whether a count goes back to other origins than the one in use
    (null: not known); `effect` and `headline` are what the ledger's numbers and the headlines of `graphics` would be
    with it.
    """
    about = {row["id"]: row for row in figures.select("id", *ABOUT).iter_rows(named=True)}
    rows = [row for group in _groups(ledger) for row in _rows(ledger, group, about, graphics)]
    return pl.DataFrame(rows, schema=SCHEMA)


def _groups(ledger: Ledger) -> Iterator[list[Entry]]:
    """Entries of several sources on the same thing; a state of things, dated by a day, contends with that of others."""
    groups: dict[tuple, list[Entry]] = {}
    for entry in ledger:
        if entry.status == REPORTED and not entry.is_date and entry.start and entry.end:
            period = () if entry.start == entry.end else (entry.start, entry.end)
            groups.setdefault((entry.quantity, entry.place, entry.unit, *period), []).append(entry)
    yield from (group for group in groups.values() if len({entry.source for entry in group}) > 1)


def _rows(
    ledger: Ledger, group: list[Entry], about: dict[str, dict[str, Any]], graphics: tuple[str, ...]
) -> Iterator[dict[str, Any]]:
    used = {id for entry in ledger for id in entry.inputs.split()}
    in_use = next((entry for entry in group if entry.id in used), group[0])
    ends = [min(group, key=lambda entry: entry.low), max(group, key=lambda entry: _highest(entry))]
    spread = " to ".join(dict.fromkeys(entry.text for entry in ends))
    for entry in [in_use, *(other for other in group if other is not in_use)]:
        origins = [set(about[each.id]["origins"].split()) for each in (entry, in_use)]
        changed = ledger if entry is in_use else ledger.instead(in_use.id, entry)
        known = {name: getattr(entry, name) for name in SCHEMA if hasattr(entry, name)}
        yield (
            known
            | {name: about[entry.id][name] for name in ABOUT}
            | {
                "in_use": entry is in_use,
                "independent": _independent(entry, in_use, *origins),
                "spread": spread,
                "effect": "; ".join(_effects(ledger, changed)),
                "headline": "; ".join(_headlines(ledger, changed, graphics)),
            }
        )


def _independent(entry: Entry, in_use: Entry, *origins: set[str]) -> bool | None:
    """Whether two counts go back to different origins; None where one names nobody, so that it may be either."""
    if entry is in_use or {entry.source} == origins[0] or {in_use.source} == origins[1]:
        return None
    return origins[0].isdisjoint(origins[1])


def _highest(entry: Entry) -> float:
    """The upper end of what a count says; the count itself where that is open."""
    return entry.value if entry.high == float("inf") else entry.high


def _effects(ledger: Ledger, changed: Ledger) -> Iterator[str]:
    for entry in ledger:
        if entry.status == CALCULATED and changed[entry.id].text != entry.text:
            yield f"{entry.id}: {entry.text} → {changed[entry.id].text}"


def _headlines(ledger: Ledger, changed: Ledger, graphics: tuple[str, ...]) -> Iterator[str]:
    for where in (f"{graphic}: headline" for graphic in graphics):
        if where in ledger.texts and changed.say(where) != ledger.say(where):
            yield changed.say(where).replace("\u00a0", " ")
