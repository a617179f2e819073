"""The fact check as a page: figures/EDITION/fact-check.html, in the gallery's design, without scripts.

Every claim has its own anchor, `#claim-ID`; every number that decides it shows its formula or the exact words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from toll import story_tables
from toll.ledger import wording
from toll.ledger.verdicts import VERDICTS
from toll.pages import values
from toll.pages.index import FACT_CHECK_PAGE
from toll.pages.rendering import render
from toll.source import raw

if TYPE_CHECKING:
    import polars as pl

    from toll.graphics.graphic import LeftOut
    from toll.ledger.ledger import Ledger
    from toll.project import Project


def write(
    project: Project,
    edition: str,
    as_of: str,
    ledger: Ledger,
    tested: dict[str, pl.DataFrame],
    left_out: Iterable[LeftOut],
) -> None:
    """Write the page of `edition`: claims, disputed counts, the story's own tables, graphics left out.

    `tested` has the table fact-check and, if the story has one, disputed. The story's own tables are those that its
    notebooks declared in the edition's folder of processed tables.
    """
    page = render(
        "fact-check",
        edition=edition,
        as_of=as_of,
        verdicts=VERDICTS,
        claims=[_claim(row, ledger) for row in tested["fact-check"].iter_rows(named=True)],
        sources={source.id: _source(source) for source in raw.read(project).sources},
        disputed=[_disputed(row, ledger) for row in tested["disputed"].to_dicts()] if "disputed" in tested else None,
        tables={
            name: (table, [[_label(cell, ledger) for cell in row] for row in table.rows])
            for name, table in story_tables.read(project.processed(edition)).items()
        },
        left_out=list(left_out),
        top="../" * (1 + edition.count("/")),
    )
    folder = project.published(edition)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FACT_CHECK_PAGE).write_bytes(page)


def _claim(row: dict[str, Any], ledger: Ledger) -> dict[str, Any]:
    ids = [id for id in row["inputs"].split() if id in ledger]
    return row | {"numbers": [(ledger[id], values.origin(ledger, id)) for id in ids]}


def _disputed(row: dict[str, Any], ledger: Ledger) -> dict[str, Any]:
    """With labels in place of the ids in “ID: was → would be; …”."""
    return row | {"effect": re.sub(r"(?:^|(?<=; ))\w+(?=: )", lambda id: _label(id[0], ledger), row["effect"] or "")}


def _label(text: str, ledger: Ledger) -> str:
    """What readers call a number, where the text is its id."""
    return ledger[text].label if text in ledger else text


def _source(source: raw.Source) -> dict[str, str]:
    when = wording.published(source.published, source.dated) if source.published else "undated"
    return {"citation": wording.citation(source.authors, source.publisher or source.title, when), "url": source.url}
