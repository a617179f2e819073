"""The processes of a run, as seen by those who want something done in them; `server` starts them.

A call is a function by name, with arguments. A notebook is executed by a call in a process of its own. Whatever is
slow to start, such as a renderer, is called in helper processes, which stay: any process that the pool has started
can ask for that through the socket whose path is in its environment.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Client, Connection, Pipe
from pathlib import Path
from typing import Any

from toll.problems import Problem, Problems
from toll.run import process
from toll.run.worker import END, LATER, NOTEBOOK, NOW, Call, Message, Outcome, Settings

ADDRESS, DRAFTS = "TOLL_POOL", "TOLL_DRAFTS"  # in the environment
LONGEST = 300  # seconds until the next answer of a helper; then it counts as stuck
BACKLOG = 128


class Pool:
    """A server process and its workers, for one run or for many. Nothing that it started outlives `close`."""

    def __init__(self, settings: Settings, **environment: str):
        self.settings, self.running = settings, set[str]()
        self._folder = tempfile.TemporaryDirectory(prefix="toll-", dir=process.socket_folder())
        self.address = f"{self._folder.name}/calls"
        self._connection, theirs = Pipe()
        if settings.helpers:
            environment[ADDRESS] = self.address
        with socket.socket(socket.AF_UNIX) as listener, theirs:
            listener.bind(self.address)
            listener.listen(BACKLOG)
            descriptors = theirs.fileno(), listener.fileno()
            self._server = subprocess.Popen(
                process.python("toll.run.server", *descriptors),
                stdin=subprocess.DEVNULL,
                pass_fds=descriptors,
                env=process.environment() | environment,
                start_new_session=True,  # Ctrl-C is the runner's to handle
            )
        self._connection.send(settings)

    def start(self, scratch: Path, **job: Any) -> None:
        """Execute a notebook in a process of its own; see `execute`. The folder is the key of the call."""
        job |= {"engine": self.settings.engine, "timeout": int(self.settings.cell_seconds) + 5}
        self.running.add(str(scratch))
        self._send(NOTEBOOK, Call(str(scratch), "toll.run.execute:execute", (scratch, job)))

    def end(self, key: str) -> None:
        """End a notebook; its message comes as for any that ends."""
        self._send(END, Call(key, ""))

    def _send(self, what: str, call: Call) -> None:
        with contextlib.suppress(OSError):  # `messages` says so
            self._connection.send((what, [call]))

    def messages(self, every: float | None = None) -> Iterator[Message | None]:
        """What happens, for as long as notebooks are running; None when nothing has happened for so many seconds."""
        while self.running:
            try:
                message = self._connection.recv() if self._connection.poll(every) else None
            except (EOFError, OSError):
                raise RuntimeError(f"The notebook server {process.cause(self._server.wait())}.") from None
            if message and message.outcome:
                self.running.discard(message.key)
            yield message

    def close(self) -> None:
        self._connection.close()
        if not self.running:  # it has nothing to clear away, and may be busy importing
            self._server.kill()
        try:
            self._server.wait(5)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        self._folder.cleanup()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


# --- Calls of any process ---


@contextmanager
def helpers(count: int, warm_up: str) -> Iterator[None]:
    """Helper processes for the calls of this process, for as long as the block takes."""
    with Pool(Settings(engine="", warm_up=warm_up, helpers=count)) as pool:
        os.environ[ADDRESS] = pool.address
        try:
            yield
        finally:
            del os.environ[ADDRESS]


def has_helpers() -> bool:
    return Path(os.environ.get(ADDRESS, "/nowhere")).exists()


def _client() -> Connection:
    return Client(os.environ[ADDRESS], "AF_UNIX")


def make(calls: Iterable[Call]) -> None:
    """Have the calls made, and wait. Raises Problems with everything that was wrong, RuntimeError if a call broke."""
    waiting, problems = list(calls), list[Problem]()
    try:
        with _client() as pool:
            pool.send((NOW, waiting))
            for _ in waiting:
                if not pool.poll(LONGEST):
                    raise TimeoutError(f"no answer for {LONGEST} seconds")
                outcome: Outcome = pool.recv().outcome
                if outcome.error:
                    raise RuntimeError(outcome.error)
                problems += outcome.problems
    except (OSError, EOFError) as error:
        raise RuntimeError(f"The pool of helper processes stopped ({error or type(error).__name__}).") from None
    if problems:
        raise Problems(problems)


def make_ahead(calls: Iterable[Call]) -> None:
    """Have the calls made when there is nothing else to do."""
    with contextlib.suppress(OSError), _client() as pool:
        pool.send((LATER, list(calls)))


def show_draft(name: str, content: bytes) -> None:
    """Under `toll watch`, show what will be published as figures/`name`."""
    if folder := os.environ.get(DRAFTS):
        target = Path(folder, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.{os.getpid()}")
        part.write_bytes(content)
        part.replace(target)
