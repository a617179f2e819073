"""`toll diff`: one raw figure changed, read as the editor on duty would."""

import io
import re
import shutil
import subprocess
from dataclasses import replace

import polars as pl
import pytest
from lxml import etree, html
from PIL import Image

from support.browser import accessibility_faults, needs_chromium
from support.desk import FACT_CHECK, Desk, build, ledger
from toll import cli
from toll.project import Project
from toll.review import causes, changes, elements, pixels
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
    doubted = FACT_CHECK.with_columns(verdict=pl.lit("open"))
    desk.publish(graphic=replace(desk.graphic, furniture=furniture), ledger=lambda: ledger(2_500), fact_check=doubted)
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


def test_the_cause_comes_first_then_headlines_verdicts_and_pictures_then_numbers(toll):
    code, out, _ = toll()
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "One figure changed: Crossings planned, 2,400 → 2,500; no correction says why."
    assert re.fullmatch(r"Changed since [0-9a-f]+ \(Published\): 2 numbers, 4 sentences and 1 graphic\.", lines[1])
    assert lines[2].startswith("Needs a correction: data/raw/figures.csv, line 5")
    body = lines.index("Edition article")
    assert lines[body - 2].startswith("Edition article has not been run on this machine")  # as this desk runs nothing
    assert [line.strip() for line in lines[body:] if re.match(r"(  )?[A-Z]", line)] == [
        *("Edition article", "Headlines", "Verdicts", "Graphics", "Numbers", "Sentences", "Other files")
    ]
    headline = lines.index("    ferry: headline")
    assert lines[headline + 1].strip() == "− Fewer crossings are left for the rest"
    assert "    Few crossings are cancelled. holds → open" in lines
    picture = next(number for number, line in enumerate(lines) if line.startswith("    ferry: ") and "pixels" in line)
    assert lines[picture + 1].strip() == "figures/article/ferry-desktop.png"
    assert "      + 2,430 crossings are left." in lines


def test_numbers_come_with_the_input_that_moved_them_the_most_prominent_first(toll):
    lines = toll()[1].splitlines()
    at = {id: lines.index(line) for line in lines for id in re.findall(r"^    (\w+): .+ → .+\)$", line)}
    assert list(at) == ["left", "planned_2031"]
    assert [line.strip() for line in lines[at["left"] : at["left"] + 3]] == [
        "left: about 2,330 → about 2,430 (Crossings not cancelled)",
        "planned_2031: 2400 (2350 to 2450) → 2500 (2450 to 2550)",
        "in ferry: alt, ferry: plot, fact-check: few, crossings notebook: finding",
    ]
    assert lines[at["planned_2031"] + 1].strip() == "data/raw: “2,400” is now “2,500”"


def test_a_pull_request_gets_it_as_markdown(toll):
    code, out, _ = toll("--markdown")
    assert code == 0
    assert out.startswith("- One figure changed: Crossings planned")
    assert "\n## Edition article\n" in out and "\n### Headlines\n\n- ferry: headline\n  - − Fewer" in out
    assert "- planned\\_2031: 2,400 → 2,500" in out and "index.html" not in out
    assert "Run `toll run article`" in out


CAUSES = {
    "a correction": (
        {
            "data/raw/figures.csv": ("2,400", "2,500"),
            "data/raw/corrections.csv": (
                "reason\n",
                'reason\n2031-07-02,figures,planned_2031,as_reported,"2,400","2,500",The line added a ferry.\n',
            ),
        },
        "One figure changed: Crossings planned, 2,400 → 2,500, because of a correction: The line added a ferry.",
    ),
    "a caveat": (
        {"data/raw/figures.csv": ("rounded to the hundred.", "it stands.")},
        "One detail of the figures changed: caveat of Crossings planned; no correction says why.",
    ),
    "a row": ({"data/raw/figures.csv": ("planned_2031,", "planned_2032,")}, "One figure is new: planned_2032."),
    "a row that went": (
        {"data/raw/figures.csv": ("planned_2031,", "planned_2032,")},
        "One figure is gone: Crossings planned.",
    ),
    "words": ({"words/ferry.yml": ("Few", "Most")}, "The words of ferry were edited."),
    "code": ({"notebooks/01-crossings.ipynb": ("Markdown(", "print(")}, "The code of the notebook 01-crossings"),
    "parameters": (
        {"editions/article.yml": ("\n", "\nspread: 2.0\n")},
        "One parameter of edition article changed: spread, not set → 2.0.",
    ),
    "another table": ({"data/raw/preferences.csv": ("reason\n", "why\n")}, "data/raw/preferences.csv was edited."),
    "a library": ({"requirements.lock": ("polars==", "polars==9.")}, "One library changed: polars "),
    "the package": ({"src/toll/cli.py": ("1", "2")}, "The code of toll changed (1 file)."),
}


