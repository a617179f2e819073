"""Runs on a cluster: a real scheduler, real workers and a real S3 server, all on loopback, and what becomes of them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.processes import wait_for
from support.toy import Toy
from toll import cli, problems, wiring
from toll.run.plan import plan_edition
from toll.run.runner import Options

pytest.importorskip("fsspec", reason="the extra `cluster` is not installed")
from toll.run.store import Damaged, Store

if TYPE_CHECKING:
    from toll.run import cluster_job

NEEDED = ("distributed", "s3fs", "moto")
pytestmark = pytest.mark.skipif(not all(map(find_spec, NEEDED)), reason=f"{', '.join(NEEDED)} must be installed")
PACKAGE = Path(problems.__file__).parent
KEYS = {"AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}


class Cluster:
    """A scheduler and workers, each a process."""

    def __init__(self, folder: Path, environment: dict[str, str]):
        self.folder, self.environment = folder, os.environ | environment
        folder.mkdir(exist_ok=True)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.file = folder / "scheduler.json"
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0")
        wait_for(self.file.exists, 30)
        wait_for(lambda: self.file.read_text().endswith("}"))
        self.address = json.loads(self.file.read_text())["address"]

    def _start(self, name: str, *arguments: str, role: str = "scheduler", **environment: str) -> None:
        command = [
            sys.executable,
            "-m",
            f"distributed.cli.dask_{role}",
            "--scheduler-file",
            self.file,
            "--no-dashboard",
        ]
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                [*command, *arguments], cwd=self.folder, env=self.environment | environment, stdout=log, stderr=log
            )

    def work(self, *names: str, threads: int = 1, **environment: str) -> Cluster:
        for name in names:
            own = ("--name", name, "--nthreads", str(threads), "--no-nanny", "--local-directory", str(self.folder))
            self._start(name, *own, role="worker", **environment)
        return self

    def ready(self) -> Cluster:
        for name in self.processes.keys() - {"scheduler"}:
            wait_for(lambda name=name: "Registered to" in (self.folder / f"{name}.log").read_text(), 60)
        return self

    def kill(self, name: str) -> None:
        self.processes[name].kill()
        self.processes.pop(name).wait()

    def close(self) -> None:
        for process in self.processes.values():
            process.kill()
        for process in self.processes.values():
            process.wait()


@pytest.fixture(scope="module")
def s3() -> Iterator[dict[str, str]]:
    """The environment in which there is an S3 server with the bucket `newsroom`."""
    import s3fs
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    s3fs.S3FileSystem(key="somebody", secret="secret", endpoint_url=address).mkdir("newsroom")
    yield KEYS | {"AWS_ENDPOINT_URL": address}
    server.stop()


@pytest.fixture(scope="module")
def pair(tmp_path_factory, s3) -> Iterator[Cluster]:
    """Two workers that all goes well with."""
    cluster = Cluster(tmp_path_factory.mktemp("pair"), s3)
    yield cluster.work("one", "two").ready()
    cluster.close()


@pytest.fixture
def cluster(tmp_path) -> Iterator[Cluster]:
    """One to do harm to, without workers yet."""
    cluster = Cluster(tmp_path / "cluster", {})
    yield cluster
    cluster.close()


@pytest.fixture
def on(monkeypatch, capfd, s3):
    """`toll run` on a cluster, in this process, which has imported what takes long; it returns what Toy.toll does."""

    def run(toy: Toy, *arguments: str) -> subprocess.CompletedProcess[str]:
        monkeypatch.chdir(toy.root)
        monkeypatch.setattr(wiring, "HOOKS", wiring.HOOKS._replace(preload=toy.preload, warm_up=""))
        capfd.readouterr()
        code = cli.main(["run", *arguments])
        return subprocess.CompletedProcess(arguments, code, *capfd.readouterr())

    for name, value in s3.items():
        monkeypatch.setenv(name, value)
    return run


def twin(toy: Toy, name: str = "twin") -> Toy:
    """The same project in another folder."""
    other = Toy.at(shutil.copytree(toy.root, toy.root.with_name(name)))
    other.preload = toy.preload
    return other


def records(toy: Toy) -> dict[str, bytes]:
    state = toy.project.work / "state"
    return {path.relative_to(state).as_posix(): path.read_bytes() for path in state.rglob("*.json")}


def logged(toy: Toy, *cells: str) -> Path:
    """Makes the toy a chain whose notebook notes each run of an edition in a file outside before the cells."""
    log = toy.root.with_name("log.txt")
    toy.only(f"with open({str(log)!r}, 'a') as log: print(edition, file=log)", *cells)
    return log


def test_a_cluster_gives_the_bytes_that_this_machine_gives_with_either_kind_of_store(toy, pair, on):
    local, remote = twin(toy, "local"), twin(toy, "remote")
    assert local.toll("run", "--all").returncode == 0
    for other, store in ((toy, ()), (remote, ("--store", "s3://newsroom/toll"))):
        outcome = on(other, "--all", "--cluster", pair.address, *store)
        assert outcome.returncode == 0, outcome.stderr
        assert "article: ran first, " in outcome.stdout
        assert other.published() == local.published()
        assert records(other) == records(local)
        assert other.toll("status", "--all").returncode == 0
    assert "up to date" in on(toy, "--all", "--cluster", pair.address).stdout


def test_a_sweep_too_with_its_table(swept, pair, on):
    local = twin(swept)
    sweep = ("run", "-p", "spread=4", "--sweep", "year=2001..2006", "--as", "s/{year}")
    assert local.toll(*sweep).returncode == 0
    outcome = on(swept, *sweep[1:], "--cluster", pair.address)
    assert outcome.returncode == 0, outcome.stderr
    assert swept.published() == local.published()
    assert "data/processed/s/summary.csv" in outcome.stdout
    assert [line.split(": ")[0] for line in outcome.stderr.splitlines()] == [f"{n} of 6" for n in range(1, 7)]
    assert not list((swept.project.work / "cluster/outputs").iterdir())  # what is published is kept no longer


def test_a_failing_cell_reads_as_it_would_here(toy, pair, on):
    toy.only("good = 1", "1 / 0", "print('later')")
    local = twin(toy)
    here, there = local.toll("run"), on(toy, "--cluster", pair.address)
    assert (there.returncode, there.stderr) == (here.returncode, here.stderr) != (0, "")
    assert toy.published() == local.published()
    left = [
        {
            path.relative_to(one.root): path.read_bytes()
            for path in (one.project.work / "failed").rglob("*")
            if path.is_file()
        }
        for one in (toy, local)
    ]
    assert left[0] == left[1] != {}


def test_a_worker_killed_in_the_middle_is_replaced(toy, pair):
    server = toy.root.with_name("server")
    log = logged(
        toy,
        "import os, time; from pathlib import Path",
        f"runs = Path({str(toy.root.with_name('log.txt'))!r}).read_text().count('\\n')",
        f"runs > 1 or (Path({str(server)!r}).write_text(str(os.getppid())), time.sleep(99))\nword",
    )
    local = twin(toy)
    log.write_text("not the first\n")
    assert local.toll("run").returncode == 0
    log.unlink()
    running = subprocess.Popen(toy.command("run", "--cluster", pair.address), cwd=toy.root, stderr=subprocess.PIPE)
    wait_for(lambda: server.exists() and server.read_text() != "", 60)
    busy = Path(f"/proc/{server.read_text()}/stat").read_text().rpartition(")")[2].split()[1]
    name = next(name for name, process in pair.processes.items() if process.pid == int(busy))
    pair.kill(name)
    _, complaint = running.communicate(timeout=90)
    pair.work(name).ready()  # for the other tests
    assert running.returncode == 0, complaint
    assert log.read_text() == "article\n" * 2
    assert toy.published() == local.published()
    assert records(toy) == records(local)
    wait_for(lambda: not Path(f"/proc/{server.read_text()}").exists(), 5)


def test_a_scheduler_that_goes_away_is_named_and_the_next_run_goes_on(swept, cluster, pair, on):
    log = swept.root.with_name("log.txt")
    notebook = swept.project.notebooks / "ledger.ipynb"
    note = f"import time; open({str(log)!r}, 'a').write(f'{{year}} '); time.sleep(0.5); import polars"
    notebook.write_text(notebook.read_text().replace("import polars", note))
    log.touch()
    local = twin(swept)
    cluster.work("one").ready()
    sweep = ("run", "--sweep", "year=2001..2006", "--as", "s/{year}")
    running = subprocess.Popen(
        swept.command(*sweep, "--cluster", cluster.address),
        cwd=swept.root,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    wait_for(lambda: len(records(swept)) >= 2, 60)
    cluster.kill("scheduler")
    _, complaint = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "The scheduler went away" in complaint
    assert "Traceback" not in complaint, complaint
    cluster.close()  # its workers have no scheduler any more
    done = records(swept)
    stored = list((swept.project.work / "cluster/outputs").glob("*.zip"))
    before = log.read_text().split()
    assert 2 <= len(done) < 6
    outcome = on(swept, *sweep[1:], "--cluster", pair.address)
    assert outcome.returncode == 0, outcome.stderr
    assert done.items() <= records(swept).items()
    again = log.read_text().split()[len(before) :]
    assert len(again) == 6 - len(done) - len(stored)
    assert not {f"s/{year}.json" for year in again} & done.keys()
    assert local.toll(*sweep).returncode == 0
    assert swept.published() == local.published()


@pytest.fixture
def mixed(tmp_path, pair) -> Iterator[Cluster]:
    """The pair's cluster with four more workers, each with something wrong."""
    changed = shutil.copytree(PACKAGE, tmp_path / "other/toll", ignore=shutil.ignore_patterns("__pycache__"))
    (changed / "tables.py").write_text((changed / "tables.py").read_text() + "# changed\n")
    (tmp_path / "none/toll").mkdir(parents=True)
    (tmp_path / "none/toll/__init__.py").touch()
    pair.work("changed", PYTHONPATH=str(tmp_path / "other"))
    pair.work("without", PYTHONPATH=str(tmp_path / "none"))
    pair.work("wide", threads=3)
    pair.work("far", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="", AWS_EC2_METADATA_DISABLED="true")
    yield pair.ready()
    for name in ("changed", "without", "wide", "far"):
        pair.kill(name)


