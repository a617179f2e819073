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
from typing import Any, TypeAlias

import altair as alt
import polars as pl

from toll.graphics.theme import BOLD, DEFAULT_HEIGHT, REGULAR, canvas
from toll.graphics.type import measure, wrap
from toll.ledger.wording import MONTHS

Rows = pl.DataFrame | Iterable[Mapping[str, Any]]
Words = Sequence[str]  # columns with the lines of a label
Encoding: TypeAlias = "alt.X | alt.Y"
Layers = list[Any]
Block: TypeAlias = "tuple[int, float, str]"  # dots, how many more they may be, and words at the end

DASHES = {"dots": [0.1, 5], "dashes": [6, 5], "fine": [2, 2.5]}
BANDS = ("red_95", "red_80")
ON = {"blue": "on_blue", "gold": "on_gold"}  # for words on a mark of this color
INK = {"gold": "gold_ink", "dot": "ink", "gray": "ink_2"}  # for words beside it
HALO = {"stroke": "ground", "strokeWidth": 4}  # keeps words clear of the grid
OUTSIDE, BESIDE = 8, 15  # from the right edge of a plot to a bracket, and to labels
RADIUS = 0.32  # of a dot, in steps of its grid
FADING = 7  # outlines that follow the last dot of a minimum, at most
TENS = 0.5  # steps more after each ten
RULE = 0.7  # steps more where a rule stands between rows
GAP = 2.5  # steps between grids side by side
STRIP = 44  # px below a plot
AXIS = 2.2  # of the label's size: what a plot's height loses to the axis below it
DOTS_AT_MOST = 0.22  # of the plot's width, for dots that stand beside it


def months(column: str, year: int) -> alt.X:
    """A date axis over one year, with its quarters, or halves where it is narrow, and its last day."""
    first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
    quarters = [dt.date(year, month, 1) for month in ((1, 4, 7, 10) if canvas().wide else (1, 7))]
    name = f"{list(MONTHS)}[utcmonth(datum.value)]"
    labels = f"utcdate(datum.value) == 1 ? {name} : {name} + ' ' + utcdate(datum.value)"
    # an index is a tick's place along the axis: the outer labels stay on the canvas
    align = alt.when("datum.index == 0").then(alt.value("left"))
    align = align.when("datum.index == 1").then(alt.value("right"))
    axis = alt.Axis(values=[*quarters, last], labelExpr=labels, labelAlign=align.otherwise(alt.value("center")))
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
) -> Layers:
    """A line, or with `step` a stair. `dash` is "dots", "dashes" or "fine"; `label` (a column) stands at the end."""
    look: dict[str, Any] = {"strokeDash": DASHES[dash]} if dash else {}
    drawn = _chart(_frame(rows), name).mark_line(color=color, interpolate="step-after" if step else "linear", **look)
    words = end_labels(_frame(rows).tail(1), x, y, label, color, dx=OUTSIDE) if label else []
    return [drawn.encode(x, y), *words]


def fan(rows: Rows, x: Encoding, y: Encoding, bands: Mapping[str, tuple[str, str]], name: str | None = None) -> Layers:
    """What may come: a band for each range, the widest first, and a dashed line where rows have `y`'s column.

    `bands` has the columns of both ends by the name of the range, such as {"95% range": ("low_95", "high_95")}.
    """
    frame = _frame(rows)
    layers: Layers = []
    for (band, (low, high)), shade in zip(bands.items(), BANDS, strict=False):
        entries = {"low_entry": f"{low}_entry", "high_entry": f"{high}_entry"}
        area = _chart(_only(frame, _field(x), low=low, high=high, **entries), band).mark_area(color=shade)
        layers.append(area.encode(x, _on(y, "low"), alt.Y2("high")))
    middle = _only(frame, _field(x), _field(y), "entry")
    return layers + (line(middle, x, y, dash="dashes", name=name) if _field(y) in frame.columns else [])


def point(
    rows: Rows, x: Encoding, y: Encoding, label: Words = (), color: str = "red", name: str | None = None
) -> Layers:
    """Dots with a rim, and beside each the lines of a label: the first bold, the others where there is room."""
    frame, early = _frame(rows), _is_early(_frame(rows), x, _frame(rows))
    dots = _chart(frame, name).mark_point(color=color, size=150, stroke="ground", strokeWidth=1.5)
    layers = [dots.encode(x, y)]
    places = "right below, right above, left above, left below" if early else "left above, left below, right below"
    align = "left" if early else "right"
    for i, text in enumerate(label):
        wish, ink = ("with?", "ink_2") if i else (f"place: {places}", INK.get(color, color))
        layers += _text(frame, [x, y], text, wish, ink, bold=not i, align=align)
    return layers


