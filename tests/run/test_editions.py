"""Parameters enter typed by the notebook's default: nothing is guessed, nothing is changed silently."""

from __future__ import annotations

import ast
import json

import pytest

from support.toy import notebook
from toll.problems import Problems
from toll.run import editions, steps
from toll.run.plan import plan_edition

KINDS = 'edition = "article"  # name\nas_of = "2014-08-11"  # known by then\nyear = 2013\nspread = 1.5\nshown = True'


@pytest.fixture
def typed(toy):
    """A project of one notebook with a parameter of each type."""
    toy.only()
    (toy.project.notebooks / "first.ipynb").write_text(notebook("1", parameters=KINDS))
    (toy.project.editions / "article.yml").write_text("")
    return toy


def resolve(toy, text: str = "", name: str | None = None, **overrides: str) -> editions.Edition:
    (toy.project.editions / "article.yml").write_text(text)
    return editions.resolve(toy.project, steps.read(toy.project, "article"), "article", overrides, name)


def test_defaults_are_read_with_their_docs(typed):
    declared = resolve(typed).declared["first"]
    assert {name: parameter.default for name, parameter in declared.items()} == {
        "edition": "article",
        "as_of": "2014-08-11",
        "year": 2013,
        "spread": 1.5,
        "shown": True,
    }
    assert declared["as_of"].doc == "known by then"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("edition: article", "article"),
        ("as_of: 2014-08-07", "2014-08-07"),
        ('as_of: "007"', "007"),
        ("as_of: 'no'", "no"),
        ("as_of: some words", "some words"),
        ("year: 2014", 2014),
        ("year: -1", -1),
        ("spread: 2", 2.0),
        ("spread: 2.50", 2.5),
        ("spread: 1e-3", 0.001),
        ("shown: false", False),
    ],
)
def test_plain_values_are_taken_as_written(typed, line, value):
    found = resolve(typed, line).values[line.partition(":")[0]]
    assert (type(found), found) == (type(value), value)


HAZARDS = [
    ("as_of: no", "YAML reads 'no' as yes or no", "Put it in quotes"),
    ("as_of: 1:30", "YAML reads '1:30' as a number", "Put it in quotes"),
    ("as_of: 007", "'007'", "Put it in quotes"),
    ("as_of: 1_000", "'1_000'", "Put it in quotes"),
    ("as_of: 2024", "'2024'", "Put it in quotes"),
    ("as_of: 2014-08-07 10:00:00", "a date", "Put it in quotes"),
    ("as_of:", "nothing", "Put it in quotes"),
    ("as_of: ~", "nothing", "Put it in quotes"),
    ("as_of: [a]", "not a list", "single value"),
    ("as_of: {a: b}", "not a mapping", "single value"),
    ("as_of: !!binary aGk=", "'aGk='", "Put it in quotes"),
    ('as_of: "a\\u202eb"', "a hidden character", "Type the value again"),
    ('as_of: "a\\nb"', "a hidden character", "Type the value again"),
    ("year: 007", "'007' is not a whole number", "without leading zeros"),
    ("year: 1_000", "'1_000'", "separators"),
    ("year: 1:30", "'1:30'", "plain digits"),
    ("year: 0x10", "'0x10'", "plain digits"),
    ("year: 2013.0", "'2013.0'", "plain digits"),
    ("year: true", "'true'", "plain digits"),
    ("year: ２０１４", "'２０１４'", "plain digits"),
    ('year: "2014"', "'2014' is text", "Delete the quotes"),
    ("spread: .inf", "'.inf' is not a number", "plain digits"),
    ("spread: .nan", "'.nan'", "plain digits"),
    ("spread: 1e999", "'1e999'", "plain digits"),
    ("spread: 1,5", "'1,5'", "plain digits"),
    ("shown: yes", "'yes'", "true or false"),
    ("shown: on", "'on'", "true or false"),
    ("shown: 1", "'1'", "true or false"),
    ("yaer: 2014", "No notebook declares this parameter", "Did you mean year?"),
    ("edition: other", "'other' is not this edition", "Delete the line"),
    ("year: 2014\nyear: 2015", "a second time", "the first is on line 1"),
    ('"open(1); y": 1', "No notebook declares this parameter", "It can be as_of, edition"),
    ("<<: {year: 1}", "'<<' is not a name", "Write name: value"),
    ("year: [2014", "The YAML is broken", "Correct the line"),
    ("- year", "A list stands", "name: value"),
]


