"""Numbers, dates and spans as a newspaper prints them (Associated Press style)."""

from __future__ import annotations

import math
from datetime import date

from num2words import num2words

MONTHS = ("Jan.", "Feb.", "March", "April", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec.")
FULL_MONTHS = ("January", "February", *MONTHS[2:7], "August", "September", "October", "November", "December")
_MILLION = 1_000_000
LESS, MORE = "less than ", "more than "
SHARES = ("share", "probability")
CURRENCIES = {"US dollars": "$", "euros": "€", "pounds": "£", "rupees": "Rs\N{NO-BREAK SPACE}"}
_FRACTIONS = {
    "a tenth": 1 / 10,
    "a fifth": 1 / 5,
    "a quarter": 1 / 4,
    "a third": 1 / 3,
    "two-fifths": 2 / 5,
    "half": 1 / 2,
    "three-fifths": 3 / 5,
    "two-thirds": 2 / 3,
    "three-quarters": 3 / 4,
    "four-fifths": 4 / 5,
    "nine-tenths": 9 / 10,
}


def number(value: float, unit: str, decimals: int = 0) -> str:
    """`value` rounded to `decimals` places (negative: to tens, hundreds, …) with the sign its unit asks for.

    Shares and probabilities (0 to 1) print as percentages, with `decimals` places of the percentage.
    """
    if math.isnan(value):
        return "not known"
    if math.isinf(value):
        return "no limit" if value > 0 else "no lower limit"
    if unit in SHARES:
        return _percent(value, unit, decimals)
    if 0 < value < 10**-decimals / 2:  # not nothing, though it would round to it
        return f"{LESS}{_plain(10**-decimals, decimals)}"
    sign = CURRENCIES.get(unit, "")
    rounded = round(value, decimals) + 0.0  # no minus before a zero
    if abs(rounded) >= _MILLION:
        return f"{sign}{_plain(rounded / _MILLION, max(0, 6 + min(decimals, 0))).rstrip('0').rstrip('.')} million"
    return f"{sign}{_plain(rounded, decimals)}"


def finely(value: float, unit: str) -> str:
    """A number near none or all with the first digit that tells it apart: "0.004%", "99.97%"."""
    size = 100 * value if unit in SHARES else value
    off = min(size, 100 - size) if unit in SHARES else size
    return f"{_plain(size, -math.floor(math.log10(off)) if 0 < off < 1 else 0)}{'%' if unit in SHARES else ''}"


def _percent(value: float, unit: str, decimals: int) -> str:
    """A share in percent. A probability is never printed as certain, and a share is not all or nothing by rounding."""
    least = 10**-decimals
    rounded = round(100 * value, decimals)
    if rounded >= 100 > 100 * value or (unit == "probability" and rounded >= 100):
        return f"{MORE}{_plain(100 - least, decimals)}%"
    if rounded <= 0 < value or (unit == "probability" and rounded <= 0):
        return f"{LESS}{_plain(least, decimals)}%"
    return f"{_plain(100 * value, decimals)}%"


def _plain(value: float, decimals: int) -> str:
    return f"{value:,.{max(decimals, 0)}f}".replace("-", "−")


def words(value: float) -> str:
    """A whole number in words below ten, in figures from ten on."""
    return num2words(int(value)) if value == int(value) and abs(value) < 10 else number(value, "")


def ordinal(value: float) -> str:
    """A whole number as 102nd; first to ninth in words."""
    if value < 10:
        return num2words(int(value), to="ordinal")
    return f"{int(value):,}{num2words(int(value), to='ordinal_num')[-2:]}"


def chance(low: float, high: float, middle: float | None) -> str:
    """A probability between `low` and `high`, to the nearest tenth: "roughly a 6-in-10 chance". It is never certain."""
    ends = [round(10 * min(max(end, 0.0), 1.0)) for end in (low, high)]
    if ends[1] - ends[0] > 1:
        return _open_chance(*ends)
    tenths = round(sum(ends) / 2 if middle is None else 10 * middle)
    return {
        0: "a less than 1-in-10 chance",
        10: "a better than 9-in-10 chance",
    }.get(tenths, f"roughly {_tenths(tenths)} chance")


def _open_chance(low: int, high: int) -> str:
    if low > 0 and high == 10:
        return f"at least {_tenths(min(low, 9))} chance"
    if low == 0 and high < 10:
        return f"at most {_tenths(max(high, 1))} chance"
    return "an open chance" if low == 0 else f"{_tenths(low)} to {_tenths(high)} chance"


def _tenths(number: int) -> str:
    return f"{'an' if number == 8 else 'a'}\N{NO-BREAK SPACE}{number}-in-10"


def fraction(share: float) -> str:
    """A share as the nearest common fraction ("nearly a third"); as a percentage where none is within 3 points.

    Only a share that prints as the fraction does is called by it alone: 49.9% is “nearly half”.
    """
    name, nearest = min(_FRACTIONS.items(), key=lambda fraction: abs(fraction[1] - share))
    if abs(share - nearest) > 0.03:
        return number(share, "share")
    if round(share, 3) == round(nearest, 3):
        return name
    return f"{'nearly' if share < nearest else 'more than'} {name}"


def day(when: date) -> str:
    return f"{MONTHS[when.month - 1]} {when.day}"


def full_date(when: date) -> str:
    return f"{day(when)}, {when.year}"


def published(day: date, known: str = "day") -> str:
    """When a source was published, as exactly as is `known`: its day, month or year."""
    months = {"month": f"{FULL_MONTHS[day.month - 1]} {day.year}", "year": str(day.year)}
    return months.get(known) or full_date(day)


def citation(authors: str, publisher: str, when: str) -> str:
    """How a graphic names a source; `authors` are separated by semicolons."""
    by = f" by {' and '.join(authors.split('; '))}" if authors else ""
    return f"{publisher or 'Article'}{by}, {when}"


def outlet(citation: str) -> str:
    """A citation without its authors and what follows them; "The article" for one without a publisher."""
    return citation.partition(" by ")[0].replace("Article", "The article")


def span(start: date | None, end: date | None) -> str:
    """A period in the fewest words: one day, whole years, or from–to."""
    if start is None or end is None:
        return f"from {full_date(start)}" if start else f"until {full_date(end)}" if end else "not dated"
    if start == end:
        return full_date(start)
    if (start.month, start.day, end.month, end.day) == (1, 1, 12, 31):
        return str(start.year) if start.year == end.year else f"{start.year}–{end.year}"
    return f"{full_date(start)} – {full_date(end)}"
