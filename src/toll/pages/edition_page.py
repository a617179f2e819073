"""The page of an edition, from which editors take everything."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from toll.graphics.theme import SCREENS
from toll.pages import pieces, values
from toll.pages.index import FACT_CHECK, NUMBERS, TITLES, Index
from toll.pages.rendering import render as render_page

if TYPE_CHECKING:
    from toll.ledger.ledger import Ledger

# Letters, digits and a few signs, which need no escaping in HTML, in `srcset` or in a style sheet. A host without https://
# would be taken for a folder, so a path whose first folder has a dot in its name begins with ./ or ../
ADDRESS = r"((https?://[A-Za-z0-9.-]+(:[0-9]+)?/|/|(\.\.?/)+|(?=[A-Za-z0-9_~%-]+/))([A-Za-z0-9._~%-]+/)*)?"
USES = {
    "web": "SVG for the page, PNG where SVG is not accepted. Outlined SVG and PDF for the art desk.",
    "social": "For cards and posts: short deck, no note.",
    "print": "CMYK with black text on the black plate only. RGB if your printer converts.",
    "data": "This graphic’s numbers in one workbook; the data plotted; every number of this edition with its source.",
}
FORMATS = {"svg": "SVG", "outlined.svg": "SVG, outlined", "png": "PNG", "pdf": "PDF", "cmyk.pdf": "PDF, CMYK"}
PLACES = {"deck_brief": "short deck", "labels": "chart", "plot": "chart", "alt": "alt text"}  # others by their names
CSS_PX_PER_MM = 96 / 25.4
WIDTHS = {size.name: size.width for size in SCREENS}


def render(name: str, index: Index, ledger: Ledger) -> bytes:
    """The page of the edition `name`; `index` is its gallery.json, `ledger` has the forms in which numbers appear."""
    graphics = [
        graphic
        | {
            "views": views(graphic["pictures"]),
            "downloads": _downloads(graphic, index["tables"]),
            "words": {part: pieces.of(graphic, part, ledger) for part in ("headline", "alt", "caption")},
            "numbers": [
                number | values.origin(ledger, number["id"]) | _places(number) for number in graphic["numbers"]
            ],
            "labels": {number["id"]: number["label"] for number in graphic["numbers"]},
            "table": values.table(graphic["data"], values.plain),
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
            new = {
                "size": _size(picture),
                "measures": _measures(picture),
                **_on_screen(picture),
                "themes": {},
                "png": {},
            }
            view = found.setdefault(picture["size"], new)
            view["themes"].setdefault(picture["theme"], picture["name"])
            if picture["format"] == "png":
                view["png"][picture["theme"]] = picture["name"]
    return found


def _places(number: dict[str, Any]) -> dict[str, list[str]]:
    return {"places": list(dict.fromkeys(PLACES.get(part, part) for part in number["printed_in"]))}


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
