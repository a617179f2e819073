"""Where a run works: a folder for each step with copies of what it reads, and one with what the steps have
made. Files of the user's, which may be big, are linked.

A notebook finds its project by walking up from its folder, so it finds this one and can only write into it.
As the folder holds just what the step declares, a read that chain.yml does not know fails and a write that it
does not know is seen.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from toll.problems import Problem, Problems
from toll.project import CHAIN, Project
from toll.run import notebook_file, plan
from toll.run.editions import executed
from toll.run.steps import Step, covers


class Stage:
    def __init__(self, project: Project, edition: str, given: dict[str, dict[str, Path]]):
        self.project, self.edition, self.given = project, edition, given
        self.root = project.work / "stage" / f"{edition.replace('/', '+')}-{os.getpid()}"
        self.made = self.root / "made"
        self.failed = project.work / "failed" / edition
        self.made.mkdir(parents=True)
        self._taken: dict[str, str] = {}  # files of the project that were copied, and their hashes
        self._linked: dict[Path, str] = {}  # files of the user's, and their hashes
        self._given: dict[str, plan.Hashes] = {}  # by step: what its folder held before it ran

    def scratch(self, step: Step) -> Path:
        """The folder of the step's job: its input, its log, its executed notebook until it has passed."""
        return self.root / "jobs" / step.name

    def tree(self, step: Step) -> Path:
        return self.root / "steps" / step.name

    def executed(self, step: Step) -> Path:
        return self.scratch(step) / f"{step.name}.ipynb"

    def reads(self, step: Step, ran: dict[str, Step]) -> dict[str, Path]:
        """The files that the step reads and where they are now: what this run made goes before what is
        published."""
        rewritten = [path for other in ran.values() for path in other.writes]
        found = {
            name: self.project.root / name
            for path in step.reads
            for name in plan.files(self.project.root, path)
            if not any(covers(written, name) for written in rewritten)
        }
        return found | {name: self.made / name for path in step.reads for name in plan.files(self.made, path)}

    def prepare(self, step: Step, ran: dict[str, Step]) -> None:
        """Lays out the step's folder."""
        tree, scratch = self.tree(step), self.scratch(step)
        scratch.mkdir(parents=True)
        (tree / "notebooks").mkdir(parents=True)
        files = self.reads(step, ran) | {str(CHAIN): self.project.chain}
        if self.project.lock.exists():
            files[self.project.lock.name] = self.project.lock
        for name, source in files.items():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, tree / name)
            if source.is_relative_to(self.project.root) and not source.is_relative_to(self.made):
                self._taken[name] = plan.digest(tree / name)
        for name, file in self.given.get(step.name, {}).items():
            (tree / name).parent.mkdir(parents=True)
            (tree / name).symlink_to(file)
            self._linked[file] = plan.digest_of_given(file)
        notebook = notebook_file.load(self.project.root / step.notebook, step.notebook)
        self._taken[step.notebook] = notebook_file.source_digest(notebook)
        (scratch / "source.ipynb").write_text(
            notebook_file.dumps(notebook_file.source(notebook)), encoding="utf-8", newline="\n"
        )
        for path in step.writes:
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
        self._given[step.name] = plan.hashes(tree, (".",))

    def collect(self, step: Step) -> None:
        """Takes what a step has made, if it is just what it declares. Raises Problems."""
        tree = self.tree(step)
        given, now = self._given[step.name], plan.hashes(tree, (".",))
        problems = [
            Problem.old(
                step.notebook,
                None,
                None,
                f"that it changed {name}",
                "only writes that chain.yml declares",
                f"Add the path to the writes of {step.name} in {CHAIN}, or do not write it.",
            )
            for name in sorted(now.keys() | given.keys())
            if now.get(name) != given.get(name) and not any(covers(path, name) for path in step.writes)
        ]
        problems += [
            Problem.old(
                step.notebook,
                None,
                None,
                f"that it did not write {path}",
                "every write that chain.yml declares",
                f"Write it, or take it out of the writes of {step.name} in {CHAIN}.",
            )
            for path in step.writes
            if not plan.files(tree, path)
        ]
        if problems:
            raise Problems(problems)
        moves = {name: tree / name for path in step.writes for name in plan.files(tree, path)}
        for name, file in (moves | {executed(self.edition, step.notebook): self.executed(step)}).items():
            (self.made / name).parent.mkdir(parents=True, exist_ok=True)
            file.replace(self.made / name)

    def check_untouched(self) -> None:
        """Raises Problems if somebody changed, while it ran, what the run was made from."""
        root = self.project.root
        changed = [name for name, was in self._taken.items() if self._digest(root / name, name) != was]
        changed += [
            str(file) for file, was in self._linked.items() if not file.exists() or plan.digest_of_given(file) != was
        ]
        if changed:
            raise Problems(
                Problem.old(
                    name,
                    None,
                    None,
                    "that it was edited during the run",
                    "the file as it was at the start",
                    "Nothing was published. Run again.",
                )
                for name in changed
            )

    def _digest(self, file: Path, name: str) -> str | None:
        if not file.exists():
            return None
        return (
            notebook_file.source_digest(notebook_file.load(file, name))
            if name.endswith(".ipynb")
            else plan.digest(file)
        )

    def keep_failed(self, step: Step) -> Path:
        """Keeps what a failed step left, for looking at. Returns the folder."""
        shutil.rmtree(self.failed, ignore_errors=True)
        self.failed.mkdir(parents=True)
        if self.executed(step).exists():
            self.executed(step).replace(self.failed / f"{step.name}.ipynb")
        self.tree(step).replace(self.failed / step.name)
        return self.failed

    def remove(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)
