"""Parameters are checked where they enter, and the message says what each may be."""

import pytest

from support.checkout import ROOT
from toll import parameters
from toll.problems import Problems
from toll.project import PARAMETERS, Project
from toll.source import raw

PROJECT = Project(ROOT)
DECLARED = parameters.declared(PROJECT)
GOOD = {
    "edition": "article",
    "as_of": "2014-08-11",
    "sources": "all",
    "baseline_year": 2013,
    "interval_inner": 0.8,
    "interval_outer": 0.95,
    "dispersion": 1,
    "dispersion_clustered": 2.5,
    "population": "population",
    "credit": "Desk of a newspaper",
    "print_width": 85,
    "graphics": "death-tolls by-the-numbers",
    "base_url": "https://example.org/figures/",
    "print_corrections": False,
    "ged_csv": "",
    "ged_place": "Karachi",
    "ged_months": "2014-01..2014-12",
}


@pytest.mark.parametrize(
    "values",
    [
        GOOD,
        {"population": "16000000"},
        {"ged_csv": "~/Downloads/GED 25.csv", "ged_months": ""},
        {"base_url": ""},
        {"interval_outer": 0.9},
    ],
)
def test_good_values_pass(values):
    assert parameters.problems(values, DECLARED, "x") == []
    assert parameters.references(values, DECLARED, raw.read(PROJECT), "x") == []
    parameters.check(values, PROJECT)


LEVEL, YEAR = "is not a level between 0 and 1", "is not a year from 1900 to 2100."
DATE, MONTHS = "is not a date such as 2014-08-11, from 1900 on.", "is not a first and a last month, such as"
NAME, TEXT = "is not a name in lower case", "is not a text of 1 to 60 printable characters."
DISPERSION, ADDRESS = "is not a ratio of variance to mean from 1", "is not an https:// or http:// address"
COUNT, GRAPHICS = "is not the id of a count of inhabitants, or a whole number", "is not a list of names of graphics"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("edition", "../elsewhere", f"“../elsewhere” {NAME}"),
        ("edition", "/abs", NAME),
        ("edition", "", f"“” {NAME}"),
        ("edition", "a/../b", NAME),
        ("as_of", "2014-02-30", DATE),
        ("as_of", "11.8.2014", DATE),
        ("as_of", "1014-08-11", DATE),
        ("as_of", "２０１４-08-11", DATE),
        ("as_of", 20140811, f"20140811 {DATE}"),
        ("sources", "The article", "is not all, or the id of a source."),
        ("baseline_year", 13, f"13 {YEAR}"),
        ("baseline_year", "2013", f"“2013” {YEAR}"),
        ("baseline_year", True, f"true {YEAR}"),
        ("interval_inner", 1.0, f"1.0 {LEVEL}"),
        ("interval_inner", 0.97, "0.97 is not less than interval_outer, 0.95."),
        ("interval_outer", float("nan"), LEVEL),
        ("interval_outer", 95, LEVEL),
        ("dispersion", 0.5, DISPERSION),
        ("dispersion", float("inf"), DISPERSION),
        ("population", "20,000,000", COUNT),
        ("population", "-5", COUNT),
        ("population", "007", COUNT),
        ("print_width", 8.5, "is not a width from 40 to 400 millimeters."),
        ("print_corrections", "yes", "“yes” is not true or false."),
        ("print_corrections", 1, "1 is not true or false."),
        ("base_url", "javascript:alert(1)", ADDRESS),
        ("base_url", "https://example.org/a b", ADDRESS),
        ("base_url", "//example.org/", ADDRESS),
        ("credit", " ", TEXT),
        ("credit", "a\u202eb", f"“a\\u202eb” {TEXT}"),
        ("credit", "x" * 61, TEXT),
        ("ged_csv", "a\u202eb", "is not the path of a CSV file"),
        ("ged_place", "", TEXT),
        ("ged_months", "2014", MONTHS),
        ("ged_months", "2014-12..2014-01", MONTHS),
        ("ged_months", "2014-01..2014-13", MONTHS),
        ("ged_months", "２０１４-01..2014-12", MONTHS),
        ("ged_months", "0000-01..2014-12", MONTHS),
        ("graphics", "Death tolls", GRAPHICS),
        ("graphics", "death-tolls,staffing", GRAPHICS),
        ("cabins", 12, "notebooks/parameters.yml does not declare this parameter. Say there of what kind it is"),
    ],
)
def test_bad_values_are_named(name, value, message):
    [problem] = parameters.problems(GOOD | {name: value}, DECLARED, "editions/x.yml")
    assert (problem.where.file, problem.where.column) == ("editions/x.yml", name)
    assert message in str(problem)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("population", "officers", "“officers” is not the id of a count of inhabitants"),
        ("population", "nobody", "Such figures: population, population_ap, population_census,"),
        ("sources", "hrcp", "“hrcp” is not all, or the id of a source. Sources with figures: ap_2014_03,"),
    ],
)
def test_a_row_that_a_value_names_must_be_there(name, value, message):
    [problem] = parameters.references(GOOD | {name: value}, DECLARED, raw.read(PROJECT), "editions/x.yml")
    assert (problem.where.file, problem.where.column) == ("editions/x.yml", name)
    assert message in str(problem)


