"""Where in a finished picture the numbers of the ledger stand, so that a page can point at them.

Vega draws the rows of a layer in their order: a bar, dot or text for each, or one line with a corner for each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from toll.graphics import layout, plotted
from toll.graphics.layout import Box, Point
from toll.graphics.plotted import Layer

LAYER = re.compile(r"(?:layer_\d+_|concat_\d+_)*marks")


def find(spec: dict[str, Any], picture: etree._Element, where: str) -> dict[str, Point]:
    """By id of the entry, where the picture draws it: the first place if there are several, none if it is unclear."""
    texts, marks = layout.read(picture, where)
    drawn: dict[str, dict[Any, Any]] = {}
    each: Any
    for each in (*marks, *texts):
        if name := layer_of(each.element):
            drawn.setdefault(name, {}).setdefault(each.element, each)
    places: dict[str, Point] = {}
    for name, layer in zip(_names(spec), plotted.layers(spec), strict=True):
        for id, point in _points(layer, list(drawn.get(name, {}).values())):
            places.setdefault(id, point)
    return places


def layer_of(element: etree._Element) -> str | None:
    """The name of the layer that drew an element, as Vega calls its group; None for axes."""
    for group in element.iterancestors():
        for name in group.get("class", "").split():
            if LAYER.fullmatch(name):
                return name
    return None


def _names(node: dict[str, Any], above: str = "") -> Iterator[str]:
    """What Vega calls the group of each layer, in the order of `plotted.layers`."""
    if "mark" in node:
        yield f"{above}marks"
    for kind in plotted.CHILDREN:
        for place, child in enumerate(node.get(kind, [])):
            yield from _names(child, f"{above}{'layer' if kind == 'layer' else 'concat'}_{place}_")


def _points(layer: Layer, drawn: list[Any]) -> Iterator[tuple[str, Point]]:
    rows, fields = layer.rows or [], layer.values or [""]
    line = layer.mark["type"] in ("line", "area")
    corners = drawn[0].outline if line and len(drawn) == 1 else ()
    boxes = [each.box for each in drawn]
    if len(rows) == 1 and boxes and not line:
        boxes = [_around(boxes)]
    for number, row in enumerate(rows):
        values = [row.get(field) for field in fields]
        for place, field in enumerate(fields):
            id = plotted.entry(row, field)
            if id and len(corners) >= len(rows) * len(fields):  # an area goes there along one edge, back on the other
                yield id, corners[number if place == 0 else 2 * len(rows) - 1 - number]
            elif id and len(boxes) == len(rows):
                lower = len(fields) > 1 and values[place] == min(values, key=lambda value: (value is None, value))
                yield id, _end(boxes[number], layer, lower)


def _end(box: Box, layer: Layer, lower: bool) -> Point:
    """The middle of a dot or a text; of a bar or a range, its end."""
    left, top, right, bottom = box
    if not layer.values or layer.mark["type"] in ("point", "circle", "square"):
        return (left + right) / 2, (top + bottom) / 2
    if layer.axis == "y":
        return (left + right) / 2, bottom if lower else top
    return left if lower else right, (top + bottom) / 2


def _around(boxes: list[Box]) -> Box:
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)
