"""The description of the processed tables, as a Data Package (Frictionless Data, version 2)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import polars as pl

from toll import tables
from toll.graphics.theme import LICENCE, LICENCE_TITLE
from toll.source import schema

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
TABLES = {
    "figures": "Every reported figure, read into a number with bounds; one row a claim",
    "claims": "Statements of the sources that the fact check tests, in our words",
    "ledger": "Every number that may be printed: reported, chosen or calculated, with formula and source",
    "fact-check": "Every claim tested: verdict, result, how sure",
    "disputed": "Every count that another source contests, and what would change with the other",
    "backtest": "The projection from every day on which a count is known, held against the final counts",
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
    "qualifier": "exact, at least, more than, about, range, share, ratio, ordinal or date",
    "whole": "Second number of a share: the 15 of five of 15",
    "citation": "The source as a graphic names it",
    "published": "When the source was published",
    "period_days": "Length of the period in days, both ends included; empty where the period is open",
    "preference": "Order of preference among the sources of a quantity, 0 first; from data/raw/preferences.csv",
    "reason": "Why the source is preferred",
    "origins": "Ids of the sources that the source goes back to in the end, separated by spaces",
    "known": "Whether the edition uses the figure",
    "why_not": "Why it does not, if it does not",
    "status": "reported (a raw figure), chosen (a parameter) or calculated (by the formula)",
    "decimals": "Places to which the number is rounded in print; negative for tens and hundreds",
    "formula": "How the number was calculated, over the ids of other rows",
    "inputs": "Ids in the formula, separated by spaces",
    "text": "The number as printed",
    "printed_in": "Where it is printed, separated by semicolons",
    "claim": "The claim in our words",
    "verdict": "holds, holds with a caveat, not supported, contradicted or cannot be checked",
    "result": "What the computation gives",
    "in_use": "Whether this is the count that numbers and headlines rest on",
    "independent": "Whether it goes back to other origins than the count in use; empty where one of them names none",
    "spread": "Lowest and highest of the counts that contend",
    "effect": "Calculated numbers that would change with this count, as they are and as they would be",
    "headline": "Headlines that would change with it, as they would be",
    "date": "Day from which the year is seen",
    "entry": "Id of the count in the ledger",
    "count": "Count up to that day",
    "how_sure": "How far the result can be trusted",
}
WAYS = {
    "independent": "if deaths are independent of each other",
    "clustered": "if attacks kill several",
    "as_months": "with the scatter of the months until that day",
}
MEASURES = {
    "low": "Low end of the outer interval of the year's total, {}",
    "high": "High end of the outer interval of the year's total, {}",
    "covered": "Whether the interval holds all, some or none of the final counts, {}",
    "score": "Interval score against the preferred final count, less is better, {}",
}
COLUMNS |= {f"{way}_{name}": text.format(what) for way, what in WAYS.items() for name, text in MEASURES.items()}


def write(folder: Path, edition: str, as_of: str) -> dict[str, Any]:
    """Describe those of the tables that `folder` has in its datapackage.json; each column must have a description."""
    package = {
        "$schema": PROFILE,
        "name": f"figures-{edition.replace('/', '-')}",
        "title": f"Reported and calculated figures, edition {edition}",
        "version": as_of,
        "licenses": [{"name": "CC-BY-4.0", "title": LICENCE_TITLE, "path": LICENCE}],
        "resources": [
            _resource(folder, name, title) for name, title in TABLES.items() if (folder / f"{name}.parquet").is_file()
        ],
    }
    text = json.dumps(package, ensure_ascii=False, indent=2) + "\n"
    (folder / "datapackage.json").write_text(text, "utf-8", newline="\n")
    return package


def _resource(folder: Path, name: str, title: str) -> dict[str, Any]:
    table = tables.read(folder / name)
    content = tables.csv(table)
    fields = [
        {"name": column, "type": TYPES[type(kind)], "description": COLUMNS[column]}
        for column, kind in table.schema.items()
    ]
    return {
        "name": name,
        "title": title,
        "path": f"{name}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "schema": {"fields": fields, "missingValues": [""], "primaryKey": [fields[0]["name"]]},
    }
