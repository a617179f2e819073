"""What `toll run`, `status`, `watch` and `lab` do and say. `hooks` is how a run asks the rest of the package."""

from __future__ import annotations

import os
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from toll.problems import Problem, Problems, Where
from toll.project import Project
from toll.run import editions as named
from toll.run import plan
from toll.run.plan import Hooks, Planned

if TYPE_CHECKING:
    from toll.run.runner import Executor, Options, Report

STALE = 3  # the exit code of `toll status`


def run(
    project: Project,
    *,
    hooks: Hooks,
    editions: list[str],
    every: bool,
    parameters: list[str],
    name: str | None,
    sweep: list[str],
    force: bool,
    engine: str | None,
    jobs: int | None,
    cluster: str | None,
    store: str | None,
) -> int:
    """Bring editions up to date, or a variation or a sweep of one. Raises Problems if any of them fails."""
    started = time.monotonic()
    overrides = _overrides(parameters, name, sweep, alone=not every and len(editions) < 2)
    if store is not None and cluster is None:
        raise _problem("--store", "Only runs on a cluster use a store.", "Add --cluster ADDRESS.")
    names = _names(project, editions, every)
    planned_sweep = None
    if sweep:
        from toll.run.sweep import plan_sweep

        hooks = hooks._replace(pages=None)  # a sweep is for its numbers
        planned_sweep = plan_sweep(project, names[0], overrides, sweep, name or "")
        wanted = list(planned_sweep.runs)
    else:
        wanted = [plan.plan_edition(project, one, overrides, name) for one in names]
    stale = wanted if force else plan.stale(project, wanted, hooks)
    plan.check(project, stale, hooks, "--sweep" if sweep else "", overrides)
    _warn(project, hooks, anew=bool(stale))
    if stale:
        from toll.run import runner

        options = runner.Options(force, engine or runner.DEFAULT_ENGINE, pages=hooks.pages, started=started)
        options.jobs = max(1, jobs or (1 if cluster else options.jobs))  # a cluster's worker has one core
        reports = runner.execute(project, stale, options, _executor(hooks, cluster, store, ahead=not sweep))
        runner.tell(project, reports, started)
        if failures := [problem for report in reports if report.failure for problem in report.failure.problems]:
            raise Problems(failures)
    else:
        print(f"{', '.join(edition.name for _, edition in wanted)}: everything is up to date")
        if (gallery := project.figures / "index.html").exists():
            print(gallery.relative_to(project.root))
    if planned_sweep:  # the table is that of all runs, or there is none
        from toll.run.sweep import summarize

        for changed in summarize(project, planned_sweep):
            print(changed)
    return 0


def _executor(hooks: Hooks, cluster: str | None, store: str | None, ahead: bool) -> Executor:
    """What carries the runs out: this machine, or a cluster."""
    if cluster is None:
        return partial(_run_here, hooks=hooks, ahead=ahead)
    try:
        from toll.run import cluster as workers
    except ModuleNotFoundError as error:
        hint = "Install the extra `cluster`: run `make`, or pip install 'toll[cluster]'."
        raise _problem("--cluster", f"The library {error.name} is not installed.", hint) from None
    return partial(workers.run, hooks=hooks, address=cluster, url=store)


def _run_here(project: Project, stale: list[Planned], options: Options, hooks: Hooks, ahead: bool) -> list[Report]:
    from toll.run import runner

    with runner.pool(options, hooks, ahead) as pool:
        return runner.run(project, stale, options, pool)


def _warn(project: Project, hooks: Hooks, anew: bool) -> None:
    """Print what a reader should know: as kept by the last run, unless something has changed since."""
    kept = project.work / "warnings.txt"
    if anew:
        project.work.mkdir(exist_ok=True)
        kept.write_text("".join(f"Warning: {problem}\n" for problem in hooks.warn(project)))
    if kept.exists():
        print(kept.read_text(), end="", file=sys.stderr)


def _names(project: Project, editions: list[str], every: bool) -> list[str]:
    if every:
        return named.published(project)
    return list(dict.fromkeys(editions)) or [named.default(project)]


def _overrides(parameters: list[str], name: str | None, sweep: list[str], alone: bool) -> dict[str, str]:
    """The values given by -p, as text. Raises Problems."""
    given = [text.partition("=") for text in parameters]
    names = [name for name, _, _ in given]
    where = Where(named.COMMAND_LINE)
    problems = [
        Problem(where, f"{name!r} has no value.", "Write -p name=value.") for name, sign, _ in given if not sign
    ]
    problems += [
        Problem(where._replace(column=name), "The parameter is given twice.", "Delete one.")
        for name in sorted(set(names))
        if names.count(name) > 1
    ]
    if bool(parameters or sweep) != bool(name):
        hint = "A variation has a name of its own, so that it overwrites nothing."
        problems.append(Problem(where, "-p and --sweep go together with --as NAME.", hint))
    if (name or sweep) and not alone:
        problems.append(Problem(Where("--as"), "Only one edition at a time can be varied.", "Name the one to vary."))
    if problems:
        raise Problems(problems)
    return {name: value for name, _, value in given}


def _problem(place: str, message: str, hint: str) -> Problems:
    return Problems([Problem(Where(place), message, hint)])


def status(project: Project, *, hooks: Hooks, editions: list[str], every: bool, json: bool) -> int:
    """Print what is stale and why."""
    wanted = [plan.plan_edition(project, name) for name in _names(project, editions, every)]
    found = {edition.name: plan.survey(project, chain, edition) for chain, edition in wanted}
    plan.check(project, [one for one in wanted if any(found[one[1].name].values())], hooks)
    if hooks.pages and hooks.pages.exist(project):
        found["shared pages"] = {"pages": hooks.pages.why(project)}
    if json:
        import json as format_

        print(format_.dumps(found, indent=1, ensure_ascii=False))
    else:
        for name, steps in found.items():
            prefix = f"{name}: " if len(found) > 1 else ""
            for step, reasons in steps.items():
                print(f"{prefix}{step}: {'stale: ' + '; '.join(reasons) if reasons else 'up to date'}")
    return STALE if any(reasons for steps in found.values() for reasons in steps.values()) else 0


def watch(project: Project, *, hooks: Hooks, editions: list[str], every: bool) -> int:
    """Keep editions up to date while their files are edited, and show them in the browser, until Ctrl-C."""
    from toll.run import watch as watcher

    try:
        watcher.watch(project, hooks, lambda: _names(project, editions, every))
    except KeyboardInterrupt:
        print("No longer watching.", file=sys.stderr)
    return 0


def lab(project: Project) -> NoReturn:
    """Open JupyterLab on the notebooks."""
    os.chdir(project.notebooks)
    os.environ |= {"TZ": "UTC", "POLARS_MAX_THREADS": "1"}
    os.execv(sys.executable, [sys.executable, "-m", "jupyterlab"])
