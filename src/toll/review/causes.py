"""Why published files changed: what differs between two versions of what people edit, said in sentences."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from toll import libraries
from toll.project import Project
from toll.run import files, notebook_file
from toll.source.schema import CORRECTIONS

TABLES = {"figures.csv": "figure", "sources.csv": "source", "claims.csv": "claim"}  # whose rows can be corrected
LOGS = ("corrections.csv", "published.csv", "anchors.csv", "README.md")  # they say what changed, and change nothing
PARTS = ("words", "notebooks", "editions", "data/raw")
CODE = "src/toll"

Row = dict[str, str]


@dataclass(frozen=True)
class Cause:
    """A sentence; `details` are the rows that it counts, if there are several."""

    text: str
    details: tuple[str, ...] = ()


def find(before: Project, after: Project, labels: dict[str, str]) -> Iterator[Cause]:
    """What changed in what people edit, what weighs most first. `labels` says what figures are called, by id."""
    for file, noun in TABLES.items():
        yield from _rows(before, after, file, noun, labels)
    yield from _editions(before, after)
    for name in _edited(before, after, *PARTS):
        yield from _file(before, after, name)
    if names := _edited(before, after, CODE):
        yield Cause(f"The code of toll changed ({len(names)} file{'s' if len(names) > 1 else ''}).")
    old, new = (_pins(project) for project in (before, after))
    moved = [name for name in sorted(old | new) if old.get(name) != new.get(name)]
    yield from counted("library", [f"{name} {old.get(name, 'none')} → {new.get(name, 'none')}" for name in moved])


def counted(noun: str, items: Iterable[str], verb: str = "changed") -> Iterator[Cause]:
    """“One figure changed: …”, or their number and a line for each."""
    found = tuple(dict.fromkeys(items))
    if len(found) == 1:
        yield Cause(_sentence(f"One {noun} {verb}: {found[0]}"))
    elif found:
        yield Cause(f"{len(found)} {_plural(noun)} {verb.replace('is', 'are')}:", tuple(map(_sentence, found)))


def _plural(noun: str) -> str:
    first, _, rest = noun.partition(" ")
    return f"{first.removesuffix('y')}{'ies' if first.endswith('y') else 's'}{' ' + rest if rest else ''}"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "”")) else f"{text}."


# --- The raw tables ---


def _rows(before: Project, after: Project, file: str, noun: str, labels: dict[str, str]) -> Iterator[Cause]:
    """What changed in the rows of a table; a number comes before what is said about it."""
    old, new = ({row["id"]: row for row in _table(project, file) if row.get("id")} for project in (before, after))
    reasons = _reasons(before, after, file.removesuffix(".csv"))
    values, details = [], []
    for id in [id for id in new if id in old]:
        name = labels.get(id, id)
        for field in [field for field in new[id] if old[id].get(field, "") != new[id][field]]:
            why = reasons.get((id, field), "; no correction says why")
            if field == "as_reported":
                values.append(f"{name}, {old[id][field]} → {new[id][field]}{why}")
            elif field != "exact" or old[id].get("as_reported") == new[id].get("as_reported"):  # else it has the number
                details.append(f"{field.replace('_', ' ')} of {name}{why}")
    yield from counted(noun, values)
    yield from counted(noun, [labels.get(id, id) for id in new if id not in old], "is new")
    yield from counted(noun, [labels.get(id, id) for id in old if id not in new], "is gone")
    yield from counted(f"detail of the {noun}s", details)


def _reasons(before: Project, after: Project, table: str) -> dict[tuple[str, str], str]:
    """By row and field, the reason of its latest correction that is new."""
    old, new = (_table(project, CORRECTIONS.file) for project in (before, after))
    fresh = sorted((row for row in new if row not in old and row["table"] == table), key=lambda row: row["date"])
    return {(row["id"], row["field"]): f", because of a correction: {row['reason']}" for row in fresh}


def _table(project: Project, file: str) -> list[Row]:
    """The rows of a raw table as they were typed, whether or not they pass the checks of today."""
    path = project.raw / file
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as stream:
        return [{name: cell or "" for name, cell in row.items() if name} for row in csv.DictReader(stream)]


# --- Files ---


def _edited(before: Project, after: Project, *folders: str) -> list[str]:
    """The files that were edited, added or deleted there."""
    then, now = (files.hashes(project.root, *folders) for project in (before, after))
    return [name for name, _ in files.changes(now, then)]


def _file(before: Project, after: Project, name: str) -> Iterator[Cause]:
    """A sentence about an edited file, unless it is made by a run or its rows are told one by one."""
    path = Path(name)
    if name.startswith("editions/") or (name.startswith("data/raw/") and path.name in (*TABLES, *LOGS)):
        return
    if path.suffix != ".ipynb":
        words = name.startswith("words/") and path.suffix == ".yml"
        yield Cause(f"The words of {path.stem} were edited." if words else f"{name} was edited.")
    elif len(path.parts) == 2:  # those of other editions are made from these
        old, new = (_notebook(project, name) for project in (before, after))
        if old[1] != new[1]:
            yield Cause(f"The code of the notebook {path.stem} was edited.")
        elif old != new:
            yield Cause(f"The text of the notebook {path.stem} was edited.")


def _notebook(project: Project, name: str) -> tuple[str, list[str]]:
    """What people wrote in a notebook, as a digest, and its code."""
    if not (project.root / name).is_file():
        return "", []
    own = notebook_file.source(notebook_file.load(project.root / name, name))
    return notebook_file.source_digest(own), [notebook_file.text(cell) for cell in notebook_file.code_cells(own)]


def _editions(before: Project, after: Project) -> Iterator[Cause]:
    """The parameters that an edition's file sets to something else."""
    for name in _edited(before, after, "editions"):
        old, new = (_parameters(project.root / name) for project in (before, after))
        edition = name.removeprefix("editions/").removesuffix(".yml")
        yield from counted(
            f"parameter of edition {edition}",
            [
                f"{each}, {old.get(each, 'not set')} → {new.get(each, 'not set')}"
                for each in dict.fromkeys([*new, *old])
                if old.get(each) != new.get(each)
            ],
        )


def _parameters(file: Path) -> dict[str, Any]:
    """What an edition's file sets, as typed; nothing while it cannot be read, which a run says."""
    try:
        found = yaml.load(file.read_bytes(), yaml.BaseLoader) if file.is_file() else {}
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}


def _pins(project: Project) -> dict[str, str]:
    lock = project.lock.read_text("utf-8") if project.lock.is_file() else ""
    return {pin.name: libraries.version(pin) for pin in libraries.pinned(lock)}
