"""chain.yml: the order that follows from reads and writes, and each mistake in it with its line."""

from __future__ import annotations

import pytest

from toll.problems import Problems
from toll.run import steps


def problems(toy, chain: str) -> list[str]:
    toy.project.chain.write_text(chain)
    with pytest.raises(Problems) as raised:
        steps.read(toy.project, "article")
    return [str(problem) for problem in raised.value.problems]


def test_order_follows_from_reads_and_writes(toy):
    lines = toy.project.chain.read_text().splitlines(keepends=True)
    backwards = "".join(line for at in range(len(lines) - 3, -1, -3) for line in lines[at : at + 3])
    toy.project.chain.write_text(backwards)
    chain = steps.read(toy.project, "article")
    after = {step.name: set(step.after) for step in chain}
    assert after == {"first": set(), "left": {"first"}, "right": {"first"}, "last": {"left", "right"}}
    assert chain[0].name == "first"
    assert chain[-1].name == "last"


def test_edition_is_filled_in(toy):
    first = steps.read(toy.project, "sweep/one")[0]
    assert first.writes == ("data/processed/sweep/one/first.txt",)


STEP = "{}:\n  reads: ['{}']\n  writes: ['{}']\n"
A = "data/processed/{edition}/a"
B = "data/processed/{edition}/b"


@pytest.mark.parametrize(
    ("chain", "line", "words"),
    [
        (STEP.format("first", B, A) + STEP.format("left", A, B), 1, "circle: "),
        (
            STEP.format("first", "inputs", A) + STEP.format("left", "inputs", A),
            4,
            "a path that first also writes",
        ),
        (
            STEP.format("first", "inputs", A) + STEP.format("left", "inputs", A + "/x.csv"),
            4,
            "first also writes",
        ),
        (STEP.format("frist", "inputs", A), 1, "There is no notebook frist.ipynb"),
        (STEP.format("first", "inputs/none.csv", A), 1, "inputs/none.csv, which does not exist"),
        (STEP.format("first", "inputs", "../out"), 3, "not a plain path inside the project"),
        (STEP.format("first", "inputs", "/tmp/out"), 3, "not a plain path inside the project"),
        (STEP.format("first", "inputs", "inputs/out"), 3, "not inside data/processed or figures"),
        (STEP.format("first", "inputs", "figures"), 3, "not inside data/processed or figures"),
        (STEP.format("first", "data/*.csv", A), 2, "not a plain path"),
        (STEP.format("first", "data/{year}", A), 2, "not a plain path"),
        (STEP.format("first", A, A), 1, "both reads and writes"),
        (STEP.format("first", "notebooks/left.ipynb", A), 2, "is a notebook, not data"),
        (STEP.format("first", "inputs", A) * 2, 4, "appears a second time"),
        ("first:\n  read: [inputs]\n", 1, "this one has read."),
        ("first: inputs\n", 1, "this one has 'inputs'"),
        ("first:\n  reads: inputs\n", 1, "each a list of paths"),
        ("first:\n  reads: [2014]\n", 1, "'2014'"),
        ("first:\n  reads: [inputs\n", 3, "The YAML is broken"),
        ("- first\n", 1, "A list stands"),
    ],
)
def test_each_mistake_is_named_with_its_line(toy, chain, line, words):
    found = problems(toy, chain)
    assert any(f"notebooks/chain.yml, line {line}" in text and words in text for text in found), found


def test_all_mistakes_are_listed_at_once(toy):
    found = problems(toy, STEP.format("frist", "inputs/none", "../x") + STEP.format("left", "inputs", "inputs/x"))
    assert len(found) == 4


def test_a_module_beside_the_notebooks_is_data(toy):
    (toy.project.notebooks / "events.py").write_text("")
    toy.project.chain.write_text(STEP.format("first", "notebooks/events.py", A))
    assert steps.read(toy.project, "article")[0].reads == ("notebooks/events.py",)


def test_every_step_reads_what_the_story_says_of_its_parameters(toy):
    (toy.project.notebooks / "parameters.yml").write_text("")
    assert all("notebooks/parameters.yml" in step.reads for step in steps.read(toy.project, "article"))
