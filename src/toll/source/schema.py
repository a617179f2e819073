"""The raw tables: each column once, with its type, what it means, what a cell may hold and what to say if it does not.

Checks, records, the Data Package and the tables of data/raw/README.md all follow these declarations.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from toll.project import Project
from toll.source.quantity import Quantity

FULL_TEXT = "full text"
BODY = "body"  # a commission, say: known only through the sources that repeat it
LONGEST_EXACT = 6


class Kind(NamedTuple):
    """What a cell may hold. `read` turns its text into a value or raises ValueError.

    `fault` is the end of a message that begins with the cell; `hint` says what to do. `empty` is the value of an empty
    cell where one is allowed.
    """

    read: Callable[[str], object]
    fault: str
    hint: str
    empty: object = ""


class Column(NamedTuple):
    """`meaning` is Markdown. `refers_to` is a table whose key column must hold what this one holds."""

    kind: Kind
    meaning: str
    required: bool
    refers_to: str


def column(kind: Kind, meaning: str, refers_to: str = "") -> Any:
    """Declares a field of a record as a column of its table."""
    return Column(kind, meaning, True, refers_to)


def optional(kind: Kind, meaning: str, refers_to: str = "") -> Any:
    """The same for a column that may be empty."""
    return Column(kind, meaning, False, refers_to)


class Table(NamedTuple):
    """A file of data/raw and the class of its rows. The first column of `key` is what other tables refer to."""

    file: str
    record: type
    key: tuple[str, ...]
    columns: dict[str, Column]
    rows_required: bool

    @classmethod
    def of(cls, record: Any, file: str, *key: str, rows_required: bool = False) -> Table:
        return cls(file, record, key or ("id",), record._field_defaults, rows_required)

    @property
    def name(self) -> str:
        """What other tables call it: figures, sources, …"""
        return self.file.removesuffix(".csv")

    def shown(self, project: Project) -> str:
        """The path that messages give."""
        return (project.raw / self.file).relative_to(project.root).as_posix()


# --- What cells may hold ---


def matching(pattern: str) -> Callable[[str], str]:
    def read(cell: str) -> str:
        if not re.fullmatch(pattern, cell):
            raise ValueError
        return cell

    return read


def one_of(*choices: str) -> Kind:
    listed = ", ".join(choices[:-1]) + f" or {choices[-1]}"
    return Kind(matching("|".join(choices)), f"is not {listed}.", "Choose one of them.")


def _line(cell: str) -> str:
    if "\n" in cell:
        raise ValueError
    return cell


def _date(cell: str) -> dt.date:
    return dt.date.fromisoformat(matching("[0-9]{4}-[0-9]{2}-[0-9]{2}")(cell))


def _whole_number(cell: str) -> int:
    return int(matching("[1-9][0-9]{0,8}")(cell))


def _ids(cell: str) -> tuple[str, ...]:
    return tuple(matching(f"{_ID}( {_ID})*")(cell).split(" "))


def _few_words(cell: str) -> str:
    if len(cell.split()) > LONGEST_EXACT:
        raise ValueError
    return cell


_ID = "[a-z][a-z0-9]*(?:_[a-z0-9]+)*"
PROSE = Kind(str, "", "")
LINE = Kind(_line, "has a line break.", "Remove it.")
DATE = Kind(_date, "is not a day of the calendar.", "Write year-month-day, such as 2012-05-03.", None)
YES_NO = Kind(lambda cell: bool(("no", "yes").index(cell)), "is not yes or no.", "Write one of them.")
SHA256 = Kind(matching("[0-9a-f]{64}"), "is not a SHA-256.", "Copy its 64 characters from `toll check --article FILE`.")
AGAIN = "Write the file again with `toll check --article FILE --anchor`."
OFFSET = Kind(lambda cell: int(matching("0|[1-9][0-9]{0,8}")(cell)), "is not a number of characters.", AGAIN)
TOPIC = Kind(matching("[a-z]+(-[a-z]+)*"), "is not a topic.", "Use lower-case letters and hyphens, such as heavy-rain.")
ID = Kind(
    matching(_ID),
    "is not an id.",
    "Begin with a letter; use lower-case letters, digits and single underscores, such as rainfall_2014.",
)
IDS = Kind(_ids, "is not a list of ids.", "Put one space between ids, such as first_half second_half.", ())
PARAGRAPH = Kind(
    _whole_number,
    "is not the number of a paragraph.",
    "Count paragraphs from the first one of the text, and write plain digits, such as 8.",
    None,
)
PARAGRAPH_OR_TOP = PARAGRAPH._replace(
    read=OFFSET.read,
    hint="Count paragraphs from the first one of the text, and write plain digits, such as 8, or 0 for the headline.",
)
EXACT = Kind(
    _few_words,
    f"has more than {LONGEST_EXACT} words.",
    "Keep the shortest string of the source that contains what is reported.",
)
URL = Kind(matching(r"https?://[!-~]+"), "is not an address.", "Copy all of it, from https:// or http:// on.")


# --- The tables ---


class Figure(NamedTuple):
    """One reported figure; `reading` is what `as_reported` says as a number."""

    line: int
    reading: Quantity
    id: str = column(ID, "Short, unique and stable: lower-case letters, digits and single underscores")
    quantity: str = column(
        LINE, "What is counted, from the closed list in `quantities.csv`", refers_to="quantities.csv"
    )
    place: str = column(LINE, "The smallest place that the source names for it")
    period_start: dt.date | None = optional(DATE, "First day that it covers; if empty, `caveat` says why")
    period_end: dt.date | None = optional(DATE, "Last day that it covers, inclusive; likewise")
    as_reported: str = column(LINE, "The number in the source's own words, no others: `at least 30`, `two`, `June 28`")
    rounded_to: str = optional(
        LINE,
        "The unit that the source rounded to, where its digits do not tell: `1000000` for `20 million`. Else empty",
    )
    unit: str = column(LINE, "Unit of the number, one that `quantities.csv` allows for the quantity")
    attributed_to: str = column(LINE, "Who says so inside the source; the source itself where it names nobody")
    source: str = column(LINE, "`id` of a row of `sources.csv`", refers_to="sources.csv")
    based_on: tuple[str, ...] = optional(
        IDS,
        "`id`s of the sources that the figure goes back to, where its source says so of it alone. If empty, the "
        "source's own `based_on` holds",
        refers_to="sources.csv",
    )
    locator: int | None = optional(
        PARAGRAPH,
        "Number of the paragraph, the dateline's being 1. Required where we have the full text",
    )
    exact: str = column(
        EXACT,
        "The shortest string of the source that contains it, as printed, curly quotes included; at most six words",
    )
    caveat: str = optional(
        PROSE,
        "What a reader must know: definition, ambiguity, whose claim. No digits: type no number twice",
    )

    @property
    def period_days(self) -> int | None:
        """Length of the period, its first and last day included; None for an open one."""
        if self.period_start is None or self.period_end is None:
            return None
        return (self.period_end - self.period_start).days + 1


class Source(NamedTuple):
    """A source; `based_on` are the ids of those that it repeats. A body, such as a commission, is not dated."""

    line: int
    id: str = column(ID, "Short, unique and stable")
    title: str = optional(LINE, "As printed. Empty where our copy does not give it: don't guess")
    publisher: str = optional(LINE, "The same")
    authors: str = optional(LINE, "As printed, with semicolons between them")
    published: dt.date | None = optional(
        DATE,
        "Day of publication, or the last day of the month or year if no more is known. Empty for a body. Editions of "
        "an earlier day do not use the source",
    )
    dated: str = optional(
        one_of("day", "month", "year"),
        "How exactly that is known: `day`, `month` or `year`. Graphics cite no more. Empty for a body",
    )
    url: str = optional(URL, "Address, if there is one")
    accessed: dt.date | None = optional(DATE, "Day on which it was read there")
    kind: str = column(
        one_of(FULL_TEXT, "excerpt", BODY),
        "How much of it we have read: `full text` or `excerpt`. A `body`, such as a commission, is known only through "
        "the sources that repeat it; no figure is entered from it",
    )
    note: str = optional(PROSE, "What a reader must know about it")
    text_sha256: str = optional(
        SHA256,
        "SHA-256 of its text in Unicode NFC, white space folded to single spaces: shows whether copies are alike",
    )
    based_on: tuple[str, ...] = optional(
        IDS,
        "`id`s of the sources that all of it repeats, a space between them. Counts that go back to one origin do "
        "not confirm each other",
        refers_to="sources.csv",
    )


RECORDED = one_of("figures", "sources", "claims")  # the tables that readers rely on, row by row


class Correction(NamedTuple):
    line: int
    date: dt.date = column(DATE, "Day of the correction")
    table: str = column(RECORDED, "`figures`, `sources` or `claims`")
    id: str = column(ID, "`id` of the row there")
    field: str = column(LINE, "Its column that was wrong, such as `as_reported`")
    was: str = optional(PROSE, "What the cell said when it was published")
    now: str = optional(PROSE, "What it says since then: today's cell, or what the next correction begins with")
    reason: str = column(PROSE, "What was wrong, in a sentence")


class Allowed(NamedTuple):
    """A quantity with a unit that it may have and the topic it is for; `whole` where whole things are counted."""

    line: int
    quantity: str = column(LINE, "The words for `quantity` in `figures.csv`")
    unit: str = column(LINE, "A unit that it may have; a quantity with several units has several rows")
    topic: str = column(TOPIC, "What its figures are for; each topic gets a table of its own")
    whole: bool = column(
        YES_NO, "`yes` where whole things are counted: “more than 1,000” then begins at 1,001, and 2.5 is refused"
    )
    definition: str = column(PROSE, "What is counted")


class Claim(NamedTuple):
    """A statement of a source in our words, its numbers as Jinja placeholders of figure ids."""

    line: int
    id: str = column(ID, "Short, unique and stable")
    claim: str = column(
        LINE,
        "The statement in our words. No digits: each number is the placeholder of a figure, `{{ rainfall_2014 }}`, or "
        "of what the ledger knows of it, `{{ rainfall_2014.year }}`",
    )
    source: str = column(LINE, "`id` of a row of `sources.csv`", refers_to="sources.csv")
    locator: int | None = optional(PARAGRAPH, "Number of the paragraph, as in `figures.csv`")
    exact: str = column(EXACT, "Words of the source by which the statement is found, as in `figures.csv`")


class Sum(NamedTuple):
    """What a claim says of figures: the `parts` make the `total`, or a share of it where they are not `complete`."""

    line: int
    claim: str = column(LINE, "`id` of a row of `claims.csv`", refers_to="claims.csv")
    total: str = column(LINE, "`id` of the figure that is the total", refers_to="figures.csv")
    parts: tuple[str, ...] = column(
        IDS,
        "`id`s of the figures that make it, of the same unit, a space between them. They may be of several sources: "
        "the fact check then says so",
        refers_to="figures.csv",
    )
    complete: bool = column(YES_NO, "`yes` if the parts must make the total, `no` if there are more than these")


class LeftOut(NamedTuple):
    """Words of the full text that state a quantity, or seem to, and are no figure; `reason` says why."""

    line: int
    paragraph: int = column(
        PARAGRAPH_OR_TOP, "Number of the paragraph, as in `figures.csv`; 0 is all that stands above the first"
    )
    words: str = column(EXACT, "Words of the source, as printed, that contain it; at most six")
    reason: str = column(PROSE, "Why it is no figure, in a sentence")


class Preference(NamedTuple):
    """A source whose counts of a quantity go before those of the sources below it, and why."""

    line: int
    quantity: str = column(LINE, "As in `quantities.csv`, its rows in order of preference", refers_to="quantities.csv")
    source: str = column(
        LINE, "`id` of a row of `sources.csv`; sources that are not listed come last", refers_to="sources.csv"
    )
    reason: str = column(PROSE, "Why, in a sentence")


class Published(NamedTuple):
    """One cell of a row, as it was when the row was first published."""

    line: int
    table: str = column(RECORDED, "`figures`, `sources` or `claims`")
    id: str = column(ID, "`id` of the row there")
    field: str = column(LINE, "Name of the column")
    was: str = optional(PROSE, "What the cell said when its row was first published")


class Anchor(NamedTuple):
    """Where the exact words of a figure or claim stand in the full text, and a fingerprint of what surrounds them."""

    line: int
    table: str = column(one_of("figures", "claims"), "`figures` or `claims`")
    id: str = column(ID, "`id` of the row there")
    paragraph: int = column(PARAGRAPH, "Number of the paragraph")
    offset: int = column(OFFSET, "Characters of the paragraph before the exact words, normalized as for `text_sha256`")
    window_sha256: str = column(
        SHA256._replace(hint=AGAIN),
        "SHA-256 of the exact words and up to sixty characters of the paragraph on each side",
    )


FIGURES = Table.of(Figure, "figures.csv", rows_required=True)
SOURCES = Table.of(Source, "sources.csv", rows_required=True)
CORRECTIONS = Table.of(Correction, "corrections.csv", "id", "field", "date", "was", "now")
QUANTITIES = Table.of(Allowed, "quantities.csv", "quantity", "unit", rows_required=True)
CLAIMS = Table.of(Claim, "claims.csv")
SUMS = Table.of(Sum, "sums.csv", "claim")
PREFERENCES = Table.of(Preference, "preferences.csv", "quantity", "source")
TABLES = (FIGURES, SOURCES, CORRECTIONS, QUANTITIES, CLAIMS, SUMS, PREFERENCES)  # what people write

PUBLISHED = Table.of(Published, "published.csv", "id", "field", "table")  # what commands write
LEFT_OUT_TABLE = Table.of(LeftOut, "left_out.csv", "paragraph", "words")  # what only a story with an article has
ANCHORS = Table.of(Anchor, "anchors.csv", "table", "id")


def meanings(*tables: Table) -> dict[str, str]:
    """What the columns of these tables mean, by name; a later table's word goes before an earlier one's."""
    return {name: column.meaning for table in tables for name, column in table.columns.items()}