@pytest.mark.parametrize(("edits", "told"), CAUSES.values(), ids=CAUSES)
def test_the_cause_is_told(changed, tmp_path, edits, told):
    before, after = Project(tmp_path / "before"), Project(tmp_path / "after")
    git(tmp_path, "clone", "-q", changed.root, "before")
    for name, content in (("words/ferry.yml", "headline: Few\n"), ("src/toll/cli.py", "x = 1\n")):
        (before.root / name).parent.mkdir(parents=True)
        (before.root / name).write_text(content)
    shutil.copytree(before.root, after.root)
    for name, (was, now) in edits.items():
        text = (after.root / name).read_text()
        assert was in text
        (after.root / name).write_text(text.replace(was, now, 1))
    assert any(cause.text.startswith(told) for cause in changes.compare(before, after).causes)
    assert changes.compare(before, before).causes == []


def test_several_figures_are_counted_and_listed():
    text, details = "2 figures changed:", ("a, 1 → 2.", "b, 3 → 4.")
    assert list(causes.counted("figure", ["a, 1 → 2", "b, 3 → 4", "a, 1 → 2"])) == [causes.Cause(text, details)]


def test_changes_without_a_cause_are_called_that(toll, changed, tmp_path):
    git(tmp_path, "clone", "-q", changed.root, "copy")
    page = tmp_path / "copy/figures/article/numbers.csv"
    page.write_text(page.read_text().replace("2,330", "2,331"))
    assert toll(at=tmp_path / "copy")[1].startswith("Nothing that people edit has changed since, so")


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
    shutil.copytree(changed.root, tmp_path, dirs_exist_ok=True)
    (tmp_path / "editions/old.yml").write_text("edition: old\n")
    shutil.copytree(before.processed("article"), before.processed("old"))
    shutil.copytree(before.published("article"), before.published("old"))
    told = [(each.edition, each.news) for each in changes.compare(before, changed).editions]
    assert told == [("old", "is no longer published")]
    assert [(each.edition, each.news) for each in changes.compare(changed, before).editions] == [("old", "is new")]


def test_a_new_and_a_dropped_graphic_are_named(toll, changed, tmp_path):
    git(tmp_path, "clone", "-q", changed.root, "copy")
    index = tmp_path / "copy/figures/article/gallery.json"
    index.write_text(index.read_text().replace("ferry", "boats"))
    for file in (tmp_path / "copy/figures/article").glob("ferry*"):
        file.rename(file.with_name(file.name.replace("ferry", "boats", 1)))
    out = toll(at=tmp_path / "copy")[1]
    assert re.search(r"^    boats: new, \d+ files\n      figures/article/boats-desktop\S*\.svg$", out, re.MULTILINE)
    dropped = r"^    ferry: no longer published\n      figures/article/ferry-desktop\S*\.svg$"
    assert re.search(dropped, out, re.MULTILINE)


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
    looks, changed = pixels.compare(picture((10, 10)), picture((10, 10), (3, 4)), "a picture")
    assert looks == "1.0% of the pixels differ"
    overlay = Image.open(io.BytesIO(changed))
    assert [overlay.getpixel(place) == pixels.HIGHLIGHT for place in ((3, 4), (4, 3))] == [True, False]


def test_a_picture_that_grew_or_is_the_same_shows_no_difference():
    assert pixels.compare(picture((10, 10)), picture((10, 20)), "a picture")[0] == ""  # white on white
    assert pixels.compare(picture((10, 10)), picture((10, 10)), "a picture")[0] == ""


def drawing(**words):
    graphic = build()
    return replace(graphic, furniture=replace(graphic.furniture, **words)).svg.encode()


def compared(before, after):
    looks, overlay = elements.compare(before, after, "a picture")
    colored = etree.fromstring(overlay).xpath(f"//*[@fill = '{elements.NEW}' or @stroke = '{elements.NEW}']")
    return looks, [etree.QName(element).localname for element in colored]


def test_a_longer_headline_moves_the_plot_and_changes_only_itself():
    long = "Fewer crossings are left for the rest of this year and for a good part of the next one, as the line admits"
    looks, colored = compared(drawing(), drawing(headline=long))
    assert "as the line admits” is new" in looks and "shape" not in looks
    assert set(colored) == {"text"} and 1 < len(colored) < 5
    assert compared(drawing(), drawing(alt="Other words.")) == ("", [])


def test_a_bar_that_became_longer_is_shown_with_what_it_was():
    old = drawing()
    bars = etree.fromstring(old).xpath("//*[local-name() = 'path' and @fill = '#1d4f7c']/@d")
    longer = re.sub(r"h([\d.]+)(v[\d.]+)h-[\d.]+", r"h9\2h-9", bars[0])
    looks, colored = compared(old, old.replace(bars[0].encode(), longer.encode()))
    assert (looks, colored) == ("1 shape looks different", ["path"])
    overlay = etree.fromstring(elements.compare(old, old.replace(bars[0].encode(), longer.encode()), "x")[1])
    assert len(overlay.xpath(f"//*[@stroke = '{elements.OLD}']")) == 1


def test_a_word_that_moved_by_itself_is_noticed():
    old = drawing()
    moved = old.replace(b'y="40"', b'y="46"', 1)
    assert moved != old
    assert compared(old, moved) == ("“Fewer crossings are left for the rest” moved", ["text"])
