"""Another desk's figures, made up, go through the same code: a small story as docs/new-story.md has it built."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from frictionless import Package
from lxml import etree
from PIL import Image

from support.checkout import ROOT
from toll import tables
from toll.project import Project
from toll.source import raw

STORY = Path(__file__).with_name("second_story")
KEPT = ("01-clean-source-figures", "08-publish")  # notebooks that every story has
OURS = re.compile(rb"karachi|police|officer|taliban|extrajudicial", re.IGNORECASE)


def keep(notebook, target, defaults):
    """Copies a notebook without its outputs, its parameters' defaults those of another story."""
    document = json.loads(notebook.read_text())
    for cell in document["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
        if "parameters" in cell["metadata"].get("tags", []):
            lines = "".join(cell["source"]).splitlines()
            cell["source"] = "\n".join(with_default(line, defaults) for line in lines)
    target.write_text(json.dumps(document))


def with_default(line, defaults):
    name, _, rest = line.partition(" = ")
    return f"{name} = {json.dumps(defaults[name])}  # {rest.partition('  # ')[2]}" if name in defaults else line


def toll(folder, *arguments):
    own = {"XDG_CACHE_HOME": str(folder.parent / "cache")}
    command = [sys.executable, "-m", "toll", *arguments]
    return subprocess.run(command, cwd=folder, env=os.environ | own, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """The second story, run; what it has of this project is the lock and the two notebooks."""
    folder = tmp_path_factory.mktemp("desk") / "ferry"
    shutil.copytree(STORY, folder)
    shutil.copy(ROOT / "requirements.lock", folder)
    defaults = yaml.safe_load((folder / "editions/article.yml").read_text())
    for name in KEPT:
        keep(ROOT / f"notebooks/{name}.ipynb", folder / f"notebooks/{name}.ipynb", defaults)
    for command in (["check", "--article", "article.txt", "--anchor"], ["run"]):
        result = toll(folder, *command)
        assert result.returncode == 0, result.stdout + result.stderr
    return folder


def test_its_tables_and_its_article_agree_and_a_slip_is_named(story, tmp_path):
    checked = toll(story, "check", "--article", "article.txt")
    assert checked.stdout == "article.txt: 7 unchanged\ndata/raw: no problems found\n"
    text = (story / "article.txt").read_text()
    (tmp_path / "article.txt").write_text(text.replace("cancelled 70", "cancelled 71"))
    checked = toll(story, "check", "--article", str(tmp_path / "article.txt"))
    assert checked.returncode == 1
    assert "“cancelled 70 crossings” is not in the text" in checked.stderr


def test_its_numbers_are_calculated_and_its_claims_tested(story):
    processed = story / "data/processed/article"
    numbers = {row["id"]: row["text"] for row in tables.read(processed / "ledger").to_dicts()}
    assert (numbers["even_pace_total"], numbers["share_cancelled"], numbers["allowed"]) == ("142", "5.9%", "120")
    verdicts = {row["id"]: row["verdict"] for row in tables.read(processed / "fact-check").to_dicts()}
    assert verdicts == {"on_course": "contradicted", "ice": "cannot be checked"}


def test_it_is_published_whole(story):
    page = (story / "figures/index.html").read_text() + (story / "README.md").read_text()
    assert "The Wend ferry is set to cancel more than it may" in page.replace("\u00a0", " ")
    published = {path.name for path in (story / "figures/article").iterdir()}
    kinds = ("-desktop.svg", "-mobile-dark.png", "-print-85mm-cmyk.pdf", "-social.png", ".csv", ".zip")
    assert {f"cancellations{kind}" for kind in kinds} <= published
    crate = json.loads((story / "figures/ro-crate-metadata.json").read_text())
    values = {entity["@id"]: entity.get("value") for entity in crate["@graph"]}
    assert values["#article/allowed_share"] == 0.05


def test_its_tables_are_described_as_they_are(story):
    report = Package(story / "data/processed/article/datapackage.json").validate()
    assert report.valid
    assert [task.name for task in report.tasks] == ["figures", "claims", "ledger", "fact-check", "disputed"]


def test_nothing_of_it_speaks_of_the_first_story(story):
    made = [path for path in story.rglob("*") if path.is_file() and ".toll" not in path.parts]
    assert len(made) > 50
    assert [path.name for path in made if path.name != "requirements.lock" and OURS.search(path.read_bytes())] == []


def test_a_clean_rebuild_gives_the_same_bytes(story):
    result = toll(story, "verify")
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_number_of_it_can_be_walked_to_its_paragraph(story):
    told = toll(story, "trace", "share_cancelled").stdout
    assert "cancelled 70 crossings" in told


def test_a_change_is_shown_with_its_cause_before_it_is_published(story):
    folder = shutil.copytree(story, story.parent / "changed")
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org"]
    (folder / ".gitignore").write_text(".toll\n")
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "Published"]):
        subprocess.run([*git, *command], cwd=folder, check=True, capture_output=True)
    figures = folder / "data/raw/figures.csv"
    figures.write_text(figures.read_text().replace("29,70,", "29,71,").replace("cancelled 70", "cancelled 71"))
    assert "is older than its sources" in toll(folder, "diff").stdout
    assert toll(folder, "run").returncode == 0
    shown = toll(folder, "diff")
    assert shown.stderr == ""
    assert re.search(r"even_pace_total: 142 → 144 .*\n +cancelled_2031: 70 → 71\n", shown.stdout), shown.stdout


