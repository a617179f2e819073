"""Function calls in the pool's helper processes: what is slow to start, such as a renderer, is started once.

The pool listens on a Unix socket, whose path is in the environment of every process that it starts. Calls that someone
waits for go first; calls made ahead of time wait until nothing else is to be done.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable
from multiprocessing.connection import Client
from pathlib import Path
from typing import Any, NamedTuple

from toll.problems import Problem, Problems

ADDRESS = "TOLL_POOL"
DRAFTS = "TOLL_DRAFTS"
LONGEST = 300  # seconds until the next answer; then the helpers count as stuck


class Call(NamedTuple):
    """`function` is MODULE:FUNCTION. Calls with the same `key` are the same call, which is made once."""

    key: str
    function: str
    arguments: tuple[Any, ...]


class Answer(NamedTuple):
    """What was wrong: problems for people, or the error that stopped the call."""

    problems: list[Problem]
    error: str = ""


def possible() -> bool:
    """Whether this process belongs to a pool with helpers."""
    return Path(os.environ.get(ADDRESS, "/nowhere")).exists()


def make(calls: Iterable[Call]) -> None:
    """Have the calls made, and wait. Raises Problems with everything that was wrong, RuntimeError if a call broke."""
    waiting, problems = list(calls), []
    try:
        with Client(os.environ[ADDRESS], "AF_UNIX") as pool:
            pool.send((True, waiting))
            for _ in waiting:
                if not pool.poll(LONGEST):
                    raise TimeoutError(f"no answer for {LONGEST} seconds")
                answer: Answer = pool.recv()
                if answer.error:
                    raise RuntimeError(answer.error)
                problems += answer.problems
    except (OSError, EOFError) as error:
        raise RuntimeError(f"The pool of helper processes stopped ({error or type(error).__name__}).") from None
    if problems:
        raise Problems(problems)


def make_ahead(calls: Iterable[Call]) -> None:
    """Have the calls made when there is nothing else to do."""
    with contextlib.suppress(OSError), Client(os.environ[ADDRESS], "AF_UNIX") as pool:
        pool.send((False, list(calls)))


def show_draft(name: str, file: Path) -> None:
    """Show under `toll watch` what will be published as figures/`name`; otherwise do nothing."""
    if folder := os.environ.get(DRAFTS):
        target = Path(folder, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.{os.getpid()}")
        shutil.copyfile(file, part)
        part.replace(target)
