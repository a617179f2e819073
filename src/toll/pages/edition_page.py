"""The page of an edition, from which editors take everything."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING, Any

from toll.graphics.theme import LABELS, SCREENS
from toll.ledger import words
from toll.pages.index import FACT_CHECK, NUMBERS, TITLES, Index
from toll.pages.rendering import render as render_page

if TYPE_CHECKING:
    from toll.ledger.ledger import Ledger

# Letters, digits and a few signs, which need no escaping in HTML, in `srcset` or in a style sheet.
ADDRESS = r"((https?://[A-Za-z0-9.-]+(:[0-9]+)?)?/)?([A-Za-z0-9._~%-]+/)*"
USES = {
    "web": "SVG for the page, PNG where SVG is not accepted. Outlined SVG and PDF for the art desk.",
    "social": "For cards and posts: short deck, no note.",
    "print": "CMYK with black text on the black plate only. RGB if your printer converts.",
    "data": "This graphic’s numbers in one workbook; the data plotted; every number of this edition with its source.",
}
FORMATS = {"svg": "SVG", "outlined.svg": "SVG, outlined", "png": "PNG", "pdf": "PDF", "cmyk.pdf": "PDF, CMYK"}
CSS_PX_PER_MM = 96 / 25.4
WIDTHS = {size.name: size.width for size in SCREENS}

Piece = tuple[str, str | None]  # of a text, and the id of the number that it prints


def render(name: str, index: Index, ledger: Ledger) -> bytes:
    """The page of the edition `name`; `index` is its gallery.json, `ledger` has the forms in which numbers appear."""
    graphics = [
        graphic
        | {
            "views": views(graphic["pictures"]),
            "downloads": _downloads(graphic, index["tables"]),
            "words": {part: _pieces(graphic, part, ledger) for part in ("headline", "alt", "caption")},
            "numbers": [number | {"pieces": _tokens(number["formula"])} for number in graphic["numbers"]],
        }
        for graphic in index["graphics"]
    ]
    edition = index | {"name": name, "graphics": graphics}
    top = "../" * (1 + name.count("/"))
    return render_page("edition", edition=edition, top=top, titles=TITLES, uses=USES, address=ADDRESS)


def views(pictures: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """By size: the picture to look at in each theme (SVG if there is one), and its real size in CSS px."""
    found: dict[str, dict[str, Any]] = {}
    for picture in pictures:
        if picture["format"] in ("svg", "png"):
            new = {"size": _size(picture), "measures": _measures(picture), **_on_screen(picture), "themes": {}}
            found.setdefault(picture["size"], new)["themes"].setdefault(picture["theme"], picture["name"])
    return found


def _on_screen(picture: dict[str, Any]) -> dict[str, int]:
    width = picture["width"] * CSS_PX_PER_MM if picture["unit"] == "mm" else WIDTHS[picture["size"]]
    return {"width": round(width), "height": round(width * picture["height"] / picture["width"])}


def _size(picture: dict[str, Any]) -> str:
    return f"Print, {picture['width']:g} mm" if picture["unit"] == "mm" else picture["size"].capitalize()


def _measures(picture: dict[str, Any]) -> str:
    return f"{picture['width']:g} × {picture['height']:g} {picture['unit']}"


def _downloads(graphic: dict[str, Any], tables: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """By use, groups of files to take: one for each size and theme, one for each table."""
    groups: dict[str, list[dict[str, Any]]] = {use: [] for use in USES}
    for (use, label), pictures in groupby(graphic["pictures"], lambda file: (file["use"], _canvas(file))):
        files = [{**file, "kind": FORMATS[file["format"]], "measures": _measures(file)} for file in pictures]
        groups[use].append({"label": label, "files": files})
    plotted = {**graphic["data"], "measures": f"{len(graphic['data']['rows'])} rows"}
    book = {"kind": "XLSX", "measures": "4 sheets", **graphic["workbook"]}
    groups["data"].append({"label": "Numbers, data, sources and notes", "files": [book]})
    for table in (plotted, *tables):
        label = TITLES[table["name"]] if table["name"] in (NUMBERS, FACT_CHECK) else "Data plotted"
        groups["data"].append({"label": label, "files": [{"kind": "CSV", "measures": "", **table}]})
    return groups


def _canvas(picture: dict[str, Any]) -> str:
    return _size(picture) + (", dark" if picture["theme"] == "dark" else "")


def _pieces(graphic: dict[str, Any], part: str, ledger: Ledger) -> list[Piece]:
    """A text of a graphic in pieces, each with the id of the number that it prints, if it prints one.

    A form that two of its numbers share, such as “2014”, stays without: only the template knows which is meant. So does
    the source at the end of a caption, whose date is not a number of the graphic.
    """
    text = graphic["caption"] if part == "caption" else graphic["furniture"][part]
    text, label, source = text.partition(LABELS["source"])
    places = {"headline", "deck"} if part == "caption" else {part}
    ids: dict[str, str | None] = {}
    for number in graphic["numbers"]:
        if places & set(number["printed_in"]):
            for form in _forms(ledger, number["id"]):
                ids[form] = number["id"] if ids.get(form, number["id"]) == number["id"] else None
    alternatives = "|".join(re.escape(form) for form in sorted(ids, key=len, reverse=True)) or r"(?!)"
    pieces = re.split(rf"(?<![\w.,])({alternatives})(?!\w|[.,]\w)", text, flags=re.IGNORECASE)
    return [(piece, ids.get(piece.lower())) for piece in (*pieces, label, source) if piece]


def _forms(ledger: Ledger, id: str) -> Iterable[str]:
    return (form.replace("\u00a0", " ").lower() for form in words.forms(ledger[id]))


def _tokens(formula: str) -> list[str]:
    """The formula in pieces, names apart from signs; the signs are those of print."""
    return re.split(r"(\w+)", formula.translate(str.maketrans("*/-", "×÷−")))
