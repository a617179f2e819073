"""The processes that run notebooks: what they inherit, which threads they have, when they die."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# A run must not depend on who starts it: of the caller's environment only what finds programs, folders and processes
# is kept.
KEPT = (
    *("HOME", "PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONPATH", "TMPDIR", "XDG_CACHE_HOME"),
    "TOLL_RENDERERS",
)
FIXED = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0", "POLARS_MAX_THREADS": "1"}

# Threads that importing polars starts and that hold no lock while they wait: a fork beside them is safe.
QUIET_THREADS = frozenset({"jemalloc_bg_thd", "polars-ooc-clea"})

SLOW = ("rfc3987_syntax", "rfc3986_validator", "isoduration")


def environment() -> dict[str, str]:
    """The environment of every process that runs a notebook."""
    return {name: os.environ[name] for name in KEPT if name in os.environ} | FIXED


def python(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of this package, without the current folder on its path."""
    return [sys.executable, "-P", "-m", module, *arguments]


def busy_threads() -> list[str]:
    """Threads of this process beside the main one that may hold a lock; a name that nobody knows counts as
    busy."""
    tasks = Path("/proc/self/task")
    if not tasks.is_dir():
        return ["unknown (this system does not list threads)"]
    names = [(task / "comm").read_text().strip() for task in tasks.iterdir() if task.name != str(os.getpid())]
    return sorted(name for name in names if name not in QUIET_THREADS)


@contextmanager
def without_slow_imports() -> Iterator[None]:
    """Hides modules from those who import them now: one compiles its grammar for longer than all else takes together.

    jsonschema, which nbformat and altair import, wants them for formats (iri, uri, duration) that those do not use.
    """
    for name in SLOW:
        sys.modules.setdefault(name, None)  # reads as "not installed"
    try:
        yield
    finally:
        for name in SLOW:
            if sys.modules[name] is None:
                del sys.modules[name]


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def die_with(parent: int) -> None:
    """Kills this process when `parent`, the process that started it, ends (Linux; elsewhere only at the
    start)."""
    _prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Makes this process the parent of whatever its descendants leave behind, so that it can end it (Linux)."""
    _prctl(36, 1)  # PR_SET_CHILD_SUBREAPER


def children() -> set[int]:
    """The child processes of this process, adopted ones too (Linux; elsewhere none are seen)."""
    listing = Path(f"/proc/self/task/{os.getpid()}/children")
    return {int(pid) for pid in listing.read_text().split()} if listing.exists() else set()
