"""Executes one notebook with papermill, in a process that has been made for it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import papermill
from papermill.exceptions import PapermillExecutionError

from toll.run import notebook_file, worker
from toll.run.engine import kernel_options
from toll.run.worker import Failure

LARGEST_NOTEBOOK = 16_000_000  # bytes; beyond it neither JupyterLab nor a reviewer can open it


def execute(scratch: Path, job: dict[str, Any]) -> None:
    """Execute a notebook in this process, which has been made for it and ends with it. Raises Failure.

    A job is `notebook`, `output` and `cwd` (paths), `parameters`, `engine` and `timeout` (seconds that a cell of a
    kernel may take). What the cells do not catch of their output goes to log.txt in the scratch folder.
    """
    with (scratch / "log.txt").open("w") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    os.chdir(job["cwd"])
    started, output = 0, Path(job["output"])
    failed: tuple[int, str] | None = None

    def start(**_: Any) -> None:
        nonlocal started
        started += 1
        worker.report(started)

    def end(cell: notebook_file.Cell, execute_reply: dict[str, Any], **_: Any) -> None:
        nonlocal failed
        reply = execute_reply["content"]
        if any(payload.get("source") == "ask_exit" for payload in reply.get("payload", [])):
            raise Failure(started, "The cell called quit() or exit().")
        if reply["status"] == "error" and not notebook_file.may_raise(cell):
            shown = (output for output in cell["outputs"] if output["output_type"] == "error")
            failed = started, notebook_file.error(next(shown, reply))  # a reply has none for a picture that fails

    # papermill itself saves four times a cell, checked and indented: half the time of a notebook of short cells
    forked = {"engine_name": "fork", "request_save_on_cell_execute": False, "keep": output}
    try:
        papermill.execute_notebook(
            _unformatted(job["notebook"]),
            _unformatted(output),
            job["parameters"],
            kernel_name="python3",
            progress_bar=False,
            execution_timeout=job["timeout"],
            record_timing=False,
            on_cell_execute=start,
            on_cell_executed=end,
            **(forked if job["engine"] == "fork" else kernel_options()),
        )
    except PapermillExecutionError:
        pass  # papermill raises it for a cell that may fail, too, and knows no name of an error that is only printed
    finally:
        executed = _tidy(output, marked=bool(failed))
    if fault := failed or notebook_file.fault(executed):
        raise Failure(*fault)


def _unformatted(path: Path) -> str:
    """A path as papermill takes it, which fills in parameters between braces."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _tidy(output: Path, marked: bool) -> notebook_file.Notebook:
    """Give the executed notebook, as far as it came, its clean form, with papermill's marks where it failed."""
    if not output.exists():
        return {}
    if (size := output.stat().st_size) > LARGEST_NOTEBOOK:
        raise Failure(None, f"The cells printed {size / 1e6:.0f} MB; the limit is {LARGEST_NOTEBOOK / 1e6:.0f} MB.")
    try:
        executed = json.loads(output.read_bytes())
    except ValueError:
        left = shutil.disk_usage(output.parent).free / 1e6
        raise Failure(None, f"The executed notebook could not be written (the disk has {left:.1f} MB left).") from None
    cleaned = notebook_file.clean(executed if marked else notebook_file.unmarked(executed))
    output.write_text(notebook_file.dumps(cleaned), encoding="utf-8", newline="\n")
    return cleaned
