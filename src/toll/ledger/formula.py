"""Formulas: arithmetic over entries, evaluated over the whole of their bounds.

A formula has entries (by id or by a name for one), their `.days`, `.year_days`, `.whole`, `.start` and `.end`, numbers,
+ - * / and the functions of `toll.ledger.estimate`. What the ledger shows a reviewer is what was evaluated.
"""

from __future__ import annotations

import ast
import itertools
import math
import operator
import re
from collections.abc import Callable, Mapping
from datetime import date
from types import FunctionType
from typing import Any

from toll.ledger import estimate
from toll.ledger.entry import Entry, LedgerError

FUNCTIONS: dict[str, Callable] = {
    name: each for name, each in vars(estimate).items() if isinstance(each, FunctionType) and not name.startswith("_")
}
_PARTS = ("days", "year_days", "whole", "start", "end")
_OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
_ALLOWED = (ast.Expression, ast.BinOp, ast.Call, ast.Attribute, ast.Name, ast.Constant, ast.Load, ast.operator)


def parse(formula: str, ids: Mapping[str, str]) -> ast.Expression:
    """The tree of `formula`, its names replaced by the `ids` that they stand for. LedgerError if it is not one."""
    try:
        tree = ast.parse(formula, mode="eval")
    except SyntaxError as error:
        raise LedgerError(f"“{formula}” is not a formula: {error.msg}.") from None
    for node in ast.walk(tree):
        if not isinstance(node, _ALLOWED):
            raise _unfit(node)
        if isinstance(node, ast.Name):
            node.id = ids.get(node.id, node.id)
    return tree


