"""The ledger: every number that may be printed, where it comes from and where it is printed.

An entry is *reported* (a row of the raw tables), *chosen* (a parameter of the edition) or *calculated* by a formula
over other entries. What was not known by the edition's date is an entry, too, but no number: whatever rests on it is
not known either, and a text that would print it says instead why it cannot.
"""

from __future__ import annotations

import ast
import dataclasses
import itertools
import math
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

import polars as pl

from toll import digests, tables
from toll.ledger import formula as formulas
from toll.ledger import wording, words
from toll.ledger.entry import CALCULATED, CHOSEN, REPORTED, UNKNOWN, Entry, LedgerError, Place

_TYPES = {"str": pl.String, "int | None": pl.Int64, "float | None": pl.Float64, "int": pl.Int64, "date | None": pl.Date}
SCHEMA = {field.name: _TYPES[str(field.type)] for field in dataclasses.fields(Entry)}  # of a ledger as a table

__all__ = ["CALCULATED", "CHOSEN", "REPORTED", "Entry", "Ledger", "LedgerError"]


class Ledger:
    """Entries by id, in the order in which they were made, and a note of where each one is printed.

    Reported counts of the same thing stand in the order of preference of their sources. Entries that are not known
    can be looked up like any other, but are not in the ledger: it neither lists nor stores them.
    """

    def __init__(self, entries: Iterable[Entry] = ()):
        self._entries: dict[str, Entry] = {}
        self._unknown: dict[str, Entry] = {}
        self._names: dict[str, str] = {}  # ids by the names that formulas and templates may use for them
        self._texts: dict[Place, tuple[str, dict[str, words.Meaning]]] = {}  # template and names, to say it again
        self._ranked: set[str] = set()  # reported counts whose source has a rank in the order of preference
        self.printed: dict[str, list[Place]] = {}
        for entry in entries:
            self.add(entry)

    # --- Entries ---

    def __getitem__(self, id: str) -> Entry:
        if found := self._entries.get(id) or self._unknown.get(id):
            return found
        known = [*self._names, *self._entries, *self._unknown]
        raise LedgerError(f"The ledger has no entry “{id}”.{words.did_you_mean(id, known)}", id)

    def __contains__(self, id: str) -> bool:
        return id in self._entries

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def add(self, entry: Entry) -> Entry:
        """Enter what has not been entered yet. LedgerError if its id has another meaning already."""
        if self._entries.get(entry.id, entry) != entry or self._names.get(entry.id, entry.id) != entry.id:
            raise LedgerError(f"{entry.id} is in the ledger already, with another meaning.", entry.id)
        return self._entries.setdefault(entry.id, entry)

    def unknown(self, id: str, why: str, label: str = "", unit: str = "", formula: str = "") -> Entry:
        """An entry for what is not known; `why` is half a sentence that says so to readers."""
        nothing = math.nan
        entry = Entry(id, label or id, unit, UNKNOWN, nothing, nothing, nothing, formula=formula, caveat=why)
        return self._unknown.setdefault(id, entry)

    def name(self, **entries: Entry) -> Any:
        """Give entries names that all formulas and templates know from here on. Returns the entry, or all as a tuple.

        A stored formula spells the ids. LedgerError for a name that has another meaning already.
        """
        for name, entry in entries.items():
            taken = name if name in self._entries or name in formulas.FUNCTIONS else entry.id
            if self._names.get(name, taken) != entry.id:
                raise LedgerError(f"{name} has another meaning already. Choose another name for {entry.id}.", name)
            self._names[name] = entry.id
        first, *more = entries.values()
        return (first, *more) if more else first

    def choose(self, id: str, value: float, unit: str, label: str, decimals: int = 0) -> Entry:
        """Enter a parameter of the edition, so that what rests on it can be traced to it."""
        return self.add(Entry(id, label, unit, CHOSEN, value, value, value, decimals=decimals))

    def calculate(self, id: str, formula: str, unit: str, label: str, decimals: int = 0, **names: Entry) -> Entry:
        """Evaluate `formula` (see `toll.ledger.formula`) and enter the result with its bounds.

        `names` are the formula's names for entries, besides their ids and those given by `name`. What rests on an
        entry that is not known is not known either.
        """
        tree = formulas.parse(formula, self._names | {name: entry.id for name, entry in names.items()})
        inputs = {id: self[id] for id in formulas.inputs(tree)}
        if missing := [entry for entry in inputs.values() if not entry.known]:
            return self.unknown(id, missing[0].caveat, label, unit, ast.unparse(tree))
        try:
            made = formulas.evaluate(tree, inputs, unit in wording.SHARES) | {
                "formula": ast.unparse(tree),
                "inputs": " ".join(inputs),
            }
        except formulas.Undetermined as why:
            return self.unknown(id, f"{_lower(label)} is not known: {why}", label, unit, ast.unparse(tree))
        return self.add(Entry(id, label, unit, CALCULATED, decimals=decimals, **made))

    def running_totals(self, entries: list[Entry], prefix: str, label: str) -> list[Entry]:
        """The sums of the first, the first two, … of `entries`: PREFIX_by_MM_DD, “LABEL by YYYY-MM-DD”."""
        sums = itertools.accumulate((entry.id for entry in entries), "{} + {}".format)
        return [
            self.calculate(f"{prefix}_by_{last.end:%m_%d}", total, last.unit, f"{label} by {last.end}")
            for last, total in zip(entries, sums, strict=True)
        ]

    def what_if(self, id: str, other: Entry) -> Ledger:
        """The ledger as it would be if `other` stood for the entry `id`: what rests on it is calculated again."""
        changed = Ledger()
        changed._unknown = dict(self._unknown)
        touched = {id}
        for entry in self:
            if entry.id == id:
                changed.add(dataclasses.replace(other, id=id))
            elif touched.isdisjoint(entry.inputs.split()):
                changed.add(entry)
            else:
                touched.add(entry.id)
                changed.calculate(entry.id, entry.formula, entry.unit, entry.label, entry.decimals)
        changed._names, changed._texts, changed._ranked = self._names, dict(self._texts), self._ranked
        return changed

    # --- Reported counts ---

    def counts(self, quantity: str, place: str, start: date | None = None, end: date | None = None) -> list[Entry]:
        """The reported counts of `quantity` in `place` whose period is complete (of that period alone, if given)."""
        wanted = (REPORTED, quantity, place)
        counts = [e for e in self if (e.status, e.quantity, e.place) == wanted and e.start and e.end]
        return [e for e in counts if start is None or (e.start, e.end) == (start, end)]

    def preferred(self, quantity: str, place: str, start: date | None = None, end: date | None = None) -> Entry:
        """The count that goes before the others of `counts`."""
        when = f", {wording.span(start, end)}" if start else ""
        why = f"the sources in use give no count of {quantity} in {place}{when}"
        return next(iter(self.counts(quantity, place, start, end)), None) or self.unknown(f"{quantity}{when}", why)

    def whole_year(self, quantity: str, place: str, year: int) -> Entry:
        return self.preferred(quantity, place, date(year, 1, 1), date(year, 12, 31))

    def so_far(self, quantity: str, place: str, year: int) -> Entry:
        """The reported count that runs from January 1 as far into `year` as any does that ends before the year.

        A source without a rank in the order of preference does not go before those that have one, however far it runs.
        """
        first, last = date(year, 1, 1), date(year, 12, 31)
        counts = [e for e in self.counts(quantity, place) if e.start == first and e.period[1] < last]
        counts = [e for e in counts if e.id in self._ranked] or counts
        why = f"the sources in use give no count of {quantity} in {place} for the first part of {year}"
        furthest = max(counts, key=lambda entry: entry.period[1], default=None)
        return furthest or self.unknown(f"{quantity}, {year} so far", why)

    def months(self, quantity: str, place: str, year: int) -> list[Entry]:
        """The preferred counts of single months (or of their first days) that follow each other from January 1."""
        found: list[Entry] = []
        next_day = date(year, 1, 1)
        counts = self.counts(quantity, place)
        while month := next((e for e in counts if e.start == next_day and e.period[1].month == next_day.month), None):
            found.append(month)
            next_day = month.period[1] + timedelta(days=1)
        return found

    def years(self, quantity: str, place: str) -> dict[int, list[Entry]]:
        """The counts that cover a whole calendar year, by year."""
        found: dict[int, list[Entry]] = {}
        for entry in self.counts(quantity, place):
            first, last = entry.period
            if (first, last) == (date(last.year, 1, 1), date(last.year, 12, 31)):
                found.setdefault(last.year, []).append(entry)
        return dict(sorted(found.items()))

    # --- What is printed ---

    def text(self, template: str, place: Place | str, /, **names: words.Meaning) -> str:
        """Render `template` (see `toll.ledger.words`) for `place`, and note there each entry that it prints.

        `names` are the template's names for entries, lists of entries, words, and truths to ask for. Where an entry is
        not known, the text says why, and nothing is noted.
        """
        place = Place.parse(str(place))
        self._texts[place] = template, names
        seen: list[Entry] = []
        try:
            text = words.render(template, lambda name: self._meaning(name, names), seen.append)
        except words.NotKnown as unknown:
            return f"Left out: {unknown}."
        for entry in seen:
            self._note(entry, place)
        return text

    def text_again(self, place: Place) -> str:
        """The text of `place` with the numbers of this ledger, which `what_if` has changed; empty if there is none."""
        if place not in self._texts:
            return ""
        template, names = self._texts[place]
        return self.text(template, place, **{name: self._again(meaning) for name, meaning in names.items()})

    def gaps(self, *templates: str, **names: words.Meaning) -> str:
        """Why these templates cannot all be printed: what is not known; empty when nothing is missing."""
        try:
            for template in templates:
                words.render(template, lambda name: self._meaning(name, names), lambda entry: None)
        except words.NotKnown as unknown:
            return str(unknown)
        return ""

    def _meaning(self, name: str, names: dict[str, words.Meaning]) -> words.Meaning:
        return names[name] if name in names else self[self._names.get(name, name)]

    def _again(self, meaning: words.Meaning) -> words.Meaning:
        if isinstance(meaning, Entry):
            return self[meaning.id]
        return meaning if isinstance(meaning, str | bool) else [self[entry.id] for entry in meaning]

    def _note(self, entry: Entry, place: Place) -> None:
        places = self.printed.setdefault(entry.id, [])
        if place not in places:
            places.append(place)

    def provenance(self, graphic: str, drawn: Iterable[str] = ()) -> list[Entry]:
        """The entries printed or `drawn` on a graphic, then those that their formulas rest on, back to the reported."""
        here = ("graphic", graphic)
        ids = [id for id, places in self.printed.items() if any(place[:2] == here for place in places)]
        ids += [id for id in dict.fromkeys(drawn) if id not in ids]
        for id in ids:  # grows while it is walked
            ids += [id for id in self[id].inputs.split() if id not in ids]
        return [self[id] for id in ids]

    def digest(self, graphic: str) -> str:
        """Twelve hexadecimal digits that change with any number behind a graphic or its origin."""
        behind = Ledger(sorted(self.provenance(graphic), key=lambda entry: entry.id))
        return digests.short(tables.csv(behind.frame().drop("printed_in")))

    # --- Tables ---

    @classmethod
    def from_figures(cls, figures: pl.DataFrame) -> Ledger:
        """The reported entries: the cleaned table's figures that are known at the edition's date, preferred first."""
        names = [name for name in SCHEMA if name in figures.columns]
        ledger = cls()
        for row in figures.sort("preference", maintain_order=True).iter_rows(named=True):
            what = row["quantity"][0].upper() + row["quantity"][1:]  # not capitalize(), which would make V.I.P. small
            label = f"{what}, {row['place']}, {wording.span(row['start'], row['end'])}"
            if row.get("reason"):
                ledger._ranked.add(row["id"])
            if row["known"]:
                ledger.add(Entry(label=label, status=REPORTED, **{name: row[name] for name in names}))
            else:
                ledger.unknown(row["id"], f"{label}: {row['why_not']}", label, row["unit"])
        return ledger

    @classmethod
    def from_frames(cls, *frames: pl.DataFrame) -> Ledger:
        """The union of ledgers written by `frame`; an entry that is in several must be the same in all."""
        return cls().join(*frames)

    def join(self, *frames: pl.DataFrame) -> Ledger:
        """This ledger with the entries of others, written by `frame`."""
        for row in itertools.chain.from_iterable(frame.iter_rows(named=True) for frame in frames):
            if row["status"] == UNKNOWN:
                self.unknown(row["id"], row["caveat"], row["label"], row["unit"], row["formula"])
                continue
            entry = self.add(Entry(**{name: row[name] for name in SCHEMA}))
            for place in filter(None, row.get("printed_in", "").split("; ")):
                self._note(entry, Place.parse(place))
        return self

    def frame(self, unknown: bool = False) -> pl.DataFrame:
        """One row an entry, in the columns of `Entry`, then `text` as printed and `printed_in`.

        With `unknown` also what could not be calculated: what a part of the chain hands on to the next.
        """
        entries = [*self, *(entry for entry in self._unknown.values() if unknown and entry.formula)]
        rows = [{name: getattr(entry, name) for name in SCHEMA} for entry in entries]
        places = ["; ".join(map(str, self.printed.get(entry.id, ()))) for entry in entries]
        return pl.DataFrame(rows, schema=SCHEMA).with_columns(
            pl.Series("text", [entry.text for entry in entries], pl.String),
            pl.Series("printed_in", places, pl.String),
        )

    def cite(self, plotted: pl.DataFrame) -> pl.DataFrame:
        """`plotted` with bounds, status, formula, source and paragraph of the entries whose ids are in column `entry`.

        Where that is null (a point on a line between two entries) the value is calculated.
        """
        origin = self.frame().select(
            "low", "high", "status", "formula", "source", "exact", entry="id", paragraph="locator"
        )
        cited = plotted.join(origin, on="entry", how="left", maintain_order="left")
        return cited.with_columns(pl.col("status").fill_null(CALCULATED))

    def table(self, *entries: Entry | str) -> pl.DataFrame:
        """The numbers behind a graphic or a finding, for people: one row an entry (or id), without the unknown."""
        found = [entry if isinstance(entry, Entry) else self[entry] for entry in entries]
        schema = dict.fromkeys(_COLUMNS, pl.String) | {"paragraph": pl.Int64}
        return pl.DataFrame([_row(entry) for entry in found if entry.known], schema, orient="row")


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:]


_COLUMNS = ("number", "bounds", "what", "status", "formula or exact words", "paragraph", "id")


def _row(entry: Entry) -> tuple:
    bounds = "" if entry.is_date or len(entry.bounds) == 1 else " to ".join(map(entry.number, entry.bounds))
    words = entry.formula or entry.exact
    return entry.text, bounds, entry.label, entry.status, words, entry.locator, entry.id
