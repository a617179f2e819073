"""A browser for tests, and what they ask of a page in it."""

import importlib.resources
import shutil

import pytest

CHROMIUM = shutil.which("chromium")


CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
]


needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


def accessibility_faults(page):
    """The rules of axe that a page breaks, each with the elements that break it. Open the page with `bypass_csp`."""
    page.evaluate((importlib.resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    found = page.evaluate("axe.run()")
    assert len(found["passes"]) > 10
    return {fault["id"]: [node["html"] for node in fault["nodes"]] for fault in found["violations"]}
