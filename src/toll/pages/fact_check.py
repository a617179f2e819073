"""The fact check as a page: figures/EDITION/fact-check.html, in the gallery's design, without script.

Every claim has an anchor of its own, `#claim-ID`, and every number that decides it its formula or exact words.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from toll.pages.gallery import templates
from toll.project import Project
from toll.source import raw

if TYPE_CHECKING:
    import polars as pl

    from toll.graphics.graphic import LeftOut
    from toll.ledger.ledger import Ledger

PAGE = "fact-check.html"
VERDICTS = {
    "holds": "The figures that were known bear it out.",
    "holds with a caveat": "They bear it out as far as they go; what they leave open is said.",
    "not supported": "The figures that should support it do not.",
    "contradicted": "Other figures, or its own, say otherwise.",
    "cannot be checked": "What it would take was not known by the date of the data.",
}


def write(
    project: Project,
    edition: str,
    as_of: str,
    ledger: Ledger,
    tested: dict[str, pl.DataFrame],
    left_out: Iterable[LeftOut],
) -> None:
    """Write the page of `edition`: claims, counts that contend, back-test, and the graphics that are left out.

    `tested` has the tables fact-check and, where the story has such, disputed and backtest.
    """
    sources = {source.id: source for source in raw.read(project).sources}
    pages = templates()
    own = Markup((Path(__file__).parent / "templates" / "factcheck.css").read_text("utf-8"))
    page = pages.get_template("factcheck.html.j2").render(
        style=pages.globals["style"] + own,
        edition=edition,
        as_of=as_of,
        verdicts=VERDICTS,
        sources=sources,
        left_out=list(left_out),
        claims=[_claim(row, ledger) for row in tested["fact-check"].iter_rows(named=True)],
        **{name: tested[name].to_dicts() if name in tested else None for name in ("disputed", "backtest")},
        top="../" * (1 + edition.count("/")),
    )
    folder = project.published(edition)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PAGE).write_text(page, "utf-8", newline="\n")


def _claim(row: dict[str, Any], ledger: Ledger) -> dict[str, Any]:
    return row | {"numbers": [ledger[id] for id in row["inputs"].split() if id in ledger]}
