"""The ledger: every number that may be printed, where it comes from and where it is printed.

An entry is *reported* (a row of the raw tables), *chosen* (a parameter of the edition) or *calculated* by a formula
over other entries. The formula is the computation: what the ledger shows a reviewer is what was evaluated. Text is
rendered from templates that name entries; a template that types a number is refused.

What was not known by the edition's date is an entry, too, but no number: whatever rests on it is not known either, and
a text that would print it says instead why it cannot.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import functools
import hashlib
import inspect
import itertools
import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import date, timedelta

import jinja2
import polars as pl
from text_to_num import alpha2digit

from toll import tables
from toll.ledger import estimate, wording

REPORTED, CHOSEN, CALCULATED = "reported", "chosen", "calculated"
UNKNOWN = "not known"
_OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
_FUNCTIONS: dict[str, Callable] = {
    name: function for name, function in inspect.getmembers(estimate, inspect.isfunction) if not name.startswith("_")
}
_MARKUP = re.compile(r"{{.*?}}|{%.*?%}", re.DOTALL)


class NotKnown(Exception):
    """Something that was not known would have to be printed; the message says what, and why not."""


class LedgerError(ValueError):
    """A formula or template that the ledger cannot honour; the message says which and why."""


@dataclass(frozen=True)
class Entry:
    """One number (or date) with its bounds.

    `value`, `low` and `high` are in `unit`; `high` is infinite for an open-ended count. A date has no value: it lies
    from `start` to `end`, which for all other entries is the period that the number covers (inclusive). `whole`
    is the second number of a share such as "five of 15". `decimals` is the rounding in print.
    """

    id: str
    label: str
    unit: str
    status: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    qualifier: str = "exact"
    whole: float | None = None
    decimals: int = 0
    quantity: str = ""
    place: str = ""
    start: date | None = None
    end: date | None = None
    formula: str = ""
    inputs: str = ""  # ids, separated by spaces
    as_reported: str = ""
    attributed_to: str = ""
    source: str = ""
    citation: str = ""
    locator: int | None = None
    exact: str = ""
    caveat: str = ""

    @property
    def known(self) -> bool:
        return self.status != UNKNOWN

    @property
    def is_date(self) -> bool:
        return self.unit == "date"

    @property
    def text(self) -> str:
        """The entry as printed where no other form is asked for."""
        if self.is_date:
            return wording.span(self.start, self.end)
        if self.value is None:  # a range: its source names no single number
            return " to ".join(wording.number(end, self.unit, self.decimals) for end in (self.low, self.high))
        return wording.number(self.value, self.unit, self.decimals)

    @property
    def qualified(self) -> str:
        """With its qualifier: the source's own words if reported, ours ("about", "at least") if not."""
        if self.as_reported:
            return self.as_reported
        return self.text if self.qualifier == "exact" else f"{self.qualifier} {self.text}"

    @property
    def forms(self) -> list[str]:
        """Every form in which a template can print the number, its period included; the number itself first."""
        found = [self.text]
        for name in (*(_SHARE_FORMS if self.unit in wording.SHARES else _COUNT_FORMS), *_PERIOD_FORMS):
            with contextlib.suppress(AttributeError, TypeError, ValueError, OverflowError):
                found.append(_Printed.FORMS[name](self))
        return list(dict.fromkeys(found))

    @property
    def days(self) -> int:
        """Length of the period in days, both ends included."""
        if self.start is None or self.end is None:
            raise LedgerError(f"{self.id} has no complete period, so it has no length in days")
        return (self.end - self.start).days + 1

    @property
    def year_days(self) -> int:
        """Length in days of the calendar year in which the period ends."""
        return (date(self.end.year + 1, 1, 1) - date(self.end.year, 1, 1)).days

    @property
    def bounds(self) -> tuple:
        """The ends to evaluate formulas at: numbers, or dates for a date."""
        return tuple(dict.fromkeys((self.start, self.end) if self.is_date else (self.low, self.high)))


