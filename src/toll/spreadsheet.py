"""CSV tables meet spreadsheets: a text cell that one would run as a formula must not be published."""

from __future__ import annotations

import csv
import io

from toll.problems import Problem, Where

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would run the cell; negative numbers are only numbers."""
    return cell.startswith(FORMULA_STARTS) and not _is_number(cell)


def formulas(name: str, table: bytes) -> list[Problem]:
    """A problem for each cell of a CSV table that a spreadsheet would run; lines are those of the file."""
    reader = csv.reader(io.StringIO(table.decode(), newline=""))
    header, problems = next(reader), []
    line = reader.line_num + 1
    for cells in reader:
        for column, cell in zip(header, cells, strict=True):
            if is_formula(cell):
                message = f"A spreadsheet would run “{cell}” as a formula."
                problems.append(Problem(Where(name, line, column), message, "Begin the text with a letter or a digit."))
        line = reader.line_num + 1
    return problems


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
