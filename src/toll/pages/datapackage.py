"""The description of the processed tables, as a Data Package (Frictionless Data, version 2)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from toll import digests, story_tables, tables
from toll.graphics.theme import LICENCE, LICENCE_TITLE
from toll.ledger.verdicts import VERDICTS
from toll.problems import Problem, Problems, Where
from toll.source import schema

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
TABLES = {
    "figures": "Every reported figure, read into a number with bounds; one row a claim",
    "claims": "Statements of the sources that the fact check tests, in our words",
    "ledger": "Every number that may be printed: reported, chosen or calculated, with formula and source",
    "fact-check": "Every claim tested: verdict, result, how sure",
    "disputed": "Every count that another source disputes, and what would change with the other count",
}
TYPES = {pl.String: "string", pl.Float64: "number", pl.Int64: "integer", pl.Date: "date", pl.Boolean: "boolean"}
COLUMNS = {
    **schema.meanings(schema.SUMS, schema.QUANTITIES, schema.CLAIMS, schema.FIGURES),
    "paragraph": schema.FIGURES.columns["locator"].meaning,
    "id": "Unique, stable name of the row",
    "label": "What the number is, in words",
    "start": "First day of the period (for a date: the earliest day that it can be)",
    "end": "Last day of the period, inclusive (for a date: the latest day that it can be)",
    "unit": "Unit of value, low and high",
    "value": "The number; empty for a date or a range",
    "low": "Lower bound",
    "high": "Upper bound; inf where there is none",
    "qualifier": "exact, at least, more than, at most, fewer than, about, range, share, ratio, ordinal or date",
    "whole": "Second number of a share: the 15 of five of 15",
    "citation": "The source as a graphic names it",
    "published": "When the source was published",
    "period_days": "Length of the period in days, both ends included; empty where the period is open",
    "preference": "Order of preference among the sources of a quantity, 0 first; from data/raw/preferences.csv",
    "reason": "Why the source is preferred",
    "origins": "Ids of the sources that the figure goes back to in the end, separated by spaces",
    "known": "Whether the edition uses the figure",
    "why_not": "Why it does not, if it does not",
    "status": "reported (a raw figure), chosen (a parameter) or calculated (by the formula)",
    "decimals": "Places to which the number is rounded in print; negative for tens and hundreds",
    "formula": "How the number was calculated, over the ids of other rows",
    "inputs": "Ids in the formula, separated by spaces",
    "text": "The number as printed",
    "printed_in": "Where it is printed, separated by semicolons",
    "claim": "The claim in our words",
    "verdict": f"One of: {', '.join(VERDICTS)}",
    "result": "What the computation gives",
    "in_use": "Whether this is the count that numbers and headlines rest on",
    "independent": "Whether it goes back to other origins than the count in use; empty where one of them names none",
    "spread": "Lowest and highest of the disputed counts",
    "effect": "Calculated numbers that would change with this count, as they are and as they would be",
    "headline": "Headlines that would change with it, as they would be",
    "how_sure": "How far the result can be trusted",
}


def write(folder: Path, edition: str, as_of: str) -> dict[str, Any]:
    """Describe the processed tables in `folder` in its datapackage.json, those that the story declared included.

    Returns the description. Raises Problems for columns without one.
    """
    described = {name: (title, COLUMNS) for name, title in TABLES.items()}
    described |= {name: (table.title, table.columns) for name, table in story_tables.read(folder).items()}
    package = {
        "$schema": PROFILE,
        "name": f"figures-{edition.replace('/', '-')}",
        "title": f"Reported and calculated figures, edition {edition}",
        "version": as_of,
        "licenses": [{"name": "CC-BY-4.0", "title": LICENCE_TITLE, "path": LICENCE}],
        "resources": [
            _resource(folder, name, title, columns)
            for name, (title, columns) in described.items()
            if (folder / f"{name}.parquet").is_file()
        ],
    }
    (folder / "datapackage.json").write_bytes(digests.canonical_json(package))
    return package


def _resource(folder: Path, name: str, title: str, columns: Mapping[str, str]) -> dict[str, Any]:
    table = tables.read(folder / name)
    content = tables.csv(table)
    if missing := [column for column in table.columns if column not in columns]:
        hint = "Add it where the notebook declares the table."
        raise Problems(
            Problem(Where(name, column=column), "The column has no description.", hint) for column in missing
        )
    fields = [
        {"name": column, "type": TYPES[type(kind)], "description": columns[column]}
        for column, kind in table.schema.items()
    ]
    key = {"primaryKey": ["id"]} if "id" in table.columns else {}
    return {
        "name": name,
        "title": title,
        "path": f"{name}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(content),
        "hash": f"sha256:{digests.sha256(content)}",
        "schema": {"fields": fields, "missingValues": [""], **key},
    }