@pytest.mark.parametrize(("text", "found", "do"), HAZARDS)
def test_yaml_surprises_are_refused_with_line_and_remedy(typed, text, found, do):
    with pytest.raises(Problems) as raised:
        resolve(typed, text)
    (problem,) = raised.value.problems
    assert problem.where.file == "editions/article.yml"
    assert problem.where.line == len(text.split("\n")) or "broken" in found
    assert found in problem.message
    assert do in problem.hint


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("as_of", "2024", "2024"),
        ("as_of", "007", "007"),
        ("as_of", "no", "no"),
        ("year", "2014", 2014),
        ("spread", "2", 2.0),
        ("shown", "false", False),
    ],
)
def test_command_line_values_are_typed_by_the_default(typed, name, text, value):
    found = resolve(typed, name="varied", **{name: text}).values[name]
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("year", "2014.5"),
        ("year", "x"),
        ("year", ""),
        ("spread", "nan"),
        ("shown", "True"),
        ("as_of", "a\x00b"),
        ("nothing", "1"),
    ],
)
def test_command_line_values_of_another_type_are_refused(typed, name, text):
    with pytest.raises(Problems) as raised:
        resolve(typed, name="varied", **{name: text})
    assert raised.value.problems[0].where.file == "-p"


@pytest.mark.parametrize(
    "name", ["../x", "/x", "x/../y", "X", "x y", "", ".x", "x//y", "x/", "a..b", "article", "other", "article/x", "x\n"]
)
def test_names_that_leave_the_folder_or_take_anothers_are_refused(toy, name):
    with pytest.raises(Problems) as found:
        plan_edition(toy.project, "article", {"word": "x"}, name)
    assert [problem.where.file for problem in found.value.problems] == ["--as"]


@pytest.mark.parametrize("name", ["x", "sweep/2014-07-01-1", "a.b_c-d"])
def test_plain_names_are_accepted_and_become_the_edition(toy, name):
    chain = steps.read(toy.project, "article")
    assert editions.resolve(toy.project, chain, "article", {"word": "x"}, name).values["edition"] == name


def test_unknown_edition_suggests_the_closest(toy):
    with pytest.raises(Problems, match="Did you mean article"):
        plan_edition(toy.project, "articel")


@pytest.mark.parametrize(
    "cell",
    [
        "x = open('f')",
        "x = None",
        "x = (1, 2)",
        "import os",
        "x = y = 1",
        "x, y = 1, 2",
        "x = b'1'",
        "x = 1 +",
        "print(1)",
        "x = [1]",
    ],
)
def test_anything_but_plain_assignments_in_the_parameters_cell_is_refused(toy, cell):
    toy.only()
    (toy.project.notebooks / "first.ipynb").write_text(notebook("1", parameters=cell))
    with pytest.raises(Problems, match=r"first\.ipynb, parameters cell"):
        resolve(toy)


def test_two_defaults_for_one_name_are_refused(toy):
    path = toy.project.notebooks / "left.ipynb"
    path.write_text(path.read_text().replace("alpha", "omega"))
    with pytest.raises(Problems, match=r"The default is 'omega', but 'alpha' in notebooks/first\.ipynb"):
        resolve(toy)


def test_only_declared_names_that_differ_are_injected(toy):
    path = toy.project.notebooks / "first.ipynb"
    path.write_text(path.read_text().replace('\\nword = \\"alpha\\"  # any word', ""))
    assert toy.toll("run").returncode == 0
    assert toy.toll("run", "other").returncode == 0
    for name, added in {"first": ["edition"], "left": ["edition", "word"]}.items():
        source = {
            edition: json.loads((toy.project.notebooks / edition / f"{name}.ipynb").read_text())["cells"]
            for edition in ("", "other")
        }
        assert len(source["other"]) == len(source[""]) + 1
        injected = ast.parse("".join(source["other"][1]["source"])).body
        assert sorted(statement.targets[0].id for statement in injected) == added


def test_a_text_that_is_code_stays_text(toy):
    word = '"); import os; os.abort() #'
    assert toy.toll("run", "-p", f"word={word}", "--as", "quoted").returncode == 0
    assert (toy.project.processed("quoted") / "left.txt").read_text().startswith(word)


@pytest.mark.parametrize(
    "arguments",
    [
        ("-p", "word=x"),
        ("--as", "x"),
        ("-p", "word", "--as", "x"),
        ("-p", "word=a", "-p", "word=b", "--as", "x"),
        ("article", "other", "-p", "word=a", "--as", "x"),
        ("--all", "-p", "word=a", "--as", "x"),
    ],
)
def test_wrong_use_of_p_and_as_changes_nothing(toy, arguments):
    before = toy.published()
    outcome = toy.toll("run", *arguments)
    assert outcome.returncode == 1
    assert "Traceback" not in outcome.stderr
    assert toy.published() == before


def test_an_edited_output_of_another_edition_is_kept_when_a_run_writes_it_anew(toy):
    assert toy.toll("run", "other").returncode == 0
    executed = toy.root / "notebooks/other/first.ipynb"
    edited = executed.read_text().replace("words = ", "found = words = ")
    executed.write_text(edited)
    outcome = toy.toll("run", "other")
    assert "notebooks/other/first.ipynb had been edited" in outcome.stdout
    assert "edit notebooks/first.ipynb instead" in outcome.stdout
    assert (toy.root / ".toll/kept/notebooks/other/first.ipynb").read_text() == edited
    assert "found = words" not in executed.read_text()
    assert "edited" not in toy.toll("run", "other", "--force").stdout
