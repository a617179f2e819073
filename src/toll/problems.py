"""What is wrong with an input, said to the person who can mend it: where, what, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Where(NamedTuple):
    """A file (or a command-line option, or a graphic), a line of it (1 is the first) and the column or name there."""

    file: str
    line: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        line = f"line {self.line}" if self.line is not None else None
        return ", ".join(part for part in (self.file, line, self.column) if part is not None)


class Problem(NamedTuple):
    """One fault of one input. `message` is a sentence that says what is wrong, `hint` one that says what to do."""

    where: Where
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.message} {self.hint}".rstrip()

    def as_dict(self) -> dict[str, str | int | None]:
        return self.where._asdict() | {"message": self.message, "hint": self.hint}

    @classmethod
    def old(cls, file: str, line: int | None, column: str | None, found: str, expected: str, do: str) -> Problem:
        """Until every message is a sentence."""
        return cls(Where(file, line, column), f"found {found}, expected {expected}.", do)


def quoted(value: object, most: int = 60) -> str:
    """Somebody's text as a message shows it: in quotes, cut where it is long, hidden characters escaped."""
    text = str(value)
    text = text if len(text) <= most else f"{text[: most - 1]}…"
    return f"“{''.join(c if c.isprintable() else c.encode('unicode_escape').decode() for c in text)}”"


class Problems(Exception):
    """All the problems of an input at once; commands print them one a line and exit with 1."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = sorted(
            set(problems), key=lambda p: (p.where.file, p.where.line or 0, p.where.column or "", p.message)
        )
        super().__init__("\n".join(map(str, self.problems)))
