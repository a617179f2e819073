"""The plot of a finished picture as a part of a page, which sets the words around it and gives it its colors."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from lxml import etree

from toll.graphics import allowlist, points, theme
from toll.graphics.compose import frame
from toll.graphics.svg import number, tag

if TYPE_CHECKING:
    from toll.graphics.graphic import Graphic

PAINTED = ("fill", "stroke", "stop-color")
RADIUS = 9  # px, of the ring around a point
Piece = tuple[str, str | None]  # of a text, and the id of the number that it prints
Palette = dict[tuple[str, str], str]  # by color in the light and in the dark theme: the variable that stands for both


def plot(
    graphic: Graphic,
    size: str,
    svg: Callable[[str, str], bytes],
    palette: Palette,
    pieces: Callable[[str], Iterable[Piece]],
) -> etree._Element:
    """The plot of `graphic` at a size, cut from its published SVGs, which `svg` gives by size and theme.

    Colors become variables, which are added to `palette`. Numbers that `pieces` finds in a text, and a ring at each
    number drawn, carry their id in data-number.
    """
    canvas, where = theme.size(size), f"{graphic.name}, {size}"
    root, dark = (allowlist.check(svg(size, colors), where) for colors in ("light", "dark"))
    _paint(root, dark, palette)
    places = points.find(graphic.specs[size], root, where)
    set_ = frame(asdict(graphic.furniture), canvas, where)
    height = float(root.get("height")) - set_.top - set_.below
    for child in list(root):
        if not child.get("transform"):  # ground and furniture
            root.remove(child)
    for text in [text for text in root.iter(tag("text")) if points.layer_of(text)]:  # not on an axis
        _mark_numbers(text, pieces)
    for element in root.iter(etree.Element):
        element.attrib.pop("aria-label", None)
        if element.get("class") != "number":
            element.attrib.pop("class", None)
    for id, (x, y) in places.items():
        ring = etree.SubElement(root, tag("circle"), cx=number(x), cy=number(y), r=str(RADIUS))
        ring.set("class", "ring")
        ring.set("data-number", id)
    root.attrib.clear()
    view = (canvas.margin, set_.top, canvas.inner, height)
    _set(root, {"class": size, "viewBox": " ".join(map(number, view))})
    _set(root, {"width": number(canvas.inner), "height": number(height), "role": "img"})
    root.set("aria-label", graphic.furniture.alt)
    etree.cleanup_namespaces(root)
    return root


def _paint(light: etree._Element, dark: etree._Element, palette: Palette) -> None:
    """Replace each color by a variable; both pictures are one drawing in two sets of colors."""
    for element, other in zip(light.iter(etree.Element), dark.iter(etree.Element), strict=True):
        for name in PAINTED:
            if (color := element.get(name, "")).startswith("#"):
                variable = palette.setdefault((color, other.get(name)), f"--p{len(palette)}")
                element.set(name, f"var({variable})")


def _mark_numbers(text: etree._Element, pieces: Callable[[str], Iterable[Piece]]) -> None:
    found = list(pieces(text.text or ""))
    if not any(id for _, id in found):
        return
    text.text = None
    for piece, id in found:
        part = etree.SubElement(text, tag("tspan"))
        part.text = piece
        if id:
            _set(part, {"class": "number", "data-number": id})


def _set(element: etree._Element, attributes: dict[str, Any]) -> None:
    for name, value in attributes.items():
        element.set(name, value)
