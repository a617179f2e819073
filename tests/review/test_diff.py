"""`toll diff`: one raw figure changed, read as the editor on duty would."""

import io
import re
import shutil
import subprocess
from dataclasses import replace

import pytest
from lxml import html
from PIL import Image

from support.browser import accessibility_faults, needs_chromium
from support.desk import Desk, ledger
from toll import cli
from toll.project import Project
from toll.review import changes, diff, pixels
from toll.review.changes import ChangedNumber, ChangedText, place_rank
from toll.source import corrections


def git(folder, *arguments):
    author = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *author, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def changed(tmp_path_factory, pictures):
    """A checkout in which the crossings planned were raised since the last commit, and the edition published again."""
    desk = Desk(tmp_path_factory.mktemp("diff") / "desk", *pictures)
    root, raw = desk.project.root, desk.project.raw
    corrections.record(desk.project)
    (root / ".gitignore").write_text(".toll\n")
    desk.publish()
    desk.share()
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Published")
    (raw / "figures.csv").write_text((raw / "figures.csv").read_text().replace("2,400", "2,500"))
    furniture = replace(desk.graphic.furniture, headline="More crossings are left for the rest", alt="Two bars: 2,430.")
    desk.publish(graphic=replace(desk.graphic, furniture=furniture), ledger=lambda: ledger(2_500))
    picture = desk.project.published("article") / "ferry-desktop.png"
    with Image.open(picture) as image:
        drawn = image.convert("RGB")
    drawn.putpixel((3, 4), (0, 0, 0))
    drawn.save(picture)
    desk.share()
    return desk.project


