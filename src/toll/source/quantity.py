"""A source's words for a number ("at least 30", "one for every 250") read as a number with an interval."""

from __future__ import annotations

import calendar
import datetime as dt
import math
import re
from decimal import Decimal
from typing import NamedTuple

from text_to_num import alpha2digit

from toll.problems import quoted

DATE = "date"
DOLLARS = "US dollars"
LARGEST = Decimal(2**53)  # beyond this a float no longer holds every whole number

SCALES = {
    "": 1,
    "dozen": 12,
    "hundred": 100,
    "thousand": 1_000,
    "lakh": 100_000,
    "million": 1_000_000,
    "crore": 10_000_000,
    "billion": 1_000_000_000,
}
UNKNOWN_TO_TEXT2NUM = ("dozen", "lakh", "crore")

# The reasons for the readings of "almost" and "as many as" are in data/raw/README.md.
QUALIFIERS = {
    "at least": "at least",
    "no fewer than": "at least",
    "more than": "more than",
    "over": "more than",
    "about": "about",
    "around": "about",
    "approximately": "about",
    "roughly": "about",
    "some": "about",
    "almost": "almost",
    "nearly": "almost",
    "as many as": "exact",
    "a total of": "exact",
}

MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PAST_YEAR = "past year"

DIGITS = str.maketrans({"O": "0", "o": "0", "I": "1", "l": "1"})
LOOKALIKE = re.compile(r"(?<!\w)(?=[OoIl.,]*[0-9])[0-9OoIl.,]*[OoIl][0-9OoIl.,]*(?!\w)")
NUMERAL = re.compile(r"(?:0|[1-9][0-9]*|[1-9][0-9]{0,2}(?:,[0-9]{3})+)(?:\.[0-9]+)?")
ORDINAL = re.compile(r"(?P<numeral>[0-9][0-9,]*)(?P<suffix>st|nd|rd|th)")
QUALIFIED = re.compile(rf"(?:(?P<qualifier>{'|'.join(QUALIFIERS)}) )?(?P<core>.+)")
RATIO = re.compile(r"(?:one|1) (?:for every|per) (?P<core>.+)")
SHARE = re.compile(r"(?P<part>.+?) (?:out of|of) (?P<whole>.+)")
RANGE = re.compile(
    r"(?:between (?P<between>.+) and |(?P<from>.+) to |(?P<digits>[0-9.,]+) ?[–-] ?(?=[0-9]))(?P<high>.+)"
)


class Quantity(NamedTuple):
    """What a source says of a number: its value and the interval [low, high] its words leave open.

    `qualifier` is one of exact, at least, more than, about, range, share, ratio, ordinal, date. `high` may be
    infinite. A range has no value of its own and a date has neither value nor interval: these are None.
    `whole` is the 10 of "three of 10", None for all but shares. "More than" a measured amount excludes `low`.
    """

    value: float | None
    low: float | None
    high: float | None
    qualifier: str
    whole: float | None = None


def parse(as_reported: str, unit: str = "", rounded_to: str = "", whole: bool = True) -> Quantity:
    """Reads a source's words for a number.

    `unit` "date" reads a date; `rounded_to` is the unit the source rounded to where its digits do not tell;
    `whole` says that whole things are counted, so that "more than 1,000" starts at 1,001.
    Raises ValueError, with a sentence for the person who typed the words, when they cannot be read.
    """
    words = as_reported.lower()
    if words != " ".join(words.split()):
        raise ValueError(f"{quoted(as_reported)} has extra spaces.")
    if meant := _without_lookalikes(as_reported):
        raise ValueError(f"{quoted(as_reported)} is not a number. Did you mean {meant}?")
    if unit == DATE:
        _date_parts(words)
        quantity = Quantity(None, None, None, "date")
    else:
        quantity = _special(words, unit) or _plain(words, unit, rounded_to, whole)
    if rounded_to and quantity.qualifier != "about":
        raise ValueError(f"{quoted(as_reported)} cannot be rounded: only a bare or approximate number can.")
    if whole and any(n is not None and n % 1 for n in (quantity.value, quantity.whole)):
        raise ValueError(f"{quoted(as_reported)} is not a whole number, as a count of {unit or 'things'} must be.")
    return quantity


