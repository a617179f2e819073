"""Event data: a file of the UCDP Georeferenced Event Dataset (GED), read for one place and counted by month.

It reads both published shapes: the file of the Uppsala Conflict Data Program (https://ucdp.uu.se/downloads/) and the
files by country of the Humanitarian Data Exchange, which have a second header row of HXL tags; and what spreadsheets
make of them: 3.0 for 3, days as 1/25/2014 0:00 or as a number. Sundberg and Melander
(2013) describe the dataset: "Introducing the UCDP Georeferenced Event Dataset", Journal of Peace Research 50(4).

No row is dropped silently: a row of the place is an event, or it is set aside with the reason.
"""

from __future__ import annotations

import csv
import datetime as dt
import difflib
import io
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from toll.problems import Problem, Problems, Where, quoted

DATES = ("date_start", "date_end")
DAYS = ("first_day", "last_day")  # what could be read of these
CODES = ("date_prec", "type_of_violence")
PLACES = ("adm_1", "adm_2")
SIDES = ("side_a", "side_b")
COUNTS = ("deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown", "best", "low", "high")
COLUMNS = ("id", *DATES, *CODES, *PLACES, *SIDES, *COUNTS)
TYPES_OF_VIOLENCE = {1: "state-based", 2: "non-state", 3: "one-sided"}

WHOLE = r"^([0-9]{1,12})(\.0+)?$"
MIDNIGHT = r"([ T](0?0:00(:00(\.0+)?)?|12:00(:00)? AM)Z?)?$"
DAY = f"^([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}){MIDNIGHT}"
SLASHED = rf"^([0-9]{{1,2}})[/.-]([0-9]{{1,2}})[/.-]([0-9]{{4}}){MIDNIGHT}"  # which of the two is the month is open
SERIAL = r"^([3-7][0-9]{4})(\.0+)?$"
SERIAL_ZERO = dt.date(1899, 12, 30)  # from which spreadsheets count days
GOVERNMENT = r"^Government of\b"
LISTED = 20  # ids, at most
HEADER = 10_000  # characters, more than the header and the tags have
READABLE = {"encoding": "utf-8-sig", "errors": "surrogateescape", "newline": ""}


@dataclass(frozen=True)
class Events:
    """The events of one place in a file of `rows` rows, which lie between `first` and `last`.

    `table` has a row for each event: COLUMNS, with dates as dates, codes and counts (of deaths) as whole numbers, and
    `government`, the deaths on the side of a government. `aside` has each row that cannot be counted, if it is of the
    place or if its place cannot be told: `reason`, and COLUMNS as they are in the file.
    """

    rows: int
    first: dt.date | None
    last: dt.date | None
    table: pl.DataFrame
    aside: pl.DataFrame


def _day(column: str, day_first: bool) -> pl.Expr:
    text = pl.col(column)
    day, month = (1, 2) if day_first else (2, 1)
    parts = pl.concat_str((text.str.extract(SLASHED, part) for part in (3, month, day)), separator="-")
    serial = text.str.extract(SERIAL, 1).cast(pl.Int64)
    return pl.coalesce(
        text.str.extract(DAY, 1).str.to_date("%Y-%m-%d", strict=False),
        parts.str.to_date("%Y-%m-%d", strict=False),
        pl.lit(SERIAL_ZERO) + pl.duration(days=serial),
    )


def _whole(columns: str | Sequence[str]) -> pl.Expr:
    return pl.col(columns).str.extract(WHOLE, 1).cast(pl.Int64)


def _is_whole(column: str) -> pl.Expr:
    return pl.col(column).str.contains(WHOLE).fill_null(False)


UNREAD_DAY = "a day that cannot be read"

# Why a row is set aside. The first condition that is true of its text is the reason.
FAULTS = {
    "an empty row": pl.all_horizontal(pl.col(COLUMNS).is_null()),
    "no whole number as id": ~_is_whole("id"),
    UNREAD_DAY: pl.any_horizontal(pl.col(DAYS).is_null()),
    "an end before the start": pl.col("last_day") < pl.col("first_day"),
    "a count that is missing, negative or not whole": ~pl.all_horizontal(map(_is_whole, COUNTS)),
    "the id of an earlier row": ~_whole("id").is_first_distinct(),
}

SPANS_MONTHS = pl.col("date_start").dt.month_start() != pl.col("date_end").dt.month_start()
HAS_NO_MONTH = ~pl.col("date_prec").is_between(1, 4).fill_null(False)  # 4: known to the month; 5: to the year

