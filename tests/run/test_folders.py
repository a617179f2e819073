"""A project runs in whatever folder people keep it, and temporary files may lie anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.toy import Toy

ODD = "my story (v2) [new] {x} ünï سندھ's"
FOLDERS = {"odd": ODD, "odder": "-rf a*b? #1 %41;&\n{0!r}", "deep": "/".join(["a long name " * 9] * 20)}
TABLE = """
import polars as pl
from toll import tables
stem = project.processed(edition) / "table"
tables.write(pl.DataFrame({"word": [word]}), stem)
assert tables.read(stem)["word"].to_list() == [word]
for kind in (".csv", ".parquet"):
    stem.with_suffix(kind).unlink()
"""


def published(folder: Path, *options: str) -> dict[str, bytes]:
    """What a run in `folder` publishes, of a notebook that writes a table and reads it back."""
    folder.mkdir(parents=True)
    toy = Toy(folder)
    toy.only(TABLE)
    outcome = toy.toll("run", *options)
    assert outcome.returncode == 0, outcome.stderr
    return toy.published()


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> dict[str, bytes]:
    return published(tmp_path_factory.mktemp("plain") / "project")


@pytest.mark.parametrize("name", FOLDERS.values(), ids=FOLDERS)
def test_the_name_of_the_folder_does_not_matter(tmp_path, plain, name):
    assert published(tmp_path / name) == plain


def test_nor_does_it_matter_to_standard_kernels(tmp_path, plain):
    assert published(tmp_path / ODD, "--engine", "kernel") == plain


@pytest.mark.parametrize("engine", ["fork", "kernel"])
def test_temporary_files_may_lie_deep_and_behind_blanks(tmp_path, plain, engine, monkeypatch):
    deep = tmp_path / "/".join(["with blanks " * 9] * 3)
    deep.mkdir(parents=True)
    monkeypatch.setenv("TMPDIR", str(deep))
    assert published(tmp_path / "project", "--engine", engine) == plain
