"""Event data: a file of the UCDP Georeferenced Event Dataset (GED), read for one place and counted by month.

Both published shapes are read: the file of the Uppsala Conflict Data Program (https://ucdp.uu.se/downloads/) and the
files by country of the Humanitarian Data Exchange, which have a second header row of HXL tags. The dataset is described
in Sundberg and Melander (2013), "Introducing the UCDP Georeferenced Event Dataset", Journal of Peace Research 50(4).

Nothing is dropped in silence: a row of the place is an event, or it is set aside with the reason.
"""

from __future__ import annotations

import csv
import datetime as dt
import difflib
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from toll.problems import Problem, Problems

DATES = ("date_start", "date_end")
CODES = ("date_prec", "type_of_violence")
PLACES = ("adm_1", "adm_2")
SIDES = ("side_a", "side_b")
COUNTS = ("deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown", "best", "low", "high")
COLUMNS = ("id", *DATES, *CODES, *PLACES, *SIDES, *COUNTS)
TYPES_OF_VIOLENCE = {1: "state-based", 2: "non-state", 3: "one-sided"}

WHOLE = "^[0-9]{1,12}$"
DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T]00:00:00(\.0+)?Z?)?$"
GOVERNMENT = r"^Government of\b"
HEADER = 10_000  # characters, more than the header and the tags have
READABLE = {"encoding": "utf-8-sig", "errors": "surrogateescape", "newline": ""}


@dataclass(frozen=True)
class Events:
    """The events of one place in a file of `rows` rows, all of which lie from `first` to `last`.

    `table` has a row for each event: COLUMNS, with dates as dates, codes and counts (of deaths) as whole numbers, and
    `government`, the deaths on the side of a government. `aside` has a row for each row of the place, or of no place
    that can be told, that cannot be counted: `reason`, and COLUMNS as they are in the file.
    """

    rows: int
    first: dt.date | None
    last: dt.date | None
    table: pl.DataFrame
    aside: pl.DataFrame


def _day(column: str) -> pl.Expr:
    day = pl.when(pl.col(column).str.contains(DAY)).then(pl.col(column).str.head(10))
    return day.str.to_date("%Y-%m-%d", strict=False)


def _is_whole(column: str) -> pl.Expr:
    return pl.col(column).str.contains(WHOLE).fill_null(False)


# Why a row is set aside, by what is true of its text; the first that is true is the reason.
FAULTS = {
    "an empty row": pl.all_horizontal(pl.col(COLUMNS).is_null()),
    "no whole number as id": ~_is_whole("id"),
    "a day that cannot be read": _day("date_start").is_null() | _day("date_end").is_null(),
    "an end before the start": _day("date_end") < _day("date_start"),
    "a count that is missing, negative or not whole": ~pl.all_horizontal(map(_is_whole, COUNTS)),
    "the id of an earlier row": ~pl.col("id").is_first_distinct(),
}

SPANS_MONTHS = pl.col("date_start").dt.month_start() != pl.col("date_end").dt.month_start()
HAS_NO_MONTH = ~pl.col("date_prec").is_between(1, 4).fill_null(False)  # 4: known to the month; 5: to the year

# What a reader should know of events that are counted, by what is true of them.
ODDITIES = {
    "span more than one month": SPANS_MONTHS,
    "are not dated as closely as a month": HAS_NO_MONTH,
    "have a best estimate outside low and high": ~pl.col("best").is_between("low", "high"),
    "have deaths by side that do not add up to the best estimate": (
        pl.sum_horizontal("deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown") != pl.col("best")
    ),
    "have deaths whose side nobody knows": pl.col("deaths_unknown") > 0,
}


def _is_government(side: str) -> pl.Expr:
    return pl.col(side).str.contains(GOVERNMENT).fill_null(False)


def _deaths(side: str) -> pl.Expr:
    """Deaths of a side where it is a government."""
    return pl.when(_is_government(f"side_{side}")).then(f"deaths_{side}").otherwise(0)


