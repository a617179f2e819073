"""README, CONTRIBUTING and docs/ are true: the files, commands, options and functions they name exist."""

import contextlib
import importlib
import inspect
import io
import re
import xml.etree.ElementTree as ET

import pytest
import yaml

from support.checkout import ROOT
from toll import cli
from toll.ledger import estimate, words
from toll.pages import fact_check
from toll.project import Project
from toll.review import record

PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "benchmarks/README.md", "notebooks/event-data.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
METHOD = (ROOT / "docs/method.md").read_text("utf-8")
FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
PATH = re.compile(r"[\w.*-]+(/[\w.*-]+)*(/|\.(cff|csv|html|ipynb|json|lock|md|parquet|py|svg|toml|yml))")
NOTEBOOK = re.compile(r"\d\d-[a-z]+(-[a-z]+)*")
BARE = (
    "",
    "data/raw",
    "data/processed/*",
    "figures/*",
    "notebooks",
    "tests/story",
)  # where a file's name alone will do
RUNS_MAKE = (".toll/", ".venv/", "data/processed/sweep/")
CLASSES = {"ledger": ("toll.ledger.ledger", "Ledger"), "story": ("toll.story", "Story")}
# until the notebooks move


def code(page):
    """Code spans and the lines of code blocks; a placeholder such as <edition> becomes *."""
    text = page.read_text("utf-8")
    blocks = FENCE.findall(text)
    spans = re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    lines = [line.strip() for block in blocks for line in block.replace("\\\n", " ").splitlines()[1:-1]]
    return [re.sub(r"<\w+>|\{\w+\}|EDITION", "*", piece) for piece in (*spans, *lines)]


def paths(page):
    """Files, folders and notebooks that the code of a page names."""
    words = {word.strip("`:,") for piece in code(page) for word in piece.split()}
    here = {word for word in words if not word.startswith(RUNS_MAKE) and "my-" not in word}
    return {word for word in here if PATH.fullmatch(word) or NOTEBOOK.fullmatch(word)}


def exists(name, page):
    """Whether there is such a file, from the project's folder or the page's."""
    if NOTEBOOK.fullmatch(name):
        return (ROOT / f"notebooks/{name}.ipynb").exists()
    folders = BARE if "/" not in name else [""]
    return any(any(ROOT.glob(f"./{folder}/{name}")) for folder in folders) or any(page.parent.glob(name))


def found(name):
    """Whether a dotted name such as toll.source.quantity is a module or something in one."""
    module, _, attribute = name.rpartition(".")
    with contextlib.suppress(ModuleNotFoundError):
        return bool(importlib.import_module(name))
    with contextlib.suppress(ModuleNotFoundError):
        return hasattr(importlib.import_module(module), attribute)
    return False


@pytest.fixture(scope="module")
def options():
    """The help of each command."""
    helps = {}
    for command in cli.COMMANDS:
        with contextlib.redirect_stdout(io.StringIO()) as told, pytest.raises(SystemExit):
            cli.main([command, "--help"])
        helps[command] = set(re.findall(r"(?<![\w-])--?[a-z]+", told.getvalue()))
    return helps


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page):
    links = {link for link in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")) if "://" not in link}
    assert sorted(link for link in links if not (page.parent / link).exists()) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_files_it_names_exist(page):
    assert sorted(name for name in paths(page) if not exists(name, page)) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_it_names_exist_with_their_options(page, options):
    for piece in code(page):
        for command, rest in re.findall(r"(?:^|`|[;&] *)toll ([a-z]+)([^`;&#]*)", piece):
            assert command in options, piece
            assert set(re.findall(r"(?:^|\s)(--?[a-z]+)", rest)) <= options[command], piece
        for target in re.findall(r"(?:^|`|=1 )make ([a-z]+)", piece):
            assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE), piece


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_functions_it_names_exist(page):
    text = "\n".join(code(page))
    named = set(re.findall(r"\btoll(?:\.[a-z_]+)+\b(?!\.svg)", text))
    assert sorted(name for name in named if not found(name)) == []
    methods = set(re.findall(r"\b(ledger|story)\.([a-z_]+)\(", text))
    for kind, method in methods:
        module, name = CLASSES[kind]
        assert hasattr(getattr(importlib.import_module(module), name), method), f"{kind}.{method}"


