"""What a chart draws, read from its specification: what Vega would leave out without a word, and the table of a CSV.

The table is long: a row for each value drawn, with the name of its layer (`series`), what it belongs to (a date, a
year, a name), `value` and `entry`, the id of the ledger entry that it is. A layer that draws a range in two columns,
say low and high, takes their entries from low_entry and high_entry.

Left out are text, unless its layer has a name, and decoration (`aria=False`). A layer whose positions are made from
its rows gives the rows as they are. Columns that begin with an underscore only say where something stands.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from toll.graphics.type import RESPELL, unfit
from toll.problems import Problem, Problems, Where

if TYPE_CHECKING:
    import polars as pl

Spec = dict[str, Any]
CHILDREN = ("layer", "hconcat", "vconcat", "concat")
MEASURED = ("x", "y", "x2", "y2")
KEYS = (*MEASURED, "xOffset", "yOffset", "row", "column", "facet", "detail")
ESCAPED = re.compile(r"\\(.)")
INSIDE = re.compile(r"(?<!\\)[.\['\"]")  # not escaped: Vega would look for the rest inside the column
ZONE = re.compile(r"\d\d:\d\d.*(?:Z|[+-]\d\d:?\d\d)")  # at the end of a time
PLAIN = (str, int, float, list, dict, type(None))  # what JSON can hold
MOST_DIGITS = 2**53  # the whole numbers of JavaScript end here
EXPRESSIONS = ("calculate", "filter", "test", "expr", "signal", "labelExpr")
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")  # in an expression
RESAMPLED = (("extent", "ci"), ("aggregate", "ci0"), ("aggregate", "ci1"), ("op", "ci0"), ("op", "ci1"))
CHANGING = re.compile(r"\b(?:now|random|sample(?:Uniform|Normal|LogNormal)) *\(|\bdatetime *\( *\)")
MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d)T00:00:00(?:\.0+)?")
FORMULA_STARTS = ("=", "+", "-", "@")  # a spreadsheet would run such a cell
FIXED = "Calculate it from the data or from a parameter, before it is drawn."
NO_ROWS = "Leave a layer out when there is nothing to draw."


@dataclass(frozen=True)
class Layer:
    """One mark of a chart with what it inherits. `rows` is None where the chart does not carry its data."""

    mark: Spec
    encoding: Spec
    transforms: list[Spec]
    rows: list[Spec] | None
    name: str | None
    node: Spec  # where the specification has it

    def fields(self, *channels: str) -> dict[str, Spec]:
        """The columns that these channels draw, with their definitions."""
        found = {}
        for channel in channels:
            given = self.encoding.get(channel) or []
            for definition in given if isinstance(given, list) else [given]:
                conditions = definition.get("condition") or []
                for part in (definition, *([conditions] if isinstance(conditions, dict) else conditions)):
                    if isinstance(part.get("field"), str):
                        found[ESCAPED.sub(r"\1", part["field"])] = part
        return {field: part for field, part in found.items() if field not in self.made}

    @property
    def words(self) -> set[str]:
        """The columns that are written out: as text, or on an axis or above a panel."""
        named = self.fields("x", "y", "row", "column", "facet").items()
        on_axes = {field for field, part in named if part.get("type") in ("nominal", "ordinal") and _is_labeled(part)}
        return on_axes | set(self.fields("text"))

    @property
    def sums(self) -> str | None:
        """What the layer does to its rows, where fewer are drawn than it has."""
        sums = [field for field, part in self.fields(*MEASURED).items() if {"aggregate", "bin", "timeUnit"} & set(part)]
        if sums:
            return f"sums up “{sums[0]}”"
        filters = any({"filter", "sample", "aggregate"} & set(transform) for transform in self.transforms)
        return "filters or sums up its rows" if filters else None

    @property
    def axis(self) -> str:
        """The axis along which the layer draws its values, "y" unless only x has numbers."""
        return "y" if "y" in self.numeric else "x"

    @property
    def numeric(self) -> list[str]:
        return [channel for channel in MEASURED if (self.encoding.get(channel[0]) or {}).get("type") == "quantitative"]

    @property
    def values(self) -> list[str]:
        """The columns whose numbers are drawn; none for text and where positions are made from the rows."""
        if self.mark["type"] == "text":
            return []
        along = (channel for channel in self.numeric if channel[0] == self.axis)
        return [field for field in self.fields(*along) if field[0] != "_"]

    @property
    def made(self) -> set[str]:
        """The columns that the layer's transforms make."""
        names = [name for transform in self.transforms for name in _made(transform)]
        return {*names, "key", "value"} if any("fold" in transform for transform in self.transforms) else set(names)


