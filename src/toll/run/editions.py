"""Editions: the parameters of a whole run, typed by what the notebooks declare and never guessed.

Each notebook declares its parameters in one cell tagged `parameters`, as plain assignments with a default and
a doc: `as_of = "2014-08-11"  # figures known later are ignored`. An edition, `editions/NAME.yml`, is a flat
mapping from such names to values.

A parameter that chain.yml lists among a step's reads names one of the user's own files: an absolute path, a path from
the user's home (~) or from the project's folder, or nothing. Whatever its size, the step finds the file under
`.user-files/`, and the notebook gets that path, so what is published reveals no one's folders and stays the same when
the file moves.
"""

from __future__ import annotations

import math
import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from toll.problems import Problem, Problems, Where
from toll.project import CHAIN, Project
from toll.run import parsed
from toll.run.notebook_file import Parameter, Value
from toll.run.steps import Step, covers
from toll.yaml_lines import Node, describe

NAME = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*")
COMMAND_LINE = "-p"

WHOLE = re.compile(r"-?(0|[1-9][0-9]*)", re.ASCII)
DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?(e[+-]?[0-9]+)?", re.ASCII | re.IGNORECASE)
ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
KINDS = {"bool": "yes or no", "int": "a number", "float": "a number", "null": "nothing"}  # of YAML, for people

Declared = dict[str, dict[str, Parameter]]  # by step, by name
UserFiles = dict[str, dict[str, Path]]  # by step, by the path at which it finds the file


class Edition(NamedTuple):
    """The parameters of one run. `values` holds every declared name."""

    name: str
    values: dict[str, Value]
    declared: Declared
    user_files: UserFiles

    def parameters(self, step: str) -> dict[str, Value]:
        """The values of what the step declares."""
        return {name: self.values[name] for name in self.declared[step]}

    def injected(self, step: str) -> dict[str, Value]:
        """Of these, the values that differ from the notebook's: a run with its defaults gets no injected cell."""
        declared = self.declared[step]
        return {name: value for name, value in self.parameters(step).items() if value != declared[name].default}

    def varied(self, name: str, values: dict[str, Value]) -> Edition:
        """The edition with other values, under another name."""
        own: dict[str, Value] = {"edition": name} if "edition" in self.values else {}
        return self._replace(name=name, values=self.values | values | own)

    def known(self) -> dict[str, Parameter]:
        """The parameters that any step declares."""
        return {name: parameter for own in self.declared.values() for name, parameter in own.items()}


def default(project: Project) -> str:
    """The edition that the notebooks start from: the default of their parameter `edition`."""
    for name in sorted(path.name for path in project.notebooks.glob("*.ipynb")):
        declared = parsed.notebook(project, f"notebooks/{name}").parameters
        if "edition" in declared:
            return str(declared["edition"].default)
    return min(_named(project), default="")


def published(project: Project) -> list[str]:
    """The names of the editions that have a file, the default first."""
    first = default(project)
    return sorted({first, *_named(project)}, key=lambda name: (name != first, name))


def _named(project: Project) -> list[str]:
    files = project.editions.rglob("*.yml") if project.editions.is_dir() else []
    return [path.relative_to(project.editions).with_suffix("").as_posix() for path in files]


def executed(project: Project, edition: str, notebook: str) -> str:
    """Where an edition's executed notebook is published: the default edition's is the notebook itself."""
    own = edition == default(project)
    return notebook if own else notebook.replace("notebooks/", f"notebooks/{edition}/", 1)


def executed_notebooks(project: Project, edition: str) -> list[Path]:
    """An edition's executed notebooks, in the order of the chain."""
    steps = parsed.yaml(project, CHAIN.as_posix())
    found = (project.root / executed(project, edition, f"notebooks/{step}.ipynb") for step in steps)
    return [path for path in found if path.is_file()]


def resolve(
    project: Project,
    steps: Iterable[Step],
    base: str,
    overrides: dict[str, str] | None = None,
    name: str | None = None,
) -> Edition:
    """The edition `base`, or a variation of it under `name` with overrides given as text. Raises Problems."""
    steps, file = tuple(steps), f"editions/{base}.yml"
    declared = {step.name: parsed.notebook(project, step.notebook).parameters for step in steps}
    known = _agreed(declared)
    values = {parameter.name: parameter.default for parameter in known.values()}
    given: list[tuple[str, Node | str, Where]] = []
    own = parsed.yaml(project, file) if (project.root / file).exists() or base != default(project) else {}
    for key, entry in own.items():
        given.append((key, entry.node, Where(file, entry.line, key)))
    given += [(key, text, Where(COMMAND_LINE, None, key)) for key, text in (overrides or {}).items()]
    problems = []
    for key, node, where in given:
        try:
            values[key] = value(known, key, node)
            if key == "edition" and values[key] != base:
                message = f"{values[key]!r} is not this edition; the file's name says that it is {base!r}."
                raise ValueError(message, "Delete the line. To vary an edition, use --as.")
        except ValueError as error:
            problems.append(Problem(where, *error.args))
    if problems:
        raise Problems(problems)
    if "edition" in values:
        values["edition"] = name or base
    found = _user_files(project, steps, declared, values, {key: where for key, _, where in given})
    values |= {key: place for key, (place, _) in found.items()}
    by_step = {step.name: dict(found[key] for key in step.user_files if key in found) for step in steps}
    return Edition(name or base, values, declared, by_step)


