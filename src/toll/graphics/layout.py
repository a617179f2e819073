"""Checks a finished picture: no text off the canvas, touching other text, crossed by a line or too small.

All text is checked, the plot's own included, with the boxes that its ink really fills.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations
from typing import Any

from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.svgLib.path import parse_path
from lxml import etree

from toll.graphics.svg import local
from toll.graphics.theme import Size
from toll.graphics.type import ink, measure
from toll.problems import Problem, Problems, Where

TRANSLATE = re.compile(r"translate\((-?[\d.]+)(?:[ ,](-?[\d.]+))?\)$")
NAMED_WEIGHTS = {None: 400, "normal": 400, "bold": 700}
ANCHOR = {None: 0, "start": 0, "middle": 0.5, "end": 1}
APART = 0.2  # least distance between two texts of one line, in font sizes
SLACK, MARGIN = 0.3, 1  # px that text may touch an edge, or stand in the margin, without anyone seeing it
EDGE = 1.5  # px that half a line or a rounded corner may take at the very edge

Point = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True)
class Text:
    """One line of text: where its baseline starts, and whether a box behind it covers grid lines."""

    string: str
    x: float
    y: float
    size: float
    weight: int
    backed: bool = False
    element: Any = None  # an etree._Element, where the text was read from a picture

    @cached_property
    def box(self) -> Box:
        above, below = ink(self.string, self.size, self.weight)
        width = measure(self.string, self.size, self.weight)
        return self.x, self.y - above, self.x + width, self.y - below

    def touches(self, other: Text) -> bool:
        gap = APART * min(self.size, other.size)
        left, top, right, bottom = self.box
        return _overlap((left - gap, top, right + gap, bottom), other.box)

    def crossed(self, marks: Sequence[Mark]) -> Mark | None:
        """The first mark whose edge runs through the text."""
        left, top, right, bottom = self.box
        box = (left, top + SLACK, right, bottom - SLACK)
        for mark in marks:
            if not (mark.grid and self.backed) and _overlap(mark.box, box):
                ends = zip(mark.outline, mark.outline[1:], strict=False)
                if any(_meets(p, q, box) for p, q in ends):
                    return mark
        return None


@dataclass(frozen=True)
class Mark:
    """What is drawn: corners of its outline, and whether it is a grid line, which a text's box may interrupt."""

    outline: tuple[Point, ...]
    grid: bool
    element: Any = None  # an etree._Element, where the mark was read from a picture

    @cached_property
    def box(self) -> Box:
        across, down = zip(*self.outline, strict=True)
        return min(across), min(down), max(across), max(down)


def read(root: etree._Element, where: str) -> tuple[list[Text], list[Mark]]:
    """All texts and marks of a picture in its own coordinates. `Problems` where something is turned or scaled."""
    texts, marks = [], []
    for element, x, y, grid in _walk(root, 0, 0, False, where):
        if local(element) == "text":
            texts.append(text_at(element, x, y))
        elif local(element) in ("path", "line") and local(element.getparent()) != "clipPath":
            marks += [Mark(tuple((px + x, py + y) for px, py in line), grid, element) for line in _outlines(element)]
    return texts, marks


def text_at(element: etree._Element, x: float = 0, y: float = 0) -> Text:
    """A text element as one line whose baseline starts at (x, y) plus its own place."""
    string = "".join(element.itertext())
    size = float(element.get("font-size").removesuffix("px"))
    named = element.get("font-weight")
    weight = NAMED_WEIGHTS[named] if named in NAMED_WEIGHTS else int(named)
    before = element.getprevious()
    backed = "stroke" in element.attrib or (before is not None and local(before) == "rect")
    left = x + float(element.get("x", 0)) - ANCHOR[element.get("text-anchor")] * measure(string, size, weight)
    return Text(string, left, y + float(element.get("y", 0)), size, weight, backed, element)


def check(root: etree._Element, size: Size, where: str) -> None:
    """Raises `Problems` that name each failing text."""
    texts, marks = read(root, where)
    height = float(root.get("viewBox").split()[3])
    found = [
        *(fault for text in texts for fault in _text_faults(text, marks, size, height)),
        *(
            (f"“{a.string}” and “{b.string}” overlap.", "Shorten or move one of them, or make the chart taller.")
            for a, b in combinations(texts, 2)
            if a.touches(b)
        ),
        *(fault for mark in marks for fault in _beyond(mark, size, height)),
    ]
    if found:
        raise Problems(Problem(Where(where), *fault) for fault in found)


