"""Notebooks as files: their source, their parameters, and the one clean form in which executed ones are kept.

Works on the JSON alone, so reading a notebook's source imports none of the notebook libraries.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from toll.digests import sha256, short
from toll.problems import Problem, Problems, Where

Notebook = dict[str, Any]
Cell = dict[str, Any]
Value = str | int | float | bool

KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
ERROR_MARK = "papermill-error-cell-tag"
MADE_BY_PAPERMILL = frozenset({"injected-parameters", ERROR_MARK})
CELL_NOISE = ("papermill", "execution", "ExecuteTime", "collapsed", "scrolled")
WIDGET = "application/vnd.jupyter.widget-view+json"


def load(path: Path, shown: str) -> Notebook:
    """The notebook in `path`, unchanged; messages call it `shown`. Raises Problems."""
    try:
        return parse(path.read_bytes(), shown)
    except FileNotFoundError:
        hint = "Restore it, or delete its step from notebooks/chain.yml."
        raise _problems(shown, "There is no such notebook.", hint) from None


def parse(content: bytes, shown: str) -> Notebook:
    """The notebook in a file's content. Raises Problems."""
    try:
        notebook = json.loads(content)
        cells, version = notebook["cells"], notebook["nbformat"]
        spoken = language(notebook)
        whole = all(cell["cell_type"] for cell in cells)
        for own in map(tags, cells):
            if not isinstance(own, list) or not all(isinstance(tag, str) for tag in own):
                raise TypeError(f"{own!r} is no list of tags")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        hint = "Restore it from the last commit."
        raise _problems(shown, f"The notebook is damaged ({error}).", hint, getattr(error, "lineno", None)) from None
    if not whole or version != 4 or spoken != "python":
        message = f"This is a notebook of format {version} for {spoken}; only format 4 for Python runs."
        raise _problems(shown, message, "Open it in JupyterLab, choose the Python 3 kernel and save it.")
    return notebook


def language(notebook: Notebook) -> str:
    """The language that a notebook says it is in; without a word it is Python."""
    metadata = notebook["metadata"]
    kernel, told = metadata.get("kernelspec") or {}, metadata.get("language_info") or {}
    name = str(kernel.get("language") or told.get("name") or "python")
    return "python" if name.lower() == "python" else name


def _problems(shown: str, message: str, hint: str, line: int | None = None, column: str | None = None) -> Problems:
    return Problems([Problem(Where(shown, line, column), message, hint)])


# --- Parameters ---


class Parameter(NamedTuple):
    """A name that a notebook declares in its parameters cell; `line` is its line in that cell."""

    name: str
    default: Value
    doc: str
    notebook: str
    line: int


def parameters(notebook: Notebook, shown: str) -> dict[str, Parameter]:
    """The parameters that a notebook declares, by name. Raises Problems."""
    import ast

    cells = [cell for cell in own_cells(notebook) if "parameters" in tags(cell)]
    if len(cells) != 1:
        hint = "Tag the cell that declares the parameters, and no other."
        raise _problems(shown, f"{len(cells)} cells have the tag “parameters”; one should.", hint)
    source, found = text(cells[0]), {}
    try:
        statements = ast.parse(source).body
    except SyntaxError as error:
        raise _not_plain(shown, error.lineno or 1, "is not Python") from None
    lines = source.splitlines()
    for statement in statements:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.expr() as value):
                try:
                    default = ast.literal_eval(value)
                except (ValueError, TypeError):
                    default = None
                if type(default) in (str, int, float, bool):
                    doc = lines[(statement.end_lineno or 1) - 1].partition("#")[2].strip()
                    found[name] = Parameter(name, default, doc, shown, statement.lineno)
                    continue
        raise _not_plain(shown, statement.lineno, f"is {ast.unparse(statement)!r}")
    return found


def _not_plain(shown: str, line: int, what: str) -> Problems:
    message = f"Line {line} of the cell {what}; every line should read name = text, number, True or False."
    return _problems(shown, message, "Move everything else to the next cell.", column="parameters cell")


# --- Cells ---


def text(cell: Cell) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def tags(cell: Cell) -> list[str]:
    return cell["metadata"].get("tags") or []


def may_raise(cell: Cell) -> bool:
    """Whether a person says that the cell shows an error, after which the notebook goes on."""
    return "raises-exception" in tags(cell)


def own_cells(notebook: Notebook) -> list[Cell]:
    """The cells that people wrote, without those that papermill added."""
    return [cell for cell in notebook["cells"] if not MADE_BY_PAPERMILL & set(tags(cell))]


def unmarked(notebook: Notebook) -> Notebook:
    """The notebook without the notes by which papermill leads to an error."""
    return notebook | {"cells": [cell for cell in notebook["cells"] if ERROR_MARK not in tags(cell)]}


def code_cells(notebook: Notebook) -> list[Cell]:
    """The cells that are executed, in order: the first is [1]."""
    return [
        cell
        for cell in notebook["cells"]
        if cell["cell_type"] == "code" and text(cell).strip() and "skip-execution" not in tags(cell)
    ]


def source_digest(notebook: Notebook) -> str:
    """SHA-256 of what people write: the cells' kinds, tags and text, not their outputs."""
    cells = [[cell["cell_type"], sorted(tags(cell)), text(cell)] for cell in own_cells(notebook)]
    return sha256(json.dumps(cells).encode())


def source(notebook: Notebook) -> Notebook:
    """The notebook before its run: own cells only, no outputs, and an id for every cell that stays the same."""
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
        cell["id"] = short(f"{index}:{text(cell)}".encode(), 8)
    seen.add(cell["id"])
    if "outputs" in cell:
        cell["outputs"] = merged_streams([_clean_output(output) for output in cell["outputs"]])
    return cell


def _clean_output(output: dict[str, Any]) -> dict[str, Any]:
    """An output without its widget: that has a random name, and shows nothing where no kernel runs. Its text stays."""
    if "data" in output:
        return output | {"data": {kind: data for kind, data in output["data"].items() if kind != WIDGET}}
    return output


def merged_streams(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join what a cell wrote to each stream into one output, as a terminal would show it; stdout before stderr.

    A kernel cuts what a cell prints into pieces that depend on timing. nbclient and nbval join them, too, but take
    time that grows with the square of a line's length.
    """
    merged: list[dict[str, Any]] = []
    texts: dict[str, list[str]] = {}
    for output in outputs:
        if output["output_type"] == "stream":
            known = output["name"] in texts
            texts.setdefault(output["name"], []).append("".join(output["text"]))
            if known:
                continue
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
    """What a terminal shows of a line: a carriage return within it starts it again."""
    return line[line.rfind("\r", 0, len(line) - line.endswith("\r")) + 1 :]


def dumps(notebook: Notebook) -> str:
    """The notebook's text: sorted keys, one space of indent (as JupyterLab saves), LF, one newline at the end."""
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def error(told: dict[str, Any]) -> str:
    """The error that an output or a reply tells, in one line; many errors have no more than a name."""
    return ": ".join(filter(None, (told["ename"], told["evalue"])))


def fault(notebook: Notebook) -> tuple[int, str] | None:
    """Number of the first cell that did not run properly, and what happened; None if all did.

    papermill also calls a notebook completed when its kernel died halfway or a cell called sys.exit(0).
    """
    for number, cell in enumerate(code_cells(notebook), 1):
        for output in () if may_raise(cell) else cell["outputs"]:
            if output["output_type"] == "error":
                return number, error(output)
        if cell["execution_count"] != number:
            return number, "The cell was not executed."
    return None
