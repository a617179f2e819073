"""Places the labels of a drawn plot: where they touch nothing, kept apart, and optional ones dropped as a last resort.

A text asks for this in its description, which nobody hears or sees:
    "place: right below, left above"   beside the point where it is drawn; the first of these places where it fits
    "slide: start above, start below"  the same, but further along rather than further off where it does not fit
    "apart"                            moved up or down as little as keeps it clear of others at the same x
    "with"                             a further line of the label that is drawn at the same point
A "?" at the end says that the text may be dropped. `marks` writes these descriptions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise, product

from lxml import etree

from toll.graphics import layout
from toll.graphics.layout import ANCHOR, TRANSLATE, Mark, Text
from toll.graphics.svg import number, tag
from toll.graphics.type import measure

# From the point to the label, in font sizes: across (to where it starts, is centered or ends), and down to a baseline.
ACROSS = {
    "right": ("start", 0.9),
    "start": ("start", -0.5),
    "center": ("middle", 0.0),
    "end": ("end", 0.5),
    "left": ("end", -0.9),
}
ABOVE, BELOW = -0.5, 1.18  # of the last line, of the first
HALF_CAPITAL = 0.36
LEAD = 1.23
FURTHER = (0, 0.4, 0.8, 1.2, 1.6, 2, 3, 4, 5, 6, 8)  # how much further off a label may stand, in font sizes
ALONG = (0, 2, 4, 6, 8, 12, 16, 20)  # or further along


@dataclass
class Label:
    """The lines of one label, all drawn at the point (x, y)."""

    x: float
    y: float
    wish: str
    lines: list[Text]

    @property
    def lead(self) -> float:
        return LEAD * self.lines[0].size

    @property
    def height(self) -> float:
        return self.lead * len(self.lines)

    @property
    def optional(self) -> bool:
        return self.wish.endswith("?")

    def at(self, across: str, down: str, more: float) -> list[Text]:
        """The lines in one of the places beside the point, `more` font sizes further off or along."""
        em, drop = self.lines[0].size, self.lead * (len(self.lines) - 1)
        off, along = (0, more) if self.wish.startswith("slide") else (more, 0)
        first = (ABOVE - off) * em - drop if down == "above" else (BELOW + off) * em
        anchor, shift = ACROSS[across]
        return self._lines(anchor, self.x + (shift + along) * em, self.y + first)

    def centered_on(self, y: float) -> list[Text]:
        drop = self.lead * (len(self.lines) - 1)
        return self._lines("start", self.x, y + HALF_CAPITAL * self.lines[0].size - drop / 2)

    def _lines(self, anchor: str, x: float, y: float) -> list[Text]:
        return [
            replace(line, x=x - ANCHOR[anchor] * measure(line.string, line.size, line.weight), y=y + i * self.lead)
            for i, line in enumerate(self.lines)
        ]

    def shorter(self) -> Iterator[Label]:
        """The label, then the label without its optional lines."""
        yield self
        kept = [line for line in self.lines if not _wish(line).startswith("with") or not _wish(line).endswith("?")]
        if len(kept) < len(self.lines):
            yield replace(self, lines=kept)


def settle(plot: etree._Element, where: str) -> None:
    """Moves the texts of a plot that ask for it, and removes what may be dropped and has no room."""
    texts, marks = layout.read(plot, where)
    labels = list(_labels(texts))
    fixed = [text for text in texts if not _wish(text)]
    box = (float(plot.get("width")), float(plot.get("height")))
    apart = sorted((label for label in labels if label.wish.startswith("apart")), key=lambda label: label.x)
    for _, column in groupby(apart, key=lambda label: round(label.x)):
        for label, lines in _spread(sorted(column, key=lambda label: label.y), box[1]):
            fixed += _draw(label, lines)
    for label in labels:
        if label.wish.startswith(("place", "slide")):
            fixed += _draw(label, _best(label, fixed, marks, box))


def spread(positions: Sequence[float], gaps: Sequence[float]) -> list[float]:
    """The positions, ascending, moved as little as keeps neighbors `gaps` apart, each cluster centered.

    Pool adjacent violators (isotonic regression; Barlow et al., 1972) after taking the gaps off each step.
    """
    taken = [math.fsum(gaps[:i]) for i in range(len(positions))]
    pools: list[list[float]] = []
    for position, gap in zip(positions, taken, strict=True):
        pools.append([position - gap])
        while len(pools) > 1 and _mean(pools[-2]) > _mean(pools[-1]):
            pools[-2:] = [pools[-2] + pools[-1]]
    means = [_mean(pool) for pool in pools for _ in pool]
    return [mean + gap for mean, gap in zip(means, taken, strict=True)]


def _labels(texts: list[Text]) -> Iterator[Label]:
    """The labels with all their lines; a line belongs to the label before it that is drawn at the same point."""
    found: dict[tuple[float, float], Label] = {}
    for text in texts:
        x = text.x + ANCHOR[text.element.get("text-anchor")] * measure(text.string, text.size, text.weight)
        point = round(x, 1), round(text.y, 1)
        if _wish(text).startswith("with") and point in found:
            found[point].lines.append(text)
        elif _wish(text):
            found[point] = Label(x, text.y, _wish(text), [text])
            yield found[point]


def _spread(labels: list[Label], height: float) -> Iterator[tuple[Label, list[Text]]]:
    while math.fsum(label.height for label in labels) > height and any(label.optional for label in labels):
        dropped = next(label for label in reversed(labels) if label.optional)
        labels.remove(dropped)
        yield dropped, []
    gaps = [(a.height + b.height) / 2 for a, b in pairwise(labels)]
    for label, y in zip(labels, spread([label.y for label in labels], gaps), strict=True):
        yield label, label.centered_on(y)


def _best(label: Label, others: list[Text], marks: list[Mark], box: tuple[float, float]) -> list[Text]:
    """The lines in the first place where nothing is wrong, else in the best one; none if they may be dropped."""
    places = [tuple(place.split()) for place in label.wish.partition(":")[2].rstrip("?").split(",")]
    steps = ALONG if label.wish.startswith("slide") else FURTHER
    tried = [shorter.at(place[0], place[1], more) for shorter, more, place in product(label.shorter(), steps, places)]
    faults = [_faults(lines, others, marks, box) for lines in tried]
    if label.optional and min(faults):
        return []
    return tried[faults.index(min(faults))]


def _faults(lines: list[Text], others: list[Text], marks: list[Mark], box: tuple[float, float]) -> int:
    return sum(
        (line.box[0] < -layout.SLACK or line.box[1] < -layout.SLACK or line.box[2] > box[0] or line.box[3] > box[1])
        + sum(line.touches(other) for other in others)
        + (line.crossed(marks) is not None)
        for line in lines
    )


def _draw(label: Label, lines: list[Text]) -> list[Text]:
    """Moves the elements of the label to where its lines now are; removes those that are gone."""
    moved = {line.element: line for line in lines}
    for old in label.lines:
        new = moved.get(old.element)
        if new is None:
            old.element.getparent().remove(old.element)
            continue
        place = TRANSLATE.match(old.element.get("transform", "translate(0,0)"))
        assert place  # the layout check has refused other transformations
        start = ANCHOR[old.element.get("text-anchor")] * measure(old.string, old.size, old.weight)
        x, y = float(place[1]) + new.x - old.x - start, float(place[2] or 0) + new.y - old.y
        old.element.attrib.pop("text-anchor", None)
        old.element.set("transform", f"translate({number(x)},{number(y)})")
    return lines


def _wish(text: Text) -> str:
    """What the text asks for; empty where it stays."""
    wish = text.element.get("aria-label", "")
    return wish if wish.startswith(("place:", "slide:", "apart", "with")) and text.element.tag == tag("text") else ""


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)
