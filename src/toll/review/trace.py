"""`toll trace`: a published number back to the words that it comes from, and forward to all that prints it."""

from __future__ import annotations

import difflib
import inspect
import json
import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from toll.ledger import wording
from toll.problems import Problem, Problems
from toll.project import Project
from toll.review import record
from toll.review.record import Record
from toll.source import raw

if TYPE_CHECKING:
    from toll.ledger.ledger import Entry, Ledger

WIDTH = 100
Corrections = dict[str, list[raw.Correction]]  # by figure


def trace(project: Project, *, id: str | None, json: bool) -> int:
    """Prints one number, or a line on each. Raises Problems for an id that no edition has."""
    records = record.read_all(project)
    if not records:
        raise Problems(
            [Problem.old("figures", None, None, "no published edition", "at least one", "Say toll run first.")]
        )
    if id is None:
        print(_json(_listed(records)) if json else "\n".join(_list(records)))
        return 0
    having = [one for one in records if id in one.ledger]
    if not having:
        raise Problems([_unknown(id, records)])
    corrections = _corrections(project)
    if json:
        print(_json([_as_dict(one, id, corrections) for one in having]))
    else:
        print("\n".join(_told(having, id, corrections)))
    return 0


def _json(content: object) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False, default=str)


def _corrections(project: Project) -> Corrections:
    found: Corrections = {}
    for correction in sorted(raw.read(project).corrections, key=lambda correction: correction.date):
        found.setdefault(correction.figure, []).append(correction)
    return found


def _unknown(id: str, records: list[Record]) -> Problem:
    entries = {entry.id: entry for one in records for entry in one.ledger}
    printed = [entry.id for entry in entries.values() if id in (entry.text, entry.qualified)]
    close = printed or difflib.get_close_matches(id, entries, n=5) or [name for name in entries if id.lower() in name]
    do = f"Did you mean {', '.join(close[:5])}?" if close else "toll trace without an id lists all."
    return Problem.old("the ledger", None, "id", repr(id), f"one of its {len(entries)} ids", do)


# --- All numbers ---


def _listed(records: list[Record]) -> list[dict[str, str]]:
    """One item for each number; one that is not the same in all editions has several."""
    places: dict[tuple[str, str, str, str], list[str]] = {}
    for one in records:
        for entry in one.ledger:
            places.setdefault((entry.id, entry.text, entry.status, entry.label), []).append(one.edition)
    return [
        {"id": id, "text": text, "status": status, "label": label, "editions": " ".join(editions)}
        for (id, text, status, label), editions in places.items()
    ]


def _list(records: list[Record]) -> Iterator[str]:
    rows = _listed(records)
    yield from (one.title for one in records)
    columns = ["id", "text", "status", *(["editions"] if len(records) > 1 else [])]
    widths = {name: max(len(row[name]) for row in rows) for name in columns}
    for row in rows:
        yield "  ".join([*(row[name].ljust(widths[name]) for name in columns), row["label"]])


# --- One number ---


def _told(records: list[Record], id: str, corrections: Corrections) -> Iterator[str]:
    """Where the number comes from, once for all editions in which that is the same; then where each prints it."""
    origins: dict[tuple[str, ...], list[Record]] = {}
    for one in records:
        origins.setdefault(tuple(_origin(one, id, corrections)), []).append(one)
    for lines, having in origins.items():
        yield from (one.title for one in having)
        yield ""
        yield from lines
        for one in having:
            yield ""
            yield from _forward(one, id)
        yield ""


def _origin(one: Record, id: str, corrections: Corrections) -> Iterator[str]:
    yield from _branch(one, one.ledger[id], corrections, set())


def _branch(
    one: Record, entry: Entry, corrections: Corrections, seen: set[str], head: str = "", body: str = ""
) -> Iterator[str]:
    """An entry and below it its inputs, each told once; `head` and `body` are what stands in front of the lines."""
    again = entry.id in seen
    seen.add(entry.id)
    yield f"{head}{entry.id} = {_number(entry)}, {entry.status}{' (told above)' if again else ''}"
    if again:
        return
    inputs = entry.inputs.split()
    stem = body + ("│  " if inputs else "   ")
    for line in _facts(one, entry, corrections):
        yield from _wrapped(line, stem)
    for input in inputs:
        yield stem.rstrip()
        last = input == inputs[-1]
        ahead = ("└─ ", "   ") if last else ("├─ ", "│  ")
        yield from _branch(one, one.ledger[input], corrections, seen, body + ahead[0], body + ahead[1])


def _wrapped(text: str, before: str) -> list[str]:
    after = f"{before}  "
    return textwrap.wrap(text, WIDTH, initial_indent=before, subsequent_indent=after, break_on_hyphens=False)


def _number(entry: Entry) -> str:
    if entry.is_date:
        return f"{entry.text}{_quoted(entry)}"
    unit = "" if entry.unit in ("share", "probability", "US dollars") else f" {entry.unit}"
    return f"{entry.text}{unit}{_quoted(entry)}{_bounds(entry)}"


def _quoted(entry: Entry) -> str:
    return f" (“{entry.as_reported}”)" if entry.as_reported and entry.as_reported != entry.text else ""


def _bounds(entry: Entry) -> str:
    if entry.low is None or entry.low == entry.high:
        return ""
    ends = [wording.number(end, entry.unit, entry.decimals) for end in (entry.low, entry.high)]
    return f" [{ends[0]} to {ends[1]}]"