def layers(spec: Spec) -> Iterator[Layer]:
    """Every layer of a specification, in the order in which they are drawn."""
    return _layers(spec, Layer({}, {}, [], None, None, spec), spec.get("datasets", {}))


def check(spec: Spec, where: str) -> None:
    """Raises `Problems` for what a chart cannot draw as it stands in the data, or not twice in the same way."""
    faults = [*_faults_beside(spec), *(fault for layer in layers(spec) for fault in _faults(layer))]
    if faults:
        raise Problems(Problem(Where(where), *fault) for fault in faults)


def table(spec: Spec, where: str) -> pl.DataFrame:
    """The values drawn. `Problems` where Vega drops or sums up rows, so that no table could be taken from them."""
    import polars as pl

    rows = [row for layer in layers(spec) for row in _rows(layer, where)]
    columns = dict.fromkeys(["series", *(key for row in rows for key in row if key not in ("value", "entry"))])
    schema: dict[str, Any] = dict.fromkeys(columns) | {"value": None, "entry": pl.String}
    return pl.DataFrame(rows, schema, infer_schema_length=None, strict=False).unique(maintain_order=True)


def printed(spec: Spec) -> dict[str, str]:
    """The ledger's entry by the line of text that prints it in the chart, where it is one entry alone."""
    found: dict[str, set[str]] = {}
    for layer in layers(spec):
        for row in layer.rows or []:
            for line in (line for column in layer.fields("text") for line in str(row.get(column)).split("\n")):
                found.setdefault(line, set()).add(row.get("entry") or "")
    return {line: entry for line, entries in found.items() if len(entries) == 1 for entry in entries if entry}


def csv(name: str, data: pl.DataFrame) -> bytes:
    """`data` as the file NAME.csv. `Problems` for a cell that a spreadsheet would run."""
    from toll import tables

    for column, values in data.to_dict(as_series=False).items():
        for line, value in enumerate(values, start=2):
            if isinstance(value, str) and value.startswith(FORMULA_STARTS):
                message = f"A spreadsheet would take {value!r} for a formula."
                raise Problems(
                    [Problem(Where(f"{name}.csv", line, column), message, "Begin it with a letter or a digit.")]
                )
    return tables.csv(data)


def _layers(node: Spec, above: Layer, datasets: dict[str, list[Spec]]) -> Iterator[Layer]:
    data, transforms, rows = node.get("data"), above.transforms, above.rows
    if data:
        given = datasets.get(data["name"]) if "name" in data else data.get("values")
        transforms, rows = [], given if isinstance(given, list) else None
    mark = node.get("mark", {})
    here = Layer(
        {"type": mark} if isinstance(mark, str) else mark,
        above.encoding | node.get("encoding", {}),
        transforms + node.get("transform", []),
        rows,
        node.get("name"),
        node,
    )
    if mark:
        yield here
    for child in (*(child for key in CHILDREN for child in node.get(key, [])), *filter(None, [node.get("spec")])):
        yield from _layers(child, here, datasets)


def _is_labeled(definition: Spec) -> bool:
    return None not in (definition.get("axis", True), definition.get("header", True))


def _made(transform: Any) -> Iterator[str]:
    for key, value in transform.items() if isinstance(transform, dict) else ():
        if key == "as":
            yield from [value] if isinstance(value, str) else value
        for part in value if isinstance(value, list) else [value]:
            yield from _made(part)


def _faults(layer: Layer) -> Iterator[tuple[str, str]]:
    fields = layer.fields(*layer.encoding)
    if fields and layer.rows is None:
        yield "A layer of the chart has no data of its own.", "Give the chart a table, not a file or an address."
    elif fields and not layer.rows:
        yield f"The layer that draws “{next(iter(fields))}” has no rows.", NO_ROWS
    yield from _cell_faults(layer)
    for field, definition in fields.items() if layer.rows else ():
        yield from _column_faults(field, definition, layer.rows or [])


def _cell_faults(layer: Layer) -> Iterator[tuple[str, str]]:
    """Faults that a column has even where it is not drawn."""
    drawn = layer.words
    for number, row in enumerate(layer.rows or [], start=1):
        for column, value in row.items():
            cell = f"Row {number} of the column “{column}”"
            if not isinstance(value, PLAIN):
                yield f"{cell} is a {type(value).__name__}, which no chart can hold.", "Cast it in polars first."
                return
            if isinstance(value, str) and (fault := unfit(value, drawn=column in drawn)):
                origin = f" `toll trace {row['entry']}` says where the row comes from." if row.get("entry") else ""
                yield f"{cell}: {fault[1]}", RESPELL + origin