@pytest.fixture
def toll(capsys, monkeypatch, changed):
    def run(*arguments, at=changed.root):
        monkeypatch.chdir(at)
        code = cli.main(["diff", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_numbers_come_with_the_input_that_moved_them_the_most_prominent_first(toll):
    code, out, err = toll()
    assert code == 0
    assert re.search(r"Changed since [0-9a-f]+ \(Published\): 2 numbers, 3 sentences and 1 graphic\.", out)
    assert "Needs a correction: data/raw/figures.csv, line 5" in out
    lines = out.splitlines()
    at = {id: lines.index(line) for line in lines for id in re.findall(r"^  (\w+): .+ → ", line)}
    assert list(at) == ["left", "planned_2031"]
    assert lines[at["left"] : at["left"] + 3] == [
        "  left: about 2,330 → about 2,430  (Crossings not cancelled)",
        "      planned_2031: 2400 (2350 to 2450) → 2500 (2450 to 2550)",
        "      in ferry: alt, ferry: plot, fact-check: few, crossings notebook: finding",
    ]
    assert lines[at["planned_2031"] + 1].strip() == "data/raw: “2,400” is now “2,500”"
    headline = lines.index("  ferry: headline")
    assert lines[headline + 1].strip() == "− Fewer crossings are left for the rest"
    assert "    + 2,430 crossings are left." in lines
    assert (
        "Edition article has not been run on this machine, so it may be older" in err
    )  # this desk never ran its notebook


def test_the_page_shows_numbers_words_and_pictures(toll, changed):
    toll()
    folder = changed.work / "diff"
    page = html.fromstring((folder / "index.html").read_text("utf-8"))
    first = page.xpath("//tbody/tr")[0].text_content()
    assert all(part in first for part in ("about 2,330", "about 2,430", "left", "planned_2031", "ferry: alt"))
    headline = page.xpath("//dt[. = 'ferry: headline']/following-sibling::dd")[0]
    assert [(piece.tag, piece.text) for piece in headline] == [("del", "Fewer"), ("ins", "More")]
    images = [folder / image for image in page.xpath("//img/@src")]
    assert len(images) == 3 and len({Image.open(image).size for image in images}) == 1
    assert not page.xpath("//script")


def test_a_damaged_picture_is_named(toll, changed):
    picture = changed.published("article") / "ferry-desktop.png"
    whole = picture.read_bytes()
    picture.write_bytes(whole[:40] + b"\0" + whole[41:])
    try:
        code, _, err = toll()
    finally:
        picture.write_bytes(whole)
    assert code == 1
    assert err.startswith("figures/article/ferry-desktop.png: The file is damaged: it is no picture. Restore it")


@needs_chromium
def test_the_page_is_accessible(toll, changed, browser):
    toll()
    for width, scheme in ((1200, "light"), (375, "dark")):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
        page, complaints = context.new_page(), []
        page.on("console", lambda message, said=complaints: said.append(message.text))
        page.goto((changed.work / "diff/index.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert (accessibility_faults(page), complaints) == ({}, [])
        context.close()


def test_it_says_plainly_that_nothing_changed(toll, changed, tmp_path):
    shutil.copytree(changed.root, tmp_path / "copy")
    git(tmp_path / "copy", "commit", "-qam", "Published again")
    code, out, _ = toll(at=tmp_path / "copy")
    assert code == 0 and out.startswith("Nothing published has changed since ")
    assert "about 2,330 → about 2,430" in toll("HEAD~1", at=tmp_path / "copy")[1]


@pytest.mark.parametrize("rev", ["nowhere", "--output=x", "HEAD~9", ""])
def test_an_unknown_revision_is_named(toll, changed, rev):
    code, out, err = toll("--", rev)
    assert (code, out) == (1, "")
    assert f"“{rev}”" in err and "git log" in err
    assert not (changed.root / "x").exists()


def test_it_says_so_without_git_or_a_published_record(toll, changed, tmp_path):
    bare = tmp_path / "bare"
    shutil.copytree(changed.root, bare, ignore=shutil.ignore_patterns(".git", ".toll"))
    code, _, err = toll(at=bare)
    assert code == 1 and "not in a git repository" in err
    git(bare, "init", "-q")
    git(bare, "add", "README.md")
    git(bare, "commit", "-qm", "Begin")
    code, _, err = toll(at=bare)
    assert code == 1 and "Nothing was published at HEAD" in err


OBSTACLES = {
    "no git": ({"PATH": "/nowhere"}, "The program git is not installed."),
    "another folder": ({"GIT_DIR": "/nowhere"}, "Unset the environment variable GIT_DIR"),
    "another owner": ({"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}, "git config --global --add safe.directory "),
}


@pytest.mark.parametrize(("environment", "told"), OBSTACLES.values(), ids=OBSTACLES)
def test_what_keeps_git_from_reading_the_repository_is_told(toll, monkeypatch, environment, told):
    for name, value in (environment | {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}).items():
        monkeypatch.setenv(name, value)
    code, out, err = toll()
    assert (code, out) == (1, "")
    assert told in err and "git init" not in err


def test_a_link_that_was_published_once_leads_nowhere(toll, changed, tmp_path):
    git(tmp_path, "clone", "-q", changed.root, "copy")
    (tmp_path / "copy/figures/link").symlink_to("/etc")
    git(tmp_path / "copy", "add", "-A")
    git(tmp_path / "copy", "commit", "-qm", "A link")
    code, out, err = toll(at=tmp_path / "copy")
    assert code == 0 and out.startswith("Nothing published has changed since "), err


def test_a_new_and_a_dropped_edition_are_named(changed, tmp_path):
    before = Project(tmp_path)
    for folder in diff.NEEDED:
        shutil.copytree(changed.root / folder, tmp_path / folder)
    (tmp_path / "editions/old.yml").write_text("edition: old\n")
    shutil.copytree(before.processed("article"), before.processed("old"))
    shutil.copytree(before.published("article"), before.published("old"))
    told = [(each.edition, each.news) for each in changes.compare(before, changed)]
    assert told == [("old", "is no longer published")]
    assert [(each.edition, each.news) for each in changes.compare(changed, before)] == [("old", "is new")]


def test_pieces_give_both_sentences_back():
    text = ChangedText("a: deck", "About 1,024 of 3.5%, or so.", "About 1,025 of 3.6%, perhaps.")
    assert "".join(words for kind, words in text.pieces if kind != "new") == text.old
    assert "".join(words for kind, words in text.pieces if kind != "old") == text.new
    assert ("old", "1,024") in text.pieces and ("new", "3.6%") in text.pieces


def test_a_headline_goes_before_a_note_and_a_note_before_a_notebook():
    places = ["a: headline", "a: deck", "a: note", "fact-check: x", "a notebook: finding"]
    assert [place_rank(place) for place in places] == sorted({place_rank(place) for place in places})
    far, near = (ChangedNumber("n", "", "1", "2", (), (place,), 9.0) for place in ("a: note", "a: headline"))
    assert near.rank < far.rank


def picture(size, spot=None):
    image = Image.new("RGB", size, (255, 255, 255))
    if spot:
        image.putpixel(spot, (250, 255, 255))
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def test_one_pixel_of_another_shade_is_noticed():
    share, views = pixels.compare(picture((10, 10)), picture((10, 10), (3, 4)))
    assert share == 0.01 and views.keys() == {"before", "after", "changed"}
    overlay = Image.open(io.BytesIO(views["changed"]))
    assert [overlay.getpixel(place) == pixels.HIGHLIGHT for place in ((3, 4), (4, 3))] == [True, False]


def test_a_picture_that_grew_or_is_new_is_compared_too():
    share, _ = pixels.compare(picture((10, 10)), picture((10, 20)))
    assert share == 0.0  # white on white
    assert pixels.compare(b"", picture((10, 10)))[1].keys() == {"after"}
    assert pixels.compare(picture((10, 10)), picture((10, 10)))[0] == 0.0
