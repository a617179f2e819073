"""One of the processes of `toll.graphics.renderers`: takes orders from the queues that it inherits as descriptors."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import sys
import time
from pathlib import Path

from filelock import FileLock

from toll.graphics.export import intact, keep
from toll.graphics.formats import warm_up
from toll.graphics.renderers import read
from toll.problems import Problem, Problems

POLITE = 10  # it takes the time that notebooks leave
TRIES = 20


def serve(queues: list[socket.socket], claims: Path) -> None:
    """Takes orders, the first queue's first, until its standard input ends with its owner.

    `claims` is a folder that all renderers of one owner share.
    """
    be_polite()
    warm_up()
    while True:
        ready, _, _ = select.select([sys.stdin, *queues], [], [])
        if sys.stdin in ready:
            return
        with contextlib.suppress(BlockingIOError):  # another renderer was first
            connection, _ = next(queue for queue in queues if queue in ready).accept()
            with connection, contextlib.suppress(BrokenPipeError, ConnectionResetError):  # nobody waits any more
                connection.setblocking(True)
                obey(connection, claims)


def be_polite() -> None:
    """Leaves the cores to notebooks: within the session, and on Linux also as a session beside others."""
    os.nice(POLITE)
    for _ in range(TRIES):
        try:
            Path("/proc/self/autogroup").write_text(str(POLITE))
        except BlockingIOError:  # the kernel takes one such wish in a tenth of a second from all together
            time.sleep(0.1)
        except OSError:  # it does not weigh sessions
            return
        else:
            return


def obey(connection: socket.socket, claims: Path) -> None:
    """Draws what a connection orders, and answers with what was wrong."""
    try:
        entry, task = json.loads(read(connection))
    except ValueError:  # somebody only looked whether we are here, or was killed while speaking
        return
    entry = Path(entry)
    problems: list[Problem] = []
    try:
        with FileLock(claims / f"{entry.name}.lock"):  # it may come by both queues; the second waits for the first
            if not intact(entry):
                keep(task, entry)
    except Problems as found:
        problems = found.problems
    connection.sendall(json.dumps([problem.as_dict() for problem in problems]).encode())


if __name__ == "__main__":
    claims, *numbers = sys.argv[1:]
    serve([socket.socket(fileno=int(number)) for number in numbers], Path(claims))
