"""YAML without its surprises: mappings with plain names, read with line numbers and without guessing types."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from toll.problems import Problem, Problems, Where


class Node(NamedTuple):
    """`kind` is what a YAML reader would take the node for: str, int, float, bool, null, timestamp, seq, map …

    `value` is the text as written, or the nodes of a list, or the pairs of nodes of a mapping.
    """

    kind: str
    value: Any
    line: int
    quoted: bool = False


class Entry(NamedTuple):
    """The value of a name, and the line that the name is on."""

    node: Node
    line: int


def load(path: Path, shown: str) -> dict[str, Entry]:
    """The names of a mapping and their values, in the file's order. Raises Problems, which call the file `shown`."""
    try:
        return entries(parse(path.read_bytes(), shown), shown)
    except FileNotFoundError:
        raise _problems(shown, None, "There is no such file.", "Check the name.") from None


def parse(content: bytes, shown: str) -> Node | None:
    """The YAML of a file as a tree of nodes; None if it is empty. Raises Problems."""
    import yaml  # here, because importing it takes longer than everything a command does when nothing is stale

    try:
        root = yaml.compose(content.decode(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except UnicodeDecodeError:
        raise _problems(shown, None, "The file is not UTF-8.", "Save it as UTF-8.") from None
    except yaml.YAMLError as error:
        mark, why = getattr(error, "problem_mark", None), getattr(error, "problem", None)
        message = f"The YAML is broken ({why or str(error).splitlines()[0]})."
        hint = "Correct the line; inside [ ], text with { in it needs quotes."
        raise _problems(shown, mark.line + 1 if mark else None, message, hint) from None
    return root and _node(root)


def _node(node: Any) -> Node:
    kind, line = node.tag.rsplit(":", 1)[-1], node.start_mark.line + 1
    if node.id == "scalar":
        return Node(kind, node.value, line, bool(node.style))
    if node.id == "sequence":
        return Node("seq", [_node(item) for item in node.value], line)
    return Node("map", [(_node(key), _node(value)) for key, value in node.value], line)


def entries(root: Node | None, shown: str) -> dict[str, Entry]:
    """The entries of a file's tree."""
    return {} if root is None else mapping(root, shown)


def mapping(node: Node, shown: str) -> dict[str, Entry]:
    """The entries of a mapping node. Raises Problems for anything but plain names, each given once."""
    if node.kind != "map":
        message = f"{describe(node)[0].upper()}{describe(node)[1:]} stands where lines of the form name: value belong."
        raise _problems(shown, node.line, message, "Write one name: value per line.")
    found: dict[str, Entry] = {}
    problems = []
    for key, value in node.value:
        name = key.value if isinstance(key.value, str) else ""
        if not name or name == "<<":
            problems += _problems(shown, key.line, f"{describe(key)} is not a name.", "Write name: value.").problems
        elif name in found:
            hint = f"Delete one; the first is on line {found[name].line}."
            problems.append(Problem(Where(shown, key.line, name), "The name appears a second time.", hint))
        found.setdefault(name, Entry(value, key.line))
    if problems:
        raise Problems(problems)
    return found


def texts(node: Node) -> Iterator[tuple[str, int]]:
    """Text and line of each item of a list of plain texts; ValueError if it is anything else."""
    if node.kind != "seq":
        raise ValueError(describe(node))
    for item in node.value:
        if item.kind != "str":
            raise ValueError(describe(item))
        yield item.value, item.line


def describe(node: Node) -> str:
    """The node as a message names it."""
    return repr(node.value) if isinstance(node.value, str) else "a list" if node.kind == "seq" else "a mapping"


def _problems(shown: str, line: int | None, message: str, hint: str) -> Problems:
    return Problems([Problem(Where(shown, line), message, hint)])
