"""An entry of the ledger (one number or date, with its bounds and its origin), and the places that print it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from toll.ledger import wording

REPORTED, CHOSEN, CALCULATED = "reported", "chosen", "calculated"
UNKNOWN = "not known"
ONE_SIDED = ("at least", "more than", "at most", "fewer than")


class LedgerError(ValueError):
    """A formula or template that cannot be used. `word` is the part of it at fault, to be looked for in its file."""

    def __init__(self, message: str, word: str = ""):
        super().__init__(message)
        self.word = word


class Place(NamedTuple):
    """Where something is printed: a part of a graphic, a sentence of a notebook, a claim of the fact check."""

    kind: str  # "graphic", "notebook" or "fact check"
    name: str
    part: str

    @property
    def owner(self) -> str:
        """What the part belongs to, as the ledger writes it: "staffing", "staffing notebook", "fact-check"."""
        return f"{self.name} notebook" if self.kind == "notebook" else self.name

    def __str__(self) -> str:
        return f"{self.owner}: {self.part}"

    @classmethod
    def parse(cls, text: str) -> Place:
        """The place that `str` wrote: "staffing: headline", "staffing notebook: finding", "fact-check: record"."""
        owner, colon, part = text.partition(": ")
        if not colon:
            raise LedgerError(f"“{text}” is not a place. Write one like “NAME: headline” or “NAME notebook: finding”.")
        name = owner.removesuffix(" notebook")
        return cls("notebook" if name != owner else "fact check" if name == "fact-check" else "graphic", name, part)


@dataclass(frozen=True)
class Entry:
    """One number (or date) with its bounds.

    `value`, `low` and `high` are in `unit`; `high` is infinite for an open-ended count, and a range has no value. A
    date has none of them: it lies from `start` to `end`, which for all other entries is the period that the number
    covers (inclusive). `whole` is the second number of a share such as "five of 15". `decimals` is the rounding in
    print.
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
    def is_reported(self) -> bool:
        return self.status == REPORTED

    @property
    def is_minimum(self) -> bool:
        return self.high == float("inf")

    @property
    def is_date(self) -> bool:
        return self.unit == "date"

    @property
    def is_limit(self) -> bool:
        """Whether the number is only a limit: "at least 30", "fewer than 500"."""
        return self.qualifier in ONE_SIDED

    @property
    def is_upper_limit(self) -> bool:
        return self.qualifier in ("at most", "fewer than")

    @property
    def printed_value(self) -> float | None:
        """The one number that stands in print: the value, or the end that a calculated limit is. None for a range."""
        if self.is_reported or not self.is_limit:
            return self.value
        return self.high if self.is_upper_limit else self.low

    @property
    def bare(self) -> str:
        """The number without what limits it; both ends of a range."""
        if self.is_date:
            return wording.span(self.start, self.end)
        ends = self.bounds if self.printed_value is None else (self.printed_value,)
        return " to ".join(map(self.number, ends))

    @property
    def text(self) -> str:
        """The entry as printed where no other form is asked for. A limit is never printed as if it were the count."""
        bare = self.bare
        if not self.is_limit:
            return bare
        if bare.startswith(wording.LESS if self.is_upper_limit else wording.MORE):  # which says it already
            return bare
        if bare.startswith((wording.LESS, wording.MORE)) and self.printed_value is not None:  # rounded to none or all
            bare = wording.finely(self.printed_value, self.unit)
        return f"{self.qualifier} {bare}"

    @property
    def qualified(self) -> str:
        """With its qualifier: the source's own words if reported, ours ("about", "at least") if not."""
        return self.as_reported or (f"about {self.text}" if self.qualifier == "about" else self.text)

    @property
    def middle(self) -> float | None:
        """Where a chart draws it: at its value, or in the middle of a range."""
        if self.value is not None or self.low is None or self.high is None:
            return self.value
        return self.low if self.is_minimum else (self.low + self.high) / 2

    def number(self, value: float) -> str:
        """`value`, which is in the unit of the entry, rounded and written like the entry itself."""
        return wording.number(value, self.unit, self.decimals)

    @property
    def period(self) -> tuple[date, date]:
        """First and last day that the number covers. LedgerError where one of them is not known."""
        if self.start is None or self.end is None:
            raise LedgerError(f"{self.id} has no complete period.")
        return self.start, self.end

    @property
    def days(self) -> int:
        """Length of the period in days, both ends included."""
        return (self.period[1] - self.period[0]).days + 1

    @property
    def year_days(self) -> int:
        """Length in days of the calendar year in which the period ends."""
        year = self.period[1].year
        return (date(year + 1, 1, 1) - date(year, 1, 1)).days

    @property
    def bounds(self) -> tuple:
        """The ends to evaluate formulas at: numbers, or dates for a date."""
        return tuple(dict.fromkeys((self.start, self.end) if self.is_date else (self.low, self.high)))

    def surely_below(self, other: Entry) -> bool:
        """Whether all that this number may be lies below all that the other may be."""
        return self.high is not None and other.low is not None and self.high < other.low
