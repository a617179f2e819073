"""The text of an article, with blank lines between its paragraphs: from plain text, a web page or a Word document."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from toll.source.reading import decode, read_bytes, stop

BLOCKS = (
    *("p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "dt", "dd", "td", "th", "blockquote", "pre", "figcaption"),
    *("div", "section", "article", "main", "header", "table", "ul", "ol", "tr"),
)
UNREAD = ("script", "style", "noscript", "template", "nav", "footer", "aside", "form", "title")
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
BREAKS = {f"{WORD}tab": " ", f"{WORD}br": " ", f"{WORD}noBreakHyphen": "-"}


def read_article(file: Path) -> str:
    """The text of a file, by the ending of its name. Raises Problems."""
    data, ending = read_bytes(file), file.suffix.lower()
    if isinstance(data, str) or ending not in (".html", ".htm", ".docx"):
        return decode(data, str(file))
    return _word(data, str(file)) if ending == ".docx" else _page(data)


def _page(data: bytes) -> str:
    from lxml import html

    try:
        encoding = data.decode("utf-8") and "utf-8"
    except UnicodeDecodeError:
        encoding = None  # the page says which
    page = html.document_fromstring(data or b"<p></p>", parser=html.HTMLParser(encoding=encoding, remove_comments=True))
    for element in page.iter(*UNREAD, "br", *BLOCKS):
        if element.tag in UNREAD:
            element.clear(keep_tail=True)
        elif element.tag == "br":
            element.tail = f"\n{element.tail or ''}"
        else:
            element.text, element.tail = f"\n\n{element.text or ''}", f"\n\n{element.tail or ''}"
    return page.text_content()


def _word(data: bytes, shown: str) -> str:
    from lxml import etree

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            xml = parts.read("word/document.xml")
        document = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))
    except (zipfile.BadZipFile, KeyError, etree.XMLSyntaxError):
        stop(shown, None, "The file is not a Word document.", "Save it again, or save it as plain text.")
    return "\n\n".join(_paragraph(paragraph) for paragraph in document.iter(f"{WORD}p"))


def _paragraph(paragraph) -> str:  # type: ignore[no-untyped-def]  # lxml has no types
    pieces = paragraph.iter(f"{WORD}t", *BREAKS)
    return "".join(BREAKS.get(piece.tag) or piece.text or "" for piece in pieces)
