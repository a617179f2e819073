"""Every file of the given graphics, drawn by a few processes at once, and only where something changed.

Each size and theme of a graphic is one entry of the cache, a zip named by the hash of all that it is made from: the
specification, the words, this package's code, the libraries and the font. Checkouts share the cache, so an entry is
replaced whole and never taken away first.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import time
import uuid
import zipfile
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

from toll.digests import file_sha256, sha256, zipped
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
    entries = {_entry(store, task): task for task in tasks}
    found = {entry: files for entry in entries if (files := load(entry))}
    _draw({entry: task for entry, task in entries.items() if entry not in found}, jobs)
    records = [record for entry in entries for record in _lay(found.get(entry) or _drawn(entry), folder)]
    _prune(store)
    return records


def drawing(task: Task, name: str, cache: Path | None = None) -> bytes:
    """One file of a task, from `cache` or drawn now: by a helper process of the run, or in this process.

    Under `toll watch` it is shown as a draft.
    """
    entry = _entry(_store(cache), task)
    files = load(entry)
    if not files:
        if pool.has_helpers():
            pool.make([_call(entry, task)])
        else:
            keep(task, entry)
        files = _drawn(entry)
    content = files[name]
    pool.show_draft(f"{task['meta']['edition']}/{name}", content)
    return content


def draw_ahead(tasks: Iterable[Task], cache: Path | None = None) -> None:
    """Queue pictures that `export` will want, to be drawn in the background if this is part of a run."""
    store = _store(cache)
    entries = {_entry(store, task): task for task in tasks} if pool.has_helpers() else {}
    if wanted := [_call(entry, task) for entry, task in entries.items() if not load(entry)]:
        pool.make_ahead(wanted)


def _call(entry: Path, task: Task) -> Call:
    return Call(str(entry), f"{__name__}:keep", (task, entry))


def keep(task: Task, entry: Path) -> None:
    """Draw one task into the file `entry`, which appears complete or not at all."""
    from toll.graphics.formats import Picture

    picture = Picture.draw(task)
    if "svg" in picture.size.formats:  # the other formats take longer than the picture
        pool.show_draft(f"{task['meta']['edition']}/{picture.stem}.svg", picture.svg())
    width, height = float(picture.composed.get("width")), float(picture.composed.get("height"))
    files = picture.files()
    records = [
        {
            "name": name,
            "graphic": task["name"],
            "use": picture.size.use,
            "size": picture.size.name,
            "theme": task["theme"],
            "format": name.removeprefix(picture.stem)[1:],
            **_measures(name, picture.size, width, height),
            "bytes": len(content),
            "sha256": sha256(content),
        }
        for name, content in files.items()
    ]
    aside = entry.with_name(f".{uuid.uuid4().hex}")
    aside.write_bytes(zipped(files | {INDEX: json.dumps(records).encode()}))
    aside.replace(entry)


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


def _lay(files: dict[str, bytes], folder: Path) -> list[dict[str, Any]]:
    records = json.loads(files[INDEX])
    for record in records:
        (folder / record["name"]).write_bytes(files[record["name"]])
    return records


def _drawn(entry: Path) -> dict[str, bytes]:
    if files := load(entry):
        return files
    raise RuntimeError(f"{entry} was drawn but is not whole: is the disk full?")


def load(entry: Path) -> dict[str, bytes]:
    """The files of an entry, with their index; none if it is missing or damaged."""
    try:
        with zipfile.ZipFile(entry) as bundle:
            files = {name: bundle.read(name) for name in bundle.namelist()}
        whole = all(sha256(files[record["name"]]) == record["sha256"] for record in json.loads(files[INDEX]))
        os.utime(entry)  # the least recently used are the first to go
    except Exception:  # a wrong byte can look like anything: another way of packing, a password
        return {}
    return files if whole else {}


def _prune(store: Path) -> None:
    """Keeps the entries used last; what killed processes left goes after a day."""
    used = {entry: when for entry in store.iterdir() if (when := _last_used(entry)) is not None}
    entries = sorted((entry for entry in used if not entry.name.startswith(".")), key=used.__getitem__, reverse=True)
    left_over = [entry for entry in used.keys() - entries if time.time() - used[entry] > A_DAY]
    for entry in entries[MOST_ENTRIES:] + left_over:
        with contextlib.suppress(OSError):
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()  # folders are an earlier version's


def _last_used(entry: Path) -> float | None:
    try:
        return entry.stat().st_mtime
    except FileNotFoundError:  # another process has just finished with it
        return None


def _entry(store: Path, task: Task) -> Path:
    content = json.dumps([task, _making()], sort_keys=True)
    return store / f"{sha256(content.encode())[:32]}.zip"


@functools.cache
def _making() -> list[str]:
    """What turns a task into bytes: this package's code and the libraries."""
    others = EARLIER
    code = sorted(file for file in Path(__file__).parent.glob("*.py") if file.name not in others)
    return [
        *(f"{file.name} {file_sha256(file)}" for file in code),
        *(f"{library} {metadata.version(library)}" for library in LIBRARIES),
    ]


def _store(cache: Path | None) -> Path:
    store = Path(cache or user_cache() / "drawings")
    store.mkdir(parents=True, exist_ok=True)
    return store
