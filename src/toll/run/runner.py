"""Brings editions up to date: runs what is stale, side by side where it can, and publishes it together."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from toll.problems import Problem, Problems
from toll.project import Project
from toll.run import editions, notebook_file, plan, publish, steps
from toll.run.editions import Edition, executed
from toll.run.imports import Imports
from toll.run.pool import CELL_SECONDS, Event, Pool
from toll.run.shared_pages import Pages
from toll.run.stage import Stage
from toll.run.steps import Step

ENGINES = ("fork", "kernel")
DEFAULT_ENGINE = "fork" if hasattr(os, "fork") else "kernel"


class StepFailed(Exception):
    """A notebook did not pass. The text says which cell, shows it, and says where to look."""


@dataclass(frozen=True)
class Moment:
    """One point of a run's timeline: from now on `step` of `edition` is doing this.

    `seconds` are those since the command began. What an edition does as a whole has no step; what the server does,
    no edition either. `cell` is the one that begins, of `cells`.
    """

    seconds: float
    edition: str
    step: str
    doing: str
    cell: int = 0
    cells: int = 0


PLANNING, WAITING, IMPORTING, STARTING = "planning", "waiting", "importing", "starting"
EXECUTING, PUBLISHING, DONE = "executing", "publishing", "done"

Planned = tuple[tuple[Step, ...], Edition]


@dataclass
class Options:
    """`started` is the beginning of the timeline that `watch` is told of."""

    force: bool = False
    engine: str = DEFAULT_ENGINE
    jobs: int = field(default_factory=lambda: len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)
    cell_seconds: float = CELL_SECONDS
    watch: Callable[[Moment], None] = lambda moment: None
    pages: Pages | None = None
    started: float = field(default_factory=time.monotonic)

    def tell(self, edition: str, step: str, doing: str, cell: int = 0, cells: int = 0) -> None:
        self.watch(Moment(time.monotonic() - self.started, edition, step, doing, cell, cells))


@dataclass(frozen=True)
class Report:
    """What a run did to one edition: the steps that ran, and the published files that changed; or why none."""

    edition: str
    ran: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    failure: StepFailed | Problems | None = None


def plan_edition(
    project: Project, base: str, overrides: dict[str, str] | None = None, name: str | None = None
) -> tuple[tuple[Step, ...], Edition]:
    """Steps and parameters of an edition that have passed the gate. Raises Problems, all at once."""
    chain = steps.read(project, name or base)
    edition = editions.resolve(project, chain, base, overrides, name)
    if problems := faults(project, chain, edition, f"editions/{base}.yml"):
        given = [p for p in problems if p.where.column in (overrides or {})]
        rest = [p for p in problems if p not in given]
        raise Problems(
            [
                dataclasses.replace(problem, where=problem.where._replace(file=editions.COMMAND_LINE))
                for problem in given
            ]
            + rest
        )
    return chain, edition


def faults(project: Project, chain: tuple[Step, ...], edition: Edition, file: str) -> list[Problem]:
    """What is wrong with the values of the parameters, which come from `file`; raises Problems for raw tables that
    are wrong. A chain that reads no raw tables has neither."""
    if not any(steps.covers("data/raw", path) for step in chain for path in step.reads):
        return []
    from toll import parameters
    from toll.source import raw

    tables, declared = raw.read(project), parameters.declared(project)
    problems = parameters.problems(edition.values, declared, file)
    return problems or parameters.references(edition.values, declared, tables, file)


def stale(
    project: Project, wanted: Iterable[Planned], pages: Pages | None, imports: Imports | None = None
) -> list[Planned]:
    """Those of planned editions that are not up to date."""
    imports = imports or Imports(plan.memory(project))
    if publish.interrupted(project) or (pages is not None and pages.why(project)):
        return list(wanted)
    return [
        (chain, edition) for chain, edition in wanted if any(plan.survey(project, chain, edition, imports).values())
    ]


def run(project: Project, wanted: Iterable[Planned], options: Options, pool: Pool | None = None) -> list[Report]:
    """Runs what is stale of planned editions, in `pool` or one of its own.

    Each is published when it is complete; one that fails is untouched and says why in its report, and the others go on.
    """
    own = contextlib.nullcontext(pool) if pool else Pool(options.engine, options.cell_seconds)
    with terminable(), own as pool, publish.sole_run(project):
        return list(_side_by_side(project, deque(wanted), options, pool))


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM ends a run as Ctrl-C does: tidily. In a thread beside the main one signals are not ours to handle."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(*_) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _side_by_side(project: Project, waiting: deque[Planned], options: Options, pool: Pool) -> Iterator[Report]:
    """Begins an edition whenever those that are under way leave a core free."""
    if not pool.ready:
        options.tell("", "", IMPORTING)
    imports = Imports(plan.memory(project))
    active: list[Run] = []
    try:
        while waiting or active:
            while waiting and pool.running < options.jobs:
                active.append(Run(project, *waiting.popleft(), pool, options, imports))
                active[-1].go_on()
            for one in [one for one in active if one.ended]:
                active.remove(one)
                yield one.finish()
            for event in pool.events():
                for one in active:
                    one.hear(event)
                if event.exit is not None:
                    break
    finally:
        for one in active:
            one.stage.remove()


class Run:
    """One edition on its way from stale to published."""

    def __init__(
        self,
        project: Project,
        chain: tuple[Step, ...],
        edition: Edition,
        pool: Pool,
        options: Options,
        imports: Imports,
    ):
        self.project, self.chain, self.edition = project, chain, edition
        self.pool, self.options, self.imports = pool, options, imports
        self.record = plan.Record.load(project, edition.name)
        self.stage = Stage(project, edition.name, edition.given)
        self.waiting = list(chain)
        self.running: dict[Path, Step] = {}
        self.passed: set[str] = set()
        self.ran: dict[str, Step] = {}
        self.keys: dict[str, plan.Key] = {}
        self.cells: dict[str, list[str]] = {}
        self.last_cell: dict[str, int] = {}
        self.failure: StepFailed | Problems | None = None

    @property
    def ended(self) -> bool:
        return not self.running and (self.failure is not None or not self.waiting)

    def go_on(self) -> None:
        """Starts what can be started; what is wrong ends this edition's other steps, too."""
        try:
            if not self.failure:
                self._start_ready()
        except Problems as problems:
            self._give_up(problems)

    def _give_up(self, failure: StepFailed | Problems) -> None:
        self.failure = self.failure or failure
        for scratch in self.running:
            self.pool.end(scratch)

    def _start_ready(self) -> None:
        """Starts steps whose inputs are complete, while there is a core for them; passes over those up to date."""
        for step in list(self.waiting):
            if not self.passed.issuperset(step.after):
                continue
            if step.name not in self.keys:
                reads = {name: plan.digest(file) for name, file in self.stage.reads(step, self.ran).items()}
                self.keys[step.name] = plan.key(self.project, step, self.edition, reads, self.imports)
                if not self.options.force and not self._why(step):
                    self.waiting.remove(step)
                    self.passed.add(step.name)
                    continue
                self._tell(step.name, WAITING)
            if self.pool.running < self.options.jobs:
                self.waiting.remove(step)
                self._start(step)

    def _tell(self, step: str, doing: str, cell: int = 0) -> None:
        self.options.tell(self.edition.name, step, doing, cell, len(self.cells.get(step, ())))

    def _why(self, step: Step) -> list[str]:
        outputs = plan.published(self.project, step, self.edition.name)
        then, recorded = self.record.key(step.name), self.record.outputs(step.name)
        return plan.why(step, self.keys[step.name], then, outputs, recorded)

    def _start(self, step: Step) -> None:
        self.stage.prepare(step, self.ran)
        scratch = self.stage.scratch(step)
        injected = self.edition.injected(step.name)
        self.cells[step.name] = _cells_to_run(notebook_file.load(scratch / "source.ipynb", step.notebook), injected)
        self.running[scratch] = step
        self.pool.start(
            scratch,
            notebook=scratch / "source.ipynb",
            output=self.stage.executed(step),
            cwd=self.stage.tree(step) / "notebooks",
            parameters=injected,
        )
        self._tell(step.name, STARTING)

    def hear(self, event: Event) -> None:
        if event.scratch is None:
            self.options.tell("", "", DONE)
        elif step := self.running.get(event.scratch):
            if event.cell is not None:
                self.last_cell[step.name] = event.cell
                self._tell(step.name, EXECUTING, event.cell)
            else:
                del self.running[event.scratch]
                try:
                    if not self.failure:
                        self._collect(step, event)
                except (StepFailed, Problems) as failure:
                    self._give_up(failure)
        self.go_on()

    def _collect(self, step: Step, event: Event) -> None:
        """Takes what an ended step has made. Raises StepFailed, Problems."""
        try:
            if failure := self._failure(step, event):
                raise StepFailed(failure)
            self.stage.collect(step)
        except (StepFailed, Problems) as error:
            kept = self.stage.keep_failed(step).relative_to(self.project.root)
            if isinstance(error, StepFailed):
                raise StepFailed(f"{error}\nNothing was published. What it left is in {kept}.") from None
            raise
        self.passed.add(step.name)
        self.ran[step.name] = step
        self._tell(step.name, DONE)

    def _failure(self, step: Step, event: Event) -> str | None:
        """What went wrong, for a reporter to read; None if nothing did."""
        said = _said(event.scratch / "result.json")
        if event.exit == 0 and said == {}:
            return None
        cell = (said or {}).get("cell") or self.last_cell.get(step.name)
        if event.late:
            error = f"the cell ran longer than {self.options.cell_seconds:g} seconds and was ended"
        elif said:
            error = said["error"]
        else:
            error = f"the cell ended the notebook's process ({_cause(event.exit)})"
        where = f"{step.notebook}, cell [{cell}]" if cell else step.notebook
        source = self.cells[step.name][cell - 1] if cell else ""
        shown = "".join(f"\n    {line}" for line in source.splitlines())
        return f"{where}: {error}{shown}"

    def finish(self) -> Report:
        """Puts what the steps made in place of what was there, with the record that they ran."""
        self._tell("", PUBLISHING)
        try:
            if self.failure:
                raise self.failure
            self.stage.check_untouched()
            return self._publish() if self.ran or self.options.pages else Report(self.edition.name)
        except (StepFailed, Problems) as failure:
            return Report(self.edition.name, failure=failure)
        finally:
            self.stage.remove()
            self._tell("", DONE)

    def _publish(self) -> Report:
        steps = {name: (step, self.keys[name]) for name, step in self.ran.items()}
        changed = put_in_place(self.project, self.stage, steps, self.options.pages)
        return Report(self.edition.name, tuple(step.name for step in self.chain if step.name in self.ran), changed)


