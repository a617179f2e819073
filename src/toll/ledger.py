"""The ledger: every number that may be printed, where it comes from and where it is printed.

An entry is *reported* (a row of the raw tables), *chosen* (a parameter of the edition) or *calculated* by a formula
over other entries. The formula is the computation: what the ledger shows a reviewer is what was evaluated. Text is
rendered from templates that name entries; a template that types a number is refused.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import hashlib
import inspect
import itertools
import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import date

import jinja2
import polars as pl
from text_to_num import alpha2digit

from toll import estimate, tables, wording

REPORTED, CHOSEN, CALCULATED = "reported", "chosen", "calculated"
_OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
_FUNCTIONS: dict[str, Callable] = {
    name: function for name, function in inspect.getmembers(estimate, inspect.isfunction) if not name.startswith("_")
}
_MARKUP = re.compile(r"{{.*?}}|{%.*?%}", re.DOTALL)


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
    def is_date(self) -> bool:
        return self.unit == "date"

    @property
    def text(self) -> str:
        """The entry as printed where no other form is asked for."""
        if self.is_date:
            return wording.span(self.start, self.end)
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
    """Entries by id, in the order in which they were made, and a note of where each one is printed."""

    def __init__(self, entries: Iterable[Entry] = ()):
        self._entries: dict[str, Entry] = {}
        self.printed: dict[str, list[str]] = {}
        for entry in entries:
            self._add(entry)

    def __getitem__(self, id: str) -> Entry:
        try:
            return self._entries[id]
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

    def counts(self, quantity: str, place: str) -> list[Entry]:
        """The reported counts of `quantity` in `place` whose period is complete, in the ledger's order."""
        wanted = (REPORTED, quantity, place)
        return [e for e in self if (e.status, e.quantity, e.place) == wanted and e.start and e.end]

    def cumulative(self, quantity: str, place: str, year: int) -> Entry:
        """The reported count that runs from January 1 of `year` as far into the year as any does."""
        counts = [e for e in self.counts(quantity, place) if e.start == date(year, 1, 1) and e.end.year == year]
        if not counts:
            raise LedgerError(f"no reported count of {quantity} in {place} that runs from January 1, {year}")
        return max(counts, key=lambda entry: entry.end)

    def earlier_years(self, entry: Entry) -> list[Entry]:
        """The counts of the same quantity and place that cover a whole calendar year before the entry's period."""
        counts = self.counts(entry.quantity, entry.place)
        return [e for e in counts if e.days == e.year_days and e.start.year == e.end.year and e.end < entry.start]

    def choose(self, id: str, value: float, unit: str, label: str, decimals: int = 0) -> Entry:
        """Enter a parameter of the edition, so that what rests on it can be traced to it."""
        return self._add(Entry(id, label, unit, CHOSEN, value, value, value, decimals=decimals))

    def calculate(self, id: str, formula: str, unit: str, label: str, decimals: int = 0, **names: Entry) -> Entry:
        """Evaluate `formula` and enter the result with its bounds.

        A formula has entries (by id, or by the `names` given), their `.days`, `.year_days`, `.whole`, `.start`
        and `.end`, numbers, + - * / and the functions of `toll.estimate`. Bounds are the least and the greatest
        result over the ends of all inputs: exact where the formula is monotone in each, which all but p-values are.
        """
        tree = _spell_out(formula, {alias: entry.id for alias, entry in names.items()})
        named = dict.fromkeys(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
        inputs = {name: self[name] for name in named if name not in _FUNCTIONS}
        calculated = functools.partial(
            Entry, id, label, unit, CALCULATED, decimals=decimals, formula=ast.unparse(tree), inputs=" ".join(inputs)
        )
        corners = [
            _evaluate(tree.body, inputs, dict(zip(inputs, corner, strict=True)))
            for corner in itertools.product(*(entry.bounds for entry in inputs.values()))
        ]
        if unit == "date":
            return self._add(calculated(qualifier="date", start=min(corners), end=max(corners)))
        value = _evaluate(tree.body, inputs, {id: entry.value for id, entry in inputs.items()})
        low, high = _span([value, *corners])
        return self._add(calculated(value=value, low=low, high=high, qualifier=_qualifier(low, high)))

    def calculate_all(self, sheet: Iterable[tuple[str, str, int, str, str]], **names: Entry) -> None:
        """Calculate each row of a sheet of formulas: id, unit, decimals, label, formula."""
        for id, unit, decimals, label, formula in sheet:
            self.calculate(id, formula, unit, label, decimals, **names)

    def text(self, template: str, where: str, **names: Entry | str) -> str:
        """Render `template` (Jinja; entries by id or by the `names` given, which may be words) for `where`.

        `{{ toll }}` prints an entry as itself, `{{ toll.ordinal }}` in one of its other forms (`_Printed.FORMS`).
        Typed numbers, in digits or in words, are refused.
        """
        scope: dict[str, _Printed | str] = {entry.id: _Printed(entry, self._note(where)) for entry in self}
        for name, meaning in names.items():
            scope[name] = meaning if isinstance(meaning, str) else _Printed(meaning, self._note(where))
        for prose in (template, *(words for words in names.values() if isinstance(words, str))):
            _refuse_typed_numbers(prose, where)
        try:
            return _JINJA.from_string(template).render(scope)
        except jinja2.UndefinedError as error:
            raise LedgerError(f"{where}: {error}; the ledger has {', '.join(self._entries)}") from None

    def _note(self, where: str) -> Callable[[Entry], None]:
        def note(entry: Entry) -> None:
            places = self.printed.setdefault(entry.id, [])
            if where not in places:
                places.append(where)

        return note

    @classmethod
    def from_figures(cls, figures: pl.DataFrame) -> Ledger:
        """The reported entries: the cleaned table's figures that are known at the edition's date."""
        names = [field.name for field in fields(Entry) if field.name in figures.columns]
        return cls(
            Entry(
                label=f"{row['quantity'].capitalize()}, {row['place']}, {wording.span(row['start'], row['end'])}",
                status=REPORTED,
                **{name: row[name] for name in names},
            )
            for row in figures.filter("known").iter_rows(named=True)
        )

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

    def frame(self) -> pl.DataFrame:
        """One row an entry, in the columns of `Entry`, then `text` as printed and `printed_in`."""
        rows = [{f.name: getattr(entry, f.name) for f in fields(Entry)} for entry in self]
        return pl.DataFrame(rows, schema=_SCHEMA).with_columns(
            pl.Series("text", [entry.text for entry in self], pl.String),
            pl.Series("printed_in", ["; ".join(self.printed.get(entry.id, [])) for entry in self], pl.String),
        )

    @classmethod
    def from_frames(cls, *frames: pl.DataFrame) -> Ledger:
        """The union of ledgers written by `frame`; an entry that is in several must be the same in all."""
        ledger = cls()
        for row in itertools.chain.from_iterable(frame.iter_rows(named=True) for frame in frames):
            entry = ledger._add(Entry(**{name: row[name] for name in _SCHEMA}))
            for where in filter(None, row.get("printed_in", "").split("; ")):
                ledger._note(where)(entry)
        return ledger

    def table(self, *ids: str) -> pl.DataFrame:
        """The numbers behind a graphic or a finding, for people: one row an entry, in the order of `ids`."""
        return pl.DataFrame([_told(self[id]) for id in ids])


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
        "attributed_to": lambda e: e.attributed_to,
        "paragraph": lambda e: str(e.locator),
        "place": lambda e: e.place,
    }

    def __init__(self, entry: Entry, note: Callable[[Entry], None]):
        self._entry, self._note = entry, note

    def __str__(self) -> str:
        self._note(self._entry)
        return self._entry.text

    def __getattr__(self, form: str) -> str:
        if form not in self.FORMS:
            raise AttributeError(form)
        self._note(self._entry)
        return self.FORMS[form](self._entry)


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