def reference_line(rows: Rows, at: Encoding, label: str | None = None, name: str | None = None) -> Layers:
    """A rule across the plot that the rest is measured against, with its `label` (a column) at the start of it."""
    frame, level = _frame(rows), isinstance(at, alt.Y)
    rule = _chart(frame, name or _field(at)).mark_rule(strokeWidth=1.6).encode(at)
    start = alt.XValue(0.5 * canvas().label) if level else alt.YValue(0)
    wish = "slide: start above, start below" if level else "place: right below, left below"
    return [rule, *(_text(frame, [at, start], label, wish, bold=True) if label else [])]


def bracket(rows: Rows, x: Encoding, y: Encoding, low: str, high: str, label: Words = (), color: str = "red") -> Layers:
    """The range from `low` to `high` (columns) as a bracket beside the plot, with the lines of its label."""
    frame = _frame(rows).with_columns(_middle=(pl.col(low) + pl.col(high)) / 2)
    look: dict[str, Any] = {"color": color, "xOffset": OUTSIDE, "aria": False}
    stem = _chart(frame).mark_rule(strokeWidth=1.4, **look).encode(x, _on(y, low), alt.Y2(high))
    tip = _chart(frame).mark_tick(thickness=1.4, size=6, orient="horizontal", **look)
    layers = [stem, tip.encode(x, _on(y, low)), tip.encode(x, _on(y, high))]
    for i, text in enumerate(label):
        layers += _text(frame, [x, _on(y, "_middle")], text, "with" if i else "apart", INK.get(color, color), dx=BESIDE)
    return layers


