"""What travels inside every file: IPTC photo metadata as one XMP packet for SVG, PNG and PDF.

Fields: IPTC Photo Metadata Standard 2023.1. Dates are the data's own; nothing here reads the clock.
"""

from __future__ import annotations

from lxml import etree

from toll.graphics.svg import XML

PREFIX = b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>'
SUFFIX = b'<?xpacket end="r"?>'
DIGITAL_SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/dataDrivenMedia"
LANGUAGE = "en"
NAMESPACES = {
    "x": "adobe:ns:meta/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "prism": "http://prismstandard.org/namespaces/basic/2.0/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
}


def xmp(furniture: dict[str, str], meta: dict[str, str], mime: str) -> etree._Element:
    """The packet's `x:xmpmeta` element for a file of type `mime`."""
    plain = {
        "dc:format": mime,
        "dc:identifier": meta["digest"],
        "dc:source": furniture["source"],
        "photoshop:Headline": furniture["headline"],
        "photoshop:Credit": furniture["credit"],
        "photoshop:Source": furniture["source"],
        "photoshop:DateCreated": meta["as_of"],
        "prism:edition": meta["edition"],
        "xmpRights:Marked": "True",
        "xmpRights:WebStatement": meta["licence"],
        "Iptc4xmpExt:DigitalSourceType": DIGITAL_SOURCE,
    }
    in_language = {
        "dc:title": furniture["headline"],
        "dc:description": furniture["description"],
        "dc:rights": meta["licence"],
        "Iptc4xmpCore:AltTextAccessibility": furniture["alt"],
        "Iptc4xmpCore:ExtDescrAccessibility": furniture["description"],
    }
    root = etree.Element(_name("x:xmpmeta"), nsmap=NAMESPACES)
    about = etree.SubElement(etree.SubElement(root, _name("rdf:RDF")), _name("rdf:Description"))
    about.set(_name("rdf:about"), "")
    for name, text in plain.items():
        etree.SubElement(about, _name(name)).text = text
    for name, text in in_language.items():
        _item(about, name, "Alt", text).set(f"{{{XML}}}lang", "x-default")
    _item(about, "dc:creator", "Seq", furniture["credit"])
    _item(about, "dc:language", "Bag", LANGUAGE)
    return root


def packet(furniture: dict[str, str], meta: dict[str, str], mime: str) -> bytes:
    """The XMP packet as it is embedded in PNG and PDF."""
    return PREFIX + etree.tostring(xmp(furniture, meta, mime), encoding="utf-8") + SUFFIX


def _item(about: etree._Element, name: str, container: str, text: str) -> etree._Element:
    item = etree.SubElement(
        etree.SubElement(etree.SubElement(about, _name(name)), _name(f"rdf:{container}")), _name("rdf:li")
    )
    item.text = text
    return item


def _name(prefixed: str) -> str:
    prefix, local = prefixed.split(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"
