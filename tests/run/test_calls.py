"""Helper processes: what someone waits for goes first, what is ordered ahead gets done, none outlives its owner."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from support.processes import wait_for
from toll.problems import Problems
from toll.run import pool
from toll.run.pool import Pool
from toll.run.worker import Call, Settings

FUNCTIONS = """
import os, sys, time
from pathlib import Path
from toll.problems import Problem, Problems, Where

def warm_up():
    if os.environ.get("XDG_CACHE_HOME") == "no warmth":
        raise Problems([Problem(Where("renderer"), "It has no fonts.")])

def write(path, seconds=0.0):
    with open(path, "a") as file:
        file.write(f"{os.getpid()} ")
    time.sleep(seconds)

def refuse(name):
    raise Problems([Problem(Where(name), "It does not fit.")])

def break_():
    1 / 0

def die(path):
    write(path)
    os._exit(7)

def wait_for(path):
    while not Path(path).exists():
        time.sleep(0.01)
"""


@pytest.fixture(autouse=True)
def functions(tmp_path, monkeypatch):
    (tmp_path / "functions.py").write_text(FUNCTIONS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def call(function: str, *arguments: object, key: str = "") -> Call:
    return Call(key or repr((function, arguments)), f"functions:{function}", arguments)


def write(path: Path, seconds: float = 0.0) -> Call:
    return call("write", str(path), seconds)


def helpers(count: int):
    return pool.helpers(count, "functions:warm_up")


@pytest.fixture
def run(monkeypatch):
    """A pool with two helpers that work ahead, as a run has it."""
    settings = Settings(engine="", warm_up="functions:warm_up", helpers=2, ahead=True)
    with Pool(settings) as own:
        monkeypatch.setenv(pool.ADDRESS, own.address)
        yield


def test_without_a_pool_there_is_no_one_to_call():
    assert not pool.has_helpers()
    with helpers(1):
        assert pool.has_helpers()
    assert not pool.has_helpers()


def test_calls_are_made_side_by_side(tmp_path):
    """Each of the two waits for what the other does first; one after the other they would never end."""
    with helpers(2):
        pool.make([write(tmp_path / "warm 1", 0.1), write(tmp_path / "warm 2", 0.1)])
        other = threading.Thread(target=pool.make, args=[[call("wait_for", str(tmp_path / "made"))]])
        other.start()
        pool.make([write(tmp_path / "made")])
        other.join(60)
        assert not other.is_alive()


def test_what_someone_waits_for_goes_first(run, tmp_path):
    pool.make_ahead([write(tmp_path / f"later {number}", 0.5) for number in range(20)])
    pool.make([write(tmp_path / "now")])
    assert len(list(tmp_path.glob("later*"))) < 10


def test_what_is_ordered_ahead_is_made_when_there_is_nothing_else_to_do(run, tmp_path):
    pool.make_ahead([write(tmp_path / str(number)) for number in range(5)])
    wait_for(lambda: len(list(tmp_path.glob("[0-9]"))) == 5)


def test_helpers_for_calls_of_this_process_make_nothing_ahead(tmp_path):
    with helpers(1):
        pool.make_ahead([write(tmp_path / "ahead")])
        pool.make([write(tmp_path / "now")])
        pool.make([write(tmp_path / "now")])
    assert not (tmp_path / "ahead").exists()


def test_the_same_call_is_made_once_for_all_who_wait_for_it(run, tmp_path):
    go, made = str(tmp_path / "go"), tmp_path / "made"
    same = Call("same", "functions:write", (str(made), 0.5))
    blocking = call("wait_for", go)
    clients = [threading.Thread(target=pool.make, args=[[one]]) for one in (blocking, blocking, same, same)]
    pool.make_ahead([same])
    for client in clients:
        client.start()
    wait_for(made.exists)
    Path(go).touch()
    for client in clients:
        client.join(60)
    assert not any(client.is_alive() for client in clients)
    assert len(made.read_text().split()) == 1


def test_all_problems_come_back_and_the_helper_goes_on(tmp_path):
    with helpers(1):
        with pytest.raises(Problems) as raised:
            pool.make([call("refuse", "a"), write(tmp_path / "between"), call("refuse", "b")])
        assert [str(problem) for problem in raised.value.problems] == ["a: It does not fit.", "b: It does not fit."]
        with pytest.raises(RuntimeError, match="ZeroDivisionError: division by zero"):
            pool.make([call("break_")])
        pool.make([write(tmp_path / "after")])
    assert (tmp_path / "between").read_text() == (tmp_path / "after").read_text()


def test_a_helper_that_cannot_start_says_why(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "no warmth")
    with helpers(1), pytest.raises(Problems, match="It has no fonts"):
        pool.make([call("break_")])


def test_a_helper_that_dies_is_an_error_and_is_replaced(tmp_path):
    with helpers(1):
        with pytest.raises(RuntimeError, match=r"The process ended with exit code 7"):
            pool.make([call("die", str(tmp_path / "dead"))])
        pool.make([write(tmp_path / "alive")])
    assert (tmp_path / "dead").read_text() != (tmp_path / "alive").read_text()


def test_calls_of_a_process_that_is_gone_are_not_made(run, tmp_path):
    """The one that its helper is making is finished; the ones that wait are dropped."""
    script = (
        "import sys; from toll.run import pool; from toll.run.worker import Call;"
        "pool.make([Call(*eval(text)) for text in sys.argv[1:]])"
    )
    go = tmp_path / "go"
    orders = [call("wait_for", str(go), key=key) for key in ("one", "two")] + [write(tmp_path / "never")]
    client = subprocess.Popen([sys.executable, "-c", script, *(repr(tuple(order)) for order in orders)])
    pool.make_ahead([write(tmp_path / "ahead")])
    time.sleep(2)
    client.kill()
    client.wait()
    go.touch()
    pool.make([write(tmp_path / "now")])
    wait_for((tmp_path / "ahead").exists)
    assert not (tmp_path / "never").exists()


def test_a_pool_that_ends_is_an_error_and_not_a_wait(tmp_path):
    with helpers(1):
        pool.make([write(tmp_path / "helper")])
        server = Path(f"/proc/{(tmp_path / 'helper').read_text().strip()}/stat").read_text().split(")")[1].split()[1]
        os.kill(int(server), signal.SIGKILL)
        with pytest.raises(RuntimeError, match="The pool of helper processes stopped"):
            pool.make([write(tmp_path / "never")])


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_helpers_end_with_an_owner_that_is_killed(tmp_path):
    code = (
        "import sys, time; from toll.run import pool; from toll.run.worker import Call\n"
        "with pool.helpers(2, 'functions:warm_up'):\n"
        "    pool.make([Call(name, 'functions:write', (sys.argv[1], 0.5)) for name in 'ab'])\n"
        "    print('up', flush=True); time.sleep(99)"
    )
    made = tmp_path / "made"
    owner = subprocess.Popen([sys.executable, "-c", code, made], stdout=subprocess.PIPE)
    assert owner.stdout.readline() == b"up\n"
    owner.kill()
    owner.wait()
    pids = made.read_text().split()
    assert len(set(pids)) == 2
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))


def test_a_client_that_says_nothing_or_half_does_no_harm(tmp_path):
    import socket

    with helpers(1):
        for said in (b"", b"\0\0\0\x20half an order"):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(os.environ[pool.ADDRESS])
                client.sendall(said)
        pool.make([write(tmp_path / "made")])
    assert (tmp_path / "made").exists()
