"""What the processes of a run say to each other."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from toll.problems import Problem

DEFAULT_ENGINE = "fork" if hasattr(os, "fork") else "kernel"


CELL_SECONDS = 600.0  # the longest that one cell may run


NOTEBOOK, NOW, LATER, END = "notebook", "now", "later", "end"  # what to do with calls


class Settings(NamedTuple):
    """How a pool works. `preload` and `warm_up` name functions, MODULE:FUNCTION.

    The server calls `preload` before it starts anything, and a helper `warm_up` before its first call. `prompt` helpers
    make only calls that someone waits for; `polite` ones also work ahead, in the processor time that others leave.
    """

    engine: str = DEFAULT_ENGINE
    cell_seconds: float = CELL_SECONDS
    preload: str = ""
    warm_up: str = ""
    prompt: int = 0
    polite: int = 0


class Call(NamedTuple):
    """`function` is MODULE:FUNCTION. Calls with the same `key` are the same call, which is made once."""

    key: str
    function: str
    arguments: tuple[Any, ...] = ()


class Outcome(NamedTuple):
    """What went wrong: problems for people, or an error, of a notebook with the number of its cell."""

    problems: list[Problem]
    error: str = ""
    cell: int | None = None


class Message(NamedTuple):
    """What happened to a call: a cell began, or it ended."""

    key: str
    cell: int = 0
    outcome: Outcome | None = None
