"""The pages that all editions share: front page, manifest, the findings in README.md, CORRECTIONS.md."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path

from toll import readme
from toll.ledger import wording
from toll.pages import crate, edition_page, index
from toll.pages.index import Index, correction_record
from toll.pages.rendering import render
from toll.project import Project
from toll.source import raw


def write(project: Project, editions: Sequence[str], notebooks: Callable[[str], Iterable[Path]]) -> None:
    """Write the four pages from what every edition has published.

    `editions` are those that have a file, the default first; variations are in the gallery but in no findings.
    `notebooks` gives the executed notebooks of an edition. README.md changes only between its `findings` comments.
    """
    first, corrections = editions[0], raw.read(project).corrections
    published = index.load_all(project, first)
    project.figures.mkdir(exist_ok=True)
    (project.figures / index.PAGE).write_bytes(_front_page(published, list(map(correction_record, corrections))))
    crate.write(project, published, notebooks)
    (project.root / "CORRECTIONS.md").write_bytes(_corrections(corrections).encode())
    page = project.root / "README.md"
    if page.is_file() and first in published:
        findings = _findings(first, published.pop(first))
        findings += "".join(_other(name, edition) for name, edition in published.items() if name in editions)
        page.write_bytes(readme.with_findings(page.read_text("utf-8"), findings).encode())


def _front_page(published: dict[str, Index], corrections: list[dict[str, str]]) -> bytes:
    """Every edition with its graphics, and the corrections that its files do not have yet."""
    editions = []
    for name, edition in published.items():
        graphics = [graphic | {"views": edition_page.views(graphic["pictures"])} for graphic in edition["graphics"]]
        labels = {number["id"]: number["label"] for graphic in graphics for number in graphic["numbers"]}
        carried = [correction for graphic in graphics for correction in graphic["corrections"]]
        pending = [
            each for each in corrections if each["id"] in labels and each["table"] == "figures" and each not in carried
        ]
        editions.append(edition | {"name": name, "graphics": graphics, "labels": labels, "pending": pending})
    return render("front", editions=editions, titles=index.TITLES)


def _findings(name: str, edition: Index) -> str:
    """Headline, picture and deck of each graphic of the first edition."""
    parts = [f"Data as of {_day(edition)}.\n"]
    for graphic in edition["graphics"]:
        words, picture = graphic["furniture"], f"figures/{name}/{graphic['name']}-desktop.png"
        image = f'<img src="{picture}" width="640" alt="{html.escape(words["alt"])}">'
        parts.append(f"**{words['headline']}.** {words['deck']}\n\n{image}\n")
    return "\n" + "\n".join(parts) + "\n"


def _other(name: str, edition: Index) -> str:
    """The headlines of another edition, each linked to its picture."""
    lines = [
        f"- [{graphic['furniture']['headline']}](figures/{name}/{graphic['name']}-desktop.png)\n"
        for graphic in edition["graphics"]
    ]
    return f"Edition `{name}`, data as of {_day(edition)}:\n\n{''.join(lines)}\n"


def _day(edition: Index) -> str:
    return wording.full_date(date.fromisoformat(edition["as_of"]))


def _corrections(corrections: Iterable[raw.Correction]) -> str:
    """The log of corrections as a page, newest first."""
    head = "# Corrections\n\n`toll run` writes this page from `data/raw/corrections.csv`.\n\n"
    rows = sorted(corrections, key=lambda correction: correction.date, reverse=True)
    if not rows:
        return f"{head}Nothing has been corrected.\n"
    table = "| date | row | what | was | now | reason |\n| --- | --- | --- | --- | --- | --- |\n"
    for row in rows:
        was, now, reason = map(_escaped, (row.was, row.now, row.reason))
        table += f"| {row.date.isoformat()} | `{row.id}` | {row.field} | {was} | {now} | {reason} |\n"
    return head + table


def _escaped(text: str) -> str:
    return re.sub(r"([\\|<>*_\[\]])", r"\\\1", text)
