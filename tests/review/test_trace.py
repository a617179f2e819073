"""`toll trace`: from any printed number to the words of the source, and to every place that prints it."""

import json
import re
import shutil

import pytest

from support.checkout import ROOT
from toll import cli, tables
from toll.ledger.ledger import CALCULATED, REPORTED, Ledger
from toll.project import Project
from toll.review import record


@pytest.fixture(scope="module")
def ledger():
    return Ledger.from_frames(tables.read(Project(ROOT).processed("article") / "ledger"))


@pytest.fixture
def toll(capsys, monkeypatch):
    """Runs the command in the project; returns its exit code, what it prints and what it complains of."""
    monkeypatch.chdir(ROOT)

    def run(*arguments):
        code = cli.main(["trace", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of what is published, with an edition's files under a second name."""
    for folder in ("data", "editions", "figures", "notebooks"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "editions/hindsight.yml").unlink()
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


def of_article(out):
    """What the command says of the edition `article`, as JSON."""
    return next(told for told in json.loads(out) if told["edition"] == "article")


def add_edition(project, name, value=None):
    shutil.copytree(project.processed("article"), project.processed(name))
    shutil.copytree(project.published("article"), project.published(name))
    (project.editions / f"{name}.yml").write_text(f"edition: {name}\n")
    if value is not None:
        stem = project.processed(name) / "ledger"
        frame = tables.read(stem).with_columns(value=value)
        tables.write(frame, stem)


def test_every_number_of_the_ledger_ends_at_words_of_a_source_or_at_a_parameter(toll, ledger):
    for entry in ledger:
        code, out, _ = toll(entry.id, "--json")
        told = of_article(out)
        assert code == 0
        for each in (told, *told["behind"]):
            assert each["status"] != REPORTED or (each["locator"] and each["exact"] and each["citation"])
            assert each["status"] != CALCULATED or set(each["inputs"]) <= {one["id"] for one in told["behind"]}


def test_the_tree_shows_formula_values_result_words_and_paragraph(toll):
    code, out, _ = toll("officers_unexplained")
    assert code == 0
    for line in (
        "officers_unexplained = 5,400 officers [4,500 to 6,300], calculated",
        "│  = 27000 - 8500 - 13123.35958 = 5376.64042",
        "│  = 20000000 / 1524 = 13123.35958",
        "└─ inhabitants_per_officer = 1,524 inhabitants per officer (“one for every 1,524”), reported",
        "paragraph 28: “for every 1,524 inhabitants”, attributed to the academic Laurent Gayer",
        "Article by Zia ur-Rehman and Declan Walsh, Aug. 11, 2014",
    ):
        assert line in out
    assert all(len(line) <= 100 for line in out.splitlines())


def test_a_formula_with_its_values_put_in_gives_its_result(toll, ledger):
    from toll.ledger import estimate

    checked = 0
    for entry in ledger:
        if entry.formula and not entry.is_date:
            told = of_article(toll(entry.id, "--json")[1])
            values, _, result = told["evaluated"].rpartition(" = ")
            values = re.sub(r"\d{4}-\d{2}-\d{2}", lambda day: f"date.fromisoformat('{day[0]}')", values)
            assert eval(values, vars(estimate)) == pytest.approx(float(result), rel=1e-8), entry.id
            checked += 1
    assert checked > 15


def test_forward_names_the_sentences_the_files_and_what_rests_on_it(toll):
    told = of_article(toll("police_killed_2014", "--json")[1])
    assert {"even_pace_total", "milestone_expected"} <= set(told["rests_on_it"])
    assert "officers_unexplained" not in told["rests_on_it"]
    places = {(place["where"], place["part"]): place for place in told["printed"]}
    deck = places["death-tolls", "deck"]
    assert "102 deaths by Aug. 7" in deck["text"]
    assert {"figures/article/death-tolls-desktop.svg", "figures/article/death-tolls.csv"} <= set(deck["files"])
    assert places["death-tolls notebook", "finding"]["files"] == ["notebooks/02-death-tolls.ipynb"]
    for place in places.values():
        assert place["files"] and all((ROOT / name).is_file() for name in place["files"])


def test_sentences_are_those_that_print_the_number(ledger):
    """Every place that the ledger names as a text has one, with the number in it."""
    (one,) = [one for one in record.read_all(Project(ROOT)) if one.edition == "article"]
    entry = ledger["officers_not_vip"]
    texts = [one.words[str(place)] for place in ledger.printed[entry.id] if place.part != "labels"]
    assert len(texts) >= 4
    assert all(entry.text in text for text in texts)


def test_without_an_id_all_are_listed(toll, ledger):
    code, out, _ = toll()
    assert code == 0
    assert {entry.id for entry in ledger} <= {line.split()[0] for line in out.splitlines()}
    assert {row["id"] for row in json.loads(toll("--json")[1])} >= {entry.id for entry in ledger}


@pytest.mark.parametrize(
    ("id", "meant"),
    [
        ("oficers_vip", "officers_vip"),
        ("boy", "boy_age"),
        ("28.2 million", "population_if_both_hold"),
        ("about 8,500", "officers_vip"),
        ("zzz", "lists all"),
    ],
)
def test_an_unknown_id_is_answered_with_what_may_be_meant(toll, id, meant):
    code, out, complaint = toll(id)
    assert (code, out) == (1, "")
    assert repr(id) in complaint and meant in complaint


def test_editions_that_agree_are_told_once_and_others_apart(copy, toll, monkeypatch):
    add_edition(copy, "same")
    add_edition(copy, "other", value=1.0)
    monkeypatch.chdir(copy.root)
    out = toll("officers")[1]
    assert len(re.findall("^officers = 27,000", out, re.MULTILINE)) == 1
    assert len(re.findall("^officers = 1 ", out, re.MULTILINE)) == 1
    assert "Edition article, data as of Aug. 11, 2014\nEdition same, data as of" in out
    assert [line for line in out.splitlines() if line.startswith("Printed in")] == [
        "Printed in edition article",
        "Printed in edition same",
        "Printed in edition other",
    ]


def test_corrections_of_what_it_rests_on_are_told(copy, toll, monkeypatch):
    (copy.raw / "corrections.csv").write_text(
        'date,figure,was,now,reason\n2014-08-12,officers_vip,"about 9,000","about 8,500",Misread.\n'
    )
    monkeypatch.chdir(copy.root)
    assert "Corrected Aug. 12, 2014: “about 9,000” is now “about 8,500”. Misread." in toll("vip_share")[1]
    (told,) = json.loads(toll("officers_vip", "--json")[1])
    assert told["corrections"][0]["was"] == "about 9,000"


def test_what_has_not_run_says_so(copy, toll, monkeypatch):
    shutil.rmtree(copy.figures)
    monkeypatch.chdir(copy.root)
    code, _, complaint = toll("officers")
    assert code == 1 and "toll run" in complaint
