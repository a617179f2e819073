"""Times a sweep on a cluster of one worker and of two, each on loopback, in one go.

    python benchmarks/cluster.py [--runs 20] [--rounds 1]

One process is a scheduler, each worker another, and the sweep's command is timed from start to end, with the
processor time of all of them. A first, small sweep warms the workers up.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = ("data/raw", "editions", "notebooks", "requirements.lock", "README.md")


def copy(target: Path) -> None:
    for name in SOURCES:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, target / name)


def sweep(project: Path, address: str, runs: int) -> None:
    values = ",".join(f"{1 + step / 100:g}" for step in range(runs))
    arguments = ("--sweep", f"dispersion={values}", "--as", "sweep/{dispersion}", "--cluster", address)
    done = subprocess.run(
        [sys.executable, "-m", "toll", "run", *arguments], cwd=project, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(done.stderr)


def measure(workers: int, runs: int) -> tuple[float, float]:
    """Seconds of the sweep, and processor seconds a run of everything together."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        file = folder / "scheduler.json"
        dask = (sys.executable, "-m", "distributed.cli.dask_")
        own = ("--scheduler-file", str(file), "--no-dashboard")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
        commands = [("scheduler", "--host", "127.0.0.1", "--port", "0")]
        commands += [("worker", "--nthreads", "1", "--no-nanny", "--local-directory", scratch)] * workers
        processes = [subprocess.Popen([*dask[:2], dask[2] + role, *own, *rest], **quiet) for role, *rest in commands]
        try:
            while not file.exists() or not file.read_text().endswith("}"):
                time.sleep(0.1)
            address = json.loads(file.read_text())["address"]
            for name, times in (("warm", 2 * workers), ("measured", runs)):
                copy(folder / name)
                started = time.perf_counter()
                sweep(folder / name, address, times)
                seconds = time.perf_counter() - started
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, spent / (runs + 2 * workers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    results: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
    for _ in range(options.rounds):
        for workers, found in results.items():
            found.append(measure(workers, options.runs))
    print(f"| workers | seconds for {options.runs} runs | runs a minute | processor seconds a run |")
    print("| --- | --- | --- | --- |")
    for workers, found in results.items():
        seconds, spent = (statistics.median(column) for column in zip(*found, strict=True))
        print(f"| {workers} | {seconds:.1f} | {60 * options.runs / seconds:.1f} | {spent:.1f} |")
    one, two = (statistics.median(seconds for seconds, _ in found) for found in results.values())
    print(
        f"\nTwo workers against one: {one / two:.2f} × the runs; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    main()
