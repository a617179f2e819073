"""What is stale and why, decided by content and never by the clock.

A step is up to date when everything it depends on is as it was when it last ran on this machine, and everything it
published is as it was published then. The record of that is `.toll/state/EDITION.json`, which is not committed: a
fresh clone runs once and finds that it makes the committed bytes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from toll.problems import Problem, Problems, Where
from toll.project import Project
from toll.run import editions, files, parsed, steps
from toll.run.editions import Edition, executed
from toll.run.files import Hashes
from toll.run.steps import Step

if TYPE_CHECKING:
    from toll.run.shared_pages import SharedPages

ENGINE = f"toll.run 2, python {sys.version.split()[0]}"

Key = dict[str, Any]
Planned = tuple[tuple[Step, ...], Edition]


class Hooks(NamedTuple):
    """How a run asks the rest of the package what steps and files cannot tell.

    `check` gives what is wrong with the inputs of an edition, whose parameters come from the file of that name, and
    `warn` what a reader should know before a run, `notes` of an edition after it. `pages` are shared by all editions.
    `preload` and `warm_up` name functions, MODULE:FUNCTION, that prepare processes; see `pool.Settings`.
    """

    check: Callable[[Project, Edition, str], list[Problem]] = lambda project, edition, file: []
    warn: Callable[[Project], list[Problem]] = lambda project: []
    notes: Callable[[Project, str], list[str]] = lambda project, edition: []
    pages: SharedPages | None = None
    preload: str = ""
    warm_up: str = ""


NO_HOOKS = Hooks()


class Record:
    """What ran on this machine for one edition: by step, its key and the hashes of what it published."""

    def __init__(self, steps: dict[str, dict[str, Any]]):
        self.steps = steps

    @classmethod
    def load(cls, project: Project, edition: str) -> Record:
        try:
            return cls(json.loads(state_file(project, edition).read_text()))
        except (FileNotFoundError, ValueError):
            return cls({})

    def dumps(self) -> str:
        return json.dumps(self.steps, indent=1, sort_keys=True) + "\n"

    def key(self, step: str) -> Key:
        return self.steps.get(step, {}).get("key", {})

    def outputs(self, step: str) -> Hashes:
        return self.steps.get(step, {}).get("outputs", {})


def state_file(project: Project, edition: str) -> Path:
    return project.work / "state" / f"{edition}.json"


def plan_edition(
    project: Project,
    base: str,
    overrides: dict[str, str] | None = None,
    name: str | None = None,
) -> Planned:
    """Steps and parameters of an edition, or of a variation of it under `name`. Raises Problems."""
    editions.check_name(project, name or base, new=name is not None)  # first, for chain.yml's paths have it in them
    chain = steps.read(project, name or base)
    edition = editions.resolve(project, chain, base, overrides, name)
    parsed.keep(project)
    return chain, edition


def check(
    project: Project, planned: Iterable[Planned], hooks: Hooks, file: str = "", overrides: Iterable[str] = ()
) -> None:
    """Raises Problems with everything that is wrong with the inputs of planned editions, before any of them runs.

    `file` is where their parameters come from, if it is not the editions' own; `overrides` those of the command line.
    """
    problems = []
    for chain, edition in planned:
        if any(steps.covers("data/raw", path) for step in chain for path in step.reads):
            problems += hooks.check(project, edition, file or f"editions/{edition.name}.yml")
    if problems:
        given = Where(editions.COMMAND_LINE)
        raise Problems(
            problem._replace(where=given._replace(column=problem.where.column))
            if problem.where.column in set(overrides)
            else problem
            for problem in problems
        )


def key(project: Project, step: Step, edition: Edition, reads: Hashes) -> Key:
    """Everything that a step's output depends on; `reads` are the hashes of the project's files that it reads."""
    own = {name: files.quick_digest(file) for name, file in edition.user_files.get(step.name, {}).items()}
    return {
        "notebook": parsed.notebook(project, step.notebook).digest,
        "parameters": edition.parameters(step.name),
        "reads": reads | own,
        "package": files.package_digest(),
        "lock": files.quick_digest(project.lock) if project.lock.exists() else "none",
        "engine": ENGINE,
    }


def published(project: Project, step: Step, edition: str) -> Hashes:
    """Hashes of what is published of a step: its outputs and its executed notebook."""
    paths = *step.writes, executed(project, edition, step.notebook)
    return files.hashes(project.root, *paths, digest=files.quick_digest)


def why(project: Project, step: Step, edition: Edition, now: Key, record: Record) -> list[str]:
    """Why a step whose key is `now` is stale, the cause first; nothing if it is up to date."""
    then = record.key(step.name)
    if not then:
        return ["never run on this machine"]
    changed = {name for name in now if now[name] != then.get(name)}
    before, after = then.get("parameters", {}), now["parameters"]
    reasons = [f"{step.notebook} changed"] if "notebook" in changed else []
    reasons += [
        f"parameter {name}: {before.get(name)!r} → {after.get(name)!r}"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]
    reasons += [f"{name} {what}" for name, what in files.changes(now["reads"], then.get("reads", {}))]
    reasons += ["the code of toll changed"] if "package" in changed else []
    reasons += ["requirements.lock changed"] if "lock" in changed else []
    reasons += [f"the engine changed ({then.get('engine')} → {now['engine']})"] if "engine" in changed else []
    if reasons:
        return reasons
    outputs = published(project, step, edition.name)
    return [f"{name} {what} by hand" for name, what in files.changes(outputs, record.outputs(step.name))]


def survey(project: Project, chain: tuple[Step, ...], edition: Edition) -> dict[str, list[str]]:
    """For each step why it is stale, as things are now; a step after a stale one is stale with it."""
    record = Record.load(project, edition.name)
    reasons: dict[str, list[str]] = {}
    for step in chain:
        reads = files.hashes(project.root, *step.reads, digest=files.quick_digest)
        own = why(project, step, edition, key(project, step, edition, reads), record)
        reasons[step.name] = own or [f"{name} is stale" for name in step.after if reasons[name]]
    return reasons


def stale(project: Project, wanted: Iterable[Planned], hooks: Hooks) -> list[Planned]:
    """Those of planned editions that are not up to date: all of them if the shared pages are not."""
    wanted = list(wanted)
    if interrupted(project) or (hooks.pages and hooks.pages.why(project)):
        return wanted
    return [(chain, edition) for chain, edition in wanted if any(survey(project, chain, edition).values())]


def journal(project: Project) -> Path:
    """What a publication leaves if it is interrupted; see `publish`."""
    return project.work / "journal.json"


def interrupted(project: Project) -> bool:
    """Whether a run was cut short while publishing."""
    return journal(project).exists()
