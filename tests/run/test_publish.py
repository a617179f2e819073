"""All or nothing, whenever it is interrupted: real processes, killed at random moments."""

from __future__ import annotations

import random
import signal
import subprocess
import time

import pytest

from support.processes import wait_for
from support.publisher import publishing
from toll.problems import Problems
from toll.run import publish


def contents(toy) -> set[str]:
    return {path.read_text() for path in toy.project.figures.rglob("*") if path.is_file()}


def test_a_kill_at_any_moment_leaves_all_old_or_all_new(toy_in_memory):
    toy = toy_in_memory
    moments = random.Random(1)
    number = 0
    for _ in range(185):
        with publishing(toy.project, number):
            time.sleep(moments.uniform(0.001, 0.03))
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
    seen = set()
    with publishing(toy.project):
        end = time.monotonic() + 1
        while time.monotonic() < end or len(seen) < 2:
            for name in range(12):
                path = toy.project.figures / str(name % 3) / str(name)
                if path.exists():
                    text = path.read_text()
                    assert text == text.split("\n")[0].join(["", "\n"]) * 2000
                    seen.add(text)


MOMENTS = (  # of a run: there is this file
    "lock",
    "stage/*/steps/first/source.ipynb",
    "stage/*/made/notebooks/first.ipynb",
    "stage/*/made/notebooks/last.ipynb",
    "stage/*/state.json",
    *["journal.json"] * 3,
)


def test_a_run_killed_at_any_moment_leaves_all_old_or_all_new(ran):
    """The whole command, notebooks and record included."""
    words, work = ran.root / "inputs/words.txt", ran.project.work
    states = {words.read_text(): ran.published()}
    words.write_text("new words")
    assert ran.toll("run").returncode == 0
    now = "new words"
    states[now] = ran.published()
    for moment in MOMENTS:
        after = next(text for text in states if text != now)
        words.write_text(after)
        (work / "lock").unlink()
        running = subprocess.Popen(ran.command("run"), cwd=ran.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        while running.poll() is None and not any(work.glob(moment)):
            time.sleep(0.001)
        running.kill()
        running.communicate()
        with publish.sole_run(ran.project):
            found = ran.published()
        assert found in (states[now], states[after]), moment
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
    with publishing(toy.project) as process:
        wait_for(lambda: any(toy.project.figures.glob("only-*")))
        process.terminate()
        process.join()
    assert process.exitcode == -signal.SIGTERM
    assert not publish.interrupted(toy.project)
