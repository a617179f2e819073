"""YAML without its surprises: one mapping from plain names, read with line numbers and without guessing
types."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from toll.problems import Problem, Problems

Node = yaml.Node


class Entry(NamedTuple):
    """The value of a name, and the line that the name is on."""

    node: Node
    line: int


def load(path: Path, shown: str) -> dict[str, Entry]:
    """The names of a mapping and their values, in the file's order. Raises Problems with the lines."""
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except FileNotFoundError:
        raise Problems([Problem.old(shown, None, None, "no such file", "a YAML file", "Check the name.")]) from None
    except UnicodeDecodeError:
        raise Problems(
            [Problem.old(shown, None, None, "text that is not UTF-8", "UTF-8", "Save it as UTF-8.")]
        ) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        found = getattr(error, "problem", None) or str(error).splitlines()[0]
        line = mark.line + 1 if mark else None
        raise Problems(
            [
                Problem.old(
                    shown,
                    line,
                    None,
                    f"broken YAML ({found})",
                    "lines of the form name: value",
                    "Correct the line; inside [ ] a text with { in it needs quotes.",
                )
            ]
        ) from None
    return {} if root is None else mapping(root, shown)


def mapping(node: Node, shown: str) -> dict[str, Entry]:
    """The entries of a mapping node. Raises Problems for anything but plain, single names."""
    if not isinstance(node, yaml.MappingNode):
        raise Problems(
            [
                Problem.old(
                    shown,
                    line(node),
                    None,
                    describe(node),
                    "lines of the form name: value",
                    "Write one name: value a line.",
                )
            ]
        )
    entries: dict[str, Entry] = {}
    problems = []
    for key, value in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) else ""
        if not name or key.value == "<<":
            problems.append(Problem.old(shown, line(key), None, describe(key), "a name", "Write name: value."))
        elif name in entries:
            problems.append(
                Problem.old(
                    shown,
                    line(key),
                    name,
                    "the name a second time",
                    "each name once",
                    f"Delete one; the first is on line {entries[name].line}.",
                )
            )
        entries.setdefault(name, Entry(value, line(key)))
    if problems:
        raise Problems(problems)
    return entries


def texts(node: Node) -> Iterator[tuple[str, int]]:
    """Text and line of each item of a list of plain texts; ValueError if it is anything else."""
    if not isinstance(node, yaml.SequenceNode):
        raise ValueError(describe(node))
    for item in node.value:
        if not isinstance(item, yaml.ScalarNode) or item.tag != "tag:yaml.org,2002:str":
            raise ValueError(describe(item))
        yield item.value, line(item)


def line(node: Node) -> int:
    return node.start_mark.line + 1


def is_quoted(node: Node) -> bool:
    return node.style is not None


def kind(node: Node) -> str:
    """What a YAML reader would take the node for: str, int, float, bool, null, timestamp, seq, map …"""
    return node.tag.rsplit(":", 1)[-1]


def describe(node: Node) -> str:
    if isinstance(node, yaml.ScalarNode):
        return repr(node.value)
    return "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"
