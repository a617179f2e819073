"""Run the whole grid of figures, wordings and days through the notebooks, and write docs/grid.md.

    python benchmarks/grid.py            # about ten minutes; nothing is drawn

Each cell ends as published, with every word linted, or as refused by `toll check`, with the sentence that says why.
"""

import multiprocessing
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from support import cells, grid, lints  # noqa: E402

_chain: list[grid.Chain] = []
_left_out: dict[str, dict[str, str]] = {}  # what each edition leaves out with the figures as they are


def run(cell: cells.Cell) -> tuple[str, str, list[str], dict[str, str]]:
    if not _chain:
        _chain.append(grid.Chain(Path(tempfile.mkdtemp()) / "project"))
        for edition in ("article", "hindsight"):
            _left_out[edition] = _chain[0].prepare(cells.ALL, edition).left_out
    outcome = _chain[0].run(cell.notebooks, cell.changes, cell.edition, **dict(cell.parameters))
    return (
        outcome.how,
        outcome.message,
        lints.faults(outcome) if outcome.how == "published" else [],
        {name: why for name, why in outcome.left_out.items() if name not in _left_out[cell.edition]},
    )


def draw(figure: str) -> tuple[int, list[str]]:
    """How many pictures of the chart that shows this figure were drawn, with other numbers, and what clashed."""
    made = grid.Chain(Path(tempfile.mkdtemp()) / "project")
    graphic, numbers = cells.DRAWN[figure]
    found: list[str] = []
    for number in numbers:
        cell = cells.Cell(figure, {figure: number})
        made.run(cell.notebooks[:-1], cell.changes)
        found += [f"{figure} {number}: {clash}" for clash in made.clashes("article", graphic)]
    return len(numbers), found


def table(kinds: dict[str, list[cells.Cell]], found: dict[str, tuple]) -> str:
    lines = [
        "| cells | tried | published | refused by the check | with one more graphic left out "
        "| lints that fired | crashes |"
    ]
    lines.append("|---|---|---|---|---|---|---|")
    for kind, group in kinds.items():
        counts = Counter(found[cell.name][0] for cell in group)
        faults = sum(len(found[cell.name][2]) for cell in group)
        left = sum(bool(found[cell.name][3]) for cell in group)
        lines.append(
            f"| {kind} | {len(group)} | {counts['published']} | {counts['refused']} | {left} | {faults} "
            f"| {counts['failed']} |"
        )
    return "\n".join(lines)


def main() -> None:
    kinds = {
        "every figure in every wording": cells.figures(),
        "two figures that are compared": cells.pairs(),
        "every day on which knowledge grew": cells.days(),
        "figures of other sources": cells.hindsight(),
    }
    every = [cell for group in kinds.values() for cell in group]
    with multiprocessing.get_context("spawn").Pool(int(os.environ.get("JOBS", "2"))) as pool:
        found = {}
        for cell, result in zip(every, pool.imap(run, every, chunksize=4), strict=True):
            found[cell.name] = result
            how, message, faults, _ = result
            if how == "failed" or faults:
                print(
                    f"{cell.name}: {how} {message[:300]}",
                    *(f"    {fault[:400]}" for fault in faults),
                    sep="\n",
                    flush=True,
                )
        drawn = pool.map(draw, cells.DRAWN, chunksize=1)
    clashes = [clash for _, group in drawn for clash in group]
    print(*clashes, sep="\n")
    text = table(kinds, found)
    text += (
        f"\n\nDrawn in every size: {sum(count for count, _ in drawn)} runs, {len(clashes)} refused by the layout check."
    )
    print(text)
    page = ROOT / "docs/grid.md"
    before, start, rest = page.read_text("utf-8").partition("<!-- table -->\n")
    _, end, after = rest.partition("<!-- end of table -->\n")
    page.write_text(f"{before}{start}{text}\n{end}{after}", "utf-8", newline="\n")


if __name__ == "__main__":
    main()