def _column_faults(field: str, definition: Spec, rows: list[Spec]) -> Iterator[tuple[str, str]]:
    scale = definition.get("scale") or {}
    if INSIDE.search(definition["field"]) or not any(field in row for row in rows):
        hint = "Check its name. A dot, bracket or quote in it needs a backslash before it; a backslash cannot be in it."
        yield f"No row of the chart's data has the column “{field}”.", hint
    elif all(row.get(field) is None for row in rows):
        yield f"The column “{field}” is empty, so the chart draws nothing for it.", NO_ROWS
    else:
        faults = (_value_fault(row.get(field), definition.get("type"), scale.get("type") == "log") for row in rows)
        for number, (what, hint) in ((i, fault) for i, fault in enumerate(faults, start=1) if fault):
            yield f"Row {number} of the column “{field}” {what}", hint
            break
    if scale.get("clamp"):
        yield f"The scale of “{field}” is clamped: what lies outside would be drawn at its end.", "Leave “clamp” out."


def _value_fault(value: Any, kind: str | None, logarithmic: bool) -> tuple[str, str] | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if value is None:
        return None
    if kind == "quantitative" and not is_number:
        return f"is drawn as a number, but it is {value!r}.", "Cast the column to a number first."
    if kind == "temporal" and isinstance(value, str) and ZONE.search(value):
        hint = "Take the zone off with dt.replace_time_zone(None), which keeps the hour that the place had."
        return f"has a time zone ({value}), and the axis would show it as UTC.", hint
    if is_number and not math.isfinite(value):
        return f"is {value}, which no chart can draw.", "Leave the row out, or draw an open end."
    if isinstance(value, int) and abs(value) > MOST_DIGITS:
        return f"is {value}, which has more digits than a chart can hold.", "Chart it in thousands or millions."
    if logarithmic and is_number and value <= 0:
        return f"is {value:g}, which a logarithmic axis cannot show.", "Use an ordinary axis."
    return None


def _faults_beside(node: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Faults of all that is not data: what no text can have, and what comes out differently in each drawing."""
    if isinstance(node, str):
        if fault := unfit(node, drawn=False):
            yield fault[1], RESPELL
        if (key in EXPRESSIONS and CHANGING.search(QUOTED.sub("", node))) or (key, node) in RESAMPLED:
            yield f"“{node}” comes out differently in each drawing.", FIXED
    for part in node if isinstance(node, list) else ():
        yield from _faults_beside(part, key)
    for name, value in node.items() if isinstance(node, dict) else ():
        if name == "sample":
            yield "The rows that “sample” takes differ in each drawing.", FIXED
        if name not in ("data", "datasets"):
            yield from _faults_beside(value, name)


def _rows(layer: Layer, where: str) -> Iterator[Spec]:
    text = layer.mark["type"] == "text"
    if layer.rows is None or (not layer.name and (text or layer.mark.get("aria") is False)):
        return
    values = layer.values
    if not values:
        places = layer.fields(*layer.numeric)
        yield from (
            {"series": layer.name, **{k: _date(v) for k, v in row.items() if k[0] != "_" and k not in places}}
            for row in (layer.rows if layer.name else ())
        )
        return
    _refuse_sums(layer, where)
    keys = [field for field in layer.fields(*KEYS) if field not in values]
    for row in layer.rows:
        for field in values:
            if row.get(field) is not None:
                series = layer.name or field
                yield {
                    "series": f"{series}, {field}" if len(values) > 1 else series,
                    **{key: _date(row.get(key)) for key in keys},
                    "value": row[field],
                    "entry": entry(row, field),
                }


def entry(row: Spec, field: str) -> str | None:
    """The id of the ledger entry that a row draws in the column `field`."""
    return row.get(f"{field}_entry", row.get("entry"))


def _refuse_sums(layer: Layer, where: str) -> None:
    if layer.sums:
        message = f"A layer {layer.sums} while it is drawn, so its table cannot be taken from the chart."
        raise Problems([Problem(Where(where), message, "Do that in polars first, and chart the result.")])


def _date(value: Any) -> Any:
    day = MIDNIGHT.fullmatch(value) if isinstance(value, str) else None
    return day[1] if day else value
