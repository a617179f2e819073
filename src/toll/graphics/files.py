"""Every file of the given graphics, made by a few processes side by side, and only where something changed.

Each size and theme of a graphic is one entry of the cache, named by the hash of all that it is made from: the
specification, the words, this package's code, the libraries and the font.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import metadata
from itertools import chain, groupby
from pathlib import Path
from typing import Any

from toll.graphics.graphic import Graphic
from toll.paths import user_cache
from toll.problems import Problem, Problems

LIBRARIES = ("brotli", "fontpkg-libre-franklin", "fonttools", "lxml", "pikepdf", "pyoxipng", "uharfbuzz",
             "vl-convert-python")  # fmt: skip
INDEX = "index.json"
ORDER, FOUND, LOG = "order.json", "found.json", "log.txt"  # what a worker gets and leaves
MOST_ENTRIES = 200  # some ten runs of three graphics, about 20 MB
A_DAY = 24 * 60 * 60
LONGEST = 300  # seconds that a worker may take before it counts as stuck
# What a worker must not inherit: dates, sorting and the order of parallel work have to be the same everywhere.
ENVIRONMENT = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "RAYON_NUM_THREADS": "1"}


def export(graphics: Graphic | Iterable[Graphic], folder: Path, jobs: int = 2,
           cache: Path | None = None) -> list[dict[str, Any]]:  # fmt: skip
    """Writes every size, theme and format of `graphics` into `folder`, in `jobs` processes.

    Returns a record a file: name, graphic, use, size, theme, format, width, height, unit (px of the image, or mm),
    bytes, sha256. `Problems` names every text that does not fit and every colour that cannot be printed.
    Only what changed is drawn again: the rest comes from `cache`, a folder that is safe to delete (default: in the
    user's own cache).
    """
    tasks = [task for graphic in ([graphics] if isinstance(graphics, Graphic) else graphics)
             for task in graphic.tasks()]  # fmt: skip
    folder, store = Path(folder), _store(cache)
    folder.mkdir(parents=True, exist_ok=True)
    keyed = {_key(task): task for task in tasks}
    missing = {key: task for key, task in keyed.items() if not _intact(store / key)}
    _draw(missing, store, jobs)
    records = [record for key in keyed for record in _take(store / key, folder)]
    _prune(store)
    return records


def drawing(task: dict[str, Any], name: str, cache: Path | None = None) -> bytes:
    """One file of a task, drawn in this process unless it is in `cache`, where `export` finds it then."""
    store = _store(cache)
    entry = store / _key(task)
    if not _intact(entry):
        keep(task, entry)
    return (entry / name).read_bytes()


def keep(task: dict[str, Any], entry: Path) -> None:
    """Draws one task into the folder `entry`, which appears complete or not at all. What a worker does."""
    from toll.graphics.formats import Picture

    picture = Picture.draw(task)
    width, height = float(picture.composed.get("width")), float(picture.composed.get("height"))
    aside = Path(tempfile.mkdtemp(dir=entry.parent, prefix="."))
    records = []
    for name, content in picture.files().items():
        (aside / name).write_bytes(content)
        measures = _measures(name, picture.size.unit, picture.size.scale, width, height)
        records.append({
            "name": name, "graphic": task["name"], "use": picture.size.use, "size": picture.size.name,
            "theme": task["theme"], "format": name.removeprefix(picture.stem)[1:], **measures,
            "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(),
        })  # fmt: skip
    (aside / INDEX).write_text(json.dumps(records), "utf-8")
    shutil.rmtree(entry, ignore_errors=True)
    try:
        aside.rename(entry)
    except OSError:  # another process was first with the same bytes
        shutil.rmtree(aside)


def _measures(name: str, unit: str, scale: float, width: float, height: float) -> dict[str, Any]:
    if unit == "mm":
        return {"width": round(width * 25.4 / 72, 1), "height": round(height * 25.4 / 72, 1), "unit": "mm"}
    pixels = scale if name.endswith("png") else 1
    return {"width": round(width * pixels), "height": round(height * pixels), "unit": "px"}


def _draw(tasks: dict[str, dict[str, Any]], store: Path, jobs: int) -> None:
    """Draws `tasks` in fresh processes: forking one in which Vega has run would hang."""
    by_size = groupby(tasks, lambda key: (tasks[key]["name"], tasks[key]["size"]["name"]))
    groups = [list(keys) for _, keys in by_size]  # light and dark share their glyphs, so one process draws both
    hands = [list(chain(*hand)) for start in range(jobs) if (hand := groups[start::jobs])]
    with ExitStack() as stack:
        orders = [Path(stack.enter_context(tempfile.TemporaryDirectory(dir=store, prefix="."))) for _ in hands]
        workers = [
            stack.enter_context(_worker({str(store / key): tasks[key] for key in hand}, order))
            for hand, order in zip(hands, orders, strict=True)
        ]
        for worker, order in zip(workers, orders, strict=True):
            if worker.wait(LONGEST):
                raise RuntimeError(f"A process that draws graphics stopped:\n{(order / LOG).read_text('utf-8')}")
        problems = [Problem(**problem) for order in orders for problem in json.loads((order / FOUND).read_text())]
    if problems:
        raise Problems(problems)


@contextmanager
def _worker(tasks: dict[str, dict[str, Any]], order: Path) -> Iterator[subprocess.Popen]:
    """A process that draws `tasks`; it does not outlive the block."""
    (order / ORDER).write_text(json.dumps(tasks), "utf-8")
    with (order / LOG).open("w") as log:
        process = subprocess.Popen([sys.executable, "-m", "toll.graphics.worker", order], stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=log, env=os.environ | ENVIRONMENT)  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _take(entry: Path, folder: Path) -> list[dict[str, Any]]:
    if not _intact(entry):
        raise RuntimeError(f"{entry} was drawn but is not whole: is the disk full?")
    records = json.loads((entry / INDEX).read_text("utf-8"))
    for record in records:
        shutil.copyfile(entry / record["name"], folder / record["name"])
    os.utime(entry)  # the least recently used are the first to go
    return records


def _intact(entry: Path) -> bool:
    try:
        records = json.loads((entry / INDEX).read_text("utf-8"))
        return all(
            hashlib.sha256((entry / record["name"]).read_bytes()).hexdigest() == record["sha256"] for record in records
        )
    except (OSError, ValueError, KeyError):
        return False


def _prune(store: Path) -> None:
    """Keeps the entries used last; what killed processes left goes after a day."""
    entries = sorted(store.glob("[!.]*"), key=lambda entry: entry.stat().st_mtime, reverse=True)
    left_over = [entry for entry in store.glob(".*") if time.time() - entry.stat().st_mtime > A_DAY]
    for entry in entries[MOST_ENTRIES:] + left_over:
        shutil.rmtree(entry, ignore_errors=True)


def _key(task: dict[str, Any]) -> str:
    content = json.dumps([task, _making()], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def _making() -> list[str]:
    """What turns a task into bytes: this package's code and the libraries."""
    code = sorted(file for file in Path(__file__).parent.glob("*.py") if file.name != "gallery.py")
    return [
        *(f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in code),
        *(f"{library} {metadata.version(library)}" for library in LIBRARIES),
    ]


def _store(cache: Path | None) -> Path:
    store = Path(cache or user_cache() / "drawings")
    store.mkdir(parents=True, exist_ok=True)
    return store
