"""Formulas: arithmetic over entries, evaluated at every end of their bounds.

A formula has entries (by id or by a name for one), their `.days`, `.year_days`, `.whole`, `.start` and `.end`, numbers,
+ - * / and the functions of `toll.ledger.estimate`. What the ledger shows a reviewer is what was evaluated.
"""

from __future__ import annotations

import ast
import itertools
import math
import operator
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


def evaluate(tree: ast.Expression, entries: Mapping[str, Entry]) -> dict[str, Any]:
    """The result, as fields of an entry: value, low, high and qualifier, or start, end and qualifier of a date.

    Bounds are the least and the greatest result over the ends of all `entries`: exact where the formula is monotone in
    each, which all but p-values are. What rests on a range has no value, only bounds.
    """
    ends = itertools.product(*(entry.bounds for entry in entries.values()))
    results = [_value(tree.body, entries, dict(zip(entries, corner, strict=True))) for corner in ends]
    if isinstance(results[0], date):
        return {"qualifier": "date", "start": min(results), "end": max(results)}
    values = {id: entry.value for id, entry in entries.items() if entry.value is not None}
    value = _value(tree.body, entries, values) if len(values) == len(entries) else None
    results += [] if value is None else [value]
    open_ended = any(map(math.isnan, results))  # infinity less infinity
    low, high = (-math.inf, math.inf) if open_ended else (min(results), max(results))
    return {"value": value, "low": low, "high": high, "qualifier": _qualifier(low, high)}


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
                return math.inf
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in FUNCTIONS:
            return FUNCTIONS[name](*(_value(arg, entries, values) for arg in args))
    raise _unfit(node)


def _unfit(node: ast.AST) -> LedgerError:
    found = ast.unparse(node) or type(node).__name__
    return LedgerError(f"A formula has entries, numbers, + - * / and functions of toll.ledger.estimate; not “{found}”.")


def _qualifier(low: float, high: float) -> str:
    if low == high:
        return "exact"
    return "at least" if high == math.inf else "at most" if low == -math.inf else "about"
