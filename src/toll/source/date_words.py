"""A source's words for a date ("May 3", "Friday", "2012") and the days that they may mean."""

from __future__ import annotations

import calendar
import datetime as dt
import re

from toll.problems import quoted

MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PAST_YEAR = "past year"
_ISO = re.compile("([1-9][0-9]{3})-(0[1-9]|1[0-2])-([0-9]{2})")
_ORDINAL = re.compile("(?<=[0-9])(?:st|nd|rd|th)(?: of)?(?![a-z])")  # "28th", "the 28th of June"


def parts(words: str) -> dict[str, int]:
    """The parts of a date that the words, in lower case, name: weekday (Monday is 0), day, month, year.

    Raises ValueError, with a sentence for the person who typed the words, when they are not a date.
    """
    if words.removeprefix("the ") == PAST_YEAR:
        return {PAST_YEAR: 1}
    found: dict[str, int] = {}
    if iso := _ISO.fullmatch(words):
        words = f"{iso[3]} {MONTHS[int(iso[2]) - 1]} {iso[1]}"
    words = _ORDINAL.sub("", words)
    for token in re.findall(r"[a-z]+|[0-9]+|[^a-z0-9 ,.]", words):
        name, value = _part(token)
        if name in found:
            raise ValueError(f"{quoted(words)} names the {name} twice.")
        found[name] = value
    if not found or ("day" in found and "month" not in found):
        raise ValueError(f"{quoted(words)} is not a date. Write May 3, May 2012, Friday or 2012.")
    if "day" in found:
        try:
            dt.date(found.get("year", 2000), found["month"], found["day"])
        except ValueError:
            raise ValueError(f"There is no such day as {quoted(words)}.") from None
    return found


def fits(as_reported: str, start: dt.date | None, end: dt.date | None) -> bool:
    """Whether the days from `start` to `end` are what the source's words for a date mean.

    A day or weekday is that one day; a month or a year, if that is all the source gives, is all of its days.
    What the words leave out, such as the year of "May 3", is taken from `start`.
    """
    named = parts(as_reported.lower())
    if start is None or end is None:
        return False
    if named == {PAST_YEAR: 1}:
        return (start.year + 1, start.month, start.day) == (end.year, end.month, end.day)
    if any((start.weekday() if name == "weekday" else getattr(start, name)) != named[name] for name in named):
        return False
    if "day" in named or "weekday" in named:
        return start == end
    last_month = named.get("month", 12)
    last_day = calendar.monthrange(start.year, last_month)[1]
    first = dt.date(start.year, named.get("month", 1), 1)
    return (start, end) == (first, dt.date(start.year, last_month, last_day))


def _part(token: str) -> tuple[str, int]:
    for name, names, first in (("weekday", WEEKDAYS, 0), ("month", MONTHS, 1)):
        for value, full in enumerate(names, first):
            if len(token) >= 3 and full.startswith(token):
                return name, value
    if re.fullmatch("[0-9]{1,2}", token):
        return "day", int(token)
    if re.fullmatch("[1-9][0-9]{3}", token):
        return "year", int(token)
    raise ValueError(f"{quoted(token)} is not part of a date. Write May 3, May 2012, Friday or 2012.")
