"""Marks that charts share: data and encodings in, ordinary Altair layers out. docs/marks.md shows each.

    def chart(width, height):
        date, killed = marks.months("date", 2014), alt.Y("killed:Q")
        return alt.layer(*marks.line(known, date, killed), *marks.point(last, date, killed, label=["shown"]))

Rows are a polars frame or dicts. Lengths are px, colors names of the theme, and `canvas()` says what is drawn on.
Labels find their own place: beside their point, apart from each other, optional ones only where there is room. What
has a `name` goes by it in the graphic's table; the column `entry` says which number of the ledger a row is.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import altair as alt
import polars as pl

from toll.graphics.theme import CALCULATED, HEADING, REPORTED, canvas
from toll.graphics.type import measure, wrap
from toll.ledger.wording import MONTHS

Rows = pl.DataFrame | Iterable[Mapping[str, Any]]
Words = Sequence[str]  # columns with the lines of a label
Encoding = alt.X | alt.Y
Layers = list[Any]

DASHES = {"dots": [0.1, 5], "dashes": [6, 5], "fine": [2, 2.5]}
BANDS = ("red_95", "red_80")
ON = {"blue": "on_blue", "gold": "on_gold"}  # for words on a mark of this color
INK = {"gold": "gold_ink", "dot": "ink", "gray": "ink_2"}  # for words beside it
HALO = {"stroke": "ground", "strokeWidth": 4}  # keeps words clear of the grid
OUTSIDE, BESIDE = 8, 15  # from the right edge of a plot to a bracket, and to labels
RADIUS = 0.32  # of a dot, in steps of its grid
FADING = 7  # outlines that follow the last dot of a minimum, at most
GAP = 2.5  # steps between grids side by side


def months(column: str, year: int) -> alt.X:
    """A date axis over one year, with its quarters and its last day."""
    first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
    name = f"{list(MONTHS)}[utcmonth(datum.value)]"
    axis = alt.Axis(
        values=[*(dt.date(year, month, 1) for month in (1, 4, 7, 10)), last],
        labelExpr=f"utcdate(datum.value) == 1 ? {name} : {name} + ' ' + utcdate(datum.value)",
        # an index is a tick's place along the axis: the outer labels stay on the canvas
        labelAlign=alt.when("datum.index == 0")
        .then(alt.value("left"))
        .when(f"datum.index == 1 && {str(canvas().wide).lower()}")
        .then(alt.value("right"))
        .otherwise(alt.value("center")),
    )
    return alt.X(f"{column}:T", scale=alt.Scale(type="utc", domain=[first, last], nice=False), axis=axis)


def line(
    rows: Rows,
    x: Encoding,
    y: Encoding,
    color: str = "red",
    dash: str | None = None,
    step: bool = False,
    label: str | None = None,
    name: str | None = None,
    **look: Any,
) -> Layers:
    """A line, or with `step` a stair. `dash` is "dots", "dashes" or "fine"; `label` (a column) stands at the end."""
    frame = _frame(rows)
    shape = {"interpolate": "step-after"} if step else {}
    dashes = {"strokeDash": DASHES[dash]} if dash else {}
    drawn = _chart(frame, name).mark_line(color=color, **shape, **dashes, **look).encode(x, y)
    return [drawn, *(end_labels(frame.tail(1), x, y, label, color, dx=OUTSIDE) if label else [])]


def fan(rows: Rows, x: Encoding, y: Encoding, bands: Mapping[str, tuple[str, str]], name: str | None = None) -> Layers:
    """What may come: a band for each range, the widest first, and a dashed line where rows have `y`'s column.

    `bands` has the columns of both ends by the name of the range, such as {"95% range": ("low_95", "high_95")}.
    """
    frame = _frame(rows)
    layers: Layers = []
    for (band, ends), shade in zip(bands.items(), BANDS, strict=False):
        columns = dict(zip(("low", "high"), ends, strict=True))
        columns |= {f"{end}_entry": f"{column}_entry" for end, column in columns.items()}
        own = _only(frame, _column(x), **columns)
        layers.append(_chart(own, band).mark_area(color=shade).encode(x, _on(y, "low"), alt.Y2("high")))
    middle = _only(frame, _column(x), _column(y), "entry")
    return [*layers, *(line(middle, x, y, dash="dashes", name=name) if _column(y) in middle.columns else [])]


def point(
    rows: Rows, x: Encoding, y: Encoding, label: Words = (), color: str = "red", name: str | None = None
) -> Layers:
    """Dots with a rim, and the lines of a label beside each."""
    frame, early = _frame(rows), _side(_frame(rows), x) == "start"
    dots = _chart(frame, name).mark_point(color=color, size=150, stroke="ground", strokeWidth=1.5).encode(x, y)
    places = "right below, right above, left above, left below" if early else "left above, left below, right below"
    look = {"color": INK.get(color, color), "bold": True, "align": "left" if early else "right"}
    return [dots, *_lines(frame, [x, y], label, f"place: {places}", look, {"color": "ink_2", "align": look["align"]})]


def reference_line(rows: Rows, at: Encoding, label: str | None = None, name: str | None = None) -> Layers:
    """A rule across the plot that the rest is measured against, with its `label` (a column) at the start of it."""
    frame = _frame(rows)
    rule = _chart(frame, name or _column(at)).mark_rule(strokeWidth=1.6).encode(at)
    level = isinstance(at, alt.Y)
    start = alt.XValue(0.5 * canvas().label) if level else alt.YValue(0)
    wish = "place: start above, start below" if level else "place: right below, left below"
    return [rule, *(_text(frame, [at, start], label, wish, bold=True) if label else [])]


def bracket(rows: Rows, x: Encoding, y: Encoding, low: str, high: str, label: Words = (), color: str = "red") -> Layers:
    """The range from `low` to `high` (columns) as a bracket beside the plot, with the lines of its label."""
    frame = _frame(rows).with_columns(_middle=(pl.col(low) + pl.col(high)) / 2)
    look = {"color": color, "xOffset": OUTSIDE, "aria": False}
    stem = _chart(frame).mark_rule(strokeWidth=1.4, **look).encode(x, _on(y, low), alt.Y2(high))
    tip = _chart(frame).mark_tick(thickness=1.4, size=6, orient="horizontal", **look)
    words = _lines(frame, [x, _on(y, "_middle")], label, "apart", *2 * [{"color": INK.get(color, color), "dx": BESIDE}])
    return [stem, tip.encode(x, _on(y, low)), tip.encode(x, _on(y, high)), *words]


def end_labels(
    rows: Rows,
    x: Encoding,
    y: Encoding,
    label: str,
    color: str = "red",
    bold: bool | str = False,
    more: str | None = None,
    optional: bool = False,
    dx: float = BESIDE,
) -> Layers:
    """Labels (a column) to the right of points, kept apart. `more` words (a column) follow on wide canvases.

    Optional ones are dropped, the lowest first, where there are more than fit.
    """
    words = pl.concat_str(label, *([more] if more and canvas().wide else []), ignore_nulls=True)
    wish = "apart?" if optional else "apart"
    return _text(_frame(rows).with_columns(_text=words), [x, y], "_text", wish, INK.get(color, color), bold, dx=dx)


def capsule(
    rows: Rows,
    x: Encoding,
    y: Encoding,
    low: str,
    high: str,
    color: str = "ink",
    label: str | None = None,
    name: str = "range",
) -> Layers:
    """A rounded bar from `low` to `high` (columns), along whichever of `x` and `y` is a quantity.

    In lanes it has a `label` (a column) after it, or before it where there is no room.
    """
    frame = _frame(rows)
    drawn = _chart(frame, name).mark_rule(color=color, strokeWidth=9, strokeCap="round")
    if _kind(x) != "Q":
        return [drawn.encode(x, _on(y, low), alt.Y2(high))]
    layers = [drawn.encode(_on(x, low), alt.X2(high), y)]
    for row in frame.iter_slices(1) if label else ():
        room = _scale(x, "range")[1] - row[high][0] / _per_px(x)
        after = measure(row[str(label)][0], canvas().label) + 12 < room
        look = {"dx": 12, "align": "left"} if after else {"dx": -12, "align": "right"}
        layers += _text(row, [_on(x, high if after else low), y], str(label), **look)
    return layers


def columns(
    rows: Rows,
    x: Encoding,
    y: Encoding,
    color: str = "blue",
    label: str | None = None,
    name: str | None = None,
    **look: Any,
) -> Layers:
    """Upright bars; `color` may be the column that has a color for each, `label` the column of words above some."""
    frame = _frame(rows)
    drawn = _chart(frame, name).mark_bar(**look).encode(x, y, _color(frame, color))
    words: Layers = []
    for row in frame.drop_nulls(label).iter_slices(1) if label else ():
        side = _side(row, x)
        align, wish = ("left", "right")[side == "end"], f"place: {side} above, center above"
        words += _text(row, [x, y], str(label), wish, bold=True, align=align)
    return [drawn, *words]


def others(rows: Rows, x: Encoding, y: Encoding, color: str = "ink", name: str = "other sources") -> Layers:
    """What other sources counted, as hollow dots."""
    dots = _chart(_frame(rows), name).mark_point(fill="ground", stroke=color, strokeWidth=1.4, size=34)
    return [dots.encode(x, y)]


def lanes(rows: Rows, column: str, height: float | None = None, heading: int = 1) -> tuple[alt.Y, float]:
    """A lane for each row, its name (a column) above it: the encoding, and how high the plot then is.

    `heading` is how many lines of words stand above the first lane.
    """
    em, names = canvas().label, _frame(rows)[column].to_list()
    top = (0.5 + 1.1) * em + (heading - 1) * canvas().annotation[1]
    step = (height - top) / (len(names) - 0.45) if height else (4 if len(names) > 4 else 5.05) * em
    thick = min(step - 1.9 * em, (3 if height else 2.3) * em)
    bottom = top + step * (len(names) - 1) + thick
    scale = alt.Scale(domain=names, range=[top, bottom], paddingInner=1 - thick / step, paddingOuter=0)
    return alt.Y(f"{column}:O", axis=None, sort=names, scale=scale), height or bottom


def lanes_that_fit(height: float | None) -> int | None:
    """How many lanes a canvas of fixed height has room for; None where it grows."""
    return max(2, int((height / canvas().label - 3) / 3.4 + 0.45)) if height else None


def names(rows: Rows, y: Encoding) -> Layers:
    """The name of each lane, above it."""
    return _above(_frame(rows), y, _column(y), alt.XValue(0))


def bars(
    rows: Rows, x: Encoding, y: Encoding, label: str | None = None, color: str = "blue", bold: bool | str = True
) -> Layers:
    """Bars in lanes. `label` (a column) stands inside at the end, or outside where it does not fit.

    The scale of `x` needs a domain and a range in px; `bold` may be the column that says which labels are.
    """
    frame = _frame(rows)
    layers = [_chart(frame).mark_bar(color=color, height=_thick(y)).encode(x, y)]
    if label:
        look = {"dy": 0.07 * canvas().label, "fontSize": 1.08 * canvas().label}
        fits = pl.Series(_fits(frame, x, label, 14, 1.08 * canvas().label), dtype=pl.Boolean)
        ink = ON.get(color, "ground")
        layers += _text(frame.filter(fits), [x, y], label, None, ink, bold, align="right", dx=-7, **look)
        layers += _text(frame.filter(~fits), [x, y], label, None, "ink", bold, dx=7, **look)
    return layers


def block(
    rows: Rows,
    x: Encoding,
    y: Encoding,
    start: str,
    label: str,
    short: tuple[str, str] | None = None,
    color: str = "gold",
    bold: bool = True,
) -> Layers:
    """One part of a lane: as long as `x` says, beginning at `start` (a column), with its label inside.

    Where the label does not fit, `short` (two columns) stands inside and above instead.
    """
    frame, em = _parts(rows, x, start), canvas().label
    part = _chart(_only(frame, _column(y), "value", "entry", "_start", "_end"), _column(x)).mark_bar(
        color=color, height=_thick(y), xOffset=1.5
    )
    inside, above = (label, None) if not short or all(_fits(frame, x, label, 2 * em, em)) else short
    style = {"align": "center", "dy": 0.07 * em}
    words = _text(frame, [_on(x, "_middle"), y], inside, None, ON.get(color, "ground"), bold, **style)
    if above:
        words += _above(frame, y, above, _on(x, "_end"), INK.get(color, color), align="right")
    return [part.encode(_on(x, "_start"), alt.X2("_end"), y), *words]


def hatched(rows: Rows, x: Encoding, y: Encoding, start: str, label: str | None = None, color: str = "gray") -> Layers:
    """One part of a lane that nobody explains: hatched, from `start` (a column) on, its label after it.

    Plain lines survive print and every drawing program; pattern fills do not.
    """
    frame, em = _parts(rows, x, start), canvas().label
    lines = _chart(_diagonals(frame, x, y)).mark_line(color=color, strokeWidth=1, strokeCap="butt", aria=False)
    up = alt.YOffset("_up:Q", scale=alt.Scale(domain=[0, 1]))
    part = _chart(_only(frame, _column(y), "value", "entry", "_start", "_end"), _column(x)).mark_bar(
        filled=False, stroke=color, strokeWidth=1, height=_thick(y)
    )
    layers = [
        lines.encode(_on(x, "_x"), y, up, alt.Detail("_line:N")),
        part.encode(_on(x, "_start"), alt.X2("_end"), y),
    ]
    for row in frame.iter_slices(1) if label else ():
        words, end = row[str(label)][0], row["_end"][0] / _per_px(x)
        text = wrap(words, max(_scale(x, "range")[1] - end + 0.8 * em - 8, *_widths(words.split(), em)), em)
        look = {"lineHeight": 1.25 * em, "lineBreak": "\n", "dx": 8, "dy": (0.07 - 0.625 * (len(text) - 1)) * em}
        broken = row.with_columns(_text=pl.lit("\n".join(text)))
        layers += _text(broken, [_on(x, "_end"), y], "_text", None, "ink_2", **look)
    return layers


def column_width(words: Iterable[str], heading: str = "") -> float:
    """How wide a column of numbers is, with the space before it."""
    em, small = canvas().label, canvas().annotation[0]
    return 16 + max(*_widths(words, 1.08 * em, REPORTED), *_widths(heading.split("\n"), small))


def column(
    rows: Rows, y: Encoding, text: str, x: float, heading: str = "", bold: bool | str = False, value: str | None = None
) -> Layers:
    """Words (a column) beside the lanes, ending at `x`, under the lines of a heading.

    In the graphic's table they have the `value` and its entry (columns: residents and residents_entry, say).
    """
    frame, (small, lead), em = _frame(rows), canvas().annotation, canvas().label
    flag = [bold] if isinstance(bold, str) else []
    own = _only(frame, _column(y), text, *flag, value=value or "", entry=f"{value or text}_entry")
    numbers = _text(own, [alt.XValue(x), y], text, None, "ink", bold, align="right", dy=0.07 * em, fontSize=1.08 * em)
    for layer in numbers:
        layer.name = heading.replace("\n", " ") or text
    look = {"dy": -0.5 * em - lead * heading.count("\n"), "fontSize": small, "lineHeight": lead, "lineBreak": "\n"}
    head = frame.head(1).with_columns(_text=pl.lit(heading))
    above = _above(head, y, "_text", alt.XValue(x), "ink_2", align="right", fontWeight=CALCULATED, **look)
    return [*numbers, *(above if heading else [])]


def dot_grid(
    rows: Rows,
    count: str,
    width: float,
    height: float | None,
    minimum: str | None = None,
    end: str = "",
    title: Words = (),
    name: str | None = None,
) -> alt.LayerChart:
    """A whole chart: a dot for each one counted. Several rows are grids side by side, under their titles (columns).

    Where `minimum` (a column of booleans) is true, outlines that fade out follow the last dot, and in a single grid
    the words `end`, beside them or below.
    """
    frame, em = _frame(rows).rename({count: "value"}), canvas().label
    counts = [int(value) for value in frame["value"]]
    minima = frame[minimum].to_list() if minimum else [False] * len(counts)
    above = (1.3 * len(title) + 0.5) * em if title else 0
    per_row, px, beside = _grid(counts, minima, width, height, above, end)
    tails = [
        {"_x": place * (per_row + GAP) + dot % per_row, "_y": dot // per_row, "_color": f"dot {96 - 14 * i}%"}
        for place, (number, is_open) in enumerate(zip(counts, minima, strict=True))
        for i, dot in enumerate(range(number, number + min(FADING, per_row - number % per_row) * is_open))
    ]
    rows_high = max(math.ceil(number / per_row) for number in counts) - 1
    last = max([rows_high, *(tail["_y"] for tail in tails)])
    below = 0 if beside else 1.4 * em
    bottom = last + RADIUS + below / px
    x = alt.X("_x:Q", axis=None, scale=alt.Scale(domain=[-RADIUS, width / px - RADIUS], nice=False, zero=False))
    y = alt.Y("_y:Q", axis=None, scale=alt.Scale(domain=[bottom, -RADIUS - above / px], nice=False, zero=False))
    look: dict[str, Any] = {"size": (2 * RADIUS * px) ** 2, "aria": False}
    panels = frame.with_columns(_left=pl.int_range(pl.len()) * (per_row + GAP))
    dots = _chart(panels, name or count).transform_calculate(_dot="sequence(datum.value)").transform_flatten(["_dot"])
    place = {"_x": f"datum._left + datum._dot % {per_row}", "_y": f"floor(datum._dot / {per_row})"}
    layers = [dots.transform_calculate(**place).mark_point(color="dot", strokeWidth=0, **look).encode(x, y)]
    for i, text in enumerate(title):
        style = {"color": "ink" if i == len(title) - 1 else "ink_2", "bold": i == len(title) - 1}
        layers += _text(panels, [_on(x, "_left"), alt.YValue((0.6 + 1.3 * i) * em)], text, dx=-RADIUS * px, **style)
    if tails:
        rim = _chart(pl.DataFrame(tails)).mark_point(filled=False, strokeWidth=1.1, strokeDash=[2, 2], **look)
        layers.append(rim.encode(x, y, alt.Stroke("_color:N", scale=None)))
        side = {"_x": tails[-1]["_x"] + 0.75, "_y": tails[-1]["_y"]}
        under = {"_x": -RADIUS, "_y": tails[-1]["_y"] + RADIUS + 0.9 * em / px}
        if end and len(counts) == 1:
            layers += _text(
                pl.DataFrame([(side if beside else under) | {"_text": end}]), [x, y], "_text", None, "ink_2"
            )
    return alt.layer(*layers).properties(width=width, height=px * (bottom + RADIUS) + above)


def number_list(
    rows: Rows, number: str, what: str, who: str, width: float, height: float | None, name: str = "figure"
) -> alt.LayerChart:
    """A whole chart: figures that stand alone, each in large type with its words (columns).

    Where the canvas is wide the number stands beside its words, elsewhere above. A fixed canvas has the first few.
    """
    em, small, frame = canvas().label, canvas().annotation[0], _frame(rows)
    left = max(_widths(frame[number], 1.5 * em, REPORTED)) + 1.1 * em if canvas().wide else 0.0
    numbers: list[dict[str, Any]] = []
    words: dict[str, list[dict[str, Any]]] = {"what": [], "who": []}
    top = 0.0
    for row in frame.iter_rows(named=True):
        lines = [("what", text) for text in wrap(row[what], width - left, em)]
        lines += [("who", text) for text in wrap(row[who], width - left, small)]
        first = top + (1.6 if left else 3.1) * em
        bottom = first + 1.34 * em * (len(lines) - 1)
        if height and bottom > height:
            break
        numbers.append({**row, "_x": 0.0, "_y": top + 1.75 * em, "_top": top})
        for i, (kind, text) in enumerate(lines):
            words[kind].append({"_x": left, "_y": first + 1.34 * em * i, "_text": text})
        top = bottom + 0.75 * em
    x = alt.X("_x:Q", axis=None, scale=alt.Scale(domain=[0, width], range=[0, width]))
    y = alt.Y("_y:Q", axis=None, scale=alt.Scale(domain=[0, height or top], range=[0, height or top]))
    plain = {"baseline": "alphabetic", "dy": 0}
    figures = _text(_frame(numbers), [x, y], number, bold=True, fontSize=1.5 * em, **plain)
    figures[0].name = name
    layers = [
        _chart(_frame(numbers)).mark_rule(color="grid", aria=False).encode(_on(y, "_top")),
        *figures,
        *_text(_frame(words["what"]), [x, y], "_text", **plain),
        *_text(_frame(words["who"]), [x, y], "_text", color="ink_3", fontSize=small, **plain),
    ]
    return alt.layer(*layers).properties(width=width, height=height or top)


def small_multiples(
    rows: Rows, by: str, width: float, panel: Callable[[pl.DataFrame, list[float]], Layers], gap: float = 24
) -> Layers:
    """The same plot for each value of `by` (a column), side by side under its name, on one vertical scale.

    `panel(rows, across)` draws one; the scale of its x takes `across` as its range.
    """
    groups = _frame(rows).partition_by(by, maintain_order=True)
    step = (width + gap) / len(groups)
    layers: Layers = []
    for place, group in enumerate(groups):
        across = [place * step, place * step + step - gap]
        title = _text(group.head(1), [alt.XValue(across[0]), alt.YValue(0)], by, bold=True, dy=-0.9 * canvas().label)
        layers.append(alt.layer(*panel(group, across), *title).resolve_scale(x="independent"))
    return layers


# --- what the marks share


def _frame(rows: Rows) -> pl.DataFrame:
    return rows if isinstance(rows, pl.DataFrame) else pl.DataFrame(list(rows), infer_schema_length=None)


def _only(frame: pl.DataFrame, *kept: str, **renamed: str) -> pl.DataFrame:
    """The columns that are there, some under other names."""
    wanted = {column: column for column in kept} | renamed
    return frame.select(**{name: column for name, column in wanted.items() if column in frame.columns})


def _chart(frame: pl.DataFrame, name: str | None = None) -> alt.Chart:
    return alt.Chart(frame, name=name) if name else alt.Chart(frame)


def _column(encoding: Encoding) -> str:
    return encoding["shorthand"].partition(":")[0]


def _kind(encoding: Encoding) -> str:
    return encoding["shorthand"].partition(":")[2]


def _on(encoding: Encoding, column: str, **more: Any) -> Encoding:
    """The same scale and axis for another column."""
    other = encoding.copy(deep=False)
    for key, value in {"shorthand": f"{column}:{_kind(encoding)}", **more}.items():
        other[key] = value
    return other


def _scale(encoding: Encoding, key: str) -> Any:
    """What the encoding's scale says of `key`, if it says anything."""
    scale = encoding._kwds.get("scale", alt.Undefined)
    found = scale._kwds.get(key, alt.Undefined) if isinstance(scale, alt.Scale) else alt.Undefined
    return None if found is alt.Undefined else found


