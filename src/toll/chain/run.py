"""Brings editions up to date: runs what is stale, side by side where it can, and publishes it together."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from toll.chain import editions, hygiene, plan, publish, steps
from toll.chain.editions import Edition, executed
from toll.chain.imports import Imports
from toll.chain.pages import Pages
from toll.chain.pool import CELL_SECONDS, Event, Pool
from toll.chain.stage import Stage
from toll.chain.steps import Step
from toll.paths import Project
from toll.problems import Problems

ENGINES = ("fork", "kernel")
DEFAULT_ENGINE = "fork" if hasattr(os, "fork") else "kernel"


class StepFailed(Exception):
    """A notebook did not pass. The text says which cell, shows it, and says where to look."""


@dataclass
class Moment:
    """One point of a run's timeline: seconds since its start, the step, and the cell that began.

    Cell 0 is the start of the notebook's process, None its end.
    """

    seconds: float
    edition: str
    step: str
    cell: int | None
    cells: int


Watch = Callable[[Moment], None]


@dataclass
class Options:
    force: bool = False
    engine: str = DEFAULT_ENGINE
    jobs: int = field(default_factory=lambda: len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)
    cell_seconds: float = CELL_SECONDS
    watch: Watch = lambda moment: None
    pages: Pages | None = None


@dataclass(frozen=True)
class Report:
    """What a run did to one edition: the steps that ran, and the published files that changed."""

    edition: str
    ran: tuple[str, ...]
    changed: tuple[str, ...]


def plan_edition(
    project: Project, base: str, overrides: dict[str, str] | None = None, name: str | None = None
) -> tuple[tuple[Step, ...], Edition]:
    """Steps and parameters of an edition that have passed the gate. Raises Problems, all at once."""
    chain = steps.read(project, name or base)
    edition = editions.resolve(project, chain, base, overrides, name)
    if any(steps.covers("data/raw", path) for step in chain for path in step.reads):
        gate(project, edition, base, overrides or {})
    return chain, edition


def gate(project: Project, edition: Edition, base: str, overrides: dict[str, str]) -> None:
    """Raises Problems for anything wrong with the raw tables or, if they are right, with the parameters'
    values."""
    from toll import parameters, raw

    if problems := raw.check(project):
        raise Problems(problems)
    if problems := parameters.validate(edition.values, project, f"editions/{base}.yml"):
        given = [p for p in problems if p.column in overrides]
        rest = [p for p in problems if p.column not in overrides]
        raise Problems([dataclasses.replace(problem, file=editions.COMMAND_LINE) for problem in given] + rest)


def stale(project: Project, chain: tuple[Step, ...], edition: Edition, pages: Pages | None) -> bool:
    if publish.interrupted(project) or any(plan.survey(project, chain, edition).values()):
        return True
    return pages is not None and bool(pages.why(project))


def run(project: Project, wanted: list[tuple[tuple[Step, ...], Edition]], options: Options) -> list[Report]:
    """Runs what is stale of planned editions. Raises Problems, StepFailed; what was published is then
    untouched."""
    wanted = [
        (chain, edition) for chain, edition in wanted if options.force or stale(project, chain, edition, options.pages)
    ]
    if not wanted:
        return []
    with _terminable(), Pool(options.engine, options.cell_seconds) as pool, publish.sole_run(project):
        return [Run(project, chain, edition, pool, options).go() for chain, edition in wanted]


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM ends a run as Ctrl-C does: tidily."""

    def leave(*_) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class Run:
    """One edition on its way from stale to published."""

    def __init__(self, project: Project, chain: tuple[Step, ...], edition: Edition, pool: Pool, options: Options):
        self.project, self.chain, self.edition, self.pool, self.options = (
            project,
            chain,
            edition,
            pool,
            options,
        )
        self.record = plan.Record.load(project, edition.name)
        self.imports = Imports(plan.memory(project))
        self.stage = Stage(project, edition.name)
        self.started = time.monotonic()
        self.waiting = list(chain)
        self.running: dict[Path, Step] = {}
        self.passed: set[str] = set()
        self.ran: dict[str, Step] = {}
        self.keys: dict[str, plan.Key] = {}
        self.cells: dict[str, list[str]] = {}
        self.last_cell: dict[str, int] = {}

    def go(self) -> Report:
        try:
            self._start_ready()
            while self.running:
                for event in self.pool.events():
                    self._hear(event)
            self.stage.check_untouched()
            return self._publish()
        finally:
            self.stage.remove()

    def _start_ready(self) -> None:
        """Starts steps whose inputs are complete, while there is a core for them; passes over those up to
        date."""
        for step in list(self.waiting):
            if not self.passed.issuperset(step.after) or len(self.running) >= self.options.jobs:
                continue
            self.waiting.remove(step)
            reads = {name: plan.digest(file) for name, file in self.stage.reads(step, self.ran).items()}
            self.keys[step.name] = plan.key(self.project, step, self.edition, reads, self.imports)
            if self.options.force or self._why(step):
                self._start(step)
            else:
                self.passed.add(step.name)

    def _why(self, step: Step) -> list[str]:
        outputs = plan.published(self.project, step, self.edition.name)
        then, recorded = self.record.key(step.name), self.record.outputs(step.name)
        return plan.why(step, self.keys[step.name], then, outputs, recorded)

    def _start(self, step: Step) -> None:
        self.stage.prepare(step, self.ran)
        scratch = self.stage.scratch(step)
        injected = self.edition.injected(step.name)
        self.cells[step.name] = _cells_to_run(hygiene.load(scratch / "source.ipynb", step.notebook), injected)
        self.running[scratch] = step
        self.pool.start(
            scratch,
            notebook=scratch / "source.ipynb",
            output=self.stage.executed(step),
            cwd=self.stage.tree(step) / "notebooks",
            parameters=injected,
        )
        self._tell(step, 0)

    def _tell(self, step: Step, cell: int | None) -> None:
        seconds = time.monotonic() - self.started
        cells = len(self.cells[step.name])
        self.options.watch(Moment(seconds, self.edition.name, step.name, cell, cells))

    def _hear(self, event: Event) -> None:
        step = self.running[event.scratch]
        if event.cell is not None:
            self.last_cell[step.name] = event.cell
            self._tell(step, event.cell)
            return
        del self.running[event.scratch]
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
        self._tell(step, None)
        self._start_ready()

    def _failure(self, step: Step, event: Event) -> str | None:
        """What went wrong, for a reporter to read; None if nothing did."""
        result = event.scratch / "result.json"
        said = json.loads(result.read_text()) if result.exists() else {}
        if event.exit == 0 and not said and result.exists():
            return None
        cell = said.get("cell") or self.last_cell.get(step.name)
        if event.late:
            error = f"the cell ran longer than {self.options.cell_seconds:g} seconds and was ended"
        elif said:
            error = said["error"]
        else:
            error = f"the cell ended the notebook's process ({_cause(event.exit)})"
        where = f"{step.notebook}, cell [{cell}]" if cell else step.notebook
        source = self.cells[step.name][cell - 1] if cell else ""
        shown = "".join(f"\n    {line}" for line in source.splitlines())
        trace = f"\n{said['traceback']}" if said.get("traceback") else ""
        return f"{where}: {error}{shown}{trace}"

    def _publish(self) -> Report:
        """Puts what the steps made in place of what was there, with the record that they ran."""
        moves: publish.Moves = {}
        for step in self.ran.values():
            names = (*step.writes, executed(self.edition.name, step.notebook))
            new = plan.hashes(self.stage.made, names)
            old = plan.published(self.project, step, self.edition.name)
            moves |= {name: f"made/{name}" for name, value in new.items() if old.get(name) != value}
            moves |= dict.fromkeys(old.keys() - new.keys())
            self.record.steps[step.name] = {"key": self.keys[step.name], "outputs": new}
        if self.options.pages:
            more, rewritten = self.options.pages.make(self.project, self.stage.made, self.stage.root / "pages")
        else:
            more, rewritten = {}, ()
        changed = tuple(sorted((*moves, *rewritten)))
        moves |= more
        state = plan.state_file(self.project, self.edition.name)
        (self.stage.root / "state.json").write_text(self.record.dumps())
        moves[state.relative_to(self.project.root).as_posix()] = "state.json"
        publish.commit(self.project, self.stage.root, moves)
        shutil.rmtree(self.stage.failed, ignore_errors=True)
        return Report(self.edition.name, tuple(self.ran), changed)


def _cells_to_run(source: hygiene.Notebook, injected: dict[str, object]) -> list[str]:
    """The text of each cell that will be executed; [1] is the first."""
    texts = []
    for cell in hygiene.code_cells(source):
        texts.append(hygiene.text(cell))
        if injected and "parameters" in hygiene.tags(cell):
            texts.append("\n".join(f"{name} = {value!r}" for name, value in injected.items()))
    return texts


def _cause(code: int | None) -> str:
    return signal.Signals(-code).name if code and code < 0 else f"exit code {code}"
