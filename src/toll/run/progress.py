"""How far a run is: a line as each notebook, or each of many editions, ends; on a terminal also what is running."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

WAITING, STARTING, EXECUTING, PUBLISHING, DONE = "waiting", "starting", "executing", "publishing", "done"
MANY = 4  # editions: more than these are counted, not listed
WIDTH = 100  # of the line that says what is running


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
    running: dict[str, str] = {}
    ended, terminal, many = 0, sys.stderr.isatty(), editions > MANY
    clear = "\r\x1b[K" if terminal else ""

    def show(event: Event) -> None:
        nonlocal ended
        name = f"{event.edition}/{event.step}" if event.step else event.edition
        running[name] = f"{name} {event.cell}/{event.cells}" if event.doing == EXECUTING else f"{name} {event.doing}"
        if event.doing == DONE:
            del running[name]
            ended += not event.step
            what = f"{ended} of {editions}: {name}" if many else f"{name}: {event.cells} cells"
            if many != bool(event.step):
                print(f"{clear}{what}, at {event.seconds:.1f} s", file=sys.stderr)
        if terminal:
            print(f"{clear}{'  '.join(running.values())[:WIDTH]}", end="", file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        print(clear, end="", file=sys.stderr)