def _color(frame: pl.DataFrame, color: str) -> Any:
    return alt.Color(f"{color}:N", scale=None) if color in frame.columns else alt.ColorValue(color)


def _text(
    frame: pl.DataFrame,
    at: Sequence[Any],
    text: str,
    wish: str | None = None,
    color: str = "ink",
    bold: bool | str = False,
    **look: Any,
) -> Layers:
    """A layer of text, or two where `bold` is a column: Vega sets one weight for a whole layer."""
    if isinstance(bold, str):
        parts = frame.rename({bold: "_bold"}).partition_by("_bold", as_dict=True)
        return [
            layer for (heavy,), rows in parts.items() for layer in _text(rows, at, text, wish, color, heavy, **look)
        ]
    if frame.is_empty():
        return []
    placed = {"description": wish, "baseline": "alphabetic", "dy": 0, **HALO} if wish else {}
    style = {"color": color, "fontWeight": REPORTED if bold else CALCULATED} | placed | look
    return [_chart(frame).mark_text(**style).encode(*at, alt.Text(f"{text}:N"))]


def _lines(
    frame: pl.DataFrame, at: Sequence[Any], lines: Words, wish: str, first: dict[str, Any], rest: dict[str, Any]
) -> Layers:
    """The lines of one label and their looks; all but the first may be dropped, unless it is kept apart."""
    layers = _text(frame, at, lines[0], wish, **first) if lines else []
    more = "with" if wish == "apart" else "with?"
    return layers + [layer for text in lines[1:] for layer in _text(frame, at, text, more, **rest)]


