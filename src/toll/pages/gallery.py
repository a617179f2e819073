"""The gallery: what an edition publishes beside its pictures, and the pages from which editors take all of it.

`publish` adds to an edition's folder the tables, a bundle for each graphic, gallery.json, the page made from it, and
checksums: the folder is complete in itself. `render` makes the front page from every edition's gallery.json.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import math
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from toll.graphics.graphic import Graphic, LeftOut
from toll.graphics.plotted import FORMULA_STARTS
from toll.graphics.theme import LABELS, SCREENS, THEMES
from toll.ledger import wording
from toll.problems import Problem, Problems
from toll.project import Project
from toll.source import raw

if TYPE_CHECKING:
    import polars as pl

    from toll.ledger.ledger import Entry, Ledger

INDEX, PAGE, SUMS = "gallery.json", "index.html", "SHA256SUMS"
NUMBERS, FACT_CHECK = "numbers.csv", "fact-check.csv"
TABLES = {NUMBERS: "All numbers", FACT_CHECK: "Fact check"}
PAGES = {"fact-check.html": "Fact check, claim by claim"}  # that lie in the edition's folder before it is complete
FIRST = "article"  # of the editions on the page; the others follow by name
# Letters, digits and a few signs: what needs no escaping in HTML, in `srcset` or in a style sheet.
ADDRESS = r"((https?://[A-Za-z0-9.-]+(:[0-9]+)?)?/)?([A-Za-z0-9._~%-]+/)*"
USES = {
    "web": "SVG for the page, PNG where SVG is not accepted; outlined SVG and PDF for the art desk.",
    "social": "For cards and posts, with the short deck and no note.",
    "print": "CMYK with black text on the black plate alone; RGB where the printer converts.",
    "data": "What is plotted, and every number of this edition with its source.",
}
FORMATS = {"svg": "SVG", "outlined.svg": "SVG, outlined", "png": "PNG", "pdf": "PDF", "cmyk.pdf": "PDF, CMYK"}
CSS_PX_PER_MM = 96 / 25.4


def publish(
    project: Project,
    edition: str,
    graphics: list[Graphic],
    records: list[dict[str, Any]],
    ledger: Ledger,
    fact_check: pl.DataFrame,
    as_of: str,
    base_url: str = "",
    left_out: Iterable[LeftOut] = (),
) -> None:
    """Completes the folder of `edition`, into which `export` wrote the files of `records`.

    `left_out` are graphics that could not be drawn. `as_of` is the data's own date (ISO). `base_url` is where the
    folder `figures` is served, for embed codes: an https or http address, a relative path or empty. `Problems` for any
    other, and for a cell of a table that a spreadsheet would run as a formula; nothing has been written then.
    """
    base = address(base_url)
    folder, corrections = project.published(edition), raw.read(project).corrections
    from toll.tables import csv as as_csv  # and polars with it, which `render` does not need

    tables = {NUMBERS: as_csv(ledger.frame()), FACT_CHECK: as_csv(fact_check)}
    plotted = {_data(graphic): _plotted(project, edition, graphic) for graphic in graphics}
    _refuse_formulas(tables | plotted)
    shared = [_put(folder, name, content) for name, content in tables.items()]
    told = [_tell(folder, graphic, records, plotted, ledger, corrections) for graphic in graphics]
    pages = [_put(folder, name, (folder / name).read_bytes()) for name in PAGES if (folder / name).is_file()]
    missing = [{"name": graphic.name, "why": graphic.why} for graphic in left_out]
    index = {
        "as_of": as_of,
        "base_url": base,
        "pages": pages,
        "tables": shared,
        "left_out": missing,
        "graphics": told,
    }
    page = _put(folder, PAGE, _page(edition, index, ledger))
    files = [_put(folder, INDEX, _json(index | {"page": page})), page, *pages, *shared]
    for graphic in told:
        files += [*graphic["pictures"], graphic["data"], graphic["bundle"]]
    files.sort(key=lambda file: file["name"])
    _put(folder, SUMS, "".join(f"{file['sha256']}  {file['name']}\n" for file in files).encode())


def corrected(project: Project, graphic: Graphic, ledger: Ledger) -> Graphic:
    """The graphic with the corrections of the figures that it rests on in its note, the newest first."""
    labels = {entry.id: entry.label for entry in ledger.provenance(graphic.name)}
    told = [
        f"Corrected {wording.full_date(each.date)}: “{each.was}” is now “{each.now}” ({labels[each.figure]})."
        for each in sorted(raw.read(project).corrections, key=lambda correction: correction.date, reverse=True)
        if each.figure in labels
    ]
    note = " ".join(filter(None, [graphic.furniture.note, *told]))
    return replace(graphic, furniture=replace(graphic.furniture, note=note))


def address(base_url: str) -> str:
    """`base_url` with a slash at its end. `Problems` for what is neither http, https nor a relative path."""
    base = base_url if base_url.endswith("/") or not base_url else base_url + "/"
    if not re.fullmatch(ADDRESS, base, re.ASCII):
        raise Problems(
            [
                Problem.old(
                    "parameters cell",
                    None,
                    "base_url",
                    repr(base_url),
                    "an address such as https://example.org/figures/, a relative path such as ../figures/, or nothing",
                    "Copy the address of the folder; letters, digits and . _ ~ % - only.",
                )
            ]
        )
    return base


def indexes(project: Project) -> dict[str, Path]:
    """The gallery.json of each edition that has published one, the first edition first."""
    found = {_edition(project, index): index for index in project.figures.rglob(INDEX)}
    return {name: found[name] for name in sorted(found, key=lambda name: (name != FIRST, name))}


def render(project: Project) -> None:
    """Writes figures/index.html from every figures/EDITION/gallery.json and data/raw/corrections.csv."""
    corrections = [_as_text(correction) for correction in raw.read(project).corrections]
    editions = [_load(project, name, index, corrections) for name, index in indexes(project).items()]
    page = templates().get_template("front.html.j2").render(editions=editions)
    project.figures.mkdir(exist_ok=True)
    draft = project.figures / f".{PAGE}"
    draft.write_text(page, "utf-8", newline="\n")
    draft.replace(project.figures / PAGE)


# --- What an edition publishes ---


def _tell(
    folder: Path,
    graphic: Graphic,
    records: list[dict[str, Any]],
    plotted: dict[str, bytes],
    ledger: Ledger,
    corrections: Sequence[raw.Correction],
) -> dict[str, Any]:
    """Writes the table and the bundle of one graphic; returns all that the page says of it."""
    table = plotted[_data(graphic)]
    pictures = [record for record in records if record["graphic"] == graphic.name]
    caption = _caption(graphic)
    header, *rows = csv.reader(io.StringIO(table.decode(), newline=""))
    contents = {picture["name"]: (folder / picture["name"]).read_bytes() for picture in pictures}
    contents |= {_data(graphic): table, "README.txt": _readme(graphic, caption)}
    numbers = _numbers(ledger, graphic.name)
    used = {number["id"] for number in numbers}
    return {
        "name": graphic.name,
        "furniture": {part: _plain(text) for part, text in asdict(graphic.furniture).items()},
        "caption": caption,
        "licence": graphic.meta.licence,
        "digest": graphic.meta.digest,
        "pictures": pictures,
        "data": _put(folder, _data(graphic), table) | {"columns": header, "rows": rows},
        "bundle": _put(folder, f"{graphic.name}.zip", _bundle(graphic.name, contents)),
        "numbers": numbers,
        "corrections": [_as_text(correction) for correction in corrections if correction.figure in used],
    }


def _numbers(ledger: Ledger, graphic: str) -> list[dict[str, Any]]:
    """The numbers printed on a graphic, then those that their formulas rest on, back to the reported ones."""
    here = ("graphic", graphic)
    return [
        {
            "id": entry.id,
            "text": entry.text,
            "reading": _reading(entry),
            "label": entry.label,
            "status": entry.status,
            "formula": entry.formula,
            "exact": entry.exact,
            "paragraph": entry.locator,
            "citation": entry.citation,
            "attributed_to": entry.attributed_to,
            "caveat": entry.caveat,
            "printed_in": [place.part for place in ledger.printed.get(entry.id, ()) if place[:2] == here],
        }
        for entry in ledger.provenance(graphic)
    ]


def _reading(entry: Entry) -> str:
    """What the bare number hides: the source's own words, or how far a calculated number may be off."""
    if entry.as_reported:
        return f"“{entry.as_reported}”" if entry.as_reported != entry.text else ""
    if entry.is_date or entry.low is None or entry.low == entry.high:
        return ""
    if math.isinf(entry.low) or math.isinf(entry.high):
        return entry.qualified
    low, high = (wording.number(end, entry.unit, entry.decimals) for end in (entry.low, entry.high))
    return f"{low} to {high}" if low != high else ""


