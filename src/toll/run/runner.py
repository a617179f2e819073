"""Brings editions up to date: runs what is stale, side by side where it can, and publishes it together."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from toll.digests import file_sha256
from toll.problems import Problem, Problems, Where
from toll.project import Project
from toll.run import files, notebook_file, plan, publish
from toll.run.editions import Edition, Value, executed
from toll.run.plan import NO_HOOKS, Hooks, Planned
from toll.run.pool import Pool
from toll.run.progress import DONE, EXECUTING, PUBLISHING, STARTING, WAITING, Event, Listener
from toll.run.stage import Stage
from toll.run.steps import Step
from toll.run.worker import CELL_SECONDS, DEFAULT_ENGINE, Message, Outcome, Settings

LOOK_EVERY = 0.1  # seconds


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass
class Options:
    """`emit` hears of each event of the run, in seconds since `started`; `ahead`: helpers may work ahead.

    `changed` tells whether any file may have changed since. A run whose inputs did is given up.
    """

    hooks: Hooks = NO_HOOKS
    engine: str = DEFAULT_ENGINE
    jobs: int = field(default_factory=cores)
    cell_seconds: float = CELL_SECONDS
    force: bool = False
    ahead: bool = True
    emit: Listener = lambda event: None
    changed: Callable[[], bool] | None = None
    started: float = field(default_factory=time.monotonic)

    def settings(self) -> Settings:
        """Those of a pool for such runs."""
        helpers = max(self.jobs, 1 + self.ahead) if self.hooks.warm_up else 0
        return Settings(self.engine, self.cell_seconds, self.hooks.preload, self.hooks.warm_up, helpers, self.ahead)


@dataclass(frozen=True)
class Report:
    """What a run did to one edition: the steps that ran, and the published files that changed; or why none."""

    edition: str
    ran: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()  # executed notebooks that someone had edited, as they were
    failure: Problems | None = None


def run(project: Project, wanted: Iterable[Planned], options: Options, pool: Pool | None = None) -> list[Report]:
    """Run what is stale of planned editions, in `pool` or one of its own.

    Each is published when it is complete. One that fails stays as it was and says why in its report; the others go on.
    """
    with (
        terminable(),
        contextlib.nullcontext(pool) if pool else Pool(options.settings()) as pool,
        publish.sole_run(project),
    ):
        return list(_side_by_side(project, deque(wanted), options, pool))


@contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM end a run as Ctrl-C does: tidily. Beside the main thread, signals are not ours to handle."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _side_by_side(project: Project, waiting: deque[Planned], options: Options, pool: Pool) -> Iterator[Report]:
    """Start an edition whenever those under way leave a core free."""
    active: list[Run] = []
    try:
        while waiting or active:
            while waiting and len(pool.running) < options.jobs:
                active.append(Run(project, *waiting.popleft(), pool, options))
                active[-1].go_on()
            for one in [one for one in active if one.ended]:
                active.remove(one)
                yield one.finish()
            for message in pool.messages(LOOK_EVERY if options.changed else None):
                for one in active:
                    one.hear(message) if message else one.check_untouched()
                if message and message.outcome:
                    break
    finally:
        for one in active:
            one.stage.remove()


class Run:
    """One edition on its way from stale to published."""

    def __init__(self, project: Project, chain: tuple[Step, ...], edition: Edition, pool: Pool, options: Options):
        self.project, self.chain, self.edition, self.pool, self.options = project, chain, edition, pool, options
        self.record = plan.Record.load(project, edition.name)
        self.stage = Stage(project, edition)
        self.waiting = list(chain)
        self.running: dict[str, Step] = {}  # by scratch folder
        self.passed: set[str] = set()
        self.keys: dict[str, plan.Key] = {}
        self.ran: dict[str, tuple[Step, plan.Key]] = {}
        self.cells: dict[str, list[str]] = {}
        self.last_cell: dict[str, int] = {}
        self.failure: Problems | None = None

    @property
    def ended(self) -> bool:
        return not self.running and (self.failure is not None or not self.waiting)

    def go_on(self) -> None:
        """Start what can be started."""
        if not self.failure:
            with self._ended_by_problems():
                self._start_ready()

    @contextmanager
    def _ended_by_problems(self) -> Iterator[None]:
        """A problem ends this edition's other steps, too."""
        try:
            yield
        except Problems as problems:
            self.failure = problems
            for key in self.running:
                self.pool.end(key)

    def _start_ready(self) -> None:
        """Start steps whose inputs are complete, while there is a core for them; pass over those up to date."""
        for step in list(self.waiting):
            if not self.passed.issuperset(step.after):
                continue
            if step.name not in self.keys:
                reads = {name: file_sha256(file) for name, file in self.stage.reads(step, self._ran()).items()}
                now = self.keys[step.name] = plan.key(self.project, step, self.edition, reads)
                if not self.options.force and not plan.why(self.project, step, self.edition, now, self.record):
                    self.waiting.remove(step)
                    self.passed.add(step.name)
                    continue
                self._emit(step.name, WAITING)
            if len(self.pool.running) < self.options.jobs:
                self.waiting.remove(step)
                self._start(step)

    def _ran(self) -> list[Step]:
        return [step for step, _ in self.ran.values()]

    def _emit(self, step: str, doing: str, cell: int = 0) -> None:
        seconds = time.monotonic() - self.options.started
        self.options.emit(Event(seconds, self.edition.name, step, doing, cell, len(self.cells.get(step, ()))))

    def _start(self, step: Step) -> None:
        injected, scratch = self.edition.injected(step.name), self.stage.scratch(step)
        self.cells[step.name] = _cells_to_run(self.stage.prepare(step, self._ran()), injected)
        self.running[str(scratch)] = step
        self.pool.start(
            scratch,
            notebook=scratch / "source.ipynb",
            output=self.stage.executed(step),
            cwd=self.stage.tree(step) / "notebooks",
            parameters=injected,
        )
        self._emit(step.name, STARTING)

    def hear(self, message: Message) -> None:
        """Take in what happened to a job, if it is one of this edition's."""
        step = self.running.get(message.key)
        if step and message.outcome is None:
            self.last_cell[step.name] = message.cell
            self._emit(step.name, EXECUTING, message.cell)
        elif step and message.outcome:
            del self.running[message.key]
            if not self.failure:
                with self._ended_by_problems():
                    self._collect(step, message.outcome)
        self.go_on()

    def check_untouched(self) -> None:
        """Give up if the run rests on files that have changed since."""
        if self.options.changed and self.options.changed() and not self.failure:
            with self._ended_by_problems():
                self.stage.check_untouched()

    def _collect(self, step: Step, outcome: Outcome) -> None:
        """Take what an ended step has made. Raises Problems."""
        try:
            if outcome.error:
                raise Problems([self._failed(step, outcome)])
            self.stage.collect(step)
        except Problems:
            self.stage.keep_failed(step)
            raise
        self.passed.add(step.name)
        self.ran[step.name] = step, self.keys[step.name]
        self._emit(step.name, DONE)

    def _failed(self, step: Step, outcome: Outcome) -> Problem:
        """What went wrong in a notebook: the cell, its error and its code."""
        cell = outcome.cell or self.last_cell.get(step.name)
        source = self.cells[step.name][cell - 1] if cell else ""
        shown = "".join(f"\n    {line}" for line in source.splitlines())
        left = self.stage.failed.relative_to(self.project.root)
        told = f"{outcome.error}{shown}\nNothing was published. What the notebook left is in {left}."
        return Problem(Where(f"{step.notebook}, cell [{cell}]" if cell else step.notebook), told)

    def finish(self) -> Report:
        """Put what the steps made in place of what was there, with the record that they ran."""
        self._emit("", PUBLISHING)
        try:
            if self.failure:
                raise self.failure
            self.stage.check_untouched()
            return self._published() if self.ran or self.options.hooks.pages else Report(self.edition.name)
        except Problems as failure:
            return Report(self.edition.name, failure=failure)
        finally:
            self.stage.remove()
            self._emit("", DONE)

    def _published(self) -> Report:
        kept = _keep_edited(self.project, self.edition.name, self._ran())
        changed = put_in_place(self.project, self.stage, self.ran, self.options.hooks)
        return Report(
            self.edition.name, tuple(step.name for step in self.chain if step.name in self.ran), changed, kept
        )


