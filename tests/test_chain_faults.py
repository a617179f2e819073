"""Runs that go wrong: each says which notebook and cell, changes nothing published and leaves no process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from conftest import FIND
from toll.chain import editions, steps
from toll.chain.run import Options, StepFailed, plan_edition, run
from toll.problems import Problems

FAULTS = {
    "raise": ("1 / 0", "ZeroDivisionError: division by zero"),
    "sys.exit": ("import sys; sys.exit(0)", "SystemExit: 0"),
    "quit": ("quit()", "the cell called quit() or exit()"),
    "os._exit": ("import os; os._exit(0)", "the cell ended the notebook's process (exit code 0)"),
    "segfault": ("import ctypes; ctypes.string_at(0)", "the cell ended the notebook's process (SIGSEGV)"),
    "kill": ("import os, signal; os.kill(os.getpid(), 9)", "the cell ended the notebook's process (SIGKILL)"),
    "input": ("input()", "StdinNotImplementedError"),
    "memory": (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30)); b'x' * 2**31",
        "MemoryError",
    ),
    "much output": ("print('x' * 20_000_000)", "the cells printed 20 MB"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_cell_is_named_and_shown(toy, fault):
    cell, error = FAULTS[fault]
    toy.only("good = 1", cell, "print('later')")
    toy.project.processed("article").mkdir(parents=True)
    (toy.project.processed("article") / "first.txt").write_text("of the last run")
    before = toy.published()
    outcome = toy.toll("run")
    assert outcome.returncode == 1
    assert f"notebooks/first.ipynb, cell [4]: {error}" in outcome.stderr or fault == "much output"
    assert error in outcome.stderr
    assert cell in outcome.stderr or fault == "much output"
    assert "Nothing was published" in outcome.stderr
    assert "site-packages/toll" not in outcome.stderr
    assert toy.published() == before
    assert (toy.project.work / "failed/article/first").is_dir()
    assert not (toy.project.work / "stage").exists() or not any((toy.project.work / "stage").iterdir())


def test_the_executed_notebook_is_kept(toy):
    toy.only("print('seen')", "1 / 0")
    toy.toll("run")
    cells = json.loads((toy.project.work / "failed/article/first.ipynb").read_text())["cells"]
    printed = [output for cell in cells for output in cell.get("outputs", [])]
    assert printed[0]["text"] == ["seen\n"]
    assert printed[1]["ename"] == "ZeroDivisionError"


@pytest.mark.parametrize("engine", ["fork", "kernel"])
@pytest.mark.parametrize("cell", ["while True: pass", "import time; time.sleep(60)"])
def test_a_cell_that_takes_too_long_is_ended(toy, engine, cell):
    toy.only(cell)
    with pytest.raises(StepFailed, match=r"cell \[3\]: the cell ran longer than 1 seconds"):
        run(toy.project, [plan_edition(toy.project, "article")], Options(engine=engine, cell_seconds=1))
    assert not (toy.project.processed("article")).exists()


@pytest.mark.parametrize("fault", ["os._exit", "quit", "raise"])
def test_the_kernel_engine_names_the_cell_too(toy, fault):
    cell, error = FAULTS[fault]
    toy.only(cell, "print('later')")
    outcome = toy.toll("run", "--engine", "kernel")
    assert outcome.returncode == 1
    assert "notebooks/first.ipynb, cell [3]" in outcome.stderr
    assert error in outcome.stderr or "DeadKernelError" in outcome.stderr


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (
            "(project.processed(edition) / 'extra.txt').write_text('x')",
            "changed data/processed/article/extra.txt",
        ),
        ("(project.root / 'inputs/words.txt').write_text('x')", "changed inputs/words.txt"),
        ("open('beside.txt', 'w').write('x')", "changed notebooks/beside.txt"),
        ("(project.root / 'inputs/words.txt').unlink()", "changed inputs/words.txt"),
    ],
)
def test_a_write_that_the_chain_does_not_declare_fails_by_name(toy, cell, words):
    toy.only(cell)
    before = toy.published(), (toy.root / "inputs/words.txt").read_text()
    outcome = toy.toll("run")
    assert outcome.returncode == 1
    assert f"notebooks/first.ipynb: found that it {words}" in outcome.stderr
    assert (toy.published(), (toy.root / "inputs/words.txt").read_text()) == before


def test_a_declared_write_that_is_missing_fails_by_name(toy):
    toy.step("left", [FIND, "1"], [])
    outcome = toy.toll("run")
    assert outcome.returncode == 1
    assert "left.ipynb: found that it did not write data/processed/article/left.txt" in outcome.stderr
    assert not toy.project.figures.exists()


def test_a_read_that_the_chain_does_not_declare_finds_nothing(toy):
    toy.step("right", [FIND, "(project.root / 'inputs/words.txt').read_text()"], [])
    outcome = toy.toll("run")
    assert outcome.returncode == 1
    assert "FileNotFoundError" in outcome.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [('{"cells": [', "a damaged notebook"), ("{}", "a damaged notebook"), ("", "a damaged notebook"),
     ('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "0 cells tagged parameters"),
     ('{"cells": [], "metadata": {}, "nbformat": 3}', "format 3"),
     ('{"cells": [], "metadata": {"kernelspec": {"language": "R"}}, "nbformat": 4}', "for R")],
)  # fmt: skip
def test_a_damaged_notebook_is_named_before_anything_runs(toy, text, words):
    (toy.project.notebooks / "left.ipynb").write_text(text)
    outcome = toy.toll("run")
    assert outcome.returncode == 1
    assert "notebooks/left.ipynb" in outcome.stderr
    assert words in outcome.stderr
    assert not toy.project.work.exists()


def test_a_kernel_of_another_name_does_not_matter(toy):
    path = toy.project.notebooks / "first.ipynb"
    notebook = json.loads(path.read_text())
    notebook["metadata"]["kernelspec"] = {"name": "my-env", "language": "python", "display_name": "mine"}
    path.write_text(json.dumps(notebook))
    assert toy.toll("run").returncode == 0
    assert json.loads(path.read_text())["metadata"]["kernelspec"]["name"] == "python3"


def test_debug_shows_the_traceback(toy):
    toy.only("1 / 0")
    assert "StepFailed" in toy.toll("run", "--debug").stderr


def test_a_raw_file_edited_during_the_run_stops_it(toy):
    path = toy.root / "inputs/words.txt"
    toy.only(f"open({str(path)!r}, 'a').write('more')")
    outcome = toy.toll("run")
    assert outcome.returncode == 1
    assert "inputs/words.txt: found that it was edited during the run" in outcome.stderr
    assert not toy.project.processed("article").exists()


def test_a_notebook_saved_during_the_run_is_not_overwritten(toy):
    path = toy.project.notebooks / "first.ipynb"
    toy.only(f"path = {str(path)!r}; text = open(path).read(); open(path, 'w').write(text.replace('word', 'werd'))")
    outcome = toy.toll("run")
    assert outcome.returncode == 1
    assert "notebooks/first.ipynb: found that it was edited during the run" in outcome.stderr
    assert "werd" in path.read_text()


def descendants_of(folder: Path) -> list[int]:
    """Processes whose command line or working folder shows this project's stage."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder) in str((process / "cwd").readlink()) or str(folder) in (process / "cmdline").read_text():
                found.append(int(process.name))
        except OSError:
            continue
    return found


