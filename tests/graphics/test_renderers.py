"""Warm processes that draw: what is urgent goes first, what is ordered ahead gets done, none outlives its owner."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import altair as alt
import polars as pl
import pytest

from toll.graphics import renderers
from toll.graphics.export import draw_ahead, intact
from toll.graphics.graphic import Furniture, Graphic, Meta
from toll.problems import Problems

pytestmark = pytest.mark.skipif(not renderers.POSSIBLE, reason="this system has no Unix sockets")

WORDS = Furniture("A headline", "A deck", "A deck", "", "Made-up data", "A desk", "A dot", "One dot in the middle")
META = Meta("test", "2020-01-01", "https://example.org/licence", "0" * 12)


def dot(width, height, style):
    chart = alt.Chart(pl.DataFrame({"x": [1.0]})).mark_point(color=style.theme.ink)
    return chart.encode(alt.X("x:Q", axis=None)).properties(width=width, height=height or 60)


@pytest.fixture(scope="module")
def tasks():
    return Graphic.build("dot", dot, WORDS, pl.DataFrame({"x": [1.0]}), META).tasks()


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def alive(pid):
    return Path(f"/proc/{pid}").exists() and "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()


def children():
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def test_nobody_draws_where_nobody_runs(tasks, tmp_path):
    assert not renderers.are_running()
    draw_ahead(tasks, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_ordered_ahead_is_in_the_cache_when_it_is_wanted(tasks, tmp_path):
    with renderers.running(2):
        draw_ahead(tasks, tmp_path)
        whole = [entry for entry in tmp_path.glob("[!.]*") if intact(entry)]
        assert wait_for(lambda: len([entry for entry in tmp_path.glob("[!.]*") if intact(entry)]) == len(tasks))
    assert len(whole) < len(tasks)  # nobody had to wait for them


def test_what_somebody_waits_for_goes_first(tasks, tmp_path):
    with renderers.running(1):
        renderers.draw_ahead({tmp_path / f"later-{number}": task for number, task in enumerate(tasks)})
        renderers.draw({tmp_path / "now": tasks[-1]})
        drawn = {entry.name for entry in tmp_path.glob("[!.]*")}
    assert "now" in drawn and len(drawn) < len(tasks)


def test_what_is_there_is_not_drawn_again(tasks, tmp_path):
    with renderers.running(1):
        renderers.draw({tmp_path / "it": tasks[0]})
        before = (tmp_path / "it").stat().st_ino
        renderers.draw({tmp_path / "it": tasks[0]})
    assert (tmp_path / "it").stat().st_ino == before


def test_what_one_renderer_is_drawing_the_other_waits_for(tasks, tmp_path):
    with renderers.running(2):
        renderers.draw({tmp_path / str(number): task for number, task in enumerate(tasks[:2])})  # both are warm
        renderers.draw_ahead({tmp_path / "it": tasks[0]})
        waiting = threading.Thread(target=renderers.draw, args=[{tmp_path / "it": tasks[0]}])
        waiting.start()
        unfinished = set()
        while waiting.is_alive():
            unfinished.update(tmp_path.glob(".*"))
    assert intact(tmp_path / "it") and len(unfinished) == 1


def test_problems_of_all_orders_come_back_and_the_renderer_goes_on(tasks, tmp_path):
    broken = [json.loads(json.dumps(task)) for task in tasks[:2]]
    for task in broken:
        task["spec"]["mark"] = {"type": "point", "href": "https://example.org"}
    with renderers.running(1):
        with pytest.raises(Problems) as raised:
            renderers.draw({tmp_path / str(number): task for number, task in enumerate(broken)})
        renderers.draw({tmp_path / "good": tasks[0]})
    assert {problem.where.file for problem in raised.value.problems} == {"dot, desktop, light", "dot, desktop, dark"}
    assert intact(tmp_path / "good")


@linux
def test_a_renderer_that_is_killed_is_an_error_and_the_other_goes_on(tasks, tmp_path):
    before = children()
    with renderers.running(2):
        first, second = sorted(children() - before)
        renderers.draw({tmp_path / str(number): task for number, task in enumerate(tasks[:2])})
        os.kill(int(first), signal.SIGKILL)
        renderers.draw({tmp_path / "one": tasks[0]})
        assert intact(tmp_path / "one")
        os.kill(int(second), signal.SIGKILL)
        with pytest.raises(RuntimeError, match="A process that draws graphics stopped"):
            renderers.draw({tmp_path / "two": tasks[0]})
        assert not renderers.are_running()


@linux
def test_renderers_end_with_an_owner_that_is_killed():
    code = "import time\nfrom toll.graphics import renderers\n"
    code += "with renderers.running(2): print('up', flush=True); time.sleep(99)"
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    owner.stdout.readline()
    pids = Path(f"/proc/{owner.pid}/task/{owner.pid}/children").read_text().split()
    assert len(pids) == 2 and all(alive(pid) for pid in pids)
    owner.kill()
    owner.wait()
    assert wait_for(lambda: not any(alive(pid) for pid in pids), 60)


def test_a_client_that_goes_away_does_no_harm(tasks, tmp_path):
    with renderers.running(1):
        for said in (b"", b'["half an order'):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(f"{os.environ[renderers.ADDRESS]}/{renderers.NOW}")
                client.sendall(said)
        renderers.draw({tmp_path / "it": tasks[0]})
    assert intact(tmp_path / "it")
