"""Colors by name: a chart says "red" or "dot 30%", the theme says what that is. Any other color is refused."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from toll.graphics.theme import COLORS, THEMES, Theme
from toll.problems import Problem, Problems, Where

Spec = dict[str, Any]
PLACES = ("color", "fill", "stroke", "background")  # and all whose names end with Color
WITHOUT = ("data", "datasets", "transform", "resolve")  # keys under which nothing is a color
HINT = f"Use a color of the theme ({', '.join(COLORS)}) or a share of one, such as “dot 30%”."


def check(spec: Spec, where: str) -> None:
    """Raises `Problems` that name each color of the specification that is not one of the theme's names."""
    painter = _Painter(spec, THEMES["light"])
    if painter.unknown:
        raise Problems(Problem(Where(where), message, HINT) for message in painter.unknown)


def paint(spec: Spec, theme: Theme) -> Spec:
    """A copy of a checked specification with the theme's colors in place of their names."""
    return _Painter(spec, theme).spec


class _Painter:
    """Walks a specification once and replaces names wherever Vega-Lite takes a color."""

    def __init__(self, spec: Spec, theme: Theme):
        self.spec, self.theme, self.unknown = copy.deepcopy(spec), theme, set[str]()
        self.columns: dict[tuple[int, str], list[Spec]] = {}  # of rows, by the list that they are in
        self._walk(self.spec, None)
        for (_, field), rows in self.columns.items():
            for row in rows:
                row[field] = self._color(row.get(field))

    def _walk(self, node: Any, rows: list[Spec] | None) -> None:
        if isinstance(node, list):
            for part in node:
                self._walk(part, rows)
        elif isinstance(node, dict):
            rows = self._rows(node["data"]) if node.get("data") else rows
            if "mark" in node:
                node.pop("name", None)  # a layer's name is for the table, and Vega wants each only once
            for key, value in node.items():
                if key in PLACES or key.endswith("Color"):
                    node[key] = self._definition(value, rows) if isinstance(value, dict) else self._color(value)
                elif key not in WITHOUT:
                    self._walk(value, rows)

    def _definition(self, definition: Spec, rows: list[Spec] | None) -> Spec:
        """The definition of a channel, or of an axis color that depends on the label."""
        conditions = definition.get("condition") or []
        for part in (definition, *([conditions] if isinstance(conditions, dict) else conditions)):
            if "value" in part:
                part["value"] = self._color(part["value"])
            elif "field" in part:
                self._field(part, rows)
            elif part is not definition or "condition" not in part:
                self.unknown.add(f"A color is given as {sorted(part)}, which cannot be checked.")
        return definition

    def _field(self, part: Spec, rows: list[Spec] | None) -> None:
        scale = part.get("scale", {})
        if scale is None and rows is not None:
            self.columns[id(rows), part["field"]] = rows
        elif scale and isinstance(scale.get("range"), list):
            scale["range"] = [self._color(color) for color in scale["range"]]
        else:
            self.unknown.add(f"The column “{part['field']}” gets its colors from a scale without a range.")

    def _color(self, name: object) -> str | None:
        if name is None:
            return None
        color = self.theme.color(name) if isinstance(name, str) else None
        if color is None:
            self.unknown.add(f"“{name}” is not a color of the theme.")
        return color

    def _rows(self, data: Spec) -> list[Spec]:
        rows: Iterable = self.spec.get("datasets", {}).get(data.get("name")) or data.get("values") or []
        return rows if isinstance(rows, list) else []
