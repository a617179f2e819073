"""Same inputs, same bytes: a clean run that differs in all that must not matter gives what is committed."""

import os
import shutil
import subprocess
import sys

from support.checkout import ROOT

SOURCES = ("data/raw", "editions", "notebooks", "words", "requirements.lock", "README.md")
PUBLISHED = ("data/processed/article", "figures", "notebooks", "README.md", "CORRECTIONS.md")
ELSEWHERE = {"TZ": "Asia/Karachi", "LC_ALL": "C", "POLARS_MAX_THREADS": "4", "PYTHONHASHSEED": "2"}


def files(folder):
    paths = [
        path
        for name in PUBLISHED
        for path in sorted((folder / name).rglob("*") if (folder / name).is_dir() else [folder / name])
    ]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths if path.is_file()}


def test_a_clean_run_elsewhere_gives_the_committed_bytes(tmp_path):
    folder = tmp_path / "a folder with spaces"
    home = folder / "home of somebody else"
    home.mkdir(parents=True)
    for name in SOURCES:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    environment = os.environ | ELSEWHERE | {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    years_later = ["faketime", "2037-01-01"] if shutil.which("faketime") else []
    command = [*years_later, sys.executable, "-m", "toll", "run", "--all"]
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    got, committed = files(folder), files(ROOT)
    assert sorted(got) == sorted(committed)
    assert [name for name in got if got[name] != committed[name]] == []
