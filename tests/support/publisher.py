"""A process that publishes again and again, for tests that kill it. It imports little, so it starts in milliseconds."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from toll.project import Project
from toll.run import publish

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["toll.run.publish", "filelock"])


def publish_again_and_again(project: Project, first: int, ready: Connection) -> None:
    """From `first` on, each publication replaces twelve files and the one that is named by its number."""
    with publish.sole_run(project):
        ready.send("ready")
        for number in range(first, 10_000):
            stage = project.work / "stage/run"
            (stage / "new").mkdir(parents=True, exist_ok=True)
            for name in range(12):
                (stage / f"new/{name}").write_text(f"{number}\n" * 2000)
            moves: publish.Moves = {f"figures/{name % 3}/{name}": f"new/{name}" for name in range(12)}
            moves |= {f"figures/only-{number - 1}": None, f"figures/only-{number}": "new/only"}
            (stage / "new/only").write_text(f"{number}\n" * 2000)
            publish.commit(project, stage, moves)


@contextmanager
def publishing(project: Project, first: int = 0) -> Iterator[BaseProcess]:
    """The process, at work; it is killed at the end."""
    here, there = SERVER.Pipe()
    process = SERVER.Process(target=publish_again_and_again, args=(project, first, there))
    process.start()
    assert here.recv() == "ready"
    yield process
    process.kill()
    process.join()
