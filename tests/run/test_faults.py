"""Runs that go wrong: each says which notebook and cell, changes nothing published and leaves no process."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.processes import descendants_of, wait_for
from support.toy import FIND, Toy
from toll.problems import Problems
from toll.run import publish
from toll.run.plan import plan_edition
from toll.run.runner import Options, run

FAULTS = {  # by the edition that has it: the cell, and what is said of it
    "raise": ("1 / 0", "ZeroDivisionError: division by zero"),
    "sys.exit": ("import sys; sys.exit(0)", "SystemExit: 0"),
    "quit": ("quit()", "The cell called quit() or exit()."),
    "os._exit": ("import os; os._exit(0)", "The process ended with exit code 0."),
    "segfault": ("import ctypes; ctypes.string_at(0)", "The process was killed by SIGSEGV."),
    "kill": ("import os, signal; os.kill(os.getpid(), 9)", "The process was killed by SIGKILL."),
    "input": ("input()", "StdinNotImplementedError"),
    "memory": (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30)); b'x' * 2**31",
        "MemoryError",
    ),
    "native-memory": (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31)); "
        "import polars; polars.zeros(2**30, eager=True).to_frame().with_columns(a=polars.all() + 1)",
        "The process was killed by SIGABRT.",
    ),
}
TOO_MUCH = {
    "much-output": ("print('x' * 100_000_000)", "The cells printed 100 MB"),
    "many-lines": ("for _ in range(100_000): print('x' * 999)", "The cells printed 1"),
}
UNDECLARED = {
    "new-output": (
        "(project.processed(edition) / 'extra.txt').write_text('x')",
        "The notebook changed data/processed/new-output/extra.txt",
    ),
    "input-edited": ("(project.root / 'inputs/words.txt').write_text('x')", "The notebook changed inputs/words.txt"),
    "input-deleted": ("(project.root / 'inputs/words.txt').unlink()", "The notebook changed inputs/words.txt"),
    "beside": ("open('beside.txt', 'w').write('x')", "The notebook changed notebooks/beside.txt"),
}


class Failed:
    """A run in which each edition has one fault and all that it was told of the notebook; nothing else was run."""

    def __init__(self, toy: Toy, faults: dict[str, tuple[str, str]], *options: str):
        self.toy, self.faults = toy, faults
        toy.only("print('seen')", *(f"if word == {name!r}:\n    {cell}" for name, (cell, _) in faults.items()))
        for old in toy.project.editions.iterdir():
            old.unlink()
        for name in faults:
            (toy.project.editions / f"{name}.yml").write_text(f"word: {name}\n")
            toy.project.processed(name).mkdir(parents=True)
            (toy.project.processed(name) / "first.txt").write_text("of the last run")
        before = toy.published()
        self.outcome = toy.toll("run", *faults, *options)
        assert self.outcome.returncode == 1
        assert toy.published() == before
        assert not any((toy.project.work / "stage").iterdir())
        told = re.split(r" What the notebook left is in \.toll/failed/(.*)\.\n", self.outcome.stderr)
        self.told = dict(zip(told[1::2], told[::2], strict=False))

    def cell(self, name: str) -> int:
        """The number of the cell that should fail; those of the parameters, two of them, come first."""
        return 5 + list(self.faults).index(name)


@pytest.fixture(scope="module")
def failed(tmp_path_factory) -> Failed:
    return Failed(Toy(tmp_path_factory.mktemp("failed")), FAULTS | TOO_MUCH | UNDECLARED)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failing_cell_is_named_and_shown(failed, fault):
    cell, error = FAULTS[fault]
    told = failed.told[fault]
    assert f"notebooks/first.ipynb, cell [{failed.cell(fault)}]: {error}" in told
    assert f"    if word == {fault!r}:\n        {cell}\n" in told
    assert "Nothing was published" in told
    assert "site-packages/toll" not in told
    assert (failed.toy.project.work / f"failed/{fault}/first").is_dir()


@pytest.mark.parametrize("fault", TOO_MUCH)
def test_a_notebook_that_prints_too_much_is_named(failed, fault):
    assert TOO_MUCH[fault][1] in failed.told[fault]
    assert "notebooks/first.ipynb" in failed.told[fault]


@pytest.mark.parametrize("fault", UNDECLARED)
def test_a_write_that_the_chain_does_not_declare_fails_by_name(failed, fault):
    assert f"notebooks/first.ipynb: {UNDECLARED[fault][1]}" in failed.outcome.stderr
    assert (failed.toy.root / "inputs/words.txt").read_text() == "one two three\n"


def test_the_executed_notebook_is_kept(failed):
    cells = json.loads((failed.toy.project.work / "failed/raise/first.ipynb").read_text())["cells"]
    printed = [output for cell in cells for output in cell.get("outputs", [])]
    assert printed[0]["text"] == ["seen\n"]
    assert printed[1]["ename"] == "ZeroDivisionError"


@pytest.mark.parametrize("engine", ["fork", "kernel"])
def test_a_cell_that_takes_too_long_is_ended(toy, engine):
    """Whether it is busy or waits."""
    toy.only("while word == 'alpha': pass", "import time; time.sleep(60)")
    planned = [plan_edition(toy.project, name) for name in ("article", "other")]
    reports = run(toy.project, planned, Options(engine=engine, cell_seconds=1))
    for report, cell in zip(sorted(reports, key=lambda report: report.edition), (3, 5), strict=True):
        assert f"cell [{cell}]: The cell ran longer than 1 seconds" in str(report.failure)
    assert not (toy.project.root / "data/processed").exists()


def test_the_kernel_engine_names_the_cell_too(toy):
    kernel = Failed(toy, {fault: FAULTS[fault] for fault in ("os._exit", "quit", "raise")}, "--engine", "kernel")
    for fault, (_, error) in kernel.faults.items():
        assert f"notebooks/first.ipynb, cell [{kernel.cell(fault)}]" in kernel.told[fault]
        assert error in kernel.told[fault] or "DeadKernelError" in kernel.told[fault]


def test_what_the_chain_declares_and_is_not_written_and_what_is_read_without_it_fail_by_name(toy):
    write = "(project.processed(edition) / '{}.txt').write_text(word)"
    toy.step("left", [FIND, f"if word != 'alpha': {write.format('left')}"], [])
    read = "if word == 'beta': (project.root / 'inputs/words.txt').read_text()"
    toy.step("right", [FIND, read, write.format("right")], [])
    outcome = toy.toll("run", "--all")
    assert outcome.returncode == 1
    assert "left.ipynb: The notebook did not write data/processed/article/left.txt" in outcome.stderr
    assert "right.ipynb, cell [4]: FileNotFoundError" in outcome.stderr
    assert not toy.project.figures.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"cells": [', "The notebook is damaged"),
        ("{}", "The notebook is damaged"),
        ("", "The notebook is damaged"),
        ('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "0 cells have the tag “parameters”"),
        ('{"cells": [], "metadata": {}, "nbformat": 3}', "format 3"),
        ('{"cells": [], "metadata": {"kernelspec": {"language": "R"}}, "nbformat": 4}', "for R"),
        ('{"cells": [], "metadata": {"language_info": {"name": "julia"}}, "nbformat": 4}', "for julia"),
        (
            '{"cells": [{"cell_type": "code", "metadata": {"tags": [1]}}], "metadata": {}, "nbformat": 4}',
            "The notebook is damaged ([1] is no list of tags)",
        ),
    ],
)
def test_a_damaged_notebook_is_named_before_anything_runs(toy, text, words):
    (toy.project.notebooks / "left.ipynb").write_text(text)
    outcome = toy.toll("run")
    assert outcome.returncode == 1
    assert "notebooks/left.ipynb" in outcome.stderr
    assert words in outcome.stderr
    assert not toy.project.work.exists()


def test_a_kernel_of_another_name_does_not_matter(toy):
    toy.only()
    path = toy.project.notebooks / "first.ipynb"
    notebook = json.loads(path.read_text())
    notebook["metadata"]["kernelspec"] = {"name": "my-env", "language": "python", "display_name": "mine"}
    path.write_text(json.dumps(notebook))
    assert toy.toll("run").returncode == 0
    assert json.loads(path.read_text())["metadata"]["kernelspec"]["name"] == "python3"


def test_tags_that_are_null_are_none(toy):
    toy.only()
    path = toy.project.notebooks / "first.ipynb"
    notebook = json.loads(path.read_text())
    notebook["cells"][1]["metadata"]["tags"] = None
    path.write_text(json.dumps(notebook))
    outcome = toy.toll("run")
    assert outcome.returncode == 0, outcome.stderr


def test_debug_shows_the_traceback(toy):
    (toy.project.notebooks / "left.ipynb").write_text("")
    assert "toll.problems.Problems" in toy.toll("run", "--debug").stderr


def test_files_edited_during_the_run_stop_it_and_are_not_overwritten(toy):
    words, notebook = toy.root / "inputs/words.txt", toy.project.notebooks / "first.ipynb"
    toy.only(
        f"open({str(words)!r}, 'a').write('more')",
        f"path = {str(notebook)!r}; text = open(path).read(); open(path, 'w').write(text.replace('word', 'werd'))",
    )
    outcome = toy.toll("run")
    assert outcome.returncode == 1
    assert "inputs/words.txt: The file was edited during the run" in outcome.stderr
    assert "notebooks/first.ipynb: The file was edited during the run" in outcome.stderr
    assert not toy.project.processed("article").exists()
    assert "werd" in notebook.read_text()


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


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_no_process_outlives_a_server_that_is_killed(toy):
    toy.only("open('started', 'w').close()\nimport time; time.sleep(300)")
    running = subprocess.Popen(toy.command("run"), cwd=toy.root, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: list(toy.project.work.glob("stage/*/steps/first/notebooks/started")))
    (server,) = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
    os.kill(int(server), signal.SIGKILL)
    assert running.wait(20) == 1
    assert "The notebook server was killed by SIGKILL" in running.stderr.read()
    wait_for(lambda: not descendants_of(toy.project.work / "stage"), 5)


def test_a_second_run_says_so_at_once_and_changes_nothing(toy):
    toy.only("open('started', 'w').close()\nimport time; time.sleep(300)")
    first = subprocess.Popen(toy.command("run"), cwd=toy.root, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: list(toy.project.work.glob("stage/*/steps/first/notebooks/started")))
        second = toy.toll("run")
        assert second.returncode == 1
        assert "Another run is in progress" in second.stderr
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
        wait = (
            f"import pathlib, time\nmeet = pathlib.Path({str(meet)!r})\n(meet / {own!r}).touch()\n"
            f"while not (meet / {other!r}).exists(): time.sleep(0.01)"
        )
        toy.step(own, [FIND, wait, f"(project.processed(edition) / '{own}.txt').write_text('x')"], [])
    [report] = run(toy.project, [plan_edition(toy.project, "article")], Options(jobs=2, cell_seconds=20))
    assert not report.failure
    for path in meet.iterdir():
        path.unlink()
    [report] = run(toy.project, [plan_edition(toy.project, "article")], Options(jobs=1, cell_seconds=2, force=True))
    assert report.failure


def test_an_edition_that_fails_leaves_the_others_alone(toy):
    """It ends its own notebooks only, however long they would have taken."""
    out = "(project.processed(edition) / '{}.txt').write_text(word)"
    toy.step("right", [FIND, "assert word != 'beta'", out.format("right")], [])
    toy.step("left", [FIND, "import time\nif word == 'beta': time.sleep(300)", out.format("left")], [])
    outcome = toy.toll("run", "other", "article")
    assert outcome.returncode == 1
    assert "notebooks/right.ipynb, cell [4]: AssertionError" in outcome.stderr
    assert "article: ran first, left, right, last;" in outcome.stdout
    assert not toy.project.processed("other").exists()
    assert [path.name for path in toy.project.work.glob("stage/*")] == []


def test_an_edition_never_writes_over_another(ran):
    before = ran.published()
    assert ran.toll("run", "-p", "word=x", "--as", "varied").returncode == 0
    assert {name: before[name] for name in before} == {
        name: data for name, data in ran.published().items() if "varied" not in name
    }


def test_unknown_commands_and_editions(toy):
    assert toy.toll("walk").returncode == 2
    outcome = toy.toll("run", "articel")
    assert outcome.returncode == 1
    assert "Did you mean article?" in outcome.stderr
    with pytest.raises(Problems):
        plan_edition(toy.project, "x")


@pytest.fixture
def small_disk(tmp_path, finished) -> Iterator[Toy]:
    """A toy project that is up to date, on a disk of 3 MB of its own."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder]
    if not shutil.which("mount") or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small disk")
    try:
        yield Toy.at(shutil.copytree(finished.root, folder, dirs_exist_ok=True))
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path, leave: int) -> Path:
    """Leaves so many bytes of the disk."""
    ballast = folder / "ballast"
    disk = os.statvfs(folder)
    with ballast.open("wb") as file:
        file.write(bytes(max(0, disk.f_bavail * disk.f_bsize - leave)))
    return ballast


