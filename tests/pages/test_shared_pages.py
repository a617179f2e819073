"""The pages that all editions share: findings in the README, corrections, the gallery."""

import shutil

import pytest

from support.checkout import ROOT
from toll.pages import shared as front
from toll.project import Project


@pytest.fixture
def project(tmp_path):
    shutil.copytree(ROOT / "data/raw", tmp_path / "data/raw")
    shutil.copytree(ROOT / "editions", tmp_path / "editions")
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    for edition in ("article", "hindsight"):
        (tmp_path / "figures" / edition).mkdir(parents=True)
        for name in ("gallery.json", "SHA256SUMS"):
            shutil.copy(ROOT / "figures" / edition / name, tmp_path / "figures" / edition / name)
    for name in ("README.md", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path / name)
    return Project(tmp_path)


def test_the_committed_pages_are_what_the_published_editions_give(project):
    front.write(project)
    for page in ("README.md", "CORRECTIONS.md", "figures/index.html", "figures/ro-crate-metadata.json"):
        assert (project.root / page).read_text() == (ROOT / page).read_text()


def test_the_findings_are_renewed_and_the_rest_is_left_alone(project):
    readme = project.root / "README.md"
    before = readme.read_text()
    readme.write_text(before.replace("166 of 2013", "999 of 2013") + "\nA reporter's own line.\n")
    front.write(project)
    assert readme.read_text() == before + "\nA reporter's own line.\n"


def test_a_readme_without_marks_is_left_alone(project):
    readme = project.root / "README.md"
    readme.write_text("# Ours\n")
    front.write(project)
    assert readme.read_text() == "# Ours\n"


def test_corrections_are_listed_newest_first_and_cannot_break_the_table(project):
    (project.raw / "corrections.csv").write_text(
        "date,figure,was,now,reason\n"
        "2014-09-01,police_killed_2013,165,166,Copied | wrongly <b>\n"
        '2014-10-01,officers,"26,000","27,000",Misread\n'
    )
    front.write(project)
    lines = (project.root / "CORRECTIONS.md").read_text().splitlines()
    rows = [line for line in lines if line.startswith("| 2014")]
    assert [row.split(" | ")[0] for row in rows] == ["| 2014-10-01", "| 2014-09-01"]
    assert rows[1].endswith(r"Copied \| wrongly \<b\> |")
    assert "Copied | wrongly &lt;b&gt;" in (project.root / "figures/index.html").read_text()