def core(as_reported: str) -> str:
    """The number alone, in lower case: "two dozen" of "about two dozen", "250" of "one for every 250"."""
    number = _split(as_reported.lower())[1]
    ratio = RATIO.fullmatch(number)
    return ratio["core"] if ratio else number


def date_fits(as_reported: str, start: dt.date | None, end: dt.date | None) -> bool:
    """Whether the days from `start` to `end` are what the source's words for a date mean.

    A day or weekday is that one day; a month or a year, if that is all the source gives, is all of its days.
    What the words leave out, such as the year of "May 3", is taken from `start`.
    """
    parts = _date_parts(as_reported.lower())
    if start is None or end is None:
        return False
    if parts == {PAST_YEAR: 1}:
        return (start.year + 1, start.month, start.day) == (end.year, end.month, end.day)
    if any(_part(start, name) != value for name, value in parts.items()):
        return False
    if "day" in parts or "weekday" in parts:
        return start == end
    last_month = parts.get("month", 12)
    last_day = calendar.monthrange(start.year, last_month)[1]
    first = dt.date(start.year, parts.get("month", 1), 1)
    return (start, end) == (first, dt.date(start.year, last_month, last_day))


def _without_lookalikes(words: str) -> str | None:
    """The words with digits where a letter was typed for one, and which digits these are: "1O2", "l66"."""
    meant = LOOKALIKE.sub(lambda number: number[0].translate(DIGITS), words)
    typed = {DIGITS[ord(letter)] for letter, digit in zip(words, meant, strict=True) if letter != digit}
    names = " and ".join(f"digit {name}" for digit, name in (("0", "zero"), ("1", "one")) if digit in typed)
    return f"{meant} ({names})" if typed else None


def _special(words: str, unit: str) -> Quantity | None:
    """A ratio, share, range or ordinal; None when the words are of none of these forms."""
    if found := RATIO.fullmatch(words):
        value = float(_number(found["core"], unit)[0])
        return Quantity(value, value, value, "ratio")
    qualifier, number = _split(words)
    if qualifier in ("exact", "about") and (found := RANGE.fullmatch(number)):
        return _range(found["between"] or found["from"] or found["digits"], found["high"], unit)
    if found := SHARE.fullmatch(number if qualifier == "exact" else ""):
        part, total = (float(_number(found[name], unit)[0]) for name in ("part", "whole"))
        if part > total:
            raise ValueError(f"{quoted(words)} is more than the whole.")
        return Quantity(part, part, part, "share", total)
    if found := ORDINAL.fullmatch(_digits(words)):
        return _ordinal(found["numeral"], found["suffix"])
    return None


def _plain(words: str, unit: str, rounded_to: str, whole: bool) -> Quantity:
    qualifier, number = _split(words)
    value, step = _number(number, unit)
    if rounded_to:
        step = _rounding(value, rounded_to)
        qualifier = "about" if qualifier == "exact" else qualifier
    bounds: dict[str, tuple[Decimal | float, Decimal | float]] = {
        "exact": (value, value),
        "at least": (value, math.inf),
        "more than": (value + 1 if whole else value, math.inf),
        "about": (value - step / 2, value + step / 2),
        "almost": (value - step / 2, value),
    }
    low, high = bounds[qualifier]
    return Quantity(float(value), float(low), float(high), "about" if qualifier == "almost" else qualifier)


def _split(words: str) -> tuple[str, str]:
    found = QUALIFIED.fullmatch(words)
    if not found:
        raise ValueError(_unread(words))
    return QUALIFIERS.get(found["qualifier"], "exact"), found["core"]


def _range(first: str, last: str, unit: str) -> Quantity:
    low, high = (_number(words, unit)[0] for words in (first, last))
    own, scale = (SCALES.get(words.rpartition(" ")[2], 1) for words in (first, last))
    if own == 1 and low < 1000:
        low *= scale  # "2 to 3 million" is two million to three million
    if low > high:
        raise ValueError(f"The range starts at {low:,f} and ends below it, at {high:,f}.")
    return Quantity(None, float(low), float(high), "range")


def _ordinal(numeral: str, suffix: str) -> Quantity:
    """The n-th of a count: the count stood at n at that moment."""
    number, _ = _number(numeral, "")
    teens = 10 <= number % 100 <= 20
    if suffix != ("th" if teens else {1: "st", 2: "nd", 3: "rd"}.get(int(number % 10), "th")):
        raise ValueError(f"{numeral}{suffix} does not end as an ordinal does. Write 1st, 2nd, 3rd or 4th.")
    return Quantity(float(number), float(number), float(number), "ordinal")


