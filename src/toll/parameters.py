"""The parameters of a run: what each may be. Values are checked where they enter: an edition, a command, a cell.

Every story has those that are declared here. notebooks/parameters.yml declares a story's own, in the same form:

    interval_inner:
      kind: number               # one of KINDS
      above: 0                   # limits of a number: from, to, above, below
      below: 1
      less_than: interval_outer  # another parameter
      expected: a level between 0 and 1, such as 0.8  # completes the message "2.0 is not …"
      unit: share                # both where the ledger has it as a chosen number
      label: Probability of the inner band
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from toll.problems import Problem, Problems, Where, quoted
from toll.project import PARAMETERS, Project

if TYPE_CHECKING:
    from pathlib import Path

    from toll.source.raw import Raw
    from toll.yaml_lines import Entry

Value = str | int | float | bool
ALL_SOURCES = "all"
SHOWN = str(PARAMETERS)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_date(value: Any) -> bool:
    try:
        return _matches(r"(19|20)\d{2}-\d{2}-\d{2}")(value) and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value.isprintable()


def _is_months(value: Any) -> bool:
    if value == "":
        return True
    is_pair = _matches(r"\d{4}-(0[1-9]|1[0-2])\.\.\d{4}-(0[1-9]|1[0-2])")(value)
    return is_pair and "0001" < value[:7] <= value[9:]


def _matches(pattern: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and bool(re.fullmatch(pattern, value, re.ASCII))


KINDS: dict[str, Callable[[Any], bool]] = {
    "number": _is_number,
    "whole number": lambda value: type(value) is int,
    "yes or no": lambda value: isinstance(value, bool),
    "text": _is_text,
    "short text": lambda value: _is_text(value) and 0 < len(value.strip()) <= 60,
    "date": _is_date,
    "months": _is_months,  # or nothing
    "file": _is_text,  # or nothing
    "source": _matches("[a-z][a-z0-9]*(_[a-z0-9]+)*"),
    "figure or number": _matches("[1-9][0-9]*|[a-z][a-z0-9]*(_[a-z0-9]+)*"),
    "edition": _matches("[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*"),
    "graphics": _matches("[a-z][a-z0-9-]*( [a-z][a-z0-9-]*)*"),
    "address": _matches(r"((https?://[A-Za-z0-9.-]+(:\d+)?)?/)?([A-Za-z0-9._~%-]+/)*[A-Za-z0-9._~%-]*"),
}
LIMITS: dict[str, Callable[[Any, float], bool]] = {
    "from": operator.ge,
    "to": operator.le,
    "above": operator.gt,
    "below": operator.lt,
}
OF_NUMBERS = (*LIMITS, "less_than", "unit", "label")
KEYS = ("kind", "expected", *OF_NUMBERS, "quantity")


class Parameter(NamedTuple):
    """`unit` and `label` are empty where the ledger does not have it. `quantity` is that of a figure it may name."""

    name: str
    kind: str
    expected: str
    unit: str = ""
    label: str = ""
    less_than: str = ""
    quantity: str = ""
    limits: tuple[tuple[str, float], ...] = ()
    line: int | None = None

    def fits(self, value: Any) -> bool:
        return KINDS[self.kind](value) and all(LIMITS[name](value, limit) for name, limit in self.limits)


OF_EVERY_STORY = (
    Parameter("edition", "edition", "a name in lower case: letters, digits, “.”, “_”, “-”, parts separated by “/”"),
    Parameter("as_of", "date", "a date such as 2014-08-11, from 1900 on"),
    Parameter("sources", "source", "all, or the id of a source"),
    Parameter("graphics", "graphics", "a list of names of graphics, with single spaces between them"),
    Parameter("credit", "short text", "a text of 1 to 60 printable characters"),
    Parameter("print_width", "number", "a width from 40 to 400 millimeters", limits=(("from", 40), ("to", 400))),
    Parameter("base_url", "address", "an https:// or http:// address, a path without spaces, or nothing"),
    Parameter("print_corrections", "yes or no", "true or false"),
)


def declared(project: Project, load: Callable[[Path, str], dict[str, Entry]] | None = None) -> dict[str, Parameter]:
    """The parameters that a project's notebooks may have, by name. Raises Problems, with lines of parameters.yml.

    `load` is used in place of `yaml_lines.load` by those who keep what it gives.
    """
    known = {parameter.name: parameter for parameter in OF_EVERY_STORY}
    if not (project.root / PARAMETERS).is_file():
        return known
    from toll import yaml_lines

    problems: list[Problem] = []
    own: dict[str, tuple[Entry, dict[str, Entry]]] = {}
    for name, entry in (load or yaml_lines.load)(project.root / PARAMETERS, SHOWN).items():
        own[name] = entry, yaml_lines.mapping(entry.node, SHOWN)
    for name, (entry, keys) in own.items():
        faults = _faults(name, {key: each.node.value for key, each in keys.items()}, known.keys() | own.keys())
        if name in known:
            faults = iter([("", "Every story has this parameter.", "Delete it here.")])
        for key, message, hint in faults:
            problems.append(Problem(Where(SHOWN, (keys.get(key) or entry).line, name), message, hint))
    if problems:
        raise Problems(problems)
    return known | {name: _parameter(name, entry.line, keys) for name, (entry, keys) in own.items()}


def _faults(name: str, texts: Mapping[str, object], known: set[str]) -> Iterator[tuple[str, str, str]]:
    """What is wrong with a declaration: the key, a message, a hint."""
    for key in texts.keys() - set(KEYS):
        yield key, f"{quoted(key)} says nothing about a parameter.", f"Use {', '.join(KEYS)}."
    if lists := [key for key, text in texts.items() if not isinstance(text, str)]:
        for key in lists:
            yield key, f"{key} is not a single value.", "Write one value after the colon."
        return
    for key in ("kind", "expected"):
        if not texts.get(key):
            yield key, f"{key} is missing.", "Add it."
    kind = texts.get("kind")
    if kind and kind not in KINDS:
        yield "kind", f"{quoted(kind)} is not a kind.", f"Use {', '.join(KINDS)}."
    for key in texts.keys() & set(OF_NUMBERS):
        if kind not in ("number", "whole number"):
            yield key, f"{key} is for numbers.", "Delete it, or correct the kind."
    for key in texts.keys() & LIMITS.keys():
        if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", str(texts[key])):
            yield key, f"{quoted(texts[key])} is not a number.", "Write plain digits."
    if bool(texts.get("unit")) != bool(texts.get("label")):
        yield "unit", "unit and label go together.", "Write both, or neither."
    if (other := texts.get("less_than")) and other not in known:
        yield "less_than", f"{quoted(other)} is not declared.", "Name another parameter."
    if (kind == "figure or number") != bool(texts.get("quantity")):
        yield "quantity", "A figure needs its quantity, and only a figure has one.", "Write both or neither."


def _parameter(name: str, line: int, keys: Mapping[str, Entry]) -> Parameter:
    texts = {key: each.node.value for key, each in keys.items()}
    limits = tuple((key, float(texts.pop(key))) for key in LIMITS if key in texts)
    return Parameter(name, limits=limits, line=line, **texts)


def problems(values: Mapping[str, Value], declared: Mapping[str, Parameter], file: str) -> list[Problem]:
    """What is wrong with values that come from `file`: an edition, "-p", or the parameters cell of a notebook."""
    found = []
    for name, value in values.items():
        if name not in declared:
            hint = "Say there of what kind it is and what it may be."
            found.append(Problem(Where(file, None, name), f"{SHOWN} does not declare this parameter.", hint))
        elif not declared[name].fits(value):
            message = f"{_shown(value)} is not {declared[name].expected}."
            found.append(Problem(Where(file, None, name), message))
    for name, value in values.items() if not found else ():
        other = declared[name].less_than
        if other in values and not value < values[other]:  # type: ignore[operator]  # both fit, so both are numbers
            message = f"{value} is not less than {other}, {values[other]}."
            found.append(Problem(Where(file, None, name), message, "Change one of the two."))
    return found


def references(values: Mapping[str, Value], declared: Mapping[str, Parameter], tables: Raw, file: str) -> list[Problem]:
    """The problems of values that fit but name rows of the raw tables that are not there."""
    found = []
    for name, value in values.items():
        parameter = declared[name]
        if parameter.kind == "source" and value != ALL_SOURCES:
            known, what = {figure.source for figure in tables.figures}, "Sources with figures"
        elif parameter.kind == "figure or number" and not str(value).isdecimal():
            known, what = {row.id for row in tables.figures if row.quantity == parameter.quantity}, "Such figures"
        else:
            continue
        if value not in known:
            hint = f"{what}: {', '.join(sorted(known)) or 'none'}."
            found.append(Problem(Where(file, None, name), f"{_shown(value)} is not {parameter.expected}.", hint))
    return found


def check(values: Mapping[str, Value], project: Project) -> None:
    """The check that opens every notebook: raises Problems, with each unusable parameter."""
    if found := problems(values, declared(project), "parameters cell"):
        raise Problems(found)


def _shown(value: Value) -> str:
    return quoted(value) if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
