"""Two versions of a picture, compared element by element: what merely moved down with its block is no change.

The words above the plot, the plot and the words below it are its blocks. When a headline takes a line more, the others
move as one, and are compared where they would have been.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

from lxml import etree

from toll.graphics import layout
from toll.graphics.layout import Mark, Text
from toll.graphics.svg import local, number, tag
from toll.problems import Problem, Problems, Where

NEW, OLD = "#e20074", "#00857a"  # a magenta and a teal that no chart of the house uses
FADED = "0.25"  # what did not change
NEAR = 0.6  # px that an element may move, from rounding, and count as where it was
STILL = (0.0, 0.0)
PAINT = ("fill", "stroke", "stroke-width", "stroke-dasharray")

Key = tuple[Any, ...]
Drawn = Text | Mark
Shift = tuple[float, float]
Pair = tuple[Drawn | None, Drawn | None, Shift]  # before, after, and how far the block around them moved


def compare(before: bytes, after: bytes, where: str) -> tuple[str, bytes]:
    """What looks different between two published SVGs, in words; empty if nothing does.

    With it goes the new picture, faded, with what is new in it and outlines of what that replaced. Raises Problems if
    a file is damaged.
    """
    old, new = (_parse(content, where) for content in (before, after))
    (old_texts, old_marks), (new_texts, new_marks) = layout.read(old, where), layout.read(new, where)
    texts, marks = (list(_changed(*pair)) for pair in ((old_texts, new_texts), (old_marks, new_marks)))
    looks = list(dict.fromkeys(_said(_string(was), _string(now)) for was, now, _ in texts))
    if marks:
        looks.append(f"{len(marks)} shape{'s look' if len(marks) > 1 else ' looks'} different")
    _highlight(new, [*texts, *marks])
    return "; ".join(looks), etree.tostring(new, encoding="utf-8")


def _said(old: str, new: str) -> str:
    if old == new:
        return f"“{new}” moved"
    return f"“{old}” is now “{new}”" if old and new else f"“{new}” is new" if new else f"“{old}” is gone"


def _string(one: Drawn | None) -> str:
    return one.string if isinstance(one, Text) else ""


def _parse(content: bytes, where: str) -> etree._Element:
    """The root of an SVG. Raises Problems if it is damaged."""
    try:
        return etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        hint = "Restore it with git, or run `toll run --force`."
        raise Problems([Problem(Where(where), "The file is damaged: it is no picture.", hint)]) from None


def _changed(old: Sequence[Drawn], new: Sequence[Drawn]) -> Iterator[Pair]:
    """Pairs of what differs, in the order of the file; without a partner, an element is gone or new."""
    matcher = SequenceMatcher(None, [_key(one) for one in old], [_key(one) for one in new], autojunk=False)
    same = [(a + i, b + i) for a, b, size in matcher.get_matching_blocks() for i in range(size)]
    shifts = _shifts([(old[i], new[j]) for i, j in same])
    for kind, a, b, c, d in matcher.get_opcodes():
        for was, now in zip_longest(old[a:b], new[c:d]):
            shift = shifts.get(_block(now or was), STILL)
            if kind != "equal" or _moved(was, now, shift):
                yield was, now, shift


def _key(one: Drawn) -> Key:
    paint = tuple(one.element.get(name) for name in PAINT)
    if isinstance(one, Text):
        return one.string, one.size, one.weight, *paint
    left, top = one.box[:2]
    return tuple((round(x - left, 1), round(y - top, 1)) for x, y in one.outline), *paint


def _shifts(pairs: Sequence[tuple[Drawn, Drawn]]) -> dict[int, Shift]:
    """By block, how far most of its elements moved; as many say two things, the shorter way."""
    moves: dict[int, Counter[Shift]] = {}
    for old, new in pairs:
        moves.setdefault(_block(new), Counter())[_move(old, new)] += 1
    return {block: max(moved, key=lambda way: (moved[way], -math.hypot(*way))) for block, moved in moves.items()}


def _move(old: Drawn, new: Drawn) -> Shift:
    return round(new.box[0] - old.box[0], 1), round(new.box[1] - old.box[1], 1)


def _moved(old: Drawn, new: Drawn, shift: Shift) -> bool:
    return any(abs(own - others) > NEAR for own, others in zip(_move(old, new), shift, strict=True))


def _block(one: Drawn) -> int:
    """Which of the picture's outermost groups an element is in."""
    chain = [one.element, *one.element.iterancestors()]
    return list(chain[-1]).index(chain[-2])


# --- The overlay ---


def _highlight(root: etree._Element, changed: Sequence[Pair]) -> None:
    """Fade the picture, color what is new in it and draw over it what that replaced."""
    new = {after.element for _, after, _ in changed if after}
    ground = next(root.iter(tag("rect"))).get("fill")
    for element in root.iter(tag("text"), tag("path"), tag("line")):
        if element not in new and local(element.getparent()) != "clipPath":
            element.set("opacity", FADED)
        for name in ("fill", "stroke") if element in new else ():
            if element.get(name, "none") not in ("none", ground):
                element.set(name, NEW)
    ghosts = etree.SubElement(root, tag("g"), opacity="0.8")
    for before, after, (dx, dy) in changed:
        if isinstance(before, Text):
            old = replace(before, x=before.x + dx, y=before.y + dy)
            if not (isinstance(after, Text) and old.touches(after)):  # one over the other could not be read
                place = {"x": number(old.x), "y": number(old.y), "font-size": number(old.size)}
                weight = {"font-weight": str(old.weight), "text-decoration": "line-through"}
                etree.SubElement(ghosts, tag("text"), place | weight, fill=OLD).text = old.string
        elif before:
            line = "M" + "L".join(f"{number(x + dx)},{number(y + dy)}" for x, y in before.outline)
            etree.SubElement(ghosts, tag("path"), {"stroke-dasharray": "3 2"}, d=line, fill="none", stroke=OLD)