def _number(words: str, unit: str) -> tuple[Decimal, Decimal]:
    """The number, and the unit of the last digit its source meant: 100 for 4,500, 12 for "two dozen"."""
    if words.startswith("$") and unit in ("", DOLLARS):
        words = words[1:]
    words = re.sub("^an? ", "one ", words)
    if words[:1].isascii() and words[:1].isdigit():
        numeral, _, scale = words.partition(" ")
    else:
        numeral, _, scale = words.rpartition(" ")
        if scale in UNKNOWN_TO_TEXT2NUM:
            numeral = _digits(numeral)
        else:
            numeral, scale = _digits(words), ""
    if scale not in SCALES or not re.fullmatch("[0-9.,]+", numeral):
        raise ValueError(_unread(words))
    value = _numeral(numeral) * SCALES[scale]
    if value > LARGEST:
        raise ValueError(f"{quoted(words)} is larger than any number that can be kept exactly.")
    return value, _step(numeral) * SCALES[scale]


def _digits(words: str) -> str:
    """Number words as digits: "one hundred" → "100", "twenty-first" → "21st"."""
    return alpha2digit(words, "en", threshold=0)


def _numeral(numeral: str) -> Decimal:
    if not NUMERAL.fullmatch(numeral):
        raise ValueError(
            f"{quoted(numeral)} is not written as a number. Put a comma before each group of three digits, or none at "
            "all, a point before decimals, and no zero in front."
        )
    return Decimal(numeral.replace(",", ""))


def _step(numeral: str) -> Decimal:
    """The unit of the last digit that says something: 100 for 4,500, 0.1 for 2.5."""
    whole, _, decimals = numeral.replace(",", "").partition(".")
    zeros = len(whole) - len(whole.rstrip("0")) if whole.strip("0") else 0
    return Decimal(10) ** (-len(decimals) if decimals else zeros)


def _rounding(value: Decimal, rounded_to: str) -> Decimal:
    step = _numeral(rounded_to)
    if step <= 0:
        raise ValueError("Numbers are rounded to a unit above zero, such as 100 or 1000000.")
    if not value or value % step:
        raise ValueError(f"{value:,f} is not a multiple of {rounded_to}, so its source did not round it to that.")
    return step


def _date_parts(words: str) -> dict[str, int]:
    """The parts of a date that the words name: weekday (Monday is 0), day, month, year."""
    if words.removeprefix("the ") == PAST_YEAR:
        return {PAST_YEAR: 1}
    parts: dict[str, int] = {}
    for token in re.findall(r"[a-z]+|[0-9]+|[^a-z0-9 ,.]", words):
        name, value = _date_part(token)
        if name in parts:
            raise ValueError(f"{quoted(words)} names the {name} twice.")
        parts[name] = value
    if not parts or ("day" in parts and "month" not in parts):
        raise ValueError(f"{quoted(words)} is not a date. Write May 3, May 2012, Friday or 2012.")
    if "day" in parts:
        try:
            dt.date(parts.get("year", 2000), parts["month"], parts["day"])
        except ValueError:
            raise ValueError(f"There is no such day as {quoted(words)}.") from None
    return parts


def _date_part(token: str) -> tuple[str, int]:
    for name, names, first in (("weekday", WEEKDAYS, 0), ("month", MONTHS, 1)):
        for value, full in enumerate(names, first):
            if len(token) >= 3 and full.startswith(token):
                return name, value
    if re.fullmatch("[0-9]{1,2}", token):
        return "day", int(token)
    if re.fullmatch("[1-9][0-9]{3}", token):
        return "year", int(token)
    raise ValueError(f"{quoted(token)} is not part of a date. Write May 3, May 2012, Friday or 2012.")


def _part(day: dt.date, name: str) -> int:
    return day.weekday() if name == "weekday" else getattr(day, name)


def _unread(words: str) -> str:
    return (
        f"{quoted(words)} cannot be read as a number. Write 30, at least 30, more than 1,000, about 4,500, two dozen, "
        "2 to 3 million, three of 10, one for every 250, 50th or $5 million."
    )
