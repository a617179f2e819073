"""Small notebooks, run by our engines and by papermill's own."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from toll.run import notebook_file, process
from toll.run.pool import Pool
from toll.run.worker import Outcome, Settings

CORPUS = Path(__file__).parents[1] / "run/parity"
CELL_FILE = re.compile(r"[^\s\"'<>]*/ipykernel_\d+/")  # the folder that a kernel makes up for the files of its cells
Notebook = dict[str, Any]


class Executed(NamedTuple):
    """A notebook as executed, and how that ended."""

    text: str
    outcome: Outcome

    @property
    def outputs(self) -> list[list[dict[str, Any]]]:
        return [cell["outputs"] for cell in own_code(json.loads(self.text))]


class Topic(NamedTuple):
    """A notebook of the corpus: texts with a line `# %%` before each cell.

    That line has the cell's tags, and after “differs:” why our engines don't show what papermill's own shows, or after
    “may differ:” why papermill's may be another each time.
    """

    cells: list[str]
    tags: list[list[str]]
    differ: list[str]
    may_differ: list[str]

    @classmethod
    def read(cls, *paths: Path) -> Topic:
        topic = cls([], [], [], [])
        for block in "".join(path.read_text() for path in paths).split("# %%")[1:]:
            heading, _, cell = block.partition("\n")
            tags, _, why = heading.partition(" differs: ")
            tags, _, may = tags.partition(" may differ: ")
            for column, value in zip(topic, (cell.removesuffix("\n"), tags.split(), why, may), strict=True):
                column.append(value)
        return topic

    @property
    def notebook(self) -> Notebook:
        return notebook(self.cells, self.tags)


def notebook(cells: list[str], tags: list[list[str]] | None = None) -> Notebook:
    """The notebook of these code cells."""
    made = [
        {"cell_type": "code", "metadata": {"tags": own}, "source": cell, "outputs": [], "execution_count": None}
        for cell, own in zip(cells, tags or [[]] * len(cells), strict=True)
    ]
    return notebook_file.source({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def own_code(notebook: Notebook) -> list[dict[str, Any]]:
    return [cell for cell in notebook_file.own_cells(notebook) if cell["cell_type"] == "code"]


def _written(folder: Path, notebooks: dict[str, Notebook]) -> list[Path]:
    """A folder for each notebook, with its file."""
    for name, made in notebooks.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "in.ipynb").write_text(notebook_file.dumps(made))
    return [folder / name for name in notebooks]


def execute(engine: str, folder: Path, notebooks: dict[str, Notebook], at_once: int = 3) -> dict[str, Executed]:
    """Run notebooks by one of our engines."""
    waiting, found = _written(folder, notebooks), dict[str, Executed]()

    def start() -> None:
        if waiting:
            own = waiting.pop()
            pool.start(own, notebook=own / "in.ipynb", output=own / "out.ipynb", cwd=own, parameters={})

    with Pool(Settings(engine, 60)) as pool:
        for _ in range(at_once):
            start()
        for message in pool.messages():
            if message.outcome:
                own = Path(message.key)
                found[own.name] = Executed((own / "out.ipynb").read_text(), message.outcome)
                start()
    return found


def papermill_alone(folder: Path, notebooks: dict[str, Notebook], at_once: int = 3) -> dict[str, Notebook]:
    """Run notebooks by papermill's own engine in the same environment; cells keep only what ours would keep."""
    folders = _written(folder, notebooks)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(at_once, context, initializer=_same_environment) as pool:
        list(pool.map(_papermill, folders))
    texts = {own.name: CELL_FILE.sub("ipykernel_cell/", (own / "out.ipynb").read_text()) for own in folders}
    return {name: notebook_file.clean(json.loads(text)) for name, text in texts.items()}


def _same_environment() -> None:
    same = process.environment()
    os.environ.clear()
    os.environ.update(same)


def _papermill(folder: Path) -> None:
    import papermill

    try:
        names = {"kernel_name": "python3", "cwd": folder, "progress_bar": False, "request_save_on_cell_execute": False}
        papermill.execute_notebook(folder / "in.ipynb", folder / "out.ipynb", **names)
    except papermill.PapermillExecutionError:
        pass  # of a cell that should fail
