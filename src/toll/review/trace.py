"""`toll trace`: a published number, back to the words it comes from and forward to everything that prints it."""

from __future__ import annotations

import difflib
import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from json import dumps
from math import isinf
from typing import TYPE_CHECKING, Any

from toll.ledger import formula, wording, words
from toll.pages import index
from toll.problems import Problem, Problems, Where
from toll.project import Project
from toll.review import record
from toll.review.record import Publication
from toll.source import raw

if TYPE_CHECKING:
    from toll.ledger.ledger import Entry, Ledger

WIDTH = 100
WITHOUT_UNIT = (*wording.SHARES, *wording.CURRENCIES)  # their numbers carry a sign
Corrections = list[raw.Correction]  # the oldest first


def trace(project: Project, *, id: str | None = None, json: bool = False) -> int:
    """Print one number or, without an id, a line on each. Raises Problems for an id that no edition has."""
    publications = record.read_all(project)
    if not publications:
        raise Problems([Problem(Where("figures"), "Nothing has been published yet.", "Run `toll run` first.")])
    corrections = sorted(raw.read(project).corrections, key=lambda correction: correction.date)
    having = [one for one in publications if id is None or id in one.ledger]
    if not having:
        raise Problems([_unknown(str(id), publications)])
    if json:
        content = [as_dict(one, id, corrections) for one in having] if id else _overview(having)
        print(dumps(content, indent=1, ensure_ascii=False, default=str))
    else:
        print("\n".join(_lines(having, id, corrections) if id else _overview_lines(having)))
    return 0


def _unknown(id: str, publications: list[Publication]) -> Problem:
    entries = {entry.id: entry for one in publications for entry in one.ledger}
    printed = [name for name, entry in entries.items() if any(id in (f, *f.split()) for f in words.forms(entry))]
    close = printed or difflib.get_close_matches(id, entries, n=5) or [name for name in entries if id.lower() in name]
    hint = f"Did you mean {', '.join(close[:5])}?" if close else "`toll trace` without an id lists all numbers."
    return Problem(Where("toll trace"), f"No number has the id “{id}”.", hint)


# --- All numbers ---


def _overview(publications: list[Publication]) -> list[dict[str, str]]:
    """One item for each number; one that differs between editions has several."""
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for one in publications:
        for entry in one.ledger:
            found.setdefault((entry.id, entry.text, entry.status, entry.label), []).append(one.edition)
    return [
        {"id": id, "text": text, "status": status, "label": label, "editions": " ".join(names)}
        for (id, text, status, label), names in found.items()
    ]


def _overview_lines(publications: list[Publication]) -> Iterator[str]:
    rows = _overview(publications)
    yield from (one.title for one in publications)
    columns = ["id", "text", "status", *(["editions"] if len(publications) > 1 else [])]
    widths = {name: max(len(row[name]) for row in rows) for name in columns}
    for row in rows:
        yield "  ".join([*(row[name].ljust(widths[name]) for name in columns), row["label"]])


# --- Back ---


def _lines(publications: list[Publication], id: str, corrections: Corrections) -> Iterator[str]:
    """Where a number comes from, once for all editions that agree on it; then where each prints it."""
    origins: dict[tuple[str, ...], list[Publication]] = {}
    for one in publications:
        tree = tuple(_tree(one, one.ledger[id], corrections, set()))
        origins.setdefault(tree, []).append(one)
    for tree, having in origins.items():
        yield from (one.title for one in having)
        yield from ("", *tree)
        for one in having:
            yield from ("", *_forward(one, id))
        yield ""


def _tree(
    one: Publication, entry: Entry, corrections: Corrections, seen: set[str], head: str = "", body: str = ""
) -> Iterator[str]:
    """An entry and its inputs below it, each explained once; `head` and `body` begin the first and the other lines."""
    again = entry.id in seen
    seen.add(entry.id)
    yield f"{head}{entry.id} = {_number(entry)}, {entry.status}{' (see above)' if again else ''}"
    if again:
        return
    inputs = entry.inputs.split()
    stem = body + ("│  " if inputs else "   ")
    for line in _facts(one, entry, corrections):
        yield from _wrapped(line, stem)
    for name in inputs:
        yield stem.rstrip()
        ahead = ("└─ ", "   ") if name == inputs[-1] else ("├─ ", "│  ")
        yield from _tree(one, one.ledger[name], corrections, seen, body + ahead[0], body + ahead[1])


def _wrapped(text: str, before: str) -> list[str]:
    after = f"{before}  "
    return textwrap.wrap(text, WIDTH, initial_indent=before, subsequent_indent=after, break_on_hyphens=False)


