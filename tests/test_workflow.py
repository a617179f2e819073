"""What runs on a code host: with no secrets, for a fork too, and only commands that there are."""

import re
import shlex

import yaml

from support.checkout import ROOT
from toll.cli import COMMANDS, parser

TEXT = (ROOT / ".github/workflows/check.yml").read_text("utf-8")
WORKFLOW = yaml.load(TEXT, yaml.BaseLoader)
STEPS = [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]
RUN = "\n".join(step["run"] for step in STEPS if "run" in step)


def test_it_may_only_read_and_knows_no_secret():
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert "pull_request" in WORKFLOW["on"] and "pull_request_target" not in WORKFLOW["on"]
    assert not any("permissions" in job for job in WORKFLOW["jobs"].values())
    assert "secrets." not in TEXT and "token" not in TEXT.lower()


def test_it_has_the_commit_to_compare_with():
    checkout = next(step for step in STEPS if step.get("uses", "").startswith("actions/checkout@"))
    assert int(checkout["with"]["fetch-depth"]) == 2 and "HEAD^1" in RUN
    assert checkout["with"]["persist-credentials"] == "false"


def test_every_action_is_pinned_to_a_commit_and_says_which_version_that_is():
    for line in re.findall(r"uses: (.+)", TEXT):
        assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)


def test_it_runs_commands_that_there_are():
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"^make (\w+)$", RUN, re.MULTILINE)) == {"test"} <= targets
    assert re.search(r"^make$", RUN, re.MULTILINE)
    commands = [shlex.split(line.partition(">>")[0]) for line in RUN.splitlines() if line.startswith(".venv/bin/toll")]
    for words in (command[1:] for command in commands):
        assert words[0] in COMMANDS
        parser(words).parse_args(words)
    assert [words[1] for words in commands] == ["run", "diff"]
    assert "$GITHUB_STEP_SUMMARY" in RUN and "--markdown" in RUN