def _caption(graphic: Graphic) -> str:
    furniture = graphic.furniture
    parts = (
        furniture.headline,
        furniture.deck,
        LABELS["source"] + furniture.source,
        LABELS["credit"] + furniture.credit,
    )
    return _plain(" ".join(part if part.endswith((".", "!", "?", "”")) else f"{part}." for part in parts))


def _readme(graphic: Graphic, caption: str) -> bytes:
    furniture, meta = graphic.furniture, graphic.meta
    parts = {
        "Headline": furniture.headline,
        "Caption": caption,
        "Alt text": furniture.alt,
        "Note": furniture.note,
        "Credit": furniture.credit,
        "Licence": meta.licence,
        "Edition": meta.edition,
        "Data as of": meta.as_of,
        "Digest of its numbers": meta.digest,
    }
    return "\n".join(f"{name}\n{_plain(text)}\n" for name, text in parts.items() if text).encode()


def _bundle(name: str, contents: dict[str, bytes]) -> bytes:
    """A zip that is the same everywhere: sorted, without dates, and stored, as compressors differ by version."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as bundle:
        for file, content in sorted(contents.items()):
            member = zipfile.ZipInfo(f"{name}/{file}")
            member.create_system, member.external_attr = 3, 0o100644 << 16  # as a plain file made on Unix
            bundle.writestr(member, content)
    return stream.getvalue()


def _refuse_formulas(tables: dict[str, bytes]) -> None:
    """`Problems` for each text cell that a spreadsheet would run."""
    problems = []
    for name, content in tables.items():
        reader = csv.reader(io.StringIO(content.decode(), newline=""))
        header, line = next(reader), reader.line_num + 1
        for cells in reader:
            problems += [
                Problem.old(
                    name,
                    line,
                    column,
                    repr(cell),
                    "text that no spreadsheet takes for a formula",
                    "Begin it with a letter or a digit.",
                )
                for column, cell in zip(header, cells, strict=True)
                if cell.startswith(FORMULA_STARTS) and not _is_number(cell)
            ]
            line = reader.line_num + 1
    if problems:
        raise Problems(problems)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _plotted(project: Project, edition: str, graphic: Graphic) -> bytes:
    if _data(graphic) in (NUMBERS, FACT_CHECK):
        raise Problems(
            [
                Problem.old(
                    graphic.name,
                    None,
                    "name",
                    "the name of a table of the edition",
                    "another name",
                    "Rename the graphic.",
                )
            ]
        )
    return (project.processed(edition) / "graphics" / _data(graphic)).read_bytes()


def _data(graphic: Graphic) -> str:
    return f"{graphic.name}.csv"


def _json(content: object) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def _put(folder: Path, name: str, content: bytes) -> dict[str, Any]:
    (folder / name).write_bytes(content)
    return {"name": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _as_text(correction: raw.Correction) -> dict[str, str]:
    return {part: str(value) for part, value in correction._asdict().items() if part != "line"}


def _plain(text: str) -> str:
    """Without the no-break spaces that serve the line breaks of the picture."""
    return text.replace("\u00a0", " ")


# --- The page ---


def _edition(project: Project, index: Path) -> str:
    return index.parent.relative_to(project.figures).as_posix()


def _load(project: Project, name: str, index: Path, corrections: list[dict[str, str]]) -> dict[str, Any]:
    """What the front page says of the edition `name`; `corrections` are all that are known today."""
    try:
        edition = json.loads(index.read_text("utf-8"))
    except ValueError as error:
        raise Problems(
            [
                Problem.old(
                    index.relative_to(project.root).as_posix(),
                    getattr(error, "lineno", None),
                    None,
                    "no JSON",
                    f"what the edition {name!r} wrote",
                    f"Run toll run {name} --force.",
                )
            ]
        ) from None
    graphics = [{**graphic, "views": _views(graphic["pictures"])} for graphic in edition["graphics"]]
    used = {number["id"] for graphic in graphics for number in graphic["numbers"]}
    carried = [correction for graphic in graphics for correction in graphic["corrections"]]
    pending = [each for each in corrections if each["figure"] in used and each not in carried]
    return {"pages": [], "left_out": []} | edition | {"name": name, "graphics": graphics, "pending": pending}


def _page(name: str, index: dict[str, Any], ledger: Ledger) -> bytes:
    """The page of an edition, from which editors take everything."""
    graphics = [
        {
            **graphic,
            "views": _views(graphic["pictures"]),
            "downloads": _downloads(graphic, index["tables"]),
            "words": {part: _words(graphic, part, ledger) for part in ("headline", "alt", "caption")},
        }
        for graphic in index["graphics"]
    ]
    edition = {**index, "name": name, "graphics": graphics}
    script = Markup((Path(__file__).parent / "templates" / "edition.js").read_text("utf-8"))
    page = (
        templates()
        .get_template("edition.html.j2")
        .render(edition=edition, script=script, top="../" * len(Path(name).parts))
    )
    return page.encode()


def _views(pictures: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """By size, the file to look at in each theme (SVG where there is one), at its real size in CSS px."""
    views: dict[str, dict[str, Any]] = {}
    for picture in pictures:
        if picture["format"] in ("svg", "png"):
            new = {"size": _size(picture), "measures": _measures(picture), **_on_screen(picture), "themes": {}}
            view = views.setdefault(picture["size"], new)
            view["themes"].setdefault(picture["theme"], picture["name"])
    return views


def _on_screen(picture: dict[str, Any]) -> dict[str, int]:
    widths = {size.name: size.width for size in SCREENS}
    width = picture["width"] * CSS_PX_PER_MM if picture["unit"] == "mm" else widths[picture["size"]]
    return {"width": round(width), "height": round(width * picture["height"] / picture["width"])}


def _size(picture: dict[str, Any]) -> str:
    return f"Print, {picture['width']:g} mm" if picture["unit"] == "mm" else picture["size"].capitalize()


def _downloads(graphic: dict[str, Any], tables: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """By use, the files to take: groups with a label, and what each file of a group is."""
    groups: dict[str, list[dict[str, Any]]] = {use: [] for use in USES}
    for (use, label), pictures in groupby(graphic["pictures"], lambda file: (file["use"], _canvas(file))):
        files = [{**file, "kind": FORMATS[file["format"]], "measures": _measures(file)} for file in pictures]
        groups[use].append({"label": label, "files": files})
    plotted = {**graphic["data"], "measures": f"{len(graphic['data']['rows'])} rows"}
    for table in (plotted, *tables):
        files = [{"kind": "CSV", "measures": "", **table}]
        groups["data"].append({"label": TABLES.get(table["name"], "Data plotted"), "files": files})
    return groups


def _canvas(picture: dict[str, Any]) -> str:
    return _size(picture) + (", dark" if picture["theme"] == "dark" else "")


def _measures(picture: dict[str, Any]) -> str:
    return f"{picture['width']:g} × {picture['height']:g} {picture['unit']}"


def _weight(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{math.ceil(size / 1e3)} kB"


def _words(graphic: dict[str, Any], part: str, ledger: Ledger) -> list[tuple[str, str | None]]:
    """A text of a graphic in pieces, each with the id of the number that it prints, if it prints one.

    A form that two of the numbers printed there share ("2014") is left without: which of them is meant, only the
    template knows. So is the source at the end of a caption, whose date is no number of the graphic.
    """
    text = graphic["caption"] if part == "caption" else graphic["furniture"][part]
    text, label, source = text.partition(LABELS["source"])
    places = {"headline", "deck"} if part == "caption" else {part}
    from toll.ledger.words import forms  # and text_to_num with it, which `render` does not need

    known: dict[str, str | None] = {}
    for number in graphic["numbers"]:
        if places & set(number["printed_in"]):
            for form in (_plain(form).lower() for form in forms(ledger[number["id"]])):
                known[form] = number["id"] if known.get(form, number["id"]) == number["id"] else None
    forms = "|".join(re.escape(form) for form in sorted(known, key=len, reverse=True)) or r"(?!)"
    pieces = re.split(rf"(?<![\w.,])({forms})(?!\w|[.,]\w)", text, flags=re.IGNORECASE)
    return [(piece, known.get(piece.lower())) for piece in (*pieces, label, source) if piece]


def _tokens(formula: str, ids: Iterable[str]) -> list[tuple[str, bool]]:
    """The formula in pieces, each with whether it names one of `ids`; the signs are those of print."""
    known, printed = set(ids), formula.translate(str.maketrans("*/-", "×÷−"))
    return [(piece, piece in known) for piece in re.split(r"(\w+)", printed)]


def _csp_hash(code: Markup) -> Markup:
    return Markup("'sha256-{}'").format(base64.b64encode(hashlib.sha256(code.encode()).digest()).decode())


def templates(more: Path | None = None) -> jinja2.Environment:
    """The pages' templates; with those of the folder `more` and the styles there, which may extend them."""
    folders = [Path(__file__).parent / "templates", *([more] if more else [])]
    pages = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.globals |= {"uses": USES, "labels": TABLES | PAGES, "themes": THEMES, "address": ADDRESS}
    pages.filters |= {
        "weight": _weight,
        "tokens": _tokens,
        "csp_hash": _csp_hash,
        "day": lambda text: wording.full_date(date.fromisoformat(text)),
        "path": quote,
        "published": wording.published,
    }
    styles = [pages.get_template("page.css.j2").render()]
    styles += [file.read_text("utf-8") for file in sorted(more.glob("*.css"))] if more else []
    pages.globals["style"] = Markup("\n".join(styles))
    return pages