def quantile_dots(
    rows: Rows,
    x: Encoding,
    y: Encoding,
    over: float,
    height: float | None = None,
    label: Words = (),
    color: str = "red",
    name: str = "likely totals",
) -> Layers:
    """What may come as dots beside the plot, one for each row and each as likely: filled if `over` that level.

    They stand in bins, stacked sideways, as large as `height` and the domain of y let them be; a rule goes on through
    them at the level. The lines of a label (columns, of the first row) stand below or above them.
    """
    frame, (low, high) = _frame(rows).rename({_field(y): "value"}), _scale(y, "domain")
    unit = (high - low) / ((height or DEFAULT_HEIGHT) - AXIS * canvas().label)  # of y in a px
    for px in range(11, 2, -1):
        dots = _stacked(frame, over, px, px * unit)
        wide = max(dots["_at"]) + px / 2
        if wide <= DOTS_AT_MOST * canvas().inner:
            break
    fill = pl.when(pl.col("value") > over).then(pl.lit(color)).otherwise(pl.lit("ground"))
    said = pl.format(f"{_field(y)}: {{}}", "value")
    drawn = _chart(dots.drop(label).with_columns(_fill=fill, _said=said), name)
    drawn = drawn.mark_point(size=(px - 2) ** 2, stroke=color, strokeWidth=1.2, xOffset=alt.expr("datum._at"))
    one = dots.head(1).with_columns(_over=pl.lit(over), _foot=pl.lit(min(dots["_y"]) - px * unit / 2))
    rule = _chart(one).mark_rule(strokeWidth=1.6, x2Offset=wide + 2, aria=False)
    layers = [
        rule.encode(x, alt.X2(_field(x)), _on(y, "_over")),
        drawn.encode(x, _on(y, "_y"), alt.Fill("_fill:N", scale=None), alt.Description("_said:N")),
    ]
    for i, text in enumerate(label):
        wish = "with" if i else "place: start below, start above"
        ink, dx = INK.get(color, color), OUTSIDE + canvas().label / 2
        layers += _text(one, [x, _on(y, "_foot")], text, wish, ink, dx=dx)
    return layers


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
    """Labels (a column) to the right of points, kept apart. `more` words (a column) follow.

    Where the canvas is narrow they stand on a line of their own, and only after a label that is alone.
    Optional ones are dropped, the lowest first, where there are more than fit. `bold` may be a column of booleans.
    """
    frame, wish, ink = _frame(rows), "apart?" if optional else "apart", INK.get(color, color)
    joined = [more] if more and canvas().wide else []
    words = frame.with_columns(_text=pl.concat_str(label, *joined, ignore_nulls=True))
    layers = _text(words, [x, y], "_text", wish, ink, bold, dx=dx)
    if more and not joined and frame.height == 1:
        below = frame.drop_nulls(more).with_columns(_more=pl.col(more).str.strip_chars())
        layers += _text(below, [x, y], "_more", "with", ink, bold, dx=dx)
    return layers


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

    In lanes its `label` (a column) stands after it, or before it late on the axis.
    """
    drawn = _chart(_frame(rows), name).mark_rule(color=color, strokeWidth=9, strokeCap="round")
    if _kind(x) != "Q":
        return [drawn.encode(x, _on(y, low), alt.Y2(high))]
    layers = [drawn.encode(_on(x, low), alt.X2(high), y)]
    for row in _frame(rows).iter_slices(1) if label else ():
        early = _is_early(row, _on(x, high), row)
        look: dict[str, Any] = {"dx": 12, "align": "left"} if early else {"dx": -12, "align": "right"}
        layers += _text(row, [_on(x, high if early else low), y], str(label), **look)
    return layers


def columns(
    rows: Rows, x: Encoding, y: Encoding, color: str = "blue", label: str | None = None, name: str | None = None
) -> Layers:
    """Upright bars; `color` may be the column that has a color for each, `label` the column of words above some."""
    frame = _frame(rows)
    fill = alt.Color(f"{color}:N", scale=None) if color in frame.columns else alt.ColorValue(color)
    layers = [_chart(frame, name).mark_bar().encode(x, y, fill)]
    for row in frame.drop_nulls(label).iter_slices(1) if label else ():
        side, align = ("start", "left") if _is_early(row, x, frame) else ("end", "right")
        own = row[color].item() if color in frame.columns else color
        ink = INK.get(own, own)
        layers += _text(row, [x, y], str(label), f"place: {side} above, center above", ink, bold=True, align=align)
    return layers


def others(rows: Rows, x: Encoding, y: Encoding, low: str, high: str, name: str = "other sources") -> Layers:
    """From the lowest to the highest count of other sources (columns), as a thin line beside the column."""
    line = _chart(_frame(rows), name).mark_rule(strokeWidth=1.6, xOffset=2)
    return [line.encode(_on(x, _field(x), bandPosition=1), _on(y, low), alt.Y2(high))]


def lanes(rows: Rows, column: str, height: float | None = None, heading: int = 1) -> tuple[alt.Y, float]:
    """A lane for each row, with room above for its name (a column): the encoding, and how high the plot then is.

    `heading` is how many lines of words stand above the first lane.
    """
    em, names = canvas().label, _frame(rows)[column].to_list()
    top = 1.6 * em + (heading - 1) * canvas().annotation[1]
    step = (height - top) / (len(names) - 0.45) if height else (4 if len(names) > 4 else 5.05) * em
    thick = min(step - 1.9 * em, 0.55 * step, 5 * em) if height else min(step - 1.9 * em, 2.3 * em)
    bottom = top + step * (len(names) - 1) + thick
    scale = alt.Scale(domain=names, range=[top, bottom], paddingInner=1 - thick / step, paddingOuter=0)
    return alt.Y(f"{column}:O", axis=None, sort=names, scale=scale), height or bottom


def lanes_that_fit(height: float | None) -> int | None:
    """How many lanes a canvas of fixed height has room for; None where it grows."""
    return max(2, int((height / canvas().label - 3) / 3.4 + 0.45)) if height else None


def names(rows: Rows, y: Encoding) -> Layers:
    """The name of each lane, above it."""
    return _above(_frame(rows), y, _field(y), alt.XValue(0))


def bars(
    rows: Rows,
    x: Encoding,
    y: Encoding,
    label: str | None = None,
    short: str | None = None,
    color: str = "blue",
    bold: bool | str = True,
) -> Layers:
    """Bars in lanes. `label` (a column) stands inside at the end; where it does not fit, `short` or outside.

    The scale of `x` needs a domain and a range in px; `bold` may be a column of booleans.
    """
    frame, size = _frame(rows), 1.08 * canvas().label
    layers = [_chart(frame).mark_bar(color=color, height=_thick(y)).encode(x, y)]
    if label:
        if short:
            long = pl.Series(_fits(frame, x, label, 14, size), dtype=pl.Boolean)
            frame, label = frame.with_columns(_shown=pl.when(long).then(label).otherwise(short)), "_shown"
        fits = pl.Series(_fits(frame, x, label, 14, size), dtype=pl.Boolean)
        look: dict[str, Any] = {"bold": bold, "fontSize": size, "dy": 0.065 * size}
        inside = look | {"color": ON.get(color, "ground"), "align": "right", "dx": -7}
        layers += _text(frame.filter(fits), [x, y], label, **inside)
        layers += _text(frame.filter(~fits), [x, y], label, dx=7, **look)
    return layers


def block(
    rows: Rows,
    x: Encoding,
    y: Encoding,
    start: str,
    label: str,
    short: tuple[str, str] | None = None,
    color: str = "gold",
) -> Layers:
    """One part of a lane: as long as `x` says, beginning at `start` (a column), with its label inside.

    Where the label does not fit, `short` (two columns) stands inside and above instead.
    """
    frame, em = _parts(rows, x, y, start), canvas().label
    inside, above = (label, None) if not short or all(_fits(frame, x, label, 2 * em, em)) else short
    look: dict[str, Any] = {"color": ON.get(color, "ground"), "align": "center", "bold": True}
    layers = [_part(frame, x, y, color=color, xOffset=1.5), *_text(frame, [_on(x, "_middle"), y], inside, **look)]
    over: Any = {"color": INK.get(color, color), "align": "right", "bold": True}
    return layers + (_above(frame, y, above, _on(x, "_end"), **over) if above else [])


def hatched(rows: Rows, x: Encoding, y: Encoding, start: str, label: str | None = None, color: str = "gray") -> Layers:
    """One part of a lane that nobody explains: hatched, from `start` (a column) on, its label after it.

    Plain lines survive print and every drawing program; pattern fills do not.
    """
    frame, em = _parts(rows, x, y, start), canvas().label
    lines = _chart(_diagonals(frame, x, y)).mark_line(color=color, strokeWidth=1, strokeCap="butt", aria=False)
    up = alt.YOffset("_up:Q", scale=alt.Scale(domain=[0, 1]))
    outline = _part(frame, x, y, filled=False, stroke=color, strokeWidth=1)
    layers = [lines.encode(_on(x, "_x"), y, up, alt.Detail("_line:N")), outline]
    if label:
        words, end = frame[label][0], frame["_end"][0] / _per_px(x)
        room = min(_scale(x, "range")[1] + 0.8 * em, canvas().inner) - end - 8
        text = wrap(words, max(room, *(measure(word, em) for word in words.split())), em)
        look: dict[str, Any] = {
            "color": "ink_2",
            "lineHeight": 1.25 * em,
            "dx": 8,
            "dy": (0.07 - 0.625 * (len(text) - 1)) * em,
        }
        layers += _text(frame.with_columns(_text=pl.lit("\n".join(text))), [_on(x, "_end"), y], "_text", **look)
    return layers


def column_width(words: Iterable[str], heading: str = "") -> float:
    """How wide a column of words is, with the space before it."""
    em, small = canvas().label, canvas().annotation[0]
    wide = [measure(word, 1.08 * em, BOLD) for word in words]
    return 16 + max(*wide, *(measure(line, small) for line in heading.split("\n")))


def column(
    rows: Rows, y: Encoding, text: str, x: float, heading: str = "", bold: bool | str = False, value: str | None = None
) -> Layers:
    """Words (a column) beside the lanes, ending at `x`, under the lines of a heading.

    In the graphic's table they have the `value` and its entry (columns: residents and residents_entry, say). A row
    without words is in neither.
    """
    frame, (small, lead), size = _frame(rows), canvas().annotation, 1.08 * canvas().label
    kept = [_field(y), text, *([bold] if isinstance(bold, str) else [])]
    own = _only(frame, *kept, value=value or "", entry=f"{value or text}_entry").filter(pl.col(text) != "")
    layers = _text(own, [alt.XValue(x), y], text, bold=bold, align="right", fontSize=size, dy=0.065 * size)
    for layer in layers:
        layer.name = heading.replace("\n", " ") or text
    head = frame.head(1).with_columns(_text=pl.lit(heading))
    look: dict[str, Any] = {
        "align": "right",
        "fontSize": small,
        "lineHeight": lead,
        "fontWeight": REGULAR,
        "color": "ink_2",
    }
    return layers + (_above(head, y, "_text", alt.XValue(x), heading.count("\n") * lead, **look) if heading else [])


def dot_grid(
    rows: Rows,
    count: str,
    width: float,
    height: float | None,
    high: str | None = None,
    end: str = "",
    title: Words = (),
    name: str | None = None,
    first: tuple[int, str] | None = None,
) -> alt.LayerChart:
    """A whole chart: a dot for each one counted, in tens. Several rows are grids side by side, under titles (columns).

    Outlines follow the last dot up to `high` (a column), and fade out where that is infinite. In a single grid the
    words `end` follow them, beside or below; a rule may stand after the `first` so many dots, which have words, too.
    """
    frame, em = _frame(rows).rename({count: "value"}), canvas().label
    counts = frame["value"].cast(pl.Int64).to_list()
    tails = [up_to - each for up_to, each in zip(frame[high], counts, strict=True)] if high else [0.0] * len(counts)
    split, words = first or (0, "")
    blocks = [(each, tail, "") for each, tail in zip(counts, tails, strict=True)]
    if len(counts) == 1:
        blocks = [(split, 0.0, words)] * bool(first) + [(counts[0] - split, tails[0], end if first or tails[0] else "")]
    above = (1.3 * len(title) + 0.5) * em if title else 0
    per_row, px, tops, besides = _grid(blocks, len(counts), width, height and height - above)
    x = alt.X("_x:Q", axis=None, scale=alt.Scale(domain=[-RADIUS, width / px - RADIUS], nice=False, zero=False))
    y = alt.Y("_y:Q", axis=None, scale=alt.Scale(domain=[tops[-1], -RADIUS - above / px], nice=False, zero=False))
    look: dict[str, Any] = {"size": (2 * RADIUS * px) ** 2, "aria": False}

    apart = (width / px + GAP) / len(counts)  # panels take the whole width, however small their dots
    panels = frame.with_columns(_left=pl.int_range(pl.len()) * apart)
    dots = _chart(panels, name or count).transform_calculate(_dot="sequence(datum.value)").transform_flatten(["_dot"])
    late = f"datum._dot >= {split}"
    dots = dots.transform_calculate(_n=f"{late} ? datum._dot - {split} : datum._dot").transform_calculate(
        _x=f"datum._left + datum._n % {per_row} + {TENS} * floor(datum._n % {per_row} / 10)",
        _y=f"floor(datum._n / {per_row}) + ({late} ? {tops[-2]} : 0)",
    )
    layers: Layers = [dots.mark_point(color="dot", strokeWidth=0, **look).encode(x, y)]
    for i, text in enumerate(title, start=1):
        style: dict[str, Any] = {"color": "ink", "bold": True} if i == len(title) else {"color": "ink_2"}
        layers += _text(panels, [_on(x, "_left"), alt.YValue((1.3 * i - 0.7) * em)], text, dx=-RADIUS * px, **style)
    layers += _outlines(blocks, panels["_left"].to_list(), per_row, tops, x, y, look)
    for (number, tail, words), top, below, beside in zip(blocks, tops, tops[1:], besides, strict=False):
        last = _last(number, tail, per_row)
        side = {"_x": _across(last % per_row) + 0.75, "_y": top + last // per_row}
        under = {"_x": -RADIUS, "_y": top + last // per_row + RADIUS + 0.9 * em / px}
        if words:
            layers += _text(_frame([(side if beside else under) | {"_text": words}]), [x, y], "_text", color="ink_2")
        if below != tops[-1]:
            rule = {"_x": -RADIUS, "_to": _across(per_row - 1) + RADIUS, "_y": below - RULE / 2 - RADIUS}
            layers.append(_chart(_frame([rule])).mark_rule(aria=False).encode(x, alt.X2("_to"), y))
    return alt.layer(*layers).properties(width=width, height=px * (tops[-1] + RADIUS) + above)


def number_list(
    rows: Rows,
    number: str,
    what: str,
    who: str,
    width: float,
    height: float | None,
    name: str = "figure",
    part: tuple[str, str] | None = None,
) -> alt.LayerChart:
    """A whole chart: figures that stand alone, each in large type with its words (columns).

    Where the canvas is wide the number stands beside its words, elsewhere above. A fixed canvas has the first few. A
    figure that is a `part` of a whole (two columns; the whole may be empty) has as many squares, the part filled.
    """
    em, small, frame = canvas().label, canvas().annotation[0], _frame(rows)
    left = max(measure(word, 1.5 * em, BOLD) for word in frame[number]) + 1.1 * em if canvas().wide else 0.0
    facts, top = [], 0.0
    for row in frame.iter_rows(named=True):
        lines, more = wrap(row[what], width - left, em), wrap(row[who], width - left, small)
        first = top + (1.6 if left else 3.1) * em
        under = first + 1.34 * em * len(lines)
        bottom = under + 1.34 * em * (len(more) - 1)
        if height and bottom > height:
            break
        words = {"_what": "\n".join(lines), "_who": "\n".join(more)}
        facts.append({**row, **words, "_top": top, "_at": top + 1.75 * em, "_first": first, "_under": under})
        top = bottom + 0.75 * em
    shown, tall, at = _frame(facts), height or top, alt.XValue(left)
    y = alt.Y("_top:Q", axis=None, scale=alt.Scale(domain=[0, tall], range=[0, tall]))
    plain: dict[str, Any] = {"baseline": "alphabetic", "dy": 0, "lineHeight": 1.34 * em}
    figures = _text(shown, [_on(y, "_at"), alt.XValue(0)], number, bold=True, **plain | {"fontSize": 1.5 * em})
    figures[0].name = name
    rules = _chart(shown).mark_rule(color="grid", aria=False).encode(y)
    layers = [rules, *figures, *_text(shown, [_on(y, "_first"), at], "_what", **plain)]
    layers += _text(shown, [_on(y, "_under"), at], "_who", color="ink_3", fontSize=small, **plain)
    if part:
        for fact in facts:
            start = 0 if left else measure(fact[number], 1.5 * em, BOLD) + 0.8 * em
            end, down = (left - 1.1 * em, 0.85 * em) if left else (width, -0.5 * em)
            layers += _squares(fact[part[0]], fact[part[1]], start, end, y, fact["_at"] + down)
    return alt.layer(*layers).properties(width=width, height=tall)


def small_multiples(
    rows: Rows, by: str, panel: Callable[[pl.DataFrame, list[alt.Expr]], Layers], gap: float = 0.06
) -> Layers:
    """The same plot for each value of `by` (a column), side by side under its name, on one vertical scale.

    `panel(rows, across)` draws one; the scale of its x takes `across` as its range. `gap` is a share of the width.
    """
    groups = _frame(rows).partition_by(by, maintain_order=True)
    step = (1 + gap) / len(groups)
    panels: Layers = []
    for place, group in enumerate(groups):
        left, right = (alt.expr(f"width * {share:.5f}") for share in (place * step, (place + 1) * step - gap))
        title = _text(group.head(1), [alt.XValue(left), alt.YValue(0)], by, bold=True, dy=-0.9 * canvas().label)
        drawn = panel(group, [left, right])
        panels.append(alt.layer(*(drawn if place == 0 else map(_grid_only, drawn)), *title))
    # an axis of its own gives each panel its grid; the first has the labels of all
    return [alt.layer(*panels).resolve_scale(x="independent").resolve_axis(y="independent")]


def strip(rows: Rows, start: str, end: str, value: str, label: str, name: str | None = None) -> Layers:
    """Small columns from `start` to `end` (columns), for below a plot of time; the last row's label follows them."""
    frame, foot = _frame(rows), alt.YValue(alt.expr("height"))
    scale = alt.Scale(range=[alt.expr("height"), alt.expr(f"height - {0.55 * STRIP}")])
    drawn = _chart(frame, name).mark_rect(color="gray 60%", xOffset=1)
    drawn = drawn.encode(alt.X(f"{start}:T"), alt.X2(end), alt.Y(f"{value}:Q", axis=None, scale=scale), alt.Y2Datum(0))
    return [drawn, *_text(frame.tail(1), [alt.X(f"{end}:T"), foot], label, color="ink_2", dx=6, dy=-10)]


