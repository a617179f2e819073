"""Checks a finished picture: no text off the canvas, touching other text, crossed by a line or too small.

All text is checked, the plot's own included, with the boxes that its ink really fills.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations

from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.svgLib.path import parse_path
from lxml import etree

from toll.graphics.svg import local
from toll.graphics.theme import Size
from toll.graphics.type import ink, measure
from toll.problems import Problem, Problems

TRANSLATE = re.compile(r"translate\((-?[\d.]+)(?:[ ,](-?[\d.]+))?\)$")
NAMED_WEIGHTS = {None: 400, "normal": 400, "bold": 700}
ANCHOR = {None: 0, "start": 0, "middle": 0.5, "end": 1}
APART = 0.2  # least distance between two texts of one line, in font sizes
SLACK = 0.3  # px of rounding that nobody sees
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

    @cached_property
    def box(self) -> Box:
        above, below = ink(self.string, self.size, self.weight)
        width = measure(self.string, self.size, self.weight)
        return self.x, self.y - above, self.x + width, self.y - below


@dataclass(frozen=True)
class Mark:
    """What is drawn: corners of its outline, and whether it is a grid line, which a text's box may interrupt."""

    outline: tuple[Point, ...]
    grid: bool

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
            marks += [Mark(tuple((px + x, py + y) for px, py in line), grid) for line in _outlines(element)]
    return texts, marks


def text_at(element: etree._Element, x: float = 0, y: float = 0) -> Text:
    """A text element as one line whose baseline starts at (x, y) plus its own place."""
    string = "".join(element.itertext())
    size = float(element.get("font-size").removesuffix("px"))
    named = element.get("font-weight")
    weight = NAMED_WEIGHTS[named] if named in NAMED_WEIGHTS else int(named)
    before = element.getprevious()
    backed = before is not None and local(before) == "rect"
    left = x + float(element.get("x", 0)) - ANCHOR[element.get("text-anchor")] * measure(string, size, weight)
    return Text(string, left, y + float(element.get("y", 0)), size, weight, backed)


def check(root: etree._Element, size: Size, where: str) -> None:
    """Raises `Problems` that name each failing text."""
    texts, marks = read(root, where)
    height = float(root.get("height"))
    found = [
        *(_off_canvas(text, size, height) for text in texts),
        *(_too_small(text, size) for text in texts),
        *(_touching(a, b) for a, b in combinations(texts, 2)),
        *(_crossed(text, marks) for text in texts),
        *(_beyond(mark, size, height) for mark in marks),
    ]
    if problems := [Problem.old(where, None, None, *problem) for problem in found if problem]:
        raise Problems(problems)


def _off_canvas(text: Text, size: Size, height: float) -> tuple[str, str, str] | None:
    left, top, right, bottom = text.box
    over = max(size.margin - left, right - (size.width - size.margin), -top, bottom - height)
    if over > SLACK:
        return (f"“{text.string}” {over:.1f} px outside", "all text inside the margins", "Shorten it or move it.")


def _too_small(text: Text, size: Size) -> tuple[str, str, str] | None:
    if text.size < size.footer[0]:
        return (
            f"“{text.string}” set in {text.size:g}",
            f"{size.footer[0]:g} or more on {size.name}",
            "Use a size of the style.",
        )


def _touching(a: Text, b: Text) -> tuple[str, str, str] | None:
    gap = APART * min(a.size, b.size)
    left, top, right, bottom = a.box
    if _overlap((left - gap, top, right + gap, bottom), b.box):
        return f"“{a.string}” touching “{b.string}”", "text apart from other text", "Move or shorten one of them."


def _crossed(text: Text, marks: list[Mark]) -> tuple[str, str, str] | None:
    left, top, right, bottom = text.box
    box = (left, top + SLACK, right, bottom - SLACK)
    for mark in marks:
        if (mark.grid and text.backed) or not _overlap(mark.box, box):
            continue
        if any(_meets(p, q, box) for p, q in zip(mark.outline, mark.outline[1:], strict=False)):
            what = "a grid line" if mark.grid else "the edge of a mark"
            return (
                f"“{text.string}” crossed by {what}",
                "text clear of lines and edges",
                "Move it, or give it a halo (stroke) over grid lines.",
            )


def _beyond(mark: Mark, size: Size, height: float) -> tuple[str, str, str] | None:
    left, top, right, bottom = mark.box
    if (over := max(-left, -top, right - size.width, bottom - height)) > EDGE:
        return (
            f"a mark {over:.1f} px outside",
            "all marks on the canvas",
            "Set the scale's domain so that it holds all values.",
        )


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
            raise Problems(
                [
                    Problem.old(
                        where,
                        None,
                        None,
                        f"{transform} on “{''.join(element.itertext())[:40]}”",
                        "upright text and marks at their real size",
                        "Remove the angle or scale from the chart.",
                    )
                ]
            )
        x, y = x + float(place[1]), y + float(place[2] or 0)
    grid = grid or "role-axis-grid" in element.get("class", "")
    yield element, x, y, grid
    for child in element.iterchildren(etree.Element):
        yield from _walk(child, x, y, grid, where)


def _outlines(element: etree._Element) -> Sequence[list[Point]]:
    if local(element) == "line":
        return [[tuple(float(element.get(name, 0)) for name in pair) for pair in (("x1", "y1"), ("x2", "y2"))]]
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
    steps = (0.25, 0.5, 0.75, 1)
    return [
        tuple(
            (1 - t) ** 3 * a[i] + 3 * (1 - t) ** 2 * t * b[i] + 3 * (1 - t) * t * t * c[i] + t**3 * d[i] for i in (0, 1)
        )
        for t in steps
    ]