class Ledger:
    """Entries by id, in the order in which they were made, and a note of where each one is printed.

    Reported counts of the same thing stand in the order of preference of their sources. Entries that are not known
    can be looked up like any other, but are not in the ledger: it neither lists nor stores them.
    """

    def __init__(self, entries: Iterable[Entry] = ()):
        self._entries: dict[str, Entry] = {}
        self._unknown: dict[str, Entry] = {}
        self.printed: dict[str, list[str]] = {}
        self.texts: dict[str, tuple[str, dict[str, Entry | str]]] = {}  # by place: template and names, to say it again
        for entry in entries:
            self._add(entry)

    def __getitem__(self, id: str) -> Entry:
        try:
            return self._entries.get(id) or self._unknown[id]
        except KeyError:
            raise LedgerError(f"no entry {id!r} in the ledger; it has {', '.join(self._entries)}") from None

    def __contains__(self, id: str) -> bool:
        return id in self._entries

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def _add(self, entry: Entry) -> Entry:
        if entry.id in self._entries and self._entries[entry.id] != entry:
            raise LedgerError(f"{entry.id} is in the ledger already, with another meaning")
        self._entries[entry.id] = entry
        return entry

    def unknown(self, id: str, why: str, label: str = "", unit: str = "", formula: str = "") -> Entry:
        """An entry for what is not known; `why` is half a sentence."""
        nothing = math.nan
        entry = Entry(id, label or id, unit, UNKNOWN, nothing, nothing, nothing, formula=formula, caveat=why)
        return self._unknown.setdefault(id, entry)

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
        """The reported count that runs from January 1 as far into `year` as any does that ends before the year."""
        first, last = date(year, 1, 1), date(year, 12, 31)
        counts = [e for e in self.counts(quantity, place) if e.start == first and e.end < last]
        why = f"the sources in use give no count of {quantity} in {place} that begins with {year}"
        return max(counts, key=lambda entry: entry.end, default=None) or self.unknown(f"{quantity}, {year} so far", why)

    def months(self, quantity: str, place: str, year: int) -> list[Entry]:
        """The preferred counts of single months (or of their first days) that follow each other from January 1."""
        found, next_day = [], date(year, 1, 1)
        counts = self.counts(quantity, place)
        while starting := [e for e in counts if e.start == next_day and e.end.month == e.start.month]:
            found.append(starting[0])
            next_day = found[-1].end + timedelta(days=1)
        return found

    def years(self, quantity: str, place: str) -> dict[int, list[Entry]]:
        """The counts that cover a whole calendar year, by year."""
        found: dict[int, list[Entry]] = {}
        for entry in self.counts(quantity, place):
            if entry.days == entry.year_days and entry.start.year == entry.end.year:
                found.setdefault(entry.end.year, []).append(entry)
        return dict(sorted(found.items()))

    def choose(self, id: str, value: float, unit: str, label: str, decimals: int = 0) -> Entry:
        """Enter a parameter of the edition, so that what rests on it can be traced to it."""
        return self._add(Entry(id, label, unit, CHOSEN, value, value, value, decimals=decimals))

    def calculate(self, id: str, formula: str, unit: str, label: str, decimals: int = 0, **names: Entry) -> Entry:
        """Evaluate `formula` and enter the result with its bounds.

        A formula has entries (by id, or by the `names` given), their `.days`, `.year_days`, `.whole`, `.start`
        and `.end`, numbers, + - * / and the functions of `toll.ledger.estimate`. Bounds are the least and the greatest
        result over the ends of all inputs: exact where the formula is monotone in each, which all but p-values are.
        What rests on an entry that is not known is not known either; what rests on a range has no value, only bounds.
        """
        tree = _spell_out(formula, {alias: entry.id for alias, entry in names.items()})
        named = dict.fromkeys(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
        inputs = {name: self[name] for name in named if name not in _FUNCTIONS}
        if missing := [entry for entry in inputs.values() if not entry.known]:
            return self.unknown(id, missing[0].caveat, label, unit, ast.unparse(tree))
        calculated = functools.partial(
            Entry, id, label, unit, CALCULATED, decimals=decimals, formula=ast.unparse(tree), inputs=" ".join(inputs)
        )
        corners = [
            _evaluate(tree.body, inputs, dict(zip(inputs, corner, strict=True)))
            for corner in itertools.product(*(entry.bounds for entry in inputs.values()))
        ]
        if unit == "date":
            return self._add(calculated(qualifier="date", start=min(corners), end=max(corners)))
        values = {id: entry.value for id, entry in inputs.items()}
        value = None if None in values.values() else _evaluate(tree.body, inputs, values)
        low, high = _span(corners if value is None else [value, *corners])
        return self._add(calculated(value=value, low=low, high=high, qualifier=_qualifier(low, high)))

    def calculate_all(self, sheet: Iterable[tuple[str, str, int, str, str]], **names: Entry) -> None:
        """Calculate each row of a sheet of formulas: id, unit, decimals, label, formula."""
        for id, unit, decimals, label, formula in sheet:
            self.calculate(id, formula, unit, label, decimals, **names)

    def text(self, template: str, where: str, **names: Entry | str) -> str:
        """Render `template` (Jinja; entries by id or by the `names` given, which may be words) for `where`.

        `{{ toll }}` prints an entry as itself, `{{ toll.ordinal }}` in one of its other forms (`_Printed.FORMS`).
        Typed numbers, in digits or in words, are refused. Where an entry is not known, the text is why.
        """
        self.texts[where] = template, names
        seen: list[Entry] = []  # what cannot be printed in full notes nothing
        try:
            text = self._fill(template, where, seen.append, **names)
        except NotKnown as unknown:
            return f"Left out: {unknown}."
        for entry in seen:
            self._note(where, entry)
        return text

    def gaps(self, *templates: str, **names: Entry | str) -> str:
        """Why these templates cannot all be printed: what is not known; empty when nothing is missing."""
        try:
            for template in templates:
                self._fill(template, "gaps", lambda entry: None, **names)
        except NotKnown as unknown:
            return str(unknown)
        return ""

    def _fill(self, template: str, where: str, note: Callable[[Entry], None], **names: Entry | str) -> str:
        """The text of `template`; `note` hears of each entry that is printed. Raises NotKnown."""
        scope: dict[str, _Printed | str] = {
            entry.id: _Printed(entry, note) for entry in (*self, *self._unknown.values())
        }
        for name, meaning in names.items():
            scope[name] = meaning if isinstance(meaning, str) else _Printed(meaning, note)
        for prose in (template, *(words for words in names.values() if isinstance(words, str))):
            _refuse_typed_numbers(prose, where)
        try:
            return _JINJA.from_string(template).render(scope)
        except jinja2.UndefinedError as error:
            raise LedgerError(f"{where}: {error}; the ledger has {', '.join(self._entries)}") from None

    def _note(self, where: str, entry: Entry) -> None:
        places = self.printed.setdefault(entry.id, [])
        if where not in places:
            places.append(where)

    def instead(self, id: str, other: Entry) -> Ledger:
        """The ledger as it would be if `other` stood for the entry `id`: what rests on it is calculated again."""
        changed = Ledger()
        changed._unknown, changed.texts = dict(self._unknown), self.texts
        touched = {id}
        for entry in self:
            if entry.id == id:
                changed._add(dataclasses.replace(other, id=id))
            elif touched.isdisjoint(entry.inputs.split()):
                changed._add(entry)
            else:
                touched.add(entry.id)
                changed.calculate(entry.id, entry.formula, entry.unit, entry.label, entry.decimals)
        return changed

    def say(self, where: str) -> str:
        """The text of that place, with the numbers of this ledger."""
        template, names = self.texts[where]
        here = {name: self[meaning.id] if isinstance(meaning, Entry) else meaning for name, meaning in names.items()}
        return self.text(template, where, **here)

    @classmethod
    def from_figures(cls, figures: pl.DataFrame) -> Ledger:
        """The reported entries: the cleaned table's figures that are known at the edition's date, preferred first."""
        names = [field.name for field in fields(Entry) if field.name in figures.columns]
        ledger = cls()
        for row in figures.sort("preference", maintain_order=True).iter_rows(named=True):
            what = row["quantity"][0].upper() + row["quantity"][1:]  # not capitalize(), which would make V.I.P. small
            label = f"{what}, {row['place']}, {wording.span(row['start'], row['end'])}"
            if row["known"]:
                ledger._add(Entry(label=label, status=REPORTED, **{name: row[name] for name in names}))
            else:
                ledger.unknown(row["id"], f"{label}: {row['why_not']}", label, row["unit"])
        return ledger

    def cite(self, plotted: pl.DataFrame) -> pl.DataFrame:
        """`plotted` with status, formula, source and paragraph of the entries whose ids are in its column `entry`.

        Where that is null (a point on a line between two entries) the value is calculated.
        """
        origin = self.frame().select("status", "formula", "source", "exact", entry="id", paragraph="locator")
        cited = plotted.join(origin, on="entry", how="left", maintain_order="left")
        return cited.with_columns(pl.col("status").fill_null(CALCULATED))

    def behind(self, graphic: str) -> list[Entry]:
        """The entries printed on a graphic, then those that their formulas rest on, back to the reported ones."""
        ids = [id for id, printed in self.printed.items() if any(place.startswith(f"{graphic}: ") for place in printed)]
        for id in ids:  # grows while it is walked
            ids += [id for id in self[id].inputs.split() if id not in ids]
        return [self[id] for id in ids]

    def digest(self, graphic: str) -> str:
        """Twelve hexadecimal digits that change with any number behind a graphic or its origin."""
        behind = Ledger(sorted(self.behind(graphic), key=lambda entry: entry.id))
        return hashlib.sha256(tables.csv(behind.frame().drop("printed_in"))).hexdigest()[:12]

    def frame(self, unknown: bool = False) -> pl.DataFrame:
        """One row an entry, in the columns of `Entry`, then `text` as printed and `printed_in`.

        With `unknown` also what could not be calculated: what a part of the chain hands on to the next.
        """
        entries = [*self, *(entry for entry in self._unknown.values() if unknown and entry.formula)]
        rows = [{f.name: getattr(entry, f.name) for f in fields(Entry)} for entry in entries]
        return pl.DataFrame(rows, schema=_SCHEMA).with_columns(
            pl.Series("text", [entry.text for entry in entries], pl.String),
            pl.Series("printed_in", ["; ".join(self.printed.get(entry.id, [])) for entry in entries], pl.String),
        )

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
            entry = self._add(Entry(**{name: row[name] for name in _SCHEMA}))
            for where in filter(None, row.get("printed_in", "").split("; ")):
                self._note(where, entry)
        return self

    def table(self, *ids: str) -> pl.DataFrame:
        """The numbers behind a graphic or a finding, for people: one row an entry, in the order of `ids`."""
        entries = [entry for entry in map(self.__getitem__, ids) if entry.known]
        return pl.DataFrame([_told(entry) for entry in entries], schema=_TOLD)


_TOLD = {
    "number": pl.String,
    "bounds": pl.String,
    "what": pl.String,
    "status": pl.String,
    "formula or exact words": pl.String,
    "paragraph": pl.Int64,
    "id": pl.String,
}


def _told(entry: Entry) -> dict[str, str | int | None]:
    inexact = not entry.is_date and entry.low != entry.high
    bounds = (wording.number(end, entry.unit, entry.decimals) for end in (entry.low, entry.high)) if inexact else ()
    return {
        "number": entry.text,
        "bounds": " to ".join(bounds),
        "what": entry.label,
        "status": entry.status,
        "formula or exact words": entry.formula or entry.exact,
        "paragraph": entry.locator,
        "id": entry.id,
    }


_TYPES = {"str": pl.String, "int | None": pl.Int64, "float | None": pl.Float64, "int": pl.Int64, "date | None": pl.Date}
_SCHEMA = {field.name: _TYPES[field.type] for field in fields(Entry)}


class _Printed:
    """An entry inside a template: every way to print it notes that it was printed."""

    FORMS: dict[str, Callable[[Entry], str]] = {  # noqa: RUF012
        "qualified": lambda e: e.qualified,
        "label": lambda e: e.label,
        "year": lambda e: str((e.end or e.start).year),
        "start_year": lambda e: str(e.start.year),
        "start": lambda e: wording.day(e.start),
        "end": lambda e: wording.day(e.end),
        "date": lambda e: wording.full_date(e.end),
        "start_month": lambda e: wording.FULL_MONTHS[e.start.month - 1],
        "end_month": lambda e: wording.FULL_MONTHS[e.end.month - 1],
        "low": lambda e: wording.number(e.low, e.unit, e.decimals),
        "high": lambda e: wording.number(e.high, e.unit, e.decimals),
        "whole": lambda e: wording.number(e.whole, e.unit, e.decimals),
        "words": lambda e: wording.words(e.value),
        "ordinal": lambda e: wording.ordinal(e.value),
        "odds": lambda e: wording.odds(e.value),
        "fraction": lambda e: wording.fraction(e.value),
        "more_than": lambda e: wording.more_than(e.value),
        "citation": lambda e: e.citation,
        "outlet": lambda e: e.citation.partition(" by ")[0].replace("Article", "The article"),
        "attributed_to": lambda e: e.attributed_to,
        "paragraph": lambda e: str(e.locator),
        "place": lambda e: e.place,
    }

    def __init__(self, entry: Entry, note: Callable[[Entry], None]):
        self._entry, self._note = entry, note

    def __str__(self) -> str:
        return self._print(lambda entry: entry.text)

    def __getattr__(self, form: str) -> str | bool:
        if form == "known":  # for conditions, as are < and >
            return self._entry.known
        if form not in self.FORMS:
            raise AttributeError(form)
        return self._print(self.FORMS[form])

    def _print(self, form: Callable[[Entry], str]) -> str:
        if not self._entry.known:
            raise NotKnown(self._entry.caveat)
        self._note(self._entry)
        return form(self._entry)

    def __lt__(self, other: _Printed) -> bool:
        return self._entry.high < other._entry.low

    def __gt__(self, other: _Printed) -> bool:
        return self._entry.low > other._entry.high


_PERIOD_FORMS = ("year", "start_year", "start", "end", "date")
_SHARE_FORMS = ("qualified", "low", "high", "odds", "fraction")
_COUNT_FORMS = ("qualified", "low", "high", "whole", "words", "ordinal", "more_than")
_JINJA = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # plain text; pages escape it


def _refuse_typed_numbers(template: str, where: str) -> None:
    prose = _MARKUP.sub(" ", template)
    typed = re.search(r"\d[\d,.]*", prose)
    if typed:
        raise LedgerError(f"{where}: {typed[0]!r} is typed in {template!r}; name the ledger's entry instead")
    for word in re.findall(r"[A-Za-z-]+", prose):
        if alpha2digit(word, "en") != word:  # the library lets one, two and three pass: they are pronouns, too
            raise LedgerError(f"{where}: the number {word!r} is typed in {template!r}; name the ledger's entry instead")


def _spell_out(formula: str, aliases: dict[str, str]) -> ast.Expression:
    """The formula's tree with aliases replaced by ids; refuses whatever is not arithmetic."""
    try:
        tree = ast.parse(formula, mode="eval")
    except SyntaxError as error:
        raise LedgerError(f"{formula!r} is not a formula: {error.msg}") from None
    allowed = (ast.Expression, ast.BinOp, ast.Call, ast.Attribute, ast.Name, ast.Constant, ast.Load, ast.operator)
    for node in ast.walk(tree):
        if not isinstance(node, allowed):
            raise LedgerError(f"{formula!r} is not a formula: {type(node).__name__} is not allowed in it")
        if isinstance(node, ast.Name):
            node.id = aliases.get(node.id, node.id)
    return tree


def _evaluate(node: ast.expr, entries: dict[str, Entry], values: dict[str, float | date]) -> float | date:
    """The value of a formula's tree with `values` for the entries that it names."""
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name):
            return values[name]
        case ast.Attribute(value=ast.Name(id=name), attr="days" | "year_days" | "whole" | "start" | "end" as part):
            return getattr(entries[name], part)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            ends = _evaluate(left, entries, values), _evaluate(right, entries, values)
            try:
                return _OPERATORS[type(op)](*ends)
            except ZeroDivisionError:
                return math.inf
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS:
            return _FUNCTIONS[name](*(_evaluate(arg, entries, values) for arg in args))
    raise LedgerError(f"{ast.unparse(node)!r} is not something a formula can have")


def _span(results: list[float]) -> tuple[float, float]:
    """Least and greatest; without limit where an end cannot be evaluated (infinity less infinity)."""
    if any(math.isnan(result) for result in results):
        return -math.inf, math.inf
    return min(results), max(results)


def _qualifier(low: float, high: float) -> str:
    if low == high:
        return "exact"
    return "at least" if high == math.inf else "at most" if low == -math.inf else "about"