def above_strip() -> list[Any]:
    """The range of the vertical scale of a plot that has a strip below it."""
    return [alt.expr(f"height - {STRIP}"), 0]


def over_strip(plot: Layers, below: Layers) -> Layers:
    """A plot and the strip below it, each with a vertical scale of its own."""
    return [alt.layer(alt.layer(*plot), alt.layer(*below)).resolve_scale(y="independent")]


def _grid_only(layer: Any) -> Any:
    """The layer with no more of its vertical axis than the grid, which Vega-Lite gives to the first axis alone."""
    y = layer.encoding.y
    if not isinstance(y, alt.Y) or y._get("axis") is None:
        return layer
    given = {} if y._get("axis") is alt.Undefined else y._get("axis").to_dict()
    hidden = {"labels": False, "ticks": False, "domain": False, "title": None}
    return layer.encode(_on(y, _field(y), axis=alt.Axis(**{"grid": True, "orient": "left"} | given | hidden)))


# What the marks share.


def _frame(rows: Rows) -> pl.DataFrame:
    return rows if isinstance(rows, pl.DataFrame) else pl.DataFrame(list(rows), infer_schema_length=None)


def _only(frame: pl.DataFrame, *kept: str, **renamed: str) -> pl.DataFrame:
    """The columns that are there, some under other names."""
    wanted = {column: column for column in kept} | renamed
    return frame.select(**{name: column for name, column in wanted.items() if column in frame.columns})


