"""The chain as data: `notebooks/chain.yml` names each notebook once, with what it reads and writes.

    02-death-tolls:                                    # notebooks/02-death-tolls.ipynb
      reads:
        - data/processed/{edition}/figures.parquet
        - notebooks/events.py                          # a module of the story
        - "{events}"                                   # the file that the parameter `events` names, if it names one
      writes:
        - data/processed/{edition}/death-tolls.csv     # a file
        - figures/{edition}/death-tolls                # or a folder with everything in it

Paths are relative to the project, and `{edition}` is the edition's name. A file that a parameter names may be anywhere
and of any size; see `editions`. All editions share a written path without `{edition}`, and each must write the same
bytes there. A notebook finds in its folder what it reads, requirements.lock, chain.yml and parameters.yml, and nothing
else; one that writes to figures/ also finds approvals/, if there is such a folder. A notebook that reads what another
writes runs after it; order and parallelism follow from this alone.
"""

from __future__ import annotations

import graphlib
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from toll import yaml_lines
from toll.problems import Problem, Problems, Where
from toll.project import APPROVALS, CHAIN, PARAMETERS, Project
from toll.run import parsed

WRITABLE = ("data/processed", "figures")
KEYS = ("reads", "writes")
USER_FILE = re.compile(r"\{([a-z][a-z0-9_]*)\}")


class Step(NamedTuple):
    """One notebook of an edition: paths as in chain.yml, with the edition's name filled in."""

    name: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    after: tuple[str, ...]  # the steps whose output it reads
    line: int
    user_files: tuple[str, ...] = ()  # the parameters that name a file that it reads

    @property
    def notebook(self) -> str:
        return f"notebooks/{self.name}.ipynb"


def covers(path: str, other: str) -> bool:
    """Whether `path` is `other` or a folder that holds it."""
    return other == path or other.startswith(path + "/")


def overlap(paths: tuple[str, ...], others: tuple[str, ...]) -> bool:
    ours, theirs = (tuple(f"{path}/" for path in each) for each in (paths, others))
    return any(path.startswith(theirs) for path in ours) or any(path.startswith(ours) for path in theirs)


def read(project: Project, edition: str) -> tuple[Step, ...]:
    """The steps of an edition, each after those it needs. Raises Problems with the lines of chain.yml."""
    problems: list[Problem] = []
    drafts: list[Step] = []
    for name, entry in parsed.yaml(project, CHAIN.as_posix()).items():
        if not (project.notebooks / f"{name}.ipynb").is_file() or "/" in name:
            message = f"There is no notebook {name}.ipynb in notebooks/."
            problems.append(_problem(entry.line, name, message, "Correct the name or delete the step."))
        reads, writes = (tuple(_paths(entry, name, key, edition, problems)) for key in KEYS)
        user_files = tuple(match[1] for path in reads if (match := USER_FILE.fullmatch(path)))
        reads = tuple(path for path in reads if not USER_FILE.fullmatch(path))
        if (project.root / PARAMETERS).is_file():
            reads += (PARAMETERS.as_posix(),)
        if (project.root / APPROVALS).is_dir() and overlap(("figures",), writes):  # pages say what is approved
            reads += (APPROVALS.as_posix(),)
        drafts.append(Step(name, reads, writes, (), entry.line, user_files))
    problems += _two_writers(drafts)
    steps = [_placed(step, drafts) for step in drafts]
    problems += _missing(project, steps)
    if problems:
        raise Problems(problems)
    return _in_order(steps)


def _problem(line: int, step: str, message: str, hint: str) -> Problem:
    return Problem(Where(CHAIN.as_posix(), line, step), message, hint)


def _paths(step: yaml_lines.Entry, name: str, key: str, edition: str, problems: list[Problem]) -> Iterator[str]:
    """The paths under one key of a step; what is wrong with them goes to `problems`."""
    try:
        entries = yaml_lines.mapping(step.node, CHAIN.as_posix())
        if unknown := entries.keys() - set(KEYS):
            raise ValueError(", ".join(sorted(unknown)))
        items = list(yaml_lines.texts(entries[key].node)) if key in entries else []
    except (ValueError, Problems) as error:
        found = yaml_lines.describe(step.node) if isinstance(error, Problems) else error
        message = f"A step has reads and writes, each a list of paths; this one has {found}."
        problems.append(_problem(step.line, name, message, "Correct the step."))
        return
    for text, line in items:
        path = text.replace("{edition}", edition)
        if key == "reads" and USER_FILE.fullmatch(path):
            yield path
        elif wrong := _wrong(path, key):
            message, hint = wrong
            problems.append(_problem(line, name, f"{text!r} {message}", hint))
        else:
            yield path


def _wrong(path: str, key: str) -> tuple[str, str] | None:
    """What is wrong with a path, and what to do about it."""
    plain = PurePosixPath(path)
    if plain.is_absolute() or ".." in plain.parts or str(plain) != path or set(path) & set("{}*?\\"):
        return "is not a plain path inside the project.", "Write it as data/processed/{edition}/name.csv."
    if key == "reads" and (path == "notebooks" or path.endswith(".ipynb")):
        return "is a notebook, not data.", "Read what the notebook writes."
    if key == "writes" and not any(covers(folder, path) and folder != path for folder in WRITABLE):
        return f"is not inside {' or '.join(WRITABLE)}.", "Notebooks write nowhere else."
    return None


def _two_writers(steps: list[Step]) -> Iterator[Problem]:
    for index, step in enumerate(steps):
        for other in steps[:index]:
            if overlap(step.writes, other.writes):
                message = f"The step writes a path that {other.name} also writes."
                yield _problem(step.line, step.name, message, "Delete it from one of the two.")
        if overlap(step.reads, step.writes):
            message = "The step both reads and writes the same path."
            yield _problem(step.line, step.name, message, "Let it write under another name.")


def _placed(step: Step, steps: list[Step]) -> Step:
    after = tuple(other.name for other in steps if other is not step and overlap(step.reads, other.writes))
    return step._replace(after=after)


def _missing(project: Project, steps: list[Step]) -> Iterator[Problem]:
    written = tuple(path for step in steps for path in step.writes)
    for step in steps:
        for path in step.reads:
            if not overlap((path,), written) and not (project.root / path).exists():
                message = f"The step reads {path}, which does not exist and which no step writes."
                yield _problem(step.line, step.name, message, "Correct the path or restore the file.")


def _in_order(steps: list[Step]) -> tuple[Step, ...]:
    by_name = {step.name: step for step in steps}
    try:
        order = graphlib.TopologicalSorter({step.name: step.after for step in steps}).static_order()
        return tuple(by_name[name] for name in order)
    except graphlib.CycleError as error:
        circle = error.args[1]
        message = f"The steps wait for each other in a circle: {' ← '.join(circle)}."
        raise Problems([_problem(by_name[circle[0]].line, circle[0], message, "Delete a read.")]) from None