def _side(frame: pl.DataFrame, x: Encoding) -> str:
    """Whether labels start or end at their points: late on the axis they end there, to stay on the canvas."""
    domain, last = _scale(x, "domain"), frame[_column(x)].max()
    if not domain:
        return "start"
    share = domain.index(last) / len(domain) if _kind(x) in "ON" else (last - domain[0]) / (domain[-1] - domain[0])
    return "end" if share > 0.7 else "start"


def _per_px(x: Encoding) -> float:
    (low, high), (left, right) = _scale(x, "domain"), _scale(x, "range")
    return (high - low) / (right - left)


def _fits(frame: pl.DataFrame, x: Encoding, text: str, spare: float, size: float) -> list[bool]:
    """Whether each label is shorter than its bar."""
    lengths = (frame[_column(x)] / _per_px(x)).to_list()
    return [measure(words, size, REPORTED) + spare <= long for words, long in zip(frame[text], lengths, strict=True)]


def _above(frame: pl.DataFrame, y: Encoding, text: str, at: Any, color: str = "ink", **look: Any) -> Layers:
    """Words over their lanes."""
    style = {"baseline": "alphabetic", "dy": -0.5 * canvas().label, "fontWeight": HEADING} | look
    return _text(frame, [_on(y, _column(y), bandPosition=0), at], text, None, color, **style)


