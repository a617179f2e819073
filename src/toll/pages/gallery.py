"""What an edition publishes beside its pictures: tables, a zip for each graphic, a page for editors and checksums.

`publish` makes the edition's folder complete in itself.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toll import digests, spreadsheet
from toll.graphics.theme import LABELS
from toll.ledger import wording
from toll.pages import approvals, edition_page, embed, workbook
from toll.pages.index import (
    FACT_CHECK,
    FACT_CHECK_PAGE,
    INDEX,
    NUMBERS,
    PAGE,
    PAGES,
    SUMS,
    correction_record,
)
from toll.problems import Problem, Problems, Where
from toll.source import raw

if TYPE_CHECKING:
    import polars as pl

    from toll.graphics.graphic import Graphic, LeftOut
    from toll.ledger.ledger import Entry, Ledger
    from toll.project import Project

File = dict[str, Any]  # name, bytes, sha256; of a picture also what it is, see `toll.graphics.export`
SHOWN = ("id", "text", "label", "status", "formula", "exact", "citation", "attributed_to", "caveat")  # of an entry


class Folder:
    """An edition's published folder; `sums` has the SHA-256 of what was put there."""

    def __init__(self, path: Path, pictures: Iterable[File]):
        self.path = path
        self.sums = {picture["name"]: picture["sha256"] for picture in pictures}

    def write(self, name: str, content: bytes) -> File:
        (self.path / name).write_bytes(content)
        self.sums[name] = digests.sha256(content)
        return {"name": name, "bytes": len(content), "sha256": self.sums[name]}

    def read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()


def publish(
    project: Project,
    edition: str,
    graphics: list[Graphic],
    records: list[File],
    ledger: Ledger,
    fact_check: pl.DataFrame,
    as_of: str,
    base_url: str = "",
    left_out: Iterable[LeftOut] = (),
) -> None:
    """Complete the folder of `edition`, into which `export` wrote the pictures of `records`.

    `left_out` are the graphics that could not be drawn, `as_of` is the data's own date (ISO). `base_url` is the address
    of the folder `figures`, for embed codes; see `address`. Raises Problems for a bad address, for a table cell that a
    spreadsheet would run, and for a graphic named like a table; nothing has been written then.
    """
    from toll import tables  # and polars with it, which the front page does not need

    base = address(base_url)
    shared = {NUMBERS: tables.csv(ledger.frame()), FACT_CHECK: tables.csv(fact_check)}
    plotted = _plotted(project, edition, graphics)
    if problems := [
        problem for name, table in (shared | plotted).items() for problem in spreadsheet.formulas(name, table)
    ]:
        raise Problems(problems)
    folder, corrections = Folder(project.published(edition), records), raw.read(project).corrections
    described = [_describe(folder, graphic, records, plotted, ledger, fact_check, corrections) for graphic in graphics]
    index = {
        "as_of": as_of,
        "base_url": base,
        "pages": [folder.write(name, folder.read(name)) for name in PAGES if (folder.path / name).is_file()],
        "tables": [folder.write(name, table) for name, table in shared.items()],
        "left_out": [{"name": graphic.name, "why": graphic.why} for graphic in left_out],
        "graphics": [approvals.marked(project, edition, graphic) for graphic in described],
    }
    page = folder.write(PAGE, edition_page.render(edition, index, ledger))
    folder.write(INDEX, digests.canonical_json(index | {"page": page}))
    folder.write(SUMS, digests.sums(folder.sums))


def address(base_url: str) -> str:
    """`base_url` with a slash at its end. Raises Problems unless it is empty, a path, or an http or https address."""
    base = base_url if base_url.endswith("/") or not base_url else f"{base_url}/"
    if not re.fullmatch(edition_page.ADDRESS, base, re.ASCII):
        message = f"“{base_url}” cannot be the address of the folder “figures” in an embed code."
        hint = (
            "Give an address with its https://, such as https://example.org/figures/, or a path such as ../figures/, "
            "with only letters, digits and . _ ~ % - in it, or leave it empty."
        )
        raise Problems([Problem(Where("parameters cell", column="base_url"), message, hint)])
    return base


def corrected(project: Project, graphic: Graphic, ledger: Ledger) -> Graphic:
    """The graphic with a note of the corrections, newest first, of the numbers behind its own."""
    labels = {entry.id: entry.label for entry in ledger.provenance(graphic.name)}
    notes = [
        f"Corrected {wording.full_date(each.date)}: “{each.was}” is now “{each.now}” ({labels[each.id]})."
        for each in sorted(raw.read(project).corrections, key=lambda correction: correction.date, reverse=True)
        if (each.table, each.field) == ("figures", "as_reported") and each.id in labels
    ]
    note = " ".join(filter(None, [graphic.furniture.note, *notes]))
    return replace(graphic, furniture=replace(graphic.furniture, note=note))


# --- One graphic ---


