"""`toll watch`: what is saved is run again at once, with everything that depends on it."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from toll.project import Project
from toll.run.imports import PACKAGE

LOOK_EVERY = 0.15  # seconds
SETTLED = 0.03  # seconds: whoever is still writing is waited for

Look = dict[str, tuple[int, int]]


def look(folder: Path, *without: Path) -> Look:
    """Time and size of every file: whether they may have changed. What did is decided by content."""
    found: Look = {}
    for place, folders, files in os.walk(folder):
        hidden = (".", "__pycache__")
        folders[:] = [name for name in folders if not name.startswith(hidden) and Path(place, name) not in without]
        for file in (Path(place, name) for name in files):
            with contextlib.suppress(FileNotFoundError):
                found[str(file)] = file.stat().st_mtime_ns, file.stat().st_size
    return found


def watch(project: Project, react: Callable[[], None]) -> None:
    """Calls `react` now and after each change, until this package's own code changes: that takes a new start."""
    code, seen = look(PACKAGE), None
    while look(PACKAGE) == code:
        now = look(project.root, project.figures, project.processed("."))
        if now == seen:
            time.sleep(LOOK_EVERY)
            continue
        time.sleep(SETTLED)
        if now == look(project.root, project.figures, project.processed(".")):
            seen = now
            react()


def start_anew() -> None:
    """Replaces this process by the same command, with the code as it is now."""
    os.execv(sys.executable, [sys.executable, "-m", "toll", *sys.argv[1:]])
