"""The pages that all editions share: front page, manifest, findings in the README, corrections."""

import pytest


@pytest.fixture
def published(desk):
    """Two editions with a file, and a variation."""
    desk.add_edition("later")
    for edition in ("article", "later", "sweep"):
        desk.publish(edition)
    return desk


def test_the_readme_gets_the_findings_of_editions_but_not_of_variations(published):
    published.share()
    text = (published.project.root / "README.md").read_text()
    assert text.startswith("# Ferry\n<!-- findings") and text.endswith("<!-- end of findings -->\nOurs.\n")
    assert "**Fewer crossings are left for the rest.** Crossings in 2031, by what became of them." in text
    assert 'src="figures/article/ferry-desktop.png" width="640" alt="Bar chart: 2,400 crossings, of which' in text
    assert "Edition `later`, data as of June 30, 2031:" in text
    assert "figures/later/ferry-desktop.png" in text and "figures/sweep" not in text


def test_findings_are_renewed_and_the_rest_is_left_alone(published):
    published.share()
    readme = published.project.root / "README.md"
    before = readme.read_text()
    readme.write_text(before.replace("Fewer", "More") + "\nA reporter's own line.\n")
    published.share()
    assert readme.read_text() == before + "\nA reporter's own line.\n"


def test_a_readme_without_marks_is_left_alone(published):
    readme = published.project.root / "README.md"
    readme.write_text("# Ours\n")
    published.share()
    assert readme.read_text() == "# Ours\n"


def test_before_anything_is_published_there_is_only_a_front_page(desk):
    desk.share()
    assert "Nothing has been published yet" in (desk.project.figures / "index.html").read_text()
    assert [path.name for path in desk.project.figures.iterdir()] == ["index.html"]


def test_corrections_are_listed_newest_first_and_cannot_break_the_table(published):
    published.share()
    assert "Nothing has been corrected." in (published.project.root / "CORRECTIONS.md").read_text()
    published.correct(
        "2031-07-01,cancelled_2031,80,70,Copied | wrongly <b>", '2031-08-01,planned_2031,"2,300","2,400",Misread'
    )
    published.share()
    lines = (published.project.root / "CORRECTIONS.md").read_text().splitlines()
    rows = [line for line in lines if line.startswith("| 2031")]
    assert [row.split(" | ")[:2] for row in rows] == [
        ["| 2031-08-01", "`planned_2031`"],
        ["| 2031-07-01", "`cancelled_2031`"],
    ]
    assert rows[1].endswith(r"Copied \| wrongly \<b\> |")
    assert "Copied | wrongly &lt;b&gt;" in (published.project.figures / "index.html").read_text()
