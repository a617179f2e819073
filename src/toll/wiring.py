"""What the other rooms hand to `run`, which knows steps and files, and nothing of figures, ledgers or pictures."""

from __future__ import annotations

import importlib
from functools import partial
from typing import TYPE_CHECKING

from toll.problems import Problem
from toll.project import Project
from toll.run.plan import Hooks
from toll.run.shared_pages import SharedPages

if TYPE_CHECKING:
    from toll.run.editions import Edition

STACK = (
    *("polars", "altair", "vl_convert", "jinja2", "lxml.etree", "num2words", "pikepdf", "uharfbuzz"),
    *("fontTools.subset", "text_to_num", "toll.graphics.export", "toll.graphics.formats"),
)


def check(project: Project, edition: Edition, file: str) -> list[Problem]:
    """What is wrong with the values of an edition's parameters. Raises Problems for raw tables that are wrong."""
    from toll import parameters
    from toll.run import parsed
    from toll.source import raw

    tables, declared = raw.read(project), parameters.declared(project, lambda path, shown: parsed.yaml(project, shown))
    problems = parameters.problems(edition.values, declared, file)
    return problems or parameters.references(edition.values, declared, tables, file)


def warn(project: Project) -> list[Problem]:
    """The published figures that have changed without a correction."""
    from toll.source import corrections

    return corrections.uncorrected(project) if project.raw.is_dir() else []


def notes(project: Project, edition: str) -> list[str]:
    """The graphics that an edition has left out, and why; in a project with approvals, those that have none."""
    from toll.pages import approvals, index

    if not (project.published(edition) / index.INDEX).is_file():
        return []
    left_out = index.load(project, edition)["left_out"]
    out = [f"left out {graphic['name']}: {graphic['why']}" for graphic in left_out]
    return [*out, *approvals.missing(project, edition)]


def write_pages(project: Project) -> None:
    """Write the pages that all editions share."""
    from toll.pages import shared
    from toll.run import editions

    shared.write(project, editions.published(project), partial(editions.executed_notebooks, project))


PAGES = SharedPages(
    write=write_pages,
    reads=(
        "data/raw/*.csv",
        "editions/**/*.yml",
        "notebooks/**/*.ipynb",
        "notebooks/*.yml",
        "requirements.lock",
        "figures/**/gallery.json",
        "figures/**/SHA256SUMS",
    ),
    writes=("figures/index.html", "figures/ro-crate-metadata.json", "README.md", "CORRECTIONS.md"),
)


def preload() -> None:
    """Import what notebooks import. It runs only two validators, plain Python that is slow to start."""
    for module in STACK:
        importlib.import_module(module)
    import altair
    import nbformat

    nbformat.validate(nbformat.v4.new_notebook())
    altair.Chart().mark_point().to_dict()


HOOKS = Hooks(check, warn, notes, PAGES, "toll.wiring:preload", "toll.graphics.formats:warm_up")
