"""A process of the server, which makes the calls that come through its connection, and what all of them say.

A helper stays and makes many calls; the process of a notebook makes one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from toll.problems import Problem, Problems
from toll.run import process

DEFAULT_ENGINE = "fork" if hasattr(os, "fork") else "kernel"
CELL_SECONDS = 600.0  # the longest that one cell may run
NOTEBOOK, NOW, LATER, END = "notebook", "now", "later", "end"  # what to do with calls

report: Callable[[int], None]  # tells the server which cell begins


class Settings(NamedTuple):
    """How a pool works. `preload` and `warm_up` name functions, MODULE:FUNCTION.

    The server calls `preload` before it starts anything, and a helper `warm_up` before its first call. `helpers` is how
    many there may be. If they work `ahead`, one is always left for calls that someone waits for.
    """

    engine: str = DEFAULT_ENGINE
    cell_seconds: float = CELL_SECONDS
    preload: str = ""
    warm_up: str = ""
    helpers: int = 0
    ahead: bool = False


class Call(NamedTuple):
    """`function` is MODULE:FUNCTION. Calls with the same `key` are the same call, which is made once."""

    key: str
    function: str
    arguments: tuple[Any, ...] = ()


class Outcome(NamedTuple):
    """What went wrong: problems for people, or an error, of a notebook with the number of its cell."""

    problems: list[Problem]
    error: str = ""
    cell: int | None = None


class Message(NamedTuple):
    """What happened to a call: a cell began, or it ended."""

    key: str
    cell: int = 0
    outcome: Outcome | None = None


class Failure(Exception):
    """What stopped a notebook, and in which cell (None if it is no cell's fault)."""

    def __init__(self, cell: int | None, error: str):
        super().__init__(cell, error)


def main(connection: Connection, parent: int, warm_up: str) -> None:
    """Make calls until the server has no more."""
    global report
    report = connection.send
    os.setsid()
    process.die_with(parent)
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    ready = _make(Call("", warm_up)) if warm_up else Outcome([])
    while True:
        try:
            call = connection.recv()
        except EOFError:
            return
        connection.send(_make(call) if ready == Outcome([]) else ready)


def _make(call: Call) -> Outcome:
    try:
        with process.without_slow_imports():
            function = process.function(call.function)
        function(*call.arguments)
    except Problems as found:
        return Outcome(found.problems)
    except Failure as failure:
        cell, error = failure.args
        return Outcome([], error, cell)
    except Exception as error:
        return Outcome([], f"{type(error).__name__}: {error}")
    return Outcome([])


if __name__ == "__main__":
    from toll.run import worker  # the module that functions know

    descriptor, parent, warm_up = sys.argv[1:]
    worker.main(Connection(int(descriptor)), int(parent), warm_up)