def test_workers_that_are_not_as_this_machine_are_refused_by_name(toy, mixed, on):
    log = logged(toy)
    before = toy.published()
    outcome = on(toy, "--cluster", mixed.address, "--store", "s3://newsroom/toll")
    assert outcome.returncode == 1
    lines = dict(line.removeprefix("worker ").split(": ", 1) for line in outcome.stderr.splitlines())
    assert len(lines) == 4, outcome.stderr
    assert not {"one", "two"} & lines.keys()
    assert "code " in lines["changed"]
    assert "has 3 threads" in lines["wide"]
    assert "cannot read s3://newsroom/toll" in lines["far"]
    assert "No module named 'toll.run'" in outcome.stderr
    assert not log.exists()
    assert toy.published() == before


def test_workers_with_another_lock_are_refused_by_name(toy, pair, on):
    (toy.root / "requirements.lock").write_text(
        "polars==2.0.0 \\\n    --hash=sha256:00\nno-such-package==1.5 ; python_version > '3' \\\n    --hash=sha256:00\n"
        "never-here==1 ; sys_platform == 'plan9' \\\n    --hash=sha256:00\npyyaml==6.0.3 \\\n    --hash=sha256:00\n"
    )
    log = logged(toy)
    outcome = on(toy, "--cluster", pair.address)
    assert outcome.returncode == 1
    assert sorted(line.split(": ")[0] for line in outcome.stderr.splitlines()) == ["worker one", "worker two"]
    assert "not 2.0.0; no-such-package not installed, not 1.5." in outcome.stderr
    assert not log.exists()


