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

    def start(**_: Any) -> None:
        nonlocal started
        started += 1
        worker.report(started)

    def check_exit(execute_reply: dict[str, Any], **_: Any) -> None:
        if any(payload.get("source") == "ask_exit" for payload in execute_reply["content"].get("payload", [])):
            raise Failure(started, "The cell called quit() or exit().")

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
            on_cell_executed=check_exit,
            **(forked if job["engine"] == "fork" else kernel_options()),
        )
    except PapermillExecutionError as error:
        raise Failure(started, f"{error.ename}: {error.evalue}") from None
    finally:
        _tidy(output)
    if fault := notebook_file.fault(json.loads(output.read_bytes())):
        raise Failure(*fault)


def _unformatted(path: Path) -> str:
    """A path as papermill takes it, which fills in parameters between braces."""
    return str(path).replace("{", "{{").replace("}", "}}")


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
