"""A process that the server has started: it executes one notebook, or it is a helper and makes one call after another.

Its first message says which. For a notebook it answers with the number of each cell that begins, and at the end with
what failed. For a call it answers with what was wrong.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from toll.problems import Problems
from toll.run import notebook_file, process
from toll.run.calls import Answer, Call

LARGEST_NOTEBOOK = 16_000_000  # bytes; beyond it neither JupyterLab nor a reviewer can open it
POLITE = 10  # how nice a helper is that works ahead


class Failure(Exception):
    """A cell did not do what a cell should: number of the cell (None if it is no cell's fault), what happened."""

    def __init__(self, cell: int | None, error: str):
        super().__init__(cell, error)


def main(connection: Connection, parent: int) -> None:
    """The life of the process."""
    os.setsid()
    process.die_with(parent)
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    what, *rest = connection.recv()
    if what == "notebook":
        connection.send(_run(connection, *rest))
    else:
        _help(connection, *rest)


class Result(NamedTuple):
    """How a notebook ended: whether it passed, and if not which cell failed and how."""

    passed: bool
    cell: int | None = None
    error: str = ""


def _run(connection: Connection, scratch: Path, job: dict[str, Any]) -> Result:
    """Execute a notebook."""
    try:
        with (scratch / "log.txt").open("w") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        _execute(connection, **job)
    except Failure as failure:
        return Result(False, *failure.args)
    except Exception as error:
        return Result(False, None, f"{type(error).__name__}: {error}")
    return Result(True)


def _execute(
    connection: Connection,
    notebook: Path,
    output: Path,
    cwd: Path,
    parameters: dict[str, Any],
    engine: str,
    timeout: int,
) -> None:
    """Run the notebook's cells; raises Failure."""
    with process.without_slow_imports():
        import papermill
        from papermill.exceptions import PapermillExecutionError

        from toll.run.engine import kernel_options

    started = 0

    def start(**_: Any) -> None:
        nonlocal started
        started += 1
        connection.send(started)

    def check_exit(execute_reply: dict[str, Any], **_: Any) -> None:
        if any(payload.get("source") == "ask_exit" for payload in execute_reply["content"].get("payload", [])):
            raise Failure(started, "The cell called quit() or exit().")

    os.chdir(cwd)
    if engine == "fork":
        # papermill itself saves four times a cell, checked and indented: half the time of a notebook of short cells
        own = {"engine_name": "fork", "request_save_on_cell_execute": False, "keep": output}
    else:
        own = kernel_options()
    try:
        papermill.execute_notebook(
            str(notebook),
            str(output),
            parameters,
            kernel_name="python3",
            progress_bar=False,
            execution_timeout=timeout,
            record_timing=False,
            on_cell_execute=start,
            on_cell_executed=check_exit,
            **own,
        )
    except PapermillExecutionError as error:
        raise Failure(started, f"{error.ename}: {error.evalue}") from None
    finally:
        _tidy(output)
    if fault := notebook_file.fault(json.loads(output.read_bytes())):
        raise Failure(*fault)


def _tidy(output: Path) -> None:
    """Give the executed notebook, as far as it came, its clean form."""
    if not output.exists():
        return
    if (size := output.stat().st_size) > LARGEST_NOTEBOOK:
        raise Failure(None, f"The cells printed {size / 1e6:.0f} MB; the limit is {LARGEST_NOTEBOOK / 1e6:.0f} MB.")
    try:
        cleaned = notebook_file.clean(json.loads(output.read_bytes()))
    except ValueError:
        left = shutil.disk_usage(output.parent).free / 1e6
        raise Failure(None, f"The executed notebook could not be written (the disk has {left:.1f} MB left).") from None
    output.write_text(notebook_file.dumps(cleaned), encoding="utf-8", newline="\n")


def _help(connection: Connection, warm_up: str, polite: bool) -> None:
    """Make calls until the server is gone."""
    if polite:
        _be_polite()
    ready = _answer(Call("", warm_up, ()))
    while True:
        try:
            call: Call = connection.recv()
        except EOFError:
            return
        connection.send(_answer(call) if ready == Answer([]) else ready)


def _answer(call: Call) -> Answer:
    try:
        process.function(call.function)(*call.arguments)
    except Problems as found:
        return Answer(found.problems)
    except Exception as error:
        return Answer([], f"{type(error).__name__}: {error}")
    return Answer([])


def _be_polite() -> None:
    """Leave the cores to notebooks: within the session and, on Linux, as a session beside others."""
    os.nice(POLITE)
    for _ in range(20):
        try:
            Path("/proc/self/autogroup").write_text(str(POLITE))
        except BlockingIOError:  # the kernel takes one such request from everyone together in a tenth of a second
            time.sleep(0.1)
        except OSError:  # this kernel does not weigh sessions
            return
        else:
            return


if __name__ == "__main__":
    from toll.run import worker  # what it sends is then of a module that the server knows

    worker.main(Connection(int(sys.argv[1])), int(sys.argv[2]))
