"""How far a run is: bars on a terminal, otherwise a line as each notebook, or each of many editions, ends."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from toll.run.runner import DONE, EXECUTING, Moment

Watch = Callable[[Moment], None]
MANY = 4  # editions: more than these are counted, not listed


@contextmanager
def progress(editions: int) -> Iterator[Watch]:
    """Gives the function to be told of each moment of a run of so many editions."""
    if not sys.stderr.isatty():
        yield _counted(editions) if editions > MANY else _lines
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[at]}")
    with Progress(*columns, console=Console(stderr=True)) as display:
        bars: dict[tuple[str, str], int] = {}
        whole = display.add_task("editions", total=editions, at="", visible=editions > MANY)

        def show(moment: Moment) -> None:
            name = moment.edition, moment.step
            if not moment.edition:
                return
            if moment.step and name not in bars:
                bars[name] = display.add_task("/".join(name), total=1, at="")
            at = f"cell {moment.cell} of {moment.cells}" if moment.doing == EXECUTING else moment.doing
            if moment.step:
                ended = moment.doing == DONE
                share = 1.0 if ended else max(0, moment.cell - 1) / (moment.cells or 1)
                display.update(bars[name], completed=share, at=f"{moment.seconds:.1f} s" if ended else at)
            elif moment.doing == DONE:
                display.update(whole, advance=1, at=f"{moment.seconds:.1f} s")
                for gone in [bar for bar in bars if bar[0] == moment.edition and editions > MANY]:
                    display.remove_task(bars.pop(gone))

        yield show


def _lines(moment: Moment) -> None:
    if moment.edition and moment.step and moment.doing == DONE:
        at = f"{moment.cells} cells, at {moment.seconds:.1f} s"
        print(f"{moment.edition}/{moment.step}: {at}", file=sys.stderr)


def _counted(editions: int) -> Watch:
    ended = 0

    def count(moment: Moment) -> None:
        nonlocal ended
        if moment.edition and not moment.step and moment.doing == DONE:
            ended += 1
            print(f"{ended} of {editions}: {moment.edition}, at {moment.seconds:.1f} s", file=sys.stderr)

    return count
