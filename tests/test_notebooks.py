"""The committed notebooks are what a clean rerun gives: nbval compares every output, on a copy of the project."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHAIN = ("data", "editions", "figures", "notebooks", "requirements.lock")


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


@pytest.mark.parametrize("tamper", ["table", "chart"])
def test_a_changed_output_is_noticed(copy, tamper):
    name = {"table": "01-clean-source-figures.ipynb", "chart": "03-extrajudicial-bodies.ipynb"}[tamper]
    path = copy / "notebooks" / name
    before = path.read_text()
    notebook = json.loads(before)
    outputs = [output["data"] for cell in notebook["cells"] for output in cell.get("outputs", []) if "data" in output]
    if tamper == "table":
        data = next(data for data in outputs if any("166" in line for line in data["text/html"]))
        data["text/html"] = [line.replace("166", "167") for line in data["text/html"]]
    else:
        data = next(data for data in outputs if "image/svg+xml" in data)
        data["image/svg+xml"] = [line.replace("#2b2b2b", "#2b2b2c") for line in data["image/svg+xml"]]
    path.write_text(json.dumps(notebook))
    try:
        assert nbval(copy, name).returncode == 1
    finally:
        path.write_text(before)