def test_a_full_disk_changes_nothing_published(small_disk):
    """From one that has no room for the first copy to one that is full when what was made is put in place."""
    out = "(project.processed(edition) / '{}.txt').write_text('new' * 100_000)"
    before = small_disk.published()
    for name in ("left", "right"):
        path = small_disk.project.notebooks / f"{name}.ipynb"
        path.write_text(
            path.read_text().replace("text = ", f"{out.format(name)}; text = ").replace("word +", "'new' * 100_000 +")
        )
    before |= {name: data for name, data in small_disk.published().items() if name.endswith("ipynb")}
    for leave in (0, 4096, 16_384, 65_536, 200_000, 400_000, 800_000):
        ballast = fill(small_disk.root, leave)
        outcome = small_disk.toll("run")
        ballast.unlink()
        if outcome.returncode == 0:
            assert leave > 400_000
            break
        assert "No space left" in outcome.stderr or "the disk has 0." in outcome.stderr, outcome.stderr
        assert "Traceback (most recent call last):\n  File" not in outcome.stderr
        assert small_disk.published() == before
    assert small_disk.toll("run").returncode == 0
    assert (small_disk.project.processed("article") / "left.txt").stat().st_size > 300_000


def test_a_disk_that_fills_while_publishing_changes_nothing(small_disk):
    """The new files are there; the journal is not to be written any more."""
    before = small_disk.published()
    stage = small_disk.project.work / "stage/run"
    stage.mkdir(parents=True)
    (stage / "new").write_text("new")
    ballast = fill(small_disk.root, 0)
    moves = {f"figures/article/{'n' * 40}-{number}": "new" for number in range(200)} | {
        "figures/article/last.txt": "new"
    }
    with pytest.raises(Problems, match="No space left"):
        publish.commit(small_disk.project, stage, moves)
    assert small_disk.published() == before
    ballast.unlink()
    assert small_disk.toll("status").returncode == 0


