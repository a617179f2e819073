"""Runs editions on the workers of a dask.distributed scheduler and publishes them here, as a run here would.

Inputs go to the store once, each run is one task (see `cluster_job`), and each output is fetched and published as soon
as it is complete, all or nothing. What has reached the store is not computed again, so a run that was interrupted
here, at a worker or at the scheduler goes on where it stopped.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager

from distributed import Client, Future, as_completed

from toll.digests import sha256
from toll.problems import Problem, Problems, Where
from toll.project import Project
from toll.run import cluster_job, files, plan, publish, runner
from toll.run.cluster_job import Job
from toll.run.plan import Planned
from toll.run.progress import DONE, Event
from toll.run.runner import Options, Report
from toll.run.stage import Stage, check_untouched
from toll.run.steps import Step
from toll.run.store import Damaged, Store

PATIENCE = 5  # seconds until a scheduler answers, and until it has a worker


def run(
    project: Project, wanted: Iterable[Planned], options: Options, address: str, url: str | None = None
) -> list[Report]:
    """Bring planned editions up to date by the workers at `address`; see `runner.run`. Raises Problems."""
    wanted = list(wanted)
    if own := {name for _, edition in wanted for paths in edition.user_files.values() for name in paths}:
        message = f"Workers cannot see files of your own ({', '.join(sorted(own))})."
        raise _problem("--cluster", message, "Run this edition without --cluster.")
    url = url or str(project.work / "cluster")
    shared = url, cluster_job.code(), options.settings(), options.jobs, options.force
    with runner.terminable(), publish.sole_run(project), _connected(address) as client:
        try:
            inputs = Inputs(project, Store(url))
            jobs = [Job(chain, edition, inputs.bundle(chain), *shared) for chain, edition in wanted]
        except Problems:
            raise
        except Exception as error:  # of whatever kind the store's library has
            raise _unusable(url, error) from None
        _introduce(client, jobs[0])
        return list(_collected(project, client, jobs, inputs, options))


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    """The scheduler at an address, if it is there and has workers. Raises Problems."""
    for name in ("distributed", "distributed.client", "tornado.application"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # we report what goes wrong, once
    try:
        client = Client(address, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        hint = "Start one with `dask scheduler`, and give the address that it prints."
        raise _problem("--cluster", f"No Dask scheduler answers at {address} ({error}).", hint) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            hint = f"Start some: `dask worker {address} --nthreads 1`."
            raise _problem("--cluster", f"The scheduler at {address} has no workers.", hint) from None
        yield client


def _problem(place: str, message: str, hint: str) -> Problems:
    return Problems([Problem(Where(place), message, hint)])


class Inputs:
    """The bundles of inputs that the jobs need, in the store as the project was when they were asked for."""

    def __init__(self, project: Project, store: Store):
        self.project, self.store = project, store
        self._hashes: dict[str, files.Hashes] = {}  # by bundle
        self._bundles: dict[tuple[str, ...], str] = {}  # by the names of the files in them

    def bundle(self, chain: tuple[Step, ...]) -> str:
        """The name of the steps' bundle: one for all jobs with the same files."""
        names = cluster_job.sources(self.project, chain)
        if names not in self._bundles:
            contents = {name: cluster_job.content(self.project, name) for name in names}
            hashes = {name: sha256(content) for name, content in contents.items()}
            bundle = self._bundles[names] = cluster_job.bundle_name(hashes)
            self._hashes[bundle] = hashes
            self.store.put(bundle, contents)
        return self._bundles[names]

    def check_untouched(self, job: Job) -> None:
        """Raises Problems if a file that the run was made from changed while it ran."""
        names = cluster_job.sources(self.project, job.chain)
        now = {name: sha256(cluster_job.content(self.project, name)) for name in names}
        check_untouched(self._hashes[job.inputs], now)


