"""A plain Altair chart as a cell's result: a picture in our typeface, the same on every run.

Altair's own way is a web page that loads Vega from the network and has a new random name each time.
"""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Any

import altair
import vl_convert
from lxml import etree

from toll.digests import short
from toll.graphics import formats, layout
from toll.graphics.svg import tag
from toll.graphics.theme import FAMILY
from toll.graphics.type import font_face

NAME = "toll"
SCALE = 2  # of the PNG, for dense screens
Bundle = tuple[dict[str, str], dict[str, dict[str, int]]]


def enable() -> None:
    """Show charts as pictures, unless the notebook has chosen another of Altair's renderers."""
    altair.renderers.register(NAME, _pictures)
    if altair.renderers.active == "default":
        altair.renderers.enable(NAME)


def _pictures(spec: dict[str, Any], **_: object) -> Bundle:
    """The chart as SVG, which is compared in checks, and as PNG for viewers that show no foreign SVG."""
    config = {"font": FAMILY, "background": "white"} | spec.get("config", {})
    drawn = _named_anew(formats.plot(spec | {"config": config}, "a chart"))
    png = vl_convert.svg_to_png(drawn, scale=SCALE, ppi=72)
    root = etree.fromstring(drawn.encode())
    used: dict[int, set[str]] = {}
    for text in root.iter(tag("text")):
        weight = layout.NAMED_WEIGHTS.get(text.get("font-weight"), 400)
        used.setdefault(weight, set()).update("".join(text.itertext()))
    style = etree.Element(tag("style"))
    style.text = font_face(used)
    root.insert(0, style)
    pictures = {
        "image/svg+xml": etree.tostring(root, encoding="unicode"),
        "image/png": b64encode(png).decode(),
        "text/plain": "An Altair chart.",
    }
    return pictures, {"image/png": {"width": round(float(root.get("width")))}}


def _named_anew(svg: str) -> str:
    """Vega numbers what cuts marks off, through all charts of a process; here the names depend on the chart alone."""
    names = dict.fromkeys(re.findall(r' id="([^"]+)"', svg))
    bare = re.sub(r'( id="|url\(#)[^")]+', r"\1", svg)
    chart = short(bare.encode(), 8)
    new = {name: f"part-{chart}-{number}" for number, name in enumerate(names)}
    return re.sub(r'(?<= id=")[^"]+|(?<=url\(#)[^)]+', lambda found: new.get(found[0], found[0]), svg)
