"""The library imports one way: along the arrows of docs/imports.svg, and never in a circle."""

from __future__ import annotations

import ast
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path

import pytest

from support.checkout import ROOT

DRAWING = ET.parse(ROOT / "docs/imports.svg")
PARTS = [element for element in DRAWING.iter() if element.get("data-room")]
ROOM_OF_FILE = {name: part.get("data-room") for part in PARTS for name in part.get("data-modules", "").split()}
ARROWS = [(arrow.get("data-from"), arrow.get("data-to")) for arrow in DRAWING.iter() if arrow.get("data-from")]
NAMED = re.compile(r"toll(\.\w+)+(:\w+)?")  # a module in a string, imported by its name

Graph = Mapping[str, set[str]]


def imports(tree: ast.AST, module: str, known: set[str]) -> set[str]:
    """The modules of `known` that a file imports anywhere, even inside a function or for types alone."""
    importable = {name.removesuffix(".__init__"): name for name in known}
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                found |= {name.name for name in names}
            case ast.ImportFrom(module=source, names=names, level=level):
                package = ".".join([*(module.split(".")[:-level] if level else []), *filter(None, [source])])
                pieces = (f"{package}.{name.name}" for name in names)
                found |= {piece if piece in importable else package for piece in pieces}
            case ast.Constant(value=str(text)) if NAMED.fullmatch(text):
                found.add(text.partition(":")[0])
    return {importable[name] for name in found & importable.keys()} - {module}


def graph(src: Path) -> dict[str, set[str]]:
    """What each module of the package in `src` imports of it; the module of a folder is NAME.__init__."""
    paths = {".".join(path.relative_to(src).with_suffix("").parts): path for path in (src / "toll").rglob("*.py")}
    return {name: imports(ast.parse(path.read_text("utf-8")), name, set(paths)) for name, path in paths.items()}


def reach(arrows: Graph, start: str) -> set[str]:
    """Everything that the arrows lead to from `start`, which is among it only if they form a circle."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = arrows.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found


def room(module: str) -> str:
    """The part of the drawing that a module belongs to."""
    first, *rest = module.split(".")[1:]
    return first if rest else ROOM_OF_FILE.get(first, first)


@pytest.fixture(scope="module")
def measured() -> dict[str, set[str]]:
    return graph(ROOT / "src")


@pytest.fixture(scope="module")
def drawn() -> dict[str, set[str]]:
    return {start: {to for origin, to in ARROWS if origin == start} for start, _ in ARROWS}


def test_the_drawing_has_every_part_and_no_other(measured):
    assert {room(module) for module in measured} == {part.get("data-room") for part in PARTS}


def test_the_drawing_has_no_circle(drawn):
    assert [start for start in drawn if start in reach(drawn, start)] == []


def test_parts_import_only_what_their_arrows_lead_to(measured, drawn):
    wrong = {
        f"{module} → {other}"
        for module, others in measured.items()
        for other in others
        if room(module) != room(other) and room(other) not in reach(drawn, room(module))
    }
    assert not wrong, "\n".join(sorted(wrong))


def test_no_two_files_import_each_other_even_in_a_wider_circle(measured):
    circular = {module for module in measured if module in reach(measured, module)}
    assert not circular, "\n".join(f"{module} → {' '.join(measured[module] & circular)}" for module in sorted(circular))


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import toll.low", {"toll.low"}),
        ("from toll import low", {"toll.low"}),
        ("from toll.low import name", {"toll.low"}),
        ("from toll.part import piece", {"toll.part.piece"}),
        ("from toll.part import name", {"toll.part.__init__"}),
        ("from toll import low, name", {"toll.low", "toll.__init__"}),
        ("from . import low", {"toll.low"}),
        ("def f():\n    from toll import low", {"toll.low"}),
        ("if TYPE_CHECKING:\n    from toll import low", {"toll.low"}),
        ("FUNCTION = 'toll.low:run'", {"toll.low"}),
        ("import json\n'Speaks of toll.low in a sentence.'", set()),
    ],
)
def test_an_import_is_seen_however_it_is_written(code, found):
    known = {"toll.__init__", "toll.low", "toll.here", "toll.part.__init__", "toll.part.piece"}
    assert imports(ast.parse(code), "toll.here", known) == found


def test_a_circle_is_noticed():
    circle = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}
    assert [module for module in circle if module in reach(circle, module)] == ["a", "b", "c"]
