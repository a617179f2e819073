"""The committed notebooks are what a clean rerun gives: nbval compares every output, on a copy of the project."""

import json
import re
import shutil
import subprocess
import sys
from base64 import b64decode

import pytest

from support.checkout import ROOT, copy_sources

CHANGES = {  # in a copy of the smallest notebook that has both outputs
    "a table": ("text/html", "</td>", "0</td>"),
    "a chart": ("image/svg+xml", 'stroke-width="1', 'stroke-width="2'),
}
COPY = "changed"
HINDSIGHT = (
    "hindsight/02-death-tolls.ipynb",
    "hindsight/07-fact-check.ipynb",
)  # the rest in test_reproducible, as bytes


def first_output(notebook, kind, text):
    """The number of the first code cell with an output of a kind in which a text occurs, and that output's lines."""
    code = (cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    for number, cell in enumerate(code):
        for output in cell["outputs"]:
            if text in "".join(output.get("data", {}).get(kind, [])):
                return number, output["data"][kind]
    return None


def change(notebooks):
    """The text of a notebook with all changes, and the numbers of the cells that they are in."""
    for path in sorted(notebooks, key=lambda path: path.stat().st_size):
        notebook = json.loads(path.read_text())
        found = {name: first_output(notebook, kind, was) for name, (kind, was, _) in CHANGES.items()}
        if all(found.values()):
            for name, (_, was, becomes) in CHANGES.items():
                found[name][1][:] = [line.replace(was, becomes) for line in found[name][1]]
            return json.dumps(notebook), {name: number for name, (number, _) in found.items()}
    raise AssertionError("No notebook has a table and a chart.")


@pytest.fixture(scope="module")
def compared(tmp_path_factory, drawn_once):
    """Where nbval noticed a difference, by notebook the cells, and where the copy of one was changed before."""
    folder = tmp_path_factory.mktemp("nbval")
    copy_sources(folder)
    notebooks = sorted((folder / "notebooks").glob("*.ipynb"))
    assert notebooks
    text, cells = change(notebooks)
    (folder / f"notebooks/{COPY}.ipynb").write_text(text)
    for name in ("notebooks/hindsight", "data/processed/hindsight"):
        shutil.copytree(ROOT / name, folder / name)
    names = [*(path.name for path in notebooks), f"{COPY}.ipynb", *HINDSIGHT]
    fixed = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0", "POLARS_MAX_THREADS": "1"}
    fixed["PYTHONPATH"] = str(folder / "notebooks")  # a run has every edition's notebooks beside their modules
    without = ("-p", "no:cacheprovider", "-p", "no:xdist")
    same = f"--nbval-sanitize-with={ROOT}/docs/nbval.cfg"  # as two words it would move pytest's root
    command = [sys.executable, "-m", "pytest", "--nbval", same, "-q", "-rfE", *without, *names]
    result = subprocess.run(command, cwd=folder / "notebooks", env=drawn_once | fixed, capture_output=True, text=True)
    assert result.returncode == 1, result.stdout[-4000:] + result.stderr[-2000:]
    told = re.findall(r"^(?:FAILED|ERROR) (?:.*/)?([\w-]+)\.ipynb(?:::Cell (\d+))?", result.stdout, re.MULTILINE)
    failed = {}
    for notebook, cell in told:
        failed.setdefault(notebook, set()).add(int(cell or -1))
    return failed, cells


EXECUTED = [*sorted((ROOT / "notebooks").glob("*.ipynb")), *sorted((ROOT / "notebooks/hindsight").glob("*.ipynb"))]


@pytest.mark.parametrize("path", EXECUTED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_output_is_hidden_from_the_comparison(path):
    """No cell asks nbval to look away; and the pictures, which nbval passes over, are those that are published."""
    edition = "hindsight" if path.parent.name == "hindsight" else "article"
    published = {file.read_bytes() for file in (ROOT / "figures" / edition).glob("*-desktop.png")}
    for cell in json.loads(path.read_text())["cells"]:
        tags = cell["metadata"].get("tags", [])
        assert not [tag for tag in tags if tag.startswith(("nbval", "raises-exception"))]
        assert "# NBVAL" not in "".join(cell["source"])
        for output in cell.get("outputs", []):
            if picture := output.get("data", {}).get("image/png"):
                assert b64decode("".join(picture)) in published


def test_every_output_is_what_a_clean_rerun_gives(compared):
    assert compared[0].keys() - {COPY} == set()


def test_changed_outputs_are_noticed_and_no_others(compared):
    failed, cells = compared
    assert failed[COPY] == set(cells.values())
