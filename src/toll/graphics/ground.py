"""Takes the ground out of a picture that a layout sets on a color of its own.

A box of the ground behind a label covers the grid there. Without it, the grid lines themselves are interrupted.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence

from lxml import etree

from toll.graphics import layout
from toll.graphics.layout import Box, Mark
from toll.graphics.svg import number, tag

PAD = 2  # px between a label and the end of a grid line

Span = tuple[float, float]


def take_out(root: etree._Element, where: str) -> None:
    """Remove the ground of a composed picture and the boxes behind its labels."""
    texts, marks = layout.read(root, where)
    boxes = [text.box for text in texts if text.backed]
    for text in texts:
        if text.backed:
            text.element.getparent().remove(text.element.getprevious())
    for mark in marks:
        if mark.grid:
            _interrupt(mark, boxes)
    root.remove(root.find(tag("rect")))


def _interrupt(line: Mark, boxes: Sequence[Box]) -> None:
    """Replace a straight line, across or down, by the parts of it that lie beside the boxes."""
    (x1, y1), (x2, y2) = line.outline
    along, name = (0, "x") if y1 == y2 else (1, "y")
    across, start, end = (y1, x1, x2) if along == 0 else (x1, y1, y2)
    gaps = [
        (box[along] - PAD, box[along + 2] + PAD)
        for box in boxes
        if box[1 - along] - PAD < across < box[3 - along] + PAD
    ]
    offset = start - float(line.element.get(f"{name}1", 0))
    for first, last in _between(min(start, end), max(start, end), sorted(gaps)):
        part = copy.deepcopy(line.element)
        part.set(f"{name}1", number(first - offset))
        part.set(f"{name}2", number(last - offset))
        line.element.addprevious(part)
    line.element.getparent().remove(line.element)


def _between(start: float, end: float, gaps: Sequence[Span]) -> Iterator[Span]:
    """What is left of a span without the gaps, which are in order."""
    for first, last in gaps:
        if first > start:
            yield start, min(first, end)
        start = max(start, last)
    if start < end:
        yield start, end
