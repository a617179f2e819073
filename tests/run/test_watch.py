"""`toll watch`: what is saved is run at once; a mistake is said and can be mended."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest

from support.processes import descendants_of, wait_for


class Watching:
    """A `toll watch` on the toy project, and what it has said."""

    def __init__(self, toy):
        self.toy, self.said = toy, []
        self.process = subprocess.Popen(
            toy.command("watch"), cwd=toy.root, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        threading.Thread(target=lambda: self.said.extend(self.process.stdout), daemon=True).start()
        self.hears("article: ran first, left, right, last;")

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
