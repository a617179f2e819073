"""Which files of this package a notebook's code can reach by import: they are part of what its outputs depend
on."""

from __future__ import annotations

import ast
import functools
import hashlib
import json
import re
from pathlib import Path

import toll
from toll.run import notebook_file

PACKAGE = Path(toll.__file__).parent
MOST_REMEMBERED = 5000  # texts, about half a megabyte


class Imports:
    """Follows imports through the package as it is now.

    Parsing is most of the work, so the names that a text imports are remembered by the text's hash in
    `memory`, a file that is safe to delete. Files are looked up and hashed anew by each object.
    """

    def __init__(self, memory: Path):
        self._memory = memory
        try:
            self._known: dict[str, list[str]] = json.loads(memory.read_text())
        except (FileNotFoundError, ValueError):
            self._known = {}
        self._used: dict[str, list[str]] = {}
        self._files: dict[Path, tuple[str, set[Path]]] = {}  # hash and imports
        self._module_files = functools.cache(module_files)

    def reach(self, notebook: notebook_file.Notebook) -> dict[str, str]:
        """Hashes of the modules that the notebook reaches, and of the data files in their folders, by path."""
        cells = (notebook_file.text(cell).encode() for cell in notebook_file.code_cells(notebook))
        return self._follow(set().union(*(self._imports(cell, "")[1] for cell in cells)))

    def reach_module(self, name: str) -> dict[str, str]:
        """The same for a module of this package."""
        return self._follow(module_files(name))

    def _follow(self, waiting: set[Path]) -> dict[str, str]:
        reached: set[Path] = set()
        while waiting:
            file = waiting.pop()
            reached.add(file)
            waiting |= self._look(file)[1] - reached
        for folder in {file.parent for file in reached}:
            reached |= set(data_files(folder))
        return {f"src/toll/{file.relative_to(PACKAGE).as_posix()}": self._look(file)[0] for file in sorted(reached)}

    def save(self) -> None:
        """Remembers for the next time; only where there is a folder for such things already."""
        if self._used.keys() - self._known.keys() and self._memory.parent.is_dir():
            newest = list((self._known | self._used).items())[-MOST_REMEMBERED:]
            draft = self._memory.with_suffix(".draft")
            draft.write_text(json.dumps(dict(newest)))
            draft.replace(self._memory)

    def _look(self, file: Path) -> tuple[str, set[Path]]:
        if file not in self._files:
            package = ".".join(file.relative_to(PACKAGE.parent).parts[:-1])
            text = file.read_bytes()
            is_module = file.suffix == ".py"
            self._files[file] = self._imports(text, package) if is_module else (hashlib.sha256(text).hexdigest(), set())
        return self._files[file]

    def _imports(self, text: bytes, package: str) -> tuple[str, set[Path]]:
        """Hash of a text, and the files that it imports as part of `package`."""
        digest = hashlib.sha256(text).hexdigest()
        key = f"{package}:{digest}"
        if key not in self._used:
            self._used[key] = self._known[key] if key in self._known else sorted(imported_names(text, package))
        return digest, set().union(*map(self._module_files, self._used[key]))


def imported_names(text: bytes, package: str) -> set[str]:
    """Names in this package that a module's or a cell's text imports, in any spelling.

    That includes dynamic imports whose name is a plain text. A cell with magics, which is not Python, may
    import whatever it names.
    """
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return set(re.findall(r"\btoll(?:\.\w+)*", text.decode()))
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases):
                names |= {alias.name for alias in aliases}
            case ast.ImportFrom(module=module, names=aliases, level=level):
                parts = package.split(".")[: len(package.split(".")) + 1 - level] if level else []
                base = ".".join([*parts, *([module] if module else [])])
                names |= {base} | {f"{base}.{alias.name}" for alias in aliases}
            case ast.Constant(value=str(value)) if value.startswith("toll."):
                names.add(value.partition(":")[0])
    return {name for name in names if name.split(".")[0] == PACKAGE.name}


def module_files(name: str) -> set[Path]:
    """The file of a module of this package and those of the packages it is in; of an attribute, its module's."""
    found = {PACKAGE / "__init__.py"}
    folder = PACKAGE
    for part in name.split(".")[1:]:
        module, folder = folder / f"{part}.py", folder / part
        found |= {file for file in (module, folder / "__init__.py") if file.is_file()}
    return found


def data_files(folder: Path) -> list[Path]:
    """Files that are not modules, in a package's folder and those of its folders that are not packages."""
    found: list[Path] = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "__pycache__")):
            continue
        if path.is_dir() and not (path / "__init__.py").exists():
            found += data_files(path)
        elif path.is_file() and path.suffix not in (".py", ".pyc"):
            found.append(path)
    return found