def test_the_readme_lists_every_command_with_its_options(options):
    rows = re.findall(r"^\| `toll ([a-z]+)(.*)$", PAGES[0].read_text("utf-8"), re.MULTILINE)
    assert {command for command, _ in rows} == options.keys()
    for command, row in rows:
        assert set(re.findall(r"[` ](--?[a-z]+)", row)) <= options[command]


def test_the_readme_says_what_each_notebook_writes():
    chain = yaml.safe_load((ROOT / "notebooks/chain.yml").read_text("utf-8"))
    rows = dict(re.findall(r"^\| `(\d\d-[a-z-]+)` \| (.*) \|$", PAGES[0].read_text("utf-8"), re.MULTILINE))
    assert list(rows) == list(chain)
    for step, makes in rows.items():
        writes = chain[step]["writes"]
        for name in re.findall(r"`([^`]+)`", makes):
            assert any(f"/{name}" in f"/{path}" for path in writes), f"{step}: {name}"


def test_the_method_explains_each_function_that_a_formula_may_use():
    functions = inspect.getmembers(estimate, inspect.isfunction)
    public = [name for name, each in functions if each.__module__ == estimate.__name__ and not name.startswith("_")]
    assert [name for name in public if f"`{name}`" not in METHOD] == []


def test_the_method_explains_each_verdict():
    section = METHOD.partition("## Verdicts")[2].partition("\n## ")[0]
    verdicts = re.findall(r"^\| ([a-z ]+) \| [A-Z]", section, re.MULTILINE)
    assert verdicts == list(fact_check.VERDICTS)


def test_the_drawing_of_a_figures_path_shows_what_is_there(monkeypatch, capsys):
    """Each text with `data-in` is in that file, or in what that command prints."""
    monkeypatch.chdir(ROOT)
    places = {}
    for element in ET.parse(ROOT / "docs/architecture.svg").iter():
        if place := element.get("data-in"):
            shown = " ".join("".join(element.itertext()).split())
            places.setdefault(place, []).append(shown)
    assert len(places) > 3
    for place, texts in places.items():
        if place.startswith("toll "):
            assert cli.main(place.split()[1:]) == 0
        content = capsys.readouterr().out if place.startswith("toll ") else (ROOT / place).read_text("utf-8")
        content = " ".join(re.sub("[│└─]", " ", content).split())
        assert [text for text in texts if text not in content] == [], place


PROSE = ("README.md", "CONTRIBUTING.md", "docs/method.md", "docs/reviewing.md", "docs/new-story.md")
TECHNICAL = {"3.11", "4.0", "8", "2", "3", "95", "1.0", "72", "120", "1,2,3"}  # versions, encodings, exit codes, limits


def typed_numbers(text):
    """The numbers in prose: not in code, addresses, tables, the numbers of a list, or what a run writes."""
    prose = re.sub(r"<!-- findings.*?end of findings -->|```.*?```", " ", text, flags=re.DOTALL)
    prose = re.sub(r"`[^`]*`|\]\([^)]*\)|^ *\d+\. |^\|.*$|\*[A-Z][^*]*\*[^.;]*", " ", prose, flags=re.MULTILINE)
    return re.findall(r"(?<![\w.])[1-9][\d,.]*\d|(?<![\w.])[1-9]", prose)


@pytest.fixture(scope="module")
def known():
    """Every form of every number of both editions, and their parts: “2014” is in “Aug. 7, 2014”."""
    entries = [entry for one in record.read_all(Project(ROOT)) for entry in one.ledger]
    return {word for entry in entries for form in words.forms(entry) for word in re.findall(r"\d[\d,.]*\d|\d", form)}


@pytest.mark.parametrize("page", PROSE)
def test_prose_types_no_number_that_the_ledger_does_not_have(page, known):
    assert set(typed_numbers((ROOT / page).read_text("utf-8"))) - known - TECHNICAL == set()


def test_a_false_number_in_prose_is_noticed(known):
    assert set(typed_numbers("In 2014, 98,765 officers were killed; see `3,000` and [this](4000).")) - known == {
        "98,765"
    }
