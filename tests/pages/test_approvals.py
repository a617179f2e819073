"""`toll approve`: who approved a graphic, for as long as not a byte of it changes."""

import subprocess

import pytest

from support.toy import Toy
from toll import cli, wiring
from toll.run import steps


@pytest.fixture
def toll(capsys, monkeypatch, desk):
    desk.publish()
    monkeypatch.chdir(desk.project.root)

    def run(*arguments):
        code = cli.main(list(arguments))
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def notes(desk):
    return wiring.notes(desk.project, "article")


def page(desk):
    desk.publish()
    return desk.read().xpath("//dt[. = 'Approval']/following-sibling::dd[1]/text()")


def test_a_project_without_approvals_says_nothing_of_them(toll, desk):
    assert (notes(desk), page(desk)) == ([], [])


def test_an_approval_names_who_when_and_every_file(toll, desk):
    code, out, _ = toll("approve", "ferry", "--by", "Zía: #1", "--date", "2031-07-02")
    assert code == 0 and "approvals/article/ferry.yml" in out
    lines = (desk.project.root / "approvals/article/ferry.yml").read_text("utf-8").splitlines()
    assert lines[:3] == ['by: "Zía: #1"', 'date: "2031-07-02"', "files:"]
    sums = "".join(f"{digest}  {name}\n" for name, digest in (line.strip().split(": ") for line in lines[3:]))
    check = subprocess.run(
        ["sha256sum", "-c"], cwd=desk.project.published("article"), input=sums, text=True, capture_output=True
    )
    assert check.returncode == 0, check.stdout
    own = {file.name for file in desk.project.published("article").glob("ferry*")}
    assert {line.split(": ")[0] for line in check.stdout.splitlines()} == own
    assert (notes(desk), page(desk)) == ([], ["Approved by Zía: #1, July 2, 2031."])


def test_an_approval_needs_no_date_and_knows_no_clock(toll, desk):
    assert toll("approve", "ferry", "--by", "A")[0] == 0
    assert "date" not in (desk.project.root / "approvals/article/ferry.yml").read_text("utf-8")
    assert page(desk) == ["Approved by A."]


def test_an_approval_lapses_when_a_byte_changes(toll, desk):
    toll("approve", "ferry", "--by", "A")
    with (desk.project.published("article") / "ferry.csv").open("ab") as file:
        file.write(b"\n")
    [note] = notes(desk)
    assert note.startswith("ferry: Not approved: ferry.csv changed since A approved it.")
    code, _, err = toll("approve", "ferry", "--by", "A")
    assert code == 1 and "ferry.csv is not as the run made it. Run `toll run article --force`" in err


def test_once_there_is_one_approval_every_other_graphic_needs_one(toll, desk):
    desk.add_edition("later")
    desk.publish("later")
    toll("approve", "ferry", "--by", "A", "--edition", "later")
    assert (page(desk), notes(desk)) == (["Not approved."], ["ferry: Not approved. See `toll approve --help`."])


REFUSED = {
    "another graphic": (["fery", "--by", "A"], "Edition article publishes no graphic fery. It has ferry."),
    "another edition": (["ferry", "--by", "A", "--edition", "x"], "There is no edition 'x'."),
    "no name": (["ferry", "--by", " "], "An approval needs a name."),
    "two lines": (["ferry", "--by", "A\nby: B"], "An approval needs a name."),
    "no date": (["ferry", "--by", "A", "--date", "today"], "“today” is not a date. Write it as 2014-08-12."),
}


@pytest.mark.parametrize(("arguments", "told"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_approved_is_refused(toll, desk, arguments, told):
    code, _, err = toll("approve", *arguments)
    assert code == 1 and told in err
    assert not desk.project.approvals.is_dir() or not any(desk.project.approvals.rglob("*.yml"))


def test_a_damaged_approval_is_named(toll, desk):
    toll("approve", "ferry", "--by", "A")
    (desk.project.root / "approvals/article/ferry.yml").write_text("by: A\n")
    with pytest.raises(Exception, match=r"approvals/article/ferry\.yml: This is no approval"):
        notes(desk)


def test_the_notebook_that_publishes_finds_the_approvals(toy: Toy):
    assert not any("approvals" in step.reads for step in steps.read(toy.project, "article"))
    (toy.root / "approvals").mkdir()
    assert [step.name for step in steps.read(toy.project, "article") if "approvals" in step.reads] == ["last"]


def test_status_names_what_is_not_approved(toll, desk):
    toll("approve", "ferry", "--by", "A")
    (desk.project.published("article") / "ferry.zip").write_bytes(b"")
    assert "article: ferry: Not approved: ferry.zip changed since A approved it." in toll("status")[1]
