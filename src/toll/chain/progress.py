"""How far a run is: a bar for each notebook on a terminal, otherwise a line as each one ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from toll.chain.run import Moment, Watch


@contextmanager
def progress() -> Iterator[Watch]:
    """Gives the function to be told of each moment of a run."""
    if not sys.stderr.isatty():
        yield _lines
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[at]}")
    bars: dict[tuple[str, str], int] = {}
    with Progress(*columns, console=Console(stderr=True)) as display:

        def show(moment: Moment) -> None:
            name = moment.edition, moment.step
            if name not in bars:
                bars[name] = display.add_task("/".join(name), total=moment.cells, at="")
            ended = moment.cell is None
            now = f"cell {moment.cell} of {moment.cells}" if moment.cell else "starting"
            at = f"{moment.seconds:.1f} s" if ended else now
            done = moment.cells if ended else max(0, moment.cell - 1)
            display.update(bars[name], completed=done, at=at)

        yield show


def _lines(moment: Moment) -> None:
    if moment.cell is None:
        print(
            f"{moment.edition}/{moment.step}: {moment.cells} cells, at {moment.seconds:.1f} s",
            file=sys.stderr,
        )
