"""What an SVG of ours may contain. Anything else is refused by name, however it came in."""

from __future__ import annotations

import re

from lxml import etree

from toll.graphics.metadata import NAMESPACES
from toll.graphics.svg import SVG, XLINK, XML
from toll.graphics.theme import FAMILY
from toll.problems import Problem, Problems, Where

_ELEMENTS = """
svg g path rect line circle text tspan use defs clipPath linearGradient stop title desc metadata style
"""
_ATTRIBUTES = """
aria-label aria-labelledby class clip-path clip-rule cx cy d display dx dy fill fill-opacity fill-rule font-family
font-size font-style font-weight gradientUnits height id offset opacity r role rx ry stop-color stroke
stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity stroke-width
text-anchor transform version viewBox width x x1 x2 y y1 y2
"""
ELEMENTS = set(_ELEMENTS.split())
ATTRIBUTES = {*_ATTRIBUTES.split(), f"{{{XML}}}lang", f"{{{XML}}}space"}
METADATA_ATTRIBUTES = {f"{{{NAMESPACES['rdf']}}}about", f"{{{XML}}}lang"}
HREF = f"{{{XLINK}}}href"
INSIDE = re.compile(r"#[\w-]+")  # of the same file
FREE_TEXT = {"aria-label"}  # never interpreted, so it may say anything
ACTIVE = re.compile(r"url\((?!#[\w-]+\))|(?:javascript|data|vbscript|https?|file):|[<>]", re.IGNORECASE)
FONT_FACE = re.compile(
    rf"(@font-face\{{font-family:'{FAMILY}';font-weight:\d+;"
    r"src:url\(data:font/woff2;base64,[A-Za-z0-9+/=]+\)format\('woff2'\)\})+"
)


def check(svg: bytes, where: str) -> etree._Element:
    """The parsed SVG. `Problems` for each element and attribute that is not on the list."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    root = etree.fromstring(svg, parser)
    found = ["a document type"] if root.getroottree().docinfo.doctype else []
    found += [fault for element in _nodes(root) for fault in _faults(element)]
    if found:
        hint = "Draw with text, lines, rules, bars, areas and points only."
        raise Problems(
            Problem(Where(where), f"The picture contains {fault}, which is not allowed.", hint) for fault in found
        )
    return root


def _faults(element: etree._Element) -> list[str]:
    if not isinstance(element.tag, str):
        return [f"a {type(element).__name__.strip('_')} node"]
    name = etree.QName(element)
    if name.namespace in NAMESPACES.values() and set(element.attrib) <= METADATA_ATTRIBUTES:
        return []
    if name.namespace != SVG or name.localname not in ELEMENTS:
        return [f"<{element.tag}>"]
    faults = [
        f"{attribute}={value[:40]!r} on <{name.localname}>"
        for attribute, value in element.attrib.items()
        if not _allowed(name.localname, attribute, value)
    ]
    if name.localname == "style" and not FONT_FACE.fullmatch(element.text or ""):
        faults.append(f"style {(element.text or '')[:40]!r}")
    return faults


def _allowed(element: str, attribute: str, value: str) -> bool:
    if attribute == HREF:
        return element == "use" and INSIDE.fullmatch(value) is not None
    return attribute in ATTRIBUTES and (attribute in FREE_TEXT or not ACTIVE.search(value))


def _nodes(root: etree._Element) -> list[etree._Element]:
    """Every node of the document, those beside the root included."""
    beside = [*root.itersiblings(preceding=True), *root.itersiblings()]
    return [*beside, *root.iter()]
