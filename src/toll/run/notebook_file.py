"""Notebooks as files: what of one is its source, and the one clean form in which an executed one is kept.

Works on the JSON alone, so that reading a notebook's source costs no import of the notebook libraries.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from toll.problems import Problem, Problems

Notebook = dict[str, object]
Cell = dict[str, object]

KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
MADE_BY_PAPERMILL = frozenset({"injected-parameters", "papermill-error-cell-tag"})
CELL_NOISE = ("papermill", "execution", "ExecuteTime", "collapsed", "scrolled")
# A warning names the file of its cell; the kernel's name for it has the number of the process in it.
CELL_FILE = re.compile(r"[^\s\"'<>]{0,500}[/\\]ipykernel_\d+[/\\](\d+)\.py")


def load(path: Path, shown: str) -> Notebook:
    """The notebook in `path`, as it is; `shown` is what messages call it. Raises Problems."""
    try:
        notebook = json.loads(path.read_bytes())
        cells = notebook["cells"]
        language = notebook["metadata"].get("kernelspec", {}).get("language", "python")
        whole = all(isinstance(cell["metadata"], dict) and cell["cell_type"] for cell in cells)
    except FileNotFoundError:
        raise Problems(
            [
                Problem.old(
                    shown,
                    None,
                    None,
                    "no such file",
                    "a notebook",
                    "Restore it, or take its step out of notebooks/chain.yml.",
                )
            ]
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        line = getattr(error, "lineno", None)
        raise Problems(
            [
                Problem.old(
                    shown,
                    line,
                    None,
                    f"a damaged notebook ({error})",
                    "a whole one",
                    "Restore it from the last commit.",
                )
            ]
        ) from None
    if not whole or notebook.get("nbformat") != 4 or language != "python":
        found = f"a notebook of format {notebook.get('nbformat')} for {language}"
        raise Problems(
            [
                Problem.old(
                    shown,
                    None,
                    None,
                    found,
                    "format 4 for python",
                    "Open it in JupyterLab, choose the Python 3 kernel and save it.",
                )
            ]
        )
    return notebook


def text(cell: Cell) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def tags(cell: Cell) -> list[str]:
    return cell["metadata"].get("tags", [])


def own_cells(notebook: Notebook) -> list[Cell]:
    """The cells that somebody wrote: not those that papermill put in."""
    return [cell for cell in notebook["cells"] if not MADE_BY_PAPERMILL & set(tags(cell))]


def code_cells(notebook: Notebook) -> list[Cell]:
    """The cells that are executed, in order: the first is [1]."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and text(cell).strip()]


def source_digest(notebook: Notebook) -> str:
    """SHA-256 over what people write: the cells' kinds, tags and text, not their outputs."""
    cells = [[cell["cell_type"], sorted(tags(cell)), text(cell)] for cell in own_cells(notebook)]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def source(notebook: Notebook) -> Notebook:
    """The notebook before its run: own cells only, no outputs, every cell with an id that stays the same."""
    cells = [dict(cell) for cell in own_cells(notebook)]
    for cell in cells:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    return clean(notebook | {"cells": cells})


def clean(notebook: Notebook) -> Notebook:
    """The notebook without anything that differs from run to run or from machine to machine."""
    metadata = {key: value for key, value in notebook["metadata"].items() if key not in ("papermill", "widgets")}
    metadata |= {"kernelspec": KERNELSPEC, "language_info": {"name": "python"}}
    seen: set[str] = set()
    cells = [_clean_cell(cell, index, seen) for index, cell in enumerate(notebook["cells"])]
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _clean_cell(cell: Cell, index: int, seen: set[str]) -> Cell:
    cell = dict(cell)
    cell["metadata"] = {key: value for key, value in cell["metadata"].items() if key not in CELL_NOISE}
    if not tags(cell):
        cell["metadata"].pop("tags", None)
    made = MADE_BY_PAPERMILL.intersection(tags(cell))
    if made:
        cell["id"] = f"{min(made)}-{index}"
    elif not cell.get("id") or cell["id"] in seen:
        cell["id"] = hashlib.sha256(f"{index}:{text(cell)}".encode()).hexdigest()[:8]
    seen.add(cell["id"])
    if "outputs" in cell:
        cell["outputs"] = merged_streams([_clean_output(output) for output in cell["outputs"]])
    return cell


def _clean_output(output: dict[str, object]) -> dict[str, object]:
    if output["output_type"] == "stream":
        text = output["text"] if isinstance(output["text"], str) else "".join(output["text"])
        return output | {"text": _cell_named(text)}
    if output["output_type"] == "error":
        return output | {"traceback": [_cell_named(line) for line in output["traceback"]]}
    return output


def _cell_named(text: str) -> str:
    return CELL_FILE.sub(r"cell-\1.py", text) if "ipykernel_" in text else text


def merged_streams(outputs: list[dict[str, object]]) -> list[dict[str, object]]:
    """One output for all that a cell wrote to a stream, as a terminal would show it; stdout before stderr.

    Into how many pieces a kernel cuts what a cell prints is a matter of time. What nbclient and nbval do
    about it, but theirs takes time by the square of a line's length.
    """
    merged: list[dict[str, object]] = []
    texts: dict[str, list[str]] = {}
    for output in outputs:
        if output["output_type"] == "stream":
            if output["name"] in texts:
                texts[output["name"]].append(output["text"])
                continue
            texts[output["name"]] = [output["text"]]
        merged.append(output)
    for at, output in enumerate(merged):
        if output["output_type"] == "stream":
            lines = "".join(texts[output["name"]]).split("\n")
            merged[at] = output | {"text": "\n".join(map(_after_last_return, lines)).splitlines(keepends=True)}
    for at in range(len(merged) - 1):
        if (merged[at].get("name"), merged[at + 1].get("name")) == ("stderr", "stdout"):
            merged[at : at + 2] = merged[at + 1], merged[at]
    return merged


def _after_last_return(line: str) -> str:
    """What a line shows: a carriage return within it starts it anew."""
    return line[line.rfind("\r", 0, len(line) - line.endswith("\r")) + 1 :]


def dumps(notebook: Notebook) -> str:
    """The notebook's text: sorted keys, one space of indent (as JupyterLab saves), LF, one newline at the
    end."""
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def fault(notebook: Notebook) -> tuple[int, str] | None:
    """Number of the first cell that did not run as it should, and what happened; None if all did.

    papermill calls a notebook completed whose kernel was ended in the middle, or that left by sys.exit(0).
    """
    for number, cell in enumerate(code_cells(notebook), 1):
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                return number, f"{output['ename']}: {output['evalue']}"
        if cell["execution_count"] != number:
            return number, "it was not executed"
    return None