def test_all_problems_come_at_once():
    with pytest.raises(Problems) as raised:
        parameters.check({"edition": "A", "as_of": "never", "dispersion": 0}, PROJECT)
    assert {problem.where.column for problem in raised.value.problems} == {"edition", "as_of", "dispersion"}


def test_the_ledger_has_a_unit_and_a_label_for_each_chosen_number():
    chosen = {name: (each.unit, each.label) for name, each in DECLARED.items() if each.unit}
    assert chosen == {
        "interval_inner": ("share", "Probability of the inner band"),
        "interval_outer": ("share", "Probability of the outer band"),
        "dispersion": ("variance ÷ mean", "Dispersion of the deaths"),
        "dispersion_clustered": ("variance ÷ mean", "Dispersion if attacks kill several"),
    }


# --- A story's own declarations ---


@pytest.fixture
def declare(tmp_path):
    (tmp_path / "notebooks").mkdir()

    def declare(text):
        (tmp_path / PARAMETERS).write_text(text)
        return parameters.declared(Project(tmp_path))

    return declare


KINDS = [
    ("number", 0.5, "0.5"),
    ("whole number", 3, 3.0),
    ("yes or no", True, "yes"),
    ("text", "", "a\u202eb"),
    ("short text", "Oslo", ""),
    ("date", "2031-06-30", "June 30"),
    ("months", "2031-01..2031-06", "2031"),
    ("file", "~/a b.csv", "a\nb"),
    ("source", "dawn", "Dawn"),
    ("edition", "as-of/2031", "As of"),
    ("graphics", "ferries boats", "ferries, boats"),
    ("address", "https://example.org/", "an example"),
]


@pytest.mark.parametrize(("kind", "good", "bad"), KINDS, ids=[kind for kind, _, _ in KINDS])
def test_a_kind_lets_its_own_values_pass(declare, kind, good, bad):
    declared = declare(f"own:\n  kind: {kind}\n  expected: what it should be\n")
    assert parameters.problems({"own": good}, declared, "x") == []
    [problem] = parameters.problems({"own": bad}, declared, "x")
    assert problem.message.endswith("is not what it should be.")


@pytest.mark.parametrize(
    ("limit", "values"),
    [("from", (4, 5, 6)), ("to", (6, 5, 4)), ("above", (5, 5.01, 6)), ("below", (5, 4.99, -6))],
)
def test_limits_are_kept(declare, limit, values):
    declared = declare(f"own:\n  kind: number\n  {limit}: 5\n  expected: within limits\n")
    assert [parameters.problems({"own": value}, declared, "x") == [] for value in values] == [False, True, True]


def test_a_story_without_declarations_has_those_of_every_story(tmp_path):
    assert list(parameters.declared(Project(tmp_path))) == [each.name for each in parameters.OF_EVERY_STORY]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("own:\n  kind: numbr\n  expected: it\n", 2, "“numbr” is not a kind. Use number, whole number,"),
        ("own:\n  expected: it\n", 1, "kind is missing. Add it."),
        ("own:\n  kind: text\n", 1, "expected is missing. Add it."),
        ("own:\n  kind: text\n  expected: it\n  lable: x\n", 4, "“lable” says nothing about a parameter."),
        ("own:\n  kind: number\n  expected: it\n  from: [1]\n", 4, "from is not a single value."),
        ("own:\n  kind: number\n  expected: it\n  from: few\n", 4, "“few” is not a number."),
        ("own:\n  kind: text\n  expected: it\n  from: 1\n", 4, "from is for numbers."),
        ("own:\n  kind: number\n  expected: it\n  unit: share\n", 4, "unit and label go together."),
        ("own:\n  kind: number\n  expected: it\n  less_than: other\n", 4, "“other” is not declared."),
        ("own:\n  kind: figure or number\n  expected: it\n", 1, "A figure needs its quantity"),
        ("credit:\n  kind: text\n  expected: it\n", 1, "Every story has this parameter. Delete it here."),
        ("own: number\n", 1, ""),
        ("own:\n  kind: text\n  expected: it\nown:\n  kind: text\n  expected: it\n", 4, ""),
    ],
)
def test_a_fault_of_a_declaration_is_named_with_its_line(declare, text, line, message):
    with pytest.raises(Problems) as raised:
        declare(text)
    [problem] = raised.value.problems
    assert (problem.where.file, problem.where.line) == (str(PARAMETERS), line)
    assert message in str(problem)