# What a reader should know of events that are counted.
ODDITIES = {
    "span more than one month": SPANS_MONTHS,
    "are not dated as closely as a month": HAS_NO_MONTH,
    "have a best estimate outside low and high": ~pl.col("best").is_between("low", "high"),
    "have deaths by side that do not add up to the best estimate": (
        pl.sum_horizontal("deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown") != pl.col("best")
    ),
    "have deaths whose side is unknown": pl.col("deaths_unknown") > 0,
}


def _is_government(side: str) -> pl.Expr:
    return pl.col(side).str.contains(GOVERNMENT).fill_null(False)


def _deaths(side: str) -> pl.Expr:
    """Deaths of a side where it is a government."""
    return pl.when(_is_government(f"side_{side}")).then(f"deaths_{side}").otherwise(0)


def _divided(found: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Divides rows, as text with DAYS, into events and rows that are set aside."""
    reason = pl.coalesce(pl.when(condition).then(pl.lit(name)) for name, condition in FAULTS.items())
    judged = found.select(reason.alias("reason"), *COLUMNS, *DAYS)
    names = pl.col(*PLACES, *SIDES).str.replace_all(r"\s+", " ")
    table = (
        judged.filter(pl.col("reason").is_null())
        .with_columns(_whole(("id", *CODES, *COUNTS)), names, date_start="first_day", date_end="last_day")
        .select(COLUMNS)
        .with_columns(government=_deaths("a") + _deaths("b"))
    )
    return table, judged.filter(pl.col("reason").is_not_null()).drop(DAYS)


NO_ROW = pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String) | dict.fromkeys(DAYS, pl.Date))
NONE = Events(0, None, None, *_divided(NO_ROW))  # no file was given


def read(file: Path, place: str) -> Events:
    """The events that have the words `place` in `adm_1` or `adm_2`. Raises Problems."""
    tags = int(_has_tags(file))
    rows = pl.scan_csv(file, infer_schema=False, skip_rows_after_header=tags, glob=False)
    in_place = pl.any_horizontal(pl.col(PLACES).str.contains(rf"(?i)\b{pl.escape_regex(place)}\b").fill_null(False))
    in_no_place = ~_is_whole("id") | pl.col("first_day").is_null()  # with a cell too few or too many, as a rule
    try:
        day_first = _is_day_first(file, rows)
        dated = rows.with_columns(first_day=_day("date_start", day_first), last_day=_day("date_end", day_first))
        summary = dated.select(pl.len(), pl.col("first_day").min(), pl.col("last_day").max())
        found = dated.select(*COLUMNS, *DAYS).filter(in_place | in_no_place)
        summary, found = pl.collect_all([summary, found], engine="streaming")
    except pl.exceptions.PolarsError:
        raise Problems([_broken(file)]) from None
    if not found.select(in_place.any()).item():
        raise Problems([_no_such_place(file, rows, place)])
    events = Events(*summary.row(0), *_divided(found))
    if events.table.is_empty():
        raise Problems(_all_set_aside(file, events.aside.filter(in_place), place))
    return events


def _is_day_first(file: Path, rows: pl.LazyFrame) -> bool:
    """Whether days such as 3/25/2014 begin with the day; what all rows say together. Raises Problems."""
    parts = ([pl.col(column).str.extract(SLASHED, part).cast(pl.Int64).max() for column in DATES] for part in (1, 2))
    highest = rows.select(pl.max_horizontal(ends).alias(f"{n}") for n, ends in enumerate(parts))
    first, second = highest.collect(engine="streaming").row(0)
    if first is None:
        return False
    if (first > 12) == (second > 12):
        open_ = "No day in the file is after the 12th, so 3/5/2014 may be March 5 or May 3."
        mixed = "Some days begin with the month and others with the day, so 3/5/2014 may be either."
        message = mixed if first > 12 else open_
        raise Problems([Problem(Where(file.name, None, ", ".join(DATES)), message, AGAIN)])
    return first > 12


def by_month(events: Events, months: pl.Series) -> pl.DataFrame:
    """A row for each of `months`, given by their first days; its cells are empty where the file has no say.

    Columns: `month`; `events` and `government_low`, the events that surely lie in the month and their deaths on the
    side of a government; `events_touching` and `government_high`, the same of all that may lie in it, whole or in part;
    `unattributed`, the deaths of unknown side in those of the latter in which a government fought; `best`, all deaths
    in the former.
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


def listed(rows: pl.DataFrame, by: str) -> pl.DataFrame:
    """How many rows there are for each value of the column `by`, and the ids of the first of them."""
    ids = pl.col("id").cast(pl.String).fill_null("none").head(LISTED).str.join(", ")
    return rows.group_by(by, maintain_order=True).agg(pl.len().alias("rows"), ids.alias("first_ids"))


def oddities(events: pl.DataFrame) -> pl.DataFrame:
    """The events of which each of ODDITIES is true: `events_that`, `id`, `government`; one row for each of both."""
    odd = (
        events.filter(condition).select(pl.lit(what).alias("events_that"), "id", "government")
        for what, condition in ODDITIES.items()
    )
    return pl.concat(odd)


def pairs_of_months(compared: pl.DataFrame) -> pl.DataFrame:
    """Each two months that one source counted: `month`, `later`, and whether the events agree on their order.

    `compared` has the columns of `by_month` and, for each month that a source counted, `source`, `attributed_to`,
    `reported_low` and `reported_high`. `agree` is 1 if both put the two months in the same order, -1 if they put them
    in opposite orders, and 0 where the ranges of one of them overlap, so that it has no say.
    """
    counted = compared.drop_nulls(["reported_low", "events"])
    same_desk = ["source", "attributed_to"]
    pairs = counted.join(counted, on=same_desk, suffix="_later").filter(pl.col("month") < pl.col("month_later"))

    def order(measure: str) -> pl.Expr:
        rises = pl.col(f"{measure}_high") < pl.col(f"{measure}_low_later")
        falls = pl.col(f"{measure}_low") > pl.col(f"{measure}_high_later")
        return rises.cast(pl.Int64) - falls.cast(pl.Int64)

    agree = order("reported") * order("government")
    return pairs.select("month", pl.col("month_later").alias("later"), agree.alias("agree")).sort("month", "later")


# --- What is wrong with a file ---

AGAIN = "Use the CSV file of UCDP GED as you downloaded it, unpacked."


def _has_tags(file: Path) -> bool:
    """Whether a row of tags follows the header, which has the columns that are needed. Raises Problems."""
    try:
        with file.open(**READABLE) as text:
            start = text.read(HEADER)
    except OSError as error:
        message = f"The file cannot be read ({error.strerror})."
        raise Problems([Problem(Where(file.name), message, "Correct the path.")]) from None
    header, second = itertools.islice(itertools.chain(csv.reader(io.StringIO(start)), [[], []]), 2)
    if not set(COLUMNS) & set(header):
        message = f"The first line begins {quoted(start.partition(chr(10))[0], 40)}, so this is not event data."
        raise Problems([Problem(Where(file.name, 1), message, AGAIN)])
    if problems := list(_columns(file, header)):
        raise Problems(problems)
    return any(cell.startswith("#") for cell in second)


def _columns(file: Path, header: list[str]) -> Iterator[Problem]:
    for name in COLUMNS:
        where, times = Where(file.name, 1, name), header.count(name)
        if times > 1:
            yield Problem(where, f"The column is there {times} times.", "Rename the others.")
        elif not times:
            near = difflib.get_close_matches(name, set(header) - set(COLUMNS), 1)
            hint = f"If it is {quoted(near[0])}, rename that." if near else AGAIN
            yield Problem(where, "The column is missing.", hint)


def _broken(file: Path) -> Problem:
    """Finds the row that polars could not read; polars does not say where it is."""
    line = 1
    try:
        with file.open(**READABLE) as text:
            reader = csv.reader(text, strict=True)
            for cells in reader:
                if any("\udc80" <= sign <= "\udcff" for sign in "".join(cells)):
                    return Problem(Where(file.name, line), "The row has a character that is not UTF-8.", AGAIN)
                line = reader.line_num + 1
    except csv.Error as error:
        too_long = f"A cell from this row on has more than {csv.field_size_limit():,} characters."
        message = too_long if "field limit" in str(error) else "Double quotes do not pair from this row on."
        return Problem(Where(file.name, line), message, AGAIN)
    return Problem(Where(file.name), "The rows cannot be read.", AGAIN)


def _no_such_place(file: Path, rows: pl.LazyFrame, place: str) -> Problem:
    names = pl.concat([rows.select(pl.col(name).alias("name")) for name in PLACES]).unique().drop_nulls().collect()
    near = difflib.get_close_matches(place, sorted({word for name in names["name"] for word in name.split()}), 1)
    hint = f"Did you mean {quoted(near[0])}?" if near else "Choose another file or another place."
    return Problem(Where(file.name, None, "adm_1, adm_2"), f"No row has the place {quoted(place)}.", hint)


def _all_set_aside(file: Path, rows: pl.DataFrame, place: str) -> Iterator[Problem]:
    """What keeps every row of the place from being counted, with one of the days, if it is the days."""
    for (reason,), group in rows.group_by("reason", maintain_order=True):
        days = group["date_start"].drop_nulls() if reason == UNREAD_DAY else ()
        example = f", such as {quoted(days[0])}" if len(days) else ""
        count = f"{group.height:,} row{'s' if group.height > 1 else ''}"
        message = f"No row of {quoted(place)} can be counted: {count} with {reason}{example}."
        yield Problem(Where(file.name), message, AGAIN)