def _unusable(url: str, error: Exception) -> Problems:
    message = f"{url} cannot be used ({type(error).__name__}: {error})."
    hint = "Name a folder or an fsspec URL where you may read and write, and check the credentials in the environment."
    return _problem("--store", message, hint)


def _introduce(client: Client, job: Job) -> None:
    """Raises Problems that name each worker that differs from this machine."""
    problems = []
    for address, answer in client.run(cluster_job.introduce, job, on_error="return").items():
        if isinstance(answer, Problem):
            problems.append(answer)
        elif isinstance(answer, Exception):
            message = f"The worker cannot take jobs of this package ({type(answer).__name__}: {answer})."
            problems.append(Problem(Where(f"worker {address}"), message, "Set it up from the same checkout (make)."))
    if problems:
        raise Problems(problems)


def _collected(project: Project, client: Client, jobs: list[Job], inputs: Inputs, options: Options) -> Iterator[Report]:
    """Publish each run as soon as it is complete."""
    # A notebook that fails is an answer. What is tried again is a run that the machine or the store cut short.
    futures = {
        client.submit(cluster_job.run, job, key=f"toll {job.edition.name} {job.output}", retries=2): job for job in jobs
    }
    for future in as_completed(list(futures)):
        job = futures.pop(future)
        if problems := _problems(future, job):
            _fetch_left(project, inputs.store, job)
            yield Report(job.edition.name, failure=Problems(problems))
        else:
            yield _published(project, job, inputs, options)
        options.emit(Event(time.monotonic() - options.started, job.edition.name, "", DONE))


def _problems(future: Future, job: Job) -> list[Problem]:
    """What went wrong with a run. Raises Problems if the scheduler is gone."""
    try:
        return future.result()
    except CancelledError:
        hint = f"Start it and run again: what is published stays, finished runs are in {job.store}, and only the rest "
        raise _problem("--cluster", "The scheduler went away.", f"{hint}is computed.") from None
    except Exception as error:
        message = f"{type(error).__name__} on the cluster: {error}."
        return [Problem(Where(job.edition.name), message, "Nothing of this edition was published.")]


def _fetch_left(project: Project, store: Store, job: Job) -> None:
    """Put what a failed run left where a run here would leave it."""
    stage = Stage(project, job.edition)
    try:
        store.get(job.left, stage.made)
        shutil.rmtree(stage.failed, ignore_errors=True)
        stage.failed.parent.mkdir(parents=True, exist_ok=True)
        (stage.made / stage.failed.relative_to(project.root)).replace(stage.failed)
        store.drop(job.left)
    except (Damaged, OSError):
        pass  # the message says what matters
    finally:
        stage.remove()


def _published(project: Project, job: Job, inputs: Inputs, options: Options) -> Report:
    """Fetch a run's output and put it in place, whole. Raises Problems."""
    stage = Stage(project, job.edition)
    try:
        ran = _fetched(inputs.store, job, stage)
        inputs.check_untouched(job)
        changed = runner.put_in_place(project, stage, ran, options.hooks)
    finally:
        stage.remove()
    inputs.store.drop(job.output)
    return Report(job.edition.name, tuple(ran), changed)


def _fetched(store: Store, job: Job, stage: Stage) -> dict[str, tuple[Step, plan.Key]]:
    """Lay a run's output out in the stage; the steps and what each was made from. Raises Problems."""
    try:
        store.get(job.output, stage.made)
        record = plan.Record.load(Project(stage.made), job.edition.name)
        for step in job.chain:
            recorded = record.outputs(step.name)
            if not recorded or files.hashes(stage.made, *recorded) != recorded:
                raise Damaged(f"{job.output}, {step.name}")
    except (Damaged, FileNotFoundError) as error:
        store.drop(job.output)
        hint = "It was deleted there; run again."
        raise _problem("--store", f"An output is not what the worker wrote ({error}).", hint) from None
    return {step.name: (step, record.key(step.name)) for step in job.chain}