def test_outputs_that_may_not_be_written_change_nothing(small_disk):
    """Root may write wherever a mode says no, so it is the file system that says it."""
    (small_disk.root / "inputs/words.txt").write_text("other words")
    before = small_disk.published()
    for place in (small_disk.root / "data/processed", small_disk.root / "figures"):
        subprocess.run(["mount", "--bind", place, place], check=True)
        subprocess.run(["mount", "-o", "remount,ro,bind", place], check=True)
        try:
            outcome = small_disk.toll("run")
            assert outcome.returncode == 1
            assert "Nothing was changed." in outcome.stderr, outcome.stderr
            assert "Traceback" not in outcome.stderr
            assert small_disk.published() == before
        finally:
            subprocess.run(["umount", place], check=True)
    assert small_disk.toll("run").returncode == 0


def test_a_project_that_may_not_be_written_says_so(small_disk):
    (small_disk.project.work / "parsed.json").unlink(missing_ok=True)
    (small_disk.root / "inputs/words.txt").write_text("other words")
    subprocess.run(["mount", "-o", "remount,ro", small_disk.root], check=True)
    status = small_disk.toll("status")
    assert (status.returncode, status.stderr) == (3, "") and "inputs/words.txt edited" in status.stdout
    for command in (["run"], ["watch"], ["run", "-p", "word=x", "--as", "varied"]):
        outcome = small_disk.toll(*command)
        assert outcome.returncode == 1
        assert re.fullmatch(
            r"/\S+: Read-only file system\. Correct the permissions, or work in a copy of the project\.\n",
            outcome.stderr,
        )