def _number(entry: Entry) -> str:
    quoted = f" (“{entry.as_reported}”)" if entry.as_reported and entry.as_reported != entry.text else ""
    if entry.is_date:
        return f"{entry.text}{quoted}"
    unit = "" if entry.unit in WITHOUT_UNIT else f" {entry.unit}"
    return f"{entry.text}{unit}{quoted}{_bounds(entry)}"


def _bounds(entry: Entry) -> str:
    if entry.low is None or entry.high is None or entry.low == entry.high:
        return ""
    low, high = (wording.number(end, entry.unit, entry.decimals) for end in (entry.low, entry.high))
    return f" [{low} to {high}]"


def _facts(one: Publication, entry: Entry, corrections: Corrections) -> Iterator[str]:
    """What there is to know about an entry, a line each: meaning, formula, source, caveat, corrections."""
    yield entry.label
    if entry.formula:
        yield f"= {entry.formula}"
        yield f"= {formula.evaluated(entry, one.ledger.__getitem__)}"
        yield from (f"{name}: {meaning}" for name, meaning in _functions(entry.formula))
    elif entry.exact:
        paragraph = f"paragraph {entry.locator}: " if entry.locator else ""
        yield f"{paragraph}“{entry.exact}”, attributed to {entry.attributed_to}"
        yield f"{entry.citation} (source {entry.source})"
    else:
        yield f"a parameter, set in editions/{one.edition}.yml"
    if entry.caveat:
        yield f"Caveat: {entry.caveat}"
    for each in (
        correction for correction in corrections if (correction.table, correction.id) == ("figures", entry.id)
    ):
        what = "" if each.field == "as_reported" else f"{each.field} "
        yield f"Corrected {wording.full_date(each.date)}: {what}“{each.was}” is now “{each.now}”. {each.reason}"


def _functions(formula: str) -> Iterator[tuple[str, str]]:
    """The functions of `toll.ledger.estimate` in a formula, each with the first sentence of its docstring."""
    from toll.ledger import estimate

    for name in dict.fromkeys(re.findall(r"\b(\w+)\(", formula)):
        meaning = (inspect.getdoc(getattr(estimate, name)) or "").split("\n\n")[0]
        yield f"toll.ledger.estimate.{name}", " ".join(meaning.split())


# --- Forward ---


def _forward(one: Publication, id: str) -> Iterator[str]:
    places = one.places(id)
    yield f"Printed in edition {one.edition}" if places else f"Not printed itself in edition {one.edition}"
    for where, parts in places.items():
        yield f"  {where}: {', '.join(parts)}"
        for part in parts:
            if text := one.texts.get(f"{where}: {part}"):
                yield from _wrapped(f"{part}: {text}", "    ")
        for folder, names in _by_folder(one.files.get(where, ())).items():
            yield from _wrapped(f"in {folder}: {' '.join(names)}", "    ")
    if using := one.uses(id):
        yield f"Used in these numbers of edition {one.edition}"
        width = max(len(entry.id) for entry in using)
        for entry in using:
            yield f"  {entry.id.ljust(width)}  {entry.text}, {', '.join(one.places(entry.id)) or 'not printed'}"


def _by_folder(paths: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        found.setdefault(folder, []).append(name)
    return found


# --- For programs ---


def as_dict(one: Publication, id: str, corrections: Corrections) -> dict[str, Any]:
    """All that `toll trace ID --json` says about a number of one edition."""
    own, *others = (_entry(one.ledger, entry, corrections) for entry in one.provenance(id))
    return {
        "edition": one.edition,
        "as_of": one.as_of,
        **own,
        "provenance": others,
        "printed": [
            {"where": where, "part": part, "text": one.texts.get(f"{where}: {part}"), "files": one.files.get(where, [])}
            for where, parts in one.places(id).items()
            for part in parts
        ],
        "used_in": [entry.id for entry in one.uses(id)],
    }


def _entry(ledger: Ledger, entry: Entry, corrections: Corrections) -> dict[str, Any]:
    found = {name: value for name, value in asdict(entry).items() if value not in ("", None)}
    found |= {name: str(value) for name, value in found.items() if isinstance(value, float) and isinf(value)}
    found |= {"text": entry.text, "inputs": entry.inputs.split()}
    if entry.formula:
        found["evaluated"] = formula.evaluated(entry, ledger.__getitem__)
    own = [
        index.correction_record(correction)
        for correction in corrections
        if (correction.table, correction.id) == ("figures", entry.id)
    ]
    return found | {"corrections": own}
