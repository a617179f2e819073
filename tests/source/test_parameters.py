"""Parameters are checked where they enter, and the message says what to give instead."""

import pytest

from support.checkout import ROOT
from toll import parameters
from toll.problems import Problems
from toll.project import Project
from toll.source import raw

PROJECT = Project(ROOT)
GOOD = {
    "edition": "article",
    "as_of": "2014-08-11",
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


def test_good_values_pass():
    assert parameters.validate(GOOD, "x") == []
    assert parameters.validate({"population": "16000000"}, "x") == []
    assert parameters.validate({"ged_csv": "~/Downloads/GED 25.csv", "ged_months": ""}, "x") == []
    parameters.enter(**GOOD)


def test_a_storys_own_parameters_pass_if_they_are_plain():
    assert parameters.validate(GOOD | {"cabins": 12, "deck": "upper", "share": 0.5, "ice": True}, "x") == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("edition", "../elsewhere", "name in lower case"),
        ("edition", "/abs", "name in lower case"),
        ("edition", "", "name in lower case"),
        ("edition", "a/../b", "name in lower case"),
        ("as_of", "2014-02-30", "a date such as"),
        ("as_of", "11.8.2014", "a date such as"),
        ("as_of", "1014-08-11", "from 1900"),
        ("as_of", "２０１４-08-11", "a date such as"),
        ("as_of", 20140811, "a date such as"),
        ("baseline_year", 13, "a year from"),
        ("baseline_year", "2013", "a year from"),
        ("baseline_year", True, "a year from"),
        ("interval_inner", 1.0, "between 0 and 1"),
        ("interval_outer", float("nan"), "between 0 and 1"),
        ("interval_outer", 95, "between 0 and 1"),
        ("dispersion", 0.5, "from 1"),
        ("dispersion", float("inf"), "from 1"),
        ("population", "20,000,000", "a count of inhabitants"),
        ("population", "-5", "a count of inhabitants"),
        ("population", "007", "a count of inhabitants"),
        ("print_width", 8.5, "millimetres"),
        ("print_corrections", "yes", "true or false"),
        ("print_corrections", 1, "true or false"),
        ("base_url", "javascript:alert(1)", "https://"),
        ("base_url", "https://example.org/a b", "https://"),
        ("base_url", "//example.org/", "https://"),
        ("credit", " ", "printable"),
        ("credit", "a\u202eb", "printable"),
        ("credit", "x" * 61, "printable"),
        ("ged_csv", "a\u202eb", "the path of a CSV file"),
        ("ged_place", "", "printable"),
        ("ged_months", "2014", "the first and the last month"),
        ("ged_months", "2014-12..2014-01", "the first and the last month"),
        ("ged_months", "2014-01..2014-13", "the first and the last month"),
        ("ged_months", "２０１４-01..2014-12", "the first and the last month"),
        ("ged_months", "0000-01..2014-12", "the first and the last month"),
        ("interval_inner", 0.97, "less than interval_outer"),
        ("graphics", "Death tolls", "names of graphics"),
        ("graphics", "death-tolls,staffing", "names of graphics"),
        ("cabins", float("inf"), "plain text, or a finite number"),
        ("cabins", "a\u202eb", "plain text, or a finite number"),
        ("cabins", ["a"], "plain text, or a finite number"),
    ],
)
def test_bad_values_are_named(name, value, expected):
    [problem] = parameters.validate(GOOD | {name: value}, "editions/x.yml")
    assert (problem.where.file, problem.where.column) == ("editions/x.yml", name)
    assert expected in problem.message


@pytest.mark.parametrize("value", ["officers", "nobody"])
def test_a_population_must_be_a_count_of_inhabitants(value):
    assert parameters.refer(GOOD, raw.read(PROJECT), "x") == []
    [problem] = parameters.refer(GOOD | {"population": value}, raw.read(PROJECT), "editions/x.yml")
    assert (problem.where.file, problem.where.column) == ("editions/x.yml", "population")
    assert "the counts are population" in problem.message


def test_all_problems_come_at_once():
    with pytest.raises(Problems) as raised:
        parameters.enter(edition="A", as_of="never", dispersion=0)
    assert {problem.where.column for problem in raised.value.problems} == {"edition", "as_of", "dispersion"}