def _user_files(
    project: Project,
    steps: tuple[Step, ...],
    declared: Declared,
    values: dict[str, Value],
    places: dict[str, Where],
) -> dict[str, tuple[str, Path]]:
    """By parameter that names a file: where a step finds the file, and where it is. Raises Problems.

    `places` tells where a value was given.
    """
    found, problems = {}, []
    for step, name in [(each, name) for each in steps for name in each.user_files]:
        parameter, path = declared[step.name].get(name), values.get(name)
        if parameter is None or not isinstance(path, str):
            message = f"{{{name}}} is not a text parameter of the notebook."
            hint = "Declare it in the parameters cell, or correct the name."
            problems.append(Problem(Where(CHAIN.as_posix(), step.line, step.name), message, hint))
        elif path:
            file = project.root / os.path.expanduser(path)  # noqa: PTH111 - Path's raises if there is no such user
            found[name] = f".user-files/{name}/{file.name}", file
            if not (os.access(file, os.R_OK) and file.is_file()):
                where = places.get(name, Where(parameter.notebook, None, name))
                problems.append(Problem(where, f"There is no readable file at {file}.", "Correct the path."))
    if problems:
        raise Problems(problems)
    return found


def check_name(project: Project, name: str, new: bool) -> None:
    """Refuse a name that leaves its folder, is another edition's, or would lie inside another's folder."""
    others = published(project)
    inside = [other for other in others if other != name and (covers(name, other) or covers(other, name))]
    if not NAME.fullmatch(name) or ".." in name:
        problem = f"{name!r} is not a name: use small letters, digits, . _ - and / between parts.", "Choose another."
    elif new and name in others:
        problem = f"There already is an edition {name!r}.", "Choose another name, so that it is not overwritten."
    elif not new and name not in others:
        problem = f"There is no edition {name!r}.", _did_you_mean(name, others)
    elif inside:
        problem = f"{name!r} lies above or under the edition {inside[0]!r}.", "Choose a name beside it."
    else:
        return
    raise Problems([Problem(Where("--as" if new else "editions"), *problem)])


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, known, 1)
    return f"Did you mean {near[0]}?" if near else f"It can be {', '.join(sorted(known))}."


def _agreed(declared: Declared) -> dict[str, Parameter]:
    """One parameter for each name; notebooks that share a name must share its default."""
    known: dict[str, Parameter] = {}
    problems = []
    for parameter in (parameter for own in declared.values() for parameter in own.values()):
        first = known.setdefault(parameter.name, parameter)
        if (type(first.default), first.default) != (type(parameter.default), parameter.default):
            message = f"The default is {parameter.default!r}, but {first.default!r} in {first.notebook}."
            problems.append(Problem(Where(parameter.notebook, None, parameter.name), message, "Use the same default."))
    if problems:
        raise Problems(problems)
    return known


def value(known: dict[str, Parameter], name: str, given: Node | str) -> Value:
    """One value, typed by its parameter's default. Raises ValueError as `typed` does."""
    if name not in known:
        raise ValueError("No notebook declares this parameter.", _did_you_mean(name, known))
    return typed(given, known[name].default)


def typed(given: Node | str, like: Value) -> Value:
    """A YAML node, or a text of the command line, as a value of the type of `like`.

    Raises ValueError with two arguments, what is wrong and what to do about it.
    """
    text = given if isinstance(given, str) else given.value
    if isinstance(given, Node) and not (isinstance(text, str) and given.kind not in ("map", "seq")):
        raise ValueError(f"The parameter takes a single value, not {describe(given)}.", "Give a single value.")
    if isinstance(like, str):
        return _text(given, text)
    if isinstance(given, Node) and given.quoted:
        raise ValueError(f"{text!r} is text here, because of its quotes.", "Delete the quotes.")
    if isinstance(like, bool):
        if text not in ("true", "false"):
            raise ValueError(f"{text!r} is neither true nor false.", "Write true or false.")
        return text == "true"
    pattern, kind = (WHOLE, "a whole number") if isinstance(like, int) else (DECIMAL, "a number")
    number = (int if isinstance(like, int) else float)(text) if pattern.fullmatch(text) else math.inf
    if not math.isfinite(number):
        raise ValueError(f"{text!r} is not {kind}.", "Write plain digits, without leading zeros or separators.")
    return number


def _text(given: Node | str, text: str) -> str:
    if any(unicodedata.category(sign) in ("Cc", "Cf") for sign in text):
        raise ValueError(f"{text!r} contains a hidden character.", "Type the value again.")
    if isinstance(given, Node) and not given.quoted and given.kind != "str" and not ISO_DATE.fullmatch(text):
        kind = KINDS.get(given.kind, "a date")
        raise ValueError(f"YAML reads {text!r} as {kind}, not as text.", f"Put it in quotes: {text!r}.")
    return text
