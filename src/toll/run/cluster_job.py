"""What a worker of a cluster does: one run of one edition, whole, in a folder of its own.

The unit is the whole run because its steps are seconds long and hand files to one another: split up, each would
wait for a store instead of a folder. A worker is one thread that keeps one warm server of notebook processes, so a
machine takes as many workers as it has cores. Inputs come from a store as one bundle and what the run made goes
there as one, so that a run that has not come to its end has left nothing.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from distributed import Worker, get_worker
from packaging.requirements import Requirement

from toll.graphics import renderers
from toll.problems import Problem
from toll.project import CHAIN, Project
from toll.run import notebook_file, plan, runner
from toll.run.editions import Edition
from toll.run.imports import PACKAGE
from toll.run.pool import Pool
from toll.run.steps import Step, covers
from toll.run.store import Damaged, Store

_LIFE = ExitStack()  # what lasts as long as this process
PIN = re.compile(r"^[A-Za-z0-9][^\\#\n]*==[^\\#\n]*", re.MULTILINE)


@dataclass(frozen=True)
class Unit:
    """A run and what it needs; `inputs` and `output` name bundles of the store."""

    chain: tuple[Step, ...]
    edition: Edition
    store: str
    inputs: str
    code: str
    engine: str
    jobs: int
    force: bool

    @property
    def output(self) -> str:
        """Named by all that the output depends on, so that equal runs share it."""
        steps = [step.name for step in self.chain]
        values = sorted(self.edition.values.items())
        return f"outputs/{_digest([self.inputs, self.code, self.edition.name, values, steps])}"

    @property
    def left(self) -> str:
        """The bundle of what a failed run left, for looking at."""
        return self.output.replace("outputs/", "failed/")


def _digest(what: object) -> str:
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


def sources(project: Project, chain: tuple[Step, ...]) -> tuple[str, ...]:
    """The files that the steps need and do not make, by path."""
    written = [path for step in chain for path in step.writes]
    reads = {name for step in chain for path in step.reads for name in plan.files(project.root, path)}
    names = {name for name in reads if not any(covers(path, name) for path in written)}
    names |= {str(CHAIN), *(step.notebook for step in chain)}
    return tuple(sorted(names | {project.lock.name} if project.lock.exists() else names))


def content(project: Project, name: str) -> bytes:
    """What a run reads of a source: of a notebook, all but its outputs. Raises Problems for a damaged notebook.

    A text that an editor wrote in one piece and a run line by line is the same text.
    """
    path = project.root / name
    if path.suffix != ".ipynb":
        return path.read_bytes()
    notebook = notebook_file.source(notebook_file.load(path, name))
    cells = [cell | {"source": notebook_file.text(cell)} for cell in notebook["cells"]]
    return notebook_file.dumps(notebook | {"cells": cells}).encode()


def bundle_name(hashes: plan.Hashes) -> str:
    """The name of a bundle of inputs, from the hashes of its files."""
    return f"inputs/{_digest(hashes)}"


@cache
def code() -> str:
    """Which Python and which code of this package this process has; asked early, it is the code that was loaded."""
    files = sorted(file for file in PACKAGE.rglob("*") if file.is_file())
    names = {file.relative_to(PACKAGE).as_posix(): file for file in files}
    hashes = {name: plan.digest(file) for name, file in names.items() if plan.visible(name)}
    return f"{plan.ENGINE}, code {_digest(hashes)[:12]}"


@cache
def unlike(lock: str) -> list[str]:
    """The packages of a lock that are not installed here as it has them."""
    pins = [pin for pin in map(Requirement, PIN.findall(lock)) if not pin.marker or pin.marker.evaluate()]
    found = [(pin, next(importlib.metadata.distributions(name=pin.name), None)) for pin in pins]
    return [
        f"{pin.name} {has.version if has else 'not installed'}, not {str(pin.specifier).removeprefix('==')}"
        for pin, has in found
        if has is None or not pin.specifier.contains(has.version, prereleases=True)
    ]


def introduce(unit: Unit, dask_worker: Worker) -> Problem | None:
    """Why this worker cannot take such units; nothing if it can."""
    with tempfile.TemporaryDirectory() as scratch:
        return _lay_out(unit, dask_worker, Project(Path(scratch)))


def run(unit: Unit) -> str | None:
    """Makes the unit's output, if it is not there yet. Returns what went wrong; nothing if all is well."""
    worker, store = get_worker(), Store(unit.store)
    if not unit.force and store.holds(unit.output):
        return None
    with tempfile.TemporaryDirectory(dir=worker.local_directory) as scratch:
        project = Project(Path(scratch))
        if problem := _lay_out(unit, worker, project):
            return str(problem)
        options = runner.Options(engine=unit.engine, jobs=unit.jobs)
        try:
            [report] = runner.run(project, [(unit.chain, unit.edition)], options, _pool(unit.engine))
        except BaseException:
            _pool(unit.engine).close()  # its server may be gone
            _pool.cache_clear()
            raise
        if report.failure:
            store.put(unit.left, _files(project, (project.work / "failed").rglob("*")))
            return str(report.failure)
        store.put(unit.output, _files(project, _made(project, unit.edition.name)))


def _made(project: Project, edition: str) -> Iterator[Path]:
    """What a run published, and the record of it."""
    yield plan.state_file(project, edition)
    for step in plan.Record.load(project, edition).steps.values():
        yield from (project.root / name for name in step["outputs"])


def _files(project: Project, paths: Iterable[Path]) -> dict[str, bytes]:
    return {path.relative_to(project.root).as_posix(): path.read_bytes() for path in paths if path.is_file()}


def _lay_out(unit: Unit, worker: Worker, project: Project) -> Problem | None:
    """Gives the project the unit's inputs, if the worker is one to run it on: otherwise says why not."""

    def refused(found: str, expected: str, do: str) -> Problem:
        return Problem.old(f"worker {worker.name}", None, None, found, expected, do)

    if code() != unit.code:
        return refused(code(), f"{unit.code}, as here", "Give it the same Python and the same checkout; restart it.")
    if worker.state.nthreads != 1:
        return refused(f"{worker.state.nthreads} threads", "one", "Start it with --nthreads 1, a worker for each core.")
    try:
        Store(unit.store).get(unit.inputs, project.root)
        if bundle_name(plan.hashes(project.root, (".",))) != unit.inputs:
            raise Damaged(unit.inputs)
    except Exception as error:
        return refused(
            f"that it cannot read {unit.store} ({type(error).__name__}: {error})",
            "what was put there",
            "Name a folder or URL by --store that every worker can use.",
        )
    if project.lock.exists() and (others := unlike(project.lock.read_text())):
        return refused(
            f"{'; '.join(others[:3])}{'; …' if others[3:] else ''}",
            "what requirements.lock has",
            "Install the lock there (make) and restart it.",
        )
    return None


@cache
def _pool(engine: str) -> Pool:
    """This worker's server of notebook processes, and a renderer for them, warm from run to run."""
    if renderers.POSSIBLE and not renderers.are_running():
        _LIFE.enter_context(renderers.running(1, ahead=False))
    return Pool(engine)
