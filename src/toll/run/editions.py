"""Editions: the parameters of a whole run, typed by what the notebooks declare and never guessed.

Each notebook declares its parameters in one cell tagged `parameters`, as plain assignments with a default and
a doc: `as_of = "2014-08-11" # figures known later are ignored`. An edition, `editions/NAME.yml`, is a flat
mapping of such names to values.

A parameter that chain.yml has among a step's reads names a file of the user's: an absolute path, one from the user's
home (~) or from the project's folder, or nothing. The step finds it, whatever its size, under `.given/`, and that is
the path which the notebook gets: what is published tells nobody's folders, and stays the same when the file moves.
"""

from __future__ import annotations

import ast
import difflib
import math
import os
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from toll import yaml_lines
from toll.problems import Problem, Problems
from toll.project import CHAIN, Project
from toll.run import notebook_file
from toll.run.steps import Step, covers

DEFAULT = "article"
NAME = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*")
COMMAND_LINE = "-p"

Value = str | int | float | bool

WHOLE = re.compile(r"-?(0|[1-9][0-9]*)", re.ASCII)
DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?(e[+-]?[0-9]+)?", re.ASCII | re.IGNORECASE)
ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
EXPECTED = {
    str: "text",
    int: "a whole number in plain digits",
    float: "a number in plain digits",
    bool: "true or false",
}


@dataclass(frozen=True)
class Parameter:
    name: str
    default: Value
    doc: str
    notebook: str
    line: int  # of the parameters cell


@dataclass(frozen=True)
class Edition:
    """The parameters of one run. `values` holds every declared name."""

    name: str
    values: dict[str, Value]
    declared: dict[str, dict[str, Parameter]]  # by step
    given: dict[str, dict[str, Path]] = field(default_factory=dict)  # by step: files of the user's, where it finds them

    def parameters(self, step: str) -> dict[str, Value]:
        """The values of what the step declares."""
        return {name: self.values[name] for name in self.declared[step]}

    def injected(self, step: str) -> dict[str, Value]:
        """Of these, what differs from the notebook's default: a run by defaults gets no injected cell."""
        declared = self.declared[step]
        return {name: value for name, value in self.parameters(step).items() if value != declared[name].default}

    def varied(self, name: str, values: dict[str, Value]) -> Edition:
        """The edition with other values, under another name."""
        own = {"edition": name} if "edition" in self.values else {}
        return replace(self, name=name, values=self.values | values | own)

    def known(self) -> dict[str, Parameter]:
        """The parameters that any step declares."""
        return {name: parameter for own in self.declared.values() for name, parameter in own.items()}


def published(project: Project) -> list[str]:
    """The names of the editions that have a file, the default first."""
    files = project.editions.rglob("*.yml") if project.editions.is_dir() else []
    names = {path.relative_to(project.editions).with_suffix("").as_posix() for path in files}
    return sorted({DEFAULT, *names}, key=lambda name: (name != DEFAULT, name))


def executed(edition: str, notebook: str) -> str:
    """Where an edition's executed notebook is published: the default edition's is the notebook itself."""
    return notebook if edition == DEFAULT else notebook.replace("notebooks/", f"notebooks/{edition}/", 1)


def executed_notebooks(project: Project, edition: str) -> list[Path]:
    """An edition's executed notebooks, in the order of the chain."""
    steps = yaml_lines.load(project.chain, str(CHAIN))
    found = [project.root / executed(edition, f"notebooks/{step}.ipynb") for step in steps]
    return [path for path in found if path.is_file()]


