"""Shared by tests."""

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