def put_in_place(
    project: Project, stage: Stage, ran: dict[str, tuple[Step, plan.Key]], pages: Pages | None
) -> tuple[str, ...]:
    """Publishes what the steps that ran have left in the stage, with the record of it and the shared pages.

    Returns the published files that changed. Raises Problems.
    """
    moves: publish.Moves = {}
    record = plan.Record.load(project, stage.edition)
    for step, key in ran.values():
        names = (*step.writes, executed(stage.edition, step.notebook))
        new = plan.hashes(stage.made, names)
        old = plan.published(project, step, stage.edition)
        moves |= {name: f"made/{name}" for name, value in new.items() if old.get(name) != value}
        moves |= dict.fromkeys(old.keys() - new.keys())
        record.steps[step.name] = {"key": key, "outputs": new}
    more, rewritten = pages.make(project, stage.made, stage.root / "pages") if pages else ({}, ())
    changed = tuple(sorted((*moves, *rewritten)))
    moves |= more
    state = plan.state_file(project, stage.edition)
    (stage.root / "state.json").write_text(record.dumps())
    moves[state.relative_to(project.root).as_posix()] = "state.json"
    publish.commit(project, stage.root, moves)
    shutil.rmtree(stage.failed, ignore_errors=True)
    return changed


def _cells_to_run(source: notebook_file.Notebook, injected: dict[str, object]) -> list[str]:
    """The text of each cell that will be executed; [1] is the first."""
    texts = []
    for cell in notebook_file.code_cells(source):
        texts.append(notebook_file.text(cell))
        if injected and "parameters" in notebook_file.tags(cell):
            texts.append("\n".join(f"{name} = {value!r}" for name, value in injected.items()))
    return texts


def _said(result: Path) -> dict[str, str | int | None] | None:
    """What a notebook's process said of its end; None if it came to none."""
    try:
        return json.loads(result.read_text())
    except FileNotFoundError:
        return None
    except ValueError:
        room = shutil.disk_usage(result.parent).free / 1e6
        return {"error": f"its process could not write its result (the disk has {room:.1f} MB left)"}


def _cause(code: int | None) -> str:
    return signal.Signals(-code).name if code and code < 0 else f"exit code {code}"
