"""`toll diff`: one raw figure changed by one, run for real, and read as the editor on duty would."""

import re
import shutil
import subprocess
import sys

import pytest
from lxml import html
from PIL import Image

from support.browser import needs_chromium
from support.checkout import ROOT
from toll import cli
from toll.project import Project
from toll.review import diff, pixels
from toll.review.diff import Number, Sentence, place_rank


def git(folder, *arguments):
    subprocess.run(
        ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
    )


@pytest.fixture(scope="module")
def changed(tmp_path_factory):
    """A checkout in which last year's toll was raised by one since the last commit, and the chain run again."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("data", "editions", "figures", "notebooks", "words"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("README.md", "CORRECTIONS.md", "requirements.lock", ".gitignore"):
        shutil.copy(ROOT / name, folder)
    for left_out in (folder / "editions/hindsight.yml", *folder.glob("*/hindsight"), *folder.glob("*/*/hindsight")):
        shutil.rmtree(left_out) if left_out.is_dir() else left_out.unlink()
    git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "Published")
    figures = folder / "data/raw/figures.csv"
    text = figures.read_text()
    [row] = [line for line in text.splitlines() if line.startswith("police_killed_2013,")]
    figures.write_text(text.replace(row, row.replace("2013-12-31,166,", "2013-12-31,167,").replace("of 166", "of 167")))
    subprocess.run([sys.executable, "-m", "toll", "run"], cwd=folder, check=True, capture_output=True)
    return Project(folder)


@pytest.fixture
def toll(capsys, monkeypatch, changed):
    def run(*arguments, at=changed.root):
        monkeypatch.chdir(at)
        code = cli.main(["diff", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_numbers_come_with_the_input_that_moved_them_the_headline_first(toll):
    code, out, err = toll()
    assert (code, err) == (0, "")
    assert re.search(r"Changed since [0-9a-f]+ \(Published\): \d+ numbers, \d+ sentences and 1 graphic\.", out)
    assert "Needs a correction: data/raw/figures.csv, line 3" in out
    lines = out.splitlines()
    at = {id: lines.index(line) for line in lines for id in re.findall(r"^  (\w+): \S+ → ", line)}
    assert list(at)[:2] == ["police_killed_2013", "chance_of_exceeding"]
    assert list(at)[-1] in ("rate_ratio", "rate_ratio_low")  # they print alike
    assert lines[at["police_killed_2013"] + 1].strip() == "data/raw: “166” is now “167”"
    assert lines[at["chance_of_exceeding"]].startswith("  chance_of_exceeding: 63% → 59%")
    assert lines[at["chance_of_exceeding"] + 1].strip() == "police_killed_2013: 166 → 167"
    assert "even_pace_total" not in at
    assert "    + Officers killed in 2014. The 102 deaths by Aug. 7" in out


def test_the_page_shows_numbers_words_and_pictures(toll, changed):
    toll()
    folder = changed.work / "diff"
    page = html.fromstring((folder / "index.html").read_text("utf-8"))
    first = page.xpath("//tbody/tr")[0].text_content()
    assert all(part in first for part in ("166", "167", "police_killed_2013", "death-tolls: headline"))
    deck = page.xpath("//dt[. = 'death-tolls: deck']/following-sibling::dd")[0]
    assert [(piece.tag, piece.text) for piece in deck] == [("del", "166"), ("ins", "167")]
    images = [folder / image for image in page.xpath("//img/@src")]
    assert len(images) == 3 and len({Image.open(image).size for image in images}) == 1
    assert not page.xpath("//script")


@needs_chromium
@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (375, "dark")])
def test_the_page_is_open_to_all(toll, changed, browser, width, scheme):
    import importlib.resources

    toll()
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
    page, faults = context.new_page(), []
    page.on("console", lambda message: faults.append(message.text))
    page.goto((changed.work / "diff/index.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate((importlib.resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    found = page.evaluate("axe.run()")
    assert ([fault["id"] for fault in found["violations"]], faults) == ([], [])
    context.close()


def test_nothing_changed_is_said_plainly(toll, changed, tmp_path):
    shutil.copytree(changed.root, tmp_path / "copy")
    git(tmp_path / "copy", "commit", "-qam", "Published again")
    code, out, _ = toll(at=tmp_path / "copy")
    assert code == 0 and out.startswith("Nothing that is published has changed since ")
    assert "HEAD~1" not in out
    assert "63% → 59%" in toll("HEAD~1", at=tmp_path / "copy")[1]


def test_what_is_stale_is_told(toll, changed, tmp_path):
    shutil.copytree(changed.root, tmp_path / "copy")
    figures = tmp_path / "copy/data/raw/figures.csv"
    figures.write_text(figures.read_text().replace("167", "168"))
    assert "toll run, then toll diff again" in toll(at=tmp_path / "copy")[2]


@pytest.mark.parametrize("rev", ["nowhere", "--output=x", "HEAD~9", ""])
def test_an_unknown_revision_is_named(toll, changed, rev):
    code, out, err = toll("--", rev)
    assert (code, out) == (1, "")
    assert repr(rev) in err and "git log" in err
    assert not (changed.root / "x").exists()


def test_without_git_or_a_published_record_it_says_so(toll, changed, tmp_path):
    bare = tmp_path / "bare"
    shutil.copytree(changed.root, bare, ignore=shutil.ignore_patterns(".git", ".toll"))
    code, _, err = toll(at=bare)
    assert code == 1 and "no git repository" in err
    git(bare, "init", "-q")
    git(bare, "add", "README.md")
    git(bare, "commit", "-qm", "Begin")
    code, _, err = toll(at=bare)
    assert code == 1 and "nothing published at HEAD" in err


def test_a_new_and_a_dropped_edition_are_told(changed, tmp_path):
    before = Project(tmp_path)
    for folder in diff.NEEDED:
        shutil.copytree(changed.root / folder, tmp_path / folder)
    (tmp_path / "editions/old.yml").write_text("edition: old\n")
    shutil.copytree(before.processed("article"), before.processed("old"))
    shutil.copytree(before.published("article"), before.published("old"))
    assert [(each.edition, each.news) for each in diff.compare(before, changed)] == [("old", "is no longer published")]
    assert [(each.edition, each.news) for each in diff.compare(changed, before)] == [("old", "is new")]


def test_pieces_give_both_sentences_back():
    sentence = Sentence("a: deck", "About 1,024 of 3.5%, or so.", "About 1,025 of 3.6%, perhaps.")
    assert "".join(text for kind, text in sentence.pieces if kind != "new") == sentence.old
    assert "".join(text for kind, text in sentence.pieces if kind != "old") == sentence.new
    assert ("old", "1,024") in sentence.pieces and ("new", "3.6%") in sentence.pieces


def test_a_headline_goes_before_a_note_and_a_note_before_a_notebook():
    places = ["a: headline", "a: deck", "a: note", "fact-check: x", "a notebook: finding"]
    assert [place_rank(place) for place in places] == sorted({place_rank(place) for place in places})
    far, near = (Number("n", "", "1", "2", (), (place,), 9.0) for place in ("a: note", "a: headline"))
    assert near.rank < far.rank


def picture(size, spot=None):
    import io

    image = Image.new("RGB", size, (255, 255, 255))
    if spot:
        image.putpixel(spot, (250, 255, 255))
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def test_one_pixel_that_is_a_shade_darker_is_seen():
    share, views = pixels.compare(picture((10, 10)), picture((10, 10), (3, 4)))
    assert share == 0.01 and views.keys() == {"before", "after", "changed"}
    import io

    overlay = Image.open(io.BytesIO(views["changed"]))
    assert [overlay.getpixel(place) == pixels.HIGHLIGHT for place in ((3, 4), (4, 3))] == [True, False]


def test_a_picture_that_grew_or_is_new_is_compared_too():
    share, _ = pixels.compare(picture((10, 10)), picture((10, 20)))
    assert share == 0.0  # white on white
    assert pixels.compare(b"", picture((10, 10)))[1].keys() == {"after"}
    assert pixels.compare(picture((10, 10)), picture((10, 10)))[0] == 0.0
