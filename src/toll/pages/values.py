"""What pages show of numbers and of the values plotted, for people: no ids, no empty columns, no stray decimals."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from toll.ledger import formula, wording

if TYPE_CHECKING:
    from toll.ledger.ledger import Ledger

OF_THE_LEDGER = ("entry", "low", "high", "formula", "source", "exact", "paragraph")  # columns that the numbers tell
SIGNS = str.maketrans("*/-", "×÷−")


def origin(ledger: Ledger, id: str) -> dict[str, Any]:
    """A number's formula with the numbers in it, and the entries that those are."""
    entry = ledger[id]
    evaluated = formula.evaluated(entry, ledger.__getitem__).translate(SIGNS) if entry.formula else ""
    return {"evaluated": evaluated, "inputs": [ledger[each] for each in entry.inputs.split()]}


def printed(value: float) -> str:
    """A measured number as it is printed, to a tenth."""
    return wording.number(value, "", 0 if math.isinf(value) or value.is_integer() else 1)


def plain(value: float) -> str:
    """A measured number to a tenth, as a spreadsheet takes it."""
    return "no limit" if math.isinf(value) else f"{value:.1f}".removesuffix(".0")


def table(data: dict[str, Any], number: Callable[[float], str]) -> dict[str, Any]:
    """The values of a graphic's CSV that the ledger does not have, and the entry of each row."""
    columns, rows = data["columns"], data["rows"]
    kept = [i for i, name in enumerate(columns) if name not in OF_THE_LEDGER and any(row[i] for row in rows)]
    return {
        "headings": [columns[i].replace("_", " ") for i in kept],
        "rows": [[_cell(row[i], number) for i in kept] for row in rows],
        "entries": [row[columns.index("entry")] for row in rows],
    }


def _cell(text: str, number: Callable[[float], str]) -> str:
    """Years, dates and words stay as they are."""
    try:
        return number(float(text)) if "." in text or "INF" in text else text
    except ValueError:
        return text
