"""One edition run over a grid of parameters, and one table of all the numbers that the runs calculated.

    toll run article --sweep as_of=2014-08-11..2014-08-20 --sweep dispersion=1,2,3 --as 'sweep/{as_of}-{dispersion}'

A run goes as far as the numbers need: up to the step that writes the ledger, so that nothing is drawn that nobody
looks at. Each is published on its own and recorded as any other, so a sweep that was interrupted goes on where it
was. The table is `data/processed/FOLDER/summary.parquet` and `.csv`, FOLDER being the one in the runs' names.
"""

from __future__ import annotations

import datetime as dt
import itertools
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from toll.problems import Problem, Problems
from toll.project import Project
from toll.run import editions, plan, publish, runner, steps
from toll.run.editions import Edition, Value
from toll.run.steps import Step

LEDGER = "data/processed/{edition}/ledger.parquet"
SUMMARY = "summary"
COLUMNS = ("id", "value", "low", "high", "text")
MOST_RUNS = 10_000
PLACE = re.compile(r"\{([^{}]*)\}")

Axes = dict[str, dict[str, Value]]  # by parameter: text and value of each point


@dataclass(frozen=True)
class Sweep:
    """The planned runs, and the values of the swept parameters in each."""

    folder: str
    runs: tuple[runner.Planned, ...]
    points: tuple[dict[str, Value], ...]


def plan_sweep(project: Project, base: str, overrides: dict[str, str], sweeps: list[str], template: str) -> Sweep:
    """Every run of the grid, its name and its values checked. Raises Problems."""
    chain, edition = runner.plan_edition(project, base, overrides)
    axes = _axes(edition, sweeps)
    folder = _folder(template, axes)
    names, points = [], []
    for texts in itertools.product(*axes.values()):
        chosen = dict(zip(axes, texts, strict=True))
        names.append(PLACE.sub(lambda place, chosen=chosen: chosen[place[1]], template))
        points.append({name: axes[name][text] for name, text in chosen.items()})
    _check_names(project, names, template)
    varied = [edition.varied(name, point) for name, point in zip(names, points, strict=True)]
    if problems := [problem for one in varied for problem in runner.faults(project, chain, one, "--sweep")]:
        raise Problems(problems)
    runs = tuple((_as_far_as(LEDGER, steps.read(project, one.name), one), one) for one in varied)
    return Sweep(folder, runs, tuple(points))


def _axes(edition: Edition, sweeps: list[str]) -> Axes:
    axes: Axes = {}
    problems = []
    for given in sweeps:
        name, _, text = given.partition("=")
        try:
            if name in axes:
                raise ValueError("the name a second time", "each name once", "Delete one.")
            axes[name] = dict(_points(edition, name, text))
        except ValueError as error:
            problems.append(Problem.old("--sweep", None, name, *error.args))
    if (runs := len(list(itertools.islice(itertools.product(*axes.values()), MOST_RUNS + 1)))) > MOST_RUNS:
        problems.append(Problem.old("--sweep", None, None, f"more than {runs - 1} runs", "fewer", "Give fewer values."))
    if problems:
        raise Problems(problems)
    return axes


def _points(edition: Edition, name: str, text: str) -> Iterator[tuple[str, Value]]:
    """Each value of `FIRST..LAST` or `VALUE,VALUE,…`, as text and typed. Raises ValueError as `editions.typed`."""
    seen: set[Value] = set()
    known = edition.known()
    default = known[name].default if name in known else None
    for each in _range(*text.split("..", 1), default) if ".." in text else text.split(","):
        value = editions.value(known, name, each)
        if value in seen:
            raise ValueError(f"{each!r} a second time", "each value once", "Delete one.")
        seen.add(value)
        yield each, value


def _range(first: str, last: str, default: Value | None) -> Iterator[str]:
    """All whole numbers, or all days, from the first to the last."""
    try:
        if type(default) is int:
            numbers = range(int(first), int(last) + 1)
        else:
            start = dt.date.fromisoformat(first).toordinal()
            numbers = range(start, dt.date.fromisoformat(last).toordinal() + 1)
    except ValueError:
        numbers = range(0)
    if not 0 < len(numbers) <= MOST_RUNS:
        raise ValueError(
            f"{first}..{last}",
            "a range of days or whole numbers, the earlier first",
            "Write FIRST..LAST, or the values with commas between them.",
        )
    return (str(n) if type(default) is int else dt.date.fromordinal(n).isoformat() for n in numbers)


def _folder(template: str, axes: Axes) -> str:
    """The folder that all the runs have to themselves."""
    folder, places = template.partition("{")[0].rpartition("/")[0], PLACE.findall(template)
    if not folder or sorted(places) != sorted(axes) or set(PLACE.sub("", template)) & set("{}"):
        example = f"sweep/{'-'.join(f'{{{name}}}' for name in axes)}"
        raise Problems(
            [
                Problem.old(
                    "--as",
                    None,
                    None,
                    repr(template),
                    "a folder, and each swept parameter once",
                    f"Write --as '{example}'.",
                )
            ]
        )
    return folder


def _check_names(project: Project, names: list[str], template: str) -> None:
    for name in names:
        editions.check_name(project, name, new=True)
    beside = sorted(names, key=lambda name: name.split("/"))
    if any(steps.covers(one, other) for one, other in itertools.pairwise(beside)):
        raise Problems(
            [
                Problem.old(
                    "--as",
                    None,
                    None,
                    f"runs of one name, or one under another, from {template!r}",
                    "names beside one another",
                    "Change the pattern or the values.",
                )
            ]
        )


def _as_far_as(path: str, chain: tuple[Step, ...], edition: Edition) -> tuple[Step, ...]:
    """The steps that it takes to write the path."""
    wanted = path.format(edition=edition.name)
    needed = {step.name for step in chain if any(steps.covers(write, wanted) for write in step.writes)}
    if not needed:
        raise Problems(
            [
                Problem.old(
                    str(steps.CHAIN),
                    None,
                    None,
                    f"no step that writes {path}",
                    "one",
                    "A sweep gathers its numbers from there.",
                )
            ]
        )
    for step in reversed(chain):
        needed |= set(step.after) if step.name in needed else set()
    return tuple(step for step in chain if step.name in needed)


def summarise(project: Project, sweep: Sweep) -> list[str]:
    """Publishes the table of all calculated numbers of all runs. Returns the files that changed."""
    import polars as pl

    from toll import tables

    rows = []
    for (_, edition), point in zip(sweep.runs, sweep.points, strict=True):
        ledger = pl.read_parquet(project.root / LEDGER.format(edition=edition.name))
        about = [pl.lit(value).alias(name) for name, value in ({"run": edition.name} | point).items()]
        rows.append(ledger.filter(pl.col("status") == "calculated").select(*about, *COLUMNS))
    stage = project.work / "stage" / f"{SUMMARY}-{os.getpid()}"
    target = project.processed(sweep.folder) / SUMMARY
    with publish.sole_run(project):
        tables.write(pl.concat(rows), stage / SUMMARY)
        files = {f"{target.relative_to(project.root).as_posix()}{file.suffix}": file for file in stage.iterdir()}
        changed = {name: file.name for name, file in files.items() if not _same(project.root / name, file)}
        publish.commit(project, stage, changed)
        shutil.rmtree(stage)
    return sorted(changed)


def _same(published: Path, made: Path) -> bool:
    return published.is_file() and plan.digest(published) == plan.digest(made)
