"""What a worker of a cluster does: one run of one edition, whole, in a folder of its own.

The job is the whole run because its steps take seconds and hand files to one another: split up, each would wait for a
store instead of a folder. A worker is one thread that keeps one warm pool, so a machine takes as many workers as it
has cores. Inputs come from a store as one bundle, and what the run made goes there as one, so a run that did not
finish has left nothing.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from distributed import Worker, get_worker

from toll.digests import sha256
from toll.libraries import version_mismatches
from toll.problems import Problem, Where
from toll.project import CHAIN, Project
from toll.run import files, notebook_file, plan, runner
from toll.run.editions import Edition
from toll.run.pool import Pool
from toll.run.steps import Step, covers
from toll.run.store import Damaged, Store
from toll.run.worker import Settings


@dataclass(frozen=True)  # Dask looks into tuples
class Job:
    """A run and what it needs; `inputs` and `output` name bundles of the store."""

    chain: tuple[Step, ...]
    edition: Edition
    inputs: str
    store: str
    code: str
    settings: Settings
    jobs: int
    force: bool

    @property
    def output(self) -> str:
        """Named by everything that the output depends on, so equal runs share it."""
        steps = [step.name for step in self.chain]
        values = sorted(self.edition.values.items())
        return f"outputs/{_digest([self.inputs, self.code, self.edition.name, values, steps])}"

    @property
    def left(self) -> str:
        """The bundle of what a failed run left, to be looked at."""
        return self.output.replace("outputs/", "failed/")


def _digest(what: object) -> str:
    return sha256(json.dumps(what, sort_keys=True).encode())


def sources(project: Project, chain: tuple[Step, ...]) -> tuple[str, ...]:
    """The files that the steps need and do not make, by path."""
    written = [path for step in chain for path in step.writes]
    reads = {name for step in chain for path in step.reads for name in files.find(project.root, path)}
    names = {name for name in reads if not any(covers(path, name) for path in written)}
    names |= {CHAIN.as_posix(), *(step.notebook for step in chain)}
    return tuple(sorted(names | {project.lock.name} if project.lock.exists() else names))


def content(project: Project, name: str) -> bytes:
    """What a run reads of a source: of a notebook, everything but its outputs. Raises Problems for a damaged notebook.

    Whether an editor has written a text in one piece or line by line makes no difference.
    """
    path = project.root / name
    if path.suffix != ".ipynb":
        return path.read_bytes()
    notebook = notebook_file.source(notebook_file.load(path, name))
    cells = [cell | {"source": notebook_file.text(cell)} for cell in notebook["cells"]]
    return notebook_file.dumps(notebook | {"cells": cells}).encode()


def bundle_name(hashes: files.Hashes) -> str:
    """The name of a bundle of inputs, from the hashes of its files."""
    return f"inputs/{_digest(hashes)}"


def code() -> str:
    """Which Python and which code of this package this process has."""
    return f"{plan.ENGINE}, code {files.package_digest()[:12]}"


def introduce(job: Job, dask_worker: Worker) -> Problem | None:
    """Why this worker cannot take such jobs; nothing if it can."""
    with tempfile.TemporaryDirectory() as scratch:
        return _lay_out(job, dask_worker, Project(Path(scratch)))


def run(job: Job) -> list[Problem]:
    """Make the job's output, if it is not there yet. Returns what went wrong."""
    worker, store = get_worker(), Store(job.store)
    if not job.force and store.holds(job.output):
        return []
    with tempfile.TemporaryDirectory(dir=worker.local_directory) as scratch:
        project = Project(Path(scratch))
        if problem := _lay_out(job, worker, project):
            return [problem]
        pool = _pool(job.settings)
        try:
            [report] = runner.run(project, [(job.chain, job.edition)], runner.Options(jobs=job.jobs), pool)
        except BaseException:
            pool.close()  # its server may be gone
            _pool.cache_clear()
            raise
        if report.failure:
            store.put(job.left, _files(project, (project.work / "failed").rglob("*")))
            return report.failure.problems
        store.put(job.output, _files(project, _made(project, job.edition.name)))
    return []


def _made(project: Project, edition: str) -> Iterator[Path]:
    """What a run published, and the record of it."""
    yield plan.state_file(project, edition)
    for step in plan.Record.load(project, edition).steps.values():
        yield from (project.root / name for name in step["outputs"])


def _files(project: Project, paths: Iterable[Path]) -> dict[str, bytes]:
    return {path.relative_to(project.root).as_posix(): path.read_bytes() for path in paths if path.is_file()}


def _lay_out(job: Job, worker: Worker, project: Project) -> Problem | None:
    """Give the project the job's inputs, if the worker is fit to run it; otherwise say why not."""
    where = Where(f"worker {worker.name}")
    if code() != job.code:
        message = f"The worker has {code()}; this machine has {job.code}."
        return Problem(where, message, "Give it the same Python and the same checkout, and restart it.")
    if worker.state.nthreads != 1:
        message = f"The worker has {worker.state.nthreads} threads; it should have one."
        return Problem(where, message, "Start it with --nthreads 1, one worker for each core.")
    try:
        Store(job.store).get(job.inputs, project.root)
        if bundle_name(files.hashes(project.root, ".")) != job.inputs:
            raise Damaged(job.inputs)
    except Exception as error:
        message = f"The worker cannot read {job.store} ({type(error).__name__}: {error})."
        return Problem(where, message, "Name a folder or URL by --store that every worker can use.")
    if project.lock.exists() and (found := version_mismatches(project.lock.read_text())):
        message = f"The worker differs from requirements.lock: {'; '.join(found[:3])}{'; …' if found[3:] else ''}."
        return Problem(where, message, "Install the lock there (make) and restart it.")
    return None


@cache
def _pool(settings: Settings) -> Pool:
    """This worker's pool, warm from run to run."""
    return Pool(settings)
