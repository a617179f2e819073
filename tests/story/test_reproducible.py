"""Same inputs, same bytes: two clean runs that differ in all that must not matter, and what is committed."""

import os
import shutil
import subprocess
import sys

import pytest

from support.checkout import ROOT

SOURCES = ("data/raw", "editions", "notebooks", "words", "requirements.lock", "README.md")
PUBLISHED = ("data/processed/article", "figures", "notebooks", "README.md", "CORRECTIONS.md")
PLACES = [
    {"TZ": "America/New_York", "LC_ALL": "C", "POLARS_MAX_THREADS": "1", "PYTHONHASHSEED": "1", "engine": "fork"},
    {"TZ": "Asia/Karachi", "LC_ALL": "C.UTF-8", "POLARS_MAX_THREADS": "4", "PYTHONHASHSEED": "2", "engine": "kernel"},
]


def files(folder):
    paths = [
        path
        for name in PUBLISHED
        for path in sorted((folder / name).rglob("*") if (folder / name).is_dir() else [folder / name])
    ]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths if path.is_file()}


def run(folder, engine, **environment):
    home = folder / "home of somebody else"
    home.mkdir()
    settings = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), **environment}
    command = [sys.executable, "-m", "toll", "run", "--all", "--engine", engine]
    result = subprocess.run(command, cwd=folder, env=os.environ | settings, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return files(folder)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place["TZ"])
def test_a_clean_run_elsewhere_gives_the_committed_bytes(tmp_path, place):
    folder = tmp_path / place["TZ"].replace("/", " ")
    folder.mkdir()
    for name in SOURCES:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    got, committed = run(folder, **place), files(ROOT)
    assert sorted(got) == sorted(committed)
    assert [name for name in got if got[name] != committed[name]] == []
