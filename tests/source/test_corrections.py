"""A figure that was published does not change without a correction, and a correction shows wherever it should."""

import shutil

import pytest

from support.checkout import ROOT
from toll import cli, tables
from toll.graphics.graphic import Graphic
from toll.ledger.ledger import Ledger
from toll.pages import gallery
from toll.project import Project
from toll.source import corrections


def test_every_figure_is_recorded_as_published_and_none_has_changed_without_a_correction():
    assert corrections.uncorrected(Project(ROOT)) == []
    assert corrections.unpublished(Project(ROOT)) == [], f"once they are published: {corrections.RECORD}"


@pytest.fixture
def desk(tmp_path, monkeypatch):
    shutil.copytree(Project(ROOT).raw, Project(tmp_path).raw)
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks/chain.yml").write_text("")
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


def edit(project, file, old, new):
    path = project.raw / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.fixture
def changed(desk):
    own = "police_killed_2013,police killed,Karachi,2013-01-01,2013-12-31,"
    edit(desk, "figures.csv", f"{own}166,", f"{own}167,")
    edit(desk, "figures.csv", "toll of 166", "toll of 167")
    return desk


def correct(project, *rows):
    """Corrections of the wording of a figure and of its exact words, besides those that the tables have."""
    path = project.raw / "corrections.csv"
    head = path.read_text()
    own = "figures,police_killed_2013"
    for n, (was, now) in enumerate(rows):
        head += f"2014-08-{12 + n},{own},as_reported,{was},{now},Misread.\n"
        head += f"2014-08-{12 + n},{own},exact,2013 toll of {was},2013 toll of {now},Misread.\n"
    path.write_text(head)


def test_a_change_without_a_correction_is_named(changed):
    problem, exact = corrections.uncorrected(changed)
    assert (problem.where.file, problem.where.line, problem.where.column) == ("data/raw/figures.csv", 3, "as_reported")
    assert problem.message == "police_killed_2013 was published with as_reported “166”, and it is now “167”."
    assert exact.where.column == "exact"


CELLS = [
    ("figures.csv", "2014-08-11,2014-08-11,20 million", "2014-08-10,2014-08-11,20 million", "period_start"),
    ("figures.csv", "2014-08-11,20 million,1000000,", "2014-08-11,20 million,10000000,", "rounded_to"),
    (
        "figures.csv",
        "2014-08-07,2014-08-07,35,,years,the police,",
        "2014-08-07,2014-08-07,35,,years,a witness,",
        "attributed_to",
    ),
    ("figures.csv", "Clerical staff included. A round", "A round", "caveat"),
    ("sources.csv", "2014-03-13,day", "2014-03-12,day", "published"),
    ("claims.csv", "The force is understaffed.", "The force is overstaffed.", "claim"),
]


@pytest.mark.parametrize(("file", "old", "new", "field"), CELLS)
def test_no_cell_of_a_published_row_changes_unseen(desk, file, old, new, field):
    edit(desk, file, old, new)
    assert [problem.where.column for problem in corrections.uncorrected(desk)] == [field]


def test_an_empty_cell_that_is_filled_in_is_a_change(desk):
    edit(desk, "figures.csv", "12 in October,\n", "12 in October,Added.\n")
    (problem,) = corrections.uncorrected(desk)
    assert "was published with caveat empty, and it is now “Added.”" in problem.message


@pytest.mark.parametrize(
    ("rows", "fine"),
    [
        ([("166", "167")], True),
        ([("166", "165"), ("165", "167")], True),
        ([("165", "167")], False),
    ],
)
def test_corrections_have_to_lead_from_what_was_published(changed, rows, fine):
    correct(changed, *rows)
    assert (corrections.uncorrected(changed) == []) is fine


def test_a_figure_cannot_vanish(desk):
    lines = (desk.raw / "figures.csv").read_text().splitlines(True)
    (desk.raw / "figures.csv").write_text("".join(line for line in lines if not line.startswith("boy_age,")))
    (problem,) = corrections.uncorrected(desk)
    assert problem.message == "boy_age was published and is missing."


def test_the_command_checks_and_records(changed, capsys):
    assert cli.main(["check"]) == 1
    assert (
        "was published with as_reported “166”, and it is now “167”. Add a correction to data/raw/corrections.csv, or"
        in capsys.readouterr().err
    )
    before = (changed.raw / "published.csv").read_text()
    assert cli.main(["check", "--published"]) == 1  # what was recorded is never overwritten
    assert (changed.raw / "published.csv").read_text() == before
    correct(changed, ("166", "167"))
    capsys.readouterr()
    assert cli.main(["check"]) == 0
    assert "was published" not in capsys.readouterr().err


def test_a_new_figure_is_free_until_it_is_recorded(desk, capsys):
    kept = (desk.raw / "published.csv").read_text()
    others = (line for line in kept.splitlines(True) if not line.startswith("figures,boy_age,"))
    (desk.raw / "published.csv").write_text("".join(others))
    assert corrections.unpublished(desk) == ["boy_age"]
    edit(desk, "figures.csv", "2014-06-28,15,,years", "2014-06-28,16,,years")
    edit(desk, "figures.csv", "a 15-year-old", "a 16-year-old")
    assert cli.main(["check"]) == 0
    assert cli.main(["check", "--published"]) == 0
    assert "figures,boy_age,as_reported,16" in (desk.raw / "published.csv").read_text()
    assert "1 rows added" in capsys.readouterr().err


def test_a_story_without_the_record_has_nothing_published(desk):
    (desk.raw / "published.csv").unlink()
    assert corrections.uncorrected(desk) == []


def test_the_note_of_a_graphic_tells_the_corrections_of_what_it_rests_on(changed):
    correct(changed, ("165", "166"), ("166", "167"))
    published = Project(ROOT).processed("article")
    ledger = Ledger.from_frames(tables.read(published / "ledger"))
    touched, other = (Graphic.load(published / f"graphics/{name}.json") for name in ("death-tolls", "staffing"))
    note = gallery.corrected(changed, touched, ledger).furniture.note
    assert note == (
        f"{touched.furniture.note} Corrected Aug. 13, 2014: “166” is now “167” (Police killed, Karachi, 2013). "
        "Corrected Aug. 12, 2014: “165” is now “166” (Police killed, Karachi, 2013)."
    )
    assert gallery.corrected(changed, other, ledger).furniture == other.furniture
