"""Both engines show what papermill's own engine shows, cell by cell, but where a cell of the corpus says why not."""

from __future__ import annotations

from typing import Any

import pytest

from support.engines import CORPUS, Executed, Notebook, Topic, execute, own_code, papermill_alone
from toll.run.worker import Outcome

# Topics that share a notebook, and so a kernel. The first of each needs a fresh one: it shows names or cells' numbers.
TOGETHER = (
    ("environment", "magics"),
    ("asynchronous", "context", "threads"),
    ("displays", "widgets"),
    ("streams", "descriptors"),
    ("errors",),
)
Outputs = list[list[dict[str, Any]]]


@pytest.fixture(scope="module")
def topics() -> dict[str, Topic]:
    return {" ".join(names): Topic.read(*(CORPUS / f"{name}.txt" for name in names)) for names in TOGETHER}


@pytest.fixture(scope="module")
def notebooks(topics) -> dict[str, Notebook]:
    return {name: topic.notebook for name, topic in topics.items()}


@pytest.fixture(scope="module")
def forked(notebooks, tmp_path_factory) -> dict[str, Executed]:
    return execute("fork", tmp_path_factory.mktemp("fork"), notebooks)


def differences(topics: dict[str, Topic], ours: dict[str, Outputs], other: dict[str, Outputs]) -> dict[str, str]:
    """The cells that show something else, with the topic's reason."""
    return {
        f"{name} [{at + 1}]\n{cell}\nours: {ours[name][at]}\nother: {other[name][at]}": topic.differ[at]
        for name, topic in topics.items()
        for at, cell in enumerate(topic.cells)
        if ours[name][at] != other[name][at] and not topic.may_differ[at]
    }


def test_every_text_of_the_corpus_is_run(topics):
    assert {name for names in TOGETHER for name in names} == {path.stem for path in CORPUS.iterdir()}
    assert sum(len(topic.cells) for topic in topics.values()) > 120


def test_the_kernel_engine_shows_the_same(topics, notebooks, forked, tmp_path):
    kernel = execute("kernel", tmp_path, notebooks)
    assert {name: ran.outcome for name, ran in (forked | kernel).items()} == dict.fromkeys(topics, Outcome([]))
    for name in topics:
        assert forked[name].outputs == kernel[name].outputs
        assert forked[name].text == kernel[name].text


def test_papermill_alone_shows_the_same_but_for_what_has_a_reason(topics, notebooks, forked, tmp_path):
    alone = papermill_alone(tmp_path, notebooks)
    ours = {name: ran.outputs for name, ran in forked.items()}
    other = {name: [cell["outputs"] for cell in own_code(executed)] for name, executed in alone.items()}
    found = differences(topics, ours, other)
    unexplained = [cell for cell, reason in found.items() if not reason]
    assert not unexplained, "\n\n".join(unexplained)
    given = [reason for topic in topics.values() for reason in topic.differ if reason]
    assert list(found.values()) == given  # no reason outlives its difference
