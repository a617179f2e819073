"""Where a run works: a folder for each step with copies of what it reads, and one with what the steps have made.

A notebook finds its project by walking up from its folder, so it finds this one and can only write into it. The folder
holds just what the step declares, so a read that chain.yml does not know fails, and a write that it does not know is
noticed. Users' own files, which may be large, are linked.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from toll.digests import file_sha256
from toll.problems import Problem, Problems, Where
from toll.project import CHAIN, Project
from toll.run import files, notebook_file
from toll.run.editions import Edition, executed
from toll.run.files import Hashes
from toll.run.steps import Step, covers


class Stage:
    def __init__(self, project: Project, edition: Edition):
        self.project, self.edition, self.user_files = project, edition.name, edition.user_files
        self.root = project.work / "stage" / f"{self.edition.replace('/', '+')}-{os.getpid()}"
        self.made = self.root / "made"
        self.failed = project.work / "failed" / self.edition
        self.made.mkdir(parents=True)
        self._taken: Hashes = {}  # the files that were copied or linked
        self._before: dict[str, Hashes] = {}  # by step: what its folder held before it ran

    def scratch(self, step: Step) -> Path:
        """The folder of the step's job: its input, its log, its executed notebook until it has passed."""
        return self.root / "jobs" / step.name

    def tree(self, step: Step) -> Path:
        return self.root / "steps" / step.name

    def executed(self, step: Step) -> Path:
        return self.scratch(step) / f"{step.name}.ipynb"

    def reads(self, step: Step, ran: Iterable[Step]) -> dict[str, Path]:
        """The files that the step reads and where they are now: this run's outputs replace what is published."""
        rewritten = [path for other in ran for path in other.writes]
        found = {
            name: self.project.root / name
            for path in step.reads
            for name in files.find(self.project.root, path)
            if not any(covers(written, name) for written in rewritten)
        }
        return found | {name: self.made / name for path in step.reads for name in files.find(self.made, path)}

    def prepare(self, step: Step, ran: Iterable[Step]) -> notebook_file.Notebook:
        """Lay out the step's folder. Returns the notebook as it will run."""
        tree, scratch = self.tree(step), self.scratch(step)
        scratch.mkdir(parents=True)
        (tree / "notebooks").mkdir(parents=True)
        sources = self.reads(step, ran) | {str(CHAIN): self.project.chain}
        if self.project.lock.exists():
            sources[self.project.lock.name] = self.project.lock
        for name, file in sources.items():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, tree / name)
            if not file.is_relative_to(self.made):
                self._taken[name] = file_sha256(tree / name)
        for name, file in self.user_files.get(step.name, {}).items():
            (tree / name).parent.mkdir(parents=True)
            (tree / name).symlink_to(file)
            self._taken[str(file)] = files.quick_digest(file)
        notebook = notebook_file.load(self.project.root / step.notebook, step.notebook)
        self._taken[step.notebook] = notebook_file.source_digest(notebook)
        source = notebook_file.source(notebook)
        (scratch / "source.ipynb").write_text(notebook_file.dumps(source), encoding="utf-8", newline="\n")
        for path in step.writes:
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
        self._before[step.name] = files.hashes(tree, ".")
        return source

    def collect(self, step: Step) -> None:
        """Take what a step has made, if it is just what it declares. Raises Problems."""
        tree = self.tree(step)
        before, now = self._before[step.name], files.hashes(tree, ".")
        problems = [
            Problem(
                Where(step.notebook),
                f"The notebook changed {name}, which {CHAIN} does not list among its writes.",
                f"Add the path to the writes of {step.name}, or don't write it.",
            )
            for name, _ in files.changes(now, before)
            if not any(covers(path, name) for path in step.writes)
        ]
        moves: dict[str, Path] = {}
        for path in step.writes:
            written = {name: tree / name for name in files.find(tree, path)}
            moves |= written
            if not written:
                message = f"The notebook did not write {path}, which {CHAIN} lists among its writes."
                hint = f"Write it, or delete it from the writes of {step.name}."
                problems.append(Problem(Where(step.notebook), message, hint))
        if problems:
            raise Problems(problems)
        moves[executed(self.project, self.edition, step.notebook)] = self.executed(step)
        for name, file in moves.items():
            (self.made / name).parent.mkdir(parents=True, exist_ok=True)
            file.replace(self.made / name)

    def check_untouched(self) -> None:
        """Raises Problems if a file that the run was made from changed while it ran."""
        there = [name for name in self._taken if (self.project.root / name).exists()]
        check_untouched(self._taken, {name: self._now(name) for name in there})

    def _now(self, name: str) -> str:
        file = self.project.root / name
        if name.endswith(".ipynb"):
            return notebook_file.source_digest(notebook_file.load(file, name))
        return files.quick_digest(file) if Path(name).is_absolute() else file_sha256(file)

    def keep_failed(self, step: Step) -> Path:
        """Keep what a failed step left, to be looked at. Returns the folder."""
        shutil.rmtree(self.failed, ignore_errors=True)
        self.failed.mkdir(parents=True)
        if self.executed(step).exists():
            self.executed(step).replace(self.failed / f"{step.name}.ipynb")
        self.tree(step).replace(self.failed / step.name)
        return self.failed

    def remove(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)


def check_untouched(then: Hashes, now: Hashes) -> None:
    """Raises Problems if a file that the run was made from changed while it ran."""
    if changed := list(files.changes(now, then)):
        hint = "This edition was not published; run again."
        raise Problems(Problem(Where(name), f"The file was {what} during the run.", hint) for name, what in changed)
