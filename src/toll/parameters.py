"""The parameters of a run: what each may be. Values are checked where they enter, from a file, a command or a cell.

Stories share those that are here. Any other that a notebook declares is its story's own: it has to be plain, and what
else it has to be is for the notebook to say.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from toll.problems import Problem, Problems
from toll.source import raw

Value = str | int | float | bool
ALL_SOURCES = "all"


@dataclass(frozen=True)
class Parameter:
    """`expected` completes "expected …"."""

    type: type
    expected: str
    fits: Callable[[Value], bool]


def _is_date(value: str) -> bool:
    try:
        return bool(re.fullmatch(r"(19|20)\d{2}-\d{2}-\d{2}", value, re.ASCII)) and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _is_plain(value: Value) -> bool:
    return value.isprintable() if isinstance(value, str) else isinstance(value, int | float) and math.isfinite(value)


def _is_short(value: str) -> bool:
    return 0 < len(value.strip()) <= 60 and value.isprintable()


def _is_months(value: str) -> bool:
    found = re.fullmatch(r"(\d{4}-(?:0[1-9]|1[0-2]))\.\.(\d{4}-(?:0[1-9]|1[0-2]))", value, re.ASCII)
    return bool(found) and "0001" < found[1] <= found[2]


_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*", re.ASCII)
_ID = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", re.ASCII)
_ID_OR_NUMBER = re.compile(r"[1-9][0-9]*|[a-z][a-z0-9]*(_[a-z0-9]+)*", re.ASCII)
_GRAPHICS = re.compile(r"[a-z][a-z0-9-]*( [a-z][a-z0-9-]*)*", re.ASCII)
_ADDRESS = re.compile(r"((https?://[A-Za-z0-9.-]+(:\d+)?)?/)?([A-Za-z0-9._~%-]+/)*[A-Za-z0-9._~%-]*", re.ASCII)
_SHORT = "1 to 60 printable characters"
_YEAR = "a year from 1900 to 2100"
_DISPERSION = "variance ÷ mean, from 1 (independent deaths) to 20"

PARAMETERS: dict[str, Parameter] = {
    "edition": Parameter(
        str,
        "a name in lower case: letters, digits, '.', '_', '-', parts separated by '/'",
        lambda value: bool(_NAME.fullmatch(value)),
    ),
    "as_of": Parameter(str, "a date such as 2014-08-11, from 1900 on", _is_date),
    "sources": Parameter(str, "all, or the id of a source", lambda value: bool(_ID.fullmatch(value))),
    "year": Parameter(int, _YEAR, lambda value: 1900 <= value <= 2100),
    "baseline_year": Parameter(int, _YEAR, lambda value: 1900 <= value <= 2100),
    "interval_inner": Parameter(float, "a level between 0 and 1, such as 0.8", lambda value: 0 < value < 1),
    "interval_outer": Parameter(float, "a level between 0 and 1, such as 0.95", lambda value: 0 < value < 1),
    "dispersion": Parameter(float, _DISPERSION, lambda value: 1 <= value <= 20),
    "dispersion_clustered": Parameter(float, _DISPERSION, lambda value: 1 <= value <= 20),
    "population": Parameter(
        str,
        "the id of a count of inhabitants, or a whole number of inhabitants without separators",
        lambda value: bool(_ID_OR_NUMBER.fullmatch(value)),
    ),
    "graphics": Parameter(
        str,
        "names of graphics, with single spaces between them",
        lambda value: bool(_GRAPHICS.fullmatch(value)),
    ),
    "print_width": Parameter(float, "millimetres from 40 to 400", lambda value: 40 <= value <= 400),
    "base_url": Parameter(
        str,
        "an https:// or http:// address, a path without spaces, or nothing",
        lambda value: bool(_ADDRESS.fullmatch(value)),
    ),
    "print_corrections": Parameter(bool, "true or false", lambda value: True),
    "credit": Parameter(str, _SHORT, _is_short),
    "ged_csv": Parameter(str, "the path of a CSV file of UCDP GED, or nothing", lambda value: value.isprintable()),
    "ged_place": Parameter(str, _SHORT, _is_short),
    "ged_months": Parameter(
        str,
        "the first and the last month, such as 2014-01..2014-12, or nothing",
        lambda value: not value or _is_months(value),
    ),
}


def validate(values: Mapping[str, Value], file: str) -> list[Problem]:
    """Every problem of `values`, which come from `file` (an edition, a notebook or "command line")."""
    problems = [problem for name, value in values.items() if (problem := _validate(name, value, file))]
    inner, outer = values.get("interval_inner"), values.get("interval_outer")
    if not problems and inner is not None and outer is not None and inner >= outer:
        problems.append(
            Problem.old(
                file,
                None,
                "interval_inner",
                repr(inner),
                f"less than interval_outer, {outer!r}",
                "Swap the two levels or change one.",
            )
        )
    return problems


def _validate(name: str, value: Value, file: str) -> Problem | None:
    parameter = PARAMETERS.get(name) or Parameter(type(value), "plain text, or a finite number", _is_plain)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    fits_type = is_number and math.isfinite(value) if parameter.type is float else type(value) is parameter.type
    if fits_type and parameter.fits(value):
        return None
    return Problem.old(file, None, name, repr(value), parameter.expected, "Give another value.")


def refer(values: Mapping[str, Value], tables: raw.Raw, file: str) -> list[Problem]:
    """The problems of values that name rows of the raw tables which are not there."""
    people, chosen = values.get("population", ""), values.get("sources", ALL_SOURCES)
    counts = {figure.id for figure in tables.figures if figure.quantity == "inhabitants"}
    read = {figure.source for figure in tables.figures}
    problems = []
    if isinstance(people, str) and people[:1].isalpha() and people not in counts:
        expected = f"{PARAMETERS['population'].expected}; the counts are {', '.join(sorted(counts))}"
        problems.append(Problem.old(file, None, "population", repr(people), expected, "Give another value."))
    if chosen not in read | {ALL_SOURCES}:
        expected = f"{PARAMETERS['sources'].expected}; these have figures: {', '.join(sorted(read))}"
        problems.append(Problem.old(file, None, "sources", repr(chosen), expected, "Give another value."))
    return problems


def enter(**values: Value) -> None:
    """The check that opens every notebook: raises Problems naming each unusable parameter."""
    problems = validate(values, "parameters cell")
    if problems:
        raise Problems(problems)