def _chart(frame: pl.DataFrame, name: str | None = None) -> alt.Chart:
    return alt.Chart(frame, name=name) if name else alt.Chart(frame)


def _field(encoding: Encoding) -> str:
    return encoding["shorthand"].partition(":")[0]


def _kind(encoding: Encoding) -> str:
    return encoding["shorthand"].partition(":")[2]


def _scale(encoding: Encoding, key: str) -> Any:
    """What the encoding's scale says of `key`; None if nothing."""
    scale = encoding._get("scale")
    found = scale._get(key) if isinstance(scale, alt.Scale) else alt.Undefined
    return None if found is alt.Undefined else found


def _on(encoding: Encoding, column: str, **more: Any) -> Encoding:
    """The same scale and axis for another column."""
    other = encoding.copy(deep=False)
    for key, value in {"shorthand": f"{column}:{_kind(encoding)}", **more}.items():
        other[key] = value
    return other


def _text(
    frame: pl.DataFrame,
    at: Words | list[Any],
    text: str,
    wish: str = "",
    color: str = "ink",
    bold: Any = False,
    **look: Any,
) -> Layers:
    """A layer of text, or two where `bold` is a column: Vega sets one weight for a whole layer."""
    if isinstance(bold, str):
        parts = frame.rename({bold: "_bold"}).partition_by("_bold", as_dict=True)
        return [layer for key, rows in parts.items() for layer in _text(rows, at, text, wish, color, key[0], **look)]
    placed: Any = {"description": wish, "baseline": "alphabetic", "dy": 0, **HALO} if wish else {"lineBreak": "\n"}
    style: dict[str, Any] = {"color": color, "fontWeight": BOLD if bold else REGULAR, **placed, **look}
    return [_chart(frame).mark_text(**style).encode(*at, alt.Text(f"{text}:N"))] if frame.height else []