def _text_faults(text: Text, marks: list[Mark], size: Size, height: float) -> Iterator[tuple[str, str]]:
    left, top, right, bottom = text.box
    over = max(size.margin - left, right - (size.width - size.margin), -top, bottom - height)
    if over > MARGIN:
        yield f"“{text.string}” runs {over:.1f} px over the edge.", "Shorten it or move it."
    if text.size < size.footer[0]:
        least = f"the smallest type on {size.name} is {size.footer[0]:g} px."
        yield f"“{text.string}” is set at {text.size:g} px; {least}", "Leave its font size out, or make it larger."
    if mark := text.crossed(marks):
        over_grid = "Move it, or cover the grid behind it (stroke=“ground”, strokeWidth=4)."
        what, hint = ("A grid line", over_grid) if mark.grid else ("The edge of a mark", "Move it, or shorten it.")
        yield f"{what} runs through “{text.string}”.", hint


def _beyond(mark: Mark, size: Size, height: float) -> Iterator[tuple[str, str]]:
    left, top, right, bottom = mark.box
    if (over := max(-left, -top, right - size.width, bottom - height)) > EDGE:
        yield f"A mark runs {over:.1f} px over the edge.", "Set the scale's domain so that it holds all values."


def _overlap(a: Box, b: Box) -> bool:
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]


def _meets(p: Point, q: Point, box: Box) -> bool:
    """Whether the segment pq enters the box (Liang and Barsky, 1984)."""
    (x, y), dx, dy = p, q[0] - p[0], q[1] - p[1]
    enter, leave = 0.0, 1.0
    for direction, room in ((-dx, x - box[0]), (dx, box[2] - x), (-dy, y - box[1]), (dy, box[3] - y)):
        if direction == 0:
            if room < 0:
                return False
        elif direction < 0:
            enter = max(enter, room / direction)
        else:
            leave = min(leave, room / direction)
    return enter < leave


def _walk(
    element: etree._Element, x: float, y: float, grid: bool, where: str
) -> Iterator[tuple[etree._Element, float, float, bool]]:
    if transform := element.get("transform"):
        place = TRANSLATE.match(transform)
        if not place:
            message = f"“{''.join(element.itertext())[:40]}” is turned or scaled ({transform})."
            raise Problems([Problem(Where(where), message, "Remove the angle or the scale from the chart.")])
        x, y = x + float(place[1]), y + float(place[2] or 0)
    grid = grid or "role-axis-grid" in element.get("class", "")
    yield element, x, y, grid
    for child in element.iterchildren(etree.Element):
        yield from _walk(child, x, y, grid, where)


def _outlines(element: etree._Element) -> Sequence[list[Point]]:
    if local(element) == "line":
        x1, y1, x2, y2 = (float(element.get(name, 0)) for name in ("x1", "y1", "x2", "y2"))
        return [[(x1, y1), (x2, y2)]]
    return _path_outlines(element.get("d"))


@lru_cache(4096)  # many marks are alike but for their place
def _path_outlines(path: str) -> tuple[list[Point], ...]:
    pen = DecomposingRecordingPen({})
    parse_path(path, pen)
    found: list[list[Point]] = []
    for operator, points in pen.value:
        if operator == "moveTo":
            found.append(list(points))
        elif operator == "closePath":
            found[-1].append(found[-1][0])
        elif operator == "curveTo":
            found[-1] += _along(found[-1][-1], *points)
        elif operator != "endPath":
            found[-1] += points
    return tuple(found)


def _along(a: Point, b: Point, c: Point, d: Point) -> list[Point]:
    """Four points along a cubic curve: near enough for circles of a few px."""

    def at(t: float, i: int) -> float:
        return (1 - t) ** 3 * a[i] + 3 * (1 - t) ** 2 * t * b[i] + 3 * (1 - t) * t * t * c[i] + t**3 * d[i]

    return [(at(t, 0), at(t, 1)) for t in (0.25, 0.5, 0.75, 1)]
