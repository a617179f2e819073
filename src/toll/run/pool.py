"""The runner's end of `toll.run.server`: start notebooks, and hear what happens to them."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Pipe
from pathlib import Path
from typing import Any, NamedTuple

from toll.run import calls, process
from toll.run.worker import Result

CELL_SECONDS = 600.0  # the longest that one cell may run
DEFAULT_ENGINE = "fork" if hasattr(os, "fork") else "kernel"
BACKLOG = 128


class Settings(NamedTuple):
    """How a pool works.

    `preload` and `warm_up` name functions, MODULE:FUNCTION: what the server calls before it starts anything, and what
    a helper calls before its first call. `prompt` helpers make only calls that someone waits for; `polite` ones also
    make calls ahead of time, in the processor time that others leave.
    """

    engine: str = DEFAULT_ENGINE
    cell_seconds: float = CELL_SECONDS
    preload: str = ""
    warm_up: str = ""
    prompt: int = 0
    polite: int = 0


class Message(NamedTuple):
    """What happened to the job in a scratch folder: a cell began, or its process ended.

    `late`: it was ended because its cell took too long. `result` is None if the process did not live to give one.
    """

    scratch: Path
    cell: int | None = None
    exit: int | None = None
    late: bool = False
    result: Result | None = None


class Pool:
    """A server process and its workers, for one run or for many. Nothing that it started outlives `close`."""

    def __init__(self, settings: Settings, **environment: str):
        self.settings, self.running = settings, set[Path]()
        self._folder = tempfile.TemporaryDirectory(prefix="toll-")
        self.address = f"{self._folder.name}/calls"
        self._connection, theirs = Pipe()
        if settings.prompt:
            environment[calls.ADDRESS] = self.address
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
        """Execute a notebook: `notebook`, `output`, `cwd` (paths) and `parameters`; see `worker`."""
        self.running.add(scratch)
        self._send("start", scratch, job)

    def end(self, scratch: Path) -> None:
        """End a job; its message comes as for any that ends."""
        self._send("end", scratch)

    def _send(self, *order: Any) -> None:
        with contextlib.suppress(OSError):  # `messages` says so
            self._connection.send(order)

    def messages(self, every: float | None = None) -> Iterator[Message | None]:
        """What happens, for as long as jobs are running; None whenever nothing has happened for so many seconds."""
        while self.running:
            try:
                if not self._connection.poll(every):
                    yield None
                    continue
                message: Message = self._connection.recv()
            except (EOFError, OSError):
                raise RuntimeError(f"The notebook server ended with code {self._server.wait()}.") from None
            if message.exit is not None:
                self.running.discard(message.scratch)
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


@contextmanager
def helpers(count: int, warm_up: str) -> Iterator[None]:
    """Helper processes for the calls of this process, for as long as the block takes."""
    with Pool(Settings(engine="", warm_up=warm_up, prompt=count)) as pool:
        os.environ[calls.ADDRESS] = pool.address
        try:
            yield
        finally:
            del os.environ[calls.ADDRESS]
