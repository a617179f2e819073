"""A toy project: a few tiny notebooks that know nothing of the real one, in a folder of their own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.browser import CHROMIUM, CHROMIUM_OPTIONS
from support.toy import Toy


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    (tmp_path / "toy").mkdir()
    return Toy(tmp_path / "toy")


@pytest.fixture(scope="module")
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