def _facts(one: Record, entry: Entry, corrections: Corrections) -> Iterator[str]:
    """What there is to know of an entry, a line each: meaning, formula, source, caveat, corrections."""
    yield entry.label
    if entry.formula:
        yield f"= {entry.formula}"
        yield f"= {evaluated(one.ledger, entry)}"
        yield from (f"{name}: {meaning}" for name, meaning in _functions(entry.formula))
    elif entry.exact:
        paragraph = f"paragraph {entry.locator}: " if entry.locator else ""
        yield f"{paragraph}“{entry.exact}”, attributed to {entry.attributed_to}"
        yield f"{entry.citation} (source {entry.source})"
    else:
        yield f"a parameter, set in editions/{one.edition}.yml"
    if entry.caveat:
        yield f"Caveat: {entry.caveat}"
    for correction in corrections.get(entry.id, ()):
        yield f"Corrected {told(correction)}"


def told(correction: raw.Correction) -> str:
    day = wording.full_date(correction.date)
    return f"{day}: “{correction.was}” is now “{correction.now}”. {correction.reason}"


def evaluated(ledger: Ledger, entry: Entry) -> str:
    """The formula with the values put in, and its result before it is rounded for print."""
    names = "|".join(map(re.escape, sorted(entry.inputs.split(), key=len, reverse=True)))

    def put_in(match: re.Match[str]) -> str:
        there = ledger[match[1]]
        return _plain(getattr(there, match[2]) if match[2] else there.start if there.is_date else there.value)

    values = re.sub(rf"\b({names})\b(?:\.(\w+))?", put_in, entry.formula) if names else entry.formula
    return f"{values} = {_plain(entry.end if entry.is_date else entry.value)}"


def _plain(value: object) -> str:
    return f"{value:.10g}" if isinstance(value, int | float) else str(value)


def _functions(formula: str) -> Iterator[tuple[str, str]]:
    """The functions of `toll.ledger.estimate` that a formula calls, each with the first sentence of its docstring."""
    from toll.ledger import estimate

    for name in dict.fromkeys(re.findall(r"\b(\w+)\(", formula)):
        yield f"toll.ledger.estimate.{name}", " ".join(inspect.getdoc(getattr(estimate, name)).split("\n\n")[0].split())


# --- Forward ---


def rests_on(ledger: Ledger, id: str) -> list[Entry]:
    """The entries whose formulas rest on `id`, directly or by others, in the ledger's order."""
    reached = {id}
    for _ in ledger:
        reached |= {entry.id for entry in ledger if reached & set(entry.inputs.split())}
    return [entry for entry in ledger if entry.id in reached - {id}]


def _printed(one: Record, id: str) -> dict[str, list[str]]:
    """The places where an entry is printed, by graphic, notebook or fact check."""
    found: dict[str, list[str]] = {}
    for place in one.ledger.printed.get(id, ()):
        where, _, part = place.partition(": ")
        found.setdefault(where, []).append(part)
    return found


def _forward(one: Record, id: str) -> Iterator[str]:
    yield f"Printed in edition {one.edition}"
    for where, parts in _printed(one, id).items():
        yield f"  {where}: {', '.join(parts)}"
        for part in parts:
            if text := one.words.get(f"{where}: {part}"):
                yield from _wrapped(f"{part}: {text}", "    ")
        for folder, names in _by_folder(one.files.get(where, ())).items():
            yield from _wrapped(f"in {folder}: {' '.join(names)}", "    ")
    if not one.ledger.printed.get(id):
        yield "  nowhere by itself"
    if resting := rests_on(one.ledger, id):
        yield f"What rests on it in edition {one.edition}"
        width = max(len(entry.id) for entry in resting)
        for entry in resting:
            yield f"  {entry.id.ljust(width)}  {entry.text}, {', '.join(_printed(one, entry.id)) or 'not printed'}"


def _by_folder(paths: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        found.setdefault(folder, []).append(name)
    return found


# --- For programs ---


def _as_dict(one: Record, id: str, corrections: Corrections) -> dict[str, object]:
    behind, ids = [], [id]
    for each in ids:  # grows while it is walked
        entry = one.ledger[each]
        ids += [input for input in entry.inputs.split() if input not in ids]
        behind.append(_entry_dict(one.ledger, entry, corrections))
    return {
        "edition": one.edition,
        "as_of": one.as_of,
        **behind[0],
        "behind": behind[1:],
        "printed": [
            {"where": where, "part": part, "text": one.words.get(f"{where}: {part}"), "files": one.files.get(where, [])}
            for where, parts in _printed(one, id).items()
            for part in parts
        ],
        "rests_on_it": [entry.id for entry in rests_on(one.ledger, id)],
    }


def _entry_dict(ledger: Ledger, entry: Entry, corrections: Corrections) -> dict[str, object]:
    told = {name: value for name, value in asdict(entry).items() if value not in ("", None)}
    told |= {name: str(value) for name, value in told.items() if value in (float("inf"), -float("inf"))}
    told |= {"text": entry.text, "inputs": entry.inputs.split()}
    if entry.formula:
        told["evaluated"] = evaluated(ledger, entry)
    made = [{k: v for k, v in asdict(each).items() if k != "line"} for each in corrections.get(entry.id, ())]
    return told | {"corrections": made}
