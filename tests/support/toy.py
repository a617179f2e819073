"""Shared by tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from toll.project import Project

PARAMETERS = 'edition = "article"  # the run\'s name\nword = "alpha"  # any word'


FIND = "from toll.project import Project\nproject = Project.find()"


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


MAIN = """
import sys
from toll import cli, wiring
wiring.HOOKS = wiring.HOOKS._replace(preload=sys.argv.pop(1), warm_up="")
sys.exit(cli.main())
"""


class Toy:
    """A project with the chain first → (left, right) → last, each writing one small text.

    Its notebooks draw nothing, so its runs import only `preload` ahead, MODULE:FUNCTION, where `toll run` imports what
    a story's notebooks need. That takes a second, and there are hundreds of runs.
    """

    preload = ""

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
        self.step(
            "first",
            [
                FIND,
                "words = (project.root / 'inputs/words.txt').read_text().split()\nwords",
                out.format("first", "' '.join(words)"),
            ],
            ["inputs"],
        )
        for name in ("left", "right"):
            body = [FIND, f"text = {text.format('first')}", out.format(name, f"word + ' {name} ' + text")]
            self.step(name, body, ["data/processed/{edition}/first.txt"])
        self.step(
            "last",
            [
                FIND,
                f"text = {text.format('left')} + {text.format('right')}\nprint(text)",
                "folder = project.published(edition)\nfolder.mkdir(parents=True, exist_ok=True)\n"
                "(folder / 'last.txt').write_text(text)",
            ],
            ["data/processed/{edition}/left.txt", "data/processed/{edition}/right.txt"],
            ["figures/{edition}"],
        )

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
        return subprocess.run(
            self.command(*arguments),
            cwd=self.root,
            capture_output=True,
            text=True,
            env=os.environ | (environment or {}),
            timeout=120,
        )

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-c", MAIN, self.preload, *arguments]

    def published(self) -> dict[str, bytes]:
        """All files that a run may change, except the record of this machine."""
        folders = ("notebooks", "data", "figures")
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for folder in folders
            for path in sorted((self.root / folder).rglob("*"))
            if path.is_file()
        }
