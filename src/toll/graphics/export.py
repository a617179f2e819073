"""Every file of the given graphics, drawn by a few processes at once, and only where something changed.

Each size and theme of a graphic is one entry of the cache, named by the hash of all that it is made from: the
specification, the words, this package's code, the libraries and the font.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

from toll.graphics.theme import Size
from toll.project import user_cache
from toll.run import pool
from toll.run.worker import Call

Task = dict[str, Any]

LIBRARIES = (
    "brotli",
    "fontpkg-libre-franklin",
    "fonttools",
    "lxml",
    "pikepdf",
    "pyoxipng",
    "uharfbuzz",
    "vl-convert-python",
)
EARLIER = ("graphic.py", "marks.py")  # they make tasks, which are part of the key anyway
INDEX = "index.json"
WARM_UP = "toll.graphics.formats:warm_up"
MOST_ENTRIES = 400  # some ten runs, about 40 MB
A_DAY = 24 * 60 * 60


class Drawn(Protocol):
    """A graphic: all that its files are made from, one task for each size and theme."""

    def tasks(self) -> list[Task]: ...


def export(
    graphics: Drawn | Iterable[Drawn], folder: Path, jobs: int = 2, cache: Path | None = None
) -> list[dict[str, Any]]:
    """Writes every size, theme and format of `graphics` into `folder`, in `jobs` processes.

    Returns a record for each file: name, graphic, use, size, theme, format, width, height, unit (px of the image, or
    mm), bytes, sha256. `Problems` name every text that does not fit and every color that cannot be printed.
    Only what changed is drawn again; the rest comes from `cache`, a folder that is safe to delete (default: in the
    user's own cache).
    """
    tasks = [
        task for graphic in (graphics if isinstance(graphics, Iterable) else [graphics]) for task in graphic.tasks()
    ]
    folder, store = Path(folder), _store(cache)
    folder.mkdir(parents=True, exist_ok=True)
    keyed = {_key(task): task for task in tasks}
    _draw({store / key: task for key, task in keyed.items() if not intact(store / key)}, jobs)
    records = [record for key in keyed for record in _take(store / key, folder)]
    _prune(store)
    return records


def drawing(task: Task, name: str, cache: Path | None = None) -> bytes:
    """One file of a task, from `cache` or drawn now: by a helper process of the run, or in this process.

    Under `toll watch` it is shown as a draft.
    """
    store = _store(cache)
    entry = store / _key(task)
    if not intact(entry):
        if pool.has_helpers():
            pool.make([_call(entry, task)])
        else:
            keep(task, entry)
    content = (entry / name).read_bytes()
    pool.show_draft(f"{task['meta']['edition']}/{name}", content)
    return content


def draw_ahead(tasks: Iterable[Task], cache: Path | None = None) -> None:
    """Queue pictures that `export` will want, to be drawn in the background if this is part of a run."""
    store = _store(cache)
    keyed = {store / _key(task): task for task in tasks} if pool.has_helpers() else {}
    if wanted := [_call(entry, task) for entry, task in keyed.items() if not intact(entry)]:
        pool.make_ahead(wanted)


def _call(entry: Path, task: Task) -> Call:
    return Call(str(entry), f"{__name__}:keep", (task, entry))


def keep(task: Task, entry: Path) -> None:
    """Draw one task into the folder `entry`, which appears complete or not at all."""
    from toll.graphics.formats import Picture

    picture = Picture.draw(task)
    if "svg" in picture.size.formats:  # the other formats take longer than the picture
        pool.show_draft(f"{task['meta']['edition']}/{picture.stem}.svg", picture.svg())
    width, height = float(picture.composed.get("width")), float(picture.composed.get("height"))
    aside = Path(tempfile.mkdtemp(dir=entry.parent, prefix="."))
    records = []
    for name, content in picture.files().items():
        (aside / name).write_bytes(content)
        records.append(
            {
                "name": name,
                "graphic": task["name"],
                "use": picture.size.use,
                "size": picture.size.name,
                "theme": task["theme"],
                "format": name.removeprefix(picture.stem)[1:],
                **_measures(name, picture.size, width, height),
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
        )
    (aside / INDEX).write_text(json.dumps(records), "utf-8")
    shutil.rmtree(entry, ignore_errors=True)
    try:
        aside.rename(entry)
    except OSError:  # another process was first with the same bytes
        shutil.rmtree(aside)


def _measures(name: str, size: Size, width: float, height: float) -> dict[str, Any]:
    if size.use == "print":
        return {"width": round(width * 25.4 / 72, 1), "height": round(height * 25.4 / 72, 1), "unit": "mm"}
    scale = size.ppi / 72 if name.endswith("png") else 1
    return {"width": round(width * scale), "height": round(height * scale), "unit": "px"}


def _draw(tasks: dict[Path, Task], jobs: int) -> None:
    """Draw `tasks` in helper processes: those of the run, or some of our own."""
    if tasks:
        with contextlib.nullcontext() if pool.has_helpers() else pool.helpers(jobs, WARM_UP):
            pool.make(_call(entry, task) for entry, task in tasks.items())


def _take(entry: Path, folder: Path) -> list[dict[str, Any]]:
    if not intact(entry):
        raise RuntimeError(f"{entry} was drawn but is not whole: is the disk full?")
    records = json.loads((entry / INDEX).read_text("utf-8"))
    for record in records:
        shutil.copyfile(entry / record["name"], folder / record["name"])
    os.utime(entry)  # the least recently used are the first to go
    return records


def intact(entry: Path) -> bool:
    try:
        records = json.loads((entry / INDEX).read_text("utf-8"))
        return all(
            hashlib.sha256((entry / record["name"]).read_bytes()).hexdigest() == record["sha256"] for record in records
        )
    except (OSError, ValueError, KeyError):
        return False


def _prune(store: Path) -> None:
    """Keeps the entries used last; what killed processes left goes after a day."""
    used = {entry: when for entry in store.iterdir() if (when := _last_used(entry)) is not None}
    entries = sorted((entry for entry in used if not entry.name.startswith(".")), key=used.__getitem__, reverse=True)
    left_over = [entry for entry in used.keys() - entries if time.time() - used[entry] > A_DAY]
    for entry in entries[MOST_ENTRIES:] + left_over:
        shutil.rmtree(entry, ignore_errors=True)


def _last_used(entry: Path) -> float | None:
    try:
        return entry.stat().st_mtime
    except FileNotFoundError:  # another process has just finished with it
        return None


def _key(task: dict[str, Any]) -> str:
    content = json.dumps([task, _making()], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:32]


@functools.cache
def _making() -> list[str]:
    """What turns a task into bytes: this package's code and the libraries."""
    others = EARLIER
    code = sorted(file for file in Path(__file__).parent.glob("*.py") if file.name not in others)
    return [
        *(f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in code),
        *(f"{library} {metadata.version(library)}" for library in LIBRARIES),
    ]


def _store(cache: Path | None) -> Path:
    store = Path(cache or user_cache() / "drawings")
    store.mkdir(parents=True, exist_ok=True)
    return store
