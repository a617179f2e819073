"""The committed notebooks are what a clean rerun gives: nbval compares every output, on a copy of the project."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from support.checkout import ROOT

CHAIN = ("data", "editions", "figures", "notebooks", "words", "requirements.lock")


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nbval")
    for name in CHAIN:
        source = ROOT / name
        shutil.copytree(source, folder / name) if source.is_dir() else shutil.copy(source, folder / name)
    return folder


def nbval(folder, *notebooks):
    """Runs nbval; with a cache of its own, so that pictures are drawn and not taken from an earlier run."""
    fixed = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0", "POLARS_MAX_THREADS": "1"}
    environment = os.environ | fixed | {"XDG_CACHE_HOME": str(folder / "cache")}
    command = [sys.executable, "-m", "pytest", "--nbval", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *notebooks]
    return subprocess.run(command, cwd=folder / "notebooks", env=environment, capture_output=True, text=True)


def test_every_output_is_what_a_clean_rerun_gives(copy):
    names = sorted(path.name for path in (copy / "notebooks").glob("*.ipynb"))
    assert names
    result = nbval(copy, *names)
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-2000:]


def outputs(notebook, kind, text):
    """The outputs of a kind in which a text occurs, each as a list of lines that can be changed."""
    data = (output.get("data", {}) for cell in notebook["cells"] for output in cell.get("outputs", []))
    return [one[kind] for one in data if text in "".join(one.get(kind, []))]


@pytest.mark.parametrize(
    ("kind", "was", "becomes"),
    [("text/html", "</td>", "0</td>"), ("image/svg+xml", 'stroke-width="1', 'stroke-width="2')],
    ids=["table", "chart"],
)
def test_a_changed_output_is_noticed(copy, kind, was, becomes):
    """In the smallest notebook that has such an output."""
    notebooks = sorted((copy / "notebooks").glob("*.ipynb"), key=lambda path: path.stat().st_size)
    path = next(path for path in notebooks if outputs(json.loads(path.read_text()), kind, was))
    before = path.read_text()
    notebook = json.loads(before)
    lines = outputs(notebook, kind, was)[0]
    lines[:] = [line.replace(was, becomes) for line in lines]
    path.write_text(json.dumps(notebook))
    try:
        assert nbval(copy, path.name).returncode == 1
    finally:
        path.write_text(before)
