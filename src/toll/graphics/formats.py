"""The files of one picture: SVG with its font, SVG with outlined text, PNG, PDF, and PDF in CMYK.

Vega draws the plot; the composed SVG is the only source of everything after that. No step reads a clock, a network
or a font of the machine.
"""

from __future__ import annotations

import copy
import functools
import io
import os
import struct
import time
import zlib
from dataclasses import dataclass
from typing import Any

import vl_convert
from lxml import etree

from toll.graphics import allowlist, drawn, layout, metadata, plotted, theme
from toll.graphics.colors import paint
from toll.graphics.compose import compose
from toll.graphics.svg import SVG, XLINK, XML, local, number, tag
from toll.graphics.theme import FALLBACK, FAMILY, THEMES, WEIGHTS, Size, inks
from toll.graphics.type import TypeProblem, drawing, font_face, fonts, glyphs, outline, units_per_em
from toll.problems import Problem, Problems, Where
from toll.project import user_cache

HREF = f"{{{XLINK}}}href"
MIME = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}


@dataclass(frozen=True)
class Picture:
    """One graphic in one size and theme, composed and checked."""

    stem: str
    where: str
    size: Size
    furniture: dict[str, str]
    meta: dict[str, str]
    composed: etree._Element

    @classmethod
    def draw(cls, task: dict[str, Any]) -> Picture:
        """Draws one of `Graphic.tasks`. `Problems` when the layout or what is drawn does not pass."""
        size, colors = theme.size(task["size"]), THEMES[task["theme"]]
        dark = "" if task["theme"] == "light" else f"-{task['theme']}"
        where = f"{task['name']}, {size.name}, {task['theme']}"
        chart_svg = plot(paint(task["spec"], colors), where)
        with drawing(where):
            composed = compose(chart_svg, task["furniture"], size, colors, where)
        allowlist.check(etree.tostring(composed), where)
        if task["theme"] == "light":  # the dark twin draws the same rows
            drawn.check(task["spec"], where)
        try:
            layout.check(composed, size, where, plotted.printed(task["spec"]))
        except Problems as clash:
            raise Problems(_with_picture(clash.problems, composed, where)) from None
        return cls(f"{task['name']}-{size.name}{dark}", where, size, task["furniture"], task["meta"], composed)

    def files(self) -> dict[str, bytes]:
        """Every file of this size by name."""
        make = {
            "svg": self.svg,
            "outlined.svg": self.outlined_svg,
            "png": self.png,
            "pdf": self.pdf,
            "cmyk.pdf": self.cmyk_pdf,
        }
        separator = {format_: "-" if "." in format_ else "." for format_ in make}
        return {f"{self.stem}{separator[format_]}{format_}": make[format_]() for format_ in self.size.formats}

    def svg(self) -> bytes:
        """SVG with the glyphs it uses embedded, so that it looks the same wherever it is shown."""
        root = self._with_description()
        used: dict[int, set[str]] = {}
        for text in root.iter(tag("text")):
            used.setdefault(layout.text_at(text).weight, set()).update("".join(text.itertext()))
        style = etree.Element(tag("style"))
        style.text = font_face(used)
        root.insert(3, style)
        root.set("font-family", f"'{FAMILY}', {FALLBACK}")
        return self._finish(root)

    def outlined_svg(self) -> bytes:
        """SVG with text as outlines, for programs that do not load an embedded font."""
        return self._outlined_svg

    @functools.cached_property
    def _outlined_svg(self) -> bytes:
        root = self._with_description()
        outlines: dict[str, str] = {}
        for element in list(root.iter(tag("text"))):
            element.getparent().replace(element, _outlined(element, outlines))
        shared = etree.Element(tag("defs"))
        for name, path in outlines.items():
            etree.SubElement(shared, tag("path"), id=name, d=path)
        root.insert(3, shared)
        del root.attrib["font-family"]
        return self._finish(root)

    def png(self) -> bytes:
        """PNG, losslessly optimised, with its resolution and IPTC metadata."""
        import oxipng

        # from outlines: the renderer opens a font file four times for each letter
        image = vl_convert.svg_to_png(self._outlined_svg.decode(), scale=self.size.ppi / 72, ppi=72)
        if self.size.transparent:
            image = _straight(image)
        image = oxipng.optimize_from_memory(
            image,
            strip=oxipng.StripChunks.all(),
            # flat colors deflate best unfiltered; four levels more take twice as long for a twentieth of the bytes
            filter=[oxipng.RowFilter.NoOp],
            deflate=oxipng.Deflaters.libdeflater(5),
        )
        per_metre = round(self.size.ppi / 0.0254)
        chunks = [
            _chunk(b"sRGB", b"\0"),
            _chunk(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1)),
            _text_chunk("Title", self.furniture["headline"].encode()),
            _text_chunk("Description", self.furniture["alt"].encode()),
            _text_chunk("XML:com.adobe.xmp", metadata.packet(self.furniture, self.meta, MIME["png"])),
        ]
        after_header = 8 + 25  # signature and IHDR
        return image[:after_header] + b"".join(chunks) + image[after_header:]

    def pdf(self) -> bytes:
        """Tagged PDF in RGB with its fonts embedded and its text selectable."""
        return self._pdf(in_cmyk=False)

    def cmyk_pdf(self) -> bytes:
        """As `pdf`, in CMYK; black text is on K alone. `Problems` for a color without a recipe."""
        return self._pdf(in_cmyk=True)

    @functools.cached_property
    def _plain_pdf(self) -> bytes:
        return vl_convert.svg_to_pdf(etree.tostring(self.composed, encoding="unicode"))

    def _pdf(self, in_cmyk: bool) -> bytes:
        import pikepdf

        with pikepdf.open(io.BytesIO(self._plain_pdf)) as pdf:
            page = pdf.pages[0]
            if in_cmyk:
                _separate(pdf, page, self.where)
            _tag(pdf, page, self.furniture)
            packet = pdf.make_stream(metadata.packet(self.furniture, self.meta, MIME["pdf"]))
            packet.Type, packet.Subtype = pikepdf.Name.Metadata, pikepdf.Name.XML
            pdf.Root.Metadata = packet
            for key, part in (("/Title", "headline"), ("/Subject", "alt"), ("/Author", "credit")):
                pdf.docinfo[key] = self.furniture[part]
            stream = io.BytesIO()
            pdf.save(
                stream,
                deterministic_id=True,
                object_stream_mode=pikepdf.ObjectStreamMode.disable,
                fix_metadata_version=False,
            )
        return stream.getvalue()

    def _with_description(self) -> etree._Element:
        """A copy of the composed SVG that says what it is to people who do not see it, and to programs."""
        root = copy.deepcopy(self.composed)
        title, description = (etree.Element(tag(name), id=f"{self.stem}-{name}") for name in ("title", "desc"))
        title.text, description.text = self.furniture["headline"], self.furniture["alt"]
        carrier = etree.Element(tag("metadata"))
        carrier.append(metadata.xmp(self.furniture, self.meta, MIME["svg"])[0])
        for element in (carrier, description, title):
            root.insert(0, element)
        root.set("role", "img")
        root.set("aria-labelledby", f"{title.get('id')} {description.get('id')}")
        root.set(f"{{{XML}}}lang", metadata.LANGUAGE)
        return root

    def _finish(self, root: etree._Element) -> bytes:
        for element in root.iter(etree.Element):  # unique, so that several pictures can stand in one page
            for name, value in element.attrib.items():
                if local(element) != "text" and name in ("id", "clip-path", "fill", "stroke") and "plot-" in value:
                    element.set(name, value.replace("plot-", f"{self.stem}-plot-"))
        svg = etree.tostring(root, encoding="utf-8") + b"\n"
        allowlist.check(svg, self.where)
        return svg