def resolve(
    project: Project,
    steps: Iterable[Step],
    base: str,
    overrides: dict[str, str] | None = None,
    name: str | None = None,
) -> Edition:
    """The edition `base`, or a variation of it under `name` with overrides given as text. Raises Problems."""
    check_name(project, name or base, new=name is not None)
    steps = tuple(steps)
    declared = {step.name: declare(project.root / step.notebook, step.notebook) for step in steps}
    known = _agreed(declared)
    file = f"editions/{base}.yml"
    values = {parameter.name: parameter.default for parameter in known.values()}
    given = [(key, entry.node, file, entry.line) for key, entry in _entries(project, base, file).items()]
    given += [(key, text, COMMAND_LINE, None) for key, text in (overrides or {}).items()]
    problems = []
    for key, node, place, line in given:
        try:
            values[key] = value(known, key, node)
            if key == "edition" and values[key] != base:
                raise ValueError(repr(values[key]), base, "The file names the edition; a variation, --as.")
        except ValueError as error:
            found, expected, do = error.args
            problems.append(Problem.old(place, line, key, found, expected, do))
    if problems:
        raise Problems(problems)
    if "edition" in values:
        values["edition"] = name or base
    files = _files(project, steps, declared, values, {key: place for key, _, place, _ in given})
    values |= {key: found for key, (found, _) in files.items()}
    by_step = {step.name: dict(files[key] for key in step.given if key in files) for step in steps}
    return Edition(name or base, values, declared, by_step)


def _files(
    project: Project,
    steps: tuple[Step, ...],
    declared: dict[str, dict[str, Parameter]],
    values: dict[str, Value],
    places: dict[str, str],
) -> dict[str, tuple[str, Path]]:
    """By parameter that names a file: where a step finds the file, and where it is. `places` tells where a value was
    given. Raises Problems."""
    files, problems = {}, []
    for step, name in [(each, name) for each in steps for name in each.given]:
        parameter = declared[step.name].get(name)
        if parameter is None or not isinstance(parameter.default, str):
            problems.append(
                Problem.old(
                    str(CHAIN),
                    step.line,
                    step.name,
                    f"{{{name}}}",
                    "a text parameter of its notebook",
                    "Declare it in the parameters cell, or correct the name.",
                )
            )
        elif values[name]:
            file = _absolute(project, values[name])
            files[name] = f".given/{name}/{file.name}", file
            if not (os.access(file, os.R_OK) and file.is_file()):
                place, do = places.get(name, parameter.notebook), f"Correct the path: there is none at {file}."
                problems.append(Problem.old(place, None, name, repr(values[name]), "a file that can be read", do))
    if problems:
        raise Problems(problems)
    return files


def _absolute(project: Project, path: str) -> Path:
    try:
        return project.root / Path(path).expanduser()
    except RuntimeError:  # the ~ of somebody whom the system does not know
        return project.root / path


def check_name(project: Project, name: str, new: bool) -> None:
    """Refuses a name that leaves its folder, is another edition's, or would lie inside another's folder."""
    others = published(project)
    problem = None
    if not NAME.fullmatch(name) or ".." in name:
        problem = "small letters, digits, . _ - and / between parts", "Choose a plain name."
    elif new and name in others:
        problem = "a name that no edition has", "Choose another, so that the edition is not overwritten."
    elif not new and name not in others:
        near = difflib.get_close_matches(name, others, 1)
        problem = "one of " + ", ".join(others), f"Did you mean {near[0]}?" if near else "Check the name."
    elif inside := [other for other in others if other != name and (covers(name, other) or covers(other, name))]:
        problem = f"a name beside {inside[0]}, not above or under it", "Choose another."
    if problem:
        raise Problems([Problem.old("--as" if new else "editions", None, None, repr(name), *problem)])


def declare(path: Path, shown: str) -> dict[str, Parameter]:
    """The parameters that a notebook declares, by name. Raises Problems."""
    cells = [
        cell
        for cell in notebook_file.own_cells(notebook_file.load(path, shown))
        if "parameters" in notebook_file.tags(cell)
    ]
    if len(cells) != 1:
        raise Problems(
            [
                Problem.old(
                    shown,
                    None,
                    None,
                    f"{len(cells)} cells tagged parameters",
                    "one",
                    "Tag the cell that declares the parameters, and no other.",
                )
            ]
        )
    source = notebook_file.text(cells[0])
    try:
        statements = ast.parse(source).body
    except SyntaxError as error:
        raise Problems([_not_plain(shown, error.lineno or 1, "a line that is not Python")]) from None
    lines = source.splitlines()
    found = {}
    for statement in statements:
        name, default = _assignment(statement, shown)
        doc = lines[statement.end_lineno - 1].partition("#")[2].strip()
        found[name] = Parameter(name, default, doc, shown, statement.lineno)
    return found


