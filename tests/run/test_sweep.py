"""Sweeps: a grid of checked parameters, one run each, resumable, with one table of their numbers."""

from __future__ import annotations

import subprocess

import polars as pl
import pytest

from support.processes import wait_for
from support.toy import Toy
from toll.problems import Problems
from toll.run.sweep import plan_sweep


def sweep(toy: Toy, *values: str, name: str) -> subprocess.CompletedProcess[str]:
    return toy.toll("run", "article", *(f"--sweep={value}" for value in values), "--as", name)


def names(toy: Toy, *values: str, name: str) -> list[str]:
    found = plan_sweep(toy.project, "article", {}, list(values), name)
    return [edition.name for _, edition in found.runs]


def test_every_combination_runs_and_its_numbers_are_in_one_table(swept):
    outcome = sweep(swept, "as_of=2014-08-31..2014-09-01", "spread=1,2.50", name="s/{as_of}-{spread}")
    assert outcome.returncode == 0, outcome.stderr
    table = pl.read_parquet(swept.project.processed("s") / "summary.parquet")
    assert table.columns == ["run", "as_of", "spread", "id", "value", "low", "high", "text"]
    assert table["run"].to_list() == ["s/2014-08-31-1", "s/2014-08-31-2.50", "s/2014-09-01-1", "s/2014-09-01-2.50"]
    assert table.row(1) == ("s/2014-08-31-2.50", "2014-08-31", 2.5, "twice", 5.0, 2012.0, float("inf"), "2014-08-31")
    assert (swept.project.processed("s") / "summary.csv").read_text().splitlines()[1].endswith(",INF,2014-08-31")
    assert (swept.project.notebooks / "s/2014-08-31-1/ledger.ipynb").exists()
    assert not swept.project.figures.exists()  # a sweep goes as far as its numbers need


def test_a_finished_sweep_runs_nothing_and_a_wider_one_runs_the_rest(swept):
    assert sweep(swept, "year=2010..2011", name="s/{year}").returncode == 0
    before = swept.published()
    outcome = sweep(swept, "year=2010..2011", name="s/{year}")
    assert "everything is up to date" in outcome.stdout
    assert swept.published() == before
    outcome = sweep(swept, "year=2010..2012", name="s/{year}")
    assert outcome.stdout.count(": ran ledger;") == 1
    assert pl.read_parquet(swept.project.processed("s") / "summary.parquet")["run"].len() == 3


def test_a_killed_sweep_goes_on_where_it_was(swept):
    command = swept.command("run", "article", "--sweep", "year=2001..2012", "--as", "s/{year}")
    running = subprocess.Popen(command, cwd=swept.root, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: len(list((swept.project.work / "state").glob("s/*.json"))) >= 4)
    running.kill()
    running.communicate()
    done = {path: path.stat().st_mtime_ns for path in swept.project.work.glob("state/s/*.json")}
    assert len(done) < 12
    outcome = sweep(swept, "year=2001..2012", name="s/{year}")
    assert outcome.returncode == 0
    assert outcome.stdout.count(": ran ledger;") in (12 - len(done), 11 - len(done))  # one may have been in the journal
    assert {path: path.stat().st_mtime_ns for path in done} == done
    assert pl.read_parquet(swept.project.processed("s") / "summary.parquet")["low"].to_list() == list(range(2001, 2013))


def test_progress_is_told_for_the_whole(swept):
    outcome = sweep(swept, "year=2001..2006", name="s/{year}")
    lines = [line for line in outcome.stderr.splitlines() if " of 6: s/" in line]
    assert [line.split(" ")[0] for line in lines] == list("123456")


def test_other_values_can_be_set_for_all_runs(swept):
    arguments = ["-p", "spread=4", "--sweep", "year=1,2", "--as", "s/{year}"]
    assert swept.toll("run", "article", *arguments).returncode == 0
    assert pl.read_parquet(swept.project.processed("s") / "summary.parquet")["value"].to_list() == [8.0, 8.0]


@pytest.mark.parametrize(
    ("values", "name", "words"),
    [
        (["year=1,x"], "s/{year}", "'x' is not a whole number"),
        (["year=1,1"], "s/{year}", "'1' is given twice"),
        (["spread=1,1.0"], "s/{spread}", "'1.0' is given twice"),
        (["year=1", "year=2"], "s/{year}", "The parameter is given twice"),
        (["yaer=1"], "s/{yaer}", "Did you mean year?"),
        (["year=3..1"], "s/{year}", "with the earlier first"),
        (["spread=1..3"], "s/{spread}", "not a range of days or whole numbers"),
        (["as_of=2014-02-27..2014-02-30"], "s/{as_of}", "not a range of days"),
        (["as_of=0001-01-01..9999-12-31"], "s/{as_of}", "not a range of days"),
        (["year=1..200", "as_of=2014-01-01..2014-12-31"], "s/{year}-{as_of}", "more than 10000 runs"),
        (["year"], "s/{year}", "a whole number"),
        (["year=1,2"], "s/x", "each swept parameter once"),
        (["year=1,2"], "{year}", "needs a folder"),
        (["year=1,2"], "s/{year}{spread}", "each swept parameter once"),
        (["year=1,2"], "s/{year.real}", "each swept parameter once"),
        (["year=1,2"], "s/{year}}", "each swept parameter once"),
        (["year=1,2"], "../{year}", "small letters"),
        (["year=1,2"], "/s/{year}", "small letters"),
        (["year=1,2"], "s/../{year}", "small letters"),
        (["year=1,2"], "article/{year}", "above or under the edition 'article'"),
        (["as_of=../../x,y"], "s/{as_of}", "not a range of days"),
        (["as_of=/x,y"], "s/{as_of}", "small letters"),
        (["as_of=a,a/b"], "s/{as_of}", "puts one under another"),
        (["as_of=a,a1", "year=1,11"], "s/{as_of}{year}", "puts one under another"),
    ],
)
def test_values_and_names_are_refused_before_anything_runs(swept, values, name, words):
    with pytest.raises(Problems) as raised:
        names(swept, *values, name=name)
    assert words in str(raised.value), str(raised.value)
    assert not swept.project.work.exists()


def test_a_chain_without_a_ledger_cannot_be_swept(swept):
    swept.project.chain.write_text(swept.project.chain.read_text().replace("ledger.parquet", "l.parquet"))
    with pytest.raises(Problems, match=r"No step writes .*ledger\.parquet"):
        names(swept, "year=1", name="s/{year}")


def test_runs_that_fail_leave_the_others_alone_but_no_table(swept):
    path = swept.project.notebooks / "ledger.ipynb"
    path.write_text(path.read_text().replace("import polars", "assert year != 2003; import polars"))
    outcome = sweep(swept, "year=2001..2006", name="s/{year}")
    assert outcome.returncode == 1
    assert ".toll/failed/s/2003" in outcome.stderr
    assert outcome.stdout.count(": ran ledger;") == 5
    assert not (swept.project.processed("s") / "summary.parquet").exists()
    assert not (swept.project.processed("s") / "2003").exists()
