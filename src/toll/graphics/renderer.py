"""One of the processes of `toll.graphics.renderers`: takes orders from the queues that it inherits as descriptors."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import sys
from pathlib import Path

from toll.graphics.files import intact, keep
from toll.graphics.formats import warm_up
from toll.graphics.renderers import read
from toll.problems import Problem, Problems

POLITE = 10  # it takes the time that notebooks leave


def serve(queues: list[socket.socket]) -> None:
    """Takes orders, the first queue's first, until its standard input ends with its owner."""
    os.nice(POLITE)
    warm_up()
    while True:
        ready, _, _ = select.select([sys.stdin, *queues], [], [])
        if sys.stdin in ready:
            return
        with contextlib.suppress(BlockingIOError):  # another renderer was first
            connection, _ = next(queue for queue in queues if queue in ready).accept()
            with connection, contextlib.suppress(BrokenPipeError, ConnectionResetError):  # nobody waits any more
                connection.setblocking(True)
                obey(connection)


def obey(connection: socket.socket) -> None:
    """Draws what a connection orders, and answers with what was wrong."""
    try:
        folder, task = json.loads(read(connection))
    except ValueError:  # somebody only looked whether we are here, or was killed while speaking
        return
    problems: list[Problem] = []
    try:
        if not intact(Path(folder)):  # it may have come by both queues
            keep(task, Path(folder))
    except Problems as found:
        problems = found.problems
    connection.sendall(json.dumps([problem.as_dict() for problem in problems]).encode())


if __name__ == "__main__":
    serve([socket.socket(fileno=int(number)) for number in sys.argv[1:]])
