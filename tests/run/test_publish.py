"""All or nothing, whenever it is interrupted: real processes, killed at random moments."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time

import pytest

from toll.problems import Problems
from toll.run import publish

PUBLISH = """
import sys
from pathlib import Path
from toll.run import publish
from toll.project import Project
project = Project(Path(sys.argv[1]))
with publish.sole_run(project):
    print("ready", flush=True)
    for number in range(int(sys.argv[2]), 10_000):
        stage = project.work / "stage/run"
        (stage / "new").mkdir(parents=True, exist_ok=True)
        for name in range(12):
            (stage / f"new/{name}").write_text(f"{number}\\n" * 2000)
        moves = {f"figures/{name % 3}/{name}": f"new/{name}" for name in range(12)}
        moves |= {f"figures/only-{number - 1}": None, f"figures/only-{number}": "new/only"}
        (stage / "new/only").write_text(f"{number}\\n" * 2000)
        publish.commit(project, stage, moves)
"""


def contents(toy) -> set[str]:
    return {path.read_text() for path in toy.project.figures.rglob("*") if path.is_file()}


def test_a_kill_at_any_moment_leaves_all_old_or_all_new(toy):
    moments = random.Random(1)
    number = 0
    for _ in range(185):
        process = subprocess.Popen([sys.executable, "-c", PUBLISH, toy.root, str(number)], stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"ready\n"
        time.sleep(moments.uniform(0.001, 0.08))
        process.kill()
        process.wait()
        with publish.sole_run(toy.project):
            assert not publish.interrupted(toy.project)
        found = contents(toy)
        assert len(found) <= 1, {text[:9] for text in found}
        if found:
            (text,) = found
            number = int(text.split()[0])
            assert text == f"{number}\n" * 2000
            names = sorted(path.name for path in toy.project.figures.rglob("*") if path.is_file())
            assert names == sorted([*map(str, range(12)), f"only-{number}"])
            number += 1
        assert not (toy.project.work / "stage").exists()
    assert number > 0


def test_readers_never_see_a_half_written_file(toy):
    process = subprocess.Popen([sys.executable, "-c", PUBLISH, toy.root, "0"], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    seen = set()
    end = time.monotonic() + 1
    while time.monotonic() < end:
        for name in range(12):
            path = toy.project.figures / str(name % 3) / str(name)
            if path.exists():
                text = path.read_text()
                assert text == text.split("\n")[0].join(["", "\n"]) * 2000
                seen.add(text)
    process.kill()
    process.wait()
    assert len(seen) > 1


def test_a_run_killed_at_any_moment_leaves_all_old_or_all_new(toy):
    """The whole command, notebooks and record included."""
    moments = random.Random(2)
    words = toy.root / "inputs/words.txt"
    states = {}
    for text in ("old words", "new words"):
        words.write_text(text)
        assert toy.toll("run").returncode == 0
        states[text] = toy.published()
    now = "new words"
    for _ in range(15):
        after = next(text for text in states if text != now)
        words.write_text(after)
        process = subprocess.Popen(toy.command("run"), cwd=toy.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        killer = threading.Timer(moments.uniform(0.1, 2.2), process.kill)
        killer.start()
        process.communicate()
        killer.cancel()
        with publish.sole_run(toy.project):
            found = toy.published()
        assert found in (states[now], states[after])
        now = after if found == states[after] else now


def test_a_move_that_fails_takes_the_others_back(toy):
    """The last target is a folder with something in it: no file can be put there."""
    stage = toy.project.work / "stage/run"
    stage.mkdir(parents=True)
    before = {"a": "old a", "c": "old c"}
    toy.project.figures.mkdir()
    for name, text in before.items():
        (toy.project.figures / name).write_text(text)
    (toy.project.figures / "z/full").mkdir(parents=True)
    for name in ("a", "b", "z"):
        (stage / name).write_text("new")
    moves = {"figures/a": "a", "figures/b": "b", "figures/c": None, "figures/z": "z"}
    with pytest.raises(Problems, match="figures/z"):
        publish.commit(toy.project, stage, moves)
    assert {path.name: path.read_text() for path in toy.project.figures.iterdir() if path.is_file()} == before
    assert not publish.interrupted(toy.project)


def test_only_what_changed_is_replaced(ran):
    stamps = {path: path.stat().st_mtime_ns for path in ran.root.glob("data/processed/article/*")}
    assert ran.toll("run", "--force").returncode == 0
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps


def test_an_interrupted_publication_is_completed_by_the_next_run(ran):
    """As a kill between the journal and the last move leaves it."""
    stage = ran.project.work / "stage/dead"
    stage.mkdir(parents=True)
    (stage / "new").write_text("new")
    (ran.project.work / "journal.json").write_text(
        '{"stage": ".toll/stage/dead", "moves": {"figures/article/moved": "gone", "figures/article/late": "new"}}'
    )
    with publish.sole_run(ran.project):
        assert (ran.project.figures / "article/late").read_text() == "new"
    assert not stage.exists()


def test_sigterm_while_publishing_waits_for_its_end(toy):
    process = subprocess.Popen([sys.executable, "-c", PUBLISH, toy.root, "0"], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    process.wait()
    assert not publish.interrupted(toy.project)