def _divided(found: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows as text, divided into events and what is set aside."""
    reason = pl.coalesce(pl.when(condition).then(pl.lit(name)) for name, condition in FAULTS.items())
    judged = found.select(reason.alias("reason"), *COLUMNS)
    numbers = pl.col("id", *CODES, *COUNTS).cast(pl.Int64, strict=False)
    names = pl.col(*PLACES, *SIDES).str.replace_all(r"\s+", " ")
    table = (
        judged.filter(pl.col("reason").is_null())
        .select(COLUMNS)
        .with_columns(numbers, names, *(_day(column).alias(column) for column in DATES))
        .with_columns(government=_deaths("a") + _deaths("b"))
    )
    return table, judged.filter(pl.col("reason").is_not_null())


NONE = Events(0, None, None, *_divided(pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String))))  # no file was given


def read(file: Path, place: str) -> Events:
    """The events that have the words `place` in `adm_1` or `adm_2`. Raises Problems."""
    is_tagged = _has_tags(file)
    rows = pl.scan_csv(file, infer_schema=False, skip_rows_after_header=int(is_tagged))
    in_place = pl.any_horizontal(pl.col(PLACES).str.contains(rf"(?i)\b{pl.escape_regex(place)}\b").fill_null(False))
    in_no_place = ~_is_whole("id") | _day("date_start").is_null()  # with a cell too few or too many, as a rule
    summary = rows.select(pl.len(), _day("date_start").min().alias("first"), _day("date_end").max().alias("last"))
    try:
        found = rows.select(COLUMNS).filter(in_place | in_no_place)
        summary, found = pl.collect_all([summary, found], engine="streaming")
    except pl.exceptions.PolarsError:
        raise Problems([_broken(file)]) from None
    if not found.select(in_place.any()).item():
        raise Problems([_no_such_place(file, rows, place)])
    return Events(*summary.row(0), *_divided(found))


def by_month(events: Events, months: pl.Series) -> pl.DataFrame:
    """What the events say of each of `months`, given by their first days; empty cells where the file has no say.

    Columns: `month`; `events` and `government_low`, the events that surely lie in the month and their deaths on the
    side of a government; `events_touching` and `government_high`, the same of all that may lie in it, whole or in part;
    `unattributed`, the deaths whose side nobody knows in those of the latter that a government fought in; `best`, all
    deaths in the former.
    """
    first, after = pl.col("month"), pl.col("month").dt.offset_by("1mo")
    sure, of_government = ~SPANS_MONTHS & ~HAS_NO_MONTH, pl.any_horizontal(map(_is_government, SIDES))
    table = pl.DataFrame({"month": months})
    counts = (
        table.join(events.table, how="cross")
        .filter(pl.col("date_start") < after, pl.col("date_end") >= first)
        .group_by("month")
        .agg(
            sure.sum().alias("events"),
            pl.len().alias("events_touching"),
            pl.col("government").filter(sure).sum().alias("government_low"),
            pl.col("government").sum().alias("government_high"),
            pl.col("deaths_unknown").filter(of_government).sum().alias("unattributed"),
            pl.col("best").filter(sure).sum(),
        )
    )
    has_say = (pl.lit(events.first, pl.Date) < after) & (pl.lit(events.last, pl.Date) >= first)
    known = pl.when(has_say).then(pl.exclude("month").cast(pl.Int64).fill_null(0))
    return table.join(counts, on="month", how="left", maintain_order="left").with_columns(known)


# --- What is wrong with a file ---


def _has_tags(file: Path) -> bool:
    """Whether a row of tags follows the header, which has the columns that are needed. Raises Problems."""
    try:
        with file.open(**READABLE) as text:
            start = text.read(HEADER)
    except OSError as error:
        raise Problems([_fault(file, None, f"no file to read ({error.strerror})", "Correct the path.")]) from None
    header, second = itertools.islice(itertools.chain(csv.reader(io.StringIO(start)), [[], []]), 2)
    if not set(COLUMNS) & set(header):
        found = f"a first line that begins {start.partition(chr(10))[0][:40]!r}"
        raise Problems([_fault(file, 1, found, "Give the file as it was downloaded, unpacked.")])
    if problems := list(_columns(file, header)):
        raise Problems(problems)
    return any(cell.startswith("#") for cell in second)


def _columns(file: Path, header: list[str]) -> Iterator[Problem]:
    for name in COLUMNS:
        if (times := header.count(name)) > 1:
            yield Problem.old(file.name, 1, name, f"the column {times} times", "it once", "Rename the other.")
        elif not times:
            near = difflib.get_close_matches(name, set(header) - set(COLUMNS), 1)
            do = f"Rename {near[0]!r}, if that is it." if near else "Download the file again."
            yield Problem.old(file.name, 1, name, "no such column", "a file with the columns of UCDP GED", do)


def _broken(file: Path) -> Problem:
    """The row that polars, which does not say where, could not read."""
    line = 1
    try:
        with file.open(**READABLE) as text:
            reader = csv.reader(text, strict=True)
            for cells in reader:
                if any("\udc80" <= sign <= "\udcff" for sign in "".join(cells)):
                    return _fault(file, line, "a sign that is not UTF-8", "Save the file as CSV in UTF-8.")
                line = reader.line_num + 1
    except csv.Error as error:
        return _fault(file, line, f"quotes that do not pair ({error})", "Download the file again, or correct the row.")
    return _fault(file, None, "rows that cannot be read", "Download the file again.")


def _fault(file: Path, line: int | None, found: str, do: str) -> Problem:
    return Problem.old(file.name, line, None, found, "a CSV file of UCDP GED, in UTF-8, with commas", do)


def _no_such_place(file: Path, rows: pl.LazyFrame, place: str) -> Problem:
    names = pl.concat([rows.select(pl.col(name).alias("name")) for name in PLACES]).unique().drop_nulls().collect()
    near = difflib.get_close_matches(place, sorted({word for name in names["name"] for word in name.split()}), 1)
    do = f"Did you mean {near[0]!r}?" if near else "Choose another file or another place."
    return Problem.old(file.name, None, "adm_1, adm_2", f"no row with the place {place!r}", "one at least", do)
