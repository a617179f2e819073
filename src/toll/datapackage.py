"""The description of the processed tables, as a Data Package (Frictionless Data, version 2)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import polars as pl

from toll import tables
from toll.graphics.style import LICENCE, LICENCE_TITLE

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
TABLES = {
    "figures": "Every reported figure, read into a number with bounds; one row a claim",
    "claims": "Statements of the sources that the fact check tests, in our words",
    "ledger": "Every number that may be printed: reported, chosen or calculated, with formula and source",
    "fact-check": "Every claim tested: verdict, result, how sure",
}
TYPES = {pl.String: "string", pl.Float64: "number", pl.Int64: "integer", pl.Date: "date", pl.Boolean: "boolean"}
COLUMNS = {
    "id": "Unique, stable name of the row",
    "label": "What the number is, in words",
    "quantity": "What is counted, from the closed list in data/raw/quantities.csv",
    "topic": "What the figure is for: deaths, bodies, staffing or other",
    "place": "Where it is counted",
    "start": "First day of the period (for a date: the earliest day that it can be)",
    "end": "Last day of the period, inclusive (for a date: the latest day that it can be)",
    "as_reported": "The figure in the source's own few words",
    "rounded_to": "The unit to which the source rounded, where its digits do not tell",
    "unit": "Unit of value, low and high",
    "attributed_to": "Who says so inside the source",
    "source": "Id of the source in data/raw/sources.csv",
    "locator": "Where in the source: paragraph number",
    "paragraph": "Where in the source: paragraph number",
    "exact": "The shortest words of the source that hold the figure",
    "caveat": "What a reader must know",
    "value": "The number; empty for a date or a range",
    "low": "Lower bound",
    "high": "Upper bound; inf where there is none",
    "qualifier": "exact, at least, more than, about, range, share, ratio, ordinal or date",
    "whole": "Second number of a share: the 15 of five of 15",
    "citation": "The source as a graphic names it",
    "published": "When the source was published",
    "period_days": "Length of the period in days, both ends included; empty where the period is open",
    "known": "Whether the source had been published by the edition's date",
    "status": "reported (a raw figure), chosen (a parameter) or calculated (by the formula)",
    "decimals": "Places to which the number is rounded in print; negative for tens and hundreds",
    "formula": "How the number was calculated, over the ids of other rows",
    "inputs": "Ids in the formula, separated by spaces",
    "text": "The number as printed",
    "printed_in": "Where it is printed, separated by semicolons",
    "claim": "The claim in our words",
    "verdict": "holds, holds with a caveat, not supported, contradicted or cannot be checked",
    "result": "What the computation gives",
    "how_sure": "How far the result can be trusted",
}


def write(folder: Path, edition: str, as_of: str) -> dict[str, Any]:
    """Describe the tables of `folder` in its datapackage.json; every column must have a description."""
    package = {
        "$schema": PROFILE,
        "name": f"figures-{edition.replace('/', '-')}",
        "title": f"Reported and calculated figures, edition {edition}",
        "version": as_of,
        "licenses": [{"name": "CC-BY-4.0", "title": LICENCE_TITLE, "path": LICENCE}],
        "resources": [_resource(folder, name, title) for name, title in TABLES.items()],
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
        "schema": {"fields": fields, "missingValues": [""], "primaryKey": ["id"]},
    }
