"""`toll watch`: runs what is saved at once, shows it in the browser; a mistake is reported and can be mended."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Error

from support.browser import needs_chromium
from support.checkout import ROOT
from support.processes import descendants_of, wait_for
from support.toy import FIND


class Watching:
    """A `toll watch` on the toy project, and what it has said."""

    def __init__(self, toy):
        self.toy, self.said = toy, []
        self.process = subprocess.Popen(
            toy.command("watch"), cwd=toy.root, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        threading.Thread(target=lambda: self.said.extend(self.process.stdout), daemon=True).start()
        wait_for(lambda: "article: ran first" in "".join(self.said) or self.process.poll() is not None)
        self.address = re.search(r"http://127\.0\.0\.1:\d+/", "".join(self.said))[0]
        self.hears("article: ran first")

    def hears(self, words: str) -> None:
        """Waits until it says so, and forgets what it has said."""
        wait_for(lambda: words in "".join(self.said) or self.process.poll() is not None)
        assert words in "".join(self.said)
        self.said.clear()

    def last(self) -> str:
        return (self.toy.project.figures / "article/last.txt").read_text()


@pytest.fixture
def watching(toy) -> Iterator[Watching]:
    found = Watching(toy)
    yield found
    found.process.kill()
    found.process.wait()


def test_whatever_is_saved_runs_what_depends_on_it(watching):
    root = watching.toy.root
    (root / "inputs/words.txt").write_text("four")
    watching.hears("article: ran first, left, right, last;")
    assert "left four" in watching.last()
    notebook = root / "notebooks/left.ipynb"
    notebook.write_text(notebook.read_text().replace("' left '", "' links '"))
    watching.hears("article: ran left, last;")
    assert "links four" in watching.last()
    (root / "editions/article.yml").write_text("word: gamma")
    watching.hears("article: ran first, left, right, last;")
    assert watching.last().startswith("gamma")
    chain = watching.toy.project.chain
    chain.write_text(chain.read_text().replace('"inputs"', '"inputs", "requirements.lock"'))
    watching.hears("article: ran first")


def test_a_mistake_is_said_and_can_be_mended(watching):
    notebook, chain = watching.toy.root / "notebooks/left.ipynb", watching.toy.project.chain
    good, before = notebook.read_text(), watching.toy.published()
    notebook.write_text(good.replace("' left '", "' left ' + 1 / 0"))
    watching.hears("notebooks/left.ipynb, cell [4]: ZeroDivisionError")
    notebook.write_text(good[:100])
    watching.hears("The notebook is damaged")
    notebook.write_text(good)
    text = chain.read_text()
    chain.write_text("first: [\n")
    watching.hears("The YAML is broken")
    chain.write_text(text)
    (watching.toy.root / "editions/article.yml").write_text("wrod: x")
    watching.hears("Did you mean word?")
    (watching.toy.root / "editions/article.yml").write_text("word: alpha")
    (watching.toy.root / "inputs/words.txt").write_text("mended")
    watching.hears("article: ran first, left, right, last;")
    assert "left mended" in watching.last()
    assert before.keys() == watching.toy.published().keys()


def test_what_fails_beside_others_leaves_none_of_them_running(toy):
    """The pool is used again: a job of the failed run must not be heard in the next."""
    for name, cell in (("left", "1 / 0"), ("right", "import time; time.sleep(300)")):
        path = toy.root / f"notebooks/{name}.ipynb"
        path.write_text(path.read_text().replace("text = ", f"if 'bad' in word: {cell}\\ntext = "))
    watching = Watching(toy)
    try:
        (toy.root / "editions/article.yml").write_text("word: bad")
        watching.hears("ZeroDivisionError")
        wait_for(lambda: not descendants_of(toy.project.work / "stage"), 5)
        (toy.root / "editions/article.yml").write_text("word: good")
        watching.hears("article: ran first, left, right, last;")
    finally:
        watching.process.kill()
        watching.process.wait()


def test_a_published_row_that_changes_without_a_correction_is_warned_of(toy):
    raw = toy.project.raw
    shutil.copytree(ROOT / "data/raw", raw)
    figures = (raw / "figures.csv").read_text()
    watching = Watching(toy)
    try:
        (raw / "figures.csv").write_text(figures.replace("Clerical staff included. ", ""))
        (toy.root / "inputs/words.txt").write_text("four")
        watching.hears("Add a correction to data/raw/corrections.csv, or put it back.")
    finally:
        watching.process.kill()
        watching.process.wait()


def test_saving_the_same_content_runs_nothing(watching):
    for path in watching.toy.root.glob("*/*.*"):
        path.write_bytes(path.read_bytes())
    time.sleep(1)
    assert watching.said == []


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_tidily(watching, sign):
    watching.process.send_signal(sign)
    assert watching.process.wait(10) == 0
    wait_for(lambda: "No longer watching." in "".join(watching.said), 5)
    assert not descendants_of(watching.toy.root)
    assert not list(watching.toy.project.work.glob("stage/*"))


def test_a_run_whose_inputs_are_saved_again_is_given_up(toy):
    """It would take five minutes; the next one starts at once."""
    watching = Watching(toy)
    path = toy.root / "notebooks/right.ipynb"
    good = path.read_text()
    try:
        path.write_text(good.replace("text = ", "import time; open('slow', 'w').close(); time.sleep(300)\\ntext = "))
        wait_for(lambda: list(toy.project.work.glob("stage/*/steps/right/notebooks/slow")))
        path.write_text(good.replace("' right '", "' rechts '"))
        watching.hears("article: ran right, last;")
        assert "rechts" in watching.last()
    finally:
        watching.process.kill()
        watching.process.wait()


# --- In the browser ---

PAGE = (
    "<!doctype html><html lang=en><head><meta charset=utf-8><title>t</title>"
    "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; img-src 'self'\"></head>"
    "<body><img class=one src=one.svg><img class=other src=other.svg></body></html>"
)
DRAW = """
svg = '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="10"/>'
from toll.run.pool import show_draft
import pathlib, time
for name, width in (("one", len(words)), ("other", 7)):
    file = pathlib.Path(name + ".svg")
    file.write_text(svg.format(width))
    show_draft(f"{edition}/{file.name}", file.read_bytes())
    (folder / file.name).write_text(svg.format(width))
    file.unlink()