def test_no_home_and_a_clock_years_off_change_nothing(ran):
    """Time stamps are all that a run could take from the clock: here they are those of other decades."""
    before = ran.published()
    shutil.rmtree(ran.project.work)
    for number, path in enumerate(sorted(ran.root.rglob("*"))):
        os.utime(path, (number % 2 * 4e9, number % 2 * 4e9))
    environment = {name: value for name, value in os.environ.items() if name not in ("HOME", "XDG_CACHE_HOME")}
    faked = ["faketime", "2037-01-01"] if shutil.which("faketime") else []
    outcome = subprocess.run(
        [*faked, *ran.command("run")], cwd=ran.root, env=environment, capture_output=True, text=True
    )
    assert "0 files changed" in outcome.stdout, outcome.stderr
    assert ran.published() == before


def test_no_network_is_needed(toy):
    if not shutil.which("unshare") or subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode:
        pytest.skip("needs the right to be without network")
    toy.only("1")
    for engine in ("fork", "kernel"):
        command = ["unshare", "--net", *toy.command("run", "--force", "--engine", engine)]
        outcome = subprocess.run(command, cwd=toy.root, capture_output=True, text=True)
        assert outcome.returncode == 0, outcome.stderr


def test_the_lock_of_a_killed_holder_is_free(toy):
    code = (
        "import sys, pathlib, time; from toll.run.publish import sole_run; from toll.project import Project\n"
        "with sole_run(Project(pathlib.Path(sys.argv[1]))): print('held', flush=1); time.sleep(99)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, toy.root], stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    assert "Another run is in progress" in toy.toll("run").stderr
    holder.kill()
    holder.wait()
    toy.only("1")
    assert toy.toll("run").returncode == 0