def _plotted(project: Project, edition: str, graphics: list[Graphic]) -> dict[str, bytes]:
    """The CSV of each graphic, by its name. Raises Problems for a name that the edition needs itself."""
    names = {graphic.name: f"{graphic.name}.csv" for graphic in graphics}
    taken = names.keys() & {Path(own).stem for own in (PAGE, FACT_CHECK_PAGE, NUMBERS, FACT_CHECK)}
    if taken:
        message = "This is the name of one of the edition’s pages or tables."
        raise Problems(
            Problem(Where(f"graphic {graphic}"), message, "Rename the graphic.") for graphic in sorted(taken)
        )
    return {name: (project.processed(edition) / "graphics" / name).read_bytes() for name in names.values()}


def _describe(
    folder: Folder,
    graphic: Graphic,
    records: list[File],
    plotted: dict[str, bytes],
    ledger: Ledger,
    fact_check: pl.DataFrame,
    corrections: Sequence[raw.Correction],
) -> dict[str, Any]:
    """Write the table, the workbook, the embed and the zip of a graphic; return what its page says."""
    name, pictures = f"{graphic.name}.csv", [record for record in records if record["graphic"] == graphic.name]
    header, *rows = csv.reader(io.StringIO(plotted[name].decode(), newline=""))
    data: dict[str, list[Any]] = {"columns": header, "rows": rows}
    caption, used = _caption(graphic), numbers(ledger, graphic.name, data)
    ids = {number["id"] for number in used}
    told: dict[str, Any] = {
        "name": graphic.name,
        "furniture": {part: _plain(text) for part, text in asdict(graphic.furniture).items()},
        "caption": caption,
        "licence": graphic.meta.licence,
        "digest": graphic.meta.digest,
        "pictures": pictures,
        "data": folder.write(name, plotted[name]) | data,
        "numbers": used,
        "corrections": [
            correction_record(correction) for correction in _of_figures(corrections) if correction.id in ids
        ],
    }
    made = embed.render(graphic, told, folder.read, ledger, fact_check.to_dicts())
    told |= {
        "workbook": folder.write(
            f"{graphic.name}.xlsx", workbook.write(graphic, ledger.provenance(graphic.name), plotted[name])
        ),
        "embed": folder.write(f"{graphic.name}.html", made.page),
        "inline": folder.write(f"{graphic.name}.inline.html", made.inline),
    }
    files = [*pictures, told["data"], told["workbook"], told["embed"], told["inline"]]
    bundle = {file["name"]: folder.read(file["name"]) for file in files} | {"README.txt": _readme(graphic, caption)}
    zipped = digests.zipped({f"{graphic.name}/{file}": content for file, content in bundle.items()})
    return told | {"bundle": folder.write(f"{graphic.name}.zip", zipped)}


def _of_figures(corrections: Sequence[raw.Correction]) -> list[raw.Correction]:
    return [correction for correction in corrections if correction.table == "figures"]


def numbers(ledger: Ledger, graphic: str, data: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """The numbers printed on a graphic or drawn, by its `data`, then those that their formulas use."""
    column = data["columns"].index("entry")
    drawn = [row[column] for row in data["rows"] if row[column]]
    found = []
    for entry in ledger.provenance(graphic, drawn):
        number = {name: getattr(entry, name) for name in SHOWN}
        number |= {"paragraph": entry.locator, "reading": _reading(entry), "drawn": entry.id in drawn}
        places = ledger.printed.get(entry.id, ())
        found.append(number | {"printed_in": [place.part for place in places if place.owner == graphic]})
    return found


def _reading(entry: Entry) -> str:
    """What the bare number hides: the source's own words, or the range of a calculated number."""
    if entry.as_reported:
        return f"“{entry.as_reported}”" if entry.as_reported != entry.text else ""
    if entry.is_date or entry.low is None or entry.high is None or entry.low == entry.high:
        return ""
    if math.isinf(entry.low) or math.isinf(entry.high):
        return entry.qualified
    low, high = (wording.number(end, entry.unit, entry.decimals) for end in (entry.low, entry.high))
    return f"{low} to {high}" if low != high else ""


def _caption(graphic: Graphic) -> str:
    words = graphic.furniture
    parts = (words.headline, words.deck, LABELS["source"] + words.source, LABELS["credit"] + words.credit)
    return _plain(" ".join(part if part.endswith((".", "!", "?", "”")) else f"{part}." for part in parts))


def _readme(graphic: Graphic, caption: str) -> bytes:
    words, meta = graphic.furniture, graphic.meta
    parts = {
        "Headline": words.headline,
        "Caption": caption,
        "Alt text": words.alt,
        "Note": words.note,
        "Credit": words.credit,
        "License": meta.licence,
        "Edition": meta.edition,
        "Data as of": meta.as_of,
        "Digest of its numbers": meta.digest,
    }
    return "\n".join(f"{name}\n{_plain(text)}\n" for name, text in parts.items() if text).encode()


def _plain(text: str) -> str:
    """Without the no-break spaces that only serve line breaks in the picture."""
    return text.replace("\u00a0", " ")
