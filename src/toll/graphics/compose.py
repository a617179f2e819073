"""Sets headline, deck, note, source and credit around a plot: one outer SVG, the source of every format.

The text keeps to the figure's left edge, in lines broken by measured widths.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from lxml import etree

from toll.graphics import ground, layout, place
from toll.graphics.svg import SVG, XLINK, local, number, tag
from toll.graphics.theme import BOLD, FAMILY, LABELS, Size, Theme
from toll.graphics.type import wrap
from toll.problems import Problem, Problems, Where

CAP_TO_LINE = 0.8  # a line's baseline lies so many font sizes below its top
UNEVEN = 1.5  # px by which Vega, rounding, may set axis labels in from the left edge
HAIR = 1.0  # px around a plot without words, for half a line and the round of a letter
LEAST_PLOT = 0.25  # of a fixed canvas; with less room than this, cut the text

# Vega's own: what screen readers would read twice, what says nothing, what a mouse would need
IDLE_ATTRIBUTES = ("role", "aria-roledescription", "aria-hidden", "pointer-events", "font-family", "cursor")
NUMERIC = ("d", "transform", "x2", "y2", "font-size", "stroke-width")
STILL = "translate(0,0)"
DECIMALS = re.compile(r"-?\d+\.\d{3,}(?:e-?\d+)?|-?\d+(?:\.\d+)?e-?\d+")  # such as 4.6e-17 for zero
REFERENCE = re.compile(r"url\(#([^)]+)\)")


@dataclass(frozen=True)
class Line:
    """One line of furniture; `y` is its baseline, `color` a name of the theme."""

    text: str
    y: float
    size: float
    weight: int
    color: str


@dataclass(frozen=True)
class Frame:
    """Furniture as set: the lines above the plot, the lines below it counted from the plot's end, and room left.

    `top` is where the plot begins, `below` what is needed under it, `room` the plot's height on a fixed canvas.
    """

    above: tuple[Line, ...]
    below_plot: tuple[Line, ...]
    top: float
    below: float
    room: float | None


def frame(furniture: dict[str, str], size: Size, where: str) -> Frame:
    """Sets the furniture of one graphic. `Problems` when a fixed canvas leaves no room for the plot."""
    if size.words == "none":
        return Frame((), (), HAIR, HAIR, size.height)
    deck = furniture["deck_brief"] if size.brief else furniture["deck"]
    above, y = _set(furniture["headline"], size.margin, size.headline, BOLD, "ink", size, balance=True)
    deck_lines, y = _set(deck, y + 0.2 * size.headline[0], size.deck, 400, "ink_2", size)
    top = y + size.label * (0.75 if size.brief else 1.1)

    below_plot, y = [], 1.1 * size.label
    for part in ("source",) if size.brief else ("note", "source", "credit"):
        if furniture[part]:
            lines, y = _set(LABELS[part] + furniture[part], y, size.footer, 400, "ink_3", size)
            below_plot += lines
            y += 0.35 * size.footer[1] if part == "note" else 0
    below = y + 0.8 * size.margin

    room = size.height - top - below if size.height else None
    least_room = LEAST_PLOT * (size.height or 0)
    if room is not None and room < least_room:
        least = f"it needs {least_room:.0f} px"
        message = f"The text leaves {max(room, 0):.0f} px for the plot; {least}."
        raise Problems([Problem(Where(where), message, "Shorten the headline, the brief deck or the source.")])
    return Frame((*above, *deck_lines), tuple(below_plot), top, below, room)


def compose(plot: str, furniture: dict[str, str], size: Size, theme: Theme, where: str) -> etree._Element:
    """The finished picture: `plot` (SVG text from Vega) with its furniture, on the theme's ground."""
    set_ = frame(furniture, size, where)
    chart = etree.fromstring(plot.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    plot_height = float(chart.get("height"))
    if set_.room is not None and plot_height > set_.room + UNEVEN:
        message = f"The plot is {plot_height:.0f} px high, but there is room for {set_.room:.0f} px."
        raise Problems([Problem(Where(where), message, "Use the height that the chart function is given.")])
    height = size.height or math.ceil(set_.top + plot_height + set_.below)  # whole px, so that PNG and SVG agree

    root = etree.Element(tag("svg"), nsmap={None: SVG, "xlink": XLINK})
    _set_all(root, width=size.width * size.shrink, height=height * size.shrink)
    root.set("viewBox", f"0 0 {number(size.width)} {number(height)}")
    root.set("font-family", FAMILY)
    _set_all(_child(root, "rect"), width=size.width, height=height, fill=theme.ground)
    _draw(_child(root, "g"), set_.above, size.margin, 0, theme)  # in the order in which it is read aloud and copied
    group = _child(root, "g")
    group.extend(_clean(chart, where))
    group.set("transform", f"translate({number(size.margin - _uneven(group, where))},{number(set_.top)})")
    _draw(_child(root, "g"), set_.below_plot, size.margin, height - set_.below, theme)
    if size.transparent:
        ground.take_out(root, where)
    return root


def _uneven(plot: etree._Element, where: str) -> float:
    """How far the plot stands in from the left edge, where that is for no reason but Vega's rounding."""
    texts, marks = layout.read(plot, where)
    inset = min((*(text.x for text in texts), *(mark.box[0] for mark in marks)), default=0)
    return inset if abs(inset) < UNEVEN else 0


def _set(
    text: str, y: float, type_: tuple[float, float], weight: int, color: str, size: Size, *, balance: bool = False
) -> tuple[list[Line], float]:
    font_size, lead = type_
    lines = wrap(text, size.inner, font_size, weight, balance)
    first = y + CAP_TO_LINE * font_size
    set_ = [Line(line, first + i * lead, font_size, weight, color) for i, line in enumerate(lines)]
    return set_, y + lead * len(lines)


def _draw(group: etree._Element, lines: tuple[Line, ...], x: float, y: float, theme: Theme) -> None:
    for line in lines:
        text = _child(group, "text")
        _set_all(text, x=x, y=line.y + y, fill=theme.color(line.color))
        text.set("font-size", number(line.size))
        text.set("font-weight", str(line.weight))
        text.text = line.text


def _clean(chart: etree._Element, where: str) -> list[etree._Element]:
    """Vega's drawing, plain: one element a line of text, short numbers, labels in place, ids of this drawing alone."""
    for text in list(chart.iter(tag("text"))):
        _split_lines(text)
    names: dict[str, str] = {}
    for element in chart.iter(etree.Element):
        if element.get("id"):
            names[element.get("id")] = f"plot-{len(names) + 1}"
            element.set("id", names[element.get("id")])
    for element in chart.iter(etree.Element):
        _tidy(element, names)
    for element in reversed(list(chart.iterdescendants(etree.Element))):
        _unwrap(element)
    place.settle(chart, where)
    for text in list(chart.iter(tag("text"))):
        text.attrib.pop("aria-label", None)
        _back(text)
    return list(chart)


def _tidy(element: etree._Element, names: dict[str, str]) -> None:
    for name in IDLE_ATTRIBUTES:
        element.attrib.pop(name, None)
    for name, value in element.attrib.items():
        if name == "opacity" and value == "1":
            del element.attrib[name]
        elif name in NUMERIC:
            element.set(name, DECIMALS.sub(lambda found: number(float(found[0])), value))
        elif "url(#" in value:
            element.set(name, REFERENCE.sub(lambda found: f"url(#{names.get(found[1], found[1])})", value))


def _back(text: etree._Element) -> None:
    """Turns a halo into a plain box: PDF would hold the text twice, and drawing programs would draw it fat."""
    if not text.get("stroke"):
        return
    pad = float(text.attrib.pop("stroke-width", 1)) / 2
    left, top, right, bottom = layout.text_at(text).box
    box = etree.Element(tag("rect"), fill=text.attrib.pop("stroke"))
    box.set("transform", text.get("transform"))
    _set_all(box, x=left - pad, y=top - pad, width=right - left + 2 * pad, height=bottom - top + 2 * pad)
    text.addprevious(box)


def _split_lines(text: etree._Element) -> None:
    """Turns the lines of one text into texts of their own, which every program can measure; drops an empty one."""
    drop = 0.0
    for tspan in list(text):
        drop += float(tspan.get("dy", 0))
        line = etree.Element(text.tag, text.attrib)
        line.set("y", number(drop))
        line.text = tspan.text
        text.addprevious(line)
    if len(text) or not text.text:
        text.getparent().remove(text)


def _unwrap(element: etree._Element) -> None:
    """Removes what draws nothing, and groups that do nothing to what is in them."""
    parent, name = element.getparent(), local(element)
    if local(parent) == "clipPath":
        return
    if name == "path" and not (element.get("d") and {"fill", "stroke"} & set(element.attrib)):
        parent.remove(element)
    elif name == "g" and set(element.attrib) <= {"transform"} and element.get("transform", STILL) == STILL:
        for child in list(element):
            element.addprevious(child)
        parent.remove(element)
    elif name == "g" and len(element) == 0:
        parent.remove(element)


def _child(parent: etree._Element, name: str) -> etree._Element:
    return etree.SubElement(parent, tag(name))


def _set_all(element: etree._Element, **attributes: Any) -> None:
    for name, value in attributes.items():
        element.set(name, value if isinstance(value, str) else number(value))