def planned(toy: Toy) -> cluster_job.Job:
    """What a run of the toy sends to a worker."""
    from toll.run import cluster as client
    from toll.run import cluster_job

    chain, edition = plan_edition(toy.project, "article")
    url = str(toy.project.work / "cluster")
    settings = Options(wiring.HOOKS._replace(preload=toy.preload, warm_up=""), jobs=1, ahead=False).settings()
    inputs = client.Inputs(toy.project, Store(url))
    return cluster_job.Job(chain, edition, inputs.bundle(chain), url, cluster_job.code(), settings, 1, False)


def test_a_worker_that_joins_later_is_checked_too(toy, pair):
    """Each run brings what its worker must be."""
    from distributed import Client

    from toll.run import cluster_job

    log = logged(toy)
    one = planned(toy)
    with Client(pair.address, set_as_default=False) as dask:
        (said,) = dask.submit(cluster_job.run, replace(one, code="other code")).result()
        assert said.where.file.startswith("worker ")
        assert "this machine has other code" in said.message
        (Path(one.store) / f"{one.inputs}.zip").unlink()
        assert "cannot read" in str(dask.submit(cluster_job.run, one).result())
        Store(one.store).put(one.inputs, {"inputs/words.txt": b"others"})
        assert "cannot read" in str(dask.submit(cluster_job.run, one, pure=False).result())
    assert not log.exists()


def test_an_edit_during_the_run_is_noticed(toy, pair):
    log = logged(toy, "import time; time.sleep(2)")
    before = toy.published()
    running = subprocess.Popen(toy.command("run", "--cluster", pair.address), cwd=toy.root, stderr=subprocess.PIPE)
    wait_for(log.exists, 60)
    (toy.root / "inputs/words.txt").write_text("four\n")
    _, complaint = running.communicate(timeout=60)
    assert running.returncode == 1
    assert b"inputs/words.txt: The file was edited during the run" in complaint
    assert toy.published() == before


