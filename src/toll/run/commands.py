"""What `toll run`, `status` and `lab` do and say."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING

from toll.problems import Problem, Problems
from toll.project import Project
from toll.run import editions, plan, runner
from toll.run.imports import Imports
from toll.run.shared_pages import Pages

if TYPE_CHECKING:
    from toll.run.pool import Pool

Runner = Callable[[Project, list[runner.Planned], runner.Options], list[runner.Report]]

SHARED = Pages(
    made_by="toll.pages.shared:write",
    reads=(
        "data/raw/*.csv",
        "editions/**/*.yml",
        "notebooks/**/*.ipynb",
        "notebooks/chain.yml",
        "requirements.lock",
        "figures/**/gallery.json",
        "figures/**/SHA256SUMS",
    ),
    writes=("figures/index.html", "figures/ro-crate-metadata.json", "README.md", "CORRECTIONS.md"),
)


def run(project: Project, args: argparse.Namespace) -> int:
    options, carry_out = _options(project, args), _runner(args)
    overrides = _overrides(args)
    sweep = None
    if args.sweep:
        from toll.run.sweep import plan_sweep, summarise

        sweep = plan_sweep(project, _names(project, args)[0], overrides, args.sweep, args.name)
        options.pages = None  # a sweep is for its numbers
        wanted = sweep.runs
    else:
        wanted = [runner.plan_edition(project, name, overrides, args.name) for name in _names(project, args)]
    _warn(project)
    stale = list(wanted) if args.force else runner.stale(project, wanted, options.pages)
    moments: list[runner.Moment] = []
    warm = stale and not args.cluster
    with _renderers(_pages(project), options.jobs, ahead=not sweep) if warm else contextlib.nullcontext():
        reports = _run(project, stale, options, moments, carry_out) if stale else []
    failures = [report.failure for report in reports if report.failure]
    if failures and args.debug:
        raise failures[0]
    seconds = time.monotonic() - options.started
    _say_what_was_made(project, reports, [edition.name for _, edition in wanted], seconds)
    if sweep and not failures:  # the table is that of all runs, or there is none
        for name in summarise(project, sweep):
            print(name)
    if args.profile and moments:
        _profile(project, moments, seconds)
    return 1 if failures else 0


def _profile(project: Project, moments: list[runner.Moment], seconds: float) -> None:
    from toll.run import timeline

    picture = project.work / "profile.svg"
    spans = timeline.spans(moments, seconds)
    timeline.draw(spans, picture)
    print(timeline.text(spans), picture.relative_to(project.root), sep="\n")


def _options(project: Project, args: argparse.Namespace) -> runner.Options:
    engine = args.engine or runner.DEFAULT_ENGINE
    options = runner.Options(force=args.force, engine=engine, pages=_pages(project))
    if args.jobs is not None or args.cluster is not None:
        options.jobs = max(1, args.jobs or 1)  # a worker has a core
    return options


def _renderers(pages: Pages | None, jobs: int, ahead: bool = True) -> AbstractContextManager[None]:
    """Warm processes for the pictures of a run, where it makes any; `ahead`: of all sizes, as they will be exported."""
    from toll.graphics import renderers

    drawn = pages and renderers.POSSIBLE
    return renderers.running(jobs, ahead) if drawn else contextlib.nullcontext()


def _runner(args: argparse.Namespace) -> Runner:
    """What carries the runs out: this machine, or a cluster."""
    if args.cluster is None:
        if args.store is not None:
            raise Problems([Problem.old("--store", None, None, "no --cluster", "both", "Add --cluster ADDRESS.")])
        return runner.run
    try:
        from toll.run import cluster
    except ModuleNotFoundError as error:
        raise Problems(
            [
                Problem.old(
                    "--cluster",
                    None,
                    None,
                    f"that {error.name} is not installed",
                    "the extra `cluster`",
                    "Install it: `make`, or pip install 'toll[cluster]'.",
                )
            ]
        ) from None
    return partial(cluster.run, address=args.cluster, url=args.store)


def _run(
    project: Project,
    stale: list[runner.Planned],
    options: runner.Options,
    moments: list[runner.Moment],
    carry_out: Runner,
) -> list[runner.Report]:
    """Runs editions, shows how far it is and notes when what happened."""
    from toll.run.progress import progress

    with progress(len(stale)) as show:
        options.watch = lambda moment: (moments.append(moment), show(moment))
        moments.append(runner.Moment(0, "", "plan", runner.PLANNING))
        options.tell("", "plan", runner.DONE)
        return carry_out(project, stale, options)


def watch(project: Project, args: argparse.Namespace) -> int:
    """Keeps an edition up to date while its files are edited; ends by Ctrl-C."""
    from toll.run import watch as watcher
    from toll.run.pool import Pool

    try:
        options = runner.Options(pages=_pages(project))
        with runner.terminable(), _renderers(options.pages, options.jobs), Pool(runner.DEFAULT_ENGINE) as pool:
            print("Watching; Ctrl-C ends.", file=sys.stderr)
            watcher.watch(project, lambda: _react(project, args, pool))
    except KeyboardInterrupt:
        print("No longer watching.", file=sys.stderr)
        return 0
    watcher.start_anew()


def _react(project: Project, args: argparse.Namespace, pool: Pool) -> None:
    """Runs what is stale now; what is wrong is said, and can be mended."""
    options = runner.Options(pages=_pages(project))
    try:
        wanted = [runner.plan_edition(project, name) for name in _names(project, args)]
        if stale := runner.stale(project, wanted, options.pages):
            reports = _run(project, stale, options, [], partial(runner.run, pool=pool))
            _say_what_was_made(project, reports, [], time.monotonic() - options.started)
    except (Problems, OSError) as error:
        print(error, file=sys.stderr)
    sys.stdout.flush()


def _warn(project: Project) -> None:
    """Says which published figures have changed without a correction; a run goes on all the same."""
    if project.raw.is_dir():
        from toll.source import corrections

        for problem in corrections.uncorrected(project):
            print(f"Warning: {problem}", file=sys.stderr)


def _say_what_was_made(project: Project, reports: list[runner.Report], names: list[str], seconds: float) -> None:
    for report in reports:
        if report.failure:
            print(report.failure, file=sys.stderr)
            continue
        print(f"{report.edition}: ran {', '.join(report.ran) or 'nothing'}; {_count(len(report.changed))} changed")
    if not reports:
        print(f"{', '.join(names)}: everything is up to date")
    gallery = project.figures / "index.html"
    if gallery.exists() and not any(report.failure for report in reports):
        print(gallery.relative_to(project.root))
    if reports:
        print(f"{seconds:.1f} s")


def _count(files: int) -> str:
    return "1 file" if files == 1 else f"{files} files"


def _names(project: Project, args: argparse.Namespace) -> list[str]:
    if args.all:
        return editions.published(project)
    return list(dict.fromkeys(args.editions)) or [editions.DEFAULT]


def _overrides(args: argparse.Namespace) -> dict[str, str]:
    """The values given by -p, as text. Raises Problems."""
    given = [text.partition("=") for text in args.parameters]
    problems = [
        Problem.old(editions.COMMAND_LINE, None, None, repr(name), "NAME=VALUE", "Write -p name=value.")
        for name, sign, _ in given
        if not sign
    ]
    names = [name for name, _, _ in given]
    problems += [
        Problem.old(editions.COMMAND_LINE, None, name, "the name a second time", "each name once", "Delete one.")
        for name in sorted(set(names))
        if names.count(name) > 1
    ]
    if bool(given or args.sweep) != bool(args.name):
        problems.append(
            Problem.old(
                editions.COMMAND_LINE,
                None,
                None,
                "one without the other",
                "-p or --sweep and --as NAME together",
                "A variation has a name of its own, so that it overwrites nothing.",
            )
        )
    if (args.name or args.sweep) and (args.all or len(args.editions) > 1):
        problems.append(Problem.old("--as", None, None, "several editions", "one", "Name the edition to vary."))
    if problems:
        raise Problems(problems)
    return {name: value for name, _, value in given}


def _pages(project: Project) -> Pages | None:
    """The shared pages, where there are raw tables to make them from."""
    return SHARED if project.raw.is_dir() else None


def status(project: Project, args: argparse.Namespace) -> int:
    found = {}
    imports = Imports(plan.memory(project))
    for name in _names(project, args):
        chain, edition = runner.plan_edition(project, name)
        found[name] = plan.survey(project, chain, edition, imports)
    if pages := _pages(project):
        found["shared pages"] = {"pages": pages.why(project)}
    if args.json:
        print(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        for name, steps in found.items():
            prefix = f"{name}: " if len(found) > 1 else ""
            for step, reasons in steps.items():
                print(f"{prefix}{step}: {'stale: ' + '; '.join(reasons) if reasons else 'up to date'}")
    return 3 if any(reasons for steps in found.values() for reasons in steps.values()) else 0


def lab(project: Project, args: argparse.Namespace) -> int:
    os.chdir(project.notebooks)
    os.environ |= {"TZ": "UTC", "POLARS_MAX_THREADS": "1"}
    os.execv(sys.executable, [sys.executable, "-m", "jupyterlab"])