def _outlined(element: etree._Element, outlines: dict[str, str]) -> etree._Element:
    """A group of glyphs in place of a text element; outlines not yet in `outlines` are added, by name."""
    text = layout.text_at(element)
    scale = text.size / units_per_em(text.weight)
    place = f"translate({number(text.x)},{number(text.y)}) scale({scale:.5g},{-scale:.5g})"
    group = etree.Element(tag("g"), fill=element.get("fill"))
    group.set("aria-label", text.string)
    group.set("transform", f"{element.get('transform', '')} {place}".strip())
    for glyph, x, y in glyphs(text.string, text.weight):
        if path := outline(glyph, text.weight):
            name = f"glyph-{text.weight}-{glyph}"
            outlines[name] = path
            at = {"x": str(x), "y": str(y)} if y else {"x": str(x)}
            etree.SubElement(group, tag("use"), {HREF: f"#{name}", **at})
    return group


def plot(spec: dict[str, Any], where: str) -> str:
    """The SVG that Vega makes of a specification. Raises Problems."""
    _start_renderer()
    try:
        return vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    except ValueError as error:
        reason = " ".join(str(error).split())[:200]
        hint = "Keep its data inside and leave links and pictures out; then try it without its last layer."
        raise Problems([Problem(Where(where), f"Vega cannot draw the chart: {reason}.", hint)]) from error


def warm_up() -> None:
    """Starts all that the first picture would have to wait for."""
    _start_renderer()
    vl_convert.vegalite_to_svg({"data": {"values": [{}]}, "mark": "point"}, allowed_base_urls=[])


def _with_picture(problems: list[Problem], composed: etree._Element, where: str) -> list[Problem]:
    """The problems of a layout, the last one with the place where the picture is kept, for whoever has to see it."""
    kept = user_cache() / "clashes" / f"{where.replace(', ', '-')}.svg"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(etree.tostring(composed))
    *others, last = problems
    return [*others, last._replace(hint=f"{last.hint} The picture is in {kept}.")]