def _above(frame: pl.DataFrame, y: Encoding, text: str, at: Any, lift: float = 0, **look: Any) -> Layers:
    """Words over their lanes, `lift` px higher than those of one line."""
    style: dict[str, Any] = {
        "baseline": "alphabetic",
        "dy": -0.5 * canvas().label - lift,
        **look,
    }
    return _text(frame, [_on(y, _field(y), bandPosition=0), at], text, **style)


def _is_early(rows: pl.DataFrame, x: Encoding, among: pl.DataFrame) -> bool:
    """Whether a label has room after its point; late on the axis it stands before it, to stay on the canvas."""
    domain, last = _scale(x, "domain") or sorted(set(among[_field(x)])), rows[_field(x)].max()
    if len(domain) < 2:
        return True
    late = domain.index(last) / len(domain) if _kind(x) in "ON" else (last - domain[0]) / (domain[-1] - domain[0])
    return late <= 0.7


def _per_px(x: Encoding) -> float:
    (low, high), (left, right) = _scale(x, "domain"), _scale(x, "range")
    return (high - low) / (right - left)


def _fits(frame: pl.DataFrame, x: Encoding, text: str, spare: float, size: float) -> list[bool]:
    """Whether each label is shorter than its bar, with so many px to spare."""
    lengths = (frame[_field(x)] / _per_px(x)).to_list()
    return [measure(words, size, BOLD) + spare <= long for words, long in zip(frame[text], lengths, strict=True)]


