"""Times `toll run` against other ways to run the same notebooks, then writes tables and chart of what it found.

    .venv/bin/python benchmarks/peers.py [--rounds 5]

Every tool has an environment made for the purpose (requirements.lock, and its own pins from peers/), a clone of the
project as committed, and a home and a cache of its own. Each round runs every tool once with no drawing in its cache
and once with all of them there; what a run makes is deleted before the next. A first round, which is not timed,
compiles the libraries and builds the fonts in every environment; its memory is looked at, and its files are compared
with those published.
Set-up installs from the package registries (or their local cache); everything else is offline.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path

import polars as pl
import report
from chain import timed

ROOT = Path(__file__).parents[1]
PEERS = Path(__file__).parent / "peers"
# What `toll run` gives the processes that run notebooks, and no telemetry.
FIXED = {
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "POLARS_MAX_THREADS": "1",
    "PLOOMBER_STATS_ENABLED": "false",
}
MADE = ("data/processed", "figures", ".toll", "executed")
COMPARED = ("data/processed/article", "figures/article")
LIBRARIES = ("polars", "altair", "vl-convert-python", "ipykernel")


@dataclass(frozen=True)
class Tool:
    """A way to run the chain: `command` for the shell, started in the project's folder.

    `package` is the one whose version is told; `pins` names the file in peers/ of what the tool needs beside the lock.
    """

    name: str
    command: str
    package: str = "toll"
    pins: str = ""
    own_process: bool = True


ONE_BY_ONE = "cd notebooks; for notebook in *.ipynb; do {} --no-progress-bar $notebook ../executed/$notebook; done"
TOOLS = {
    "toll": Tool("toll run", "toll run"),
    "papermill": Tool("papermill, a command for each notebook", ONE_BY_ONE.format("papermill"), "papermill"),
    "papermill_loop": Tool(
        "papermill, a loop in one process", f"cd notebooks; python {PEERS / 'loop.py'}", "papermill"
    ),
    "nbconvert": Tool(
        "nbconvert, one command for all",
        "cd notebooks; jupyter-nbconvert --to notebook --execute --output-dir ../executed *.ipynb",
        "nbconvert",
    ),
    "nbmake": Tool("nbmake", "pytest --nbmake --overwrite notebooks/*.ipynb", "nbmake", "nbmake"),
    "ploomber": Tool(
        "ploomber-engine, a command for each notebook",
        ONE_BY_ONE.format("ploomber-engine"),
        "ploomber-engine",
        "ploomber-engine",
    ),
    "snakemake": Tool(
        "Snakemake with papermill, two at a time",
        f"snakemake --cores 2 --snakefile {PEERS / 'Snakefile'}",
        "snakemake",
        "snakemake",
    ),
    "script": Tool("all cells as one plain script", "cd notebooks; python ../script.py", own_process=False),
}
DOIT = Tool("doit with papermill", f"doit -f {PEERS / 'dodo.py'} --dir .", "doit", "doit")

HASHING = (
    "import hashlib, pathlib; [hashlib.sha256(file.read_bytes()).digest() "
    "for folder in ('data', 'editions', 'figures', 'notebooks') "
    "for file in pathlib.Path(folder).rglob('*.*')]"
)
BARE = {"python": "python -c pass", "python_hashing": f'python -c "{HASHING}"'}

FIGURE, GRAPHIC = "bodies_found_2014h1", "extrajudicial-bodies"  # a raw figure, and what shows it
SWEEP = "toll run --sweep as_of=2014-08-11..{} --sweep dispersion=1,2,3,4,5 --as 'sweep/{{as_of}}-{{dispersion}}'"
SWEEPS = {10: "2014-08-12", 200: "2014-09-19"}  # number of runs: last day
ONE_OF_A_SWEEP = (
    "cd notebooks; for notebook in 0[1-5]*.ipynb; do papermill --no-progress-bar $notebook ../executed/$notebook "
    "-p edition sweep/{0} -p as_of 2014-08-{1} -p dispersion {0}; done"
)
LONGEST = 60  # seconds that a picture may take to be new


@dataclass(frozen=True)
class Row:
    """One measurement: of so many `runs` of the chain together. Megabytes are the peak of all processes at once."""

    measure: str
    tool: str
    round: int
    seconds: float
    megabytes: float | None = None
    runs: int = 1
    note: str = ""


@dataclass
class Bench:
    """A tool with its environment, its home and its clone, all in `scratch`."""

    key: str
    tool: Tool
    scratch: Path
    found: dict[str, object] = field(init=False)  # what there is to say of it: a row of tools.csv

    def __post_init__(self) -> None:
        self.copy, self.home = self.scratch / "copies" / self.key, self.scratch / "homes" / self.key
        self.bin = environment(self.scratch, self.tool.pins)
        call("git", "clone", "--quiet", self.scratch / "project", self.copy)
        (self.copy / "script.py").write_text(plain_script(self.copy / "notebooks"))
        self.home.mkdir(parents=True, exist_ok=True)
        version = call(
            self.bin / "python", "-c", f"import importlib.metadata as m; print(m.version('{self.tool.package}'))"
        ).strip()
        self.found = {
            "tool": self.key,
            "name": self.tool.name,
            "package": self.tool.package,
            "version": version,
            "own_process": self.tool.own_process,
            "error": "",
        }

    @property
    def variables(self) -> dict[str, str]:
        own = {
            "HOME": self.home,
            "XDG_CACHE_HOME": self.home / ".cache",
            "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}",
        }
        return os.environ | FIXED | {name: str(value) for name, value in own.items()}

    def clear(self, drawings: bool) -> None:
        """Takes away what runs made, with or without the cache of drawings."""
        call("git", "-C", self.copy, "checkout", "--quiet", ".")
        for folder in (*MADE, ".snakemake"):
            shutil.rmtree(self.copy / folder, ignore_errors=True)
        (self.copy / "executed").mkdir()
        if drawings:
            shutil.rmtree(self.home / ".cache/toll/drawings", ignore_errors=True)

    def time(
        self, measure: str, round: int = 1, command: str = "", runs: int = 1, tool: str = "", memory: bool = False
    ) -> Row:
        seconds, megabytes = timed(f"set -e; {command or self.tool.command}", self.copy, self.variables, memory)
        row = Row(measure, tool or self.key, round, seconds, megabytes if memory else None, runs)
        print(f"{row.measure}, {row.tool}: {seconds:.2f} s, {megabytes:.0f} MB", file=sys.stderr)
        return row


def call(*command: object) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{Path(command[0]).name}: {done.stderr}")
    return done.stdout


def environment(scratch: Path, pins: str) -> Path:
    """The programs of a new environment: the project with its lock, then `pins` without anything that they ask for."""
    folder, uv = scratch / "environments" / (pins or "lock"), Path(sys.executable).with_name("uv")
    python = folder / "bin/python"
    if not folder.exists():
        install = (uv, "pip", "install", "--python", python, "--no-deps")
        call(uv, "venv", "--python", sys.executable, folder)
        call(uv, "pip", "sync", "--python", python, "--require-hashes", ROOT / "requirements.lock")
        call(*install, "--no-build-isolation", "--editable", scratch / "project")
        if pins:
            call(*install, "--requirement", PEERS / f"{pins}.txt")
        call(uv, "pip", "check", "--python", python)
    return python.parent


def plain_script(notebooks: Path) -> str:
    """The code of all cells of all notebooks, one after another."""
    from toll.run import notebook_file

    loaded = (notebook_file.load(file, file.name) for file in sorted(notebooks.glob("*.ipynb")))
    return "\n\n".join(notebook_file.text(cell) for notebook in loaded for cell in notebook_file.code_cells(notebook))


def whole_chain(benches: list[Bench], rounds: int) -> Iterator[Row]:
    """Every tool once a round, from the last to the first in every other; one that fails is left out from then on."""
    for round in range(rounds + 1):
        for bench in benches[:: -1 if round % 2 else 1]:
            try:
                for measure in ("drawn", "cached") if round else ("memory",):
                    bench.clear(drawings=measure != "cached")
                    yield bench.time(measure, round, memory=measure == "memory")
            except SystemExit as failure:
                if bench.tool.package == "toll":
                    raise
                bench.found["error"] = str(failure).strip().splitlines()[-1]
                benches.remove(bench)
            if not round:
                bench.found |= compared(bench.copy, bench.scratch / "project")


def compared(copy: Path, project: Path) -> dict[str, int]:
    """How many published files there are, and how many of them the copy does not have, or with other bytes."""
    names = {
        file.relative_to(root)
        for root in (copy, project)
        for folder in COMPARED
        for file in (root / folder).rglob("[!.]*")
        if file.is_file()
    }
    same = [
        name
        for name in names
        if all((root / name).is_file() for root in (copy, project))
        and (copy / name).read_bytes() == (project / name).read_bytes()
    ]
    return {"files": len(names), "different": len(names) - len(same)}


def nothing_stale(benches: list[Bench], rounds: int) -> Iterator[Row]:
    """What it takes to find that there is nothing to do, beside what Python needs to start and to hash the files."""
    benches = [bench for bench in benches if not bench.found["error"]]
    for bench in benches:
        bench.clear(drawings=False)
        bench.time("brought up to date")
    for round in range(1, rounds + 1):
        for bench in benches:
            yield bench.time("nothing stale", round)
        for key, command in BARE.items():
            yield benches[0].time("nothing stale", round, command, tool=key)


def figure_changed(bench: Bench, rounds: int) -> Iterator[Row]:
    """`toll run` after a change of one raw figure, to another value in each round; the steps that ran are the note."""
    said = bench.home / "said.txt"
    for round in range(1, rounds + 1):
        raise_figure(bench.copy)
        row = bench.time("figure changed", round, f"toll run > {said}")
        steps = re.search(r"ran (.*);", said.read_text())[1].replace(",", "")
        yield Row(**asdict(row) | {"note": steps})


def raise_figure(copy: Path) -> None:
    """Adds one to the figure, in its wording and in the words that locate it."""
    file = copy / "data/raw/figures.csv"
    text = file.read_text("utf-8")
    line = re.search(rf"^{FIGURE},.*$", text, re.MULTILINE)[0]
    count = re.search(r"at least (\d+)", line)[1]
    file.write_text(text.replace(line, re.sub(rf"\b{count}\b", str(int(count) + 1), line)), "utf-8")


def watched(bench: Bench, rounds: int) -> Iterator[Row]:
    """From saving the figure until its new graphic is published. The first time, which starts all, does not count."""
    picture = bench.copy / f"figures/article/{GRAPHIC}-desktop.png"
    watch = subprocess.Popen(
        [bench.bin / "toll", "watch"],
        cwd=bench.copy,
        env=bench.variables,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        for round in range(rounds + 1):
            before = picture.read_bytes()
            raise_figure(bench.copy)
            started = time.perf_counter()
            while picture.read_bytes() == before:
                time.sleep(0.005)
                if watch.poll() is not None or time.perf_counter() - started > LONGEST:
                    raise SystemExit("toll watch: no new picture")
            seconds = time.perf_counter() - started
            next(line for line in watch.stdout if line.endswith(" s\n"))  # it is done with the rest, too
            if round:
                yield Row("watch", bench.key, round, seconds)
    finally:
        watch.send_signal(signal.SIGINT)
        watch.wait()


def sweeps(toll: Bench, papermill: Bench) -> Iterator[Row]:
    """A sweep of few and one of many runs, and papermill doing some of the same, drawings anew in all."""
    for runs, last in SWEEPS.items():
        toll.clear(drawings=True)
        yield toll.time("sweep", command=SWEEP.format(last), runs=runs, memory=True)
    papermill.clear(drawings=True)
    for round in range(1, 6):
        yield papermill.time("one of a sweep", round, ONE_OF_A_SWEEP.format(round, round + 10), memory=True)


def setting() -> dict[str, str]:
    """On what and when it was measured."""
    cores = len(os.sched_getaffinity(0))
    notebooks = len(list((ROOT / "notebooks").glob("*.ipynb")))
    about = {
        "measured": dt.date.today().isoformat(),
        "notebooks": str(notebooks),
        "cores": str(cores),
        "system": platform.system(),
        "Python": platform.python_version(),
    }
    return about | {library: metadata.version(library) for library in LIBRARIES}


def measure(scratch: Path, rounds: int) -> Iterator[tuple[list[Bench], Iterator[Row]]]:
    """What is measured, one thing after another, with all the tools that there are."""
    call("git", "clone", "--quiet", ROOT, scratch / "project")
    benches = {key: Bench(key, tool, scratch) for key, tool in (TOOLS | {"doit": DOIT}).items()}
    toll, papermill, doit, snakemake = (benches[key] for key in ("toll", "papermill", "doit", "snakemake"))
    for rows in (
        whole_chain([benches[key] for key in TOOLS], rounds),
        nothing_stale([toll, doit, snakemake], rounds),
        figure_changed(toll, rounds),
        watched(toll, rounds),
        sweeps(toll, papermill),
    ):
        yield list(benches.values()), rows


def save(benches: list[Bench], rows: list[Row]) -> None:
    about = pl.DataFrame({"what": list(setting()), "value": list(setting().values())})
    runs = pl.DataFrame(list(map(asdict, rows))).with_columns(pl.col("seconds", "megabytes").round(3))
    tools = pl.DataFrame([bench.found for bench in benches], infer_schema_length=None)
    report.RESULTS.mkdir(exist_ok=True)
    for name, table in {"runs": runs, "tools": tools, "setting": about}.items():
        table.write_csv(report.RESULTS / f"{name}.csv")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds, rows = parser.parse_args().rounds, []
    with tempfile.TemporaryDirectory() as scratch:
        for benches, measured in measure(Path(scratch), rounds):
            rows += measured
            save(benches, rows)  # what has been measured is not lost if the rest fails
    report.write()


if __name__ == "__main__":
    main()