def test_a_damaged_output_is_named_and_made_again(toy, pair, on):
    one = planned(toy)
    Store(one.store).put(one.output, {"half": b"x" * 99})
    path = Path(one.store) / f"{one.output}.zip"
    path.write_bytes(path.read_bytes()[:-20])
    before = toy.published()
    outcome = on(toy, "--cluster", pair.address)
    assert outcome.returncode == 1
    assert "--store: An output is not what the worker wrote" in outcome.stderr
    assert toy.published() == before
    assert on(toy, "--cluster", pair.address).returncode == 0


@pytest.mark.parametrize("store", ["nowhere://x", "s3://no-such-bucket/x", "/dev/null/x"])
def test_a_store_that_cannot_be_used_is_named(toy, pair, store, on):
    outcome = on(toy, "--cluster", pair.address, "--store", store)
    assert outcome.returncode == 1
    assert f"--store: {store} cannot be used" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_without_scheduler_or_worker_there_is_an_error_within_seconds(toy, cluster, monkeypatch, on):
    outcome = on(toy, "--cluster", "tcp://127.0.0.1:9")
    assert outcome.returncode == 1
    assert "--cluster: No Dask scheduler answers at tcp://127.0.0.1:9" in outcome.stderr
    outcome = on(toy, "--cluster", cluster.address)
    assert outcome.returncode == 1
    assert f"--cluster: The scheduler at {cluster.address} has no workers" in outcome.stderr
    assert toy.toll("run", "--cluster").returncode == 2
    assert "--store: Only runs on a cluster use a store" in toy.toll("run", "--store", "x").stderr


def test_without_the_extra_the_error_says_how_to_install_it(toy):
    without = "import sys; sys.modules['distributed'] = None; from toll.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", without, "run", "--cluster", "tcp://127.0.0.1:9"]
    outcome = subprocess.run(command, cwd=toy.root, capture_output=True, text=True)
    assert outcome.returncode == 1
    assert "--cluster: The library distributed is not installed" in outcome.stderr
    assert "toll[cluster]" in outcome.stderr


def test_a_bundle_is_there_whole_or_not_at_all(tmp_path):
    store, files = Store(str(tmp_path)), {"b/c": b"2" * 99, "a": b"1"}
    store.put("inputs/x", files)
    store.put("inputs/y", dict(reversed(files.items())))
    one, other = sorted((tmp_path / "inputs").iterdir())
    assert one.read_bytes() == other.read_bytes()
    store.get("inputs/x", tmp_path / "out")
    assert {
        p.relative_to(tmp_path / "out").as_posix(): p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()
    } == files
    whole = one.read_bytes()
    for broken in (b"", whole[:30], whole[:-1], whole[:60] + b"?" + whole[61:]):
        one.write_bytes(broken)
        with pytest.raises(Damaged):
            store.get("inputs/x", tmp_path / "again")
    for place in range(len(whole)):  # names and dates may pass here: who takes the files compares their hashes
        one.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        with contextlib.suppress(Damaged):
            store.get("inputs/x", tmp_path / "again")
    store.drop("inputs/x")
    assert not store.holds("inputs/x")
    store.drop("inputs/x")


def test_a_writer_that_dies_leaves_no_bundle(tmp_path):
    script = (
        "import sys, signal, os; from fsspec.implementations.local import LocalFileSystem as L\n"
        "L.mv = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "from toll.run.store import Store; Store(sys.argv[1]).put('x', {'a': b'1'})"
    )
    outcome = subprocess.run([sys.executable, "-c", script, tmp_path])
    assert outcome.returncode == -signal.SIGKILL
    assert not Store(str(tmp_path)).holds("x")


def test_names_say_which_file_is_another(toy):
    from toll.run import cluster_job

    chain, _ = plan_edition(toy.project, "article")
    names = cluster_job.sources(toy.project, chain)
    assert names == (
        "inputs/words.txt",
        "notebooks/chain.yml",
        *(f"notebooks/{n}.ipynb" for n in ("first", "last", "left", "right")),
        "requirements.lock",
    )
    executed = cluster_job.content(toy.project, "notebooks/first.ipynb")
    assert toy.toll("run").returncode == 0
    assert cluster_job.sources(toy.project, chain) == names  # nothing that the run made
    assert cluster_job.content(toy.project, "notebooks/first.ipynb") == executed
