"""One edition run over a grid of parameters, and one table of all the numbers that the runs calculated.

    toll run article --sweep as_of=2014-08-11..2014-08-20 --sweep dispersion=1,2,3 --as 'sweep/{as_of}-{dispersion}'

A run goes as far as the numbers need, up to the step that writes the ledger, so it draws nothing that no one looks at.
Each run is published and recorded like any other, so an interrupted sweep goes on where it stopped. The table is
`data/processed/FOLDER/summary.parquet` and `.csv`, where FOLDER is the one in the runs' names.
"""

from __future__ import annotations

import datetime as dt
import itertools
import os
import re
import shutil
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from toll.problems import Problem, Problems, Where
from toll.project import CHAIN, Project
from toll.run import editions, files, plan, publish, steps
from toll.run.editions import Edition
from toll.run.notebook_file import Value
from toll.run.steps import Step

LEDGER = "data/processed/{edition}/ledger.parquet"
SUMMARY = "summary"
COLUMNS = ("id", "value", "low", "high", "text")
MOST_RUNS = 10_000
PLACE = re.compile(r"\{([^{}]*)\}")

Axes = dict[str, dict[str, Value]]  # by parameter: text and value of each point


class Sweep(NamedTuple):
    """The planned runs, and the values of the swept parameters in each."""

    folder: str
    runs: tuple[plan.Planned, ...]
    points: tuple[dict[str, Value], ...]


def plan_sweep(project: Project, base: str, overrides: dict[str, str], sweeps: list[str], template: str) -> Sweep:
    """Every run of the grid, with names and values checked. Raises Problems."""
    _, edition = plan.plan_edition(project, base, overrides)
    axes = _axes(edition, sweeps)
    folder = _folder(template, axes)
    names, points = [], []
    for texts in itertools.product(*axes.values()):
        chosen = dict(zip(axes, texts, strict=True))
        names.append(PLACE.sub(partial(_value, chosen), template))
        points.append({name: axes[name][text] for name, text in chosen.items()})
    _check_names(project, names, template)
    varied = (edition.varied(name, point) for name, point in zip(names, points, strict=True))
    runs = tuple((_as_far_as(LEDGER, steps.read(project, one.name), one), one) for one in varied)
    return Sweep(folder, runs, tuple(points))


def _value(chosen: dict[str, str], place: re.Match[str]) -> str:
    return chosen[place[1]]


def _axes(edition: Edition, sweeps: list[str]) -> Axes:
    axes: Axes = {}
    problems = []
    for given in sweeps:
        name, _, text = given.partition("=")
        try:
            if name in axes:
                raise ValueError("The parameter is given twice.", "Delete one.")
            axes[name] = dict(_points(edition, name, text))
        except ValueError as error:
            problems.append(Problem(Where("--sweep", None, name), *error.args))
    if len(list(itertools.islice(itertools.product(*axes.values()), MOST_RUNS + 1))) > MOST_RUNS:
        problems.append(Problem(Where("--sweep"), f"This gives more than {MOST_RUNS} runs.", "Give fewer values."))
    if problems:
        raise Problems(problems)
    return axes


def _points(edition: Edition, name: str, text: str) -> Iterator[tuple[str, Value]]:
    """Each value of `FIRST..LAST` or `VALUE,VALUE,…`, as text and typed. Raises ValueError as `editions.typed` does."""
    seen: set[Value] = set()
    known = edition.known()
    default = known[name].default if name in known else ""
    first, between, last = text.partition("..")
    for each in _range(first, last, default) if between else text.split(","):
        value = editions.value(known, name, each)
        if value in seen:
            raise ValueError(f"{each!r} is given twice.", "Delete one.")
        seen.add(value)
        yield each, value


def _range(first: str, last: str, default: Value) -> Iterator[str]:
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
        message = f"{first}..{last} is not a range of days or whole numbers with the earlier first."
        raise ValueError(message, "Write FIRST..LAST, or the values with commas between them.")
    return (str(n) if type(default) is int else dt.date.fromordinal(n).isoformat() for n in numbers)


def _folder(template: str, axes: Axes) -> str:
    """The folder that all the runs have to themselves."""
    folder, places = template.partition("{")[0].rpartition("/")[0], PLACE.findall(template)
    if not folder or sorted(places) != sorted(axes) or set(PLACE.sub("", template)) & set("{}"):
        example = f"sweep/{'-'.join(f'{{{name}}}' for name in axes)}"
        message = f"{template!r} needs a folder and each swept parameter once."
        raise Problems([Problem(Where("--as"), message, f"Write --as '{example}'.")])
    return folder


def _check_names(project: Project, names: list[str], template: str) -> None:
    for name in names:
        editions.check_name(project, name, new=True)
    beside = sorted(names, key=lambda name: name.split("/"))
    if any(steps.covers(one, other) for one, other in itertools.pairwise(beside)):
        message = f"{template!r} gives two runs the same name, or puts one under another."
        raise Problems([Problem(Where("--as"), message, "Change the pattern or the values.")])


def _as_far_as(path: str, chain: tuple[Step, ...], edition: Edition) -> tuple[Step, ...]:
    """The steps that it takes to write the path."""
    wanted = path.format(edition=edition.name)
    needed = {step.name for step in chain if any(steps.covers(write, wanted) for write in step.writes)}
    if not needed:
        message = f"No step writes {path}, from which a sweep gathers its numbers."
        raise Problems([Problem(Where(CHAIN.as_posix()), message, "Let a step write it.")])
    for step in reversed(chain):
        needed |= set(step.after) if step.name in needed else set()
    return tuple(step for step in chain if step.name in needed)


def summarize(project: Project, sweep: Sweep) -> list[str]:
    """Publish the table of all calculated numbers of all runs. Returns the files that changed."""
    import polars as pl

    from toll import tables

    rows = []
    for (_, edition), point in zip(sweep.runs, sweep.points, strict=True):
        ledger = pl.read_parquet(project.root / LEDGER.format(edition=edition.name), glob=False)
        about = [pl.lit(value).alias(name) for name, value in ({"run": edition.name} | point).items()]
        rows.append(ledger.filter(pl.col("status") == "calculated").select(*about, *COLUMNS))
    stage = project.work / "stage" / f"{SUMMARY}-{os.getpid()}"
    folder = project.processed(sweep.folder).relative_to(project.root)
    with publish.sole_run(project):
        tables.write(pl.concat(rows), stage / folder / SUMMARY)
        new = files.hashes(stage, ".")
        old = files.hashes(project.root, *new)
        moves: publish.Moves = {name: name for name in new if old.get(name) != new[name]}
        publish.commit(project, stage, moves)
        shutil.rmtree(stage)
    return sorted(moves)
