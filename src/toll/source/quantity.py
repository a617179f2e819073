"""A source's words for a number ("at least 30", "one for every 250") read as a number with an interval."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import NamedTuple

from toll.problems import quoted
from toll.source import date_words, numerals
from toll.source.numerals import SHARE

DATE = "date"

# Words before and after a number, and what they say of it. data/raw/README.md lists them from here, and says why
# "almost" and "as many as" are read as they are.
BEFORE = {
    words: meaning
    for meaning, several in {
        "at least": "at least|no fewer than|no less than|not less than|upwards of|upward of|a minimum of",
        "more than": "more than|over|just over|well over|slightly more than|in excess of|above|exceeding",
        "at most": "at most|no more than|not more than|up to|a maximum of",
        "fewer than": "fewer than|less than|under|just under|well under|slightly less than|below",
        "about": "about|around|approximately|roughly|some|an estimated|close to",
        "almost": "almost|nearly|just short of",
        "exact": "as many as|as much as|a total of",
    }.items()
    for words in several.split("|")
}
AFTER = {
    "or more": "at least",
    "or above": "at least",
    "and above": "at least",
    "or over": "at least",
    "and over": "at least",
    "or older": "at least",
    "and older": "at least",
    "or fewer": "at most",
    "or less": "at most",
    "or under": "at most",
    "and under": "at most",
    "or younger": "at most",
    "or so": "about",
}

_DIGITS = str.maketrans({"O": "0", "o": "0", "I": "1", "l": "1"})
_LOOKALIKE = re.compile(r"(?<!\w)(?=[OoIl.,]*[0-9])[0-9OoIl.,]*[OoIl][0-9OoIl.,]*(?!\w)")
COUNTED = "(?: [a-z’'-]+){0,4}?"  # what is counted, between the numbers of a ratio
_QUALIFIED = re.compile(rf"(?:(?P<before>{'|'.join(BEFORE)}) )?(?P<core>.+?)(?: (?P<after>{'|'.join(AFTER)}))?")
_PLUS = re.compile(r"(?<=[0-9])(?:\+|-plus)$")
_RATIO = re.compile(rf"(?:one|1){COUNTED} (?:for every|for each|per(?! cent)) (?P<core>.+)|(?P<to_one>[0-9].*):1")
_SHARE = re.compile(r"(?P<part>.+?) (?:out of|of)(?: (?:the|its|their|his|her|every))? (?P<whole>.+)")
_RANGE = re.compile(
    r"(?:between (?P<between>.+) and |(?:from )?(?P<from>.+) (?:to|or) |"
    r"(?P<digits>(?:rs[.]? |pkr )?[^ ]+) ?[–-] ?(?=[^ ]*[0-9]))(?P<high>.+)"
)
_EXAMPLES = (
    "Write 30, at least 30, more than 1,000, up to 500, about 4,500, two dozen, 2 to 3 million, three of 10, one for "
    "every 250, 50th or $5 million; with the unit share also 33% or a third."
)


class Quantity(NamedTuple):
    """What a source says of a number: its value and the interval [low, high] its words leave open.

    `qualifier` is one of exact, at least, more than, at most, fewer than, about, range, share, ratio, ordinal, date.
    `high` may be infinite. A range has no value of its own and a date has neither value nor interval: these are None.
    `whole` is the 10 of "three of 10", None for all but shares. "More than" and "fewer than" a number that is measured,
    not counted, exclude the number.
    """

    value: float | None
    low: float | None
    high: float | None
    qualifier: str
    whole: float | None = None


def parse(as_reported: str, unit: str = "", rounded_to: str = "", whole: bool = True) -> Quantity:
    """Reads a source's words for a number.

    `unit` "date" reads a date, "share" a part of one; `rounded_to` is the unit the source rounded to where its digits
    do not tell; `whole` says that whole things are counted, so that "more than 1,000" starts at 1,001.
    Raises ValueError, with a sentence for the person who typed the words, when they cannot be read.
    """
    words = as_reported.lower()
    if words != " ".join(words.split()):
        raise ValueError(f"{quoted(as_reported)} has extra spaces.")
    if meant := _without_lookalikes(as_reported):
        raise ValueError(f"{quoted(as_reported)} is not a number. Did you mean {meant}?")
    if unit == DATE:
        date_words.parts(words)
        quantity = Quantity(None, None, None, "date")
    else:
        quantity = _special(words, unit) or _plain(words, unit, rounded_to, whole)
    if rounded_to and quantity.qualifier != "about":
        raise ValueError(f"{quoted(as_reported)} cannot be rounded: only a bare or approximate number can.")
    if whole and any(n is not None and n % 1 for n in _typed(quantity)):
        raise ValueError(f"{quoted(as_reported)} is not a whole number, as a count of {unit or 'things'} must be.")
    if " per " in unit and quantity.value == 0:
        raise ValueError(f"{quoted(as_reported)} divides by zero.")
    if unit == SHARE and any(n is not None and n > 1 for n in _typed(quantity)):
        raise ValueError(f"{quoted(as_reported)} is more than the whole.")
    return quantity


def core(as_reported: str) -> str:
    """The number alone, in lower case: "two dozen" of "about two dozen", "250" of "one for every 250"."""
    number = _split(as_reported.lower())[1]
    ratio = _RATIO.fullmatch(number)
    return (ratio["core"] or ratio["to_one"]) if ratio else number


def _typed(quantity: Quantity) -> tuple[float | None, ...]:
    """The numbers that the words name."""
    ends = (quantity.low, quantity.high) if quantity.qualifier == "range" else ()
    return (quantity.value, quantity.whole, *ends)


def _without_lookalikes(words: str) -> str | None:
    """The words with digits where a letter was typed for one, and which digits these are: "1O2", "l66"."""
    meant = _LOOKALIKE.sub(lambda number: number[0].translate(_DIGITS), words)
    typed = {_DIGITS[ord(letter)] for letter, digit in zip(words, meant, strict=True) if letter != digit}
    names = " and ".join(f"digit {name}" for digit, name in (("0", "zero"), ("1", "one")) if digit in typed)
    return f"{meant} ({names})" if typed else None


def _special(words: str, unit: str) -> Quantity | None:
    """A ratio, share, range or ordinal; None when the words are of none of these forms."""
    if found := _RATIO.fullmatch(words):
        value = _number(found["core"] or found["to_one"], unit)
        if value <= 0:
            raise ValueError(f"{quoted(words)} divides by zero.")
        return Quantity(value, value, value, "ratio")
    qualifier, number = _split(words)
    if qualifier in ("exact", "about") and (found := _RANGE.fullmatch(number)):
        return _range(found["between"] or found["from"] or found["digits"], found["high"], unit)
    if qualifier == "exact" and (found := _SHARE.fullmatch(number)):
        return _share(found["part"], found["whole"], words, unit)
    if (count := numerals.ordinal(words)) is not None:
        return Quantity(float(count), float(count), float(count), "ordinal")
    return None


def _plain(words: str, unit: str, rounded_to: str, whole: bool) -> Quantity:
    qualifier, number = _split(words)
    value, step = _read(number, unit)
    if rounded_to:
        step = _rounding(value, rounded_to, unit)
        qualifier = "about" if qualifier == "exact" else qualifier
    most: Decimal | float = Decimal(1) if unit == SHARE else math.inf
    next_one = Decimal(1 if whole else 0)
    if (qualifier in ("at most", "fewer than", "almost") and value < 0) or (qualifier == "fewer than" and not value):
        raise ValueError(f"{quoted(words)} is below zero.")
    bounds: dict[str, tuple[Decimal | float, Decimal | float]] = {
        "exact": (value, value),
        "at least": (value, most),
        "more than": (value + next_one, most),
        "at most": (0, value),
        "fewer than": (0, value - next_one),
        "about": (value - step / 2 if value < 0 else max(value - step / 2, Decimal(0)), min(value + step / 2, most)),
        "almost": (max(value - step / 2, Decimal(0)), value),
    }
    low, high = bounds[qualifier]
    return Quantity(float(value), float(low), float(high), "about" if qualifier == "almost" else qualifier)


def _split(words: str) -> tuple[str, str]:
    """What the words say of the number ("at least"), and the words of the number itself."""
    found = _QUALIFIED.fullmatch(_PLUS.sub(" or more", words))
    if not found or (found["before"] and found["after"]):
        raise ValueError(f"{quoted(words)} cannot be read as a number. {_EXAMPLES}")
    return BEFORE.get(found["before"]) or AFTER.get(found["after"]) or "exact", found["core"]


def _range(first: str, last: str, unit: str) -> Quantity:
    low, high = (_read(words, unit).value for words in (first, last))
    own, scale = (numerals.scale(words) for words in (first, last))
    if own == 1 != scale:
        if low >= 1000 and low * scale <= high:
            raise ValueError(f"It is not clear whether {quoted(first)} is in the unit of {quoted(last)}. Write it out.")
        low *= scale if low < 1000 else 1  # "2 to 3 million" is two million to three million
    if low > high:
        raise ValueError(f"The range starts at {low:,f} and ends below it, at {high:,f}. Write both ends in full.")
    if low == high:
        raise ValueError(f"Both ends of the range are {low:,f}. Write the one number, or both ends in full.")
    return Quantity(None, float(low), float(high), "range")


def _share(part: str, whole: str, words: str, unit: str) -> Quantity:
    value, total = (float(_read(number, "" if unit == SHARE else unit).value) for number in (part, whole))
    if not 0 <= value <= total or not total:
        raise ValueError(f"{quoted(words)} is more than the whole.")
    if unit == SHARE:
        return Quantity(value / total, value / total, value / total, "exact")
    return Quantity(value, value, value, "share", total)


def _number(words: str, unit: str) -> float:
    return float(_read(words, unit).value)


def _read(words: str, unit: str) -> numerals.Numeral:
    try:
        return numerals.read(words, unit)
    except ValueError as error:
        unread = str(error).endswith("cannot be read as a number.")
        raise ValueError(f"{error} {_EXAMPLES}" if unread else str(error)) from None


def _rounding(value: Decimal, rounded_to: str, unit: str) -> Decimal:
    step = numerals.read(rounded_to, unit).value if rounded_to.endswith("%") else numerals.decimal(rounded_to)
    if step <= 0:
        raise ValueError("Numbers are rounded to a unit above zero, such as 100 or 1000000.")
    if not value or value % step:
        raise ValueError(f"{value:,f} is not a multiple of {rounded_to}, so its source did not round it to that.")
    return step