def test_its_own_parameter_is_checked_as_it_declares(story):
    result = toll(story, "run", "-p", "allowed_share=1.5", "--as", "lenient")
    assert result.returncode == 1
    assert "allowed_share: 1.5 is not a share between 0 and 1." in result.stderr
    assert not (story / "figures/lenient").exists()


def test_a_graphic_that_is_not_named_is_not_left_out_in_silence(story):
    result = toll(story, "run", "-p", "graphics=cancellations boats", "--as", "boats")
    assert result.returncode == 1
    assert "there are cancellations; named are cancellations boats" in result.stdout + result.stderr


def test_no_code_names_a_place_of_the_first_story():
    places = {figure.place for figure in raw.read(Project(ROOT)).figures}
    assert "Karachi" in places
    named = re.compile(rf"{'|'.join(map(re.escape, places))}|police|officer|taliban", re.IGNORECASE)
    sources = [path for path in (ROOT / "src").rglob("*") if path.suffix in (".py", ".j2", ".js", ".css")]
    assert [path.name for path in sources if named.search(path.read_text("utf-8"))] == []


def published(folder):
    names = ("data/processed", "figures", "notebooks")
    return {path: path.read_bytes() for name in names for path in (folder / name).rglob("*") if path.is_file()}


def words(svg):
    return " ".join("".join(text.itertext()) for text in svg.iter("{*}text")).split()


def test_a_graphic_is_exported_at_any_width_and_nothing_published_changes(story, tmp_path):
    before = published(story)
    result = toll(story, "export", "cancellations", "--width", "720", "--format", "svg", "--out", f"{tmp_path}/a.svg")
    assert (result.returncode, result.stderr) == (0, "")
    usual = etree.parse(story / "figures/article/cancellations-desktop.svg").getroot()
    wide = etree.parse(tmp_path / "a.svg").getroot()
    assert (usual.get("width"), wide.get("width")) == ("640", "720")
    assert words(wide) == words(usual)
    assert published(story) == before


def test_a_layout_that_sets_its_own_words_gets_the_plot_alone(story, tmp_path):
    picture = tmp_path / "plain.png"
    options = ("--width", "500", "--words", "none", "--transparent", "--theme", "dark", "--out", str(picture))
    result = toll(story, "export", "cancellations", *options)
    assert (result.returncode, result.stderr) == (0, "")
    with Image.open(picture) as image:
        assert image.width == 1000 and image.mode in ("RGBA", "LA", "P")
        assert image.convert("RGBA").getpixel((0, 0))[3] == 0
        assert "crossings" in image.text["Description"]


REFUSED = {
    "no such width": (
        ["cancellations", "--width", "20"],
        "--width: 20 px is no width for a graphic. Give 240 to 2000.",
    ),
    "no such graphic": (["cancelations", "--width", "700"], "has no graphic cancelations. It has cancellations."),
    "no such edition": (["cancellations", "--width", "700", "--edition", "x"], "There is no edition 'x'."),
    "no such folder": (["cancellations", "--width", "700", "--out", "no/x.png"], "There is no folder no. Create it"),
}


@pytest.mark.parametrize(("arguments", "told"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_exported_is_refused(story, arguments, told):
    files = sorted(story.iterdir())
    result = toll(story, "export", *arguments)
    assert result.returncode == 1 and told in result.stderr, result.stderr
    assert sorted(story.iterdir()) == files


def test_the_published_graphic_is_exported_or_none_and_one_that_does_not_fit_is_refused(story, tmp_path):
    folder = tmp_path / "ferry"
    shutil.copytree(story, folder)
    texts = folder / "words/cancellations.yml"
    texts.write_text(
        texts.read_text().replace("allowed: May be cancelled", "allowed: May be cancelled in any one year, at most")
    )
    result = toll(folder, "export", "cancellations", "--width", "700")
    assert result.returncode == 1
    assert "Edition article is older than its sources" in result.stderr and "`toll run article`" in result.stderr
    assert toll(folder, "run").returncode == 0
    files = sorted(folder.iterdir())
    result = toll(folder, "export", "cancellations", "--width", "240")
    assert result.returncode == 1
    assert "cancellations, 240px, light: “May be cancelled in any one year, at most” runs" in result.stderr
    assert sorted(folder.iterdir()) == files
