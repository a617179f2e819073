"""A file of the user's that a parameter names: read where it is, known by its content, and never told of."""

from __future__ import annotations

import os

import pytest

from support.toy import FIND, PARAMETERS, notebook

READ = "text = (project.root / own).read_text() if own else 'nothing'"
WRITE = "(project.processed(edition) / 'first.txt').write_text(text)"


def first(toy, *cells):
    """Makes it a project of one notebook with these cells and the parameter `own`, a file."""
    (toy.root / "notebooks/first.ipynb").write_text(
        notebook(FIND, *cells, parameters=PARAMETERS + '\nown = ""  # a file')
    )
    step = 'first:\n  reads: [inputs, "{own}"]\n  writes: ["data/processed/{edition}/first.txt"]\n'
    toy.project.chain.write_text(step)


def run(toy, path):
    return toy.toll("run", "-p", f"own={path}", "--as", "mine")


@pytest.fixture
def own(toy, tmp_path):
    first(toy, READ, WRITE)
    (tmp_path / "elsewhere").mkdir()
    file = tmp_path / "elsewhere/own.csv"
    file.write_text("alpha\n")
    return file


@pytest.mark.parametrize("engine", ["fork", "kernel"])
def test_it_is_read_where_it_is_and_its_folder_is_nowhere_in_what_is_published(toy, own, engine):
    outcome = toy.toll("run", "-p", f"own={own}", "--as", "mine", "--engine", engine)
    assert outcome.returncode == 0, outcome.stderr
    assert toy.published()["data/processed/mine/first.txt"] == b"alpha\n"
    assert not [name for name, data in toy.published().items() if str(own.parent).encode() in data]


def test_it_is_known_by_its_content_wherever_and_whenever_it_was_put_there(toy, own):
    assert "ran first" in run(toy, own).stdout
    os.utime(own, ns=(1, 1))
    assert "up to date" in run(toy, own).stdout
    moved = own.rename(toy.root / "own.csv")
    assert "up to date" in run(toy, "own.csv").stdout
    moved.write_text("betas\n")
    os.utime(moved, ns=(1, 1))
    assert "ran first" in run(toy, "own.csv").stdout
    assert toy.published()["data/processed/mine/first.txt"] == b"betas\n"
    assert "ran first" in run(toy, "").stdout
    assert toy.published()["data/processed/mine/first.txt"] == b"nothing"


def test_an_edition_may_name_it_and_status_says_that_it_changed_or_is_lost(toy, own):
    (toy.root / "editions/other.yml").write_text(f"own: {own}\n")
    assert toy.toll("run", "other").returncode == 0
    assert toy.toll("status", "other").returncode == 0
    own.write_text("changed\n")
    changed = toy.toll("status", "other")
    assert changed.returncode == 3
    assert ".user-files/own/own.csv edited" in changed.stdout
    own.unlink()
    lost = toy.toll("status", "other")
    assert lost.returncode == 1
    assert f"editions/other.yml, line 1, own: There is no readable file at {own}." in lost.stderr


def test_a_notebook_that_writes_into_it_publishes_nothing(toy, own):
    first(toy, "(project.root / own).write_text('spoilt')", "text = ''", WRITE)
    outcome = run(toy, own)
    assert outcome.returncode == 1
    assert f"{own}: The file was edited during the run" in outcome.stderr
    assert not (toy.root / "data/processed/mine").exists()


@pytest.mark.parametrize("parameter", ["other = 1  # no file", "own = 1  # no text"])
def test_a_read_that_is_no_text_parameter_of_the_notebook_is_named(toy, own, parameter):
    (toy.root / "notebooks/first.ipynb").write_text(notebook(FIND, parameters=f"{PARAMETERS}\n{parameter}"))
    outcome = toy.toll("run")
    assert outcome.returncode == 1
    assert "notebooks/chain.yml, line 1, first: {own} is not a text parameter of the notebook." in outcome.stderr
