"""Executes one notebook with papermill in this process, which has been made for it and ends with it.

The job is `job.json` in a scratch folder: notebook, output, parameters, cwd, engine. The worker leaves the
executed notebook at `output` and what happened in `result.json` beside the job, and reports each cell that it
starts as a line on file descriptor REPORT.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from toll.run import notebook_file
from toll.run.process import die_with, without_slow_imports

REPORT = 3  # inherited from the server
LARGEST_NOTEBOOK = 16_000_000  # bytes; beyond it neither JupyterLab nor a reviewer can open it


class Failure(Exception):
    """A cell did not do what a cell should. Number of the cell (None: no cell's fault), what happened."""

    def __init__(self, cell: int | None, error: str, traceback: str = ""):
        super().__init__(error)
        self.cell, self.error, self.traceback = cell, error, traceback


def report(**event: object) -> None:
    """One line, short enough that lines of several processes never mix."""
    os.write(REPORT, (json.dumps(event) + "\n").encode())


def main(scratch: str, parent: int) -> None:
    """The life of the process."""
    os.setsid()
    die_with(parent)
    os.set_inheritable(REPORT, False)
    folder = Path(scratch)
    with Path(os.devnull).open() as nothing, (folder / "log.txt").open("w") as log:
        os.dup2(nothing.fileno(), 0)
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    result: dict[str, object] = {}
    try:
        execute(scratch, json.loads((folder / "job.json").read_text()))
    except Failure as failure:
        result = {"cell": failure.cell, "error": failure.error, "traceback": failure.traceback}
    except Exception as error:
        import traceback

        result = {
            "cell": None,
            "error": f"{type(error).__name__}: {error}",
            "traceback": traceback.format_exc(),
        }
    (folder / "result.json").write_text(json.dumps(result))


def execute(scratch: str, job: dict[str, object]) -> None:
    """Runs the notebook; raises Failure."""
    with without_slow_imports():
        import papermill
        from papermill.exceptions import PapermillExecutionError

        from toll.run.engine import kernel_options

    started = 0

    def start(**_) -> None:
        nonlocal started
        started += 1
        report(job=scratch, cell=started)

    def leaves(execute_reply, **_) -> None:
        if any(payload.get("source") == "ask_exit" for payload in execute_reply["content"].get("payload", [])):
            raise Failure(started, "the cell called quit() or exit()")

    os.chdir(job["cwd"])
    if job["engine"] == "fork":
        # papermill itself saves four times a cell, checked and indented: half the time of a notebook of short cells
        own = {"engine_name": "fork", "request_save_on_cell_execute": False, "keep": job["output"]}
    else:
        own = kernel_options()
    try:
        papermill.execute_notebook(
            job["notebook"],
            job["output"],
            job["parameters"],
            kernel_name="python3",
            progress_bar=False,
            execution_timeout=job["timeout"],
            record_timing=False,
            on_cell_execute=start,
            on_cell_executed=leaves,
            **own,
        )
    except PapermillExecutionError as error:
        raise Failure(started, f"{error.ename}: {error.evalue}", "\n".join(error.traceback)) from None
    finally:
        tidy(Path(job["output"]))
    executed = json.loads(Path(job["output"]).read_bytes())
    if fault := notebook_file.fault(executed):
        raise Failure(*fault)


def tidy(output: Path) -> None:
    """Gives the executed notebook, as far as it came, its clean form."""
    if not output.exists():
        return
    size = output.stat().st_size
    if size > LARGEST_NOTEBOOK:
        raise Failure(None, f"the cells printed {size / 1e6:.0f} MB; the most is {LARGEST_NOTEBOOK / 1e6:.0f} MB")
    output.write_text(
        notebook_file.dumps(notebook_file.clean(json.loads(output.read_bytes()))), encoding="utf-8", newline="\n"
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
