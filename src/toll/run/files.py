"""Files by path and by content: which there are, their digests, and the one digest of this package's code."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from pathlib import Path

from toll.digests import file_sha256, sha256

PACKAGE = Path(__file__).parents[1]

Hashes = dict[str, str]  # by path in the project
Look = dict[str, tuple[int, int]]  # by path: time and size


def visible(name: str) -> bool:
    """Whether a path counts: hidden files and caches don't."""
    return not (name.startswith(".") or "/." in name or "__pycache__" in name)


def find(root: Path, path: str) -> list[str]:
    """The files at a path, itself or everything in it, in order, as paths in `root`."""
    start, base = f"{root}/{path}", f"{root}/"
    if os.path.isfile(start):  # noqa: PTH113 - hundreds of paths, whenever a command asks what is stale
        return [path] if visible(path) else []
    found = (file.removeprefix(base).removeprefix("./") for file in _walk(start))
    return sorted(filter(visible, found), key=lambda name: name.split("/"))


def _walk(folder: str, without: tuple[str, ...] = ()) -> Iterator[str]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if visible(name) and f"{place}/{name}" not in without]
        yield from (f"{place}/{name}" for name in names)


def hashes(root: Path, *paths: str, digest: Callable[[Path], str] = file_sha256) -> Hashes:
    base = f"{root}/"
    return {name: digest(Path(base + name)) for path in paths for name in find(root, path)}


def changes(now: dict[str, str], then: dict[str, str]) -> Iterator[tuple[str, str]]:
    """What differs between two sets of files, by path: “edited”, “added” or “deleted”."""
    for name in sorted(name for name in now.keys() | then.keys() if now.get(name) != then.get(name)):
        yield name, "added" if name not in then else "deleted" if name not in now else "edited"


def quick_digest(file: Path) -> str:
    """The SHA-256 of a file that may be large: read once in this process for each size and time of the file."""
    about = file.stat()
    return _digest(file, about.st_size, about.st_mtime_ns, about.st_ctime_ns)


@lru_cache(maxsize=10_000)
def _digest(file: Path, size: int, modified: int, changed: int) -> str:
    return file_sha256(file)


@cache
def package_digest() -> str:
    """The SHA-256 of this package's files, by name and content, as they were when this process first asked."""
    return sha256("".join(f"{name} {digest}\n" for name, digest in hashes(PACKAGE, ".").items()).encode())


def look(folder: Path, *without: Path) -> Look:
    """Time and size of every file: whether any may have changed. Whether one did, its content decides."""
    found: Look = {}
    for file in _walk(str(folder), tuple(map(str, without))):
        try:
            about = os.stat(file)  # noqa: PTH116 - `watch` looks at hundreds of files many times a second
        except FileNotFoundError:
            continue
        found[file] = about.st_mtime_ns, about.st_size
    return found