(folder / "index.html").write_text(PAGE)
while not pathlib.Path(go).exists():
    time.sleep(0.01)
"""


@pytest.fixture
def drawing(toy):
    """A project of one notebook that draws two pictures and a page, then waits until the file `go` is there."""
    go = toy.root.with_name("go")
    words = "words = (project.root / 'inputs/words.txt').read_text()"
    place = "folder = project.published(edition)\nfolder.mkdir(parents=True, exist_ok=True)"
    toy.only()
    toy.project.chain.write_text("first:\n  reads: [inputs]\n  writes: ['figures/{edition}']\n")
    toy.step("first", [FIND, words, place, f"PAGE, go = {PAGE!r}, {str(go)!r}", DRAW], [])
    go.touch()
    found = Watching(toy)
    yield found, go
    found.process.kill()
    found.process.wait()


def wait_until(page, expression: str) -> None:
    """Wait until it is true on the page, which may be reloaded meanwhile."""

    def true() -> bool:
        try:
            return page.evaluate(expression)
        except Error:
            return False

    wait_for(true)


def width(page, name: str) -> int:
    return page.locator(f"img.{name}").evaluate("image => image.complete && image.naturalWidth")


@needs_chromium
def test_an_open_page_shows_a_draft_and_then_what_is_published(drawing, browser):
    watching, go = drawing
    toy = watching.toy
    published = toy.project.published("article")
    before = {file.name: file.read_bytes() for file in published.iterdir()}
    assert before["index.html"] == PAGE.encode()
    page = browser.new_page()
    errors = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(f"{watching.address}article/")
    assert width(page, "one") == len("one two three\n")
    go.unlink()
    (toy.root / "inputs/words.txt").write_text("four")
    page.wait_for_selector("img.one[data-draft]", timeout=60_000)
    wait_until(page, "document.querySelector('img.one').naturalWidth === 4")
    assert "Draft" in page.locator("p[role=status]").inner_text()
    assert not page.locator("img.other[data-draft]").count()  # it is as published
    assert {file.name: file.read_bytes() for file in published.iterdir()} == before
    assert b'width="4"' in (toy.project.work / "drafts/article/one.svg").read_bytes()
    go.touch()
    wait_until(page, "!document.querySelector('[data-draft], p[role=status]')")
    wait_for(lambda: b'width="4"' in (published / "one.svg").read_bytes())
    assert width(page, "one") == 4
    assert (published / "index.html").read_text() == PAGE
    assert errors == []
    page.close()


@needs_chromium
def test_an_open_page_says_what_went_wrong_until_it_is_mended(drawing, browser):
    watching, _ = drawing
    page = browser.new_page()
    page.goto(f"{watching.address}article/")
    notebook = watching.toy.root / "notebooks/first.ipynb"
    good = notebook.read_text()
    notebook.write_text(good.replace("words = ", "1 / 0; words = "))
    wait_until(page, "document.body.innerText.includes('ZeroDivisionError')")
    notebook.write_text(good)
    wait_until(page, "!document.querySelector('p[role=status]')")
    page.close()


def test_only_figures_are_served_and_only_to_this_machine(drawing):
    watching, _ = drawing

    def status(path: str, **headers: str) -> int:
        request = urllib.request.Request(watching.address + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    assert status("article/one.svg") == 200
    assert status("") == 200  # where nothing is published yet
    assert status("article/none.svg") == 404
    asked = urllib.request.Request(watching.address + "inputs/words.txt", method="HEAD")
    with pytest.raises(urllib.error.HTTPError, match="405"):
        urllib.request.urlopen(asked, timeout=60)
    for path in ("../inputs/words.txt", "..%2finputs/words.txt", "%2e%2e/inputs/words.txt", "/etc/passwd"):
        assert status(path) == 404
    assert status("article/one.svg", Host="example.org") == 403
