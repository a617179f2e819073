"""What is stale and why: by content, each reason shown; nothing heavy is imported to find out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from toll.run import files, notebook_file


def status(toy) -> dict[str, str]:
    outcome = toy.toll("status")
    assert outcome.returncode in (0, 3), outcome.stderr
    lines = dict(line.split(": ", 1) for line in outcome.stdout.splitlines())
    assert (outcome.returncode == 3) == any(text != "up to date" for text in lines.values())
    return lines


def edit(path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_up_to_date_after_a_run_and_a_second_run_does_nothing(ran):
    assert set(status(ran).values()) == {"up to date"}
    before = ran.published()
    outcome = ran.toll("run")
    assert "everything is up to date" in outcome.stdout
    assert ran.published() == before


EDITS = {
    "notebook": (
        lambda toy: edit(toy.root / "notebooks/left.ipynb", "' left '", "' l '"),
        "left",
        "notebooks/left.ipynb changed",
    ),
    "input": (
        lambda toy: (toy.root / "inputs/words.txt").write_text("x"),
        "first",
        "inputs/words.txt edited",
    ),
    "new input": (
        lambda toy: (toy.root / "inputs/more.txt").write_text("x"),
        "first",
        "inputs/more.txt added",
    ),
    "edition": (
        lambda toy: (toy.root / "editions/article.yml").write_text("word: gamma"),
        "first",
        "parameter word: 'alpha' → 'gamma'",
    ),
    "lock": (
        lambda toy: (toy.root / "requirements.lock").write_text("x"),
        "last",
        "requirements.lock changed",
    ),
    "upstream": (lambda toy: edit(toy.root / "notebooks/first.ipynb", "' '", "'-'"), "last", "left is stale"),
}
BY_HAND = {
    "edited output": (
        lambda toy: (toy.root / "data/processed/article/right.txt").write_text("x"),
        "right",
        "data/processed/article/right.txt edited by hand",
    ),
    "deleted output": (
        lambda toy: (toy.root / "figures/article/last.txt").unlink(),
        "last",
        "figures/article/last.txt deleted by hand",
    ),
    "added output": (
        lambda toy: (toy.root / "figures/article/more.txt").write_text("x"),
        "last",
        "figures/article/more.txt added by hand",
    ),
    "notebook's output": (
        lambda toy: edit(toy.root / "notebooks/last.ipynb", "left one", "left two"),
        "last",
        "notebooks/last.ipynb edited by hand",
    ),
}


@pytest.mark.parametrize("change", EDITS | BY_HAND)
def test_each_reason_is_shown(ran, change):
    act, step, reason = (EDITS | BY_HAND)[change]
    act(ran)
    assert reason in status(ran)[step]


def test_a_run_settles_all_edits(ran):
    for act, _, _ in EDITS.values():
        act(ran)
    assert ran.toll("run").returncode == 0
    assert set(status(ran).values()) == {"up to date"}


def test_a_run_takes_back_what_was_done_to_its_outputs_by_hand(ran):
    before = ran.published()
    for act, _, _ in BY_HAND.values():
        act(ran)
    assert ran.toll("run").returncode == 0
    assert set(status(ran).values()) == {"up to date"}
    assert ran.published() == before


def test_only_what_depends_on_a_change_runs(ran):
    edit(ran.root / "notebooks/left.ipynb", "' left '", "' l '")
    assert status(ran)["first"] == status(ran)["right"] == "up to date"
    assert "ran left, last;" in ran.toll("run").stdout


def test_a_rerun_with_the_same_result_stops_there(ran):
    edit(ran.root / "notebooks/first.ipynb", "' '.join(words)", "' '.join( words)")
    assert "ran first; 0 files changed" in ran.toll("run").stdout


def test_time_stamps_do_not_count(ran):
    for path in ran.root.rglob("*"):
        os.utime(path, (0, 0))
    assert set(status(ran).values()) == {"up to date"}


def test_outputs_in_the_source_do_not_count_as_source(ran):
    notebook = notebook_file.load(ran.root / "notebooks/last.ipynb", "last")
    assert any(cell["outputs"] for cell in notebook["cells"])
    assert notebook_file.source_digest(notebook) == notebook_file.source_digest(notebook_file.source(notebook))


def test_a_fresh_clone_runs_once_and_makes_the_same_bytes(ran):
    before = ran.published()
    shutil.rmtree(ran.project.work)
    assert set(status(ran).values()) == {"never run on this machine"} or "stale: never run" in status(ran)["first"]
    outcome = ran.toll(
        "run",
        environment={
            "TZ": "Asia/Karachi",
            "LC_ALL": "C",
            "POLARS_MAX_THREADS": "4",
            "HOME": "/nonexistent",
            "COLUMNS": "20",
        },
    )
    assert "0 files changed" in outcome.stdout, outcome.stderr
    assert ran.published() == before


def test_status_as_json(ran):
    (ran.root / "inputs/words.txt").write_text("x")
    found = json.loads(ran.toll("status", "--json").stdout)
    assert found["article"]["first"] == ["inputs/words.txt edited"]
    assert found["article"]["last"] == ["left is stale", "right is stale"]


@pytest.mark.parametrize("command", ["status", "run"])
def test_nothing_heavy_is_imported_when_nothing_is_stale(ran, command):
    assert set(status(ran).values()) == {"up to date"}  # from then on it knows what it has parsed
    code = f"import sys; from toll.cli import main; main([{command!r}]); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ran.root, capture_output=True, text=True, check=True)
    modules = set(loaded.stdout.split())
    heavy = {
        "polars",
        "papermill",
        "nbformat",
        "IPython",
        "altair",
        "rich",
        "filelock",
        "asyncio",
        "jupyter_client",
        "yaml",
        "inspect",
        "multiprocessing",
        "shutil",
    }
    assert not heavy & modules


def test_any_change_of_the_package_makes_everything_stale(toy, tmp_path):
    """On a copy of the package, so that the real one stays as it is."""
    library = tmp_path / "library"
    shutil.copytree(files.PACKAGE, library / "toll", ignore=shutil.ignore_patterns("__pycache__"))
    environment = {"PYTHONPATH": str(library)}
    assert toy.toll("run", environment=environment).returncode == 0
    assert toy.toll("status", environment=environment).returncode == 0
    changed = library / "toll/source/quantity.py"
    changed.write_text(f"{changed.read_text()}\n# changed\n")
    outcome = toy.toll("status", environment=environment)
    assert outcome.returncode == 3
    assert outcome.stdout.count("stale: the code of toll changed") == 4


def test_a_module_that_a_notebook_reads_makes_it_stale(toy):
    toy.only("word = __import__('words').WORD")
    module = toy.project.notebooks / "words.py"
    module.write_text("WORD = 'one'")
    chain = toy.project.chain
    chain.write_text(chain.read_text().replace('reads: ["inputs"]', 'reads: ["inputs", "notebooks/words.py"]'))
    for engine, word in (("fork", "one"), ("kernel", "two")):
        module.write_text(f"WORD = {word!r}")
        assert toy.toll("run", "--engine", engine).returncode == 0
        assert (toy.project.processed("article") / "first.txt").read_text() == word
        assert toy.toll("status").returncode == 0


def test_what_the_story_says_of_its_parameters_is_beside_the_chain_and_counts(toy):
    said = toy.project.notebooks / "parameters.yml"
    said.write_text("word: a word")
    toy.only("(project.processed(edition) / 'said.txt').write_text(open('parameters.yml').read())")
    toy.project.chain.write_text(
        toy.project.chain.read_text().replace('first.txt"', 'first.txt", "data/processed/{edition}/said.txt"')
    )
    assert toy.toll("run").returncode == 0
    assert (toy.project.processed("article") / "said.txt").read_text() == "word: a word"
    said.write_text("word: another")
    assert "notebooks/parameters.yml edited" in toy.toll("status").stdout


@pytest.mark.parametrize("text", ["{", "[]", '{"code": 1}', ""])
def test_a_damaged_cache_of_what_was_parsed_does_no_harm(ran, text):
    (ran.project.work / "parsed.json").write_text(text)
    assert set(status(ran).values()) == {"up to date"}
