"""What `toll run`, `status`, `watch` and `lab` do and say. `hooks` is how a run asks the rest of the package."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from toll.problems import Problem, Problems, Where
from toll.project import Project
from toll.run import editions as named
from toll.run import plan
from toll.run.plan import Hooks

if TYPE_CHECKING:
    from toll.run.runner import Report


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
    names, grid = _names(project, editions, every), None
    if sweep:
        from toll.run.sweep import plan_sweep, summarize

        hooks = hooks._replace(pages=None)  # a sweep is for its numbers
        grid = plan_sweep(project, names[0], overrides, sweep, name or "")
    wanted = grid.runs if grid else [plan.plan_edition(project, one, overrides, name) for one in names]
    stale = list(wanted) if force else plan.stale(project, wanted, hooks)
    plan.check(project, stale, hooks, "--sweep" if sweep else "", overrides)
    _warn(project, hooks, anew=bool(stale))
    if stale:
        from toll.run import runner
        from toll.run.progress import progress

        options = runner.Options(hooks, force=force, ahead=not (sweep or cluster), started=started)
        options.engine = engine or options.engine
        options.jobs = max(1, jobs or (1 if cluster else options.jobs))  # a cluster's worker has one core
        execute = _on_cluster(cluster, store) if cluster else runner.run
        with progress(len(stale)) as options.emit:
            reports = execute(project, stale, options)
        runner.tell(project, reports, options)
    else:
        print(f"{', '.join(edition.name for _, edition in wanted)}: everything is up to date")
        if (gallery := project.figures / "index.html").exists():
            print(gallery.relative_to(project.root))
    if grid:  # the table is that of all runs, or there is none
        print("".join(f"{changed}\n" for changed in summarize(project, grid)), end="")
    return 0


def _on_cluster(address: str, store: str | None) -> Callable[..., list[Report]]:
    try:
        from toll.run import cluster
    except ModuleNotFoundError as error:
        hint = "Install the extra `cluster`: run `make`, or pip install 'toll[cluster]'."
        raise _problem("--cluster", f"The library {error.name} is not installed.", hint) from None
    return partial(cluster.run, address=address, url=store)


def _warn(project: Project, hooks: Hooks, anew: bool) -> None:
    """Print what a reader should know: as kept by the last run, unless something has changed since."""
    kept = project.work / "warnings.txt"
    if anew:
        project.work.mkdir(exist_ok=True)
        kept.write_text("".join(f"Warning: {problem}\n" for problem in hooks.warn(project)), "utf-8")
    if kept.exists():
        print(kept.read_text("utf-8"), end="", file=sys.stderr)


def _names(project: Project, editions: list[str], every: bool) -> list[str]:
    return named.published(project) if every else list(dict.fromkeys(editions)) or [named.default(project)]


def _overrides(parameters: list[str], name: str | None, sweep: list[str], alone: bool) -> dict[str, str]:
    """The values given by -p, as text. Raises Problems."""
    found, problems = dict[str, str](), []
    for parameter, sign, value in (text.partition("=") for text in parameters):
        where = Where(named.COMMAND_LINE, None, parameter)
        if not sign:
            problems.append(Problem(where, "The parameter has no value.", "Write -p name=value."))
        if parameter in found:
            problems.append(Problem(where, "The parameter is given twice.", "Delete one."))
        found[parameter] = value
    if bool(parameters or sweep) != bool(name):
        hint = "A variation has a name of its own, so that it overwrites nothing."
        problems.append(Problem(Where("--as"), "-p and --sweep go together with --as NAME.", hint))
    if (name or sweep) and not alone:
        problems.append(Problem(Where("--as"), "Only one edition at a time can be varied.", "Name the one to vary."))
    if problems:
        raise Problems(problems)
    return found


def _problem(place: str, message: str, hint: str) -> Problems:
    return Problems([Problem(Where(place), message, hint)])


def status(project: Project, *, hooks: Hooks, editions: list[str], every: bool, json: bool) -> int:
    """Print what is stale and why, then what an edition has left out or nobody has approved."""
    wanted = [plan.plan_edition(project, name) for name in _names(project, editions, every)]
    found = {edition.name: plan.survey(project, chain, edition) for chain, edition in wanted}
    stale = [one for one in wanted if any(found[one[1].name].values())]
    if hooks.pages and hooks.pages.exist(project):
        found["shared pages"] = {"pages": hooks.pages.why(project)}
    if json:
        from json import dumps

        print(dumps(found, indent=1, ensure_ascii=False))
    else:
        for name, steps in found.items():
            prefix = f"{name}: " if len(found) > 1 else ""
            for step, reasons in steps.items():
                print(f"{prefix}{step}: {'stale: ' + '; '.join(reasons) if reasons else 'up to date'}")
        for name in (edition.name for _, edition in wanted):
            print("".join(f"{name}: {note}\n" for note in hooks.notes(project, name)), end="")
    plan.check(project, stale, hooks)
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
