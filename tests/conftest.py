"""A toy project: a few tiny notebooks that know nothing of the real one, in a folder of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from toll.paths import Project

PARAMETERS = 'edition = "article"  # the run\'s name\nword = "alpha"  # any word'
FIND = "from toll.paths import Project\nproject = Project.find()"


def copy_sources(folder: Path) -> None:
    """Makes `folder` the project as people write it, without anything that a run makes."""
    root = Path(__file__).parents[1]
    for name in ("data/raw", "editions"):
        shutil.copytree(root / name, folder / name)
    (folder / "notebooks").mkdir()
    for file in [*(root / "notebooks").glob("*.ipynb"), root / "notebooks/chain.yml"]:
        shutil.copy(file, folder / "notebooks")
    shutil.copy(root / "requirements.lock", folder)


def notebook(*cells: str, parameters: str = PARAMETERS) -> str:
    """The JSON of a notebook with a parameters cell and these code cells."""
    tagged = [("parameters", parameters), *(("", cell) for cell in cells)]
    return json.dumps(
        {
            "cells": [
                {
                    "cell_type": "code",
                    "id": f"cell-{number}",
                    "metadata": {"tags": [tag]} if tag else {},
                    "source": text,
                    "outputs": [],
                    "execution_count": None,
                }
                for number, (tag, text) in enumerate(tagged)
            ],
            "metadata": {},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


class Toy:
    """A project with the chain first → (left, right) → last, each writing one small text."""

    def __init__(self, root: Path):
        self.project = Project(root)
        self.root = root
        for folder in ("notebooks", "inputs", "editions"):
            (root / folder).mkdir()
        (root / "inputs/words.txt").write_text("one two three\n")
        (root / "requirements.lock").write_text("nothing\n")
        (root / "editions/article.yml").write_text("word: alpha\n")
        (root / "editions/other.yml").write_text("word: beta\n")
        out = "(project.processed(edition) / '{}.txt').write_text({})"
        text = "(project.processed(edition) / '{}.txt').read_text()"
        self.step("first", [FIND, "words = (project.root / 'inputs/words.txt').read_text().split()\nwords",
                            out.format("first", "' '.join(words)")], ["inputs"])  # fmt: skip
        for name in ("left", "right"):
            body = [FIND, f"text = {text.format('first')}", out.format(name, f"word + ' {name} ' + text")]
            self.step(name, body, ["data/processed/{edition}/first.txt"])
        self.step("last", [FIND, f"text = {text.format('left')} + {text.format('right')}\nprint(text)",
                           "folder = project.published(edition)\nfolder.mkdir(parents=True, exist_ok=True)\n"
                           "(folder / 'last.txt').write_text(text)"],
                  ["data/processed/{edition}/left.txt", "data/processed/{edition}/right.txt"],
                  ["figures/{edition}"])  # fmt: skip

    @classmethod
    def at(cls, root: Path) -> Toy:
        """The toy project that is there already."""
        toy = cls.__new__(cls)
        toy.root, toy.project = root, Project(root)
        return toy

    def step(self, name: str, cells: list[str], reads: list[str], writes: list[str] | None = None) -> None:
        """Adds a step to the chain, or replaces its notebook."""
        new = not (self.root / f"notebooks/{name}.ipynb").exists()
        (self.root / f"notebooks/{name}.ipynb").write_text(notebook(*cells))
        if new:
            writes = writes or [f"data/processed/{{edition}}/{name}.txt"]
            with self.project.chain.open("a") as chain:
                chain.write(f"{name}:\n  reads: {json.dumps(reads)}\n  writes: {json.dumps(writes)}\n")

    def only(self, *cells: str, name: str = "first") -> None:
        """Makes it a project of one notebook with these cells."""
        self.project.chain.unlink()
        for old in self.project.notebooks.glob("*.ipynb"):
            old.unlink()
        self.step(name, [FIND, *cells, f"(project.processed(edition) / '{name}.txt').write_text(word)"], ["inputs"])

    def toll(self, *arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.command(*arguments), cwd=self.root, capture_output=True, text=True,
                              env=os.environ | (environment or {}), timeout=120)  # fmt: skip

    @staticmethod
    def command(*arguments: str) -> list[str]:
        return [sys.executable, "-m", "toll", *arguments]

    def published(self) -> dict[str, bytes]:
        """All files that a run may change, except the record of this machine."""
        folders = ("notebooks", "data", "figures")
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for folder in folders
            for path in sorted((self.root / folder).rglob("*"))
            if path.is_file()
        }


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    (tmp_path / "toy").mkdir()
    return Toy(tmp_path / "toy")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> object:
    """Where every tool must be there (TOLL_REQUIRE_TOOLS), a test that skips for want of one has failed."""
    report = yield
    if report.skipped and os.environ.get("TOLL_REQUIRE_TOOLS") and "checkout" not in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, where nothing may be: {report.longrepr}"
    return report
