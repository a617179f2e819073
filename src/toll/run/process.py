"""The processes of a run: what they inherit, which threads they have, when they die."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# A run must not depend on who starts it. Of the caller's environment it keeps only what finds programs, folders and
# processes.
KEPT = ("HOME", "PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONPATH", "TMPDIR", "XDG_CACHE_HOME")
FIXED = {
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "POLARS_MAX_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "TQDM_DISABLE": "1",  # a progress bar ends with the time that it took
}
# Threads that polars starts on import and that hold no lock while they wait: it is safe to fork beside them.
QUIET_THREADS = frozenset({"jemalloc_bg_thd", "polars-ooc-clea"})
SLOW = {"debugpy", "boto3", "rfc3987_syntax", "rfc3986_validator", "isoduration"}


def environment() -> dict[str, str]:
    """The environment of every process that runs a notebook."""
    return {name: os.environ[name] for name in KEPT if name in os.environ} | FIXED


def socket_folder() -> str | None:
    """Where temporary folders for sockets go, whose paths have room for some hundred bytes; TMPDIR may be longer."""
    return None if len(os.fsencode(tempfile.gettempdir())) < 60 else "/tmp"


def python(module: str, *arguments: object) -> list[str]:
    """The command that runs a module of this package, without the current folder on its path."""
    return [sys.executable, "-P", "-m", module, *map(str, arguments)]


def function(name: str) -> Callable[..., Any]:
    """The function that MODULE:FUNCTION names."""
    module, _, own = name.partition(":")
    return getattr(importlib.import_module(module), own)


def busy_threads() -> list[str]:
    """Threads of this process beside the main one that may hold a lock; any that we don't know counts as busy."""
    tasks = Path("/proc/self/task")
    if not tasks.is_dir():
        return ["unknown (this system does not list threads)"]
    names = [(task / "comm").read_text().strip() for task in tasks.iterdir() if task.name != str(os.getpid())]
    return sorted(name for name in names if name not in QUIET_THREADS)


@contextmanager
def without_slow_imports() -> Iterator[None]:
    """Hide some modules from what is imported now: one of them takes longer to import than everything else together.

    jsonschema, which nbformat and altair import, wants them for formats (iri, uri, duration) that those don't use.
    """
    hidden = dict.fromkeys(SLOW - sys.modules.keys())
    sys.modules.update(hidden)  # type: ignore[arg-type]  # None reads as "not installed"
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def die_with(parent: int) -> None:
    """Kill this process when `parent`, which started it, ends (Linux; elsewhere only if it has ended already)."""
    _prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Make this process the parent of whatever its descendants leave behind, so that it can end it (Linux)."""
    _prctl(36, 1)  # PR_SET_CHILD_SUBREAPER


def children() -> set[int]:
    """The child processes of this process, adopted ones included (Linux; elsewhere it sees none)."""
    listing = Path(f"/proc/self/task/{os.getpid()}/children")
    return {int(pid) for pid in listing.read_text().split()} if listing.exists() else set()


def cause(code: int) -> str:
    """What happened to a process, by its exit code."""
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


def end(pid: int) -> None:
    """End a process and its group, if they are still there."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)