def inputs(tree: ast.Expression) -> list[str]:
    """The ids of the entries that a formula names, each once."""
    named = dict.fromkeys(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
    return [name for name in named if name not in FUNCTIONS]


class Undetermined(Exception):
    """A formula has no number to give. The message is half a sentence that tells readers why."""


def evaluate(tree: ast.Expression, entries: Mapping[str, Entry], is_share: bool = False) -> dict[str, Any]:
    """The result, as fields of an entry: value, low, high and qualifier, or start, end and qualifier of a date.

    Bounds are the least and the greatest result over the bounds of all `entries`. They are found at the ends where the
    formula is monotone in each entry, and by a search between the ends where it is not. What rests on a range has no
    value, only bounds. Raises Undetermined for a division by zero, and for a result that open ends leave open on both
    sides ("at least 5" less "at least 3"); a share or probability (`is_share`) has no more to leave open than 0 to 1.
    """
    corners = list(itertools.product(*(_ends(entry) for entry in entries.values())))
    results = [_value(tree.body, entries, {id: end for id, (end, _) in zip(entries, c, strict=True)}) for c in corners]
    if isinstance(results[0], date):
        return {"qualifier": "date", "start": min(results), "end": max(results)}
    values = {id: entry.value for id, entry in entries.items() if entry.value is not None}
    value = _value(tree.body, entries, values) if len(values) == len(entries) else None
    if value is not None and not math.isfinite(value):
        raise Undetermined("it would divide by a count of zero")
    if any(map(math.isnan, results)):
        raise Undetermined("the counts that it rests on have no upper limit, so it may be anything")
    sure = [result for result, corner in zip(results, corners, strict=True) if not any(open for _, open in corner)]
    open_above, open_below = max(results) > max(sure), min(results) < min(sure)
    results += [] if value is None else [value]
    results += _between(tree, entries)
    low, high = min(results), max(results)
    qualifier = _qualifier(value, low, high)
    if open_above or open_below:
        qualifier = "at most" if open_below and math.isfinite(high) else "at least"
        if _says_nothing(qualifier, low, high, is_share, open_below):
            raise Undetermined("the counts that it rests on leave it open")
    return {"value": value, "low": low, "high": high, "qualifier": qualifier}


def _says_nothing(qualifier: str, low: float, high: float, is_share: bool, open_below: bool) -> bool:
    """Whether a limit leaves all open: a share of at least none or at most all, as percentages are printed; or none."""
    if is_share:
        return high > 0.995 if qualifier == "at most" else low < 0.005
    return qualifier == "at least" and open_below and low <= 0


def evaluated(entry: Entry, find: Callable[[str], Entry]) -> str:
    """The entry's formula with the values of its inputs, which `find` gives by id, and its result before rounding."""
    names = "|".join(map(re.escape, sorted(entry.inputs.split(), key=len, reverse=True)))

    def value(match: re.Match[str]) -> str:
        put_in = find(match[1])
        return _plain(getattr(put_in, match[2]) if match[2] else put_in.start if put_in.is_date else put_in.value)

    values = re.sub(rf"\b({names})\b(?:\.(\w+))?", value, entry.formula) if names else entry.formula
    return f"{values} = {_plain(entry.end if entry.is_date else entry.value)}"


def _plain(value: object) -> str:
    return f"{value:.10g}" if isinstance(value, int | float) else str(value)


def _ends(entry: Entry) -> list[tuple[Any, bool]]:
    """The ends of what an entry may be, and whether its source leaves it open there."""
    if not entry.is_limit:
        return [(end, False) for end in entry.bounds]
    far = entry.bounds[0] if entry.qualifier in ("at most", "fewer than") else entry.bounds[-1]
    return [(end, end == far and len(entry.bounds) > 1) for end in entry.bounds]


def _between(tree: ast.Expression, entries: Mapping[str, Entry]) -> list[float]:
    """The least and the greatest result inside the bounds, where a function of the formula may turn there."""
    turns = any(isinstance(node, ast.Name) and node.id in estimate.NOT_MONOTONE for node in ast.walk(tree))
    wide = {id: entry for id, entry in entries.items() if len(entry.bounds) > 1 and not entry.is_date}
    if not turns or not wide:
        return []
    fixed = {id: entry.bounds[0] for id, entry in entries.items() if id not in wide}

    def result(shares: tuple[float, ...]) -> float:
        points = {id: _point(entry, share) for (id, entry), share in zip(wide.items(), shares, strict=True)}
        return _value(tree.body, entries, fixed | points)

    grid = list(itertools.product((0.0, 0.25, 0.5, 0.75) if len(wide) < 5 else (0.0, 0.5), repeat=len(wide)))
    return [_extreme(result, grid, better) for better in (operator.lt, operator.gt)]


def _point(entry: Entry, share: float) -> float:
    """What lies that share of the way from the low end to the high end, or to infinity."""
    low, high = entry.bounds
    return low + max(low, 1.0) * share / (1 - share) if math.isinf(high) else low + (high - low) * share


def _extreme(
    result: Callable[[tuple[float, ...]], float],
    grid: list[tuple[float, ...]],
    better: Callable[[float, float], bool],
) -> float:
    """The best result that a pattern search finds from the best point of the grid (Hooke and Jeeves, JACM 8, 1961)."""
    best = grid[0]
    for point in grid[1:]:
        best = point if better(result(point), result(best)) else best
    step = 0.25
    while step > 1e-6:
        near = [
            (*best[:i], min(max(best[i] + move, 0.0), 1 - 1e-9), *best[i + 1 :])
            for i in range(len(best))
            for move in (-step, step)
        ]
        improved = next((point for point in near if better(result(point), result(best))), None)
        best, step = (improved, step) if improved else (best, step / 2)
    return result(best)


def _value(node: ast.expr, entries: Mapping[str, Entry], values: Mapping[str, Any]) -> Any:
    """The number or date that a formula's tree gives, with `values` for the entries that it names."""
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name) if name in values:
            return values[name]
        case ast.Attribute(value=ast.Name(id=name), attr=part) if part in _PARTS:
            if (found := getattr(entries[name], part)) is None:
                raise LedgerError(f"{name} has no {part}.")
            return found
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            ends = _value(left, entries, values), _value(right, entries, values)
            try:
                return _OPERATORS[type(op)](*ends)
            except ZeroDivisionError:
                return math.inf if ends[0] else math.nan
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in FUNCTIONS:
            try:
                return FUNCTIONS[name](*(_value(arg, entries, values) for arg in args))
            except OverflowError:
                raise Undetermined("it lies beyond every calendar") from None
            except ValueError as error:
                raise LedgerError(f"“{ast.unparse(node)}” cannot be calculated: {error}.", name) from None
    raise _unfit(node)


def _unfit(node: ast.AST) -> LedgerError:
    found = ast.unparse(node) or type(node).__name__
    return LedgerError(f"A formula has entries, numbers, + - * / and functions of toll.ledger.estimate; not “{found}”.")


def _qualifier(value: float | None, low: float, high: float) -> str:
    if low == high:
        return "exact"
    return "range" if value is None else "about"