def wait_for(condition, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


@pytest.mark.parametrize("engine", ["fork", "kernel"])
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_process_outlives_a_run_that_is_ended(toy, engine, sign):
    """Neither the server, nor the notebook, nor what a cell has started."""
    toy.only("import subprocess\nopen('started', 'w').close()\nsubprocess.run(['sleep', '300'])")
    running = subprocess.Popen(toy.command("run", "--engine", engine), cwd=toy.root, stderr=subprocess.PIPE)
    wait_for(lambda: list(toy.project.work.glob("stage/*/steps/first/notebooks/started")))
    stage = toy.project.work / "stage"
    assert descendants_of(stage)
    running.send_signal(sign)
    code = running.wait(20)
    wait_for(lambda: not descendants_of(stage), 5)
    assert code == (-9 if sign == signal.SIGKILL else 130)
    toy.only("1")
    assert toy.toll("run").returncode == 0


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_no_process_outlives_a_server_that_is_killed(toy):
    toy.only("open('started', 'w').close()\nimport time; time.sleep(300)")
    running = subprocess.Popen(toy.command("run"), cwd=toy.root, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: list(toy.project.work.glob("stage/*/steps/first/notebooks/started")))
    (server,) = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
    os.kill(int(server), signal.SIGKILL)
    assert running.wait(20) == 1
    assert "the notebook server ended" in running.stderr.read()
    wait_for(lambda: not descendants_of(toy.project.work / "stage"), 5)


def test_a_second_run_says_so_at_once_and_changes_nothing(toy):
    toy.only("open('started', 'w').close()\nimport time; time.sleep(300)")
    first = subprocess.Popen(toy.command("run"), cwd=toy.root, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: list(toy.project.work.glob("stage/*/steps/first/notebooks/started")))
        second = toy.toll("run")
        assert second.returncode == 1
        assert "another run in progress" in second.stderr
        assert list(toy.project.work.glob("stage/*/steps/first/notebooks/started"))
        assert first.poll() is None
    finally:
        first.kill()
        first.wait()
    toy.only("1")
    assert toy.toll("run").returncode == 0  # the lock of a killed run does not stay


def test_the_gate_comes_first(toy):
    (toy.root / "data/raw").mkdir(parents=True)
    toy.project.chain.write_text(toy.project.chain.read_text().replace('["inputs"]', '["inputs", "data/raw"]'))
    before = toy.published()
    outcome = toy.toll("run")
    assert outcome.returncode == 1
    assert "data/raw/figures.csv" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert toy.published() == before
    assert not toy.project.work.exists()


def test_independent_steps_run_side_by_side(toy):
    """Each of the two waits for the other to begin: one after the other they would never end."""
    meet = toy.root / "meet"
    meet.mkdir()
    for own, other in (("left", "right"), ("right", "left")):
        wait = f"import pathlib, time\nmeet = pathlib.Path({str(meet)!r})\n(meet / {own!r}).touch()\n" \
               f"while not (meet / {other!r}).exists(): time.sleep(0.01)"  # fmt: skip
        toy.step(own, [FIND, wait, f"(project.processed(edition) / '{own}.txt').write_text('x')"], [])
    run(toy.project, [plan_edition(toy.project, "article")], Options(jobs=2, cell_seconds=20))
    with pytest.raises(StepFailed):
        for path in meet.iterdir():
            path.unlink()
        run(toy.project, [plan_edition(toy.project, "article")], Options(jobs=1, cell_seconds=2, force=True))


def test_an_edition_never_writes_over_another(toy):
    assert toy.toll("run", "--all").returncode == 0
    before = toy.published()
    assert toy.toll("run", "-p", "word=x", "--as", "varied").returncode == 0
    assert {name: before[name] for name in before} == {
        name: data for name, data in toy.published().items() if "varied" not in name
    }


def test_unknown_commands_and_editions(toy):
    assert toy.toll("walk").returncode == 2
    outcome = toy.toll("run", "articel")
    assert outcome.returncode == 1
    assert "Did you mean article?" in outcome.stderr
    with pytest.raises(Problems):
        editions.resolve(toy.project, steps.read(toy.project, "x"), "x")
