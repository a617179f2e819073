"""What `toll run`, `status`, `check` and `lab` do and say."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path

from toll.chain import editions, plan
from toll.chain import run as runner
from toll.chain.pages import Pages
from toll.paths import Project
from toll.problems import Problem, Problems

SHARED = Pages(
    made_by="toll.front:write",
    reads=("data/raw/*.csv", "figures/**/gallery.json"),
    writes=("figures/index.html", "README.md", "CORRECTIONS.md"),
)


def run(project: Project, args: argparse.Namespace) -> int:
    started = time.monotonic()
    overrides = _overrides(args)
    names = _names(project, args)
    wanted = [runner.plan_edition(project, name, overrides, args.name) for name in names]
    options = runner.Options(force=args.force, engine=args.engine or runner.DEFAULT_ENGINE, pages=_pages(project))
    if args.jobs is not None:
        options.jobs = max(1, args.jobs)
    reports = []
    if args.force or any(runner.stale(project, chain, edition, options.pages) for chain, edition in wanted):
        from toll.chain.progress import progress

        try:
            with progress() as options.watch:
                reports = runner.run(project, wanted, options)
        except runner.StepFailed as failed:
            if args.debug:
                raise
            print(failed, file=sys.stderr)
            return 1
    _say_what_was_made(project, reports, [edition.name for _, edition in wanted], time.monotonic() - started)
    return 0


def _say_what_was_made(project: Project, reports: list[runner.Report], names: list[str], seconds: float) -> None:
    for report in reports:
        print(f"{report.edition}: ran {', '.join(report.ran) or 'nothing'}; {_count(len(report.changed))} changed")
    if not reports:
        print(f"{', '.join(names)}: everything is up to date")
    gallery = project.figures / "index.html"
    if gallery.exists():
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
        Problem(editions.COMMAND_LINE, None, None, repr(name), "NAME=VALUE", "Write -p name=value.")
        for name, sign, _ in given
        if not sign
    ]
    names = [name for name, _, _ in given]
    problems += [
        Problem(editions.COMMAND_LINE, None, name, "the name a second time", "each name once", "Delete one.")
        for name in sorted(set(names))
        if names.count(name) > 1
    ]
    if bool(given) != bool(args.name):
        problems.append(
            Problem(
                editions.COMMAND_LINE,
                None,
                None,
                "one without the other",
                "-p and --as NAME together",
                "A variation has a name of its own, so that it overwrites nothing.",
            )
        )
    if args.name and (args.all or len(args.editions) > 1):
        problems.append(Problem("--as", None, None, "several editions", "one", "Name the edition to vary."))
    if problems:
        raise Problems(problems)
    return {name: value for name, _, value in given}


def _pages(project: Project) -> Pages | None:
    """The shared pages, where there are raw tables to make them from."""
    return SHARED if project.raw.is_dir() else None


def status(project: Project, args: argparse.Namespace) -> int:
    found = {}
    for name in _names(project, args):
        chain, edition = runner.plan_edition(project, name)
        found[name] = plan.survey(project, chain, edition)
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


def check(project: Project, args: argparse.Namespace) -> int:
    from toll import raw

    problems = raw.check(project)
    if args.article:
        problems += raw.check_article(project, Path(args.article))
    problems = Problems(problems).problems
    if args.json:
        print(json.dumps([problem.as_dict() for problem in problems], indent=1, ensure_ascii=False))
    else:
        for problem in problems:
            print(problem, file=sys.stderr)
        if not problems:
            print("data/raw: no problem found")
    return 1 if problems else 0


def lab(project: Project, args: argparse.Namespace) -> int:
    os.chdir(project.notebooks)
    os.environ |= {"TZ": "UTC", "POLARS_MAX_THREADS": "1"}
    os.execv(sys.executable, [sys.executable, "-m", "jupyterlab"])
