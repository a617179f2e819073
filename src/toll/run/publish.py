"""All or nothing: a finished run replaces what was published, or leaves it untouched, whenever it is interrupted.

What a run made lies ready on the same file system, flushed to disk. The run counts from the moment at which the
journal is written. Before it nothing has been touched, and the stage is waste. After it each file is moved into place
by rename; if that is interrupted, the next start completes it from the journal. If a move fails (because of a
read-only folder, say), the others are undone, from links to the old files made beforehand.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from toll.problems import Problem, Problems, Where
from toll.project import Project
from toll.run.plan import interrupted, journal

Moves = dict[str, str | None]  # path in the project: path of the new file in the stage, None: to be deleted


@contextmanager
def sole_run(project: Project) -> Iterator[None]:
    """Hold the project's lock, on a project as the last run left it or would have. Raises Problems if it is held."""
    from filelock import FileLock, Timeout

    project.work.mkdir(exist_ok=True)
    try:
        with FileLock(project.work / "lock", timeout=0):
            recover(project)
            yield
    except Timeout:
        hint = "Nothing was changed; wait for it to end."
        raise Problems([Problem(Where(".toll/lock"), "Another run is in progress.", hint)]) from None


def recover(project: Project) -> None:
    """Complete an interrupted publication and clear away what dead runs left. Call it under the lock only."""
    if interrupted(project):
        order = json.loads(journal(project).read_text())
        _apply(project, project.root / order["stage"], order["moves"])
    shutil.rmtree(project.work / "stage", ignore_errors=True)


def commit(project: Project, stage: Path, moves: Moves) -> None:
    """Publish the files of a stage. Raises Problems, with everything as it was, if one cannot be put in place."""
    old = stage / "old"
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        for path, new in moves.items():
            if new is not None:
                _sync(stage / new)
            if (project.root / path).exists():
                (old / path).parent.mkdir(parents=True, exist_ok=True)
                _keep(project.root / path, old / path)
        order = {"stage": stage.relative_to(project.root).as_posix(), "moves": moves}
        _write(journal(project), json.dumps(order))
        _apply(project, stage, moves)
    except OSError as error:
        raise _unpublished(error) from None
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _apply(project: Project, stage: Path, moves: Moves) -> None:
    """Move the files into place; may be repeated. Ends with the journal gone, one way or the other."""
    try:
        for path, new in moves.items():
            target = project.root / path
            if new is None:
                target.unlink(missing_ok=True)
                _drop_empty_folders(project, target.parent)
            elif (stage / new).exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                (stage / new).replace(target)
    except OSError as error:
        _undo(project, stage, moves)
        _settle(project, moves)
        raise _unpublished(error) from None
    _settle(project, moves)


def _settle(project: Project, moves: Moves) -> None:
    for folder in {(project.root / path).parent for path in moves}:
        _sync(folder)
    journal(project).unlink()
    _sync(project.work)


def _undo(project: Project, stage: Path, moves: Moves) -> None:
    for path, new in moves.items():
        target, kept = project.root / path, stage / "old" / path
        if kept.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            kept.replace(target)
        elif new is not None and not (stage / new).exists():
            target.unlink(missing_ok=True)


def _keep(file: Path, link: Path) -> None:
    try:
        os.link(file, link)
    except OSError:  # a file system without links
        shutil.copy2(file, link)


def _drop_empty_folders(project: Project, folder: Path) -> None:
    with contextlib.suppress(OSError):  # the first that is not empty
        while folder != project.root:
            folder.rmdir()
            folder = folder.parent


def _write(file: Path, text: str) -> None:
    draft = file.with_suffix(".draft")
    draft.write_text(text)
    _sync(draft)
    draft.replace(file)
    _sync(file.parent)


def _sync(path: Path) -> None:
    """Flush a file, or a folder's list of files, to disk."""
    with contextlib.suppress(FileNotFoundError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _unpublished(error: OSError) -> Problems:
    where = Where(str(error.filename2 or error.filename or ".toll"))
    hint = "Nothing was changed. Make room, or correct the permissions."
    return Problems([Problem(where, f"The new file could not be put here: {error.strerror}.", hint)])
