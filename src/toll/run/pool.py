"""The runner's end of `toll.run.server`: start notebooks, hear what happens to them."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from toll.run import process

CELL_SECONDS = 600.0  # the longest that one cell may run


@dataclass(frozen=True)
class Event:
    """Something that happened to the job in a scratch folder: a cell began, or its process ended.

    Without a folder: the server has imported what it imports.
    """

    scratch: Path | None
    cell: int | None = None
    exit: int | None = None
    late: bool = False  # ended because its cell took too long


class Pool:
    """A server process and its workers, for one run or for many. Close it: nothing that it started outlives it."""

    def __init__(self, engine: str, cell_seconds: float = CELL_SECONDS):
        self.engine, self.cell_seconds = engine, cell_seconds
        self.ready = False
        self.notes: list[str] = []
        self._queue: queue.SimpleQueue[dict[str, object] | None] = queue.SimpleQueue()
        self._deadlines: dict[Path, float] = {}
        self._late: set[Path] = set()
        self._server = subprocess.Popen(
            process.python("toll.run.server", engine),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=process.environment(),
            start_new_session=True,  # Ctrl-C is the runner's to handle
        )
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in self._server.stdout:
            self._queue.put(json.loads(line))
        self._queue.put(None)

    def _tell(self, **command: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # `events` says so
            self._server.stdin.write((json.dumps(command) + "\n").encode())
            self._server.stdin.flush()

    def start(self, scratch: Path, **job: object) -> None:
        """Executes a notebook: `notebook`, `output`, `cwd` (paths) and `parameters`; see `worker`."""
        # The worker's own limit, for kernels, comes after ours: ours ends the process whatever it does.
        job |= {"engine": self.engine, "timeout": int(self.cell_seconds) + 5}
        (scratch / "job.json").write_text(json.dumps(job, default=str))
        self._deadlines[scratch] = float("inf")  # until its first cell
        self._tell(start=str(scratch))

    @property
    def running(self) -> int:
        """How many jobs have been started and have not ended."""
        return len(self._deadlines)

    def events(self) -> Iterator[Event]:
        """What happens, for as long as jobs are running."""
        while self._deadlines:
            wait = min(self._deadlines.values()) - time.monotonic()
            try:
                said = self._queue.get(timeout=max(0.0, wait) if wait < 1e6 else None)
            except queue.Empty:
                self._end_late_ones()
                continue
            if said is None:
                raise RuntimeError(f"the notebook server ended with code {self._server.wait()}")
            if "note" in said:
                self.notes.append(said["note"])
                print(said["note"], file=sys.stderr)
                continue
            if "ready" in said:
                self.ready = True
                yield Event(None)
                continue
            scratch = Path(said["job"])
            if "exit" in said:
                del self._deadlines[scratch]
                late = scratch in self._late
                self._late.discard(scratch)
                yield Event(scratch, exit=said["exit"], late=late)
            elif scratch in self._deadlines:
                self._deadlines[scratch] = time.monotonic() + self.cell_seconds
                yield Event(scratch, cell=said["cell"])

    def _end_late_ones(self) -> None:
        now = time.monotonic()
        for scratch in [scratch for scratch, deadline in self._deadlines.items() if deadline <= now]:
            self._late.add(scratch)
            self._deadlines[scratch] = float("inf")
            self._tell(kill=str(scratch))

    def end(self, scratch: Path) -> None:
        """Ends a job; its event comes as for any that ends."""
        self._tell(kill=str(scratch))

    def close(self) -> None:
        if not self._deadlines:  # it has no children, and may be busy importing
            self._server.kill()
        with contextlib.suppress(BrokenPipeError):
            self._server.stdin.close()
        try:
            self._server.wait(5)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_) -> None:
        self.close()
