"""Times what a new user and a reporter wait for, on a fresh clone: medians of several runs, as a table.

    python benchmarks/chain.py [--runs 5]

Set-up installs from the package registries (or their local cache); everything else is offline. Peak memory is the
largest sum over all processes of a run of their proportional share, sampled five times a second (Linux).
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def timed(
    command: str, folder: Path, environment: dict[str, str] | None = None, memory: bool = True
) -> tuple[float, float]:
    """Seconds and peak megabytes of one run of `command`.

    Without `memory` nobody looks, which takes the more time the more processes there are.
    """
    started = time.perf_counter()
    process = subprocess.Popen(
        command, shell=True, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    peak, done = [0.0], threading.Event()
    watcher = threading.Thread(target=_watch, args=(process.pid, peak, done))
    if memory:
        watcher.start()
    _, complaint = process.communicate()
    seconds = time.perf_counter() - started
    done.set()
    if memory:
        watcher.join()
    if process.returncode:
        raise SystemExit(f"{command}: {complaint.decode()}")
    return seconds, peak[0]


def _watch(root: int, peak: list[float], done: threading.Event) -> None:
    while not done.wait(0.2):
        peak[0] = max(peak[0], sum(map(_megabytes, _family(root))))


def _family(root: int) -> list[int]:
    """The process and all below it."""
    found, new = [], [root]
    while new:
        process = new.pop()
        found.append(process)
        for children in Path(f"/proc/{process}/task").glob("*/children"):  # each thread has its own
            with contextlib.suppress(OSError):
                new += map(int, children.read_text().split())
    return found


def _megabytes(process: int) -> float:
    try:
        rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1024


def measure(runs: int) -> list[tuple[str, list[tuple[float, float]]]]:
    with tempfile.TemporaryDirectory() as scratch:
        clone = Path(scratch) / "clone"
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
        cold = f"XDG_CACHE_HOME={scratch}/cache"
        export = (
            "from pathlib import Path; from toll.graphics.export import export;"
            "from toll.graphics.graphic import Graphic;"
            "paths = sorted(Path('data/processed/article/graphics').glob('*.json'));"
            "export(map(Graphic.load, paths), Path('drawn'), cache=Path('drawings'))"
        )
        cases = {
            "set-up from a bare clone": ("rm -rf .venv && make .venv/ready", 3),
            "first run: fonts built, everything drawn": (f"rm -rf .toll {scratch}/cache && {cold} make", runs),
            "everything stale, fonts there, everything drawn": (
                f"rm -rf .toll {scratch}/cache/toll/drawings && {cold} make",
                runs,
            ),
            "everything stale, drawings cached": (f"{cold} .venv/bin/toll run --force", runs),
            "everything stale, standard kernels": (f"{cold} .venv/bin/toll run --force --engine kernel", 3),
            "nothing stale": ("make", runs),
            "all exports of the edition, drawn": (f'rm -rf drawings && .venv/bin/python -c "{export}"', runs),
            "all exports of the edition, cached": (f'.venv/bin/python -c "{export}"', runs),
        }
        return [(name, [timed(command, clone) for _ in range(times)]) for name, (command, times) in cases.items()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    print("| what | median s | min–max s | peak MB |\n| --- | --- | --- | --- |")
    for name, results in measure(parser.parse_args().runs):
        seconds, memory = zip(*results, strict=True)
        print(
            f"| {name} | {statistics.median(seconds):.2f} | {min(seconds):.2f}–{max(seconds):.2f} | {max(memory):.0f} |"
        )


if __name__ == "__main__":
    main()