def _parts(rows: Rows, x: Encoding, start: str) -> pl.DataFrame:
    """Where parts of lanes begin and end; their length is the value that a table gets."""
    begin, value = pl.col(start), pl.col(_column(x))
    return _frame(rows).with_columns(value=value, _start=begin, _end=begin + value, _middle=begin + value / 2)


def _thick(y: Encoding) -> float:
    """How thick the bars of lanes are."""
    (top, bottom), inner = _scale(y, "range"), _scale(y, "paddingInner")
    return (bottom - top) / (len(_scale(y, "domain")) - inner) * (1 - inner)


def _diagonals(frame: pl.DataFrame, x: Encoding, y: Encoding) -> pl.DataFrame:
    """Both ends of each diagonal of a hatched part: its place along x, and as a share of the lane's thickness."""
    high, gap, lane = _thick(y) * _per_px(x), 6 * _per_px(x), _column(y)
    ends: list[dict[str, Any]] = []
    for row in frame.iter_rows(named=True):
        foot = row["_start"] - high + gap
        while foot < row["_end"]:
            for x_ in (max(foot, row["_start"]), min(foot + high, row["_end"])):
                ends.append({lane: row[lane], "_line": len(ends) // 2, "_x": x_, "_up": 1 - (x_ - foot) / high})
            foot += gap
    return pl.DataFrame(ends)


def _grid(
    counts: list[int], minima: list[bool], width: float, height: float | None, above: float, end: str
) -> tuple[int, float, bool]:
    """Dots in a row, px from one to the next, and whether the words at the open end fit beside it."""
    em, panels, wide = canvas().label, len(counts), canvas().wide
    words = measure(end, em) if end and panels == 1 and any(minima) else 0

    def grid(per_row: int) -> tuple[int, float, bool]:
        across = width / (panels * (per_row + GAP) - GAP - 1 + 2 * RADIUS)
        high = max(
            n // per_row + 1 if is_open else math.ceil(n / per_row) for n, is_open in zip(counts, minima, strict=True)
        )
        for beside in (True, False):
            room = height - above - (0 if beside else 1.4 * em) if height else math.inf
            px = min(across, room / (high - 1 + 2 * RADIUS))
            used = counts[0] % per_row + min(FADING, per_row - counts[0] % per_row)
            if not words or (words + (used + 0.75) * px <= width and px >= 0.75 * em):
                break
        return per_row, px, beside

    if height:
        return max(map(grid, range(6, 51)), key=lambda tried: (round(tried[1], 1), tried[2]))
    return grid((25 if wide else 20) if panels == 1 else int(((44 if wide else 33) + GAP) / panels - GAP))


def _widths(words: Iterable[str], size: float, weight: int = CALCULATED) -> list[float]:
    return [measure(word, size, weight) for word in words]