@functools.cache
def _start_renderer() -> None:
    """Registers our fonts and makes sure that the renderer finds each: it would leave text out without a word.

    The renderer takes its time zone from the process when it starts; dates must not depend on where that is.
    """
    import pikepdf

    os.environ["TZ"] = "UTC"
    time.tzset()
    vl_convert.register_font_directory(str(fonts()))
    probe = "".join(f'<text y="9" font-family="{FAMILY}" font-weight="{weight}">a</text>' for weight in WEIGHTS)
    drawn = vl_convert.svg_to_pdf(f'<svg xmlns="{SVG}" width="9" height="9">{probe}</svg>')
    with pikepdf.open(io.BytesIO(drawn)) as pdf:
        found = {str(font.BaseFont).rpartition("-")[2] for font in pdf.pages[0].Resources.get("/Font", {}).values()}
    if missing := set(WEIGHTS.values()) - found:
        message = f"The renderer does not find {FAMILY} {', '.join(sorted(missing))}."
        raise TypeProblem(message, f"Delete {fonts()} to have it built again.")


def _straight(png: bytes) -> bytes:
    """The PNG with its colors as the format wants them: the renderer leaves them multiplied by their opacity, which
    darkens every edge on a light ground."""
    from PIL import Image

    with Image.open(io.BytesIO(png)) as image:
        drawn = Image.frombytes("RGBa", image.size, image.convert("RGBA").tobytes()).convert("RGBA")
    stream = io.BytesIO()
    drawn.save(stream, "PNG")
    return stream.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _text_chunk(keyword: str, text: bytes) -> bytes:
    return _chunk(b"iTXt", keyword.encode() + b"\0\0\0\0\0" + text)


def _separate(pdf: Any, page: Any, where: str) -> None:
    """Rewrites each color of the page by its print recipe. `Problems` where there is none."""
    import pikepdf

    flattened = [key for key in ("/XObject", "/ExtGState", "/Pattern", "/Shading") if key in page.Resources]
    if flattened:
        message = f"The picture needs {', '.join(flattened)} in its PDF, which print would have to flatten."
        raise Problems([Problem(Where(where), message, "Draw without transparency, gradients and clipped marks.")])
    instructions = []
    for operands, operator in pikepdf.parse_content_stream(page):
        if str(operator) in ("scn", "SCN", "rg", "RG", "g", "G"):
            shares = [round(percent / 100, 3) for percent in _recipe([float(value) for value in operands], where)]
            operator = pikepdf.Operator("k" if str(operator).islower() else "K")
            instructions.append(pikepdf.ContentStreamInstruction(shares, operator))
        elif str(operator) not in ("cs", "CS"):
            instructions.append(pikepdf.ContentStreamInstruction(operands, operator))
    page.Contents = pdf.make_stream(pikepdf.unparse_content_stream(instructions))
    for key in ("/ColorSpace", "/Group"):
        for holder in (page.Resources, page):
            if key in holder:
                del holder[key]


def _recipe(rgb: list[float], where: str) -> tuple[float, ...]:
    levels = [round(255 * value) for value in (rgb * 3 if len(rgb) == 1 else rgb)]
    color = "#" + bytes(levels).hex()
    if (recipe := inks(color)) is not None:
        return recipe
    raise Problems([Problem(Where(where), f"There is no print recipe for the color {color}.", "Add one to the theme.")])


def _tag(pdf: Any, page: Any, furniture: dict[str, str]) -> None:
    """Makes the page one figure with its alt text, in a document with language and title (PDF 1.7, 14.7-14.9)."""
    from pikepdf import Array, Dictionary, Name, String

    page.Contents = pdf.make_stream(b"/Figure <</MCID 0>> BDC\n" + page.Contents.read_bytes() + b"\nEMC\n")
    page.StructParents, page.Tabs, page.TrimBox = 0, Name.S, page.mediabox
    tree = pdf.make_indirect(Dictionary(Type=Name.StructTreeRoot, ParentTreeNextKey=1))
    document = pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name.Document, P=tree))
    box = Dictionary(O=Name.Layout, BBox=page.mediabox, Placement=Name.Block)
    figure = pdf.make_indirect(
        Dictionary(
            Type=Name.StructElem,
            S=Name.Figure,
            P=document,
            Pg=page.obj,
            K=0,
            A=box,
            Alt=String(furniture["alt"]),
            T=String(furniture["headline"]),
        )
    )
    document.K, tree.K = Array([figure]), Array([document])
    tree.ParentTree = pdf.make_indirect(Dictionary(Nums=Array([0, Array([figure])])))
    pdf.Root.StructTreeRoot, pdf.Root.MarkInfo = tree, Dictionary(Marked=True)
    pdf.Root.Lang = String(metadata.LANGUAGE)
    pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
