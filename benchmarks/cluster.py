"""Times a sweep on a cluster of one worker and of two, each on loopback, in one go.

    python benchmarks/cluster.py [--runs 20] [--rounds 1]

One process is a scheduler, each worker another, and the sweep's command is timed from start to end, with the
processor time of the workers (Linux). A first, small sweep warms the workers up.
"""

from __future__ import annotations

import argparse
import json
import os
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


def spent(process: int) -> float:
    """Processor seconds of a process and of all that it started."""
    ticks = sum(map(int, Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:15]))
    # Listed by the thread that started them, and a worker starts its server from one beside the main thread.
    threads = Path(f"/proc/{process}/task").iterdir()
    children = [child for thread in threads for child in (thread / "children").read_text().split()]
    return ticks / os.sysconf("SC_CLK_TCK") + sum(spent(int(child)) for child in children)


def measure(workers: int, runs: int) -> tuple[float, float]:
    """Seconds of the sweep, and the workers' processor seconds a run."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        file = folder / "scheduler.json"
        dask = (sys.executable, "-m", "distributed.cli.dask_")
        own = ("--scheduler-file", str(file), "--no-dashboard")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder}
        quiet["env"] = os.environ | {"XDG_CACHE_HOME": f"{scratch}/cache"}  # what was drawn before is drawn again
        commands = [("scheduler", "--host", "127.0.0.1", "--port", "0")]
        commands += [("worker", "--nthreads", "1", "--no-nanny", "--local-directory", scratch)] * workers
        processes = [subprocess.Popen([*dask[:2], dask[2] + role, *own, *rest], **quiet) for role, *rest in commands]
        try:
            while not file.exists() or not file.read_text().endswith("}"):
                time.sleep(0.1)
            address = json.loads(file.read_text())["address"]
            for name, times in (("warm", 2 * workers), ("measured", runs)):
                copy(folder / name)
                before = sum(spent(process.pid) for process in processes[1:])
                started = time.perf_counter()
                sweep(folder / name, address, times)
                seconds = time.perf_counter() - started
            return seconds, (sum(spent(process.pid) for process in processes[1:]) - before) / runs
        finally:
            for process in processes:
                process.kill()
            for process in processes:
                process.wait()


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
        seconds, processor = (statistics.median(column) for column in zip(*found, strict=True))
        print(f"| {workers} | {seconds:.1f} | {60 * options.runs / seconds:.1f} | {processor:.1f} |")
    one, two = (statistics.median(seconds for seconds, _ in found) for found in results.values())
    print(
        f"\nTwo workers against one: {one / two:.2f} × the runs; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    main()
