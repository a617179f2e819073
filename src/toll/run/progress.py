"""How far a run is: bars on a terminal; otherwise a line as each notebook, or each of many editions, ends."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

WAITING, STARTING, EXECUTING, PUBLISHING, DONE = "waiting", "starting", "executing", "publishing", "done"
MANY = 4  # editions: more than these are counted, not listed


class Event(NamedTuple):
    """From now on, `step` of `edition` is doing this; without a step, the edition as a whole is.

    `seconds` count from the start of the run. `cell` is the one that begins, of `cells`.
    """

    seconds: float
    edition: str
    step: str
    doing: str
    cell: int = 0
    cells: int = 0


Listener = Callable[[Event], None]


@contextmanager
def progress(editions: int) -> Iterator[Listener]:
    """Gives the function that shows each event of a run of so many editions."""
    if not sys.stderr.isatty():
        yield _counted(editions) if editions > MANY else _lines
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn

    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[at]}")
    with Progress(*columns, console=Console(stderr=True)) as display:
        bars: dict[tuple[str, str], TaskID] = {}
        whole = display.add_task("editions", total=editions, at="", visible=editions > MANY)

        def show(event: Event) -> None:
            name, ended, seconds = (event.edition, event.step), event.doing == DONE, f"{event.seconds:.1f} s"
            if event.step:
                if name not in bars:
                    bars[name] = display.add_task("/".join(name), total=1, at="")
                at = f"cell {event.cell} of {event.cells}" if event.doing == EXECUTING else event.doing
                share = 1.0 if ended else max(0, event.cell - 1) / (event.cells or 1)
                display.update(bars[name], completed=share, at=seconds if ended else at)
            elif ended:
                display.update(whole, advance=1, at=seconds)
                for own in [bar for bar in bars if bar[0] == event.edition and editions > MANY]:
                    display.remove_task(bars.pop(own))

        yield show


def _lines(event: Event) -> None:
    if event.step and event.doing == DONE:
        print(f"{event.edition}/{event.step}: {event.cells} cells, at {event.seconds:.1f} s", file=sys.stderr)


def _counted(editions: int) -> Listener:
    ended = 0

    def count(event: Event) -> None:
        nonlocal ended
        if not event.step and event.doing == DONE:
            ended += 1
            print(f"{ended} of {editions}: {event.edition}, at {event.seconds:.1f} s", file=sys.stderr)

    return count
