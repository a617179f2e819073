"""Processes that draw, kept warm: the renderer takes half a second to start, a picture a tenth.

They wait at two Unix sockets in one folder, whose path is in the environment while they run: what somebody waits for
goes to `now`, what will be wanted soon to `later`. A connection is one order, so the sockets' own queues are the
queues of orders, and whichever process is idle takes the next.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from toll.problems import Problem, Problems, Where

POSSIBLE = hasattr(socket, "AF_UNIX")
ADDRESS = "TOLL_RENDERERS"
NOW, LATER = "now", "later"
LOG = "log.txt"
LONGEST = 300  # seconds that an order may take, those before it included, before the renderers count as stuck
BACKLOG = 128
# What they must not inherit: dates, sorting and the order of parallel work have to be the same everywhere.
ENVIRONMENT = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "RAYON_NUM_THREADS": "1"}

Task = dict[str, Any]


@contextmanager
def running(count: int, ahead: bool = True) -> Iterator[None]:
    """Runs `count` renderers for as long as the block takes; `ahead`: they also draw what nobody waits for yet."""
    with tempfile.TemporaryDirectory(prefix="toll-") as folder, ExitStack() as ends:
        queues = [_listen(Path(folder, name)) for name in ([NOW, LATER] if ahead else [NOW])]
        for _ in range(count):
            ends.callback(_end, _start(queues, Path(folder)))
        for queue in queues:
            queue.close()  # when the last renderer has ended nobody may wait for one
        os.environ[ADDRESS] = folder
        try:
            yield
        finally:
            del os.environ[ADDRESS]


def are_running() -> bool:
    """Whether there is anybody to draw `now`."""
    try:
        _connect(NOW).close()
    except (OSError, KeyError):
        return False
    return True


def draw(orders: dict[Path, Task]) -> None:
    """Has the tasks drawn, each into its folder, and waits. Raises Problems with all that was wrong."""
    try:
        waiting = [_order(NOW, folder, task) for folder, task in orders.items()]
        problems = [problem for connection in waiting for problem in _answer(connection)]
    except OSError as error:
        log = Path(os.environ[ADDRESS], LOG).read_text("utf-8", "replace")
        raise RuntimeError(f"A process that draws graphics stopped ({error}).\n{log}") from None
    if problems:
        raise Problems(problems)


def draw_ahead(orders: dict[Path, Task]) -> None:
    """Has the tasks drawn when nothing else is to do, if there is anybody who does such work."""
    with contextlib.suppress(OSError, KeyError):
        for folder, task in orders.items():
            _order(LATER, folder, task).close()


def _connect(queue: str) -> socket.socket:
    address = f"{os.environ[ADDRESS]}/{queue}"
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(LONGEST)
    try:
        connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection


def _order(queue: str, folder: Path, task: Task) -> socket.socket:
    connection = _connect(queue)
    connection.sendall(json.dumps([str(folder), task]).encode())
    connection.shutdown(socket.SHUT_WR)
    return connection


def _answer(connection: socket.socket) -> list[Problem]:
    with connection:
        answer = read(connection)
    if not answer:
        raise ConnectionAbortedError("without an answer")
    return [Problem(Where(*where), message, hint) for *where, message, hint in map(dict.values, json.loads(answer))]


def read(connection: socket.socket) -> bytes:
    """All that the other side sends."""
    return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def _listen(path: Path) -> socket.socket:
    queue = socket.socket(socket.AF_UNIX)
    queue.bind(str(path))
    queue.listen(BACKLOG)
    queue.setblocking(False)  # another renderer may be first
    return queue


def _start(queues: list[socket.socket], folder: Path) -> subprocess.Popen:
    numbers = [queue.fileno() for queue in queues]
    command = [sys.executable, "-P", "-m", "toll.graphics.renderer", str(folder), *map(str, numbers)]
    with Path(folder, LOG).open("a") as said:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            pass_fds=numbers,
            env=os.environ | ENVIRONMENT,
            start_new_session=True,
        )


def _end(renderer: subprocess.Popen) -> None:
    renderer.kill()
    renderer.stdin.close()
    renderer.wait()
