"""Runs editions on the workers of a dask.distributed scheduler and publishes them here, as a run here would.

Inputs go to the store once, each run is one task (see `unit`), and each output is fetched and published as it is
complete, all or nothing. What has reached the store is not computed again, so a run that was interrupted here, at
a worker or at the scheduler goes on where it was.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager

from distributed import Client, Future, as_completed

from toll.problems import Problem, Problems
from toll.project import Project
from toll.run import cluster_job, plan, publish, runner
from toll.run.cluster_job import Unit
from toll.run.runner import Options, Planned, Report, StepFailed
from toll.run.stage import Stage
from toll.run.steps import Step
from toll.run.store import Damaged, Store

PATIENCE = 5  # seconds until a scheduler answers, and until it has a worker


def run(
    project: Project, wanted: Iterable[Planned], options: Options, address: str, url: str | None = None
) -> list[Report]:
    """Brings planned editions up to date by the workers at `address`; see `run.run`. Raises Problems."""
    wanted = list(wanted)
    if given := {name for _, edition in wanted for files in edition.given.values() for name in files}:
        raise _problem(
            "--cluster",
            f"a file of yours ({', '.join(sorted(given))})",
            "files of the project",
            "Workers do not see it: run this edition without --cluster.",
        )
    url = url or str(project.work / "cluster")
    with runner.terminable(), publish.sole_run(project), _connected(address) as client:
        inputs = Inputs(project)
        units = [
            Unit(
                chain,
                edition,
                url,
                inputs.bundle(chain),
                cluster_job.code(),
                options.engine,
                options.jobs,
                options.force,
            )
            for chain, edition in wanted
        ]
        try:
            store = Store(url)
        except Exception as error:
            raise _unusable(url, error) from None
        inputs.send(store)
        _introduce(client, units[0])
        return list(_collected(project, client, store, units, inputs, options))


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    """The scheduler at an address, if it is there and has workers. Raises Problems."""
    for name in ("distributed", "distributed.client", "tornado.application"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what goes wrong is said once, by us
    try:
        client = Client(address, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise _problem(
            "--cluster",
            f"no dask scheduler at {address} ({error})",
            "one that answers",
            "Start it, `dask scheduler`, and give the address that it prints.",
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise _problem(
                "--cluster",
                f"no worker at {address}",
                "one or more",
                f"Start some: `dask worker {address} --nthreads 1`.",
            ) from None
        yield client


def _problem(place: str, found: str, expected: str, do: str) -> Problems:
    return Problems([Problem.old(place, None, None, found, expected, do)])


class Inputs:
    """The bundles of inputs that the runs need, as the project was when they were asked for."""

    def __init__(self, project: Project):
        self.project = project
        self.bundles: dict[str, plan.Hashes] = {}
        self._names: dict[tuple[str, ...], str] = {}

    def bundle(self, chain: tuple[Step, ...]) -> str:
        """The name of the steps' bundle: one for all runs of the same files."""
        names = cluster_job.sources(self.project, chain)
        if names not in self._names:
            hashes = _hashes(self._read(names))
            self._names[names] = cluster_job.bundle_name(hashes)
            self.bundles[self._names[names]] = hashes
        return self._names[names]

    def _read(self, names: Iterable[str]) -> dict[str, bytes]:
        return {name: cluster_job.content(self.project, name) for name in names}

    def send(self, store: Store) -> None:
        """Puts the bundles in the store. Raises Problems if it cannot be used."""
        for name, hashes in self.bundles.items():
            files = self._read(hashes)
            _check_untouched(hashes, _hashes(files))
            try:
                store.put(name, files)
            except Exception as error:
                raise _unusable(store.url, error) from None

    def check_untouched(self, one: Unit) -> None:
        """Raises Problems if somebody changed, while it ran, what the run was made from."""
        now = self._read(cluster_job.sources(self.project, one.chain))
        _check_untouched(self.bundles[one.inputs], _hashes(now))


def _hashes(files: dict[str, bytes]) -> plan.Hashes:
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def _check_untouched(then: plan.Hashes, now: plan.Hashes) -> None:
    if changed := list(plan.differences(now, then)):
        expected, do = "the file as it was at the start", "Nothing of it was published. Run again."
        raise Problems(
            Problem.old(name, None, None, f"that it was {what} during the run", expected, do) for name, what in changed
        )