def _stacked(frame: pl.DataFrame, over: float, px: float, bin: float) -> pl.DataFrame:
    """Where dots of a size stand: in the middle of bins that begin at a level, and px to the right of the plot."""
    bins = frame.with_columns(_bin=((pl.col("value") - over) / bin).ceil() - 0.5)
    nth = pl.col("value").cum_count().over("_bin")
    return bins.with_columns(_at=OUTSIDE + (nth - 0.5) * px, _y=over + pl.col("_bin") * bin)


def _thick(y: Encoding) -> float:
    """How thick the bars of lanes are."""
    (top, bottom), inner = _scale(y, "range"), _scale(y, "paddingInner")
    return (bottom - top) / (len(_scale(y, "domain")) - inner) * (1 - inner)


def _parts(rows: Rows, x: Encoding, y: Encoding, start: str) -> pl.DataFrame:
    """Where parts of lanes begin and end; their length is the value that a table gets."""
    begin, value = pl.col(start), pl.col(_field(x))
    said = pl.format(f"{_field(x)}: {{}}; {_field(y)}: {{}}", value, _field(y))
    places = {"_start": begin, "_end": begin + value, "_middle": begin + value / 2}
    return _frame(rows).with_columns(value=value, _said=said, **places)


def _part(frame: pl.DataFrame, x: Encoding, y: Encoding, **look: Any) -> alt.Chart:
    bar = _chart(_only(frame, _field(y), "value", "entry", "_start", "_end", "_said"), _field(x))
    bar = bar.mark_bar(height=_thick(y), **look).encode(_on(x, "_start"), alt.X2("_end"), y)
    return bar.encode(alt.Description("_said:N"))


