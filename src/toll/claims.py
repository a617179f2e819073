"""Claims and their verdicts: each tested by computation, with words that take their numbers from the ledger.

    claims = story.claims()
    claims.check("on_track", "holds", toll=toll, baseline=baseline)   # shows the verdict and what it rests on
    claims.check_sums()
    claims.table()

The words are in `words/fact-check.yml`, a block for each claim with `result`, what the computation shows, and
`how_sure`, how far to trust it. Sums have words of their own, here, unless the file has a block for one.
"""

from __future__ import annotations

import polars as pl

from toll import words_file
from toll.ledger.entry import Entry, Place
from toll.ledger.ledger import Ledger
from toll.ledger.verdicts import UNDECIDED, VERDICTS
from toll.ledger.words import Meaning
from toll.project import Project
from toll.tables import Said

FACT_CHECK = "fact-check"
PARTS = ("result", "how_sure")
_ADDED_UP = "The parts add up to {{ added }}; the source says {{ total.qualified }}."
_SOME_ADDED_UP = "Some of the parts alone add up to {{ added }}; the source says {{ total.qualified }}."
_COLUMNS = ("id", "claim", "verdict", "result", "how_sure", "source", "paragraph", "inputs")
_SCHEMA = {name: pl.Int64 if name == "paragraph" else pl.String for name in _COLUMNS}


class Claims:
    """The claims that had been made by the edition's date, and what has been found of each so far."""

    def __init__(self, project: Project, ledger: Ledger, table: pl.DataFrame):
        self._project, self._ledger = project, ledger
        self._claims = {claim["id"]: claim for claim in table.to_dicts()}
        self._checked: dict[str, dict[str, object]] = {}

    def __len__(self) -> int:
        return len(self._claims)

    def check(self, id: str, verdict: str, **names: Meaning) -> Said | None:
        """Give claim `id` its verdict, and show it. None where nobody had made the claim yet.

        `names` are the entries that the verdict rests on, and whatever else its words name. Where one of the entries
        was not known, the claim cannot be checked, and the reason is the result.
        """
        if id not in self._claims:
            return None
        block = words_file.load(self._project, FACT_CHECK, id, PARTS)
        return self._check(id, verdict, {part: template.text for part, template in block.parts.items()}, names)

    def check_sums(self) -> pl.DataFrame:
        """Add up every claimed total whose parts are known, and show what came out."""
        sums = [id for id, claim in self._claims.items() if claim["total"]]
        for id in sums:
            self._check_sum(id, self._claims[id])
        return self._frame(sums).select("claim", "verdict", "result")

    def table(self) -> pl.DataFrame:
        """All claims in their order: claim, verdict, result, how_sure, source, paragraph, inputs (ids).

        AssertionError while a claim has not been checked.
        """
        missing = self._claims.keys() - self._checked.keys()
        assert not missing, f"These claims have not been checked: {', '.join(sorted(missing))}."
        return self._frame(list(self._claims))

    def _frame(self, ids: list[str]) -> pl.DataFrame:
        return pl.DataFrame([{"id": id} | self._checked[id] for id in ids], schema=_SCHEMA)

    def _check_sum(self, id: str, claim: dict) -> None:
        total, parts, complete = self._ledger[claim["total"]], claim["parts"].split(), claim["complete"]
        label = f"Sum of the parts of {total.id}"
        added = self._ledger.calculate(f"sum_{id}", " + ".join(parts), total.unit, label)
        own = {self._ledger[part].source for part in parts} == {total.source}
        words = {
            "result": _ADDED_UP if complete else _SOME_ADDED_UP,
            "how_sure": "All figures come from the same report."
            if own
            else "The parts come from more than one source.",
        }
        if block := words_file.find(self._project, FACT_CHECK, id, PARTS):
            words = {part: template.text for part, template in block.parts.items()}
        meets = not total.surely_below(added) and not (complete and added.surely_below(total))
        self._check(id, "adds up" if meets else "does not add up", words, {"total": total, "added": added})

    def _check(self, id: str, verdict: str, words: dict[str, str], names: dict[str, Meaning]) -> Said:
        assert verdict in VERDICTS, f"“{verdict}” is no verdict. Choose one of: {', '.join(VERDICTS)}."
        claim, place = self._claims[id], Place("fact check", FACT_CHECK, id)
        entries = [each for name in names.values() for each in (name if isinstance(name, list) else [name])]
        inputs = [entry for entry in entries if isinstance(entry, Entry)]
        gap = self._ledger.gaps(claim["claim"], *words.values(), **names)
        found: dict[str, object] = {
            "claim": self._ledger.text(claim["claim"], place),
            "verdict": UNDECIDED if gap else verdict,
            "result": f"Not known then: {gap}." if gap else self._ledger.text(words["result"], place, **names),
            "how_sure": "" if gap else self._ledger.text(words["how_sure"], place, **names),
            "source": claim["source"],
            "paragraph": claim["locator"],
            "inputs": " ".join(dict.fromkeys(entry.id for entry in inputs if entry.known)),
        }
        self._checked[id] = found
        return Said("**{claim}** — *{verdict}*. {result} {how_sure}".format(**found), place)