def _unusable(url: str, error: Exception) -> Problems:
    return _problem(
        "--store",
        f"that {url} cannot be used ({type(error).__name__}: {error})",
        "a folder or an fsspec URL where you may read and write",
        "Correct it, or the credentials in the environment.",
    )


def _introduce(client: Client, one: Unit) -> None:
    """Raises Problems that name each worker which is not as this machine is."""
    answers = client.run(cluster_job.introduce, one, on_error="return")
    problems = []
    for address, answer in answers.items():
        if isinstance(answer, Problem):
            problems.append(answer)
        elif isinstance(answer, Exception):
            found, do = f"{type(answer).__name__}: {answer}", "Set it up from the same checkout (make)."
            problems.append(Problem.old(f"worker {address}", None, None, found, "this package, installed there", do))
    if problems:
        raise Problems(problems)


def _collected(
    project: Project, client: Client, store: Store, units: list[Unit], inputs: Inputs, options: Options
) -> Iterator[Report]:
    """Publishes each run as it is complete."""
    # A notebook that fails is an answer; what is tried again is a run that the machine or the store cut short.
    futures = {
        client.submit(cluster_job.run, one, key=f"toll {one.edition.name} {one.output}", retries=2): one
        for one in units
    }
    for future in as_completed(list(futures)):
        one = futures.pop(future)
        if failure := _failure(future, one):
            _fetch_left(project, store, one)
            yield Report(one.edition.name, failure=StepFailed(failure))
        else:
            yield _published(project, store, one, inputs, options)
        options.tell(one.edition.name, "", runner.DONE)


def _failure(future: Future, one: Unit) -> str | None:
    """What went wrong with a run, for a reporter to read; None if nothing did. Raises Problems."""
    try:
        return future.result()
    except CancelledError:
        raise _problem(
            "--cluster",
            "that the scheduler went away",
            "one that stays until all runs have ended",
            f"Start it and run again: what is published stays, what is finished is in {one.store}, and "
            "only the rest is computed.",
        ) from None
    except Exception as error:
        return f"{one.edition.name}: {type(error).__name__} on the cluster: {error}\nNothing of it was published."


def _fetch_left(project: Project, store: Store, one: Unit) -> None:
    """Puts what a failed run left where a run here would leave it."""
    stage = Stage(project, one.edition.name, one.edition.given)
    try:
        store.get(one.left, stage.made)
        shutil.rmtree(stage.failed, ignore_errors=True)
        stage.failed.parent.mkdir(parents=True, exist_ok=True)
        (stage.made / stage.failed.relative_to(project.root)).replace(stage.failed)
        store.drop(one.left)
    except (Damaged, OSError):
        pass  # the message says what matters
    finally:
        stage.remove()


def _published(project: Project, store: Store, one: Unit, inputs: Inputs, options: Options) -> Report:
    """Fetches a run's output and puts it in place, whole. Raises Problems."""
    stage = Stage(project, one.edition.name, one.edition.given)
    try:
        ran = _fetched(store, one, stage)
        inputs.check_untouched(one)
        changed = runner.put_in_place(project, stage, ran, options.pages)
    finally:
        stage.remove()
    store.drop(one.output)
    return Report(one.edition.name, tuple(ran), changed)


def _fetched(store: Store, one: Unit, stage: Stage) -> dict[str, tuple[Step, plan.Key]]:
    """Lays a run's output out in the stage; the steps and what each was made from. Raises Problems."""
    try:
        store.get(one.output, stage.made)
        record = plan.Record.load(Project(stage.made), one.edition.name)
        for step in one.chain:
            recorded = record.outputs(step.name)
            if not recorded or plan.hashes(stage.made, tuple(recorded)) != recorded:
                raise Damaged(f"{one.output}, {step.name}")
    except (Damaged, FileNotFoundError) as error:
        store.drop(one.output)
        raise _problem(
            "--store",
            f"a damaged output ({error})",
            "the files that the worker wrote",
            "It was deleted there. Run again.",
        ) from None
    return {step.name: (step, record.key(step.name)) for step in one.chain}
