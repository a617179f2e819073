"""Whether a chart draws every row of its data: Vega leaves out what it has no place for, and says nothing.

The chart is drawn once more with the number of each row as its description, and what comes out is compared with the
rows. A row that should be left out has to be left out of the data.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import vl_convert

from toll.graphics.plotted import Layer, Spec, layers
from toll.problems import Problem, Problems, Where

ROW = "_row"
PLACES = ("x", "y", "x2", "y2")
EXTENTS = ("width", "height", "startAngle", "endAngle")
LINES = ("line", "area", "trail")
UNSEEN = (None, "", "transparent", "ground")
HINT = "Mend it, or leave the row out of the chart's data and say so in the note."

Scene = dict[str, Any]


def check(spec: Spec, where: str) -> None:
    """Raises `Problems` that name the first row that each layer loses. `spec` has the names of colors, not colors."""
    numbered = copy.deepcopy(spec)
    numbered.get("config", {}).pop("font", None)  # no row depends on it, and measuring its letters takes half the time
    found = list(layers(numbered))
    for number, layer in enumerate(found):
        layer.node.pop("name", None)  # Vega wants each only once
        layer.node["mark"] = layer.mark | {"aria": True}
        layer.node["encoding"] = layer.node.get("encoding", {}) | {"description": _label(number)}
        for place, row in enumerate(layer.rows or [], start=1):
            row[ROW] = place
    scene = vl_convert.vegalite_to_scenegraph(numbered, allowed_base_urls=[])["scenegraph"]
    drawn = {item["description"] for mark, width, height in _marks(scene) for item in _seen(mark, width, height, found)}
    faults = [fault for number, layer in enumerate(found) if (fault := _fault(layer, number, drawn))]
    if faults:
        raise Problems(Problem(Where(where), fault, HINT) for fault in faults)


def _label(number: int) -> Spec:
    return {"value": {"expr": f"'{number}:' + datum.{ROW}"}}


def _fault(layer: Layer, number: int, drawn: set[str]) -> str | None:
    if layer.sums:
        return None
    rows = layer.rows or []
    lost = [row for row in rows if f"{number}:{row[ROW]}" not in drawn and not _is_gap(row, layer)]
    if not lost:
        return None
    values = {column: lost[0].get(column) for column in layer.fields(*layer.encoding)}
    empty = [column for column, value in values.items() if value is None]
    what = f"“{layer.name}”" if layer.name else f"the layer that draws “{next(iter(values), layer.mark['type'])}”"
    why = f"its “{empty[0]}” is empty" if empty else ", ".join(f"“{name}” is {v!r}" for name, v in values.items())
    more = f" {len(lost)} of its {len(rows)} rows are missing." if len(lost) > 1 else ""
    return f"Row {lost[0][ROW]} of {what} is not drawn: {why}.{more}"


def _is_gap(row: Spec, layer: Layer) -> bool:
    """Whether the row has nothing to draw: a gap in a line, where nothing is known, or a count of none in dots."""
    if any("flatten" in transform for transform in layer.transforms):
        return row.get("value") == 0
    ends = (layer.fields(axis, f"{axis}2") for axis in "xy")
    return layer.mark["type"] in LINES and any(all(row.get(end) is None for end in axis) for axis in ends if axis)


def _marks(scene: Scene, width: float = 0, height: float = 0) -> Iterator[tuple[Scene, float, float]]:
    """The marks that draw data, with the size of the plot that each is in."""
    if scene["marktype"] != "group":
        if scene.get("role") == "mark":
            yield scene, width, height
        return
    for group in scene["items"]:
        for child in group.get("items", []):
            yield from _marks(child, group.get("width") or width, group.get("height") or height)


def _seen(mark: Scene, width: float, height: float, found: list[Layer]) -> Iterator[Scene]:
    """The items of a mark that a reader can see, each at the place that its row has."""
    items = [item for item in mark["items"] if ":" in str(item.get("description"))]
    placed = [_has_place(item, found) and not (mark["clip"] and _is_cut(item, width, height)) for item in items]
    for i, item in enumerate(items):
        alone = mark["marktype"] in LINES and not any(placed[max(i - 1, 0) : i] + placed[i + 1 : i + 2])
        is_dot = alone and mark["marktype"] == "line" and item.get("strokeCap") == "round"
        if placed[i] and _has_color(item, mark["marktype"]) and (is_dot or not alone):
            yield item


def _has_place(item: Scene, found: list[Layer]) -> bool:
    layer = found[int(item["description"].split(":")[0])]
    given = [item.get(channel) for channel in PLACES if channel in layer.encoding]
    given += [item[extent] for extent in EXTENTS if extent in item]
    is_blank = bool(layer.name) and not str(item.get("text", "-")).strip()  # without a name, it is a label left out
    return item.get("defined", True) and None not in given and not is_blank


def _is_cut(item: Scene, width: float, height: float) -> bool:
    ends = (("x", width), ("x2", width), ("y", height), ("y2", height))
    return any(not -0.5 <= item[place] <= most + 0.5 for place, most in ends if place in item)


def _has_color(item: Scene, kind: str) -> bool:
    parts = (item.get(part) not in UNSEEN and item.get(f"{part}Opacity", 1) != 0 for part in ("fill", "stroke"))
    return item.get("opacity", 1) != 0 and item.get("size", 1) != 0 and any(parts)
