"""`toll run --profile`: each moment of the run has its place, and nothing of it is published."""

from __future__ import annotations

from lxml import etree

from support.toy import FIND
from toll.run import timeline
from toll.run.runner import DONE, EXECUTING, STARTING, Moment


def test_a_lane_does_one_thing_until_its_next_moment():
    moments = [
        Moment(0, "a", "one", STARTING),
        Moment(0.5, "", "", STARTING),
        Moment(1, "a", "one", EXECUTING, 1, 2),
        Moment(3, "a", "one", EXECUTING, 2, 2),
        Moment(4, "a", "one", DONE),
    ]
    spans = timeline.spans(moments, 6)
    assert [(span.lane, span.doing, span.cell, span.start, span.end) for span in spans] == [
        ("a/one", STARTING, 0, 0, 1),
        ("a/one", EXECUTING, 1, 1, 3),
        ("a/one", EXECUTING, 2, 3, 4),
        ("server", STARTING, 0, 0.5, 6),
    ]
    _, first, cells, server = timeline.text(spans).splitlines()
    assert first.split("|")[1] == "s" * 10 + "#" * 30 + " " * 20
    assert first.endswith("starting 1.00, executing 3.00")
    assert cells.endswith("cells: [1] 2.00, [2] 1.00")
    assert server.split("|")[1] == " " * 5 + "s" * 55


def test_a_run_is_told_and_drawn_and_publishes_the_same_bytes(toy):
    out = "(project.processed(edition) / 'left.txt').write_text(word)"
    toy.step("left", [FIND, "import time; time.sleep(0.1)  # long enough to be told of", out], [])
    assert toy.toll("run").returncode == 0
    before = toy.published()
    outcome = toy.toll("run", "--force", "--profile")
    assert outcome.returncode == 0
    for words in ("server ", "importing", "article/first", "article/last", "publishing", "cells: "):
        assert words in outcome.stdout
    assert toy.published() == before
    drawn = "".join(etree.parse(toy.project.work / "profile.svg").getroot().itertext())
    assert "article/left" in drawn
    assert "executing" in drawn


def test_nothing_to_tell_of_no_run(toy):
    assert toy.toll("run").returncode == 0
    assert "|" not in toy.toll("run", "--profile").stdout