def _keep_edited(project: Project, edition: str, steps: list[Step]) -> tuple[str, ...]:
    """Put aside the executed notebooks of another edition that someone has edited, because a run writes them anew."""
    record, kept = plan.Record.load(project, edition), []
    for step in steps:
        name = executed(project, edition, step.notebook)
        file, made = project.root / name, record.outputs(step.name).get(name)
        if name != step.notebook and made and file.is_file() and file_sha256(file) != made:
            aside = project.work / "kept" / name
            aside.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, aside)
            kept.append(
                f"{name} had been edited, and a run writes it anew. What it said is kept in "
                f"{aside.relative_to(project.root)}; edit {step.notebook} instead."
            )
    return tuple(kept)


def put_in_place(
    project: Project, stage: Stage, ran: dict[str, tuple[Step, plan.Key]], hooks: Hooks
) -> tuple[str, ...]:
    """Publish what the steps that ran have left in the stage, with the record of it and the shared pages.

    Returns the published files that changed. Raises Problems.
    """
    moves: publish.Moves = {}
    record = plan.Record.load(project, stage.edition)
    for step, key in ran.values():
        new = files.hashes(stage.made, *step.writes, executed(project, stage.edition, step.notebook))
        old = plan.published(project, step, stage.edition)
        moves |= {name: f"made/{name}" for name, value in new.items() if old.get(name) != value}
        moves |= dict.fromkeys(old.keys() - new.keys())
        record.steps[step.name] = {"key": key, "outputs": new}
    more, rewritten = hooks.pages.make(project, stage.made, stage.root / "pages") if hooks.pages else ({}, ())
    changed = tuple(sorted((*moves, *rewritten)))
    moves |= more
    state = plan.state_file(project, stage.edition)
    (stage.root / "state.json").write_text(record.dumps())
    moves[state.relative_to(project.root).as_posix()] = "state.json"
    publish.commit(project, stage.root, moves)
    shutil.rmtree(stage.failed, ignore_errors=True)
    return changed


def _cells_to_run(source: notebook_file.Notebook, injected: dict[str, Value]) -> list[str]:
    """The text of each cell that will be executed; [1] is the first."""
    texts = []
    for cell in notebook_file.code_cells(source):
        texts.append(notebook_file.text(cell))
        if injected and "parameters" in notebook_file.tags(cell):
            texts.append("\n".join(f"{name} = {value!r}" for name, value in injected.items()))
    return texts


def tell(project: Project, reports: list[Report], options: Options) -> None:
    """Print what was made, and what was left out. Raises Problems with everything that failed."""
    failures = [problem for report in reports if report.failure for problem in report.failure.problems]
    for report in reports:
        if not report.failure:
            files = "1 file" if len(report.changed) == 1 else f"{len(report.changed)} files"
            print(f"{report.edition}: ran {', '.join(report.ran) or 'nothing'}; {files} changed")
            for note in (*options.hooks.notes(project, report.edition), *report.kept):
                print(f"{report.edition}: {note}")
    gallery = project.figures / "index.html"
    if gallery.exists() and not failures:
        print(gallery.relative_to(project.root))
    if reports:
        print(f"{time.monotonic() - options.started:.1f} s")
    if failures:
        raise Problems(failures)
