"""The pages that all editions share: the gallery, its manifest, the findings in README.md, CORRECTIONS.md.

They are written after each run, from what every edition has published; `chain` decides when.
"""

from __future__ import annotations

import html
import json
import re
from datetime import date
from typing import Any

from toll.ledger import wording
from toll.pages import crate, gallery
from toll.project import Project
from toll.run import editions
from toll.source import raw

FINDINGS = re.compile(r"(<!-- findings\b[^\n]*-->\n).*?(<!-- end of findings -->)", re.DOTALL)


def write(project: Project) -> None:
    """Write the four pages. README.md changes between its two `findings` comments only."""
    gallery.render(project)
    crate.write(project)
    tables = raw.read(project)
    corrections = project.root / "CORRECTIONS.md"
    corrections.write_text(_corrections(tables.corrections), "utf-8", newline="\n")
    readme = project.root / "README.md"
    told = {name: json.loads(index.read_text("utf-8")) for name, index in gallery.indexes(project).items()}
    if readme.is_file() and (first := told.pop(gallery.FIRST, None)):
        published = set(editions.published(project))  # variations are nobody's findings
        findings = _findings(first) + "".join(
            _other(name, edition) for name, edition in told.items() if name in published
        )
        text = FINDINGS.sub(lambda marks: marks[1] + findings + marks[2], readme.read_text("utf-8"))
        readme.write_text(text, "utf-8", newline="\n")


def _findings(edition: dict[str, Any]) -> str:
    """Headline, picture and deck of each graphic of the first edition."""
    as_of = wording.full_date(date.fromisoformat(edition["as_of"]))
    parts = [f"Data as of {as_of}.\n"]
    for graphic in edition["graphics"]:
        words, picture = graphic["furniture"], f"figures/{gallery.FIRST}/{graphic['name']}-desktop.png"
        image = f'<img src="{picture}" width="640" alt="{html.escape(words["alt"])}">'
        parts.append(f"**{words['headline']}.** {words['deck']}\n\n{image}\n")
    return "\n" + "\n".join(parts) + "\n"


def _other(name: str, edition: dict[str, Any]) -> str:
    """The headlines of an edition beside the first, each leading to its picture."""
    as_of = wording.full_date(date.fromisoformat(edition["as_of"]))
    lines = [
        f"- [{graphic['furniture']['headline']}](figures/{name}/{graphic['name']}-desktop.png)\n"
        for graphic in edition["graphics"]
    ]
    return f"Edition `{name}`, data as of {as_of}:\n\n{''.join(lines)}\n"


def _corrections(corrections: tuple[raw.Correction, ...]) -> str:
    """The log of corrections as a page; the newest first."""
    head = "# Corrections\n\nWritten by `toll run` from `data/raw/corrections.csv`.\n\n"
    if not corrections:
        return head + "No figure has been corrected.\n"
    rows = sorted(corrections, key=lambda correction: correction.date, reverse=True)
    table = "| date | figure | was | now | reason |\n| --- | --- | --- | --- | --- |\n"
    cells = ([row.date.isoformat(), f"`{row.figure}`", row.was, row.now, row.reason] for row in rows)
    return head + table + "".join(f"| {' | '.join(_cell(cell) for cell in row)} |\n" for row in cells)


def _cell(text: str) -> str:
    return re.sub(r"([\\|<>*_\[\]])", r"\\\1", text) if not text.startswith("`") else text
