"""The chain as data: `notebooks/chain.yml` names each notebook once, with what it reads and writes.

    02-death-tolls:                                    # notebooks/02-death-tolls.ipynb
      reads:
        - data/processed/{edition}/figures.parquet
        - "{events}"                                   # the file that the parameter `events` names, if it names one
      writes:
        - data/processed/{edition}/death-tolls.csv     # a file
        - figures/{edition}/death-tolls                # or a folder with all that is in it

Paths are relative to the project; `{edition}` is the edition's name. A file that a parameter names may be anywhere,
and of any size: see `editions`. A written path without it is shared by
all editions, each of which must write the same bytes there. A notebook finds in its folder what it reads,
requirements.lock and chain.yml, and nothing else; what it reads of another's output puts it after that other.
Order and parallelism follow from this alone.
"""

from __future__ import annotations

import graphlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from toll import yaml_lines
from toll.problems import Problem, Problems
from toll.project import CHAIN, PARAMETERS, Project

WRITABLE = ("data/processed", "figures")
KEYS = ("reads", "writes")
GIVEN = re.compile(r"\{([a-z][a-z0-9_]*)\}")


@dataclass(frozen=True)
class Step:
    """One notebook of an edition: paths as in chain.yml with the edition's name filled in."""

    name: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    after: tuple[str, ...]  # the steps whose output it reads
    line: int
    given: tuple[str, ...] = ()  # the parameters that name a file which it reads

    @property
    def notebook(self) -> str:
        return f"notebooks/{self.name}.ipynb"


def covers(path: str, other: str) -> bool:
    """Whether `path` is `other` or a folder that holds it."""
    return other == path or other.startswith(path + "/")


def overlap(paths: tuple[str, ...], others: tuple[str, ...]) -> bool:
    return any(covers(path, other) or covers(other, path) for path in paths for other in others)


def read(project: Project, edition: str) -> tuple[Step, ...]:
    """The steps of an edition, each after those it needs. Raises Problems with the lines of chain.yml."""
    problems: list[Problem] = []
    drafts: list[Step] = []
    for name, entry in yaml_lines.load(project.chain, str(CHAIN)).items():
        if not (project.notebooks / f"{name}.ipynb").is_file() or "/" in name:
            problems.append(
                _problem(
                    entry.line,
                    name,
                    "no notebook of this name",
                    "one in notebooks/",
                    "Correct the name or delete the step.",
                )
            )
        paths = {key: tuple(_paths(entry, name, key, edition, problems)) for key in KEYS}
        if (project.root / PARAMETERS).is_file():  # what a parameter may be, and what the ledger calls it
            paths["reads"] += (str(PARAMETERS),)
        given = tuple(match[1] for path in paths["reads"] if (match := GIVEN.fullmatch(path)))
        paths["reads"] = tuple(path for path in paths["reads"] if not GIVEN.fullmatch(path))
        drafts.append(Step(name, **paths, after=(), line=entry.line, given=given))
    problems += _two_writers(drafts)
    steps = [_placed(step, drafts) for step in drafts]
    problems += _missing(project, steps)
    if problems:
        raise Problems(problems)
    return _in_order(steps)


def _problem(line: int, name: str, found: str, expected: str, do: str) -> Problem:
    return Problem.old(str(CHAIN), line, name, found, expected, do)


def _paths(step: yaml_lines.Entry, name: str, key: str, edition: str, problems: list[Problem]) -> Iterator[str]:
    """The paths under one key of a step; what is wrong with them goes to `problems`."""
    try:
        entries = yaml_lines.mapping(step.node, str(CHAIN))
        if unknown := entries.keys() - set(KEYS):
            raise ValueError(", ".join(sorted(unknown)))
        items = list(yaml_lines.texts(entries[key].node)) if key in entries else []
    except (ValueError, Problems) as error:
        found = error.problems[0].message if isinstance(error, Problems) else str(error)
        problems.append(_problem(step.line, name, found, "reads and writes, each a list of paths", "Correct the step."))
        return
    for text, line in items:
        path = text.replace("{edition}", edition)
        plain = PurePosixPath(path)
        if key == "reads" and GIVEN.fullmatch(path):
            yield path
        elif plain.is_absolute() or ".." in plain.parts or str(plain) != path or set(path) & set("{}*?\\"):
            problems.append(
                _problem(
                    line,
                    name,
                    repr(text),
                    "a path inside the project, without wildcards",
                    "Write it as data/processed/{edition}/name.csv.",
                )
            )
        elif key == "reads" and covers("notebooks", path) and plain.suffix not in (".py", ".yml"):
            problems.append(_problem(line, name, repr(text), "data, not a notebook", "Read what the notebook writes."))
        elif key == "writes" and not any(covers(folder, path) and folder != path for folder in WRITABLE):
            problems.append(
                _problem(
                    line, name, repr(text), f"a path in {' or '.join(WRITABLE)}", "A notebook writes nowhere else."
                )
            )
        else:
            yield path


def _two_writers(steps: list[Step]) -> Iterator[Problem]:
    for index, step in enumerate(steps):
        for other in steps[:index]:
            if overlap(step.writes, other.writes):
                yield _problem(
                    step.line,
                    step.name,
                    f"a path that {other.name} writes too",
                    "one writer for each",
                    "Take it out of one of the two.",
                )
        if overlap(step.reads, step.writes):
            yield _problem(
                step.line,
                step.name,
                "a path that it both reads and writes",
                "either",
                "Let it write under another name.",
            )


def _placed(step: Step, steps: list[Step]) -> Step:
    after = tuple(other.name for other in steps if other is not step and overlap(step.reads, other.writes))
    return replace(step, after=after)


def _missing(project: Project, steps: list[Step]) -> Iterator[Problem]:
    written = tuple(path for step in steps for path in step.writes)
    for step in steps:
        for path in step.reads:
            if not overlap((path,), written) and not (project.root / path).exists():
                yield _problem(
                    step.line,
                    step.name,
                    f"{path}, which is not there",
                    "a file, or one that a step writes",
                    "Correct the path or restore the file.",
                )


def _in_order(steps: list[Step]) -> tuple[Step, ...]:
    by_name = {step.name: step for step in steps}
    try:
        order = graphlib.TopologicalSorter({step.name: step.after for step in steps}).static_order()
        return tuple(by_name[name] for name in order)
    except graphlib.CycleError as error:
        circle = error.args[1]
        raise Problems(
            [
                _problem(
                    by_name[circle[0]].line,
                    circle[0],
                    f"a circle: {' ← '.join(circle)}",
                    "steps that can follow one another",
                    "Take out a read.",
                )
            ]
        ) from None
