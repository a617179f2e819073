"""The committed notebooks are what a clean rerun gives: nbval compares every output, on a copy of the project."""

import json
import os
import re
import subprocess
import sys

import pytest

from support.checkout import copy_sources

CHANGES = {  # in the smallest notebook that has such an output
    "a-table": ("text/html", "</td>", "0</td>"),
    "a-chart": ("image/svg+xml", 'stroke-width="1', 'stroke-width="2'),
}


def outputs(notebook, kind, text):
    """The outputs of a kind in which a text occurs, each as a list of lines that can be changed."""
    data = (output.get("data", {}) for cell in notebook["cells"] for output in cell.get("outputs", []))
    return [one[kind] for one in data if text in "".join(one.get(kind, []))]


def changed(notebooks, kind, was, becomes):
    """The text of the smallest of the notebooks with an output of that kind, and the output changed."""
    for path in sorted(notebooks, key=lambda path: path.stat().st_size):
        notebook = json.loads(path.read_text())
        if found := outputs(notebook, kind, was):
            found[0][:] = [line.replace(was, becomes) for line in found[0]]
            return json.dumps(notebook)
    raise AssertionError(f"No notebook has an output of {kind} with {was}.")


@pytest.fixture(scope="module")
def failed(tmp_path_factory):
    """Names of the notebooks of which nbval noticed a difference; two copies were given a changed output before."""
    folder = tmp_path_factory.mktemp("nbval")
    copy_sources(folder)
    notebooks = sorted((folder / "notebooks").glob("*.ipynb"))
    assert notebooks
    for name, change in CHANGES.items():
        (folder / f"notebooks/{name}.ipynb").write_text(changed(notebooks, *change))
    names = [*(path.name for path in notebooks), *(f"{name}.ipynb" for name in CHANGES)]
    fixed = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0", "POLARS_MAX_THREADS": "1"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval",
        "-q",
        "-rfE",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        *names,
    ]
    result = subprocess.run(command, cwd=folder / "notebooks", env=os.environ | fixed, capture_output=True, text=True)
    assert result.returncode == 1, result.stdout[-4000:] + result.stderr[-2000:]
    return set(re.findall(r"^(?:FAILED|ERROR) (?:.*/)?([\w-]+)\.ipynb", result.stdout, re.MULTILINE))


def test_every_output_is_what_a_clean_rerun_gives(failed):
    assert failed - CHANGES.keys() == set()


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_output_is_noticed(failed, name):
    assert name in failed