def _squares(part: float, whole: float | None, start: float, end: float, y: Encoding, at: float) -> Layers:
    """A square for each of a whole, the part filled, in a row; none where they would be too small to count."""
    step = min(0.85 * canvas().label, (end - start) / whole) if whole else 0
    if not whole or step < 0.5 * canvas().label:
        return []
    squares = [
        {"_x": start + (i + 0.5) * step, "_y": at, "_fill": "dot" if i < part else "ground"} for i in range(int(whole))
    ]
    x = alt.X("_x:Q", axis=None, scale=alt.Scale(domain=[0, end], range=[0, end]))
    drawn = _chart(_frame(squares)).mark_square(size=(0.72 * step) ** 2, stroke="dot", strokeWidth=1, aria=False)
    return [drawn.encode(x, _on(y, "_y"), alt.Fill("_fill:N", scale=None))]


def _diagonals(frame: pl.DataFrame, x: Encoding, y: Encoding) -> pl.DataFrame:
    """Both ends of each diagonal of a hatched part: its place along x, and as a share of the lane's thickness."""
    high, gap, lane = _thick(y) * _per_px(x), 6 * _per_px(x), _field(y)
    ends: list[dict[str, Any]] = []
    for row in frame.iter_rows(named=True):
        foot = row["_start"] - high + gap
        while foot < row["_end"]:
            for at in (max(foot, row["_start"]), min(foot + high, row["_end"])):
                ends.append({lane: row[lane], "_line": len(ends) // 2, "_x": at, "_up": 1 - (at - foot) / high})
            foot += gap
    return _frame(ends)


def _across(dots: int) -> float:
    """Where the dot after so many of a row stands, in steps of the grid: a little space follows each ten."""
    return dots + TENS * (dots // 10)


def _last(count: int, tail: float, per_row: int) -> int:
    """The number of the last dot, counted from zero: a tail without end has the outlines that its row has room for."""
    return count - 1 + (min(FADING, per_row - count % per_row) if math.isinf(tail) else int(tail))


def _outlines(
    blocks: list[Block], lefts: list[float], per_row: int, tops: list[float], x: Encoding, y: Encoding, look: Any
) -> Layers:
    """What the counts leave open; in a single grid the last block alone has that."""
    rims = [
        {
            "_x": left + _across(dot % per_row),
            "_y": top + dot // per_row,
            "_color": f"dot {96 - 14 * (dot - number)}%" if math.isinf(tail) else "dot",
        }
        for (number, tail, _), left, top in zip(blocks[-len(lefts) :], lefts, [tops[-2]] * len(lefts), strict=True)
        for dot in range(number, _last(number, tail, per_row) + 1)
    ]
    rim = _chart(_frame(rims)).mark_point(filled=False, strokeWidth=1.1, strokeDash=[2, 2], **look)
    return [rim.encode(x, y, alt.Stroke("_color:N", scale=None))] if rims else []


def _grid(
    blocks: list[Block], panels: int, width: float, height: float | None
) -> tuple[int, float, list[float], list[bool]]:
    """Dots in a row, px from one to the next, where each block begins and the last ends, and where words fit beside.

    The blocks of several panels stand side by side, those of one below each other.
    """
    em = canvas().label

    def grid(per_row: int) -> tuple[int, float, list[float], list[bool]]:
        across = width / (panels * (_across(per_row - 1) + 1 + GAP) - GAP - 1 + 2 * RADIUS)
        across = min(across, em) if panels > 1 else across
        lasts = [_last(number, tail, per_row) for number, tail, _ in blocks]
        stacks = [max(lasts)] if panels > 1 else lasts

        def besides(px: float) -> list[bool]:
            ends = [(_across(last % per_row) + 1.1) * px for last in lasts]
            return [
                not words or (measure(words, em) + end <= width and px >= 0.75 * em)
                for (_, _, words), end in zip(blocks, ends, strict=True)
            ]

        steps = sum(last // per_row for last in stacks) + (len(stacks) - 1) * (1 + RULE) + 2 * RADIUS
        for below in range(len(blocks) + 1):  # words below take room, which may make the dots smaller
            px = min(across, (height - below * 1.4 * em) / steps) if height else across
            fits, tops = besides(px), [0.0]
            if fits.count(False) <= below or not height:
                break
        for last, beside in zip(stacks, fits, strict=False):
            tops.append(tops[-1] + last // per_row + 1 + RULE + (0 if beside else 1.4 * em / px))
        tops[-1] += RADIUS - 1 - RULE
        return per_row, px, tops, fits

    most = max(number + (FADING if math.isinf(tail) else tail) for number, tail, _ in blocks)
    if height:
        return max(map(grid, range(10, 101, 10)), key=lambda tried: (round(tried[1], 1), all(tried[3])))
    square = 10 * math.ceil(math.sqrt(most / panels) / 10)  # many dots are no taller than a square of the plot's width
    return grid(max(square, 10 if panels > 1 else 30 if canvas().wide else 20))
