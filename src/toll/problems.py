"""What is wrong with an input, in the words of a reporter: where, what was found, what was expected, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Problem:
    """One fault of one input. `line` is the line of the file (1 is the header), `column` the column's name."""

    file: str
    line: int | None
    column: str | None
    found: str
    expected: str
    do: str

    def __str__(self) -> str:
        place = [self.file]
        if self.line is not None:
            place.append(f"line {self.line}")
        if self.column is not None:
            place.append(f"column {self.column}")
        return f"{', '.join(place)}: found {self.found}, expected {self.expected}. {self.do}"

    def as_dict(self) -> dict[str, str | int | None]:
        return asdict(self)


class Problems(Exception):
    """All the problems of an input at once; commands print them one a line and exit with 1."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = sorted(set(problems), key=lambda p: (p.file, p.line or 0, p.column or "", p.found))
        super().__init__("\n".join(map(str, self.problems)))
