"""What tests of several rooms need: a toy project, a desk with drawn pictures, one browser for each file."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from support.browser import CHROMIUM, CHROMIUM_OPTIONS
from support.toy import Toy
from toll.run.process import without_slow_imports

with without_slow_imports():
    import altair  # noqa: F401 - so that no test file imports it slowly

# The same examples on every run, and no limits of time: the machine may be busy.
settings.register_profile("toll", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("toll")


# The files that take longest go first, so that no worker is left with one of them when the others have finished.
LONGEST = (
    "test_notebooks.py",
    "test_reproducible.py",
    "test_faults.py",
    "test_cluster.py",
    "test_engines.py",
    "test_story.py",
    "test_hindsight.py",
    "test_plan.py",
    "test_publish.py",
    "test_second_story.py",
    "test_in_browser.py",
    "test_marks.py",
    "test_watch.py",
    "test_sweep.py",
    "test_export.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))


@pytest.fixture(autouse=True)
def longest_cell() -> None:
    """What Python itself lets a cell of a CSV file hold. frictionless raises it for a whole process."""
    csv.field_size_limit(128 * 1024)


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    (tmp_path / "toy").mkdir()
    return Toy(tmp_path / "toy")


@pytest.fixture
def toy_in_memory(tmp_path: Path) -> Iterator[Toy]:
    """A toy project whose files need not wait for a disk, where the system has such a folder."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else tmp_path) as folder:
        yield Toy(Path(folder))


@pytest.fixture(scope="session")
def cache(tmp_path_factory) -> Path:
    """Of drawn pictures, for all processes that test side by side: each picture is drawn once."""
    return tmp_path_factory.getbasetemp().parent / "cache"


@pytest.fixture(scope="session")
def drawn_once(cache) -> dict[str, str]:
    """The environment of a run that takes pictures from there."""
    return os.environ | {"XDG_CACHE_HOME": str(cache)}


@pytest.fixture(scope="session")
def pictures(tmp_path_factory, cache):
    """The graphic of `support.desk`."""
    from support import desk

    return desk.drawn(tmp_path_factory.mktemp("drawn"), cache / "desk")


@pytest.fixture
def desk(tmp_path, pictures):
    """A desk of its own for each test."""
    from support.desk import Desk

    return Desk(tmp_path / "desk", *pictures)


@pytest.fixture(scope="module")  # while it is open, nothing else in this process can use asyncio
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> object:
    """Where every tool must be there (TOLL_REQUIRE_TOOLS), a test that skips for want of one has failed."""
    report = yield
    if report.skipped and os.environ.get("TOLL_REQUIRE_TOOLS") and "checkout" not in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, where nothing may be: {report.longrepr}"
    return report