def _assignment(statement: ast.stmt, shown: str) -> tuple[str, Value]:
    """Name and default of `name = literal`."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            try:
                default = ast.literal_eval(value)
            except (ValueError, TypeError):
                raise Problems([_not_plain(shown, statement.lineno, f"{name} = {ast.unparse(value)}")]) from None
            if type(default) in EXPECTED:
                return name, default
            raise Problems([_not_plain(shown, statement.lineno, f"{name} = {ast.unparse(value)}")])
    raise Problems([_not_plain(shown, statement.lineno, ast.unparse(statement))])


def _not_plain(shown: str, line: int, found: str) -> Problem:
    return Problem.old(
        shown,
        None,
        "parameters cell",
        f"on line {line} of the cell {found}",
        "name = text, number, True or False",
        "Leave plain assignments in the cell and move the rest to the next one.",
    )


def _agreed(declared: dict[str, dict[str, Parameter]]) -> dict[str, Parameter]:
    """One parameter for each name; notebooks that share a name must share its default."""
    known: dict[str, Parameter] = {}
    problems = []
    for parameter in (parameter for own in declared.values() for parameter in own.values()):
        first = known.setdefault(parameter.name, parameter)
        if (type(first.default), first.default) != (type(parameter.default), parameter.default):
            problems.append(
                Problem.old(
                    parameter.notebook,
                    None,
                    parameter.name,
                    f"the default {parameter.default!r}",
                    f"{first.default!r} as in {first.notebook}",
                    "Use the same default.",
                )
            )
    if problems:
        raise Problems(problems)
    return known


def _entries(project: Project, base: str, file: str) -> dict[str, yaml_lines.Entry]:
    path = project.root / file
    return yaml_lines.load(path, file) if path.exists() or base != DEFAULT else {}


def value(known: dict[str, Parameter], name: str, given: yaml_lines.Node | str) -> Value:
    """One value, typed by its parameter's default. Raises ValueError as `typed` does."""
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        expected = "one of " + ", ".join(sorted(known))
        remedy = f"Did you mean {near[0]}?" if near else "Check the name."
        raise ValueError("a name that no notebook declares", expected, remedy)
    return typed(given, known[name].default)


def typed(given: yaml_lines.Node | str, like: Value) -> Value:
    """A YAML node, or a text of the command line, as a value of the type of `like`.

    Raises ValueError with what was found, what was expected and what to do.
    """
    text = given if isinstance(given, str) else getattr(given, "value", None)
    if not isinstance(text, str):
        raise ValueError(yaml_lines.describe(given), EXPECTED[type(like)], "Give a single value.")
    if isinstance(like, str):
        return _text(given, text)
    if not isinstance(given, str) and yaml_lines.is_quoted(given):
        raise ValueError(f"the text {text!r}", EXPECTED[type(like)], "Take it out of its quotes.")
    if isinstance(like, bool):
        if text in ("true", "false"):
            return text == "true"
        raise ValueError(repr(text), EXPECTED[bool], "Write true or false.")
    pattern, number = (WHOLE, int) if isinstance(like, int) else (DECIMAL, float)
    if not pattern.fullmatch(text) or not math.isfinite(number(text)):
        raise ValueError(repr(text), EXPECTED[type(like)], "Write digits alone, without leading zero or separator.")
    return number(text)


def _text(given: yaml_lines.Node | str, text: str) -> str:
    if any(unicodedata.category(sign) in ("Cc", "Cf") for sign in text):
        raise ValueError(f"a hidden sign in {text!r}", "text that can be seen", "Type it again.")
    plain = isinstance(given, str) or yaml_lines.is_quoted(given) or yaml_lines.kind(given) == "str"
    if not plain and not ISO_DATE.fullmatch(text):
        kind = {"bool": "yes or no", "int": "a number", "float": "a number", "null": "nothing"}
        found = f"{text!r}, which YAML reads as {kind.get(yaml_lines.kind(given), 'a date')}"
        raise ValueError(found, "text", f"Put it in quotes: {text!r}.")
    return text
