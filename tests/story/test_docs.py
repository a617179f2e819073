"""What README.md and docs/ send their readers to is there: files, commands, functions, verdicts."""

import inspect
import re

import pytest

from support.checkout import ROOT
from toll.cli import COMMANDS
from toll.ledger import estimate
from toll.pages import datapackage

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
METHOD = (ROOT / "docs/method.md").read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_commands_exist(page):
    text = page.read_text("utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []
    assert set(re.findall(r"`toll ([a-z]+)", text)) <= COMMANDS.keys()


def test_the_method_explains_each_function_that_a_formula_may_use():
    functions = inspect.getmembers(estimate, inspect.isfunction)
    public = [name for name, each in functions if each.__module__ == estimate.__name__ and not name.startswith("_")]
    assert [name for name in public if f"`{name}`" not in METHOD] == []


def test_the_method_explains_each_verdict():
    section = METHOD.partition("## Verdicts")[2].partition("\n## ")[0]
    verdicts = re.findall(r"^\| ([a-z ]+) \| [A-Z]", section, re.MULTILINE)
    assert ", ".join(verdicts[:-1]) + " or " + verdicts[-1] == datapackage.COLUMNS["verdict"]
