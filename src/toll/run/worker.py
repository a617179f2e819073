"""A process that the server has started, and that makes the calls which come through its connection."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from toll.problems import Problems
from toll.run import process
from toll.run.messages import Call, Outcome

POLITE = 10  # how nice a helper is that works ahead

report: Callable[[int], None]  # tells the server which cell begins


class Failure(Exception):
    """What stopped a notebook, and in which cell (None if it is no cell's fault)."""

    def __init__(self, cell: int | None, error: str):
        super().__init__(cell, error)


def main(connection: Connection, parent: int) -> None:
    """Make calls until the server has no more. Its first message says what to warm up, and whether to be polite."""
    global report
    report = connection.send
    os.setsid()
    process.die_with(parent)
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    warm_up, polite = connection.recv()
    if polite:
        _be_polite()
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


def _be_polite() -> None:
    """Leave the cores to notebooks: within the session and, on Linux, as a session beside others."""
    os.nice(POLITE)
    for _ in range(20):
        try:
            Path("/proc/self/autogroup").write_text(str(POLITE))
        except BlockingIOError:  # the kernel takes one such request from everyone together in a tenth of a second
            time.sleep(0.1)
        except OSError:  # this kernel does not weigh sessions
            return
        else:
            return


if __name__ == "__main__":
    from toll.run import worker  # the module that functions know

    worker.main(Connection(int(sys.argv[1])), int(sys.argv[2]))
