"""A command does its work whoever reads what it prints, and however the caller has set that up."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

CALLERS = {
    "a reader that has seen enough": "{toll} 2>&1 | head -n 1 | grep -q first",
    "a reader that is gone": "{toll} 2>&1 | true",
    "no standard error": "{toll} 2>&-",
    "no standard output": "{toll} >&-",
    "no stream at all": "{toll} <&- >&- 2>&-",
}


@pytest.mark.parametrize("caller", CALLERS.values(), ids=CALLERS)
def test_a_run_publishes_whoever_reads_what_it_prints(toy, caller):
    command = caller.format(toll=shlex.join(toy.command("run")))
    outcome = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=toy.root, capture_output=True, text=True)
    assert outcome.returncode == 0 and "Error" not in outcome.stderr
    assert (
        toy.project.published("article") / "last.txt"
    ).read_text() == "alpha left one two threealpha right one two three"


def test_the_exit_code_is_that_of_the_command(toy):
    command = f"{shlex.join(toy.command('status'))} | true"
    assert subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=toy.root).returncode == 3


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_command_whose_words_find_no_room_fails_in_one_line(ran):
    outcome = subprocess.run(
        ["bash", "-c", f"{shlex.join(ran.command('status'))} > /dev/full"], cwd=ran.root, capture_output=True, text=True
    )
    assert outcome.returncode == 1
    assert "No space left on device" in outcome.stderr and outcome.stderr.count("\n") == 1


def test_letters_that_a_terminal_does_not_know_stop_nothing(ran):
    (ran.root / "editions/article.yml").write_text("word: beta\n")
    outcome = ran.toll("status", environment={"PYTHONIOENCODING": "ascii"})
    assert (outcome.returncode, outcome.stderr) == (3, "")
    assert r"parameter word: 'alpha' \u2192 'beta'" in outcome.stdout
