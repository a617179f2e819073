"""`toll trace`: from any printed number to the words of the source, and to every place that prints it."""

import json
import shutil

import pytest

from support.desk import ledger
from toll import cli


@pytest.fixture
def published(desk, monkeypatch):
    desk.publish()
    desk.share()
    monkeypatch.chdir(desk.project.root)
    return desk


@pytest.fixture
def toll(capsys):
    """Runs the command; returns its exit code, what it prints and what it complains of."""

    def run(*arguments):
        code = cli.main(["trace", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_the_tree_shows_formula_values_result_words_and_paragraph(published, toll):
    code, out, _ = toll("left")
    assert code == 0
    for line in (
        "left = 2,330 crossings [2,280 to 2,380], calculated",
        "│  = planned_2031 - cancelled_2031",
        "│  = 2400 - 70 = 2330",
        "├─ planned_2031 = 2,400 crossings [2,350 to 2,450], reported",
        "paragraph 3: “2,400 crossings”, attributed to the company",
        "A report, June 30, 2031 (source article)",
        "Caveat: Tugs included.",
        "└─ cancelled_2031 = 70 crossings (“about 70”) [65 to 75], reported",
    ):
        assert line in out
    assert all(len(line) <= 100 for line in out.splitlines())
    assert "a parameter, set in editions/article.yml" in toll("level")[1]


def test_a_function_in_a_formula_is_explained_and_an_input_is_explained_once(published, toll):
    def with_rate():
        made = ledger()
        made.calculate("even", "even_pace(cancelled_2031, 180, 365)", "crossings", "At an even pace")
        made.calculate("double", "even + left + cancelled_2031", "crossings", "A sum")
        return made

    published.publish(ledger=with_rate)
    out = toll("double")[1]
    assert "toll.ledger.estimate.even_pace: " in out
    assert out.count("“about 70 crossings”") == 1 and out.count("(see above)") == 2


def test_forward_names_the_sentences_the_files_and_what_uses_it(published, toll):
    (told,) = json.loads(toll("left", "--json")[1])
    places = {(place["where"], place["part"]): place for place in told["printed"]}
    assert "2,330 were not" in places["ferry", "alt"]["text"]
    assert {"figures/article/ferry-desktop.svg", "figures/article/ferry.csv"} <= set(places["ferry", "alt"]["files"])
    assert places["fact-check", "few"]["text"].endswith("2,330 are left. Sure.")
    finding = places["crossings notebook", "finding"]
    assert finding["text"] == "2,330 crossings are left."
    assert finding["files"] == ["notebooks/01-crossings.ipynb"]
    for place in places.values():
        assert place["files"] and all((published.project.root / name).is_file() for name in place["files"])
    out = toll("left")[1]
    assert "finding: 2,330 crossings are left." in out and "in notebooks: 01-crossings.ipynb" in out
    assert json.loads(toll("planned_2031", "--json")[1])[0]["used_in"] == ["left"]
    assert "Used in these numbers of edition article\n  left  2,330, ferry, fact-check" in toll("cancelled_2031")[1]
    assert "Not printed itself in edition article" in toll("cancelled_2031")[1]


def test_json_has_the_whole_provenance_and_the_evaluated_formula(published, toll):
    (told,) = json.loads(toll("left", "--json")[1])
    assert [entry["id"] for entry in told["provenance"]] == ["planned_2031", "cancelled_2031"]
    assert told["evaluated"] == "2400 - 70 = 2330"
    assert told["provenance"][0]["exact"] == "2,400 crossings"
    assert json.loads(toll("cancelled_no_crew", "--json")[1])[0]["high"] == "inf"


def test_without_an_id_all_are_listed(published, toll):
    ids = [entry.id for entry in ledger()]
    code, out, _ = toll()
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[1:]] == ids
    assert [row["id"] for row in json.loads(toll("--json")[1])] == ids


@pytest.mark.parametrize(
    ("id", "meant"),
    [
        ("canceled_2031", "cancelled_2031"),
        ("crew", "cancelled_no_crew"),
        ("2,330", "left"),
        ("about 70", "cancelled_2031"),
        ("zzz", "lists all"),
    ],
)
def test_an_unknown_id_brings_suggestions(published, toll, id, meant):
    code, out, complaint = toll(id)
    assert (code, out) == (1, "")
    assert f"“{id}”" in complaint and meant in complaint


def test_editions_that_agree_are_shown_once_and_others_separately(published, toll):
    for name in ("same", "other"):
        published.add_edition(name)
        published.publish(name, ledger=lambda name=name: ledger(2_400 if name == "same" else 2_500))
    out = toll("planned_2031")[1]
    assert out.count("planned_2031 = 2,400 ") == out.count("planned_2031 = 2,500 ") == 1
    assert "Edition article, data as of June 30, 2031\nEdition same, data as of" in out
    assert [line for line in out.splitlines() if line.startswith("Printed in")] == [
        "Printed in edition article",
        "Printed in edition same",
        "Printed in edition other",
    ]


def test_corrections_of_its_inputs_are_shown(published, toll):
    published.correct("2031-07-01,cancelled_2031,80,70,Misread.")
    assert "Corrected July 1, 2031: “80” is now “70”. Misread." in toll("left")[1]
    assert json.loads(toll("cancelled_2031", "--json")[1])[0]["corrections"][0]["was"] == "80"


def test_before_the_first_run_it_says_what_to_do(published, toll):
    shutil.rmtree(published.project.figures)
    assert toll("left") == (1, "", "figures: Nothing has been published yet. Run `toll run` first.\n")
